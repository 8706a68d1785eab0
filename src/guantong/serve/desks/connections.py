"""How do the systems a firm has joined fare? Those that are asked, those that hand in, those that are sent to."""

from typing import Final

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import connectors
from guantong.capture.values import instant
from guantong.connectors import Partner
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.serve import answer, asked, recall_letters
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.epcis.handed import Handed, handed
from guantong.serve.epcis.spool import Spool
from guantong.serve.made import Made
from guantong.serve.outbox.box import About, Box, Line
from guantong.serve.outbox.destination import Destination
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.pulling import Pulls, State
from guantong.store import Fact

PARTNERS_MAX: Final = 50
"""Repositories asked for one firm."""
TOKEN_MAX: Final = 400
"""Characters of a token that signs notices of recalls."""
SENDERS_MAX: Final = 200
"""Firms whose own systems the operator sees on one page."""


class Connections:
    """The page."""

    def __init__(
        self, office: Office, pulls: Pulls, spool: Spool, box: Box, *, private: bool
    ) -> None:
        self._office = office
        self._pulls = pulls
        self._spool = spool
        self._box = box
        self._private = private

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/connections", self.connections),
            Route("/desk/connections", self.join, methods=["POST"]),
            Route("/desk/connections/recalls", self.lead, methods=["POST"]),
        ]

    async def connections(self, request: Request) -> Response:
        """Every connection of the firm, of all firms for the operator: lag, counts, what went wrong."""
        person = self._office.person(request, *FILERS, Role.OPERATOR)
        if asked.wants_json(request):
            asked_of, given, sent = await to_thread.run_sync(self._read, person)
            told = [{"partner": fact.fields, **state._asdict()} for fact, state in asked_of]
            lines = [_line_json(line) for line in sent]
            handed_in = [one._asdict() for one in given]
            return answer.json({"asked": told, "handed": handed_in, "sent": lines})
        return await self._page(request, person)

    async def join(self, request: Request) -> Response:
        """Have a repository asked, or no more; on to the page, or the same with what is wrong."""
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            try:
                partner = await to_thread.run_sync(self._asked_for, form, person)
                made = Made.of(StatementType.SETTING, partner, connectors.MEDIA)
                await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._page(request, person, form, refusal.faults)
        return on_to("/desk/connections")

    async def lead(self, request: Request) -> Response:
        """Have notices of recalls sent to an address, or no more; on, or the page with what is wrong."""
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            try:
                url, token = form.text("url"), form.text("token")
                _check_token(token)
                if url:
                    Destination.parse(url, private=self._private)
                await to_thread.run_sync(self._led, person, url, token, asked.root(request))
            except Refusal as refusal:
                return await self._page(request, person, form, refusal.faults)
        return on_to("/desk/connections")

    def _led(self, person: Person, url: str, token: str, root: str) -> None:
        party, desk = person.account.party, self._office.desk
        if not url:
            self._box.close_line(recall_letters.line_of(party), party)
            return
        more = msgspec.Raw(msgspec.json.encode(recall_letters.Root(root)))
        about = About(url, recall_letters.KIND, desk.clock.now_ms(), token, more=more)
        recall_letters.lead(self._box, party, about, seen=int(str(desk.status()["ledger_size"])))

    def _asked_for(self, form: Form, person: Person) -> Partner:
        """What a form names. Raises Refusal when it can not be asked."""
        seconds = form.text("every_s") or "60"
        if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 8):
            raise HttpError(
                fault(Fault.QUERY, expected="seconds", got=seconds[:50], path="every_s")
            )
        firm = person.account.party
        partner = Partner(
            firm, form.text("name"), form.text("url"), form.text("token"), int(seconds)
        )
        connectors.check_partner(partner)
        if partner.url:
            Destination.parse(partner.url, private=self._private)
        names = {fact.key for fact in self._partners(person)} | {partner.key}
        if len(names) > PARTNERS_MAX:
            expected = f"at most {PARTNERS_MAX} repositories"
            raise HttpError(fault(Fault.QUERY, expected=expected, got=len(names), path="name"))
        return partner

    async def _page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        asked_of, given, sent = await to_thread.run_sync(self._read, person)
        now_ms = self._office.desk.clock.now_ms()
        return self._office.page(
            request,
            person,
            "connections.html",
            400 if errors else 200,
            asked_of=[(fact, state, lag_s(state, now_ms)) for fact, state in asked_of],
            handed=[(one, _since_s(one.taken_ms, now_ms)) for one in given],
            sent=sent,
            may_join=person.account.role is not Role.OPERATOR,
            given=form.fields if form else {},
            errors=errors,
        )

    def _read(self, person: Person) -> tuple[list[tuple[Fact, State]], list[Handed], list[Line]]:
        asked_of = [(fact, self._pulls.get(fact.key)) for fact in self._partners(person)]
        party = person.account.party
        if person.account.role is Role.OPERATOR:
            senders = self._spool.parties(SENDERS_MAX)
            return asked_of, [handed(self._spool, one) for one in senders], []
        mine = handed(self._spool, party)
        return asked_of, [mine] if mine.documents else [], self._box.lines(party=party)

    def _partners(self, person: Person) -> list[Fact]:
        is_all = person.account.role is Role.OPERATOR
        with self._office.desk.readers.lend() as store:
            found = list(connectors.partners(store))
        return [fact for fact in found if is_all or fact.fields["firm"] == person.account.party]


def _check_token(token: str) -> None:
    """Refuse what signs nothing. Raises HttpError."""
    if len(token) > TOKEN_MAX or not (token.isascii() and token.isprintable()):
        expected = f"at most {TOKEN_MAX} visible characters"
        raise HttpError(fault(Fault.QUERY, expected=expected, got="another text", path="token"))


def lag_s(state: State, now_ms: int) -> int | None:
    """How long ago the last event was recorded there, in seconds; None when none came yet."""
    if not state.reached:
        return None
    try:
        return _since_s(instant(state.reached), now_ms)
    except Refusal:
        return None


def _since_s(at_ms: int, now_ms: int) -> int | None:
    return max(0, (now_ms - at_ms) // 1000) if at_ms else None


def _line_json(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "url": line.about.url,
        "kind": line.about.kind,
        "tries": line.tries,
        "stopped": line.is_stopped,
        "sent_ms": line.sent_ms,
    }

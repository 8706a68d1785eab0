"""How does a site or a seller show, without us, where its goods come from? A statement for a tender.

What scans told of some codes, at one ledger size, entered as one body that can be handed over whole
with its proof: the log's signature holds without this installation.
"""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties
from guantong.clock import instant_text
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import Form
from guantong.serve.desks.moves import codes_of
from guantong.serve.desks.office import Office, on_to
from guantong.serve.made import Made
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.tendered import KIND, MEDIA, Statement, line_of, parse
from guantong.store import Fact

PURPOSE_MAX: Final = 200
SHOWN: Final = 50


class Tenders:
    """The pages of statements."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/tenders", self.tenders),
            Route("/desk/tenders", self.make, methods=["POST"]),
            Route("/desk/tenders/{entry:int}", self.tender),
        ]

    async def tenders(self, request: Request) -> Response:
        """The firm's statements, and the form for another."""
        return await self._page(request, self._office.person(request, *FILERS))

    async def make(self, request: Request) -> Response:
        """State what scans tell of the codes; on to the statement, or the form with what is wrong."""
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            try:
                stated = await to_thread.run_sync(self._stated, form, person)
                made = Made.of(StatementType.SETTING, stated, MEDIA)._replace(alone=True)
                receipt = await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._page(request, person, form, refusal.faults)
        return on_to(f"/desk/tenders/{receipt.ledger_index}")

    def _stated(self, form: Form, person: Person) -> Statement:
        codes, purpose = list(dict.fromkeys(codes_of(form))), form.text("purpose")
        if not codes or not 1 <= len(purpose) <= PURPOSE_MAX:
            path = "purpose" if codes else "codes"
            expected = f"codes, and a purpose of 1 to {PURPOSE_MAX} characters"
            raise HttpError(fault(Fault.QUERY, expected=expected, got=purpose[:50], path=path))
        desk, caller = self._office.desk, person.account.caller()
        with desk.readers.lend() as store:
            size = store.projected_size
            name = parties.Register(store).name_of(caller.party)
        lines = tuple(line_of(desk.check(code, caller, as_of=size)) for code in codes)
        at = instant_text(desk.clock.now_ms())
        return Statement(caller.party, name, purpose, at, size, lines)

    async def tender(self, request: Request) -> Response:
        """One statement, to be read, printed and taken along."""
        person = self._office.person(request, *FILERS)
        entry = request.path_params["entry"]

        def read() -> Statement | None:
            own = self._own(person)
            is_own = any(fact.entry == entry for fact in own)
            return parse(self._office.desk.body(entry)) if is_own else None

        stated = await to_thread.run_sync(read)
        if stated is None:
            expected = "a statement of your firm"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        return self._office.page(request, person, "tender.html", entry=entry, stated=stated)

    def _own(self, person: Person) -> list[Fact]:
        with self._office.desk.readers.lend() as store:
            return store.facts(KIND, (person.account.party,))

    async def _page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        def read() -> list[Fact]:
            return self._own(person)[::-1][:SHOWN]

        return self._office.page(
            request,
            person,
            "tenders.html",
            400 if errors else 200,
            made=await to_thread.run_sync(read),
            given=form.fields if form else {},
            errors=errors,
        )

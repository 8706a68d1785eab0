"""What was a holder told to do, and what does it answer?"""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import recall
from guantong.clock import day_in_china
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.recall import Act, Counts, Holding, Running, Step
from guantong.serve import answer, asked
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, download, on_to
from guantong.serve.desks.recall_ground import Ground
from guantong.serve.desks.recall_prints import known_of, notice_paper
from guantong.serve.made import Made
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError

SHOWN: Final = 200
"""Ranges of own items on a page."""
NUMBERS: Final = ("found", "quarantined", "returned", "repaired", "destroyed")


class Notices:
    """The pages of a holder."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ground = Ground(office)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/notices", self.notices),
            Route("/desk/notices/{number}.pdf", self.printed),
            Route("/desk/notices/{number}", self.notice),
            Route("/desk/notices/{number}", self.reply, methods=["POST"]),
        ]

    async def notices(self, request: Request) -> Response:
        """The recalls in which the firm was told something, the latest first; page or JSON."""
        person = self._office.person(request, *FILERS)

        def read() -> list[tuple[Running, Holding | None]]:
            with self._office.desk.readers.lend() as store:
                found = recall.recalls_to(store, person.account.party)
            return [(one, self._part(one, person)) for one in found]

        listed = await to_thread.run_sync(read)
        if asked.wants_json(request):
            told = [
                {
                    "id": one.recall.id,
                    "title": one.recall.title,
                    "answered": bool(part and part.answered_ms),
                }
                for one, part in listed
            ]
            return answer.json({"notices": told})
        today = day_in_china(self._office.desk.clock.now_ms()).isoformat()
        return self._office.page(request, person, "notices.html", listed=listed, today=today)

    def _part(self, running: Running, person: Person) -> Holding | None:
        progress = self._ground.view_of(running).progress
        own = person.account.party
        return (
            next((one for one in progress.holders if one.party == own), None) if progress else None
        )

    async def notice(self, request: Request) -> Response:
        """One notice, to be printed, and the form for the answer."""
        person = self._office.person(request, *FILERS)
        running, part = await self._own(request, person)
        own = await to_thread.run_sync(self._items, running, person)
        return self._page(request, person, running, part, own)

    async def printed(self, request: Request) -> Response:
        """One notice as a file."""
        person = self._office.person(request, *FILERS)
        running, part = await self._own(request, person)
        party = person.account.party

        def made() -> bytes:
            view = self._ground.view_of(running)
            known = known_of(self._ground, view, {party})
            return notice_paper(running, part, party, known, self._ground.owned(view, party))

        data = await to_thread.run_sync(made, limiter=self._ground.printing)
        return download(data, f"notice-{running.recall.id}.pdf", "application/pdf")

    def _items(self, running: Running, person: Person) -> list[str] | None:
        """The firm's own items in it."""
        return self._ground.owned(self._ground.view_of(running), person.account.party)

    def _page(
        self,
        request: Request,
        person: Person,
        running: Running,
        part: Holding | None,
        own: list[str] | None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        return self._office.page(
            request,
            person,
            "notice.html",
            400 if errors else 200,
            running=running,
            part=part,
            own=(own or [])[:SHOWN],
            own_left=max(0, len(own or ()) - SHOWN),
            numbers=NUMBERS,
            errors=errors,
        )

    async def reply(self, request: Request) -> Response:
        """Say what became of the part: on to the notice, or the form with what is wrong."""
        person = self._office.person(request, *FILERS)
        running, part = await self._own(request, person)
        async with self._office.form(request, person) as form:
            try:
                step = Step(
                    running.recall.id,
                    Act.ANSWERED,
                    person.account.login,
                    party=person.account.party,
                    note=form.text("note"),
                    counts=_counts(form),
                    evidence=form.text("evidence"),
                )
                recall.check_step(step)
                if running.is_closed:
                    expected = "a recall that is not closed"
                    raise HttpError(fault(Fault.QUERY, expected=expected, got=running.recall.id))
                made = Made.of(StatementType.RECALL, step, recall.STEP_MEDIA)
                await self._office.enter(made, person)
            except Refusal as refusal:
                own = await to_thread.run_sync(self._items, running, person)
                return self._page(request, person, running, part, own, refusal.faults)
        return on_to(f"/desk/notices/{running.recall.id}")

    async def _own(self, request: Request, person: Person) -> tuple[Running, Holding | None]:
        """The recall of the address, in which the firm was told something; raises HttpError."""
        number, party = request.path_params["number"], person.account.party

        def read() -> tuple[Running, Holding | None] | None:
            with self._office.desk.readers.lend() as store:
                running = recall.find(store, number)
            is_told = running is not None and any(step.party == party for step, _ in running.steps)
            return (
                (running, self._part(running, person)) if running is not None and is_told else None
            )

        found = await to_thread.run_sync(read)
        if found is None:
            expected = "a notice to your firm"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        return found


def _counts(form: Form) -> Counts:
    """The numbers of a form; an empty field is none of it. Raises HttpError when one is no number."""
    found: dict[str, int] = {}
    for name in NUMBERS:
        text = form.text(name) or "0"
        if not (text.isascii() and text.isdecimal() and len(text) < 13):
            raise HttpError(fault(Fault.QUERY, expected="a number", got=text[:50], path=name))
        found[name] = int(text)
    return Counts(**found)

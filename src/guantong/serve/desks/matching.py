"""Do a firm and its partners say the same? The firm sees it; a regulator makes cases of what differs."""

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, watch
from guantong.errors import fault
from guantong.serve import answer, asked
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.office import Office, on_to
from guantong.serve.desks.opening import open_case
from guantong.serve.desks.supervision import file_of
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.store import Store
from guantong.watch import Kind, Matched, Mismatch, Report, State

AT_ONCE = 1
"""Looks under way at once; each may read thousands of lives."""


class Matchings:
    """The pages about shipments and purchases."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._looking = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/matching", self.own),
            Route("/desk/firms/{party}/matching", self.of_firm),
            Route("/desk/firms/{party}/matching", self.open, methods=["POST"]),
        ]

    async def own(self, request: Request) -> Response:
        """What the firm's partners do not confirm; page or JSON."""
        person = self._office.person(request, *FILERS)
        party = person.account.party
        return await self._shown(request, person, party, may_open=False)

    async def of_firm(self, request: Request) -> Response:
        """The same of a firm in the regulator's region, with the cases there are."""
        person = self._office.person(request, Role.REGULATOR)
        party, _ = await self._firm(request, person)
        return await self._shown(request, person, party, may_open=True)

    async def open(self, request: Request) -> Response:
        """Make a case of everything that differs and has none that is open; on to the page."""
        person = self._office.person(request, Role.REGULATOR)
        party, place = await self._firm(request, person)
        async with self._office.form(request, person):
            found = await self._matched(party)
            known = await to_thread.run_sync(self._cases, party, found)
            for one in found.mismatches:
                case = known.get(one.about(party))
                if case is None or case.state is State.CLOSED:
                    await self._enter(one, party, place, person)
        return on_to(f"/desk/firms/{party}/matching")

    async def _enter(self, one: Mismatch, party: str, place: str, person: Person) -> None:
        said = f"{one.amiss}: {one.things} × {one.class_uri}; {party} / {one.partner}"
        report = Report(
            id=watch.new_id(),
            code=one.examples[0],
            kind=Kind.MISMATCH,
            text=said,
            province=place[:2],
            about=one.about(party),
        )
        await open_case(self._office, report, person)

    async def _shown(
        self, request: Request, person: Person, party: str, *, may_open: bool
    ) -> Response:
        found = await self._matched(party)
        if asked.wants_json(request):
            return answer.json(_json(party, found))
        known = await to_thread.run_sync(self._cases, party, found) if may_open else {}
        return self._office.page(
            request,
            person,
            "matching.html",
            party=party,
            found=found,
            names=self._office.desk.names({one.partner for one in found.mismatches} | {party}),
            cases=known,
            may_open=may_open,
        )

    async def _matched(self, party: str) -> Matched:
        now_ms = self._office.desk.clock.now_ms()

        def look() -> Matched:
            with self._office.desk.readers.lend() as store:
                register = parties.Register(store)
                return watch.matched(store, party, now_ms=now_ms, firm_of=register.firm_of)

        return await to_thread.run_sync(look, limiter=self._looking)

    def _cases(self, party: str, found: Matched) -> dict[str, watch.Case]:
        with self._office.desk.readers.lend() as store:
            cases = {
                about: watch.case_about(store, about)
                for about in (one.about(party) for one in found.mismatches)
            }
        return {about: case for about, case in cases.items() if case is not None}

    async def _firm(self, request: Request, person: Person) -> tuple[str, str]:
        """The firm of the address and where it is; raises HttpError when it is of another region."""
        party = request.path_params["party"]

        def read() -> str | None:
            with self._office.desk.readers.lend() as store:
                return place_of(store, party)

        place = await to_thread.run_sync(read)
        if place is None or not place.startswith(person.account.region):
            expected = "a firm of your region"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=party[:100]))
        return party, place


def place_of(store: Store, party: str) -> str | None:
    """Where a firm is, None when nobody named it."""
    found = file_of(store, party)
    return None if found is None else str(found["place"])


def _json(party: str, found: Matched) -> dict[str, object]:
    return {
        "firm": party,
        "moves": found.moves,
        "confirmed": found.confirmed,
        "open": found.open,
        "complete": found.complete,
        "mismatches": [one._asdict() for one in found.mismatches],
    }

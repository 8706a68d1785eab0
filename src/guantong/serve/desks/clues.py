"""Which codes may have been copied? Their scans, weighed clue by clue; a regulator makes cases of them."""

from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, watch
from guantong.capture.lots import class_of
from guantong.serve import answer, asked
from guantong.serve.desks.fresh import Fresh
from guantong.serve.desks.office import Office, on_to
from guantong.serve.desks.opening import open_case
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.store import Store, all_facts
from guantong.watch import Count, Kind, Report, Seen, State, Suspicion

SCANS_MIN: Final = 3
ITEMS_MAX: Final = 20_000
"""Codes weighed in one look; of more the first so many."""
SHOWN: Final = 100


class Found(NamedTuple):
    """A code that is suspicious."""

    item: str
    seen: Seen
    suspicion: Suspicion
    firm: str
    region: str

    @property
    def about(self) -> str:
        """By which its case is found."""
        return f"clone {self.item}"


class Clues:
    """The page of codes that may have been copied."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._fresh = Fresh(office.desk.clock, self._weighed)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/clues", self.clues),
            Route("/desk/clues.json", self.clues),
            Route("/desk/clues", self.open, methods=["POST"]),
        ]

    async def clues(self, request: Request) -> Response:
        """Suspicious codes of the region, the most suspicious first; page or JSON."""
        person = self._office.person(request, Role.REGULATOR)
        found = await self._found(person)
        if asked.wants_json(request):
            return answer.json({"clues": [_json(one) for one in found]})
        cases = await to_thread.run_sync(self._cases, found[:SHOWN])
        return self._office.page(
            request, person, "clues.html", found=found[:SHOWN], all=len(found), cases=cases
        )

    async def open(self, request: Request) -> Response:
        """Make a case of each that has none that is open; on to the page."""
        person = self._office.person(request, Role.REGULATOR)
        async with self._office.form(request, person):
            found = (await self._found(person))[:SHOWN]
            known = await to_thread.run_sync(self._cases, found)
            for one in found:
                case = known.get(one.about)
                if case is None or case.state is State.CLOSED:
                    await self._enter(one, person)
        return on_to("/desk/clues")

    async def _enter(self, one: Found, person: Person) -> None:
        clues = ", ".join(f"{clue.name} {clue.weight:+.1f}" for clue in one.suspicion.clues)
        text = f"{one.seen.n} scans, {len(one.seen.places)} places: {clues}"
        report = Report(
            watch.new_id(), one.item, Kind.CLONE, text, one.region[:2] or "11", about=one.about
        )
        await open_case(self._office, report, person)

    async def _found(self, person: Person) -> list[Found]:
        found = await self._fresh.get()
        return [one for one in found if one.region.startswith(person.account.region)]

    def _weighed(self, now_ms: int) -> list[Found]:
        with self._office.desk.readers.lend() as store:
            found = suspicious(store, now_ms)
        return sorted(found, key=lambda one: -one.suspicion.weight)

    def _cases(self, found: list[Found]) -> dict[str, watch.Case]:
        with self._office.desk.readers.lend() as store:
            cases = {one.about: watch.case_about(store, one.about) for one in found}
        return {about: case for about, case in cases.items() if case is not None}


def suspicious(store: Store, now_ms: int) -> list[Found]:
    """The codes of which the scans do not fit one thing."""
    counts: dict[str, list[Count]] = {}
    for fact in all_facts(store, watch.SCAN):
        if len(counts) >= ITEMS_MAX and fact.key not in counts:
            break
        counts.setdefault(fact.key, []).append(watch.count_of(fact))
    found = []
    for item, told in counts.items():
        seen = watch.sum_of(told)
        if seen.n < SCANS_MIN:
            continue
        weighed = watch.suspicion(watch.visits_of(told), since_ms=seen.first_ms, now_ms=now_ms)
        if weighed.is_suspicious:
            product = parties.product(store, class_of(item))
            firm = parties.firm(store, product.firm) if product is not None else None
            region = firm.region if firm is not None else ""
            found.append(Found(item, seen, weighed, product.firm if product else "", region))
    return found


def _json(one: Found) -> dict[str, object]:
    return {
        "item": one.item,
        "scans": one.seen.n,
        "places": [{"region": place, "count": n} for place, n in one.seen.places],
        "weight": round(one.suspicion.weight, 2),
        "clues": {clue.name: round(clue.weight, 2) for clue in one.suspicion.clues},
        "copies": one.suspicion.copies,
        "firm": one.firm,
    }

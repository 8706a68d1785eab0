"""What is the next step in a firm's first hour? A list that ticks itself off."""

from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.serve import asked
from guantong.serve.desks.coded import issued_by
from guantong.serve.desks.filing import filed_by
from guantong.serve.desks.office import Office
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.store import EventFilter, Store

SEEN: Final = "own scan"
"""What is noted when a person has seen a code of the own firm as a buyer sees it."""
CODES: Final = 100
GONE: Final = ("shipping", "retail_selling")
"""Steps by which goods leave the firm."""


class Task(NamedTuple):
    """One line of the list."""

    key: str
    """Of its sentence."""
    path: str
    is_done: bool


class Start:
    """The first hour."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/desk/start", self.start)]

    async def start(self, request: Request) -> Response:
        """The list, the first open task in front."""
        person = self._office.person(request, Role.PRODUCER)
        tasks = await to_thread.run_sync(self.tasks, person)
        following = next((task for task in tasks if not task.is_done), None)
        return self._office.page(request, person, "start.html", tasks=tasks, following=following)

    def tasks(self, person: Person) -> tuple[Task, ...]:
        """What there is to do, and what is done."""
        party, sessions = person.account.party, self._office.desk.sessions
        with self._office.desk.readers.lend() as store:
            filed = filed_by(store, party)
            issued = issued_by(store, party, filed.products)
            is_shipped = _is_shipped(store, party)
        codes = issued[0].codes if issued else None
        own = asked.address(codes.code(codes.first)) if codes else ""
        pages = f"/desk/codes/{issued[0].fact.entry}" if issued else "/desk/codes"
        return (
            Task("dk_t_firm", "/desk/firm", filed.firm is not None),
            Task("dk_t_product", "/desk/products", bool(filed.products)),
            Task("dk_t_certificate", "/desk/certificates", bool(filed.certificates)),
            Task("dk_t_codes", "/desk/codes", sum(one.count for one in issued) >= CODES),
            Task("dk_t_print", pages, any(one.jobs for one in issued)),
            Task("dk_t_ship", "/desk/moves?step=销售", is_shipped),
            Task("dk_t_see", own or "/desk/codes", sessions.has_done(person.account.login, SEEN)),
        )


def _is_shipped(store: Store, party: str) -> bool:
    wanted = EventFilter(parties=(party,), steps=GONE)
    return bool(store.scan_events(wanted, limit=1))

"""Which events does an EPCIS client get? ``/epcis/events`` and what is below the other resources.

A page names the ledger size it rests on, and the next one rests on the same: what is captured
meanwhile neither comes twice nor hides anything. What the caller may not see is not there: not in
a page, not in the length of one, not as an answer to its id.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import query
from guantong.caller import Caller
from guantong.capture.model import Event, MasterItem
from guantong.clock import Clock
from guantong.errors import fault
from guantong.query import Page, Query, QueryError
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.controls import COUNT_MAX, NAMES, PER_PAGE_MAX, Controls, Token
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.epcis.wording import CBV_FORMAT, FORMAT, Wording
from guantong.serve.problems import Fault, HttpError
from guantong.store.door import Stored

URL_MAX: Final = 8_000
"""Characters of the parameters of a query."""
RESOURCES: Final = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
"""Resources by what stands in events, and the parameter their events are asked for with."""
AT_ONCE: Final = 4
"""Questions that one process looks up at once: each has a handle on the index, with a memory of its own."""
PAGES_MAX: Final = 40
"""How often the store is asked for all events of a query."""


@runtime_checkable
class Searching(Protocol):
    """A desk that looks events up."""

    def find_events(
        self,
        asked: Query,
        caller: Caller,
        *,
        after: query.Key | None = None,
        limit: int,
        as_of: int | None = None,
    ) -> Page:
        """A page of what the caller may see of the events a query asks for."""

    def find_elements(self, asked: query.Elements, caller: Caller) -> list[MasterItem]:
        """The master data that a query asks for."""

    def stated_of(self, events: Sequence[Event], caller: Caller) -> list[MasterItem]:
        """What the caller said of the places, products and parties of some events."""

    def wait(self, size: int) -> bool:
        """Wait until the index has the ledger's first `size` entries; False when it took long."""

    def event_of(self, entry: int, caller: Caller) -> Stored | None:
        """The first event of a document of the caller's own."""


class Events:
    """The query interface."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        """Over a desk; one that does not look events up has none of these addresses."""
        self._desk = desk
        self._clock = clock
        self._few = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """Its addresses, below the binding's."""
        if not isinstance(self._desk, Searching):
            return []
        return [
            Route("/events", self.listed, methods=["GET"]),
            Route("/events", self.offered, methods=["OPTIONS"]),
            Route("/nextPageToken/{token}", self.given_back, methods=["DELETE"]),
            Route("/events/{id:path}", self.shown, methods=["GET"]),
            Route("/events/{id:path}", self.offered, methods=["OPTIONS"]),
            *(
                Route(f"/{name}/{{value:path}}/events", self._below(name), methods=["GET"])
                for name in RESOURCES
            ),
            *(
                Route(f"/{name}/{{value:path}}/events", self.offered, methods=["OPTIONS"])
                for name in RESOURCES
            ),
        ]

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk)
        more = {"Allow": _allowed(request), FORMAT: "No_Preference", CBV_FORMAT: "No_Preference"}
        return protocol.done(more=more)

    async def given_back(self, request: Request) -> Response:
        """A client needs a token no more; nothing was kept for it here.

        Returns:
            204.
        """
        asked.keyed_caller(request, self._desk)
        return protocol.done()

    async def listed(self, request: Request) -> Response:
        """A page of the events that are asked for.

        Returns:
            An EPCISQueryDocument; ``Link`` names the next page if there is one.
        """
        who = self._caller(request)
        given, controls = _parameters(request)
        return await self._page(request, who, query.parse(given), controls)

    async def answer(self, request: Request, wanted: Query, *, name: str) -> Response:
        """A page of the events that a query of this name asks for.

        Returns:
            As `listed`.

        Raises:
            QueryError: if the request has parameters of a query itself.
        """
        who = self._caller(request)
        given, controls = _parameters(request)
        if given:
            expected, got = " | ".join(sorted(NAMES)), next(iter(given))
            raise QueryError(fault(query.Fault.PARAMETER, expected=expected, got=got, path=got))
        return await self._page(request, who, wanted, controls, name=name)

    async def polled(self, wanted: Query, caller: Caller, how: Controls) -> list[Stored]:
        """All events of a query at once.

        Returns:
            The events in the order that is asked for.

        Raises:
            QueryError: if there are more than `COUNT_MAX`, or than the client is ready for.
        """
        events, _ = await self._all(wanted, caller, min(how.most or COUNT_MAX, COUNT_MAX), None)
        return how.ordered(events) if how.order else events

    def _below(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def listed(request: Request) -> Response:
            who = self._caller(request)
            value = request.path_params["value"]
            exists = of_resource(name, value)
            given, controls = _parameters(request)
            wanted = query.parse({**given, RESOURCES[name]: [value]})
            return await self._page(request, who, wanted, controls, exists=exists)

        return listed

    async def shown(self, request: Request) -> Response:
        """One event.

        Returns:
            An EPCISQueryDocument with the event.

        Raises:
            EpcisError: if the caller sees none of that id.
        """
        caller, wording = self._caller(request)
        wanted = query.parse({"EQ_eventID": [request.path_params["id"]]})
        found = await self._find(wanted, caller, PER_PAGE_MAX)
        if not found.events:
            raise EpcisError(protocol.absent(request.path_params["id"][:120]))
        latest = found.events[-1]
        told = [(latest.event, latest.record_ms)]
        return wording.page(told, created_ms=self._clock.now_ms())

    async def _page(
        self,
        request: Request,
        who: tuple[Caller, Wording],
        wanted: Query,
        controls: Mapping[str, str],
        *,
        exists: Query | None = None,
        name: str = "SimpleEventQuery",
    ) -> Response:
        caller, wording = who
        how = Controls.of(controls)
        bound = how.bound(wanted, caller)
        token = how.begin(bound)
        if how.most is not None and token is None:
            await self._all(wanted, caller, how.most, None)
        if how.order:
            events, following = await self._ordered(wanted, caller, how, token, bound)
        else:
            events, following = await self._received(wanted, caller, how, token, bound)
        if exists and not events and not (await self._find(exists, caller, 1)).events:
            raise EpcisError(protocol.absent(request.url.path[:120]))
        return wording.page(
            [(one.event, one.record_ms) for one in events],
            created_ms=self._clock.now_ms(),
            query=name,
            master=await self._stated(events, caller) if how.with_master else (),
            more={} if following is None else protocol.next_page(request, following.text()),
        )

    async def _received(
        self, wanted: Query, caller: Caller, how: Controls, token: Token | None, bound: bytes
    ) -> tuple[Sequence[Stored], Token | None]:
        """A page in the order of receipt, and where the next one begins."""
        after = (token.first, token.number) if token else None
        as_of = token.size if token else None
        found = await self._find(wanted, caller, how.per_page, after, as_of)
        following = None if found.after is None else Token(*found.after, found.size, bound)
        return found.events, following

    async def _ordered(
        self, wanted: Query, caller: Caller, how: Controls, token: Token | None, bound: bytes
    ) -> tuple[Sequence[Stored], Token | None]:
        """A page in another order: all events are found for each."""
        events, size = await self._all(wanted, caller, None, token.size if token else None)
        ordered, first = how.ordered(events), token.number if token else 0
        last = first + how.per_page
        following = Token(-1, last, size, bound) if last < len(ordered) else None
        return ordered[first:last], following

    async def _all(
        self, wanted: Query, caller: Caller, most: int | None, as_of: int | None
    ) -> tuple[list[Stored], int]:
        """All events of a query.

        Returns:
            The events, and the ledger size they rest on.

        Raises:
            QueryError: if there are more than `most`, or than can be looked through.
        """
        enough = COUNT_MAX if most is None else min(most, COUNT_MAX)
        found = await self._find(wanted, caller, PER_PAGE_MAX, None, as_of)
        events = list(found.events)
        for _ in range(PAGES_MAX):
            if found.after is None or len(events) > enough:
                break
            found = await self._find(wanted, caller, PER_PAGE_MAX, found.after, found.size)
            events += found.events
        if most is not None and len(events) > most:
            expected = f"at most {most} events"
            raise QueryError(fault(query.Fault.LARGE, expected=expected, got="more"))
        if found.after is not None or len(events) > COUNT_MAX:
            expected = f"at most {COUNT_MAX} events to count or to order"
            raise QueryError(fault(query.Fault.COMPLEX, expected=expected, got="more"))
        return events, found.size

    async def _stated(self, events: Sequence[Stored], caller: Caller) -> Sequence[MasterItem]:
        desk, told = self._desk, [one.event for one in events]
        assert isinstance(desk, Searching)
        return await to_thread.run_sync(lambda: desk.stated_of(told, caller), limiter=self._few)

    def _caller(self, request: Request) -> tuple[Caller, Wording]:
        """Who asks, and in which form the answer is wanted."""
        return asked.keyed_caller(request, self._desk), Wording.of(request)

    async def _find(
        self,
        wanted: Query,
        caller: Caller,
        limit: int,
        after: query.Key | None = None,
        as_of: int | None = None,
    ) -> Page:
        assert isinstance(self._desk, Searching)
        desk = self._desk
        return await to_thread.run_sync(
            lambda: desk.find_events(wanted, caller, after=after, limit=limit, as_of=as_of),
            limiter=self._few,
        )


def of_resource(name: str, value: str) -> Query:
    """What asks for the events of a resource.

    Args:
        name: One of `RESOURCES`.
        value: What stands in events.

    Returns:
        The query.

    Raises:
        EpcisError: if nothing of the kind can stand there.
    """
    try:
        return query.parse({RESOURCES[name]: [value]})
    except QueryError as error:
        raise EpcisError(protocol.absent(value[:120])) from error


def _parameters(request: Request) -> tuple[dict[str, object], dict[str, str]]:
    """The parameters of a query, and how it is to be answered."""
    if len(request.url.query) > URL_MAX:
        expected = f"at most {URL_MAX} characters"
        raise HttpError(fault(Fault.TOO_LONG, expected=expected, got=len(request.url.query)))
    given: dict[str, object] = {}
    controls: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given or name in controls:
            raise QueryError(
                fault(query.Fault.PARAMETER, expected="a name once", got=name, path=name)
            )
        if name in NAMES:
            controls[name] = value
        else:
            given[name] = [query.from_text(name, one) for one in value.split("|")]
    return given, controls


def _allowed(request: Request) -> str:
    return "OPTIONS, GET" if request.path_params else "OPTIONS, GET, POST"

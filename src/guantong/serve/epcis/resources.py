"""Which values are there to ask for? ``/epcis/bizSteps`` and the other five, as far as a caller sees.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import query
from guantong.caller import Caller
from guantong.capture.json_write import CONTEXT
from guantong.query import Cursor, Values
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.controls import Controls, Token
from guantong.serve.epcis.events import AT_ONCE, RESOURCES, Searching, of_resource
from guantong.serve.epcis.protocol import EpcisError


@runtime_checkable
class Listing(Searching, Protocol):
    """A desk that lists values."""

    def list_values(
        self,
        field: str,
        caller: Caller,
        *,
        after: Cursor | None = None,
        limit: int,
        as_of: int | None = None,
    ) -> Values:
        """A page of the values of a field, in the events that the caller may see."""


class Resources:
    """The resources that stand in events."""

    def __init__(self, desk: Desk) -> None:
        """Over a desk; one that does not list values has none of these addresses."""
        self._desk = desk
        self._few = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """Their addresses, below the binding's; after those of their events."""
        if not isinstance(self._desk, Listing):
            return []
        routes = []
        for name in RESOURCES:
            routes += [
                Route(f"/{name}", self._listed(name), methods=["GET"]),
                Route(f"/{name}", self.offered, methods=["OPTIONS"]),
                Route(f"/{name}/{{value:path}}", self._shown(name), methods=["GET"]),
                Route(f"/{name}/{{value:path}}", self.offered, methods=["OPTIONS"]),
            ]
        return routes

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk)
        return protocol.done(more={"Allow": "OPTIONS, GET"})

    def _listed(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        field = RESOURCES[name]

        async def listed(request: Request) -> Response:
            caller = asked.keyed_caller(request, self._desk)
            protocol.check_accepts(request)
            how = Controls.of(dict(request.query_params))
            bound = how.bound(query.Query((query.Test(field, ()),)), caller)
            token = how.begin(bound)
            found = await self._values(field, caller, token, how.per_page)
            following = found.after and Token(
                found.after[0], found.after[1], found.size, bound, found.after[2]
            )
            more = {} if following is None else protocol.next_page(request, following.text())
            return _collection(found.values, more)

        return listed

    async def _values(self, field: str, caller: Caller, token: Token | None, limit: int) -> Values:
        desk = self._desk
        assert isinstance(desk, Listing)
        after = (token.first, token.number, token.within) if token else None
        as_of = token.size if token else None
        return await to_thread.run_sync(
            lambda: desk.list_values(field, caller, after=after, limit=limit, as_of=as_of),
            limiter=self._few,
        )

    def _shown(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def shown(request: Request) -> Response:
            caller = asked.keyed_caller(request, self._desk)
            protocol.check_accepts(request)
            desk, value = self._desk, request.path_params["value"]
            assert isinstance(desk, Listing)
            wanted = of_resource(name, value)
            page = await to_thread.run_sync(
                lambda: desk.find_events(wanted, caller, limit=1), limiter=self._few
            )
            if not page.events:
                raise EpcisError(protocol.absent(value[:120]))
            return _collection(("events",), {})

        return shown


def _collection(members: tuple[str, ...], more: dict[str, str]) -> Response:
    found = {"@context": CONTEXT, "type": "Collection", "member": members}
    return protocol.told(found, more=more)

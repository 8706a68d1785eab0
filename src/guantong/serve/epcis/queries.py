"""How does a client name a query, and ask it again? ``/epcis/queries``.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import query
from guantong.caller import Caller
from guantong.clock import Clock
from guantong.errors import fault
from guantong.query import QueryError
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.controls import NAMES, Controls
from guantong.serve.epcis.events import Events, Searching
from guantong.serve.epcis.named import QUERIES_MAX, Named, NamedError, NamedQueries
from guantong.serve.epcis.named import Fault as NamedFault
from guantong.serve.epcis.notices import lines_of
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.outbox.box import Box
from guantong.serve.upload import Uploads

BYTES_MAX: Final = 1 << 20
"""Of a query that gets a name."""
EVENTS: Final = "SimpleEventQuery"
MASTER: Final = "SimpleMasterDataQuery"
"""The standard's own queries: they have parameters, and nobody's have their names."""
NAME: Final = re.compile(r"[^/\s]{1,120}")
PARAMETER: Final = frozenset({"@context", "id", "type"})
"""Members of a query that are no parameters."""


class Queries:
    """The named queries of one installation."""

    def __init__(
        self,
        desk: Desk,
        uploads: Uploads,
        events: Events,
        named: NamedQueries,
        box: Box,
        clock: Clock,
    ) -> None:
        """Over what is kept of them, who answers them, and where their subscriptions are."""
        self._box = box
        self._desk = desk
        self._uploads = uploads
        self._events = events
        self._named = named
        self._clock = clock

    def routes(self) -> list[Route]:
        """Its addresses, below the binding's."""
        if not isinstance(self._desk, Searching):
            return []
        return [
            Route("/queries", self.listed, methods=["GET"]),
            Route("/queries", self.take, methods=["POST"]),
            Route("/queries", self.offered, methods=["OPTIONS"]),
            Route("/queries/{name}", self.shown, methods=["GET"]),
            Route("/queries/{name}", self.drop, methods=["DELETE"]),
            Route("/queries/{name}", self.offered, methods=["OPTIONS"]),
            Route("/queries/{name}/events", self.found, methods=["GET"]),
            Route("/queries/{name}/events", self.offered, methods=["OPTIONS"]),
        ]

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk)
        allowed = "OPTIONS, GET"
        if not request.url.path.endswith("/events"):
            allowed += ", DELETE" if "name" in request.path_params else ", POST"
        return protocol.done(more={"Allow": allowed})

    async def take(self, request: Request) -> Response:
        """Give a query a name.

        Returns:
            201 with the address of its events.

        Raises:
            QueryError: if it is no query, or has no name.
            NamedError: if there is one of that name, or there are too many.
        """
        caller = self._caller(request)
        async with self._uploads.body(request, BYTES_MAX) as body:
            named = _named(body)
        _read(named)
        if named.name in {EVENTS, MASTER}:
            raise NamedError(
                fault(NamedFault.TAKEN, expected="a new name", got=named.name, path="name")
            )
        self._named.add(caller.party, named, self._clock.now_ms())
        place = protocol.place_of(request, f"/queries/{quote(named.name, safe='')}/events")
        return protocol.done(status=201, more=place)

    async def listed(self, request: Request) -> Response:
        """The caller's queries by name, a page of them.

        Returns:
            JSON; ``Link`` names the next page if there is one.
        """
        caller = self._caller(request)
        how = Controls.of(dict(request.query_params))
        found = self._named.page(caller.party, after=how.token or "", limit=how.per_page + 1)
        last = found[how.per_page - 1].name if len(found) > how.per_page else ""
        more = protocol.next_page(request, last) if last else {}
        return protocol.told(found[: how.per_page], more=more)

    async def shown(self, request: Request) -> Response:
        """One of them.

        Returns:
            JSON.
        """
        named = self._get(request, self._caller(request))
        return protocol.told(named)

    async def found(self, request: Request) -> Response:
        """The events it asks for.

        Returns:
            A page, as of ``/events``.
        """
        named = self._get(request, self._caller(request))
        return await self._events.answer(request, _read(named), name=named.name)

    async def drop(self, request: Request) -> Response:
        """Forget one, and end its subscriptions.

        Returns:
            204.

        Raises:
            EpcisError: if the caller has none of that name.
        """
        caller, name = self._caller(request), request.path_params["name"]
        if not self._named.remove(caller.party, name):
            raise EpcisError(protocol.absent(name[:120]))
        for line in lines_of(self._box, caller.party, name):
            self._box.close_line(line.id, line.party)
        return protocol.done()

    def asked_for(self, request: Request, caller: Caller) -> tuple[str, query.Query]:
        """The query that an address names.

        Returns:
            Its name, and what it asks for.

        Raises:
            EpcisError: if the caller has none of that name.
        """
        named = self._get(request, caller)
        return named.name, _read(named)

    def names(self, caller: Caller) -> list[str]:
        """The names of the caller's queries."""
        return [one.name for one in self._named.page(caller.party, after="", limit=QUERIES_MAX)]

    def wanted(self, caller: Caller, name: str) -> query.Query | None:
        """What a query of the caller's asks for; None if it has none of that name."""
        named = self._named.get(caller.party, name)
        return None if named is None else _read(named)

    def _caller(self, request: Request) -> Caller:
        caller = asked.keyed_caller(request, self._desk)
        protocol.check_accepts(request)
        return caller

    def _get(self, request: Request, caller: Caller) -> Named:
        name = request.path_params["name"]
        found = self._named.get(caller.party, name)
        if found is None:
            raise EpcisError(protocol.absent(name[:120]))
        return found


def _named(body: bytes) -> Named:
    try:
        named = msgspec.json.decode(body, type=Named)
    except (msgspec.MsgspecError, RecursionError) as error:
        expected = "an object with a name and a query"
        raise QueryError(fault(query.Fault.VALUE, expected=expected, got=error)) from error
    if not NAME.fullmatch(named.name):
        expected = "1 to 120 characters, no blanks, no slash"
        raise QueryError(
            fault(query.Fault.VALUE, expected=expected, got=named.name[:120], path="name")
        )
    return named


def _read(named: Named) -> query.Query:
    """What a named query asks for; how it is answered is said with each question."""
    parameters = {name: one for name, one in named.query.items() if name not in PARAMETER}
    control = next(iter(NAMES & set(parameters)), None)
    if control is not None:
        expected = "this beside the question, not in the query"
        raise QueryError(
            fault(query.Fault.PARAMETER, expected=expected, got=control, path=f"query.{control}")
        )
    return query.parse(parameters, _namespaces(named.query.get("@context")))


def _namespaces(context: Any) -> Mapping[str, str]:
    """The prefixes that a context spells out."""
    listed = context if isinstance(context, list) else [context]
    return {
        prefix: space
        for one in listed
        if isinstance(one, dict)
        for prefix, space in one.items()
        if isinstance(space, str) and not prefix.startswith("@")
    }

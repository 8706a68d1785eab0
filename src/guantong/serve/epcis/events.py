"""Which events does an EPCIS client get? ``/epcis/events`` and what is below the other resources.

A page names the ledger size it rests on, and the next one rests on the same: what is captured
meanwhile neither comes twice nor hides anything. What the caller may not see is not there: not in
a page, not in the length of one, not as an answer to its id.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Final, Protocol, runtime_checkable
from urllib.parse import quote, urlencode

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import query
from guantong.caller import Caller
from guantong.capture.json_write import EventWriter, query_document
from guantong.clock import Clock
from guantong.errors import fault
from guantong.query import Page, Query, QueryError
from guantong.serve import asked, json_out
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.problems import Fault, HttpError

PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 1_000
"""Events on one page: when not told, and at most."""
URL_MAX: Final = 8_000
"""Characters of the parameters of a query."""
COUNT_MAX: Final = 20_000
COUNT_PAGES_MAX: Final = 40
"""How far the events of a query are counted before it is answered."""
CONTROLS: Final = frozenset({"perPage", "nextPageToken", "maxEventCount"})
FORMATS: Final = ("No_Preference", "Always_GS1_Digital_Link", "Never_Translates")
"""How codes are written: as they are kept, which is as Digital Links where there is one."""


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


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins, and for whom."""

    record_ms: int
    number: int
    size: int
    bound: bytes
    """Of the query and the caller."""


class Events:
    """The query interface."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        """Over a desk; one that does not look events up has none of these addresses."""
        self._desk = desk
        self._clock = clock

    def routes(self) -> list[Route]:
        """Its addresses, below the binding's."""
        if not isinstance(self._desk, Searching):
            return []
        return [
            Route("/events", self.listed, methods=["GET"]),
            Route("/events", self.offered, methods=["OPTIONS"]),
            Route("/events/{id:path}", self.shown, methods=["GET"]),
            Route("/events/{id:path}", self.offered, methods=["OPTIONS"]),
            *(
                Route(f"/{name}/{{value:path}}/events", self._below(name), methods=["GET"])
                for name in RESOURCES
            ),
        ]

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk)
        more = {"Allow": "OPTIONS, GET", "GS1-EPC-Format": FORMATS[0]}
        return Response(status_code=204, headers=protocol.headers() | more)

    async def listed(self, request: Request) -> Response:
        """A page of the events that are asked for.

        Returns:
            An EPCISQueryDocument; ``Link`` names the next page if there is one.
        """
        return await self._page(request, {})

    def _below(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def listed(request: Request) -> Response:
            value = request.path_params["value"]
            return await self._page(request, {RESOURCES[name]: [value]}, is_there=True)

        return listed

    async def shown(self, request: Request) -> Response:
        """One event.

        Returns:
            The event with its context.

        Raises:
            EpcisError: if the caller sees none of that id.
        """
        caller = self._caller(request)
        wanted = query.parse({"EQ_eventID": [request.path_params["id"]]})
        found = await self._find(wanted, caller, limit=PER_PAGE_MAX)
        if not found.events:
            raise EpcisError(protocol.absent(request.path_params["id"][:120]))
        writer = EventWriter()
        latest = found.events[-1]
        told = writer.write(latest.event, record_ms=latest.record_ms)
        return _json({"@context": writer.context, **told}, {})

    async def _page(
        self, request: Request, fixed: Mapping[str, object], *, is_there: bool = False
    ) -> Response:
        caller = self._caller(request)
        given, controls = _parameters(request)
        wanted = query.parse({**given, **fixed})
        limit = _number(controls, "perPage", PER_PAGE, PER_PAGE_MAX)
        bound = _bound(wanted, caller)
        token = _token(controls.get("nextPageToken"), bound)
        if "maxEventCount" in controls:
            await self._check_count(
                wanted, caller, _number(controls, "maxEventCount", 0, COUNT_MAX)
            )
        found = await self._find(
            wanted,
            caller,
            after=(token.record_ms, token.number) if token else None,
            limit=limit,
            as_of=token.size if token else None,
        )
        if is_there and not found.events and not found.after and token is None:
            raise EpcisError(protocol.absent(request.url.path[:120]))
        told = query_document(
            [(one.event, one.record_ms) for one in found.events], created_ms=self._clock.now_ms()
        )
        return _json(told, _link(request, given | controls, found, bound))

    async def _check_count(self, wanted: Query, caller: Caller, most: int) -> None:
        """Refuse a query that more events answer than the client is ready for."""
        count, after = 0, None
        for _ in range(COUNT_PAGES_MAX):
            found = await self._find(wanted, caller, after=after, limit=PER_PAGE_MAX)
            count, after = count + len(found.events), found.after
            if count > most:
                expected = f"at most {most} events"
                raise QueryError(fault(query.Fault.LARGE, expected=expected, got="more"))
            if after is None:
                return
        expected = "a query that can be counted"
        path = "maxEventCount"
        raise QueryError(
            fault(query.Fault.COMPLEX, expected=expected, got="too many events", path=path)
        )

    def _caller(self, request: Request) -> Caller:
        caller = asked.keyed_caller(request, self._desk)
        protocol.check_accepts(request)
        wanted = request.headers.get("gs1-epc-format", FORMATS[0])
        if wanted not in FORMATS:
            expected = " | ".join(FORMATS)
            path = "GS1-EPC-Format"
            raise EpcisError(
                fault(protocol.Fault.NOT_ACCEPTABLE, expected=expected, got=wanted, path=path)
            )
        return caller

    async def _find(
        self,
        wanted: Query,
        caller: Caller,
        *,
        limit: int,
        after: query.Key | None = None,
        as_of: int | None = None,
    ) -> Page:
        assert isinstance(self._desk, Searching)
        desk = self._desk
        return await to_thread.run_sync(
            lambda: desk.find_events(wanted, caller, after=after, limit=limit, as_of=as_of)
        )


RESOURCES: Final = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
"""Top-level resources, and the parameter their events are asked for with."""


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
        if name in CONTROLS:
            controls[name] = value
        else:
            given[name] = [_value(name, one) for one in value.split("|")]
    return given, controls


def _value(name: str, text: str) -> object:
    """A value as JSON has it: in an address there are only texts."""
    if name.partition("_")[2] == "quantity" or name[:3] in {"GT_", "LE_"}:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _number(controls: Mapping[str, str], name: str, usual: int, most: int) -> int:
    given = controls.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdecimal() and 0 < len(given) < 10 and int(given)):
        raise QueryError(
            fault(query.Fault.VALUE, expected="a number from 1 on", got=given, path=name)
        )
    return min(int(given), most)


def _bound(wanted: Query, caller: Caller) -> bytes:
    """What a token is good for: one query of one caller."""
    text = msgspec.json.encode([wanted, caller.party, caller.level, caller.region])
    return blake2b(text, digest_size=12).digest()


def _token(text: str | None, bound: bytes) -> Token | None:
    if text is None:
        return None
    try:
        data = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        token = msgspec.msgpack.decode(data, type=Token)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        token = None
    if token is None or token.bound != bound or token.size < 0:
        expected = "a token of this query, for the caller who got it"
        raise QueryError(
            fault(query.Fault.VALUE, expected=expected, got=text[:120], path="nextPageToken")
        )
    return token


def _link(
    request: Request, given: Mapping[str, object], found: Page, bound: bytes
) -> dict[str, str]:
    if found.after is None:
        return {}
    data = msgspec.msgpack.encode(Token(*found.after, found.size, bound))
    kept = [(n, v) for n, v in request.query_params.multi_items() if n in given]
    asked_for = [(n, v) for n, v in kept if n != "nextPageToken"]
    token = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    own = quote(request.url.path, safe="/:")
    return {"Link": f'<{own}?{urlencode([*asked_for, ("nextPageToken", token)])}>; rel="next"'}


def _json(value: Mapping[str, object], more: Mapping[str, str]) -> Response:
    said = protocol.headers() | {"GS1-EPC-Format": FORMATS[1]} | dict(more)
    return Response(json_out.encode(value), headers=said, media_type="application/json")

"""How does a client keep a line open and have events sent as they come? ``GET`` with an upgrade to websocket.

Nothing is kept of it: what comes while no line is open is asked for with ``initialRecordTime``. Who
must not miss anything has its events sent to an address (`guantong.serve.epcis.subscriptions`).

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from guantong.caller import Caller, Scope
from guantong.capture.json_write import query_document
from guantong.capture.values import instant
from guantong.clock import Clock
from guantong.errors import Refusal, fault
from guantong.query import Query
from guantong.serve import asked, json_out
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.notices import ENTRIES, EVENTS, Noticing, Told
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.epcis.queries import Queries
from guantong.serve.epcis.schedule import UNITS, Schedule
from guantong.serve.epcis.subscriptions import Fault, SubscriptionError

LOOK_SECONDS: Final = 0.25
"""Between two looks for what came."""
LINES_MAX: Final = 100
"""Lines that one process has open."""
AT_ONCE: Final = 4
"""Lines that look at once."""
REFUSED: Final = 1008
BUSY: Final = 1013
"""Why a line is closed, as the protocol numbers it."""
PARAMETERS: Final = frozenset({"stream", "reportIfEmpty", "initialRecordTime", *UNITS})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a client wants of its line."""

    caller: Caller
    name: str
    query: Query
    id: str
    schedule: Schedule | None
    report_if_empty: bool
    from_ms: int | None


class Live:
    """The open lines of one process."""

    def __init__(self, desk: Desk, queries: Queries, clock: Clock) -> None:
        """Over the queries; none is open yet."""
        self._desk = desk
        self._queries = queries
        self._clock = clock
        self._open = 0
        self._few = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Its address, below the binding's."""
        if not isinstance(self._desk, Noticing):
            return []
        return [WebSocketRoute("/queries/{name}/events", self.take)]

    async def take(self, line: WebSocket) -> None:
        """Keep a line open and send what comes, until its client leaves."""
        try:
            wanted = self._wanted(line)
        except Refusal as refusal:
            await _deny(line, refusal, REFUSED)
            return
        if self._open >= LINES_MAX:
            expected = f"at most {LINES_MAX} lines"
            await _deny(line, EpcisError(fault(Fault.MANY, expected=expected, got="more")), BUSY)
            return
        self._open += 1
        try:
            await line.accept()
            await self._serve(line, wanted)
        finally:
            self._open -= 1

    def _wanted(self, line: WebSocket) -> _Wanted:
        caller = asked.keyed_caller(line, self._desk, Scope.SUBSCRIBE)
        name = line.path_params["name"]
        query = self._queries.wanted(caller, name)
        if query is None:
            raise EpcisError(protocol.absent(name[:120]))
        given = line.query_params
        begin = given.get("initialRecordTime")
        return _Wanted(
            caller,
            name,
            query,
            secrets.token_hex(12),
            _schedule(given),
            given.get("reportIfEmpty") == "true",
            None if begin is None else instant(begin, "initialRecordTime"),
        )

    async def _serve(self, line: WebSocket, wanted: _Wanted) -> None:
        sending = asyncio.create_task(self._send(line, wanted))
        leaving = asyncio.create_task(_left(line))
        both = {sending, leaving}
        _, pending = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in both:
            with suppress(asyncio.CancelledError, WebSocketDisconnect):
                await task

    async def _send(self, line: WebSocket, wanted: _Wanted) -> None:
        desk = self._desk
        assert isinstance(desk, Noticing)
        begin = self._clock.now_ms() if wanted.from_ms is None else wanted.from_ms
        seen = await to_thread.run_sync(desk.first_since, begin, limiter=self._few)
        ran_ms = self._clock.now_ms()
        while True:
            if wanted.schedule is not None:
                due_ms = wanted.schedule.after(ran_ms)
                if due_ms > self._clock.now_ms():
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                ran_ms = self._clock.now_ms()
            seen, sent = await self._send_since(line, wanted, seen)
            if not sent and wanted.report_if_empty and wanted.schedule is not None:
                await line.send_text(self._document(wanted, []))
            await asyncio.sleep(LOOK_SECONDS)

    async def _send_since(self, line: WebSocket, wanted: _Wanted, seen: int) -> tuple[int, bool]:
        """Send what came since; how far it was looked, and whether there was anything."""
        desk, sent = self._desk, False
        assert isinstance(desk, Noticing)
        while True:
            places, reached = await to_thread.run_sync(
                lambda since=seen: desk.came(  # type: ignore[misc]
                    wanted.query, wanted.caller, since=since, entries=ENTRIES
                ),
                limiter=self._few,
            )
            if reached == seen:
                return seen, sent
            for at in range(0, len(places), EVENTS):
                part = places[at : at + EVENTS]
                found = await to_thread.run_sync(
                    desk.placed, part, wanted.caller, limiter=self._few
                )
                told = [(one.event, one.record_ms) for one in found]
                await line.send_text(self._document(wanted, told))
                sent = True
            seen = reached

    def _document(self, wanted: _Wanted, told: Told) -> str:
        said = query_document(
            told, created_ms=self._clock.now_ms(), query=wanted.name, subscription=wanted.id
        )
        return json_out.encode(said).decode()


def _schedule(given: Mapping[str, str]) -> Schedule | None:
    """When events are sent; None for as they come."""
    for name in given:
        if name not in PARAMETERS:
            expected = " | ".join(sorted(PARAMETERS))
            raise SubscriptionError(
                fault(Fault.CONTROLS, expected=expected, got=name[:120], path=name[:120])
            )
    units = {name: one for name, one in given.items() if name in UNITS}
    if (given.get("stream") == "true") is bool(units):
        got = "both" if units else "neither"
        expected = "either stream=true or a schedule"
        raise SubscriptionError(fault(Fault.CONTROLS, expected=expected, got=got, path="stream"))
    return Schedule.parse(units) if units else None


async def _left(line: WebSocket) -> None:
    """Wait until the client leaves; what it says is not listened to."""
    while True:
        message = await line.receive()
        if message["type"] == "websocket.disconnect":
            return


async def _deny(line: WebSocket, refusal: Refusal, code: int) -> None:
    """Refuse a line: with a problem document where the server can, else by closing it."""
    if "websocket.http.response" in line.scope.get("extensions", {}):
        await line.send_denial_response(protocol.refusal(refusal.faults))
    else:
        await line.close(code, refusal.faults[0].code)

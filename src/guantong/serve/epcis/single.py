"""How is one event taken, with an answer that is final? ``POST /epcis/events``.

Unlike a capture job it is answered when the event is on the disk and can be found: 201 with its
address, or all that is wrong with it. An event that is there already is refused (409), whether the
same bytes came again or its id in others.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Caller, Scope
from guantong.capture import Limits, TableReading
from guantong.capture.faults import CaptureError
from guantong.capture.faults import Fault as CaptureFault
from guantong.capture.json_write import EventWriter
from guantong.errors import fault
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.events import Searching
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.fitting import read_offer
from guantong.serve.job import Fault, Offer, Receipt, may_submit
from guantong.serve.problems import Fault as HttpFault
from guantong.serve.upload import Uploads
from guantong.store.door import Stored

BYTES_MAX: Final = 1 << 20
"""Of a document with one event."""


class SingleEvents:
    """The way in for events one by one."""

    def __init__(self, desk: Desk, uploads: Uploads) -> None:
        """Over a desk that looks events up, and who takes documents."""
        self._desk = desk
        self._uploads = uploads

    def routes(self) -> list[Route]:
        """Its address, below the binding's."""
        if not isinstance(self._desk, Searching):
            return []
        return [Route("/events", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """Take an event, by itself or in a document of its own.

        Returns:
            201 with its address, and the event as it is kept.

        Raises:
            CaptureError: if it can not be read, or there is not exactly one.
            EpcisError: if it is there already.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        may_submit(caller)
        accepted, _ = protocol.check_accepts(request, protocol.TYPES)
        media = protocol.check_media(request)
        async with self._uploads.body(request, BYTES_MAX) as body:
            receipt = await self._taken(Offer(body, media), caller)
        stored = await to_thread.run_sync(self._indexed, receipt.ledger_index, caller)
        place = protocol.place_of(request, f"/events/{quote(stored.event.id, safe='')}")
        if accepted in protocol.XML:  # the event by itself is JSON only
            return protocol.done(status=201, more=place)
        writer = EventWriter()
        told = writer.write(stored.event, record_ms=stored.record_ms)
        return protocol.told({"@context": writer.context, **told}, status=201, more=place)

    async def _taken(self, offer: Offer, caller: Caller) -> Receipt:
        reading = await to_thread.run_sync(read_offer, offer, Limits(bytes_max=BYTES_MAX))
        _check_single(reading)
        receipt = await self._uploads.take_offer(offer, caller)
        if not receipt.accepted:
            raise CaptureError(*receipt.faults)
        if receipt.repeated:
            expected = "an event that is not there yet"
            raise EpcisError(
                fault(Fault.DUPLICATE, expected=expected, got=f"entry {receipt.ledger_index}")
            )
        return receipt

    def _indexed(self, entry: int, caller: Caller) -> Stored:
        """What was taken, as soon as it can be found."""
        desk = self._desk
        assert isinstance(desk, Searching)
        stored = desk.event_of(entry, caller) if desk.wait(entry + 1) else None
        if stored is None:
            expected = f"entry {entry}, which is taken, in the index"
            raise EpcisError(fault(HttpFault.BEHIND, expected=expected, got="not yet"))
        return stored


def _check_single(reading: TableReading) -> None:
    if reading.table is None:
        raise CaptureError(*reading.faults)
    if len(reading.table) != 1 or reading.master:
        is_empty = not len(reading.table) and not reading.master
        code = CaptureFault.MISSING if is_empty else CaptureFault.UNEXPECTED
        got = f"{len(reading.table)} events, {len(reading.master)} of master data"
        raise CaptureError(fault(code, expected="one event and nothing else", got=got))

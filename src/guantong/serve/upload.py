"""How does a document come in? Reading a body without ever reading too much of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from anyio import CapacityLimiter, fail_after, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding
from guantong.caller import Caller, Scope
from guantong.capture.faults import Fault as CaptureFault
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.serve import asked, json_out, problems, signing
from guantong.serve.desk import Desk, Quick, QuickRegistrar, Receives, Registrar
from guantong.serve.intake import Fault as IntakeFault
from guantong.serve.intake import Offer, Receipt
from guantong.serve.job import offer_of
from guantong.serve.made import Made
from guantong.serve.problems import Fault, HttpError
from guantong.serve.quota import Metered, Quotas
from guantong.serve.stream.place import Fault as StreamFault
from guantong.serve.stream.place import StreamError
from guantong.serve.stream.receiving import Handed
from guantong.settings import Settings

BODIES_MAX: Final = 4
"""Bodies of the largest size that may be held at once; more bytes than that are refused as busy."""

CODES_BYTES_MAX: Final = 64 * 1024
"""Size of a code range."""

WAITING_MAX: Final = 64
"""Submissions waiting for the disk at once; they share its fsync."""

IDLE_SECONDS: Final = 20.0
"""A sender who is silent for longer is cut off: each one under way takes a place from others."""

RECEIPT_MAX: Final = 100
"""Characters of the number of a receipt."""

BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"
BEHAVIOURS: Final = {"": False, "rollback": False, "proceed": True}


@dataclass(slots=True)
class Budget:
    """Bytes of request bodies in memory, over all requests."""

    bytes_max: int
    held: int = 0

    def take(self, size: int) -> None:
        """Account for bytes that arrived.

        Raises:
            HttpError: if that is more than may be held.
        """
        if self.held + size > self.bytes_max:
            expected = f"at most {self.bytes_max} bytes under way"
            raise HttpError(fault(IntakeFault.BUSY, expected=expected, got="more"))
        self.held += size

    def give_back(self, size: int) -> None:
        """Account for bytes that were let go."""
        self.held -= size


class Uploads:
    """The submissions."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk = desk
        self.bytes_max = settings.document_bytes_max
        """Size of the largest document."""
        self.budget = Budget(BODIES_MAX * max(settings.document_bytes_max, CODES_BYTES_MAX))
        self._waiting = CapacityLimiter(WAITING_MAX)
        # Asked once: what a protocol holds is looked up name by name, for each document.
        self._quick = desk if isinstance(desk, Quick) else None
        self._receives = desk if isinstance(desk, Receives) and desk.receiving else None
        self._quotas = Quotas(desk.clock, desk.readers) if isinstance(desk, Metered) else None

    def key_routes(self) -> list[Route]:
        """Where signing keys are entered; nowhere over a desk that enters none."""
        if not isinstance(self._desk, Registrar):
            return []
        return [Route("/signing-keys", self.signing_key, methods=["POST"])]

    async def capture(self, request: Request) -> Response:
        """Take a document; answers after it is on the disk, or stored for the writer."""
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        self.count(caller)
        proceed = proceeds(request)
        async with self.body(request, self.bytes_max) as body:
            return await self.captured(_offer(request, body, proceed=proceed), caller)

    async def capture_plain(self, data: bytes, media: str, caller: Caller) -> Response:
        """The same for a document of which nothing but this is said."""
        self.count(caller)
        return await self.captured(offer_of(data, media=media), caller)

    async def captured(self, offer: Offer, caller: Caller) -> Response:
        """The answer to a submission: where it stands, or a receipt, or what is wrong."""
        if self._receives is None:
            return answer(await self.take_offer(offer, caller))
        handed = await self._receives.hand(offer, caller)
        return answer(handed) if isinstance(handed, Receipt) else received(handed)

    async def outcome(self, request: Request) -> Response:
        """What became of a submission that got a receipt; always JSON."""
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        receipt = request.path_params["receipt"][:RECEIPT_MAX]
        receiving = self._receives and self._receives.receiving
        if not receiving:
            expected = "an installation that gives receipts"
            raise StreamError(fault(StreamFault.RECEIPT, expected=expected, got=receipt))
        found = await receiving.answer(receipt, caller.party)
        shown = json_out.outcome_json(receipt, found)
        wait = {} if found else {"Retry-After": "1"}
        return Response(json_out.encode(shown), media_type="application/json", headers=wait)

    async def codes(self, request: Request) -> Response:
        """Take a range of issued codes; answers after it is on the disk."""
        caller = asked.keyed_caller(request, self._desk, Scope.CODES)

        def take(data: bytes) -> Awaitable[Receipt]:
            return self.take_codes(coding.parse(data), caller)

        return await self._taken(request, CODES_BYTES_MAX, take)

    async def signing_key(self, request: Request) -> Response:
        """Take what is said about the signing key of a party; answers after it is on the disk."""
        caller = asked.keyed_caller(request, self._desk, Scope.KEYS)

        def take(data: bytes) -> Awaitable[Receipt]:
            return self.enter(signing.made_about(signing.asked_for(data, caller)), caller)

        return await self._taken(request, signing.REQUEST_BYTES_MAX, take)

    async def _taken(
        self, request: Request, bytes_max: int, take: Callable[[bytes], Awaitable[Receipt]]
    ) -> Response:
        async with self.body(request, bytes_max) as body:
            return answer(await take(body))

    async def take(self, data: bytes, media: str, caller: Caller) -> Receipt:
        """Take a document of which nothing but this is said; returns when it is durable."""
        self.count(caller)
        return await self.take_offer(offer_of(data, media=media), caller)

    def count(self, caller: Caller) -> None:
        """Count a document of the caller's firm.

        Raises:
            HttpError: if the operator bounded them, and these are too many for now.
        """
        if self._quotas is not None:
            self._quotas.take(caller.party)

    def take_room(self, body: BytesIO, chunk: bytes, bytes_max: int | None = None) -> None:
        """Account for a part that is to go into a body.

        Args:
            body: What came before.
            chunk: The part.
            bytes_max: Size of the largest body; that of a document when absent.

        Raises:
            HttpError: if the body is too large, or that is more than may be held.
        """
        bytes_max = self.bytes_max if bytes_max is None else bytes_max
        if body.tell() + len(chunk) > bytes_max:
            raise HttpError(_size(bytes_max, "more"))
        self.budget.take(len(chunk))

    async def take_offer(self, offer: Offer, caller: Caller) -> Receipt:
        """Take a document; returns when it is durable."""
        if self._quick is not None:
            return await self._quick.take(offer, caller)
        return await to_thread.run_sync(self._desk.submit, offer, caller, limiter=self._waiting)

    async def take_codes(self, codes: coding.CodeRange, caller: Caller) -> Receipt:
        """Enter a range of codes as issued; returns when it is durable."""
        if self._quick is not None:
            return await self._quick.take_codes(codes, caller)
        return await to_thread.run_sync(self._desk.issue, codes, caller, limiter=self._waiting)

    async def enter(self, made: Made, caller: Caller) -> Receipt:
        """Enter something that is no document; returns when it is durable."""
        desk = self._desk
        if isinstance(desk, QuickRegistrar):
            return await desk.take_entry(made, caller)
        assert isinstance(desk, Registrar)
        return await to_thread.run_sync(desk.enter, made, caller, limiter=self._waiting)

    @asynccontextmanager
    async def body(self, request: Request, bytes_max: int) -> AsyncIterator[bytes]:
        """The body of a request, accounted for as long as it is worked on.

        Yields:
            All of it.

        Raises:
            HttpError: if it is too large, too slow, or in a content coding.
            ClientDisconnect: if the client has left; see `left`.
        """
        held = BytesIO()
        try:
            await self._read(request, held, bytes_max)
            yield held.getvalue()  # what it holds, not a copy
        finally:
            self.budget.give_back(held.tell())

    async def _read(self, request: Request, body: BytesIO, bytes_max: int) -> None:
        """The body into `body`, which holds what is accounted for even when this fails."""
        _check_coding(request)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 15 or int(declared) > bytes_max):
            raise HttpError(_size(bytes_max, f"{declared[:20]} bytes declared"))
        chunks = aiter(request.stream())
        while (chunk := await next_chunk(chunks)) is not None:
            self.take_room(body, chunk, bytes_max)
            body.write(chunk)


async def left(request: Request, error: Exception) -> Response:
    """An answer for a client that is there no more."""
    del request, error
    return Response(status_code=400)


async def next_chunk(chunks: AsyncIterator[bytes]) -> bytes | None:
    """The next part of a body.

    Returns:
        Its bytes, None after the last part.

    Raises:
        HttpError: if it does not come in `IDLE_SECONDS`.
    """
    try:
        with fail_after(IDLE_SECONDS):
            return await anext(chunks, None)
    except TimeoutError:
        raise HttpError(slow()) from None


def slow() -> Found:
    """That no part of a body came in `IDLE_SECONDS`."""
    expected = f"a part of the body every {IDLE_SECONDS:g} s"
    return fault(Fault.SLOW, expected=expected, got="nothing")


def answer(receipt: Receipt) -> Response:
    """201 for a new document, 200 for one that was here before, else the problem."""
    if not receipt.accepted:
        status = problems.status_of(receipt.faults)
        body = json_out.encode(problems.document(receipt.faults))
        return Response(body, status, problems.headers_for(status), problems.MEDIA)
    status = 200 if receipt.repeated else 201
    return Response(
        json_out.encode(json_out.receipt_json(receipt)), status, media_type="application/json"
    )


def received(handed: Handed) -> Response:
    """202: it is stored; where it will stand is asked for later."""
    place = f"/capture/{handed.receipt}"
    shown = handed._asdict() | {"outcome": place}
    return Response(json_out.encode(shown), 202, {"Location": place}, media_type="application/json")


def _offer(request: Request, data: bytes, *, proceed: bool) -> Offer:
    media = request.headers.get("content-type", "")
    name = request.query_params.get("name", "")[:100]
    return offer_of(data, media=media, name=name, proceed=proceed)


def proceeds(request: Request) -> bool:
    """What to do with a document of which a part is wrong: header, else query.

    Returns:
        True to take the good events all the same.

    Raises:
        HttpError: if it is another word.

    References:
        EPCIS 2.0, section 12 (REST bindings)
    """
    given = request.headers.get(BEHAVIOUR) or request.query_params.get("error_behaviour") or ""
    if given.lower() not in BEHAVIOURS:
        expected = "proceed | rollback"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=given, path=BEHAVIOUR))
    return BEHAVIOURS[given.lower()]


def _check_coding(request: Request) -> None:
    given = request.headers.get("content-encoding", "identity")
    if given.lower() != "identity":
        expected = "no content coding"
        raise HttpError(fault(Fault.CODING, expected=expected, got=given, path="Content-Encoding"))


def _size(bytes_max: int, got: str) -> Found:
    return fault(CaptureFault.TOO_LARGE, expected=f"at most {bytes_max} bytes", got=got)

"""What do the processes of one installation say to each other? Frames of MessagePack.

A frame is its length in four bytes and one message. A front sends `Sent`, one for each job; the
writer answers with a list of `Told`. Data only: nothing that arrives is ever executed, and what
has another shape ends the line.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from guantong.capture import CaptureError, TableReading
from guantong.capture.model import MasterItem
from guantong.capture.packed import pack, squeeze, unpack, unsqueeze
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.ledger import StatementType
from guantong.serve.job import Answer, Fault, IntakeError, Job, Receipt
from guantong.serve.seal import Seal
from guantong.store import Fact

HEAD: Final = 4
"""Bytes of a frame's length."""
FRAME_MAX: Final = 1 << 30
"""A frame above this is none of ours."""


BodyOf = Callable[[str], bytes]
"""The body that was passed under a name."""


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A job on its way to the writer."""

    no: int
    """Chosen by the sender; comes back with the answer."""
    by: str
    typ: StatementType
    body: bytes
    media: str
    name: str
    digest: str
    table: bytes
    """As `guantong.capture.packed` gives it."""
    format: str
    positions: tuple[int, ...]
    """Of the events; empty for 0, 1, 2 …"""
    master: tuple[MasterItem, ...]
    created_ms: int
    record_ms: int
    facts: tuple[Fact, ...]
    meta: dict[str, str | int]
    faults: tuple[Found, ...]
    proceed: bool
    seal: Seal
    passed: str = ""
    """Which file holds the body; "" when it is here. With it the table is squeezed."""


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The answer to one job."""

    no: int
    accepted: bool
    events: int
    ledger_index: int
    faults: tuple[Found, ...]
    repeated: bool
    refused: bool
    """Nothing was decided: the writer can not."""
    told: int
    """Ledger size after the last entry that said more than events."""
    leaf: str = ""
    seq: int = 0


class LineError(Exception):
    """What arrives is not of this protocol."""


_encode = msgspec.msgpack.Encoder().encode
_sent = msgspec.msgpack.Decoder(Sent).decode
_told = msgspec.msgpack.Decoder(list[Told]).decode


def request(no: int, job: Job, passed: str = "") -> bytes:
    """The frame of a job.

    Args:
        no: What the answer is to carry.
        job: What is to be decided.
        passed: Which file holds its body (`guantong.serve.passing`), "" for none.

    Returns:
        The frame.
    """
    return _framed(message(job, no=no, passed=passed))


def message(job: Job, *, no: int = 0, passed: str = "") -> bytes:
    """The message in the frame of a job; see `request`."""
    sent = Sent(
        no=no,
        by=job.by,
        typ=job.typ,
        body=b"" if passed else job.body,
        media=job.media,
        name=job.name,
        digest=job.digest,
        table=squeeze(job.table) if passed else pack(job.table),
        format=job.reading.format,
        positions=_positions(job),
        master=job.reading.master,
        created_ms=job.reading.created_ms,
        record_ms=job.record_ms,
        facts=job.facts,
        meta=dict(job.meta),
        faults=job.faults,
        proceed=job.proceed,
        seal=job.seal,
        passed=passed,
    )
    return _encode(sent)


def _positions(job: Job) -> tuple[int, ...]:
    positions = job.reading.positions
    return () if positions == tuple(range(len(positions))) else positions


def nowhere(name: str) -> bytes:
    """No body was passed to anybody.

    Raises:
        IntakeError: always.
    """
    raise IntakeError(fault(Fault.BUSY, expected="a body beside the message", got=name))


def job_of(message: bytes | memoryview, body_of: BodyOf = nowhere) -> tuple[int, Job]:
    """The job of a message, with the number its answer is to carry.

    Args:
        message: As it came.
        body_of: The body of a name; an `IntakeError` of its is the answer to the job.

    Returns:
        Number and job.

    Raises:
        LineError: if it is none.
    """
    try:
        sent = _sent(message)
        table = unsqueeze(sent.table) if sent.passed else unpack(sent.table)
    except (msgspec.DecodeError, CaptureError) as error:
        raise LineError(str(error)) from error
    answer = Waiting()
    body = sent.body
    if sent.passed:
        try:
            body = body_of(sent.passed)
        except IntakeError as error:
            answer.set_exception(error)
    positions = sent.positions or tuple(range(len(table)))
    reading = TableReading(table, (), sent.format, positions, sent.master, sent.created_ms)
    job = Job(
        by=sent.by,
        typ=sent.typ,
        body=body,
        media=sent.media,
        name=sent.name,
        digest=sent.digest,
        reading=reading,
        record_ms=sent.record_ms,
        facts=sent.facts,
        meta=sent.meta,
        faults=sent.faults,
        proceed=sent.proceed,
        answer=answer,
        seal=sent.seal,
    )
    return sent.no, job


class Waiting(Answer):
    """Where the writer leaves an answer; nobody waits for it in another thread."""

    __slots__ = ("error", "receipt")

    def __init__(self) -> None:
        self.receipt: Receipt | None = None
        self.error: BaseException | None = None

    def set_result(self, receipt: Receipt, /) -> None:
        """The receipt."""
        self.receipt = receipt

    def set_exception(self, error: BaseException | None, /) -> None:
        """The writer failed."""
        self.error = error

    def done(self) -> bool:
        """Whether it has come."""
        return self.receipt is not None or self.error is not None


def told(no: int, receipt: Receipt, size: int) -> Told:
    """A receipt as it is sent."""
    return Told(
        no=no,
        accepted=receipt.accepted,
        events=receipt.events,
        ledger_index=receipt.ledger_index,
        faults=receipt.faults,
        repeated=receipt.repeated,
        refused=False,
        told=size,
        leaf=receipt.leaf,
        seq=receipt.seq,
    )


def not_told(no: int, faults: tuple[Found, ...], size: int) -> Told:
    """That nothing was decided, as it is sent."""
    return Told(no, False, 0, -1, faults, False, True, size)  # noqa: FBT003


def answers(tolds: Sequence[Told]) -> bytes:
    """The frame of some answers."""
    return _framed(_encode(tolds))


def answers_of(message: bytes | memoryview) -> list[Told]:
    """The answers of a message.

    Returns:
        In the order of the jobs.

    Raises:
        LineError: if it holds none.
    """
    try:
        return _told(message)
    except msgspec.DecodeError as error:
        raise LineError(str(error)) from error


def receipt_of(answer: Told) -> Receipt:
    """The receipt of an answer.

    Returns:
        As the intake made it.

    Raises:
        IntakeError: if nothing was decided.
    """
    if answer.refused:
        raise IntakeError(*answer.faults)
    return Receipt(
        accepted=answer.accepted,
        events=answer.events,
        ledger_index=answer.ledger_index,
        faults=answer.faults,
        repeated=answer.repeated,
        leaf=answer.leaf,
        seq=answer.seq,
    )


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(HEAD, "big") + message


class Frames:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Bytes that wait for the rest of their message."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived.

        Yields:
            Each message that is whole now.

        Raises:
            LineError: if a length is beyond `FRAME_MAX`.
        """
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= HEAD:
                size = int.from_bytes(self._buffer[at : at + HEAD], "big")
                if size > FRAME_MAX:
                    message = f"a frame of {size} bytes"
                    raise LineError(message)
                if len(self._buffer) - at - HEAD < size:
                    break
                with memoryview(self._buffer) as view:
                    whole = bytes(view[at + HEAD : at + HEAD + size])
                at += HEAD + size
                yield whole
        finally:
            del self._buffer[:at]

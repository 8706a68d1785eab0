"""How does a front hand a job to the writer, and how many may be under way?

One line, many jobs on it; answers come in the order of the groups. What is not answered yet is
counted (`guantong.serve.places`): when that is full a sender is told so at once, and nothing
gathers.
"""

import asyncio
import socket
from typing import cast

from guantong.errors import fault
from guantong.serve import wire
from guantong.serve.job import Fault, IntakeError, Job, Receipt
from guantong.serve.places import DOCUMENTS_MAX, Places


class Line(asyncio.Protocol):
    """The line to the writer, while there is one."""

    def __init__(self, *, bytes_max: int, documents_max: int = DOCUMENTS_MAX) -> None:
        """Not connected yet; captures are refused until then."""
        self.told = 0
        """Ledger size after the last entry that said more than events, as last heard."""
        self._places = Places(bytes_max=bytes_max, documents_max=documents_max)
        self._waiting: dict[int, tuple[asyncio.Future[Receipt], str, int]] = {}
        self._no = 0
        self._frames = wire.Frames()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []

    async def connect(self, end: socket.socket) -> None:
        """Go on over this socket; what was under way on another is lost."""
        loop = asyncio.get_running_loop()
        self.drop()
        self._frames = wire.Frames()
        await loop.create_unix_connection(lambda: self, sock=end)

    def drop(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
            self._lost()

    @property
    def is_up(self) -> bool:
        """Whether there is a writer at the other end."""
        return self._transport is not None

    def ask(self, job: Job, passed: str = "") -> asyncio.Future[Receipt]:
        """Hand in a job.

        Args:
            job: What is to be decided.
            passed: Which file holds its body, "" for none.

        Returns:
            Holds the receipt once it is durable or refused.

        Raises:
            IntakeError: if too much is under way, or there is no writer.
        """
        if self._transport is None:
            raise IntakeError(fault(Fault.CLOSED, expected="a running writer", got="none"))
        self._no += 1
        frame = wire.request(self._no, job, passed)
        self._places.take(job.by, len(frame))
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting[self._no] = (answer, job.by, len(frame))
        self._send(frame)
        return answer

    def _send(self, frame: bytes) -> None:
        """All frames of one turn of the loop leave together."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(frame)

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is there."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answers came."""
        try:
            for message in self._frames.feed(data):
                for told in wire.answers_of(message):
                    self._take(told)
        except wire.LineError:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """The writer is gone, or we hung up."""
        del exc
        if self._transport is not None and self._transport.is_closing():
            self._lost()

    def _take(self, told: wire.Told) -> None:
        self.told = max(self.told, told.told)
        answer, by, size = self._waiting.pop(told.no)
        self._places.give_back(by, size)
        if answer.done():  # its sender has gone
            return
        try:
            answer.set_result(wire.receipt_of(told))
        except IntakeError as error:
            answer.set_exception(error)

    def _lost(self) -> None:
        self._transport = None
        self._unsent.clear()
        gone = IntakeError(fault(Fault.CLOSED, expected="a running writer", got="it ended"))
        for answer, by, size in self._waiting.values():
            self._places.give_back(by, size)
            if not answer.done():
                answer.set_exception(gone)
        self._waiting.clear()

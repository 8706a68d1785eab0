"""Who hands over what lies in the stream? One process beside the writer, in the order of the stream.

It gives the writer one submission after another, keeps what became of each, and only then lets
go of it in the stream. When the writer, the stream or this process goes, all that has no
outcome is handed over again: what stands in the ledger already bears its receipt there, so the
writer says where it stands instead of taking it twice.
"""

import asyncio
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from anyio import to_thread

from guantong.clock import Clock, SystemClock
from guantong.errors import Refusal
from guantong.serve.commanded import Commands
from guantong.serve.job import Job, Receipt
from guantong.serve.line import Line
from guantong.serve.passing import Passing
from guantong.serve.stream import envelope
from guantong.serve.stream.engine import broker
from guantong.serve.stream.outcomes import Outcome, Outcomes
from guantong.serve.stream.own import own
from guantong.serve.stream.place import ID, Fault, Message, StreamError
from guantong.serve.writer import READY
from guantong.settings import Settings

if TYPE_CHECKING:
    from guantong.serve.stream.broker import Broker

HELD_BYTES: Final = 64 << 20
"""With more than this handed over, what became of it is waited for."""
BATCHES: Final = 1
"""Batches that wait for their outcomes behind the one whose outcomes come."""
AGAIN_SECONDS: Final = 0.2
"""Before what went wrong is begun again."""
SAY_SECONDS: Final = 60.0
"""Before the same is said again."""
REMOVE_SECONDS: Final = 1.0
"""Between two removals of what is done."""
TIDY_SECONDS: Final = 600.0
"""Between two looks for what nobody wants any more."""
LOST_MS: Final = 3_600_000
"""Between making a submission and storing it passes less: an older body than the last that is done
less this belongs to nothing."""


def run(control: socket.socket, settings: Settings) -> None:
    """Hand over until the other end of `control` closes.

    Args:
        control: Brings lines to the writer, one socket with each byte.
        settings: The installation.
    """
    asyncio.run(_run(control, settings))


async def _run(control: socket.socket, settings: Settings) -> None:
    line = Line(bytes_max=4 * max(settings.document_bytes_max, HELD_BYTES))
    commands = Commands(control, line)
    commands.listen()
    await commands.begun.wait()
    if commands.ended.is_set():
        return
    place, key = own(settings)
    outcomes = Outcomes(settings.data)
    link = broker().Broker(place, settings.intake_replicas)
    control.send(READY)
    ending = asyncio.create_task(commands.ended.wait())
    working = asyncio.create_task(_work(Consumer(settings, line, link, outcomes, key)))
    await asyncio.wait((ending, working), return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    await link.close()
    outcomes.close()


async def _work(consumer: "Consumer") -> None:
    """Hand over for ever; whatever goes wrong, begin again."""
    await consumer.connect()
    said, said_s = "", 0.0
    while True:
        try:
            await consumer.follow()
        except* Refusal as group:
            reason, now = str(group.exceptions[0]), time.monotonic()
            if reason != said or now - said_s > SAY_SECONDS:
                sys.stderr.write(f"guantong intake: {reason}\n")
                sys.stderr.flush()
                said, said_s = reason, now
        await asyncio.sleep(AGAIN_SECONDS)


class Given(NamedTuple):
    """A submission that was handed over, or is none of ours."""

    receipt: str
    message: Message
    answer: "asyncio.Future[Receipt] | Receipt"

    @property
    def is_ours(self) -> bool:
        """Whether the writer has it."""
        return isinstance(self.answer, asyncio.Future)

    @property
    def is_large(self) -> bool:
        """Whether its body lies beside the stream."""
        return self.is_ours and not self.message.data


class Consumer:
    """Follows the stream."""

    def __init__(
        self, settings: Settings, line: Line, link: "Broker", outcomes: Outcomes, key: bytes
    ) -> None:
        """Not connected yet.

        Args:
            settings: The installation.
            line: To the writer.
            link: To NATS.
            outcomes: Where what became of each is kept.
            key: Of the codes.
        """
        self._urls = settings.intake
        self._line = line
        self._link = link
        self._outcomes = outcomes
        self._key = key
        self._passing = Passing(settings.data)
        self._clock: Clock = SystemClock()
        self._given: asyncio.Queue[tuple[int, list[Given]]] = asyncio.Queue(BATCHES)
        self._under_way: set[asyncio.Future[Receipt]] = set()
        self._held = 0
        self._let_go = asyncio.Event()
        self._removed = 0
        self._removed_s = self._tidied_s = 0.0

    async def connect(self) -> None:
        """Wait until a server is there."""
        await self._link.connect(self._urls)

    async def follow(self) -> None:
        """Hand over what lies in the stream and what comes, until something goes wrong.

        Raises an exception group of refusals; what has no outcome is handed over by the next call.
        """
        await self._link.ensure()
        while self._under_way or not self._line.is_up:
            await asyncio.sleep(AGAIN_SECONDS)
        self._given, self._removed = asyncio.Queue(BATCHES), 0
        async with asyncio.TaskGroup() as both:
            both.create_task(self._hand_over())
            both.create_task(self._settle())

    # The first task: in the order of the stream, to the writer

    async def _hand_over(self) -> None:
        last = 0
        async for batch in self._link.batches():
            last = batch[-1].sequence if batch else last
            given = [await self._give(*one) for one in await self._open(batch)]
            await self._given.put((last, given))

    async def _open(self, batch: list[Message]) -> list[tuple[str, Message]]:
        """Those of a batch that have no outcome yet, with their receipts."""
        receipts = [envelope.receipt_of(one.sequence, one.headers) for one in batch]
        known = await to_thread.run_sync(self._outcomes.known, receipts)
        pairs = zip(receipts, batch, strict=True)
        return [(receipt, one) for receipt, one in pairs if receipt not in known]

    async def _give(self, receipt: str, message: Message) -> Given:
        """Hand over one submission.

        Returns:
            It, with the answer that comes, or, where it is none of ours, is there.

        Raises:
            StreamError: if its body is not to be had now; an `IntakeError` if there is no writer.
        """
        try:
            job = await self._job(receipt, message)
        except StreamError as refusal:
            if refusal.faults[0].code != Fault.MESSAGE:
                raise
            return Given(receipt, message, Receipt(accepted=False, faults=refusal.faults))
        while self._held > HELD_BYTES:
            self._let_go.clear()
            await self._let_go.wait()
        self._held += _bytes_of(message)
        passed = await to_thread.run_sync(self._passing.put, job.body)
        answer = self._line.ask(job, passed)
        self._under_way.add(answer)
        answer.add_done_callback(lambda answer: self._end(answer, _bytes_of(message)))
        return Given(receipt, message, answer)

    def _end(self, answer: "asyncio.Future[Receipt]", size: int) -> None:
        """An answer came; whoever waits for it may have gone."""
        if not answer.cancelled():
            answer.exception()
        self._under_way.discard(answer)
        self._held -= size
        self._let_go.set()

    async def _job(self, receipt: str, message: Message) -> Job:
        envelope.check(message.headers, self._key)
        data = message.data
        if not data:
            name, size = message.headers[ID], _bytes_of(message)
            data = await self._link.get(name, size)
        return envelope.opened(message.headers, data, receipt)

    # The second: what became of it

    async def _settle(self) -> None:
        while True:
            last, batch = await self._given.get()
            if batch:
                outcomes = [await self._outcome(one) for one in batch]
                await to_thread.run_sync(self._outcomes.add, outcomes)
            for one in batch:
                if one.is_large:
                    await self._link.drop(one.message.headers[ID])
            await self._remove(last)
            await self._tidy(batch)

    async def _outcome(self, given: Given) -> Outcome:
        """What became of one.

        Returns:
            It.

        Raises:
            IntakeError: if nothing was decided.
        """
        answer = given.answer
        if isinstance(answer, asyncio.Future):
            answer = await answer
        party = envelope.sender_of(given.message.headers)
        return Outcome(given.receipt, party, self._clock.now_ms(), answer)

    async def _remove(self, last: int) -> None:
        """Let go of all up to the last that is done, now and then."""
        now = time.monotonic()
        if last > self._removed and now - self._removed_s > REMOVE_SECONDS:
            self._removed, self._removed_s = last, now
            await self._link.remove(last)

    async def _tidy(self, batch: list[Given]) -> None:
        """Now and then let go of outcomes that are too old, and of bodies that belong to nothing."""
        now = time.monotonic()
        if not batch or not batch[-1].is_ours or now - self._tidied_s < TIDY_SECONDS:
            return
        self._tidied_s = now
        await to_thread.run_sync(self._outcomes.tidy, self._clock.now_ms())
        since = envelope.stored_ms(batch[-1].message.headers[ID]) - LOST_MS
        for name in await self._link.bodies():
            if envelope.stored_ms(name) < since:
                await self._link.drop(name)


def _bytes_of(message: Message) -> int:
    """Size of the job of a message whose code was right, 0 when it does not say."""
    said = message.headers.get(envelope.BYTES, "")
    return int(said) if said.isascii() and said.isdecimal() else 0

"""One of the processes that answer: a whole outside over the index, and a line to the writer.

It answers every question itself, from handles of its own. What is to be captured is read and
checked here; the writer gets what was understood, and only decides and appends.
"""

import asyncio
import socket
import time
from typing import Final

from anyio import CapacityLimiter, to_thread

from guantong import coding
from guantong.caller import Caller
from guantong.capture import Limits, TableReading
from guantong.clock import Clock
from guantong.ledger import Ledger
from guantong.ledger.entropy import SystemEntropy
from guantong.serve import passing
from guantong.serve.commanded import Commands
from guantong.serve.fitting import read_offer
from guantong.serve.job import IntakeError, Job, Offer, Receipt, entry_of, job_of
from guantong.serve.line import Line
from guantong.serve.made import Made
from guantong.serve.passing import Passing
from guantong.serve.scan_journal import keep
from guantong.serve.scans import outside
from guantong.serve.server import let_threads_end, run_server, threads
from guantong.serve.stream.own import own_of
from guantong.serve.stream.receiving import Handed, Receiving
from guantong.serve.upload import BODIES_MAX
from guantong.serve.world import LARGE_BYTES, World, open_for_reading
from guantong.serve.writer import READY
from guantong.settings import Settings
from guantong.store import SegmentStore

INLINE_BYTES: Final = 32 * 1024
"""A document up to this size is read where it arrives: another thread would cost more."""
LARGE_MAX: Final = 1
"""Large documents a front reads at once."""
AT_ONCE: Final = 4
"""Other documents a front reads at once beside its loop."""
BEHIND_SECONDS: Final = 10.0
"""Longest wait for the index."""
LOOK_SECONDS: Final = 0.002
"""Between two looks how far the index is."""
REFRESH_SECONDS: Final = 1.0
"""Between two looks how far the ledger is, so that no question finds it far behind."""


class Front(World):
    """An installation open for reading, whose writer is another process."""

    def __init__(
        self, settings: Settings, ledger: Ledger, store: SegmentStore, clock: Clock, line: Line
    ) -> None:
        super().__init__(settings, ledger, store, clock, write=False)
        self.receiving = _receiving(settings, ledger) if settings.intake else None
        """Where submissions are stored that get a receipt; None when they go to the writer."""
        self._line = line
        self._entropy = SystemEntropy()
        self._limits = Limits(
            bytes_max=settings.document_bytes_max, events_max=settings.document_events_max
        )
        self._passing = Passing(settings.data)
        self._few = CapacityLimiter(LARGE_MAX)
        self._some = CapacityLimiter(AT_ONCE)

    @classmethod
    def open(cls, settings: Settings, line: Line) -> "Front":
        """Open the installation beside its writer."""
        return cls(settings, *open_for_reading(settings), line)

    def status(self) -> dict[str, object]:
        """As `World.status`; ready while there is a writer."""
        self.ledger.refresh()
        return super().status() | {"ready": self._line.is_up}

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry, compared with its commitment."""
        if entry >= self.ledger.size:
            self.ledger.refresh()
        return super().body(entry)

    def wait(self, size: int) -> bool:
        """Wait until the index has the ledger's first `size` entries; False when it took long."""
        until = time.monotonic() + BEHIND_SECONDS
        with self._readers.lend() as store:
            while store.projected_size < size:
                if time.monotonic() > until:
                    return False
                time.sleep(LOOK_SECONDS)
        return True

    async def take(self, offer: Offer, caller: Caller) -> Receipt:
        """Take a document; returns when it is durable, with what the profile misses in it."""
        job = await self._job(offer, caller)
        if isinstance(job, Receipt):
            return job
        receipt = await (await self._asked(job))
        return self._filed.told(receipt, job.reading, job.by) if receipt.accepted else receipt

    async def hand(self, offer: Offer, caller: Caller) -> Handed | Receipt:
        """Store a document for the writer; returns when it is stored, or refused already."""
        assert self.receiving is not None
        job = await self._job(offer, caller)
        return job if isinstance(job, Receipt) else await self.receiving.hand(job)

    async def _job(self, offer: Offer, caller: Caller) -> Job | Receipt:
        """A document, read and checked; a receipt when it is refused already."""
        reading = await self._read(offer)
        (salt,) = self._entropy.salts(1)
        now_ms = self.clock.now_ms()
        return job_of(offer, reading, caller, now_ms, ledger=self.ledger, salt=salt)

    async def _asked(self, job: Job) -> "asyncio.Future[Receipt]":
        """Hand in a job, its body in a file if it is large."""
        passed = ""
        if len(job.body) >= passing.LARGE_BYTES:
            passed = await to_thread.run_sync(self._passing.put, job.body)
        try:
            return self._line.ask(job, passed)
        except IntakeError:
            self._passing.drop(passed)
            raise

    async def take_codes(self, codes: coding.CodeRange, caller: Caller) -> Receipt:
        """Enter a range of codes as issued; returns when it is durable."""
        before = self.issued_before(codes, caller)
        return before or await self.take_entry(self.made_codes(codes, caller), caller)

    async def take_entry(self, made: Made, caller: Caller) -> Receipt:
        """Enter something that is no document; returns when it is durable."""
        return await self._line.ask(entry_of(made, caller, self.clock.now_ms()))

    async def _read(self, offer: Offer) -> TableReading:
        size = len(offer.data)
        if size <= INLINE_BYTES:
            return read_offer(offer, self._limits)
        limiter = self._few if size > LARGE_BYTES else self._some
        return await to_thread.run_sync(read_offer, offer, self._limits, limiter=limiter)


def _receiving(settings: Settings, ledger: Ledger) -> Receiving:
    return Receiving(settings, own_of(ledger), bytes_max=_shared(settings))


def _shared(settings: Settings) -> int:
    """Bytes of documents that one front of several may have under way."""
    shared = BODIES_MAX * settings.document_bytes_max // max(1, settings.workers)
    return max(settings.document_bytes_max, shared) * 2


def run(control: socket.socket, settings: Settings) -> None:
    """Answer requests until the other end of `control` closes; then finish those under way.

    Args:
        control: Brings lines to the writer, one socket with each byte.
        settings: The installation, and the port that all fronts share.
    """
    before = threads()
    asyncio.run(_run(control, settings))
    let_threads_end(before)


async def _run(control: socket.socket, settings: Settings) -> None:
    line = Line(bytes_max=_shared(settings))
    commands = Commands(control, line)
    commands.listen()
    await commands.begun.wait()
    if commands.ended.is_set():
        return
    front = Front.open(settings, line)
    with front:
        beside = [asyncio.create_task(_refresh(front))]
        if front.receiving is not None:
            beside.append(asyncio.create_task(front.receiving.run()))
        counting = asyncio.create_task(keep(front.journal, front.take_entry, commands.ended))
        await run_server(
            outside(front, settings),
            settings.host,
            settings.port,
            ready=lambda: control.send(READY),
            stop=commands.ended,
        )
        await counting
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)


async def _refresh(front: Front) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        await to_thread.run_sync(front.ledger.refresh)

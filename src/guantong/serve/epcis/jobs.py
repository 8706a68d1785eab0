"""Who works on the capture jobs? Each process that answers, beside its answering.

A job is begun by the process that took it, at once; whatever another process left undone is found
within `LOOK_SECONDS`. A document goes in as at any other door; one that is there already, because
a process died between ledger and outcome, is known by its bytes and counted once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from anyio import CapacityLimiter, to_thread

from guantong.caller import Caller
from guantong.clock import Clock
from guantong.errors import Refusal
from guantong.serve.epcis.spool import Asked, Job, Outcome, Spool
from guantong.serve.intake import Fault, Offer, Receipt

LOOK_SECONDS: Final = 2.0
"""Between two looks for jobs that nobody works on."""
TIDY_SECONDS: Final = 3600.0
"""Between two tidyings."""
NOTE_SECONDS: Final = 1.0
"""Between two notes how far a job has come."""
AT_ONCE: Final = 2
"""Jobs one process works on at once."""
NOT_NOW: Final = frozenset({Fault.BUSY, Fault.CLOSED, Fault.TOO_MANY})
"""Refusals that say nothing about the document: the job waits."""

Take = Callable[[Offer, Caller], Awaitable[Receipt]]
"""How a document goes in; returns when it is durable."""


class Jobs:
    """The capture jobs, as one process has them."""

    def __init__(self, spool: Spool, take: Take, clock: Clock) -> None:
        """Begin none yet.

        Args:
            spool: Where they are kept.
            take: How a document goes in.
            clock: Says when.
        """
        self.spool = spool
        self._take = take
        self._clock = clock
        self._few = CapacityLimiter(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work on jobs meanwhile; what is not done at the end waits for the next process.

        Yields:
            Once, while jobs are worked on.
        """
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            for task in (looking, *self._under_way.values()):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self.spool.close()

    async def add(self, asked: Asked, body: bytes) -> str:
        """Promise a job and begin it.

        Returns:
            Its number.
        """
        number = await to_thread.run_sync(self.spool.add, asked, body)
        self._begin(number)
        return number

    async def get(self, number: str, party: str) -> Job | None:
        """One job of a party; None if it has none of that number."""
        return await to_thread.run_sync(self.spool.get, number, party)

    async def page(self, party: str, after: str, limit: int) -> list[Job]:
        """Jobs of a party with numbers greater than `after`, at most so many."""
        return await to_thread.run_sync(lambda: self.spool.page(party, after=after, limit=limit))

    async def _look(self) -> None:
        tidied = -TIDY_SECONDS
        while True:
            now = asyncio.get_running_loop().time()
            if now - tidied > TIDY_SECONDS:
                tidied = now
                await to_thread.run_sync(self.spool.tidy, self._clock.now_ms())
            for number in await to_thread.run_sync(self.spool.waiting):
                self._begin(number)
            await asyncio.sleep(LOOK_SECONDS)

    def _begin(self, number: str) -> None:
        if number not in self._under_way:
            task = asyncio.create_task(self._work(number))
            self._under_way[number] = task
            task.add_done_callback(lambda _: self._under_way.pop(number, None))

    async def _work(self, number: str) -> None:
        async with self._few:
            with self.spool.work(number) as job:
                if job is not None and (outcome := await self._outcome(number, *job)) is not None:
                    await to_thread.run_sync(self.spool.end, number, outcome)

    def _teller(self, number: str) -> Callable[[int], None]:
        """Notes now and then how far a job has come."""
        noted = time.monotonic()

        def told(read: int) -> None:
            nonlocal noted
            if time.monotonic() - noted > NOTE_SECONDS:
                noted = time.monotonic()
                self.spool.note(number, read)

        return told

    async def _outcome(self, number: str, asked: Asked, body: bytes) -> Outcome | None:
        """How it ended; None when it has to wait."""
        offer = Offer(body, asked.media, proceed=asked.proceed, told=self._teller(number))
        try:
            receipt = await self._take(offer, asked.caller)
        except Refusal as refusal:
            if {found.code for found in refusal.faults} & NOT_NOW:
                return None
            receipt = Receipt(accepted=False, faults=refusal.faults)
        return Outcome(
            success=receipt.accepted and not receipt.faults,
            finished_ms=self._clock.now_ms(),
            events=receipt.events,
            ledger_index=receipt.ledger_index,
            faults=receipt.faults,
            missing=receipt.missing,
        )

"""How does a front give a receipt? As soon as the submission is stored; what is asked later is answered here too.

Bounded: what is not stored yet is counted as what waits for the writer is, and a stream that is
away is told at once.
"""

import asyncio
from contextlib import suppress
from typing import Final, NamedTuple

from anyio import to_thread

from guantong.errors import fault
from guantong.serve.job import Job, Receipt
from guantong.serve.places import Places
from guantong.serve.stream import envelope
from guantong.serve.stream.engine import broker
from guantong.serve.stream.outcomes import Outcomes
from guantong.serve.stream.own import Own
from guantong.serve.stream.place import Fault, StreamError
from guantong.settings import Settings

AGAIN_SECONDS: Final = 1.0
"""Between two attempts to make sure that there is a stream."""


class Handed(NamedTuple):
    """A receipt: this submission is stored, and nothing else is said of it."""

    stream: str
    sequence: int
    receipt: str
    """Its number, by which its outcome is asked for."""


class Receiving:
    """A front's way to the stream."""

    def __init__(self, settings: Settings, own: Own, *, bytes_max: int) -> None:
        """Not connected yet.

        Args:
            settings: The installation.
            own: By what it knows its submissions.
            bytes_max: Of submissions that are being stored.
        """
        self._settings = settings
        self._place, self._key = own
        self._broker = broker().Broker(self._place, settings.intake_replicas)
        self._outcomes = Outcomes(settings.data)
        self._places = Places(bytes_max=bytes_max)

    async def run(self) -> None:
        """Connect, and see to it that there is a stream; does not end by itself."""
        try:
            await self._broker.connect(self._settings.intake)
            while True:
                with suppress(StreamError):  # who wants to store something is told
                    await self._broker.ensure()
                    await asyncio.Event().wait()
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            await self._broker.close()
            self._outcomes.close()

    async def hand(self, job: Job) -> Handed:
        """Store a submission.

        Returns:
            Its receipt, once most replicas have it.

        Raises:
            StreamError: if it is not known to be stored: it may be or not, whole.
        """
        sealed = envelope.sealed(job, self._key)
        with self._places.taken(job.by, len(sealed.data)):
            if sealed.is_large:
                await self._broker.put(sealed.name, sealed.data)
            data = b"" if sealed.is_large else sealed.data
            sequence = await self._broker.publish(data, sealed.headers)
        receipt = envelope.receipt_of(sequence, sealed.headers)
        return Handed(self._place.stream, sequence, receipt)

    async def answer(self, receipt: str, party: str) -> Receipt | None:
        """What became of a submission.

        Args:
            receipt: Number of its receipt.
            party: Who sent it.

        Returns:
            As the writer answered; None while it waits.

        Raises:
            StreamError: if the party has no such receipt, or nobody can tell.
        """
        if (answer := await self._known(receipt, party)) is not None:
            return answer
        if await self._waits(receipt, party):
            return None
        if (answer := await self._known(receipt, party)) is not None:  # meanwhile
            return answer
        expected = "the number of a receipt of yours, not too old"
        raise StreamError(fault(Fault.RECEIPT, expected=expected, got=receipt))

    async def _known(self, receipt: str, party: str) -> Receipt | None:
        return await to_thread.run_sync(self._outcomes.get, receipt, party)

    async def _waits(self, receipt: str, party: str) -> bool:
        """Whether a submission of a party lies in the stream."""
        sequence = envelope.sequence_of(receipt)
        found = await self._broker.headers_of(sequence) if sequence else None
        if found is None or envelope.receipt_of(sequence, found) != receipt:
            return False
        return envelope.sender_of(found) == party

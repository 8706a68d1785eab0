"""Who makes blocks while the writer writes, and finds out who has what? A process of its own.

It reads the index like any reader, builds what a plan asks for, and sends it piece by piece. The
writer puts pieces in place between two groups, for at most `SLICE_SECONDS` at a time, so that
nobody waits for a compaction. If either process ends half way, what was not installed is built
again some other time.

Blocks are made when many rows wait; who has what is found out when little comes in.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final, NamedTuple, TypeAlias

from guantong.parties import Register
from guantong.store import SegmentStore
from guantong.store.compaction import Piece
from guantong.store.holdings import Finding, Until
from guantong.store.place import Place
from guantong.trace.keeping import found_out, plan

HOT_MAX: Final = 200_000
"""Rows of `hot` above which a compaction begins."""
SLICE_SECONDS: Final = 0.010
"""Longest time between two groups for installing."""
PIECES_AT_ONCE: Final = 4
"""Installed in one transaction."""
IDLE_SECONDS: Final = 0.002
"""How soon a writer without work should look again."""
BEHIND_MIN: Final = 5_000
"""Events after what was found out, from which on that is done again."""
QUIET_EVENTS: Final = 2_000
"""In quiet times no more come in within `QUIET_SECONDS`."""
QUIET_SECONDS: Final = 5.0
NICE: Final = 10
"""How far whatever else runs on the machine goes first."""


class Findings(NamedTuple):
    """What was found out of some extents."""

    listed: list[Finding]
    until: Until | None = None
    """At the end: how far all that is known holds."""


Message: TypeAlias = int | list[Piece] | Findings
"""The last event of a plan; what is to be put in place, no pieces at the end."""


class Compactor:
    """Compacts one index; all calls from the thread that writes it."""

    def __init__(
        self,
        store: SegmentStore,
        place: Place,
        *,
        hot_max: int = HOT_MAX,
        behind_min: int = BEHIND_MIN,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing under way; the process starts when it is needed.

        Args:
            store: The writer's handle.
            place: Where the index lies.
            hot_max: Rows of `hot` above which a compaction begins.
            behind_min: Events after what was found out, from which on that is done again.
            seconds: A clock for the length of a slice.
        """
        self._store = store
        self._place = place
        self._hot_max = hot_max
        self._behind_min = behind_min
        self._seconds = seconds
        self._process: SpawnProcess | None = None
        self._channel: Connection | None = None
        self._last_event = -1
        self._looked = 0, -QUIET_SECONDS
        """Last event when it was looked whether little comes in, and when that was."""

    def tick(self) -> float | None:
        """Do a slice of what is to be done.

        Returns:
            Seconds after which to look again, None when nothing is under way.
        """
        if self._channel is None and (wait := self._chosen()) is not None:
            return wait or None
        try:
            self._install()
        except (EOFError, OSError):
            self.close()  # the other process ended; a later plan does its work
        return None if self._channel is None else IDLE_SECONDS

    def _chosen(self) -> float | None:
        """Begin what is due.

        Returns:
            None if something is under way then, else when to look again, 0 for not by itself.
        """
        if self._store.hot_rows > self._hot_max:
            self._begin(_build)
            return None
        now, (before, since) = self._seconds(), self._looked
        if now < since + QUIET_SECONDS:
            return since + QUIET_SECONDS - now
        event = self._store.reached.event
        self._looked = event, now
        if event - self._store.holding_until.event < self._behind_min:
            return 0.0
        if event - before > QUIET_EVENTS:
            return QUIET_SECONDS
        self._begin(_find_out)
        return None

    def finish(self) -> None:
        """Wait for all that is under way."""
        while (pause := self.tick()) is not None and self._channel is not None:
            time.sleep(pause)

    def close(self) -> None:
        """Drop what is under way."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._process = None

    def _begin(self, work: Callable[[Place, Connection], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=work, args=(self._place, theirs), name="compactor", daemon=True
        )
        self._process.start()
        theirs.close()
        self._last_event = -1

    def _install(self) -> None:
        """Install what has arrived, until the slice is over."""
        channel, until = self._channel, self._seconds() + SLICE_SECONDS
        while channel is not None and channel.poll() and self._seconds() < until:
            message: Message = channel.recv()
            if isinstance(message, int):
                self._last_event = message
            elif isinstance(message, Findings):
                self._store.keep(message.listed, message.until)
            elif message:
                self._store.install(message, self._last_event)
            if message == [] or (isinstance(message, Findings) and message.until):
                self.close()
                return


def _build(place: Place, channel: Connection) -> None:
    """In the other process: the plan's last event, pieces, then an empty list."""
    with _reading(place, channel) as store:
        planned, pieces = store.plan()
        channel.send(planned.last_event)
        batch: list[Piece] = []
        for piece in pieces:
            batch.append(piece)
            if len(batch) == PIECES_AT_ONCE:
                channel.send(batch)
                batch = []
        if batch:
            channel.send(batch)
        channel.send([])


def _find_out(place: Place, channel: Connection) -> None:
    """In the other process: what is found out of some extents, and in the end how far it holds."""
    os.nice(NICE)
    with _reading(place, channel) as store:
        for message in findings(store):
            channel.send(message)


def findings(store: SegmentStore) -> Iterator[Findings]:
    """All that is to be found out now, some extents at once, and at the end how far it holds."""
    with store.still():
        planned = plan(store)
    for items in planned.parts():
        with store.still():
            firm_of = Register(store, as_of=planned.sight.as_of).firm_of
            listed = store.findings(found_out(store, items, planned.sight, firm_of))
        for low in range(0, len(listed), PIECES_AT_ONCE):
            yield Findings(listed[low : low + PIECES_AT_ONCE])
    yield Findings([], planned.until)


@contextmanager
def _reading(place: Place, channel: Connection) -> Iterator[SegmentStore]:
    store = SegmentStore.open(place, read_only=True)
    try:
        yield store
    except (BrokenPipeError, ConnectionResetError):
        pass  # the writer has ended
    finally:
        with suppress(OSError):
            channel.close()
        store.close()

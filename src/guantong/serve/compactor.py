"""Who makes blocks while the writer writes? A process of its own.

It reads the index like any reader, builds what a plan asks for, and sends it piece by piece. The
writer puts pieces in place between two groups, for at most `SLICE_SECONDS` at a time, so that
nobody waits for a compaction. If either process ends half way, what was not installed is built
again some other time.
"""

import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from guantong.store import SegmentStore
from guantong.store.compaction import Piece
from guantong.store.place import Place

HOT_MAX: Final = 200_000
"""Rows of `hot` above which a compaction begins."""
SLICE_SECONDS: Final = 0.010
"""Longest time between two groups for installing."""
PIECES_AT_ONCE: Final = 4
"""Installed in one transaction."""
IDLE_SECONDS: Final = 0.002
"""How soon a writer without work should look again."""


class Compactor:
    """Compacts one index; all calls from the thread that writes it."""

    def __init__(
        self,
        store: SegmentStore,
        place: Place,
        *,
        hot_max: int = HOT_MAX,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing under way; the process starts when it is needed.

        Args:
            store: The writer's handle.
            place: Where the index lies.
            hot_max: Rows of `hot` above which a compaction begins.
            seconds: A clock for the length of a slice.
        """
        self._store = store
        self._place = place
        self._hot_max = hot_max
        self._seconds = seconds
        self._process: SpawnProcess | None = None
        self._channel: Connection | None = None
        self._last_event = -1

    def tick(self) -> float | None:
        """Do a slice of what is to be done.

        Returns:
            Seconds after which to look again, None when nothing is under way.
        """
        if self._channel is None:
            if self._store.hot_rows <= self._hot_max:
                return None
            self._begin()
        try:
            self._install()
        except (EOFError, OSError):
            self.close()  # the other process ended; a later plan does its work
        return None if self._channel is None else IDLE_SECONDS

    def finish(self) -> None:
        """Wait for all that is under way."""
        while (pause := self.tick()) is not None:
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

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_build, args=(self._place, theirs), name="compactor", daemon=True
        )
        self._process.start()
        theirs.close()
        self._last_event = -1

    def _install(self) -> None:
        """Install what has arrived, until the slice is over."""
        channel, until = self._channel, self._seconds() + SLICE_SECONDS
        while channel is not None and channel.poll() and self._seconds() < until:
            message = channel.recv()
            if isinstance(message, int):
                self._last_event = message
            elif message:
                self._store.install(message, self._last_event)
            else:
                self.close()
                return


def _build(place: Place, channel: Connection) -> None:
    """In the other process: the plan's last event, pieces, then an empty list."""
    store = SegmentStore.open(place, read_only=True)
    try:
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
    except (BrokenPipeError, ConnectionResetError):
        pass  # the writer has ended
    finally:
        with suppress(OSError):
            channel.close()
        store.close()

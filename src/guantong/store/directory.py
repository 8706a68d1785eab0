"""Which segments and blocks are there, and where do new rows wait?

The same three looks are taken for every event and item of a question. Inside of one moment
(`Directory.still`) they are remembered, and from one moment to the next for as long as nobody
has written, which the engine tells (`Handle.version`).
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from guantong.store.engine import Handle, Version
from guantong.store.numbering import BITS, MASK

RUN_BITS: Final = 8
"""Of the key of a block: which run of its extent."""
RUNS_MAX: Final = 3
"""Runs of one extent, numbered from 0; one more, and all become one."""
KEPT_MAX: Final = 20_000
"""Extents remembered."""

Hot: TypeAlias = tuple[int, int, int, int, int, int, int]
"""Item, count, event, role, place in its list, bits of the amount and unit of a new row."""


class Directory:
    """Looks into one index file; remembers inside of `still` only."""

    def __init__(self, db: Handle) -> None:
        """Remember nothing yet."""
        self._db = db
        self._seen: Version = ()
        self.is_still = False
        """Whether all that is asked is asked of one moment."""
        self._firsts: list[int] = []
        self._sizes: list[int] = []
        self._blocks: dict[int, list[tuple[int, int]]] = {}
        self._hot: dict[int, list[Hot]] = {}
        self._looked: set[int] = set()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Everything read inside stands as of one moment; what was looked up is not again.

        Yields:
            Nothing.
        """
        with self._db.snapshot():
            seen = self._db.version()
            if seen != self._seen or len(self._looked) > KEPT_MAX:
                self.forget()
                self._seen = seen
            self.is_still = True
            try:
                yield
            finally:
                self.is_still = False

    def forget(self) -> None:
        """Believe nothing that was looked up before."""
        self._seen = ()
        self._firsts, self._sizes = [], []
        self._blocks.clear()
        self._hot.clear()
        self._looked.clear()

    def segment_of(self, event: int) -> tuple[int, int]:
        """First event and size of the segment in which an event lies."""
        at = bisect_right(self._firsts, event) - 1 if self.is_still else -1
        if at >= 0 and event < self._firsts[at] + self._sizes[at]:
            return self._firsts[at], self._sizes[at]
        sql = "SELECT first, n FROM segment WHERE first <= ? ORDER BY first DESC LIMIT 1"
        first, size = self._db.execute(sql, (event,)).fetchone()
        if self.is_still:
            self._firsts.insert(at + 1, first)
            self._sizes.insert(at + 1, size)
        return first, size

    def blocks_of(self, extent: int) -> list[tuple[int, int]]:
        """Key and generation of the blocks of an extent."""
        known = self._blocks.get(extent) if self.is_still else None
        if known is None:
            sql = "SELECT key, generation FROM block WHERE key BETWEEN ? AND ?"
            low = extent << RUN_BITS
            known = self._db.execute(sql, (low, low | (1 << RUN_BITS) - 1)).fetchall()
            if self.is_still:
                self._blocks[extent] = known
        return known

    def hot_of(self, extent: int) -> list[Hot] | None:
        """Rows of an extent that wait to be moved into a block, by item.

        Returns:
            The rows; None where it is cheaper to ask for those of one item: at the first look.
        """
        if not self.is_still:
            return None
        known = self._hot.get(extent)
        if known is None and extent in self._looked:
            sql = (
                "SELECT item, count, event, role, seq, quantity, unit FROM hot "
                "WHERE item BETWEEN ? AND ?"
            )
            low = extent << BITS
            known = self._hot[extent] = self._db.execute(sql, (low, low | MASK)).fetchall()
        self._looked.add(extent)
        return known

"""Which serials of an index are a permutation of a sequence, and where in it do they stand?

A producer shows serials that nobody can guess, but made them of 0, 1, 2 …. The index numbers
those, so that unguessable codes cost as little as plain ones. A class is spread from its first
item or never: two numbers for one item can not come about.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.identify.ff1 import Ff1, ff1_of
from guantong.store.door import Spread
from guantong.store.engine import Handle

Ints: TypeAlias = NDArray[np.int64]
Heads: TypeAlias = Sequence[tuple[str, int]]

SPREAD: Final = -1_000
"""The width of such a class is this less the digits of its serials."""


class Form(NamedTuple):
    """How the serials of a class are written."""

    width: int
    digits: int
    key: bytes

    @property
    def ff1(self) -> Ff1:
        """The permutation."""
        return ff1_of(self.key, self.digits)

    def bounds(self, width: int) -> tuple[int, int]:
        """From which number to before which one serials of a plain width have these digits."""
        if width == 0:
            return 10 ** (self.digits - 1), 10**self.digits
        return 0, 10 ** (self.digits - 1) if width == self.digits else 0


class Spreads:
    """The spread classes of one index."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self._known: dict[str, Form] = {}

    def forget(self) -> None:
        """Drop what is in memory."""
        self._known.clear()

    def add(self, spread: Spread) -> None:
        """Number a class by place from here on, unless it has items already; in a transaction."""
        sql = "SELECT 1 FROM class WHERE head = ? AND (width IN (0, ?) OR width < ?)"
        if self._db.execute(sql, (spread.head, spread.digits, SPREAD)).fetchone() is None:
            self._db.execute(
                "INSERT INTO class(no, head, width, key) SELECT max(no) + 1, ?, ?, ? FROM class",
                (spread.head, SPREAD - spread.digits, spread.key),
            )

    def of(self, head: str) -> Form | None:
        """How the serials of a class are written, None when as they are."""
        known = self._known.get(head)
        if known is None:
            sql = "SELECT width, key FROM class WHERE head = ? AND width < ?"
            found = self._db.execute(sql, (head, SPREAD)).fetchone()
            if found is None:
                return None
            known = self._known[head] = Form(found[0], SPREAD - found[0], found[1])
        return known

    def dense(
        self, head: str, width: int, serials: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int, int]]:
        """Of (anything, serial) those that are spread: (the thing, width of the class, place)."""
        form = self.of(head)
        if form is None:
            return
        low, high = form.bounds(width)
        mine = [(thing, serial) for thing, serial in serials if low <= serial < high]
        places = form.ff1.decrypt(np.array([serial for _, serial in mine], np.int64))
        for (thing, _), place in zip(mine, places.tolist(), strict=True):
            yield thing, form.width, place

    def placed(
        self, heads: Heads, head: Ints, first: Ints, count: Ints
    ) -> tuple[Heads, Ints, Ints, Ints, Ints]:
        """Runs of serials with those of spread classes as places.

        Args:
            heads: Classes (head, width).
            head: For each run, its class as a position in `heads`.
            first: Its first serial.
            count: How many consecutive serials.

        Returns:
            The same four, the runs of spread classes taken apart, and the run each was of.
        """
        forms = [(at, form) for at, (text, _) in enumerate(heads) if (form := self.of(text))]
        if not forms:
            return heads, head, first, count, np.arange(len(head))
        apart = np.isin(head, [at for at, _ in forms])
        parts = np.where(apart, count, 1)
        origin = np.repeat(np.arange(len(head)), parts)
        within = np.arange(len(origin)) - np.repeat(np.cumsum(parts) - parts, parts)
        made, start = head[origin], first[origin] + within
        size = np.where(apart, 1, count)[origin]
        more = list(heads)
        for at, form in forms:
            low, high = form.bounds(heads[at][1])
            mine = np.flatnonzero((made == at) & (start >= low) & (start < high))
            start[mine], made[mine] = form.ff1.decrypt(start[mine]), len(more)
            more.append((heads[at][0], form.width))
        return more, made, start, size, origin

    def shown(self, head: str, places: Ints) -> list[tuple[str, int, int]]:
        """Head, width and serial of some places of a spread class."""
        form = self.of(head)
        assert form is not None
        low = 10 ** (form.digits - 1)
        serials = form.ff1.encrypt(places).tolist()
        return [(head, 0 if serial >= low else form.digits, serial) for serial in serials]

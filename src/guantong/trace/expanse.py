"""Which things do rows of ranges speak of, one by one or as far as they are spoken of alike?"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.table import CHILD, PARENT
from guantong.store.columns import ColumnStore, Flag, Ranges, Rows, distinct

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Expanse:
    """Things with the rows that speak of them."""

    first: Ints
    """Number of each thing, or the first of several of which all rows speak alike."""
    count: Ints
    """How many."""
    thing: Ints
    """With `row` the pairs: a position in `first`."""
    row: Ints
    """A position in the rows."""

    def only(self, rows: Bools) -> "Expanse":
        """The same things, with some of the rows."""
        kept = rows[self.row]
        return Expanse(self.first, self.count, self.thing[kept], self.row[kept])

    def chosen(self, things: Ints) -> "Expanse":
        """Some of the things, by their sorted positions, with all their rows."""
        at = np.searchsorted(things, self.thing)
        kept = np.append(things, -1)[at] == self.thing
        return Expanse(self.first[things], self.count[things], at[kept], self.row[kept])


def alike(rows: Rows) -> Expanse:
    """Ranges as long as all rows speak of the whole range."""
    edges = distinct(np.concatenate((rows.item, rows.item + rows.count)))
    low = np.searchsorted(edges, rows.item)
    parts = np.searchsorted(edges, rows.item + rows.count) - low
    row = np.repeat(np.arange(len(rows)), parts)
    used, thing = np.unique(np.repeat(low, parts) + within(parts), return_inverse=True)
    return Expanse(edges[used], edges[used + 1] - edges[used], thing, row)


def single(rows: Rows) -> Expanse:
    """Every thing by itself."""
    row = np.repeat(np.arange(len(rows)), rows.count)
    numbers, thing = np.unique(rows.item[row] + within(rows.count), return_inverse=True)
    return Expanse(numbers, np.ones(len(numbers), np.int64), thing, row)


def within(count: Ints) -> Ints:
    """0, 1, 2 … for each of these counts, one after the other."""
    return np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)


@dataclass(frozen=True, slots=True)
class Around:
    """What things were ever said to be inside of."""

    rows: Rows
    """All rows of all containers, whatever is around those included."""
    event: Ints
    """Events that name a container, in order."""
    container: Ints
    """Its number."""
    is_whole: bool
    """False when containers nest too deep."""

    def named(self, rows: Rows) -> Ints:
        """The container that each row says its items are put into, taken from or seen in; or -1."""
        if not len(self.event):
            return np.full(len(rows), -1, np.int64)
        at = np.minimum(np.searchsorted(self.event, rows.event), len(self.event) - 1)
        known = (self.event[at] == rows.event) & (rows.role == CHILD)
        return np.where(known, self.container[at], -1)


class Wrappings:
    """What names containers, and all rows of these; whatever is asked twice is read once."""

    def __init__(self, store: ColumnStore, as_of: int | None) -> None:
        """Nothing is read yet.

        Args:
            store: Where to read.
            as_of: Ledger size, None for everything.
        """
        self._store = store
        self._as_of = as_of
        self._events = np.zeros(0, np.int64)
        self._named = Rows.none()
        self._units = Ranges.none()
        self._rows = Rows.none()

    def naming(self, rows: Rows) -> Rows:
        """Rows that name the containers which these are put into, taken from or seen in."""
        inside = (rows.role == CHILD) & ((rows.flags & Flag.HAS_PARENT) > 0)
        events = distinct(rows.event[inside])
        new = np.setdiff1d(events, self._events, assume_unique=True)
        if len(new):
            read = self._store.rows_of_events(new, (PARENT,), as_of=self._as_of)
            self._named = Rows.joined((self._named, read))
            self._events = np.union1d(self._events, new)
        return self._named.take(np.isin(self._named.event, events))

    def rows_of(self, containers: Ranges) -> Rows:
        """All rows of containers."""
        new = containers.without(self._units)
        if new.size():
            read = self._store.rows_in(new, as_of=self._as_of)
            self._rows = Rows.joined((self._rows, read))
            self._units = self._units.joined(new)
        return self._rows.take(containers.holds(self._rows.item))


def around(wrappings: Wrappings, own: Rows, *, levels: int) -> Around:
    """Everything that items were ever inside of, level by level.

    Args:
        wrappings: Reads it.
        own: The rows of the items.
        levels: How deep at most.

    Returns:
        Containers and what names them.
    """
    found, named = [Rows.none()], [Rows.none()]
    known, level = Ranges.none(), own
    for _ in range(levels):
        named.append(wrappings.naming(level))
        new = Ranges.of_numbers(distinct(named[-1].item)).without(known)
        if not new.size():
            break
        level = wrappings.rows_of(new)
        known = known.joined(new)
        found.append(level)
    whole = Rows.joined(named)
    event, at = np.unique(whole.event, return_index=True)
    return Around(Rows.joined(found), event, whole.item[at], not new.size())

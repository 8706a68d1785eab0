"""What may be asked of a store in bulk: many items at once, as parallel columns.

Inside one index an item is a number, and items that were made together have neighbouring
numbers. A question about millions of items is a set of ranges of numbers, and its answer is
arrays: no object per item. Numbers never leave one index; outside, a range is a `Span`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import spell

Ints: TypeAlias = NDArray[np.int64]
"""One whole number a row."""


class Span(NamedTuple):
    """Consecutive items of one class, as they are told outside."""

    head: str
    """What all their URIs begin with; the whole URI when `first` is -1."""
    first: int
    """First serial, -1 for one item whose URI does not end in a number of its class."""
    last: int
    """Last serial, included; -1 as above."""
    width: int = 0
    """Digits of a serial written with leading zeros; 0 for none."""

    @property
    def example(self) -> str:
        """The first item."""
        return self.head if self.first < 0 else spell(self.head, self.width, self.first)

    def texts(self) -> list[str]:
        """All items."""
        if self.first < 0:
            return [self.head]
        return [spell(self.head, self.width, one) for one in range(self.first, self.last + 1)]


def joined_spans(spans: Iterable[Span]) -> list[Span]:
    """Spans of one class that follow each other as one."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        touches = last is not None and span.first >= 0 and last.last + 1 == span.first
        if last is not None and touches and (last.head, last.width) == (span.head, span.width):
            joined[-1] = last._replace(last=span.last)
        else:
            joined.append(span)
    return joined


def pieces(first: Ints, count: Ints, bits: int) -> tuple[Ints, Ints, Ints]:
    """Runs of numbers cut at every multiple of 2**bits: the run of each piece, its first, how many."""
    parts = ((first + count - 1) >> bits) - (first >> bits) + 1
    run = np.repeat(np.arange(len(first)), parts)
    if len(run) == len(first):
        return run, first, count
    within = np.arange(len(run)) - np.repeat(np.cumsum(parts) - parts, parts)
    edge = ((first[run] >> bits) + within) << bits
    start = np.maximum(edge, first[run])
    stop = np.minimum(edge + (1 << bits), (first + count)[run])
    return run, start, stop - start


def distinct(numbers: Ints) -> Ints:
    """Each number once, in order."""
    # Sorting is several times faster here than the hashing of `np.unique`.
    ordered = np.sort(numbers)
    kept = np.ones(len(ordered), np.bool_)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of items: sorted, disjoint, not touching."""

    first: Ints
    """First number of each range."""
    count: Ints
    """How many numbers, at least 1."""

    @classmethod
    def of(cls, first: Ints, count: Ints) -> Self:
        """The set of any ranges, in any order, overlapping or not."""
        order = np.argsort(first, kind="stable")
        first, count = first[order], count[order]
        if not len(first):
            return cls(first, count)
        ends = np.maximum.accumulate(first + count)
        starts = np.ones(len(first), bool)
        starts[1:] = first[1:] > ends[:-1]
        at = np.flatnonzero(starts)
        closing = ends[np.append(at[1:], len(first)) - 1]
        return cls(first[at], closing - first[at])

    @classmethod
    def of_numbers(cls, numbers: Ints) -> Self:
        """The set of some numbers."""
        return cls.of(numbers, np.ones(len(numbers), np.int64))

    @classmethod
    def none(cls) -> Self:
        """No items."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def size(self) -> int:
        """How many items."""
        return int(self.count.sum())

    @property
    def end(self) -> int:
        """The number after the last, 0 when there is none."""
        return int(self.first[-1] + self.count[-1]) if len(self.first) else 0

    def joined(self, other: "Ranges") -> "Ranges":
        """What is in either."""
        return Ranges.of(
            np.concatenate((self.first, other.first)), np.concatenate((self.count, other.count))
        )

    def without(self, other: "Ranges") -> "Ranges":
        """What is in this and not in the other."""
        edges = distinct(
            np.concatenate(
                (self.first, self.first + self.count, other.first, other.first + other.count)
            )
        )
        if not len(edges):
            return self
        kept = self.holds(edges[:-1]) & ~other.holds(edges[:-1])
        return Ranges.of(edges[:-1][kept], np.diff(edges)[kept])

    def within(self, other: "Ranges") -> "Ranges":
        """What is in both."""
        return self.without(self.without(other))

    def holds(self, numbers: Ints) -> NDArray[np.bool_]:
        """Which of these numbers are in it."""
        if not len(self.first):
            return np.zeros(len(numbers), np.bool_)
        at = np.searchsorted(self.first, numbers, "right") - 1
        return (at >= 0) & (numbers < (self.first + self.count)[at])

    def parts(self, first: Ints, count: Ints) -> tuple[Ints, Ints, Ints]:
        """What of this lies in other ranges, in any order.

        Returns:
            For each overlap the place of the other range, the first number in both, and how many.
        """
        low = np.searchsorted(self.first + self.count, first, "right")
        many = np.searchsorted(self.first, first + count, "left") - low
        if many.max(initial=0) <= 1:  # as nearly always: of millions, repeating takes long
            at = np.flatnonzero(many)
            mine = low[at]
        else:
            at = np.repeat(np.arange(len(first)), many)
            mine = np.repeat(low - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
        start = np.maximum(first[at], self.first[mine])
        stop = np.minimum((first + count)[at], (self.first + self.count)[mine])
        return at, start, stop - start

    def cut(self, size: int) -> "Ranges":
        """The first so many items."""
        before = np.cumsum(self.count) - self.count
        count = np.clip(size - before, 0, self.count)
        return Ranges(self.first[count > 0], count[count > 0])


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the index as parallel columns: these items took part in that event, so.

    A row speaks of `count` items with consecutive numbers, all in the same way. Texts are
    numbers of terms; 0 is "".
    """

    item: Ints
    """First item."""
    count: Ints
    event: Ints
    """Number of the event, in order of arrival."""
    role: Ints
    """`guantong.store.door.Role`."""
    quantity: NDArray[np.float64]
    """For class-level items; NaN for a serialised one or an unknown amount."""
    uom: Ints
    """Term: unit."""
    time_ms: Ints
    """Event time."""
    record_ms: Ints
    """Record time."""
    entry: Ints
    """Ledger index of the document."""
    kind: Ints
    """`kind_of` the event: its type and action."""
    flags: Ints
    """Bits of `Flag`."""
    by: Ints
    """Term: the capturing party."""
    step: Ints
    """Term."""
    disposition: Ints
    """Term."""
    read_point: Ints
    """Term."""
    biz_location: Ints
    """Term."""
    ends: Ints
    """Term: sources and destinations, see `guantong.capture.table.ends_of`; 0 for none."""

    def __len__(self) -> int:
        return len(self.item)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "Rows":
        """Some of the rows: by a mask, or by their positions in the order given."""
        return Rows(*(getattr(self, column.name)[chosen] for column in fields(self)))

    @staticmethod
    def joined(parts: Sequence["Rows"]) -> "Rows":
        """Rows one after the other; at least one part."""
        return Rows(
            *(np.concatenate([getattr(p, column.name) for p in parts]) for column in fields(Rows))
        )

    @staticmethod
    def none() -> "Rows":
        """No rows."""
        columns: dict[str, Any] = {column.name: np.zeros(0, np.int64) for column in fields(Rows)}
        return Rows(**(columns | {"quantity": np.zeros(0)}))


class Flag:
    """Bits of `Rows.flags`. Stored: never renumbered."""

    ERROR = 1
    """The event is an error declaration."""
    HAS_CHILDREN = 2
    """The event names children (one that names none may speak of all)."""
    JOINED = 4
    """The event has a transformationID: other events may belong to it."""
    NAMES_LOT = 8
    """The event's master data name the lot of its items."""
    HAS_PARENT = 16
    """The event names a parent."""


class ColumnStore(Protocol):
    """The part of a store's door that answers in columns."""

    def numbers(self, items: Sequence[str]) -> Ints:
        """The number of each item, -1 for one that stands in no event."""

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""

    def spans(self, ranges: Ranges) -> list[Span]:
        """The same items as they are told outside, in the order of their numbers."""

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """The same items by what their URIs begin with, "" for those that have no serial."""

    def term(self, number: int) -> str:
        """The text of a term."""

    def rows_in(self, ranges: Ranges, *, as_of: int | None = None) -> Rows:
        """All rows of these items, cut to them; in any order."""

    def rows_of_events(
        self, events: Ints, roles: Collection[int], *, as_of: int | None = None
    ) -> Rows:
        """All rows of these events in one of these roles; in any order."""

    def joined_events(self, events: Ints, *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (event, other event of the same transformationID), itself included."""

    def withdrawn_events(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""

    def lot_events(self, lots: Sequence[str], *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (position in `lots`, event whose master data name that lot)."""

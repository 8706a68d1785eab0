"""Which number has an item, an event or a text for the length of one question?

Numbers never leave an index. Whoever asks several of them gives numbers of its own to what they
tell, in ranges, so that the same functions walk over all of them as over one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import WHOLE, spell, split
from guantong.errors import fault
from guantong.nodes.faults import Fault, NodesError
from guantong.store.columns import Ranges, Span, joined_spans, pieces

Ints: TypeAlias = NDArray[np.int64]
Head: TypeAlias = tuple[str, int]
"""Class and width, as `guantong.capture.serials.split` gives them."""

BITS: Final = 20
"""A chunk has 2**BITS numbers: consecutive serials of one class."""
MASK: Final = (1 << BITS) - 1
CODES: Final = 0
"""The class of what is no serial."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Consecutive items of classes; parallel columns."""

    heads: Sequence[Head]
    head: Ints
    """Position in `heads`."""
    first: Ints
    """First serial; 0 where the head is the whole text."""
    count: Ints

    @classmethod
    def of_spans(cls, spans: Sequence[Span]) -> "Runs":
        """The same items."""
        # A text told by itself may be a serial all the same: one item has one number.
        return cls._of(
            (*split(span.head), 1)
            if span.first < 0
            else (span.head, span.width, span.first, span.last - span.first + 1)
            for span in spans
        )

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> "Runs":
        """Items one by one."""
        return cls._of((*split(text), 1) for text in texts)

    @classmethod
    def _of(cls, told: Iterable[tuple[str, int, int, int]]) -> "Runs":
        heads: dict[Head, int] = {}
        rows = [
            (heads.setdefault((head, width), len(heads)), first, count)
            for head, width, first, count in told
        ]
        head, first, count = np.array(rows, np.int64).reshape(-1, 3).T
        return cls(list(heads), head, first, count)

    def spans(self) -> list[Span]:
        """The same items as they are told."""
        rows = zip(self.head.tolist(), self.first.tolist(), self.count.tolist(), strict=True)
        return [_span(*self.heads[int(head)], first, count) for head, first, count in rows]


def _span(head: str, width: int, first: int, count: int) -> Span:
    return Span(head, -1, -1) if width == WHOLE else Span(head, first, first + count - 1, width)


class Items:
    """Numbers of items."""

    def __init__(self) -> None:
        """None has one yet."""
        self._classes: dict[Head, int] = {}
        self._heads: list[Head] = [("", WHOLE)]
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []
        self._chunks: dict[tuple[int, int], int] = {}
        self._owners: list[tuple[int, int]] = []

    def placed(self, runs: Runs) -> tuple[Ints, Ints, Ints]:
        """Numbers of runs, new ones where needed.

        Args:
            runs: Items.

        Returns:
            Pieces of the runs whose numbers are consecutive: the run each is of, its first
            number, and how many.
        """
        if not len(runs.head):
            return runs.head, runs.first, runs.count
        named = [self._class(*head) for head in runs.heads]
        classes, codes = np.array(named, np.int64).reshape(-1, 2).T
        first = np.where(codes[runs.head] >= 0, codes[runs.head], runs.first)
        run, start, size = pieces(first, runs.count, BITS)
        key = np.stack((classes[runs.head][run], start >> BITS), axis=1)
        unique, which = np.unique(key, axis=0, return_inverse=True)
        chunks = [self._chunk(*map(int, one)) for one in unique]
        return run, np.array(chunks, np.int64)[which.reshape(-1)] << BITS | start & MASK, size

    def of_texts(self, texts: Sequence[str]) -> Ints:
        """The number of each item."""
        return self.placed(Runs.of_texts(texts))[1]

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""
        return [self._text(number) for number in numbers.tolist()]

    def runs(self, ranges: Ranges) -> Runs:
        """Items as they are told outside, in the order of their numbers."""
        _, start, size = pieces(ranges.first, ranges.count, BITS)
        spans: list[Span] = []
        for number, count in zip(start.tolist(), size.tolist(), strict=True):
            class_no, block = self._owners[number >> BITS]
            first = block << BITS | number & MASK
            if class_no == CODES:
                spans += [Span(text, -1, -1) for text in self._texts[first : first + count]]
                continue
            head, width = self._heads[class_no]
            spans.append(Span(head, first, first + count - 1, width))
        return Runs.of_spans(joined_spans(spans))

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """The same items by what they begin with, "" for what is no serial.

        Yields:
            Each class once, with its ranges.
        """
        _, start, size = pieces(ranges.first, ranges.count, BITS)
        classes = np.array([self._owners[chunk][0] for chunk in (start >> BITS).tolist()], np.int64)
        for class_no in np.unique(classes).tolist():
            mine = classes == class_no
            yield self._heads[class_no][0], Ranges.of(start[mine], size[mine])

    def _text(self, number: int) -> str:
        class_no, block = self._owners[number >> BITS]
        first = block << BITS | number & MASK
        return self._texts[first] if class_no == CODES else spell(*self._heads[class_no], first)

    def _class(self, head: str, width: int) -> tuple[int, int]:
        """Number of a class, and -1; of what is no serial `CODES`, and its place."""
        if width == WHOLE:
            place = self._codes.setdefault(head, len(self._texts))
            if place == len(self._texts):
                self._texts.append(head)
            return CODES, place
        number = self._classes.setdefault((head, width), len(self._heads))
        if number == len(self._heads):
            self._heads.append((head, width))
        return number, -1

    def _chunk(self, class_no: int, block: int) -> int:
        number = self._chunks.setdefault((class_no, block), len(self._owners))
        if number == len(self._owners):
            self._owners.append((class_no, block))
        return number


NODE_BITS: Final = 6
RANK_BITS: Final = 25
RECORD_MAX: Final = 1000 << (63 - NODE_BITS - RANK_BITS)
"""Before which time of receipt, in milliseconds: in the year 2106."""
NODES_MAX: Final = 1 << NODE_BITS
"""Nodes asked together."""


class Arrivals:
    """Numbers of events: by the second of their receipt, then by node, then as their node has them.

    Clocks of two machines differ, so that arrival in two ledgers has no finer order.
    """

    def __init__(self) -> None:
        """None has one yet."""
        self._bases: dict[int, int] = {}

    def numbered(self, node: int, no: Ints, record_ms: Ints) -> Ints:
        """Numbers of some events of one node.

        Args:
            node: Its place among the nodes.
            no: The numbers they have there.
            record_ms: Their record times.

        Returns:
            As many numbers.

        Raises:
            NodesError: if it is no time, or a node received more in one second than can be
                told apart.
        """
        if len(record_ms) and not 0 <= int(record_ms.min()) <= int(record_ms.max()) < RECORD_MAX:
            expected, got = "a time of receipt", int(record_ms.max())
            raise NodesError(fault(Fault.GARBLED, expected=expected, got=got))
        slot, at, which = np.unique(
            record_ms // 1000 << NODE_BITS | node, return_index=True, return_inverse=True
        )
        middle = 1 << (RANK_BITS - 1)
        bases = [
            self._bases.setdefault(one, first - middle)
            for one, first in zip(slot.tolist(), no[at].tolist(), strict=True)
        ]
        rank = no - np.array(bases, np.int64)[which]
        if len(rank) and not 0 <= int(rank.min()) <= int(rank.max()) < 1 << RANK_BITS:
            expected = f"at most {middle:,} events a second"
            raise NodesError(fault(Fault.GARBLED, expected=expected, got="more"))
        found: Ints = slot[which] << RANK_BITS | rank
        return found

    @staticmethod
    def node_of(numbers: Ints) -> Ints:
        """The place of the node of each event."""
        return numbers >> RANK_BITS & (NODES_MAX - 1)

    def there(self, numbers: Ints) -> Ints:
        """The number that each event has in its node."""
        slot, which = np.unique(numbers >> RANK_BITS, return_inverse=True)
        bases = np.array([self._bases[one] for one in slot.tolist()], np.int64)
        found: Ints = (numbers & ((1 << RANK_BITS) - 1)) + bases[which]
        return found


class Terms:
    """Numbers of texts; 0 is ""."""

    def __init__(self) -> None:
        """With "" alone."""
        self._numbers = {"": 0}
        self._texts = [""]

    def numbers(self, texts: Sequence[str]) -> Ints:
        """The number of each text, new ones where needed."""
        return np.array([self._number(text) for text in texts], np.int64)

    def text(self, number: int) -> str:
        """The text of a number."""
        return self._texts[number]

    def _number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

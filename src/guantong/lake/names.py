"""Which item is a number, and which number has an item, as far as rows have told?

Every row of a lake names what it speaks of both ways, so that what was read can be spelled. In a
class whose serials are a secret permutation a lake has places instead of serials: while one question
is answered they are spelled with a word before them (`PLACE`), so that none is taken for a code.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import WHOLE, spell, split
from guantong.lake.model import ITEM_BITS
from guantong.lake.parquet import Coded
from guantong.store.columns import Ranges, Span, joined_spans, pieces
from guantong.store.spreading import SPREAD

Ints: TypeAlias = NDArray[np.int64]
MASK: Final = (1 << ITEM_BITS) - 1
PLACE: Final = "_place."
"""Stands before a place that is spelled; no code of such a class has it, its serials are digits."""


class Names:
    """Grows with the rows that are read."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._extents: dict[int, tuple[str, int, int]] = {}
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._texts: dict[int, str] = {}
        self._wholes: dict[str, int] = {}
        self._hidden: dict[str, tuple[str, int]] = {}
        """By a head with `PLACE`: the class's own head and width."""

    def learn(self, item: Ints, head: Coded, width: Ints, first: Ints) -> None:
        """Remember what rows are about."""
        whole = width == WHOLE
        for number, code in zip(item[whole].tolist(), head.codes[whole].tolist(), strict=True):
            text = head.texts[code]
            self._texts[number], self._wholes[text] = text, number
        at = np.flatnonzero(~whole)
        extents, one = np.unique(item[at] >> ITEM_BITS, return_index=True)
        for extent, row in zip(extents.tolist(), at[one].tolist(), strict=True):
            if extent not in self._extents:
                text, wide = self._shown(head.texts[int(head.codes[row])], int(width[row]))
                base = int(first[row]) - (int(item[row]) & MASK)
                self._extents[extent] = text, wide, base
                self._numbers[text, wide, base >> ITEM_BITS] = extent

    def _shown(self, head: str, width: int) -> tuple[str, int]:
        """How items of a class are spelled here."""
        if not hides_serials(width):
            return head, width
        self._hidden[head + PLACE] = head, width
        return head + PLACE, 0

    def heads(self, ranges: Ranges) -> set[str]:
        """The beginnings of all items of a set, as in the lake."""
        return {span.head for span in self.spans(ranges, true=True)}

    def numbers(self, items: Sequence[str]) -> Ints:
        """The number of each item, -1 for one that no row was about."""
        return np.array([self._number(item) for item in items], np.int64)

    def _number(self, item: str) -> int:
        if item in self._wholes:
            return self._wholes[item]
        head, width, serial = split(item)
        found = self._numbers.get((head, width, serial >> ITEM_BITS))
        return -1 if found is None else found << ITEM_BITS | serial & MASK

    def texts(self, numbers: Ints) -> list[str]:
        """The items of some numbers."""
        return [self._text(number) for number in numbers.tolist()]

    def _text(self, number: int) -> str:
        if number in self._texts:
            return self._texts[number]
        head, width, base = self._extents[number >> ITEM_BITS]
        return spell(head, width, base + (number & MASK))

    def plain_heads(self, numbers: Ints) -> list[str]:
        """What stands before the serial of each item, "" where there is none."""
        shown = {extent: known[0] for extent, known in self._extents.items()}
        heads = {extent: head.removesuffix(PLACE) for extent, head in shown.items()}
        return [heads.get(extent, "") for extent in (numbers >> ITEM_BITS).tolist()]

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """Ranges by what stands before the serials, "" where there is none.

        Yields:
            Each beginning once.
        """
        _, low, count = pieces(ranges.first, ranges.count, ITEM_BITS)
        heads = np.array(self.plain_heads(low), np.object_)
        for head in sorted(set(heads.tolist())):
            mine = heads == head
            yield head, Ranges.of(low[mine], count[mine])

    def spans(self, ranges: Ranges, *, true: bool = False) -> list[Span]:
        """Ranges by class and serial.

        Args:
            ranges: Items that rows were about.
            true: With the width of the class, also where a serial is a place.

        Returns:
            They, in the order of numbers, neighbours as one.
        """
        _, low, count = pieces(ranges.first, ranges.count, ITEM_BITS)
        found = joined_spans(
            span
            for first, many in zip(low.tolist(), count.tolist(), strict=True)
            for span in self._span(first, first + many)
        )
        return [self._true(span) for span in found] if true else found

    def _span(self, low: int, high: int) -> list[Span]:
        known = self._extents.get(low >> ITEM_BITS)
        if known is None:
            return [Span(self._texts[number], -1, -1) for number in range(low, high)]
        head, width, base = known
        start = base + (low & MASK)
        return [Span(head, start, start + high - low - 1, width)]

    def _true(self, span: Span) -> Span:
        head, width = self._hidden.get(span.head, (span.head, span.width))
        return span._replace(head=head, width=width)


def hides_serials(width: int) -> bool:
    """Whether the serials of a class are places in a lake."""
    return width < SPREAD


def pieces_of(ranges: Ranges) -> dict[str, Ints]:
    """Ranges cut at the edges of buckets: bucket, low, high (not included)."""
    _, low, count = pieces(ranges.first, ranges.count, ITEM_BITS)
    return {"bucket": low >> ITEM_BITS, "low": low, "high": low + count}

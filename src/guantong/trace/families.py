"""Which items of a set have had the same life, but for the names of the firms?

Of a million items very few have lives that differ in more than the moment and the firms: they are
made, packed, shipped, received and sold in the same order. So they are counted in families of the
same steps by the same firms, and families in shapes: the same steps, and wherever one has
the same firm twice, the other has too. One life of each shape is read like that of any single
item, and what is true of it is true of all, with their own firms in the places of its firms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from guantong.capture.table import ends_of
from guantong.store.columns import ColumnStore, Rows
from guantong.trace import expanse
from guantong.trace.book import LEVELS_MAX
from guantong.trace.expanse import Around, Bools, Ints, Wrappings
from guantong.trace.hands import End, end_of
from guantong.trace.marks import Containers, Lives, Marker, Marks, Sight, mixed, summed
from guantong.trace.model import FirmOf

ENDS_KNOWN: Final = 100_000
"""Sources and destinations that need not be parsed again."""


@dataclass(frozen=True, slots=True)
class Families:
    """Items in families of like lives; parallel columns, one row a family."""

    example: Ints
    """Number of one of its items."""
    size: Ints
    """How many items."""
    shape: Ints
    """Position in `shapes`."""
    shapes: Ints
    """Of each shape: the position of a family that stands for it."""
    mark: Marks
    """Of each shape: what is told of it, whatever the index; 0 where no mark tells it all."""
    starts: Ints
    """Where the firms of each family begin in `firm`, and the end."""
    firm: Ints
    """Positions in `names`: the firms in a life, in the order in which they come up in its shape."""
    names: Sequence[str]
    """Firms, each once; the first is ""."""
    around: Around
    """What the items were ever inside of."""
    things: tuple[Ints, Ints, Ints]
    """Parallel columns: the items in ranges of like lives (first number, count), and their family."""

    @property
    def is_whole(self) -> bool:
        """False when containers nest too deep to be followed."""
        return self.around.is_whole

    def firms(self, family: int) -> list[str]:
        """The firms in the lives of a family."""
        found = self.firm[self.starts[family] : self.starts[family + 1]]
        return [self.names[number] for number in found.tolist()]

    def named(self, place: Ints) -> Ints:
        """Positions in `names` of the firm at a place in each family's `firms`; -1 for none."""
        return np.where(place < 0, 0, self.firm[self.starts[:-1] + np.maximum(place, 0)])


def families(
    store: ColumnStore, own: Rows, sight: Sight, firm_of: FirmOf, wrappings: Wrappings | None = None
) -> Families:
    """Items in families of like lives, and families in shapes.

    Args:
        store: Where to read.
        own: All rows of some single items, no lots.
        sight: The present, and as of when.
        firm_of: The firm behind a party or place.
        wrappings: Reads what they were inside of, or did already.

    Returns:
        All items that have a row, each in one family. Two families may be alike; all items of
        one family are.
    """
    if not len(own):
        none = own.item
        mark = none.astype(np.uint64)
        nowhere = Around(own, none, none, is_whole=True)
        no_things = none, none, none
        return Families(none, none, none, none, mark, none, none, ("",), nowhere, no_things)
    wrappings = wrappings or Wrappings(store, sight.as_of)
    outer = expanse.around(wrappings, own, levels=LEVELS_MAX)
    marker = Marker(own, outer, store, sight)
    things = expanse.alike(own)
    containers = Containers(marker)
    marks, odd = containers.marks_of(Lives.of(things, marker.own))
    marks[odd] = mixed(marks[odd], things.first[odd].astype(np.uint64)[:, np.newaxis])
    _, example, which = np.unique(marks[:, 1], return_index=True, return_inverse=True)
    size = np.bincount(which, weights=things.count, minlength=len(example)).astype(np.int64)
    order = np.argsort(example)
    example, rank = example[order], np.argsort(order)
    lives = Lives.of(things.chosen(example), marker.own)
    firms = _Firms(store, firm_of, own, outer.rows)
    thing, named = containers.told_around(lives, firms.own, firms.outer)
    shapes = _Shapes(thing, named, marks[example, 0], odd[example], len(firms.names))
    return Families(
        things.first[example],
        size[order],
        shapes.shape,
        shapes.stands,
        shapes.mark,
        shapes.starts,
        shapes.firm,
        firms.names,
        outer,
        (things.first, things.count, rank[which]),
    )


class _Shapes:
    """Families in shapes: alike in what happened, and in which firms are the same."""

    def __init__(self, thing: Ints, named: Ints, marks: Marks, odd: Bools, names: int) -> None:
        thing, named = np.repeat(thing, named.shape[1]), named.reshape(-1)
        self.starts, self.firm, slot = _first_seen(thing, named, len(marks), names)
        row_starts = np.searchsorted(thing, np.arange(len(marks) + 1))
        place = np.arange(len(thing)) - row_starts[thing]
        said = mixed((slot * 2 + (named > 0)).astype(np.uint64), place.astype(np.uint64))
        marks = marks + summed(said, row_starts)
        self.mark, self.stands, self.shape = np.unique(
            marks, return_index=True, return_inverse=True
        )
        self.mark[odd[self.stands]] = 0


def _first_seen(thing: Ints, named: Ints, things: int, names: int) -> tuple[Ints, Ints, Ints]:
    """Who is named of each thing, in the order of the first time.

    Returns:
        Where those of each thing start, and the end; who; and of each row the place among them.
    """
    key, first, which = np.unique(thing * names + named, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key))
    starts = np.searchsorted(key[order] // names, np.arange(things + 1))
    return starts, key[order] % names, rank[which] - starts[thing]


class _Firms:
    """The firms that rows name: who recorded, who gives, who takes; 0 for nobody."""

    def __init__(self, store: ColumnStore, firm_of: FirmOf, own: Rows, outer: Rows) -> None:
        self._store = store
        self._firm_of = firm_of
        self._known: dict[str, int] = {"": 0}
        by = self._columns([own.by, outer.by], self._recording)
        ends = self._columns([own.ends, outer.ends], self._exchanging)
        self.own, self.outer = (np.concatenate(pair, axis=1) for pair in zip(by, ends, strict=True))
        self.names = [*self._known]

    def _columns(self, terms: Sequence[Ints], read: Callable[[str], list[int]]) -> list[Ints]:
        """What the text of each term names, read once."""
        unique, which = np.unique(np.concatenate(terms), return_inverse=True)
        named = np.array([read(self._store.term(term)) for term in unique.tolist()], np.int64)
        found = named.reshape(len(unique), -1)[which.reshape(-1)]
        return [found[: len(terms[0])], found[len(terms[0]) :]]

    def _recording(self, text: str) -> list[int]:
        return [self._number(text)]

    def _exchanging(self, text: str) -> list[int]:
        ends = _exchanged(text)
        return [self._number(end.party or (end.place and self._firm_of(end.place))) for end in ends]

    def _number(self, party: str) -> int:
        return self._known.setdefault(self._firm_of(party), len(self._known)) if party else 0


@lru_cache(ENDS_KNOWN)
def _exchanged(text: str) -> tuple[End, End]:
    """Giver and taker of a term, without any register."""
    giver, taker = (end_of(named, lambda _: "") for named in ends_of(text))
    return giver, taker

"""Which lives are alike? Lives as numbers: equal marks, equal lives.

What custody reads off a life are its steps in order. So a mark is made of what the rows of an
item tell, of what the rows of whatever it was inside of tell, and of the order of all of them among
each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.model import Action, EventType
from guantong.capture.table import ACTIONS, PARENT, TYPES
from guantong.store.columns import ColumnStore, Flag, Rows
from guantong.trace import expanse
from guantong.trace.book import LEVELS_MAX
from guantong.trace.expanse import Around, Bools, Expanse, Ints, within

Marks: TypeAlias = NDArray[np.uint64]

WHO: Final = ("by", "ends")
"""What of a row tells who did it. Where it happened decides nothing about who has what."""
_ODD: Final = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


@dataclass(frozen=True, slots=True)
class Sight:
    """From where lives are looked at."""

    now_ms: int
    future_ms: int
    """How far ahead of its receipt an event may be dated and still count."""
    as_of: int | None
    """Ledger size, None for everything."""


@dataclass(frozen=True, slots=True)
class Lives:
    """The rows of some things, by thing and in order of what happened."""

    things: Expanse
    thing: Ints
    row: Ints
    """Its place among all rows that were read of such things."""
    moment: Ints
    said: Marks
    inside: Ints
    """The container that is named, -1 for none."""
    kind: Ints
    starts: Ints
    """Where each thing begins, and the end."""

    @property
    def place(self) -> Ints:
        """Of each row within its life."""
        return np.arange(len(self.thing)) - self.starts[self.thing]


class Marker:
    """Turns rows into marks: equal marks tell the same, whatever the index they are from."""

    def __init__(self, rows: Rows, outer: Around, store: ColumnStore, sight: Sight) -> None:
        self.outer = outer
        self.term = store.term
        self.sight = sight
        self.gone = store.withdrawn_events(rows)
        self.events, at = np.unique(rows.event, return_index=True)
        order = np.lexsort((self.events, rows.time_ms[at]))
        self.moments = np.empty(len(order), np.int64)
        self.moments[order] = np.arange(len(order))

    def lives(self, things: Expanse, rows: Rows, names: Sequence[str] = ()) -> Lives:
        """The rows of things in order, with marks of what happened and what these columns name."""
        moment = self.moments[np.searchsorted(self.events, rows.event)]
        said = self._said(rows, names)
        order = np.lexsort((said[things.row], moment[things.row], things.thing))
        thing, row = things.thing[order], things.row[order]
        inside = self.outer.named(rows)[row]
        starts = np.searchsorted(thing, np.arange(len(things.first) + 1))
        return Lives(things, thing, row, moment[row], said[row], inside, rows.kind[row], starts)

    def _said(self, rows: Rows, names: Sequence[str]) -> Marks:
        """What each row says, without item and moment."""
        mark = np.isin(rows.event, self.gone).astype(np.uint64)
        latest = np.minimum(rows.record_ms, self.sight.now_ms) + self.sight.future_ms
        mark = mixed(mark, (rows.time_ms > latest).astype(np.uint64))
        for number in (rows.flags, rows.kind, rows.role):
            mark = mixed(mark, number.astype(np.uint64))
        for terms in (rows.step, rows.disposition):
            mark = mixed(mark, self._texts(terms))
        for name in names:
            mark = mixed(mark, getattr(rows, name).astype(np.uint64))
        return mark

    def _texts(self, terms: Ints) -> Marks:
        """Marks of the texts of a few terms."""
        used = np.flatnonzero(np.bincount(terms))
        marks = np.zeros(int(used[-1]) + 1 if len(used) else 0, np.uint64)
        marks[used] = [_text_mark(self.term(number)) for number in used.tolist()]
        return marks[terms]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which thing was ever inside of which container."""

    thing: Ints
    container: Ints
    path: Marks
    """How it got there: the places of containers among those of one thing, level by level."""


class Containers:
    """What items may have been inside of, with marks of their lives."""

    def __init__(self, marker: Marker, names: Sequence[str] = ()) -> None:
        rows = marker.outer.rows
        things = expanse.single(rows).only(_reaches_content(rows))
        self.width = len(marker.events) + 1
        self.lives = marker.lives(things, rows, names)
        key = self.lives.thing * self.width + self.lives.moment
        self.key = np.append(key, np.iinfo(np.int64).max)
        self.mark = np.zeros(len(things.first), np.uint64)
        self.odd = np.zeros(len(things.first), np.bool_)
        self.pairs = self._direct(self.lives)
        self.starts = np.searchsorted(self.pairs.thing, np.arange(len(things.first) + 1))
        for _ in range(LEVELS_MAX if len(self.pairs.thing) else 1):
            before = self.mark
            self.mark, self.odd = self.marks_of(self.lives)
            if (before == self.mark).all():
                break

    def marks_of(self, lives: Lives) -> tuple[Marks, Bools]:
        """Marks of whole lives, and which are too entangled to be told by a mark."""
        marks = np.zeros(len(lives.things.first), np.uint64)
        odd = _is_overlapped(lives)
        np.add.at(marks, lives.thing, mixed(lives.said, lives.place.astype(np.uint64)))
        pairs = direct = self._direct(lives)
        met = [self._pair_keys(pairs)]
        for depth in range(LEVELS_MAX):
            if not len(pairs.thing):
                break
            self._interlock(marks, lives, pairs, np.uint64(depth + 1))
            pairs = self._outwards(pairs)
            met.append(self._pair_keys(pairs))
        np.add.at(marks, direct.thing, mixed(self.mark[direct.container], direct.path))
        odd[direct.thing[self.odd[direct.container]]] = True
        odd[pairs.thing] = True
        twice, times = np.unique(np.concatenate(met), return_counts=True)
        odd[twice[times > 1] // self._many] = True
        return marks, odd

    def told_around(self, lives: Lives, own: Ints, outer: Ints) -> tuple[Ints, Ints]:
        """What all rows tell that bear on some lives, thing by thing.

        Args:
            lives: Of things in these containers.
            own: What each of their own rows tells, any number of columns.
            outer: The same of the rows of containers.

        Returns:
            Things, and what is told of them; in an order that is the same for lives with equal marks.
        """
        things, told = [lives.thing], [own[lives.row]]
        paths, places = [np.zeros(len(lives.thing), np.uint64)], [lives.place]
        pairs = self._direct(lives)
        for _ in range(LEVELS_MAX):
            if not len(pairs.thing):
                break
            start = self.lives.starts[pairs.container]
            count = self.lives.starts[pairs.container + 1] - start
            place = within(count)
            things.append(np.repeat(pairs.thing, count))
            told.append(outer[self.lives.row[np.repeat(start, count) + place]])
            paths.append(np.repeat(pairs.path, count))
            places.append(place)
            pairs = self._outwards(pairs)
        thing = np.concatenate(things)
        order = np.lexsort((np.concatenate(places), np.concatenate(paths), thing))
        return thing[order], np.concatenate(told)[order]

    @property
    def _many(self) -> int:
        return len(self.mark) + 1

    def _pair_keys(self, pairs: Pairs) -> Ints:
        return pairs.thing * self._many + pairs.container

    def _direct(self, lives: Lives) -> Pairs:
        """The containers named in each life, in order of the first time."""
        named = np.flatnonzero(lives.inside >= 0)
        container = np.searchsorted(self.lives.things.first, lives.inside[named])
        key = lives.thing[named] * self._many + container
        unique, at = np.unique(key, return_index=True)
        thing, container = unique // self._many, unique % self._many
        order = np.lexsort((named[at], thing))
        slot = np.empty(len(thing), np.int64)
        slot[order] = np.arange(len(thing)) - np.searchsorted(thing, thing[order])
        return Pairs(
            thing, container, mixed(np.zeros(len(thing), np.uint64), slot.astype(np.uint64))
        )

    def _outwards(self, pairs: Pairs) -> Pairs:
        """The same things with what their containers were inside of."""
        count = self.starts[pairs.container + 1] - self.starts[pairs.container]
        at = np.repeat(self.starts[pairs.container], count) + within(count)
        path = mixed(np.repeat(pairs.path, count), self.pairs.path[at])
        return Pairs(np.repeat(pairs.thing, count), self.pairs.container[at], path)

    def _interlock(self, marks: Marks, lives: Lives, pairs: Pairs, depth: np.uint64) -> None:
        """Mark how the own rows stand among those of the containers."""
        count = lives.starts[pairs.thing + 1] - lives.starts[pairs.thing]
        pair = np.repeat(np.arange(len(pairs.thing)), count)
        at = np.repeat(lives.starts[pairs.thing], count) + within(count)
        container = pairs.container[pair]
        key = container * self.width + lives.moment[at]
        found = np.searchsorted(self.key, key)
        before, is_same = found - self.lives.starts[container], self.key[found] == key
        lock = mixed(before.astype(np.uint64), is_same.astype(np.uint64))
        lock = mixed(mixed(lock, lives.place[at].astype(np.uint64)), pairs.path[pair])
        np.add.at(marks, pairs.thing[pair], mixed(lock, depth))


def _reaches_content(rows: Rows) -> Bools:
    """Whether what happens to a container happens to what is inside as well, or empties it."""
    action = rows.kind & 3
    names_others = (rows.flags & Flag.HAS_CHILDREN) > 0
    adds = action == ACTIONS.index(Action.ADD)
    takes = (action == ACTIONS.index(Action.DELETE)) & names_others
    is_content: Bools = (rows.role != PARENT) | ~(adds | takes)
    return is_content


def _is_overlapped(lives: Lives) -> Bools:
    """Which things may have been packed and fitted at once: how two containers met is in no mark."""
    place, many = lives.place, len(lives.things.first)
    named, event_type = lives.inside >= 0, lives.kind >> 2
    packed = np.flatnonzero(named & (event_type == TYPES.index(EventType.AGGREGATION)))
    fitted = np.flatnonzero(named & (event_type == TYPES.index(EventType.ASSOCIATION)))
    last = np.full(many, -1, np.int64)
    np.maximum.at(last, lives.thing[packed], place[packed])
    first = np.full(many, len(place), np.int64)
    np.minimum.at(first, lives.thing[fitted], place[fitted])
    both = np.flatnonzero((last >= 0) & (first < len(place)))
    action = lives.kind[lives.starts[both] + last[both]] & 3
    is_apart = (last[both] < first[both]) & (action == ACTIONS.index(Action.DELETE))
    overlapped = np.zeros(many, np.bool_)
    overlapped[both[~is_apart]] = True
    return overlapped


def _text_mark(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def mixed(mark: Marks, other: Marks | np.uint64) -> Marks:
    """Two marks as one; the order matters."""
    with np.errstate(over="ignore"):
        mixed = (mark ^ (other + _ODD[0] + (mark << np.uint64(6)) + (mark >> np.uint64(2)))) * _ODD[
            1
        ]
        return (mixed ^ (mixed >> np.uint64(29))) * _ODD[2]

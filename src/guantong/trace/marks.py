"""Which lives are alike? Lives as numbers: equal marks, equal lives.

What custody reads off a life are its steps in order. So a mark is made of what the rows of an
item tell, of what the rows of whatever it was inside of tell, and of the order of all of them among
each other.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.model import Action, EventType
from guantong.capture.table import ACTIONS, PARENT, TYPES
from guantong.store.columns import ColumnStore, Flag, Rows
from guantong.store.door import Role
from guantong.trace import expanse
from guantong.trace.book import LEVELS_MAX
from guantong.trace.expanse import Around, Bools, Expanse, Ints, within

Marks: TypeAlias = NDArray[np.uint64]

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
class Said:
    """What rows say, in parallel columns."""

    rows: Rows
    moment: Ints
    """The place of its event in the order of what happened."""
    inside: Ints
    """The container that is named, -1 for none."""
    mark: Marks
    """What happened, and the same with who did it: two columns."""

    @property
    def order(self) -> Ints:
        """Of one thing: by moment, the roles in one event apart."""
        return self.moment * len(Role) + self.rows.role


@dataclass(frozen=True, slots=True)
class Lives:
    """The rows of some things, by thing and in order of what happened."""

    said: Said
    things: Expanse
    thing: Ints
    row: Ints
    """Its place in `said`."""
    starts: Ints
    """Where each thing begins, and the end."""

    @classmethod
    def of(cls, things: Expanse, said: Said) -> Self:
        """The lives of things that these rows speak of."""
        order = said.order[things.row]
        order = np.argsort(things.thing * (int(order.max(initial=0)) + 1) + order)
        thing, row = things.thing[order], things.row[order]
        starts = np.searchsorted(thing, np.arange(len(things.first) + 1))
        return cls(said, things, thing, row, starts)

    @property
    def place(self) -> Ints:
        """Of each row within its life."""
        return np.arange(len(self.thing)) - self.starts[self.thing]


class Marker:
    """Turns rows into marks: equal marks tell the same, whatever the index they are from."""

    def __init__(self, own: Rows, outer: Around, store: ColumnStore, sight: Sight) -> None:
        self._outer = outer
        self._term = store.term
        self._sight = sight
        rows = Rows.joined((own, outer.rows))
        self._gone = store.withdrawn_events(rows)
        events, at, which = np.unique(rows.event, return_index=True, return_inverse=True)
        order = np.lexsort((events, rows.time_ms[at]))
        moments = np.empty(len(order), np.int64)
        moments[order] = np.arange(len(order))
        moment = moments[which]
        self.moments = len(order)
        self.own = self._said(own, moment[: len(own)])
        self.outer = self._said(outer.rows, moment[len(own) :])

    def _said(self, rows: Rows, moment: Ints) -> Said:
        """What each row says, without item and moment."""
        mark = np.isin(rows.event, self._gone).astype(np.uint64)
        latest = np.minimum(rows.record_ms, self._sight.now_ms) + self._sight.future_ms
        mark = mixed(mark, (rows.time_ms > latest).astype(np.uint64))
        for number in (rows.flags, rows.kind, rows.role):
            mark = mixed(mark, number.astype(np.uint64))
        for terms in (rows.step, rows.disposition):
            mark = mixed(mark, self._texts(terms))
        # Where it happened decides nothing about who has what.
        who = mixed(mixed(mark, rows.by.astype(np.uint64)), rows.ends.astype(np.uint64))
        return Said(rows, moment, self._outer.named(rows), np.stack((mark, who), axis=1))

    def _texts(self, terms: Ints) -> Marks:
        """Marks of the texts of a few terms."""
        used = np.flatnonzero(np.bincount(terms))
        marks = np.zeros(int(used[-1]) + 1 if len(used) else 0, np.uint64)
        marks[used] = [text_mark(self._term(number)) for number in used.tolist()]
        return marks[terms]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which thing was ever inside of which container; by thing."""

    thing: Ints
    container: Ints
    path: Marks
    """How it got there: the places of containers among those of one thing, level by level."""


class Containers:
    """What items may have been inside of, with marks of their lives."""

    def __init__(self, marker: Marker) -> None:
        rows = marker.outer.rows
        things = expanse.single(rows).only(_reaches_content(rows))
        self.width = marker.moments + 1
        self.lives = Lives.of(things, marker.outer)
        key = self.lives.thing * self.width + marker.outer.moment[self.lives.row]
        self.key = np.append(key, np.iinfo(np.int64).max)
        self.mark = np.zeros((len(things.first), 2), np.uint64)
        self.odd = np.zeros(len(things.first), np.bool_)
        self.pairs = self._direct(self.lives)
        self.starts = np.searchsorted(self.pairs.thing, np.arange(len(things.first) + 1))
        for _ in range(LEVELS_MAX if len(self.pairs.thing) else 1):
            before = self.mark
            self.mark, self.odd = self.marks_of(self.lives)
            if (before == self.mark).all():
                break

    def marks_of(self, lives: Lives) -> tuple[Marks, Bools]:
        """Marks of whole lives in two columns, and which are too entangled to be told by a mark."""
        odd = _is_overlapped(lives)
        place = lives.place.astype(np.uint64)[:, np.newaxis]
        marks = summed(mixed(lives.said.mark[lives.row], place), lives.starts)
        pairs = direct = self._direct(lives)
        met = [self._pair_keys(pairs)]
        for depth in range(LEVELS_MAX):
            if not len(pairs.thing):
                break
            marks += self._interlocked(lives, pairs, np.uint64(depth + 1))[:, np.newaxis]
            pairs = self._outwards(pairs)
            met.append(self._pair_keys(pairs))
        around = mixed(self.mark[direct.container], direct.path[:, np.newaxis])
        marks += summed(around, np.searchsorted(direct.thing, np.arange(len(marks) + 1)))
        odd[direct.thing[self.odd[direct.container]]] = True
        odd[pairs.thing] = True
        twice = np.sort(np.concatenate(met))
        odd[twice[1:][twice[1:] == twice[:-1]] // self._many] = True
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
        inside = lives.said.inside[lives.row]
        named = np.flatnonzero(inside >= 0)
        container = np.searchsorted(self.lives.things.first, inside[named])
        key = lives.thing[named] * self._many + container
        unique, at = np.unique(key, return_index=True)
        thing, container = unique // self._many, unique % self._many
        order = np.argsort(at)  # rows are by thing, so this is by thing and time
        slot = np.empty(len(thing), np.int64)
        slot[order] = np.arange(len(thing)) - np.searchsorted(thing, thing)
        return Pairs(
            thing, container, mixed(np.zeros(len(thing), np.uint64), slot.astype(np.uint64))
        )

    def _outwards(self, pairs: Pairs) -> Pairs:
        """The same things with what their containers were inside of."""
        count = self.starts[pairs.container + 1] - self.starts[pairs.container]
        at = np.repeat(self.starts[pairs.container], count) + within(count)
        path = mixed(np.repeat(pairs.path, count), self.pairs.path[at])
        return Pairs(np.repeat(pairs.thing, count), self.pairs.container[at], path)

    def _interlocked(self, lives: Lives, pairs: Pairs, depth: np.uint64) -> Marks:
        """How the own rows of each thing stand among those of its containers."""
        count = lives.starts[pairs.thing + 1] - lives.starts[pairs.thing]
        pair = np.repeat(np.arange(len(pairs.thing)), count)
        place = within(count)
        at = np.repeat(lives.starts[pairs.thing], count) + place
        container = pairs.container[pair]
        key = container * self.width + lives.said.moment[lives.row[at]]
        found = np.searchsorted(self.key, key)
        before, is_same = found - self.lives.starts[container], self.key[found] == key
        lock = mixed((before * 2 + is_same).astype(np.uint64), place.astype(np.uint64))
        lock = mixed(mixed(lock, pairs.path[pair]), depth)
        ends = np.append(0, np.cumsum(count))
        starts = np.searchsorted(pairs.thing, np.arange(len(lives.things.first) + 1))
        return summed(lock, ends[starts])


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
    kind = lives.said.rows.kind[lives.row]
    named, event_type = lives.said.inside[lives.row] >= 0, kind >> 2
    packed = np.flatnonzero(named & (event_type == TYPES.index(EventType.AGGREGATION)))
    fitted = np.flatnonzero(named & (event_type == TYPES.index(EventType.ASSOCIATION)))
    last = np.full(many, -1, np.int64)
    np.maximum.at(last, lives.thing[packed], place[packed])
    first = np.full(many, len(place), np.int64)
    np.minimum.at(first, lives.thing[fitted], place[fitted])
    both = np.flatnonzero((last >= 0) & (first < len(place)))
    action = kind[lives.starts[both] + last[both]] & 3
    is_apart = (last[both] < first[both]) & (action == ACTIONS.index(Action.DELETE))
    overlapped = np.zeros(many, np.bool_)
    overlapped[both[~is_apart]] = True
    return overlapped


def text_mark(text: str) -> int:
    """A text in 64 bits."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def summed(marks: Marks, starts: Ints) -> Marks:
    """Sums of marks from each start to the next; what is over 64 bits is cut off."""
    before = np.zeros((len(marks) + 1, *marks.shape[1:]), np.uint64)
    np.cumsum(marks, axis=0, out=before[1:])
    sums: Marks = before[starts[1:]] - before[starts[:-1]]
    return sums


def mixed(mark: Marks, other: Marks | np.uint64) -> Marks:
    """Two marks as one; the order matters."""
    with np.errstate(over="ignore"):
        mixed = (mark ^ (other + _ODD[0] + (mark << np.uint64(6)) + (mark >> np.uint64(2)))) * _ODD[
            1
        ]
        return (mixed ^ (mixed >> np.uint64(29))) * _ODD[2]

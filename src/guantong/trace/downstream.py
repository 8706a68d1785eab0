"""What is one step downstream of what rows speak of?"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from guantong.capture.lots import class_of
from guantong.capture.model import Action, EventType
from guantong.capture.table import CHILD, EPC, INPUT, OUTPUT, action_of, kind_of, type_of
from guantong.store.columns import ColumnStore, Ranges, Rows, distinct
from guantong.store.door import Role
from guantong.trace import expanse
from guantong.trace.containment import BONDS
from guantong.trace.effect import Effect, effect_by
from guantong.trace.expanse import Bools, Ints, Wrappings
from guantong.trace.kinds import numbers_of
from guantong.trace.marks import Sight

FITTED: Final = kind_of(EventType.ASSOCIATION, Action.ADD)
PACKED: Final = kind_of(EventType.AGGREGATION, Action.ADD)


class Downstream:
    """Goes one step on, over the rows of one store."""

    def __init__(self, store: ColumnStore, sight: Sight, wrappings: Wrappings) -> None:
        """Nothing is read yet.

        Args:
            store: Where to read.
            sight: The present, and as of when.
            wrappings: Reads what items were inside of.
        """
        self._store = store
        self._sight = sight
        self._wrappings = wrappings

    def counting(self, rows: Rows) -> Rows:
        """Rows of events that were not withdrawn, nor are of the future."""
        latest = np.minimum(rows.record_ms, self._sight.now_ms) + self._sight.future_ms
        gone = np.isin(rows.event, self._store.withdrawn_events(rows))
        return rows.take(~gone & (rows.time_ms <= latest))

    def of_events(self, events: Ints, role: int, *, joined: bool = False) -> Ranges:
        """Items in one role of some events, or of those of the same transformation."""
        events = distinct(events)
        if joined and len(events):
            as_of = self._sight.as_of
            events = np.union1d(events, self._store.joined_events(events, as_of=as_of)[1])
        rows = self.rows_of(events, role)
        return Ranges.of(rows.item, rows.count)

    def rows_of(self, events: Ints, *roles: int) -> Rows:
        """Rows of events in some roles, as far as they count."""
        return self.counting(self._store.rows_of_events(events, roles, as_of=self._sight.as_of))

    def used_with_packing(self, rows: Rows) -> tuple[Ints, Ints]:
        """Containers that were used up, as a whole, after these items were put inside.

        Args:
            rows: Rows that count.

        Returns:
            Pairs: the place of a row that puts items in, and the container's number.
        """
        put = np.flatnonzero((rows.role == CHILD) & (rows.kind == PACKED))
        named = self._wrappings.naming(rows)
        named = named.take(np.isin(named.event, rows.event[put]))
        if not len(named):
            return put[:0], put[:0]
        event, at = np.unique(named.event, return_index=True)
        put = put[np.isin(rows.event[put], event)]
        unit = named.item[at][np.searchsorted(event, rows.event[put])]
        units, which = np.unique(unit, return_inverse=True)
        after = self._last_used(units)[which] >= rows.time_ms[put]
        return put[after], unit[after]

    def _last_used(self, units: Ints) -> Ints:
        """When each container was used up last, long ago where it never was."""
        rows = self.counting(self._wrappings.rows_of(Ranges.of_numbers(units)))
        rows = rows.take(rows.role == INPUT)
        used = expanse.single(rows)
        last = np.full(len(units), np.iinfo(np.int64).min)
        at = np.searchsorted(units, used.first)[used.thing]
        np.maximum.at(last, at, rows.time_ms[used.row])
        return last

    def made_as(self, lots: Sequence[str], *, after: int = 0) -> Ranges:
        """Items whose making names one of these lots, in events after a number."""
        place, event = self._store.lot_events(lots, as_of=self._sight.as_of)
        place, event = place[event > after], event[event > after]
        found = Ranges.none()
        for of_class, mine in _by_class(lots, place):
            rows = self.rows_of(distinct(event[mine]), EPC, OUTPUT)
            rows = rows.take(self._is_birth(rows))
            found = found.joined(self._of_class(Ranges.of(rows.item, rows.count), of_class))
        return found

    def _of_class(self, found: Ranges, of_class: str) -> Ranges:
        """Items of one class."""
        kept = Ranges.none()
        for head, some in self._store.headed(found):
            if not head:
                numbers = numbers_of(some)
                texts = self._store.texts(numbers)
                mine = np.array([class_of(text) == of_class for text in texts], np.bool_)
                kept = kept.joined(Ranges.of_numbers(numbers[mine]))
            elif class_of(self._store.texts(some.first[:1])[0]) == of_class:
                kept = kept.joined(some)
        return kept

    def _is_birth(self, rows: Rows) -> Bools:
        """Whether an event brings the item of its row into being."""
        key = np.stack((rows.role, rows.kind, rows.step, rows.disposition), axis=1)
        unique, which = np.unique(key, axis=0, return_inverse=True)
        births = [self._bears(*said) for said in unique.tolist()]
        return np.array(births, np.bool_)[which.reshape(-1)]

    def _bears(self, role: int, kind: int, step: int, disposition: int) -> bool:
        if type_of(kind) in BONDS:
            return False
        said = self._store.term(step), self._store.term(disposition)
        effect = effect_by(type_of(kind), action_of(kind), *said, Role(role))
        return effect is Effect.BIRTH


def _by_class(lots: Sequence[str], place: Ints) -> Iterator[tuple[str, Ints]]:
    """Classes of lots with the positions in `place` that are of them."""
    classes = [class_of(lot) for lot in lots]
    for name in sorted(set(classes)):
        mine = [at for at, of_class in enumerate(classes) if of_class == name]
        chosen = np.flatnonzero(np.isin(place, mine))
        if len(chosen):
            yield name, chosen

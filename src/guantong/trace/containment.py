"""What was inside what, from when to when?

Containment is never stored: it is resolved at reading from the events of the child and of the
parents it names. ADD opens a stay, DELETE closes it; a DELETE that names no child closes the
stays of all children at that time, though no child has a row for it.

References:
    EPCIS 2.0, section 7.4.3 (AggregationEvent), section 7.4.6 (AssociationEvent)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from guantong.capture.model import Action, EventType
from guantong.store.door import Happening, Role, Stored
from guantong.trace.effect import LEAVES, Effect, effect_of
from guantong.trace.model import Bond, Code, Ending, EventRef, Gap, Moment, Stay

BONDS = {EventType.AGGREGATION: Bond.PACKED, EventType.ASSOCIATION: Bond.FITTED}
"""Which events tell of containment, and of which kind."""

RowsOf = Callable[[str], Sequence[Happening]]
"""The rows of an item that count, in order; empty for what was not read."""


def moment_of(stored: Stored) -> Moment:
    """The place of an event in the order of what happened."""
    return stored.event.time_ms, stored.no


def parents_of(rows: Iterable[Happening]) -> Iterator[str]:
    """What an item was ever said to be inside of, by its own rows."""
    for row in rows:
        if row.role is Role.CHILD and row.stored.event.parent:
            yield row.stored.event.parent


@dataclass(slots=True)
class Resolved:
    """The stays of one item, and what was odd."""

    stays: list[Stay] = field(default_factory=list)
    doubts: list[Gap] = field(default_factory=list)


def resolve(item: str, rows_of: RowsOf, *, many: bool) -> Resolved:
    """The stays of an item, in order of their beginning.

    Args:
        item: The child.
        rows_of: Gives the rows of the item and of every parent its rows name.
        many: Whether it is a lot, which may be in several parents at once.

    Returns:
        Stays and doubts. An item put into a second parent has left the first, unless one of
        the two is inside the other.
    """
    fold = _Fold(item, rows_of, many=many)
    for row in _relevant(item, rows_of):
        fold.take(row)
    fold.found.stays += fold.open.values()
    fold.found.stays.sort(key=lambda stay: (stay.since, stay.parent))
    return fold.found


def _relevant(item: str, rows_of: RowsOf) -> list[Happening]:
    """The item's rows and what emptied its parents, in order, each event once per amount."""
    own = rows_of(item)
    emptied = [row for parent in set(parents_of(own)) for row in rows_of(parent) if empties(row)]
    return sorted((*own, *emptied), key=lambda row: moment_of(row.stored))


def empties(row: Happening) -> bool:
    """Whether an event ends all stays in the item of this row, without naming a child."""
    # So does taking the container out of use.
    event = row.stored.event
    if row.role is Role.PARENT:
        named = event.child_epcs or event.child_quantities
        return event.type in BONDS and event.action is Action.DELETE and not named
    return row.role is Role.EPC and effect_of(row.stored, row.role) is Effect.RETIRE


class _Fold:
    """Reads rows in order and keeps what is open."""

    def __init__(self, item: str, rows_of: RowsOf, *, many: bool) -> None:
        self.item = item
        self.rows_of = rows_of
        self.many = many
        self.open: dict[tuple[Bond, str, str], Stay] = {}
        self.found = Resolved()

    def take(self, row: Happening) -> None:
        if row.item != self.item:
            self._empty(row)
        elif row.role is Role.CHILD:
            self._child(row, BONDS[row.stored.event.type])
        elif not self.many and effect_of(row.stored, row.role) in LEAVES:
            self._leave(row)

    def _child(self, row: Happening, bond: Bond) -> None:
        event = row.stored.event
        if event.action is Action.ADD:
            if event.parent:
                self._put(row, bond)
            else:
                self._doubt(Code.NO_PARENT, row.stored)
        elif event.action is Action.DELETE:
            self._remove(row, bond)
        elif event.parent and not self._is_inside(event.parent):
            self._doubt(Code.OBSERVED_INSIDE, row.stored, parent=event.parent)

    def _put(self, row: Happening, bond: Bond) -> None:
        parent = row.stored.event.parent
        key = (bond, parent, row.uom)
        before = self.open.get(key)
        if self.many:
            amount = row.quantity
            if before is not None:
                amount = _sum(before.quantity, row.quantity)
                self._close(key, row.stored, Ending.CHANGED)
            self.open[key] = self._stay(row, bond, parent, amount)
            return
        for other in [stay for stay in self.open.values() if stay.bond is bond]:
            if other.parent != parent and not self._nested(parent, other.parent):
                self._two_parents(other, row.stored)
        if before is None:
            self.open[key] = self._stay(row, bond, parent, None)

    def _remove(self, row: Happening, bond: Bond) -> None:
        parent = row.stored.event.parent
        keys = [
            key
            for key in self.open
            if key[0] is bond and key[2] == row.uom and parent in ("", key[1])
        ]
        for key in keys:
            self._take_out(key, row)
        ended = any(stay.parent == parent for stay in self.found.stays)
        if not keys and not ended:
            self._doubt(Code.REMOVED_NOT_PUT, row.stored, parent=parent)

    def _take_out(self, key: tuple[Bond, str, str], row: Happening) -> None:
        """All of it, or part of a lot: what is left stays on with its new amount."""
        before = self.open[key]
        left = _sum(before.quantity, None if row.quantity is None else -row.quantity)
        if self.many and row.quantity is not None and (left is None or left > 0):
            self._close(key, row.stored, Ending.CHANGED)
            self.open[key] = self._stay(row, before.bond, before.parent, left)
        else:
            self._close(key, row.stored, Ending.SAID)

    def _empty(self, row: Happening) -> None:
        """The parent of this row lost all its children."""
        bond = BONDS.get(row.stored.event.type)
        for key in [key for key in self.open if key[1] == row.item and bond in (None, key[0])]:
            self._close(key, row.stored, Ending.SAID if bond else Ending.IMPLIED)

    def _leave(self, row: Happening) -> None:
        """Sold or ended on its own: it is in no package now, and when ended in no assembly."""
        sold = effect_of(row.stored, row.role) is Effect.SELL
        together = set(row.stored.event.epcs)
        for key in [key for key in self.open if not (sold and key[0] is Bond.FITTED)]:
            if key[1] not in together:
                self._doubt(Code.LEFT_UNSAID, row.stored, parent=key[1])
            self._close(key, row.stored, Ending.IMPLIED)

    def _two_parents(self, other: Stay, stored: Stored) -> None:
        self._doubt(
            Code.TWO_PARENTS, stored, other.opened, parent=stored.event.parent, other=other.parent
        )
        self._close((other.bond, other.parent, other.uom), stored, Ending.IMPLIED)

    def _close(self, key: tuple[Bond, str, str], stored: Stored, ending: Ending) -> None:
        stay = self.open.pop(key)
        ended = replace(stay, until=moment_of(stored), closed=stored, ending=ending)
        self.found.stays.append(ended)

    def _stay(self, row: Happening, bond: Bond, parent: str, amount: float | None) -> Stay:
        since = moment_of(row.stored)
        return Stay(
            self.item, parent, bond, since, None, row.stored, None, Ending.OPEN, amount, row.uom
        )

    def _is_inside(self, parent: str) -> bool:
        return any(
            stay.parent == parent or self._nested(parent, stay.parent)
            for stay in self.open.values()
        )

    def _nested(self, one: str, other: str) -> bool:
        """Whether one of two parents was ever put into the other, directly or not."""
        return other in self._around(one) or one in self._around(other)

    def _around(self, inner: str) -> set[str]:
        found: set[str] = set()
        todo = [inner]
        while todo:
            for parent in parents_of(self.rows_of(todo.pop())):
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    def _doubt(self, code: Code, *shown: Stored, **about: str) -> None:
        events = tuple(EventRef.of(stored) for stored in shown)
        gap = Gap(code, self.item, shown[0].event.time_ms, events, about)
        self.found.doubts.append(gap)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other

"""May this happen to an item, after what happened to it? Rules of state, which an operator switches on.

Without them contradictions are taken and named (see `guantong.trace.gaps`), since a late or wrong
statement must not keep a true one out. With a rule, an event that breaks it is refused at the door.

What counts is what was known before, in the order of event time; events of a time by their arrival.
Lots and classes are amounts: no rule speaks of them.

References:
    EPCIS 2.0, section 7.4 (the event types and their members)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from guantong.capture.model import Action, Event, EventType
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.store.door import Happening, Role
from guantong.trace.names import is_many


class Rule(StrEnum):
    """What an operator may demand; the name is also the fault code's last part."""

    COMMISSION_FIRST = "commission_first"
    """Nothing happens to an item before it is commissioned, made, or packed into for the first time."""
    COMMISSION_ONCE = "commission_once"
    """An item is commissioned once."""
    PACK_ONCE = "pack_once"
    """What is packed is taken out before it is packed elsewhere."""
    EMPTY_FIRST = "empty_first"
    """What holds something is emptied before it is taken out of use."""
    NOT_AFTER_END = "not_after_end"
    """Nothing happens to an item after it was used up or taken out of use."""


class Fault(StrEnum):
    """Which rule an event breaks. Part of the public API: never renamed."""

    COMMISSION_FIRST = "state.commission_first"
    COMMISSION_ONCE = "state.commission_once"
    PACK_ONCE = "state.pack_once"
    EMPTY_FIRST = "state.empty_first"
    NOT_AFTER_END = "state.not_after_end"


class Deed(StrEnum):
    """What an event does to an item, as far as a rule asks."""

    BEGIN = "begin"
    """It is commissioned or made."""
    HOLD = "hold"
    """Something is packed into it: `other`."""
    END = "end"
    """Used up, or taken out of use."""
    IN = "in"
    """It is packed into `other`."""
    OUT = "out"
    """It is taken out of `other`."""
    GIVE = "give"
    """Something is taken out of it: `other`, "" for everything."""
    ELSE = "else"


@dataclass(frozen=True, slots=True)
class Mark:
    """One deed."""

    time_ms: int
    deed: Deed
    other: str = ""


Marks = dict[str, list[Mark]]
"""By item, in order of arrival."""


def marks_of(event: Event) -> Iterator[tuple[str, Mark]]:
    """What an event does to the items that take part in it, each of them one thing.

    Yields:
        Item and deed; lots and classes are left out.
    """
    for role, items in (
        (Role.EPC, event.epcs),
        (Role.PARENT, (event.parent,) if event.parent else ()),
        (Role.CHILD, event.child_epcs),
        (Role.INPUT, event.input_epcs),
        (Role.OUTPUT, event.output_epcs),
    ):
        for item in items:
            if not is_many(item):
                yield from ((item, mark) for mark in _marks(event, role))


def _marks(event: Event, role: Role) -> Iterator[Mark]:
    """What an event does to an item in a role."""
    packs = event.type is EventType.AGGREGATION
    if role is Role.PARENT and packs and event.action in _PARENT:
        deed, others = _PARENT[event.action], event.child_epcs
        yield from (Mark(event.time_ms, deed, other) for other in others or ("",))
    elif role is Role.CHILD and packs:
        yield Mark(event.time_ms, _CHILD.get(event.action, Deed.ELSE), event.parent)
    elif role is Role.EPC and event.type is EventType.OBJECT:
        yield Mark(event.time_ms, _OWN.get(event.action, Deed.ELSE))
    else:
        yield Mark(
            event.time_ms, {Role.INPUT: Deed.END, Role.OUTPUT: Deed.BEGIN}.get(role, Deed.ELSE)
        )


_PARENT: Final[Mapping[Action | None, Deed]] = {Action.ADD: Deed.HOLD, Action.DELETE: Deed.GIVE}
_CHILD: Final[Mapping[Action | None, Deed]] = {Action.ADD: Deed.IN, Action.DELETE: Deed.OUT}
_OWN: Final[Mapping[Action | None, Deed]] = {Action.ADD: Deed.BEGIN, Action.DELETE: Deed.END}


@dataclass(slots=True)
class Standings:
    """How some items stand; grows as events are taken."""

    rules: frozenset[Rule]
    marks: Marks = field(default_factory=dict)

    def add(self, item: str, rows: Iterable[Happening]) -> None:
        """Enter what the store knows of an item: the rows that count, once for each item."""
        found = self.marks.setdefault(item, [])
        for row in rows:
            found += _marks(row.stored.event, row.role)

    def judge(self, event: Event) -> list[Found]:
        """Which rules an event breaks; it is not entered.

        Returns:
            A fault for each item and rule, without a path.
        """
        faults: list[Found] = []
        for item, mark in marks_of(event):
            faults += self._broken(item, mark)
        return faults

    def take(self, event: Event) -> None:
        """Enter an event."""
        for item, mark in marks_of(event):
            self.marks.setdefault(item, []).append(mark)

    def forget(self, event: Event) -> None:
        """Take back what was entered last."""
        for item, _ in marks_of(event):
            self.marks[item].pop()

    def _broken(self, item: str, mark: Mark) -> Iterator[Found]:
        known = self.marks.get(item, [])
        deeds = {one.deed for one in known if one.time_ms <= mark.time_ms}
        if mark.deed is Deed.BEGIN:
            if any(one.deed is Deed.BEGIN for one in known):
                yield from self._fault(Rule.COMMISSION_ONCE, item, "it was commissioned before")
        elif not deeds & {Deed.BEGIN, Deed.HOLD} and mark.deed is not Deed.HOLD:
            yield from self._fault(Rule.COMMISSION_FIRST, item, "it was not commissioned")
        if Deed.END in deeds:
            yield from self._fault(Rule.NOT_AFTER_END, item, "it was used up or taken out of use")
        if mark.deed is Deed.IN and (around := self._around(item, mark.time_ms)):
            yield from self._fault(Rule.PACK_ONCE, item, f"it is in {around}")
        if mark.deed is Deed.END and (inside := self._inside(item, mark.time_ms)):
            yield from self._fault(Rule.EMPTY_FIRST, item, f"{inside} is in it")

    def _around(self, item: str, at_ms: int) -> str:
        """What an item is in at a time, "" for nothing."""
        found = ""
        for mark in self._until(item, at_ms):
            if mark.deed is Deed.IN and self._is_in(item, mark.other, at_ms):
                found = mark.other
            elif mark.deed is Deed.OUT and mark.other in {"", found}:
                found = ""
        return found

    def _inside(self, item: str, at_ms: int) -> str:
        """Something that is in an item at a time, "" for nothing."""
        holds = {mark.other for mark in self.marks.get(item, []) if mark.deed is Deed.HOLD}
        return next((one for one in sorted(holds) if self._is_in(one, item, at_ms)), "")

    def _is_in(self, child: str, parent: str, at_ms: int) -> bool:
        """Whether the last word on a child and a parent, by the parent, is that it is inside."""
        inside = False
        for mark in self._until(parent, at_ms):
            if mark.deed is Deed.HOLD and mark.other == child:
                inside = True
            elif mark.deed is Deed.GIVE and mark.other in {"", child}:
                inside = False
        return inside and bool(child)

    def _until(self, item: str, at_ms: int) -> list[Mark]:
        """What happened to an item up to a time, in order."""
        found = [mark for mark in self.marks.get(item, []) if mark.time_ms <= at_ms]
        return sorted(found, key=lambda mark: mark.time_ms)

    def _fault(self, rule: Rule, item: str, got: str) -> Iterator[Found]:
        if rule in self.rules:
            expected = f"{_EXPECTED[rule]}: {item}"
            yield fault(Fault(f"state.{rule.value}"), expected=expected, got=got)


_EXPECTED: Final[Mapping[Rule, str]] = {
    Rule.COMMISSION_FIRST: "a commissioned item",
    Rule.COMMISSION_ONCE: "an item that is new",
    Rule.PACK_ONCE: "an item that is in nothing",
    Rule.EMPTY_FIRST: "an item with nothing in it",
    Rule.NOT_AFTER_END: "an item in use",
}

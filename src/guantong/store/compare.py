"""Do two indexes of one ledger say the same, and where not?

Asked through the door, so that any two stores can be compared; `compare_rows` looks into files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

import msgspec

from guantong.capture.model import Event
from guantong.store.door import EventFilter, Fact, Happening, Store, Stored

PAGE: Final = 500
"""Events or facts read at once."""
FOUND_MAX: Final = 50
"""Differences told of one kind; where there are more, the index is to be rebuilt anyway."""


EVERYTHING: Final = EventFilter()

Place = tuple[int, int]
"""Entry and position of an event."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the second index does not say what the first says."""

    where: str
    """Such as ``event 0 of entry 3``."""
    expected: str
    got: str


def differences(right: Store, other: Store, kinds: Iterable[str]) -> Iterator[Difference]:
    """Compare what two stores answer; `right` is the one that was made just now.

    Args:
        right: Made from the ledger.
        other: The one to be looked at.
        kinds: Kinds of facts that may be in them.

    Yields:
        Each difference, counts first.
    """
    counted = other.counts()
    for name, expected in sorted(right.counts().items()):
        if expected != counted.get(name):
            yield Difference(f"number of {name}", f"{expected}", f"{counted.get(name)}")
    kept = _Kept()
    yield from _events(right, other, kept)
    yield from _filtered(right, other, kept)
    yield from _classes(right, other, kept)
    for kind in sorted(kinds):
        yield from _facts(right, other, kind)


@dataclass(slots=True)
class _Kept:
    """What was met among the events, to be asked for later."""

    items: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    """By member of `EventFilter`."""

    def note(self, stored: Stored) -> None:
        """Keep what this event can be found by."""
        event = stored.event
        for name, value in (
            ("types", event.type.value),
            ("steps", event.step),
            ("dispositions", event.disposition),
            ("locations", event.read_point),
            ("locations", event.biz_location),
            ("transformation_ids", event.transformation_id),
            ("parties", stored.by),
        ):
            if value:
                self.values.setdefault(name, set()).add(value)


def _events(right: Store, other: Store, kept: _Kept) -> Iterator[Difference]:
    """Events, and the rows of their items."""
    found = 0
    ours: dict[Place, Stored] = {}
    theirs: dict[Place, Stored] = {}
    # An event that only one has moves all later ones: what has no twin yet waits for it.
    for page, twin in zip_longest(_pages(right), _pages(other), fillvalue=()):
        ours |= {(it.entry, it.position): it for it in page}
        theirs |= {(it.entry, it.position): it for it in twin}
        for stored in page:
            kept.note(stored)
        items = {item for stored in page for item in items_of(stored.event)} - kept.items
        kept.items |= items
        told = (*_matched(ours, theirs), *_rows(right, other, items), *_ids(other, page))
        for difference in told:
            found += 1
            yield difference
        if found > FOUND_MAX:
            return
    for place in sorted(ours.keys() | theirs.keys()):
        where = f"event {place[1]} of entry {place[0]}"
        yield Difference(where, _there(ours.get(place)), _there(theirs.get(place)))


def _pages(store: Store, wanted: EventFilter = EVERYTHING) -> Iterator[list[Stored]]:
    after: tuple[int, int] | None = None
    while page := store.scan_events(wanted, after=after, limit=PAGE):
        yield page
        after = page[-1].record_ms, page[-1].no


def _matched(ours: dict[Place, Stored], theirs: dict[Place, Stored]) -> Iterator[Difference]:
    """Take out the events that both have, and tell those that differ."""
    for place in sorted(ours.keys() & theirs.keys()):
        one, two = ours.pop(place), theirs.pop(place)
        if _said(one) != _said(two):
            yield Difference(f"event {place[1]} of entry {place[0]}", *_parted(one, two))


def _ids(other: Store, page: Iterable[Stored]) -> Iterator[Difference]:
    """Whether the ids of a page are known as used."""
    by: dict[str, set[str]] = {}
    for stored in page:
        if stored.event.error is None:
            by.setdefault(stored.by, set()).add(stored.event.id)
    for party, ids in sorted(by.items()):
        for unknown in sorted(ids - other.known_ids(party, ids)):
            yield Difference(f"event id {unknown} of {party}", "known", "unknown")


def _filtered(right: Store, other: Store, kept: _Kept) -> Iterator[Difference]:
    """What is found by step, place and so on: a store may know that apart from the events."""
    for name, values in sorted(kept.values.items()):
        for value in sorted(values):
            wanted = msgspec.convert({name: (value,)}, EventFilter)
            one, two = _places(right, wanted), _places(other, wanted)
            if one != two:
                yield Difference(f"events by {name} {value}", f"{len(one)}", f"{len(two)}")


def _places(store: Store, wanted: EventFilter) -> list[Place]:
    return [(it.entry, it.position) for page in _pages(store, wanted) for it in page]


def _classes(right: Store, other: Store, kept: _Kept) -> Iterator[Difference]:
    """Which items of a class there are."""
    for class_uri in sorted({item.rsplit("/", 2)[0] for item in kept.items if "/" in item}):
        one, two = list(_members(right, class_uri)), list(_members(other, class_uri))
        if one != two:
            yield Difference(f"items of {class_uri}", f"{len(one)}", f"{len(two)}")


def _members(store: Store, class_uri: str) -> Iterator[str]:
    after = ""
    while page := store.items_of(class_uri, after=after, limit=PAGE):
        yield from page
        after = page[-1]


def _there(stored: Stored | None) -> str:
    return "none" if stored is None else f"one {stored.event.type}"


def _said(stored: Stored) -> tuple[str, int, Event]:
    return stored.by, stored.record_ms, stored.event


def _parted(one: Stored, two: Stored) -> tuple[str, str]:
    """The first member in which two events differ."""
    if (one.by, one.record_ms) != (two.by, two.record_ms):
        return f"{one.by} at {one.record_ms}", f"{two.by} at {two.record_ms}"
    for name in Event.__struct_fields__:
        a, b = getattr(one.event, name), getattr(two.event, name)
        if a != b:
            return f"{name} {a}", f"{name} {b}"
    return "the same", "the same"


def _rows(right: Store, other: Store, items: set[str]) -> Iterator[Difference]:
    """The history of some items."""
    expected, got = right.rows_of(items), other.rows_of(items)
    for item in sorted(items):
        one, two = _parts(expected.get(item, ())), _parts(got.get(item, ()))
        if one != two:
            yield Difference(f"history of {item}", _first(one, two), _first(two, one))


Part = tuple[int, int, int, float | None, str]


def _parts(history: Iterable[Happening]) -> list[Part]:
    return [
        (it.stored.entry, it.stored.position, int(it.role), it.quantity, it.uom) for it in history
    ]


def _first(one: list[Part], two: list[Part]) -> str:
    """What the one has and the other has not."""
    only = [part for part in one if part not in two]
    if not only:
        return f"{len(one)} parts in events"
    entry, position, role, quantity, uom = only[0]
    amount = "" if quantity is None else f", {quantity:g} {uom}".rstrip()
    return f"role {role} in event {position} of entry {entry}{amount}"


def _facts(right: Store, other: Store, kind: str) -> Iterator[Difference]:
    """All facts of one kind."""
    expected, got = _all_facts(right, kind), _all_facts(other, kind)
    for key in sorted(expected.keys() | got.keys()):
        one, two = expected.get(key, []), got.get(key, [])
        if one != two:
            entries = {fact.entry for fact in (*one, *two)}
            shown = ", ".join(map(str, sorted(entries)))
            where = f"fact {kind} {key} of entry {shown}"
            yield Difference(where, _differing(one, two), _differing(two, one))
        elif one:
            yield from _found_by(right, other, kind, one)


def _all_facts(store: Store, kind: str) -> dict[str, list[Fact]]:
    """Facts by key; each key asked for, so that a page never ends within one."""
    found: dict[str, list[Fact]] = {}
    after = ""
    while page := store.scan_facts(kind, after=after, limit=PAGE):
        keys = list(dict.fromkeys(fact.key for fact in page))
        for fact in store.facts(kind, keys):
            if fact.key in keys:
                found.setdefault(fact.key, []).append(fact)
        after = keys[-1]
    return found


def _differing(one: list[Fact], two: list[Fact]) -> str:
    only = [fact for fact in one if fact not in two]
    return "none" if not one else f"{only[0].fields if only else len(one)}"


def _found_by(right: Store, other: Store, kind: str, facts: list[Fact]) -> Iterator[Difference]:
    """What the links of facts lead to."""
    for link in sorted({link for fact in facts for link in fact.links}):
        one, two = right.facts(kind, (link,)), other.facts(kind, (link,))
        if one != two:
            yield Difference(f"facts {kind} found by {link}", f"{len(one)}", f"{len(two)}")


def items_of(event: Event) -> Iterator[str]:
    """Every item and class an event has a part for."""
    yield from (*event.epcs, *event.child_epcs, *event.input_epcs, *event.output_epcs)
    amounts = (
        *event.quantities,
        *event.child_quantities,
        *event.input_quantities,
        *event.output_quantities,
    )
    yield from (amount.epc_class for amount in amounts)
    if event.parent:
        yield event.parent

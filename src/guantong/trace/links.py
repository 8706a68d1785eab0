"""What is one hop away from these items, upstream or downstream?

A whole frontier is answered at once: one call of the store per kind of question, however many
items ask. Relations that begin and end carry a window: a battery taken out of a bike is not in
what the bike became later.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeAlias

from guantong.capture.lots import class_of
from guantong.capture.model import Action
from guantong.store.door import Happening, Role, Stored
from guantong.trace.book import Book
from guantong.trace.containment import BONDS, moment_of
from guantong.trace.effect import Effect, effect_of
from guantong.trace.life import life_in
from guantong.trace.model import Bond, Edge, EventRef, NodeKind, Relation, Stay
from guantong.trace.names import is_many, kind_of, lots_named

Window: TypeAlias = tuple[int, int]
"""First and last millisecond, both included, in which the origin has to do with an item."""

ALWAYS: Window = (-(2**62), 2**62)
"""No restriction."""

Frontier: TypeAlias = Mapping[str, Sequence[Window]]

_RELATIONS = {Bond.PACKED: Relation.PACKED_IN, Bond.FITTED: Relation.PART_OF}

CLASS_PAGE = 1000
"""Items of a class asked for at once."""

CLASS_ITEMS_MAX = 200_000
"""How many items of a class are looked through for those of a lot."""


@dataclass(frozen=True, slots=True)
class Link:
    """One edge to follow."""

    edge: Edge
    to: str
    window: Window


class Above(NamedTuple):
    """What is one hop upstream of an item, whatever the window."""

    inputs: tuple[Link, ...]
    contents: tuple[Stay, ...]
    lots: tuple[Link, ...]
    complete: bool
    """False when something was too large to look through."""


class Links:
    """Answers hops out of one book."""

    def __init__(self, book: Book, *, packing: bool) -> None:
        """Begin.

        Args:
            book: Where to read.
            packing: Whether packing counts as provenance downstream.
        """
        self.book = book
        self.packing = packing
        self.unpacking: set[str] = set()
        """Logistic units whose content is followed downstream too."""
        self.complete = True
        """False when something was too large to look through."""

    def up(self, frontier: Frontier, room: int) -> Iterator[Link]:
        """Inputs, components, contents and lots of items that were read.

        Args:
            frontier: Items with the windows that matter.
            room: How many contents are read at most.

        Yields:
            Links to follow, some of them perhaps known already.
        """
        for item, above in self._above(frontier, room).items():
            yield from _told(above, frontier[item])

    def up_remembered(self, frontier: Frontier, room: int) -> Iterator[Link]:
        """As `up`, item by item: what was found for one is not looked for again.

        Yields:
            The same links.
        """
        for item, windows in frontier.items():
            above = self.book.remembered(("above", item, room), partial(_above_one, item, room))
            self.complete = self.complete and above.complete
            yield from _told(above, windows)

    def _above(self, items: Collection[str], room: int) -> Mapping[str, "Above"]:
        self.book.read_around(items)
        outputs = {item: self._rows(item, Role.OUTPUT) for item in items}
        joined = self._joined(outputs.values())
        packed = {item: self._additions(item) for item in items}
        wanted = {row.stored.no for rows in packed.values() for row in rows}
        wanted |= _numbers(outputs.values(), joined)
        inputs = self.book.store.inputs(wanted)
        contents = self._contents(packed, inputs, room)
        return {
            item: Above(
                tuple(self._inputs_of(item, outputs[item], inputs, joined)),
                tuple(contents.get(item, ())),
                tuple(self._lots_of(item)),
                self.complete,
            )
            for item in items
        }

    def down(self, frontier: Frontier, room: int) -> Iterator[Link]:
        """Outputs, assemblies, items of lots, and what counts of the packing.

        Args:
            frontier: Items with the windows that matter.
            room: How many contents are read at most.

        Yields:
            Links to follow, some of them perhaps known already.
        """
        self.book.read_around(frontier)
        uses = {
            item: [row for row in self._rows(item, Role.INPUT) if _is_in(row, windows)]
            for item, windows in frontier.items()
        }
        joined = self._joined(uses.values())
        outputs = self.book.store.outputs(_numbers(uses.values(), joined))
        for item, windows in frontier.items():
            yield from self._outputs_of(uses[item], outputs, joined)
            yield from self._around(item, windows)
        yield from self._unpacked([item for item in frontier if item in self.unpacking], room)
        yield from self._items_of([item for item in frontier if kind_of(item) is NodeKind.LOT])

    def _rows(self, item: str, role: Role) -> list[Happening]:
        return [row for row in self.book.counting(item) if row.role == role]

    def _additions(self, item: str) -> list[Happening]:
        """Events that put something into the item."""
        rows = self._rows(item, Role.PARENT)
        return [row for row in rows if row.stored.event.action is Action.ADD]

    def _joined(self, rows: Iterable[list[Happening]]) -> Mapping[str, list[Stored]]:
        ids = {row.stored.event.transformation_id for some in rows for row in some}
        return self.book.transformations(ids)

    def _inputs_of(
        self,
        item: str,
        outputs: list[Happening],
        inputs: Mapping[int, list[Happening]],
        joined: Mapping[str, list[Stored]],
    ) -> Iterator[Link]:
        for made in _first_per_batch(outputs):
            used = _batch_rows(made.stored, inputs, joined, Role.INPUT)
            for row in _summed(used):
                moment = moment_of(row.stored)[0]
                yield Link(_made_into(row, item, made.stored), row.item, (moment, moment))

    def _outputs_of(
        self,
        uses: list[Happening],
        outputs: Mapping[int, list[Happening]],
        joined: Mapping[str, list[Stored]],
    ) -> Iterator[Link]:
        for used in _summed(uses):
            made = _batch_rows(used.stored, outputs, joined, Role.OUTPUT)
            for row in _first_per_item(made):
                yield Link(_made_into(used, row.item, row.stored), row.item, ALWAYS)

    def _contents(
        self,
        packed: Mapping[str, list[Happening]],
        inputs: Mapping[int, list[Happening]],
        room: int,
    ) -> Mapping[str, list[Stay]]:
        """By container or assembly: the stays of what was ever put into it."""
        children = {
            row.item
            for rows in packed.values()
            for added in rows
            for row in inputs.get(added.stored.no, ())
            if row.role == Role.CHILD
        }
        if len(children) > room:
            self.complete = False
        chosen = sorted(children)[:room]
        self.book.read_around(chosen)
        found: dict[str, list[Stay]] = {}
        for child in chosen:
            for stay in self.book.resolved(child).stays:
                if stay.parent in packed:
                    found.setdefault(stay.parent, []).append(stay)
        return found

    def _lots_of(self, item: str) -> Iterator[Link]:
        if not is_many(item):
            for row in _births(self.book.counting(item)):
                for lot in lots_named(item, row.stored):
                    yield Link(_lot_of(lot, item, row.stored), lot, ALWAYS)

    def _around(self, item: str, windows: Sequence[Window]) -> Iterator[Link]:
        """Assemblies; packing when asked for, or when it was used up as a whole."""
        stays = self.book.resolved(item).stays
        packs = [stay for stay in stays if stay.bond is Bond.PACKED]
        if packs and not self.packing:
            ends = [step for step in life_in(self.book, item).standing if step.role is Role.INPUT]
            used = [(step.via[0], step.moment) for step in ends if step.via]
            packs = [
                stay
                for stay in packs
                if any(via == stay.parent and stay.spans(moment) for via, moment in used)
            ]
        fitted = [stay for stay in stays if stay.bond is Bond.FITTED]
        for link in _within([*fitted, *packs], windows):
            yield replace(link, to=link.edge.target)

    def _unpacked(self, units: list[str], room: int) -> Iterator[Link]:
        packed = {item: self._additions(item) for item in units}
        numbers = {row.stored.no for rows in packed.values() for row in rows}
        contents = self._contents(packed, self.book.store.inputs(numbers), room)
        for stays in contents.values():
            for stay in stays:
                if kind_of(stay.child) is NodeKind.CONTAINER:
                    self.unpacking.add(stay.child)
                yield Link(edge_of(stay), stay.child, ALWAYS)

    def _items_of(self, lots: list[str]) -> Iterator[Link]:
        """Items whose making names one of these lots; looks through their classes."""
        by_class: dict[str, set[str]] = {}
        for lot in lots:
            if of_class := class_of(lot):
                by_class.setdefault(of_class, set()).add(lot)
        for of_class, wanted in sorted(by_class.items()):
            for item, rows in self._serials(of_class):
                for row in _births(rows):
                    for lot in wanted.intersection(lots_named(item, row.stored)):
                        yield Link(_lot_of(lot, item, row.stored), item, ALWAYS)

    def _serials(self, of_class: str) -> Iterator[tuple[str, list[Happening]]]:
        """Items of a class with their rows that count, page by page."""
        after, seen = "", 0
        while seen < CLASS_ITEMS_MAX:
            page = self.book.store.items_of(
                of_class, after=after, limit=CLASS_PAGE, as_of=self.book.as_of
            )
            if not page:
                return
            reader = self.book.sibling()
            reader.read(item for item in page if not is_many(item))
            yield from ((item, reader.counting(item)) for item in page)
            after, seen = page[-1], seen + len(page)
        self.complete = False


def _above_one(item: str, room: int, book: Book) -> Above:
    # What a lot was used for, by the thousand, says nothing of what it was made of; of what holds
    # or is part of others it may tell when that ended.
    book = book.sibling(used=False) if is_many(item) else book
    return Links(book, packing=False)._above((item,), room)[item]  # noqa: SLF001  # of this file


def _told(above: Above, windows: Sequence[Window]) -> Iterator[Link]:
    yield from above.inputs
    yield from _within(above.contents, windows)
    yield from above.lots


def edge_of(stay: Stay) -> Edge:
    """A stay as an edge from the child to what it is inside of."""
    return Edge(
        stay.child,
        stay.parent,
        _RELATIONS[stay.bond],
        stay.since[0],
        EventRef.of(stay.opened),
        until_ms=stay.until[0] if stay.until else None,
        other=EventRef.of(stay.closed) if stay.closed else None,
        quantity=stay.quantity,
        uom=stay.uom,
    )


def _within(stays: Iterable[Stay], windows: Sequence[Window]) -> Iterator[Link]:
    """Links to the children of stays that overlap a window, restricted to the overlap."""
    for stay in stays:
        end = stay.until[0] if stay.until else ALWAYS[1]
        for since, until in windows:
            met = max(since, stay.since[0]), min(until, end)
            if met[0] <= met[1]:
                yield Link(edge_of(stay), stay.child, met)


def _is_in(row: Happening, windows: Sequence[Window]) -> bool:
    at_ms = row.stored.event.time_ms
    return any(since <= at_ms <= until for since, until in windows)


def _numbers(rows: Iterable[list[Happening]], joined: Mapping[str, list[Stored]]) -> set[int]:
    own = {row.stored.no for some in rows for row in some}
    return own | {stored.no for some in joined.values() for stored in some}


def _batch_rows(
    stored: Stored,
    rows: Mapping[int, list[Happening]],
    joined: Mapping[str, list[Stored]],
    role: Role,
) -> list[Happening]:
    """Rows of one role in a transformation, which may be spread over several events."""
    batch = joined.get(stored.event.transformation_id, [])
    numbers = sorted({stored.no, *(other.no for other in batch)})
    found = [row for number in numbers for row in rows.get(number, ()) if row.role == role]
    return sorted(found, key=lambda row: moment_of(row.stored))


def _first_per_batch(outputs: Iterable[Happening]) -> Iterator[Happening]:
    """One row for each transformation that made the item."""
    seen: set[str | int] = set()
    for row in outputs:
        batch = row.stored.event.transformation_id or row.stored.no
        if batch not in seen:
            seen.add(batch)
            yield row


def _first_per_item(rows: Iterable[Happening]) -> Iterator[Happening]:
    seen: set[str] = set()
    for row in rows:
        if row.item not in seen:
            seen.add(row.item)
            yield row


def _summed(rows: Collection[Happening]) -> Iterator[Happening]:
    """Rows with the amounts of one item in one event added up, per unit."""
    sums: dict[tuple[str, int, str], Happening] = {}
    for row in rows:
        key = (row.item, row.stored.no, row.uom)
        known = sums.get(key)
        if known is not None:
            both = known.quantity is not None and row.quantity is not None
            total = (known.quantity or 0) + (row.quantity or 0) if both else None
            row = Happening(row.item, row.role, total, row.uom, row.stored)
        sums[key] = row
    yield from sums.values()


def _made_into(used: Happening, target: str, made: Stored) -> Edge:
    other = EventRef.of(made) if made.no != used.stored.no else None
    return Edge(
        used.item,
        target,
        Relation.MADE_INTO,
        made.event.time_ms,
        EventRef.of(used.stored),
        other=other,
        quantity=used.quantity,
        uom=used.uom,
    )


def _lot_of(lot: str, item: str, stored: Stored) -> Edge:
    return Edge(lot, item, Relation.LOT_OF, stored.event.time_ms, EventRef.of(stored))


def _births(rows: Iterable[Happening]) -> Iterator[Happening]:
    for row in rows:
        if row.stored.event.type not in BONDS and effect_of(row.stored, row.role) is Effect.BIRTH:
            yield row

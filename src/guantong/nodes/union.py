"""How do several nodes answer as one store? The door that walks and scopes ask, over all of them.

Each call that reads is one round: all nodes are asked for the same ranges at once, each answers for
its own position, and what they say is joined. Numbers of items, events and texts are given here.
What no node said is not invented: a node that is lost is lost for the rest of the question.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.capture.lots import class_of
from guantong.capture.table import CHILD, EPC, INPUT, OUTPUT, PARENT, ends_of
from guantong.nodes import wire
from guantong.nodes.faults import NodesError
from guantong.nodes.numbers import Arrivals, Items, Runs, Terms
from guantong.nodes.panel import Panel
from guantong.store import EventFilter, Fact, Happening, Role, Stored
from guantong.store.columns import Flag, Ranges, Rows, Span, distinct
from guantong.trace.model import NodeKind
from guantong.trace.names import kind_of

Ints: TypeAlias = NDArray[np.int64]
Filing: TypeAlias = tuple[str, Fact]
"""A kind, and a fact of it."""

Received: TypeAlias = tuple[int, int, int]
"""When, by which node, in which entry."""

NAMED: Final = ("by", "read_point", "biz_location")
"""Columns whose texts name firms and places."""


class Union:
    """The doors of `guantong.store.door.Histories` and `guantong.store.columns` over a panel."""

    def __init__(self, panel: Panel) -> None:
        """Nothing is read yet; the panel has begun."""
        self._panel = panel
        self._items = Items()
        self._arrivals = Arrivals()
        self._terms = Terms()
        self._joining: dict[int, str] = {}
        """transformationID of events that have one, "" while it was not asked for."""
        self._withdrawals: dict[int, tuple[int, ...]] = {}
        self._events: dict[int, Stored] = {}
        self._lots: dict[str, None] = {}
        self._names: dict[str, None] = {}
        """Firms and places that were mentioned, in order of first sight."""
        self._filed: dict[str, list[tuple[Received, Filing]]] = {}
        """What was filed under a key."""
        self._listed: tuple[tuple[str, ...], list[str]] = (), []

    @property
    def projected_size(self) -> int:
        """Ledger entries of all nodes together that it rests on."""
        return sum(position.size for position in self._panel.positions.values())

    def _told(
        self, answers: Mapping[int, bytes], read: Callable[[int, bytes], Rows | None]
    ) -> list[Rows]:
        """What nodes said, read; a node whose answer can not be read is lost."""
        found: list[Rows] = [Rows.none()]
        for node, data in answers.items():
            try:
                with wire.sound():
                    rows = read(node, data)
            except NodesError as error:
                self._panel.lost(node, error)
                continue
            if rows is not None:
                found.append(rows)
        return found

    # In bulk

    def numbers(self, items: Sequence[str]) -> Ints:
        """A number for each item; of one that stands in no event as well."""
        return self._items.of_texts(items)

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""
        return self._items.texts(numbers)

    def spans(self, ranges: Ranges) -> list[Span]:
        """The same items as they are told outside, in the order of their numbers."""
        return self._items.runs(ranges).spans()

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """The same items by what their URIs begin with, "" for those that have no serial."""
        return self._items.headed(ranges)

    def term(self, number: int) -> str:
        """The text of a term."""
        return self._terms.text(number)

    def rows_in(self, ranges: Ranges, *, as_of: int | None = None) -> Rows:
        """All rows of these items, as of the positions of the nodes, whatever `as_of`."""
        del as_of
        if not ranges.size():
            return Rows.none()
        runs = wire.packed_runs(self._items.runs(ranges))
        return Rows.joined(self._told(self._panel.all(wire.RowsIn(runs)), self._rows))

    def rows_of_events(
        self, events: Ints, roles: Collection[int], *, as_of: int | None = None
    ) -> Rows:
        """All rows of these events in one of these roles."""
        del as_of
        answers = self._panel.each(
            {
                node: wire.RowsOf(wire.packed(there), tuple(roles))
                for node, there in self._by_node(events)
            }
        )
        return Rows.joined(self._told(answers, self._rows))

    def _by_node(self, events: Ints) -> Iterator[tuple[int, Ints]]:
        """Nodes with the numbers that some of these events have there."""
        events = distinct(np.asarray(events, np.int64))
        nodes = self._arrivals.node_of(events)
        for node in np.unique(nodes).tolist():
            yield node, np.sort(self._arrivals.there(events[nodes == node]))

    def _rows(self, node: int, data: bytes) -> Rows:
        """Rows as a node told them, under our numbers. Raises NodesError."""
        read = wire.read_rows(data)
        terms = self._terms.numbers(read.terms)
        columns = {name: read.of_events[name] for name in wire.PLAIN}
        columns |= {name: terms[read.of_events[name]] for name in wire.TERMS}
        columns["event"] = self._arrivals.numbered(node, columns["event"], columns["record_ms"])
        self._note(columns)
        run, item, count = self._items.placed(read.runs)
        event = read.event[run]
        return Rows(
            item=item,
            count=count,
            role=read.role[run],
            quantity=read.quantity[run],
            uom=terms[read.uom[run]],
            **{name: column[event] for name, column in columns.items()},
        )

    def _note(self, columns: Mapping[str, Ints]) -> None:
        """Remember who is named, and which events belong to others."""
        for event in columns["event"][(columns["flags"] & Flag.JOINED) > 0].tolist():
            self._joining.setdefault(event, "")
        for name in NAMED:
            self._name(self._terms.text(term) for term in distinct(columns[name]).tolist())
        for term in distinct(columns["ends"]).tolist():
            for ends in ends_of(self._terms.text(term)):
                self._name(end.value for end in ends)

    def _name(self, names: Iterable[str]) -> None:
        self._names |= dict.fromkeys(name for name in names if name)

    def joined_events(self, events: Ints, *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (event, other event of the same transformationID), itself included."""
        del as_of
        mine = [event for event in distinct(events).tolist() if event in self._joining]
        self._read_joining([event for event in mine if not self._joining[event]])
        wanted: dict[str, list[int]] = {}
        for event in mine:
            wanted.setdefault(self._joining[event], []).append(event)
        ids = tuple(text for text in wanted if text)
        pairs = [
            (event, other)
            for place, other in self._references(wire.Joined(ids) if ids else None)
            for event in wanted[ids[place]]
        ]
        found = np.array(pairs, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def _read_joining(self, events: Sequence[int]) -> None:
        questions = {
            node: wire.Joining(wire.packed(there))
            for node, there in self._by_node(np.array(events, np.int64))
        }
        own = {(node, no): one for one in events for node, no in [self._there(one)]}

        def read(node: int, data: bytes) -> None:
            for no, text in wire.decoded(data, list[tuple[int, str]]):
                if (node, no) in own:
                    self._joining[own[node, no]] = text

        self._told(self._panel.each(questions), read)

    def _there(self, event: int) -> tuple[int, int]:
        """The node of an event, and its number there."""
        one = np.array([event], np.int64)
        return int(self._arrivals.node_of(one)[0]), int(self._arrivals.there(one)[0])

    def _references(self, question: wire.Question | None) -> list[tuple[int, int]]:
        """Places and events that nodes refer to."""
        pairs: list[tuple[int, int]] = []

        def read(node: int, data: bytes) -> None:
            place, no, record_ms = wire.read_references(data)
            numbers = self._arrivals.numbered(node, no, record_ms)
            pairs.extend(zip(place.tolist(), numbers.tolist(), strict=True))

        if question is not None:
            self._told(self._panel.all(question), read)
        return pairs

    def withdrawn_events(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""
        declared = distinct(rows.event[(rows.flags & Flag.ERROR) > 0]).tolist()
        self._read_withdrawals([one for one in declared if one not in self._withdrawals])
        gone = [event for one in declared for event in self._withdrawals.get(one, (one,))]
        found = distinct(np.array(gone, np.int64))
        return found[np.isin(found, rows.event)]

    def _read_withdrawals(self, declared: Sequence[int]) -> None:
        """What declarations withdraw, in whatever node it was captured."""
        questions = {
            node: wire.Declared(wire.packed(there))
            for node, there in self._by_node(np.array(declared, np.int64))
        }
        own = {(node, no): one for one in declared for node, no in [self._there(one)]}
        by_name: dict[tuple[str, str], list[int]] = {}

        def read(node: int, data: bytes) -> None:
            for no, by, event_id in wire.decoded(data, list[tuple[int, str, str]]):
                if (node, no) in own:
                    by_name.setdefault((by, event_id), []).append(own[node, no])

        self._told(self._panel.each(questions), read)
        earlier: dict[int, list[int]] = {one: [one] for one in declared}
        names = tuple(by_name)
        for place, event in self._references(wire.Captured(names) if names else None):
            for declaration in by_name[names[place]]:
                if event < declaration:
                    earlier[declaration].append(event)
        self._withdrawals |= {one: tuple(events) for one, events in earlier.items()}

    def lot_events(self, lots: Sequence[str], *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (position in `lots`, event whose master data name that lot)."""
        del as_of
        pairs = self._references(wire.OfLots(tuple(lots)) if lots else None)
        found = np.array(pairs, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def labelled(self, lots: Sequence[str]) -> list[Span]:
        """Items whose codes were issued as of some lots."""
        found: list[Span] = []

        def read(_: int, data: bytes) -> None:
            found.extend(wire.runs_of(data).spans())

        if lots:
            self._told(self._panel.all(wire.Labelled(tuple(lots))), read)
        return found

    def recorded(self, spans: Sequence[Span]) -> list[Span]:
        """Those of some items that stand in an event."""
        _, item, count = self._items.placed(Runs.of_spans(spans))
        rows = self.rows_in(Ranges.of(item, count))
        return self.spans(Ranges.of(rows.item, rows.count))

    def node_of(self, event: int) -> int:
        """The place of the node that has an event."""
        return self._there(event)[0]

    # Item by item

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None, used: bool = True
    ) -> Mapping[str, list[Happening]]:
        """Every part items took in events, by event time, arrival breaking ties."""
        wanted = list(dict.fromkeys(items))
        self._lots |= dict.fromkeys(one for one in wanted if kind_of(one) is NodeKind.LOT)
        rows = self.rows_in(Ranges.of_numbers(distinct(self.numbers(wanted))), as_of=as_of)
        rows = rows if used else rows.take(rows.role != INPUT)
        order = np.lexsort((rows.role, rows.event, rows.time_ms))
        found: dict[str, list[Happening]] = {}
        for happening in self._happenings(rows.take(order)):
            found.setdefault(happening.item, []).append(happening)
        return found

    def inputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role INPUT or CHILD."""
        return self._by_event(events, (INPUT, CHILD))

    def outputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role OUTPUT or PARENT."""
        return self._by_event(events, (OUTPUT, PARENT))

    def _by_event(
        self, events: Collection[int], roles: Collection[int]
    ) -> Mapping[int, list[Happening]]:
        rows = self.rows_of_events(np.array(sorted(events), np.int64), roles)
        found: dict[int, list[Happening]] = {}
        for happening in self._happenings(rows):
            found.setdefault(happening.stored.no, []).append(happening)
        return found

    def _happenings(self, rows: Rows) -> Iterator[Happening]:
        """Rows item by item, with their events."""
        self._read_events(distinct(rows.event))
        columns = (rows.item, rows.count, rows.event, rows.role, rows.quantity, rows.uom)
        for item, count, event, role, quantity, uom in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            stored = self._events.get(event)
            if stored is None:  # its node was lost meanwhile
                continue
            much = None if np.isnan(quantity) else quantity
            unit = self._terms.text(uom)
            for text in self._items.texts(np.arange(item, item + count)):
                yield Happening(text, Role(role), much, unit, stored)

    def _read_events(self, events: Ints) -> None:
        """Read events that were not read yet."""
        left = np.array([one for one in events.tolist() if one not in self._events], np.int64)
        questions = {node: wire.Events(wire.packed(there)) for node, there in self._by_node(left)}

        def read(node: int, data: bytes) -> None:
            found = wire.read_events(data)
            no = np.array([one.no for one in found], np.int64)
            received = np.array([one.record_ms for one in found], np.int64)
            numbers = self._arrivals.numbered(node, no, received).tolist()
            for number, one in zip(numbers, found, strict=True):
                self._events[number] = msgspec.structs.replace(one, no=number)

        self._told(self._panel.each(questions), read)

    def scan_events(
        self,
        wanted: EventFilter,
        *,
        after: tuple[int, int] | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> list[Stored]:
        """Events with one of some transformationIDs, which is all that a walk asks for."""
        del as_of
        ids = wanted.transformation_ids
        numbers = {event for _, event in self._references(wire.Joined(ids) if ids else None)}
        self._read_events(np.array(sorted(numbers), np.int64))
        known = [self._events[one] for one in numbers if one in self._events]
        keyed = sorted(((one.record_ms, one.no), one.no) for one in known)
        return [self._events[no] for key, no in keyed if after is None or key > after][:limit]

    def items_of(
        self, class_uri: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[str]:
        """Items of a class whose making may name a lot that was read: all that a walk asks for."""
        del as_of
        lots = tuple(lot for lot in self._lots if class_of(lot) == class_uri)
        if self._listed[0] != lots:
            self._listed = lots, self._made_as(lots, class_uri)
        listed = self._listed[1]
        return listed[bisect_right(listed, after) :][:limit]

    def _made_as(self, lots: Sequence[str], class_uri: str) -> list[str]:
        """Items of a class in the events that name some lots, in text order."""
        _, events = self.lot_events(lots)
        rows = self.rows_of_events(events, (EPC, OUTPUT))
        spans = self.spans(Ranges.of(rows.item, rows.count))
        of_class = [span for span in spans if class_of(span.example) == class_uri]
        return sorted(text for span in of_class for text in span.texts())

    # Facts

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, as they were received."""
        del as_of
        self._name(keys)
        self._read_filings()
        found: list[tuple[Received, Fact]] = []
        for key in keys:
            for when, (said, fact) in self._filed.get(key, ()):
                if said == kind and (when, fact) not in found:
                    found.append((when, fact))
        return [fact for _, fact in sorted(found, key=itemgetter(0))]

    def _read_filings(self) -> None:
        """Ask about all firms and places that were mentioned, and whom that mentions, together."""
        while left := [name for name in self._names if name not in self._filed]:
            self._filed |= {name: [] for name in left}
            self._told(self._panel.all(wire.Filings(tuple(left))), self._keep_filings)

    def _keep_filings(self, node: int, data: bytes) -> None:
        for filing in wire.decoded(data, list[Filing]):
            _, fact = filing
            when = fact.received_ms, node, fact.entry
            for key in {fact.key, *fact.links}:
                kept = self._filed.get(key)
                if kept is not None and (when, filing) not in kept:
                    kept.append((when, filing))
            owner = fact.fields.get("firm")
            self._name([fact.key, *([owner] if isinstance(owner, str) else [])])

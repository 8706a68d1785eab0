"""The plain row store: one row per item and event, in SQLite.

Slow and obvious on purpose: it is the oracle a faster store is compared with. Text keys, no
state table, few indexes. The file is an index over the ledger, so ``synchronous=NORMAL`` is
right: what a power cut takes is replayed from the ledger.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import Self

import msgspec

from guantong.capture.model import Event, Quantity
from guantong.errors import fault
from guantong.store import facts
from guantong.store.door import (
    EventFilter,
    Fact,
    Fault,
    Happening,
    Indexed,
    Role,
    Stored,
    StoreError,
)
from guantong.store.engine import bound, marks
from guantong.store.recall import Reached
from guantong.store.sqlite import File, open_index, slices

VERSION = 3
"""Layout of the file; another number means: drop it and rebuild."""

ROWS_AT_ONCE = (500, 50, 5, 1)
"""Rows inserted by one statement; few sizes, so that compiled statements are used again."""

AFTER_ANY = "\U0010ffff"
"""Sorts after every character of a URI: the end of a text prefix."""

SCHEMA = """
CREATE TABLE event(
  no INTEGER PRIMARY KEY, entry INTEGER NOT NULL, position INTEGER NOT NULL, by TEXT NOT NULL,
  record_ms INTEGER NOT NULL, time_ms INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
  step TEXT NOT NULL, disposition TEXT NOT NULL, read_point TEXT NOT NULL,
  biz_location TEXT NOT NULL, transformation_id TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX event_id ON event(id);
CREATE INDEX event_record ON event(record_ms, no);
CREATE INDEX event_transformation ON event(transformation_id) WHERE transformation_id <> '';
CREATE TABLE row(
  item TEXT NOT NULL, event INTEGER NOT NULL, role INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  quantity REAL, uom TEXT NOT NULL,
  PRIMARY KEY(item, event, role, ordinal)) WITHOUT ROWID;
CREATE TABLE progress(one INTEGER PRIMARY KEY CHECK(one = 1), projected_size INTEGER NOT NULL);
INSERT INTO progress VALUES(1, 0);
"""

EVENT_COLUMNS = "no, entry, position, by, record_ms, body"

_event_bytes = msgspec.msgpack.Encoder().encode
_event_of = msgspec.msgpack.Decoder(Event).decode

ItemRow = tuple[str, int, int, int, float | None, str]


class RowStore:
    """The door of `guantong.store.door.Store` over one SQLite file."""

    def __init__(self, db: File) -> None:
        self._db = db
        self._facts = facts.Facts(db)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open the index file, making an empty one if there is none; see `open_index`."""
        return cls(open_index(path, SCHEMA + facts.SCHEMA, VERSION, read_only=read_only))

    def still(self) -> AbstractContextManager[None]:
        """Everything read inside stands as of one moment, whatever others write meanwhile."""
        return self._db.snapshot()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def projected_size(self) -> int:
        """How many ledger entries are in the index."""
        size = self._db.execute("SELECT projected_size FROM progress").fetchone()[0]
        return int(size)

    @property
    def reached(self) -> Reached:
        """How far it goes: entries, last event and last fact, in one look."""
        sql = "SELECT projected_size, (SELECT coalesce(max(no), 0) FROM event) FROM progress"
        with self._db.snapshot():
            size, event = self._db.execute(sql).fetchone()
            return Reached(size, event, self._facts.last_number())

    def facts_after(self, number: int, *, without: Collection[str]) -> list[Fact]:
        """Facts with a greater number, but not of these kinds."""
        return self._facts.after(number, without)

    def touched(self, items: Collection[str], *, after: int) -> bool:
        """Whether any of these items takes part in an event with a greater number."""
        sql = "SELECT 1 FROM row WHERE item IN ({}) AND event > ? LIMIT 1"
        return any(
            self._db.execute(sql.format(marks(part)), (*part, after)).fetchone()
            for part in slices(tuple(items))
        )

    @property
    def last_said(self) -> tuple[int, str, int] | None:
        """Ledger index, party and record time of the last entry that left something here.

        By it an index is recognised as that of a ledger; None while it holds nothing.
        """
        sql = (
            "SELECT * FROM (SELECT entry, by, record_ms FROM event ORDER BY no DESC LIMIT 1) "
            "UNION ALL "
            "SELECT * FROM (SELECT entry, by, received_ms FROM fact ORDER BY no DESC LIMIT 1)"
        )
        return max(self._db.execute(sql).fetchall(), default=None)

    def append(self, documents: Sequence[Indexed]) -> None:
        """Index these entries in one transaction, together with the new `projected_size`.

        Args:
            documents: In ledger order, the first one at `projected_size`.

        Raises:
            StoreError: if an entry is missing or comes twice, or the disk is full; nothing is
                stored then.
        """
        with self._db.transaction():
            self._insert(documents)

    def _insert(self, documents: Sequence[Indexed]) -> None:
        db, size = self._db, self.projected_size
        no = db.execute("SELECT coalesce(max(no), 0) FROM event").fetchone()[0]
        events: list[tuple[object, ...]] = []
        rows: list[ItemRow] = []
        for document in documents:
            if document.entry != size:
                raise StoreError(fault(Fault.GAP, expected=f"entry {size}", got=document.entry))
            size += 1
            listed = document.as_events()
            positions = document.positions or range(len(listed))
            for position, event in zip(positions, listed, strict=True):
                no += 1
                events.append(_event_row(no, document, position, event))
                rows += _item_rows(no, event)
            self._facts.add((document,))
        self._insert_rows("event", events)
        # Sorted: neighbours in the b-tree are written together.
        rows.sort(key=_item_of)
        self._insert_rows("row", rows)
        db.execute("UPDATE progress SET projected_size = ?", (size,))

    def _insert_rows(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Insert many rows with few statements.

        Python gives up its lock for each step of SQLite and must win it back from whoever is
        reading documents meanwhile; one step for hundreds of rows makes that cheap.
        """
        start = 0
        for size in ROWS_AT_ONCE:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                groups = ",".join([f"({marks(part[0])})"] * size)
                values = tuple(chain.from_iterable(part))
                self._db.execute(f"INSERT INTO {table} VALUES{groups}", values)
                start += size

    def history(self, item: str, *, as_of: int | None = None) -> list[Happening]:
        """Every part an item took in an event, by event time, arrival breaking ties."""
        return self.rows_of((item,), as_of=as_of).get(item, [])

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None, used: bool = True
    ) -> Mapping[str, list[Happening]]:
        """`history` of many items at once; items without any have no key."""
        found: dict[str, list[Happening]] = {}
        for part in slices(sorted(set(items))):
            for happening in self._happenings(f"item IN ({marks(part)})", part, as_of):
                if used or happening.role is not Role.INPUT:
                    found.setdefault(happening.item, []).append(happening)
        return found

    def inputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role INPUT or CHILD."""
        return self._by_event(events, (Role.INPUT, Role.CHILD))

    def outputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role OUTPUT or PARENT."""
        return self._by_event(events, (Role.OUTPUT, Role.PARENT))

    def _by_event(
        self, events: Collection[int], roles: tuple[Role, Role]
    ) -> Mapping[int, list[Happening]]:
        # The event tells all its rows: an index by event would cost as much as the rows.
        found: dict[int, list[Happening]] = {}
        for no, stored in self._events(set(events), None).items():
            rows = [row for row in _item_rows(no, stored.event) if row[2] in roles]
            if rows:
                found[no] = [
                    Happening(item, Role(role), quantity, uom, stored)
                    for item, _, role, _, quantity, uom in rows
                ]
        return found

    def _happenings(
        self, where: str, values: Sequence[object], as_of: int | None
    ) -> list[Happening]:
        """Rows with their events, in order; each event is read and decoded once."""
        sql = f"SELECT item, event, role, ordinal, quantity, uom FROM row WHERE {where}"
        rows = self._db.execute(sql, tuple(values)).fetchall()
        events = self._events({row[1] for row in rows}, as_of)
        found = [
            (
                events[event],
                role,
                ordinal,
                Happening(item, Role(role), quantity, uom, events[event]),
            )
            for item, event, role, ordinal, quantity, uom in rows
            if event in events
        ]
        found.sort(key=_moment_of)
        return [happening for *_, happening in found]

    def _events(self, numbers: Collection[int], as_of: int | None) -> dict[int, Stored]:
        """Events by number, those of the first `as_of` entries."""
        found: dict[int, Stored] = {}
        for part in slices(sorted(numbers)):
            sql = f"SELECT {EVENT_COLUMNS} FROM event WHERE no IN ({marks(part)}) AND entry < ?"
            for columns in self._db.execute(sql, (*part, bound(as_of))):
                found[columns[0]] = _stored(columns)
        return found

    def scan_events(
        self,
        wanted: EventFilter,
        *,
        after: tuple[int, int] | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> list[Stored]:
        """Events by (record time, number), from just after the key `after`, at most `limit`."""
        where, values = _conditions(wanted)
        where.append("entry < ?")
        values.append(bound(as_of))
        if after is not None:
            where.append("(record_ms, no) > (?, ?)")
            values += after
        sql = (
            f"SELECT {EVENT_COLUMNS} FROM event WHERE {' AND '.join(where)} "
            "ORDER BY record_ms, no LIMIT ?"
        )
        return [_stored(columns) for columns in self._db.execute(sql, (*values, limit))]

    def items_of(
        self, class_uri: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[str]:
        """Items and lots of a class seen in any event, in text order from just after `after`."""
        sql = (
            "SELECT DISTINCT item FROM row JOIN event ON event.no = row.event "
            "WHERE item > ? AND item < ? AND entry < ? ORDER BY item LIMIT ?"
        )
        low = max(after, f"{class_uri}/")
        values = (low, f"{class_uri}/{AFTER_ANY}", bound(as_of), limit)
        return [item for (item,) in self._db.execute(sql, values)]

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""
        return self._facts.find(kind, keys, as_of)

    def fact_kinds(self) -> list[str]:
        """Kinds of which there are facts, in text order."""
        return self._facts.kinds()

    def scan_facts(
        self, kind: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""
        return self._facts.scan(kind, after, limit, as_of)

    def known_ids(self, by: str, ids: Collection[str]) -> set[str]:
        """Which of these event ids this party has already captured."""
        known: set[str] = set()
        for part in slices(list(ids)):
            sql = f"SELECT id FROM event WHERE id IN ({marks(part)}) AND by = ?"
            known.update(found for (found,) in self._db.execute(sql, (*part, by)))
        return known

    def known_among(self, wanted: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """As `known_ids` for several parties at once."""
        return {by: self.known_ids(by, ids) for by, ids in wanted.items()}

    def counts(self) -> dict[str, int]:
        """``entries``, ``events``, ``rows``, ``facts`` in the index."""
        counted = {"entries": self.projected_size}
        for name, table in (("events", "event"), ("rows", "row"), ("facts", "fact")):
            counted[name] = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return counted

    def compact(self) -> None:
        """Fold the write-ahead log into the file and refresh the planner's statistics.

        Raises:
            StoreError: if the disk does not let it; nothing is lost by that.
        """
        self._db.fold()


def _event_row(no: int, document: Indexed, position: int, event: Event) -> tuple[object, ...]:
    return (
        no,
        document.entry,
        position,
        document.by,
        document.received_ms,
        event.time_ms,
        event.id,
        event.type.value,
        event.step,
        event.disposition,
        event.read_point,
        event.biz_location,
        event.transformation_id,
        _event_bytes(event),
    )


def _item_rows(no: int, event: Event) -> Iterator[ItemRow]:
    """One row per item and role; `ordinal` lets an item stand twice in one list."""
    parts: tuple[tuple[Role, tuple[str, ...], tuple[Quantity, ...]], ...] = (
        (Role.EPC, event.epcs, event.quantities),
        (Role.PARENT, (event.parent,) if event.parent else (), ()),
        (Role.CHILD, event.child_epcs, event.child_quantities),
        (Role.INPUT, event.input_epcs, event.input_quantities),
        (Role.OUTPUT, event.output_epcs, event.output_quantities),
    )
    for role, epcs, quantities in parts:
        ordinal = 0
        for ordinal, epc in enumerate(epcs, 1):
            yield epc, no, role.value, ordinal, None, ""
        for number, some in enumerate(quantities, ordinal + 1):
            yield some.epc_class, no, role.value, number, some.quantity, some.uom


def _item_of(row: ItemRow) -> tuple[str, int]:
    return row[0], row[1]


def _moment_of(found: tuple[Stored, int, int, Happening]) -> tuple[int, int, int, int]:
    stored, role, ordinal, _ = found
    return stored.event.time_ms, stored.no, role, ordinal


def _stored(columns: Sequence[object]) -> Stored:
    no, entry, position, by, record_ms, body = columns
    return Stored(no, entry, position, by, record_ms, _event_of(body))  # type: ignore[arg-type]


def _conditions(wanted: EventFilter) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []
    lists = (
        ("type", wanted.types),
        ("step", wanted.steps),
        ("disposition", wanted.dispositions),
        ("id", wanted.ids),
        ("transformation_id", wanted.transformation_ids),
        ("by", wanted.parties),
    )
    for column, options in lists:
        if options:
            where.append(f"{column} IN ({marks(options)})")
            values += options
    if wanted.locations:
        listed = marks(wanted.locations)
        where.append(f"(read_point IN ({listed}) OR biz_location IN ({listed}))")
        values += wanted.locations * 2
    for texts in wanted.mentions:
        where.append(f"({' OR '.join(['instr(body, ?) > 0'] * len(texts))})")
        values += [text.encode() for text in texts]
    if wanted.time_from_ms is not None:
        where.append("time_ms >= ?")
        values.append(wanted.time_from_ms)
    if wanted.time_to_ms is not None:
        where.append("time_ms < ?")
        values.append(wanted.time_to_ms)
    return where, values

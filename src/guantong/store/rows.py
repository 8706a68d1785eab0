"""The plain row store: one row per item and event, in SQLite.

Slow and obvious on purpose: it is the oracle a faster store is compared with. Text keys, no
state table, few indexes. The file is an index over the ledger, so ``synchronous=NORMAL`` is
right: what a power cut takes is replayed from the ledger.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from guantong.capture.model import Event, Quantity
from guantong.errors import fault
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

VERSION = 2
"""Layout of the file; another number means: drop it and rebuild."""

BATCH = 500
"""Values bound in one IN list; far below SQLite's limit."""

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
CREATE TABLE fact(
  no INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, entry INTEGER NOT NULL,
  by TEXT NOT NULL, received_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX fact_key ON fact(kind, key, no);
CREATE TABLE fact_link(
  kind TEXT NOT NULL, link TEXT NOT NULL, fact INTEGER NOT NULL,
  PRIMARY KEY(kind, link, fact)) WITHOUT ROWID;
CREATE TABLE progress(one INTEGER PRIMARY KEY CHECK(one = 1), projected_size INTEGER NOT NULL);
INSERT INTO progress VALUES(1, 0);
"""

EVENT_COLUMNS = "no, entry, position, by, record_ms, body"

_event_bytes = msgspec.msgpack.Encoder().encode
_event_of = msgspec.msgpack.Decoder(Event).decode
_fact_bytes = msgspec.msgpack.Encoder().encode
_fact_of = msgspec.msgpack.Decoder(Fact).decode

ItemRow = tuple[str, int, int, int, float | None, str]
T = TypeVar("T")


class RowStore:
    """The door of `guantong.store.door.Store` over one SQLite file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open the index file, making an empty one if there is none.

        Args:
            path: The file.
            read_only: For readers: nothing can be changed through this handle.

        Returns:
            A store; close it when done.

        Raises:
            StoreError: if the file is no index, or has another layout version (rebuild it).
        """
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        try:
            return cls._opened(uri, read_only=read_only)
        except sqlite3.DatabaseError as error:
            raise StoreError(
                fault(Fault.UNREADABLE, expected="an index", got=error, path=path.name)
            ) from error

    @classmethod
    def _opened(cls, uri: str, *, read_only: bool) -> Self:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            cls._prepare(db, read_only=read_only)
        except BaseException:
            db.close()
            raise
        return cls(db)

    @staticmethod
    def _prepare(db: sqlite3.Connection, *, read_only: bool) -> None:
        db.execute("PRAGMA cache_size = -65536")
        if not read_only:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            # Seldom: each checkpoint waits for the disk, and the index needs no durability.
            db.execute("PRAGMA wal_autocheckpoint = 32768")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not read_only:
            db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise StoreError(fault(Fault.VERSION, expected=f"layout {VERSION}", got=version))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def projected_size(self) -> int:
        """How many ledger entries are in the index."""
        size = self._db.execute("SELECT projected_size FROM progress").fetchone()[0]
        return int(size)

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
        db = self._db
        with _disk_failures():
            db.execute("BEGIN IMMEDIATE")
            try:
                self._insert(documents)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # on a full disk SQLite has rolled back by itself
                    db.execute("ROLLBACK")
                raise

    def _insert(self, documents: Sequence[Indexed]) -> None:
        db, size = self._db, self.projected_size
        no = db.execute("SELECT coalesce(max(no), 0) FROM event").fetchone()[0]
        events: list[tuple[object, ...]] = []
        rows: list[ItemRow] = []
        for document in documents:
            if document.entry != size:
                raise StoreError(fault(Fault.GAP, expected=f"entry {size}", got=document.entry))
            size += 1
            positions = document.positions or range(len(document.events))
            for position, event in zip(positions, document.events, strict=True):
                no += 1
                events.append(_event_row(no, document, position, event))
                rows += _item_rows(no, event)
            for fact in document.facts:
                self._insert_fact(document, fact)
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
                marks = ",".join([f"({_marks(part[0])})"] * size)
                values = tuple(chain.from_iterable(part))
                self._db.execute(f"INSERT INTO {table} VALUES{marks}", values)
                start += size

    def _insert_fact(self, document: Indexed, fact: Fact) -> None:
        cursor = self._db.execute(
            "INSERT INTO fact(kind, key, entry, by, received_ms, body) VALUES(?,?,?,?,?,?)",
            (
                fact.kind,
                fact.key,
                document.entry,
                document.by,
                document.received_ms,
                _fact_bytes(fact),
            ),
        )
        links = {(fact.kind, link, cursor.lastrowid) for link in (fact.key, *fact.links)}
        self._db.executemany("INSERT INTO fact_link VALUES(?,?,?)", sorted(links))

    def history(self, item: str, *, as_of: int | None = None) -> list[Happening]:
        """Every part an item took in an event, by event time, arrival breaking ties."""
        return self.rows_of((item,), as_of=as_of).get(item, [])

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None
    ) -> Mapping[str, list[Happening]]:
        """`history` of many items at once; items without any have no key."""
        found: dict[str, list[Happening]] = {}
        for part in _slices(sorted(set(items))):
            for happening in self._happenings(f"item IN ({_marks(part)})", part, as_of):
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
        for part in _slices(sorted(numbers)):
            sql = f"SELECT {EVENT_COLUMNS} FROM event WHERE no IN ({_marks(part)}) AND entry < ?"
            for columns in self._db.execute(sql, (*part, _bound(as_of))):
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
        values.append(_bound(as_of))
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
        values = (low, f"{class_uri}/{AFTER_ANY}", _bound(as_of), limit)
        return [item for (item,) in self._db.execute(sql, values)]

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""
        found: dict[int, Fact] = {}
        for part in _slices(sorted(set(keys))):
            sql = (
                "SELECT no, entry, by, received_ms, body FROM fact JOIN fact_link "
                f"ON fact.no = fact_link.fact WHERE fact_link.kind = ? AND link IN ({_marks(part)}) "
                "AND entry < ?"
            )
            for no, *columns in self._db.execute(sql, (kind, *part, _bound(as_of))):
                found[no] = _fact(columns)
        return [found[no] for no in sorted(found)]

    def scan_facts(
        self, kind: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""
        sql = (
            "SELECT entry, by, received_ms, body FROM fact "
            "WHERE kind = ? AND key > ? AND entry < ? ORDER BY key, no LIMIT ?"
        )
        values = (kind, after, _bound(as_of), limit)
        return [_fact(columns) for columns in self._db.execute(sql, values)]

    def known_ids(self, by: str, ids: Collection[str]) -> set[str]:
        """Which of these event ids this party has already captured."""
        known: set[str] = set()
        for part in _slices(list(ids)):
            sql = f"SELECT id FROM event WHERE id IN ({_marks(part)}) AND by = ?"
            known.update(found for (found,) in self._db.execute(sql, (*part, by)))
        return known

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
        with _disk_failures():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA optimize")


@contextmanager
def _disk_failures() -> Iterator[None]:
    """Turn SQLite's word for a failed write into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(fault(Fault.STOPPED, expected="an index that grows", got=error)) from error


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


def _fact(columns: Sequence[object]) -> Fact:
    entry, by, received_ms, body = columns
    fact = _fact_of(body)  # type: ignore[arg-type]
    return msgspec.structs.replace(fact, entry=entry, by=by, received_ms=received_ms)


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
            where.append(f"{column} IN ({_marks(options)})")
            values += options
    if wanted.locations:
        marks = _marks(wanted.locations)
        where.append(f"(read_point IN ({marks}) OR biz_location IN ({marks}))")
        values += wanted.locations * 2
    if wanted.time_from_ms is not None:
        where.append("time_ms >= ?")
        values.append(wanted.time_from_ms)
    if wanted.time_to_ms is not None:
        where.append("time_ms < ?")
        values.append(wanted.time_to_ms)
    return where, values


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _bound(as_of: int | None) -> int:
    return 2**62 if as_of is None else as_of


def _slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]

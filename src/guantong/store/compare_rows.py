"""Which row of an index file is not the row that was written?

Two files of one ledger have equal rows where they were filled in equal steps; then one changed
row can be named. Filled in other steps they say the same in other rows: of those only the tables
are compared whose rows follow from the ledger alone.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from guantong.store import holdings
from guantong.store.compare import FOUND_MAX, Difference
from guantong.store.door import Fact
from guantong.store.packing import unpack

ALIKE: Final = frozenset({"event", "row", "fact", "fact_link"})
"""Tables whose rows follow from the ledger alone, however it was read and packed."""
LAYOUT: Final = frozenset({"segment", "block", "hot", "hash_run", "hash_page", "code_page"})
"""Tables that show in which steps a file was filled and compacted: other steps change two rows
of them at the least."""

FOUND_OUT: Final = frozenset({"holding", "holding_until"})
"""Tables of what was found out by reading the others: one file may know what the other does not."""

Row = tuple[object, ...]


@dataclass(slots=True)
class _Table:
    """The rows that only one of two files has, by their key."""

    name: str
    columns: list[str]
    key: list[int]
    """Which columns name a row."""
    ours: dict[Row, Row] = field(default_factory=dict)
    theirs: dict[Row, Row] = field(default_factory=dict)

    def changed(self) -> int:
        """How many rows must have been changed at the least."""
        return max(len(self.ours), len(self.theirs))

    def differences(self) -> Iterator[Difference]:
        """Each row with what is other in it."""
        for key in sorted(self.ours.keys() | self.theirs.keys(), key=repr):
            one, two = self.ours.get(key), self.theirs.get(key)
            named = [f"{self.columns[at]}={part}" for at, part in zip(self.key, key, strict=True)]
            where = f"row {', '.join(named)} of table {self.name}"
            yield Difference(where, self._said(one, two), self._said(two, one))

    def _said(self, row: Row | None, other: Row | None) -> str:
        """The columns in which a row is not like the other."""
        if row is None:
            return "none"
        told = zip(self.columns, row, other or (None,) * len(row), strict=True)
        return ", ".join(f"{name}={_short(value)}" for name, value, twin in told if value != twin)


def row_differences(right: Path, other: Path) -> list[Difference]:
    """Compare two files row by row, as far as their rows can be compared.

    Args:
        right: Made just now.
        other: The one to be looked at.

    Returns:
        The rows that differ, each once.
    """
    with closing(_opened(right)) as db:
        db.execute("ATTACH ? AS other", (_uri(other),))
        shapes = [_shapes(db, schema) for schema in ("main", "other")]
        shared = [name for name, sql in shapes[0].items() if shapes[1].get(name) == sql]
        tables = [_compared(db, name) for name in sorted(shared) if name not in FOUND_OUT]
    is_alike = sum(it.changed() for it in tables if it.name in LAYOUT) <= 1
    chosen = [it for it in tables if is_alike or it.name in ALIKE]
    return [found for table in chosen for found in table.differences()]


def is_compacted(path: Path) -> bool:
    """Whether no rows wait to be moved into blocks; also of a file that can hardly be read."""
    try:
        with closing(_opened(path)) as db:
            return db.execute("SELECT 1 FROM hot LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return False


def unreadable(path: Path) -> Iterator[Difference]:
    """What in a file can not be read at all: pages of the file, and what is packed in a row.

    Args:
        path: The index.

    Yields:
        Each, by row where that is known.
    """
    with closing(_opened(path)) as db:
        for (said,) in db.execute(f"PRAGMA integrity_check({FOUND_MAX})"):
            if said != "ok":
                yield Difference(path.name, "a sound file", said)
        for name, (column, read) in _PACKED.items():
            if name in _shapes(db, "main"):
                yield from _unread(db, name, column, read)


def _unread(
    db: sqlite3.Connection, name: str, column: str, read: Callable[[bytes], object]
) -> Iterator[Difference]:
    table = _table(db, name)
    key = ", ".join(table.columns[at] for at in table.key)
    for *row, data in db.execute(f"SELECT {key}, {column} FROM main.{name}"):
        try:
            read(data)
        except Exception as error:  # noqa: BLE001 - whatever harm does to its reader
            named = ", ".join(f"{k}={v}" for k, v in zip(key.split(", "), row, strict=True))
            yield Difference(f"row {named} of table {name}", f"{column} as packed", f"{error}")


def _texts(data: bytes) -> object:
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data), type=list[str])


_PACKED: Final[dict[str, tuple[str, Callable[[bytes], object]]]] = {
    "segment": ("data", unpack),
    "block": ("data", unpack),
    "hash_page": ("data", unpack),
    "code_page": ("data", _texts),
    "holding": ("data", holdings.unpacked),
    "fact": ("body", msgspec.msgpack.Decoder(Fact).decode),
}
"""Columns that hold something packed, and what unpacks it."""


def _compared(db: sqlite3.Connection, name: str) -> _Table:
    """The rows of one table that only one of the files has."""
    table = _table(db, name)
    for ours, theirs, rows in (("main", "other", table.ours), ("other", "main", table.theirs)):
        sql = f"SELECT * FROM {ours}.{name} EXCEPT SELECT * FROM {theirs}.{name} LIMIT ?"
        for row in db.execute(sql, (FOUND_MAX,)):
            rows[tuple(row[at] for at in table.key)] = row
    return table


def _table(db: sqlite3.Connection, name: str) -> _Table:
    described = db.execute(f"PRAGMA main.table_info({name})").fetchall()
    columns = [column[1] for column in described]
    key = [at for _, at in sorted((column[5], column[0]) for column in described if column[5])]
    return _Table(name, columns, key or list(range(len(columns))))


def _shapes(db: sqlite3.Connection, schema: str) -> dict[str, str]:
    """The statements that made the tables."""
    sql = f"SELECT name, sql FROM {schema}.sqlite_schema WHERE type = 'table'"
    return {name: made for name, made in db.execute(sql) if not name.startswith("sqlite_")}


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(_uri(path), uri=True)


def _uri(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _short(value: object) -> str:
    """A value as a finding says it: packed ones by their digest."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes {sha256(value).hexdigest()[:16]}"
    return f"{value}"

"""How is an index file opened, and what does a failed write mean?

The file is an index over the ledger, so ``synchronous=NORMAL`` is right: what a power cut takes
is replayed from the ledger.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from guantong.errors import fault
from guantong.store.door import Fault, StoreError
from guantong.store.room import part_of

WRITER_KB: Final = 65_536
"""Pages a handle that writes keeps in memory."""
READER_KB: Final = 16_384
"""There are many that only read, and the system keeps the file for all of them."""
BATCH: Final = 500
"""Values bound in one IN list; far below SQLite's limit."""

_NO_ROOM: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)

T = TypeVar("T")


def open_index(path: Path, schema: str, version: int, *, read_only: bool) -> sqlite3.Connection:
    """Open an index file, making an empty one if there is none.

    Args:
        path: The file.
        schema: Statements that make an empty one.
        version: Of the layout.
        read_only: Nothing can be changed through this handle.

    Returns:
        The open file.

    Raises:
        StoreError: if the file is no index, or has another layout version (rebuild it).
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            _prepare(db, schema, version, read_only=read_only)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        no_room = getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_ROOM
        code = Fault.STOPPED if no_room else Fault.UNREADABLE
        raise StoreError(fault(code, expected="an index", got=error, path=path.name)) from error
    return db


def _prepare(db: sqlite3.Connection, schema: str, version: int, *, read_only: bool) -> None:
    pages_kb = READER_KB if read_only else WRITER_KB
    db.execute(f"PRAGMA cache_size = -{part_of(pages_kb)}")
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        # Seldom: each checkpoint waits for the disk, and the index needs no durability.
        db.execute("PRAGMA wal_autocheckpoint = 32768")
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found == 0 and not read_only:
        db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
    elif found != version:
        raise StoreError(fault(Fault.VERSION, expected=f"layout {version}", got=found))


@contextmanager
def disk_failures() -> Iterator[None]:
    """Turn SQLite's word for a failed write into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(fault(Fault.STOPPED, expected="an index that grows", got=error)) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; a failed write is one of ours."""
    with disk_failures():
        try:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # on a full disk SQLite has rolled back by itself
                db.execute("ROLLBACK")
            raise


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside stands as of one moment, whatever others write meanwhile."""
    if db.in_transaction:
        yield
        return
    try:
        db.execute("BEGIN")
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(
            fault(Fault.UNREADABLE, expected="an index that can be read", got=error)
        ) from error
    finally:
        db.rollback()  # it only read; this also ends what failed to begin


def marks(values: Sequence[object]) -> str:
    """One question mark for each value."""
    return ",".join("?" * len(values))


def bound(as_of: int | None) -> int:
    """The entry that is too late."""
    return 2**62 if as_of is None else as_of


def slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Few enough values at once for one statement."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]

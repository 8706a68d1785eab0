"""How is an index kept in a file of its own, and what does a failed write mean?

The file is an index over the ledger, so ``synchronous=NORMAL`` is right: what a power cut takes
is replayed from the ledger.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from guantong.errors import fault
from guantong.store.door import Fault, StoreError
from guantong.store.engine import Ints, Row, marks
from guantong.store.room import part_of

WRITER_KB: Final = 65_536
"""Pages a handle that writes keeps in memory."""
READER_KB: Final = 16_384
"""There are many that only read, and the system keeps the file for all of them."""
BATCH: Final = 500
"""Values bound in one IN list; far below SQLite's limit."""

_NO_ROOM: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)

T = TypeVar("T")


class File(sqlite3.Connection):
    """A `guantong.store.engine.Handle` on an index file: SQLite's own, and what is said of it here."""

    in_order: Final = "CROSS JOIN"

    def among(self, sql: str, values: Sequence[int | str], *others: int | str) -> Iterator[Row]:
        """Rows of a statement in which ``IN ({})`` stands for `values`, and `others` follow.

        Yields:
            The rows; few enough values at once for one statement.
        """
        for part in slices(values):
            yield from self.execute(sql.format(marks(part)), (*part, *others))

    def insert(self, table: str, rows: Sequence[Sequence[int | str | bytes]]) -> None:
        """New rows, all columns of each."""
        if rows:
            self.executemany(f"INSERT INTO {table} VALUES({marks(rows[0])})", rows)

    def insert_columns(self, table: str, columns: Sequence[Ints]) -> None:
        """New rows of a table of numbers, column by column."""
        self.executemany(
            f"INSERT INTO {table} VALUES({marks(columns)})",
            zip(*(column.tolist() for column in columns), strict=True),
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; a failed write is one of ours.

        Yields:
            Nothing.
        """
        with disk_failures():
            try:
                self.execute("BEGIN IMMEDIATE")
                yield
                self.execute("COMMIT")
            except BaseException:
                if self.in_transaction:  # on a full disk SQLite has rolled back by itself
                    self.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside stands as of one moment, whatever others write meanwhile.

        Yields:
            Nothing.

        Raises:
            StoreError: if the file can not be read.
        """
        if self.in_transaction:
            yield
            return
        try:
            self.execute("BEGIN")
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(
                fault(Fault.UNREADABLE, expected="an index that can be read", got=error)
            ) from error
        finally:
            self.rollback()  # it only read; this also ends what failed to begin

    def version(self) -> tuple[int, int]:
        """Changes when anybody has written: others' commits change the one, this handle's the other."""
        return self.execute("PRAGMA data_version").fetchone()[0], self.total_changes

    def when_lost(self, forget: Callable[[], None]) -> None:
        """A file that is open is never lost."""

    def fold(self) -> None:
        """Fold the write-ahead log into the file and refresh the planner's statistics.

        Raises:
            StoreError: if the disk does not let it; nothing is lost by that.
        """
        with disk_failures():
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.execute("PRAGMA optimize")


def open_index(path: Path, schema: str, version: int, *, read_only: bool) -> File:
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
        db = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, factory=File
        )
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


def _prepare(db: File, schema: str, version: int, *, read_only: bool) -> None:
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
    """Turn SQLite's word for a failed write into ours.

    Yields:
        Nothing.

    Raises:
        StoreError: if the disk does not let it.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(fault(Fault.STOPPED, expected="an index that grows", got=error)) from error


def slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Few enough values at once for one statement."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]

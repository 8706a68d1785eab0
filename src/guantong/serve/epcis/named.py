"""Which queries has a party given a name? A file of their own, each on the disk before it is told.

A name is its party's own: two parties may use the same, and neither hears of the other's.
"""

import sqlite3
import threading
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from guantong.errors import Refusal, fault
from guantong.serve.beside import BUSY_SECONDS
from guantong.serve.epcis.spool import DIRECTORY

FILE: Final = "queries.sqlite"
QUERIES_MAX: Final = 1_000
"""Of one party."""
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS query (
    party TEXT NOT NULL, name TEXT NOT NULL, asked BLOB NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (party, name)
) WITHOUT ROWID;
"""


class Fault(StrEnum):
    """Why a query gets no name. Part of the public API: never renamed."""

    TAKEN = "serve.query_name_taken"
    """The party has one of that name."""
    MANY = "serve.too_many_queries"
    """The party has as many as it may have."""


class NamedError(Refusal):
    """A query gets no name."""


class Named(msgspec.Struct, frozen=True):
    """A query with its name."""

    name: str
    query: dict[str, Any]
    """As it was sent; it could be read then."""


class NamedQueries:
    """The named queries of an installation. Several processes may have the file open."""

    def __init__(self, data: Path) -> None:
        """Open the file, empty if there is none."""
        place = data / DIRECTORY
        place.mkdir(exist_ok=True)
        self._turn = threading.Lock()
        self._db = sqlite3.connect(
            place / FILE, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
        )
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def add(self, party: str, named: Named, now_ms: int) -> None:
        """Keep a query; it is on the disk when this returns.

        Raises:
            NamedError: if the party has one of that name, or too many.
        """
        values = (party, named.name, msgspec.json.encode(named.query), now_ms, party, QUERIES_MAX)
        statement = (
            "INSERT INTO query SELECT ?, ?, ?, ? "
            "WHERE (SELECT count(*) FROM query WHERE party = ?) < ?"
        )
        with self._turn:
            try:
                added = self._db.execute(statement, values).rowcount
            except sqlite3.IntegrityError as error:
                raise NamedError(
                    fault(Fault.TAKEN, expected="a new name", got=named.name, path="name")
                ) from error
        if not added:
            expected = f"at most {QUERIES_MAX} queries"
            raise NamedError(fault(Fault.MANY, expected=expected, got=QUERIES_MAX))

    def get(self, party: str, name: str) -> Named | None:
        """A query of a party; None if it has none of that name."""
        found = self._all("SELECT name, asked FROM query WHERE party = ? AND name = ?", party, name)
        return next(iter(found), None)

    def page(self, party: str, *, after: str, limit: int) -> list[Named]:
        """Queries of a party by name, from just after a name."""
        return self._all(
            "SELECT name, asked FROM query WHERE party = ? AND name > ? ORDER BY name LIMIT ?",
            *(party, after, limit),
        )

    def remove(self, party: str, name: str) -> bool:
        """Forget a query; False if the party has none of that name."""
        with self._turn:
            done = self._db.execute(
                "DELETE FROM query WHERE party = ? AND name = ?", (party, name)
            ).rowcount
        return done > 0

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._db.close()

    def _all(self, statement: str, *values: object) -> list[Named]:
        with self._turn:
            rows = self._db.execute(statement, values).fetchall()
        return [Named(name, msgspec.json.decode(asked)) for name, asked in rows]

"""What became of a submission that has a receipt? Answers that were given once, in a file of their own.

What was accepted stands in the ledger. That something was refused, or was there before, stands
nowhere else, and must not be decided again once it was told: it is on the disk before.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from guantong.serve.beside import open_beside
from guantong.serve.job import Receipt

FILE: Final = "intake.sqlite"
KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""How long the outcome of a submission can be asked for: 30 days."""
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS outcome (
    receipt TEXT PRIMARY KEY, party TEXT NOT NULL, at INTEGER NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outcome_at ON outcome (at);
"""


class Outcome(NamedTuple):
    """What became of one."""

    receipt: str
    party: str
    at_ms: int
    answer: Receipt


class Outcomes:
    """The outcomes of an installation. One process adds; any may ask."""

    def __init__(self, data: Path) -> None:
        """Open the file, empty if there is none."""
        self._turn = threading.Lock()
        self._db = open_beside(data / FILE, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._db.close()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Keep some; they are on the disk when this returns."""
        rows = [(*one[:3], _encode(one.answer)) for one in outcomes]
        with self._turn:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR IGNORE INTO outcome VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")

    def known(self, receipts: Sequence[str]) -> frozenset[str]:
        """Which of some have an outcome."""
        marks = ",".join("?" * len(receipts))
        with self._turn:
            sql = f"SELECT receipt FROM outcome WHERE receipt IN ({marks})"
            return frozenset(receipt for (receipt,) in self._db.execute(sql, receipts))

    def get(self, receipt: str, party: str) -> Receipt | None:
        """What became of a submission of a party; None when that is not known."""
        with self._turn:
            sql = "SELECT answer FROM outcome WHERE receipt = ? AND party = ?"
            row = self._db.execute(sql, (receipt, party)).fetchone()
        return None if row is None else _decode(row[0])

    def tidy(self, now_ms: int) -> None:
        """Forget what is too old."""
        with self._turn:
            self._db.execute("DELETE FROM outcome WHERE at < ?", (now_ms - KEPT_MS,))


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Receipt).decode

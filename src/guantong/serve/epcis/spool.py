"""What becomes of a capture job over a loss of power? The jobs, in a file of their own, and their bodies.

A job is promised with its number: body and row are on the disk before. Whoever works on it holds
a lock on its body, which ends with the process, so that another takes the job over. What was said
of a job that ended stays for `KEPT_MS`.

References:
    EPCIS 2.0, section 12 (capture jobs)
"""

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from guantong.caller import Caller, Level
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger.disk import Disk, write_file
from guantong.serve.beside import BUSY_SECONDS, open_beside

DIRECTORY: Final = "spool"
FILE: Final = "jobs.sqlite"
KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""How long the outcome of a job can be asked for: 30 days."""
BYTES_MAX: Final = 1 << 30
"""Bodies that wait; with more, further ones are refused as busy."""
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, party TEXT NOT NULL, asked BLOB NOT NULL, size INTEGER NOT NULL,
    created INTEGER NOT NULL, outcome BLOB
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (id TEXT PRIMARY KEY, read INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS job_party ON job (party, id);
CREATE INDEX IF NOT EXISTS job_open ON job (id, size) WHERE outcome IS NULL;
"""


Values = tuple[object, ...]


class Fault(StrEnum):
    """Why a job is not taken. Part of the public API: never renamed."""

    FULL = "serve.spool_full"
    """Too many bodies wait."""


class SpoolError(Refusal):
    """A job is not taken."""


class Asked(msgspec.Struct, frozen=True):
    """What was asked for."""

    party: str
    level: Level
    region: str
    media: str
    proceed: bool
    created_ms: int

    @property
    def caller(self) -> Caller:
        """On whose behalf."""
        return Caller(self.party, self.level, self.region)


class Outcome(msgspec.Struct, frozen=True):
    """How a job ended."""

    success: bool
    """Whether nothing was wrong."""
    finished_ms: int
    events: int = 0
    """How many are in the ledger."""
    ledger_index: int = -1
    """Where; -1 when nothing is."""
    faults: tuple[Found, ...] = ()
    missing: int = 0
    """Fields that records of its events lack, and products without a record."""


class Job(msgspec.Struct, frozen=True):
    """A job and what is known of it."""

    id: str
    asked: Asked
    outcome: Outcome | None = None
    """None while it runs."""
    read: int = 0
    """Events that were read so far."""


class Spool:
    """The jobs of an installation. Several processes may have it open."""

    def __init__(self, data: Path, *, disk: Disk | None = None) -> None:
        """Open it, empty if there is none.

        Args:
            data: The directory of the installation.
            disk: Writes the bodies.
        """
        self._place = data / DIRECTORY
        self._place.mkdir(exist_ok=True)
        self._disk = disk or Disk()
        self._turn = threading.Lock()
        self._db = open_beside(self._place / FILE, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._db.close()

    def add(self, asked: Asked, body: bytes) -> str:
        """Promise a job; it is on the disk when this returns.

        Args:
            asked: What is asked for.
            body: The document.

        Returns:
            Its number: ids of later jobs are greater.

        Raises:
            SpoolError: if too many bodies wait.
        """
        ((waiting,),) = self._all("SELECT coalesce(sum(size), 0) FROM job WHERE outcome IS NULL")
        if waiting + len(body) > BYTES_MAX:
            most = f"at most {BYTES_MAX} bytes waiting"
            raise SpoolError(fault(Fault.FULL, expected=most, got=f"{waiting} bytes"))
        number = f"{asked.created_ms:013x}{secrets.token_hex(8)}"
        write_file(self._disk, self._place / number, [body])
        self._do(
            "INSERT INTO job VALUES (?, ?, ?, ?, ?, NULL)",
            (number, asked.party, _encode(asked), len(body), asked.created_ms),
        )
        return number

    def get(self, number: str, party: str) -> Job | None:
        """One job of a party; None if it has none of that number."""
        row = self._one(f"{_JOB} WHERE id = ? AND party = ?", (number, party))
        return None if row is None else _job(row)

    def page(self, party: str, *, after: str = "", limit: int) -> list[Job]:
        """Jobs of a party in the order in which they came.

        Args:
            party: Whose.
            after: Number of the last one before, "" for the first.
            limit: At most so many.

        Returns:
            Those with greater numbers.
        """
        rows = self._all(
            f"{_JOB} WHERE party = ? AND id > ? ORDER BY id LIMIT ?", (party, after, limit)
        )
        return [_job(row) for row in rows]

    def last(self, party: str, *, limit: int) -> list[Job]:
        """The last jobs of a party, the latest first."""
        rows = self._all(f"{_JOB} WHERE party = ? ORDER BY id DESC LIMIT ?", (party, limit))
        return [_job(row) for row in rows]

    def parties(self, limit: int) -> list[str]:
        """Who has jobs."""
        rows = self._all("SELECT DISTINCT party FROM job ORDER BY party LIMIT ?", (limit,))
        return [row[0] for row in rows]

    def waiting(self, limit: int = 100) -> list[str]:
        """Numbers of jobs that have not ended, oldest first."""
        rows = self._all("SELECT id FROM job WHERE outcome IS NULL ORDER BY id LIMIT ?", (limit,))
        return [row[0] for row in rows]

    @contextmanager
    def work(self, number: str) -> Iterator[tuple[Asked, bytes] | None]:
        """Have a job for oneself, as long as this process lives.

        Yields:
            What is asked for and the document; None if another works on it, or it has ended.
        """
        try:
            fd = os.open(self._place / number, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            row = self._one(f"{_JOB} WHERE id = ? AND outcome IS NULL", (number,))
            yield (_job(row).asked, _whole(fd)) if row else None
        except BlockingIOError:
            yield None
        finally:
            os.close(fd)

    def note(self, number: str, read: int) -> None:
        """Say how far a job has come."""
        self._do("INSERT OR REPLACE INTO progress VALUES (?, ?)", (number, read))

    def end(self, number: str, outcome: Outcome) -> None:
        """Say how a job ended, and let go of its body."""
        self._do("DELETE FROM progress WHERE id = ?", (number,))
        self._do("UPDATE job SET outcome = ? WHERE id = ?", (_encode(outcome), number))
        self._disk.remove(self._place / number)

    def tidy(self, now_ms: int) -> None:
        """Forget what ended long ago, and remove bodies that were never promised or are done."""
        self._do("DELETE FROM job WHERE outcome IS NOT NULL AND created < ?", (now_ms - KEPT_MS,))
        for path in self._place.iterdir():
            name = path.name.removesuffix(".draft")
            if not _is_number(name) or now_ms - int(name[:13], 16) < BUSY_SECONDS * 2_000:
                continue
            row = self._one("SELECT outcome IS NULL FROM job WHERE id = ?", (name,))
            if row is None or not row[0]:
                self._disk.remove(path)

    def _one(self, statement: str, values: Values) -> tuple[Any, ...] | None:
        return next(iter(self._all(statement, values)), None)

    def _all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._db.execute(statement, values).fetchall()

    def _do(self, statement: str, values: Values) -> None:
        with self._turn:
            self._db.execute(statement, values)


_encode: Final = msgspec.json.Encoder().encode
_JOB: Final = (
    "SELECT id, asked, outcome,"
    " coalesce((SELECT read FROM progress WHERE progress.id = job.id), 0) FROM job"
)


def _job(row: tuple[str, bytes, bytes | None, int]) -> Job:
    number, asked, outcome, read = row
    ended = msgspec.json.decode(outcome, type=Outcome) if outcome else None
    return Job(number, msgspec.json.decode(asked, type=Asked), ended, read)


def _is_number(name: str) -> bool:
    return len(name) == 29 and set(name) <= set("0123456789abcdef")


def _whole(fd: int) -> bytes:
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()

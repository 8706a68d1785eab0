"""Who is signed in? Sessions, and how often somebody failed; in a file beside the installation.

It is no record: when it is lost, people sign in again. Only the hash of a session's token is
kept, so that whoever reads the file is not signed in by it.
"""

import hashlib
import hmac
import secrets
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from guantong.clock import Clock

FILE: Final = "sessions.sqlite"
LIFE_MS: Final = 12 * 3600 * 1000
"""A session ends this long after signing in: a working day."""
IDLE_MS: Final = 4 * 3600 * 1000
"""A session ends when nobody did anything for so long."""
NOTED_MS: Final = 60_000
"""How exactly it is known when somebody last did something."""
FAILURES_MAX: Final = 10
"""Failures of a login within `FAILURES_MS`; then it has to wait."""
FAILURES_MS: Final = 15 * 60 * 1000
BUSY_SECONDS: Final = 10.0
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS session (
    mark BLOB PRIMARY KEY, login TEXT NOT NULL, entry INTEGER NOT NULL, since INTEGER NOT NULL,
    seen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failure (login TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS failure_login ON failure (login, at);
CREATE TABLE IF NOT EXISTS noted (login TEXT, what TEXT, PRIMARY KEY (login, what)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS step (login TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID;
"""


class Session(NamedTuple):
    """Somebody who is signed in."""

    login: str
    entry: int
    """Where the account's statement stands by which they signed in."""
    token: str

    @property
    def csrf(self) -> str:
        """What every form of this session holds; another site cannot know it."""
        return csrf_of(self.token)


class Sessions:
    """The sessions of an installation. Several processes may have it open."""

    def __init__(self, data: Path, clock: Clock) -> None:
        """Open it, empty if there is none."""
        self._clock = clock
        self._db = sqlite3.connect(
            data / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def begin(self, login: str, entry: int) -> Session:
        """Sign somebody in, always with a new token; forgets failures and what is over."""
        now_ms, token = self._clock.now_ms(), secrets.token_urlsafe(32)
        self._db.execute("DELETE FROM session WHERE since < ?", (now_ms - LIFE_MS,))
        self._db.execute("DELETE FROM failure WHERE login = ?", (login,))
        row = (_mark(token), login, entry, now_ms, now_ms)
        self._db.execute("INSERT INTO session VALUES(?,?,?,?,?)", row)
        return Session(login, entry, token)

    def find(self, token: str) -> Session | None:
        """The session of a token, None when there is none any more."""
        now_ms, mark = self._clock.now_ms(), _mark(token)
        found = self._db.execute(
            "SELECT login, entry, since, seen FROM session WHERE mark = ?", (mark,)
        ).fetchone()
        if found is None:
            return None
        login, entry, since, seen = found
        if now_ms > since + LIFE_MS or now_ms > seen + IDLE_MS:
            self.end(token)
            return None
        if now_ms > seen + NOTED_MS:
            self._db.execute("UPDATE session SET seen = ? WHERE mark = ?", (now_ms, mark))
        return Session(login, entry, token)

    def end(self, token: str) -> None:
        """Sign somebody out."""
        self._db.execute("DELETE FROM session WHERE mark = ?", (_mark(token),))

    def failed(self, login: str) -> None:
        """Note that a password or code for a login was wrong, whether it exists or not."""
        now_ms = self._clock.now_ms()
        self._db.execute("DELETE FROM failure WHERE at < ?", (now_ms - FAILURES_MS,))
        self._db.execute("INSERT INTO failure VALUES(?,?)", (login, now_ms))

    def is_locked(self, login: str) -> bool:
        """Whether a login failed so often that it has to wait."""
        since = self._clock.now_ms() - FAILURES_MS
        found = self._db.execute(
            "SELECT count(*) FROM failure WHERE login = ? AND at >= ?", (login, since)
        )
        return int(found.fetchone()[0]) >= FAILURES_MAX

    def note(self, login: str, what: str) -> None:
        """Note that a person has done something once; it is asked by `has_done`."""
        self._db.execute("INSERT OR IGNORE INTO noted VALUES(?,?)", (login, what))

    def has_done(self, login: str, what: str) -> bool:
        """Whether a person did something once."""
        sql = "SELECT 1 FROM noted WHERE login = ? AND what = ?"
        return self._db.execute(sql, (login, what)).fetchone() is not None

    def use_step(self, login: str, step: int) -> bool:
        """Note that a code was used; False when that one, or a later one, was used before."""
        found = self._db.execute(
            "INSERT INTO step VALUES(?1, ?2) ON CONFLICT(login) DO UPDATE SET step = ?2"
            " WHERE step < ?2",
            (login, step),
        )
        return found.rowcount == 1


def csrf_of(token: str) -> str:
    """What the forms of a session hold, by its token."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

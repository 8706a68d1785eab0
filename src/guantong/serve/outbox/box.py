"""What is still to be sent, and what became of what was? In a file of its own, over any crash.

A *line* leads to one destination; its letters go in their order, and none before the one in front
of it has arrived. How far the line has looked at what happened here (`seen`) and the letters that
follow from it are written in one transaction, so that nothing is sent for twice and nothing
forgotten. A letter says what it is about, not what stands in it: that is written when it is sent,
from what the receiver may see then and of what has not been erased.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from guantong.serve.beside import open_beside
from guantong.serve.outbox.carrier import Outcome

DIRECTORY: Final = "outbox"
FILE: Final = "outbox.sqlite"
KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""How long a letter that arrived can be sent again and its log be read: 30 days."""
PATIENCE_MS: Final = 7 * 24 * 3600 * 1000
"""A line that brings nothing for so long is stopped until somebody says to go on."""
FIRST_MS: Final = 1_000
LATEST_MS: Final = 3_600_000
"""Between two attempts: the first wait, doubled each time, up to the second."""
WAITING_MAX: Final = 1_000
"""Letters that wait on one line; while there are so many, it looks no further."""
GONE: Final = 410
"""A receiver that says so wants nothing any more."""
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS line (
    id TEXT PRIMARY KEY, party TEXT NOT NULL, about BLOB NOT NULL, seen INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, since INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL DEFAULT 0, stopped INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 1, sent INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS line_party ON line (party, id);
CREATE TABLE IF NOT EXISTS letter (
    line TEXT NOT NULL, no NUMERIC NOT NULL, content BLOB NOT NULL, made INTEGER NOT NULL,
    sent INTEGER, PRIMARY KEY (line, no)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS letter_waiting ON letter (line, no) WHERE sent IS NULL;
CREATE TABLE IF NOT EXISTS attempt (
    line TEXT NOT NULL, no NUMERIC NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
    said TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_line ON attempt (line, no);
"""

Values = tuple[object, ...]


class About(msgspec.Struct, frozen=True):
    """What a line is for, as it was asked for; never changed."""

    url: str
    kind: str
    """Which writer of letters it has."""
    made_ms: int
    token: str = ""
    """Signs the letters; known to the receiver."""
    level: str = "party"
    region: str = ""
    """With `party`, on whose behalf."""
    more: msgspec.Raw = msgspec.Raw(b"null")
    """What the writer of the letters needs besides, as JSON."""


class Line(msgspec.Struct, frozen=True):
    """A line and how it stands."""

    id: str
    party: str
    about: About
    seen: int
    """How far it has looked; its writer knows in what."""
    tries: int
    """Attempts in vain at the letter in front."""
    is_stopped: bool
    sent_ms: int | None
    """When the last letter arrived."""


class Letter(msgspec.Struct, frozen=True):
    """What one letter is about."""

    line: str
    no: float
    """On its line, from 1; what was split has numbers in between."""
    content: bytes
    made_ms: int

    @property
    def mark(self) -> str:
        """The same at each attempt, so that a receiver knows what it has already."""
        return f"{self.line}-{number_text(self.no)}"


class Attempt(msgspec.Struct, frozen=True):
    """One line of the log."""

    no: float
    at_ms: int
    status: int
    said: str


class Box:
    """The lines and letters of an installation. Several processes may have it open."""

    def __init__(self, data: Path) -> None:
        """Open it, empty if there is none."""
        place = data / DIRECTORY
        place.mkdir(exist_ok=True)
        self.lock_path: Final = place / "lock"
        self._turn = threading.Lock()
        self._db = open_beside(place / FILE, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._db.close()

    # ---------------------------------------------------------------- lines

    def open_line(self, id_: str, party: str, about: About, *, seen: int) -> bool:
        """Begin a line that has looked at everything up to `seen`; False if there is one of that name."""
        added = self._do(
            "INSERT OR IGNORE INTO line (id, party, about, seen) VALUES (?, ?, ?, ?)",
            (id_, party, msgspec.json.encode(about), seen),
        )
        return added > 0

    def close_line(self, id_: str, party: str) -> bool:
        """End a line of a party with all its letters; False if it has none of that name."""
        with self._turn, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            gone = self._db.execute("DELETE FROM line WHERE id = ? AND party = ?", (id_, party))
            if gone.rowcount:
                self._db.execute("DELETE FROM letter WHERE line = ?", (id_,))
                self._db.execute("DELETE FROM attempt WHERE line = ?", (id_,))
            return gone.rowcount > 0

    def line(self, id_: str) -> Line | None:
        """One line; None if there is none."""
        return next(iter(self._lines("WHERE id = ?", (id_,))), None)

    def lines(self, party: str | None = None, *, after: str = "", limit: int = 1_000) -> list[Line]:
        """Lines of a party, or of all, by their names."""
        where = "WHERE id > ? AND (?2 IS NULL OR party = ?2) ORDER BY id LIMIT ?"
        return self._lines(where, (after, party, limit))

    def go_on(self, id_: str) -> bool:
        """Try a line again now, also one that was stopped; False if there is none."""
        text = "UPDATE line SET stopped = 0, tries = 0, since = 0, due = 0 WHERE id = ?"
        return self._do(text, (id_,)) > 0

    # ---------------------------------------------------------------- letters

    def put(
        self, id_: str, contents: Sequence[bytes], now_ms: int, *, seen: tuple[int, int]
    ) -> bool:
        """Have letters sent, and remember how far the line has looked; both or neither.

        Args:
            id_: The line.
            contents: What each letter is about, in order.
            now_ms: When.
            seen: How far it had looked when they were made up, and how far it has now.

        Returns:
            False if somebody else was first, or the line is gone: then nothing is changed.
        """
        with self._turn, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            text = "UPDATE line SET seen = ?, next = next + ? WHERE id = ? AND seen = ?"
            before, after = seen
            values = (after, len(contents), id_, before)
            if self._db.execute(text, values).rowcount == 0:
                return False
            ((first,),) = self._db.execute(
                "SELECT next - ? FROM line WHERE id = ?", (len(contents), id_)
            ).fetchall()
            self._db.executemany(
                "INSERT INTO letter (line, no, content, made) VALUES (?, ?, ?, ?)",
                [(id_, first + n, content, now_ms) for n, content in enumerate(contents)],
            )
            return True

    def has_room(self, id_: str) -> bool:
        """Whether the line should look further now."""
        text = "SELECT count(*) FROM letter WHERE line = ? AND sent IS NULL"
        return bool(self._all(text, (id_,))[0][0] < WAITING_MAX)

    def due(self, now_ms: int, limit: int) -> list[str]:
        """Lines whose letter in front should be tried now, the longest waiting first."""
        text = (
            "SELECT id FROM line WHERE stopped = 0 AND due <= ? AND EXISTS (SELECT 1 FROM letter"
            " WHERE letter.line = line.id AND letter.sent IS NULL) ORDER BY due LIMIT ?"
        )
        return [row[0] for row in self._all(text, (now_ms, limit))]

    def front(self, id_: str) -> Letter | None:
        """The letter in front; None when nothing waits."""
        text = (
            "SELECT line, no, content, made FROM letter WHERE line = ? AND sent IS NULL"
            " ORDER BY no LIMIT 1"
        )
        return next((Letter(*row) for row in self._all(text, (id_,))), None)

    def again(self, id_: str, no: float) -> bool:
        """Send a letter that arrived once more, before those that wait; False if it is not there."""
        text = "UPDATE letter SET sent = NULL WHERE line = ? AND no = ? AND sent IS NOT NULL"
        return self._do(text, (id_, no)) > 0

    def split(self, letter: Letter, contents: tuple[bytes, bytes]) -> None:
        """Put two smaller letters in the place of the one in front, which is too large.

        Args:
            letter: The one in front, as it was read.
            contents: What each of them is about, in order.
        """
        with self._turn, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            text = "SELECT min(no) FROM letter WHERE line = ? AND no > ?"
            ((behind,),) = self._db.execute(text, (letter.line, letter.no)).fetchall()
            between = (letter.no + min(behind or letter.no + 1, letter.no + 1)) / 2
            text = "UPDATE letter SET content = ? WHERE line = ? AND no = ? RETURNING line"
            values = (contents[0], letter.line, letter.no)
            for line in self._db.execute(text, values).fetchall():
                self._db.execute(
                    "INSERT INTO letter (line, no, content, made) VALUES (?, ?, ?, ?)",
                    (*line, between, contents[1], letter.made_ms),
                )

    def tried(self, letter: Letter, outcome: Outcome, now_ms: int) -> None:
        """Enter what became of an attempt."""
        with self._turn, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if outcome.is_delivered:
                self._arrived(letter, now_ms)
            else:
                self._in_vain(letter, outcome, now_ms)
            # A line that was closed meanwhile gets no log.
            self._db.execute(
                "INSERT INTO attempt SELECT id, ?, ?, ?, ? FROM line WHERE id = ?",
                (letter.no, now_ms, outcome.status, outcome.said, letter.line),
            )

    def log(self, id_: str, *, limit: int = 100) -> list[Attempt]:
        """The last attempts on a line, latest first."""
        text = "SELECT no, at, status, said FROM attempt WHERE line = ? ORDER BY rowid DESC LIMIT ?"
        return [Attempt(*row) for row in self._all(text, (id_, limit))]

    def tidy(self, now_ms: int) -> None:
        """Forget what arrived long ago."""
        self._do("DELETE FROM letter WHERE sent < ?", (now_ms - KEPT_MS,))
        self._do("DELETE FROM attempt WHERE at < ?", (now_ms - KEPT_MS,))

    def _arrived(self, letter: Letter, now_ms: int) -> None:
        self._db.execute(
            "UPDATE letter SET sent = ? WHERE line = ? AND no = ?",
            (now_ms, letter.line, letter.no),
        )
        self._db.execute(
            "UPDATE line SET tries = 0, since = 0, due = 0, sent = ? WHERE id = ?",
            (now_ms, letter.line),
        )

    def _in_vain(self, letter: Letter, outcome: Outcome, now_ms: int) -> None:
        text = "SELECT tries, since FROM line WHERE id = ?"
        for tries, began in self._db.execute(text, (letter.line,)).fetchall():
            since = began or now_ms
            wait = min(LATEST_MS, FIRST_MS << min(tries, 32))
            stopped = outcome.status == GONE or now_ms - since > PATIENCE_MS
            self._db.execute(
                "UPDATE line SET tries = ?, since = ?, due = ?, stopped = ? WHERE id = ?",
                (tries + 1, since, now_ms + wait, stopped, letter.line),
            )

    def _lines(self, where: str, values: Values) -> list[Line]:
        text = f"SELECT id, party, about, seen, tries, stopped, sent FROM line {where}"
        return [_line(row) for row in self._all(text, values)]

    def _all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._db.execute(statement, values).fetchall()

    def _do(self, statement: str, values: Values) -> int:
        with self._turn:
            return self._db.execute(statement, values).rowcount


def number_text(no: float) -> str:
    """The number of a letter, as it stands in its mark."""
    return f"{no:.15g}"


def _line(row: tuple[Any, ...]) -> Line:
    id_, party, about, seen, tries, stopped, sent = row
    of = msgspec.json.decode(about, type=About)
    return Line(id_, party, of, seen, tries, bool(stopped), sent)

"""Which small number stands for a text that comes again: a place, a step, a party?

A text is found by its hash and then compared: an index over the texts would hold them twice.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store.engine import Handle
from guantong.store.hashes import key_of

Ints: TypeAlias = NDArray[np.int64]

SCHEMA: Final = """
CREATE TABLE term(no INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO term VALUES(0, '');
CREATE TABLE term_key(
  key INTEGER NOT NULL, term INTEGER NOT NULL, PRIMARY KEY(key, term)) WITHOUT ROWID;
"""
KEPT: Final = 1 << 18
"""Terms remembered."""


class Terms:
    """The terms of one index; 0 is ""."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self._numbers.clear()
        self._texts.clear()

    def text(self, number: int) -> str:
        """The text of a term."""
        known = self._texts.get(number)
        if known is None:
            (known,) = self._db.execute("SELECT text FROM term WHERE no=?", (number,)).fetchone()
            self._keep(known, number)
        return known

    def number(self, text: str) -> int:
        """The term of a text, -1 when there is none."""
        if not text:
            return 0
        known = self._numbers.get(text, -1)
        return known if known >= 0 else self._found([text]).get(text, -1)

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """The terms of those texts that have one."""
        return [number for number in map(self.number, texts) if number >= 0]

    def assign(self, texts: Sequence[str]) -> Ints:
        """The term of each text, a new one where needed; within a transaction."""
        known = self._found(texts)
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known |= self._added(new)
        return np.array([known[text] for text in texts], np.int64)

    def _found(self, texts: Sequence[str]) -> dict[str, int]:
        """The terms of those texts that have one."""
        known = {text: self._numbers[text] for text in texts if text in self._numbers}
        if left := {text for text in texts if text and text not in known}:
            sql = "SELECT no, text FROM term_key JOIN term ON no = term WHERE key IN ({})"
            for number, text in self._db.among(sql, sorted(map(key_of, left))):
                if text in left:
                    known[text] = number
                    self._keep(text, number)
        known[""] = 0
        return known

    def _added(self, new: Sequence[str]) -> dict[str, int]:
        """New terms."""
        (last,) = self._db.execute("SELECT max(no) FROM term").fetchone()
        numbers = {text: last + at for at, text in enumerate(new, 1)}
        self._db.insert("term", [(number, text) for text, number in numbers.items()])
        keys = sorted((key_of(text), number) for text, number in numbers.items())
        self._db.insert("term_key", keys)
        for text, number in numbers.items():
            self._keep(text, number)
        return numbers

    def _keep(self, text: str, number: int) -> None:
        if len(self._numbers) >= KEPT:
            self.forget()
        self._numbers[text] = number
        self._texts[number] = text

"""Which small number stands for a text that comes again: a place, a step, a party?

A text is found by its hash and then compared: an index over the texts would hold them twice.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

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

    def __init__(self, db: sqlite3.Connection) -> None:
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
        if known < 0:
            sql = "SELECT no, text FROM term_key JOIN term ON no = term WHERE key = ?"
            for number, one in self._db.execute(sql, (key_of(text),)):
                if one == text:
                    known = number
                    self._keep(text, number)
        return known

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """The terms of those texts that have one."""
        return [number for number in map(self.number, texts) if number >= 0]

    def assign(self, texts: Sequence[str]) -> Ints:
        """The term of each text, a new one where needed; within a transaction."""
        numbers = []
        for text in texts:
            number = self._numbers.get(text, -1)
            if number < 0 and (number := self.number(text)) < 0:
                sql = "INSERT INTO term(text) VALUES(?)"
                number = self._db.execute(sql, (text,)).lastrowid or 0
                self._db.execute("INSERT INTO term_key VALUES(?,?)", (key_of(text), number))
                self._keep(text, number)
            numbers.append(number)
        return np.array(numbers, np.int64)

    def _keep(self, text: str, number: int) -> None:
        if len(self._numbers) >= KEPT:
            self.forget()
        self._numbers[text] = number
        self._texts[number] = text

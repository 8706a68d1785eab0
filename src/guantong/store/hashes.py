"""Which numbers belong to a text? Sorted hashes in pages, for sets that outgrow memory.

A b-tree over random keys touches a page for each insertion. Here insertions gather in runs that
are written once and merged when there are many of one size (a log-structured merge). A run is
cut into pages by the upper bits of the hash: hashes are spread evenly, so the page of a key is
known without an index; and a sieve says for nearly every new key that it is in none of them, so
that the cost of a look-up does not grow with what is there. Keys are hashes: who asks must compare
the text behind each answer.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store.engine import Handle
from guantong.store.packing import pack, unpack
from guantong.store.room import part_of
from guantong.store.sieve import Sieve, marks_of

Ints: TypeAlias = NDArray[np.int64]

KEY_BITS: Final = 48
"""Of a hash that is kept: with 10⁹ keys, one look-up in 280,000 meets a stranger."""
PAGE_KEYS: Final = 4_096
"""About how many keys lie in a page."""
RUNS_MAX: Final = 4
"""Runs of one level; one more, and they become one of the next."""
MERGED_AT_ONCE: Final = 3
"""Runs of lower levels are merged when they are written; larger ones by a compaction."""
HIDDEN: Final = -1
"""Level of a run that is being written."""
DROPPED: Final = -2
"""Level of a run whose pages are being removed."""
PAGES_AT_ONCE: Final = 8
"""Written or removed in one piece of a compaction."""
PAGES_KEPT: Final = 1_024
"""Decoded pages in memory, about 64 KB each."""

SCHEMA: Final = """
CREATE TABLE hash_run(
  no INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, level INTEGER NOT NULL, bits INTEGER NOT NULL,
  keys INTEGER NOT NULL);
CREATE TABLE hash_page(
  run INTEGER NOT NULL, page INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(run, page));
"""


def key_of(text: str) -> int:
    """The key of a text: `KEY_BITS` of its hash."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "little")


def keys_of(texts: Sequence[str]) -> Ints:
    """The keys of some texts."""
    made = hashlib.blake2b
    return np.array(
        [int.from_bytes(made(t.encode(), digest_size=6).digest(), "little") for t in texts],
        np.int64,
    )


def bits_for(keys: int) -> int:
    """Upper bits of a hash that name its page, in a run of so many keys."""
    return (keys // PAGE_KEYS).bit_length()


def paged(bits: int, keys: Ints, numbers: Ints) -> Iterator[tuple[int, bytes]]:
    """Pages of sorted keys with their numbers."""
    pages, starts = np.unique(keys >> (KEY_BITS - bits), return_index=True)
    ends = np.append(starts[1:], len(keys))
    for page, start, end in zip(pages.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield page, pack((keys[start:end], numbers[start:end]))


class Hashes:
    """Numbers by key, of one kind. A key may have several numbers."""

    def __init__(self, db: Handle, kind: int) -> None:
        self._db = db
        self._kind = kind
        self._pages_max = part_of(PAGES_KEPT)
        self._pages: OrderedDict[tuple[int, int], tuple[Ints, Ints]] = OrderedDict()
        self._sieves: dict[int, Sieve] = {}

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self._pages.clear()
        self._sieves.clear()

    def find(self, keys: Ints) -> tuple[Ints, Ints]:
        """All numbers of some keys.

        Args:
            keys: In any order.

        Returns:
            Positions in `keys` and the number found for each, in order of position.
        """
        places: list[Ints] = []
        numbers: list[Ints] = []
        if len(keys):
            marks = marks_of(keys)
            for run, bits, sieve in self._runs():
                page_of = keys >> (KEY_BITS - bits)
                left = np.flatnonzero(~sieve.holds_back(page_of, marks))
                if len(left):
                    self._find_in(run, page_of, keys, left, places, numbers)
        if not places:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        place, number = np.concatenate(places), np.concatenate(numbers)
        order = np.lexsort((number, place))
        return place[order], number[order]

    def add(self, keys: Ints, numbers: Ints) -> None:
        """Keep pairs; within the caller's transaction."""
        if len(keys):
            order = np.argsort(keys, kind="stable")
            self._write(0, keys[order], numbers[order])
            self._merge()

    def _runs(self) -> list[tuple[int, int, Sieve]]:
        """Number, bits and sieve of each run."""
        sql = "SELECT no, bits, keys FROM hash_run WHERE kind = ? AND level >= 0"
        found = self._db.execute(sql, (self._kind,)).fetchall()
        for gone in self._sieves.keys() - {run for run, *_ in found}:
            del self._sieves[gone]
        return [(run, bits, self._sieve(run, bits, keys)) for run, bits, keys in found]

    def _sieve(self, run: int, bits: int, keys: int) -> Sieve:
        if (known := self._sieves.get(run)) is None:
            known = self._sieves[run] = Sieve(pages=1 << bits, keys=keys)
        return known

    def _find_in(
        self,
        run: int,
        page_of: Ints,
        keys: Ints,
        left: Ints,
        places: list[Ints],
        numbers: list[Ints],
    ) -> None:
        """Look for the keys that are `left` in one run, page by page."""
        order = left[np.argsort(page_of[left], kind="stable")]
        pages, starts = np.unique(page_of[order], return_index=True)
        for page, chosen in zip(pages.tolist(), np.split(order, starts[1:]), strict=True):
            held, values = self._page(run, page)
            wanted = keys[chosen]
            low = np.searchsorted(held, wanted, "left")
            count = np.searchsorted(held, wanted, "right") - low
            if count.any():
                places.append(np.repeat(chosen, count))
                within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
                numbers.append(values[np.repeat(low, count) + within])

    def _page(self, run: int, page: int) -> tuple[Ints, Ints]:
        known = self._pages.get((run, page))
        if known is None:
            known = self._pages[run, page] = self._read(run, page)
            if not (sieve := self._sieves[run]).is_filled(page):
                sieve.fill(np.array([page]), np.array([page]), marks_of(known[0]))
            if len(self._pages) > self._pages_max:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end((run, page))
        return known

    def _read(self, run: int, page: int) -> tuple[Ints, Ints]:
        sql = "SELECT data FROM hash_page WHERE run = ? AND page = ?"
        found = self._db.execute(sql, (run, page)).fetchone()
        if found is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        (keys, numbers), _ = unpack(found[0])
        return keys, numbers

    def _write(self, level: int, keys: Ints, numbers: Ints) -> None:
        """A new run of sorted keys."""
        bits = bits_for(len(keys))
        (run,) = self._db.execute(
            "INSERT INTO hash_run(kind, level, bits, keys) VALUES(?,?,?,?) RETURNING no",
            (self._kind, level, bits, len(keys)),
        ).fetchone()
        pages = [(run, page, data) for page, data in paged(bits, keys, numbers)]
        self._db.insert("hash_page", pages)
        sieve = self._sieve(run, bits, len(keys))
        sieve.fill(np.arange(1 << bits), keys >> (KEY_BITS - bits), marks_of(keys))

    def _merge(self) -> None:
        """Make one run of those of a level where there are too many, level by level."""
        for level in range(MERGED_AT_ONCE):
            runs = self._of_level(level)
            if len(runs) <= RUNS_MAX:
                return
            keys, numbers = self._all(runs)
            self._drop(runs)
            self._write(level + 1, keys, numbers)

    def _of_level(self, level: int) -> list[int]:
        sql = "SELECT no FROM hash_run WHERE kind = ? AND level = ?"
        return [no for (no,) in self._db.execute(sql, (self._kind, level))]

    def _all(self, runs: Sequence[int]) -> tuple[Ints, Ints]:
        """What stands in some runs, in order of the keys."""
        sql = "SELECT data FROM hash_page WHERE run IN ({})"
        parts = [unpack(data)[0] for (data,) in self._db.among(sql, runs)]
        keys = np.concatenate([part[0] for part in parts])
        numbers = np.concatenate([part[1] for part in parts])
        order = np.argsort(keys, kind="stable")
        return keys[order], numbers[order]

    def _drop(self, runs: Sequence[int]) -> None:
        self._db.executemany("DELETE FROM hash_page WHERE run = ?", [(run,) for run in runs])
        self._db.executemany("DELETE FROM hash_run WHERE no = ?", [(run,) for run in runs])
        for key in [key for key in self._pages if key[0] in set(runs)]:
            del self._pages[key]

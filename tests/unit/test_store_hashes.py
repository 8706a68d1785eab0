"""Hashes in runs: every pair that was added is found, at every moment of a merge."""

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest

from guantong.store import hash_merge, hashes
from guantong.store.hashes import KEY_BITS, Hashes
from guantong.store.sqlite import transaction


@pytest.fixture
def db(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    monkeypatch.setattr(hashes, "PAGE_KEYS", 8)
    monkeypatch.setattr(hashes, "MERGED_AT_ONCE", 1)
    monkeypatch.setattr(hash_merge, "MERGED_AT_ONCE", 1)
    monkeypatch.setattr(hashes, "RUNS_MAX", 2)
    monkeypatch.setattr(hash_merge, "RUNS_MAX", 2)
    monkeypatch.setattr(hash_merge, "PAGES_AT_ONCE", 2)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(hashes.SCHEMA)
    yield db
    db.close()


def fill(held: Hashes, known: dict[int, set[int]], rng: np.random.Generator, times: int) -> None:
    for _ in range(times):
        keys = rng.integers(0, 1 << KEY_BITS, 7)
        keys[0] = 5  # one key that comes again and again
        numbers = rng.integers(0, 10**9, 7)
        held.add(keys, numbers)
        for key, number in zip(keys.tolist(), numbers.tolist(), strict=True):
            known.setdefault(key, set()).add(number)


def same(held: Hashes, known: dict[int, set[int]]) -> None:
    keys = np.array([*known, 1, 2, 3], np.int64)
    places, numbers = held.find(keys)
    found: dict[int, set[int]] = {}
    for place, number in zip(places.tolist(), numbers.tolist(), strict=True):
        found.setdefault(int(keys[place]), set()).add(number)
    assert found == known
    assert len(places) == sum(map(len, known.values()))


def compact(db: sqlite3.Connection) -> list[hash_merge.Piece]:
    return [piece for merge in hash_merge.due(db) for piece in hash_merge.built(db, merge)]


def test_what_was_added_is_found_through_every_piece_of_a_merge(db: sqlite3.Connection) -> None:
    held, reader, rng = Hashes(db, 1), Hashes(db, 1), np.random.default_rng(5)
    other, known, others = Hashes(db, 2), dict[int, set[int]](), dict[int, set[int]]()
    for _ in range(5):
        fill(held, known, rng, 6)
        fill(other, others, rng, 5)
        for piece in compact(db):
            with transaction(db):
                hash_merge.install(db, piece)
            fill(held, known, rng, 1)
            same(reader, known)
    same(held, known)
    same(other, others)
    assert db.execute("SELECT max(level) FROM hash_run").fetchone()[0] >= 3
    assert db.execute("SELECT count(*) FROM hash_run WHERE level < 0").fetchone() == (0,)
    orphans = "SELECT count(*) FROM hash_page WHERE run NOT IN (SELECT no FROM hash_run)"
    assert db.execute(orphans).fetchone() == (0,)


@pytest.mark.parametrize("kept", range(0, 60, 7))
def test_a_merge_that_was_left_half_way_is_done_again(db: sqlite3.Connection, kept: int) -> None:
    held, rng, known = Hashes(db, 1), np.random.default_rng(kept), dict[int, set[int]]()
    fill(held, known, rng, 40)
    for piece in compact(db)[:kept]:
        hash_merge.install(db, piece)
    same(Hashes(db, 1), known)
    for piece in hash_merge.removed(db, hash_merge.dropped(db)):
        hash_merge.install(db, piece)
    for piece in compact(db):
        hash_merge.install(db, piece)
    same(Hashes(db, 1), known)
    assert db.execute("SELECT count(*) FROM hash_run WHERE level < 0").fetchone() == (0,)


def test_nothing_is_found_in_nothing(db: sqlite3.Connection) -> None:
    assert Hashes(db, 1).find(np.zeros(0, np.int64))[0].tolist() == []
    assert Hashes(db, 1).find(np.array([7], np.int64))[0].tolist() == []

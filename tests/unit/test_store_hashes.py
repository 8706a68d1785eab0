"""Hashes in runs: every pair that was added is found, at every moment of a merge."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from guantong.store import SegmentStore, hash_merge, hashes
from guantong.store.engine import Handle
from guantong.store.hashes import KEY_BITS, Hashes
from guantong.store.sieve import Sieve, marks_of


@pytest.fixture
def db(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Handle]:
    monkeypatch.setattr(hashes, "PAGE_KEYS", 8)
    monkeypatch.setattr(hashes, "MERGED_AT_ONCE", 1)
    monkeypatch.setattr(hash_merge, "MERGED_AT_ONCE", 1)
    monkeypatch.setattr(hashes, "RUNS_MAX", 2)
    monkeypatch.setattr(hash_merge, "RUNS_MAX", 2)
    monkeypatch.setattr(hash_merge, "PAGES_AT_ONCE", 2)
    store = SegmentStore.open(tmp_path / "index")
    yield store._db
    store.close()


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


def compact(db: Handle) -> list[hash_merge.Piece]:
    return [piece for merge in hash_merge.due(db) for piece in hash_merge.built(db, merge)]


def test_what_was_added_is_found_through_every_piece_of_a_merge(db: Handle) -> None:
    held, reader, rng = Hashes(db, 1), Hashes(db, 1), np.random.default_rng(5)
    other, known, others = Hashes(db, 2), dict[int, set[int]](), dict[int, set[int]]()
    for _ in range(5):
        fill(held, known, rng, 6)
        fill(other, others, rng, 5)
        for piece in compact(db):
            with db.transaction():
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
def test_a_merge_that_was_left_half_way_is_done_again(db: Handle, kept: int) -> None:
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


def test_nothing_is_found_in_nothing(db: Handle) -> None:
    assert Hashes(db, 1).find(np.zeros(0, np.int64))[0].tolist() == []
    assert Hashes(db, 1).find(np.array([7], np.int64))[0].tolist() == []


def test_a_new_key_reads_no_page_once_a_page_was_read(
    db: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, rng = Hashes(db, 1), np.random.default_rng(3)
    fill(held, {}, rng, 200)
    reader, read = Hashes(db, 1), list[int]()
    plain = Hashes._page

    def page_of(self: Hashes, run: int, page: int) -> tuple[hashes.Ints, hashes.Ints]:
        read.append(page)
        return plain(self, run, page)

    monkeypatch.setattr(Hashes, "_page", page_of)
    strangers = rng.integers(0, 1 << KEY_BITS, 2_000)
    assert len(reader.find(strangers)[0]) == 0
    (pages,) = db.execute("SELECT count(*) FROM hash_page").fetchone()
    assert len(read) >= pages
    read.clear()
    reader.find(strangers)
    held.find(strangers)  # who writes a run knows it without reading
    assert len(read) < pages / 4


def test_what_was_undone_does_not_hold_back_what_came_in_its_place(
    db: Handle,
) -> None:
    held, first, second = Hashes(db, 1), np.arange(1, 9), np.arange(101, 10_001) << 30

    def undone() -> None:
        with db.transaction():
            held.add(first, first)
            raise KeyError

    with pytest.raises(KeyError):
        undone()
    held.forget()
    held.add(second, second)  # under the run number of the first
    assert held.find(second)[1].tolist() == second.tolist()
    assert len(held.find(first)[1]) == 0


@pytest.mark.parametrize("pages", [1, 16])
def test_a_sieve_lets_every_key_pass_and_few_others(pages: int) -> None:
    rng = np.random.default_rng(pages)
    keys, others = (rng.integers(0, 1 << KEY_BITS, 20_000) for _ in range(2))
    sieve = Sieve(pages=pages, keys=len(keys))
    assert not sieve.holds_back(others % pages, marks_of(others)).any()  # nothing is known yet
    sieve.fill(np.arange(pages), keys % pages, marks_of(keys))
    assert not sieve.holds_back(keys % pages, marks_of(keys)).any()
    passed = ~sieve.holds_back(others % pages, marks_of(others))
    assert passed.mean() < 0.005


def test_a_sieve_of_very_many_keys_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guantong.store.sieve.WORDS_MAX", 64)
    keys = np.random.default_rng(1).integers(0, 1 << KEY_BITS, 3_000)
    sieve = Sieve(pages=8, keys=len(keys))
    assert sieve._words.size == 64
    sieve.fill(np.arange(8), keys % 8, marks_of(keys))
    assert not sieve.holds_back(keys % 8, marks_of(keys)).any()

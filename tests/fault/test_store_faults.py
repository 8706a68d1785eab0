"""The index under failing writes, kills and lost power: right as far as it says it goes.

SQLite gives the transactions; what is tested is that ours end where they should: that an append,
a compaction and a merge are whole or absent, that a handle that saw a failure says so and
remembers nothing of it, and that an index that can not be read is refused, to be rebuilt.
"""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong.store import EventFilter, Indexed, RowStore, SegmentStore, StoreError
from guantong.store.sqlite import File
from tests.store_model import Twins

GROUPS = 30


def stream(place: Path, seed: int) -> Iterator[list[Indexed]]:
    """The same groups of entries each time."""
    place.mkdir()
    twins = Twins(place, seed)
    try:
        while True:
            yield [twins._document() for _ in range(twins.random.choice((1, 3)))]
    finally:
        twins.close()


def groups(place: Path, seed: int, count: int = GROUPS) -> list[list[Indexed]]:
    made = stream(place, seed)
    found = [next(made) for _ in range(count)]
    made.close()  # type: ignore[attr-defined]
    return found


def equal(store: SegmentStore, entries: list[Indexed], place: Path) -> None:
    """The store is what a row store is over the entries it says it has."""
    place.mkdir()
    oracle = RowStore.open(place / "oracle.sqlite")
    size = store.projected_size
    oracle.append(entries[:size])
    assert store.counts() == oracle.counts()
    everything = oracle.scan_events(EventFilter(), limit=10**6)
    assert store.scan_events(EventFilter(), limit=10**6) == everything
    items = sorted({item for stored in everything for item in stored.event.epcs[:3]})
    items += sorted({stored.event.parent for stored in everything if stored.event.parent})
    assert dict(store.rows_of(items)) == dict(oracle.rows_of(items))
    oracle.close()


class Tripped:
    """Makes SQLite give up after so many of its steps; once."""

    def __init__(self, db: sqlite3.Connection, steps: int) -> None:
        self._left = steps
        self._db = db
        db.set_progress_handler(self._step, 4)

    def _step(self) -> int:
        self._left -= 1
        return 1 if self._left == 0 else 0

    def off(self) -> bool:
        """Whether it had struck."""
        self._db.set_progress_handler(None, 0)
        return self._left <= 0


@pytest.mark.parametrize("what", ["append", "compact"])
def test_a_failure_at_any_step_leaves_all_as_it_was(tmp_path: Path, what: str) -> None:
    made = groups(tmp_path / "made", 3)
    entries = [entry for group in made for entry in group]
    store = SegmentStore.open(tmp_path / "index.sqlite")
    for group in made[:-1]:
        store.append(group)
    struck, steps = 0, 1
    while True:
        assert isinstance(store._db, File)
        trip = Tripped(store._db, steps)
        try:
            store.append(made[-1]) if what == "append" else store.compact()
        except StoreError as refused:
            assert refused.faults[0].code in {"store.stopped", "store.unreadable"}
            assert trip.off()
            struck += 1
            if struck % 10 == 1:
                equal(store, entries, tmp_path / f"after-{struck}")
            steps += 1 + steps // 8
            continue
        trip.off()
        break
    assert struck >= 15
    equal(store, entries, tmp_path / "end")


def test_a_commit_that_was_kept_and_told_as_failed(tmp_path: Path) -> None:
    """The worst of an unknown state: what is on the disk decides, not what was said."""
    made = groups(tmp_path / "made", 4)
    entries = [entry for group in made for entry in group]
    path = tmp_path / "index.sqlite"
    for at, group in enumerate(made):
        store = SegmentStore.open(path)
        if store.projected_size > group[0].entry:
            continue
        store._db.close()
        db = sqlite3.connect(path, isolation_level=None, factory=_Liar)
        with pytest.raises(StoreError, match=r"store\.stopped"):
            SegmentStore(db).append(group)
        db.close()
        if at % 10 == 9:
            with_compaction = SegmentStore.open(path)
            with_compaction.compact()
            equal(with_compaction, entries, tmp_path / f"at-{at}")
            with_compaction.close()
    final = SegmentStore.open(path)
    assert final.projected_size == len(entries)
    equal(final, entries, tmp_path / "end")


class _Liar(File):
    """Commits, and says that it could not."""

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        done = super().execute(sql, *values)  # type: ignore[arg-type]
        if sql == "COMMIT" and self.total_changes:
            message = "disk I/O error"
            raise sqlite3.OperationalError(message)
        return done


@pytest.mark.full
def test_power_lost_between_any_two_sectors(tmp_path: Path) -> None:
    """Images of file and log with a torn, cut or mixed end: right, or refused."""
    images(tmp_path, 0, each=2)


@pytest.mark.soak
def test_power_lost_two_thousand_times(tmp_path: Path) -> None:
    refused = sum(images(tmp_path / str(seed), seed, each=25) for seed in range(10, 37))
    assert refused < 2000


def images(tmp_path: Path, seed: int, *, each: int) -> int:
    """Make images after each group and each compaction; says how many were refused."""
    tmp_path.mkdir(exist_ok=True)
    made, chance = groups(tmp_path / "made", seed), random.Random(seed)
    entries = [entry for group in made for entry in group]
    path, refused = tmp_path / "index.sqlite", 0
    store = SegmentStore.open(path)
    store._db.execute("PRAGMA wal_autocheckpoint = 0")
    for number, group in enumerate(made):
        log = _size(path, "-wal")
        store.append(group)
        if number % 5 == 4:
            for planned, pieces in [store.plan()]:
                store.install(list(pieces), planned.last_event)
        for one in range(each if number % 3 == 2 else 0):
            place = tmp_path / f"image-{number}-{one}"
            _image(path, place, log, chance)
            refused += _opened(place, entries)
            shutil.rmtree(place)
        if number % 10 == 9:
            store.fold()
    store.close()
    return refused


def _size(path: Path, suffix: str) -> int:
    file = path.with_name(path.name + suffix)
    return file.stat().st_size if file.exists() else 0


def _image(path: Path, place: Path, synced: int, chance: random.Random) -> None:
    """The file as it is, the log with its unsynced end lost in one of three ways."""
    place.mkdir()
    shutil.copy(path, place / path.name)
    log = bytearray(path.with_name(path.name + "-wal").read_bytes())
    way = chance.randrange(3)
    if way == 0:
        del log[chance.randrange(synced, len(log) + 1) // 512 * 512 :]
    elif way == 1:
        for at in range(synced, len(log), 512):
            if chance.random() < 0.2:
                log[at : at + 512] = bytes(len(log[at : at + 512]))
    else:
        at = chance.randrange(synced, max(synced + 1, len(log)))
        log[at : at + 8] = b"\xff" * len(log[at : at + 8])
    (place / f"{path.name}-wal").write_bytes(log)


def _opened(place: Path, entries: list[Indexed]) -> int:
    """Whether the image was refused; otherwise it is right as far as it goes."""
    try:
        store = SegmentStore.open(place / "index.sqlite")
    except StoreError:
        return 1
    equal(store, entries, place / "oracle")
    start = store.projected_size
    store.append(entries[start:])
    store.compact()
    equal(store, entries, place / "whole")
    store.close()
    return 0


VICTIM = """
import sys
from pathlib import Path
from guantong.store import SegmentStore
from guantong.store.sqlite import File
from tests.fault.test_store_faults import groups
place, seed = Path(sys.argv[1]), int(sys.argv[2])
made = groups(place / f"made-{sys.argv[3]}", seed, 60)
store = SegmentStore.open(place / "index.sqlite")
print("ready", flush=True)
for number, group in enumerate(made):
    if group[0].entry >= store.projected_size:
        store.append(group)
        if number % 4 == 3:
            store.compact()
print("done", flush=True)
"""


def killed(place: Path, seed: int, times: int) -> None:
    """Kill a process that appends and compacts, at moments that differ, and look."""
    chance = random.Random(seed)
    entries = [entry for group in groups(place / "made", seed, 60) for entry in group]
    for number in range(times):
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(place), str(seed), str(number)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(chance.random() * 0.15)
        victim.kill()
        victim.communicate()
        store = SegmentStore.open(place / "index.sqlite")
        equal(store, entries, place / f"oracle-{number}")
        store.close()


def test_killed_while_it_appends_and_compacts(tmp_path: Path) -> None:
    killed(tmp_path, 5, 3)


@pytest.mark.full
def test_killed_forty_times(tmp_path: Path) -> None:
    for seed in range(8):
        place = tmp_path / str(seed)
        place.mkdir()
        killed(place, 100 + seed, 5)


@pytest.mark.parametrize("table", ["segment", "block"])
def test_damaged_bytes_are_refused_and_named(tmp_path: Path, table: str) -> None:
    made = groups(tmp_path / "made", 6)
    store = SegmentStore.open(tmp_path / "index.sqlite")
    for group in made:
        store.append(group)
    store.compact()
    items = [item for group in made for entry in group for e in entry.events for item in e.epcs]
    store._db.execute(f"UPDATE {table} SET data = substr(data, 1, 40)")
    store.close()
    again = SegmentStore.open(tmp_path / "index.sqlite")
    with pytest.raises(StoreError, match=rf"store\.unreadable.*{table}|{table}.*unreadable"):
        again.rows_of(items)

"""The index is deleted and made anew, then one row of it is changed: the audit names that row."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from guantong.clock import SetClock, SystemClock
from guantong.ledger import Ledger, SystemEntropy
from guantong.serve import projector
from guantong.serve.audit import Check, audit
from guantong.serve.compactor import findings
from guantong.serve.intake import Offer
from guantong.serve.world import INDEX, LEDGER, open_world, rebuild
from guantong.settings import Settings
from guantong.store import SegmentStore
from guantong.store.columns import Ranges
from guantong.store.holdings import Found
from guantong.store.numbering import BITS, MASK
from guantong.store.segments import SCHEMA
from tests.walk.test_walk import CLASS, at, epcis, maker, sell, walk

PACKED, PLAIN = "packed", "plain"
CODES = 1_100
"""More than a page of codes that are no plain serials."""
TABLES = tuple(
    line.split("(")[0].removeprefix("CREATE TABLE ")
    for line in SCHEMA.splitlines()
    if line.startswith("CREATE TABLE ")
)
EMPTY = {PACKED: {"hot"}, PLAIN: {"block", "holding"}}
"""What was moved, and what was not yet."""


def event(**members: object) -> dict[str, object]:
    return {
        "eventTime": "2026-03-19T08:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "commissioning",
        **members,
    }


def document() -> bytes:
    """Events that leave something in every table."""
    inputs = [f"{CLASS}/21/{n}" for n in (5, 6)]
    return epcis(
        event(
            type="ObjectEvent",
            action="ADD",
            epcList=[f"https://example.org/own/ab{n:04}" for n in range(CODES)],
            ilmd={"cbvmda:lotNumber": "L1"},
        ),
        event(
            type="TransformationEvent",
            transformationID="urn:example:made:1",
            inputEPCList=inputs,
            outputEPCList=[f"{CLASS}/21/700"],
            ilmd={"cbvmda:lotNumber": "L2"},
        ),
    )


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An installation whose index was deleted and made anew: compacted, and as it is at first."""
    packed, plain = (tmp_path_factory.mktemp("row") / name for name in (PACKED, PLAIN))
    with open_world(Settings(packed), clock=SetClock(at(20)), create=True) as world:
        sell(world, walk(world)[0])
        assert world.submit(Offer(document()), maker).faults == ()
    (packed / INDEX).unlink()
    shutil.copytree(packed, plain)
    for _ in rebuild(Settings(packed)):
        pass
    with closing(SegmentStore.open(packed / INDEX)) as store:
        for found in findings(store):
            store.keep(found.listed, found.until)
    with (
        Ledger.open(plain / LEDGER, clock=SystemClock(), entropy=SystemEntropy()) as ledger,
        closing(SegmentStore.open(plain / INDEX)) as store,
    ):
        for _ in projector.catch_up(ledger, store):
            pass
    return {PACKED: packed, PLAIN: plain}


@pytest.fixture(params=[PACKED, PLAIN])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data(indexes: dict[str, Path], form: str, tmp_path: Path) -> Path:
    """A copy of one of them."""
    shutil.copytree(indexes[form], tmp_path / "data")
    return tmp_path / "data"


def rows_told(data: Path) -> list[str]:
    """The rows that the audit names; whatever else it tells is about the index too."""
    findings = audit(Settings(data)).findings
    assert {found.check for found in findings} <= {Check.INDEX}
    return [found.where for found in findings if found.where.startswith("row ")]


def columns(db: sqlite3.Connection, table: str) -> list[tuple[str, bool]]:
    """Each column, and whether it names the row."""
    return [(it[1], bool(it[5])) for it in db.execute(f"PRAGMA table_info({table})")]


def harmed(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    if isinstance(value, int | float):
        return value + 1_000
    return b"x" if value is None else f"{value}x"


def changes(path: Path, tables: set[str]) -> Iterator[tuple[str, str, str]]:
    """Change one column of one row of each table in turn: table, column, and how the row is named."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for table in sorted(tables):
            known = columns(db, table)
            found = db.execute(f"SELECT * FROM {table} LIMIT 1 OFFSET {_middle(db, table)}")
            row = dict(zip([name for name, _ in known], found.fetchone() or (), strict=False))
            keys = [name for name, is_key in known if is_key]
            where = " AND ".join(f"{key} = ?" for key in keys)
            for name, is_key in known if row else ():
                if is_key:
                    continue
                change = f"UPDATE {table} SET {name} = ? WHERE {where}"
                named = [row[key] for key in keys]
                db.execute(change, (harmed(row[name]), *named))
                told = ", ".join(f"{key}={row[key]}" for key in keys)
                yield table, name, f"row {told} of table {table}"
                db.execute(change, (row[name], *named))


def _middle(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) // 2


@pytest.mark.full
def test_one_column_of_one_row_of_each_table(data: Path, form: str) -> None:
    seen = set()
    looked = set(TABLES) if form == PACKED else {"hot", "segment"}  # the others are the same
    for table, column, where in changes(data / INDEX, looked):
        assert rows_told(data) == [where], (table, column)
        seen.add(table)
    keys_only = {"joined", "lot", "fact_link", "code_shelf", "term_key"}
    assert seen == looked - EMPTY[form] - keys_only
    assert rows_told(data) == []


@pytest.mark.parametrize("table", TABLES)
def test_one_row_of_each_table_is_gone(data: Path, form: str, table: str) -> None:
    with closing(sqlite3.connect(data / INDEX, isolation_level=None)) as db:
        keys = ", ".join(name for name, is_key in columns(db, table) if is_key)
        chosen = f"SELECT {keys} FROM {table} LIMIT 1 OFFSET {_middle(db, table)}"
        row = db.execute(chosen).fetchone()
        if table == "holding":
            return  # of what is not kept, everything is read anew
        if table in EMPTY[form]:
            assert row is None
            return
        names = keys.split(", ")
        where = " AND ".join(f"{key} = ?" for key in names)
        assert db.execute(f"DELETE FROM {table} WHERE {where}", row).rowcount == 1
    told = ", ".join(f"{key}={value}" for key, value in zip(names, row, strict=True))
    assert rows_told(data) == [f"row {told} of table {table}"]


def test_what_is_kept_of_items_is_not_what_their_rows_say(data: Path, form: str) -> None:
    if form == PLAIN:
        return
    with closing(SegmentStore.open(data / INDEX)) as store:
        all_of_one = Ranges(np.array([1 << BITS]), np.array([MASK + 1]))
        known = store.holdings(all_of_one, np.zeros(0, np.uint64))
        others = [("urn:other", state, taker) for _, state, taker in known.holders]
        none = np.zeros(0, np.int64)
        changed = Found(all_of_one, replace(known, holders=others), none, none.astype(np.uint64))
        store.keep(store.findings(changed))
    assert rows_told(data) == ["row extent=1 of table holding"]


@pytest.mark.parametrize("compact_after", range(4))
def test_an_index_filled_in_other_steps_is_no_finding(tmp_path: Path, compact_after: int) -> None:
    with open_world(Settings(tmp_path), clock=SetClock(at(20)), create=True) as world:
        codes = walk(world)
        for step in range(4):
            sell(world, codes[step])
            world.wait(world.ledger.size)
            if step == compact_after:
                with closing(SegmentStore.open(tmp_path / INDEX)) as store:
                    store.compact()
    assert audit(Settings(tmp_path)).findings == ()

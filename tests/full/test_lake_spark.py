"""Spark over a lake answers what one machine answers: here, on a cluster, and when a worker dies."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from guantong.lake import Fault, LakeError, plain
from guantong.lake.export import export
from guantong.lake.missing import missing
from guantong.market.bulk import Bulk
from guantong.parties import Register
from guantong.store import SegmentStore
from guantong.store.columns import Ranges
from guantong.trace.closure import Scope, amounts_of, closure, held_of, who
from guantong.trace.expanse import Wrappings
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS
from guantong.trace.names import LOGISTIC_UNIT, is_many
from guantong.trace.tally import Tally
from tests.lake_small import NOW_MS, SEED, broken, hidden_codes
from tests.spark_small import Cluster, here

pytestmark = [
    pytest.mark.full,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
ROWS = 10_000
KEYS = {"steps": 1, "panel": 3, "coverage": 2}
Told = dict[str, Any]


class Lake(NamedTuple):
    """An export, and what one machine says of the index it is of."""

    folder: Path
    store: SegmentStore
    lot: str
    scope: Scope
    everyone: Told


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    pytest.importorskip("pyspark")
    folder = tmp_path_factory.mktemp("lake")
    bulk = Bulk(SEED, rows=ROWS)
    for _ in bulk.filings():
        pass
    with closing(broken(folder, ROWS)) as store:
        export(store, folder / "lake", part_rows=4_000)
        register = Register(store)
        scope = closure(
            store,
            [bulk.bad.code],
            now_ms=NOW_MS,
            firm_of=register.firm_of,
            region_of=register.region_of,
        )
        yield Lake(folder / "lake", store, bulk.bad.code, scope, everyone(store))


def everyone(store: SegmentStore) -> Told:
    """Who has what of everything, on one machine."""
    register = Register(store)
    sight = Sight(NOW_MS, FUTURE_MS, store.projected_size)
    all_ = Ranges(np.array([1 << 10]), np.array([store.outgoing.last_extent() << 10]))
    rows = store.rows_in(all_)
    numbers = np.unique(rows.item)
    texts = store.texts(numbers)
    many = numbers[[is_many(text) for text in texts]]
    units = numbers[[text.startswith(LOGISTIC_UNIT) for text in texts]]
    single = rows.take(~np.isin(rows.item, many))
    wrappings = Wrappings(store, None)
    tally = Tally(store, sight, register.firm_of, wrappings)
    amounts = amounts_of(tally.lots(tuple(store.texts(many))), register.region_of)
    held = held_of(tally.items(single).counted(), register.region_of)
    gaps = missing(store, single.take(~np.isin(single.item, units)), sight, register.firm_of)
    return {"gaps": dict(gaps), "stops": [], **ordered(who(held, amounts))}


def ordered(told: Told) -> Told:
    """Lots in any order are the same answer."""
    return told | {"amounts": sorted(told["amounts"], key=str)}


def said_of(scope: Scope) -> Told:
    ranges = [span._asdict() for span in scope.spans()]
    about = {"made": scope.made, "lots": list(scope.lots), "ranges": ranges, "hops": scope.hops}
    return {**about, "complete": scope.complete, **who(scope.held, scope.amounts)}


def picked(told: Told, like: Told) -> Told:
    return {name: told[name] for name in like}


def test_here(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from guantong.lake import scope as joining
    from guantong.lake.frames import Frames
    from guantong.lake.job import answer

    spark = here()
    try:
        frames = Frames(spark, lake.folder)
        for name, keys in KEYS.items():
            rows = [[*row.items()] for row in answer(frames, name, [], NOW_MS)["rows"]]
            told = {tuple(v for _, v in row[:keys]): dict(row[keys:]) for row in rows}
            assert told == getattr(plain, name)(lake.store), name
        scope = answer(frames, "scope", [lake.lot], NOW_MS)
        assert picked(scope, said_of(lake.scope)) == said_of(lake.scope)
        assert scope["made"] > 100
        assert any(one["region"] == "330110" for one in scope["held"])
        with pytest.raises(LakeError) as refusal:
            answer(frames, "scope", [hidden_codes(1)[0]], NOW_MS)
        assert refusal.value.faults[0].code == Fault.ORIGIN
        monkeypatch.setattr(joining, "SENT_MAX", 0)  # as where there are too many to be sent around
        all_ = ordered(answer(frames, "everyone", [], NOW_MS))
        assert picked(all_, lake.everyone) == lake.everyone
        assert len(lake.everyone["gaps"]) >= 2, "a market in which nothing is missing shows nothing"
    finally:
        spark.stop()


@pytest.mark.soak
def test_on_a_cluster_and_when_a_worker_dies(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster, now = Cluster(tmp_path), ("--now-ms", str(NOW_MS))
    try:
        scope = cluster.submit("scope", str(lake.folder), "scope", lake.lot, *now).answer()
        assert picked(scope, said_of(lake.scope)) == said_of(lake.scope)
        began = time.monotonic()
        asked = cluster.submit("everyone", str(lake.folder), "everyone", *now)
        while (number := cluster.computing()) < 0:
            assert asked.process.poll() is None, "it ended before a worker could be killed"
            time.sleep(0.02)
        cluster.kill(number)
        killed = time.monotonic()
        all_ = ordered(asked.answer())
        ended = time.monotonic()
        assert "Lost executor" in asked.log.read_text() + asked.out.read_text()
        assert picked(all_, lake.everyone) == lake.everyone
    finally:
        cluster.stop()
    with capsys.disabled():
        print(
            f"\na worker killed after {killed - began:.1f} s; answered {ended - killed:.1f} s later"
        )

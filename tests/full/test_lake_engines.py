"""DuckDB and DataFusion read what was exported, and count what one machine counts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guantong.lake import Dataset, Manifest, plain
from guantong.lake.export import export
from guantong.lake.figures import QUERIES
from guantong.store import SegmentStore
from tests.lake_small import broken

pytestmark = pytest.mark.full
ROWS = 20_000
KEYS = {"steps": 1, "panel": 3, "coverage": 2}
Ask = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, SegmentStore, Manifest]]:
    folder = tmp_path_factory.mktemp("lake")
    with closing(broken(folder, ROWS)) as store:
        yield folder / "lake", store, export(store, folder / "lake")


def by_duckdb(folder: Path, manifest: Manifest) -> Ask:
    duckdb = pytest.importorskip("duckdb")
    link = duckdb.connect()
    for dataset in Dataset:
        files = [str(folder / one.path) for one in manifest.of((dataset,))]
        read = f"read_parquet({files!r}, hive_partitioning=true, hive_types_autocast=false)"
        link.execute(f"CREATE VIEW {dataset.value} AS SELECT * FROM {read}")

    def ask(sql: str) -> list[dict[str, Any]]:
        answer = link.execute(sql)
        names = [one[0] for one in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    return ask


def by_datafusion(folder: Path, _: Manifest) -> Ask:
    datafusion = pytest.importorskip("datafusion")
    import pyarrow as pa

    link = datafusion.SessionContext()
    parts = {Dataset.ROWS: ("range", "month"), Dataset.EVENTS: ("month",)}
    for dataset in Dataset:
        columns = [(name, pa.string()) for name in parts.get(dataset, ())]
        link.register_parquet(
            dataset.value, str(folder / dataset.value), table_partition_cols=columns
        )
    return lambda sql: link.sql(sql).to_pylist()


@pytest.mark.parametrize("engine", [by_duckdb, by_datafusion])
def test_the_same_figures(
    engine: Callable[[Path, Manifest], Ask], lake: tuple[Path, SegmentStore, Manifest]
) -> None:
    folder, store, manifest = lake
    ask = engine(folder, manifest)
    for name, keys in KEYS.items():
        rows = [list(row.items()) for row in ask(QUERIES[name])]
        told = {tuple(v for _, v in row[:keys]): dict(row[keys:]) for row in rows}
        assert told == getattr(plain, name)(store), name
        assert len(told) > 1
    (whole,) = ask("SELECT sum(r.count) AS n, count(*) AS ranges FROM rows r WHERE uom IS NULL")
    assert whole["ranges"] < whole["n"] <= store.counts()["rows"]
    assert sum(one["filing"] for one in plain.coverage(store).values()) == 4
    assert sum(one["coding"] for one in plain.coverage(store).values()) == 2

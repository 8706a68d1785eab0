"""An index as Parquet: all of it, once, in order; and what is damaged is found."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from guantong.capture.serials import spell
from guantong.capture.table import CHILD, EPC, INPUT, OUTPUT, PARENT
from guantong.lake import Dataset, Fault, LakeError, Manifest, check, needed, newest
from guantong.lake.export import export
from guantong.lake.frames import SCHEMAS
from guantong.store import EventFilter, Role, SegmentStore
from tests.lake_small import SECRET, broken, fill, hidden_codes, market

ROWS = 10_000
ROLES = (EPC, PARENT, CHILD, INPUT, OUTPUT)


def rows_of(folder: Path, dataset: Dataset, manifest: Manifest) -> list[dict[str, Any]]:
    """All rows of a table."""
    found: list[dict[str, Any]] = []
    for file in manifest.of((dataset,)):
        found += pq.read_table(folder / file.path, partitioning=None).to_pylist()
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("lake")
    with market(folder, ROWS) as store:
        yield folder / "lake", store, export(store, folder / "lake", ranges=3, part_rows=2_000)


def test_every_event_is_there_once(exported: tuple[Path, SegmentStore, Manifest]) -> None:
    folder, store, manifest = exported
    told = {row["event"]: row for row in rows_of(folder, Dataset.EVENTS, manifest)}
    kept = store.scan_events(EventFilter(), limit=1_000_000)
    assert manifest.rows(Dataset.EVENTS) == len(kept) == len(told)
    for one in kept:
        row, event = told[one.no], one.event
        assert (row["id"], row["by"], row["time_ms"]) == (event.id, one.by, event.time_ms)
        assert (row["type"], row["action"]) == (event.type.value, event.action or "")
        assert (row["transformation_id"] or "") == event.transformation_id
        assert (row["step"], row["read_point"]) == (event.step, event.read_point)
        many = [event.epcs, event.child_epcs, event.input_epcs, event.output_epcs]
        assert row["items"] == sum(map(len, many)) + bool(event.parent)


def test_every_part_of_an_item_is_there_once(
    exported: tuple[Path, SegmentStore, Manifest],
) -> None:
    folder, store, manifest = exported
    told: Counter[tuple[str, int, int]] = Counter()
    for row in rows_of(folder, Dataset.ROWS, manifest):
        assert row["last"] - row["first"] + 1 == row["count"] or row["first"] == -1
        for at in range(row["count"]):
            item = spell(row["head"], row["width"], row["first"] + at)
            told[item, row["event"], row["role"]] += 1
    kept: Counter[tuple[str, int, int]] = Counter()
    numbers = np.arange(1, store.reached.event + 1)
    rows = store.rows_of_events(numbers, ROLES)
    for item, count, event, role in zip(rows.item, rows.count, rows.event, rows.role, strict=True):
        for text in store.texts(np.arange(item, item + count)):
            kept[text, int(event), int(role)] += 1
    assert told == kept
    assert {role for *_, role in told} == set(map(int, Role))


def test_files_are_sorted_and_of_one_range_and_month(
    exported: tuple[Path, SegmentStore, Manifest],
) -> None:
    folder, _, manifest = exported
    assert len({file.path for file in manifest.files}) == len(manifest.files)
    for file in manifest.of((Dataset.ROWS,)):
        table = pq.read_table(folder / file.path, partitioning=None)
        keys = list(
            zip(*(table[name].to_pylist() for name in ("head", "first", "event")), strict=True)
        )
        assert keys == sorted(keys)
        number = int(file.path.split("range=")[1][:3])
        low = manifest.cuts[number - 1] if number else ""
        assert all(low <= head for head, *_ in keys)
        assert number == len(manifest.cuts) or all(
            head < manifest.cuts[number] for head, *_ in keys
        )
        group = pq.ParquetFile(folder / file.path).metadata.row_group(0)
        assert group.column(0).compression == "ZSTD"


def test_columns_are_those_that_spark_is_told(
    exported: tuple[Path, SegmentStore, Manifest],
) -> None:
    folder, _, manifest = exported
    kinds = {"int64": "bigint", "int32": "int", "double": "double", "bool": "boolean"}
    for dataset in (Dataset.ROWS, Dataset.EVENTS, Dataset.PARTIES, Dataset.LOTS):
        schema = pq.read_schema(folder / manifest.of((dataset,))[0].path)
        told = dict(part.split() for part in SCHEMAS[dataset].split(", "))
        for field in schema:
            kind = field.type.value_type if hasattr(field.type, "value_type") else field.type
            assert told[field.name] == kinds.get(str(kind), "string"), field
        assert set(told) - set(schema.names) <= {"month", "range"}


def test_a_later_export_adds_files_and_ends_up_the_same(tmp_path: Path) -> None:
    with market(tmp_path, ROWS, 20) as store:
        first = export(store, tmp_path / "grown", ranges=3)
        before = {file.path: file.sha256 for file in first.files}
        assert export(store, tmp_path / "grown") == first
        fill(store, ROWS)
        store.compact()
        left = tmp_path / "grown" / "rows" / "range=000" / "left.parquet"
        left.write_bytes(b"of an export that was killed")
        second = export(store, tmp_path / "grown")
        whole = export(store, tmp_path / "whole", ranges=3)
        assert newest(tmp_path / "grown") == second
        assert not left.exists()
        check(tmp_path / "grown", second.files)
        kept = [file for file in second.files if file.path in before]
        assert len(kept) >= len(before) - 2  # parties and duties are written anew
        assert all(before[file.path] == file.sha256 for file in kept)
        for dataset in (Dataset.ROWS, Dataset.EVENTS, Dataset.LOTS, Dataset.WITHDRAWN):
            one = rows_of(tmp_path / "grown", dataset, second)
            other = rows_of(tmp_path / "whole", dataset, whole)
            assert sorted(map(str, one)) == sorted(map(str, other))


def test_a_damaged_and_a_missing_file_are_found(tmp_path: Path) -> None:
    with market(tmp_path, ROWS, 20) as store:
        manifest = export(store, tmp_path / "lake")
    check(tmp_path / "lake", manifest.files)
    damaged, missing = manifest.files[0], manifest.files[1]
    path = tmp_path / "lake" / damaged.path
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    (tmp_path / "lake" / missing.path).unlink()
    with pytest.raises(LakeError) as refusal:
        check(tmp_path / "lake", manifest.files)
    found = {(fault.code, fault.path) for fault in refusal.value.faults}
    assert found == {(Fault.DAMAGED, damaged.path), (Fault.MISSING, missing.path)}


def test_another_index_is_refused(tmp_path: Path) -> None:
    with market(tmp_path, ROWS, 20) as store:
        export(store, tmp_path / "lake")
    (tmp_path / "other").mkdir()
    with market(tmp_path / "other", 3 * ROWS, 30) as store, pytest.raises(LakeError) as refusal:
        export(store, tmp_path / "lake")
    assert refusal.value.faults[0].code == Fault.FOREIGN


def test_no_manifest_and_one_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError) as refusal:
        needed(tmp_path)
    assert refusal.value.faults[0].code == Fault.ABSENT
    with market(tmp_path, ROWS, 3) as store:
        manifest = export(store, tmp_path / "lake")
    other = manifest.encode().replace(b'"version":1', b'"version":9')
    for raw in (other, b"{}"):
        with pytest.raises(LakeError) as refusal:
            Manifest.parse(raw)
        assert refusal.value.faults[0].code == Fault.MANIFEST
    assert Manifest.parse(manifest.encode()) == manifest


def test_secret_serials_are_places_and_their_key_stays_here(tmp_path: Path) -> None:
    with closing(broken(tmp_path, ROWS)) as store:
        manifest = export(store, tmp_path / "lake")
    hidden = [
        row
        for row in rows_of(tmp_path / "lake", Dataset.ROWS, manifest)
        if row["head"] == SECRET.head
    ]
    assert {row["width"] for row in hidden} == {-1_000 - SECRET.digits}
    assert [(row["first"], row["last"]) for row in hidden] == [(0, 1_023), (1_024, 1_499)]
    secrets = [SECRET.key.decode(), *hidden_codes(3)]
    for dataset in Dataset:
        told = str(rows_of(tmp_path / "lake", dataset, manifest))
        assert not any(text in told for text in secrets)

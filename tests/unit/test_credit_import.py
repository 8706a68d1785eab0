"""Tables with the column names of real systems, and Parquet."""

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from guantong.credit import (
    SECTIONS,
    CreditError,
    Fault,
    Month,
    PanelMonth,
    cells,
    example,
    score,
)
from guantong.credit.columns import Imported, Tables, day_of, number_of, panel_of
from guantong.credit.panel import generate
from guantong.credit.parquet import read, write
from tests.credit_small import MONTH

VECTORS = Path(__file__).parent.parent / "vectors"


def told(got: Imported, key: str) -> object:
    """One side of an import, as vectors write it."""
    panel = got.panel
    match key:
        case "firm" | "province":
            return getattr(panel, key).tolist()
        case "section":
            return [SECTIONS[one] for one in panel.section]
        case "born":
            assert panel.born is not None
            return [str(Month(int(one))) if one else "" for one in panel.born]
        case "notes":
            return [note.why for note in got.notes]
        case "ids":
            return list(got.ids)
        case _:
            return dict(got.left_out)


@pytest.mark.parametrize(
    "one", json.loads((VECTORS / "credit_import.json").read_text("utf-8")), ids=lambda o: o["desc"]
)
def test_vectors(one: dict[str, Any]) -> None:
    tables = Tables(**one["input"])
    if "fault" in one:
        with pytest.raises(CreditError) as refusal:
            panel_of(MONTH, example(), tables)
        assert [str(fault.code) for fault in refusal.value.faults] == [one["fault"]]
        return
    got = panel_of(MONTH, example(), tables)
    for key, want in one["want"].items():
        if key != "values":
            assert told(got, key) == want, key
    for key, want in one["want"].get("values", {}).items():
        column = [None if math.isnan(value) else value for value in got.panel.values[key].tolist()]
        assert column == [
            value if value is None else pytest.approx(value, abs=1e-6) for value in want
        ], key


def test_what_was_imported_can_be_scored() -> None:
    rows = [
        {
            "pripid": str(number),
            "estdate": "2012-01-01",
            "industryphy": "C",
            "s_ext_nodenum": "340000",
        }
        for number in range(1, 40)
    ]
    got = panel_of(MONTH, example(), Tables(rows, [], [], []))
    scores = score(got.panel, example())
    assert len(scores) == 0 + len(got.panel)
    assert cells(scores).score > 0


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2019, 3, 5),
        dt.datetime(2019, 3, 5, 8, tzinfo=dt.UTC),
        "2019-03-05",
        "2019/3/5",
        "20190305",
        "2019年3月5日",
    ],
)
def test_days_are_read_as_systems_write_them(value: object) -> None:
    assert day_of(value) == dt.date(2019, 3, 5)


@pytest.mark.parametrize("value", [None, "", "soon", "2019", "2019-13-01", 7])
def test_what_is_no_day_is_none(value: object) -> None:
    assert day_of(value) is None


def test_numbers_of_keys_are_their_own_where_they_can_be() -> None:
    assert number_of("42") == 42
    keys = ["042", "91340100MA2MXL0K9D", "９", "1" * 19]
    numbers = [number_of(key) for key in keys]
    assert len(set(numbers)) == len(keys)
    assert all(0 <= one < 2**62 for one in numbers)


def test_a_panel_comes_back_from_parquet(tmp_path: Path) -> None:
    panels = generate(1, firms=50, months=3).panels
    write(tmp_path / "panel.parquet", panels)
    back = list(read(tmp_path / "panel.parquet", example()))
    assert [one.month for one in back] == [one.month for one in panels]
    for one, other in zip(panels, back, strict=True):
        assert one.born is not None
        assert other.born is not None
        for name in ("firm", "province", "section", "weight", "born"):
            assert getattr(one, name).tolist() == getattr(other, name).tolist()
        for key, column in one.values.items():
            assert np.array_equal(column, other.values[key], equal_nan=True)


def frame(**columns: object) -> pl.DataFrame:
    """Two firms of one month, changed."""
    rows: dict[str, object] = {
        "firm": [1, 2],
        "month": ["2024-10"] * 2,
        "province": ["11", "66"],
        "section": ["A", "T"],
        **{one.key: [0.5, None] for one in example().indicators},
    }
    return pl.DataFrame({**rows, **columns})


def of(table: pl.DataFrame, folder: Path) -> list[PanelMonth]:
    table.write_parquet(folder / "panel.parquet")
    return list(read(folder / "panel.parquet", example()))


def test_text_provinces_nulls_and_absent_weights_are_read(tmp_path: Path) -> None:
    [got] = of(frame(margin=[1, None]), tmp_path)
    assert (got.province.tolist(), got.section.tolist()) == ([11, 66], [0, 19])
    assert got.weight.tolist() == [1, 1]
    assert got.born is None
    assert math.isnan(got.values["patents"][1])
    assert got.values["margin"].dtype.kind == "f"


@pytest.mark.parametrize(
    ("columns", "fault", "path", "got"),
    [
        ({"province": ["11", "71"]}, Fault.COLUMN, "province[1]", "71"),
        ({"province": ["11", "京"]}, Fault.COLUMN, "province", "京"),
        ({"section": ["A", "U"]}, Fault.COLUMN, "section[1]", "U"),
        ({"section": ["A", None]}, Fault.COLUMN, "section[1]", "None"),
        ({"firm": [7, 7]}, Fault.FIRM, "firm", "7"),
        ({"firm": ["a", "b"]}, Fault.COLUMN, "firm", "a"),
        ({"month": ["2024-10", "2024-1"]}, Fault.PERIOD, "", "2024-1"),
        ({"weight": [1.0, -1.0]}, Fault.COLUMN, "weight[1]", "-1.0"),
        ({"weight": [1.0, None]}, Fault.COLUMN, "weight[1]", "nan"),
        ({"born": ["2010-01", "2010"]}, Fault.PERIOD, "", "2010"),
        ({"margin": ["a", "b"]}, Fault.COLUMN, "margin", "String"),
    ],
)
def test_columns_that_can_not_be_are_refused(
    tmp_path: Path, columns: dict[str, object], fault: Fault, path: str, got: str
) -> None:
    with pytest.raises(CreditError) as refusal:
        of(frame(**columns), tmp_path)
    [flaw] = refusal.value.faults
    assert (flaw.code, flaw.path, flaw.got) == (fault, path, got)


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CreditError) as refusal:
        of(frame().drop("patents"), tmp_path)
    assert str(refusal.value) == "credit.column at patents: expected a column, got none"


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "panel.parquet").write_text("firm,month\n")
    for name in ("panel.parquet", "absent.parquet"):
        with pytest.raises(CreditError) as refusal:
            list(read(tmp_path / name, example()))
        assert (refusal.value.faults[0].code, refusal.value.faults[0].path) == (Fault.FILE, name)

"""Scores and index, against plain Python."""

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from guantong.credit import (
    PROVINCES,
    SECTIONS,
    Aggregation,
    CreditError,
    Fault,
    Indicator,
    Method,
    Month,
    PanelMonth,
    SubIndex,
    base_of,
    cells,
    example,
    index,
    scaled,
    score,
)
from guantong.credit import score as door
from guantong.credit.model import Direction, Missing, Population, Treatment
from tests.credit_small import MONTH, method, panel

VECTORS = Path(__file__).parent.parent / "vectors"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "one", json.loads((VECTORS / "credit_scaled.json").read_text("utf-8")), ids=lambda o: o["desc"]
)
def test_vectors(one: dict[str, Any], dtype: type) -> None:
    told = dict(one["input"])
    value = told.pop("value")
    indicator = msgspec.structs.replace(
        example().indicators[0],
        direction=Direction(told["direction"]),
        goalposts=tuple(told["goalposts"]),
        treatment=msgspec.convert(told["treatment"], Treatment),
    )
    got = scaled(np.array([math.nan if value is None else value], dtype), indicator)
    want = one["want"]
    assert got.dtype == dtype
    assert got[0] == pytest.approx(math.nan if want is None else want, abs=1e-4, nan_ok=True)


def plain_scaled(value: float, one: Indicator) -> float | None:
    if math.isnan(value):
        return {Missing.SKIP: None, Missing.WORST: 0.0, Missing.MIDDLE: 50.0}[one.treatment.missing]
    low, high = one.goalposts
    if one.treatment.winsor:
        value = min(max(value, one.treatment.winsor[0]), one.treatment.winsor[1])
    if one.treatment.log:
        value, low, high = math.log(1 + max(value, 0)), math.log(1 + low), math.log(1 + high)
    part = min(max((value - low) / (high - low), 0), 1)
    return 100 * (part if one.direction is Direction.UP else 1 - part)


def plain_mean(pairs: list[tuple[float, float | None]]) -> float | None:
    known = [(weight, one) for weight, one in pairs if one is not None]
    total = sum(weight for weight, _ in known)
    return sum(weight * one for weight, one in known) / total if total else None


def plain_score(firms: PanelMonth, by: Method, row: int) -> tuple[float | None, list[float | None]]:
    subs = [
        plain_mean(
            [
                (one.weight, plain_scaled(float(firms.values[one.key][row]), one))
                for one in by.of(sub)
            ]
        )
        for sub in SubIndex
    ]
    weights = [by.weights[sub] for sub in SubIndex]
    return plain_mean(list(zip(weights, subs, strict=True))), subs


def lost(column: object) -> list[float | None]:
    return [None if math.isnan(one) else one for one in np.asarray(column).tolist()]


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9])
def test_scores_are_those_of_plain_python(missing: float) -> None:
    by, firms = method(population=Population()), panel(1, 300, missing=missing)
    got = score(firms, by)
    for row in range(300):
        want, subs = plain_score(firms, by, row)
        assert lost(got.score[row : row + 1]) == pytest.approx([want], abs=1e-9)
        for one, sub in zip(lost(got.subs[:, row]), subs, strict=True):
            assert one == (None if sub is None else pytest.approx(sub, abs=1e-9))


def test_the_index_is_that_of_plain_python() -> None:
    by, firms = method(), panel(1, 500)
    base = base_of([cells(score(panel(2), by)), cells(score(panel(3), by))], "2014")
    got = index(scores := score(firms, by), base)
    weights = scores.weight.tolist()

    def mean(chosen: list[int]) -> float:
        total = sum(weights[r] * float(scores.score[r]) for r in chosen)
        return float(total / sum(weights[r] for r in chosen))

    rows = range(len(scores))
    assert got.national == pytest.approx(100 * mean(list(rows)) / base.score, abs=1e-9)
    for number in PROVINCES:
        chosen = [row for row in rows if scores.province[row] == number]
        assert got.provinces[str(number)] == pytest.approx(100 * mean(chosen) / base.score)
    for place, letter in enumerate(SECTIONS):
        chosen = [row for row in rows if scores.section[row] == place]
        assert got.sections[letter] == pytest.approx(100 * mean(chosen) / base.score)
    for place, sub in enumerate(SubIndex):
        known = [row for row in rows if not math.isnan(scores.subs[place, row])]
        level = sum(weights[r] * scores.subs[place, r] for r in known) / sum(
            weights[r] for r in known
        )
        assert got.sub_indices[sub] == pytest.approx(100 * level / base.subs[sub])


def test_groups_average_to_the_nation() -> None:
    by = method()
    got = index(score(panel(1), by), base_of([cells(score(panel(2), by))], "2014"))
    for groups in (got.provinces, got.sections):
        mean = sum(value * got.weights[key] for key, value in groups.items())
        assert mean == pytest.approx(got.national, abs=1e-9)


def test_the_mean_of_the_base_year_is_100() -> None:
    by = method()
    year = [
        cells(score(panel(seed, month=Month.parse(f"2014-{seed:02d}")), by))
        for seed in range(1, 13)
    ]
    base = base_of(year, "2014")
    from guantong.credit import release

    assert np.mean([release(one, base).national for one in year]) == pytest.approx(100)


def test_precision_follows_the_panel() -> None:
    by = method()
    wide, narrow = (score(panel(1, dtype=kind), by) for kind in (np.float64, np.float32))
    assert (wide.score.dtype.name, narrow.score.dtype.name) == ("float64", "float32")
    assert narrow.score == pytest.approx(wide.score, abs=1e-3)


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    by, firms = method(), panel(1, 500)
    whole = score(firms, by)
    monkeypatch.setattr(importlib.import_module("guantong.credit.score"), "BLOCK", 7)
    monkeypatch.setattr(importlib.import_module("guantong.credit.index"), "BLOCK", 11)
    assert door(firms, by, threads=3).score.tolist() == whole.score.tolist()
    base = base_of([cells(whole, threads=1)], "2014")
    assert index(whole, base).national == pytest.approx(100, abs=1e-9)


def test_population_rules_leave_firms_out() -> None:
    firms = panel(1, 400, missing=0.5)
    present = (~np.isnan(list(firms.values.values()))).sum(axis=0)
    got = score(firms, method(population=Population(coverage_min=0.5)))
    assert len(got) == int((present >= 12).sum())
    assert got.left_out == 400 - len(got) > 0
    got = score(firms, method(population=Population(sections_left_out="ST")))
    assert set(got.section.tolist()) == set(range(18))


def test_young_firms_may_be_left_out_and_those_of_unknown_age_stay() -> None:
    firms = panel(1, 4)
    born = np.array([0, MONTH.number - 11, MONTH.number - 12, MONTH.number], np.int32)
    aged = PanelMonth(
        firms.month, firms.firm, firms.province, firms.section, firms.weight, firms.values, born
    )
    rules = method(population=Population(age_months_min=12))
    assert score(aged, rules).firm.tolist() == firms.firm[[0, 2]].tolist()
    assert len(score(firms, rules)) == 4


def test_nobody_left_is_refused() -> None:
    with pytest.raises(CreditError) as refusal:
        score(panel(1, 10, missing=1), method())
    assert str(refusal.value) == "credit.population: expected at least one firm, got 0 of 10"


def test_a_missing_column_is_refused() -> None:
    firms = panel(1, 10)
    del firms.values["margin"]  # type: ignore[attr-defined]
    with pytest.raises(CreditError) as refusal:
        score(firms, method())
    assert str(refusal.value) == ("credit.column at values.margin: expected 10 values, got none")


@pytest.mark.parametrize(
    ("column", "value", "got"), [("province", 71, "71"), ("section", 20, "20")]
)
def test_a_province_or_section_that_is_none_is_refused(column: str, value: int, got: str) -> None:
    firms = panel(1, 10)
    getattr(firms, column)[3] = value
    with pytest.raises(CreditError) as refusal:
        cells(score(firms, method()))
    assert (refusal.value.faults[0].path, refusal.value.faults[0].got) == (column, got)


def test_a_province_without_firms_has_no_index_and_no_rank() -> None:
    firms = panel(1, 300)
    firms.province[firms.province == 66] = 65
    got = index(scores := score(firms, method()), base_of([cells(scores)], "2014"))
    assert math.isnan(got.provinces["66"])
    assert len(got.provinces) == 32
    assert [place.rank for place in got.rankings["province"]] == list(range(1, 32))


def test_equals_share_a_rank() -> None:
    firms = panel(1, 40, missing=0)
    for column in firms.values.values():
        column[:] = column[0]
    got = index(scores := score(firms, method()), base_of([cells(scores)], "2014"))
    assert {place.rank for place in got.rankings["section"]} <= {1}


def test_rankings_follow_copeland_where_the_method_says_so() -> None:
    by, firms = method(Aggregation.COPELAND), panel(1, 2_000)
    got = index(scores := score(firms, by), base_of([cells(scores)], "2014"))
    points = [place.value for place in got.rankings["province"]]
    assert points == sorted(points, reverse=True)
    assert sum(points) == 0
    assert all(float(one).is_integer() for one in points)
    same = score(firms, method())
    assert got.national == pytest.approx(index(same, base_of([cells(same)], "2014")).national)


@pytest.mark.parametrize(("month", "fault"), [("of another version", Fault.BASE)])
def test_a_base_of_another_version_is_refused(month: str, fault: Fault) -> None:
    base = base_of([cells(score(panel(1), method(version="other")))], month)
    with pytest.raises(CreditError) as refusal:
        index(score(panel(1), method()), base)
    assert refusal.value.faults[0].code == fault


def test_a_base_needs_months_of_one_version() -> None:
    with pytest.raises(CreditError):
        base_of([], "2014")
    two = [cells(score(panel(1), method(version=one))) for one in ("a", "b")]
    with pytest.raises(CreditError) as refusal:
        base_of(two, "2014")
    assert str(refusal.value) == "credit.base: expected months of one method, got a, b"


def test_a_sub_index_without_a_base_has_no_figure() -> None:
    by, firms = method(population=Population()), panel(1, missing=0)
    bare = panel(2, missing=0)
    for one in by.of(SubIndex.FINANCE):
        bare.values[one.key][:] = np.nan
    for one in by.of(SubIndex.COMPLIANCE):
        bare.values[one.key][:] = one.goalposts[1]
    got = index(score(firms, by), base_of([cells(score(bare, by))], "2014"))
    assert set(SubIndex) - got.sub_indices.keys() == {SubIndex.FINANCE, SubIndex.COMPLIANCE}
    back = index(score(bare, by), base_of([cells(score(firms, by))], "2014"))
    assert SubIndex.FINANCE not in back.sub_indices
    assert back.sub_indices[SubIndex.COMPLIANCE] == 0


def test_a_base_of_nought_is_refused() -> None:
    firms = panel(1, missing=0)
    for one in example().indicators:
        bad = one.goalposts[0 if one.direction is Direction.UP else 1]
        firms.values[one.key][:] = bad
    scores = score(firms, method())
    with pytest.raises(CreditError) as refusal:
        index(scores, base_of([cells(scores)], "2014"))
    assert str(refusal.value) == "credit.base at score: expected above 0, got 0.0"

"""A firm's page: reasons that add up, steps that hold, and grounds that can be contested."""

import json
import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from guantong.credit import (
    Aggregation,
    CreditError,
    Fault,
    Method,
    Month,
    PanelMonth,
    SubIndex,
    example,
    scaled,
    score,
)
from guantong.credit.explain import (
    WHOLE_UNITS,
    Explanation,
    Profile,
    contest,
    explain,
    explain_json,
    profile,
    unscaled,
)
from guantong.credit.model import Classes, Missing, Population

KINDS = list(Aggregation)


def method(**other: object) -> Method:
    """The example with cuts that made-up firms meet."""
    told = {"classes": Classes(a=60.0, b=50.0, c=40.0), "population": Population()} | other
    return msgspec.structs.replace(example(), **told)


def panel(seed: int = 1, *, firms: int = 400, missing: float = 0.0) -> PanelMonth:
    """Firms whose indicators score 20 to 80, some values left out."""
    chance = np.random.default_rng(seed)
    values = {}
    for one in example().indicators:
        points = chance.uniform(20, 80, firms)
        column = np.array([unscaled(float(point), one) for point in points])
        column[chance.random(firms) < missing] = np.nan
        values[one.key] = column
    return PanelMonth(
        month=Month.parse("2024-10"),
        firm=np.arange(100, 100 + firms),
        province=np.full(firms, 11, np.uint8),
        section=np.zeros(firms, np.uint8),
        weight=np.ones(firms),
        values=values,
    )


def with_value(firms: PanelMonth, firm: int, key: str, value: float) -> PanelMonth:
    column = firms.values[key].copy()
    column[firms.firm == firm] = value
    return replace(firms, values={**firms.values, key: column})


def score_of(firms: PanelMonth, rule: Method, firm: int) -> float:
    told = score(firms, rule)
    return float(told.score[told.firm == firm][0])


def of_grade(firms: PanelMonth, rule: Method, grade: str) -> Explanation:
    usual = profile(firms, rule)
    scores = score(firms, rule)
    grades = [rule.classes.of(float(points)) for points in scores.score]
    for firm in scores.firm[np.array(grades) == grade].tolist():
        told = explain(firms, rule, firm, usual)
        if told.grade == grade and (told.steps or grade == "A"):
            return told
    raise AssertionError(grade)


@pytest.mark.parametrize("place", range(24))
def test_unscaled_is_the_inverse_of_scaled(place: int) -> None:
    one = example().indicators[place]
    for points in (0.0, 12.5, 50.0, 99.0, 100.0):
        assert scaled(np.array([unscaled(points, one)]), one)[0] == pytest.approx(points, abs=1e-9)


def test_without_gaps_reasons_add_up_to_the_distance_from_the_mean() -> None:
    firms, rule = panel(), method()
    usual = profile(firms, rule)
    for firm in (100, 101, 102):
        told = explain(firms, rule, firm, usual)
        assert told.score is not None
        assert told.score == pytest.approx(score_of(firms, rule, firm))
        effects = sum(one.effect for one in told.grounds)
        assert effects == pytest.approx(told.score - told.usual, abs=1e-9)


def test_an_effect_is_what_the_firm_would_lose_at_the_usual_value() -> None:
    firms = panel()
    for kind in (Aggregation.GEOMETRIC, Aggregation.MAZZIOTTA_PARETO):
        rule = method(aggregation=kind)
        usual = profile(firms, rule)
        told = explain(firms, rule, 103, usual)
        one = told.grounds[7]
        value = unscaled(usual.means[one.key], rule.indicators[7])
        without = score_of(with_value(firms, 103, one.key, value), rule, 103)
        assert told.score is not None
        assert one.effect == pytest.approx(told.score - without, abs=1e-9)


def test_reasons_are_the_largest_below_nought_first() -> None:
    firms, rule = panel(), method()
    told = explain(firms, rule, 104, profile(firms, rule))
    effects = [reason.effect for reason in told.reasons]
    lowest = sorted(one.effect for one in told.grounds)[:5]
    assert effects == lowest == sorted(effects)
    first = told.reasons[0]
    assert f"{-first.effect:.2f}" in first.zh
    assert f"{-first.effect:.2f}" in first.en
    assert first.code.endswith(".low")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grade", ["B", "C"])
def test_a_step_reaches_the_next_class_and_nothing_less_does(kind: Aggregation, grade: str) -> None:
    firms, rule = panel(firms=60), method(aggregation=kind)
    told = of_grade(firms, rule, grade)
    cut = told.cuts[told.next_grade]
    units = {one.key: one for one in rule.indicators}
    for step in told.steps:
        after = with_value(firms, told.firm, step.key, step.needed)
        assert score_of(after, rule, told.firm) == pytest.approx(step.score)
        assert score_of(after, rule, told.firm) >= cut
        one = units[step.key]
        good = 1 if one.direction == "up" else -1
        less = step.needed - good * (
            1 if one.unit in WHOLE_UNITS else 1e-6 * abs(step.needed) + 1e-9
        )
        before = with_value(firms, told.firm, step.key, less)
        assert score_of(before, rule, told.firm) < cut + 1e-6
    points = [step.points for step in told.steps]
    assert points == sorted(points)
    assert min(points) > 0


def test_what_can_not_reach_the_next_class_is_no_step() -> None:
    firms, rule = panel(firms=60), method()
    told = of_grade(firms, rule, "B")
    reached = {step.key for step in told.steps}
    for one in rule.indicators:
        best = score_of(with_value(firms, told.firm, one.key, unscaled(100, one)), rule, told.firm)
        assert (best >= told.cuts["A"]) == (one.key in reached)


def test_in_the_best_class_there_is_no_next() -> None:
    told = of_grade(panel(), method(), "A")
    assert (told.next_grade, told.steps) == ("", ())


def test_a_missing_value_is_told_with_what_stands_in() -> None:
    rule = method()
    firms = with_value(panel(), 105, "registration_complete", math.nan)
    firms = with_value(firms, 105, "employees", math.nan)
    told = explain(firms, rule, 105, profile(firms, rule))
    by_key = {one.key: one for one in told.grounds}
    worst, skipped = by_key["registration_complete"], by_key["employees"]
    assert (worst.value, worst.missing_as, worst.points) == (None, "worst", 0.0)
    assert (skipped.value, skipped.missing_as, skipped.points) == (None, "skip", None)
    assert skipped.effect == 0
    assert worst.effect < 0
    codes = {reason.code: reason for reason in told.reasons}
    assert "没有数据" in codes["registration_complete.missing"].zh
    assert (worst.source, worst.month) == ("登记", "2024-10")


def test_a_firm_that_is_not_counted_is_explained_too() -> None:
    rule, firms = method(population=Population(coverage_min=0.5)), panel()
    for one in rule.indicators[:20]:
        firms = with_value(firms, 106, one.key, math.nan)
    told = explain(firms, rule, 106, profile(firms, rule))
    assert not told.counted
    assert told.score is not None
    assert explain(firms, rule, 107, profile(firms, rule)).counted


def test_nothing_known_gives_no_class() -> None:
    skip = [
        msgspec.structs.replace(
            one, treatment=msgspec.structs.replace(one.treatment, missing=Missing.SKIP)
        )
        for one in example().indicators
    ]
    rule = method(indicators=tuple(skip))
    firms = panel()
    for one in rule.indicators:
        firms = with_value(firms, 108, one.key, math.nan)
    told = explain(firms, rule, 108, profile(firms, rule))
    assert (told.score, told.grade, told.next_grade, told.steps) == (None, "", "", ())
    assert told.reasons == ()


def test_averages_count_what_is_counted() -> None:
    firms, rule = panel(missing=0.1), method()
    told = profile(firms, rule)
    points = score(firms, rule).score
    assert told.score == pytest.approx(float(points.mean()))
    assert sum(told.classes.values()) == pytest.approx(1)
    assert told.classes["A"] == pytest.approx(float((points >= 60).mean()))
    assert told.classes["D"] == pytest.approx(float((points < 40).mean()))
    skipped = scaled(firms.values["employees"], rule.indicators[6])
    assert told.means["employees"] == pytest.approx(float(np.nanmean(skipped)))
    worst = np.nan_to_num(scaled(firms.values["registration_complete"], rule.indicators[0]))
    assert told.means["registration_complete"] == pytest.approx(float(worst.mean()))


def test_a_firm_that_is_not_there() -> None:
    firms, rule = panel(), method()
    with pytest.raises(CreditError) as refusal:
        explain(firms, rule, 1, profile(firms, rule))
    assert refusal.value.faults[0].code == Fault.FIRM


@pytest.mark.parametrize("other", [{"month": "2024-09"}, {"method": "example-0"}])
def test_averages_of_another_month_or_method(other: dict[str, str]) -> None:
    firms, rule = panel(), method()
    usual: Profile = replace(profile(firms, rule), **other)  # type: ignore[arg-type]
    with pytest.raises(CreditError) as refusal:
        explain(firms, rule, 100, usual)
    assert refusal.value.faults[0].code == Fault.METHOD


def test_every_ground_can_be_contested() -> None:
    firms, rule = panel(), method()
    told = explain(firms, rule, 100, profile(firms, rule))
    fields = {field.name: field for field in told.contest.fields}
    assert set(fields["indicator"].options) == {one.key for one in rule.indicators}
    assert "20个工作日" in told.contest.zh
    assert "10 working days" in contest(told.grounds, days=10).en


def test_json_is_json() -> None:
    firms, rule = panel(missing=0.2), method()
    plain = explain_json(explain(firms, rule, 100, profile(firms, rule)))
    again = json.loads(json.dumps(plain, allow_nan=False))
    assert again == plain
    assert again["sub_scores"].keys() == {str(sub) for sub in SubIndex}
    assert again["grounds"][0]["month"] == "2024-10"

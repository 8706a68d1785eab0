"""Every split of a change adds up to the change."""

import math
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest

from guantong.credit import (
    Aggregation,
    CreditError,
    Fault,
    Method,
    PanelMonth,
    Shift,
    across,
    base_of,
    carried,
    cells,
    decompose,
    release,
    score,
    turnover,
)
from guantong.credit.decompose import BALANCE
from guantong.credit.model import Link
from tests.credit_small import MONTH, method, panel

KINDS = list(Aggregation)


def total(shifts: Iterable[Shift]) -> float:
    return math.fsum(one.within + one.between for one in shifts)


def two(dtype: type = np.float64) -> tuple[PanelMonth, PanelMonth]:
    """Two months that share about half of their firms, some of which moved."""
    return (
        panel(1, 400, ids=(0, 600), dtype=dtype),
        panel(2, 350, ids=(100, 700), month=MONTH.plus(1), dtype=dtype),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_every_split_adds_up(kind: Aggregation, dtype: type) -> None:
    by = method(kind)
    old, new = (score(one, by) for one in two(dtype))
    base = base_of([cells(score(panel(9), by))], "2014")
    change = release(cells(new), base).national - release(cells(old), base).national
    found = decompose(cells(old), cells(new), base)
    assert found.change == pytest.approx(change, abs=1e-9)
    assert math.fsum(found.by_sub.values()) == pytest.approx(change, abs=1e-9)
    assert total(found.by_province.values()) == pytest.approx(change, abs=1e-9)
    assert total(found.by_section.values()) == pytest.approx(change, abs=1e-9)
    assert turnover(old, new, base).total == pytest.approx(change, abs=1e-9)
    assert abs(change) > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_only_uneven_means_have_a_balance(kind: Aggregation) -> None:
    by = method(kind)
    old, new = (cells(score(one, by)) for one in two())
    balance = decompose(old, new, base_of([old], "2014")).by_sub[BALANCE]
    uneven = kind in {Aggregation.GEOMETRIC, Aggregation.MAZZIOTTA_PARETO}
    assert (abs(balance) > 1e-6) == uneven


def test_turnover_is_that_of_plain_python() -> None:
    by = method()
    old, new = (score(one, by) for one in two())
    base = base_of([cells(old)], "2014")
    then = {f: (w, s) for f, w, s in zip(old.firm, old.weight, old.score, strict=True)}
    now = {f: (w, s) for f, w, s in zip(new.firm, new.weight, new.score, strict=True)}

    def mean(book: dict[int, tuple[float, float]], firms: Iterable[int]) -> float:
        chosen = [book[firm] for firm in firms]
        return sum(w * s for w, s in chosen) / sum(w for w, _ in chosen)

    def share(book: dict[int, tuple[float, float]], firms: Iterable[int]) -> float:
        return sum(book[f][0] for f in firms) / sum(w for w, _ in book.values())

    both, came, went = then.keys() & now.keys(), now.keys() - then.keys(), then.keys() - now.keys()
    points = 100 / base.score
    found = turnover(old, new, base)
    assert found.entrants == pytest.approx(
        points * share(now, came) * (mean(now, came) - mean(now, both)), abs=1e-9
    )
    assert found.leavers == pytest.approx(
        -points * share(then, went) * (mean(then, went) - mean(then, both)), abs=1e-9
    )
    assert found.stayers + found.movers + found.reweighting == pytest.approx(
        points * (mean(now, both) - mean(then, both)), abs=1e-9
    )
    assert found.firms["entrants"] == len(came)
    assert found.firms["leavers"] == len(went)
    assert found.firms["stayers"] + found.firms["movers"] == len(both)
    assert found.firms["movers"] > 0


def test_turnover_without_a_common_firm_still_adds_up() -> None:
    by = method()
    old, new = score(panel(1, ids=(0, 400)), by), score(panel(2, ids=(400, 800)), by)
    base = base_of([cells(old)], "2014")
    found = turnover(old, new, base)
    assert found.total == pytest.approx(decompose(cells(old), cells(new), base).change, abs=1e-9)
    assert found.firms == {"stayers": 0, "movers": 0, "entrants": 400, "leavers": 400}


def test_a_province_that_comes_into_being_shifts_weight_only() -> None:
    by, (old, new) = method(), two()
    old = only(old, old.province != 66)
    found = decompose(
        cells(score(old, by)),
        cells(score(new, by)),
        base := base_of([cells(score(old, by))], "2014"),
    )
    assert base.score > 0
    assert found.by_province["66"].within == 0
    assert found.by_province["66"].between != 0
    assert total(found.by_province.values()) == pytest.approx(found.change, abs=1e-9)


def only(one: PanelMonth, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> PanelMonth:
    return PanelMonth(
        one.month,
        one.firm[keep],
        one.province[keep],
        one.section[keep],
        one.weight[keep],
        {key: column[keep] for key, column in one.values.items()},
    )


def test_a_change_of_one_sub_index_is_told_as_such() -> None:
    by, firms = method(), panel(1, missing=0)
    worse = dict(firms.values) | {"penalties": firms.values["penalties"] + 1}
    later = PanelMonth(
        MONTH.plus(1), firms.firm, firms.province, firms.section, firms.weight, worse
    )
    old, new = cells(score(firms, by)), cells(score(later, by))
    found = decompose(old, new, base_of([old], "2014"))
    assert found.by_sub["compliance"] == pytest.approx(found.change, abs=1e-9)
    assert found.change < -0.1
    assert all(abs(v) < 1e-9 for sub, v in found.by_sub.items() if sub != "compliance")


def test_a_shift_of_weight_alone_is_all_between() -> None:
    by, firms = method(), panel(1)
    heavier = np.where(firms.province == 34, 3.0, 1.0) * firms.weight
    later = PanelMonth(
        MONTH.plus(1), firms.firm, firms.province, firms.section, heavier, firms.values
    )
    old, new = cells(score(firms, by)), cells(score(later, by))
    found = decompose(old, new, base_of([old], "2014"))
    assert math.fsum(abs(one.within) for one in found.by_province.values()) < 1e-9
    assert total(found.by_province.values()) == pytest.approx(found.change, abs=1e-9)


def linked() -> tuple[Method, Method]:
    older = method()
    newer = msgspec.structs.replace(
        older,
        version="example-2",
        aggregation=Aggregation.GEOMETRIC,
        indicators=tuple(one for one in older.indicators if one.key != "patents"),
        link=Link(follows="example-1", month=str(MONTH.plus(1))),
    )
    return older, newer


def test_a_change_across_a_link_adds_up() -> None:
    (older, newer), (one, two_) = linked(), two()
    three = panel(3, month=MONTH.plus(2))
    old_base = base_of([cells(score(panel(9), older))], "2014")
    at_link = release(cells(score(two_, older)), old_base)
    new_base = carried(at_link, cells(score(two_, newer)))
    legs = [
        decompose(cells(score(one, older)), cells(score(two_, older)), old_base),
        decompose(cells(score(two_, newer)), cells(score(three, newer)), new_base),
    ]
    found = across(legs)
    change = (
        release(cells(score(three, newer)), new_base).national
        - release(cells(score(one, older)), old_base).national
    )
    assert found.change == pytest.approx(change, abs=1e-9)
    assert math.fsum(found.by_sub.values()) == pytest.approx(change, abs=1e-9)
    assert total(found.by_province.values()) == pytest.approx(change, abs=1e-9)
    assert total(found.by_section.values()) == pytest.approx(change, abs=1e-9)
    assert (found.since, found.until) == ("2024-10", "2024-12")


def test_legs_that_do_not_meet_are_refused() -> None:
    by, (one, two_) = method(), two()
    base = base_of([cells(score(one, by))], "2014")
    leg = decompose(cells(score(one, by)), cells(score(two_, by)), base)
    with pytest.raises(CreditError) as refusal:
        across([leg, leg])
    assert str(refusal.value) == "credit.link: expected 2024-11, got 2024-10"
    with pytest.raises(CreditError):
        across([])


def test_a_base_of_another_version_is_refused() -> None:
    (older, newer), (one, two_) = linked(), two()
    base = base_of([cells(score(one, older))], "2014")
    with pytest.raises(CreditError) as refusal:
        decompose(cells(score(one, older)), cells(score(two_, newer)), base)
    assert refusal.value.faults[0].code == Fault.BASE


def test_a_firm_that_stands_twice_is_refused() -> None:
    by, (one, two_) = method(), two()
    twice = PanelMonth(one.month, one.firm // 2, one.province, one.section, one.weight, one.values)
    base = base_of([cells(score(one, by))], "2014")
    with pytest.raises(CreditError) as refusal:
        turnover(score(twice, by), score(two_, by), base)
    assert refusal.value.faults[0].code == Fault.FIRM

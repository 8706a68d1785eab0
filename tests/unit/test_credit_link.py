"""Chaining: the published worked example, and carrying the index on to a new version."""

import dataclasses
import math

import msgspec
import pytest

from guantong.credit import (
    CreditError,
    Fault,
    Segment,
    base_of,
    carried,
    cells,
    chain,
    contributions,
    release,
    score,
)
from guantong.credit.link import mean
from guantong.credit.model import Link
from tests.credit_small import method, panel


def rows(periods: str, **items: str) -> dict[str, dict[str, float]]:
    columns = {item: [float(one) for one in told.split()] for item, told in items.items()}
    return {
        period: {item: column[place] for item, column in columns.items()}
        for place, period in enumerate(periods.split())
    }


OLD = Segment(
    "weights of 1998",
    {"A": 0.20, "B": 0.25, "C": 0.15, "D": 0.10, "E": 0.30},
    rows(
        "1998 2002-11 2002-12",
        A="100 120 121",
        B="100 115 117",
        C="100 132 133",
        D="100 142 143",
        E="100 110 124",
    ),
)
NEW = Segment(
    "weights of 2000",
    {"A": 0.25, "B": 0.20, "C": 0.10, "D": 0.18, "E": 0.27},
    rows(
        "2002-12 2003-01 2003-02 2003-03",
        A="100 100 100 102",
        B="100 102 103 104",
        C="100 98 98 97",
        D="100 101 104 104",
        E="100 103 105 106",
    ),
)
"""The figures of table 9.8 of the PPI Manual (2004)."""


def test_the_chained_index_of_the_manual() -> None:
    got = {period: round(value, 2) for period, value in chain([OLD, NEW]).items()}
    assert got == {
        "1998": 100.00,
        "2002-11": 119.75,
        "2002-12": 124.90,
        "2003-01": 126.39,
        "2003-02": 127.99,
        "2003-03": 129.07,
    }


@pytest.mark.parametrize(
    ("items", "want"),
    [
        ("ABC", [100, 120.92, 122.33, 122.78, 123.22, 124.56]),
        ("DE", [100, 118.00, 128.75, 131.58, 134.67, 135.45]),
    ],
)
def test_the_chained_groups_of_the_manual(items: str, want: list[float]) -> None:
    parts = [
        Segment(one.version, {item: one.weights[item] for item in items}, one.indices)
        for one in (OLD, NEW)
    ]
    # The manual rounds each factor, so the last figure may differ by one.
    assert list(chain(parts).values()) == pytest.approx(want, abs=0.011)


def test_chained_groups_do_not_add_up_but_contributions_do() -> None:
    series = chain([OLD, NEW])
    for since in series:
        for until in list(series)[list(series).index(since) :]:
            found = contributions([OLD, NEW], since, until)
            assert math.fsum(one.points for one in found) == pytest.approx(
                series[until] - series[since], abs=1e-9
            )
    versions = [one.version for one in contributions([OLD, NEW], "2002-11", "2003-01")]
    assert versions == ["weights of 1998"] * 5 + ["weights of 2000"] * 5


FIXED_SAMPLE = Segment(
    "2020-01",
    {"111": 300, "112": 27, "121": 310, "122": 742, "131": 35},
    {
        "2020-01": dict.fromkeys(("111", "112", "121", "122", "131"), 100.0),
        "2020-02": {"111": 98.406374501992, "112": 115.826644999257, "121": 89.2590945944688,
                    "122": 89.2590945944688, "131": 61.1111111111111},
        "2020-03": {"111": 57.2240080373539, "112": 67.3540194720112, "121": 251.004254588165,
                    "122": 251.004254588165, "131": 102.97619047619},
        "2020-04": {"111": 113.607471001692, "112": 133.718697386926, "121": 268.529892765512,
                    "122": 697.700689233055, "131": 232.346133774375},
    },
)  # fmt: skip
"""Figures by which the R package piar checks its fixed-sample index."""


def test_the_index_is_the_one_piar_gives() -> None:
    want = [100, 91.0103876717451, 202.720228734347, 457.399532517888]
    assert list(chain([FIXED_SAMPLE]).values()) == pytest.approx(want, rel=1e-12)


def test_items_may_come_and_go_at_a_link() -> None:
    newer = Segment("c for b", {"a": 1, "c": 3}, rows("t1 t2", a="100 110", c="100 90"))
    older = Segment("a and b", {"a": 1, "b": 1}, rows("t0 t1", a="100 120", b="100 80"))
    assert chain([older, newer]) == {"t0": 100.0, "t1": 100.0, "t2": 95.0}
    assert mean(newer, "t2") == 95.0
    found = {one.item: one.points for one in contributions([older, newer], "t1", "t2")}
    assert found == {"a": 2.5, "c": -7.5}


def test_what_the_old_weights_say_after_the_link_is_no_part_of_the_series() -> None:
    older = Segment("old", {"a": 1}, rows("t0 t1 t2", a="100 110 500"))
    newer = Segment("new", {"a": 1}, rows("t1 t2", a="100 110"))
    assert chain([older, newer])["t2"] == pytest.approx(121)
    longer = Segment("old", {"a": 1}, {**older.indices, "t3": {"a": 600.0}})
    assert list(chain([longer, newer])) == ["t0", "t1", "t2"]


def test_segments_that_do_not_meet_are_refused() -> None:
    with pytest.raises(CreditError) as refusal:
        chain([OLD, Segment("late", {"A": 1}, rows("2004-01", A="100"))])
    assert str(refusal.value) == (
        "credit.link at segments[1]: expected 1998, 2002-11, 2002-12, got 2004-01"
    )


def test_a_segment_that_does_not_start_at_100_is_refused() -> None:
    with pytest.raises(CreditError) as refusal:
        chain([Segment("old", {"a": 1}, rows("t0 t1", a="90 110"))])
    assert refusal.value.faults[0].code == Fault.LINK


def test_a_change_from_a_period_that_is_none_is_refused() -> None:
    with pytest.raises(CreditError) as refusal:
        contributions([OLD, NEW], "2001", "2003-01")
    assert refusal.value.faults[0].got == "2001"


def successor(**changes: object) -> object:
    older = method()
    weights = {
        sub: weight * (2 if place % 2 else 1)
        for place, (sub, weight) in enumerate(older.weights.items())
    }
    fields = {
        "version": "example-2",
        "weights": weights,
        "indicators": tuple(one for one in older.indicators if one.key != "patents"),
        "link": Link(follows="example-1", month="2024-10"),
    } | changes
    return msgspec.structs.replace(older, **fields)


def test_the_new_version_goes_on_where_the_old_one_was() -> None:
    firms = panel(1)
    old = cells(score(firms, method()))
    before = release(old, base_of([cells(score(panel(2), method()))], "2014"))
    new = cells(score(firms, successor()))  # type: ignore[arg-type]
    base = carried(before, new)
    after = release(new, base)
    assert after.national == pytest.approx(before.national, abs=1e-9)
    assert after.sub_indices == pytest.approx(dict(before.sub_indices), abs=1e-9)
    assert base.period == "2024-10"


@pytest.mark.parametrize(
    "link",
    [None, Link(follows="example-0", month="2024-10"), Link(follows="example-1", month="2024-09")],
)
def test_a_link_the_version_does_not_name_is_refused(link: Link | None) -> None:
    old = cells(score(panel(1), method()))
    before = release(old, base_of([old], "2014"))
    with pytest.raises(CreditError) as refusal:
        carried(before, cells(score(panel(1), successor(link=link))))  # type: ignore[arg-type]
    assert refusal.value.faults[0].code == Fault.LINK


def test_an_index_that_stands_at_nought_can_not_be_carried_on() -> None:
    old = cells(score(panel(1), method()))
    before = dataclasses.replace(release(old, base_of([old], "2014")), national=0.0)
    with pytest.raises(CreditError) as refusal:
        carried(before, cells(score(panel(1), successor())))  # type: ignore[arg-type]
    assert refusal.value.faults[0].path == "national"

"""The calendar's doing is taken out, planted effects come back, and doubt leaves the raw figures."""

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guantong.credit import seasonal
from guantong.credit.model import Month
from guantong.credit.seasonal import Calendar, Fault, adjust, shipped

VECTORS = Path(__file__).parent.parent / "vectors"
SERIES = json.loads((VECTORS / "credit_series.json").read_text("utf-8"))
DIP, FEAST = -2.4, 1.5


def made(seed: int, *, months: int = 72, drift: float = 0.25) -> tuple[list[str], list[float]]:
    """A drifting series from January 2019 on with a yearly curve, a July dip and a festival."""
    chance = np.random.default_rng(seed)
    span = np.arange(months)
    names = [f"{2019 + step // 12}-{step % 12 + 1:02d}" for step in range(months)]
    feast = seasonal.festival_shares([2019 * 12 + step for step in range(months)], shipped())
    values = 155 + 0.05 * span + 0.6 * np.sin(2 * np.pi * span / 12) + DIP * (span % 12 == 6)
    values += FEAST * np.array(feast) + np.cumsum(chance.normal(0, drift, months))
    values += chance.normal(0, 0.1, months)
    return names, [float(value) for value in values]


def new_moon(number: int) -> dt.date:
    """Day in Beijing of a new moon: the mean one with the largest periodic terms."""
    century = number / 1236.85
    day = 2451550.09766 + 29.530588861 * number + 0.00015437 * century**2
    sun = math.radians(2.5534 + 29.10535670 * number)
    moon = math.radians(201.5643 + 385.81693528 * number + 0.0107582 * century**2)
    node = math.radians(160.7108 + 390.67050284 * number)
    day += -0.40720 * math.sin(moon) + 0.17241 * math.sin(sun) + 0.01608 * math.sin(2 * moon)
    day += 0.01039 * math.sin(2 * node) + 0.00739 * math.sin(moon - sun)
    day += -0.00514 * math.sin(moon + sun) + 0.00208 * math.sin(2 * sun)
    day += -0.00111 * math.sin(moon - 2 * node) - 0.00057 * math.sin(moon + 2 * node)
    shift = 70 / 86400  # from dynamical time to the clock, then to Beijing's zone
    since_noon = day - 2451545 - shift + 8 / 24
    return dt.date(2000, 1, 1) + dt.timedelta(days=math.floor(since_noon + 0.5))


def test_every_spring_festival_is_the_day_of_a_new_moon_in_beijing() -> None:
    moons = {new_moon(number) for number in range(110, 460)}
    feasts = shipped().festivals
    assert sorted(feasts) == list(range(2010, 2036))
    for year, day in feasts.items():
        assert day in moons, year
        assert dt.date(year, 1, 21) <= day <= dt.date(year, 2, 20)


def test_the_parts_add_up_to_what_was_measured() -> None:
    told = adjust(*made(1))
    parts = (told.trend, told.seasonal, told.deadline, told.festival, told.remainder)
    assert told.fault is None
    for place, raw in enumerate(told.raw):
        assert sum(part[place] for part in parts) == pytest.approx(raw, abs=1e-9)
        calendar = told.seasonal[place] + told.deadline[place] + told.festival[place]
        assert told.adjusted[place] == pytest.approx(raw - calendar, abs=1e-9)


def test_a_planted_dip_in_july_is_found_and_taken_out() -> None:
    told = adjust(*made(2))
    assert told.deadline_effect is not None
    assert told.deadline_effect.low <= DIP <= told.deadline_effect.high
    assert told.deadline_effect.estimate == pytest.approx(DIP, abs=0.4)
    for july in range(6, 72, 12):
        assert told.raw[july] - (told.raw[july - 1] + told.raw[july + 1]) / 2 < -1.5
        beside = (told.adjusted[july - 1] + told.adjusted[july + 1]) / 2
        assert abs(told.adjusted[july] - beside) < 0.8


def test_intervals_hold_as_often_as_they_say() -> None:
    inside = {"deadline_effect": 0, "festival_effect": 0}
    for seed in range(200):
        told = adjust(*made(100 + seed))
        for name, truth in (("deadline_effect", DIP), ("festival_effect", FEAST)):
            effect = getattr(told, name)
            inside[name] += effect.low <= truth <= effect.high
    assert all(0.90 <= count / 200 <= 0.97 for count in inside.values()), inside


def test_without_a_dip_none_is_found() -> None:
    names, values = made(3)
    flat = [value - DIP * (place % 12 == 6) for place, value in enumerate(values)]
    effect = adjust(names, flat).deadline_effect
    assert effect is not None
    assert effect.low <= 0 <= effect.high


def bent(how: dict[str, Any]) -> tuple[list[str], list[float]]:
    """A made series, changed as a vector says."""
    first = Month.parse(how["first"])
    names = [str(first.plus(step)) for step in range(how["months"])]
    values = made(4, months=how["months"])[1]
    for place in how.get("drop", ()):
        del names[place], values[place]
    if "swap" in how:
        one, other = how["swap"]
        names[one], names[other] = names[other], names[one]
    if "double" in how:
        names[how["double"] + 1] = names[how["double"]]
    if "nan" in how:
        values[how["nan"]] = math.nan
    if "name" in how:
        names[how["name"][0]] = how["name"][1]
    return names, values


@pytest.mark.parametrize("one", SERIES, ids=lambda one: one["desc"])
def test_what_is_adjusted_and_what_stays_raw(one: dict[str, Any]) -> None:
    names, values = bent(one["input"])
    told = adjust(names, values)
    assert told.months == tuple(names)
    assert len(told.raw) == len(values)
    assert (told.fault and told.fault.code) == one.get("fault")
    assert len(told.adjusted) == (0 if "fault" in one else len(names))


def test_every_fault_has_a_vector() -> None:
    assert {one.get("fault") for one in SERIES} >= set(Fault)


def test_the_fault_says_which_month_is_missing() -> None:
    names, values = made(5)
    told = adjust(names[:20] + names[21:], values[:20] + values[21:])
    assert told.fault is not None
    assert (told.fault.path, told.fault.expected, told.fault.got) == (
        "months[20]",
        "2020-09",
        "2020-10",
    )
    assert adjust(names, values[:-1]).fault is not None


def test_the_deadline_is_dated_data() -> None:
    assert shipped().deadline(2014) is None
    assert shipped().deadline(2015) == dt.date(2015, 6, 30)
    moved = """
    spring_festival = []
    [[annual_report]]
    month = 6
    day = 30
    since = 2014-10-01
    [[annual_report]]
    year = 2020
    month = 9
    day = 15
    since = 2020-05-01
    """
    table = Calendar.parse(moved)
    assert [table.deadline(year) for year in (2019, 2020, 2021)] == [
        dt.date(2019, 6, 30),
        dt.date(2020, 9, 15),
        dt.date(2021, 6, 30),
    ]
    at = list(range(2019 * 12, 2022 * 12))
    pulses = seasonal.deadline_pulses(at, table)
    assert [place for place, pulse in enumerate(pulses) if pulse > 0.5] == [6, 12 + 8, 24 + 6]
    with pytest.raises(ValueError, match="no calendar"):
        Calendar.parse("x = 1")


def test_regressors_add_nothing_over_the_long_run() -> None:
    years = sorted(shipped().festivals)
    at = list(range(years[0] * 12 - 1, (years[-1] + 1) * 12))
    shares = seasonal.festival_shares(at, shipped())
    for month in range(12):
        total = sum(share for share, here in zip(shares, at, strict=True) if here % 12 == month)
        assert total == pytest.approx(0, abs=0.3 if month == 11 else 1e-9)
    assert sum(seasonal.deadline_pulses(at[61:], shipped())) == pytest.approx(0, abs=1e-9)

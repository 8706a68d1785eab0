"""Hot spots of complaints: found where they are, none where there are none."""

import numpy as np
import pytest

from guantong.market import Grumbled, Grumbles, complaint_days
from guantong.watch import Complaint, HotSpot, hot_spots
from guantong.watch.hot_spots import COMPLAINTS_MIN

DAYS = 180
TODAY = DAYS - 1


def spots(made: Grumbled, draws: int = 199) -> list[HotSpot]:
    return hot_spots(list(map(Complaint, made.days, made.provinces)), TODAY, draws=draws)


def test_a_bad_lot_in_neighbouring_provinces_is_found_with_its_first_day() -> None:
    bad = ("31", "32", "33")
    made = complaint_days(5, bad=bad, grumbles=Grumbles(a_day=6.0, factor=6.0, lasting=10))
    first, *others = spots(made)
    assert set(first.provinces) & set(bad)
    assert abs(first.since - (DAYS - 10)) <= 3
    assert first.complaints > 2 * first.expected
    assert first.chance <= 0.01
    taken = [name for one in (first, *others) for name in one.provinces]
    assert len(taken) == len(set(taken))


def test_in_quiet_times_an_alarm_is_as_rare_as_its_chance_says() -> None:
    least = [
        min((one.chance for one in spots(complaint_days(seed), 99)), default=1.0)
        for seed in range(60)
    ]
    alarms = np.array(least) <= 0.05
    assert alarms.mean() <= 0.15  # three of sixty are meant; ten would be one in 2,000


def test_a_province_that_always_complains_more_and_a_week_that_all_do_are_none() -> None:
    loud = [Complaint(day, "44") for day in range(DAYS) for _ in range(5)]
    others = [Complaint(day, place) for day in range(0, DAYS, 3) for place in ("11", "51", "61")]
    assert hot_spots(loud + others, TODAY, draws=199) == []
    busy = [
        Complaint(TODAY - at % 5, place)
        for place, share in (("44", 45), ("11", 3), ("51", 3), ("61", 3))
        for at in range(share)
    ]
    assert hot_spots(loud + others + busy, TODAY, draws=199) == []


def test_what_is_too_old_too_late_or_of_no_province_counts_for_nothing() -> None:
    none = [Complaint(TODAY - 200, "44"), Complaint(TODAY + 1, "44"), Complaint(TODAY, "99")]
    assert hot_spots(none * 10, TODAY, draws=9) == []
    few = [Complaint(TODAY, "44")] * (COMPLAINTS_MIN - 1)
    assert hot_spots(few, TODAY, draws=9) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_complaints_give_the_same_whatever_their_order(seed: int) -> None:
    made = complaint_days(7, bad=("33",), grumbles=Grumbles(factor=9.0))
    some = list(map(Complaint, made.days, made.provinces))
    mixed = [some[at] for at in np.random.default_rng(seed).permutation(len(some))]
    assert hot_spots(mixed, TODAY, draws=99) == hot_spots(some, TODAY, draws=99) != []


def test_all_complaints_in_one_place_on_one_day_do_not_break_it() -> None:
    assert hot_spots([Complaint(TODAY, "44")] * 50, TODAY, draws=99) == []

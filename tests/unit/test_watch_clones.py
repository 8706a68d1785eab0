"""What scans say of copies: what it should find, what it should leave alone, and that it beats simple rules."""

import numpy as np
import pytest

from benchmarks.bench_clones import distinct, impossible, weight
from guantong.market import Habits, scan_lives
from guantong.watch import Count, suspicion, visits_of
from guantong.watch.clones import DAY_MS, HOUR_MS, THRESHOLD, Visit

YEAR = 365 * DAY_MS


def weighed(*visits: tuple[str, float], sold_in: str = "") -> float:
    told = [Visit(place, int(day * DAY_MS)) for place, day in visits]
    return suspicion(told, since_ms=0, now_ms=YEAR, sold_in=sold_in).weight


def test_one_thing_scanned_at_home_is_one_thing() -> None:
    assert weighed(("44", 1)) < 0.5
    assert weighed(("44", 1), ("44", 3), ("44", 9)) < 0.5
    assert weighed(("44", 1), ("44", 3), ("11", 60), ("11", 90)) < THRESHOLD  # it moved


def test_a_code_all_over_the_country_is_not() -> None:
    provinces = ("44", "11", "51", "23", "65", "37")
    scans = [(place, 1.0 + at) for at, place in enumerate(provinces)]
    assert weighed(*scans) > THRESHOLD
    assert weighed(*scans, sold_in="440300") > THRESHOLD


def test_where_it_was_sold_counts() -> None:
    away = [("51", 1.0), ("51", 5.0), ("51", 9.0)]
    assert weighed(*away, sold_in="110000") > weighed(*away, sold_in="510000")


def test_two_far_places_within_an_hour_count_more_than_within_a_week() -> None:
    soon = [("44", 1.0), ("65", 1.0 + 1 / 24), ("44", 1.1)]
    late = [("44", 1.0), ("65", 8.0), ("44", 16.0)]
    assert weighed(*soon) > weighed(*late)
    told = suspicion([Visit(p, int(d * DAY_MS)) for p, d in soon], since_ms=0, now_ms=YEAR)
    assert told.fastest_kmh > 3_000
    assert {clue.name for clue in told.clues} == {"often", "places", "speed"}


def test_scans_of_no_place_or_none_say_little() -> None:
    assert suspicion((), since_ms=0, now_ms=YEAR).weight == 0
    counts = [
        Count("x", "", 5, 0, DAY_MS),
        Count("x", "990000", 5, 0, DAY_MS),
        Count("x", "440000", 3, 0, HOUR_MS),
    ]
    assert [one.place for one in visits_of(counts)] == ["44", "44", "44"]


def test_however_many_scans_it_answers_soon() -> None:
    counts = [Count("x", "440000", 1_000_000, 0, YEAR)]
    assert len(visits_of(counts)) <= 400


@pytest.mark.parametrize("rate", [0.5, 2.0, 8.0])
def test_it_finds_more_than_simple_rules_at_the_same_alarms(rate: float) -> None:
    genuine = list(scan_lives(5, 1_500, habits=Habits(scans=rate)))
    copied = list(scan_lives(6, 300, copied=1.0, habits=Habits(scans=rate)))
    own = np.sort([weight(life, rate) for life in genuine])
    theirs = np.array([weight(life, rate) for life in copied])
    for rule in (distinct, impossible):
        alarms = sum(map(rule, genuine))
        assert (theirs > own[len(own) - alarms - 1]).sum() > sum(map(rule, copied))
    assert (own >= THRESHOLD).mean() <= 0.001

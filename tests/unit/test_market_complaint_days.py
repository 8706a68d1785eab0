"""The made-up complaints are those that were assumed, and the same for the same seed."""

from collections import Counter

from guantong.market import Grumbles, complaint_days


def test_the_same_seed_gives_the_same() -> None:
    assert complaint_days(1) == complaint_days(1)
    assert complaint_days(1) != complaint_days(2)


def test_there_are_as_many_as_assumed_and_fewer_at_weekends() -> None:
    made = complaint_days(3, grumbles=Grumbles(days=7_000, a_day=10.0))
    assert 9.8 < len(made.days) / 7_000 < 10.2
    by_weekday = sorted(Counter(day % 7 for day in made.days).values())
    assert 0.55 < sum(by_weekday[:2]) / sum(by_weekday[5:]) < 0.65


def test_a_bad_lot_adds_complaints_where_and_since_it_is_there() -> None:
    usual = Grumbles(days=100, a_day=100.0, factor=4.0, lasting=10)
    quiet, bad = complaint_days(4, grumbles=usual), complaint_days(4, bad=("33",), grumbles=usual)

    def late(made: object, province: str) -> int:
        assert isinstance(made, tuple)
        pairs = zip(*made, strict=True)
        return sum(day >= 90 and place == province for day, place in pairs)

    assert 3.3 < late(bad, "33") / late(quiet, "33") < 4.7
    assert 0.8 < late(bad, "44") / late(quiet, "44") < 1.25

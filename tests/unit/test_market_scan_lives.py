"""The made-up scans are those that were assumed, and the same for the same seed."""

from itertools import pairwise

from guantong.market import Habits, scan_lives


def test_the_same_seed_gives_the_same() -> None:
    assert list(scan_lives(1, 50, copied=0.5)) == list(scan_lives(1, 50, copied=0.5))
    assert list(scan_lives(1, 50)) != list(scan_lives(2, 50))


def test_genuine_things_are_scanned_as_often_as_assumed_and_mostly_at_home() -> None:
    lives = list(scan_lives(3, 4_000, habits=Habits(scans=2.0)))
    scans = [(life.sold_in, place) for life in lives for place in life.places]
    assert 1.8 < len(scans) / len(lives) < 2.2
    assert 0.02 < sum(home != place for home, place in scans) / len(scans) < 0.12
    assert not any(life.is_copied for life in lives)
    for life in lives:
        assert all(a <= b for a, b in pairwise(life.times_ms))
        assert all(at >= life.sold_ms for at in life.times_ms)


def test_copies_are_many_and_some_leave_no_trace() -> None:
    lives = list(scan_lives(4, 2_000, copied=1.0, habits=Habits(scans=0.5)))
    assert 0.2 < sum(life.is_local for life in lives) / len(lives) < 0.3
    counts = [len(life.places) for life in lives]
    assert 4 < sum(counts) / len(counts) < 9
    assert 0 < sum(count <= 1 for count in counts) / len(counts) < 0.4

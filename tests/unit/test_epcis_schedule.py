"""When a subscription is due, against a walk over every second and day."""

import random
from datetime import datetime, timedelta

import pytest

from guantong.serve.epcis.schedule import CHINA, UNITS, Schedule, ScheduleError


def ms(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("said", "at", "due"),
    [
        ({"hour": "1", "minute": "5"}, "2026-03-20T00:00:00", "2026-03-20T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-03-20T01:05:00", "2026-03-21T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-03-20T01:04:59.999", "2026-03-20T01:05:00"),
        ({"second": "30"}, "2026-03-20T01:04:30", "2026-03-20T01:05:30"),
        ({"minute": "[0],[30]"}, "2026-03-20T01:04:30", "2026-03-20T01:30:00"),
        ({"hour": "[9-17]"}, "2026-03-20T17:00:00", "2026-03-21T09:00:00"),
        ({"dayOfWeek": "1", "hour": "8"}, "2026-03-20T00:00:00", "2026-03-23T08:00:00"),
        ({"dayOfMonth": "31"}, "2026-04-01T00:00:00", "2026-05-31T00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2026-04-01T00:00:00", "2028-02-29T00:00:00"),
        ({"month": "3"}, "2026-04-01T00:00:00", "2027-03-01T00:00:00"),
        ({"dayOfMonth": "13", "dayOfWeek": "5"}, "2026-03-13T00:00:00", "2026-11-13T00:00:00"),
        ({"hour": 23, "minute": 59, "second": 59}, "2026-12-31T23:59:59", "2027-01-01T23:59:59"),
    ],
)
def test_due(said: dict[str, object], at: str, due: str) -> None:
    assert Schedule.parse(said).after(ms(at)) == ms(due)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({}, "schedule"),
        ({"week": "1"}, "schedule.week"),
        ({"hour": "24"}, "schedule.hour"),
        ({"hour": ""}, "schedule.hour"),
        ({"hour": "-1"}, "schedule.hour"),
        ({"hour": "[5-3]"}, "schedule.hour"),
        ({"hour": "1,,2"}, "schedule.hour"),
        ({"hour": True}, "schedule.hour"),
        ({"hour": None}, "schedule.hour"),
        ({"hour": "1" * 900}, "schedule.hour"),
        ({"dayOfMonth": "0"}, "schedule.dayOfMonth"),
        ({"dayOfWeek": "8"}, "schedule.dayOfWeek"),
        ({"month": "2", "dayOfMonth": "30"}, "schedule"),
    ],
)
def test_no_schedule(said: dict[str, object], path: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule.parse(said)
    assert caught.value.faults[0].path == path


def test_like_a_walk_over_every_second() -> None:
    dice = random.Random(5)
    for _ in range(60):
        units = dice.sample(["hour", "minute", "second"], dice.randint(1, 3))
        said = {u: f"{dice.randint(*UNITS[u])},{dice.randint(*UNITS[u])}" for u in units}
        schedule = Schedule.parse({"hour": "[0-23]"} | said)
        at = datetime(2026, 3, 20, dice.randint(0, 23), dice.randint(0, 59), 7, tzinfo=CHINA)
        walk = at + timedelta(seconds=1)
        while not all(
            getattr(walk, unit) in schedule.values[unit] for unit in ("hour", "minute", "second")
        ):
            walk += timedelta(seconds=1)
        assert schedule.after(int(at.timestamp() * 1000)) == int(walk.timestamp() * 1000)

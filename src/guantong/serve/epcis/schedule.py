"""When is a subscription due next? Units of time with the values at which it is.

A unit that is not given holds at each of its values when a smaller one is given, and at its first
when only larger ones are: ``hour 1, minute 5`` is once a day, five past one. Days of the month and
of the week hold together. Time is that of China, as on the pages.

References:
    EPCIS 2.0, section 12
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Final, Self

from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault

UNITS: Final = {
    "month": (1, 12),
    "dayOfMonth": (1, 31),
    "dayOfWeek": (1, 7),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
"""From the largest to the smallest; days of the week count from Monday, 1."""
CHINA: Final = timezone(timedelta(hours=8))
DAYS_MAX: Final = 366 * 8 + 1
"""Any date that there is comes within eight years: 29 February over a year like 2100."""
CHARS_MAX: Final = 400
_PART: Final = re.compile(r"\[?(\d{1,2})(?:-(\d{1,2}))?\]?")


class Fault(StrEnum):
    """Why a schedule is none. Part of the public API: never renamed."""

    SCHEDULE = "serve.schedule"
    """Units or values of a schedule that are none, or no time is ever right."""


class ScheduleError(Refusal):
    """No schedule."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times at which something is due."""

    values: Mapping[str, frozenset[int]]
    """Of each unit."""

    @classmethod
    def parse(cls, said: Mapping[str, object]) -> Self:
        """Read one.

        Args:
            said: Texts like ``5``, ``[5-10]`` or ``[0],[30]`` by unit.

        Returns:
            A schedule with a time to come.

        Raises:
            ScheduleError: naming the unit.
        """
        for unit in said:
            if unit not in UNITS:
                raise ScheduleError(_fault(f"schedule.{unit}", "one of " + ", ".join(UNITS), unit))
        given = {unit: _values(unit, said[unit]) for unit in UNITS if unit in said}
        if not given:
            raise ScheduleError(_fault("schedule", "at least one unit", "none"))
        schedule = cls(_all_units(given))
        if not schedule._days_after(date(2096, 1, 1)):
            raise ScheduleError(_fault("schedule", "a day that there is", str(dict(said))))
        return schedule

    def after(self, at_ms: int) -> int:
        """The first time that is due after a moment, in ms of the Unix epoch."""
        at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(CHINA) + timedelta(seconds=1)
        if self._holds(at.date()) and (later := self._later_on(at)):
            return _ms(later)
        day = self._days_after(at.date() + timedelta(days=1))
        assert day is not None
        hour, minute, second = (min(self.values[unit]) for unit in ("hour", "minute", "second"))
        return _ms(datetime.combine(day, time(hour, minute, second, tzinfo=CHINA)))

    def _later_on(self, at: datetime) -> datetime | None:
        """The first time from `at` on, on its day."""
        for hour in sorted(self.values["hour"]):
            for minute in sorted(self.values["minute"]):
                for second in sorted(self.values["second"]):
                    if (hour, minute, second) >= (at.hour, at.minute, at.second):
                        return at.replace(hour=hour, minute=minute, second=second)
        return None

    def _days_after(self, first: date) -> date | None:
        days = (first + timedelta(days=n) for n in range(DAYS_MAX))
        return next(filter(self._holds, days), None)

    def _holds(self, day: date) -> bool:
        return (
            day.month in self.values["month"]
            and day.day in self.values["dayOfMonth"]
            and day.isoweekday() in self.values["dayOfWeek"]
        )


def _all_units(given: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    names = list(UNITS)
    smallest = max(names.index(unit) for unit in given)
    # The first day of a month is meant, not the first Monday: the day of the week is never first.
    free = {*names[:smallest], "dayOfWeek"}
    return {
        unit: given.get(unit) or frozenset(range(low, high + 1) if unit in free else (low,))
        for unit, (low, high) in UNITS.items()
    }


def _values(unit: str, said: object) -> frozenset[int]:
    low, high = UNITS[unit]
    text = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
    expected = f"values from {low} to {high}, such as {low}, [{low}-{high}] or [{low}],[{high}]"
    if not isinstance(text, str) or len(text) > CHARS_MAX:
        raise ScheduleError(_fault(f"schedule.{unit}", expected, str(said)[:CHARS_MAX]))
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first = int(match[1]) if match else -1
        last = int(match[2] or match[1]) if match else -1
        if not low <= first <= last <= high:
            raise ScheduleError(_fault(f"schedule.{unit}", expected, text))
        found.update(range(first, last + 1))
    return frozenset(found)


def _fault(path: str, expected: str, got: str) -> Found:
    return fault(Fault.SCHEDULE, path=path, expected=expected, got=got)


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000

"""Which day is so many working days later?

A working day is no Saturday, no Sunday and no holiday of the table, or a weekend day that is
worked in exchange. For years whose holidays nobody has put into the table only weekends are
known, and the answer says so.

>>> import datetime as dt
>>> Workdays().after(dt.date(2026, 7, 3), 2)
Later(day=datetime.date(2026, 7, 7), weekends_only=True)
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from guantong.rules.model import CalendarYear, Holiday

WORKING_DAYS_MAX = 1_000
"""Most days that are counted one by one."""


@dataclass(frozen=True, slots=True)
class Later:
    """A day reached by counting."""

    day: dt.date
    weekends_only: bool
    """True when the holidays of a year that was passed are not known."""


@dataclass(frozen=True, slots=True)
class Workdays:
    """The calendar of working days, as far as it is known."""

    off: frozenset[dt.date] = frozenset()
    """Holidays."""
    worked: frozenset[dt.date] = frozenset()
    """Weekend days that are worked."""
    years: frozenset[int] = frozenset()
    """Years whose holidays are all in `off`."""

    @classmethod
    def of(cls, holidays: Iterable[Holiday], years: Iterable[CalendarYear]) -> Self:
        """The calendar that table lines describe."""
        off: set[dt.date] = set()
        worked: set[dt.date] = set()
        for row in holidays:
            (worked if row.works else off).update(_days(row.since, row.until))
        known = frozenset(int(row.key) for row in years)
        return cls(frozenset(off), frozenset(worked), known)

    def is_workday(self, day: dt.date) -> bool:
        """Whether people work on `day`, as far as is known."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def after(self, start: dt.date, count: int) -> Later:
        """The last of `count` working days that follow `start`; `start` itself does not count.

        Args:
            start: The day something happened.
            count: How many working days, 0 to `WORKING_DAYS_MAX`.

        Returns:
            The day.
        """
        day, left = start, min(count, WORKING_DAYS_MAX)
        while left > 0:
            day += dt.timedelta(days=1)
            left -= self.is_workday(day)
        passed = set(range(start.year, day.year + 1))
        return Later(day, weekends_only=not passed <= self.years)


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    count = (last - first).days + 1
    return (first + dt.timedelta(days=step) for step in range(count))

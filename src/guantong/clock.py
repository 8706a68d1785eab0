"""What time is it? The only door through which time enters.

Everything that needs the present takes a `Clock`; tests and the seeded demo hand in a
`SetClock`, so that the same input gives the same ledger, byte for byte.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
"""The zone in which days are counted for duties and deadlines."""


class Clock(Protocol):
    """Tells the present instant."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the machine believes."""
        return int(dt.datetime.now(dt.UTC).timestamp() * 1000)


@dataclass(slots=True)
class SetClock:
    """A clock that stands where it was put; for tests and the seeded demo."""

    at_ms: int
    """The instant it shows."""

    def now_ms(self) -> int:
        """The instant it was put to."""
        return self.at_ms


def instant_text(at_ms: int) -> str:
    """An instant as ISO 8601 in UTC with milliseconds and ``Z``."""
    at = dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def day_in_china(at_ms: int) -> dt.date:
    """The calendar day in Asia/Shanghai at an instant."""
    return dt.datetime.fromtimestamp(at_ms / 1000, CHINA).date()


def is_day(text: str) -> bool:
    """Whether a text is a day as we write it, such as ``2026-03-01``."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

"""When do people in this market work, and how is an instant written down?

Instants are milliseconds since 1970-01-01T00:00:00Z; days are those of Asia/Shanghai, which
has kept one offset since 1991.

>>> stamp(midnight(dt.date(2026, 3, 1)) + 8 * HOUR + 30 * MINUTE)
'2026-03-01T08:30:00.000+08:00'
"""

import datetime as dt
from functools import lru_cache

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

OFFSET = "+08:00"
"""The zone offset of every event."""

_AHEAD = 8 * HOUR
_OPENS = 8 * HOUR
_CLOSES = 19 * HOUR
_EPOCH = dt.date(1970, 1, 1).toordinal()


def midnight(day: dt.date) -> int:
    """The first instant of a day."""
    return (day.toordinal() - _EPOCH) * DAY - _AHEAD


@lru_cache(maxsize=4096)
def _iso(days: int) -> str:
    return dt.date.fromordinal(_EPOCH + days).isoformat()


def day_text(at_ms: int) -> str:
    """The day of an instant, such as ``2026-03-01``."""
    return _iso((at_ms + _AHEAD) // DAY)


def stamp(at_ms: int) -> str:
    """An instant in ISO 8601 with milliseconds and the offset of the place."""
    days, rest = divmod(at_ms + _AHEAD, DAY)
    minutes, ms = divmod(rest, MINUTE)
    hour, minute = divmod(minutes, 60)
    second, ms = divmod(ms, 1000)
    return f"{_iso(days)}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}{OFFSET}"


def open_at(at_ms: int) -> int:
    """The same instant when it lies in working hours, else the same minute of the next opening."""
    rest = (at_ms + _AHEAD) % DAY
    if rest < _OPENS:
        return at_ms - rest + _OPENS + rest % HOUR
    return at_ms if rest < _CLOSES else at_ms - rest + DAY + _OPENS + rest % HOUR

"""When does a row say that something happened?

A cell may hold a date, a time of day or both, as spreadsheet value or as text. A sheet has no
zone: what names none is read in Asia/Shanghai.

>>> moment("2026/3/1 8:30").isoformat(), moment("2026年3月1日 8时30分", None).isoformat()
('2026-03-01T08:30:00+08:00', '2026-03-01T08:30:00+08:00')
"""

import datetime as dt
import re
from typing import Final

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.sheet_table import Row
from guantong.capture.workbook import Cell
from guantong.clock import CHINA
from guantong.errors import fault

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_WANTED: Final = "a time such as 2026-03-01 08:30"
_DAY: Final = r"(?P<y>\d{4})(?:[-/.]|年)(?P<m>\d{1,2})(?:[-/.]|月)(?P<d>\d{1,2})日?"
_CLOCK: Final = (
    r"(?P<H>\d{1,2})(?::|时|点)(?P<M>\d{1,2})(?:(?::|分)(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?秒?|分)?"
)
_ZONE: Final = r"(?P<z>Z|[+-]\d{2}:?\d{2})"
_TEXTS: Final = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_DAY}(?:(?:\s*T\s*|\s+)?{_CLOCK}\s*{_ZONE}?)?",
        rf"{_CLOCK}\s*{_ZONE}?",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?)?",
    )
)


def row_time(row: Row) -> tuple[int, str]:
    """When the event of a row happened.

    Args:
        row: With a day, a time, or both.

    Returns:
        Milliseconds since the epoch, and the zone offset at that moment.

    Raises:
        CaptureError: if both are absent, or one is no time of the calendar.
    """
    written = [key for key in ("time", "day") if key in row.cells]
    key = (written or [key for key in ("time", "day") if key in row.headers] or ["time"])[0]
    other = row.cells.get("day") if key == "time" else None
    try:
        at = moment(row.cells.get(key, ""), other)
    except (ValueError, OverflowError) as problem:
        got = f"{other if other is not None else ''} {row.cells.get(key, 'nothing')}".strip()
        code = Fault.TIME if key in row.cells else Fault.MISSING
        raise CaptureError(fault(code, expected=_WANTED, got=got, path=row.path(key))) from problem
    return (at - _EPOCH) // dt.timedelta(milliseconds=1), _offset(at)


def row_day(row: Row, key: str) -> str:
    """A day cell as ISO date; "" when empty.

    Returns:
        Such as ``2026-03-01``.

    Raises:
        CaptureError: if it is no day of the calendar.
    """
    value = row.cells.get(key)
    if value is None:
        return ""
    try:
        return moment(value).date().isoformat()
    except (ValueError, OverflowError) as problem:
        raise CaptureError(
            fault(Fault.TIME, expected="a day such as 2026-03-01", got=value, path=row.path(key))
        ) from problem


def moment(cell: Cell, day: Cell | None = None) -> dt.datetime:
    """The moment that a cell names.

    Args:
        cell: A day, a day with time, or a time of day alone.
        day: The day, where `cell` may hold a time of day alone.

    Returns:
        With its own zone, else Asia/Shanghai.

    Raises:
        ValueError: if it names none.
    """
    date, clock, zone = _parts(cell)
    if date is None and day is not None:
        date, _, _ = _parts(day)
    if date is None:
        raise ValueError(cell)
    return dt.datetime.combine(date, clock or dt.time(), tzinfo=zone or CHINA)


def _parts(cell: Cell) -> tuple[dt.date | None, dt.time | None, dt.tzinfo | None]:
    """Day, time of day and zone, each as far as the cell names it."""
    match cell:
        case dt.datetime():
            return cell.date(), cell.time(), None
        case dt.date():
            return cell, None, None
        case dt.time():
            return None, cell, None
        case dt.timedelta():
            return None, (_EPOCH + cell).time(), None
        case float() if cell.is_integer():
            return _text_parts(str(int(cell)))
        case str():
            return _text_parts(cell.strip())
        case _:
            raise ValueError(cell)


def _text_parts(text: str) -> tuple[dt.date | None, dt.time | None, dt.tzinfo | None]:
    """The same for text."""
    for pattern in _TEXTS:
        found = pattern.fullmatch(text)
        if found:
            part = {name: value for name, value in found.groupdict().items() if value}
            return _date(part), _clock(part), _zone(part.get("z", ""))
    raise ValueError(text)


def _date(part: dict[str, str]) -> dt.date | None:
    """The day, if there is one. Raises ValueError when the calendar has no such day."""
    return dt.date(int(part["y"]), int(part["m"]), int(part["d"])) if "y" in part else None


def _clock(part: dict[str, str]) -> dt.time | None:
    """The time of day, if there is one. Raises ValueError when no day has it."""
    if "H" not in part:
        return None
    micros = int(part.get("f", "0").ljust(6, "0")[:6])
    return dt.time(int(part["H"]), int(part["M"]), int(part.get("S", "0")), micros)


def _zone(text: str) -> dt.tzinfo | None:
    """The zone, if there is one. Raises ValueError when the earth has no such zone."""
    return dt.datetime.strptime(text, "%z").tzinfo if text else None


def _offset(at: dt.datetime) -> str:
    """The zone offset, such as ``+08:00``."""
    digits = at.strftime("%z")
    return f"{digits[:3]}:{digits[3:5]}"

"""What instant, zone or number does this text name? The checks every syntax shares."""

import datetime as dt
import math
from typing import Final

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import fault

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_MS: Final = 86_400_000
_FIRST: Final = dt.datetime(1, 1, 2, tzinfo=dt.UTC) - _EPOCH
_LAST: Final = dt.datetime(9999, 12, 31, tzinfo=dt.UTC) - _EPOCH
"""Between these an instant has a calendar day in every zone; beyond, it could not be shown."""
_TIME: Final = "an ISO 8601 time with zone, such as 2026-03-01T08:30:00.000+08:00"
_SPAN: Final = "a time from 0001-01-02 to 9999-12-30"
_OFFSET: Final = "a zone offset from -14:00 to +14:00, such as +08:00"


def instant(text: str, path: str = "") -> int:
    """Read a time.

    Args:
        text: ISO 8601 date and time, with zone.
        path: Where it stands in the document.

    Returns:
        Milliseconds since 1970-01-01T00:00:00Z; finer parts are rounded half to even, after
        microseconds, as the reference of the event hash does.

    Raises:
        CaptureError: if it is no time the calendar has in every zone, or has no zone.

    References:
        EPCIS 2.0, section 7.4.1
    """
    at = _parsed(text.strip(), path)
    if at.tzinfo is None:
        raise CaptureError(fault(Fault.ZONE, expected=_TIME, got=text, path=path))
    since = at - _EPOCH
    if not _FIRST <= since < _LAST:
        raise CaptureError(fault(Fault.TIME, expected=_SPAN, got=text, path=path))
    return since.days * _DAY_MS + since.seconds * 1000 + round(since.microseconds, -3) // 1000


def _parsed(text: str, path: str) -> dt.datetime:
    """The moment a text names; refuses what is not date ``T`` time."""
    if text[10:11] in {"T", "t"}:
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            pass
    raise CaptureError(fault(Fault.TIME, expected=_TIME, got=text, path=path))


def offset(text: str, path: str = "") -> str:
    """Read a zone offset.

    Args:
        text: Sign, hours, colon, minutes.
        path: Where it stands in the document.

    Returns:
        The offset as it stands, such as ``+08:00``.

    Raises:
        CaptureError: if no place on earth has such an offset, or it is written otherwise.

    References:
        EPCIS 2.0, section 7.4.1
    """
    value = text.strip()
    digits = value[1:3] + value[4:]
    if len(value) == 6 and value[0] in "+-" and value[3] == ":" and digits.isdecimal():
        minutes = int(value[1:3]) * 60 + int(value[4:])
        if value.isascii() and minutes <= 14 * 60 and int(value[4:]) < 60:
            return value
    raise CaptureError(fault(Fault.ZONE, expected=_OFFSET, got=text, path=path))


def offset_minutes(offset: str) -> int:
    """Minutes east of UTC of ``+08:00``; 0 for anything else."""
    hours, _, minutes = offset[1:].partition(":")
    if offset[:1] not in {"+", "-"} or not (hours + minutes).isdecimal():
        return 0
    return (int(hours) * 60 + int(minutes or 0)) * (-1 if offset[0] == "-" else 1)


def number(text: str, path: str = "") -> float:
    """Read a decimal number written as text.

    Args:
        text: Digits with an optional sign, point and exponent.
        path: Where it stands in the document.

    Returns:
        A finite number.

    Raises:
        CaptureError: if it is no number, or too large to hold.
    """
    value = text.strip()
    try:
        found = float(value) if value.isascii() and "_" not in value else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise CaptureError(fault(Fault.NUMBER, expected="a finite number", got=text, path=path))
    return found


def amount(value: float, path: str = "") -> float:
    """Check a quantity: a finite number that is not negative.

    Returns:
        The same number.

    Raises:
        CaptureError: if it is negative, infinite or not a number.

    References:
        EPCIS 2.0, section 7.3.3.3
    """
    if not (math.isfinite(value) and value >= 0):
        raise CaptureError(
            fault(Fault.NUMBER, expected="a number of 0 or more", got=value, path=path)
        )
    return value

"""In which order does a client want its events? By a time, or by a member that only their sender knows.

References:
    EPCIS 2.0, section 12
"""

from collections.abc import Sequence
from contextlib import suppress
from math import isnan
from typing import Final, TypeAlias

from guantong.capture.values import instant
from guantong.errors import Refusal
from guantong.query import extensions
from guantong.store.door import Stored

EVENT_TIME: Final = "eventTime"
RECORD_TIME: Final = "recordTime"

Rank: TypeAlias = tuple[int, float, bytes]
"""Numbers first, then times, then texts by their bytes."""


def order_of(text: str) -> str:
    """An order in its one spelling.

    Args:
        text: ``eventTime``, ``recordTime``, or the whole name of an extension as in ``EQ_…``.

    Returns:
        The same, a name as ``{namespace}name``; "" for what is none of them.
    """
    if text in {EVENT_TIME, RECORD_TIME}:
        return text
    name = extensions.name_of(f"EQ_{text}", {})
    return "" if name is None else name.removeprefix("EQ_")


def in_order(events: Sequence[Stored], order: str, *, descending: bool) -> list[Stored]:
    """Events in an order; the receipt breaks ties, and those that lack the member are the last."""
    having: list[tuple[Rank, int, Stored]] = []
    lacking: list[Stored] = []
    for one in events:
        rank = _rank(one, order)
        if rank is None:
            lacking.append(one)
        else:
            having.append((rank, one.no, one))
    having.sort(key=lambda each: each[:2], reverse=descending)
    return [one for *_, one in having] + lacking


def _rank(one: Stored, order: str) -> Rank | None:
    """Where an event stands; None when it lacks the member."""
    if order in {EVENT_TIME, RECORD_TIME}:
        return 0, (one.event.time_ms if order == EVENT_TIME else one.record_ms), b""
    value = next(iter(extensions.values_of(order, one.event)), None)
    return None if value is None else _rank_of(value)


def _rank_of(value: str | float) -> Rank:
    text = str(value)
    with suppress(ValueError):
        number = float(value)
        if not isnan(number):  # it is neither before nor after any other
            return 0, number, b""
    with suppress(Refusal):
        return 1, instant(text), b""
    return 2, 0, text.encode()

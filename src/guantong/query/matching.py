"""Is this event one that the query asks for?

Written the plain way, one event at a time: what an index finds faster is compared with it.

References:
    EPCIS 2.0, section 12
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from guantong.capture.model import Event
from guantong.query import extensions
from guantong.query.fields import values_of
from guantong.query.master import MasterData, is_of_attributes
from guantong.query.parameters import Query, Test
from guantong.query.patterns import covers, is_pattern


def matches(query: Query, event: Event, recorded_ms: int, master: MasterData | None = None) -> bool:
    """Whether every test of the query holds; a test of an absent field does not.

    Args:
        query: What is asked.
        event: One event.
        recorded_ms: Its record time; the event itself does not carry it.
        master: For tests of attributes: without it none of them holds.

    Returns:
        True for an event that is asked for.
    """
    return all(
        (master is not None and master.holds(test, event))
        if is_of_attributes(test)
        else _holds(test, event, recorded_ms)
        for test in query.tests
    )


def _holds(test: Test, event: Event, recorded_ms: int) -> bool:
    """Whether any value of the event meets any value of the test."""
    found = [one for one in values_of(test.name, event, recorded_ms) if one not in {None, ""}]
    compare = _comparison(test.name)
    return any(compare(one, asked) for one in found for asked in test.values)


def _comparison(name: str) -> Callable[[Any, Any], bool]:
    """How a value of an event meets one that is asked for."""
    kind = name.partition("_")[0]
    if "{" in name:
        return partial(_extension_meets, kind)
    if kind == "MATCH":
        return _matches_identifier
    return _ORDER.get(kind, operator.eq)


def _matches_identifier(found: str, asked: str) -> bool:
    return covers(asked, found) if is_pattern(asked) else found == asked


def _extension_meets(kind: str, found: str | float, asked: str | float) -> bool:
    if kind == "EXISTS":
        return True
    if kind == "EQ" and isinstance(asked, str):
        return str(found) == asked
    compare: Callable[[Any, Any], bool] = _ORDER.get(kind, operator.eq)
    both = extensions.comparable(found, asked)
    return both is not None and compare(*both)


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "GT": operator.gt,
    "GE": operator.ge,
    "LT": operator.lt,
    "LE": operator.le,
}

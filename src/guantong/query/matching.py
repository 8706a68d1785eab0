"""Is this event one that the query asks for?

Written the plain way, one event at a time: what an index finds faster is compared with it.

References:
    EPCIS 2.0, section 12
"""

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from guantong.capture.model import Event, Quantity, Typed
from guantong.query import extensions, sensors
from guantong.query.master import MasterData, is_of_attributes
from guantong.query.parameters import Query, Test
from guantong.query.patterns import covers, is_pattern

Found = Iterable[str | int | float | None]


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
    found = [one for one in _values(test.name, event, recorded_ms) if one not in {None, ""}]
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


def _values(name: str, event: Event, recorded_ms: int) -> Found:
    """What an event has of the field that a parameter is about."""
    kind, _, field = name.partition("_")
    if field == "recordTime":
        return (recorded_ms,)
    if "{" in name:
        return extensions.values_of(field, event)
    if kind == "MATCH" or field == "quantity":
        return _THINGS[field](event)
    if sensors.is_field(field):
        return sensors.values_of(field, event)
    if field in _ERRORS:
        return _of_error(field, event)
    family, _, type_ = field.partition("_")
    if family in _TYPED:
        return (one.value for one in _TYPED[family](event) if one.type == type_)
    return _FIELDS[field or name](event)


def _of_error(field: str, event: Event) -> Found:
    """What the error declaration says, nothing when there is none."""
    error = event.error
    if error is None:
        return ()
    said: dict[str, Found] = {
        "errorDeclaration": (True,),
        "errorDeclarationTime": (error.declared_ms,),
        "errorReason": (error.reason,),
        "correctiveEventID": error.corrective_ids,
    }
    return said[field]


_ERRORS: Final = {
    "errorDeclaration",
    "errorDeclarationTime",
    "errorReason",
    "correctiveEventID",
}
_TYPED: Final[dict[str, Callable[[Event], tuple[Typed, ...]]]] = {
    "bizTransaction": lambda event: event.transactions,
    "source": lambda event: event.sources,
    "destination": lambda event: event.destinations,
}
_FIELDS: Final[dict[str, Callable[[Event], Found]]] = {
    "eventType": lambda event: (event.type.value,),
    "eventTime": lambda event: (event.time_ms,),
    "action": lambda event: (event.action.value if event.action else None,),
    "bizStep": lambda event: (event.step,),
    "disposition": lambda event: (event.disposition,),
    "persistentDisposition_set": lambda event: event.persistent_set,
    "persistentDisposition_unset": lambda event: event.persistent_unset,
    "readPoint": lambda event: (event.read_point,),
    "bizLocation": lambda event: (event.biz_location,),
    "transformationID": lambda event: (event.transformation_id,),
    "eventID": lambda event: (event.id,),
}


def _plain(event: Event) -> tuple[Quantity, ...]:
    """Amounts that neither go in nor come out."""
    return event.quantities + event.child_quantities


def _all(event: Event) -> tuple[Quantity, ...]:
    """Every amount of an event."""
    return _plain(event) + event.input_quantities + event.output_quantities


def _classes(amounts: Iterable[Quantity]) -> Found:
    """Their classes."""
    return [amount.epc_class for amount in amounts]


_THINGS: Final[dict[str, Callable[[Event], Found]]] = {
    "epc": lambda event: event.epcs + event.child_epcs,
    "parentID": lambda event: (event.parent,),
    "inputEPC": lambda event: event.input_epcs,
    "outputEPC": lambda event: event.output_epcs,
    "anyEPC": lambda event: (
        *(event.parent, *event.epcs, *event.child_epcs),
        *(*event.input_epcs, *event.output_epcs),
    ),
    "epcClass": lambda event: _classes(_plain(event)),
    "inputEPCClass": lambda event: _classes(event.input_quantities),
    "outputEPCClass": lambda event: _classes(event.output_quantities),
    "anyEPCClass": lambda event: _classes(_all(event)),
    "quantity": lambda event: [amount.quantity for amount in _all(event)],
}

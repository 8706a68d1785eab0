"""What does an event have of the field that a query parameter is about?

References:
    EPCIS 2.0, section 12
"""

from collections.abc import Callable, Iterable
from typing import Final

from guantong.capture.model import Event, Quantity, Typed
from guantong.query import extensions, sensors

Found = Iterable[str | int | float | None]


def values_of(name: str, event: Event, recorded_ms: int) -> Found:
    """What an event has of the field that a parameter is about.

    Args:
        name: The parameter, as `guantong.query.parse` spells it.
        event: One event.
        recorded_ms: Its record time; the event itself does not carry it.

    Returns:
        Values; None and "" stand for what is absent.
    """
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


def keys_of(field: str, event: Event) -> Found:
    """What an event has of a field whose master data may be asked about.

    Args:
        field: One of `guantong.query.parameters.ATTRIBUTED`.
        event: One event.

    Returns:
        Identifiers; "" stands for one that is absent.
    """
    if field in _TYPED:
        return [one.value for one in _TYPED[field](event)]
    return _THINGS["anyEPCClass"](event) if field == "epcClass" else _FIELDS[field](event)


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

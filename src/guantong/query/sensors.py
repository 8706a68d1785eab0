"""What does a query ask of what sensors measured?

`EQ_type=Temperature`, `GE_value_CEL=8`, `LT_time=…`: each holds when one of the event's sensor elements, or
one of their reports, says so. Values are compared in the unit in which they were measured; nothing
is converted.

References:
    EPCIS 2.0, section 7.3.7
    EPCIS 2.0, section 12
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from guantong.capture.model import Event
from guantong.capture.values import instant
from guantong.capture.vocabulary import MEASUREMENT
from guantong.identify.canonical import canonical

Members = Mapping[str, object]

TIMES: Final = ("time", "startTime", "endTime")
CODES: Final = ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules") + (
    *("microorganism", "chemicalSubstance", "uriValue"),
)
"""Members that hold a URI."""
TEXTS: Final = ("stringValue", "hexBinaryValue")
FIGURES: Final = ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue")
"""Members that are measured in a unit."""
_FIGURE: Final = re.compile(
    rf"(?:EQ|GT|GE|LT|LE)_(?:percRank|(?:{'|'.join(FIGURES)})_[A-Z0-9]{{2,3}})"
)


def is_figure(name: str) -> bool:
    """Whether a parameter asks for a measured number: ``GE_value_CEL``, ``LT_percRank``."""
    return _FIGURE.fullmatch(name) is not None


def measured(text: str) -> str:
    """What is measured, in its one spelling."""
    return MEASUREMENT.bare(text)


def values_of(field: str, event: Event) -> Iterator[str | int | float]:
    """What the sensors of an event say of a field.

    Args:
        field: As in a parameter, without its comparison: ``type``, ``time``, ``value_CEL``.
        event: One event.

    Yields:
        Texts, numbers, truth values as 1 and 0, times as milliseconds.
    """
    name, _, unit = field.partition("_")
    if field == "sensorElementList":
        yield from (1 for _ in event.sensors[:1])
        return
    read = _READERS[name]
    for place in (*metadata(event), *reports(event)):
        if name in place and (not unit or place.get("uom") == unit):
            yield read(place[name])


def is_field(field: str) -> bool:
    """Whether it is about sensors."""
    return field == "sensorElementList" or field.partition("_")[0] in _READERS


def metadata(event: Event) -> Iterator[Members]:
    """The metadata of each sensor element that has some."""
    for element in event.sensors:
        found = element.get("sensorMetadata")
        if isinstance(found, Mapping):
            yield found


def reports(event: Event) -> Iterator[Members]:
    """All reports of all sensor elements."""
    for element in event.sensors:
        listed = element.get("sensorReport")
        for one in listed if isinstance(listed, list | tuple) else ():
            if isinstance(one, Mapping):
                yield one


def _code(value: object) -> str:
    return canonical(str(value))


def _time(value: object) -> int:
    return instant(str(value))


def _figure(value: object) -> float:
    return value if isinstance(value, int | float) else float(str(value))


def _truth(value: object) -> int:
    return int(value is True)


_READERS: Final[Mapping[str, Callable[[object], str | int | float]]] = {
    "type": str,
    "booleanValue": _truth,
    "percRank": _figure,
    **dict.fromkeys(TIMES, _time),
    **dict.fromkeys(CODES, _code),
    **dict.fromkeys(TEXTS, str),
    **dict.fromkeys(FIGURES, _figure),
}

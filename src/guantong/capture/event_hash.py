"""Which id does an event have that was given none? The hash of what it says.

The pre-hash is one text: the fields in a fixed order, each value in its one spelling; the id is
its SHA-256. Equal events get equal ids, whatever syntax or spelling they came in. What is said
later about an event (recordTime, errorDeclaration) and its id are left out.

>>> from guantong.capture.model import Action, Event, EventType
>>> event = Event(type=EventType.OBJECT, time_ms=0, offset="+00:00", action=Action.ADD)
>>> prehash(event)
'eventType=ObjectEventeventTime=1970-01-01T00:00:00.000ZeventTimeZoneOffset=+00:00action=ADD'

References:
    CBV 2.0, section 8.9 (hash value of an event as event id)
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import isfinite
from typing import Final, NamedTuple

from guantong.capture.faults import CaptureError
from guantong.capture.model import Event, EventType, Quantity, Typed
from guantong.capture.values import instant
from guantong.capture.vocabulary import (
    ALERT,
    COMPONENT,
    DISPOSITION,
    MEASUREMENT,
    PARTY,
    STEP,
    TRANSACTION,
    Vocabulary,
)
from guantong.identify.canonical import canonical
from guantong.identify.model import IdentifierError

HASHED: Final = "ni:///sha-256;"
"""What an id that is a hash begins with."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CODED: Final = ("http", "urn:epc:")
_CBV_URN: Final = "urn:epcglobal:cbv:"
_VOCABULARIES: Final = {
    "bizstep": STEP,
    "disp": DISPOSITION,
    "btt": TRANSACTION,
    "sdt": PARTY,
}
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_METADATA: Final = (
    "time",
    "startTime",
    "endTime",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
)
_REPORT: Final = (
    "type",
    "exception",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "time",
    "microorganism",
    "chemicalSubstance",
    "value",
    "component",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
    "minValue",
    "maxValue",
    "meanValue",
    "sDev",
    "percRank",
    "percValue",
    "uom",
    "coordinateReferenceSystem",
)
_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_WORDS: Final = {"type": MEASUREMENT, "exception": ALERT, "component": COMPONENT}


def event_hash(event: Event) -> str:
    """The id of an event, made from what it says.

    Args:
        event: Any event as a reader gave it.

    Returns:
        ``ni:///sha-256;<64 hex digits>?ver=CBV2.0``.

    References:
        CBV 2.0, section 8.9; RFC 6920, section 3
    """
    return hash_of(prehash(event))


def hash_of(text: str) -> str:
    """The id that a pre-hash gives."""
    return f"{HASHED}{sha256(text.encode()).hexdigest()}?ver=CBV2.0"


def prehash(event: Event) -> str:
    """The text an event's hash is taken of.

    Args:
        event: Any event as a reader gave it.

    Returns:
        All fields that make the event what it is, in the standard's order, nothing between them.

    References:
        CBV 2.0, section 8.9.1
    """
    said = saying(event)
    parts = [said.kind, f"eventTime={moment(event.time_ms)}", said.before_things]
    if event.parent:
        parts.append(f"parentID={event.parent}")
    if event.epcs:
        parts.append(epcs("epcList", event.epcs))
    if event.input_epcs:
        parts.append(epcs("inputEPCList", event.input_epcs))
    if event.child_epcs:
        parts.append(epcs("childEPCs", event.child_epcs))
    if event.quantities:
        parts.append(amounts("quantityList", event.quantities))
    if event.child_quantities:
        parts.append(amounts("childQuantityList", event.child_quantities))
    if event.input_quantities:
        parts.append(amounts("inputQuantityList", event.input_quantities))
    if event.output_epcs:
        parts.append(epcs("outputEPCList", event.output_epcs))
    if event.output_quantities:
        parts.append(amounts("outputQuantityList", event.output_quantities))
    parts.append(said.after_things)
    if event.transformation_id:
        parts.append(f"transformationID={event.transformation_id}")
    parts.append(said.end)
    return "".join(parts)


class Saying(NamedTuple):
    """The parts of a pre-hash that do not depend on when it happened and to which things."""

    kind: str
    """Before the time."""
    before_things: str
    """From the time to the parent."""
    after_things: str
    """From the things to the transformationID."""
    end: str


def saying(event: Event) -> Saying:
    """The parts of the pre-hash that many events may share."""
    before = f"eventTimeZoneOffset={event.offset}"
    if event.certification:
        certified = sorted([f"certificationInfo={_text(uri)}" for uri in event.certification])
        before = "".join([before, *certified])
    action = "" if event.action is None else f"action={event.action.value}"
    return Saying(_TYPES[event.type], before, action, "".join(_end(event)))


def _end(event: Event) -> list[str]:
    """What follows the transformationID."""
    parts = []
    if event.step:
        parts.append(_STEPS.get(event.step) or f"bizStep={event.step}")
    if event.disposition:
        parts.append(_DISPOSITIONS.get(event.disposition) or f"disposition={event.disposition}")
    if event.persistent_set or event.persistent_unset:
        parts.extend(_persistent(event))
    if event.read_point:
        parts.append(f"readPointid={event.read_point}")
        parts.extend(_members(event.read_point_extensions))
    if event.biz_location:
        parts.append(f"bizLocationid={event.biz_location}")
        parts.extend(_members(event.biz_location_extensions))
    if event.sensors:
        parts.append(_sensors(event.sensors))
    parts.extend(_rest(event))
    return parts


def moment(at_ms: int) -> str:
    """A time as a pre-hash has it."""
    at = _EPOCH + dt.timedelta(milliseconds=at_ms)
    return f"{at.isoformat(timespec='milliseconds')[:-6]}Z"


def epcs(name: str, epcs: Sequence[str]) -> str:
    """A list of things."""
    return f"{name}epc={'epc='.join(sorted(epcs))}"


def amounts(name: str, amounts: Sequence[Quantity]) -> str:
    """A list of quantities."""
    return name + "".join(sorted([_amount(amount) for amount in amounts]))


def _amount(raw: Quantity) -> str:
    """One quantity."""
    number = "" if raw.quantity is None else f"quantity={_number(raw.quantity)}"
    uom = f"uom={raw.uom}" if raw.uom else ""
    return f"quantityElementepcClass={raw.epc_class}{number}{uom}"


def _persistent(event: Event) -> list[str]:
    """Dispositions that hold until they are taken back."""
    gained = sorted([f"set={DISPOSITION.web(word)}" for word in event.persistent_set])
    lost = sorted([f"unset={DISPOSITION.web(word)}" for word in event.persistent_unset])
    return ["persistentDisposition", *gained, *lost]


def _rest(event: Event) -> list[str]:
    """The lists that are sorted together with the extensions."""
    rest = _members(event.extensions)
    if event.transactions:
        rest.append(_typed("bizTransaction", TRANSACTION, event.transactions))
    if event.sources:
        rest.append(_typed("source", PARTY, event.sources))
    if event.destinations:
        rest.append(_typed("destination", PARTY, event.destinations))
    if event.ilmd:
        rest.append("".join(["ilmd", *_members(event.ilmd)]))
    if event.sensors:
        rest.extend(_leftover(event.sensors))
    rest.sort()
    return rest


def _typed(name: str, vocabulary: Vocabulary, values: Sequence[Typed]) -> str:
    """Business transactions, sources or destinations."""
    made = []
    for one in values:
        kind = f"type={vocabulary.web(one.type)}" if one.type else ""
        made.append(f"{kind}{name}={one.value}")
    made.sort()
    return f"{name}List{''.join(made)}"


def _sensors(sensors: Iterable[Mapping[str, object]]) -> str:
    """All sensor elements."""
    return "sensorElementList" + "".join(sorted([_sensor(one) for one in sensors]))


def _sensor(raw: Mapping[str, object]) -> str:
    """One sensor element: metadata, reports, then its own extensions."""
    metadata = "".join(_measured("sensorMetadata", raw.get("sensorMetadata"), _METADATA))
    reports = sorted([_report(one) for one in _reports(raw)])
    return "".join(["sensorElement", metadata, *reports, *_members(_extensions(raw))])


def _report(raw: object) -> str:
    """One sensor report."""
    return "".join(_measured("sensorReport", raw, _REPORT))


def _reports(raw: Mapping[str, object]) -> Sequence[object]:
    """The reports of a sensor element."""
    found = raw.get("sensorReport")
    return found if isinstance(found, list | tuple) else ()


def _measured(name: str, raw: object, order: Iterable[str]) -> list[str]:
    """Metadata or a report: its fields in order, then its own extensions."""
    if not isinstance(raw, Mapping):
        return []
    found = [
        f"{field}={spelled(field, raw[field])}" for field in order if raw.get(field) is not None
    ]
    found.extend(_members(_extensions(raw)))
    return [name, *found] if found else []


def spelled(name: str, value: object) -> str:
    """A value in its one spelling, whose member of a sensor element it is where it is one."""
    if name in _TIMES and isinstance(value, str):
        try:
            return moment(instant(value))
        except CaptureError:
            return value
    vocabulary = _WORDS.get(name)
    if vocabulary is not None and isinstance(value, str):
        return vocabulary.web(vocabulary.bare(value))
    return _text(value)


def _extensions(raw: Mapping[str, object]) -> dict[str, object]:
    """The members of an object that are extensions."""
    return {name: value for name, value in raw.items() if name.startswith("{")}


def _leftover(sensors: Iterable[Mapping[str, object]]) -> list[str]:
    """Members of sensor elements that are neither the standard's nor have a namespace."""
    found = sorted([text for one in sensors if (text := _left_in(one))])
    return ["".join(["sensorElementList", *found])] if found else []


def _left_in(raw: Mapping[str, object]) -> str:
    """The same of one sensor element; "" when there are none."""
    parts = [_left("sensorMetadata", raw.get("sensorMetadata"), _METADATA)]
    parts.extend([_left("sensorReport", one, _REPORT) for one in _reports(raw)])
    parts.extend(_members(_others(raw, ("sensorMetadata", "sensorReport"))))
    found = sorted(part for part in parts if part)
    return "".join(["sensorElement", *found]) if found else ""


def _left(name: str, raw: object, known: Sequence[str]) -> str:
    """The same of metadata or of one report."""
    found = _members(_others(raw, known)) if isinstance(raw, Mapping) else []
    return "".join([name, *found]) if found else ""


def _others(raw: Mapping[str, object], known: Sequence[str]) -> dict[str, object]:
    """The members of an object that are neither known nor have a namespace."""
    return {
        name: value for name, value in raw.items() if not name.startswith("{") and name not in known
    }


def _members(raw: Mapping[str, object]) -> list[str]:
    """Extension members, sorted; a list counts as so many members of one name."""
    if not raw:
        return []
    found: list[str] = []
    for name, value in raw.items():
        values = value if isinstance(value, list | tuple) else (value,)
        found.extend([_member(name, one) for one in values if one is not None])
    found.sort()
    return found


def _member(name: str, value: object) -> str:
    """One extension member with all that is inside."""
    if isinstance(value, Mapping):
        return "".join([name, *_members(value)])
    if isinstance(value, list | tuple):
        return "".join([name, *_members({"": value})])
    text = _text(value)
    return f"{name}={text}" if text else name


def _text(value: object) -> str:
    """A value in its one spelling: number, code, word of the vocabulary, or text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    text = str(value).strip()
    if text.startswith(_CODED):
        return _code(text)
    if text.startswith(_CBV_URN):
        return _cbv(text)
    return _number(float(text)) if _is_number(text) else text


def _is_number(text: str) -> bool:
    """Whether a text is a decimal number that can be held."""
    return bool(_NUMBER.fullmatch(text)) and isfinite(float(text))


def _number(value: float) -> str:
    """A number without what does not count: trailing zeros, a plus sign, a point at the end."""
    try:
        held = float(value)
    except OverflowError:
        return str(value)
    return str(int(held)) if held.is_integer() else repr(held)


def _code(text: str) -> str:
    """A code as in an event; a text that only looks like one stays."""
    try:
        return canonical(text)
    except IdentifierError:
        return text


def _cbv(text: str) -> str:
    """A vocabulary URN as a web URI."""
    kind, _, word = text.removeprefix(_CBV_URN).partition(":")
    vocabulary = _VOCABULARIES.get(kind)
    return text if vocabulary is None or not word else vocabulary.web(vocabulary.bare(text))


_TYPES: Final = {kind: f"eventType={kind.value}" for kind in EventType}
_STEPS: Final = {word: f"bizStep={STEP.web(word)}" for word in STEP.words}
_DISPOSITIONS: Final = {word: f"disposition={DISPOSITION.web(word)}" for word in DISPOSITION.words}

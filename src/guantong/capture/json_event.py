"""What event is this JSON object? From the bytes of one event to an `Event`.

Most events fit a shape and are built from it without a dictionary; the others are taken apart
first. Both end in the same few lines, so that they mean the same.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from guantong.capture import json_shapes as shapes
from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.json_keys import marks, repeated
from guantong.capture.json_members import Extras, Scrubber
from guantong.capture.json_sensors import Sensors
from guantong.capture.meaning import BAD, Meaning, check
from guantong.capture.model import ErrorDeclaration, Event, EventType, Quantity, Typed
from guantong.capture.namespaces import Context
from guantong.capture.values import amount
from guantong.capture.vocabulary import DISPOSITION, PARTY, REASON, STEP, TRANSACTION, Vocabulary
from guantong.errors import Fault as Found
from guantong.errors import fault

_NOTHING: Final = Extras()
_TYPES: Final = {shape: EventType(name) for name, shape in shapes.SHAPES.items()}
_EPCIS: Final = "https://ref.gs1.org/epcis/"
_WHERE: Final = re.compile(r"(.*?)(?: - at `\$?(.*)`)?", re.DOTALL)
_TOP: Final = re.compile(r"[.\[]")
_FAILURES: Final = (msgspec.DecodeError, RecursionError)


class EventReader:
    """Reads the events of one document."""

    __slots__ = ("_limits", "_meaning")

    def __init__(self, context: Context, limits: Limits) -> None:
        """For a document with a context."""
        self._meaning = Meaning(context)
        self._limits = limits

    def read(self, raw: bytes) -> tuple[Event | None, Sequence[Found]]:
        """Read one event.

        Args:
            raw: Its JSON.

        Returns:
            The event, None when anything is wrong; the faults, paths relative to the event.
        """
        try:
            shape = shapes.EVENT.decode(raw)
        except _FAILURES:
            return self._read_apart(raw)
        if marks(raw) != marks(msgspec.json.encode(shape)):
            return self._read_apart(raw)
        event, found = finish(self._meaning, shape, self._limits)
        if not found:
            return event, ()
        return None, self._read_apart(raw)[1] or found

    def _read_apart(self, raw: bytes) -> tuple[Event | None, Sequence[Found]]:
        """Read an event that has extensions or faults."""
        try:
            members = msgspec.json.decode(raw)
        except _FAILURES as problem:
            return None, [told(problem)]
        if not isinstance(members, dict):
            return None, [fault(Fault.TYPE, expected="an event", got=type(members).__name__)]
        if marks(raw) != marks(msgspec.json.encode(members)) and (key := repeated(raw)):
            return None, [fault(Fault.DUPLICATE, expected="each key once", got=key)]
        return self._read_members(members)

    def _read_members(self, members: dict[str, object]) -> tuple[Event | None, Sequence[Found]]:
        """Read an event from its members."""
        try:
            meaning = self._inner(members)
            kind = _kind(members.get("type"), meaning.context)
        except CaptureError as refusal:
            return None, refusal.faults
        scrubber = Scrubber(meaning, self._limits.depth_max)
        try:
            shape = _shaped(scrubber, scrubber.sort(members, kind), kind)
        except msgspec.ValidationError as problem:
            return None, [*_ordered(_taken(meaning), members), told(problem)]
        event, found = finish(meaning, shape, self._limits, scrubber.extras)
        return event, _ordered(found, members)

    def _inner(self, members: dict[str, object]) -> Meaning:
        """What texts mean in an event, under the context it may bring."""
        if "@context" not in members:
            return self._meaning
        return Meaning(self._meaning.context.under(members["@context"]))


def _shaped(scrubber: Scrubber, members: dict[str, object], kind: EventType) -> shapes.Base:
    """The shape of an event's own members; they are cleaned only where they do not fit."""
    try:
        return msgspec.convert(members, shapes.SHAPES[kind])
    except msgspec.ValidationError:
        return msgspec.convert(scrubber.clean(members), shapes.SHAPES[kind])


def told(problem: Exception) -> Found:
    """A decoder's complaint as a fault."""
    if isinstance(problem, RecursionError):
        return fault(Fault.TOO_DEEP, expected="less nesting", got="more than can be read")
    found = _WHERE.fullmatch(str(problem))
    text, where = (found[1], found[2] or "") if found else (str(problem), "")
    code = Fault.TYPE if isinstance(problem, msgspec.ValidationError) else Fault.SYNTAX
    if "out of range" in text:
        code = Fault.NUMBER
    expected = "well-formed JSON" if code is Fault.SYNTAX else "a value of the right kind"
    return fault(code, expected=expected, got=text, path=where.lstrip(".").replace("[...]", ""))


def _kind(raw: object, context: Context) -> EventType:
    """Which of the five types an event is."""
    if isinstance(raw, str):
        try:
            return EventType(context.value(raw).removeprefix(_EPCIS))
        except ValueError:
            pass
    code = Fault.MISSING if raw is None else Fault.VOCABULARY
    expected = f"one of {', '.join(EventType)}"
    raise CaptureError(fault(code, expected=expected, got=raw or "nothing", path="type"))


def _taken(meaning: Meaning) -> list[Found]:
    """The faults noted so far, which are then forgotten."""
    found, meaning.found = meaning.found, []
    return found


def _ordered(found: Sequence[Found], members: Mapping[str, object]) -> Sequence[Found]:
    """Faults in the order of the members they are about; what is missing comes last."""
    if len(found) < 2:
        return found
    order = {name: at for at, name in enumerate(members)}
    return sorted(found, key=lambda one: order.get(_TOP.split(one.path, 1)[0], len(order)))


def finish(
    meaning: Meaning, shape: shapes.Base, limits: Limits, extras: Extras = _NOTHING
) -> tuple[Event | None, Sequence[Found]]:
    """The event of a shape and of what stood beside it.

    Args:
        meaning: What texts mean in the event.
        shape: Its own members.
        limits: How deep its sensor data may go.
        extras: Its extensions.

    Returns:
        As `EventReader.read`.
    """
    made: dict[str, object] = {}
    _put_common(made, shape, meaning)
    if isinstance(shape, shapes.ObjectShape | shapes.TransactionShape):
        _put_things(made, shape, meaning)
    elif isinstance(shape, shapes.TransformationShape):
        _put_conversion(made, shape, meaning)
    elif isinstance(shape, shapes.Relation):
        _put_relation(made, shape, meaning)
    if shape.error is not None:
        made["error"] = _error(shape.error, meaning, extras.error)
    if shape.sensors:
        made["sensors"] = Sensors(meaning, limits.depth_max).read(list(shape.sensors))
    if extras is not _NOTHING:
        _put_extras(made, extras)
    event = Event(type=_TYPES[type(shape)], **made)  # type: ignore[arg-type]
    found = check(event, listed=getattr(shape, "epcs", None) is not None)
    if not (found or meaning.found):
        return event, ()
    return None, [*_taken(meaning), *found]


def _put_common(made: dict[str, object], shape: shapes.Base, meaning: Meaning) -> None:
    """What every event may say."""
    made["time_ms"] = meaning.time(shape.time, "eventTime")
    made["offset"] = meaning.offset(shape.offset, "eventTimeZoneOffset")
    if shape.recorded is not None:
        meaning.time(shape.recorded, "recordTime")
    if shape.id is not None:
        made["id"] = _id(shape.id, meaning)
    if shape.step is not None:
        made["step"] = meaning.word(STEP, shape.step, "bizStep")
    if shape.disposition is not None:
        made["disposition"] = meaning.word(DISPOSITION, shape.disposition, "disposition")
    if shape.read_point is not None:
        made["read_point"] = _place(shape.read_point, "readPoint", meaning)
    if shape.biz_location is not None:
        made["biz_location"] = _place(shape.biz_location, "bizLocation", meaning)
    if shape.transactions:
        made["transactions"] = _typed(
            shape.transactions, TRANSACTION, "bizTransactionList", "bizTransaction", meaning
        )
    if shape.sources:
        made["sources"] = _typed(shape.sources, PARTY, "sourceList", "source", meaning)
    if shape.destinations:
        made["destinations"] = _typed(
            shape.destinations, PARTY, "destinationList", "destination", meaning
        )
    if shape.persistent is not None:
        _put_persistent(made, shape.persistent, meaning)
    if shape.certification is not None:
        made["certification"] = _uris(shape.certification, "certificationInfo", meaning)


def _put_persistent(made: dict[str, object], raw: shapes.Persistent, meaning: Meaning) -> None:
    """What is so until it is taken back."""
    for name, words in (("set", raw.set), ("unset", raw.unset)):
        path = f"persistentDisposition.{name}"
        made[f"persistent_{name}"] = tuple(
            [meaning.word(DISPOSITION, word, f"{path}[{i}]") for i, word in enumerate(words)]
        )
    if not (raw.set or raw.unset):
        meaning.say(Fault.MISSING, "persistentDisposition", expected="set or unset", got="neither")


def _put_things(
    made: dict[str, object],
    shape: shapes.ObjectShape | shapes.TransactionShape,
    meaning: Meaning,
) -> None:
    """Things named by an object or transaction event."""
    made["action"] = shape.action
    if shape.epcs:
        made["epcs"] = meaning.codes(shape.epcs, "epcList")
    if shape.quantities:
        made["quantities"] = amounts(shape.quantities, "quantityList", meaning)
    if isinstance(shape, shapes.TransactionShape) and shape.parent is not None:
        made["parent"] = meaning.code(shape.parent, "parentID")


def _put_relation(
    made: dict[str, object],
    shape: shapes.Relation,
    meaning: Meaning,
) -> None:
    """Parent and children."""
    made["action"] = shape.action
    if shape.parent is not None:
        made["parent"] = meaning.code(shape.parent, "parentID")
    if shape.child_epcs:
        made["child_epcs"] = meaning.codes(shape.child_epcs, "childEPCs")
    if shape.child_quantities:
        made["child_quantities"] = amounts(shape.child_quantities, "childQuantityList", meaning)


def _put_conversion(
    made: dict[str, object], shape: shapes.TransformationShape, meaning: Meaning
) -> None:
    """Inputs and outputs."""
    made["action"] = shape.action
    if shape.input_epcs:
        made["input_epcs"] = meaning.codes(shape.input_epcs, "inputEPCList")
    if shape.input_quantities:
        made["input_quantities"] = amounts(shape.input_quantities, "inputQuantityList", meaning)
    if shape.output_epcs:
        made["output_epcs"] = meaning.codes(shape.output_epcs, "outputEPCList")
    if shape.output_quantities:
        made["output_quantities"] = amounts(shape.output_quantities, "outputQuantityList", meaning)
    if shape.transformation_id is not None:
        made["transformation_id"] = meaning.code(shape.transformation_id, "transformationID")


def _put_extras(made: dict[str, object], extras: Extras) -> None:
    """What the standard leaves to its users."""
    made["extensions"] = extras.extensions
    made["ilmd"] = extras.ilmd
    made["read_point_extensions"] = extras.read_point
    made["biz_location_extensions"] = extras.biz_location


def _id(text: str, meaning: Meaning) -> str:
    """An event id: a URI, as it stands."""
    if text == BAD or ":" in text:
        return text
    meaning.say(Fault.IDENTIFIER, "eventID", expected="a URI", got=text or '""')
    return ""


def _place(raw: shapes.Place, path: str, meaning: Meaning) -> str:
    """The canonical location of a readPoint or bizLocation."""
    if raw.id is None:
        meaning.say(Fault.MISSING, f"{path}.id", expected="a location", got="nothing")
        return ""
    return meaning.code(raw.id, f"{path}.id")


def amounts(raw: Sequence[shapes.Amount], path: str, meaning: Meaning) -> tuple[Quantity, ...]:
    """The quantities of a list; what is wrong is noted."""
    return tuple([_amount(one, f"{path}[{i}]", meaning) for i, one in enumerate(raw)])


def _amount(raw: shapes.Amount, path: str, meaning: Meaning) -> Quantity:
    """One quantity."""
    if raw.epc_class is None:
        meaning.say(Fault.MISSING, f"{path}.epcClass", expected="a class", got="nothing")
    if raw.quantity is not None:
        try:
            amount(raw.quantity, f"{path}.quantity")
        except CaptureError as refusal:
            meaning.found.extend(refusal.faults)
    return Quantity(meaning.code(raw.epc_class, f"{path}.epcClass"), raw.quantity, raw.uom or "")


def _typed(
    raw: Sequence[shapes.Link],
    vocabulary: Vocabulary,
    path: str,
    field: str,
    meaning: Meaning,
) -> tuple[Typed, ...]:
    """Business transactions, sources or destinations."""
    made = []
    for i, one in enumerate(raw):
        if one.value is None:
            meaning.say(Fault.MISSING, f"{path}[{i}].{field}", expected="a URI", got="nothing")
        if one.type is None and vocabulary is PARTY:
            meaning.say(Fault.MISSING, f"{path}[{i}].type", expected="a type", got="nothing")
        word = meaning.word(vocabulary, one.type, f"{path}[{i}].type")
        made.append(Typed(word, meaning.code(one.value, f"{path}[{i}].{field}")))
    return tuple(made)


def _uris(raw: str | tuple[str, ...], path: str, meaning: Meaning) -> tuple[str, ...]:
    """One URI or several, prefixes written out."""
    texts = (raw,) if isinstance(raw, str) else raw
    return tuple([meaning.context.value(text) for text in texts])


def _error(raw: shapes.Error, meaning: Meaning, extensions: dict[str, object]) -> ErrorDeclaration:
    """What is said of an earlier event being wrong."""
    return ErrorDeclaration(
        declared_ms=meaning.time(raw.declared, "errorDeclaration.declarationTime"),
        reason=meaning.word(REASON, raw.reason, "errorDeclaration.reason"),
        corrective_ids=raw.corrective or (),
        extensions=extensions,
    )

"""Which members of a JSON event are the standard's, which are extensions, which are wrong?

Takes an event that did not fit a shape as it stands. What has a wrong type is noted and
replaced by `BAD`, so that the rest of the event is still looked at and every fault is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.meaning import BAD, Meaning
from guantong.capture.model import Action, EventType
from guantong.capture.namespaces import COMMENTS, Context
from guantong.capture.values import number
from guantong.capture.vocabulary import ALERT, COMPONENT, MEASUREMENT

Members = dict[str, object]
Cleaner = Callable[["Scrubber", object, str], object]


@dataclass(slots=True)
class Extras:
    """What an event holds beside the standard's members, names written out."""

    extensions: Members = field(default_factory=dict)
    ilmd: Members = field(default_factory=dict)
    read_point: Members = field(default_factory=dict)
    biz_location: Members = field(default_factory=dict)
    error: Members = field(default_factory=dict)


class Scrubber:
    """Sorts the members of one event."""

    __slots__ = ("context", "depth_max", "extras", "meaning")

    def __init__(self, meaning: Meaning, depth_max: int) -> None:
        """For one event.

        Args:
            meaning: Notes the faults, and knows the context.
            depth_max: Levels an extension may have.
        """
        self.meaning = meaning
        self.context: Context = meaning.context
        self.depth_max = depth_max
        self.extras = Extras()

    def sort(self, raw: Members, kind: EventType) -> Members:
        """The standard's members of an event, as they are; extensions go to `extras`.

        Args:
            raw: The event as decoded.
            kind: Its type.

        Returns:
            Members of that type, their values not yet looked at.
        """
        allowed = _ALLOWED[kind]
        members: Members = {"type": kind.value}
        for name, value in raw.items():
            full = name if name in allowed else self._standard(name)
            if full in allowed:
                members[full] = value
            elif full in _SILENT:
                continue
            elif full in _CLEANERS:
                self._say(full, f"no {full} in {kind}", full)
            else:
                self._extension(name, value, self.extras.extensions, "")
        if "ilmd" in members:
            self.within(members.pop("ilmd"), "ilmd")
        return members

    def clean(self, members: Members) -> Members:
        """The same members with values that fit; what is wrong is noted."""
        clean: Members = {}
        for name, value in members.items():
            made = None if value is None else _CLEANERS[name](self, value, name)
            if made is not None:
                clean[name] = made
        return clean

    def _standard(self, name: str) -> str:
        """The standard's name of a member, however it is prefixed."""
        if ":" not in name:
            return "eventID" if name in {"id", "@id"} else name
        return self.context.name(name).removeprefix("{https://ref.gs1.org/epcis/}")

    def _say(self, path: str, expected: str, got: object, code: Fault = Fault.UNEXPECTED) -> None:
        """Note a fault."""
        self.meaning.say(code, path, expected=expected, got=got)

    def _wrong(self, path: str, expected: str, got: object) -> None:
        """Note a value of the wrong type."""
        self._say(path, expected, _told(got), Fault.TYPE)

    def _extension(self, name: str, value: object, into: Members, path: str) -> None:
        """Put an extension member under its full name, or note that the name means nothing."""
        where = f"{path}.{name}" if path else name
        if ":" not in name and not path and not self.context.knows(name):
            self._say(where, "a member of EPCIS, or an extension with a prefix", name)
            return
        context = self.context
        if isinstance(value, dict):
            context = context.with_xmlns(value)
        full = context.name(name)
        if full in COMMENTS:
            return
        if full in into:
            self._say(where, "each name once", full, Fault.DUPLICATE)
            return
        into[full] = self.nested(value, where, context, 1)

    def nested(self, value: object, path: str, context: Context, depth: int) -> object:
        """An extension value with the names inside written out."""
        if depth > self.depth_max:
            self._say(path, f"at most {self.depth_max} levels", "deeper", Fault.TOO_DEEP)
            return None
        if isinstance(value, list):
            return [
                self.nested(part, f"{path}[{i}]", context, depth + 1)
                for i, part in enumerate(value)
            ]
        return self._object(value, path, context, depth) if isinstance(value, dict) else value

    def _object(self, value: Members, path: str, outer: Context, depth: int) -> object:
        """An object inside an extension, under the context it may bring."""
        context = self._inner(value, path, outer)
        if "#text" in value:
            return value["#text"]
        made: Members = {}
        for name, part in value.items():
            beside = context.with_xmlns(part) if isinstance(part, dict) else context
            full = beside.name(name)
            if full in COMMENTS or name == "@context" or name.startswith("@xmlns"):
                continue
            if full in made:
                self._say(f"{path}.{name}", "each name once", full, Fault.DUPLICATE)
            made[full] = self.nested(part, f"{path}.{name}", context, depth + 1)
        return made

    def _inner(self, value: Members, path: str, outer: Context) -> Context:
        """The context inside an object."""
        context = outer.with_xmlns(value)
        if "@context" not in value:
            return context
        try:
            return context.under(value["@context"])
        except CaptureError as refusal:
            self.meaning.found.extend(found.under(path) for found in refusal.faults)
            return context

    def text(self, value: object, path: str) -> str:
        """A text that is not empty."""
        if isinstance(value, str):
            return value
        self._wrong(path, "a text", value)
        return BAD

    def texts(self, value: object, path: str) -> list[str]:
        """A list of texts; one alone counts as a list."""
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            self._wrong(path, "a list of texts", value)
            return [BAD]
        return [self.text(part, f"{path}[{i}]") for i, part in enumerate(value)]

    def number(self, value: object, path: str) -> float:
        """A number; a text that is one counts, since XML knows no other."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._float(value, path)
        if isinstance(value, str):
            try:
                return number(value, path)
            except CaptureError as refusal:
                self.meaning.found.extend(refusal.faults)
                return 0.0
        self._wrong(path, "a number", value)
        return 0.0

    def _float(self, value: float, path: str) -> float:
        """A number as decoded; a whole one may be too large."""
        try:
            return float(value)
        except OverflowError:
            self._say(path, "a number that fits in 64 bits", "a larger one", Fault.NUMBER)
            return 0.0

    def action(self, value: object, path: str) -> str:
        """One of the three actions."""
        if isinstance(value, str) and value in _ACTIONS:
            return value
        code = Fault.VOCABULARY if isinstance(value, str) else Fault.TYPE
        self._say(path, "ADD, OBSERVE or DELETE", _told(value), code)
        return Action.OBSERVE

    def place(self, value: object, path: str) -> Members:
        """A readPoint or bizLocation; its extensions go to `extras`."""
        if isinstance(value, str):
            return {"id": value}
        extras = self.extras.read_point if path == "readPoint" else self.extras.biz_location
        found = self._known(value, path, {"id": Scrubber.text}, extras)
        return {"id": BAD} if found is None else found

    def error(self, value: object, path: str) -> Members:
        """An errorDeclaration; its extensions go to `extras`."""
        found = self._known(value, path, _ERROR, self.extras.error)
        return {"declarationTime": BAD} if found is None else found

    def persistent(self, value: object, path: str) -> Members:
        """A persistentDisposition."""
        known: dict[str, Cleaner] = {"set": Scrubber.texts, "unset": Scrubber.texts}
        found = self._known(value, path, known)
        return {"set": [BAD]} if found is None else found

    def amounts(self, value: object, path: str) -> list[Members]:
        """A list of quantity elements."""
        return self._list(value, path, self._amount)

    def _amount(self, value: object, path: str) -> Members:
        """One quantity element."""
        found = self._known(value, path, _AMOUNT)
        return {"epcClass": BAD} if found is None else found

    def typed(self, value: object, path: str) -> list[Members]:
        """A list of business transactions, sources or destinations."""
        name = _TYPED[path]
        known: dict[str, Cleaner] = {"type": Scrubber.text, name: Scrubber.text}

        def typed(one: object, at: str) -> Members:
            found = self._known(one, at, known)
            return {"type": BAD, name: BAD} if found is None else found

        return self._list(value, path, typed)

    def objects(self, value: object, path: str) -> list[Members]:
        """A list of objects that is looked into later."""
        return self._list(value, path, lambda one, _: one if isinstance(one, dict) else {BAD: one})

    def within(self, value: object, path: str) -> None:
        """Master data of instances or lots; all of it goes to `extras`."""
        if isinstance(value, dict):
            inner = self.nested(value, path, self.context, 1)
            self.extras.ilmd = inner if isinstance(inner, dict) else {}
        elif value is not None:
            self._wrong(path, "an object", value)

    def _list(
        self, value: object, path: str, one: Callable[[object, str], Members]
    ) -> list[Members]:
        """A list, each part cleaned; an object alone counts as a list of one."""
        if isinstance(value, dict):
            return [one(value, path)]
        if not isinstance(value, list):
            self._wrong(path, "a list", value)
            return []
        return [one(part, f"{path}[{i}]") for i, part in enumerate(value)]

    def _known(
        self,
        value: object,
        path: str,
        known: Mapping[str, Cleaner],
        extras: Members | None = None,
    ) -> Members | None:
        """An object with known members; others are extensions where `extras` is given."""
        if not isinstance(value, dict):
            self._wrong(path, "an object", value)
            return None
        clean: Members = {}
        for name, part in value.items():
            cleaner = known.get(name)
            if cleaner is not None:
                if part is not None:
                    clean[name] = cleaner(self, part, f"{path}.{name}")
            elif name in COMMENTS or name.startswith("@"):
                continue
            elif extras is not None and ":" in name:
                self._extension(name, part, extras, path)
            elif extras is None or not self.context.knows(name):
                self._say(f"{path}.{name}", f"one of {', '.join(known)}", name)
        return clean

    def sensors(self, raw: list[Members]) -> list[Members]:
        """The sensor elements, names and types written out and values checked.

        Args:
            raw: sensorElementList as decoded.

        Returns:
            The same in EPCIS 2.0 JSON form: types and components as bare words where there is
            one, extensions by ``{namespace}name``.

        References:
            EPCIS 2.0, section 7.3.7
        """
        return [self._sensor(one, f"sensorElementList[{i}]") for i, one in enumerate(raw)]

    def _sensor(self, raw: Members, path: str) -> Members:
        """One sensor element."""
        if BAD in raw:
            self._wrong(path, "an object", raw[BAD])
            return {}
        made: Members = {}
        for name, value in raw.items():
            where = f"{path}.{name}"
            if name == "sensorMetadata":
                made[name] = self._measured(value, where)
            elif name == "sensorReport":
                made[name] = self._list(value, where, self._report)
            elif name not in COMMENTS:
                self._extension(name, value, made, path)
        if "sensorReport" not in made:
            self._say(f"{path}.sensorReport", "at least one report", "nothing", Fault.MISSING)
        return made

    def _report(self, value: object, path: str) -> Members:
        """One sensor report; it must say what was measured."""
        made = self._measured(value, path)
        if isinstance(value, dict) and "type" not in value and "exception" not in value:
            self._say(f"{path}.type", "a measurement type", "nothing", Fault.MISSING)
        return made

    def _measured(self, value: object, path: str) -> Members:
        """Metadata or a report: each member by what the standard says it is."""
        made: Members = {}
        if not isinstance(value, dict):
            self._wrong(path, "an object", value)
            return made
        for name, part in value.items():
            where = f"{path}.{name}"
            cleaner = _MEASURED.get(name)
            if cleaner is not None:
                made[name] = cleaner(self, part, where)
            elif name not in COMMENTS and not name.startswith("@"):
                self._extension(name, part, made, path)
        return made

    def moment(self, value: object, path: str) -> str:
        """A time, checked and left as it is written."""
        text = self.text(value, path)
        self.meaning.time(text, path)
        return text

    def uri(self, value: object, path: str) -> str:
        """A URI, its prefix written out."""
        return self.context.value(self.text(value, path))

    def measurement(self, value: object, path: str) -> str:
        """What is measured."""
        return self.meaning.word(MEASUREMENT, self.text(value, path), path)

    def alert(self, value: object, path: str) -> str:
        """What a sensor complains of."""
        return self.meaning.word(ALERT, self.text(value, path), path)

    def component(self, value: object, path: str) -> str:
        """Which axis of a vector."""
        return self.meaning.word(COMPONENT, self.text(value, path), path)

    def figure(self, value: object, path: str) -> object:
        """A measured number; a whole one stays whole."""
        made = self.number(value, path)
        return value if isinstance(value, int) else made

    def truth(self, value: object, path: str) -> object:
        """A truth value."""
        if not isinstance(value, bool):
            self._wrong(path, "true or false", value)
        return value


def _told(value: object) -> str:
    """What kind of JSON value was found, with the value where it is short."""
    kinds = {dict: "an object", list: "a list", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value)) or f"{value!r}"


_ACTIONS: Final = frozenset(action.value for action in Action)
_AMOUNT: Final[Mapping[str, Cleaner]] = {
    "epcClass": Scrubber.text,
    "quantity": Scrubber.number,
    "uom": Scrubber.text,
}
_ERROR: Final[Mapping[str, Cleaner]] = {
    "declarationTime": Scrubber.text,
    "reason": Scrubber.text,
    "correctiveEventIDs": Scrubber.texts,
}
_TYPED: Final = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
_COMMON: Final[Mapping[str, Cleaner]] = {
    "eventTime": Scrubber.text,
    "eventTimeZoneOffset": Scrubber.text,
    "recordTime": Scrubber.text,
    "eventID": Scrubber.text,
    "certificationInfo": Scrubber.texts,
    "errorDeclaration": Scrubber.error,
    "bizStep": Scrubber.text,
    "disposition": Scrubber.text,
    "persistentDisposition": Scrubber.persistent,
    "readPoint": Scrubber.place,
    "bizLocation": Scrubber.place,
    "bizTransactionList": Scrubber.typed,
    "sourceList": Scrubber.typed,
    "destinationList": Scrubber.typed,
    "sensorElementList": Scrubber.objects,
}
_THINGS: Final[Mapping[str, Cleaner]] = {
    "epcList": Scrubber.texts,
    "quantityList": Scrubber.amounts,
}
_CHILDREN: Final[Mapping[str, Cleaner]] = {
    "parentID": Scrubber.text,
    "childEPCs": Scrubber.texts,
    "childQuantityList": Scrubber.amounts,
}
_CONVERSION: Final[Mapping[str, Cleaner]] = {
    "inputEPCList": Scrubber.texts,
    "inputQuantityList": Scrubber.amounts,
    "outputEPCList": Scrubber.texts,
    "outputQuantityList": Scrubber.amounts,
    "transformationID": Scrubber.text,
    "ilmd": Scrubber.within,
}
_ACTION: Final[Mapping[str, Cleaner]] = {"action": Scrubber.action}
_ILMD: Final[Mapping[str, Cleaner]] = {"ilmd": Scrubber.within}
_SILENT: Final = frozenset({"type", "@context"}) | COMMENTS
_CLEANERS: Final = {
    "type": Scrubber.text,
    **_COMMON,
    **_THINGS,
    **_CHILDREN,
    **_CONVERSION,
    **_ACTION,
}
_OF: Final[Mapping[EventType, tuple[Mapping[str, Cleaner], ...]]] = {
    EventType.OBJECT: (_COMMON, _ACTION, _THINGS, _ILMD),
    EventType.TRANSACTION: (_COMMON, _ACTION, _THINGS, {"parentID": Scrubber.text}),
    EventType.AGGREGATION: (_COMMON, _ACTION, _CHILDREN),
    EventType.ASSOCIATION: (_COMMON, _ACTION, _CHILDREN),
    EventType.TRANSFORMATION: (_COMMON, _CONVERSION),
}
_ALLOWED: Final = {
    kind: frozenset(name for part in parts for name in part) for kind, parts in _OF.items()
}
_MEASURED: Final[Mapping[str, Cleaner]] = {
    "type": Scrubber.measurement,
    "exception": Scrubber.alert,
    "component": Scrubber.component,
    **dict.fromkeys(("time", "startTime", "endTime"), Scrubber.moment),
    **dict.fromkeys(
        ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"),
        Scrubber.uri,
    ),
    **dict.fromkeys(
        ("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"),
        Scrubber.uri,
    ),
    **dict.fromkeys(
        ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"),
        Scrubber.figure,
    ),
    **dict.fromkeys(("stringValue", "hexBinaryValue", "uom"), Scrubber.text),
    "booleanValue": Scrubber.truth,
}

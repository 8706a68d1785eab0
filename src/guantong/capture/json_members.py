"""Which members of a JSON event are the standard's, which are extensions, which are wrong?

Takes an event that did not fit a shape as it stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from guantong.capture.faults import Fault
from guantong.capture.json_checks import Checks, Members, told
from guantong.capture.meaning import BAD, Meaning
from guantong.capture.model import Action, EventType
from guantong.capture.namespaces import COMMENTS

Cleaner = Callable[["Scrubber", object, str], object]


@dataclass(slots=True)
class Extras:
    """What an event holds beside the standard's members, names written out."""

    extensions: Members = field(default_factory=dict)
    ilmd: Members = field(default_factory=dict)
    read_point: Members = field(default_factory=dict)
    biz_location: Members = field(default_factory=dict)
    error: Members = field(default_factory=dict)


class Scrubber(Checks):
    """Sorts the members of one event."""

    __slots__ = ("extras",)

    def __init__(self, meaning: Meaning, depth_max: int) -> None:
        """For one event."""
        super().__init__(meaning, depth_max)
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
                self.say(full, f"no {full} in {kind}", full)
            else:
                self.extension(name, value, self.extras.extensions, "")
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

    def action(self, value: object, path: str) -> str:
        """One of the three actions."""
        if isinstance(value, str) and value in _ACTIONS:
            return value
        code = Fault.VOCABULARY if isinstance(value, str) else Fault.TYPE
        self.say(path, "ADD, OBSERVE or DELETE", told(value), code)
        return Action.OBSERVE

    def place(self, value: object, path: str) -> Members:
        """A readPoint or bizLocation; its extensions go to `extras`."""
        if isinstance(value, str):
            return {"id": value}
        extras = self.extras.read_point if path == "readPoint" else self.extras.biz_location
        found = self.known(value, path, {"id": Scrubber.text}, extras)
        return {"id": BAD} if found is None else found

    def error(self, value: object, path: str) -> Members:
        """An errorDeclaration; its extensions go to `extras`."""
        found = self.known(value, path, _ERROR, self.extras.error)
        return {"declarationTime": BAD} if found is None else found

    def persistent(self, value: object, path: str) -> Members:
        """A persistentDisposition."""
        known: dict[str, Cleaner] = {"set": Scrubber.texts, "unset": Scrubber.texts}
        found = self.known(value, path, known)
        return {"set": [BAD]} if found is None else found

    def amounts(self, value: object, path: str) -> list[Members]:
        """A list of quantity elements."""
        return self.listed(value, path, self._amount)

    def _amount(self, value: object, path: str) -> Members:
        """One quantity element."""
        found = self.known(value, path, _AMOUNT)
        return {"epcClass": BAD} if found is None else found

    def typed(self, value: object, path: str) -> list[Members]:
        """A list of business transactions, sources or destinations."""
        name = _TYPED[path]
        known: dict[str, Cleaner] = {"type": Scrubber.text, name: Scrubber.text}

        def typed(one: object, at: str) -> Members:
            found = self.known(one, at, known)
            return {"type": BAD, name: BAD} if found is None else found

        return self.listed(value, path, typed)

    def objects(self, value: object, path: str) -> list[Members]:
        """A list of objects that is looked into later."""
        return self.listed(value, path, lambda one, _: one if isinstance(one, dict) else {BAD: one})

    def within(self, value: object, path: str) -> None:
        """Master data of instances or lots; all of it goes to `extras`."""
        if isinstance(value, dict):
            inner = self.nested(value, path, self.context, 1)
            self.extras.ilmd = inner if isinstance(inner, dict) else {}
        elif value is not None:
            self.wrong(path, "an object", value)


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
    EventType.TRANSFORMATION: (_COMMON, _ACTION, _CONVERSION),
}
_ALLOWED: Final = {
    kind: frozenset(name for part in parts for name in part) for kind, parts in _OF.items()
}

"""How does an event in XML read in the JSON form of EPCIS 2.0?

The XML binding differs from the JSON one in form only: lists have an element of their own,
types are attributes, 1.2 hides newer fields in ``extension`` and ``baseExtension``. So an event
is first rewritten here, and then read by the one reader of JSON events; that is why both give
the same event and name faults by the same paths.

References:
    EPCIS 2.0, section 9 (XML binding); EPCIS 1.2, section 9.5
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml.etree import _Element as Element

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.model import Action, EventType
from guantong.capture.values import number
from guantong.capture.xml_names import Names
from guantong.errors import Fault as Found
from guantong.errors import fault

Members = dict[str, object]
WRAPPERS: Final = frozenset({"extension", "baseExtension"})
"""Elements that only say that their content came with a later edition."""
QUANTITY_EVENT: Final = "QuantityEvent"
"""The deprecated event type of EPCIS 1.0: an observed quantity."""
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Rewriter:
    """Rewrites the events of one document."""

    __slots__ = ("found", "names")

    def __init__(self, names: Names) -> None:
        """For one document."""
        self.names = names
        self.found: list[Found] = []
        """What the JSON form cannot show, paths relative to the event."""

    def event(self, element: Element) -> Members:
        """The members of an event."""
        kind = self.names.of(element.tag)
        members: Members = {"type": kind}
        if kind == QUANTITY_EVENT:
            self._fill(members, element, _QUANTITY_EVENT, "")
            _as_object_event(members)
        else:
            self._fill(members, element, _STANDARD, "")
        return members

    def _fill(self, into: Members, element: Element, known: "Known", path: str) -> None:
        """Put the members of an element; what its wrappers hold belongs to it."""
        for child, wrapped in self._children(element):
            name = self.names.of(child.tag)
            where = f"{path}.{name}" if path else name
            reader = known.get(name)
            if reader is None:
                self._put(into, self.names.bare(name) if wrapped else name, self.nested(child))
            elif name in _REPEATED:
                self._put_more(into, name, reader(self, child, where))
            else:
                self._put_once(into, name, reader(self, child, where), where)

    def _children(self, element: Element) -> Iterator[tuple[Element, bool]]:
        """The elements inside an element and its wrappers, and whether a wrapper was around."""
        for child in element:
            if self.names.of(child.tag) in WRAPPERS:
                for inner, _ in self._children(child):
                    yield inner, True
            else:
                yield child, False

    def _put_once(self, into: Members, name: str, value: object, path: str) -> None:
        """Put a member of the standard, which an object has once."""
        if name in into:
            one = fault(Fault.DUPLICATE, expected="each field once", got=name, path=path)
            self.found.append(one)
        into[name] = value

    def _put(self, into: Members, name: str, value: object) -> None:
        """Put an extension; what comes again makes a list."""
        known = into.get(name)
        if name not in into:
            into[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            into[name] = [known, value]

    def _put_more(self, into: Members, name: str, value: object) -> None:
        """Put a member of the standard that an object has several times."""
        known = into.setdefault(name, [])
        if isinstance(known, list):
            known.append(value)

    def nested(self, element: Element) -> object:
        """The value of an extension element: text, without its attributes, or members."""
        if element.get(_NIL) in {"true", "1"}:
            return None
        if len(element) == 0 and (element.text or not element.attrib):
            return _text_of(element)
        made: Members = {}
        for tag, value in element.attrib.items():
            name = self.names.of(str(tag))
            if name:
                made[name] = value
        for child in element:
            self._put(made, self.names.of(child.tag), self.nested(child))
        return made or ""

    def text(self, element: Element, _: str) -> object:
        """A text; members where there should be none, so that the fault is told."""
        return _text_of(element) if len(element) == 0 else self.nested(element)

    def number(self, element: Element, _: str) -> object:
        """A number; None for one that is declared unknown."""
        return None if element.get(_NIL) in {"true", "1"} else _number(_text_of(element))

    def texts(self, element: Element, path: str) -> list[object]:
        """A list of EPCs or the like."""
        item = _ITEM_OF[path.rpartition(".")[2]]
        if not len(element):
            return []
        return [self.text(one, path) for one in self._items(element, item, path)]

    def _items(self, element: Element, item: str, path: str) -> Iterator[Element]:
        """The items of a list; any other element is a fault."""
        for child, _ in self._children(element):
            name = self.names.of(child.tag)
            if name == item:
                yield child
            else:
                self.found.append(
                    fault(Fault.UNEXPECTED, expected=item, got=name, path=f"{path}.{name}")
                )

    def amounts(self, element: Element, path: str) -> list[Members]:
        """A list of quantity elements."""
        items = self._items(element, "quantityElement", path)
        return [self._known(one, _AMOUNT, f"{path}[{i}]") for i, one in enumerate(items)]

    def sensors(self, element: Element, path: str) -> list[Members]:
        """A list of sensor elements."""
        items = self._items(element, "sensorElement", path)
        return [self._known(one, _SENSOR, f"{path}[{i}]") for i, one in enumerate(items)]

    def _known(self, element: Element, known: "Known", path: str) -> Members:
        """The members of an element."""
        made: Members = {}
        self._fill(made, element, known, path)
        return made

    def typed(self, element: Element, path: str) -> list[Members]:
        """A list of business transactions, sources or destinations."""
        item = _ITEM_OF[path]
        made: list[Members] = []
        for one in self._items(element, item, path):
            kind = one.get("type")
            value: Members = {item: self.text(one, path)}
            made.append(value if kind is None else {"type": kind.strip(), **value})
        return made

    def place(self, element: Element, path: str) -> Members:
        """A readPoint or bizLocation."""
        return self._known(element, _PLACE, path)

    def persistent(self, element: Element, path: str) -> Members:
        """A persistentDisposition."""
        made: dict[str, list[object]] = {}
        for child, _ in self._children(element):
            made.setdefault(self.names.of(child.tag), []).append(self.text(child, path))
        return {**made}

    def error(self, element: Element, path: str) -> Members:
        """An errorDeclaration."""
        return self._known(element, _ERROR, path)

    def within(self, element: Element, path: str) -> Members:
        """Master data of instances or lots."""
        return self._known(element, {}, path)

    def measured(self, element: Element, path: str) -> Members:
        """Sensor metadata or a report: attributes, each by what the standard says it is."""
        made: Members = {}
        for tag, text in element.attrib.items():
            name = self.names.of(str(tag))
            if name:
                made[name] = _MEASURED.get(name, str)(str(text).strip())
        self._fill(made, element, {}, path)
        return made


def _text_of(element: Element) -> str:
    """The text of an element without the blanks of its layout."""
    return (element.text or "").strip()


def _number(text: str) -> object:
    """A number, or the text when it is none, so that the fault is told where it stands."""
    try:
        value = number(text)
    except CaptureError:
        return text
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _truth(text: str) -> object:
    """A truth value, or the text when it is none."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text, text)


def _as_object_event(members: Members) -> None:
    """Say in today's words what a QuantityEvent says."""
    members["type"] = EventType.OBJECT.value
    members["action"] = Action.OBSERVE.value
    names = [name for name in ("epcClass", "quantity") if name in members]
    members["quantityList"] = [{name: members.pop(name) for name in names}]


Reader = Callable[["Rewriter", "Element", str], object]
Known = Mapping[str, Reader]

_REPEATED: Final = frozenset({"certificationInfo", "sensorReport"})
"""Fields that come several times in XML and are a list in JSON."""
_ITEM_OF: Final = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "correctiveEventIDs": "correctiveEventID",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
"""List -> name of the elements in it."""
_STANDARD: Final[Known] = {
    **dict.fromkeys(
        (
            "eventTime",
            "eventTimeZoneOffset",
            "recordTime",
            "eventID",
            "certificationInfo",
            "action",
            "bizStep",
            "disposition",
            "parentID",
            "transformationID",
        ),
        Rewriter.text,
    ),
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), Rewriter.texts),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
        Rewriter.amounts,
    ),
    **dict.fromkeys(("bizTransactionList", "sourceList", "destinationList"), Rewriter.typed),
    **dict.fromkeys(("readPoint", "bizLocation"), Rewriter.place),
    "persistentDisposition": Rewriter.persistent,
    "sensorElementList": Rewriter.sensors,
    "errorDeclaration": Rewriter.error,
    "ilmd": Rewriter.within,
}
_QUANTITY_EVENT: Final[Known] = {
    **_STANDARD,
    "epcClass": Rewriter.text,
    "quantity": Rewriter.number,
}
_AMOUNT: Final[Known] = {
    "epcClass": Rewriter.text,
    "quantity": Rewriter.number,
    "uom": Rewriter.text,
}
_PLACE: Final[Known] = {"id": Rewriter.text}
_ERROR: Final[Known] = {
    "declarationTime": Rewriter.text,
    "reason": Rewriter.text,
    "correctiveEventIDs": Rewriter.texts,
}
_SENSOR: Final[Known] = {
    "sensorMetadata": Rewriter.measured,
    "sensorReport": Rewriter.measured,
}
_MEASURED: Final[Mapping[str, Callable[[str], object]]] = {
    **dict.fromkeys(
        ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _number
    ),
    "booleanValue": _truth,
}

"""How is an event written as EPCIS 2.0 or 1.2 in XML?

The JSON form of an event, `guantong.capture.json_write`, put into elements in the order of the schema;
`guantong.capture.xml` reads the same event from it. What 1.2 does not know yet stands where it
leaves room for later editions: in ``extension`` within ``extension``.

References:
    EPCIS 2.0, section 9 (XML binding); EPCIS 1.2, section 9.5
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.json_write import EventWriter, Members, instant
from guantong.capture.master_write import vocabularies_xml
from guantong.capture.model import Event, EventType, MasterItem
from guantong.capture.namespaces import CBVMDA, STANDARD
from guantong.capture.spellings import Codes, as_kept
from guantong.capture.vocabulary import DISPOSITION, PARTY, REASON, STEP, TRANSACTION, Vocabulary
from guantong.errors import Fault as Found
from guantong.errors import fault

Words = Callable[[Vocabulary, str], str]
"""A word of the CBV in the spelling that is wanted."""
URNS: Final[Words] = Vocabulary.urn
WEB: Final[Words] = Vocabulary.web
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"


class Edition(Enum):
    """Which schema; the value is its version."""

    V1 = "1.2"
    V2 = "2.0"


class XmlWriter:
    """Writes the events of one document."""

    def __init__(
        self, edition: Edition, *, codes: Codes = as_kept, words: Words | None = None
    ) -> None:
        """A writer.

        Args:
            edition: Which schema.
            codes: How codes are written.
            words: How words of the CBV are written; when None as web URIs, in 1.2 as URNs.
        """
        self._old = edition is Edition.V1
        self.edition = edition
        self.codes = codes
        self._events = EventWriter(codes)
        self._words = words or (URNS if self._old else WEB)

    @property
    def query_space(self) -> str:
        """The namespace of answers."""
        return f"urn:epcglobal:epcis-query:xsd:{self.edition.value[0]}"

    def event_list(self, events: Iterable[tuple[Event, int]]) -> Element:
        """The ``EventList`` of some events with their record times.

        Returns:
            An element without a namespace.

        Raises:
            CaptureError: if something in an event can not be said in XML.
        """
        told = [(event.type, self._events.write(event, record_ms=at)) for event, at in events]
        spaces = self._events.prefixes | dict(STANDARD) | {"cbvmda": CBVMDA}
        listed = etree.Element("EventList", nsmap={**spaces, "xsi": _INSTANCE})
        layer = _Layer(spaces, self._words, old=self._old)
        for kind, members in told:
            place = listed
            for _ in range(_DEEP.get(kind, 0) if self._old else 0):
                place = etree.SubElement(place, "extension")
            layer.event(place, kind, members)
        etree.cleanup_namespaces(listed)
        return listed


class _Layer:
    """Puts members into elements."""

    def __init__(self, spaces: Mapping[str, str], words: Words, *, old: bool) -> None:
        self._spaces = spaces
        self._words = words
        self._old = old

    def event(self, parent: Element, kind: EventType, members: Members) -> None:
        made = etree.SubElement(parent, kind.value)
        rest = {name: one for name, one in members.items() if name != "type"}
        if self._old and kind in _LISTED:
            rest.setdefault(_LISTED[kind], [])
        self._base(made, rest)
        self._put_known(made, rest, _FIRST[kind])
        later = _LATER if self._old and kind is not EventType.TRANSFORMATION else ()
        unknown = {*later, *_NEWEST} if self._old else ()
        self._put_known(made, rest, [name for name in _THEN if name not in unknown])
        place = made
        inner = [name for name in rest if ":" not in name and name not in later]
        if any(name in rest for name in later) or (later and inner):
            place = self._wrapped(made, rest, later)
        if inner:
            self._wrapped(place, rest, inner)
        self.nested(made, rest)

    def _base(self, made: Element, rest: Members) -> None:
        """What all events have."""
        self._put_known(made, rest, _BASE if self._old else (*_BASE, *_NAMED, *_CERTIFIED))
        if self._old and any(name in rest for name in (*_NAMED, *_CERTIFIED)):
            base = self._wrapped(made, rest, _NAMED, "baseExtension")
            if _CERTIFIED[0] in rest:
                self._wrapped(base, rest, _CERTIFIED)

    def _wrapped(
        self, made: Element, rest: Members, names: Iterable[str], wrapper: str = "extension"
    ) -> Element:
        """Put the named members into a wrapper of their own."""
        place = etree.SubElement(made, wrapper)
        self._put_known(place, rest, names)
        return place

    def _put_known(self, made: Element, rest: Members, names: Iterable[str]) -> None:
        for name in [one for one in names if one in rest]:
            _PUT.get(name, _Layer.other)(self, made, name, rest.pop(name))

    def _extensions(self, made: Element, members: Mapping[str, object]) -> None:
        """Members of others; those without a namespace stand in an ``extension``."""
        bare = {name: one for name, one in members.items() if ":" not in name}
        if bare:
            self.nested(etree.SubElement(made, "extension"), bare)
        self.nested(made, {name: one for name, one in members.items() if ":" in name})

    def nested(self, made: Element, members: Mapping[str, object]) -> None:
        for name, value in members.items():
            for one in value if isinstance(value, list) else [value]:
                self._value(self._element(made, name), one)

    def _value(self, made: Element, value: object) -> None:
        if isinstance(value, Mapping):
            self.nested(made, value)
        elif isinstance(value, list):
            self.nested(made, {"item": value})
        elif value is None:
            made.set(f"{{{_INSTANCE}}}nil", "true")
        else:
            _say(made, _plain(value))

    def _element(self, made: Element, name: str) -> Element:
        try:
            return etree.SubElement(made, self._tag(name))
        except ValueError as error:
            raise CaptureError(_unsaid(name)) from error

    def _tag(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        return f"{{{self._spaces[prefix]}}}{local}" if colon and prefix in self._spaces else name

    def other(self, made: Element, name: str, value: object) -> None:
        self.nested(made, {name: value})

    def text(self, made: Element, name: str, value: object) -> None:
        _say(etree.SubElement(made, name), _plain(value))

    def repeated(self, made: Element, name: str, value: object) -> None:
        for one in _list(value):
            self.text(made, name, one)

    def word(self, made: Element, name: str, value: object, *, words: Vocabulary) -> None:
        self.text(made, name, self._words(words, str(value)))

    def items(self, made: Element, name: str, value: object, *, item: str) -> None:
        self.repeated(etree.SubElement(made, name), item, value)

    def typed(
        self, made: Element, name: str, value: object, *, item: str, words: Vocabulary
    ) -> None:
        listed = etree.SubElement(made, name)
        for one in _maps(value):
            self.text(listed, item, one.get(item, ""))
            if "type" in one:
                _set(listed[-1], "type", self._words(words, str(one["type"])))

    def amounts(self, made: Element, name: str, value: object) -> None:
        listed = etree.SubElement(made, name)
        for one in _maps(value):
            place = etree.SubElement(listed, "quantityElement")
            self.text(place, "epcClass", one["epcClass"])
            if "uom" in one and "quantity" not in one:
                self._value(etree.SubElement(place, "quantity"), None)
            self._put_known(place, dict(one), ("quantity", "uom"))

    def place(self, made: Element, name: str, value: object) -> None:
        at, rest = etree.SubElement(made, name), dict(_map(value))
        self._put_known(at, rest, ("id",))
        self._extensions(at, rest)

    def persistent(self, made: Element, name: str, value: object) -> None:
        place = etree.SubElement(made, name)
        for part in ("unset", "set"):
            for one in _list(_map(value).get(part, [])):
                self.word(place, part, one, words=DISPOSITION)

    def error(self, made: Element, name: str, value: object) -> None:
        place, rest = etree.SubElement(made, name), dict(_map(value))
        self._put_known(place, rest, ("declarationTime", "reason", "correctiveEventIDs"))
        self._extensions(place, rest)

    def within(self, made: Element, name: str, value: object) -> None:
        self._extensions(etree.SubElement(made, name), _map(value))

    def sensors(self, made: Element, name: str, value: object) -> None:
        listed = etree.SubElement(made, name)
        for one in _maps(value):
            place, rest = etree.SubElement(listed, "sensorElement"), dict(one)
            if "sensorMetadata" in rest:
                self._measured(place, "sensorMetadata", _map(rest.pop("sensorMetadata")))
            for report in _maps(rest.pop("sensorReport", [])):
                self._measured(place, "sensorReport", report)
            self._extensions(place, rest)

    def _measured(self, made: Element, name: str, members: Mapping[str, object]) -> None:
        """Metadata or a report: attributes, and elements for what has parts."""
        place = etree.SubElement(made, name)
        inner: Members = {}
        for member, value in members.items():
            if isinstance(value, Mapping | list) or value is None:
                inner[member] = value
            else:
                _set(place, self._tag(member), _measure(member, value))
        self._extensions(place, inner)


def query_xml(
    writer: XmlWriter,
    results: Element,
    *,
    created_ms: int,
    master: Iterable[MasterItem] = (),
) -> bytes:
    """The answer to a query as an EPCISQueryDocument.

    Args:
        writer: Of this document.
        results: See `query_results`.
        created_ms: The present.
        master: What the header tells of places, products and parties.

    Returns:
        The document in UTF-8.

    Raises:
        CaptureError: if something can not be said in XML.
    """
    version = writer.edition.value
    space = writer.query_space
    said = {"schemaVersion": version, "creationDate": instant(created_ms)}
    root = etree.Element(f"{{{space}}}EPCISQueryDocument", said, nsmap={"epcisq": space})
    listed = vocabularies_xml(master, codes=writer.codes)
    if len(listed):
        header = etree.SubElement(etree.SubElement(root, "EPCISHeader"), "extension")
        etree.SubElement(header, "EPCISMasterData").append(listed)
    etree.SubElement(root, "EPCISBody").append(results)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def query_results(
    writer: XmlWriter,
    listed: Element,
    *,
    query: str = "SimpleEventQuery",
    subscription: str = "",
) -> Element:
    """What a query found.

    Args:
        writer: Of this document.
        listed: Its events (`XmlWriter.event_list`) or master data (`vocabularies_xml`).
        query: Its name.
        subscription: Who it is sent to, "" for who asked.

    Returns:
        A ``QueryResults`` element.
    """
    space = writer.query_space
    results = etree.Element(f"{{{space}}}QueryResults", nsmap={"epcisq": space})
    _say(etree.SubElement(results, "queryName"), query)
    if subscription:
        _say(etree.SubElement(results, "subscriptionID"), subscription)
    etree.SubElement(results, "resultsBody").append(listed)
    return results


def _say(made: Element, text: str) -> None:
    try:
        made.text = text
    except ValueError as error:
        raise CaptureError(_unsaid(text)) from error


def _set(made: Element, name: str, text: str) -> None:
    try:
        made.set(name, text)
    except ValueError as error:
        raise CaptureError(_unsaid(name)) from error


def _unsaid(got: str) -> Found:
    return fault(Fault.NOT_IN_XML, expected="names and characters that XML has", got=got[:120])


def _plain(value: object) -> str:
    """A text, number or truth value as XML schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(int(value) if value.is_integer() else repr(value)):f}"
    return str(value)


def _measure(member: str, value: object) -> str:
    """A value of a report; its type and alert as a name of the web vocabulary."""
    text = _plain(value)
    return f"gs1:{text}" if member in {"type", "exception"} and ":" not in text else text


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _maps(value: object) -> Iterable[Mapping[str, object]]:
    return map(_map, _list(value))


_BASE: Final = ("eventTime", "recordTime", "eventTimeZoneOffset")
_NAMED: Final = ("eventID", "errorDeclaration")
_CERTIFIED: Final = ("certificationInfo",)
_FIRST: Final[Mapping[EventType, tuple[str, ...]]] = {
    EventType.OBJECT: ("epcList",),
    EventType.AGGREGATION: ("parentID", "childEPCs"),
    EventType.TRANSACTION: ("bizTransactionList", "parentID", "epcList"),
    EventType.TRANSFORMATION: (
        *("inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList"),
        "transformationID",
    ),
    EventType.ASSOCIATION: ("parentID", "childEPCs", "childQuantityList"),
}
_THEN: Final = (
    *("action", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList"),
    *("quantityList", "childQuantityList", "sourceList", "destinationList"),
    *("sensorElementList", "persistentDisposition", "ilmd"),
)
"""The order of the schema, after what is first in an event of its type."""
_LATER: Final = ("quantityList", "childQuantityList", "sourceList", "destinationList", "ilmd")
"""What came after 1.0; 1.2 has it in an ``extension``, but in a transformation."""
_NEWEST: Final = ("sensorElementList", "persistentDisposition")
"""What 1.2 has no place for."""
_LISTED: Final = {
    EventType.OBJECT: "epcList",
    EventType.TRANSACTION: "epcList",
    EventType.AGGREGATION: "childEPCs",
}
"""Lists that 1.2 wants even when they are empty."""
_DEEP: Final = {EventType.TRANSFORMATION: 1, EventType.ASSOCIATION: 2}
"""In how many ``extension`` elements of 1.2 such an event stands."""
_PUT: Final[Mapping[str, Callable[[_Layer, Element, str, object], None]]] = {
    **dict.fromkeys((*_BASE, "eventID", "action", "parentID", "transformationID"), _Layer.text),
    **dict.fromkeys(("id", "quantity", "uom", "declarationTime"), _Layer.text),
    "bizStep": partial(_Layer.word, words=STEP),
    "disposition": partial(_Layer.word, words=DISPOSITION),
    "reason": partial(_Layer.word, words=REASON),
    "certificationInfo": _Layer.repeated,
    "correctiveEventIDs": partial(_Layer.items, item="correctiveEventID"),
    **dict.fromkeys(
        ("epcList", "childEPCs", "inputEPCList", "outputEPCList"),
        partial(_Layer.items, item="epc"),
    ),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
        _Layer.amounts,
    ),
    "bizTransactionList": partial(_Layer.typed, item="bizTransaction", words=TRANSACTION),
    "sourceList": partial(_Layer.typed, item="source", words=PARTY),
    "destinationList": partial(_Layer.typed, item="destination", words=PARTY),
    **dict.fromkeys(("readPoint", "bizLocation"), _Layer.place),
    "persistentDisposition": _Layer.persistent,
    "errorDeclaration": _Layer.error,
    "sensorElementList": _Layer.sensors,
    "ilmd": _Layer.within,
}

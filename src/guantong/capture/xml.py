"""What does this EPCIS document in XML say?

EPCISDocument, EPCISQueryDocument and EPCISMasterDataDocument of EPCIS 2.0 and 1.x, or one bare
event. Elements are read one event at a time and then forgotten. A document type definition is
refused whatever it says, before anything in it could take effect.

References:
    EPCIS 2.0, section 9 (XML binding); EPCIS 1.2, section 9.5
"""

from dataclasses import replace
from io import BytesIO
from typing import Final

import msgspec
from lxml import etree
from lxml.etree import _Element as Element

from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.json_event import EventReader
from guantong.capture.json_master import read_master
from guantong.capture.meaning import Meaning
from guantong.capture.model import Document, Event, EventType, MasterItem
from guantong.capture.reading import Collector, Reading
from guantong.capture.table import Growing
from guantong.capture.xml_event import QUANTITY_EVENT, Rewriter
from guantong.capture.xml_master import vocabularies
from guantong.capture.xml_names import Names, as_written, without_marks
from guantong.capture.xml_safety import PARSER, check_cost, check_prolog, complaint, too_many
from guantong.errors import Fault as Found
from guantong.errors import fault

_FORMATS: Final = {"1": "epcis-xml-1.2", "2": "epcis-xml-2.0"}
"""Last part of the namespace -> format."""
_SPACES: Final = (
    "urn:epcglobal:epcis:",
    "urn:epcglobal:epcis-query:",
    "urn:epcglobal:epcis-masterdata:",
)
_DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument")
_EVENTS: Final = (*EventType, QUANTITY_EVENT)
_PARTS: Final = {
    "EPCISMasterData": "epcisHeader.epcisMasterData",
    "EPCISBody": "epcisBody",
    "resultsBody": "epcisBody.queryResults.resultsBody",
}
"""Element -> where its content stands in the JSON form."""
_EXTENDED: Final = (
    "ilmd",
    "extensions",
    "read_point_extensions",
    "biz_location_extensions",
    "sensors",
)
"""Fields of an event that hold names of extensions."""


def read_xml(data: bytes, *, limits: Limits, proceed: bool, into: Growing | None = None) -> Reading:
    """Read an EPCIS document in XML.

    Args:
        data: The document in the encoding it declares.
        limits: How much it may cost.
        proceed: Give the good events although others are wrong.
        into: Where the good events go; into the document when None.

    Returns:
        The document, or all that is wrong with it; paths are those of the JSON form, such as
        ``epcisBody.eventList[3].epcList[1]``.
    """
    faults = Collector(limits)
    walk = _Walk(faults, into)
    try:
        check_cost(data, limits)
        check_prolog(data)
        walk.over(data)
    except CaptureError as refusal:
        faults.take(refusal)
        return faults.finish(None, proceed=False)
    return faults.finish(walk.document(), proceed=proceed)


class _Walk:
    """One walk over the elements of a document, in document order."""

    def __init__(self, faults: Collector, into: Growing | None) -> None:
        self.faults = faults
        self.into = into
        self.names = Names()
        self.rewriter = Rewriter(self.names)
        self.reader = EventReader(self.names.context, faults.limits)
        self.meaning = Meaning(self.names.context)
        self.format = ""
        self.created = 0
        self.depth = 0
        self.values = 0
        """Elements, attributes and namespaces so far."""
        self.around = "epcisBody"
        """Path of the part of the document the walk is in."""
        self.listed = False
        """Whether an EventList was met."""
        self.in_list = False
        self.whole: Element | None = None
        """The element that is being gathered: an event or a list of vocabularies."""
        self.count = 0
        self.seen: set[str] = set()
        self.events: list[Event] = []
        self.positions: list[int] = []
        self.master: list[MasterItem] = []

    def over(self, data: bytes) -> None:
        """Walk to the end. Raises CaptureError when it cannot go on."""
        try:
            for action, found in etree.iterparse(
                BytesIO(data), events=("start-ns", "start", "end"), **PARSER
            ):
                if action == "start-ns":
                    self._spend(1)
                    self.names.declare(*found)
                elif action == "start":
                    self._enter(found)
                else:
                    self._leave(found)
        except etree.XMLSyntaxError as problem:
            raise CaptureError(complaint(problem)) from problem

    def document(self) -> Document:
        """What was gathered."""
        if not (self.listed or self.master or self.faults.count):
            path = "epcisBody.eventList"
            self.faults.say(Fault.MISSING, path, expected="a list of events", got="nothing")
        return Document(
            format=self.format,
            events=tuple(self.events),
            positions=tuple(self.positions),
            master=tuple(self.master),
            created_ms=self.created,
        )

    def _enter(self, element: Element) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > self.faults.limits.depth_max:
            most = f"at most {self.faults.limits.depth_max} levels of elements"
            raise CaptureError(fault(Fault.TOO_DEEP, expected=most, got="more"))
        self._spend(1 + len(element.attrib))
        if self.whole is not None:
            return
        name = self.names.of(element.tag)
        if self.depth == 1:
            self._begin(element, name)
        elif name == "VocabularyList" or (self.in_list and name != "extension"):
            self.whole = element
        elif name == "EventList":
            self.in_list = self.listed = True
        elif name in _PARTS:
            self.around = _PARTS[name]

    def _spend(self, count: int) -> None:
        """Count elements, attributes and namespaces. Raises CaptureError when there are too many."""
        self.values += count
        if self.values > self.faults.limits.values_max:
            raise CaptureError(too_many(self.faults.limits))

    def _begin(self, root: Element, name: str) -> None:
        """The root begins."""
        space = root.tag[1:].partition("}")[0] if root.tag[0] == "{" else ""
        self.format = _FORMATS.get(space.rpartition(":")[2], "")
        if not (self.format and space.startswith(_SPACES) and name in _DOCUMENTS + _EVENTS):
            want = f"{' or '.join(_DOCUMENTS)} in urn:epcglobal:epcis:xsd:1 or :2"
            raise CaptureError(fault(Fault.FORMAT, expected=want, got=root.tag))
        if name in _EVENTS:
            self.whole = root
            self.around = ""
            self.listed = True
        elif root.get("creationDate") is not None:
            self.created = self.meaning.time(root.get("creationDate"), "creationDate")
            self._pass_on()

    def _leave(self, element: Element) -> None:
        """An element ends; what was read is forgotten."""
        self.depth -= 1
        if element is self.whole:
            self.whole = None
            if self.names.of(element.tag) == "VocabularyList":
                self._take_vocabularies(element)
            else:
                self._take_event(element)
            _forget(element)
        elif self.whole is None:
            if self.names.of(element.tag) == "EventList":
                self.in_list = False
            _forget(element)

    def _take_event(self, element: Element) -> None:
        """Read one event."""
        path = f"{self.around}.eventList[{self.count}]" if self.around else ""
        self.count += 1
        if self.count > self.faults.limits.events_max:
            most = f"at most {self.faults.limits.events_max} events"
            raise CaptureError(fault(Fault.TOO_MANY_EVENTS, expected=most, got="more", path=path))
        members = self.rewriter.event(element)
        found, self.rewriter.found = self.rewriter.found, []
        event, wrong = self.reader.read(msgspec.json.encode(members))
        if event is not None and not found:
            wrong = self._again(event)
        for one in (*found, *wrong):
            self.faults.add(replace(one, path=as_written(one.path)).under(path))
        if event is not None and not found and not wrong:
            told = without_bare(event) if self.names.with_bare else event
            (self.events if self.into is None else self.into).append(told)
            self.positions.append(self.count - 1)

    def _again(self, event: Event) -> tuple[Found, ...]:
        """The fault of an event whose id came before; a correction may repeat it."""
        if not event.id:
            return ()
        if event.id in self.seen and event.error is None:
            want = "an id of its own, or an errorDeclaration"
            return (fault(Fault.DUPLICATE, expected=want, got=event.id, path="eventID"),)
        self.seen.add(event.id)
        return ()

    def _take_vocabularies(self, element: Element) -> None:
        """Read the master data of a header, or of a query's answer."""
        around = self.around
        raw = vocabularies(element, self.rewriter)
        self.master.extend(read_master(raw, f"{around}.vocabularyList", self.meaning))
        self._pass_on()

    def _pass_on(self) -> None:
        """Hand over what was noted outside an event."""
        for one in self.meaning.found:
            self.faults.add(one)
        self.meaning.found = []


def without_bare(event: Event) -> Event:
    """An event whose extensions without a namespace have their bare name."""
    cleaned = {name: without_marks(getattr(event, name)) for name in _EXTENDED}
    return msgspec.structs.replace(event, **cleaned)


def _forget(element: Element) -> None:
    """Free an element that was read, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]

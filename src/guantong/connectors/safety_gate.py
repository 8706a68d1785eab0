"""What does a weekly report of the European Safety Gate say?

XML, read as carefully as documents are: no document type, no entities. Elements are known by their
local name. In older reports an alert is a ``notification`` in ``notifications``, and batch and barcode
share an element.
"""

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from guantong.capture.faults import CaptureError
from guantong.capture.xml_safety import PARSER, check_cost, check_prolog, complaint
from guantong.connectors import alerts
from guantong.connectors.alerts import LIMITS, Alert, Read, Source, broken, refused
from guantong.connectors.partner import ConnectorError

ROOT: Final = "Safety-Gate"
LIST: Final = "notifications"
ITEM: Final = "notification"
ELEMENTS_MAX: Final = 10_000
"""Elements of one alert."""
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_safety_gate(data: bytes) -> Read:
    """Read a weekly report.

    Args:
        data: The file as it is downloaded.

    Returns:
        Its alerts, and what was rejected of it.

    Raises:
        ConnectorError: if it is another file, too large, or cut off; nothing is half read.
        CaptureError: if it is no XML, or none that is safe to read.
    """
    alerts.check_size(data)
    check_cost(data, LIMITS)
    check_prolog(data)
    walk = _Walk()
    try:
        walk.over(data)
    except etree.XMLSyntaxError as problem:
        where = f"line {problem.lineno}" if problem.lineno else ""
        raise CaptureError(complaint(problem).under(where)) from problem
    day = alerts.day_of(walk.published)
    return alerts.gathered(Source.SAFETY_GATE, _readers(walk.told, day))


class _Walk:
    """One walk over the elements; what was read is forgotten."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        """What each alert says, by element."""
        self.published = ""
        self.has_items = False
        self.held = 0
        """Elements since the last that was forgotten."""

    def over(self, data: bytes) -> None:
        """Walk to the end. Raises ConnectorError when it is another file, XMLSyntaxError when it ends."""
        depth = 0
        for action, element in etree.iterparse(BytesIO(data), events=("start", "end"), **PARSER):
            depth += 1 if action == "start" else -1
            if action == "end":
                self._leave(element, depth)
            else:
                self._enter(element, depth)

    def _enter(self, element: Element, depth: int) -> None:
        """An element begins. Raises ConnectorError when it is that of another file, or too many."""
        self.held += 1
        if depth == 1 and _local(element) != ROOT:
            raise ConnectorError(broken(f"a document {ROOT}", _local(element), "/"))
        if depth > LIMITS.depth_max or self.held > ELEMENTS_MAX:
            expected = f"at most {LIMITS.depth_max} levels, and {ELEMENTS_MAX} elements in an alert"
            raise ConnectorError(broken(expected, "more", f"line {element.sourceline}"))

    def _leave(self, element: Element, depth: int) -> None:
        """An element ends; those directly below the root, and below a list, are looked at."""
        name, parent = _local(element), element.getparent()
        if depth == 2 and name == ITEM and parent is not None and _local(parent) == LIST:
            self.has_items = True
            self._take(element)
            self._forget(element)
        elif depth == 1:
            if name == LIST and not self.has_items:
                self._take(element)
            elif name == "report_date":
                self.published = _text(element)
            self.has_items = False
            self._forget(element)

    def _forget(self, element: Element) -> None:
        element.clear()
        self.held = 0

    def _take(self, element: Element) -> None:
        told: dict[str, str] = {}
        for child in element:
            name, text = _local(child), _text(child)
            told[name] = f"{told[name]}\n{text}" if name in told else text
        self.told.append(told)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element) -> str:
    if element.get(_NIL) in {"true", "1"}:
        return ""
    return "\n".join(str(text) for text in element.itertext())


def _readers(told: list[dict[str, str]], day: str) -> Iterator[tuple[str, Callable[[], Alert]]]:
    for at, one in enumerate(told):
        yield f"{LIST}[{at}]", partial(_alert, one, day)


def _alert(told: dict[str, str], day: str) -> Alert:
    """An alert. Raises ConnectorError when it has two numbers."""
    number = told.get("caseNumber", "").strip()
    if "\n" in number:
        raise ConnectorError(refused("one number", number, "caseNumber"))

    def text(name: str) -> str:
        return alerts.line(told.get(name, ""))

    both = told.get("batchNumber_barcode", "")
    name = text("name")
    return Alert(
        Source.SAFETY_GATE,
        alerts.line(number),
        text("product"),
        title="" if alerts.is_none(name) else name,
        published=day,
        brands=alerts.brands_in(told.get("brand", "")),
        models=alerts.models_in(told.get("type_numberOfModel", "")),
        barcodes=alerts.gtins_in(told.get("barcode", "") or both),
        batches=text("batchNumber") or alerts.line(both),
        text=alerts.plain(
            "\n".join((told.get("description", ""), told.get("packageDescription", "")))
        ),
        hazard=" ".join(
            one for one in (text("riskType"), alerts.plain(told.get("danger", ""))) if one
        ),
        risk=text("level"),
        measures=alerts.plain(told.get("measures", "")),
        origin=text("countryOfOrigin"),
        notifying=text("notifyingCountry"),
        address=alerts.address_in(told.get("reference", "")),
    )

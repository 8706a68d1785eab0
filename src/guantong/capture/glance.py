"""Is this an EPCIS document at all, and how many events does it hold? Before anything is read.

A capture job is accepted or refused at the door by this alone: whether the bytes are well-formed,
and how many events there are. What the events say is found out later, in the job.

>>> glance(b'{"type":"EPCISDocument","epcisBody":{"eventList":[{},{}]}}')
2
"""

from io import BytesIO
from typing import Final

import msgspec
from lxml import etree

from guantong.capture.door import sniff
from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.xml_safety import PARSER, check_cost, check_prolog, complaint
from guantong.errors import fault

LISTS: Final = frozenset({"EventList", "extension", "baseExtension"})
"""Elements whose children may be events: 1.2 wraps the later kinds."""
NAMES: Final = tuple(
    f"{kind}Event"
    for kind in ("Object", "Aggregation", "Transaction", "Transformation", "Association")
)


class _Results(msgspec.Struct, rename="camel"):
    events: list[msgspec.Raw] = msgspec.field(default=[], name="eventList")
    results_body: "_Results | None" = None


class _Body(msgspec.Struct, rename="camel"):
    events: list[msgspec.Raw] | None = msgspec.field(default=None, name="eventList")
    query_results: _Results | None = None


class _Document(msgspec.Struct, rename="camel"):
    type: object = None
    epcis_body: _Body | None = None


def glance(data: bytes, limits: Limits | None = None) -> int:
    """Count the events of a document without reading them.

    Args:
        data: The document as sent, JSON or XML.
        limits: How much it may cost.

    Returns:
        How many events it holds.

    Raises:
        CaptureError: if it is too large, not well-formed, or neither JSON nor XML.
    """
    bounds = limits or Limits()
    if len(data) > bounds.bytes_max:
        most = f"at most {bounds.bytes_max} bytes"
        raise CaptureError(fault(Fault.TOO_LARGE, expected=most, got=f"{len(data)} bytes"))
    kind = sniff(data)
    if kind == "json":
        return _in_json(data)
    if kind == "xml":
        return _in_xml(data, bounds)
    raise CaptureError(fault(Fault.FORMAT, expected="EPCIS in JSON or XML", got=kind))


def _in_json(data: bytes) -> int:
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        code = Fault.TYPE if isinstance(error, msgspec.ValidationError) else Fault.SYNTAX
        expected = "an EPCIS document in well-formed JSON"
        raise CaptureError(fault(code, expected=expected, got=str(error))) from error
    body = document.epcis_body
    if body is None:
        return 0
    results = body.query_results and body.query_results.results_body
    return len(body.events or ()) + (len(results.events) if results else 0)


def _in_xml(data: bytes, limits: Limits) -> int:
    check_cost(data, limits)
    check_prolog(data)
    found = 0
    try:
        for _, element in etree.iterparse(BytesIO(data), events=("end",), **PARSER):
            parent = element.getparent()
            if parent is not None and _local(element) in NAMES and _local(parent) in LISTS:
                found += 1
                element.clear()
    except etree.XMLSyntaxError as problem:
        raise CaptureError(complaint(problem)) from problem
    return found


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname

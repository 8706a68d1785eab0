"""What does a SOAP envelope ask, and how does its answer look? SOAP 1.1, and 1.2 for who begins in it.

References:
    EPCIS 1.2, section 11 (bindings of the query control interface)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element
from starlette.responses import Response

from guantong.capture.faults import Limits
from guantong.capture.xml_safety import PARSER, check_cost, check_prolog, complaint
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve.epcis import protocol

QUERY: Final = "urn:epcglobal:epcis-query:xsd:1"
"""Namespace of questions and answers."""
V11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
V12: Final = "http://www.w3.org/2003/05/soap-envelope"
MEDIA: Final = {V11: "text/xml", V12: "application/soap+xml"}
LIMITS: Final = Limits(bytes_max=1 << 20)
_EXCEPTIONS: Final = {
    "query.parameter": "QueryParameterException",
    "query.value": "QueryParameterException",
    "query.too_large": "QueryTooLargeException",
    "query.complex": "QueryTooComplexException",
    "serve.no_resource": "NoSuchNameException",
    "serve.no_subscription": "NoSuchSubscriptionException",
    "serve.subscription_taken": "DuplicateSubscriptionException",
    "serve.not_subscribable": "SubscribeNotPermittedException",
    **dict.fromkeys(
        ("serve.subscription", "serve.schedule", "serve.too_many_subscriptions"),
        "SubscriptionControlsException",
    ),
    **dict.fromkeys(
        ("serve.destination", "serve.private_destination", "serve.unknown_host"),
        "InvalidURIException",
    ),
}
_OF_STATUS: Final = {401: "SecurityException", 403: "SecurityException"}


class Fault(StrEnum):
    """What is wrong with a question in SOAP. Part of the public API: never renamed."""

    ENVELOPE = "serve.soap"
    """No envelope with one question of EPCIS 1.2."""


class SoapError(Refusal):
    """A question that can not be read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A question."""

    operation: str
    """Such as ``Poll``."""
    element: Element
    space: str
    """Of the envelope: the answer comes in the same."""

    def text(self, *path: str) -> str:
        """What stands in an element, "" when it is not there."""
        found = self.find(*path)
        return "" if found is None else (found.text or "").strip()

    def find(self, *path: str) -> Element | None:
        """An element by the names above it; None when it is not there."""
        at: Element | None = self.element
        for name in path:
            at = None if at is None else next((one for one in at if local(one) == name), None)
        return at

    def answer(self, result: Element) -> Response:
        """An answer."""
        return _enveloped(self.space, result, 200)


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def read(body: bytes) -> Call:
    """Read an envelope.

    Args:
        body: What came.

    Returns:
        The question in it.

    Raises:
        SoapError: if it is none, or holds not exactly one question of EPCIS.
        CaptureError: if it is no XML, or none that is safe to read.
    """
    check_cost(body, LIMITS)
    check_prolog(body)
    try:
        root = etree.fromstring(body, etree.XMLParser(**PARSER))
    except etree.XMLSyntaxError as problem:
        raise SoapError(complaint(problem)) from problem
    space = etree.QName(root).namespace or ""
    if space not in MEDIA or local(root) != "Envelope":
        raise SoapError(_wrong(" | ".join(MEDIA), str(root.tag)))
    found = [one for part in root if part.tag == f"{{{space}}}Body" for one in part]
    if len(found) != 1 or etree.QName(found[0]).namespace != QUERY:
        raise SoapError(_wrong(f"one element of {QUERY} in Body", f"{len(found)} elements"))
    return Call(local(found[0]), found[0], space)


def element(name: str, text: str = "", strings: Sequence[str] = ()) -> Element:
    """An answer: nothing, a text, or several."""
    made = etree.Element(f"{{{QUERY}}}{name}", nsmap={"epcisq": QUERY})
    made.text = text or None
    for one in strings:
        etree.SubElement(made, "string").text = one
    return made


def failed(faults: Sequence[Found], space: str = V11) -> Response:
    """A refusal as a SOAP fault with the standard's exception in it.

    Args:
        faults: At least one; the first gives the exception.
        space: Of the envelope.

    Returns:
        An answer with 401 or 403 where a right is missing, else 500, as SOAP wants it.
    """
    status = protocol.status_of(faults)
    usual = "ValidationException" if status < 500 else "ImplementationException"
    kind = _EXCEPTIONS.get(faults[0].code) or _OF_STATUS.get(status, usual)
    reason = "; ".join(_said(one) for one in faults)
    exception = element(kind)
    etree.SubElement(exception, "reason").text = reason
    if kind == "ImplementationException":
        etree.SubElement(exception, "severity").text = "ERROR"
    made = _FAULTS[space](exception, reason, is_ours=status >= 500)
    return _enveloped(space, made, status if status in _OF_STATUS else 500)


def _fault_11(exception: Element, reason: str, *, is_ours: bool) -> Element:
    made = etree.Element(f"{{{V11}}}Fault", nsmap={"soap": V11})
    etree.SubElement(made, "faultcode").text = f"soap:{'Server' if is_ours else 'Client'}"
    etree.SubElement(made, "faultstring").text = reason
    etree.SubElement(made, "detail").append(exception)
    return made


def _fault_12(exception: Element, reason: str, *, is_ours: bool) -> Element:
    made = etree.Element(f"{{{V12}}}Fault", nsmap={"soap": V12})
    code = etree.SubElement(made, f"{{{V12}}}Code")
    etree.SubElement(code, f"{{{V12}}}Value").text = f"soap:{'Receiver' if is_ours else 'Sender'}"
    text = etree.SubElement(etree.SubElement(made, f"{{{V12}}}Reason"), f"{{{V12}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    text.text = reason
    etree.SubElement(made, f"{{{V12}}}Detail").append(exception)
    return made


_FAULTS: Final[dict[str, Callable[..., Element]]] = {V11: _fault_11, V12: _fault_12}


def _enveloped(space: str, inner: Element, status: int) -> Response:
    root = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    etree.SubElement(root, f"{{{space}}}Body").append(inner)
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, media_type=MEDIA[space])


def _said(found: Found) -> str:
    """A fault in one line, without characters that XML has not."""
    text = " ".join(
        f"{found.path}: {found.code}: expected {found.expected}, got {found.got}".split()
    )
    return "".join(one for one in text.removeprefix(": ") if one.isprintable())


def _wrong(expected: str, got: str) -> Found:
    return fault(Fault.ENVELOPE, expected=expected, got=got)

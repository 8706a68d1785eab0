"""Which firm, place, product, thing or certificate does a plainly typed code name?

Sheets and records hold what people type: a USCC, thirteen digits, what a scanner gave, a
certificate number. Each becomes the canonical URI under which EPCIS documents name the same.

>>> firm("9500110153005"), product("9520123456788")
('https://id.gs1.org/417/9500110153005', 'https://id.gs1.org/01/09520123456788')
>>> thing("(01)09520123456788(21)7")
'https://id.gs1.org/01/09520123456788/21/7'
"""

import re
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import quote, unquote

from guantong import identify
from guantong.capture.faults import CaptureError, Fault
from guantong.errors import fault
from guantong.identify import Identifier, IdentifierError, Kind
from guantong.identify.ccc import CccCertificate
from guantong.identify.native import from_uri
from guantong.identify.read import explain, read
from guantong.identify.spelling import urn
from guantong.identify.uscc import Uscc
from guantong.identify.xk import XkLicence

GTIN: Final = "https://id.gs1.org/01/"
"""What the canonical URI of a product class begins with, and its lots and items."""
_LOT: Final = "/10/"
_DL: Final = "https://id.gs1.org"
_OWN: Final = ("urn:guantong:", "urn:oid:")
_NO_THING: Final = frozenset({Kind.PARTY, Kind.PLACE, Kind.DOCUMENT})
_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_GLN: Final = re.compile(r"[0-9]{13}")
_USCC: Final = re.compile(r"[0-9A-Za-z]{18}")
_CCC: Final = re.compile(r"[0-9]{16}")
_Value = TypeVar("_Value")


def canonical(uri: str, *, typed: str = "") -> str:
    """The canonical spelling of a URI.

    Args:
        uri: EPC URN, Digital Link, a URN of ours, or any other URI.
        typed: What was typed, where `uri` was made of it; shown in the fault.

    Returns:
        The URI that equal codes share.

    Raises:
        CaptureError: if it is no URI, or the code in it is wrong.
    """
    return _asked(lambda _: _canonical(uri), typed or uri)


def value_of(uri: str) -> Identifier:
    """The value behind a canonical URI. Raises CaptureError when there is none."""
    return _asked(_parsed, uri)


def _canonical(text: str) -> str:
    """As `canonical`. Raises IdentifierError."""
    return from_uri(text).uri if text.startswith(_OWN) else identify.canonical(_uri(text))


def _parsed(text: str) -> Identifier:
    """As `value_of`. Raises IdentifierError."""
    return from_uri(text) if text.startswith(_OWN) else identify.parse_uri(_uri(text))


def _uri(text: str) -> str:
    """The text itself. Raises IdentifierError when it has no colon and so cannot be a URI."""
    if ":" not in text:
        unknown = fault(identify.Fault.UNKNOWN, expected="a known code or a URI", got=text)
        raise IdentifierError(unknown)
    return text


def _asked(question: Callable[[str], _Value], text: str) -> _Value:
    """What `identify` answers; its refusal becomes one of ours."""
    try:
        return question(text)
    except IdentifierError as refusal:
        expected = refusal.faults[0].expected
        raise CaptureError(fault(Fault.IDENTIFIER, expected=expected, got=text)) from refusal


def uscc(text: str) -> str:
    """The firm of a unified social credit code."""
    return _asked(lambda typed: Uscc.parse(typed).uri, text)


def party(text: str) -> str:
    """The firm of a party GLN."""
    return canonical(f"{_DL}/417/{quote(_tight(text), safe='')}", typed=text)


def firm(text: str) -> str:
    """The firm of a USCC, a party GLN, or a URI."""
    typed = _tight(text)
    if _USCC.fullmatch(typed):
        return uscc(typed)
    return party(typed) if _GLN.fullmatch(typed) else canonical(typed)


def location(text: str) -> str:
    """The place of a location GLN."""
    return canonical(f"{_DL}/414/{quote(_tight(text), safe='')}", typed=text)


def place(text: str) -> str:
    """The place of a location GLN or a URI."""
    typed = _tight(text)
    return location(typed) if _GLN.fullmatch(typed) else canonical(typed)


def gtin(text: str) -> str:
    """The product class of a GTIN of 8, 12, 13 or 14 digits."""
    return _asked(lambda typed: identify.Gtin.parse(typed).uri, _tight(text))


def product(text: str) -> str:
    """The product class of a GTIN, or of any other class code."""
    typed = _tight(text)
    return gtin(typed) if _GTIN.fullmatch(typed) else canonical(typed)


def thing(text: str) -> str:
    """The item, lot or class of what a scanner gave, what is printed, or a URI.

    Args:
        text: A code of any scheme that is read here.

    Returns:
        The canonical URI of the likeliest reading that is neither firm, place nor document.

    Raises:
        CaptureError: if there is none.
    """
    if text[:4].lower() == "urn:":
        return canonical(text)
    for reading in read(text):
        if reading.value.kind not in _NO_THING:
            return canonical(reading.value.uri, typed=text)
    expected = ", ".join(flaw.expected for flaw in explain(text)) or "an item, a lot or a class"
    raise CaptureError(fault(Fault.IDENTIFIER, expected=expected, got=text))


def ccc(text: str) -> str:
    """The compulsory-certification certificate of a 16-digit number."""
    return _asked(lambda typed: CccCertificate.parse(typed).uri, text)


def licence(text: str) -> str:
    """The production licence of an XK number, with or without its province."""
    return _asked(lambda typed: XkLicence.parse(typed).uri, text)


def report(text: str) -> str:
    """The URI of a report or other certificate, whose number has no scheme of its own."""
    return urn(identify.Scheme.OPAQUE, f"cert.{text.strip()}")


def certificate(text: str) -> str:
    """The certificate of a number whose kind is not told, or of a URI."""
    typed = _tight(text)
    if _CCC.fullmatch(typed):
        return ccc(typed)
    if "XK" in typed.upper():
        return licence(typed)
    return canonical(typed) if ":" in typed else report(text)


def document(text: str) -> str:
    """The URI of a document number, or of what is one already."""
    typed = text.strip()
    return canonical(typed) if ":" in typed else urn(identify.Scheme.OPAQUE, f"doc.{typed}")


def kind_of(uri: str) -> Kind:
    """What sort of thing a canonical URI names."""
    return value_of(uri).kind


def in_lot(uri: str, lot: str) -> str:
    """The lot of a GTIN."""
    return canonical(f"{uri}{_LOT}{quote(lot, safe='')}", typed=lot)


def lot_of(uri: str) -> str:
    """The lot number in the canonical URI of a lot."""
    return unquote(uri.partition(_LOT)[2])


def serial_of(uri: str) -> tuple[str, str]:
    """A canonical URI without its serial, and the serial; the latter "" when it has none."""
    serial = value_of(uri).serial
    tail = quote(serial, safe="")
    return (uri.removesuffix(tail), serial) if serial and uri.endswith(tail) else (uri, "")


def _tight(text: str) -> str:
    """A typed code without the blanks people put between its groups."""
    return "".join(text.split())

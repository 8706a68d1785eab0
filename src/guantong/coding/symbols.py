"""What stands in a symbol for a code, and how does the symbol look?

A QR Code leads a phone to the code's page; GS1 DataMatrix, GS1-128 and GS1 QR Code hold element
strings for a scanner gun; a plain DataMatrix or QR Code holds the code of any other scheme as it is printed.

>>> text_of("https://id.gs1.org/01/06901234567892/21/7", Carrier.GS1_DATAMATRIX, lot="A")
'(01)06901234567892(10)A(21)7'
>>> text_of("https://id.gs1.org/01/06901234567892/21/7", Carrier.QR, resolver="https://codes.example")
'https://codes.example/01/06901234567892/21/7'

References:
    GS1 General Specifications, section 7.8
"""

from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from guantong.coding.issue import CodingError, Fault
from guantong.errors import fault
from guantong.identify import ElementString, Gs1Identifier, IdentifierError, parse_uri, read
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.identify.spelling import split_urn

Modules: TypeAlias = NDArray[np.bool_]
"""True where it is dark; a bar code has one row."""


class Carrier(StrEnum):
    """How a code may be carried. Part of the public API: never renamed."""

    QR = "qr"
    DATAMATRIX = "datamatrix"
    GS1_QR = "gs1_qr"
    GS1_DATAMATRIX = "gs1_datamatrix"
    GS1_128 = "gs1_128"


_FORMATS: Final = {
    Carrier.QR: zxingcpp.BarcodeFormat.QRCode,
    Carrier.DATAMATRIX: zxingcpp.BarcodeFormat.DataMatrix,
    Carrier.GS1_QR: zxingcpp.BarcodeFormat.QRCode,
    Carrier.GS1_DATAMATRIX: zxingcpp.BarcodeFormat.DataMatrix,
    Carrier.GS1_128: zxingcpp.BarcodeFormat.Code128,
}
_GS1: Final = frozenset({Carrier.GS1_QR, Carrier.GS1_DATAMATRIX, Carrier.GS1_128})
QUIET: Final = {
    Carrier.QR: 4,
    Carrier.DATAMATRIX: 1,
    Carrier.GS1_QR: 4,
    Carrier.GS1_DATAMATRIX: 1,
    Carrier.GS1_128: 10,
}
"""Modules around a symbol that must stay white; beside a bar code."""
FORMAT_MASK: Final = 0b101
"""What the bits that name the pattern are added to, so that they are never all white."""


def text_of(uri: str, carrier: Carrier, *, lot: str = "", resolver: str = CANONICAL_HOST) -> str:
    """What a symbol says.

    Args:
        uri: Canonical URI of an item, batch or class.
        carrier: How it is carried.
        lot: Batch of the item, which element strings name beside the serial.
        resolver: Where Digital Links of QR Codes lead, without a slash at the end.

    Returns:
        The bracketed element string, a Digital Link, or the code as it is printed.

    Raises:
        CodingError: if the carrier needs a GS1 code and this is none.
        IdentifierError: if it is no canonical URI, or the lot can not be said.
    """
    value = parse_uri(uri)
    if carrier in _GS1:
        if not isinstance(value, Gs1Identifier):
            expected = f"a GS1 code in {carrier}"
            raise CodingError(fault(Fault.LABEL, expected=expected, got=uri, path="carrier"))
        return _elements(value, lot).bracketed
    if isinstance(value, Gs1Identifier):
        return f"{resolver}{value.uri.removeprefix(CANONICAL_HOST)}"
    return printed(uri)


def printed(uri: str) -> str:
    """A code as people read it beside its symbol.

    Args:
        uri: Its canonical URI.

    Returns:
        A bracketed element string, or the code in its scheme; the URI itself where that would be read as
        something else.
    """
    value = parse_uri(uri)
    if isinstance(value, Gs1Identifier):
        return _elements(value, "").bracketed
    try:
        _, text = split_urn(uri)
    except IdentifierError:
        return uri
    return text if any(one.value.uri == uri for one in read(text)) else uri


def _elements(value: Gs1Identifier, lot: str) -> ElementString:
    """Key, batch, then the rest."""
    named = [(ai, text) for ai, text in value.qualifiers if ai != "10"]
    batch = lot or dict(value.qualifiers).get("10", "")
    return ElementString.of((value.ai, value.value), *([("10", batch)] if batch else []), *named)


def modules_of(text: str, carrier: Carrier, *, mask: int | None = None) -> Modules:
    """The symbol of a text, without quiet zones.

    Args:
        text: As `text_of` gives it.
        carrier: How it is carried.
        mask: Of a QR Code which of the eight patterns evens it out; None seeks the best, which takes
            seven times as long.

    Returns:
        Rows of modules; one row for a bar code.

    Raises:
        CodingError: if the symbology can not hold the text.
    """
    how: dict[str, object] = {"gs1": carrier in _GS1, "force_square": True}
    if carrier in {Carrier.QR, Carrier.GS1_QR}:
        how["ec_level"] = "M"
        if mask is not None:
            how["data_mask"] = mask
    try:
        made = zxingcpp.create_barcode(text, _FORMATS[carrier], **how)
    except ValueError as error:
        expected = f"a text that fits into {carrier}"
        raise CodingError(fault(Fault.LABEL, expected=expected, got=text, path=carrier)) from error
    dark: Modules = np.asarray(made.to_image(scale=1, add_quiet_zones=False)) == 0
    return dark[:1] if carrier is Carrier.GS1_128 else dark


def mask_of(modules: Modules, carrier: Carrier) -> int | None:
    """Which pattern evens out a symbol.

    Args:
        modules: The symbol.
        carrier: How the code is carried.

    Returns:
        Number of the pattern, 0 to 7; None for what is no QR Code.

    References:
        ISO/IEC 18004:2015, section 7.8.3; ISO/IEC 18004:2015, section 7.9.1
    """
    if carrier not in {Carrier.QR, Carrier.GS1_QR}:
        return None
    first, second, third = (int(dark) for dark in modules[8, 2:5])
    return (first << 2 | second << 1 | third) ^ FORMAT_MASK

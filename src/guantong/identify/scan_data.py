r"""What did the scanner read: element strings, a plain number, or free text?

Scanners put three characters before the data, the symbology identifier, which say so.

>>> Scan.parse("]Q3010690123456789210LOT7").message.bracketed
'(01)06901234567892(10)LOT7'
>>> Scan.parse("]E06901234567892").message.bracketed
'(01)06901234567892'
>>> Scan.parse("]Q1https://example.com/").data
'https://example.com/'

References:
    GS1 General Specifications, section 5.2 (symbology identifiers).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from guantong.errors import fault
from guantong.identify.check_digits import check_digit
from guantong.identify.element_string import FNC1, ElementString
from guantong.identify.gs1_keys import Gtin
from guantong.identify.model import Fault, IdentifierError


class Symbol(StrEnum):
    """The carriers GS1 uses."""

    QR = "qr"
    DATA_MATRIX = "data_matrix"
    DOT_CODE = "dot_code"
    DATABAR_EXPANDED = "databar_expanded"
    GS1_128 = "gs1_128"
    EAN_13 = "ean_13"
    """A UPC-A or UPC-E comes as one, with zeros in front."""
    EAN_8 = "ean_8"


_GS1 = {
    "]Q3": Symbol.QR,
    "]d2": Symbol.DATA_MATRIX,
    "]J1": Symbol.DOT_CODE,
    "]e0": Symbol.DATABAR_EXPANDED,
    "]C1": Symbol.GS1_128,
}
_PLAIN = {"]Q1": Symbol.QR, "]d1": Symbol.DATA_MATRIX, "]J0": Symbol.DOT_CODE}
_NUMBER = {"]E0": Symbol.EAN_13, "]E4": Symbol.EAN_8}

_DIGITS = {Symbol.EAN_13: 13, Symbol.EAN_8: 8}
_COMPOSITE = "|]e0"
"""What stands between a retail bar code and the composite part printed above it."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The data of one carrier."""

    symbol: Symbol
    """Which carrier."""
    data: str
    """Without symbology identifier; a retail bar code as its 8 or 13 digits."""
    composite: str = ""
    """Element strings of a composite part; "" when there is none."""
    message: ElementString | None = None
    """What the element strings say, the number of a retail bar code included; None for text."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a scanner passes on.

        Returns:
            The data, element strings already read.

        Raises:
            IdentifierError: if the symbology identifier is unknown or the data breaks the rules
                of its carrier.
        """
        mark, data = text[:3], text[3:]
        if mark in _PLAIN:
            return cls(_PLAIN[mark], data)
        if mark in _GS1:
            return cls(_GS1[mark], data, "", ElementString.parse(data))
        if mark in _NUMBER:
            number, _, composite = data.partition(_COMPOSITE)
            return cls.of_number(_NUMBER[mark], number, composite=composite)
        raise IdentifierError(
            fault(Fault.UNKNOWN, expected="a symbology identifier of GS1", got=mark)
        )

    @classmethod
    def of_elements(cls, symbol: Symbol, data: str, *, composite: str = "") -> Self:
        """Element strings in a carrier, a composite part joined as scanners do.

        Returns:
            The scan; a composite part makes it a GS1 DataBar Expanded.

        Raises:
            IdentifierError: if `symbol` holds none or the data breaks its rules.
        """
        if composite:
            return cls.of_elements(Symbol.DATABAR_EXPANDED, f"{data}{FNC1}{composite}")
        if symbol not in _GS1.values():
            raise IdentifierError(
                fault(Fault.COMPONENT, expected="a carrier of element strings", got=symbol)
            )
        return cls(symbol, data, "", ElementString.parse(data))

    @classmethod
    def of_text(cls, symbol: Symbol, data: str) -> Self:
        """Free text in a carrier.

        Returns:
            The scan.

        Raises:
            IdentifierError: if `symbol` holds no free text.
        """
        if symbol not in _PLAIN.values():
            raise IdentifierError(
                fault(Fault.COMPONENT, expected="a carrier of free text", got=symbol)
            )
        return cls(symbol, data)

    @classmethod
    def of_number(
        cls, symbol: Symbol, digits: str, *, composite: str = "", add_check: bool = False
    ) -> Self:
        """A retail bar code; `add_check` completes a number without its check digit.

        Returns:
            The scan.

        Raises:
            IdentifierError: if length, characters or check digit are wrong.
        """
        if symbol not in _DIGITS:
            raise IdentifierError(fault(Fault.COMPONENT, expected="a retail bar code", got=symbol))
        width = _DIGITS[symbol]
        wanted = width - add_check
        if len(digits) != wanted or not (digits.isascii() and digits.isdigit()):
            raise IdentifierError(fault(Fault.LENGTH, expected=f"{wanted} digits", got=digits))
        number = digits + check_digit(digits) if add_check else digits
        elements = (("01", Gtin.parse(number).value),)
        more = ElementString.parse(composite).elements if composite else ()
        return cls(symbol, number, composite, ElementString((*elements, *more)))

    @property
    def text(self) -> str:
        """What a scanner passes on."""
        if self.symbol in _DIGITS:
            tail = f"{_COMPOSITE}{self.composite}" if self.composite else ""
            return f"{_mark(_NUMBER, self.symbol)}{self.data}{tail}"
        return f"{_mark(_GS1 if self.message else _PLAIN, self.symbol)}{self.data}"


def _mark(marks: dict[str, Symbol], symbol: Symbol) -> str:
    """The symbology identifier of a carrier."""
    return next(mark for mark, one in marks.items() if one is symbol)

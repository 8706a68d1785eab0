"""Which GS1 key stands behind an EPC URN, and how is a key written as one?

An EPC URN shows where the company prefix ends and leaves the check digit out; a Digital Link
does the opposite. Going from URN to key needs nothing; coming back needs the prefix length.

>>> parse_urn("urn:epc:id:sgtin:4012345.098765.12").uri
'https://id.gs1.org/01/04012345987652/21/12'
>>> build_urn(Gs1Identifier.of("01", "04012345987652", ("21", "12")), prefix_length=7)
'urn:epc:id:sgtin:4012345.098765.12'
>>> build_urn(Gs1Identifier.of("01", "06901234567892"))
'urn:epc:idpat:sgtin:6901234.056789.*'

References:
    TDS 2.0, section 6 (EPC URI), section 8 (idpat) and section 7 (class URI for lots).
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from guantong.errors import fault
from guantong.identify.check_digits import check_digit
from guantong.identify.company_prefix import prefix_length as prefix_length_of
from guantong.identify.gs1_keys import Gs1Identifier
from guantong.identify.model import Fault, IdentifierError, Kind, Scheme

PREFIX = "urn:epc:"
"""What every EPC URN starts with."""

_BARE = "!'()*+,-.:;=_"
"""Characters an EPC URN leaves bare; ``" % & / < > ? #`` are percent-coded."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one EPC scheme spells one GS1 key."""

    scheme: str
    """The word in the URN, such as ``sgtin``."""
    ai: str
    """Application identifier of the key."""
    digits: int
    """Digits of company prefix and reference together; 0 when the reference is free text."""
    leading: bool = False
    """Whether the first digit of the reference (indicator, extension) leads the key."""
    serial: str = ""
    """Qualifier that carries the last field; ``+`` when it is appended to the key; "" for none."""

    @property
    def fields(self) -> int:
        """How many fields the body has."""
        return 5 if self.scheme == "itip" else 3 if self.serial else 2

    @property
    def word(self) -> str:
        """``class`` for lots, ``id`` for all others."""
        return "class" if self.scheme == "lgtin" else "id"


LAYOUTS: dict[str, Layout] = {
    layout.scheme: layout
    for layout in (
        Layout("sgtin", "01", 13, leading=True, serial="21"),
        Layout("lgtin", "01", 13, leading=True, serial="10"),
        Layout("upui", "01", 13, leading=True, serial="235"),
        Layout("itip", "8006", 13, leading=True, serial="21"),
        Layout("sscc", "00", 17, leading=True),
        Layout("sgln", "414", 12, serial="254"),
        Layout("pgln", "417", 12),
        Layout("grai", "8003", 12, serial="+"),
        Layout("gdti", "253", 12, serial="+"),
        Layout("sgcn", "255", 12, serial="+"),
        Layout("gsrn", "8018", 17),
        Layout("gsrnp", "8017", 17),
        Layout("gsin", "402", 16),
        Layout("giai", "8004", 0),
        Layout("ginc", "401", 0),
        Layout("cpi", "8010", 0, serial="8011"),
    )
}
"""Every EPC scheme that spells a GS1 key."""

_CLASS_PATTERNS = ("sgtin", "itip", "upui", "grai", "gdti", "sgcn", "cpi")


@dataclass(frozen=True, slots=True)
class EpcPattern:
    """A pattern wider than one class, such as all items of one company."""

    uri: str
    """As written."""

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.GS1`."""
        return Scheme.GS1

    @property
    def kind(self) -> Kind:
        """Always `Kind.PATTERN`."""
        return Kind.PATTERN

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""


def layout_of(text: str) -> Layout | None:
    """The layout an EPC URN announces; None when it is no URN of a GS1 key."""
    if text[: len(PREFIX)].lower() != PREFIX:
        return None
    word, _, rest = text[len(PREFIX) :].partition(":")
    scheme, colon, _ = rest.partition(":")
    layout = LAYOUTS.get(scheme)
    if not colon or layout is None:
        return None
    return layout if word in {layout.word, "idpat"} else None


def parse_urn(text: str) -> Gs1Identifier | EpcPattern:
    """Read an EPC URN: a pure identity, a lot class, or a pattern.

    A pattern over the serials of one class is read as that class.

    Returns:
        The key it spells, with its check digit computed; an `EpcPattern` when it spells none.

    Raises:
        IdentifierError: if it is no EPC URN of a GS1 key or a field is malformed.
    """
    layout = layout_of(text)
    if layout is None:
        raise IdentifierError(fault(Fault.UNKNOWN, expected="an EPC URN of a GS1 key", got=text))
    word, _, body = text[len(PREFIX) :].split(":", 2)
    fields = body.split(".", layout.fields - 1)
    if len(fields) != layout.fields:
        raise IdentifierError(
            fault(Fault.FORMAT, expected=f"{layout.fields} fields in {layout.scheme}", got=text)
        )
    if word == "idpat" and "*" in fields:
        return _pattern(layout, fields, text)
    return _identity(layout, fields, text)


def _pattern(layout: Layout, fields: list[str], text: str) -> Gs1Identifier | EpcPattern:
    """Read fields of which some are stars; stars may only stand at the end."""
    stars = fields[fields.index("*") :]
    if set(stars) != {"*"}:
        raise IdentifierError(fault(Fault.FORMAT, expected="stars at the end only", got=text))
    if len(stars) == 1 and layout.scheme in _CLASS_PATTERNS:
        return Gs1Identifier.of(layout.ai, _key_value(layout, fields, text))
    if fields[0] != "*":
        _check_company(fields[0], text)
    return EpcPattern(text)


def _identity(layout: Layout, fields: list[str], text: str) -> Gs1Identifier:
    """Read fields without stars."""
    value = _key_value(layout, fields, text)
    serial = unquote(fields[-1])
    if not layout.serial or (layout.scheme == "sgln" and serial == "0"):
        return Gs1Identifier.of(layout.ai, value)
    if not serial:
        raise IdentifierError(fault(Fault.FORMAT, expected="a serial in the last field", got=text))
    if layout.serial == "+":
        return Gs1Identifier.of(layout.ai, value + serial)
    return Gs1Identifier.of(layout.ai, value, (layout.serial, serial))


def _key_value(layout: Layout, fields: list[str], text: str) -> str:
    """The key that company prefix and reference spell, with its check digit."""
    company, reference = fields[0], fields[1]
    _check_company(company, text)
    if not layout.digits:
        if not reference:
            raise IdentifierError(fault(Fault.FORMAT, expected="a reference", got=text))
        return company + unquote(reference)
    digits = company + reference
    if len(digits) != layout.digits or not (digits.isascii() and digits.isdigit()):
        raise IdentifierError(
            fault(
                Fault.FORMAT,
                expected=f"{layout.digits} digits in company prefix and reference",
                got=text,
            )
        )
    body = reference[0] + company + reference[1:] if layout.leading else digits
    pieces = "".join(fields[2:4]) if layout.scheme == "itip" else ""
    zero = "0" if layout.scheme == "grai" else ""
    return zero + body + check_digit(body) + pieces


def _check_company(company: str, text: str) -> None:
    """Refuse a company prefix that is not 6 to 12 digits."""
    if not (6 <= len(company) <= 12 and company.isascii() and company.isdigit()):
        raise IdentifierError(
            fault(Fault.FORMAT, expected="a company prefix of 6 to 12 digits", got=text)
        )


def build_urn(identifier: Gs1Identifier, *, prefix_length: int | None = None) -> str:
    """Write a key as an EPC URN; a class without serial as its ``idpat``.

    Args:
        identifier: The key; a lot beside a serial and a variant are left out.
        prefix_length: Digits of the GS1 company prefix, 6 to 12; looked up when None.

    Returns:
        The URN.

    Raises:
        IdentifierError: if EPC has no spelling for it, the prefix does not fit, or its length
            was not given and our table does not know it.
    """
    layout, serial = _spelling(identifier)
    if prefix_length is None:
        prefix_length = _looked_up(layout, identifier.value)
    if not 6 <= prefix_length <= 12:
        raise IdentifierError(
            fault(Fault.COMPONENT, expected="a company prefix of 6 to 12 digits", got=prefix_length)
        )
    fields = _fields(layout, identifier.value, prefix_length)
    pattern = bool(layout.serial) and not serial
    if layout.serial:
        fields.append("*" if pattern else _escaped(serial))
    word = "idpat" if pattern else layout.word
    scheme = "sgtin" if pattern and layout.scheme == "lgtin" else layout.scheme
    return f"{PREFIX}{word}:{scheme}:{'.'.join(fields)}"


def _looked_up(layout: Layout, value: str) -> int:
    """Length of the company prefix that our table knows."""
    start = 1 if layout.leading or layout.scheme == "grai" else 0
    length = prefix_length_of(value[start:])
    if length is None:
        raise IdentifierError(
            fault(
                Fault.COMPONENT,
                expected="a number whose company prefix length is given or known",
                got=value,
            )
        )
    return length


def _spelling(identifier: Gs1Identifier) -> tuple[Layout, str]:
    """The layout that spells this key, and the serial it carries."""
    parts = dict(identifier.qualifiers)
    if identifier.ai == "01":
        scheme = "upui" if "235" in parts else "lgtin" if _is_lot(parts) else "sgtin"
        return LAYOUTS[scheme], parts.get(LAYOUTS[scheme].serial, "")
    layout = next((one for one in LAYOUTS.values() if one.ai == identifier.ai), None)
    if layout is None or (identifier.ai == "8006" and _is_lot(parts)):
        raise IdentifierError(
            fault(Fault.UNKNOWN, expected="a key with an EPC URN", got=identifier.uri)
        )
    if layout.scheme == "sgln":
        return layout, parts.get("254", "0")
    return layout, identifier.serial


def _is_lot(parts: dict[str, str]) -> bool:
    """Whether a lot is the finest level."""
    return "10" in parts and "21" not in parts


def _fields(layout: Layout, value: str, prefix_length: int) -> list[str]:
    """Company prefix, reference and piece numbers of a key value."""
    if not layout.digits:
        company, reference = value[:prefix_length], value[prefix_length:]
        if not company.isdigit() or not reference:
            raise IdentifierError(
                fault(
                    Fault.COMPONENT,
                    expected=f"{prefix_length} digits of company prefix and a reference",
                    got=value,
                )
            )
        return [company, _escaped(reference)]
    start = 1 if layout.scheme == "grai" else 0
    body = value[start : start + layout.digits]
    pieces = [value[14:16], value[16:18]] if layout.scheme == "itip" else []
    if layout.leading:
        return [body[1 : prefix_length + 1], body[0] + body[prefix_length + 1 :], *pieces]
    return [body[:prefix_length], body[prefix_length:], *pieces]


def _escaped(text: str) -> str:
    """A field as EPC URNs write it."""
    return text if text.isalnum() else quote(text, safe=_BARE)

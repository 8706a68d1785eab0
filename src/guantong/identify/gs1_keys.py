"""Which thing does a GS1 key name?

A GS1 identifier is one key (an application identifier such as 01) with its value, and the
qualifiers that narrow it down (lot, serial). All of them share one value type; ``Gtin``,
``Sscc`` and ``Gln`` are the three that people also write without any application identifier.

>>> Gs1Identifier.of("01", "6901234567892", ("21", "A/1")).uri
'https://id.gs1.org/01/06901234567892/21/A%2F1'
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from msgspec import Struct

from guantong.errors import fault
from guantong.identify.check_digits import check_digit, check_pair, is_checked
from guantong.identify.model import Fault, IdentifierError, Kind, Scheme

CANONICAL_HOST = "https://id.gs1.org"
"""Where the canonical Digital Link of every GS1 key lives."""

GTIN_LENGTH = 14
"""Digits of a GTIN wherever it is stored or compared."""

SAFE = "-._~';="
"""Characters left bare in canonical links; the rest of CSET 82 beyond letters and digits is
percent-coded with capital hex, as the CBV event hash writes them."""

_X = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
_Y = r"[#\-/0-9A-Z]"


@dataclass(frozen=True, slots=True)
class Key:
    """What the standard says of one key."""

    ai: str
    """Its application identifier."""
    name: str
    """Short name, as old Digital Links spell it."""
    kind: Kind
    """What it names when nothing narrows it down."""
    shape: re.Pattern[str]
    """Full match for a well-formed value."""
    expected: str
    """The shape in words."""
    checked: int
    """Length of the leading part that ends in a check digit; 0 when it has none."""
    stem: int
    """Length of the class part of the value; what follows is its serial; 0 when there is none."""
    qualifiers: tuple[str, ...]
    """Qualifiers in the only order they may stand."""


def _key(
    ai: str,
    name: str,
    kind: Kind,
    shape: str,
    expected: str,
    *,
    checked: int = 0,
    stem: int = 0,
    qualifiers: tuple[str, ...] = (),
) -> Key:
    """One line of the table below."""
    return Key(ai, name, kind, re.compile(shape), expected, checked, stem, qualifiers)


KEYS: dict[str, Key] = {
    key.ai: key
    for key in (
        _key("00", "sscc", Kind.ITEM, r"[0-9]{18}", "18 digits", checked=18),
        _key(
            "01",
            "gtin",
            Kind.CLASS,
            r"[0-9]{14}",
            "14 digits",
            checked=14,
            qualifiers=("22", "10", "21", "235"),
        ),
        _key(
            "253",
            "gdti",
            Kind.DOCUMENT,
            rf"[0-9]{{13}}{_X}{{0,17}}",
            "13 digits and a serial of at most 17 characters",
            checked=13,
            stem=13,
        ),
        _key(
            "255",
            "gcn",
            Kind.DOCUMENT,
            r"[0-9]{13,25}",
            "13 digits and a serial of at most 12",
            checked=13,
            stem=13,
        ),
        _key(
            "401",
            "ginc",
            Kind.OTHER,
            rf"[0-9]{{4}}{_X}{{0,26}}",
            "a company prefix and at most 30 characters in all",
        ),
        _key("402", "gsin", Kind.OTHER, r"[0-9]{17}", "17 digits", checked=17),
        _key(
            "414",
            "gln",
            Kind.PLACE,
            r"[0-9]{13}",
            "13 digits",
            checked=13,
            qualifiers=("254", "7040"),
        ),
        _key(
            "415",
            "payTo",
            Kind.PARTY,
            r"[0-9]{13}",
            "13 digits",
            checked=13,
            qualifiers=("8020",),
        ),
        _key(
            "417",
            "party",
            Kind.PARTY,
            r"[0-9]{13}",
            "13 digits",
            checked=13,
            qualifiers=("7040",),
        ),
        _key(
            "8003",
            "grai",
            Kind.CLASS,
            rf"0[0-9]{{13}}{_X}{{0,16}}",
            "0, 13 digits and a serial of at most 16 characters",
            checked=14,
            stem=14,
        ),
        _key(
            "8004",
            "giai",
            Kind.ITEM,
            rf"[0-9]{{4}}{_X}{{0,26}}",
            "a company prefix and at most 30 characters in all",
            qualifiers=("7040",),
        ),
        _key(
            "8006",
            "itip",
            Kind.CLASS,
            r"[0-9]{18}",
            "18 digits",
            checked=14,
            qualifiers=("22", "10", "21"),
        ),
        _key(
            "8010",
            "cpid",
            Kind.CLASS,
            rf"[0-9]{{4}}{_Y}{{0,26}}",
            "a company prefix and at most 30 characters in all",
            qualifiers=("8011",),
        ),
        _key(
            "8013",
            "gmn",
            Kind.CLASS,
            rf"[0-9]{{4}}{_X}{{2,21}}",
            "a company prefix and at most 25 characters in all",
        ),
        _key(
            "8017",
            "gsrnp",
            Kind.PARTY,
            r"[0-9]{18}",
            "18 digits",
            checked=18,
            qualifiers=("8019",),
        ),
        _key(
            "8018",
            "gsrn",
            Kind.PARTY,
            r"[0-9]{18}",
            "18 digits",
            checked=18,
            qualifiers=("8019",),
        ),
    )
}
"""Every GS1 key that a Digital Link may start with, by application identifier."""

QUALIFIERS: dict[str, tuple[re.Pattern[str], str]] = {
    "10": (re.compile(rf"{_X}{{1,20}}"), "1 to 20 characters of CSET 82"),
    "21": (re.compile(rf"{_X}{{1,20}}"), "1 to 20 characters of CSET 82"),
    "22": (re.compile(rf"{_X}{{1,20}}"), "1 to 20 characters of CSET 82"),
    "235": (re.compile(rf"{_X}{{1,28}}"), "1 to 28 characters of CSET 82"),
    "254": (re.compile(rf"{_X}{{1,20}}"), "1 to 20 characters of CSET 82"),
    "7040": (re.compile(r"[0-9][\-0-9A-Z_a-z]{3}"), "a digit and 3 characters of base64url"),
    "8011": (re.compile(r"0|[1-9][0-9]{0,11}"), "1 to 12 digits without a leading zero"),
    "8019": (re.compile(r"[0-9]{1,10}"), "1 to 10 digits"),
    "8020": (re.compile(rf"{_X}{{1,25}}"), "1 to 25 characters of CSET 82"),
}
"""Shape of each qualifier, and the same in words."""

_SERIALS = ("21", "235", "8011")
_IDENTIFYING = ("21", "235", "10", "254", "8011", "8019", "8020", "7040")


def check_value(ai: str, value: str) -> None:
    """Refuse a value that key `ai` cannot have.

    Args:
        ai: One of `KEYS`.
        value: The value, percent-decoded, a GTIN already padded to 14 digits.

    Raises:
        IdentifierError: if shape, check digit, check pair or piece count is wrong.
    """
    key = KEYS[ai]
    if not key.shape.fullmatch(value):
        if ai == "01":
            padded_gtin(value)  # says whether length or characters are wrong
        raise IdentifierError(fault(Fault.FORMAT, expected=f"{key.expected} in ({ai})", got=value))
    if key.checked and not is_checked(value[: key.checked]):
        body = value[: key.checked - 1]
        raise IdentifierError(
            fault(Fault.CHECK, expected=f"check digit {check_digit(body)} in ({ai})", got=value)
        )
    if key.checked == len(value):
        return
    if ai == "8006":
        _check_pieces(value[14:16], value[16:])
    if ai == "8013" and value[-2:] != check_pair(value[:-2]):
        raise IdentifierError(
            fault(Fault.CHECK, expected=f"check pair {check_pair(value[:-2])} in (8013)", got=value)
        )


def _check_pieces(piece: str, total: str) -> None:
    """Refuse piece 0, or a piece beyond the total."""
    if not "01" <= piece <= total:
        raise IdentifierError(
            fault(
                Fault.COMPONENT,
                expected="a piece number from 01 to the total",
                got=f"{piece}/{total}",
            )
        )


def check_qualifiers(ai: str, qualifiers: Iterable[tuple[str, str]]) -> None:
    """Refuse qualifiers that key `ai` does not take, or takes in another order.

    Args:
        ai: One of `KEYS`.
        qualifiers: Application identifier and value of each, as they stand.

    Raises:
        IdentifierError: if one does not belong, is out of order, or has a wrong shape.
    """
    allowed = KEYS[ai].qualifiers
    last = -1
    for name, value in qualifiers:
        rank = allowed.index(name) if name in allowed else -1
        # TPX (235) and the extension (254, 7040) are alternatives, not a continuation.
        alternative = last >= 0 and (name == "235" or (ai == "414" and name == "7040"))
        if rank <= last or alternative:
            order = ", ".join(allowed) or "no qualifier"
            raise IdentifierError(
                fault(Fault.ASSOCIATION, expected=f"{order} after ({ai})", got=f"AI {name}")
            )
        shape, expected = QUALIFIERS[name]
        if not shape.fullmatch(value):
            raise IdentifierError(
                fault(Fault.FORMAT, expected=f"{expected} in ({name})", got=value)
            )
        last = rank


class Gs1Identifier(Struct, frozen=True, gc=False):
    """A GS1 key with its qualifiers; holding one means every check digit was right."""

    ai: str
    """Application identifier of the key, such as ``01``."""
    value: str
    """Value of the key, percent-decoded; a GTIN has 14 digits."""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Application identifier and value of each qualifier, in the standard's order."""

    @classmethod
    def of(cls, ai: str, value: str, *qualifiers: tuple[str, str]) -> Self:
        """Check the parts and put them together; a short GTIN is padded.

        Returns:
            The identifier, qualifiers kept as given.

        Raises:
            IdentifierError: if the key is unknown or any part is wrong.
        """
        if ai == "01" and len(value) != GTIN_LENGTH:
            value = padded_gtin(value)
        elif ai not in KEYS:
            raise IdentifierError(fault(Fault.UNKNOWN, expected="a GS1 key", got=f"AI {ai}"))
        check_value(ai, value)
        if qualifiers:
            check_qualifiers(ai, qualifiers)
        return cls(ai, value, qualifiers)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.GS1`."""
        return Scheme.GS1

    @property
    def kind(self) -> Kind:
        """What it names, with its qualifiers taken into account."""
        names = {name for name, _ in self.qualifiers}
        if not names.isdisjoint(_SERIALS):
            return Kind.ITEM
        if "10" in names:
            return Kind.BATCH
        if "8020" in names:
            return Kind.DOCUMENT
        return Kind.ITEM if self.ai == "8003" and len(self.value) > 14 else KEYS[self.ai].kind

    @property
    def uri(self) -> str:
        """Canonical Digital Link at the finest level: no variant, no lot beside a serial.

        References:
            CBV 2.0, section 8.9 (event hash): constrained, canonical Digital Link.
        """
        narrowest = self._narrowest()
        tail = f"/{narrowest[0]}/{coded(narrowest[1])}" if narrowest else ""
        return f"{CANONICAL_HOST}/{self.ai}/{coded(self.value)}{tail}"

    @property
    def class_uri(self) -> str:
        """Canonical Digital Link of the product, asset or document class; "" when none."""
        key = KEYS[self.ai]
        if key.stem:
            return f"{CANONICAL_HOST}/{self.ai}/{self.value[: key.stem]}"
        return f"{CANONICAL_HOST}/{self.ai}/{coded(self.value)}" if key.kind is Kind.CLASS else ""

    @property
    def serial(self) -> str:
        """Serial number within the class; "" when it has none."""
        stem = KEYS[self.ai].stem
        if stem:
            return self.value[stem:]
        narrowest = self._narrowest()
        return narrowest[1] if narrowest and narrowest[0] in _SERIALS else ""

    @property
    def batch(self) -> str:
        """Canonical Digital Link of the lot, when one is named; "" otherwise."""
        lot = dict(self.qualifiers).get("10")
        return f"{CANONICAL_HOST}/{self.ai}/{self.value}/10/{coded(lot)}" if lot else ""

    def _narrowest(self) -> tuple[str, str] | None:
        """The one qualifier that counts for identity."""
        parts = dict(self.qualifiers)
        return next(((name, parts[name]) for name in _IDENTIFYING if name in parts), None)


def coded(value: str) -> str:
    """A value as it stands in a canonical link."""
    return value if value.isalnum() else quote(value, safe=SAFE)


def padded_gtin(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as 14 digits; the check digit is not looked at.

    Returns:
        14 digits.

    Raises:
        IdentifierError: if the length is none of these or a character is no digit.
    """
    if len(text) not in {8, 12, 13, GTIN_LENGTH}:
        raise IdentifierError(
            fault(Fault.LENGTH, expected="8, 12, 13 or 14 digits in a GTIN", got=text)
        )
    if not (text.isascii() and text.isdigit()):
        raise IdentifierError(fault(Fault.CHARACTER, expected="digits in a GTIN", got=text))
    return text.zfill(GTIN_LENGTH)


@dataclass(frozen=True, slots=True)
class _Bare:
    """A key people write on its own, without application identifier."""

    value: str
    """All digits, the check digit included."""

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.GS1`."""
        return Scheme.GS1

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""


@dataclass(frozen=True, slots=True)
class Gtin(_Bare):
    """A trade item number. `value` has 14 digits, whatever was printed."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a GTIN-8, -12, -13 or -14.

        Returns:
            The number, padded to 14 digits.

        Raises:
            IdentifierError: if length, characters or check digit are wrong.
        """
        return cls(Gs1Identifier.of("01", text).value)

    @property
    def kind(self) -> Kind:
        """Always `Kind.CLASS`."""
        return Kind.CLASS

    @property
    def uri(self) -> str:
        """Canonical Digital Link."""
        return f"{CANONICAL_HOST}/01/{self.value}"

    @property
    def class_uri(self) -> str:
        """Itself."""
        return self.uri

    def as_digits(self, length: int) -> str:
        """The same number in 8, 12, 13 or 14 digits.

        Returns:
            `length` digits.

        Raises:
            IdentifierError: if it does not fit.
        """
        head, tail = self.value[: 14 - length], self.value[14 - length :]
        if length not in {8, 12, 13, 14} or head.strip("0"):
            raise IdentifierError(
                fault(Fault.LENGTH, expected=f"a GTIN that fits {length} digits", got=self.value)
            )
        return tail


@dataclass(frozen=True, slots=True)
class Sscc(_Bare):
    """The number of one logistic unit, 18 digits."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 18 digits.

        Returns:
            The number.

        Raises:
            IdentifierError: if length, characters or check digit are wrong.
        """
        return cls(Gs1Identifier.of("00", text).value)

    @property
    def kind(self) -> Kind:
        """Always `Kind.ITEM`."""
        return Kind.ITEM

    @property
    def uri(self) -> str:
        """Canonical Digital Link."""
        return f"{CANONICAL_HOST}/00/{self.value}"

    @property
    def class_uri(self) -> str:
        """Always "": a logistic unit has no class."""
        return ""


@dataclass(frozen=True, slots=True)
class Gln(_Bare):
    """The number of a place, 13 digits. (As a party it is spelt with key 417.)"""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 13 digits.

        Returns:
            The number.

        Raises:
            IdentifierError: if length, characters or check digit are wrong.
        """
        return cls(Gs1Identifier.of("414", text).value)

    @property
    def kind(self) -> Kind:
        """Always `Kind.PLACE`."""
        return Kind.PLACE

    @property
    def uri(self) -> str:
        """Canonical Digital Link."""
        return f"{CANONICAL_HOST}/414/{self.value}"

    @property
    def class_uri(self) -> str:
        """Always "": a place has no class."""
        return ""

"""Which thing does an Ecode (物联网统一标识) name?

>>> code = Ecode.parse("https://www.iotroot.com/E=100640001234567")
>>> code.version, code.nsi, code.md
(1, '0064', '0001234567')
>>> code == Ecode.parse("1 0064 0001234567")
True

An Ecode is its version, the number of a numbering scheme (NSI) and the number within that
scheme (MD). No check digit is known. What an NSI stands for is data: see `Nsi`.

References:
    GB/T 31866-2023, structure of Ecode (V, NSI, MD)
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import TEXT_MAX, decoded, tidy, tight, urn

_ADDRESS = re.compile(r"https?://[^/?#]+[^#]*?[/?&]E=([^/?&#]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Nsi:
    """One numbering scheme."""

    version: int
    """Ecode version, 0 to 4."""
    nsi: str
    """Its number, as long as the version demands."""
    source: str
    """Where this is from."""
    scheme: str = ""
    """What it numbers; "" when not known."""
    md: str = ""
    """Pattern that the rest must match in full; groups ``class`` and ``serial`` if named."""
    kind: Kind = Kind.OTHER
    """What a code of it names."""

    @property
    def prefix(self) -> str:
        """Version and number, with which every code of it begins."""
        return f"{self.version}{self.nsi}"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one version is built."""

    nsi_length: int
    nsi_shape: re.Pattern[str]
    md_max: int
    md_shape: re.Pattern[str]
    characters: str


_DIGITS = re.compile("[0-9]*")
_HEX = re.compile("[0-9A-F]*")
_ALPHANUMERIC = re.compile("[0-9A-Za-z]*")
_ANY = re.compile(".*", re.DOTALL)

_LAYOUTS = {
    "0": _Layout(2, _HEX, 61, _HEX, "hexadecimal digits"),
    "1": _Layout(4, _DIGITS, 20, _DIGITS, "digits"),
    "2": _Layout(4, _DIGITS, 28, _DIGITS, "digits"),
    "3": _Layout(5, _DIGITS, 39, _ALPHANUMERIC, "letters and digits"),
    "4": _Layout(5, _DIGITS, TEXT_MAX, _ANY, "any characters"),
}
"""By version. V0 is binary, 4 + 8 + at most 244 bits: we write it as 1 + 2 + 61 hex digits."""


@dataclass(frozen=True, slots=True)
class Ecode:
    """An Ecode."""

    version: int
    """0 to 4."""
    nsi: str
    """Numbering scheme: 4 digits in V1 and V2, 5 in V3 and V4, 2 hex digits in V0."""
    md: str
    """The number within the scheme."""
    known: Nsi | None = field(default=None, compare=False)
    """What the table says of the scheme."""

    @classmethod
    def parse(cls, text: str, *, table: Mapping[str, Nsi] | None = None) -> Self:
        """Read an Ecode as printed, or the web address that carries one (``…/E=<code>``).

        Args:
            text: Blanks and dashes are ignored, except in V4 where any character counts.
            table: Numbering schemes by prefix; None for the ones that ship.

        Returns:
            The code; the same for all spellings.

        Raises:
            IdentifierError: if the version is not 0 to 4, a part is too short, too long or has
                a character the version does not take, or the MD does not match the pattern
                that `table` gives for the scheme.
        """
        body = _body(text)
        layout = _LAYOUTS.get(body[:1])
        if layout is None:
            raise IdentifierError(fault(Fault.COMPONENT, expected="version 0 to 4 first", got=body))
        nsi, md = body[1 : 1 + layout.nsi_length], body[1 + layout.nsi_length :]
        _check(layout, body, nsi, md)
        known = (known_nsi() if table is None else table).get(body[0] + nsi)
        if known and known.md and not re.fullmatch(known.md, md):
            raise IdentifierError(
                fault(Fault.COMPONENT, expected=f"{known.md} under NSI {known.prefix}", got=md)
            )
        return cls(int(body[0]), nsi, md, known)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.ECODE`."""
        return Scheme.ECODE

    @property
    def kind(self) -> Kind:
        """What the table says of the numbering scheme; `Kind.OTHER` when it says nothing."""
        return self.known.kind if self.known else Kind.OTHER

    @property
    def value(self) -> str:
        """The whole code, without blanks."""
        return f"{self.version}{self.nsi}{self.md}"

    @property
    def uri(self) -> str:
        """``urn:guantong:ecode:<code>``."""
        return urn(Scheme.ECODE, self.value)

    @property
    def class_uri(self) -> str:
        """The class part that the table's pattern names; "" when it names none."""
        part = self._group("class")
        return urn(Scheme.ECODE, f"{self.version}{self.nsi}{part}") if part else ""

    @property
    def serial(self) -> str:
        """The serial part that the table's pattern names; "" when it names none."""
        return self._group("serial")

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether its numbering scheme is known, and the reserve of V0."""
        if self.version == 0:
            return (Note("v0_reserved", "Version 0 is reserved for compatibility with GS1."),)
        if self.known is None:
            return (Note("nsi_unknown", f"Numbering scheme {self.nsi} is not in the table."),)
        return ()

    def _group(self, name: str) -> str:
        if self.known is None or not self.known.md:
            return ""
        found = re.fullmatch(self.known.md, self.md)
        return (found.groupdict().get(name) or "") if found else ""


def _body(text: str) -> str:
    """The code itself, out of an address or a printed line."""
    bare = text.strip()
    if address := _ADDRESS.match(bare):
        bare = decoded(address[1])
    head = tidy(bare)
    if head[:1] == "4":
        # In V4 every character may count, full-width ones too: tidy the head only.
        return head[:6] + bare[6:]
    code = tight(bare)
    return code.upper() if code[:1] == "0" else code


def _check(layout: _Layout, body: str, nsi: str, md: str) -> None:
    if not layout.nsi_shape.fullmatch(nsi):
        raise IdentifierError(
            fault(Fault.CHARACTER, expected=f"{layout.nsi_length} digits of NSI", got=body)
        )
    if len(nsi) < layout.nsi_length or not 1 <= len(md) <= layout.md_max:
        raise IdentifierError(
            fault(
                Fault.LENGTH,
                expected=f"{layout.nsi_length} of NSI, then 1 to {layout.md_max} of MD in V{body[0]}",
                got=f"{max(len(body) - 1 - layout.nsi_length, 0)} of MD in {body}",
            )
        )
    if not layout.md_shape.fullmatch(md):
        raise IdentifierError(
            fault(Fault.CHARACTER, expected=f"{layout.characters} in V{body[0]}", got=body)
        )


def nsi_table(toml: str) -> dict[str, Nsi]:
    """Numbering schemes out of a text in the form of ``data/ecode_nsi.toml``.

    Args:
        toml: The text.

    Returns:
        By prefix (version and NSI).

    Raises:
        IdentifierError: if it is no TOML; with the row in the path, if a row is malformed.
    """
    try:
        rows = tomllib.loads(toml).get("nsi", [])
    except tomllib.TOMLDecodeError as refusal:
        raise IdentifierError(fault(Fault.FORMAT, expected="TOML", got=refusal)) from refusal
    return {row.prefix: row for number, raw in enumerate(rows) for row in (_row(number, raw),)}


def _row(number: int, raw: dict[str, object]) -> Nsi:
    try:
        row = Nsi(**{**raw, "kind": Kind(str(raw.get("kind", Kind.OTHER)))})  # type: ignore[arg-type]
        re.compile(row.md)
    except (TypeError, ValueError, re.error) as refusal:
        raise IdentifierError(
            fault(Fault.FORMAT, expected="version, nsi, source", got=refusal, path=f"nsi[{number}]")
        ) from refusal
    layout = _LAYOUTS.get(str(row.version))
    if layout is None or len(row.nsi) != layout.nsi_length:
        raise IdentifierError(
            fault(
                Fault.COMPONENT,
                expected="an NSI of its version's length",
                got=raw,
                path=f"nsi[{number}]",
            )
        )
    return row


@cache
def known_nsi() -> Mapping[str, Nsi]:
    """The numbering schemes that ship with the package."""
    return nsi_table(
        files("guantong.identify").joinpath("data", "ecode_nsi.toml").read_text("utf-8")
    )

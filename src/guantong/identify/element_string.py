r"""What does a bar code with GS1 element strings say?

>>> message = ElementString.parse("]d20106901234567892" "10LOT7" "\x1d" "21SN0001")
>>> message.bracketed
'(01)06901234567892(10)LOT7(21)SN0001'
>>> message.identifier.uri
'https://id.gs1.org/01/06901234567892/21/SN0001'

References:
    GS1 General Specifications, section 7.8 (processing of element strings).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Self

from guantong.errors import Fault as Flaw
from guantong.errors import fault
from guantong.identify.application_identifiers import ApplicationIdentifier, find, table
from guantong.identify.gs1_keys import KEYS, Gs1Identifier
from guantong.identify.model import Fault, IdentifierError

FNC1 = "\x1d"
"""How scanners pass on the separator, and how it is stored here."""

SYMBOLOGIES = ("]C1", "]d2", "]Q3", "]e0", "]J1")
"""Symbology identifiers of carriers that hold element strings."""

_SERIALISED = {"253": 13, "255": 13, "8003": 14}
"""Keys that only a serial makes unique, and their length without one."""


@dataclass(frozen=True, slots=True)
class ElementString:
    """A message of element strings; every value has passed the rules of its identifier."""

    elements: tuple[tuple[str, str], ...]
    """Application identifier and value of each, in the order of the carrier."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a scanner passes on, or the bracketed form printed under a bar code.

        A symbology identifier in front and FNC1 around element strings are taken off. How
        identifiers may stand together is not looked at; see `associations`.

        Args:
            text: Such as ``]C10106901234567892`` or ``(01)06901234567892(10)A``.

        Returns:
            The message.

        Raises:
            IdentifierError: if an identifier is not assigned or a value breaks its rules.
        """
        if text[:3] in SYMBOLOGIES:
            text = text[3:]
        pieces = _bracketed(text) if text[:1] == "(" else _scanned(text.strip(FNC1))
        elements = tuple(pieces)
        if not elements:
            raise IdentifierError(fault(Fault.LENGTH, expected="an element string", got=text))
        return cls(elements)

    @classmethod
    def of(cls, *elements: tuple[str, str]) -> Self:
        """Check identifiers and values and put them together.

        Returns:
            The message, in the order given.

        Raises:
            IdentifierError: if an identifier is not assigned or a value breaks its rules.
        """
        for ai, value in elements:
            _assigned(ai).verify(value)
        return cls(elements)

    @property
    def bracketed(self) -> str:
        """As printed for people; an opening bracket inside a value is escaped by a backslash."""
        return "".join(f"({ai})" + value.replace("(", "\\(") for ai, value in self.elements)

    @property
    def scan_data(self) -> str:
        """As a scanner passes it on: FNC1 only between a value of open length and the next."""
        parts: list[str] = []
        for ai, value in self.elements:
            parts += [ai, value, "" if table()[ai].fixed else FNC1]
        return "".join(parts).removesuffix(FNC1)

    def fixed_first(self) -> Self:
        """The same elements, those of known length first; saves separators in a symbol."""
        fixed = table()
        return type(self)(tuple(sorted(self.elements, key=lambda one: not fixed[one[0]].fixed)))

    def value(self, ai: str) -> str:
        """The value of the first element with this identifier; "" when there is none."""
        return next((value for name, value in self.elements if name == ai), "")

    @property
    def identifier(self) -> Gs1Identifier | None:
        """The GS1 key this message names, with its qualifiers; None when it names none.

        When there are several keys, the first one in the carrier counts.
        """
        for ai, value in self.elements:
            if ai in KEYS:
                return self._with_qualifiers(ai, value)
        return None

    def _with_qualifiers(self, ai: str, value: str) -> Gs1Identifier:
        """Key `ai` with those qualifiers of one sequence that are in the message."""
        names = dict(reversed(self.elements))
        sequences = table()[ai].sequences or ((),)
        best = max(sequences, key=lambda sequence: sum(name in names for name in sequence))
        return Gs1Identifier.of(ai, value, *((one, names[one]) for one in best if one in names))

    def associations(self) -> tuple[Flaw, ...]:
        """What is wrong with the identifiers as a set; empty when nothing is.

        The rules hold for all carriers on one item together: of a single carrier, what is
        missing may stand on another.

        Returns:
            One flaw per broken rule.
        """
        names = list(dict.fromkeys(ai for ai, _ in self.elements))
        return (
            *self._repeats(),
            *(flaw for ai in names for flaw in _exclusions(table()[ai], names)),
            *(flaw for ai in names for flaw in _requirements(table()[ai], names)),
            *self._unserialised(),
        )

    def _repeats(self) -> Iterator[Flaw]:
        """Identifiers that stand there twice with different values."""
        first: dict[str, str] = {}
        for ai, value in self.elements:
            if first.setdefault(ai, value) != value:
                yield fault(
                    Fault.ASSOCIATION, expected=f"({ai}) with one value only", got=value, path=ai
                )

    def _unserialised(self) -> Iterator[Flaw]:
        """A signature over a key that does not name one thing."""
        if not self.value("8030"):
            return
        for ai, value in self.elements:
            if len(value) == _SERIALISED.get(ai):
                yield fault(
                    Fault.ASSOCIATION,
                    expected=f"a serial in ({ai}) beside (8030)",
                    got=value,
                    path=ai,
                )


def _scanned(text: str) -> Iterator[tuple[str, str]]:
    """Element strings as scanned, FNC1 after values of open length."""
    at = 0
    while at < len(text):
        entry = find(text[at : at + 4])
        start = at + len(entry.ai)
        stop = text.find(FNC1, start)
        stop = len(text) if stop < 0 else stop
        if entry.fixed:
            stop = min(stop, start + entry.length_max)
        value = text[start:stop]
        entry.verify(value)
        yield entry.ai, value
        at = stop
        while text[at : at + 1] == FNC1:
            at += 1


def _bracketed(text: str) -> Iterator[tuple[str, str]]:
    """Element strings as printed, identifiers in brackets."""
    position = 0
    while position < len(text):
        match = _ELEMENT.match(text, position)
        if match is None:
            raise IdentifierError(
                fault(Fault.FORMAT, expected="(identifier)value", got=text[position:])
            )
        value = match[2].replace("\\(", "(")
        _assigned(match[1]).verify(value)
        yield match[1], value
        position = match.end()


_ELEMENT = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\\(|\\)+)")


def _assigned(ai: str) -> ApplicationIdentifier:
    """The entry of an identifier that is written out."""
    entry = table().get(ai)
    if entry is None:
        raise IdentifierError(
            fault(Fault.UNKNOWN, expected="an assigned application identifier", got=ai)
        )
    return entry


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """``31nn`` as a pattern; bounded by the dictionary, which holds a few dozen."""
    return re.compile(text.replace("n", "[0-9]"))


def _stands(pattern: str, names: list[str], *, beside: str) -> bool:
    """Whether an identifier other than `beside` matches `pattern`."""
    if pattern.isdigit():
        return pattern in names and pattern != beside
    matches = _pattern(pattern).fullmatch
    return any(name != beside and matches(name) for name in names)


def _exclusions(entry: ApplicationIdentifier, names: list[str]) -> Iterator[Flaw]:
    """Identifiers that may not stand beside `entry`."""
    for pattern in entry.excludes:
        if _stands(pattern, names, beside=entry.ai):
            yield fault(
                Fault.ASSOCIATION,
                expected=f"({entry.ai}) without ({pattern})",
                got=" ".join(names),
                path=entry.ai,
            )


def _requirements(entry: ApplicationIdentifier, names: list[str]) -> Iterator[Flaw]:
    """Identifiers that must stand beside `entry` and do not."""
    for groups in entry.requires:
        if not any(all(_stands(one, names, beside=entry.ai) for one in group) for group in groups):
            wanted = " or ".join("+".join(group) for group in groups)
            yield fault(
                Fault.ASSOCIATION,
                expected=f"({entry.ai}) with {wanted}",
                got=" ".join(names),
                path=entry.ai,
            )

"""What does each GS1 application identifier hold?

The table is read once from ``data/gs1_ai.json``, which is generated from the GS1 Barcode
Syntax Dictionary; it says from which edition.

>>> find("0106901234567892").title
'GTIN'
>>> table()["17"].check("260230")
(<Fault.DATE: 'identify.date'>, 'a day of the calendar, YYMMDD')
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType

from guantong.errors import fault
from guantong.identify.coupon import couponcode, couponposoffer
from guantong.identify.linters import LINTERS, Lint, Problem, cset39, cset64, cset82, csetnumeric
from guantong.identify.model import Fault, IdentifierError

_COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?([0-9]+)\]?((?:,[a-z0-9]+)*)")

_SETS: dict[str, Lint] = {"N": csetnumeric, "X": cset82, "Y": cset39, "Z": cset64}

_ALL_LINTERS = {**LINTERS, "couponcode": couponcode, "couponposoffer": couponposoffer}


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a value."""

    low: int
    """Fewest characters."""
    high: int
    """Most characters."""
    optional: bool
    """Whether the value may end before it."""
    rules: tuple[Lint, ...]
    """Character set first, then what the dictionary adds."""

    def check(self, text: str) -> Problem | None:
        """What is wrong with this part; None when nothing is."""
        if not self.low <= len(text) <= self.high:
            width = str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
            return Fault.LENGTH, f"{width} characters"
        for rule in self.rules:
            problem = rule(text)
            if problem:
                return problem
        return None


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """One application identifier."""

    ai: str
    """Two to four digits."""
    title: str
    """Data title as printed beside a bar code."""
    fixed: bool
    """Whether its length is known beforehand, so that no FNC1 has to follow."""
    in_link: bool
    """Whether it may be an attribute of a Digital Link."""
    components: tuple[Component, ...]
    """Parts of its value, in order."""
    requires: tuple[tuple[tuple[str, ...], ...], ...]
    """Each entry is satisfied by one of its groups; a group is patterns that stand together."""
    excludes: tuple[str, ...]
    """Patterns of identifiers it may not stand with."""
    sequences: tuple[tuple[str, ...], ...]
    """Digital Link qualifiers, in order; alternatives. Empty unless it is a key."""
    is_key: bool
    """Whether a Digital Link may start with it."""

    @property
    def length_max(self) -> int:
        """Most characters of a value."""
        return sum(part.high for part in self.components)

    def check(self, value: str) -> Problem | None:
        """What is wrong with `value`; None when nothing is."""
        at = 0
        for part in self.components:
            if part.optional and at == len(value):
                return None
            problem = part.check(value[at : at + part.high])
            if problem:
                return problem
            at += part.high
        if at < len(value):
            return Fault.LENGTH, f"at most {self.length_max} characters"
        return None

    def verify(self, value: str) -> None:
        """Refuse a value it cannot have.

        Raises:
            IdentifierError: with the first problem found.
        """
        problem = self.check(value)
        if problem:
            code, expected = problem
            raise IdentifierError(fault(code, expected=f"{expected} in ({self.ai})", got=value))


@cache
def table() -> Mapping[str, ApplicationIdentifier]:
    """Every application identifier by its digits; ranges are spelt out."""
    path = resources.files("guantong.identify") / "data" / "gs1_ai.json"
    entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
    return MappingProxyType({one.ai: one for entry in entries for one in _spelt(*entry)})


@cache
def _widths() -> Mapping[str, int]:
    """How many digits an application identifier has, by its first two."""
    return MappingProxyType({ai[:2]: len(ai) for ai in table()})


def find(text: str) -> ApplicationIdentifier:
    """The application identifier at the start of `text`.

    Returns:
        Its entry; no two entries start alike.

    Raises:
        IdentifierError: if none is assigned.
    """
    width = _widths().get(text[:2], 0)
    entry = table().get(text[:width])
    if entry is None:
        got = text[: width or 4]
        raise IdentifierError(
            fault(Fault.UNKNOWN, expected="an assigned application identifier", got=got)
        )
    return entry


def read_date(yymmdd: str, *, near: dt.date) -> dt.date:
    """The day meant by six digits; day 00 is the last of its month.

    Args:
        yymmdd: A checked date.
        near: A day of our time: the century is chosen so that the year lies from 49 years
            before to 50 years after.

    Returns:
        The day.

    References:
        GS1 General Specifications, section 7.12.
    """
    century, year = divmod(near.year, 100)
    short = int(yymmdd[:2])
    if short - year >= 51:
        century -= 1
    elif short - year <= -50:
        century += 1
    first = dt.date(century * 100 + short, int(yymmdd[2:4]), 1)
    if yymmdd[4:] == "00":
        following = (first + dt.timedelta(days=31)).replace(day=1)
        return following - dt.timedelta(days=1)
    return first.replace(day=int(yymmdd[4:]))


def read_decimal(ai: str, value: str) -> Decimal:
    """The number in a measure or an amount; the last digit of `ai` counts its decimals.

    Args:
        ai: 31nn to 36nn, 390n, 392n, 394n or 395n; for 391n and 393n the three digits of the
            currency are left out of the number.
        value: A checked value.

    Returns:
        The number, in the unit that the title of `ai` names.
    """
    digits = value[3:] if ai[:3] in {"391", "393"} else value
    return Decimal(int(digits)).scaleb(-int(ai[-1]))


def _spelt(
    numbers: str, flags: str, parts: str, attributes: str, title: str
) -> Iterator[ApplicationIdentifier]:
    """The entries of one row, one per number of its range."""
    first, _, last = numbers.partition("-")
    components = tuple(_component(text) for text in parts.split())
    rules = [word.partition("=")[::2] for word in attributes.split()]
    sequences = next((text for name, text in rules if name == "dlpkey"), "")
    for number in range(int(first), int(last or first) + 1):
        yield ApplicationIdentifier(
            ai=str(number).zfill(len(first)),
            title=title,
            fixed="*" in flags,
            in_link="?" in flags,
            components=components,
            requires=tuple(_groups(text) for name, text in rules if name == "req"),
            excludes=tuple(one for name, text in rules if name == "ex" for one in text.split(",")),
            sequences=tuple(tuple(one.split(",")) for one in sequences.split("|") if one),
            is_key=any(name == "dlpkey" for name, _ in rules),
        )


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    """``01+21,02`` as (("01", "21"), ("02",))."""
    return tuple(tuple(group.split("+")) for group in text.split(","))


def _component(text: str) -> Component:
    """One component as the dictionary writes it, such as ``[N6],yymmdd``."""
    match = _COMPONENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    bracket, kind, dots, width, names = match.groups()
    rules = [_ALL_LINTERS[name] for name in names.split(",") if name]
    low = 1 if dots else int(width)
    return Component(low, int(width), bool(bracket), (_SETS[kind], *rules))

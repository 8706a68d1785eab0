"""Which GS1 identifier hides in a compressed Digital Link?

>>> expanded("https://id.gs1.org/ARHKVAdpQg")
'https://id.gs1.org/01/09780345418913'
>>> compressed("https://id.gs1.org/01/09780345418913")
'https://id.gs1.org/ARHKVAdpQg'

The last segment of the path is a string of bits in URL-safe base64: application identifiers in four bits a digit (or
a code for a usual sequence of them), and each value in as few bits as its format needs. What was
compressed only in part, and names that are no application identifiers, are not read.

References:
    GS1 Digital Link compression 1.0
"""

import math
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from guantong.errors import fault
from guantong.identify.application_identifiers import Component, table
from guantong.identify.linters import csetnumeric
from guantong.identify.model import Fault, IdentifierError

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SHAPE: Final = re.compile(r"(https?://[^/?#]+(?:/[^?#]*)?)/([0-9A-Za-z_-]{8,300})")
SEQUENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "0A": ("01", "22"), "0B": ("01", "10"), "0C": ("01", "21"), "0D": ("01", "17"),
    "0E": ("01", "7003"), "0F": ("01", "30"), "1A": ("01", "10", "21", "17"), "1B": ("01", "15"),
    "1C": ("01", "11"), "1D": ("01", "16"), "1E": ("01", "91"), "1F": ("01", "10", "15"),
    "9A": ("8010", "8011"), "9B": ("8017", "8019"), "9C": ("8018", "8019"), "9D": ("414", "254"),
    **{f"2{'ABCDEF'[at]}": ("01", f"310{at}") for at in range(6)},
    **{f"3{'ABCDEF'[at]}": ("01", f"320{at}") for at in range(6)},
    **{f"A{at}": ("01", f"392{at}") for at in range(10)},
    **{f"C{at}": ("255", f"390{at}") for at in range(10)},
    **{f"C{'ABCD'[at]}": ("255", f"394{at}") for at in range(4)},
}  # fmt: skip
"""Codes of usual sequences of application identifiers."""
PATH: Final = ("01", "8006", "8010", "8013", "8017", "8018", "414", "417", "00", "253", "255", "401", "402", "8003", "8004")  # fmt: skip
"""Keys: the first of these that is there begins the path."""
QUALIFIERS: Final = ("22", "10", "21", "235", "8011", "8019", "254", "7040")
HEX: Final = "0123456789abcdef"
DIGITS, LOWER, UPPER, BASE64, ASCII = range(5)
"""How a text is written: as a number, in hexadecimal digits, in base64, in seven bits a character."""


def expanded(text: str) -> str:
    """A web address with the compressed part of it written out.

    Args:
        text: Any address.

    Returns:
        The Digital Link; the text itself when nothing in it is compressed.
    """
    found = SHAPE.fullmatch(text)
    if found is None:
        return text
    try:
        pairs = _Reader(found[2]).pairs()
        for name, value in pairs:
            table()[name].verify(value)
    except (IdentifierError, KeyError, IndexError):
        return text
    return _link(found[1], pairs) or text


def compressed(link: str) -> str:
    """A Digital Link in its shortest form, without the codes for sequences.

    Args:
        link: Keys, qualifiers and attributes, as application identifiers.

    Returns:
        The compressed link.

    Raises:
        IdentifierError: if a name in it is no application identifier, or a value is wrong.
    """
    address, _, query = link.partition("?")
    head, *segments = re.split(r"(?<![:/])/", address)
    given = list(zip(segments[::2], segments[1::2], strict=False))
    given += [
        (name, value)
        for name, _, value in (part.partition("=") for part in query.split("&"))
        if name
    ]
    bits = ""
    for name, raw in given:
        entry, value = table().get(name), unquote(raw)
        if entry is None:
            raise IdentifierError(
                fault(Fault.UNKNOWN, expected="an application identifier", got=name)
            )
        entry.verify(value)
        bits += "".join(f"{int(digit):04b}" for digit in name) + _written(entry.components, value)
    bits += "0" * (-len(bits) % 6)
    return f"{head}/{''.join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))}"


def _link(stem: str, pairs: list[tuple[str, str]]) -> str:
    """The pairs as a link: key and qualifiers in the path, the rest in the query; "" without a key."""
    values = dict(pairs)
    key = next((name for name in PATH if name in values), "")
    if not key or len(values) != len(pairs):
        return ""
    inner = [key, *(name for name in QUALIFIERS if name in values and name != key)]
    path = "".join(f"/{name}/{quote(values[name], safe='')}" for name in inner)
    rest = [(name, value) for name, value in pairs if name not in inner]
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in rest)
    return f"{stem}{path}" + (f"?{query}" if query else "")


class _Reader:
    """Reads a string of bits from its beginning."""

    def __init__(self, text: str) -> None:
        self._bits = "".join(f"{ALPHABET.index(char):06b}" for char in text)
        self._at = 0

    def pairs(self) -> list[tuple[str, str]]:
        """Application identifiers and values. Raises IdentifierError when they are none."""
        found: list[tuple[str, str]] = []
        while len(self._bits) - self._at > 8:
            for name in self._names():
                found.append((name, "".join(map(self._value, table()[name].components))))
        if int(self._bits[self._at :] or "0", 2):
            raise _unread()
        return found

    def _take(self, count: int) -> int:
        if self._at + count > len(self._bits):
            raise _unread()
        taken = self._bits[self._at : self._at + count]
        self._at += count
        return int(taken, 2) if taken else 0

    def _names(self) -> tuple[str, ...]:
        code = f"{self._take(4):X}{self._take(4):X}"
        if not code.isdecimal():
            if code not in SEQUENCES:
                raise _unread()
            return SEQUENCES[code]
        while code not in table():
            if len(code) == 4:
                raise _unread()
            code += str(self._take(4))
        return (code,)

    def _value(self, part: Component) -> str:
        if _is_number(part):
            length = part.high if _is_fixed(part) else self._take(_length_bits(part.high))
            return self._number(length)
        how = self._take(3)
        length = part.high if _is_fixed(part) else self._take(_length_bits(part.high))
        match how:
            case 0:
                return self._number(length)
            case 1:
                return "".join(HEX[self._take(4)] for _ in range(length))
            case 2:
                return "".join(HEX[self._take(4)].upper() for _ in range(length))
            case 3:
                return "".join(ALPHABET[self._take(6)] for _ in range(length))
            case 4:
                return "".join(chr(self._take(7)) for _ in range(length))
            case _:
                raise _unread()

    def _number(self, length: int) -> str:
        number = self._take(_number_bits(length)) if length else 0
        text = f"{number:0{length}d}" if length else ""
        if len(text) > length:
            raise _unread()
        return text


def _written(components: tuple[Component, ...], value: str) -> str:
    """A value, part by part, in as few bits as each needs."""
    bits = ""
    for part in components:
        own, value = value[: part.high], value[part.high :]
        if _is_number(part):
            bits += "" if _is_fixed(part) else f"{len(own):0{_length_bits(part.high)}b}"
            bits += f"{int(own or '0'):0{_number_bits(len(own))}b}" if own else ""
            continue
        how, written = _as_text(own)
        length = "" if _is_fixed(part) else f"{len(own):0{_length_bits(part.high)}b}"
        bits += f"{how:03b}{length}{written}"
    return bits


def _as_text(text: str) -> tuple[int, str]:
    """How a text is written shortest, and so written."""
    if text and text.isdecimal():
        return DIGITS, f"{int(text):0{_number_bits(len(text))}b}"
    for how, alphabet in ((LOWER, HEX), (UPPER, HEX.upper())):
        if text and all(char in alphabet for char in text):
            return how, "".join(f"{alphabet.index(char):04b}" for char in text)
    if all(char in ALPHABET for char in text):
        return BASE64, "".join(f"{ALPHABET.index(char):06b}" for char in text)
    return ASCII, "".join(f"{ord(char):07b}" for char in text)


def _is_number(part: Component) -> bool:
    return part.rules[0] is csetnumeric


def _is_fixed(part: Component) -> bool:
    return part.low == part.high and not part.optional


def _number_bits(length: int) -> int:
    return math.ceil(length * math.log2(10) + 0.01)


def _length_bits(most: int) -> int:
    return math.ceil(math.log2(most) + 0.01)


def _unread() -> IdentifierError:
    return IdentifierError(fault(Fault.FORMAT, expected="a compressed link", got="another text"))

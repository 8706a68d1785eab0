"""How does the text run on, without the line breaks, spaces and wide letters of its layout?

Figures are looked for in the running text; every character of it knows where it came from.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from guantong.bulletin.model import Span

_WIDE: Final = {0xFF10 + i: 0x30 + i for i in range(10)} | {
    wide: ord(narrow)
    for wide, narrow in {
        0xFF05: "%", 0xFE6A: "%", 0xFF0E: ".", 0xFF1A: ":", 0xFF0D: "-", 0x2212: "-", 0xFF08: "(",
        0xFF09: ")", 0x2014: "-", 0x2013: "-", 0xFF5E: "~", 0x301C: "~", 0x2015: "-",
        0xFF0B: "+", 0xFF0F: "/",
    }.items()
}  # fmt: skip
_LATIN: Final = {0xFF21 + i: 0x41 + i for i in range(26)} | {
    0xFF41 + i: 0x61 + i for i in range(26)
}
_TABLE: Final = _WIDE | _LATIN
_BLANK: Final = " \t\r\u00a0\u3000\u200b\ufeff\u2002\u2003"
_ENDS: Final = "。！？；:：!?;"
_LINE: Final = re.compile(r"[^\n\f\v\x85\u2028]+")
_URL: Final = re.compile(r"(?:https?://|www\.)[!-~]+")
_LIST: Final = re.compile(
    r"\s*(?:[#>*+|•·-]|\d+[.、)]|[一二三四五六七八九十]+、|[((][一二三四五六七八九十\d]+[))])"
)
_WRAP_MIN: Final = 30
"""Columns (a Chinese character has two) below which nobody wraps lines."""
_WRAP_MAX: Final = 130
_FULL: Final = 0.84
"""Share of the usual width from which a line counts as full."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Running text: one line per paragraph, no layout."""

    text: str
    origin: tuple[int, ...]
    """For each character, its offset in the source."""

    def span(self, start: int, end: int) -> Span:
        """Where a piece stands in the source."""
        return Span(self.origin[start], self.origin[end - 1] + 1) if end > start else Span(0, 0)


def flow(source: str) -> Flow:
    """Run `source` on: wrapped lines joined, wide digits narrow, layout blanks dropped."""
    chars: list[str] = []
    origin: list[int] = []
    lines = _lines(source)
    usual = _usual_width(source, lines)
    # Where most lines end without a blank, one that has it ends its paragraph.
    blank_ends = 2 * sum(source[end - 1] in _BLANK for _, end in lines) < len(lines)
    before: tuple[int, int] | None = None
    for start, end in lines:
        if before and not _wraps(source, before, (start, end), usual, blank_ends=blank_ends):
            chars.append("\n")
            origin.append(before[1])
        for at in range(start, end):
            chars.append(chr(_TABLE.get(ord(source[at]), ord(source[at]))))
            origin.append(at)
        before = (start, end)
    _narrow_commas(source, chars, origin)
    return _without_blanks(chars, origin)


def addresses(source: str) -> list[Span]:
    """Lines that are nothing but an address; the running text goes on over them."""
    found = []
    for match in _LINE.finditer(source):
        if _URL.fullmatch(match.group().strip(_BLANK)):
            found.append(Span(*match.span()))
    return found


def _lines(source: str) -> list[tuple[int, int]]:
    """Start and end of each line with text. Lone addresses are page furniture: passed over."""
    found = []
    for match in _LINE.finditer(source):
        line = match.group()
        if line.strip(_BLANK) and not _URL.fullmatch(line.strip(_BLANK)):
            found.append(match.span())
    return found


def _width(line: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in line.strip(_BLANK))


def _usual_width(source: str, lines: list[tuple[int, int]]) -> int:
    """Width to which lines are filled; 0 when the text is not wrapped."""
    widths = sorted(_width(source[start:end]) for start, end in lines)
    usual = widths[int(len(widths) * 0.8)] if len(widths) > 1 else 0
    return usual if _WRAP_MIN <= usual <= _WRAP_MAX else 0


def _wraps(
    source: str, line: tuple[int, int], after: tuple[int, int], usual: int, *, blank_ends: bool
) -> bool:
    """Whether `line` runs on in the line `after` it."""
    text = source[slice(*line)].rstrip(_BLANK)
    if blank_ends and source[line[1] - 1] in _BLANK:
        return False
    if not usual or text[-1] in _ENDS or _LIST.match(source[slice(*after)]):
        return False
    return usual * _FULL <= _width(text)


def _narrow_commas(source: str, chars: list[str], origin: list[int]) -> None:
    """A wide comma between wide digits groups thousands."""
    for index in range(1, len(chars) - 1):
        if chars[index] == "，":
            left, right = source[origin[index - 1]], source[origin[index + 1]]
            if "０" <= left <= "９" and "０" <= right <= "９":
                chars[index] = ","


def _without_blanks(chars: list[str], origin: list[int]) -> Flow:
    text = "".join(chars)
    keep = [index for index, char in enumerate(text) if char not in _BLANK]
    out: list[str] = []
    place: list[int] = []
    for index, after in pairwise([*keep, len(text)]):
        out.append(text[index])
        place.append(origin[index])
        if after - index > 1 and after < len(text) and _apart(text[index], text[after]):
            out.append(" ")
            place.append(origin[index + 1])
    return Flow("".join(out), tuple(place))


def _apart(left: str, right: str) -> bool:
    """Blanks count only between Latin letters or digits."""
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()

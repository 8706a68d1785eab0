"""Where do the codes stand in many JSON lists? All lists of a document at once.

No text is made of a code: it stays where it is, and numpy says where it begins and ends. Only
lists that are nothing but texts, written the usual ways, are looked at like this; spaces and
escapes are taken out of the others first.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
"""One whole number a row."""
Listed: TypeAlias = msgspec.Raw | bytes
"""A list in JSON."""
Words: TypeAlias = NDArray[np.uint64]
"""Eight bytes a row, the first of them the lowest."""

WORD: Final = 8
"""Bytes that are looked at together."""
_PAD: Final = b"\n" * (3 * WORD)
"""Stands before all, so that what precedes a code can always be read."""
_QUOTE, _COMMA, _SPACE, _OPEN, _CLOSE, _NUL = (ord(mark) for mark in '", []\0')
_NEXT, _SPACED, _ELSEWHERE = 1, 2, 3
"""Bytes between two codes: ``,`` or ``, `` in a list, ``]␀[`` from one to another."""

_texts: Final = msgspec.json.Decoder(list[str]).decode
_encode: Final = msgspec.json.Encoder().encode


class Lines(NamedTuple):
    """Codes in one buffer: where each begins and ends."""

    raw: bytes
    text: NDArray[np.uint8]
    start: Ints
    end: Ints
    sizes: Ints
    """How many codes each list holds."""

    def at(self, rows: Ints) -> "Lines":
        """Only these codes; the sizes mean nothing then."""
        return self._replace(start=self.start[rows], end=self.end[rows])

    def spelled(self, row: int) -> str:
        """One code as it stands."""
        return self.raw[self.start[row] : self.end[row]].decode()

    def words(self, at: Ints) -> Words:
        """The eight bytes from each of these positions on."""
        whole = np.ndarray((len(self.raw) - WORD + 1,), "<u8", self.raw, strides=(1,))
        found: Words = whole[at]
        return found


def lines_of(lists: Sequence[Listed]) -> Lines | None:
    """The codes of some lists.

    Args:
        lists: Well-formed JSON in UTF-8, at least one.

    Returns:
        Their codes in order; None when one is not a list of texts, or holds nothing, or a code
        holds a quotation mark, a backslash or a control character.
    """
    found = _cut(lists)
    if found is not None:
        return found
    try:
        return _cut([_encode(_texts(one)) for one in lists])
    except msgspec.DecodeError:
        return None


def _cut(lists: Sequence[Listed]) -> Lines | None:
    """The same of lists that hold no space but one after a comma, and no backslash."""
    raw = b"".join((_PAD, b"\0".join(lists), b"\0"))
    if b"\\" in raw or raw[len(_PAD) : len(_PAD) + 2] != b'["' or raw[-3:] != b'"]\0':
        return None
    text = np.frombuffer(raw, np.uint8)
    marks = np.flatnonzero(text == _QUOTE)
    start, end = marks[::2] + 1, marks[1::2]
    after, between = end[:-1] + 1, start[1:] - end[:-1] - 2
    if not _are_usual(text, after, between):
        return None
    last = np.flatnonzero(between == _ELSEWHERE)
    sizes = np.diff(last, prepend=-1, append=len(start) - 1)
    return Lines(raw, text, start, end, sizes) if len(sizes) == len(lists) else None


def _are_usual(text: NDArray[np.uint8], after: Ints, between: Ints) -> bool:
    """Whether all codes stand apart in one of the usual ways."""
    if not len(after):
        return True
    first, second, third = text[after], text[after + 1], text[after + 2]
    inside = (first == _COMMA) & ((between == _NEXT) | ((between == _SPACED) & (second == _SPACE)))
    outside = (between == _ELSEWHERE) & (first == _CLOSE) & (second == _NUL) & (third == _OPEN)
    return bool((inside | outside).all())

"""Which items do many codes name? All codes of a document at once, as columns.

The same as `canonical` and then `split` of each code, but what precedes a serial is looked up
once for neighbours that share it, and plain decimal serials are read eight digits at a time by
numpy. A code of any other form goes the long way, alone.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guantong.capture.meaning import PLAIN
from guantong.capture.serials import DIGITS_MAX, ENDS, UNITS, WHOLE, split
from guantong.capture.table import Ints
from guantong.identify.canonical import TEXT_LENGTH_MAX, before_serial

_Flags = NDArray[np.bool_]
_Words = NDArray[np.uint64]

_LINE, _SLASH, _DOT, _ZERO, _URN = (ord(mark) for mark in "\n/.0u")
_WORD: Final = 8
_PAD: Final = b"\n" * _WORD
_ZEROS, _HIGH, _SIX = (np.uint64(byte * 0x0101_0101_0101_0101) for byte in (0x30, 0xF0, 0x06))
_PAIRS, _FOURS, _EIGHTS = (
    np.uint64(mask) for mask in (0x00FF_00FF_00FF_00FF, 0x0000_FFFF_0000_FFFF, 0xFFFF_FFFF)
)


class Coded(NamedTuple):
    """What each of some codes is."""

    head: Ints
    """Number of its class in `Heads`."""
    serial: Ints
    numbered: _Flags
    """Whether the code after it may be the next one of its class."""


class Heads:
    """Numbers the classes of one document, in no particular order."""

    def __init__(self, numbers: dict[tuple[str, int], int]) -> None:
        """Classes that are met get the next number in `numbers`."""
        self._numbers = numbers
        self._known: dict[bytes, tuple[str, int] | None] = {}

    def number(self, text: str, width: int) -> int:
        """The number of a class."""
        return self._numbers.setdefault((text, width), len(self._numbers))

    def before(self, written: bytes) -> tuple[str, int] | None:
        """The canonical spelling of what stands before a serial, and the serial's longest form.

        Args:
            written: As it stands in the document, with its separator.

        Returns:
            None where a plain number after it would not be a serial of its own.
        """
        if written not in self._known:
            self._known[written] = _before(written[:-1].decode())
        return self._known[written]


def _before(written: str) -> tuple[str, int] | None:
    known = before_serial(written) if written.startswith(PLAIN) else None
    return known if known and known[0].endswith(ENDS) and known[0] != UNITS else None


def coded(texts: Sequence[str], heads: Heads, canonical: Callable[[str], str]) -> Coded:
    """What many codes are.

    Args:
        texts: The codes as they stand in the document.
        heads: Where their classes are numbered.
        canonical: The one spelling of a code that is not plain.

    Returns:
        One row a code.
    """
    lines = _Lines.of(texts)
    count = len(texts)
    found = Coded(np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_))
    plain = np.zeros(count, np.bool_)
    if lines is not None:
        _take_plain(lines, heads, found, plain)
    for at in np.flatnonzero(~plain).tolist():
        head, width, serial = split(canonical(texts[at]))
        found.head[at] = heads.number(head, width)
        found.serial[at] = serial
        found.numbered[at] = width != WHOLE
    return found


class _Lines(NamedTuple):
    """Codes in one buffer: where each begins, where its serial begins, where it ends."""

    raw: bytes
    text: NDArray[np.uint8]
    start: Ints
    serial: Ints
    end: Ints

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Lines | None":
        """The codes; None when there are none or one holds a line break."""
        raw = b"".join((_PAD, "\n".join(texts).encode(), b"\n"))
        text = np.frombuffer(raw, np.uint8)[_WORD - 1 :]
        marks = np.flatnonzero((text == _SLASH) | (text == _DOT) | (text == _LINE))
        breaks = np.flatnonzero(text[marks] == _LINE)
        if not texts or len(breaks) != len(texts) + 1:
            return None
        at = marks + (_WORD - 1)
        return cls(raw, np.frombuffer(raw, np.uint8), *_bounds(at, breaks))

    def at(self, rows: Ints) -> "_Lines":
        """Only these codes."""
        return self._replace(start=self.start[rows], serial=self.serial[rows], end=self.end[rows])

    def words(self, at: Ints) -> _Words:
        """The eight bytes from each of these positions on."""
        whole = np.ndarray((len(self.raw) - _WORD + 1,), "<u8", self.raw, strides=(1,))
        found: _Words = whole[at]
        return found


def _bounds(marks: Ints, breaks: Ints) -> tuple[Ints, Ints, Ints]:
    """Beginning, beginning of the serial and end of each line."""
    return marks[breaks[:-1]] + 1, marks[breaks[1:] - 1] + 1, marks[breaks[1:]]


def _take_plain(lines: _Lines, heads: Heads, found: Coded, plain: _Flags) -> None:
    """Put what is plain into the columns, and say which rows that were."""
    rows = np.flatnonzero(_looks_plain(lines))
    if not len(rows):
        return
    lines = lines.at(rows)
    serial, digits = _numbers(lines)
    room, number = _classes(lines, heads)
    good = digits & (lines.end - lines.serial <= room)
    rows = rows[good]
    plain[rows] = True
    found.head[rows] = number[good]
    found.serial[rows] = serial[good]
    found.numbered[rows] = True


def _looks_plain(lines: _Lines) -> _Flags:
    """Whether a code has the form of a class and a short serial; the serial is not looked at."""
    start, serial, end = lines.start, lines.serial, lines.end
    mark = np.where(lines.text[start] == _URN, _DOT, _SLASH)
    fits: _Flags = (
        (serial - start > _WORD)
        & (end > serial)
        & (end - serial <= DIGITS_MAX)
        & (end - start <= TEXT_LENGTH_MAX)
        & (lines.text[serial - 1] == mark)
    )
    return fits


def _numbers(lines: _Lines) -> tuple[Ints, _Flags]:
    """The serials as numbers, and whether each is one."""
    length = (lines.end - lines.serial).astype(np.uint64)
    total = np.zeros(len(length), np.uint64)
    digits = np.ones(len(length), np.bool_)
    for part in range(-(-int(length.max()) // _WORD)):
        before = np.uint64(part * _WORD)
        size = np.minimum(np.maximum(length, before) - before, np.uint64(_WORD))
        empty = (np.uint64(_WORD) - size) * np.uint64(_WORD)
        word = lines.words(np.maximum(lines.end - (part + 1) * _WORD, 0))
        word = ((word >> empty) << empty) | (_ZEROS >> (np.uint64(64) - empty))
        digits &= ((word & _HIGH) == _ZEROS) & (((word + _SIX) & _HIGH) == _ZEROS)
        total += _value(word) * np.uint64(10 ** (part * _WORD))
    return total.astype(np.int64), digits


def _value(word: _Words) -> _Words:
    """The number that eight digits spell, the first of them in the lowest byte."""
    word = word - _ZEROS
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & _PAIRS
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & _FOURS
    return (word * np.uint64(10_000) + (word >> np.uint64(32))) & _EIGHTS


def _classes(lines: _Lines, heads: Heads) -> tuple[Ints, Ints]:
    """The longest serial and the number of each code's class."""
    length = lines.end - lines.serial
    padded = (lines.text[lines.serial] == _ZERO) & (length > 1)
    width = np.where(padded, length, 0)
    new = np.concatenate(([True], ~_same_before(lines) | (width[1:] != width[:-1])))
    first = np.flatnonzero(new)
    columns = (lines.start[first], lines.serial[first], width[first])
    rooms, numbers = [], []
    for start, serial, digits in zip(*(column.tolist() for column in columns), strict=True):
        known = heads.before(lines.raw[start:serial])
        rooms.append(known[1] if known else -1)
        numbers.append(heads.number(known[0], digits) if known else 0)
    sizes = np.diff(first, append=len(new))
    return np.repeat(np.array(rooms), sizes), np.repeat(np.array(numbers), sizes)


def _same_before(lines: _Lines) -> _Flags:
    """Whether what precedes the serial is the same as in the code before, from the second on."""
    size = lines.serial - lines.start
    same: _Flags = size[1:] == size[:-1]
    for part in range(0, int(size.max()), _WORD):
        word = lines.words(lines.start + np.minimum(part, size - _WORD))
        same &= word[1:] == word[:-1]
    return same

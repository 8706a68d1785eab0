"""Which items do many codes name? All codes of a document at once, as columns.

The same as `canonical` and then `split` of each code, but what precedes a serial is looked up
once for neighbours that share it, and plain decimal serials are read eight digits at a time by
numpy. A code of any other form goes the long way, alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guantong.capture.code_lines import WORD, Ints, Lines, Words
from guantong.capture.meaning import PLAIN
from guantong.capture.serials import DIGITS_MAX, ENDS, UNITS, WHOLE, split
from guantong.capture.table import Heads
from guantong.identify.canonical import TEXT_LENGTH_MAX, before_serial

_Flags = NDArray[np.bool_]

_SLASH, _DOT, _ZERO, _URN = (ord(mark) for mark in "/.0u")
_PARTS: Final = 3
"""Words that may hold a serial."""
_ZEROS, _HIGH, _SIX = (np.uint64(byte * 0x0101_0101_0101_0101) for byte in (0x30, 0xF0, 0x06))
_PAIRS, _FOURS, _EIGHTS = (
    np.uint64(mask) for mask in (0x00FF_00FF_00FF_00FF, 0x0000_FFFF_0000_FFFF, 0xFFFF_FFFF)
)
_BITS: Final = 64


class Coded(NamedTuple):
    """What each of some codes is."""

    head: Ints
    """Number of its class in `Classes`."""
    serial: Ints
    numbered: _Flags
    """Whether the code after it may be the next one of its class."""


class Classes:
    """Numbers the classes of one document, in no particular order."""

    def __init__(self, numbers: Heads) -> None:
        """Classes that are met get the next number in `numbers`."""
        self._numbers = numbers
        self._known: dict[bytes, tuple[str, int] | None] = {}

    def number(self, text: str, width: int) -> int:
        """The number of a class."""
        return self._numbers[text, width]

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

    def consecutive(
        self, texts: Sequence[str], canonical: Callable[[str], str]
    ) -> Iterator[tuple[int, int, int]]:
        """Number of the class, first serial and count of each run in a short list.

        Args:
            texts: Codes as they stand in the document.
            canonical: The one spelling of a code that is not plain.

        Yields:
            The runs, in order.
        """
        if len(texts) > 1 and (run := self._one_run(texts)):
            yield run
            return
        head, first, count = -1, 0, 0
        for number, serial, numbered in self._each(texts, canonical):
            if number == head and serial == first + count and numbered:
                count += 1
                continue
            if count:
                yield head, first, count
            head, first, count = number, serial, 1
        if count:
            yield head, first, count

    def _one_run(self, texts: Sequence[str]) -> tuple[int, int, int] | None:
        """The run that a list is, if it is one of plain serials: what most lists are."""
        start = texts[0]
        before, mark, digits = start.rpartition("." if start[:1] == "u" else "/")
        if not _is_plain(digits, DIGITS_MAX - 1):
            return None
        class_text, room = _plain_after(before)
        first, count = int(digits), len(texts)
        stem = before + mark
        if (
            len(texts[-1]) - len(stem) > room
            or [f"{stem}{serial}" for serial in range(first, first + count)] != texts
        ):
            return None
        return self.number(class_text, 0), first, count

    def _each(
        self, texts: Sequence[str], canonical: Callable[[str], str]
    ) -> Iterator[tuple[int, int, bool]]:
        """Number of the class and serial of each code, and whether it has a serial."""
        last, class_text, room, class_number = "", "", 0, -1
        for text in texts:
            before, _, digits = text.rpartition("." if text[:1] == "u" else "/")
            if before != last:
                last, class_number, (class_text, room) = before, -1, _plain_after(before)
            if _is_plain(digits, room):
                if class_number < 0:
                    class_number = self.number(class_text, 0)
                yield class_number, int(digits), True
            else:
                head, width, serial = split(canonical(text))
                yield self.number(head, width), serial, width != WHOLE


def _is_plain(digits: str, room: int) -> bool:
    """Whether these are a decimal number as we write it, of at most so many digits."""
    return (
        0 < len(digits) <= room
        and digits.isdecimal()
        and digits.isascii()
        and (digits[0] != "0" or digits == "0")
    )


def _plain_after(before: str) -> tuple[str, int]:
    """The class of plain serials after this, and the longest of them; 0 for none."""
    known = _before(before)
    if known is None or len(before) >= TEXT_LENGTH_MAX - DIGITS_MAX:
        return "", 0
    return known[0], min(known[1], DIGITS_MAX)


def _before(written: str) -> tuple[str, int] | None:
    known = before_serial(written) if written.startswith(PLAIN) else None
    return known if known and known[0].endswith(ENDS) and known[0] != UNITS else None


def coded(lines: Lines, heads: Classes, canonical: Callable[[str], str]) -> Coded:
    """What many codes are.

    Args:
        lines: The codes as they stand in the document.
        heads: Where their classes are numbered.
        canonical: The one spelling of a code that is not plain.

    Returns:
        One row a code.
    """
    count = len(lines.start)
    found = Coded(np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_))
    plain = np.zeros(count, np.bool_)
    _take_plain(lines, heads, found, plain)
    for at in np.flatnonzero(~plain).tolist():
        head, width, serial = split(canonical(lines.spelled(at)))
        found.head[at] = heads.number(head, width)
        found.serial[at] = serial
        found.numbered[at] = width != WHOLE
    return found


def _take_plain(lines: Lines, heads: Classes, found: Coded, plain: _Flags) -> None:
    """Put what is plain into the columns, and say which rows that were."""
    serial, digits = _numbers(lines)
    rows = np.flatnonzero(_look_plain(lines, digits))
    if not len(rows):
        return
    some = lines.at(rows)
    digits = digits[rows]
    room, number = _classes(some, digits, heads)
    good = digits <= room
    rows = rows[good]
    plain[rows] = True
    found.head[rows] = number[good]
    found.serial[rows] = serial[rows]
    found.numbered[rows] = True


def _look_plain(lines: Lines, digits: Ints) -> _Flags:
    """Whether a code has the form of a class and a short number."""
    start, end = lines.start, lines.end
    mark = np.where(lines.text[start] == _URN, _DOT, _SLASH)
    fits: _Flags = (
        (digits > 0)
        & (digits <= DIGITS_MAX)
        & (end - digits - start > WORD)
        & (end - start <= TEXT_LENGTH_MAX)
        & (lines.text[end - digits - 1] == mark)
    )
    return fits


def _numbers(lines: Lines) -> tuple[Ints, Ints]:
    """The number that each code ends with, and its digits; of more than `DIGITS_MAX`, no number."""
    total = np.zeros(len(lines.start), np.uint64)
    digits = np.zeros(len(lines.start), np.int64)
    for part in range(_PARTS):
        word = lines.words(lines.end - (part + 1) * WORD)
        size = np.where(digits == part * WORD, _digits(word), 0)
        empty = (WORD * WORD - size * WORD).astype(np.uint64)
        word = ((word >> empty) << empty) | (_ZEROS >> (np.uint64(_BITS) - empty))
        total += _value(word) * np.uint64(10 ** (part * WORD))
        digits += size
        if not (size == WORD).any():
            break
    return total.astype(np.int64), digits


def _digits(word: Words) -> Ints:
    """How many of the last of eight bytes are decimal digits."""
    other = ((word & _HIGH) ^ _ZEROS) | (((word + _SIX) & _HIGH) ^ _ZEROS)
    bits: Ints = np.frexp(other.astype(np.float64))[1].astype(np.int64)
    return (_BITS - bits) // WORD


def _value(word: Words) -> Words:
    """The number that eight digits spell, the first of them in the lowest byte."""
    word = word - _ZEROS
    word = (word * np.uint64(10) + (word >> np.uint64(8))) & _PAIRS
    word = (word * np.uint64(100) + (word >> np.uint64(16))) & _FOURS
    return (word * np.uint64(10_000) + (word >> np.uint64(32))) & _EIGHTS


def _classes(lines: Lines, digits: Ints, heads: Classes) -> tuple[Ints, Ints]:
    """The longest serial and the number of each code's class."""
    serial = lines.end - digits
    padded = (lines.text[serial] == _ZERO) & (digits > 1)
    width = np.where(padded, digits, 0)
    same = _same_before(lines, serial) & (width[1:] == width[:-1])
    first = np.concatenate(([0], np.flatnonzero(~same) + 1))
    columns = (lines.start[first], serial[first], width[first])
    rooms, numbers = [], []
    for begin, end, wide in zip(*(column.tolist() for column in columns), strict=True):
        known = heads.before(lines.raw[begin:end])
        rooms.append(known[1] if known else -1)
        numbers.append(heads.number(known[0], wide) if known else 0)
    sizes = np.diff(first, append=len(lines.start))
    return np.repeat(np.array(rooms), sizes), np.repeat(np.array(numbers), sizes)


def _same_before(lines: Lines, serial: Ints) -> _Flags:
    """Whether what precedes the serial is the same as in the code before, from the second on."""
    size = serial - lines.start
    same: _Flags = size[1:] == size[:-1]
    for part in range(0, int(size.max()), WORD):
        word = lines.words(lines.start + np.minimum(part, size - WORD))
        same &= word[1:] == word[:-1]
    return same

"""Which keys can not be in a run of hashes, without looking?

Nearly all keys that are asked for at intake are new, and a run that outgrows memory would have to
read and decode a page for each of them. A sieve is a Bloom filter in memory, in parts: one for
each page, filled when the page has been read for the first time, so that no answer waits for a
whole run. What is lost with the process is filled again in the same way.

>>> keys = np.arange(3)
>>> sieve = Sieve(pages=1, keys=3)
>>> sieve.fill(np.array([0]), np.array([0]), marks_of(keys))
>>> sieve.holds_back(np.zeros(2, np.int64), marks_of(np.array([1, 77]))).tolist()
[False, True]
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

BITS_A_KEY: Final = 20
"""One key in some 3,000 passes that is not there."""
BITS_A_TEXT: Final = 12
"""Of a sieve that is kept beside what it speaks of: one in some 100 passes that is not there."""
WORDS_MAX: Final = 1 << 24
"""Of a sieve, 128 MB: beyond 53 million keys it has fewer bits for each and lets more pass."""
_ODD: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)
_BITS: Final = (0, 6, 12, 18)
"""Where in a hash the numbers of four bits of a word are found."""


class Marks(NamedTuple):
    """Where keys leave their marks: two words each, four bits in either."""

    places: tuple[Words, Words]
    """Of the word, in 2³²nds of the words of a page."""
    masks: tuple[Words, Words]

    def at(self, chosen: Ints) -> "Marks":
        """Those of some of the keys."""
        (first, second), (one, other) = self.places, self.masks
        return Marks((first[chosen], second[chosen]), (one[chosen], other[chosen]))


def marks_of(keys: Ints) -> Marks:
    """The marks of some keys."""
    mixed = keys.astype(np.uint64)
    found: list[tuple[Words, Words]] = []
    for odd in _ODD:
        mixed = mixed * np.uint64(odd)
        mixed ^= mixed >> np.uint64(32)
        mask = np.zeros(len(keys), np.uint64)
        for bit in _BITS:
            mask |= np.uint64(1) << ((mixed >> np.uint64(bit)) & np.uint64(63))
        found.append((mixed >> np.uint64(32), mask))
    (first, one), (second, other) = found
    return Marks((first, second), (one, other))


class Sieve:
    """Of one run."""

    def __init__(self, *, pages: int, keys: int) -> None:
        """Nothing is held back yet.

        Args:
            pages: Of the run.
            keys: In all of them, about.
        """
        wanted = -(-keys * BITS_A_KEY // (64 * pages))
        self._size = max(1, min(wanted, WORDS_MAX // pages))
        self._words = np.zeros(pages * self._size, np.uint64)
        self._is_filled = np.zeros(pages, np.bool_)

    def fill(self, pages: Ints, page: Ints, marks: Marks) -> None:
        """Let the keys of some pages pass, and hold back all others that belong there.

        Args:
            pages: Whose keys are all there.
            page: Of each key, or one for all.
            marks: Of the keys.
        """
        for place, mask in zip(*marks, strict=True):
            np.bitwise_or.at(self._words, self._at(page, place), mask)
        self._is_filled[pages] = True

    def is_filled(self, page: int) -> bool:
        """Whether the keys of a page are known."""
        return bool(self._is_filled[page])

    def holds_back(self, page: Ints, marks: Marks) -> NDArray[np.bool_]:
        """Which keys are certainly not in the run.

        Args:
            page: Where each key would be.
            marks: Of the keys.

        Returns:
            True for a key that is not there; False for one that may be.
        """
        held = self._is_filled[page]
        rest = np.flatnonzero(held & ~self._misses(page, marks, 0))
        held[rest] = self._misses(page[rest], marks.at(rest), 1)
        return held

    def _misses(self, page: Ints, marks: Marks, which: int) -> NDArray[np.bool_]:
        """For which keys a bit is missing in the first or second of their words."""
        mask = marks.masks[which]
        found = self._words[self._at(page, marks.places[which])]
        misses: NDArray[np.bool_] = (found & mask) != mask
        return misses

    def _at(self, page: Ints, place: Words) -> Ints:
        within = (place * np.uint64(self._size)) >> np.uint64(32)
        return page * self._size + within.astype(np.int64)


Mark: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Place and mask of the two words of one key."""


def mark_of(key: int) -> Mark:
    """Where one key leaves its marks."""
    (first, second), (one, other) = marks_of(np.array([key], np.int64))
    return (int(first[0]), int(one[0])), (int(second[0]), int(other[0]))


def sieve_of(keys: Ints) -> bytes:
    """A small sieve of some keys, for `may_hold`."""
    words = np.zeros(max(1, -(-len(keys) * BITS_A_TEXT // 64)), np.uint64)
    for place, mask in zip(*marks_of(keys), strict=True):
        np.bitwise_or.at(words, (place * np.uint64(len(words))) >> np.uint64(32), mask)
    return words.astype("<u8").tobytes()


def may_hold(sieve: bytes, mark: Mark) -> bool:
    """Whether a key may be among those that a small sieve was made of."""
    size = len(sieve) // 8
    for place, mask in mark:
        at = (place * size >> 32) * 8
        if ~int.from_bytes(sieve[at : at + 8], "little") & mask:
            return False
    return True

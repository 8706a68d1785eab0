"""Which place in its sequence has a serial that nobody can guess, and which serial has a place?

FF1 is a published cipher from numbers of so many digits to numbers of as many digits. Serials
shown on products are its output: dense inside, without an order outside. Ten rounds, one AES
block each; whole arrays are done at once.

References:
    NIST SP 800-38G, Algorithms 7 and 8 (FF1.Encrypt, FF1.Decrypt).
"""

from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

DIGITS_MIN: Final = 6
"""Fewer would be too few to hide in: the standard asks for a million numbers."""
DIGITS_MAX: Final = 18
"""More would not fit in 63 bits."""
TWEAK_MAX: Final = 10
"""Bytes; with more a round would take two blocks."""
ROUNDS: Final = 10
_WORD: Final = np.dtype(">u8")


class Ff1:
    """A permutation of the numbers of so many decimal digits.

    Args:
        key: An AES key: 16, 24 or 32 bytes.
        digits: From `DIGITS_MIN` to `DIGITS_MAX`.
        tweak: At most `TWEAK_MAX` bytes; others give other permutations.
    """

    def __init__(self, key: bytes, digits: int, tweak: bytes = b"") -> None:
        if not DIGITS_MIN <= digits <= DIGITS_MAX or len(tweak) > TWEAK_MAX:
            message = f"{DIGITS_MIN} to {DIGITS_MAX} digits, a tweak of {TWEAK_MAX} bytes"
            raise ValueError(message)
        # ECB over blocks that differ is the AES block function itself, as FF1 asks for it.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())
        short, long = digits // 2, digits - digits // 2
        self._sizes = (np.uint64(10**short), np.uint64(10**long))
        self._places = ((10**long - 1).bit_length() + 7) // 8
        head = bytes((1, 2, 1, 0, 0, 10, ROUNDS, short))
        first = self._cipher.encryptor().update(
            head + digits.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
        )
        # What is constant in every round, combined with the block before it.
        fixed = int.from_bytes(tweak.ljust(16, b"\0"), "big") ^ int.from_bytes(first, "big")
        self._high, self._low = np.uint64(fixed >> 64), np.uint64(fixed & (1 << 64) - 1)

    def encrypt(self, numbers: Ints) -> Ints:
        """The serial shown for each place."""
        left, right = self._halves(numbers)
        aes = self._cipher.encryptor()
        for turn in range(ROUNDS):
            size = self._sizes[turn % 2]
            left, right = right, (left + self._turn(aes, turn, right) % size) % size
        return self._whole(left, right)

    def decrypt(self, numbers: Ints) -> Ints:
        """The place of each serial shown."""
        left, right = self._halves(numbers)
        aes = self._cipher.encryptor()
        for turn in reversed(range(ROUNDS)):
            size = self._sizes[turn % 2]
            left, right = (right + size - self._turn(aes, turn, left) % size) % size, left
        return self._whole(left, right)

    def _turn(self, aes: CipherContext, turn: int, half: Words) -> Words:
        """The round function of each half, as the upper 64 bits of its block."""
        blocks = np.empty((len(half), 2), _WORD)
        blocks[:, 0] = self._high
        blocks[:, 1] = self._low ^ (np.uint64(turn << 8 * self._places) | half)
        made = np.frombuffer(aes.update(blocks.tobytes()), _WORD)
        return made[::2].astype(np.uint64)

    def _halves(self, numbers: Ints) -> tuple[Words, Words]:
        whole = numbers.astype(np.uint64)
        return whole // self._sizes[1], whole % self._sizes[1]

    def _whole(self, left: Words, right: Words) -> Ints:
        return (left * self._sizes[1] + right).astype(np.int64)


@lru_cache(maxsize=4_096)
def ff1_of(key: bytes, digits: int) -> Ff1:
    """The permutation of a key, made once."""
    return Ff1(key, digits)


@lru_cache(maxsize=4_096)
def place_of(key: bytes, digits: int, serial: int) -> int:
    """The place of one serial shown."""
    return int(ff1_of(key, digits).decrypt(np.array([serial]))[0])

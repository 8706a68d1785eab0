"""FF1: the standard's own samples, and a permutation of every number of digits."""

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from guantong.identify.ff1 import DIGITS_MAX, DIGITS_MIN, Ff1, ff1_of, place_of

KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94")
TWEAK = bytes.fromhex("39383736353433323130")


@pytest.mark.parametrize(
    ("key", "tweak", "shown"),
    [
        (KEY[:16], b"", 2433477484),
        (KEY[:16], TWEAK, 6124200773),
        (KEY[:24], b"", 2830668132),
        (KEY[:24], TWEAK, 2496655549),
        (KEY, b"", 6657667009),
        (KEY, TWEAK, 1001623463),
    ],
)
def test_the_samples_of_nist(key: bytes, tweak: bytes, shown: int) -> None:
    """Samples 1, 2, 4, 5, 7 and 8 of SP 800-38G: 0123456789 in ten decimal digits."""
    ff1 = Ff1(key, 10, tweak)
    assert ff1.encrypt(np.array([123456789])).tolist() == [shown]
    assert ff1.decrypt(np.array([shown])).tolist() == [123456789]


@pytest.mark.parametrize("digits", range(DIGITS_MIN, DIGITS_MAX + 1))
def test_there_and_back(digits: int) -> None:
    ff1 = ff1_of(KEY[:16], digits)
    edges = np.array([0, 1, 10 ** (digits // 2), 10**digits - 1])
    within = np.random.default_rng(digits).integers(0, 10**digits, 1_000)
    places = np.concatenate((edges, within))
    shown = ff1.encrypt(places)
    assert shown.min() >= 0
    assert shown.max() < 10**digits
    assert ff1.decrypt(shown).tolist() == places.tolist()
    assert place_of(KEY[:16], digits, int(shown[3])) == 10**digits - 1


def test_all_numbers_of_six_digits_come_out_once() -> None:
    shown = Ff1(KEY[:16], 6).encrypt(np.arange(10**6))
    assert len(np.unique(shown)) == 10**6


def test_one_plain_round_after_the_other() -> None:
    """The standard's steps with big integers, where halves are of unequal length."""
    assert Ff1(KEY[:16], 13, TWEAK).encrypt(np.array([9_876_543_210_123])).tolist() == [
        plain(KEY[:16], 13, TWEAK, 9_876_543_210_123)
    ]


def plain(key: bytes, digits: int, tweak: bytes, number: int) -> int:
    def cbc_mac(data: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
        return bytes(encryptor.update(data)[-16:])

    u = digits // 2
    v = digits - u
    b = -(-((10**v - 1).bit_length()) // 8)
    d = 4 * -(-b // 4) + 4
    p = (
        bytes((1, 2, 1, 0, 0, 10, 10, u))
        + digits.to_bytes(4, "big")
        + len(tweak).to_bytes(4, "big")
    )
    left, right = divmod(number, 10**v)
    for turn in range(10):
        q = tweak + bytes((-len(tweak) - b - 1) % 16) + bytes((turn,)) + right.to_bytes(b, "big")
        y = int.from_bytes(cbc_mac(p + q)[:d], "big")
        left, right = right, (left + y) % 10 ** (u if turn % 2 == 0 else v)
    return int(left * 10**v + right)


@pytest.mark.parametrize(("digits", "tweak"), [(5, b""), (19, b""), (10, bytes(11))])
def test_what_is_refused(digits: int, tweak: bytes) -> None:
    with pytest.raises(ValueError, match="6 to 18 digits"):
        Ff1(KEY[:16], digits, tweak)

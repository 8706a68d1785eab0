"""Which check digit or check pair belongs to a GS1 number?

>>> check_digit("690123456789")
'2'
>>> check_pair("1987654Ad4X4bL5ttr2310c")
'2K'
"""

PAIR_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The 32 characters a check pair is written in: no 0, 1, I or O."""

PAIR_MODULUS = 1021
"""Largest prime below 32², so that a remainder fits in two characters."""

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""The 82 characters of GS1 alphanumeric data, in the order that gives each its value."""

_CHUNKS = bytes(
    3 * (thousands + tens) + hundreds + ones
    for thousands in range(10)
    for hundreds in range(10)
    for tens in range(10)
    for ones in range(10)
)
"""Weighted sum of every four digits; four is even, so the weights go on from chunk to chunk."""

_VALUES = {character: value for value, character in enumerate(CSET82)}


def check_digit(body: str) -> str:
    """The digit that completes `body`, for GTIN, GLN, SSCC, GSIN, GSRN and the rest.

    Args:
        body: ASCII digits without the check digit.

    Returns:
        One digit; weights 3, 1, 3, … count from the right.

    References:
        GS1 General Specifications, section 7.9.1.
    """
    return str(-_weighted(int(body) * 10) % 10)


def is_checked(number: str) -> bool:
    """Whether the last digit of `number` (ASCII digits) is the right check digit."""
    return _weighted(int(number)) % 10 == 0


def _weighted(number: int) -> int:
    """Sum of the digits of `number`, weights 1, 3, 1, … from the right."""
    total = 0
    while number:
        total += _CHUNKS[number % 10_000]
        number //= 10_000
    return total


def check_pair(body: str) -> str:
    """The two characters that complete a GMN or UDI-DI `body` of at most 23 characters.

    Weights are the primes from the right: 2 for the last character, 3 before it, and so on.

    Args:
        body: Characters of `CSET82`, without the pair.

    Returns:
        Two of `PAIR_CHARACTERS`.

    References:
        GS1 General Specifications, section 7.9.5.
    """
    total = sum(
        _VALUES[character] * prime
        for character, prime in zip(reversed(body), _PRIMES, strict=False)
    )
    high, low = divmod(total % PAIR_MODULUS, 32)
    return PAIR_CHARACTERS[high] + PAIR_CHARACTERS[low]


def _primes(count: int) -> tuple[int, ...]:
    """The first `count` primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return tuple(found)


_PRIMES = _primes(88)
"""Enough for any application identifier: the longest holds 90 characters."""

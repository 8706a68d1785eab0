"""What number is written here: 7,459, 1.3 万, 二十, 百分之四十, 三成?"""

from decimal import Decimal
from typing import Final

DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
}
TENS: Final = {"十": 10, "百": 100, "千": 1000}
MYRIADS: Final = {"万": 10**4, "亿": 10**8}
SCALES: Final = {
    "": 1, "百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7,
    "亿": 10**8, "百亿": 10**10, "千亿": 10**11, "万亿": 10**12,
}  # fmt: skip
"""What stands between digits and unit, and by how much it multiplies."""


def chinese(text: str) -> int | None:
    """Value of a whole number in Chinese numerals; None if it is no well-formed number.

    >>> chinese("二十"), chinese("三千零五"), chinese("两万"), chinese("四五千")
    (20, 3005, 20000, None)

    Returns:
        The number, or None.
    """
    total = section = digit = 0
    pending = False
    ceiling = 10**9
    for char in text:
        if char in DIGITS:
            if pending:
                return None
            digit, pending = DIGITS[char], DIGITS[char] != 0
        elif char in TENS:
            if TENS[char] >= ceiling:
                return None
            section += (digit if pending else 1) * TENS[char]
            ceiling, digit, pending = TENS[char], 0, False
        elif char in MYRIADS:
            total = (total + section + digit) * MYRIADS[char] or MYRIADS[char]
            section, digit, pending, ceiling = 0, 0, False, 10**9
        else:
            return None
    return total + section + digit


def small(text: str) -> int:
    """A day, month or count in either numerals; 0 when it is none."""
    if text.isascii() and text.isdigit():
        return int(text)
    return chinese(text) or 0


def arabic(digits: str, scale: str) -> tuple[Decimal, Decimal]:
    """Value of digits with a scale word, and of one in the last place printed.

    >>> arabic("1.30", "万")
    (Decimal('13000.00'), Decimal('100.00'))

    Returns:
        Both.
    """
    plain = digits.replace(",", "")
    decimals = len(plain.partition(".")[2])
    times = Decimal(SCALES[scale])
    return Decimal(plain) * times, Decimal(1).scaleb(-decimals) * times

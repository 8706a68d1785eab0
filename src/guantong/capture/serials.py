"""Which items have consecutive serials? A canonical URI as the head of a class and a number.

Only what spells back to the same text is a number: “7” and “007” are two items, of two classes.
A logistic unit's check digit follows from the rest, so it is left out of its number.

>>> split("https://id.gs1.org/01/06901234567892/21/1000")
('https://id.gs1.org/01/06901234567892/21/', 0, 1000)
>>> split("https://id.gs1.org/01/06901234567892/21/007")
('https://id.gs1.org/01/06901234567892/21/', 3, 7)
>>> split("https://id.gs1.org/01/06901234567892/21/A7")
('https://id.gs1.org/01/06901234567892/21/A7', -1, 0)
>>> spell(*split("https://id.gs1.org/00/106141412345678908"))
'https://id.gs1.org/00/106141412345678908'
"""

from typing import Final

from guantong.identify.check_digits import check_digit

WHOLE: Final = -1
"""The width of what is no number: the head is the whole text."""
CHECKED: Final = -18
"""The width of a serial shipping container code: 17 digits and their check digit."""
DIGITS_MAX: Final = 18
"""Longest number; more would not fit in 63 bits."""
ENDS: Final = ("/", ":", ".")
"""What may stand before a serial."""
UNITS: Final = "https://id.gs1.org/00/"
"""How the canonical URI of a logistic unit begins."""

Split = tuple[str, int, int]
"""Head, width, serial."""


def split(text: str) -> Split:
    """The class and serial of a canonical URI.

    Returns:
        What all items of the class begin with; the digits of a serial with leading zeros, 0
        for one without, `WHOLE` or `CHECKED`; and the serial, from 0.
    """
    head = text.rstrip("0123456789")
    digits = text[len(head) :]
    if not digits or not head.endswith(ENDS) or len(digits) > DIGITS_MAX or not digits.isascii():
        return text, WHOLE, 0
    if head == UNITS:
        checked = len(digits) == DIGITS_MAX and check_digit(digits[:-1]) == digits[-1]
        return (head, CHECKED, int(digits[:-1])) if checked else (text, WHOLE, 0)
    padded = digits[0] == "0" and len(digits) > 1
    return head, len(digits) if padded else 0, int(digits)


def spell(head: str, width: int, serial: int) -> str:
    """The canonical URI of a serial; undoes `split`."""
    if width == 0:
        return f"{head}{serial}"
    if width == WHOLE:
        return head
    if width == CHECKED:
        digits = f"{serial:017}"
        return f"{head}{digits}{check_digit(digits)}"
    return f"{head}{serial:0{width}}"

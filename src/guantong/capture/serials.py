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

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

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


BETWEEN: Final = " - "
"""What stands between the ends of a range: no canonical URI has a blank."""


class SerialRange(NamedTuple):
    """Consecutive items, or lots, of one class, written in one way.

    >>> cells = SerialRange.parse("https://id.gs1.org/01/06901234567892/21/0100 - 0199")
    >>> cells.size, cells.holds("https://id.gs1.org/01/06901234567892/21/0107")
    (100, True)
    >>> cells.holds("https://id.gs1.org/01/06901234567892/21/107")
    False
    """

    head: str
    """What all of them begin with."""
    width: int
    """As of `split`: all have so many digits, 0 for numbers without leading zeros, or `CHECKED`."""
    first: int
    last: int
    """Included."""

    @classmethod
    def between(cls, first: str, last: str) -> Self | None:
        """All from one canonical URI to another; None when they are not of one class, or not in order."""
        (head, width, low), (other, its_width, high) = split(first), split(last)
        if head != other or WHOLE in {width, its_width} or low > high:
            return None
        if width > 0 or its_width > 0:  # 0990 to 1010: four digits each
            digits = len(first) - len(head)
            return cls(head, digits, low, high) if len(first) == len(last) else None
        return cls(head, width, low, high)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Undo `text`; None when it is no range."""
        first, between, last = text.partition(BETWEEN)
        return cls.between(first, split(first)[0] + last) if between else None

    @property
    def text(self) -> str:
        """The one spelling of the range: its first URI and its last serial."""
        last = spell(self.head, self.width, self.last).removeprefix(self.head)
        return f"{spell(self.head, self.width, self.first)}{BETWEEN}{last}"

    @property
    def size(self) -> int:
        """How many serials."""
        return self.last - self.first + 1

    def holds(self, item: str) -> bool:
        """Whether a canonical URI is one of them."""
        digits = item.removeprefix(self.head)
        if digits == item or not (digits.isascii() and digits.isdecimal()):
            return False
        if len(digits) > DIGITS_MAX:
            return False
        serial = int(digits) // 10 if self.width == CHECKED else int(digits)
        return self.first <= serial <= self.last and spell(self.head, self.width, serial) == item

    def items(self) -> Iterator[str]:
        """All of them, in order, lazily."""
        return (spell(self.head, self.width, one) for one in range(self.first, self.last + 1))


def first_of(text: str) -> str:
    """The first item of a range that is written so; any other text itself."""
    return text if SerialRange.parse(text) is None else text.partition(BETWEEN)[0]


def ranges_of(items: Iterable[str]) -> list[str]:
    """Items with neighbours as one range, and what has none as itself.

    Returns:
        They, in order.

    >>> ranges_of(f"urn:x:{serial}" for serial in (3, 1, 2, 7, "A"))
    ['urn:x:1 - 3', 'urn:x:7', 'urn:x:A']
    """
    ordered, found, at = sorted(map(split, items)), [], 0
    while at < len(ordered):
        head, width, first = ordered[at]
        end = at + 1
        while end < len(ordered) and ordered[end] == (head, width, first + end - at):
            end += 1
        is_lone = width == WHOLE or end == at + 1
        serials = SerialRange(head, width, first, first + end - at - 1)
        found.append(spell(head, width, first) if is_lone else serials.text)
        at = end
    return found

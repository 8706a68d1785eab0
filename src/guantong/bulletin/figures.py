"""What is a figure of a text?"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from guantong.bulletin.model import Quantity, Reason
from guantong.bulletin.periods import Period

PERCENT: Final = frozenset({"%", "‰"})
POINTS: Final = frozenset({"个百分点", "百分点"})


class Role(StrEnum):
    """As what a figure is given."""

    LEVEL = "level"
    PRIOR = "prior"
    """The value something is compared with."""
    TOTAL = "total"
    GROWTH = "growth"
    """Change in per cent or so many times."""
    CHANGE = "change"
    """Change in units, or in percentage points."""
    SHARE = "share"
    RATE = "rate"
    PLACE = "place"
    """A place, or so many first places, in a ranking."""
    MOVED = "moved"
    """So many places up or down."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A number that claims nothing; offsets in the running text."""

    start: int
    end: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its reading; offsets in the running text."""

    start: int
    end: int
    text: str
    quantity: Quantity
    unit: str
    role: Role
    subject: str
    period: Period | None
    sentence: int
    """Offset at which its sentence begins."""
    clause: int
    """Offset at which its clause begins."""
    sign: int = 1
    """-1 for a fall."""
    compared: Period | None = None
    """Of a change: the period it is measured against, when that is known."""
    whole: str = ""
    """Of a share: the words that name the whole."""
    corrected_by: str = ""

    @property
    def signed(self) -> Quantity:
        """The quantity, below zero for a fall."""
        if self.sign > 0:
            return self.quantity
        low = None if self.quantity.high is None else -self.quantity.high
        high = None if self.quantity.low is None else -self.quantity.low
        return replace(self.quantity, value=-self.quantity.value, low=low, high=high)


def exact(value: Decimal) -> Quantity:
    """A quantity that stands for itself alone."""
    return Quantity(value, value, value)


def rounded(value: Decimal, step: Decimal) -> Quantity:
    """A quantity that was rounded to multiples of `step`."""
    return Quantity(value, value - step / 2, value + step / 2, step)


COUNTED: Final = frozenset({
    "件", "笔", "起", "宗", "家", "户", "批次", "批", "人次", "次", "条", "项", "名", "人", "台", "种", "类",
    "个", "位", "份", "例", "部", "辆", "款", "省", "地", "市", "只", "套", "场", "期",
})  # fmt: skip
"""Units of things that come whole: such a number without a scale word was not rounded."""

"""Can these printed figures be true together?

A printed figure stands for a range of true values (`Quantity`); a relation holds when some true
values in the ranges fulfil it. So a change taken before rounding may differ by one in the last
place from the difference of the rounded levels, and is still right.

>>> [bases(Decimal(7459), rounded("8.57"))]
[range(6870, 6871)]
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final, Protocol

from guantong.bulletin.model import Quantity

_FAR: Final = Decimal(10) ** 18
_HUNDRED: Final = Decimal(100)


class Range(Protocol):
    """Anything with bounds."""

    @property
    def low(self) -> Decimal | None:
        """None: unbounded."""

    @property
    def high(self) -> Decimal | None:
        """None: unbounded."""


Bounds = tuple[Decimal, Decimal]


def rounded(text: str) -> Quantity:
    """What a printed decimal stands for: half of its last place to either side."""
    value = Decimal(text)
    step = Decimal(1).scaleb(int(value.as_tuple().exponent))
    return Quantity(value, value - step / 2, value + step / 2, step)


def bounds(quantity: Range) -> Bounds:
    """Both bounds, with far ones in place of none."""
    low, high = quantity.low, quantity.high
    return (-_FAR if low is None else low, _FAR if high is None else high)


def share(part: Range, whole: Range) -> Bounds | None:
    """Part over whole in per cent; None when the whole may be nothing."""
    (low, high), (least, most) = bounds(part), bounds(whole)
    if least <= 0 or low < 0:
        return None
    return low / most * _HUNDRED, high / least * _HUNDRED


def growth(now: Range, base: Range) -> Bounds | None:
    """Change in per cent of the base; None when the base may be nothing."""
    ratio = share(now, base)
    return (ratio[0] - _HUNDRED, ratio[1] - _HUNDRED) if ratio else None


def difference(now: Range, base: Range) -> Bounds:
    """Now less base."""
    (low, high), (least, most) = bounds(now), bounds(base)
    return low - most, high - least


def total(parts: Sequence[Range]) -> Bounds:
    """Sum of the parts."""
    both = [bounds(part) for part in parts]
    return sum((low for low, _ in both), Decimal(0)), sum((high for _, high in both), Decimal(0))


def mean(parts: Sequence[Range]) -> Bounds:
    """Arithmetic mean of the parts."""
    low, high = total(parts)
    return low / len(parts), high / len(parts)


def bases(now: Decimal, change: Quantity) -> range:
    """All whole numbers from which `now` is a growth of `change` per cent.

    Returns:
        Them; empty when there is none: then value and growth contradict each other.
    """
    low, high = bounds(change)
    if high <= -_HUNDRED or high >= _FAR:
        return range(0)
    first = (now / (1 + high / _HUNDRED)).to_integral_value(ROUND_CEILING)
    # A fall by all but nothing leaves no upper bound.
    least = 1 + low / _HUNDRED
    last = (now / least).to_integral_value(ROUND_FLOOR) if least > 0 else _FAR
    return range(int(first), int(last) + 1)


def middle(found: Bounds, step: Decimal) -> Decimal:
    """The centre of a range, rounded half up to the last place that is printed."""
    centre = (found[0] + found[1]) / 2
    return (centre / step).to_integral_value(ROUND_HALF_UP) * step

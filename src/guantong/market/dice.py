"""What does chance decide here? A seeded source of draws that stays the same for ever.

Only `random.Random.random` is used: of the standard library's methods it is the one whose
sequence is promised not to change between Python versions, so that a seed names one market.

>>> Dice(7, "shops").below(100) == Dice(7, "shops").below(100)
True
"""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws for one purpose; two purposes of one seed never disturb each other."""

    __slots__ = ("draw",)

    def __init__(self, seed: int, purpose: str) -> None:
        self.draw = random.Random(f"{seed}/{purpose}").random

    def chance(self, share: float) -> bool:
        """True in `share` (0 to 1) of all calls."""
        return self.draw() < share

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return int(self.draw() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.draw() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[int(self.draw() * len(choices))]

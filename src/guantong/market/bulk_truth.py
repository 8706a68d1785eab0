"""Where is everything in the end, as the market itself knows it?

What is asked of a recall is known here without a recall: how many coils of the bad lot there
are, and who has how many of them in which state.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from guantong.market.bulk_firms import Goods, Where

BAD, SMALL = 1, 2
"""The two lots that are watched."""
SAMPLES_MAX: Final = 2_000
_SAMPLED: Final = 211
"""Every so manieth thing is sampled."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What became of a copper lot."""

    code: str
    """Canonical URI of the lot."""
    reels: int
    items: int
    """Coils cut from it."""
    holders: Mapping[Where, int]
    """Present holders of the coils; the numbers add up to `items`."""


@dataclass
class Watch:
    """Counts as things move."""

    lots: dict[int, str] = field(default_factory=dict)
    reels: Counter[int] = field(default_factory=Counter)
    counts: Counter[tuple[int, Where]] = field(default_factory=Counter)
    samples: dict[tuple[int, int], Where] = field(default_factory=dict)

    def arrive(self, goods: Goods, first: int, count: int, watch: int, where: Where) -> None:
        """Some things come to where they are counted from now on."""
        if watch:
            self.counts[watch, where] += count
        for serial in range(first + (5 - first) % _SAMPLED, first + count, _SAMPLED):
            if len(self.samples) < SAMPLES_MAX:
                self.samples[goods.number, serial] = where

    def move(self, number: int, serial: int, watch: int, was: Where, now: Where) -> None:
        """One thing changes hands or state."""
        if watch:
            self.counts[watch, was] -= 1
            self.counts[watch, now] += 1
        if serial % _SAMPLED == 5 and (number, serial) in self.samples:
            self.samples[number, serial] = now

    def lot(self, watch: int) -> Lot:
        """One of the lots, as it is now."""
        holders = {where: count for (which, where), count in self.counts.items() if which == watch}
        held = {where: count for where, count in holders.items() if count}
        return Lot(self.lots[watch], self.reels[watch], sum(held.values()), held)

    def known(self, goods: list[Goods]) -> Iterator[tuple[str, Where]]:
        """Sampled things and where they are."""
        for (number, serial), where in self.samples.items():
            yield goods[number].canonical(serial), where

"""How do people scan genuine things and copies of their codes? Made-up scan histories, to measure detectors by.

Assumptions, each a number of `Habits`: a thing is sold in a province drawn by population; how often it is
scanned varies from thing to thing (gamma, so that counts are negative binomial), mostly in the weeks
after its sale; now and then it moves for good (a gift, a move) or is scanned on a journey; shops scan it
before the sale where it is sold. A copied code stands on several copies, geometric in number, of
which each lives such a life in a province of its own, or all in the same one (a local counterfeiter).
Copies that nobody scans leave no trace, and some codes are scanned once in all: no detector finds those.
What is left out: bots, scans by those who copy, places within a province.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY_MS: Final = 86_400_000
YEAR_MS: Final = 365 * DAY_MS
PEOPLE: Final[Mapping[str, float]] = {
    "11": 22, "12": 14, "13": 74, "14": 35, "15": 24, "21": 42, "22": 24, "23": 31, "31": 25,
    "32": 85, "33": 66, "34": 61, "35": 42, "36": 45, "37": 101, "41": 99, "42": 58, "43": 66,
    "44": 127, "45": 50, "46": 10, "50": 32, "51": 84, "52": 39, "53": 47, "54": 4, "61": 40,
    "62": 25, "63": 6, "64": 7, "65": 26,
}  # fmt: skip
"""Millions of people by province, about 2020."""


class Habits(NamedTuple):
    """What is assumed."""

    scans: float = 2.0
    """Of a genuine thing in a year, on average."""
    spread: float = 1.0
    """Shape of the gamma by which things differ."""
    weeks: float = 6.0
    """Half of the scans come within so many weeks of the sale."""
    moves: float = 0.05
    """Share of things that move to another province for good."""
    journeys: float = 0.03
    """Share of scans on a journey."""
    copies: float = 12.0
    """Copies of a copied code, on average."""
    local: float = 0.25
    """Share of copied codes of which all copies are sold in the province of the genuine one."""


USUAL: Final = Habits()


class ScanLife(NamedTuple):
    """The scans of one code in its first year."""

    is_copied: bool
    is_local: bool
    sold_in: str
    """Where the genuine thing was sold: GB/T 2260 code, six digits."""
    sold_ms: int
    places: tuple[str, ...]
    times_ms: tuple[int, ...]
    """In order."""


def scan_lives(
    seed: int, count: int, *, copied: float = 0.0, habits: Habits = USUAL
) -> Iterator[ScanLife]:
    """Histories of some codes.

    Args:
        seed: The same gives the same.
        count: How many.
        copied: Share of codes that were copied.
        habits: What is assumed.

    Yields:
        One for each code, also those nobody scanned.
    """
    random = np.random.default_rng(seed)
    names = [f"{code}0000" for code in PEOPLE]
    weights = np.array(list(PEOPLE.values()))
    weights = weights / weights.sum()
    for _ in range(count):
        home = int(random.choice(len(names), p=weights))
        sold_ms = int(random.integers(0, 30 * DAY_MS))
        is_copied = bool(random.random() < copied)
        is_local = is_copied and bool(random.random() < habits.local)
        lives = [home]
        if is_copied:
            more = int(random.geometric(1 / habits.copies))
            lives += [
                home if is_local else int(random.choice(len(names), p=weights)) for _ in range(more)
            ]
        scans = [
            one
            for at, place in enumerate(lives)
            for one in _scans(random, place, sold_ms if at == 0 else None, habits, weights)
        ]
        scans.sort()
        yield ScanLife(
            is_copied,
            is_local,
            names[home],
            sold_ms,
            tuple(names[place] for _, place in scans),
            tuple(at for at, _ in scans),
        )


def _scans(
    random: np.random.Generator,
    home: int,
    sold_ms: int | None,
    habits: Habits,
    weights: NDArray[np.float64],
) -> list[tuple[int, int]]:
    """Times and places of the scans of one thing; of a copy the time of its sale is anywhere."""
    begun = int(random.integers(0, YEAR_MS // 2)) if sold_ms is None else sold_ms
    rate = random.gamma(habits.spread, habits.scans / habits.spread)
    count = int(random.poisson(rate))
    gaps = random.exponential(habits.weeks * 7 * DAY_MS / np.log(2), count)
    times = np.minimum(begun + gaps, YEAR_MS).astype(np.int64)
    moved = random.random() < habits.moves
    moved_ms = begun + random.exponential(60 * DAY_MS)
    other = int(random.choice(len(weights), p=weights))
    found = []
    for at in times.tolist():
        place = other if moved and at > moved_ms else home
        if random.random() < habits.journeys:
            place = int(random.choice(len(weights), p=weights))
        found.append((int(at), place))
    return found

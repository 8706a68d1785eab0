"""Where and since when do more people complain than before? A scan over places and days.

Cylinders of neighbouring provinces and of the days up to today are compared with what one would expect
if the days of complaints had nothing to do with their places: no count of people or of goods is needed,
and a weekday, a campaign or a province that always complains more makes no alarm. How often as
much comes about by chance is counted on complaints of which the days were shuffled.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.watch.places import CAPITALS, km_between

DAYS: Final = 180
"""Days up to today that are looked at."""
HEIGHT_MAX: Final = 30
"""Longest a hot spot has lasted, in days."""
PROVINCES_MAX: Final = 8
"""Neighbours in one hot spot."""
COMPLAINTS_MIN: Final = 3
DRAWS: Final = 999
CHANCE_MAX: Final = 0.05
"""Hot spots more likely by chance are not told."""
COMPLAINTS_MAX: Final = 100_000

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


class Complaint(NamedTuple):
    """Somebody complained."""

    day: int
    """Any count of days; the last one is that of `hot_spots`."""
    province: str
    """First two digits of GB/T 2260."""


class HotSpot(NamedTuple):
    """Neighbouring provinces with more complaints of late."""

    provinces: tuple[str, ...]
    since: int
    """First day."""
    complaints: int
    expected: float
    chance: float
    """Of shuffled complaints, the share with a hot spot as clear as this one anywhere."""


def hot_spots(
    complaints: Sequence[Complaint], today: int, *, draws: int = DRAWS, seed: int = 1
) -> list[HotSpot]:
    """The hot spots of today that chance hardly explains, the clearest first.

    Args:
        complaints: In any order; those of other days and of no province are left out, and of more
            than `COMPLAINTS_MAX` the earliest.
        today: The last day.
        draws: How often the days are shuffled; the least chance is one in so many and one.
        seed: Of the shuffling.

    Returns:
        Hot spots, no province in two of them.

    >>> quiet = [Complaint(day, place) for day in range(90) for place in ("11", "44", "51")]
    >>> hot_spots(quiet, 89)
    []
    >>> spot = hot_spots(quiet + [Complaint(86 + at % 4, "44") for at in range(24)], 89)[0]
    >>> spot.provinces, spot.since, spot.complaints, spot.chance
    (('44',), 86, 28, 0.001)
    """
    chosen = [one for one in complaints if 0 <= today - one.day < DAYS and one.province in CAPITALS]
    chosen = sorted(chosen)[-COMPLAINTS_MAX:]
    if len(chosen) < COMPLAINTS_MIN:
        return []
    scan = _Scan(chosen, today)
    ratios = scan.ratios(scan.ago)
    random = np.random.default_rng(seed)
    most = np.array([scan.ratios(random.permutation(scan.ago)).max() for _ in range(draws)])
    return scan.told(ratios, most)


class _Scan:
    """All cylinders over some complaints."""

    def __init__(self, complaints: Sequence[Complaint], today: int) -> None:
        self.today = today
        self.names = sorted({one.province for one in complaints})
        place = {name: at for at, name in enumerate(self.names)}
        self.place = np.array([place[one.province] for one in complaints], np.int64)
        self.ago = np.array([today - one.day for one in complaints], np.int64)
        self.zones = _zones(self.names)
        self.inside = np.zeros((len(self.zones), len(self.names)))
        for row, zone in enumerate(self.zones):
            self.inside[row, list(zone)] = 1
        whole = np.bincount(self.place, minlength=len(self.names))
        late = np.cumsum(np.bincount(self.ago, minlength=HEIGHT_MAX)[:HEIGHT_MAX])
        self.expected = np.outer(self.inside @ whole, late) / len(complaints)

    def counts(self, ago: Ints) -> Floats:
        """Complaints in each zone in the last one, two, three … days."""
        recent = ago < HEIGHT_MAX
        key = ago[recent] * len(self.names) + self.place[recent]
        size = HEIGHT_MAX * len(self.names)
        table = np.bincount(key, minlength=size).reshape(HEIGHT_MAX, -1)
        return self.inside @ np.cumsum(table, axis=0).T

    def ratios(self, ago: Ints) -> Floats:
        """How much likelier the counts are with a hot spot than without; logarithms."""
        counts, mean, size = self.counts(ago), self.expected, len(self.place)
        is_more = (counts > mean) & (counts >= COMPLAINTS_MIN)
        with np.errstate(divide="ignore", invalid="ignore"):
            within = counts * np.log(counts / mean)
            outside = np.where(
                counts < size, (size - counts) * np.log((size - counts) / (size - mean)), 0.0
            )
        return np.where(is_more, within + outside, 0.0)

    def told(self, ratios: Floats, most: Floats) -> list[HotSpot]:
        """What stands out, zones that share a province with a clearer one left out."""
        counts, taken = self.counts(self.ago), set[int]()
        found: list[HotSpot] = []
        for at in np.argsort(-ratios, axis=None, kind="stable").tolist():
            zone, days = divmod(at, HEIGHT_MAX)
            chance = float((most >= ratios[zone, days]).sum() + 1) / (len(most) + 1)
            if ratios[zone, days] <= 0 or chance > CHANCE_MAX:
                break
            if not taken & set(self.zones[zone]):
                taken |= set(self.zones[zone])
                names = tuple(self.names[one] for one in self.zones[zone])
                count, mean = int(counts[zone, days]), float(self.expected[zone, days])
                found.append(HotSpot(names, self.today - days, count, mean, chance))
        return found


def _zones(names: Sequence[str]) -> list[tuple[int, ...]]:
    """Each province with its nearest ones, one more at a time; each set once."""
    found: dict[tuple[int, ...], None] = {}
    for name in names:
        near = sorted(range(len(names)), key=lambda at: km_between(name, names[at]))
        for many in range(1, min(PROVINCES_MAX, len(names)) + 1):
            found[tuple(sorted(near[:many]))] = None
    return list(found)

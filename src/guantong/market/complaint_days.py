"""On which days and where do people complain? Made-up complaints, to measure finders of hot spots by.

Assumptions, each a number of `Grumbles`: complaints come by themselves, as many in a province as it has
people, more on working days, more or less from month to month everywhere alike; some provinces complain twice
as much as others all the time. A bad lot is sold in neighbouring provinces, and from its day on as many
complaints are added there as `Grumbles.factor` says. Left out: complaints that cause others (the press),
and people who complain of the same thing twice.
"""

from typing import Final, NamedTuple

import numpy as np

from guantong.market.scan_lives import PEOPLE

LOUD: Final = 2.0
"""How much more some provinces complain."""


class Grumbles(NamedTuple):
    """What is assumed."""

    days: int = 180
    a_day: float = 3.0
    """Complaints of a kind of product a day in the whole country."""
    weekend: float = 0.6
    """Of a working day's complaints on a day of the weekend."""
    swing: float = 0.3
    """Up and down of the months, everywhere alike."""
    factor: float = 4.0
    """Complaints in the provinces of a bad lot, by those before."""
    lasting: int = 14
    """Days since the bad lot came."""


USUAL: Final = Grumbles()


class Grumbled(NamedTuple):
    """Complaints, by day (the last one is `days` - 1) and province."""

    days: tuple[int, ...]
    provinces: tuple[str, ...]


def complaint_days(seed: int, *, bad: tuple[str, ...] = (), grumbles: Grumbles = USUAL) -> Grumbled:
    """The complaints of some months.

    Args:
        seed: Of chance.
        bad: Provinces with a bad lot, none for a quiet time.
        grumbles: What is assumed.

    Returns:
        They, in order of days.
    """
    random = np.random.default_rng(seed)
    names = sorted(PEOPLE)
    weight = np.array([PEOPLE[name] for name in names]) * random.choice((1.0, LOUD), len(names))
    day = np.arange(grumbles.days)
    season = 1 + grumbles.swing * np.sin(day / 30 + random.uniform(0, 2 * np.pi))
    season *= np.where((day + int(random.integers(7))) % 7 < 5, 1.0, grumbles.weekend)
    rate = np.outer(season / season.mean(), weight / weight.sum()) * grumbles.a_day
    at = [names.index(one) for one in bad]
    rate[grumbles.days - grumbles.lasting :, at] *= grumbles.factor
    counts = random.poisson(rate)
    days, places = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.reshape(-1), axis=1)
    return Grumbled(tuple(days.tolist()), tuple(names[one] for one in places.tolist()))

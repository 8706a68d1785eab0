"""Do the scans of one code fit one thing? A likelihood ratio over how often, where, and how fast from place to place.

Two stories are compared. One thing: it is sold somewhere and scanned there, now and then on a journey, and may
move for good once. A copied code: it stands on several things, near the genuine one or all over the country, each
scanned like one. What the scans say for the second story is told clue by clue, in powers of ten.

The numbers of `Model` are assumptions; `guantong.market.scan_lives` makes up scans by the same kind of
assumptions and was written before, and `benchmarks.bench_clones` measures what is found and what is missed.
"""

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guantong.watch.places import KM_MAX, PEOPLE, km_between
from guantong.watch.scans import Count

YEAR_MS: Final = 365 * 86_400_000
DAY_MS: Final = 86_400_000
VISITS_MAX: Final = 400
"""Scans looked at one by one, the latest; a code with more is judged by these."""
FASTEST_KMH: Final = 900.0
HOUR_MS: Final = 3_600_000
NEVER: Final = 1e-4
"""Share of journeys of one thing that seem faster than a plane: wrong clocks, wrong places."""
SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
"""Copies that are thought of."""
BUDGET: Final = 0.001
"""Share of genuine codes that may be called suspicious in a year."""
THRESHOLD: Final = 3.0
"""Powers of ten from which a code is suspicious. With the rate of scans that is assumed 1.6 would keep the
budget; three keep it when things are scanned up to twice as often, see docs/reference/watch.md."""

Floats = NDArray[np.float64]


class Visit(NamedTuple):
    """A scan at a place."""

    place: str
    """Province, first two digits of GB/T 2260."""
    at_ms: int


class Model(NamedTuple):
    """What is assumed of scans."""

    scans: float = 2.0
    """Of one thing in its first year."""
    spread: float = 1.0
    weeks: float = 6.0
    """Half of them come within so many weeks."""
    moves: float = 0.05
    journeys: float = 0.04
    copies: float = 12.0
    local: float = 0.25


class Clue(NamedTuple):
    """How much one thing speaks for copies."""

    name: str
    """``often``, ``places`` or ``speed``."""
    weight: float
    """Powers of ten; below zero it speaks for one thing."""


class Suspicion(NamedTuple):
    """What the scans of a code say."""

    weight: float
    """Powers of ten for copies, all clues together."""
    clues: tuple[Clue, ...]
    copies: int
    """How many copies fit best."""
    fastest_kmh: float
    """Between two scans one after the other, 0 for none."""

    @property
    def is_suspicious(self) -> bool:
        """Whether it is beyond the budget of false alarms."""
        return self.weight >= THRESHOLD


USUAL: Final = Model()
NOTHING: Final = Suspicion(0.0, (), 0, 0.0)


def visits_of(counts: Sequence[Count]) -> tuple[Visit, ...]:
    """Scans as they were counted, as visits in order of time; those of no place are left out."""
    found = []
    for one in counts:
        if len(one.place) < 2 or one.place[:2] not in PEOPLE:
            continue
        step = (one.last_ms - one.first_ms) / max(1, one.n - 1)
        shown = min(one.n, VISITS_MAX)
        found += [Visit(one.place[:2], int(one.first_ms + at * step)) for at in range(shown)]
    return tuple(sorted(found, key=lambda one: one.at_ms))[-VISITS_MAX:]


def suspicion(
    visits: Sequence[Visit], *, since_ms: int, now_ms: int, sold_in: str = "", model: Model = USUAL
) -> Suspicion:
    """How much the scans of a code speak for copies of it.

    Args:
        visits: In order of time.
        since_ms: When it was sold, or else first known.
        now_ms: The present.
        sold_in: GB/T 2260 code of where it was sold, "" when not known.
        model: What is assumed.

    Returns:
        The weight, clue by clue.
    """
    if not visits:
        return NOTHING
    order, weights = _provinces()
    places = np.array([order[one.place] for one in visits], np.int64)
    home = order.get(sold_in[:2])
    share = 1 - 0.5 ** (max(now_ms - since_ms, DAY_MS) / (model.weeks * 7 * DAY_MS))
    mean = model.scans * share
    one_count = _negative_binomial(len(visits), mean, model.spread)
    one_places = _one_thing(places, home, weights, model)
    near = _stays(places, home, weights, model)
    stories = []
    for size, prior in _sizes(model):
        count = _negative_binomial(len(visits), mean * (1 + size), model.spread * (1 + size) ** 0.5)
        far = _copies(places, home, size, weights, model)
        mixed = np.logaddexp(math.log(model.local) + near, math.log1p(-model.local) + far)
        stories.append((prior + count + mixed, prior + count, prior + mixed, size))
    speed, fastest = _speed(visits, since_ms, now_ms)
    whole = _sum(story[0] for story in stories) - one_count - one_places + speed
    often = _sum(story[1] for story in stories) - one_count
    where = _sum(story[2] for story in stories) - one_places
    clues = (Clue("often", _tens(often)), Clue("places", _tens(where)), Clue("speed", _tens(speed)))
    return Suspicion(_tens(whole), clues, max(stories)[3], fastest)


def _one_thing(places: NDArray[np.int64], home: int | None, weights: Floats, model: Model) -> float:
    """Log likelihood of the places, if it is one thing that may move once."""
    steps = np.log(_seen(weights, model))[:, places]  # home x scan
    begun = np.concatenate((np.zeros((len(weights), 1)), np.cumsum(steps, axis=1)), axis=1)
    first = _prior(home, weights)
    stays = _sum(first + begun[:, -1])
    rest = begun[:, -1:] - begun
    after = _log_sums(np.log(weights)[:, None] + rest)
    before = _log_sums(first[:, None] + begun)
    moved = _sum(before + after) - math.log(len(places) + 1)
    return float(np.logaddexp(math.log1p(-model.moves) + stays, math.log(model.moves) + moved))


def _stays(places: NDArray[np.int64], home: int | None, weights: Floats, model: Model) -> float:
    """The same, if all copies are in one province."""
    steps = np.log(_seen(weights, model))[:, places].sum(axis=1)
    return _sum(_prior(home, weights) + steps)


def _copies(
    places: NDArray[np.int64], home: int | None, size: int, weights: Floats, model: Model
) -> float:
    """The same, if so many copies were sold anywhere: each scan is of a new one, or where one was before."""
    seen = np.zeros(len(weights))
    if home is not None:
        seen[home] = 1.0
    found, total = 0.0, float(seen.sum())
    for place in places.tolist():
        told = (size * weights[place] + seen[place]) / (size + total)
        found += math.log((1 - model.journeys) * told + model.journeys * weights[place])
        seen[place] += 1
        total += 1
    return found


def _seen(weights: Floats, model: Model) -> Floats:
    """Chance of a scan in each province, by the home of the thing."""
    away = model.journeys * weights[None, :]
    return np.asarray(away + (1 - model.journeys) * np.eye(len(weights)))


def _prior(home: int | None, weights: Floats) -> Floats:
    if home is None:
        return np.asarray(np.log(weights))
    # Sold there; but a buyer from elsewhere may take it along.
    return np.asarray(np.log(0.1 * weights + 0.9 * (np.arange(len(weights)) == home)))


def _speed(visits: Sequence[Visit], since_ms: int, now_ms: int) -> tuple[float, float]:
    """What journeys that are too fast say, and the fastest."""
    found, fastest = 0.0, 0.0
    often = len(visits) / max(now_ms - since_ms, DAY_MS)
    for one, other in pairwise(visits):
        if one.place == other.place:
            continue
        km = km_between(one.place, other.place)
        hours = max(other.at_ms - one.at_ms, 60_000) / HOUR_MS
        fastest = max(fastest, km / hours)
        if km / hours > FASTEST_KMH:
            within = 1 - math.exp(-often * km / FASTEST_KMH * HOUR_MS)
            found += math.log(max(within, NEVER) / NEVER)
    return found, min(fastest, KM_MAX * 60)


def _negative_binomial(count: int, mean: float, shape: float) -> float:
    """Log chance of a count."""
    share = shape / (shape + mean)
    return (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + shape * math.log(share)
        + count * math.log1p(-share)
    )


def _sizes(model: Model) -> list[tuple[int, float]]:
    """How many copies, each with the log of its prior: geometric, put together by doubling."""
    stays = 1 - 1 / model.copies
    bounds = [*SIZES, 10 * SIZES[-1]]
    shares = [stays ** (low - 1) - stays ** (high - 1) for low, high in pairwise(bounds)]
    return [(size, math.log(max(share, 1e-300))) for size, share in zip(SIZES, shares, strict=True)]


@cache
def _provinces() -> tuple[dict[str, int], Floats]:
    weights = np.array(list(PEOPLE.values()), np.float64)
    return {code: at for at, code in enumerate(PEOPLE)}, weights / weights.sum()


def _sum(logs: object) -> float:
    """Log of a sum of what is given by its logs."""
    values = np.fromiter(logs, np.float64) if not isinstance(logs, np.ndarray) else logs  # type: ignore[call-overload]
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).sum()))


def _log_sums(logs: Floats) -> Floats:
    top = logs.max(axis=0)
    return np.asarray(top + np.log(np.exp(logs - top).sum(axis=0)))


def _tens(log: float) -> float:
    return log / math.log(10)

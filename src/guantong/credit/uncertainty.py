"""How much of a ranking is the data, and how much is our choices?

A composite index rests on choices that others could have made differently: weights, the scale on
which sub-scores are compared, and how they become one figure. Here all of them are drawn at once,
many times: weights from a Dirichlet distribution around the method's, scale and aggregation from
lists. Each draw gives each province (or section) a rank; the 5th to 95th percent of these is its
band. Which choice matters most is told by first and total Sobol indices.

The units are means: a province enters with the mean sub-scores of its firms. Sampling is no part
of it, for all firms are counted. The same seed gives the same draws for every month, so that a
claim about several months ("back in first place") is judged draw by draw; it is *supported* if it
holds in the release itself and in 95 % of the draws. Only then is it said.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from guantong.credit.index import Cells
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    Aggregation,
    Base,
    CreditError,
    Fault,
    Method,
    Month,
    SubIndex,
)
from guantong.errors import fault

Floats = NDArray[np.float64]
Ranks = NDArray[np.int16]

LOW, HIGH = 0.05, 0.95
"""Ends of a band, as shares of the draws."""
LEVEL: Final = 0.95
"""Share of the draws in which a claim must hold to be said."""
FLOOR: Final = 1.0
"""What lower scores count as in a geometric mean, on a scale of 100."""
SUBS: Final = len(SubIndex)


class Scale(StrEnum):
    """How sub-scores of different kinds are made comparable."""

    GOALPOSTS = "goalposts"
    """As the method scores them: 0 to 100 between frozen goalposts."""
    MINMAX = "minmax"
    """0 for the lowest of the month's units, 100 for the highest."""
    ZSCORE = "zscore"
    """50 for the mean of the month's units, 10 for one standard deviation."""
    RANK = "rank"
    """0 for the last of the month's units, 100 for the first."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is varied, how far, and how often."""

    concentration: float = 60.0
    """Of the Dirichlet distribution: a weight w varies by sqrt(w (1 - w) / (concentration + 1))."""
    scales: tuple[Scale, ...] = tuple(Scale)
    aggregations: tuple[Aggregation, ...] = tuple(Aggregation)
    draws: int = 4096
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            CreditError: `Fault.FIELD` if there is nothing to draw.
        """
        positive = math.isfinite(self.concentration) and self.concentration > 0
        if not (positive and self.draws > 0 and self.scales and self.aggregations):
            expected = "a concentration above 0, draws, scales and aggregations"
            raise CreditError(fault(Fault.FIELD, expected=expected, got=self, path="choices"))


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Units of one month and their sub-scores: what the draws work on."""

    period: str
    dimension: str
    """``province`` or ``section``."""
    keys: tuple[str, ...]
    parts: Floats
    """k x n, 0 to 100; NaN where a unit has none."""
    shares: Floats
    """k weights of the method, adding up to 1."""
    aggregation: Aggregation = Aggregation.ARITHMETIC
    """The method's own."""


def table_of(cells: Cells, dimension: str) -> Table:
    """The provinces or sections of a month that have firms.

    Args:
        cells: A month, added up.
        dimension: ``province`` or ``section``.

    Returns:
        Mean sub-scores of each.
    """
    axis, names = (
        (1, tuple(map(str, PROVINCES))) if dimension == "province" else (0, tuple(SECTIONS))
    )
    weight, total = cells.sub_weight.sum(axis=axis).T, cells.sub_total.sum(axis=axis).T
    parts = np.full(total.shape, np.nan)
    np.divide(total, weight, out=parts, where=weight > 0)
    there = np.flatnonzero(cells.weight.sum(axis=axis) > 0)
    return Table(
        period=str(cells.month),
        dimension=dimension,
        keys=tuple(names[place] for place in there),
        parts=parts[:, there],
        shares=_shares(cells.method),
        aggregation=cells.method.aggregation,
    )


def _shares(method: Method) -> Floats:
    return np.array(list(method.shares().values()))


# ------------------------------------------------------------------------ draws


def weights_of(uniforms: Floats, shares: Floats, concentration: float) -> Floats:
    """Turn independent uniforms into weights, Dirichlet around the method's.

    Args:
        uniforms: d x k, between 0 and 1.
        shares: k weights adding up to 1; one of 0 stays 0.
        concentration: Sum of the parameters.

    Returns:
        d x k weights, each row adding up to 1.
    """
    from scipy.special import gammaincinv

    shapes = np.maximum(shares * concentration, 1e-12)
    drawn = np.where(shares > 0, gammaincinv(shapes, np.clip(uniforms, 1e-12, 1 - 1e-12)), 0.0)
    totals = drawn.sum(axis=1, keepdims=True)
    # All gammas can underflow at a tiny concentration: then the method's own weights stand.
    weights: Floats = np.where(totals > 0, drawn / np.where(totals > 0, totals, 1), shares)
    return weights


def scores_of(table: Table, uniforms: Floats, choices: Choices) -> Floats:
    """Score every unit under every draw.

    Args:
        table: n units.
        uniforms: d x (k + 2): one for each weight, one for the scale, one for the aggregation.
        choices: What they pick from.

    Returns:
        d x n; only the order within a row means anything.
    """
    k = len(table.shares)
    weights = weights_of(uniforms[:, :k], table.shares, choices.concentration)
    scale = _picked(uniforms[:, k], len(choices.scales))
    aggregation = _picked(uniforms[:, k + 1], len(choices.aggregations))
    result = np.empty((len(uniforms), len(table.keys)))
    for one, two in product(range(len(choices.scales)), range(len(choices.aggregations))):
        rows = (scale == one) & (aggregation == two)
        parts = scaled(table.parts, choices.scales[one])
        result[rows] = levels(choices.aggregations[two], parts, weights[rows])
    return result


def _picked(uniforms: Floats, count: int) -> NDArray[np.intp]:
    return np.minimum((uniforms * count).astype(np.intp), count - 1)


def scaled(parts: Floats, scale: Scale) -> Floats:
    """Sub-scores on another scale, each row by itself; a row without differences is all 50.

    Args:
        parts: k x n; NaN stays NaN.
        scale: Which.

    Returns:
        k x n.
    """
    if scale is Scale.GOALPOSTS:
        return parts
    result = np.full(parts.shape, np.nan)
    for place, row in enumerate(parts):
        known = ~np.isnan(row)
        if known.any():
            result[place, known] = _row(row[known], scale)
    return result


def _row(row: Floats, scale: Scale) -> Floats:
    """One sub-score of all units on a scale."""
    span, spread, last = float(np.ptp(row)), float(row.std()), len(row) - 1
    if span == 0:
        return np.full(row.shape, 50.0)
    match scale:
        case Scale.MINMAX:
            points = 100 * (row - row.min()) / span
        case Scale.ZSCORE:
            points = 50 + 10 * (row - row.mean()) / spread
        case _:
            equal = (row[:, None] == row).sum(axis=1) - 1
            points = 100 * ((row[:, None] > row).sum(axis=1) + equal / 2) / last
    return np.asarray(points, np.float64)


def levels(kind: Aggregation, parts: Floats, weights: Floats) -> Floats:
    """`aggregate.level` under many weights at once; Copeland's ties go by the arithmetic mean.

    Args:
        kind: How.
        parts: k x n, on a scale of about 100.
        weights: d x k.

    Returns:
        d x n.
    """
    match kind:
        case Aggregation.ARITHMETIC:
            return _mean(parts, weights)
        case Aggregation.GEOMETRIC:
            return np.exp(_mean(np.log(np.maximum(parts, FLOOR)), weights))
        case Aggregation.MAZZIOTTA_PARETO:
            even = parts * 0.6 + 70
            mean = _mean(even, weights)
            spread = np.maximum(_mean(even**2, weights) - mean**2, 0)
            return (mean - spread / mean - 70) / 0.6
        case Aggregation.COPELAND:
            return _wins(parts, weights) + _mean(parts, weights) / 1e6


def _mean(parts: Floats, weights: Floats) -> Floats:
    """Weighted means, d x n; what is unknown leaves its weight to the others."""
    known = ~np.isnan(parts)
    total = weights @ known
    sums = weights @ np.where(known, parts, 0.0)
    result = np.full(sums.shape, np.nan)
    np.divide(sums, total, out=result, where=total > 0)
    return result


def _wins(parts: Floats, weights: Floats) -> Floats:
    """Wins less losses of each unit against every other, d x n."""
    n = parts.shape[1]
    better = np.sign(np.nan_to_num(parts[:, :, None] - parts[:, None, :]))
    margin = weights @ better.reshape(len(parts), n * n)
    margin[np.abs(margin) < 1e-12] = 0
    won: Floats = np.sign(margin).reshape(-1, n, n).sum(axis=2)
    return won


def ranks_of(scores: Floats) -> Ranks:
    """Ranks in each row, 1 for the highest; equals share one; 0 for NaN."""
    result = np.empty(scores.shape, np.int16)
    for start in range(0, len(scores), 512):
        rows = scores[start : start + 512]
        result[start : start + 512] = 1 + (rows[:, None, :] > rows[:, :, None]).sum(axis=2)
    result[np.isnan(scores)] = 0
    return result


# ------------------------------------------------------------------------ bands


@dataclass(frozen=True, slots=True)
class Band:
    """Where a unit may stand."""

    key: str
    rank: int
    """In the release."""
    low: int
    """Best rank of the band: 5 % of the draws are better."""
    high: int
    """Worst rank of the band."""
    median: float


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The ranks of a month under all draws."""

    period: str
    dimension: str
    keys: tuple[str, ...]
    nominal: Ranks
    """n ranks by the method as it is."""
    ranks: Ranks
    """d x n."""

    def of(self, key: str) -> Band:
        """The band of one unit.

        Returns:
            Its rank and where else it may stand.

        Raises:
            CreditError: `Fault.FIELD` if the month has no such unit.
        """
        if key not in self.keys:
            expected = f"one of {', '.join(self.keys)}"
            raise CreditError(fault(Fault.FIELD, expected=expected, got=key, path="key"))
        place = self.keys.index(key)
        low, median, high = np.quantile(
            self.ranks[:, place], (LOW, 0.5, HIGH), method="inverted_cdf"
        ).tolist()
        return Band(key, int(self.nominal[place]), int(low), int(high), float(median))

    def all(self) -> tuple[Band, ...]:
        """Every unit's band, by rank in the release."""
        return tuple(sorted(map(self.of, self.keys), key=lambda band: (band.rank, band.key)))


def bands(table: Table, choices: Choices | None = None) -> Bands:
    """Draw the choices and rank the units under each.

    Args:
        table: Units of a month, from `table_of`.
        choices: What is varied; None for the usual.

    Returns:
        Ranks; the same choices always give the same.
    """
    chosen = choices or Choices()
    chance = np.random.default_rng(chosen.seed)
    uniforms = chance.random((chosen.draws, len(table.shares) + 2))
    return Bands(
        period=table.period,
        dimension=table.dimension,
        keys=table.keys,
        nominal=nominal(table),
        ranks=ranks_of(scores_of(table, uniforms, chosen)),
    )


def nominal(table: Table) -> Ranks:
    """Ranks by the method's own weights, scale and aggregation."""
    usual: Ranks = ranks_of(levels(table.aggregation, table.parts, table.shares[None, :]))[0]
    return usual


@dataclass(frozen=True, slots=True)
class LevelBand:
    """Where the national index may lie, in points."""

    period: str
    low: float
    median: float
    high: float


def level_band(cells: Cells, base: Base, choices: Choices | None = None) -> LevelBand:
    """The national index of a month under other weights and aggregations.

    Scales that compare units do not apply to one country. The base moves with each draw: both
    months are weighted alike.

    Returns:
        5th, 50th and 95th percent of the draws.
    """
    chosen = choices or Choices()
    chance = np.random.default_rng(chosen.seed)
    uniforms = chance.random((chosen.draws, SUBS + 1))
    weights = weights_of(uniforms[:, :SUBS], _shares(cells.method), chosen.concentration)
    kinds = [kind for kind in chosen.aggregations if kind is not Aggregation.COPELAND]
    kinds = kinds or [Aggregation.ARITHMETIC]
    picked = _picked(uniforms[:, SUBS], len(kinds))
    now = cells.sub_scores()
    pair = np.array([[side.get(sub, np.nan) for side in (now, base.subs)] for sub in SubIndex])
    pair[np.isnan(pair).any(axis=1)] = np.nan
    drawn = np.empty(chosen.draws)
    for place, kind in enumerate(kinds):
        both = levels(kind, pair, weights[picked == place])
        drawn[picked == place] = 100 * both[:, 0] / both[:, 1]
    return LevelBand(str(cells.month), *map(float, np.quantile(drawn, (LOW, 0.5, HIGH))))


# ----------------------------------------------------------------------- claims


class ClaimKind(StrEnum):
    """What can be said of a rank, and has to be earned."""

    FIRST = "first"
    """In first place."""
    BACK_IN_FIRST = "back_in_first"
    """In first place, not so the month before, but once earlier (重返首位)."""
    IN_TOP = "in_top"
    """Among the first `limit`."""
    STAYS_IN_TOP = "stays_in_top"
    """Among them this month and the month before (继续稳居)."""
    ENTERS_TOP = "enters_top"
    """Among them for the first time this year (今年首次进入)."""
    RISES = "rises"
    """A better rank than the month before."""
    FALLS = "falls"
    """A worse rank than the month before."""
    HIGHEST_THIS_YEAR = "highest_this_year"
    """A better rank than in any earlier month of the year (突破今年以来最高)."""
    STOPS_FALLING = "stops_falling"
    """Fell the month before, rises now (止跌回升)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something to be said of one unit's rank in the last month of a history."""

    kind: ClaimKind
    key: str
    limit: int = 5
    """For the kinds with a top: how many places it has."""


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a claim may be said."""

    holds: bool
    """It is true of the release and of `LEVEL` of the draws."""
    plain: bool
    """It is true of the release."""
    share: float
    """Share of the draws in which it is true; 0 where it can not be judged."""
    missing: str = ""
    """What is missing to judge it, such as ``2024-09`` (a month)."""


_MONTHS_NEEDED: Final = {
    ClaimKind.FIRST: 1,
    ClaimKind.IN_TOP: 1,
    ClaimKind.BACK_IN_FIRST: 3,
    ClaimKind.STOPS_FALLING: 3,
}
"""Months in a row, the last included; 2 where none is named."""


def supported(claim: Claim, history: Sequence[Bands], *, level: float = LEVEL) -> Support:
    """May this be said?

    Args:
        claim: What of which unit.
        history: Bands of one dimension by the same `Choices`, oldest first; the last is the
            month spoken of. Claims about the year need all months of the year since January.
        level: Share of the draws that must bear it out.

    Returns:
        The answer and its grounds. Without the months it needs, a claim is not supported.
    """
    months = _months_for(claim, history)
    if isinstance(months, str):
        return Support(holds=False, plain=False, share=0.0, missing=months)
    places = [(month, month.keys.index(claim.key)) for month in months]
    drawn = np.array([month.ranks[:, place] for month, place in places])
    plain = np.array([[month.nominal[place]] for month, place in places])
    if (plain == 0).any():
        return Support(holds=False, plain=False, share=0.0, missing=claim.key)
    true = bool(_true(claim, plain)[0])
    share = float(_true(claim, drawn).mean())
    return Support(holds=true and share >= level, plain=true, share=share)


def _months_for(claim: Claim, history: Sequence[Bands]) -> list[Bands] | str:
    """The months a claim speaks of, oldest first; or what is missing."""
    if not history:
        return "history"
    now = Month.parse(history[-1].period)
    by_month = {Month.parse(month.period): month for month in history}
    wanted = [now.plus(-back) for back in range(_MONTHS_NEEDED.get(claim.kind, 2))]
    if claim.kind in {ClaimKind.ENTERS_TOP, ClaimKind.HIGHEST_THIS_YEAR}:
        wanted = [now.plus(-back) for back in range(now.of_year)]
    if claim.kind is ClaimKind.BACK_IN_FIRST:
        wanted = wanted[:2] + [month for month in by_month if month < now.plus(-1)]
    if len(wanted) < 2 <= _MONTHS_NEEDED.get(claim.kind, 2):
        return "an earlier month"
    for month in wanted:
        if month not in by_month:
            return str(month)
        if claim.key not in by_month[month].keys:
            return f"{claim.key} in {month}"
    return [by_month[month] for month in sorted(wanted)]


def _true(claim: Claim, ranks: NDArray[Any]) -> NDArray[np.bool_]:
    """In which draws a claim is true; `ranks` is months x draws, oldest first."""
    now, before = ranks[-1], ranks[:-1]
    top, ever = now <= claim.limit, (before <= claim.limit).any(axis=0)
    match claim.kind:
        case ClaimKind.FIRST:
            true = now == 1
        case ClaimKind.BACK_IN_FIRST:
            true = (now == 1) & (before[-1] > 1) & (before[:-1] == 1).any(axis=0)
        case ClaimKind.IN_TOP:
            true = top
        case ClaimKind.STAYS_IN_TOP:
            true = top & (before[-1] <= claim.limit)
        case ClaimKind.ENTERS_TOP:
            true = top & ~ever
        case ClaimKind.RISES:
            true = now < before[-1]
        case ClaimKind.FALLS:
            true = now > before[-1]
        case ClaimKind.HIGHEST_THIS_YEAR:
            true = (now < before).all(axis=0)
        case ClaimKind.STOPS_FALLING:
            true = (now < before[-1]) & (before[-1] > before[-2])
    return np.asarray(true)


# ------------------------------------------------------------------------ Sobol


@dataclass(frozen=True, slots=True, eq=False)
class Sobol:
    """Which input moves the output; shares of the output's variance."""

    factors: tuple[str, ...]
    first: Floats
    """f x m: what each factor explains alone."""
    total: Floats
    """f x m: what each explains alone or together with others."""
    variance: Floats
    """m; where it is 0, so are the indices."""


def sobol(
    model: Callable[[Floats], Floats],
    factors: Mapping[str, Sequence[int]],
    *,
    points: int = 1024,
    seed: int = 1,
) -> Sobol:
    """First and total indices by Saltelli's scheme over a scrambled Sobol sequence.

    First indices by the estimator of Saltelli and others (2010), total ones by Jansen's (1999).
    The model is asked points x (factors + 2) times.

    Args:
        model: From r x d uniforms to r x m outputs.
        factors: Name -> the columns that vary together; every column in at least one.
        points: A power of 2.
        seed: Of the scrambling.

    Returns:
        Indices of each factor for each output.
    """
    from scipy.stats import qmc

    d = 1 + max(column for columns in factors.values() for column in columns)
    both = qmc.Sobol(2 * d, scramble=True, rng=np.random.default_rng(seed)).random(points)
    left, right = both[:, :d], both[:, d:]
    f_left, f_right = model(left), model(right)
    mean = np.concatenate([f_left, f_right]).mean(axis=0)
    variance = np.concatenate([f_left, f_right]).var(axis=0)
    safe = np.where(variance > 0, variance, 1)
    first, total = [], []
    for columns in factors.values():
        mixed = left.copy()
        mixed[:, list(columns)] = right[:, list(columns)]
        f_mixed = model(mixed)
        first.append(((f_right - mean) * (f_mixed - f_left)).mean(axis=0) / safe)
        total.append(((f_left - f_mixed) ** 2).mean(axis=0) / (2 * safe))
    return Sobol(tuple(factors), np.array(first), np.array(total), variance)


OVERALL: Final = "overall"
"""Name of the output that is not a unit: how far units are from their rank in the release."""


def sensitivity(
    table: Table, choices: Choices | None = None, *, points: int = 512
) -> tuple[tuple[str, ...], Sobol]:
    """Which choice moves the ranks?

    Args:
        table: Units of a month.
        choices: What is varied.
        points: A power of 2.

    Returns:
        The outputs (each unit's rank, and `OVERALL`: the mean distance from the rank in the
        release), and the indices of the six weights, of all weights together, of scale and
        aggregation.
    """
    chosen = choices or Choices()
    usual = nominal(table)
    k = len(table.shares)

    def model(uniforms: Floats) -> Floats:
        ranks = ranks_of(scores_of(table, uniforms, chosen)).astype(np.float64)
        return np.column_stack([ranks, np.abs(ranks - usual).mean(axis=1)])

    names = list(SubIndex) if k == SUBS else [str(place) for place in range(k)]
    factors: dict[str, Sequence[int]] = {str(one): (place,) for place, one in enumerate(names)}
    factors |= {"weights": range(k), "scale": (k,), "aggregation": (k + 1,)}
    return (*table.keys, OVERALL), sobol(model, factors, points=points, seed=chosen.seed)

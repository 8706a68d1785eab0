"""How large are the effects in a panel of scores, and within what bounds?

Three questions of every release: do new firms score lower, does July dip, did a province rise by
more than the others? A firm is compared with itself (fixed effects of firm and month). Intervals
of entry and rise allow each firm's errors to hang together over time (clusters by firm); that of
July rests on how much months differ anyway, for a July is one month, however many firms it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guantong.credit.model import CreditError, Fault, Month, Scores
from guantong.errors import fault

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect in points of the firm score."""

    points: float
    error: float
    """Standard error."""
    low: float
    high: float
    """The bounds of the interval."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What was asked."""

    entry: Effect
    """First months of firms that were not there in the panel's first month."""
    rise: Effect
    """One province from a month on, against all others."""
    july: Effect
    """Julys against the other months, about a straight line."""


def effects(
    months: Sequence[Scores],
    *,
    province: int,
    rise_from: Month,
    entry_months: int = 6,
    confidence: float = 0.95,
) -> Effects:
    """Estimate the three effects.

    Args:
        months: In order of time, without gaps; at least 13, with a July.
        province: Number of the province that may have risen.
        rise_from: From which month on.
        entry_months: How long a firm counts as new.
        confidence: Of the intervals.

    Returns:
        Effects with intervals.

    Raises:
        CreditError: `Fault.PERIOD` if the months are too few or not in a row, `Fault.POPULATION`
            if nothing in the panel tells an effect from firms and months.
    """
    _check(months)
    table = _table(months, province, rise_from, entry_months)
    slopes, errors, by_month = _within(table, len(months))
    firms = int(table.firm[-1]) + 1
    entry, rise = (
        _effect(float(slope), float(error), firms - 1, confidence)
        for slope, error in zip(slopes, errors, strict=True)
    )
    julys = np.array([one.month.of_year == 7 for one in months], np.float64)
    return Effects(entry=entry, rise=rise, july=_july(by_month, julys, confidence))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One row per firm and month, firms together."""

    firm: NDArray[np.intp]
    """0, 1, 2 … in order."""
    month: NDArray[np.intp]
    score: Floats
    marks: Floats
    """n x 2: new, risen."""


def _table(months: Sequence[Scores], province: int, rise_from: Month, entry_months: int) -> _Table:
    firm = np.concatenate([one.firm for one in months])
    month = np.repeat(np.arange(len(months)), [len(one) for one in months])
    score = np.concatenate([one.score for one in months]).astype(np.float64)
    where = np.concatenate([one.province for one in months])
    _, firm = np.unique(firm, return_inverse=True)
    first = np.full(firm.max() + 1, len(months))
    np.minimum.at(first, firm, month)
    new = (first[firm] > 0) & (month - first[firm] < entry_months)
    risen = (where == province) & (month >= rise_from.number - months[0].month.number)
    order = np.lexsort((month, firm))
    order = order[~np.isnan(score[order])]
    _, firm = np.unique(firm[order], return_inverse=True)
    marks = np.column_stack([new, risen]).astype(np.float64)[order]
    return _Table(firm, month[order], score[order], marks)


def _within(table: _Table, months: int) -> tuple[Floats, Floats, Floats]:
    """Least squares with effects of firm and month.

    Returns:
        Two slopes, their errors by clusters of firms, and the effect of each month (first is 0).
    """
    count = np.bincount(table.firm)
    dummies = np.zeros((len(table.firm), months - 1))
    later = table.month > 0
    dummies[np.flatnonzero(later), table.month[later] - 1] = 1
    wide = np.column_stack([table.marks, dummies])
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    wide = wide - (np.add.reduceat(wide, starts) / count[:, None])[table.firm]
    score = table.score - (np.add.reduceat(table.score, starts) / count)[table.firm]
    bread = _inverse(wide.T @ wide)
    slopes = bread @ (wide.T @ score)
    rest = score - wide @ slopes
    sums = np.add.reduceat(wide * rest[:, None], starts)
    firms, width = len(count), wide.shape[1]
    # The usual correction for few clusters and many parameters.
    correction = firms / (firms - 1) * (len(score) - 1) / (len(score) - width)
    covariance = correction * bread @ (sums.T @ sums) @ bread
    errors = np.sqrt(np.diag(covariance))
    return slopes[:2], errors[:2], np.concatenate([[0.0], slopes[2:]])


def _inverse(square: Floats) -> Floats:
    """The inverse. Raises CreditError."""
    if np.linalg.matrix_rank(square) < len(square):
        raise CreditError(
            fault(
                Fault.POPULATION,
                expected="new firms and a province before and after, beside others",
                got="nothing that tells the effects apart",
            )
        )
    inverse: Floats = np.linalg.inv(square).astype(np.float64, copy=False)
    return inverse


def _july(by_month: Floats, julys: Floats, confidence: float) -> Effect:
    """Julys against a straight line through all months."""
    wide = np.column_stack([julys, np.ones(len(julys)), np.arange(len(julys))])
    bread = np.linalg.inv(wide.T @ wide)
    slopes = bread @ (wide.T @ by_month)
    rest = by_month - wide @ slopes
    free = len(julys) - wide.shape[1]
    error = float(np.sqrt(rest @ rest / free * bread[0, 0]))
    return _effect(float(slopes[0]), error, free, confidence)


def _effect(points: float, error: float, free: int, confidence: float) -> Effect:
    from scipy.stats import t

    reach = error * float(t.ppf((1 + confidence) / 2, free))
    return Effect(points, error, points - reach, points + reach)


def _check(months: Sequence[Scores]) -> None:
    """Refuse months that are too few or not in a row. Raises CreditError."""
    told = [one.month.number for one in months]
    if len(told) < 13 or told != list(range(told[0], told[0] + len(told))):
        got = ", ".join(str(one.month) for one in months)
        raise CreditError(fault(Fault.PERIOD, expected="13 or more months in a row", got=got))

"""Why did the index change?

Every split adds up to the change itself, to rounding of float64: by sub-index, by province and
by section (change within each, and shift of weight between them), and by firms that stayed,
moved, entered and left (after Melitz and Polanec, RAND Journal of Economics, 2015). Across a link
the two legs are split each by its own version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guantong.credit import aggregate
from guantong.credit.index import ADDITIVE, Cells, checked
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    Base,
    CreditError,
    Fault,
    Scores,
    SubIndex,
)
from guantong.errors import fault

BALANCE = "balance"
"""What a geometric or Mazziotta–Pareto score lies above or below the arithmetic one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """What one group gave to a change, in index points."""

    within: float
    """By its own score, at the mean of both months' shares of weight."""
    between: float
    """By gaining or losing share, as far as its score differs from the nation's."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """What firms gave to a change by staying and going, in index points; adds up."""

    stayers: float
    """Own change of score of firms there in both months, same province and section."""
    movers: float
    """Own change of score of firms that changed province or section."""
    reweighting: float
    """Shift of weight among the firms there in both months."""
    entrants: float
    """Firms counted only in the later month, against those there in both."""
    leavers: float
    """Firms counted only in the earlier month, against those there in both."""
    firms: Mapping[str, int]
    """How many: ``stayers``, ``movers``, ``entrants``, ``leavers``."""

    @property
    def total(self) -> float:
        """The change of the index."""
        return self.stayers + self.movers + self.reweighting + self.entrants + self.leavers


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change of the national index and its splits; the values of each add up to `change`."""

    since: str
    until: str
    change: float
    """Index points, before rounding."""
    by_sub: Mapping[str, float]
    """Six sub-indices and `BALANCE`."""
    by_province: Mapping[str, Shift]
    """32 keys of two digits."""
    by_section: Mapping[str, Shift]
    """20 letters."""


def decompose(before: Cells, after: Cells, base: Base) -> Decomposition:
    """Split the change of the national index between two months of one version.

    Args:
        before: The earlier month.
        after: The later one.
        base: What counts as 100 in both.

    Returns:
        The splits.

    Raises:
        CreditError: `Fault.BASE` if base or months are not of one version.
    """
    checked(before.method, base)
    checked(after.method, base)
    points = 100 / base.score
    return Decomposition(
        since=str(before.month),
        until=str(after.month),
        change=points * (after.score - before.score),
        by_sub=_by_sub(before, after, points),
        by_province=_by_group(before, after, points, [str(one) for one in PROVINCES], axis=1),
        by_section=_by_group(before, after, points, list(SECTIONS), axis=0),
    )


def across(legs: Iterable[Decomposition]) -> Decomposition:
    """Put legs together into one change, such as the one before a link and the one after.

    Args:
        legs: At least one, in order of time, each beginning in the month the one before ended in;
            the base of a leg after a link must be `guantong.credit.link.carried` from the old one.

    Returns:
        The change over all legs.

    Raises:
        CreditError: `Fault.LINK` if there is none or the legs do not meet.
    """
    told = list(legs)
    if not told:
        raise CreditError(fault(Fault.LINK, expected="at least one leg", got="none"))
    whole = told[0]
    for leg in told[1:]:
        if leg.since != whole.until:
            raise CreditError(fault(Fault.LINK, expected=whole.until, got=leg.since))
        whole = Decomposition(
            since=whole.since,
            until=leg.until,
            change=whole.change + leg.change,
            by_sub={key: value + leg.by_sub[key] for key, value in whole.by_sub.items()},
            by_province=_summed(whole.by_province, leg.by_province),
            by_section=_summed(whole.by_section, leg.by_section),
        )
    return whole


def turnover(before: Scores, after: Scores, base: Base) -> Turnover:
    """Split the change of the national index by firms that stayed, moved, entered and left.

    Args:
        before: The earlier month.
        after: The later one; same version of the method.
        base: What counts as 100 in both.

    Returns:
        Points that add up to the change.

    Raises:
        CreditError: `Fault.BASE` if base or months are not of one version, `Fault.FIRM` if a
            firm stands twice in a month.
    """
    checked(before.method, base)
    checked(after.method, base)
    old, new = _Book.of(before), _Book.of(after)
    _, in_old, in_new = np.intersect1d(old.firm, new.firm, assume_unique=True, return_indices=True)
    stay_old, stay_new = old.mean_of(in_old), new.mean_of(in_new)
    moved = (old.place[in_old] != new.place[in_new]).astype(np.float64)
    own, shifted = _own(old, new, in_old, in_new)
    points = 100 / base.score
    movers = float((own * moved).sum())
    return Turnover(
        stayers=points * (float(own.sum()) - movers),
        movers=points * movers,
        reweighting=points * shifted,
        entrants=points * (new.mean - stay_new),
        leavers=points * (stay_old - old.mean),
        firms={
            "stayers": int(len(in_old) - moved.sum()),
            "movers": int(moved.sum()),
            "entrants": len(new.firm) - len(in_new),
            "leavers": len(old.firm) - len(in_old),
        },
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """Firms with a score and a weight, as float64."""

    firm: NDArray[np.integer]
    place: NDArray[np.integer]
    weight: Floats
    score: Floats

    @classmethod
    def of(cls, scores: Scores) -> "_Book":
        """The firms that count. Raises CreditError."""
        weight = scores.weight.astype(np.float64)
        level = _levels(scores)
        there = (weight > 0) & ~np.isnan(level)
        firm = scores.firm[there]
        if len(np.unique(firm)) != len(firm):
            raise CreditError(
                fault(Fault.FIRM, expected="each firm once", got=len(firm), path="firm")
            )
        place = scores.province[there].astype(np.int32) * 100 + scores.section[there]
        return cls(firm, place, weight[there], level[there])

    @property
    def mean(self) -> float:
        """The national score."""
        return float((self.weight * self.score).sum() / self.weight.sum())

    def mean_of(self, firms: NDArray[np.integer]) -> float:
        """The mean score of some; of none the score of all, so that it drops out."""
        if not len(firms):
            return 0.0
        weight = self.weight[firms]
        return float((weight * self.score[firms]).sum() / weight.sum())


def _levels(scores: Scores) -> Floats:
    """Firm scores in float64 whose weighted mean is that of `Cells`."""
    if scores.method.aggregation not in ADDITIVE:
        return scores.score.astype(np.float64)
    shares = np.array(list(scores.method.shares().values()))
    return aggregate.arithmetic(scores.subs.astype(np.float64), shares).astype(np.float64)


def _own(
    old: _Book, new: _Book, in_old: NDArray[np.integer], in_new: NDArray[np.integer]
) -> tuple[Floats, float]:
    """Own changes of those there in both months, and what their shift of weight gave."""
    if not len(in_old):
        return np.zeros(0), 0.0
    share_old = old.weight[in_old] / old.weight[in_old].sum()
    share_new = new.weight[in_new] / new.weight[in_new].sum()
    score_old, score_new = old.score[in_old], new.score[in_new]
    own = (share_old + share_new) / 2 * (score_new - score_old)
    return own, float(((score_old + score_new) / 2 * (share_new - share_old)).sum())


def _by_sub(before: Cells, after: Cells, points: float) -> dict[str, float]:
    parts = [table.part.sum(axis=(0, 1)) / table.weight.sum() for table in (before, after)]
    rests = [table.score - part.sum() for table, part in zip((before, after), parts, strict=True)]
    changes = dict(zip(SubIndex, (points * (parts[1] - parts[0])).tolist(), strict=True))
    return {**changes, BALANCE: float(points * (rests[1] - rests[0]))}


def _by_group(
    before: Cells, after: Cells, points: float, keys: list[str], *, axis: int
) -> dict[str, Shift]:
    """Within and between, by group; a group there in one month only has no change within."""
    weights = [table.weight.sum(axis=axis) for table in (before, after)]
    totals = [table.total.sum(axis=axis) for table in (before, after)]
    shares = [weight / weight.sum() for weight in weights]
    scores = [_quotient(*pair) for pair in zip(totals, weights, strict=True)]
    old = np.where(weights[0] > 0, scores[0], scores[1])
    new = np.where(weights[1] > 0, scores[1], scores[0])
    nation = (before.score + after.score) / 2
    within = points * (shares[0] + shares[1]) / 2 * (new - old)
    between = points * ((old + new) / 2 - nation) * (shares[1] - shares[0])
    rows = zip(keys, within.tolist(), between.tolist(), strict=True)
    return {key: Shift(own, shifted) for key, own, shifted in rows}


def _quotient(total: Floats, weight: Floats) -> Floats:
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)


def _summed(one: Mapping[str, Shift], other: Mapping[str, Shift]) -> dict[str, Shift]:
    return {
        key: Shift(shift.within + other[key].within, shift.between + other[key].between)
        for key, shift in one.items()
    }

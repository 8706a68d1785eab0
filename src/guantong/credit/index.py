"""What is the index of a month?

Firms are first added up in 640 cells (province by section); every figure of a release, and every
decomposition, is a sum over these cells, so that what belongs together adds up.
"""

import functools
import math
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guantong.credit import aggregate
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    Aggregation,
    Base,
    CreditError,
    Fault,
    Method,
    Month,
    Place,
    Release,
    Scores,
    SubIndex,
)
from guantong.errors import fault

Floats = NDArray[np.float64]

BLOCK = 16_384
"""Firms of one block."""

ADDITIVE = frozenset({Aggregation.ARITHMETIC, Aggregation.COPELAND})
"""Ways in which the national score is the sum of what the sub-indices give."""

SAME = 1e-9
"""Index points within which two groups share a rank: sums of floats carry rounding."""

_COLUMNS = 20
"""Weight, total, and six each of sub-weight, sub-total, part."""
_CELLS = len(PROVINCES) * len(SECTIONS)
_NONE = 255
_PLACE_OF = np.full(256, _NONE, np.uint8)
_PLACE_OF[list(PROVINCES)] = range(len(PROVINCES))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Firms of one month added up by province and section; arrays begin with 32 x 20."""

    month: Month
    method: Method
    firms: int
    weight: Floats
    """32 x 20; weight of the firms with a score."""
    total: Floats
    """32 x 20; weight times score."""
    sub_weight: Floats
    """32 x 20 x 6; weight of the firms with a score of that sub-index."""
    sub_total: Floats
    """32 x 20 x 6; weight times sub-score."""
    part: Floats
    """32 x 20 x 6; weight times what each sub-index gives to the arithmetic score."""

    @property
    def score(self) -> float:
        """The national score, 0 to 100."""
        return float(self.total.sum() / self.weight.sum())

    def sub_scores(self) -> dict[SubIndex, float]:
        """National score of each sub-index that has any."""
        weights, totals = self.sub_weight.sum(axis=(0, 1)), self.sub_total.sum(axis=(0, 1))
        return {
            sub: float(totals[place] / weights[place])
            for place, sub in enumerate(SubIndex)
            if weights[place] > 0
        }


def index(scores: Scores, base: Base) -> Release:
    """The index of a month against a base.

    Provinces and sections stand against the national base, so that they can be compared, and the
    mean by weight of either is the national index. Sub-indices stand each against its own base.

    Args:
        scores: Of one month.
        base: What counts as 100; of the same version of the method.

    Returns:
        Figures before rounding.

    Raises:
        CreditError: `Fault.BASE` if the base is of another version or nought.
    """
    return release(cells(scores), base)


def release(table: Cells, base: Base) -> Release:
    """`index`, from cells that are added up already.

    Returns:
        Figures before rounding.

    Raises:
        CreditError: `Fault.BASE` if the base is of another version or nought.
    """
    checked(table.method, base)
    held = [table.weight.sum(axis=1), table.weight.sum(axis=0)]
    totals = [table.total.sum(axis=1), table.total.sum(axis=0)]
    provinces = dict(zip(map(str, PROVINCES), _against(held[0], totals[0], base), strict=True))
    sections = dict(zip(SECTIONS, _against(held[1], totals[1], base), strict=True))
    shares = np.concatenate(held) / table.weight.sum()
    return Release(
        period=str(table.month),
        method=table.method.version,
        national=100 * table.score / base.score,
        sub_indices={
            sub: 100 * score / base.subs[sub]
            for sub, score in table.sub_scores().items()
            if base.subs.get(sub, 0) > 0
        },
        provinces=provinces,
        sections=sections,
        rankings={
            "province": _ranking(table, 1, provinces),
            "section": _ranking(table, 0, sections),
        },
        firms=table.firms,
        score=table.score,
        weights=dict(zip([*provinces, *sections], shares.tolist(), strict=True)),
    )


def base_of(months: Iterable[Cells], period: str) -> Base:
    """The base that makes the mean of these months 100.

    Args:
        months: Usually the twelve of the base year; of one method.
        period: What the base is called.

    Returns:
        Plain means of the months' scores; a sub-index that is not known in each month, or is
        nought, has no base and therefore no figure.

    Raises:
        CreditError: `Fault.BASE` without any month, or with two methods.
    """
    tables = list(months)
    versions = {table.method.version for table in tables}
    if len(versions) != 1:
        got = ", ".join(sorted(versions)) or "no month"
        raise CreditError(fault(Fault.BASE, expected="months of one method", got=got))
    subs = [table.sub_scores() for table in tables]
    known = [sub for sub in SubIndex if all(month.get(sub, 0) > 0 for month in subs)]
    return Base(
        method=tables[0].method.version,
        period=period,
        score=float(np.mean([table.score for table in tables])),
        subs={sub: float(np.mean([month[sub] for month in subs])) for sub in known},
    )


def cells(scores: Scores, *, threads: int = 0) -> Cells:
    """Add the firms up by province and section.

    Args:
        scores: Of one month.
        threads: 0 for one per core.

    Returns:
        Sums in float64, whatever the scores' precision.

    Raises:
        CreditError: `Fault.COLUMN` for a province or section that is none, `Fault.POPULATION`
            if no firm with a score has a weight.
    """
    shares = np.array(list(scores.method.shares().values()))
    starts = range(0, len(scores), BLOCK)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        # Added in the order of the blocks: the same panel gives the same sums on any machine.
        blocks = pool.map(lambda at: _added(scores, shares, at), starts)
        flat = functools.reduce(np.add, blocks, np.zeros((_COLUMNS, _CELLS)))
    table = flat.T.reshape(len(PROVINCES), len(SECTIONS), _COLUMNS)
    if not table[..., 0].sum() > 0:
        raise CreditError(
            fault(Fault.POPULATION, expected="a firm with a score and a weight", got=len(scores))
        )
    part = table[..., 14:]
    return Cells(
        month=scores.month,
        method=scores.method,
        firms=len(scores),
        weight=table[..., 0],
        total=part.sum(axis=-1) if scores.method.aggregation in ADDITIVE else table[..., 1],
        sub_weight=table[..., 2:8],
        sub_total=table[..., 8:14],
        part=part,
    )


def _added(scores: Scores, shares: Floats, at: int) -> Floats:
    """20 x 640 sums of the firms from `at` on: weight, total, six of each of the others."""
    rows = slice(at, at + BLOCK)
    cell = _cell(scores, rows)
    subs = scores.subs[:, rows].astype(np.float64)
    score = scores.score[rows].astype(np.float64)
    counts = np.where(np.isnan(score), 0, scores.weight[rows].astype(np.float64))
    unknown = np.isnan(subs)
    complete = not unknown.any()
    if not complete:
        np.copyto(subs, 0, where=unknown)
        np.copyto(score, 0, where=np.isnan(score))
    table = np.empty((_COLUMNS, _CELLS))
    table[0] = _sums(cell, counts)
    table[1] = _sums(cell, counts * score)
    for place in range(len(SubIndex)):
        table[8 + place] = _sums(cell, counts * subs[place])
    if complete:
        table[2:8] = table[0]
        table[14:] = table[8:14] * shares[:, None]
        return table
    held = shares[:, None] * ~unknown
    whole = held.sum(axis=0)
    each = counts / np.where(whole > 0, whole, 1)
    for place in range(len(SubIndex)):
        table[2 + place] = _sums(cell, counts * ~unknown[place])
        table[14 + place] = _sums(cell, each * subs[place]) * shares[place]
    return table


def _sums(cell: NDArray[np.intp], amounts: Floats) -> Floats:
    return np.bincount(cell, amounts, _CELLS).astype(np.float64, copy=False)


def _cell(scores: Scores, rows: slice) -> NDArray[np.intp]:
    """Number of the cell of each firm. Raises CreditError."""
    province = _PLACE_OF[np.minimum(scores.province[rows], 255)]
    section = scores.section[rows]
    if (province == _NONE).any():
        got = scores.province[rows][province == _NONE][0]
        raise CreditError(fault(Fault.COLUMN, expected="11 to 66", got=got, path="province"))
    if (section >= len(SECTIONS)).any():
        raise CreditError(
            fault(Fault.COLUMN, expected="0 to 19", got=section.max(), path="section")
        )
    return province.astype(np.intp) * len(SECTIONS) + section


def checked(method: Method, base: Base) -> None:
    """Refuse a base that is not this method's.

    Raises:
        CreditError: `Fault.BASE`.
    """
    if base.method != method.version:
        raise CreditError(
            fault(Fault.BASE, expected=method.version, got=base.method, path="method")
        )
    if not base.score > 0:
        raise CreditError(fault(Fault.BASE, expected="above 0", got=base.score, path="score"))


def _against(weight: Floats, total: Floats, base: Base) -> list[float]:
    """Index of each group; NaN for one without weight."""
    score = np.full(len(weight), np.nan)
    np.divide(total, weight, out=score, where=weight > 0)
    return [float(one) for one in 100 * score / base.score]


def _ranking(table: Cells, axis: int, values: Mapping[str, float]) -> tuple[Place, ...]:
    """Groups with firms, best first; by value, or as Copeland has it."""
    if table.method.aggregation is Aggregation.COPELAND:
        values = _copeland(table, axis, values)
    known = [value for value in values.values() if not math.isnan(value)]
    places = [
        Place(1 + sum(other > value + SAME for other in known), key, value)
        for key, value in values.items()
        if not math.isnan(value)
    ]
    return tuple(sorted(places, key=lambda place: (place.rank, place.key)))


def _copeland(table: Cells, axis: int, values: Mapping[str, float]) -> dict[str, float]:
    """Wins less losses of the groups, by their sub-scores; NaN for one without firms."""
    weight, total = table.sub_weight.sum(axis=axis).T, table.sub_total.sum(axis=axis).T
    parts = np.full(total.shape, np.nan)
    np.divide(total, weight, out=parts, where=weight > 0)
    there = [place for place, value in enumerate(values.values()) if not math.isnan(value)]
    won = aggregate.copeland(parts[:, there], np.array(list(table.method.shares().values())))
    keys = list(values)
    return {keys[place]: float(points) for place, points in zip(there, won, strict=True)}

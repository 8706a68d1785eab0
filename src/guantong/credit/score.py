"""How does each firm score under a method?

Columns are worked through in blocks that stay in the cache, by two threads; nothing of the size
of the panel is held but the scores. Precision follows the panel: float32 or float64.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guantong.credit import aggregate
from guantong.credit.model import (
    CreditError,
    Direction,
    Fault,
    Indicator,
    Method,
    Missing,
    PanelMonth,
    Scores,
    SubIndex,
)
from guantong.credit.population import counted
from guantong.errors import fault

BLOCK = 32_768
"""Firms of one block."""

Floats = NDArray[np.floating]

_STAND_IN = {Missing.SKIP: 0, Missing.WORST: 0, Missing.MIDDLE: 50}
"""Score in place of a missing value; where it is skipped, its weight is nought too."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """Where blocks put what they found."""

    score: Floats
    subs: Floats
    present: NDArray[np.uint8]


def score(panel: PanelMonth, method: Method, *, threads: int = 0) -> Scores:
    """Score every firm that is counted.

    Args:
        panel: Firms of one month.
        method: One that held in that month; it is not asked whether it did.
        threads: 0 for one per core.

    Returns:
        Scores from 0 to 100.

    Raises:
        CreditError: `Fault.COLUMN` for a column that is missing or of another length,
            `Fault.POPULATION` if no firm is left.
    """
    _check(panel, method)
    sheet = _blank(panel, method)
    starts = range(0, len(panel), BLOCK)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(lambda at: _block(panel, method, sheet, at), starts):
            pass
    keep = counted(panel, method, sheet.present)
    return _kept(panel, method, sheet, keep)


def scaled(values: Floats, one: Indicator) -> Floats:
    """An indicator's values on the scale from 0 to 100; NaN where missing and skipped.

    Args:
        values: n values in the indicator's unit; NaN is missing.
        one: Goalposts, direction, treatment.

    Returns:
        n scores; 100 is the good end.
    """
    kind = values.dtype.type
    lower, upper = one.goalposts
    treated = np.clip(values, *one.treatment.winsor) if one.treatment.winsor else values
    if one.treatment.log:
        treated = np.log1p(np.maximum(treated, kind(0)))
        lower, upper = float(np.log1p(lower)), float(np.log1p(upper))
    if one.direction is Direction.DOWN:
        lower, upper = upper, lower
    slope = 100 / (upper - lower)
    result = treated * kind(slope)
    result -= kind(slope * lower)
    np.clip(result, kind(0), kind(100), out=result)
    return result


def _block(panel: PanelMonth, method: Method, sheet: _Sheet, at: int) -> None:
    """Score the firms from `at` on."""
    rows = slice(at, min(at + BLOCK, len(panel)))
    subs = sheet.subs[:, rows]
    for place, sub in enumerate(SubIndex):
        subs[place] = _sub(panel, method.of(sub), sheet, rows)
    shares = np.array(list(method.shares().values()))
    sheet.score[rows] = aggregate.level(method.aggregation, subs, shares, floor=method.floor)


def _sub(
    panel: PanelMonth, indicators: tuple[Indicator, ...], sheet: _Sheet, rows: slice
) -> Floats:
    """Scores of one sub-index, the mean of its indicators; counts values in `present`."""
    n = rows.stop - rows.start
    sums, weights = np.zeros(n, sheet.score.dtype), np.zeros(n, sheet.score.dtype)
    for one in indicators:
        result = scaled(panel.values[one.key][rows], one)
        known = ~np.isnan(result)
        sheet.present[rows] += known
        result[~known] = _STAND_IN[one.treatment.missing]
        weight = sums.dtype.type(one.weight)
        weights += known * weight if one.treatment.missing is Missing.SKIP else weight
        result *= weight
        sums += result
    weights[weights == 0] = np.nan
    return sums / weights


def _blank(panel: PanelMonth, method: Method) -> _Sheet:
    columns = [panel.values[one.key] for one in method.indicators]
    kind = np.result_type(np.float32, *{column.dtype for column in columns})
    n = len(panel)
    return _Sheet(np.empty(n, kind), np.empty((len(SubIndex), n), kind), np.zeros(n, np.uint8))


def _kept(
    panel: PanelMonth, method: Method, sheet: _Sheet, keep: NDArray[np.bool_] | None
) -> Scores:
    """The scores of the firms that are counted."""
    take = slice(None) if keep is None else keep
    return Scores(
        month=panel.month,
        method=method,
        firm=panel.firm[take],
        province=panel.province[take],
        section=panel.section[take],
        weight=panel.weight[take],
        score=sheet.score[take],
        subs=sheet.subs if keep is None else sheet.subs[:, keep],
        left_out=0 if keep is None else int(len(keep) - keep.sum()),
    )


def _check(panel: PanelMonth, method: Method) -> None:
    """Refuse a panel without the method's columns. Raises CreditError."""
    told = {"province": panel.province, "section": panel.section, "weight": panel.weight}
    columns = told | {one.key: panel.values.get(one.key) for one in method.indicators}
    for key, column in columns.items():
        if column is None or column.shape != (len(panel),):
            got = "none" if column is None else f"shape {column.shape}"
            raise CreditError(
                fault(Fault.COLUMN, expected=f"{len(panel)} values", got=got, path=f"values.{key}")
            )

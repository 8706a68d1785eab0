"""How do several scores become one?

Rows are the parts (sub-indices), columns the units (firms, provinces). NaN is a score that is
not known: the others share its weight. A unit of which nothing is known stays NaN.

>>> import numpy as np
>>> arithmetic(np.array([[40.0], [80.0]]), np.array([1.0, 3.0])).tolist()
[70.0]
"""

import numpy as np
from numpy.typing import NDArray

from guantong.credit.model import Aggregation

Floats = NDArray[np.floating]


def level(kind: Aggregation, parts: Floats, shares: Floats, *, floor: float = 1.0) -> Floats:
    """The level of each unit, on the scale of its parts (0 to 100).

    Args:
        kind: How; `Aggregation.COPELAND` has no level of its own and gives the arithmetic one.
        parts: k x n scores.
        shares: k weights, 0 or more, not all 0.
        floor: For the geometric mean: lower scores count as this.

    Returns:
        n levels.
    """
    match kind:
        case Aggregation.ARITHMETIC | Aggregation.COPELAND:
            return arithmetic(parts, shares)
        case Aggregation.GEOMETRIC:
            return geometric(np.maximum(parts, parts.dtype.type(floor)), shares)
        case Aggregation.MAZZIOTTA_PARETO:
            # The authors' scale for comparisons over time: goalposts stand for 70 and 130.
            return (mazziotta_pareto(parts * 0.6 + 70, shares) - 70) / 0.6


def arithmetic(parts: Floats, shares: Floats) -> Floats:
    """Weighted mean."""
    known, total = _known(parts, shares)
    sums = np.zeros(parts.shape[1], parts.dtype)
    for row, share, has in zip(parts, shares, known, strict=True):
        sums += np.where(has, row, 0) * parts.dtype.type(share)
    return _over(sums, total)


def geometric(parts: Floats, shares: Floats) -> Floats:
    """Weighted geometric mean of scores above 0."""
    return np.exp(arithmetic(np.log(parts), shares))


def mazziotta_pareto(parts: Floats, shares: Floats) -> Floats:
    """Mean less a penalty for imbalance: M - S * S / M, with S the standard deviation.

    With equal weights and scores between goalposts of 70 and 130 this is the adjusted index of
    Mazziotta and Pareto for a good that one wants more of; other weights weigh M and S alike.

    Returns:
        n levels; 0 where M is 0.
    """
    mean = arithmetic(parts, shares)
    variance = arithmetic((parts - mean) ** 2, shares)
    safe = np.where(mean == 0, 1, mean)
    return mean - variance / safe


def copeland(parts: Floats, shares: Floats) -> NDArray[np.int64]:
    """Wins less losses of each unit against every other.

    One unit beats another when the parts in which it is better weigh more than half of the parts
    known for both; equal scores give half of their weight to each. Time and space grow with n*n.

    Returns:
        n whole numbers from -(n - 1) to n - 1.
    """
    units = parts.shape[1]
    margin = np.zeros((units, units))
    for row, share in zip(parts, shares, strict=True):
        # NaN is neither above nor below: a part unknown for one of a pair decides nothing.
        margin += share * (row[:, None] > row[None, :])
        margin -= share * (row[:, None] < row[None, :])
    # Sums of shares carry rounding: what should be a draw must not be decided by 1e-17.
    margin[np.abs(margin) < 1e-12] = 0
    won: NDArray[np.int64] = np.sign(margin).astype(np.int64).sum(axis=1)
    return won


def _known(parts: Floats, shares: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """What is known, and the weight of what is, by unit."""
    known = ~np.isnan(parts)
    total = np.zeros(parts.shape[1], parts.dtype)
    for has, share in zip(known, shares, strict=True):
        total += has * parts.dtype.type(share)
    return known, total


def _over(sums: Floats, total: Floats) -> Floats:
    """Quotients; NaN where nothing has weight."""
    nothing = total == 0
    quotient: Floats = sums / np.where(nothing, 1, total)
    quotient[nothing] = np.nan
    return quotient

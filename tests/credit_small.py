"""Small panels and methods for the tests of the credit index."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.credit import PROVINCES, Method, Month, PanelMonth, example
from guantong.credit.model import Aggregation

MONTH = Month.parse("2024-10")


def panel(
    seed: int,
    firms: int = 400,
    *,
    month: Month = MONTH,
    missing: float = 0.1,
    dtype: type = np.float64,
    ids: tuple[int, int] | None = None,
) -> PanelMonth:
    """Random firms, some values beyond their goalposts, some missing."""
    random = np.random.default_rng(seed)
    values: dict[str, NDArray[np.floating]] = {}
    for one in example().indicators:
        lower, upper = one.goalposts
        column = lower + (upper - lower) * random.uniform(-0.1, 1.1, firms)
        column[random.random(firms) < missing] = np.nan
        values[one.key] = column.astype(dtype)
    first, end = ids or (0, firms)
    return PanelMonth(
        month=month,
        firm=random.choice(np.arange(first, end), firms, replace=False),
        province=random.choice(np.array(PROVINCES, np.uint8), firms),
        section=random.integers(0, 20, firms).astype(np.uint8),
        weight=random.uniform(0.5, 2, firms),
        values=values,
    )


def method(aggregation: Aggregation = Aggregation.ARITHMETIC, **changes: object) -> Method:
    """The example, changed."""
    return msgspec.structs.replace(example(), aggregation=aggregation, **changes)

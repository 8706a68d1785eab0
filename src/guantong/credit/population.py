"""Which firms of a month are counted?"""

import numpy as np
from numpy.typing import NDArray

from guantong.credit.model import SECTIONS, CreditError, Fault, Method, PanelMonth
from guantong.errors import fault

Mask = NDArray[np.bool_]


def counted(panel: PanelMonth, method: Method, present: NDArray[np.uint8]) -> Mask | None:
    """Mark the firms that the method's population rules keep.

    Args:
        panel: Firms of one month.
        method: Whose rules.
        present: How many of the method's indicators have a value, by firm.

    Returns:
        n marks, or None when every firm is kept (so that nothing need be copied).

    Raises:
        CreditError: `Fault.POPULATION` if no firm is left.
    """
    rules = method.population
    keep = present >= rules.coverage_min * len(method.indicators)
    if rules.age_months_min and panel.born is not None:
        # A beginning that is not known is 0: such a firm is older than any rule asks.
        keep &= panel.month.number - panel.born >= rules.age_months_min
    if rules.sections_left_out:
        keep &= ~np.isin(panel.section, [SECTIONS.index(one) for one in rules.sections_left_out])
    if not keep.any():
        got = f"0 of {len(panel)}"
        raise CreditError(fault(Fault.POPULATION, expected="at least one firm", got=got))
    return None if keep.all() else keep

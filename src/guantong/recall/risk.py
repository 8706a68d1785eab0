"""How serious is a hazard? Severity of the injury and its probability, by a dated table.

The table is of the kind that European market surveillance uses; see its line's provenance.
"""

import datetime as dt
from typing import NamedTuple

from guantong import rules
from guantong.errors import fault
from guantong.recall.model import Fault, RecallError

LEVELS = ("low", "medium", "high", "serious")


class Risk(NamedTuple):
    """A level, and the line it rests on."""

    level: str
    rule: str


def risk_of(severity: int, probability: float, day: dt.date) -> Risk:
    """The level of a hazard.

    Args:
        severity: 1 (first aid) to 4 (death, or lasting harm).
        probability: Over the life of the product, above 0 and at most 1.
        day: By the table of this day.

    Returns:
        The level.

    Raises:
        RecallError: if one of them is out of its bounds.
    """
    if severity not in range(1, 5) or not 0 < probability <= 1:
        expected, got = (
            "a severity of 1 to 4, a probability above 0 to 1",
            f"{severity}, {probability}",
        )
        raise RecallError(fault(Fault.RECALL, expected=expected, got=got, path="risk"))
    lines = [row for row in rules.on(day).risks.values() if row.severity == severity]
    fitting = [row for row in lines if probability > row.above]
    row = max(fitting, key=lambda one: one.above)
    return Risk(row.level, row.key)

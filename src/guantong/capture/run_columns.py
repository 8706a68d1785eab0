"""Which codes follow each other? Codes as columns become runs of consecutive items."""

from typing import Final

import numpy as np

from guantong.capture.code_columns import Coded
from guantong.capture.code_lines import Ints
from guantong.capture.table import Runs

ROLES: Final = 5
"""How many roles an item may have in an event."""


def runs_in(owner: Ints, found: Coded) -> Runs:
    """The runs of single items.

    Args:
        owner: Of each code, position of its event x `ROLES` + role.
        found: The codes.

    Returns:
        The runs, in the order of the codes.
    """
    new = np.ones(len(owner), np.bool_)
    new[1:] = (
        (owner[1:] != owner[:-1])
        | (found.head[1:] != found.head[:-1])
        | (found.serial[1:] != found.serial[:-1] + 1)
        | ~found.numbered[1:]
    )
    first = np.flatnonzero(new)
    event, role = np.divmod(owner[first], ROLES)
    none = np.zeros(len(first), np.int64)
    return Runs(
        event=event,
        role=role,
        head=found.head[first],
        first=found.serial[first],
        count=np.diff(first, append=len(new)),
        measured=none.astype(np.bool_),
        quantity=np.full(len(first), np.nan),
        uom=none,
    )


def merged(singles: Runs, others: Runs) -> Runs:
    """Both in the order of a table: by event, role, single items before amounts."""
    both = [
        np.concatenate([getattr(singles, name), getattr(others, name)]) for name in Runs.__slots__
    ]
    event, role, measured = both[0], both[1], both[5]
    order = np.argsort((event * ROLES + role) * 2 + measured, kind="stable")
    return Runs(*[column[order] for column in both])

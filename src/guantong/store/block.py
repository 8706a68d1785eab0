"""How does the history of 1,024 neighbouring items lie in one row of the index?

As columns: one row for each range of items that took part in an event in one way, and beside
them the few facts of each event that state and holders are derived from, once for each event.
A block holds one run of an extent's history; runs are merged, and merging drops nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store.packing import Named, pack, unpack

Ints: TypeAlias = NDArray[np.int64]

EVENT_COLUMNS: Final = (
    *("event", "time_ms", "record_ms", "entry", "kind", "flags", "by", "step", "disposition"),
    *("read_point", "biz_location", "ends"),
)
"""What is said once for each event, as in `Rows`."""
ROW_COLUMNS: Final = ("item", "count", "role", "unit", "quantity")
"""What is said of items; `unit` is 0 for single items, for an amount its unit's term + 1, and
`quantity` the bits of the amount as a double."""

_AT: Final = len(ROW_COLUMNS)
_ROWS: Final = {name: at for at, name in enumerate(ROW_COLUMNS)}
_EVENTS: Final = {name: at for at, name in enumerate(EVENT_COLUMNS, _AT + 1)}
"""Where each column lies in the bytes of a block."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one extent, by item, then event, role, amounts last."""

    rows: Mapping[str, Ints]
    """`ROW_COLUMNS`, items counted within the extent."""
    at: Ints
    """Row of the event in `events`."""
    events: Mapping[str, Ints]
    """`EVENT_COLUMNS`, one row for each event, by number."""

    def __len__(self) -> int:
        return len(self.at)

    def columns(self, chosen: NDArray[np.bool_] | slice = slice(None)) -> dict[str, Ints]:
        """All columns of some rows, the events' beside the items'."""
        at = self.at[chosen]
        own = {name: column[chosen] for name, column in self.rows.items()}
        return own | {name: column[at] for name, column in self.events.items()}


def of_columns(columns: Mapping[str, Ints]) -> Block:
    """The block of rows of one extent, in any order; equal ones keep theirs.

    Args:
        columns: `ROW_COLUMNS` and `EVENT_COLUMNS`, items counted within the extent.

    Returns:
        The same rows.
    """
    measured = columns["unit"] > 0
    order = np.lexsort((measured, columns["role"], columns["event"], columns["item"]))
    _, first, at = np.unique(columns["event"], return_index=True, return_inverse=True)
    rows = {name: columns[name][order] for name in ROW_COLUMNS}
    return Block(rows, at[order], {name: columns[name][first] for name in EVENT_COLUMNS})


def encode(block: Block) -> bytes:
    """A block as bytes."""
    return pack([*block.rows.values(), block.at, *block.events.values()])


def decode(data: bytes) -> Block:
    """The block that `encode` was given."""
    columns, _ = unpack(data)
    return Block(Named(columns, _ROWS), columns[_AT], Named(columns, _EVENTS))


def merged(blocks: Sequence[Block]) -> Block:
    """Runs of one extent as one; nothing is dropped."""
    parts = [block.columns() for block in blocks]
    return of_columns({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

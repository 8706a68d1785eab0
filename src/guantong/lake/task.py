"""What does one task decide? Who has the items of one group, by the rules of `guantong.trace`.

A group holds all rows of its items and of whatever these were inside of; so what is decided in it
is what one machine decides over all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import UNITS
from guantong.lake import parquet
from guantong.lake.missing import missing
from guantong.lake.names import Names
from guantong.lake.piece import COLUMNS, Piece, Texts, Withdrawals, rows_of
from guantong.store.columns import Rows
from guantong.trace.closure import Stop
from guantong.trace.expanse import Wrappings
from guantong.trace.kinds import singles
from guantong.trace.marks import Sight
from guantong.trace.tally import Tally, Whole

Ints: TypeAlias = NDArray[np.int64]

OWN, OUTER, NAMED = 0, 1, 2
"""As what a row is in a group."""
TOLD: Final = (
    "lot string, party string, state string, uom string, taker string, count bigint, "
    "quantity double, exact boolean, at_ms bigint, stop string, gap string"
)
"""Schema of what tasks tell: holders (`lot` null), balances of lots, and what was not followed."""
_TEXTS: Final = ("lot", "party", "state", "uom", "taker", "stop", "gap")


@dataclass(frozen=True)
class Deciding:
    """Called with each group."""

    sight: Sight
    firms: Any
    """Broadcast: the firm behind a party or place."""
    gone: Any
    """Broadcast: `Withdrawals`."""
    asks_gaps: bool
    """Whether also what is missing is counted."""

    def __call__(self, table: Any) -> Any:
        """Who has what of a group, as a table of Arrow."""
        columns = parquet.columns_of(table, (*COLUMNS, "part"))
        texts, names = Texts(), Names()
        rows = rows_of(columns, texts, names)
        part = cast("Ints", columns["part"])
        own, outer, named = (rows.take(part == which) for which in (OWN, OUTER, NAMED))
        piece = Piece(own, outer, named, texts, names, Withdrawals(*self.gone.value))
        told = [*self._told(piece, *singles(cast("Whole", piece), own))]
        return parquet.table_of(_columns(told))

    def _told(self, piece: Piece, items: Rows, lots: list[str]) -> Iterator[dict[str, object]]:
        firms: Mapping[str, str] = self.firms.value
        store = cast("Whole", piece)  # all of it that holders are decided by
        wrappings = Wrappings(store, self.sight.as_of)
        tally = Tally(store, self.sight, lambda key: firms.get(key, key), wrappings)
        told = tally.items(items)
        for (party, state, taker), count in told.counted().items():
            yield {"party": party, "state": state.value, "taker": taker, "count": count}
        for lot, balance in tally.lots(tuple(lots)):
            yield {
                "lot": lot,
                "party": balance.party,
                "state": balance.state.value,
                "uom": balance.uom,
                "quantity": balance.quantity,
                "exact": balance.exact,
                "at_ms": balance.at_ms,
            }
        if not told.made.is_whole:
            yield {"stop": Stop.DEPTH.value}
        if self.asks_gaps:
            heads = piece.heads(items.item)
            own = items.take(np.array([not head.startswith(UNITS) for head in heads], np.bool_))
            found = missing(piece, own, self.sight, lambda key: firms.get(key, key))
            yield from ({"gap": code, "count": count} for code, count in found.items())


def _columns(told: list[dict[str, object]]) -> dict[str, Any]:
    """What was told as columns, in the order of `TOLD`."""
    columns: dict[str, Any] = {}
    for field in TOLD.split(", "):
        name = field.split()[0]
        values = [one.get(name) for one in told]
        if name in _TEXTS:
            columns[name] = values
        elif name == "quantity":
            columns[name] = np.array([np.nan if v is None else v for v in values], np.float64)
        else:
            kind = np.bool_ if name == "exact" else np.int64
            columns[name] = np.array([v or 0 for v in values], kind)
    return columns

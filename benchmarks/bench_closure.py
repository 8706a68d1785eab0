"""How long does it take to say who has everything that came of a lot?

Beside it stands the least that has to be read for that: the rows of the items themselves.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from guantong.capture import read_table
from guantong.market.bulk import Bulk
from guantong.market.bulk_truth import Lot
from guantong.store import Indexed, SegmentStore
from guantong.trace.closure import closure

ROWS = 300_000
HOT_MAX = 200_000
NOW_MS = 2_000_000_000_000
ROUNDS = 15


def run() -> Iterator[dict[str, object]]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = SegmentStore.open(Path(folder) / "index.sqlite")
        bulk = Bulk(7, rows=ROWS)
        for entry, filing in enumerate(bulk.filings()):
            table = read_table(filing.body, media=filing.media, name=filing.name).table
            one = Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)
            store.append([one])
            if store.hot_rows > HOT_MAX:
                store.compact()
        store.compact()
        for lot in (bulk.small, bulk.bad):
            yield _of(store, lot)
        store.close()


def _of(store: SegmentStore, lot: Lot) -> dict[str, object]:
    scope = closure(store, [lot.code], now_ms=NOW_MS)
    assert scope.made == lot.reels + lot.items
    taken = _times(lambda: closure(store, [lot.code], now_ms=NOW_MS))
    floor = statistics.median(_times(lambda: store.rows_in(scope.items)))
    ours = statistics.median(taken)
    return {
        "name": f"scope of a lot with holders, {scope.made:,} items in {ROWS:,} rows",
        "per_second": scope.made / ours,
        "p50_ms": ours * 1000,
        "p99_ms": max(taken) * 1000,
        "floor": "their own rows read",
        "floor_per_second": scope.made / floor,
        "ratio": floor / ours,
    }


def _times(what: Callable[[], object]) -> list[float]:
    taken: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        what()
        taken.append(time.perf_counter() - start)
    return taken

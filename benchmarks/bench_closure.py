"""How long does it take to say who has everything that came of a lot?

Beside it stands the least that has to be read for that: the rows of the items themselves.
``python -m benchmarks.bench_closure --rows 50000000`` fills an index in this process, finds out who
has what (decision 0039), and asks.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from guantong.capture import read_table
from guantong.market.bulk import Bulk
from guantong.market.bulk_truth import Lot
from guantong.parties import Register
from guantong.serve.compactor import findings
from guantong.store import Indexed, SegmentStore
from guantong.trace.closure import closure

ROWS = 300_000
HOT_MAX = 200_000
NOW_MS = 2_000_000_000_000
ROUNDS = 15


def run() -> Iterator[dict[str, object]]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store, bulk = _filled(Path(folder), ROWS, HOT_MAX)
        for lot in (bulk.small, bulk.bad):
            yield _of(store, lot)
        store.close()


def _filled(folder: Path, rows: int, hot_max: int) -> tuple[SegmentStore, Bulk]:
    store = SegmentStore.open(folder / "index.sqlite")
    bulk = Bulk(7, rows=rows)
    for entry, filing in enumerate(bulk.filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        one = Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)
        store.append([one])
        if store.hot_rows > hot_max:
            store.compact()
    store.compact()
    return store, bulk


def main() -> None:
    """Fill, find out, ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        store, bulk = _filled(Path(folder), parser.parse_args().rows, 5 * HOT_MAX)
        start = time.perf_counter()
        for found in findings(store):
            store.keep(found.listed, found.until)
        print(f"{store.counts()}; found out in {time.perf_counter() - start:.1f} s")
        for lot in (bulk.small, bulk.bad):
            _kept(store, lot)


def _kept(store: SegmentStore, lot: Lot) -> None:
    taken = []
    for _ in range(7):
        with store.still():
            start = time.perf_counter()
            firm_of = Register(store).firm_of
            scope = closure(store, [lot.code], now_ms=NOW_MS, firm_of=firm_of, kept=store)
            taken.append(time.perf_counter() - start)
    assert scope.complete and scope.made == lot.reels + lot.items
    told = ", ".join(f"{one:.3f}" for one in taken)
    print(f"{scope.made:,} items with {len(scope.held):,} holders and states: {told} s")


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


if __name__ == "__main__":
    main()

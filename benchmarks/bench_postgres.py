"""What does it cost to keep the index in PostgreSQL instead of a file?

Both in one run, over the same documents of the same market: filling (documents read before, in the
order of their arrival, packed on the way as a server does), then the same questions to a handle that
only reads. PostgreSQL is started with the settings it comes with, on this machine's disk, and asked
over a socket; between two machines each message takes longer.

``python -m benchmarks.bench_postgres [ROWS]``
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from guantong import parties, trace, verdict
from guantong.caller import PUBLIC
from guantong.capture import read_table
from guantong.capture.model import Action, Event, EventType
from guantong.market.bulk import Bulk
from guantong.market.bulk_truth import Lot
from guantong.serve.readers import Readers
from guantong.store import Indexed, SegmentStore
from guantong.store.place import Place
from guantong.trace import Direction
from guantong.trace.closure import closure
from tests.postgres_small import Server, new_server, remove

ROWS: Final = 300_000
HOT_MAX: Final = 200_000
TOGETHER: Final = 20
"""Documents indexed in one transaction."""
SINGLE: Final = 500
"""Documents of one event, each in a transaction of its own."""
NOW_MS: Final = 2_000_000_000_000
CODES: Final = 600
ROUNDS: Final = range(9)


class Engine(NamedTuple):
    """Where an index lies, and how many bytes it takes there."""

    name: str
    place: Place
    size: Callable[[], int]


class Figure(NamedTuple):
    """One line of the table; more is better unless `less`."""

    name: str
    value: float
    form: str = ",.0f"
    less: bool = False


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    server = new_server("fsync=on", "full_page_writes=on")
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            bulk = Bulk(7, rows=rows)
            documents = list(_read(bulk))
            both = [
                list(_figures(engine, bulk, documents, rows))
                for engine in _engines(Path(folder), server)
            ]
    finally:
        remove(server)
    print(f"| {rows:,} rows, {len(documents):,} documents | SQLite | PostgreSQL | ratio |")
    print("|---|---|---|---|")
    for file, database in zip(*both, strict=True):
        ratio = file.value / database.value if file.less else database.value / file.value
        print(
            f"| {file.name} | {file.value:{file.form}} | {database.value:{file.form}} | {ratio:.2f} |"
        )


def _engines(folder: Path, server: Server) -> tuple[Engine, Engine]:
    file = folder / "index.sqlite"
    size = (
        "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'bench' AND relkind = 'r'"
    )
    return (
        Engine(
            "SQLite", file, lambda: sum(it.stat().st_size for it in folder.glob(f"{file.name}*"))
        ),
        Engine("PostgreSQL", server.url("bench"), lambda: int(server.sql(size)[0][0])),
    )


def _read(bulk: Bulk) -> Iterator[Indexed]:
    """The documents of a market as the index is given them."""
    for entry, filing in enumerate(bulk.filings()):
        reading = read_table(filing.body, media=filing.media, name=filing.name)
        facts = parties.facts_of(reading.master)
        yield Indexed(
            entry=entry,
            by=filing.by,
            received_ms=filing.at_ms,
            table=reading.table,
            facts=facts,
        )


def _figures(engine: Engine, bulk: Bulk, documents: list[Indexed], rows: int) -> Iterator[Figure]:
    store = SegmentStore.open(engine.place)
    began = time.perf_counter()
    for low in range(0, len(documents), TOGETHER):
        store.append(documents[low : low + TOGETHER])
        if store.hot_rows > HOT_MAX:
            store.compact()
    yield Figure("filled, rows/s", rows / (time.perf_counter() - began))
    began = time.perf_counter()
    for number in range(SINGLE):
        store.append([_single(len(documents) + number, number)])
    yield Figure(
        "documents of one event, each a transaction, /s", SINGLE / (time.perf_counter() - began)
    )
    began = time.perf_counter()
    store.compact()
    yield Figure("packing the last, s", time.perf_counter() - began, ".2f", less=True)
    yield Figure("bytes a row", engine.size() / rows, ".2f", less=True)
    store.close()
    yield from _asked(engine, bulk)


def _single(entry: int, number: int) -> Indexed:
    event = Event(
        type=EventType.OBJECT,
        action=Action.OBSERVE,
        time_ms=NOW_MS,
        offset="+08:00",
        id=f"urn:bench:{number}",
        step="inspecting",
        epcs=(f"https://id.gs1.org/01/06901234567892/21/{number}",),
    )
    return Indexed(entry=entry, by="urn:bench:firm", received_ms=NOW_MS, events=(event,))


def _asked(engine: Engine, bulk: Bulk) -> Iterator[Figure]:
    codes = bulk.some(CODES, 3)
    plain, readers = SegmentStore.open(engine.place, read_only=True), Readers(engine.place)

    def check(code: str) -> object:
        with readers.lend() as store, store.still():
            return verdict.check(store, code, PUBLIC, now_ms=NOW_MS)

    def follow(code: str) -> object:
        with readers.lend() as store, store.still():
            return trace.trace(store, code, direction=Direction.UP, now_ms=NOW_MS)

    yield from _spread("history of an item", plain.history, codes)
    yield from _spread("check of a code", check, codes)
    yield from _spread("trace up", follow, codes)
    plain.close()
    readers.close()
    for name, lot in (("small", bulk.small), ("bad", bulk.bad)):
        yield from _recall(
            engine, f"recall of the {name} lot, {lot.reels + lot.items:,} items", lot
        )


def _recall(engine: Engine, name: str, lot: Lot) -> Iterator[Figure]:
    """The first time with nothing in memory, then again and again."""
    store = SegmentStore.open(engine.place, read_only=True)
    spent = [_spent(lambda code: closure(store, [code], now_ms=NOW_MS), lot.code) for _ in ROUNDS]
    store.close()
    yield Figure(f"{name}: first, s", spent[0], ".3f", less=True)
    yield Figure("the same again, s", statistics.median(spent[1:]), ".3f", less=True)


def _spread(name: str, ask: Callable[[str], object], codes: list[str]) -> Iterator[Figure]:
    spent = sorted(1000 * _spent(ask, code) for code in codes)
    yield Figure(f"{name}, ms: median", statistics.median(spent), ".3f", less=True)
    yield Figure(f"{name}, ms: p99", spent[int(len(spent) * 0.99)], ".3f", less=True)


def _spent(ask: Callable[[str], object], code: str) -> float:
    began = time.perf_counter()
    ask(code)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

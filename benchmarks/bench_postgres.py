"""What does it cost to keep the index in PostgreSQL instead of a file?

Both in one run and in turns, so that what else the machine does meets both: the same documents of the
same market (read before, in the order of their arrival, packed on the way as a server does), then
the same questions to handles that only read. PostgreSQL is started with the settings it comes with, on this machine's disk, and asked
over a socket; between two machines each message takes longer.

``python -m benchmarks.bench_postgres [ROWS]``
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, TypeVar

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

    place: Place
    size: Callable[[], int]


Engines: TypeAlias = tuple[Engine, Engine]
T = TypeVar("T")
V = TypeVar("V")


class Figure(NamedTuple):
    """One line of the table, for both engines; more is better unless `less`."""

    name: str
    values: list[float]
    form: str = ",.0f"
    less: bool = False

    def line(self) -> str:
        """As it is printed."""
        file, database = self.values
        ratio = file / database if self.less else database / file
        return f"| {self.name} | {file:{self.form}} | {database:{self.form}} | {ratio:.2f} |"


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    server = new_server("fsync=on", "full_page_writes=on")
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            bulk = Bulk(7, rows=rows)
            documents = list(_read(bulk))
            print(f"| {rows:,} rows, {len(documents):,} documents | SQLite | PostgreSQL | ratio |")
            print("|---|---|---|---|")
            engines = _engines(Path(folder), server)
            for figure in (*_filled(engines, documents, rows), *_asked(engines, bulk)):
                print(figure.line(), flush=True)
    finally:
        remove(server)


def _engines(folder: Path, server: Server) -> Engines:
    file = folder / "index.sqlite"
    size = (
        "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'bench' AND relkind = 'r'"
    )
    return (
        Engine(file, lambda: sum(it.stat().st_size for it in folder.glob(f"{file.name}*"))),
        Engine(server.url("bench"), lambda: int(server.sql(size)[0][0])),
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


def _filled(engines: Engines, documents: list[Indexed], rows: int) -> Iterator[Figure]:
    stores = [SegmentStore.open(engine.place) for engine in engines]

    def fill(store: SegmentStore, low: int) -> None:
        store.append(documents[low : low + TOGETHER])
        if store.hot_rows > HOT_MAX:
            store.compact()

    spent = _in_turns(stores, fill, range(0, len(documents), TOGETHER))
    yield Figure("filled, rows/s", [rows / sum(times) for times in spent])
    singles = [_single(len(documents) + number, number) for number in range(SINGLE)]
    spent = _in_turns(stores, lambda store, one: store.append([one]), singles)
    yield Figure("one event, one transaction, /s", [SINGLE / sum(times) for times in spent])
    spent = _in_turns(stores, lambda store, _: store.compact(), [None])
    yield Figure("packing the last, s", [sum(times) for times in spent], ".2f", less=True)
    yield Figure("bytes a row", [engine.size() / rows for engine in engines], ".2f", less=True)
    for store in stores:
        store.close()


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


def _asked(engines: Engines, bulk: Bulk) -> Iterator[Figure]:
    codes = bulk.some(CODES, 3)
    plain = [SegmentStore.open(engine.place, read_only=True) for engine in engines]
    readers = [Readers(engine.place) for engine in engines]

    def check(readers: Readers, code: str) -> None:
        with readers.lend() as store, store.still():
            verdict.check(store, code, PUBLIC, now_ms=NOW_MS)

    def follow(readers: Readers, code: str) -> None:
        with readers.lend() as store, store.still():
            trace.trace(store, code, direction=Direction.UP, now_ms=NOW_MS)

    history = SegmentStore.history
    yield from _spread("history of an item, the first time", _in_turns(plain, history, codes))
    yield from _spread("the same again", _in_turns(plain, history, codes))
    yield from _spread("check of a code", _in_turns(readers, check, codes))
    yield from _spread("trace up", _in_turns(readers, follow, codes))
    for store, lent in zip(plain, readers, strict=True):
        store.close()
        lent.close()
    for name, lot in (("small", bulk.small), ("bad", bulk.bad)):
        yield from _recall(
            engines, f"recall of the {name} lot, {lot.reels + lot.items:,} items", lot
        )


def _recall(engines: Engines, name: str, lot: Lot) -> Iterator[Figure]:
    """The first time with nothing in memory, then again and again."""
    stores = [SegmentStore.open(engine.place, read_only=True) for engine in engines]
    spent = _in_turns(stores, lambda store, _: closure(store, [lot.code], now_ms=NOW_MS), ROUNDS)
    yield Figure(f"{name}: first, s", [times[0] for times in spent], ".3f", less=True)
    again = [statistics.median(times[1:]) for times in spent]
    yield Figure("the same again, s", again, ".3f", less=True)
    for store in stores:
        store.close()


def _spread(name: str, spent: list[list[float]]) -> Iterator[Figure]:
    half = [1000 * statistics.median(times) for times in spent]
    yield Figure(f"{name}, ms: median", half, ".3f", less=True)
    most = [1000 * sorted(times)[int(len(times) * 0.99)] for times in spent]
    yield Figure(f"{name}, ms: p99", most, ".3f", less=True)


def _in_turns(
    those: Sequence[T], what: Callable[[T, V], object], given: Iterable[V]
) -> list[list[float]]:
    """How long each took for each that was given."""
    spent: list[list[float]] = [[] for _ in those]
    for one in given:
        for times, that in zip(spent, those, strict=True):
            began = time.perf_counter()
            what(that, one)
            times.append(time.perf_counter() - began)
    return spent


if __name__ == "__main__":
    main()

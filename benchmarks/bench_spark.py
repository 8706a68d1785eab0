"""A market exported, and the same questions to one machine and to Spark, in one run.

``python -m benchmarks.bench_spark [--rows 1000000] [--workers 1,2]``: fills an index, exports it,
asks it (`guantong.trace`) for the scope of the bad lot, for who has everything, and for the figures;
then asks the lake with ``local[N]`` for each N. Told: seconds, most memory of the processes, whether
the answers are equal. DuckDB, where it is installed, answers the figures as an analyst would.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from guantong.capture import read_table
from guantong.lake import Manifest, needed
from guantong.market.bulk import Bulk
from guantong.parties import Register
from guantong.store import Indexed, SegmentStore
from guantong.store.columns import Ranges, Rows
from guantong.trace.closure import Bounds, amounts_of, closure, held_of, who
from guantong.trace.expanse import Wrappings
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS
from guantong.trace.names import is_many
from guantong.trace.tally import Tally

SEED: Final = 7
HOT_MAX: Final = 500_000
NOW_MS: Final = 2_000_000_000_000
FIGURES: Final = ("steps", "panel")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--lot", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        json.dump(PARTS[asked.part](asked), sys.stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), asked.rows, [int(one) for one in asked.workers.split(",")])


def run(folder: Path, rows: int, workers: list[int]) -> None:
    """Each part in a process of its own, so that its memory is its own."""
    filled = part("fill", folder, rows)
    lot = filled["lot"]
    print(f"{filled['rows']:,} rows, {filled['events']:,} events; index {filled['bytes']:,} bytes")
    exported = part("export", folder, rows)
    took, size = exported["seconds"], exported["bytes"]
    print(
        f"export: {took:.1f} s, {filled['rows'] / took:,.0f} rows/s, {size:,} bytes in "
        f"{exported['files']} files, {size / filled['rows']:.2f} bytes a row "
        f"(rows {exported['rows_bytes'] / filled['rows']:.2f}, "
        f"events {exported['events_bytes'] / filled['rows']:.2f}); {exported['mb']:.0f} MB"
    )
    print("| question | by | s | again, s | most memory, MB | equal |\n|---|---|---|---|---|---|")
    plain = part("plain", folder, rows, lot)
    tell("one machine", plain, plain)
    tell("DuckDB", part("duckdb", folder, rows, lot), plain)
    for number in workers:
        tell(f"Spark local[{number}]", part(f"spark{number}", folder, rows, lot), plain)


def tell(by: str, told: dict[str, Any], plain: dict[str, Any]) -> None:
    """A line for each question."""
    for name, (seconds, again, answer) in told["answers"].items():
        same = answer == plain["answers"][name][2] if name in plain["answers"] else "–"
        print(
            f"| {name} | {by} | {seconds:.2f} | {again:.2f} | {told['mb']:.0f} | {same} |",
            flush=True,
        )


def part(name: str, folder: Path, rows: int, lot: str = "") -> dict[str, Any]:
    """One part, and the most memory of its processes."""
    words = ["--part", name, "--folder", str(folder), "--rows", str(rows), "--lot", lot]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_spark", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with watched(process.pid) as most:
        out, _ = process.communicate()
    assert process.returncode == 0, name
    told: dict[str, Any] = json.loads(out)
    return told | {"mb": most[0] / 1e6}


@contextmanager
def watched(group: int) -> Iterator[list[int]]:
    """The most memory that the processes of a group had together, proportional shares."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            most[0] = max(most[0], sum(map(_resident, _members(group))))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def _members(group: int) -> Iterator[Path]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                yield entry
        except OSError:
            continue


def _resident(process: Path) -> int:
    """Memory of a process, what it shares with others divided among them."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


# --- the parts -------------------------------------------------------------------------------


def fill(asked: argparse.Namespace) -> dict[str, Any]:
    """Make the market and index it."""
    store = SegmentStore.open(asked.folder / "index.sqlite")
    bulk = Bulk(SEED, rows=asked.rows)
    for entry, filing in enumerate(bulk.filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        one = Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)
        store.append([one])
        if store.hot_rows > HOT_MAX:
            store.compact()
    store.compact()
    told = store.counts() | {"lot": bulk.bad.code}
    store.close()
    return told | {"bytes": (asked.folder / "index.sqlite").stat().st_size}


def export_all(asked: argparse.Namespace) -> dict[str, Any]:
    """Write the lake."""
    from guantong.lake.export import export

    store = SegmentStore.open(asked.folder / "index.sqlite", read_only=True)
    began = time.perf_counter()
    manifest = export(store, asked.folder / "lake")
    took = time.perf_counter() - began
    return {"seconds": took, "files": len(manifest.files), **weighed(manifest)}


def weighed(manifest: Manifest) -> dict[str, int]:
    """Bytes by table."""
    found: Counter[str] = Counter()
    for one in manifest.files:
        found["bytes"] += one.bytes
        found[f"{one.dataset.value}_bytes"] += one.bytes
    return dict(found)


def plain_answers(asked: argparse.Namespace) -> dict[str, Any]:
    """What one machine says."""
    from guantong.lake import plain

    store = SegmentStore.open(asked.folder / "index.sqlite", read_only=True)
    register = Register(store)

    def scope() -> Any:
        found = closure(
            store,
            [asked.lot],
            now_ms=NOW_MS,
            bounds=Bounds(items=1 << 40),
            firm_of=register.firm_of,
            region_of=register.region_of,
        )
        return [found.made, *listed(who(found.held, found.amounts))]

    def everyone() -> Any:
        all_ = Ranges(np.array([1 << 10]), np.array([store.outgoing.last_extent() << 10]))
        rows = store.rows_in(all_)
        many = lots_of(store, rows)
        single = rows.take(~np.isin(rows.item, many))
        sight = Sight(NOW_MS, FUTURE_MS, store.projected_size)
        tally = Tally(store, sight, register.firm_of, Wrappings(store, None))
        held = held_of(tally.items(single).counted(), register.region_of)
        lots = tally.lots(tuple(store.texts(many)))
        return listed(who(held, amounts_of(lots, register.region_of)))

    questions = {"scope": scope, "everyone": everyone}
    questions |= {
        name: partial(lambda one: figured(getattr(plain, one)(store)), name) for name in FIGURES
    }
    return {"answers": {name: twice(ask) for name, ask in questions.items()}}


def lots_of(store: SegmentStore, rows: Rows) -> Any:
    """Numbers of the lots and classes of which amounts are told."""
    numbers = np.unique(rows.item[~np.isnan(rows.quantity)])
    return numbers[[is_many(text) for text in store.texts(numbers)]]


def spark_answers(number: int) -> Callable[[argparse.Namespace], dict[str, Any]]:
    """What Spark says with so many tasks at once."""

    def answers(asked: argparse.Namespace) -> dict[str, Any]:
        from guantong.lake.figures import QUERIES
        from guantong.lake.frames import Frames
        from guantong.lake.job import answer
        from guantong.lake.scope import everyone
        from guantong.lake.session import session

        began = time.perf_counter()
        spark = session(f"local[{number}]", spark__driver__memory="3g")
        frames = Frames(spark, asked.folder / "lake")
        started = time.perf_counter() - began

        def scope() -> Any:
            told = answer(frames, "scope", [asked.lot], NOW_MS)
            return [told["made"], *listed(told)]

        def all_() -> Any:
            found = everyone(frames, now_ms=NOW_MS, asks_gaps=False)
            return listed(who(found.held, found.amounts))

        def figure(name: str) -> Any:
            keys = 1 if name == "steps" else 3
            rows = [[*row.asDict().items()] for row in frames.ask(QUERIES[name]).collect()]
            return figured({tuple(v for _, v in row[:keys]): dict(row[keys:]) for row in rows})

        questions: dict[str, Callable[[], Any]] = {"scope": scope, "everyone": all_}
        questions |= {name: partial(figure, name) for name in FIGURES}
        told = {name: twice(ask) for name, ask in questions.items()}
        return {"answers": {"session and views": (started, 0.0, None), **told}}

    return answers


def duckdb_answers(asked: argparse.Namespace) -> dict[str, Any]:
    """What DuckDB says of the figures."""
    import duckdb

    from guantong.lake import Dataset
    from guantong.lake.figures import QUERIES

    folder, link = asked.folder / "lake", duckdb.connect()
    manifest = needed(folder)
    for dataset in Dataset:
        if files := [str(folder / one.path) for one in manifest.of((dataset,))]:
            read = f"read_parquet({files!r}, hive_partitioning=true, hive_types_autocast=false)"
            link.execute(f"CREATE VIEW {dataset.value} AS SELECT * FROM {read}")

    def figure(name: str) -> Any:
        keys = 1 if name == "steps" else 3
        answer = link.execute(QUERIES[name])
        names = [one[0] for one in answer.description]
        rows = answer.fetchall()
        return figured(
            {row[:keys]: dict(zip(names[keys:], row[keys:], strict=True)) for row in rows}
        )

    return {"answers": {name: twice(partial(figure, name)) for name in FIGURES}}


def twice(ask: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the first and a second time, and the answer."""
    began = time.perf_counter()
    answer = ask()
    first = time.perf_counter() - began
    ask()
    return first, time.perf_counter() - began - first, answer


def listed(told: dict[str, Any]) -> list[Any]:
    """Holders and balances, in one order."""
    return [told["held"], sorted(told["amounts"], key=str)]


def figured(figures: dict[tuple[str, ...], dict[str, int]]) -> list[Any]:
    """Figures in one order."""
    ordered: list[Any] = msgspec.to_builtins(sorted(figures.items()))
    return ordered


PARTS: Final[dict[str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "fill": fill,
    "export": export_all,
    "plain": plain_answers,
    "duckdb": duckdb_answers,
    **{f"spark{number}": spark_answers(number) for number in range(1, 65)},
}


if __name__ == "__main__":
    main()

"""The whole table: the market at several sizes, and documents that are all alike.

``python -m benchmarks.scale [ROWS …]`` (1,000,000 and 10,000,000 without) measures, keeps the
figures in docs/reference/performance.json after each size, and writes the page and the plot from
them. With ``--page`` it only writes these again; ``--memory-mb N`` bounds the memory of the server
for the sizes that follow and keeps them apart. A size that fails does not stop the others; a part
of it that fails is named on the page, and the exit code is 1.
"""

import argparse
import datetime as dt
import json
import platform
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.plot import Panel, svg
from guantong.serve.bench import variants

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
KEPT = REFERENCE / "performance.json"
PAGE = REFERENCE / "performance.md"
PLOT = REFERENCE / "performance.svg"
SIZES = (1_000_000, 10_000_000)
SCALE = 100
"""Documents of 1,000 events in a variant."""
BEGIN, END = "<!-- begin scale: written by benchmarks/scale.py -->", "<!-- end scale -->"

Figures = dict[str, Any]
LINES: tuple[tuple[str, str, str, str], ...] = (
    ("capture, events/s", "capture_events_per_s", "floor_events_per_s", "see A"),
    ("the same, by decoding alone", "capture_events_per_s", "decode_events_per_s", ""),
    ("capture, codes/s", "capture_codes_per_s", "", "see A"),
    ("capture, p99 of a document, ms", "capture_p99_ms", "", ""),
    ("cores taken by who sends", "load_cpu_share", "", ""),
    ("single-event documents/s", "single_docs_per_s", "", "≥ 20,000"),
    ("single-event documents, p99, ms", "single_p99_ms", "", "< 20"),
    ("check over HTTP, /s", "check_per_s", "empty_per_s", "≥ 20,000; ≥ 0.4"),
    ("check, p50 at half load, ms", "check_p50_ms", "", ""),
    ("check, p99 at half load, ms", "check_p99_ms", "", "< 5"),
    ("trace up, p50, ms", "trace_up_p50_ms", "", ""),
    ("trace up, p99, ms", "trace_up_p99_ms", "", "< 2"),
    ("trace up, cold, ms", "trace_up_cold_ms", "", ""),
    ("4,000-item lot down, p50, ms", "lot_down_p50_ms", "", ""),
    ("4,000-item lot down, p99, ms", "lot_down_p99_ms", "", "< 5"),
    ("4,000-item lot down, cold, ms", "lot_down_cold_ms", "", ""),
    ("recalled items with holders", "recall_items", "", ""),
    ("recall, s", "recall_s", "", "1 M < 0.3, 10 M < 3"),
    ("recall, cold, s", "recall_cold_s", "", ""),
    ("recall not cut off after 120 s", "recall_complete", "", ""),
    ("index, bytes a row", "bytes_per_row", "", "≤ 5"),
    ("ledger with documents, bytes a row", "ledger_bytes_per_row", "", "index + evidence ≤ 10"),
    ("a single-event document in the index, bytes", "single_index_bytes_per_doc", "", ""),
    ("and in the ledger, bytes", "single_ledger_bytes_per_doc", "", ""),
    ("rebuild, events/s", "rebuild_events_per_s", "capture_events_per_s", "≥ 0.5"),
    ("rebuilt events", "rebuild_events", "", ""),
    ("rebuild not stopped after 180 s", "rebuild_whole", "", ""),
    ("server, most memory, MB", "peak_mb", "", ""),
    ("whole run, s", "seconds", "", ""),
)
"""Words, figure, what it is divided by, target."""
GROWN = {
    "capture_events_per_s": True,
    "check_per_s": True,
    "check_p99_ms": False,
    "single_docs_per_s": True,
    "rebuild_events_per_s": True,
    "trace_up_p99_ms": False,
    "lot_down_p99_ms": False,
    "bytes_per_row": False,
}
"""Figures whose growth is told, and whether more of them is better."""
GROWN_WORDS = (
    "capture",
    "check",
    "check p99",
    "single documents",
    "rebuild",
    "trace up p99",
    "lot down p99",
    "bytes a row",
)
TABLES = 10
"""Tables whose bytes are told."""
TARGETS = {
    "A": "≥ 100,000 events/s, ≥ 1 M codes/s",
    "A1": "≥ 20,000/s, p99 < 20 ms",
    "B": "≥ 20,000 events/s per core",
    "C": "≥ 50,000 events/s",
    "D": "≥ 50,000 new codes/s",
}


def main() -> None:
    """Measure what is asked for and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="*", type=int)
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--memory-mb", type=int, default=0)
    parser.add_argument("--no-variants", action="store_true")
    asked = parser.parse_args()
    kept: Figures = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    failed = [] if asked.page else measure_all(asked, kept)
    write(kept)
    if failed:
        sys.exit("failed: " + "; ".join(failed))


def measure_all(asked: argparse.Namespace, kept: Figures) -> list[str]:
    """Every size, then the variants; gives what failed."""
    kept["machine"] = machine()
    failed: list[str] = []
    for rows in asked.rows or SIZES:
        figures = measure(rows, asked.memory_mb)
        failed += [f"{rows:,} rows, {what}" for what in figures.get("failed", ())]
        if "rows" in figures:
            kept.setdefault("bounded" if asked.memory_mb else "sizes", {})[str(rows)] = figures
        kept["growth"] = growth(by_size(kept.get("sizes", {})))
        keep(kept)
    if not asked.no_variants and not asked.memory_mb:
        with tempfile.TemporaryDirectory() as folder:
            kept["variants"] = list(variants.run(Path(folder), SCALE, say))
        keep(kept)
    return failed


def measure(rows: int, memory_mb: int) -> Figures:
    """One run of `guantong bench`, in a process of its own."""
    say(f"{rows:,} rows")
    command = [sys.executable, "-m", "guantong", "bench", "--rows", str(rows), "--json"]
    bound = ["--memory-mb", str(memory_mb)] if memory_mb else []
    done = subprocess.run([*command, *bound], check=False, stdout=subprocess.PIPE)
    if not done.stdout:
        return {"failed": [f"the whole, exit code {done.returncode}"]}
    figures: Figures = json.loads(done.stdout)
    return figures | {"memory_mb": memory_mb, "commit": commit(), "day": today()}


def machine() -> str:
    """What it was measured on."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    cores = f"{len(models)} cores" if models else "unknown cores"
    memory = Path("/proc/meminfo")
    total = int(memory.read_text().split()[1]) / 2**20 if memory.exists() else 0
    return (
        f"{platform.system()} {platform.machine()}, {cores} ({models[0] if models else '?'}), "
        f"{total:.0f} GB, Python {platform.python_version()}"
    )


def commit() -> str:
    """The state of the code that was measured."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


def today() -> str:
    """The day of the run."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def keep(kept: Figures) -> None:
    """Write the figures down."""
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def say(what: str) -> None:
    """Tell whoever waits."""
    print(what, file=sys.stderr, flush=True)


# --- the page ----------------------------------------------------------------------------


def write(kept: Figures) -> None:
    """Put tables and plot in place."""
    sizes = by_size(kept["sizes"])
    parts = [f"Machine: {kept['machine']}.", size_table(sizes), failures(sizes)]
    parts += [growth_table(growth(sizes)), bytes_table(sizes), PLOT_LINE]
    if "variants" in kept:
        parts.append(variant_table(kept["variants"]))
    if "bounded" in kept:
        parts.append(bounded_table(kept["bounded"]))
    text = PAGE.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    body = "\n\n".join(part for part in parts if part)
    PAGE.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", "utf-8")
    PLOT.write_text(svg(panels(sizes)), "utf-8")


PLOT_LINE = "![cost against size](performance.svg)"


def by_size(figures: Figures) -> dict[int, Figures]:
    """Runs by number of rows, the smallest first."""
    return {rows: figures[str(rows)] for rows in sorted(map(int, figures))}


def size_table(sizes: dict[int, Figures]) -> str:
    """A column for each size; a figure with a floor has the ratio beside it."""
    head = "| | " + " | ".join(f"{rows:,} rows" for rows in sizes) + " | target |"
    lines = [head, "|---" * (len(sizes) + 2) + "|"]
    for words, name, floor, target in LINES:
        cells = [cell(figures, name, floor) for figures in sizes.values()]
        lines.append(f"| {words} | " + " | ".join(cells) + f" | {target} |")
    days = [f"{figures['day']} (commit {figures['commit']})" for figures in sizes.values()]
    lines.append("| measured | " + " | ".join(days) + " | |")
    return "\n".join(lines)


def cell(figures: Figures, name: str, floor: str) -> str:
    """A figure, and how it stands to its floor."""
    value = figures.get(name)
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not floor or not figures.get(floor):
        return f"{value:,}"
    return f"{value:,} ({value / figures[floor]:.2f} of {figures[floor]:,})"


def growth(sizes: dict[int, Figures]) -> list[Figures]:
    """How much more each thing costs at a size than at the one before."""
    runs = list(sizes.items())
    return [
        {"from": small, "to": large}
        | {
            name: round(before[name] / after[name] if is_rate else after[name] / before[name], 2)
            for name, is_rate in GROWN.items()
            if before.get(name) and after.get(name)
        }
        for (small, before), (large, after) in pairwise(runs)
    ]


def growth_table(grown: list[Figures]) -> str:
    """A row for each pair of sizes."""
    if not grown:
        return ""
    lines = [
        "Cost at a size by cost at the one before (1.00 is flat; target for ingest and check, 50 M by 10 M: 1.3):",
        "",
        "| rows | " + " | ".join(GROWN_WORDS) + " |",
        "|---" * (len(GROWN) + 1) + "|",
    ]
    for one in grown:
        cells = [f"{one[name]:.2f}" if name in one else "–" for name in GROWN]
        lines.append(f"| {one['to']:,} by {one['from']:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def failures(sizes: dict[int, Figures]) -> str:
    """What could not be measured."""
    found = [
        f"{rows:,} rows, {what}" for rows, one in sizes.items() for what in one.get("failed", ())
    ]
    return "Failed: " + "; ".join(found) + "." if found else ""


def bytes_table(sizes: dict[int, Figures]) -> str:
    """Where the bytes of the index go, those tables that take most."""
    told = {rows: one["index_tables"] for rows, one in sizes.items() if one.get("index_tables")}
    if not told:
        return ""
    largest = sorted(list(told.values())[-1].items(), key=lambda it: -it[1])[:TABLES]
    lines = [
        "Bytes a row of the largest tables of the index:",
        "",
        "| table | " + " | ".join(f"{rows:,} rows" for rows in told) + " |",
        "|---" * (len(told) + 1) + "|",
    ]
    for name, _ in largest:
        cells = " | ".join(f"{tables.get(name, 0):.2f}" for tables in told.values())
        lines.append(f"| `{name}` | {cells} |")
    return "\n".join(lines)


def variant_table(rows: list[Figures]) -> str:
    """Documents that are all alike."""
    lines = [
        (
            "Documents that are all alike, ten new codes in an event, each kind in an installation of "
            "its own:"
        ),
        "",
        (
            "| | documents | events/s | codes/s | p50 / p99 ms | by its floor | by decoding alone "
            "| sender's cores | index, with documents, bytes a row | target |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        floor, decode = one["floor_events_per_s"], one["decode_events_per_s"]
        rate = one["events_per_s"]
        lines.append(
            f"| {one['variant']} | {one['about']} | {rate:,} | {one['codes_per_s']:,} "
            f"| {one['p50_ms']:,} / {one['p99_ms']:,} | {rate / floor:.2f} of {floor:,} "
            f"| {rate / decode:.2f} of {decode:,} | {one['load_cpu_share']} "
            f"| {weight(one)} "
            f"| {TARGETS[one['variant']]} |"
        )
    return "\n".join(lines)


def weight(one: Figures) -> str:
    """Bytes a row of the index, and of index and ledger with all documents."""
    if "bytes_per_row" not in one:
        return "–"
    return f"{one['bytes_per_row']}, {one['bytes_per_row'] + one['ledger_bytes_per_row']:.2f}"


def bounded_table(runs: Figures) -> str:
    """Runs with less memory than they have data."""
    lines = [
        "With the private memory of each process of the server bounded (RLIMIT_DATA):",
        "",
        "| rows | bound, MB | index and ledger, MB | capture, events/s | check/s | check p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    for rows, one in by_size(runs).items():
        held = (one["index_bytes"] + one["ledger_bytes"]) / 1e6
        lines.append(
            f"| {rows:,} | {one['memory_mb']:,} | {held:,.0f} | {cell(one, 'capture_events_per_s', '')} "
            f"| {cell(one, 'check_per_s', '')} | {cell(one, 'check_p99_ms', '')} |"
        )
    return "\n".join(lines)


def panels(sizes: dict[int, Figures]) -> list[Panel]:
    """What is drawn."""

    drawn = {rows: one for rows, one in sizes.items() if not one.get("failed")}

    def each(name: str, top: float = 0.0) -> list[float]:
        return [top / one[name] if top else float(one[name]) for one in drawn.values()]

    rows = list(drawn)
    return [
        Panel(
            "µs an event",
            rows,
            {
                "capture": each("capture_events_per_s", 1e6),
                "rebuild": each("rebuild_events_per_s", 1e6),
                "floor": each("floor_events_per_s", 1e6),
            },
        ),
        Panel(
            "µs a scan",
            rows,
            {"check": each("check_per_s", 1e6), "empty handler": each("empty_per_s", 1e6)},
        ),
        Panel(
            "ms, p99",
            rows,
            {
                "check": each("check_p99_ms"),
                "trace up": each("trace_up_p99_ms"),
                "lot down": each("lot_down_p99_ms"),
            },
        ),
    ]


if __name__ == "__main__":
    main()

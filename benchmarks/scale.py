"""The whole table: the market at several sizes, and documents that are all alike.

``python -m benchmarks.scale [ROWS …]`` (1,000,000 and 10,000,000 without) measures, keeps the
figures in docs/reference/performance.json, and writes the page and the plot from them. With
``--page`` it only writes these again; ``--memory-mb N`` bounds the memory of the server for the
sizes that follow and keeps them apart.
"""

import argparse
import datetime as dt
import json
import platform
import subprocess
import sys
import tempfile
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
    ("index, bytes a row", "bytes_per_row", "", "≤ 5"),
    ("ledger with documents, bytes a row", "ledger_bytes_per_row", "", "index + evidence ≤ 10"),
    ("rebuild, events/s", "rebuild_events_per_s", "capture_events_per_s", "≥ 0.5"),
    ("server, most memory, MB", "peak_mb", "", ""),
    ("whole run, s", "seconds", "", ""),
)
"""Words, figure, what it is divided by, target."""
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
    if not asked.page:
        kept["machine"] = machine()
        for rows in asked.rows or SIZES:
            figures = measure(rows, asked.memory_mb)
            kept.setdefault("bounded" if asked.memory_mb else "sizes", {})[str(rows)] = figures
            keep(kept)
        if not asked.no_variants and not asked.memory_mb:
            with tempfile.TemporaryDirectory() as folder:
                kept["variants"] = list(variants.run(Path(folder), SCALE, say))
            keep(kept)
    write(kept)


def measure(rows: int, memory_mb: int) -> Figures:
    """One run of `guantong bench`, in a process of its own."""
    say(f"{rows:,} rows")
    command = [sys.executable, "-m", "guantong", "bench", "--rows", str(rows), "--json"]
    bound = ["--memory-mb", str(memory_mb)] if memory_mb else []
    done = subprocess.run([*command, *bound], check=True, stdout=subprocess.PIPE)
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
    sizes = {int(rows): figures for rows, figures in sorted(by_size(kept["sizes"]))}
    parts = [f"Machine: {kept['machine']}.", size_table(sizes), growth(sizes), PLOT_LINE]
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


def by_size(figures: Figures) -> list[tuple[int, Figures]]:
    """Runs by number of rows."""
    return [(int(rows), one) for rows, one in figures.items()]


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
    if not floor:
        return f"{value:,}"
    return f"{value:,} ({value / figures[floor]:.2f} of {figures[floor]:,})"


def growth(sizes: dict[int, Figures]) -> str:
    """How the largest run stands to the one before."""
    if len(sizes) < 2:
        return ""
    (small, before), (large, after) = list(sizes.items())[-2:]
    ratios = [
        f"{words} {before[name] / after[name]:.2f}"
        for words, name in (("capture", "capture_events_per_s"), ("check", "check_per_s"))
    ]
    told = f"Cost at {large:,} rows by cost at {small:,}: {', '.join(ratios)}"
    return f"{told} (target for 50 M by 10 M: 1.3)."


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
    for rows, one in by_size(runs):
        held = (one["index_bytes"] + one["ledger_bytes"]) / 1e6
        lines.append(
            f"| {rows:,} | {one['memory_mb']:,} | {held:,.0f} | {one['capture_events_per_s']:,} "
            f"| {one['check_per_s']:,} | {one['check_p99_ms']:,} |"
        )
    return "\n".join(lines)


def panels(sizes: dict[int, Figures]) -> list[Panel]:
    """What is drawn."""

    def each(name: str, top: float = 0.0) -> list[float]:
        return [top / one[name] if top else float(one[name]) for one in sizes.values()]

    rows = list(sizes)
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

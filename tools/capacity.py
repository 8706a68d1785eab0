"""How many machines, and how much disk, for so many items a year? ``python -m tools.capacity``.

The measured bytes and rates are those of the last benchmark (``docs/reference/performance.json``);
what nobody measured is an assumption, named here and printed on the page with the table that
follows from it (``docs/guide/scale.md``).
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parent.parent
MEASURED: Final = ROOT / "docs" / "reference" / "performance.json"
PAGE: Final = ROOT / "docs" / "guide" / "scale.md"
BEGIN, END = "<!-- capacity: begin -->", "<!-- capacity: end -->"
SIZES: Final = (10**6, 10**7, 10**8, 10**9, 10**10)
"""Items a year."""
YEAR_SECONDS: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Assumed:
    """What was not measured."""

    rows_an_item: float = 5.0
    """Events that an item takes part in: made, packed, shipped, received, sold."""
    alone_of_rows: float = 0.2
    """Of those, in a document of its own: the sale."""
    scans_an_item: float = 0.1
    """Of the public, in a year."""
    peak: float = 5.0
    """The busiest hour by the mean of the year."""
    load: float = 0.5
    """Of its measured rate that a machine is planned for."""
    copies_of_ledger: int = 3
    """The writer's, the standby's, a backup."""
    node_disk_bytes: float = 8e12
    """That an index and its ledger may take of one machine after the years kept."""
    years: int = 5
    """That are kept at hand."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one machine with two cores; see `docs/reference/performance.md`."""

    rows: float
    """At which size of the store."""
    rows_a_second: float
    alone_a_second: float
    """Single-event documents."""
    checks_a_second: float
    growth: float
    """Cost of capture at this size by that at a fifth of it."""
    index_row: float
    """Bytes."""
    ledger_row: float
    index_alone: float
    ledger_alone: float

    @classmethod
    def read(cls) -> Self:
        """The largest size of the last benchmark, the bytes of the size before (they are more)."""
        told: dict[str, Any] = json.loads(MEASURED.read_text("utf-8"))
        sizes = told["sizes"]
        large, before = sizes["50000000"], sizes["10000000"]
        growth = next(one for one in told["growth"] if one["to"] == 50_000_000)
        return cls(
            rows=large["rows"],
            rows_a_second=large["capture_codes_per_s"],
            alone_a_second=large["single_docs_per_s"],
            checks_a_second=large["check_per_s"],
            growth=growth["capture_events_per_s"],
            index_row=before["bytes_per_row"],
            ledger_row=before["ledger_bytes_per_row"],
            index_alone=before["single_index_bytes_per_doc"],
            ledger_alone=before["single_ledger_bytes_per_doc"],
        )


@dataclass(frozen=True, slots=True)
class Needed:
    """For one size."""

    items: int
    rows_peak: float
    """Rows a second in the busiest hour."""
    alone_peak: float
    """Documents with a single event a second, then."""
    scans_peak: float
    index_bytes: float
    """A year."""
    ledger_bytes: float
    """A year."""
    all_bytes: float
    """A year, with the standbys and backups."""
    nodes: int
    """Writers, each with its own ledger."""
    fronts: int
    """Machines with two cores that answer scans."""


def needed(items: int, measured: Measured, assumed: Assumed) -> Needed:
    """What a number of items a year needs."""
    rows = items * assumed.rows_an_item
    alone = rows * assumed.alone_of_rows
    many = rows - alone
    index = many * measured.index_row + alone * measured.index_alone
    ledger = many * measured.ledger_row + alone * measured.ledger_alone
    peak = assumed.peak / YEAR_SECONDS
    scans = items * assumed.scans_an_item * peak
    return Needed(
        items=items,
        rows_peak=rows * peak,
        alone_peak=alone * peak,
        scans_peak=scans,
        index_bytes=index,
        ledger_bytes=ledger,
        all_bytes=index + ledger * assumed.copies_of_ledger,
        nodes=_nodes(many * peak, alone * peak, index + ledger, rows, measured, assumed),
        fronts=math.ceil(scans / (measured.checks_a_second * assumed.load)),
    )


def _nodes(
    many: float, alone: float, kept: float, rows: float, measured: Measured, assumed: Assumed
) -> int:
    """The fewest writers that are not too slow when they are full, and whose disks hold it."""
    nodes = math.ceil(kept * assumed.years / assumed.node_disk_bytes)
    while True:
        slower = slowed(rows * assumed.years / nodes, measured)
        busy = many / measured.rows_a_second + alone / measured.alone_a_second
        if busy * slower / nodes <= assumed.load:
            return nodes
        nodes += 1


def slowed(rows: float, measured: Measured) -> float:
    """By what a row costs more in a store of this size than in the measured one."""
    fifths = max(0.0, math.log(rows / measured.rows, 5))
    return math.pow(measured.growth, fifths)


def table(measured: Measured, assumed: Assumed) -> str:
    """The table of the page, with what it rests on."""
    head = (
        "items a year",
        "rows/s, peak",
        "single documents/s, peak",
        "scans/s, peak",
        "index, a year",
        "ledger, a year",
        "all disks, a year",
        "writers",
        "machines that answer",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "--:|" * len(head)]
    for one in (needed(items, measured, assumed) for items in SIZES):
        cells = (
            f"10^{round(math.log10(one.items))}",
            _number(one.rows_peak),
            _number(one.alone_peak),
            _number(one.scans_peak),
            _bytes(one.index_bytes),
            _bytes(one.ledger_bytes),
            _bytes(one.all_bytes),
            str(one.nodes),
            str(one.fronts),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*_grounds(measured, assumed), "", *lines])


def _grounds(measured: Measured, assumed: Assumed) -> list[str]:
    m, a = measured, assumed
    at = f"{m.rows / 1e6:.0f} M rows"
    return [
        f"*Measured* (two cores, {at}): {m.rows_a_second:,.0f} rows/s in documents of many events,",
        f"{m.alone_a_second:,.0f} documents/s with one event, {m.checks_a_second:,.0f} scans/s; capture costs {m.growth} times",
        f"as much at five times the size. A row takes {m.index_row} bytes of index and {m.ledger_row} of ledger, a",
        f"document with one event {m.index_alone:g} and {m.ledger_alone:g}.",
        "",
        f"*Assumed*: {a.rows_an_item:g} events an item, {a.alone_of_rows:.0%} of them in a document of their own; {a.scans_an_item:g} scans",
        f"an item; the busiest hour is {a.peak:g} times the mean; a machine is planned for {a.load:.0%} of its measured rate, {a.node_disk_bytes / 1e12:g} TB",
        f"and {a.years} years; the ledger lies {a.copies_of_ledger} times (writer, standby, backup); capture goes on growing dearer at the same pace.",
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _bytes(value: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if value >= size:
            return f"{value / size:,.1f} {unit}"
    return f"{value:.0f} B"


def written(page: str) -> str:
    """The page with the table of today."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table(Measured.read(), Assumed())}\n{END}{after}"


def main() -> None:
    """Write the table; tell if it changed."""
    page = PAGE.read_text("utf-8")
    if written(page) != page:
        PAGE.write_text(written(page), "utf-8")
        sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()

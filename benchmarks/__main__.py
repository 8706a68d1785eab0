"""Run the benchmarks and print one table; ``--write`` puts it into the reference.

``python -m benchmarks [--write] [NAME …]`` with names such as ``capture`` or ``hash``.
"""

import os
import platform
import sys
from importlib import import_module
from pathlib import Path

NAMES = (
    "capture",
    "read",
    "scan",
    "closure",
    "growth",
    "hash",
    "identify",
    "ledger",
    "proof",
    "signed",
    "evidence",
    "credit",
    "labels",
)
PAGE = Path(__file__).parent.parent / "docs" / "reference" / "performance.md"
BEGIN, END = "<!-- begin parts: written by python -m benchmarks --write -->", "<!-- end parts -->"


def main() -> None:
    """Run the named benchmarks, or all."""
    write = "--write" in sys.argv
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(NAMES)
    lines = [
        "| what | per second | p50 / p99 ms | beside it | per second | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        for row in import_module(f"benchmarks.bench_{name}").run():
            lines.append(line(row))
            print(lines[-1], flush=True)
    if write:
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        machine += f"Python {platform.python_version()}\n\n"
        head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        table = f"Machine: {machine}" + "\n".join(lines)
        PAGE.write_text(f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}", "utf-8")


def line(row: dict[str, object]) -> str:
    """One row of the table."""
    spread = "–"
    if "p50_ms" in row:
        spread = f"{row['p50_ms']:.2f} / {row['p99_ms']:.2f}"
    peer = row.get("peer") or row.get("floor") or "–"
    rate = row.get("peer_per_second") or row.get("floor_per_second")
    beside = f"{rate:,.0f}" if isinstance(rate, float | int) else "–"
    ratio = row.get("ratio")
    times = f"{ratio:.2f}" if isinstance(ratio, float | int) else "–"
    return f"| {row['name']} | {row['per_second']:,.0f} | {spread} | {peer} | {beside} | {times} |"


if __name__ == "__main__":
    main()

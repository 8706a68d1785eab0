"""How long does a sheet of 100,000 rows take at a clerk's desk, and how much memory?

``python -m benchmarks.bench_sheets [ROWS]``: each step in a process of its own: reading it as the desk tries it, giving
it back with the faults of 1,000 rows, and reading that again. Beside it, what opening and laying out the same file alone takes.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from guantong import capture
from guantong.capture import Limits
from guantong.capture.sheet_return import annotated, mapped
from guantong.capture.sheet_table import grids_of
from guantong.serve.desks.sheets import workbook as written
from tests import sheets_large

ROWS = 100_000
MAKERS = {"csv, GB18030": sheets_large.gb18030, "xlsx, merged title": sheets_large.workbook}
MEDIA = {"csv, GB18030": "text/csv", "xlsx, merged title": ""}


def opened(data: bytes, media: str) -> object:
    """Open and lay out: the floor."""
    del media
    return sum(len(grid) for grid in grids_of(data, Limits()))


def tried(data: bytes, media: str) -> object:
    """Read as the desk reads it."""
    return len(capture.read_table(data, media=media).faults)


def given_back(data: bytes, media: str) -> object:
    """Read, and write the sheet with its faults."""
    reading = capture.read_table(data, media=media)
    rows = annotated(data, reading.faults, lambda found: found.code, Limits())
    return len(written(rows))


def again(data: bytes, media: str) -> object:
    """Read the sheet that was given back: as CSV, without its column of faults."""
    reading = capture.read_table(data, media=media)
    rows = annotated(data, reading.faults, lambda found: found.code, Limits())
    back = mapped(written(rows), {}, Limits())
    return len(capture.read_table(back, media="text/csv").faults)


STEPS: dict[str, Callable[[bytes, str], object]] = {
    "opened alone": opened,
    "tried": tried,
    "given back": given_back,
    "given back, and read again": again,
}


def measured(step: str, data: bytes, media: str) -> tuple[float, int, object]:
    """Seconds, MB above what the process had, and the result."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_run, args=(theirs, step, data, media)
    )
    child.start()
    found: tuple[float, int, object] = ours.recv()
    child.join()
    return found


def _run(end: Connection, step: str, data: bytes, media: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    result = STEPS[step](data, media)
    seconds = time.perf_counter() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end.send((seconds, (most - before) // 1024, result))


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"| {count:,} rows | file MB | step | seconds | of opening alone | MB |")
    print("|---|---|---|---|---|---|")
    for name, make in MAKERS.items():
        data = make(count, wrong=range(0, count, 100))
        floor = 0.0
        for step in STEPS:
            seconds, held, _ = measured(step, data, MEDIA[name])
            floor = floor or seconds
            size = len(data) / 2**20
            print(
                f"| {name} | {size:.1f} | {step} | {seconds:.1f} | {seconds / floor:.1f} | {held} |"
            )


if __name__ == "__main__":
    main()

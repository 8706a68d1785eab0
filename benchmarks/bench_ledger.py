"""How near does the ledger come to what the disk allows?

The floor is the bare write and fdatasync of the very same bytes, in the same run, in turns
with the ledger, so that what else happens on the machine meets both alike.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from guantong.clock import SystemClock
from guantong.ledger import Disk, Ledger, StatementType, Submission, SystemEntropy

BODY_BYTES = 300
BATCHES = {1: 300, 10: 300, 100: 200, 1_000: 40}
"""Entries per commit -> commits per round."""
ROUNDS = 5
OPEN_ENTRIES = 1_000_000
BARE = "pwrite + fdatasync"


class _Recorder(Disk):
    """A disk that remembers what the last commit wrote."""

    def __init__(self) -> None:
        self._buffers: Sequence[bytes] = ()

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        super().write(fd, buffers, offset)
        if len(buffers) > 1:
            self._buffers = buffers

    def last(self) -> bytes:
        return b"".join(self._buffers)


def _submissions(count: int) -> list[Submission]:
    return [
        Submission(
            typ=StatementType.CAPTURE,
            by="91310000MA1FL0XY1A",
            body=os.urandom(BODY_BYTES // 2).hex().encode(),
            n=1,
        )
        for _ in range(count)
    ]


@contextmanager
def _ledger(directory: Path, disk: Disk) -> Iterator[Ledger]:
    where = directory / f"ledger-{time.monotonic_ns()}"
    with Ledger.create(
        where, "bench.example/log", clock=SystemClock(), entropy=SystemEntropy(), disk=disk
    ) as ledger:
        yield ledger


def _times(commits: int, commit: Callable[[], object]) -> list[float]:
    """Seconds that each of a number of commits took."""
    times = []
    for _ in range(commits):
        start = time.perf_counter()
        commit()
        times.append(time.perf_counter() - start)
    return times


class _Bare:
    """The floor: write at the end and wait, nothing else."""

    def __init__(self, path: Path, what: Callable[[], bytes]) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT)
        self._end, self._what, self._raw = 0, what, b""

    def prepare(self) -> None:
        """Take what is to be written, outside of the time that counts."""
        self._raw = self._what()

    def append(self) -> None:
        self._end += os.pwrite(self._fd, self._raw, self._end)
        os.fdatasync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def _append(directory: Path, batch: int, commits: int) -> dict[str, object]:
    """One batch size, ledger and floor in turns."""
    disk = _Recorder()
    bare = _Bare(directory / f"bare-{batch}", disk.last)
    ours: list[float] = []
    floor: list[float] = []
    group = _submissions(batch)
    with _ledger(directory, disk) as ledger:
        ledger.append(group)
        for _ in range(ROUNDS):
            ours += _times(commits, lambda: ledger.append(group))
            bare.prepare()
            floor += _times(commits, bare.append)
    bare.close()
    entries = batch * commits * ROUNDS
    row = _row(f"append, {batch} per commit", entries / sum(ours), BARE, entries / sum(floor))
    middle, *_, last = quantiles(ours, n=100)[49:]
    return row | {"p50_ms": round(middle * 1_000, 3), "p99_ms": round(last * 1_000, 3)}


def _row(name: str, rate: float, floor: str, floor_rate: float) -> dict[str, object]:
    return {
        "name": f"ledger: {name}",
        "per_second": round(rate),
        "floor": floor,
        "floor_per_second": round(floor_rate),
        "ratio": round(rate / floor_rate, 2),
    }


def _open(directory: Path) -> dict[str, object]:
    """Opening a large ledger, against reading its bytes once."""
    with _ledger(directory, Disk()) as ledger:
        group = _submissions(1_000)
        for _ in range(OPEN_ENTRIES // len(group)):
            ledger.append(group)
    where = max(directory.glob("ledger-*"))
    start = time.perf_counter()
    Ledger.open(where, clock=SystemClock(), entropy=SystemEntropy()).close()
    ours = time.perf_counter() - start
    start = time.perf_counter()
    for path in (where / "journal").iterdir():
        path.read_bytes()
    floor = time.perf_counter() - start
    return _row("open, entries", OPEN_ENTRIES / ours, "read all bytes", OPEN_ENTRIES / floor)


def run() -> list[dict[str, object]]:
    """Measure; one row per question."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        rows = [_append(directory, batch, commits) for batch, commits in BATCHES.items()]
        return [*rows, _open(directory)]


if __name__ == "__main__":
    for row in run():
        print(row)

"""What does a standby cost? Groups with and without one, in turn, on this machine's disk.

``python -m benchmarks.standby``: the standby is a process of its own, reached over loopback; the
disk is shared, so the second wait is the whole of the difference, and the network none of it.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from guantong.clock import SystemClock
from guantong.ledger import Ledger, StatementType, Submission, SystemEntropy
from guantong.serve.standby.config import Config, write_config
from guantong.serve.standby.link import link_of
from guantong.serve.standby.secret import make_secret
from tests.standby_small import standing

BODY: Final = bytes(range(256)) * 4


def group(count: int) -> list[Submission]:
    """Documents of one kilobyte, none like another."""
    return [
        Submission(typ=StatementType.CAPTURE, by="x", body=BODY + time.monotonic_ns().to_bytes(8))
        for _ in range(count)
    ]


def timed(ledger: Ledger, count: int) -> float:
    """Milliseconds of one group."""
    made, began = group(count), time.perf_counter()
    ledger.append(made)
    return (time.perf_counter() - began) * 1000


def opened(place: Path) -> Ledger:
    """A ledger with its standby, if it has one."""
    clock = SystemClock()
    return Ledger.open(place, clock=clock, entropy=SystemEntropy(), standby=link_of(place, clock))


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--groups", type=int, default=200)
    groups = arguments.parse_args().groups
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        make_secret(base / "key")
        for name in ("one", "two"):
            Ledger.create(
                base / name,
                "a.example/b",
                clock=SystemClock(),
                entropy=SystemEntropy(),
                sealed=True,
            ).close()
        with standing(base / "standby", base / "key") as here:
            write_config(base / "two", Config(here.address, str(base / "key")))
            with closing(opened(base / "one")) as alone, closing(opened(base / "two")) as paired:
                print("| documents in a group | alone p50 / p99 ms | with a standby | by it |")
                print("|--:|--:|--:|--:|")
                for count in (1, 10, 100, 500):
                    print(row(alone, paired, count, groups))


def row(alone: Ledger, paired: Ledger, count: int, groups: int) -> str:
    """One size of a group, both in turn."""
    times = [(timed(alone, count), timed(paired, count)) for _ in range(groups)]
    one, two = (sorted(column) for column in zip(*times, strict=True))
    ratio = statistics.median(two) / statistics.median(one)
    return f"| {count} | {_cell(one)} | {_cell(two)} | {ratio:.2f} |"


def _cell(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} / {times[len(times) * 99 // 100]:.2f}"


if __name__ == "__main__":
    main()

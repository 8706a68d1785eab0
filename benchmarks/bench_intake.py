"""What does a receipt cost, beside capture that answers with a position?

Documents of one event over HTTP, to one front: one after another on one connection, then on many
connections at once. First to an installation whose writer answers, then to one that stores them in three NATS
servers on the same machine and disk, each message forced to the disk (`sync_interval: always`), and
gives receipts; of that one also until the writer has accepted all. In turns, so that what else the machine does meets both.

``python -m benchmarks.bench_intake [DOCUMENTS]``
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving
from tests.intake_small import outcome
from tests.nats_small import Cluster, cluster

DOCUMENTS: Final = 3_000
SINGLE: Final = 0.1
"""Of them, one after another."""
LINES: Final = 128
TURNS: Final = 2


class Figure(NamedTuple):
    """Documents a second."""

    single: float
    many: float
    accepted: float
    """Until the last one stands in the ledger."""


def main() -> None:
    """Measure, and print the table."""
    count = int(sys.argv[1]) if sys.argv[1:] else DOCUMENTS
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        nats: Cluster = stack.enter_context(cluster(Path(place) / "nats"))
        here = {
            "position": stack.enter_context(serving(Path(place) / "one", workers=1)),
            "receipt": stack.enter_context(
                serving(Path(place) / "other", "--intake", nats.urls, workers=1)
            ),
        }
        print(f"| answers with | one after another | {LINES} at once | accepted |")
        print("|---|--:|--:|--:|")
        for turn in range(TURNS):
            for name, served in here.items():
                figure = measured(served, count, turn * count)
                print(
                    f"| {name} | {figure.single:,.0f} | {figure.many:,.0f} | {figure.accepted:,.0f} |"
                )


def measured(here: Serving, count: int, first: int) -> Figure:
    """One turn: documents a second."""
    numbers = iter(range(first, first + count))
    few = [next(numbers) for _ in range(int(count * SINGLE))]
    single, _ = asyncio.run(sent(here, iter(few), 1))
    rest = list(numbers)
    begin = time.monotonic()
    many, last = asyncio.run(sent(here, iter(rest), LINES))
    if "outcome" in last:
        found = outcome(here, last)
        assert found["state"] == "accepted", found
    accepted = time.monotonic() - begin
    return Figure(len(few) / single, len(rest) / many, len(rest) / accepted)


async def sent(here: Serving, numbers: Iterator[int], lines: int) -> tuple[float, dict[str, str]]:
    """Seconds until all are answered, and the answer with the greatest place."""
    answers: list[dict[str, str]] = []
    begin = time.monotonic()
    await asyncio.gather(*(line(here, numbers, answers) for _ in range(lines)))
    seconds = time.monotonic() - begin
    return seconds, max(answers, key=lambda one: int(one.get("sequence", 0)))


async def line(here: Serving, numbers: Iterator[int], answers: list[dict[str, str]]) -> None:
    """Send on one connection; the next when the one before is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    for number in numbers:
        body = document(number + 1, 1)
        head = f"POST /capture HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {here.key}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(said.partition(b"content-length:")[2].split(b"\r\n")[0])
        told = json.loads(await reader.readexactly(size))
        assert b" 20" in said.partition(b"\r\n")[0], told
        answers.append(told)
    writer.close()


if __name__ == "__main__":
    main()

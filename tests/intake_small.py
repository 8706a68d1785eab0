"""Senders who hand in many documents, and what must be true of them in the end."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from guantong.ledger import StatementType
from guantong.serve.stream.envelope import sequence_of
from guantong.serve.world import open_world, read_world
from guantong.settings import Settings
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, until

LINES: Final = 4
"""Senders at once; each waits for its receipt before it sends the next."""
TAKEN: Final = 202


@dataclass
class Senders:
    """Documents of one event each, with numbers from one on; the same bytes again until there is a receipt."""

    here: Serving
    begin: int
    receipts: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Number of a document -> its receipt."""
    times: list[float] = field(default_factory=list)
    """When each receipt came."""
    again: int = 0
    """How often something had to be sent again."""
    _ends: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def _next(self) -> int:
        with self._turn:
            self.begin += 1
            return self.begin - 1

    def send(self) -> None:
        """Send until told to stop; what was begun gets its receipt."""
        while not self._ends.is_set():
            number = self._next()
            while (receipt := self._sent(document(number, 1))) is None:
                self.again += 1
                time.sleep(0.05)
            with self._turn:
                self.receipts[number] = receipt
                self.times.append(time.monotonic())

    def _sent(self, body: bytes) -> dict[str, Any] | None:
        with suppress(OSError, http.client.HTTPException):
            status, said = self.here._ask("POST", "/capture", body)
            assert status in {TAKEN, 503}, said
            return json.loads(said) if status == TAKEN else None
        return None

    def silence(self, moment: float) -> float:
        """The longest time without a receipt, in seconds, after a moment."""
        times = [moment, *(one for one in sorted(self.times) if one > moment)]
        return max(later - one for one, later in pairwise(times))

    def count(self) -> int:
        """How many have receipts."""
        with self._turn:
            return len(self.receipts)


@contextmanager
def sending(here: Serving, begin: int = 1) -> Iterator[Senders]:
    """Senders at work; at the end each document that was begun has a receipt."""
    senders = Senders(here, begin)
    threads = [threading.Thread(target=senders.send) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: senders.count() > LINES)
        yield senders
    finally:
        senders._ends.set()
        for thread in threads:
            thread.join()


def outcome(here: Serving, receipt: dict[str, Any]) -> dict[str, Any]:
    """What became of a submission, once that is known."""
    found: list[dict[str, Any]] = []

    def known() -> bool:
        status, said = here.ask("GET", receipt["outcome"])
        if status == 200 and json.loads(said)["state"] != "waiting":
            found.append(json.loads(said))
        return bool(found)

    until(known)
    return found[0]


def check_all(senders: Senders) -> None:
    """Every receipt has its position, where its bytes stand."""
    data = senders.here.data
    places = {
        number: outcome(senders.here, receipt) for number, receipt in senders.receipts.items()
    }
    assert {one["state"] for one in places.values()} == {"accepted"}
    with read_world(Settings(data)) as world:
        for number, one in places.items():
            assert world.body(one["answer"]["ledger_index"]) == document(number, 1)


def check_ledger(data: Path) -> int:
    """Each document once, in the order of the stream; how many."""
    with open_world(Settings(data)) as world:
        entries = [
            entry
            for entry in world.ledger.entries(0, world.ledger.size)
            if entry.statement.typ is StatementType.CAPTURE
        ]
        sequences = [sequence_of(str(entry.statement.meta["intake"])) for entry in entries]
        bodies = {world.body(entry.index) for entry in entries}
    assert sequences == sorted(set(sequences)), "in the order of the stream"
    assert len(bodies) == len(entries), "each once"
    return len(entries)

"""kill -9 in the middle of capture: every acknowledged document is there, no other half is."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guantong.serve.world import open_world
from guantong.settings import Settings
from guantong.store import EventFilter
from tests.fault.capture_victim import document

VICTIM = Path(__file__).parent / "capture_victim.py"


def killed_run(data: Path, first: int, seconds: float) -> list[tuple[int, int]]:
    """(document number, ledger index) of every acknowledgement read before the kill."""
    with subprocess.Popen(
        [sys.executable, str(VICTIM), str(data), str(first)], stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        told = [victim.stdout.readline()]  # it has begun
        time.sleep(seconds)
        victim.send_signal(signal.SIGKILL)
        told += victim.stdout.readlines()
    whole = [line.split() for line in told if line.endswith("\n")]
    return [(int(number), int(index)) for number, index in whole]


def look(data: Path, acknowledged: dict[int, int]) -> int:
    """Check ledger, vault and index against what was acknowledged; the ledger's size."""
    with open_world(Settings(data=data)) as world:
        size = world.ledger.size
        assert world.store.projected_size == size
        bodies = {index: world.ledger.body(index) for index in range(size)}
        for number, index in acknowledged.items():
            assert bodies[index] == document(number, 1 + number % 20)
        counts: dict[int, int] = {}
        after = None
        while page := world.store.scan_events(EventFilter(), after=after, limit=1000):
            for stored in page:
                counts[stored.entry] = counts.get(stored.entry, 0) + 1
            after = page[-1].record_ms, page[-1].no
        for index in range(size):
            assert counts[index] == world.ledger.entry(index).statement.n
    return size


def kills(data: Path, times: int) -> None:
    dice = random.Random(7)
    acknowledged: dict[int, int] = {}
    size = 0
    for run in range(times):
        first = 1_000 * (run + 1)
        acknowledged |= dict(killed_run(data, first, dice.uniform(0.0, 0.25)))
        grown = look(data, acknowledged)
        assert grown >= size
        size = grown
    assert len(acknowledged) >= times


def test_killed_three_times(tmp_path: Path) -> None:
    kills(tmp_path / "data", 3)


@pytest.mark.full
def test_killed_twenty_times(tmp_path: Path) -> None:
    kills(tmp_path / "data", 20)


@pytest.mark.soak
def test_killed_two_hundred_times(tmp_path: Path) -> None:
    kills(tmp_path / "data", 200)

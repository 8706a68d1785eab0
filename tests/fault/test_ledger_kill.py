"""A writer that is killed without warning, again and again, on one ledger.

It prints each position after `append` returned. Whatever it printed must be there.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guantong.clock import SystemClock
from guantong.ledger import Ledger, SystemEntropy
from guantong.ledger.merkle import Levels, leaf_hashes

WRITER = """
import hashlib, random, sys
from pathlib import Path
from guantong.clock import SystemClock
from guantong.ledger import Ledger, StatementType, Submission, SystemEntropy

where, seed = Path(sys.argv[1]), sys.argv[2]
options = dict(clock=SystemClock(), entropy=SystemEntropy(), segment_bytes=100_000)
if where.exists():
    ledger = Ledger.open(where, **options)
else:
    ledger = Ledger.create(where, "killed.example/log", **options)
chance = random.Random(seed)
print("ready", flush=True)
while True:
    bodies = [chance.randbytes(chance.choice([0, 20, 400, 3_000])) for _ in range(chance.randint(1, 40))]
    if chance.random() < 0.02:
        bodies.append(chance.randbytes(1_200_000))
    group = [Submission(typ=StatementType.CAPTURE, by=seed, body=body) for body in bodies]
    for position, body in zip(ledger.append(group), bodies, strict=True):
        print(position.index, hashlib.sha256(body).hexdigest())
    sys.stdout.flush()
"""


def live(where: Path, seed: int, seconds: float) -> dict[int, str]:
    """Let a writer work for so long, kill it, and return what it said it had written."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(where), str(seed)],
        stdout=subprocess.PIPE,
        bufsize=0,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    out: list[bytes] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        out.append(os.read(writer.stdout.fileno(), 1 << 16))
    writer.send_signal(signal.SIGKILL)
    out.append(writer.stdout.read())
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    lines = b"".join(out).split(b"\n")[:-1]
    return {int(number): digest.decode() for number, digest in map(bytes.split, lines)}


def examine(where: Path, acknowledged: dict[int, str], *, since: int) -> int:
    """Check all that was acknowledged since entry `since`; the size found."""
    with Ledger.open(where, clock=SystemClock(), entropy=SystemEntropy()) as ledger:
        for index, digest in acknowledged.items():
            if index >= since:
                assert hashlib.sha256(ledger.body(index)).hexdigest() == digest
        for index in range(since, ledger.size):
            ledger.body(index)
        levels = Levels()
        levels.extend(leaf_hashes([entry.raw for entry in ledger.entries(0, ledger.size)]))
        assert ledger.root == levels.root()
        assert ledger.size > max(acknowledged, default=-1)
        return ledger.size


def kill_often(where: Path, times: int) -> None:
    """Kill, examine, and at the end examine everything once more."""
    chance = random.Random(times)
    acknowledged: dict[int, str] = {}
    since = 0
    for seed in range(times):
        acknowledged |= live(where, seed, chance.uniform(0.05, 0.3))
        since = examine(where, acknowledged, since=since)
    examine(where, acknowledged, since=0)
    assert len(acknowledged) > times * 10


def test_killed_five_times(tmp_path: Path) -> None:
    kill_often(tmp_path / "ledger", 5)


@pytest.mark.full
def test_killed_fifty_times(tmp_path: Path) -> None:
    kill_often(tmp_path / "ledger", 50)

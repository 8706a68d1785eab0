"""A disk that is full: told in words, nothing half, and everything acknowledged is there after."""

import subprocess
import sys
from pathlib import Path

import pytest

from guantong.serve.world import open_world, rebuild
from guantong.settings import Settings
from tests.fault.capture_victim import document

FILLER = """
import resource, sys
from pathlib import Path
from guantong.caller import OPERATOR
from guantong.errors import Refusal
from guantong.serve.intake import Offer
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.fault.capture_victim import document
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
codes = set()
try:
    with open_world(Settings(data=Path(sys.argv[1])), create=True) as world:
        for number in range(1, 400):
            try:
                receipt = world.submit(Offer(document(number, 20)), OPERATOR)
                assert receipt.accepted
                print(number, receipt.ledger_index, flush=True)
            except Refusal as refusal:
                codes.add(refusal.faults[0].code)
except Refusal as refusal:
    codes.add(refusal.faults[0].code)
print("refused", *sorted(codes))
"""


@pytest.mark.parametrize("limit", [50_000, 150_000, 400_000])
def test_files_that_may_not_grow(tmp_path: Path, limit: int) -> None:
    """The limit strikes the journal or the index, whichever is longer first."""
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(data), str(limit)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    *told, last = done.stdout.splitlines()
    assert last.startswith("refused ")
    assert set(last.split()[1:]) <= {"ledger.stopped", "store.stopped", "serve.closed"}
    acknowledged = {int(index): int(number) for number, index in (line.split() for line in told)}
    for again in (False, True):
        if again:
            list(rebuild(Settings(data=data)))
        with open_world(Settings(data=data)) as world:
            assert world.ledger.size >= len(acknowledged)
            for index, number in acknowledged.items():
                assert world.ledger.body(index) == document(number, 20)
            assert world.store.counts()["events"] == 20 * world.ledger.size
            assert world.store.projected_size == world.ledger.size

"""A whole installation on a disk of its own that is full, and then is not: on a small tmpfs."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, until
from tests.fault.test_standby import check

pytestmark = pytest.mark.soak

DISK_BYTES = 24 << 20
ROOM_BYTES = 3 << 20
"""Left when the rest is taken by something else."""
CODES = {"ledger.stopped", "store.stopped", "serve.closed"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_and_then_not(disk: Path) -> None:
    """Refused with its reason, questions answered all the while, taken again without a restart."""
    data, taken = disk / "d", dict[int, int]()
    with serving(data) as here:
        taken[1] = here.capture(document(1, 2))
        filler = disk / "filler"
        filler.write_bytes(bytes(free(disk) - ROOM_BYTES))
        assert refused(here, taken) in CODES
        for _ in range(5):
            assert here.ask("GET", f"/check?q=1&at_least={taken[1] + 1}")[0] == 200
        filler.unlink()
        until(lambda: here.ask("POST", "/capture", document(9_000, 2))[0] in {200, 201})
        taken[9_000] = here.capture(document(9_000, 2))
        here.ends()
    check(data, taken)
    print(f"\n{len(taken)} acknowledged on a disk that was full, 0 lost, 0 doubled")


def free(place: Path) -> int:
    import os

    known = os.statvfs(place)
    return known.f_bavail * known.f_frsize


def refused(here: Serving, taken: dict[int, int]) -> str:
    """Hand in until nothing more is taken; with which reason."""
    for number in range(2, 9_000):
        status, said = here.ask("POST", "/capture", document(number, 2))
        if status == 503:
            return str(json.loads(said)["type"])
        taken[number] = json.loads(said)["ledger_index"]
    return "never refused"

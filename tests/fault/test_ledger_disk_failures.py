"""Each write, wait, rename and so on fails, kept and not kept; then the ledger is opened again.

Promises checked after every single failure:
the handle does nothing more; what was acknowledged is there with its body; the group that
failed is there whole or not at all; the root is that of the entries; writing goes on.
"""

import errno
import itertools
import random
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Disk,
    Fault,
    Ledger,
    LedgerError,
    SeededEntropy,
    StatementType,
    Submission,
)
from guantong.ledger.merkle import Levels, leaf_hashes

LARGE = random.Random(1).randbytes(2_048)
"""Does not compress; large only because `inline_small` says so."""


class Way(Enum):
    """What a failed operation leaves behind."""

    LOST = "not kept"
    HALF = "half kept"
    KEPT = "kept, although it said it failed"


class FailingDisk(Disk):
    """Fails at operation number `at`, and notes every one after it. Waits for nothing."""

    def __init__(self, at: int = -1, way: Way = Way.LOST, number: int = errno.EIO) -> None:
        self.at, self.way, self.number = at, way, number
        self.done: list[str] = []

    def _fails(self, name: str) -> bool:
        self.done.append(name)
        return len(self.done) - 1 == self.at

    def _error(self) -> OSError:
        return OSError(self.number, "injected")

    def make_directory(self, path: Path) -> None:
        fails = self._fails("make_directory")
        if not fails or self.way is Way.KEPT:
            super().make_directory(path)
        if fails:
            raise self._error()

    def create(self, path: Path) -> int:
        if self._fails("create"):
            if self.way is Way.KEPT:
                path.touch()
            raise self._error()
        return super().create(path)

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        if not self._fails("frame" if len(buffers) == 3 else "write"):
            super().write(fd, buffers, offset)
            return
        if self.way is not Way.LOST:
            raw = b"".join(buffers)
            super().write(fd, [raw[: len(raw) // 2 if self.way is Way.HALF else None]], offset)
        raise self._error()

    def sync(self, fd: int) -> None:
        if self._fails("sync"):
            raise self._error()

    def truncate(self, fd: int, size: int) -> None:
        fails = self._fails("truncate")
        if not fails or self.way is Way.KEPT:
            super().truncate(fd, size)
        if fails:
            raise self._error()

    def rename(self, source: Path, target: Path) -> None:
        fails = self._fails("rename")
        if not fails or self.way is Way.KEPT:
            super().rename(source, target)
        if fails:
            raise self._error()

    def remove(self, path: Path) -> None:
        fails = self._fails("remove")
        if not fails or self.way is Way.KEPT:
            super().remove(path)
        if fails:
            raise self._error()

    def sync_directory(self, path: Path) -> None:
        if self._fails("sync_directory"):
            raise self._error()


def group(number: int) -> list[Submission]:
    """Groups of one to three; every third holds a large body."""
    bodies = [f"body {number}.{place}".encode() for place in range(number % 3 + 1)]
    if number % 3 == 2:
        bodies[1] += LARGE
    return [Submission(typ=StatementType.CAPTURE, by="p", body=body) for body in bodies]


GROUPS = [group(number) for number in range(9)]


@pytest.fixture(autouse=True)
def inline_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of 2 kB counts as large, so that all paths are walked quickly."""
    monkeypatch.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 1_000)


def make(directory: Path, disk: Disk) -> Ledger:
    return Ledger.create(
        directory,
        "failing.example/log",
        clock=SetClock(1),
        entropy=SeededEntropy("failing"),
        disk=disk,
        segment_bytes=1_500,
    )


def reopen(directory: Path, disk: Disk | None = None) -> Ledger:
    return Ledger.open(
        directory,
        clock=SetClock(2),
        entropy=SeededEntropy("again"),
        disk=disk or FailingDisk(),
        segment_bytes=1_500,
    )


def work(ledger: Ledger, acknowledged: list[bytes]) -> None:
    """Append all groups, noting the bodies of those that were acknowledged."""
    for submissions in GROUPS:
        ledger.append(submissions)
        acknowledged += [submission.body for submission in submissions]


def check(ledger: Ledger, acknowledged: Sequence[bytes], attempted: Sequence[bytes]) -> None:
    """The promises."""
    found = [ledger.body(index) for index in range(ledger.size)]
    assert found in (list(acknowledged), [*acknowledged, *attempted])
    levels = Levels()
    levels.extend(leaf_hashes([entry.raw for entry in ledger.entries(0, ledger.size)]))
    assert ledger.root == levels.root()


def next_bodies(acknowledged: Sequence[bytes]) -> list[bytes]:
    """The bodies of the group that comes after those."""
    count = 0
    for submissions in GROUPS:
        if count == len(acknowledged):
            return [submission.body for submission in submissions]
        count += len(submissions)
    return []


def operations(directory: Path) -> tuple[int, int]:
    """How many operations creating takes, and all of the work."""
    disk = FailingDisk()
    ledger = make(directory, disk)
    created = len(disk.done)
    work(ledger, [])
    ledger.close()
    assert {"create", "write", "sync", "rename", "remove", "make_directory"} <= set(disk.done)
    return created, len(disk.done)


WAYS = [*itertools.product(Way, [errno.EIO]), (Way.HALF, errno.ENOSPC)]


@pytest.mark.parametrize(("way", "number"), WAYS)
def test_every_operation_of_appending_fails_once(tmp_path: Path, way: Way, number: int) -> None:
    created, total = operations(tmp_path / "count")
    for at in range(created, total):
        directory = tmp_path / f"{at}"
        disk, acknowledged = FailingDisk(at, way, number), list[bytes]()
        ledger = make(directory, disk)
        try:
            work(ledger, acknowledged)
            ledger.close()
        except LedgerError as error:
            assert error.faults[0].code == Fault.STOPPED
            if len(acknowledged) < sum(map(len, GROUPS)):
                assert_stopped(ledger, disk, acknowledged)
        check_after(directory, acknowledged)


def assert_stopped(ledger: Ledger, disk: FailingDisk, acknowledged: Sequence[bytes]) -> None:
    """The handle still reads what was acknowledged, and touches the disk no more."""
    operations = len(disk.done)
    with pytest.raises(LedgerError) as refusal:
        ledger.append(GROUPS[0])
    assert refusal.value.faults[0].code == Fault.STOPPED
    check(ledger, acknowledged, next_bodies(acknowledged))
    ledger.close()
    assert len(disk.done) == operations


def check_after(directory: Path, acknowledged: list[bytes]) -> None:
    """Open twice, write in between."""
    with reopen(directory) as ledger:
        check(ledger, acknowledged, next_bodies(acknowledged))
        before = [ledger.body(index) for index in range(ledger.size)]
        ledger.append(GROUPS[2])
    with reopen(directory) as ledger:
        check(ledger, [*before, *(submission.body for submission in GROUPS[2])], [])


@pytest.mark.parametrize("way", Way)
def test_every_operation_of_creating_fails_once(tmp_path: Path, way: Way) -> None:
    """What is left is a whole empty ledger, or none: then it says so and is not opened."""
    created, _ = operations(tmp_path / "count")
    for at in range(created):
        directory = tmp_path / f"{at}"
        with pytest.raises(LedgerError) as refusal:
            make(directory, FailingDisk(at, way)).close()
        assert refusal.value.faults[0].code == Fault.STOPPED
        try:
            ledger = reopen(directory)
        except LedgerError as error:
            assert error.faults[0].code == Fault.MISSING
        else:
            assert ledger.size == 0
            ledger.append(GROUPS[0])
            ledger.close()


@pytest.mark.parametrize("way", Way)
def test_every_operation_of_recovering_fails_once(tmp_path: Path, way: Way) -> None:
    """A crash while putting in order what a crash left."""
    for at in range(100):
        directory, acknowledged = tmp_path / f"{at}", list[bytes]()
        _tear(directory, acknowledged)
        disk = FailingDisk(at, way)
        try:
            reopen(directory, disk).close()
        except LedgerError as error:
            assert error.faults[0].code == Fault.STOPPED
            check_after(directory, acknowledged)
        else:
            break
    assert "truncate" in disk.done
    assert "remove" in disk.done
    assert at > 5


def _tear(directory: Path, acknowledged: list[bytes]) -> None:
    """Leave a torn frame, and a large body without entry."""
    disk = FailingDisk(_last_frame(directory.with_name("dry")), Way.HALF)
    ledger = make(directory, disk)
    with pytest.raises(LedgerError):
        work(ledger, acknowledged)
    ledger.close()
    assert len(acknowledged) == sum(map(len, GROUPS[:5]))


def _last_frame(directory: Path) -> int:
    """The number of the operation that writes the sixth frame."""
    disk = FailingDisk()
    if not directory.exists():
        with make(directory, disk) as ledger:
            for submissions in GROUPS[:6]:
                ledger.append(submissions)
        directory.with_name("last").write_text(str(len(disk.done) - disk.done[::-1].index("frame")))
    return int(directory.with_name("last").read_text()) - 1

"""The power goes at every single operation; only what was waited for is sure to be there.

`LossyDisk` keeps, beside the files, what a disk would hold after the power was lost: the
content of a file as of its last `sync`, the names of a directory as of its last
`sync_directory`. Of everything later, chance decides: names come or not, and each sector of
512 bytes is the old one, the new one, or zeros.
"""

import errno
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
from guantong.ledger.high_water import read_mark
from guantong.ledger.merkle import Levels, leaf_hashes

SECTOR = 512


class PowerLost(BaseException):
    """Not an error that anybody could catch."""


class LossyDisk(Disk):
    """Loses the power before operation number `at`."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.count = at, 0
        self.contents: dict[int, bytes] = {}
        """What is durable of each file, by inode."""
        self.names: dict[Path, dict[str, int]] = {}
        """What is durable of each directory."""

    def _step(self) -> None:
        if self.count == self.at:
            raise PowerLost
        self.count += 1

    def make_directory(self, path: Path) -> None:
        self._step()
        super().make_directory(path)

    def create(self, path: Path) -> int:
        self._step()
        return super().create(path)

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        self._step()
        super().write(fd, buffers, offset)
        self._step()

    def sync(self, fd: int) -> None:
        self._step()
        self.contents[os.fstat(fd).st_ino] = os.pread(fd, 1 << 24, 0)

    def truncate(self, fd: int, size: int) -> None:
        self._step()
        super().truncate(fd, size)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def sync_directory(self, path: Path) -> None:
        self._step()
        self.names[path] = {entry.name: entry.stat().st_ino for entry in path.iterdir()}

    def survivor(self, source: Path, target: Path, chance: random.Random) -> None:
        """Write to `target` what the disk may hold of `source`."""
        target.mkdir()
        now = {entry.name: entry.stat().st_ino for entry in source.iterdir()}
        durable = self.names.get(source, {})
        for name in sorted(now.keys() | durable.keys()):
            inode = chance.choice([now.get(name), durable.get(name)])
            if inode is None:
                continue
            if (source / name).is_dir():
                self.survivor(source / name, target / name, chance)
            else:
                latest = self._latest(source, inode)
                (target / name).write_bytes(self._content(inode, latest, chance))

    def _latest(self, directory: Path, inode: int) -> bytes:
        """What the system believes the file to hold; a removed one only has what is durable."""
        for entry in directory.iterdir():
            if entry.stat().st_ino == inode:
                return entry.read_bytes()
        return self.contents.get(inode, b"")

    def _content(self, inode: int, latest: bytes, chance: random.Random) -> bytes:
        durable = self.contents.get(inode, b"")
        if latest == durable:
            return latest
        size = chance.choice([len(durable), len(latest), chance.randint(0, len(latest))])
        size = max(size, min(len(durable), len(latest)))
        image = bytearray()
        for start in range(0, size, SECTOR):
            old, new = durable[start : start + SECTOR], latest[start : start + SECTOR]
            want = min(SECTOR, size - start)
            kept = old if old == new else chance.choice([old, new, new])
            image += kept[:want].ljust(want, b"\0")
        return bytes(image)


def group(number: int) -> list[Submission]:
    large = random.Random(number).randbytes(3_000)
    bodies = [f"body {number}.{place}".encode() for place in range(number % 3 + 1)]
    if number % 3 == 2:
        bodies[1] += large
    return [Submission(typ=StatementType.CAPTURE, by="p", body=body) for body in bodies]


GROUPS = [group(number) for number in range(9)]
BODIES = [[submission.body for submission in submissions] for submissions in GROUPS]


def make(directory: Path, disk: Disk) -> Ledger:
    return Ledger.create(
        directory,
        "lossy.example/log",
        clock=SetClock(1),
        entropy=SeededEntropy("lossy"),
        disk=disk,
        segment_bytes=1_800,
    )


def reopen(directory: Path, disk: Disk) -> Ledger:
    return Ledger.open(
        directory,
        clock=SetClock(1),
        entropy=SeededEntropy("again"),
        disk=disk,
        segment_bytes=1_800,
    )


def live(directory: Path, disk: LossyDisk) -> list[bytes]:
    """Append until the power goes; what was acknowledged."""
    acknowledged: list[bytes] = []
    ledger = None
    try:
        ledger = reopen(directory, disk) if directory.exists() else make(directory, disk)
        for submissions, bodies in zip(GROUPS, BODIES, strict=True):
            ledger.append(submissions)
            acknowledged += bodies
        ledger.close()
    except PowerLost:
        pass
    finally:
        if ledger is not None:
            ledger._release()
    return acknowledged


def allowed(acknowledged: list[bytes]) -> list[list[bytes]]:
    """What may be found: the acknowledged, or one whole group more."""
    so_far: list[bytes] = []
    for bodies in BODIES:
        if len(so_far) == len(acknowledged):
            return [acknowledged, acknowledged + bodies]
        so_far = so_far + bodies
    return [acknowledged]


def found_in(ledger: Ledger) -> list[bytes]:
    """All bodies, after a look at root and proofs."""
    levels = Levels()
    levels.extend(leaf_hashes([entry.raw for entry in ledger.entries(0, ledger.size)]))
    assert ledger.root == levels.root()
    return [ledger.body(index) for index in range(ledger.size)]


@pytest.fixture(autouse=True)
def inline_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of 3 kB counts as large."""
    monkeypatch.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 1_000)


def operations(tmp_path: Path) -> tuple[int, int]:
    """How many operations creating takes, and the whole life."""
    disk = LossyDisk()
    make(tmp_path / "empty", disk).close()
    created = disk.count
    disk = LossyDisk()
    assert live(tmp_path / "count", disk) == [body for bodies in BODIES for body in bodies]
    return created, disk.count


def images(tmp_path: Path, chances: int) -> int:
    """Lose the power everywhere, `chances` times each; how many images were opened."""
    created, total = operations(tmp_path)
    opened = 0
    for at in range(total + 1):
        source, disk = tmp_path / f"{at}", LossyDisk(at)
        acknowledged = live(source, disk)
        for seed in range(chances if source.exists() else 0):
            image = tmp_path / f"image-{at}-{seed}"
            disk.survivor(source, image, random.Random(f"{at} {seed}"))
            opened += _examine(image, acknowledged, created=at >= created, seed=seed)
    return opened


def _examine(image: Path, acknowledged: list[bytes], *, created: bool, seed: int) -> bool:
    """Open one image, go on, lose the power again, open once more."""
    try:
        ledger = reopen(image, LossyDisk())
    except LedgerError as error:
        assert error.faults[0].code == Fault.MISSING
        assert not created
        return False
    with ledger:
        before = found_in(ledger)
        assert before in allowed(acknowledged)
    disk = LossyDisk(random.Random(seed).randrange(40))
    disk.names = {path: _names(path) for path in [image, *image.rglob("*")] if path.is_dir()}
    disk.contents = {
        path.stat().st_ino: path.read_bytes() for path in image.rglob("*") if path.is_file()
    }
    more = live(image, disk)
    disk.survivor(image, image.with_name(f"{image.name}-again"), random.Random(seed))
    with reopen(image.with_name(f"{image.name}-again"), LossyDisk()) as ledger:
        after = found_in(ledger)
        assert after in [before + found for found in allowed(more)]
    return True


def _names(path: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_ino for entry in path.iterdir()}


def test_power_lost_at_every_operation(tmp_path: Path) -> None:
    assert images(tmp_path, 1) > 80


@pytest.mark.full
def test_power_lost_at_every_operation_many_times(tmp_path: Path) -> None:
    assert images(tmp_path, 20) > 1_600


def test_a_disk_that_does_not_wait_loses_entries(tmp_path: Path) -> None:
    """The model can tell: without its waiting the same ledger breaks its promise."""

    class Hasty(LossyDisk):
        def sync(self, fd: int) -> None:
            self._step()

    broken = 0
    for at in range(60, 90):
        source, disk = tmp_path / f"{at}", Hasty(at)
        acknowledged = live(source, disk)
        image = tmp_path / f"image-{at}"
        disk.survivor(source, image, random.Random(at))
        try:
            with reopen(image, LossyDisk()) as ledger:
                broken += found_in(ledger) not in allowed(acknowledged)
        except LedgerError:
            broken += 1
    assert broken > 5


class ForgetfulDisk(LossyDisk):
    """Fails its wait number `fails_at` and then believes those bytes to be written.

    This is what Linux does: after a failed fsync the pages count as clean, and the next fsync
    succeeds without them.
    """

    def __init__(self, fails_at: int) -> None:
        super().__init__()
        self.fails_at, self.syncs = fails_at, 0
        self.lost: dict[int, set[int]] = {}
        """Sectors of each file that only memory holds."""

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        super().write(fd, buffers, offset)
        end = offset + sum(map(len, buffers))
        rewritten = set(range(offset // SECTOR, -(-end // SECTOR)))
        self.lost[os.fstat(fd).st_ino] = self.lost.get(os.fstat(fd).st_ino, set()) - rewritten

    def sync(self, fd: int) -> None:
        inode, latest = os.fstat(fd).st_ino, os.pread(fd, 1 << 24, 0)
        durable = self.contents.get(inode, b"")
        self.syncs += 1
        if self.syncs - 1 == self.fails_at:
            self.lost[inode] = {
                start // SECTOR
                for start in range(0, len(latest), SECTOR)
                if latest[start : start + SECTOR] != durable[start : start + SECTOR]
            }
            raise OSError(errno.EIO, "injected")
        image = bytearray(latest)
        for sector in self.lost.get(inode, set()):
            start = sector * SECTOR
            image[start : start + SECTOR] = durable[start : start + SECTOR].ljust(SECTOR, b"\0")
        self.contents[inode] = bytes(image[: len(latest)])


def shown_after_restart(directory: Path, disk: LossyDisk) -> list[bytes]:
    """Start again on a machine that went on running, and append once more."""
    disk.at = -1
    with reopen(directory, disk) as ledger:
        shown = found_in(ledger)
        ledger.append(GROUPS[2])
        return shown


def surely(disk: LossyDisk, source: Path, target: Path) -> None:
    """The worst image: nothing but what is durable."""

    class Worst(random.Random):
        def choice(self, options: Any) -> Any:
            return options[1 if len(options) == 2 else 0]

    disk.survivor(source, target, Worst())


def test_what_a_restart_shows_survives_a_later_loss_of_power(tmp_path: Path) -> None:
    """The writer dies, its last frame stands in memory only; a new writer shows it to readers."""
    created, total = operations(tmp_path)
    for at in range(created, total):
        source, disk = tmp_path / f"{at}", LossyDisk(at)
        acknowledged = live(source, disk)
        shown = shown_after_restart(source, disk)
        assert shown in allowed(acknowledged)
        surely(disk, source, tmp_path / f"image-{at}")
        with reopen(tmp_path / f"image-{at}", LossyDisk()) as ledger:
            assert found_in(ledger) == shown + BODIES[2]


def test_a_failed_wait_is_not_forgotten(tmp_path: Path) -> None:
    disk = ForgetfulDisk(-1)
    live(tmp_path / "count", disk)
    for fails_at in range(disk.syncs):
        source, disk = tmp_path / f"{fails_at}", ForgetfulDisk(fails_at)
        try:
            live(source, disk)
        except LedgerError as error:
            assert error.faults[0].code == Fault.STOPPED
        if (source / "ledger.json").exists():
            shown = shown_after_restart(source, disk)
            surely(disk, source, tmp_path / f"image-{fails_at}")
            with reopen(tmp_path / f"image-{fails_at}", LossyDisk()) as ledger:
                assert found_in(ledger) == shown + BODIES[2]


def test_the_mark_lags_by_a_segment_at_most(tmp_path: Path) -> None:
    """Else a reader could find segments that begin after the mark."""
    created, total = operations(tmp_path)
    for at in range(created, total):
        source, image, disk = tmp_path / f"{at}", tmp_path / f"image-{at}", LossyDisk(at)
        live(source, disk)
        surely(disk, source, image)
        last = max((image / "journal").glob("*.frames"))
        assert read_mark(image / "high_water").size >= int(last.stem)

"""Power is lost while a sealed ledger grows and erases.

The disk is that of `test_ledger_power_loss`: cut at every operation on journal, key table and
marks together. Then: nothing acknowledged is lost; what was acknowledged as erased stays
erased; an erasure that stands in the ledger is complete once it is open; nothing else went.
"""

import random
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import Fault, Ledger, LedgerError, SeededEntropy, StatementType, Submission
from guantong.ledger.sealing import target
from tests.fault.test_ledger_power_loss import GROUPS, LossyDisk, PowerLost, reopen

ERASED = {2: 0, 4: 3, 6: 5, 7: 1}
"""Number of a group -> entry that is erased after it."""


def make(directory: Path, disk: LossyDisk) -> Ledger:
    return Ledger.create(
        directory,
        "lossy.example/log",
        clock=SetClock(1),
        entropy=SeededEntropy("lossy"),
        disk=disk,
        segment_bytes=1_800,
        sealed=True,
    )


def erasure(index: int) -> Submission:
    meta: dict[str, str | int] = {"erased": index, "ground": "asked for"}
    return Submission(typ=StatementType.ERASURE, by="p", body=b"{}", meta=meta)


def live(directory: Path, disk: LossyDisk) -> tuple[list[bytes], set[int]]:
    """Append and erase in turn until the power goes: bodies acknowledged, entries erased."""
    told: list[bytes] = []
    erased: set[int] = set()
    ledger = None
    try:
        ledger = make(directory, disk)
        for number, submissions in enumerate(GROUPS):
            ledger.append(submissions)
            told += [it.body for it in submissions]
            if number in ERASED:
                ledger.append([erasure(ERASED[number])])
                told.append(b"{}")
                erased.add(ERASED[number])
        ledger.close()
    except PowerLost:
        pass
    finally:
        if ledger is not None:
            ledger._release()
    return told, erased


def examine(image: Path, told: list[bytes], erased: set[int]) -> int:
    """Open what is left and compare with what was told; erasures that had to be completed."""
    with reopen(image, LossyDisk()) as ledger:
        assert ledger.size >= len(told)
        named = {target(ledger.entry(at).statement) for at in range(ledger.size)} - {None}
        assert erased <= named
        for index in range(ledger.size):
            if index in named:
                with pytest.raises(LedgerError) as refusal:
                    ledger.body(index)
                assert refusal.value.faults[0].code == Fault.ERASED
            elif index < len(told):
                assert ledger.body(index) == told[index]
            else:
                ledger.body(index)
        left = {path.suffix for path in (image / "vault" / "keys").iterdir()}
        assert left <= {".keys", ""}
        return ledger.recovery.erasures_completed


def images(tmp_path: Path, chances: int) -> tuple[int, int]:
    disk = LossyDisk()
    live(tmp_path / "count", disk)
    opened = completed = 0
    for at in range(disk.count + 1):
        source, lossy = tmp_path / f"{at}", LossyDisk(at)
        told, erased = live(source, lossy)
        for seed in range(chances if source.exists() else 0):
            image = tmp_path / f"image-{at}-{seed}"
            lossy.survivor(source, image, random.Random(f"{at} {seed}"))
            if not (image / "ledger.json").exists():
                assert not told
                continue
            completed += examine(image, told, erased)
            opened += 1
    return opened, completed


@pytest.fixture(autouse=True)
def inline_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of 3 kB counts as large."""
    monkeypatch.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 1_000)


def test_power_lost_at_every_operation(tmp_path: Path) -> None:
    opened, completed = images(tmp_path, 1)
    assert opened > 100
    assert completed > 5, "some were cut between the entry and the key"


@pytest.mark.full
def test_power_lost_at_every_operation_many_times(tmp_path: Path) -> None:
    opened, completed = images(tmp_path, 20)
    assert opened > 2_000
    assert completed > 100


def test_a_process_that_ends_anywhere_leaves_the_same(tmp_path: Path) -> None:
    """As after kill -9: the files as the system sees them, nothing lost."""
    disk = LossyDisk()
    live(tmp_path / "count", disk)
    completed = 0
    for at in range(disk.count + 1):
        source = tmp_path / f"{at}"
        told, erased = live(source, LossyDisk(at))
        if (source / "ledger.json").exists():
            completed += examine(source, told, erased)
    assert completed > 5

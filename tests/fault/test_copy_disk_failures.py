"""Each write of a copy fails, kept and not kept; then it is opened again and gone on with."""

import errno
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Disk,
    Fault,
    Ledger,
    LedgerError,
    StatementType,
    Submission,
    SystemEntropy,
)
from guantong.ledger.fence import Fence, Role
from guantong.ledger.pieces import Piece
from tests.fault.test_ledger_disk_failures import FailingDisk, Way

SMALL = 1_000
"""Of a segment, so that one is finished every few pieces."""


def opened(place: Path, disk: Disk, role: Role = Role.COPY) -> Ledger:
    return Ledger.open(
        place,
        clock=SetClock(1),
        entropy=SystemEntropy(),
        disk=disk,
        segment_bytes=SMALL,
        role=role,
    )


pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Eight groups, one with a large body, one that erases another."""
    place = tmp_path_factory.mktemp("log") / "ledger"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 1_000)
        made = Ledger.create(
            place,
            "example.org/log",
            clock=SetClock(1),
            entropy=SystemEntropy(),
            segment_bytes=SMALL,
            sealed=True,
        )
        for number in range(7):
            large = SystemEntropy().salts(40) if number == 3 else []
            body = b"%d " % number + b"".join(large)
            made.append([Submission(typ=StatementType.CASE, by="x", body=body)])
        erased = {"erased": 2}
        made.append([Submission(typ=StatementType.ERASURE, by="x", body=b"", meta=erased)])
    return made


def pieces(ledger: Ledger, start: int) -> list[Piece]:
    """One for each entry."""
    return [piece for at in range(start, ledger.size) for piece in ledger.pieces(at, at + 1)]


def carried(copy: Ledger, ledger: Ledger) -> int:
    """Carry what is missing; how much was answered for."""
    with copy:
        for piece in pieces(ledger, copy.size):
            try:
                copy.adopt(piece)
            except LedgerError as error:
                assert error.faults[0].code == Fault.STOPPED
                return copy.size
        return copy.size


@pytest.mark.parametrize("way", list(Way))
def test_every_write_of_a_copy_fails_once(ledger: Ledger, tmp_path: Path, way: Way) -> None:
    plain = FailingDisk()
    ledger.beginning().plant(tmp_path / "whole", Disk(), Fence(Role.COPY))
    assert any(piece.large for piece in pieces(ledger, 0))
    assert carried(opened(tmp_path / "whole", plain), ledger) == ledger.size
    failed = 0
    for at in range(len(plain.done)):
        place = tmp_path / f"copy{at}"
        ledger.beginning().plant(place, Disk(), Fence(Role.COPY))
        try:
            answered = carried(opened(place, FailingDisk(at, way, errno.ENOSPC)), ledger)
        except LedgerError as error:  # while it was opened or closed
            assert error.faults[0].code == Fault.STOPPED
            answered = 0
        failed += answered < ledger.size
        again = opened(place, Disk())
        assert again.size >= answered
        assert again.root == ledger.root_at(again.size)
        assert carried(again, ledger) == ledger.size
        check(place, ledger)
    assert failed > len(plain.done) // 2


def check(place: Path, ledger: Ledger) -> None:
    with opened(place, Disk()) as copy:
        assert copy.root == ledger.root
        for index in range(ledger.size):
            if index != 2:
                assert copy.body(index) == ledger.body(index)
        with pytest.raises(LedgerError, match=Fault.ERASED):
            copy.body(2)

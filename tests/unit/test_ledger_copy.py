"""A copy takes over what follows, and nothing else; it is written to by nobody else."""

import random
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Fault,
    Ledger,
    LedgerError,
    SeededEntropy,
    StatementType,
    Submission,
    SystemEntropy,
)
from guantong.ledger.disk import Disk
from guantong.ledger.fence import Fence, Role, write_fence
from guantong.ledger.merkle import Levels, leaf_hashes
from guantong.ledger.pieces import Piece

ORIGIN = "example.org/log"
SMALL = 2_000
"""A segment is finished so early that there are many."""


def opened(place: Path, role: Role = Role.WRITER) -> Ledger:
    clock, entropy = SetClock(5), SystemEntropy()
    return Ledger.open(place, clock=clock, entropy=entropy, role=role, segment_bytes=SMALL)


def copied(ledger: Ledger, place: Path) -> Ledger:
    ledger.beginning().plant(place, Disk(), Fence(Role.COPY))
    return opened(place, Role.COPY)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Sixty groups in many segments, large bodies and an erasure among them."""
    dice = random.Random(3)
    made = Ledger.create(
        tmp_path / "log",
        ORIGIN,
        clock=SetClock(5),
        entropy=SeededEntropy("copy"),
        segment_bytes=SMALL,
        sealed=True,
    )
    for number in range(60):
        large = dice.randbytes(1 << 20) if number % 20 == 7 else b""
        group = [body_of(number, at, large) for at in range(1 + number % 3)]
        made.append(group)
    erasing = Submission(typ=StatementType.ERASURE, by="x", body=b"", meta={"erased": 3})
    made.append([erasing])
    return made


def body_of(number: int, at: int, large: bytes) -> Submission:
    return Submission(
        typ=StatementType.CAPTURE, by="x", body=b"%d %d " % (number, at) + large, record_ms=number
    )


def same(copy: Ledger, ledger: Ledger, size: int) -> None:
    assert (copy.size, copy.root) == (size, ledger.root_at(size))
    for index in range(size):
        if ledger.erased_by(index) is None:
            assert copy.opening(index) == ledger.opening(index)
        else:
            assert copy.erased_by(index) == ledger.erased_by(index)
            with pytest.raises(LedgerError, match=Fault.ERASED):
                copy.body(index)


def test_a_copy_is_the_same_and_is_gone_on_with(ledger: Ledger, tmp_path: Path) -> None:
    with copied(ledger, tmp_path / "copy") as copy:
        for piece in ledger.pieces(0, 70):
            copy.adopt(piece)
        same_roots(copy, ledger)
    with opened(tmp_path / "copy", Role.COPY) as copy:
        for piece in ledger.pieces(copy.size, ledger.size):
            copy.adopt(piece)
        same(copy, ledger, ledger.size)
    write_fence(Disk(), tmp_path / "copy", Fence())
    with opened(tmp_path / "copy") as copy:
        same(copy, ledger, ledger.size)
        copy.append([body_of(1, 1, b"")])


def same_roots(copy: Ledger, ledger: Ledger) -> None:
    assert copy.size == 70
    assert [copy.root_at(size) for size in range(71)] == [ledger.root_at(s) for s in range(71)]


@pytest.mark.parametrize("stop", [1, 2, 7, 33, 69, 119])
def test_a_copy_ends_wherever_it_is_cut(ledger: Ledger, tmp_path: Path, stop: int) -> None:
    """Also in the middle of a group; the tree is that of the log at this size."""
    with copied(ledger, tmp_path / "copy") as copy:
        for piece in ledger.pieces(0, stop):
            copy.adopt(piece)
        leaves = Levels(0, [])
        leaves.extend(leaf_hashes([entry.raw for entry in copy.entries(0, stop)]))
        assert (copy.size, copy.root) == (stop, leaves.root())
        assert copy.root == ledger.root_at(stop)


def broken(piece: Piece, at: int) -> Piece:
    frame = bytearray(piece.frame)
    frame[at] ^= 1
    return Piece(piece.segment, piece.nonce, bytes(frame), piece.large, piece.epochs)


def test_what_does_not_follow_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    pieces = list(ledger.pieces(0, ledger.size))
    other = next(iter(ledger.pieces(2, ledger.size)))
    strange = Piece(pieces[0].segment, pieces[0].nonce, pieces[0].frame, epochs=(b"none",))
    wrong = [pieces[1], other, strange, *(broken(pieces[0], at) for at in (8, 50, 150, -1))]
    for number, piece in enumerate(wrong):
        with copied(ledger, tmp_path / f"copy{number}") as copy:
            with pytest.raises(LedgerError, match=Fault.PIECE):
                copy.adopt(piece)
            assert copy.size == 0
            with pytest.raises(LedgerError, match=Fault.STOPPED):
                copy.adopt(pieces[0])
        with opened(tmp_path / f"copy{number}", Role.COPY) as copy:
            assert copy.size == 0
            copy.adopt(pieces[0])
            with pytest.raises(LedgerError, match=Fault.PIECE):
                copy.adopt(pieces[0])


def test_a_frame_that_states_another_root_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """Whole, by its digests, and at the right place; its entries do not lead where it says."""
    head, group = ledger._journal.group(0, 3, 1)
    frame = b"".join(
        type(group)(0, 1, b"r" * 32, group.statements, group.flags, group.blobs).encode(head.nonce)
    )
    with copied(ledger, tmp_path / "copy") as copy:
        with pytest.raises(LedgerError, match="entries that lead to its root"):
            copy.adopt(Piece(0, head.nonce, frame, epochs=ledger._epochs(0, 3)))
        assert copy.size == 0


def test_each_directory_is_opened_as_what_it_is(ledger: Ledger, tmp_path: Path) -> None:
    copied(ledger, tmp_path / "copy").close()
    with pytest.raises(LedgerError, match=Fault.COPY):
        opened(tmp_path / "copy")
    ledger.close()
    with pytest.raises(LedgerError, match=Fault.COPY):
        opened(tmp_path / "log", Role.COPY)
    write_fence(Disk(), tmp_path / "log", Fence(Role.FENCED, 2))
    for role in (Role.WRITER, Role.COPY):
        with pytest.raises(LedgerError, match="epoch 2 of another"):
            opened(tmp_path / "log", role)
    (tmp_path / "log" / "fence").write_bytes(b"{")
    with pytest.raises(LedgerError, match=Fault.DAMAGED):
        opened(tmp_path / "log")
    with pytest.raises(LedgerError, match=Fault.EXISTS):
        ledger.beginning().plant(tmp_path / "copy", Disk(), Fence())


def test_what_was_harmed_is_not_carried(ledger: Ledger, tmp_path: Path) -> None:
    """Each byte of the first frame's blobs, and a large body: found before it leaves."""
    place = ledger.directory / "journal" / f"{0:016}.frames"
    raw = bytearray(place.read_bytes())
    raw[-1] ^= 1
    place.write_bytes(bytes(raw))
    with pytest.raises(LedgerError, match=Fault.DAMAGED):
        list(ledger.pieces(0, ledger.size))
    raw[-1] ^= 1
    place.write_bytes(bytes(raw))
    large = next((ledger.directory / "vault").rglob("*.blob"))
    large.write_bytes(large.read_bytes()[:-1])
    with pytest.raises(LedgerError, match=Fault.DAMAGED):
        list(ledger.pieces(0, ledger.size))

"""What a ledger says when its files are not as they were left."""

import os
import shutil
from collections.abc import Callable
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

SEGMENT_HEAD = 96


def submission(body: bytes) -> Submission:
    return Submission(typ=StatementType.CAPTURE, by="p", body=body)


def create(directory: Path, *, segment_bytes: int = 1 << 20) -> Ledger:
    return Ledger.create(
        directory,
        "harm.example/log",
        clock=SetClock(1),
        entropy=SeededEntropy(directory.name),
        segment_bytes=segment_bytes,
    )


def reopen(directory: Path, *, read_only: bool = False, at_least: int = 0) -> Ledger:
    return Ledger.open(
        directory,
        clock=SetClock(1),
        entropy=SystemEntropy(),
        read_only=read_only,
        at_least=at_least,
    )


def fault_of(action: Callable[[], Ledger]) -> str:
    with pytest.raises(LedgerError) as refusal:
        action().close()
    return refusal.value.faults[0].code


def flip(path: Path, offset: int, mask: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def segments(directory: Path) -> list[Path]:
    return sorted((directory / "journal").glob("*.frames"))


@pytest.fixture
def crashed(tmp_path: Path) -> tuple[Path, int]:
    """A ledger of four frames whose writer died while writing the fourth.

    The mark knows of three. Returned with the offset at which the fourth begins.
    """
    directory = tmp_path / "ledger"
    with create(directory) as ledger:
        for body in (b"one", b"two", b"three"):
            ledger.append([submission(body)])
        mark = (directory / "high_water").read_bytes()
        start = segments(directory)[0].stat().st_size
        ledger.append([submission(b"four")])
    (directory / "high_water").write_bytes(mark)
    return directory, start


# The last frame, unfinished


def test_a_frame_cut_at_any_byte_is_cut_off_and_reported(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    whole = path.read_bytes()
    mark = (directory / "high_water").read_bytes()
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        (directory / "high_water").write_bytes(mark)
        with reopen(directory) as ledger:
            assert ledger.size == 3
            assert ledger.recovery.torn_bytes == end - start
            assert ledger.body(2) == b"three"
        assert path.read_bytes() == whole[:start]


def test_a_frame_that_is_whole_is_kept(crashed: tuple[Path, int]) -> None:
    directory, _ = crashed
    with reopen(directory) as ledger:
        assert (ledger.size, ledger.body(3)) == (4, b"four")
        assert ledger.recovery.torn_bytes == 0


def test_any_byte_that_did_not_arrive_makes_the_frame_unfinished(
    crashed: tuple[Path, int],
) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    whole = path.read_bytes()
    for offset in range(start, len(whole), 3):
        flip(path, offset, 0x40)
        with reopen(directory, read_only=True) as ledger:
            assert ledger.size == 3
        assert fault_of(lambda: reopen(directory, read_only=True, at_least=4)) == Fault.SHRANK
        path.write_bytes(whole)


def test_a_hole_of_zeros_is_cut_off(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    size = path.stat().st_size
    os.truncate(path, start)
    os.truncate(path, size + 5_000)
    with reopen(directory) as ledger:
        assert ledger.size == 3
        assert ledger.recovery.torn_bytes == size + 5_000 - start
        ledger.append([submission(b"again")])
    with reopen(directory) as ledger:
        assert (ledger.size, ledger.body(3)) == (4, b"again")


def test_writing_goes_on_after_a_cut(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    os.truncate(segments(directory)[0], start + 200)
    with reopen(directory) as ledger:
        ledger.append([submission(b"instead")])
        root = ledger.root
    with reopen(directory) as ledger:
        assert [ledger.body(index) for index in range(4)] == [b"one", b"two", b"three", b"instead"]
        assert ledger.root == root


def test_bytes_in_a_body_are_never_taken_for_a_frame(tmp_path: Path) -> None:
    """A torn frame whose body holds another ledger's frames is still only torn."""
    with create(tmp_path / "other") as other:
        other.append([submission(b"x")] * 3)
    foreign = segments(tmp_path / "other")[0].read_bytes()[SEGMENT_HEAD:]
    with create(tmp_path / "ledger") as ledger:
        ledger.append([submission(b"one")])
        mark = (tmp_path / "ledger" / "high_water").read_bytes()
        start = segments(tmp_path / "ledger")[0].stat().st_size
        ledger.append([submission((b"GTFR" + foreign)[:500])])
    (tmp_path / "ledger" / "high_water").write_bytes(mark)
    (path,) = segments(tmp_path / "ledger")
    assert b"GTFR" in path.read_bytes()[start + 4 :]
    flip(path, start + 20)
    with reopen(tmp_path / "ledger") as ledger:
        assert (ledger.size, ledger.body(0)) == (1, b"one")


# What was acknowledged


def test_a_frame_that_others_follow_is_never_cut(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    whole = path.read_bytes()
    for offset in range(SEGMENT_HEAD, start):
        flip(path, offset)
        harmed = path.read_bytes()
        assert fault_of(lambda: reopen(directory)) == Fault.DAMAGED
        assert path.read_bytes() == harmed
        path.write_bytes(whole)


def test_every_byte_of_the_head_of_a_segment_counts(crashed: tuple[Path, int]) -> None:
    directory, _ = crashed
    (path,) = segments(directory)
    for offset in range(SEGMENT_HEAD):
        flip(path, offset)
        assert fault_of(lambda: reopen(directory)) == Fault.DAMAGED
        flip(path, offset)
    reopen(directory).close()


def test_a_journal_cut_below_the_mark_has_shrunk(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    os.truncate(path, start - 1)
    before = path.read_bytes()
    assert fault_of(lambda: reopen(directory)) == Fault.SHRANK
    assert fault_of(lambda: reopen(directory, read_only=True)) == Fault.SHRANK
    assert path.read_bytes() == before


def test_a_journal_below_what_the_index_was_told_has_shrunk(crashed: tuple[Path, int]) -> None:
    directory, start = crashed
    (path,) = segments(directory)
    os.truncate(path, start + 10)
    before = path.read_bytes()
    assert fault_of(lambda: reopen(directory, at_least=4)) == Fault.SHRANK
    assert path.read_bytes() == before
    reopen(directory, at_least=3).close()


def test_a_history_that_was_rewritten(tmp_path: Path, crashed: tuple[Path, int]) -> None:
    """Frames that are whole in themselves but lead to another root than the mark's."""
    directory, _ = crashed
    other = tmp_path / "copy" / "ledger"
    with create(other) as ledger:
        for body in (b"one", b"two", b"THREE"):
            ledger.append([submission(body)])
    shutil.copy(segments(other)[0], segments(directory)[0])
    assert fault_of(lambda: reopen(directory)) == Fault.DAMAGED
    assert fault_of(lambda: reopen(directory, read_only=True)) == Fault.DAMAGED


def test_frames_state_their_root(tmp_path: Path, long: Path) -> None:
    """A finished segment changed for another of the same shape, and the mark set back."""
    other = tmp_path / "copy"
    with create(other, segment_bytes=1_200) as ledger:
        mark = (other / "high_water").read_bytes()
        for number in range(20):
            ledger.append([submission(b"%d" % number)])
    for suffix in ("frames", "nodes"):
        name = segments(long)[0].with_suffix(f".{suffix}").name
        shutil.copy(other / "journal" / name, long / "journal" / name)
    (long / "high_water").write_bytes(mark)
    assert fault_of(lambda: reopen(long)) == Fault.DAMAGED


@pytest.mark.parametrize("raw", [b"", b"x" * 568, None], ids=["empty", "rubbish", "absent"])
def test_a_mark_that_cannot_be_read(crashed: tuple[Path, int], raw: bytes | None) -> None:
    directory, _ = crashed
    if raw is None:
        (directory / "high_water").unlink()
    else:
        (directory / "high_water").write_bytes(raw)
    assert fault_of(lambda: reopen(directory)) == Fault.DAMAGED


def test_one_slot_of_the_mark_is_enough(crashed: tuple[Path, int]) -> None:
    directory, _ = crashed
    for offset in (20, 532):
        flip(directory / "high_water", offset)
        with reopen(directory) as ledger:
            assert ledger.size == 4


# Finished segments


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A ledger of several segments with one entry per frame."""
    with create(tmp_path / "ledger", segment_bytes=1_200) as ledger:
        for number in range(20):
            ledger.append([submission(b"%d" % number)])
    assert len(segments(tmp_path / "ledger")) >= 5
    return tmp_path / "ledger"


@pytest.mark.parametrize("which", [0, 1, -2, -1])
def test_a_segment_that_is_gone(long: Path, which: int) -> None:
    segments(long)[which].unlink()
    assert fault_of(lambda: reopen(long)) in {Fault.DAMAGED, Fault.SHRANK}
    assert fault_of(lambda: reopen(long, read_only=True)) in {Fault.DAMAGED, Fault.SHRANK}


def test_all_segments_gone(long: Path) -> None:
    for path in segments(long):
        path.unlink()
    assert fault_of(lambda: reopen(long)) == Fault.DAMAGED


def test_a_finished_segment_that_is_shorter(long: Path) -> None:
    path = segments(long)[1]
    os.truncate(path, path.stat().st_size - 1)
    assert fault_of(lambda: reopen(long)) == Fault.DAMAGED


def test_a_segment_of_another_ledger(tmp_path: Path, long: Path) -> None:
    Ledger.create(
        tmp_path / "other", "other.example/log", clock=SetClock(1), entropy=SystemEntropy()
    ).close()
    for path in segments(long)[1:]:
        path.unlink()
    shutil.copy(segments(tmp_path / "other")[0], segments(long)[0])
    shutil.copy(tmp_path / "other" / "high_water", long / "high_water")
    assert fault_of(lambda: reopen(long)) == Fault.DAMAGED


def test_a_changed_statement_or_body_is_noticed_when_read(long: Path) -> None:
    """Opening does not read finished segments; reading an entry compares it with the tree."""
    path = segments(long)[0]
    whole = path.read_bytes()
    noticed = 0
    for offset in range(SEGMENT_HEAD, len(whole)):
        flip(path, offset)
        with reopen(long, read_only=True) as ledger:
            try:
                read = [ledger.body(index) for index in range(4)]
            except LedgerError as error:
                assert error.faults[0].code in {Fault.DAMAGED, Fault.FORMAT}
                noticed += 1
            else:
                assert read == [b"0", b"1", b"2", b"3"]
        flip(path, offset)
    assert noticed > len(whole) // 2


def test_nodes_files_can_be_dropped(long: Path) -> None:
    with reopen(long) as ledger:
        root, proofs = ledger.root, [ledger.inclusion_proof(at, 20) for at in range(20)]
    made = {path: path.read_bytes() for path in (long / "journal").glob("*.nodes")}
    for path in made:
        path.unlink()
    with reopen(long, read_only=True) as ledger:
        assert [ledger.inclusion_proof(at, 20) for at in range(20)] == proofs
        assert list((long / "journal").glob("*.nodes")) == []
    with reopen(long) as ledger:
        assert ledger.recovery.segments_rebuilt == len(made)
        assert (ledger.root, ledger.inclusion_proof(7, 20)) == (root, proofs[7])
    assert {path: path.read_bytes() for path in (long / "journal").glob("*.nodes")} == made


def test_a_harmed_nodes_file_is_made_again(long: Path) -> None:
    with reopen(long) as ledger:
        proofs = [ledger.inclusion_proof(at, 20) for at in range(20)]
    path = sorted((long / "journal").glob("*.nodes"))[1]
    for offset in range(0, path.stat().st_size, 5):
        flip(path, offset)
        with reopen(long) as ledger:
            assert [ledger.inclusion_proof(at, 20) for at in range(20)] == proofs
            assert ledger.recovery.segments_rebuilt <= 2


def test_a_nodes_file_cut_short_is_made_again(long: Path) -> None:
    path = min((long / "journal").glob("*.nodes"))
    whole = path.read_bytes()
    for end in (0, 10, 79, 80, 200, len(whole) - 1):
        path.write_bytes(whole[:end])
        with reopen(long) as ledger:
            assert ledger.entry(0).statement.received == 1
        assert path.read_bytes() == whole


# Large bodies


def test_large_bodies_without_entry_are_removed(tmp_path: Path) -> None:
    large = os.urandom(1_100_000)
    directory = tmp_path / "ledger"
    with create(directory) as ledger:
        ledger.append([submission(large)])
        mark = (directory / "high_water").read_bytes()
        start = segments(directory)[0].stat().st_size
        ledger.append([submission(large), submission(large)])
    (directory / "high_water").write_bytes(mark)
    os.truncate(segments(directory)[0], start + 100)
    (directory / "vault" / "notes.txt").write_text("left by somebody")
    with reopen(directory) as ledger:
        assert (ledger.size, ledger.recovery.bodies_removed) == (1, 2)
        assert ledger.body(0) == large
        ledger.append([submission(large)])
        assert ledger.body(1) == large

"""The log's own key and what it may sign: never two histories."""

import errno
import multiprocessing
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Disk,
    Ledger,
    LedgerError,
    SeededEntropy,
    StatementType,
    Submission,
    SystemEntropy,
    verify_consistency,
)
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.high_water import Mark
from guantong.ledger.note_key import SignerKey, VerifierKey
from guantong.ledger.signer import Signer, create_key, last_checkpoint, read_key, signed_mark

ORIGIN = "ledger.example/signer"


def open_at(directory: Path, **options: Any) -> Ledger:
    return Ledger.open(directory, clock=SetClock(1), entropy=SystemEntropy(), **options)


def append(ledger: Ledger, count: int) -> None:
    ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=b"x") for _ in range(count)])


def stated(note: bytes, signer: Signer) -> Checkpoint:
    return signer.trust.open(note)[0]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("signer")}
    with Ledger.create(tmp_path / "ledger", ORIGIN, **options) as made:
        create_key(made.directory, ORIGIN, entropy=SeededEntropy("key"))
        yield made


def test_the_key_is_a_file_that_only_its_owner_reads(ledger: Ledger) -> None:
    assert stat.S_IMODE((ledger.directory / "key").stat().st_mode) == 0o600
    assert read_key(ledger.directory, ORIGIN).name == ORIGIN


def test_the_key_comes_from_the_entropy_that_was_given(tmp_path: Path) -> None:
    keys = set()
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).mkdir()
        keys.add(create_key(tmp_path / name, ORIGIN, entropy=SeededEntropy(seed)).encode())
    assert len(keys) == 2


def test_a_key_is_never_replaced(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        create_key(ledger.directory, ORIGIN, entropy=SystemEntropy())


def test_a_key_that_signed_and_was_lost_is_not_replaced_in_silence(ledger: Ledger) -> None:
    Signer(ledger).sign()
    (ledger.directory / "key").unlink()
    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        create_key(ledger.directory, ORIGIN, entropy=SystemEntropy())


def test_a_ledger_without_a_key_signs_nothing(ledger: Ledger) -> None:
    (ledger.directory / "key").unlink()
    with pytest.raises(LedgerError, match=r"ledger\.key"):
        Signer(ledger)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_not_used(ledger: Ledger, mode: int) -> None:
    (ledger.directory / "key").chmod(mode)
    with pytest.raises(LedgerError, match=r"ledger\.key: expected mode 0600"):
        Signer(ledger)


@pytest.mark.parametrize("text", ["", "nonsense", SignerKey("other.example", bytes(32)).encode()])
def test_another_key_is_not_used(ledger: Ledger, text: str) -> None:
    (ledger.directory / "key").write_text(text)
    with pytest.raises(LedgerError, match=r"ledger\.key"):
        Signer(ledger)


def test_an_empty_ledger_can_be_signed(ledger: Ledger) -> None:
    signer = Signer(ledger)
    assert stated(signer.sign(), signer).size == 0


def test_what_is_signed_is_what_is_there(ledger: Ledger) -> None:
    signer = Signer(ledger)
    for count in (1, 5, 300):
        append(ledger, count)
        note = signer.sign()
        assert stated(note, signer) == Checkpoint(ORIGIN, ledger.size, ledger.root)
        assert signed_mark(ledger.directory) == Mark(ledger.size, ledger.root)
        assert last_checkpoint(ledger.directory) == note


def test_the_same_state_is_signed_the_same(ledger: Ledger) -> None:
    append(ledger, 3)
    assert Signer(ledger).sign() == Signer(ledger).sign()


def test_all_that_was_signed_is_consistent(ledger: Ledger) -> None:
    signer, notes = Signer(ledger), []
    for _ in range(20):
        append(ledger, 3)
        notes.append(stated(signer.sign(), signer))
    for old in notes:
        for new in notes:
            if old.size <= new.size:
                proof = ledger.consistency_proof(old.size, new.size)
                assert verify_consistency(old.size, new.size, old.root, new.root, proof)


def test_a_handle_that_only_reads_signs_what_the_writer_wrote(ledger: Ledger) -> None:
    with open_at(ledger.directory, read_only=True) as reader:
        append(ledger, 4)
        signer = Signer(reader)
        assert stated(signer.sign(), signer).size == 4


def test_a_ledger_smaller_than_signed_does_not_open(ledger: Ledger, tmp_path: Path) -> None:
    append(ledger, 2)
    shutil.copytree(ledger.directory, tmp_path / "backup")
    append(ledger, 1)
    Signer(ledger).sign()
    shutil.copy(ledger.directory / "last_signed", tmp_path / "backup")
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=r"ledger\.shrank"):
            open_at(tmp_path / "backup", read_only=read_only)


def test_a_history_that_was_not_signed_does_not_open(ledger: Ledger, tmp_path: Path) -> None:
    append(ledger, 2)
    shutil.copytree(ledger.directory, tmp_path / "other")
    with open_at(tmp_path / "other") as other:
        append(other, 1)
    append(ledger, 1)
    Signer(ledger).sign()
    shutil.copy(ledger.directory / "last_signed", tmp_path / "other")
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=r"ledger\.damaged at last_signed"):
            open_at(tmp_path / "other", read_only=read_only)


def test_an_open_ledger_signs_nothing_that_contradicts_what_was_signed(
    ledger: Ledger, tmp_path: Path
) -> None:
    append(ledger, 2)
    shutil.copytree(ledger.directory, tmp_path / "other")
    append(ledger, 3)
    Signer(ledger).sign()
    with open_at(tmp_path / "other") as other:
        shutil.copy(ledger.directory / "last_signed", tmp_path / "other")
        signer = Signer(other)
        with pytest.raises(LedgerError, match=r"ledger\.shrank"):
            signer.sign()
        append(other, 4)
        with pytest.raises(LedgerError, match=r"ledger\.fork"):
            signer.sign()
    assert last_checkpoint(tmp_path / "other") is None


class Failing(Disk):
    """Fails at operation number `at`, before or after doing it."""

    def __init__(self, at: int, *, done: bool) -> None:
        self.at, self.done, self.count = at, done, 0

    def _step(self) -> bool:
        self.count += 1
        if self.count - 1 == self.at and not self.done:
            raise OSError(errno.EIO, "injected")
        return self.count - 1 == self.at

    def create(self, path: Path) -> int:
        self._step()
        return super().create(path)

    def write(self, fd: int, buffers: Any, offset: int) -> None:
        fails = self._step()
        super().write(fd, buffers, offset)
        if fails:
            raise OSError(errno.EIO, "injected")

    def sync(self, fd: int) -> None:
        fails = self._step()
        super().sync(fd)
        if fails:
            raise OSError(errno.EIO, "injected")

    def rename(self, source: Path, target: Path) -> None:
        fails = self._step()
        super().rename(source, target)
        if fails:
            raise OSError(errno.EIO, "injected")


@pytest.mark.parametrize("done", [False, True], ids=["not kept", "kept"])
@pytest.mark.parametrize("again", [False, True], ids=["first", "second"])
def test_nothing_is_handed_out_that_is_not_remembered(
    ledger: Ledger, *, done: bool, again: bool
) -> None:
    if again:
        append(ledger, 1)
        Signer(ledger).sign()
    append(ledger, 2)
    for at in range(20):
        disk = Failing(at, done=done)
        try:
            note = Signer(ledger, disk=disk).sign()
        except LedgerError as error:
            assert error.faults[0].code == "ledger.stopped"
            append(ledger, 1)
            continue
        signer = Signer(ledger)
        assert signed_mark(ledger.directory) == Mark(
            stated(note, signer).size, stated(note, signer).root
        )
        if disk.count <= at:
            return
        append(ledger, 1)
    raise AssertionError("it never ran through")


def _sign_some(directory: Path, count: int, notes: Any) -> None:
    with open_at(directory, read_only=True) as reader:
        signer = Signer(reader)
        notes.put([signer.sign() for _ in range(count)])


def test_several_processes_sign_one_history(ledger: Ledger) -> None:
    context = multiprocessing.get_context("spawn")
    notes = context.Queue()
    each = [
        context.Process(target=_sign_some, args=(ledger.directory, 30, notes)) for _ in range(2)
    ]
    for process in each:
        process.start()
    signer = Signer(ledger)
    own: list[bytes] = []
    while len(own) < 200 and (len(own) < 60 or notes.empty()):
        append(ledger, 1)
        own.append(signer.sign())
    found = [*own, *notes.get(timeout=20), *notes.get(timeout=20)]
    for process in each:
        process.join()
    trust = Trust(VerifierKey.parse(signer.trust.log.encode()))
    for note in found:
        said, _ = trust.open(note)
        assert ledger.root_at(said.size) == said.root
    mark = signed_mark(ledger.directory)
    assert mark is not None
    assert mark.size == max(trust.open(note)[0].size for note in found)

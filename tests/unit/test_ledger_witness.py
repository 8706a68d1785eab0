"""A witness signs one history of each log, and nothing before it is durable."""

import errno
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import Disk, Ledger, LedgerError
from guantong.ledger.checkpoint import Checkpoint
from guantong.ledger.cosigned import request
from guantong.ledger.merkle import EMPTY_ROOT
from guantong.ledger.note import Note, open_note
from guantong.ledger.signer import Signer, create_key
from guantong.ledger.split import Split
from guantong.ledger.witness import Asked, Witness
from tests.witness_small import append, log_key, small_log, witness_key

ORIGIN = "log.example/a"
NAME = "witness.example"


class Recorder(Disk):
    """Remembers what was done, and fails where it is told to."""

    def __init__(self, failing: str = "") -> None:
        self.done: list[str] = []
        self.failing = failing

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what == self.failing:
            raise OSError(errno.EIO, what)

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        self._do("write")
        super().write(fd, buffers, offset)

    def sync(self, fd: int) -> None:
        self._do("sync")
        super().sync(fd)

    def rename(self, source: Path, target: Path) -> None:
        self._do("rename")
        super().rename(source, target)

    def sync_directory(self, path: Path) -> None:
        self._do("sync_directory")
        super().sync_directory(path)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    witness_key(tmp_path / "w", NAME)
    return tmp_path / "w"


def at(place: Path, disk: Disk | None = None, now_ms: int = 5_000) -> Witness:
    return Witness(place, [log_key(ORIGIN).verifier()], clock=SetClock(now_ms), disk=disk)


def asked(ledger: Ledger, old: int) -> Asked:
    return request(ledger, Signer(ledger).sign(), old)


def test_a_growing_log_is_signed_each_time(place: Path, tmp_path: Path) -> None:
    witness, old = at(place), 0
    with small_log(tmp_path / "l", ORIGIN) as ledger:
        for count in (0, 1, 1, 5, 300, 0, 64):
            append(ledger, count)
            said = Asked.parse(asked(ledger, old).encode())
            line = witness.add_checkpoint(said)
            body = Note.parse(said.note).body
            opened = open_note(Note(body, (line,)).encode(), [witness.key])
            assert opened.by[0].at_s == 5
            assert witness.last(ORIGIN) == said.note
            old = ledger.size


def test_the_state_outlives_the_process(place: Path, tmp_path: Path) -> None:
    with small_log(tmp_path / "l", ORIGIN, 5) as ledger:
        at(place).add_checkpoint(asked(ledger, 0))
        append(ledger, 5)
        with pytest.raises(LedgerError, match=r"ledger\.old_size at old: expected 5, got 0"):
            at(place).add_checkpoint(asked(ledger, 0))
        assert at(place).add_checkpoint(asked(ledger, 5)).name == NAME


@pytest.mark.parametrize("old", [0, 2, 4, 6])
def test_another_old_size_is_refused(place: Path, tmp_path: Path, old: int) -> None:
    with small_log(tmp_path / "l", ORIGIN, 3) as ledger:
        witness = at(place)
        witness.add_checkpoint(asked(ledger, 0))
        append(ledger, 4)
        with pytest.raises(LedgerError, match=r"ledger\.old_size at old: expected 3"):
            witness.add_checkpoint(asked(ledger, old))


def test_a_smaller_tree_is_not_signed(place: Path, tmp_path: Path) -> None:
    with small_log(tmp_path / "l", ORIGIN, 3) as ledger:
        small = asked(ledger, 0)
        append(ledger, 4)
        witness = at(place)
        witness.add_checkpoint(asked(ledger, 0))
        with pytest.raises(LedgerError, match=r"ledger\.old_size at old: expected 7"):
            witness.add_checkpoint(small)
        with pytest.raises(LedgerError, match=r"ledger\.request at old: .* at most 3, got 7"):
            witness.add_checkpoint(Asked(7, (), small.note))


def test_a_proof_that_does_not_hold_is_refused(place: Path, tmp_path: Path) -> None:
    with small_log(tmp_path / "l", ORIGIN, 3) as ledger:
        witness = at(place)
        first = asked(ledger, 0)
        with pytest.raises(LedgerError, match=r"ledger\.inconsistent"):
            witness.add_checkpoint(Asked(0, (bytes(32),), first.note))
        witness.add_checkpoint(first)
        append(ledger, 4)
        good = asked(ledger, 3)
        bad = bytes([good.proof[0][0] ^ 1]) + good.proof[0][1:]
        for proof in ((), good.proof[1:], (*good.proof, bytes(32)), (bad, *good.proof[1:])):
            with pytest.raises(LedgerError, match=r"ledger\.inconsistent"):
                witness.add_checkpoint(Asked(3, proof, good.note))
        assert witness.last(ORIGIN) == first.note
        assert witness.add_checkpoint(good).name == NAME


def test_a_log_that_is_not_watched(place: Path, tmp_path: Path) -> None:
    with (
        small_log(tmp_path / "l", "log.example/b", 3) as ledger,
        pytest.raises(LedgerError, match=r"ledger\.log_unknown"),
    ):
        at(place).add_checkpoint(asked(ledger, 0))


def test_what_the_log_did_not_sign(place: Path) -> None:
    body = Checkpoint(ORIGIN, 0, EMPTY_ROOT).encode()
    other = log_key("log.example/b").sign(body)
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned"):
        at(place).add_checkpoint(Asked(0, (), Note(body, (other,)).encode()))
    wrong = log_key(ORIGIN).sign(body.replace("a", "b"))
    with pytest.raises(LedgerError, match=r"ledger\.note_signature"):
        at(place).add_checkpoint(Asked(0, (), Note(body, (wrong,)).encode()))
    assert at(place).last(ORIGIN) is None


def test_a_split_at_one_size_is_named_and_kept(place: Path, tmp_path: Path) -> None:
    witness = at(place)
    with (
        small_log(tmp_path / "a", ORIGIN, 5) as one,
        small_log(tmp_path / "b", ORIGIN, 5, b"y") as other,
    ):
        witness.add_checkpoint(asked(one, 0))
        for old in (0, 5):
            with pytest.raises(LedgerError, match=r"ledger\.split.*log\.example/a at 5") as refused:
                witness.add_checkpoint(Asked(old, (), asked(other, 0).note))
        (kept,) = witness.evidence()
        assert refused.value.faults[0].path == kept.name
        seen = Split.parse(kept.read_bytes()).check(log_key(ORIGIN).verifier())
        assert (seen.size, seen.root, seen.larger_root) == (5, one.root, other.root)
        assert witness.last(ORIGIN) == asked(one, 0).note


@pytest.mark.parametrize("failing", ["write", "sync", "rename", "sync_directory"])
def test_nothing_is_signed_that_is_not_durable(place: Path, tmp_path: Path, failing: str) -> None:
    at(place)
    with small_log(tmp_path / "l", ORIGIN, 3) as ledger:
        with pytest.raises(LedgerError, match=r"ledger\.stopped"):
            at(place, Recorder(failing)).add_checkpoint(asked(ledger, 0))
        disk = Recorder()
        held = at(place).last(ORIGIN)
        old = 0 if held is None else 3
        at(place, disk).add_checkpoint(asked(ledger, old))
        assert disk.done == ["write", "sync", "rename", "sync_directory"]


def test_of_many_at_once_none_goes_back(place: Path, tmp_path: Path) -> None:
    witness, signed = at(place), list[int]()
    with small_log(tmp_path / "l", ORIGIN) as ledger:
        questions = []
        for size in range(1, 41):
            append(ledger, 1)
            questions.append((size, asked(ledger, 0)))

        def ask(size: int, question: Asked) -> None:
            try:
                witness.add_checkpoint(question)
            except LedgerError:
                return
            signed.append(size)

        crowd = [threading.Thread(target=ask, args=each) for each in questions]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
    assert len(signed) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"old 0\n",
        b"old 00\n\nnote\n",
        b"old -1\n\nnote\n",
        b"old 1 \n\nnote\n",
        b"Old 1\n\nnote\n",
        b"old 1\nAAAA\n\nnote\n",
        b"old 1\n" + b"A" * 43 + b"\n\nnote\n",
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\nnote\n",
        b"\xff\xfe\n\nnote\n",
        b"old 1\n\n" + b"n" * 1_100_000,
    ],
)
def test_what_is_no_request(raw: bytes) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.request"):
        Asked.parse(raw)


@pytest.mark.parametrize("note", [b"", b"note\n", b"\xff", b"a\n1\n\nb\n"])
def test_what_is_no_checkpoint(note: bytes, place: Path) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note"):
        at(place).add_checkpoint(Asked.parse(b"old 0\n\n" + note))


def test_a_request_of_63_hashes_is_read() -> None:
    assert len(Asked.parse(b"old 1\n" + (b"A" * 43 + b"=\n") * 63 + b"\nnote\n").proof) == 63


def test_a_logs_own_key_does_not_cosign(tmp_path: Path) -> None:
    with small_log(tmp_path / "l", ORIGIN), pytest.raises(LedgerError, match="a key of type 04"):
        Witness(tmp_path / "l", [], clock=SetClock(1))


def test_a_witness_has_one_key_for_good(place: Path) -> None:
    from guantong.ledger import SeededEntropy

    with pytest.raises(LedgerError, match=r"ledger\.exists"):
        create_key(place, NAME, entropy=SeededEntropy("x"))

"""A mirror signs for what it holds, and for nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.ledger import Ledger, LedgerError
from guantong.ledger.checkpoint import Trust
from guantong.ledger.export import audit
from guantong.ledger.mirror import Mirror, Mirrored
from guantong.ledger.signer import Signer
from guantong.ledger.split import Split
from guantong.ledger.tiles import Tile, read_tile
from tests.witness_small import append, log_key, small_log, witness_key

ORIGIN = "log.example/a"
LOG = log_key(ORIGIN).verifier()


def shows(ledger: Ledger) -> Callable[[str], bytes]:
    """What a log has at its addresses."""

    def fetch(path: str) -> bytes:
        return (
            Signer(ledger).sign() if path == "checkpoint" else read_tile(ledger, Tile.parse(path))
        )

    return fetch


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with small_log(tmp_path / "log", ORIGIN, 300) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    witness_key(tmp_path / "m", "mirror.example")
    return tmp_path / "m"


def at(place: Path) -> Mirror:
    return Mirror(place, LOG, clock=SetClock(9_000))


def holds(mirror: Mirror) -> int:
    """Entries of the tree there, after hashing all of it."""
    seen = audit(mirror.tree, Trust(LOG, (mirror.key,), 1))
    assert seen.findings == ()
    assert seen.entries == seen.checkpoint.size
    return seen.checkpoint.size


def test_what_is_held_is_the_log(ledger: Ledger, place: Path) -> None:
    held = 0
    for count in (0, 1, 211, 0, 256, 1, 700):
        append(ledger, count)
        assert at(place).pull(shows(ledger)) == Mirrored(ledger.size, held)
        held = ledger.size
        assert holds(at(place)) == held
    partial = [path for path in at(place).tree.rglob("*.p") if path.is_dir()]
    assert all(len(list(path.iterdir())) >= 1 for path in partial)
    assert len(partial) <= 3


def test_an_empty_log_is_held_too(place: Path, tmp_path: Path) -> None:
    with small_log(tmp_path / "empty", ORIGIN) as ledger:
        assert at(place).pull(shows(ledger)).size == 0
        append(ledger, 2)
        assert at(place).pull(shows(ledger)).size == 2


def test_no_entry_that_was_changed_is_signed_for(ledger: Ledger, place: Path) -> None:
    true = shows(ledger)

    def fetch(path: str) -> bytes:
        data = true(path)
        return data.replace(b'"by":"p"', b'"by":"q"', 1) if "entries" in path else data

    for _ in range(2):
        with pytest.raises(LedgerError, match=r"ledger\.inconsistent"):
            at(place).pull(fetch)
        assert not (at(place).tree / "checkpoint").exists()
    assert at(place).pull(true).size == 300
    assert holds(at(place)) == 300
    append(ledger, 5)
    with pytest.raises(LedgerError, match=r"ledger\.inconsistent"):
        at(place).pull(fetch)
    assert holds(at(place)) == 300


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_no_bundle_that_breaks_off_is_taken(ledger: Ledger, place: Path, cut: int) -> None:
    true = shows(ledger)
    with pytest.raises(LedgerError, match=r"ledger\.tile"):
        at(place).pull(lambda path: true(path)[: -cut or 0] if "entries" in path else true(path))


def test_fewer_entries_than_are_held_are_refused(
    ledger: Ledger, place: Path, tmp_path: Path
) -> None:
    at(place).pull(shows(ledger))
    with (
        small_log(tmp_path / "less", ORIGIN, 299) as less,
        pytest.raises(LedgerError, match=r"ledger\.shrank: expected 300 entries"),
    ):
        at(place).pull(shows(less))
    assert holds(at(place)) == 300


@pytest.mark.parametrize("more", [0, 1, 250])
def test_a_fork_is_named_and_the_evidence_kept(
    ledger: Ledger, place: Path, tmp_path: Path, more: int
) -> None:
    at(place).pull(shows(ledger))
    with small_log(tmp_path / "other", ORIGIN, 256, b"y") as other:
        append(other, 44 + more)
        with pytest.raises(LedgerError, match=r"ledger\.split"):
            at(place).pull(shows(other))
        (kept,) = at(place).evidence()
        seen = Split.parse(kept.read_bytes()).check(LOG)
        assert (seen.size, seen.larger) == (300, 300 + more)
        assert {seen.root, seen.larger_root} == {ledger.root, other.root}
    assert holds(at(place)) == 300


def test_a_copy_that_was_changed_is_not_signed_for_again(ledger: Ledger, place: Path) -> None:
    at(place).pull(shows(ledger))
    tile = at(place).tree / Tile(0, 1, 44).path()
    data = tile.read_bytes()
    tile.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    append(ledger, 1)
    with pytest.raises(LedgerError, match=r"ledger\.damaged at tree"):
        at(place).pull(shows(ledger))


def test_the_copy_of_another_log_is_not_continued(ledger: Ledger, place: Path) -> None:
    at(place).pull(shows(ledger))
    with pytest.raises(LedgerError, match=r"ledger\.log_unknown"):
        Mirror(place, log_key("log.example/b").verifier(), clock=SetClock(1))


def test_a_mirror_that_ended_before_it_signed_goes_on(
    ledger: Ledger, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(place).pull(shows(ledger))
    append(ledger, 300)

    def fail(*_: object) -> None:
        raise OSError(5, "no")

    with monkeypatch.context() as patched:
        patched.setattr("os.sync", fail)
        with pytest.raises(LedgerError, match=r"ledger\.stopped"):
            at(place).pull(shows(ledger))
    assert holds(at(place)) == 300
    assert at(place).pull(shows(ledger)).size == 600
    assert holds(at(place)) == 600


def test_what_the_log_did_not_sign_is_not_signed(ledger: Ledger, place: Path) -> None:
    true = shows(ledger)
    with pytest.raises(LedgerError, match=r"ledger\.note_signature"):
        at(place).pull(
            lambda path: (
                true(path).replace(b"\n300\n", b"\n299\n") if path == "checkpoint" else true(path)
            )
        )
    assert not (at(place).tree / "checkpoint").exists()

"""Bodies sealed under keys of their own, and what is left when a key is destroyed."""

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
    verify_inclusion,
)
from guantong.ledger.keytable import EPOCH_ENTRIES, Epoch

SECRET = b"a body that nobody else should read " * 3


def make(directory: Path, *, sealed: bool = True) -> Ledger:
    return Ledger.create(
        directory,
        "sealed.example/log",
        clock=SetClock(1),
        entropy=SeededEntropy("sealed"),
        sealed=sealed,
    )


def reopen(directory: Path, *, read_only: bool = False) -> Ledger:
    return Ledger.open(
        directory, clock=SetClock(1), entropy=SeededEntropy("again"), read_only=read_only
    )


def document(body: bytes = SECRET) -> Submission:
    return Submission(typ=StatementType.CAPTURE, by="p", body=body)


def erasure(index: int) -> Submission:
    meta: dict[str, str | int] = {"erased": index, "ground": "asked for"}
    return Submission(typ=StatementType.ERASURE, by="p", body=b"{}", meta=meta)


def everything(directory: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def code_of(refusal: pytest.ExceptionInfo[LedgerError]) -> str:
    return refusal.value.faults[0].code


def test_a_sealed_body_is_read_back_and_stands_nowhere_in_the_clear(tmp_path: Path) -> None:
    bodies = [SECRET, SECRET * 50, random.Random(1).randbytes(2_000_000) + SECRET, b""]
    with make(tmp_path / "sealed") as ledger:
        ledger.append([document(body) for body in bodies])
        assert [ledger.body(index) for index in range(4)] == bodies
    assert SECRET not in everything(tmp_path / "sealed")
    with reopen(tmp_path / "sealed", read_only=True) as ledger:
        assert [ledger.body(index) for index in range(4)] == bodies
    with make(tmp_path / "open", sealed=False) as ledger:
        ledger.append([document()])
    assert SECRET in everything(tmp_path / "open"), "the test can tell"


def test_a_ledger_that_seals_says_the_same_as_one_that_does_not(tmp_path: Path) -> None:
    with make(tmp_path / "sealed") as one, make(tmp_path / "open", sealed=False) as other:
        # The first salt of the sealed one went into its keys.
        one.append([document(), document()])
        other.append([document(), document()])
        assert one.entry(0).statement.typ == other.entry(0).statement.typ
        assert one.size == other.size


def test_what_was_erased_says_so_and_every_proof_still_holds(tmp_path: Path) -> None:
    with make(tmp_path / "ledger") as ledger:
        ledger.append([document(b"%d" % number) for number in range(9)])
        before = ledger.root
        ledger.append([erasure(4)])
        with pytest.raises(LedgerError) as refusal:
            ledger.body(4)
        assert code_of(refusal) == Fault.ERASED
        assert refusal.value.faults[0].got == "erased by entry 9"
        assert ledger.erased_by(4) == 9
        assert ledger.erased_by(5) is None
        others = [ledger.body(index) for index in range(9) if index != 4]
        assert others == [b"%d" % number for number in range(9) if number != 4]
        assert ledger.root_at(9) == before
        for index in range(10):
            proof = ledger.inclusion_proof(index, 10)
            verify_inclusion(ledger.entry(index).leaf, index, 10, proof, ledger.root)


def test_a_reader_beside_the_writer_hears_of_an_erasure(tmp_path: Path) -> None:
    with make(tmp_path / "ledger") as ledger:
        ledger.append([document()])
        with reopen(tmp_path / "ledger", read_only=True) as reader:
            assert reader.body(0) == SECRET
            ledger.append([erasure(0)])
            with pytest.raises(LedgerError) as refusal:
                reader.body(0)
            assert code_of(refusal) == Fault.ERASED


def test_nothing_on_the_disk_opens_what_was_erased(tmp_path: Path) -> None:
    """Neither the key nor any seed above it stands in any file, nor where one stood."""
    directory = tmp_path / "ledger"
    with make(directory) as ledger:
        ledger.append([document(b"%d" % number) for number in range(4)])
        (file,) = (directory / "vault" / "keys").glob("*.keys")
        root = Epoch.parse(file.read_bytes())
        assert root is not None
        ledger.append([erasure(2)])
        assert set(file.read_bytes()) == {0}, "overwritten where it stood"
        ledger.append([erasure(3)])
        ledger.append([erasure(0)])
    assert root.seeds[0, 0] not in everything(directory)
    assert not any(root.key(at) in everything(directory) for at in (0, 2, 3))
    (last,) = [path for path in file.parent.glob("*.keys") if path != file]
    kept = Epoch.parse(last.read_bytes())
    assert kept is not None
    assert [kept.key(at) for at in range(6)] == [
        b"" if at in (0, 2, 3) else root.key(at) for at in range(6)
    ]
    assert kept.key(65_535) == root.key(65_535)


def test_keys_of_any_range_are_those_one_by_one() -> None:
    chance = random.Random(7)
    epoch = Epoch(0, {(0, 0): bytes(32)})
    for by in range(40):
        epoch = epoch.without(chance.randrange(300), by)
    singles = [epoch.key(at) for at in range(300)]
    assert singles == epoch.keys(0, 300)
    assert singles[17:30] == epoch.keys(17, 30)
    assert {at for at, key in enumerate(singles) if not key} == set(epoch.gone)
    assert len(set(singles)) == 300 - len(epoch.gone) + 1
    assert Epoch.parse(epoch.encode()) == epoch


def test_keys_go_on_in_the_next_file(tmp_path: Path) -> None:
    with make(tmp_path / "ledger") as ledger:
        for start in range(0, EPOCH_ENTRIES, 8_192):
            ledger.append([document(b"%d" % (start + n)) for n in range(8_192)][: 8_192 - 2])
        ledger.append([document(b"last") for _ in range(40)])
        assert ledger.body(EPOCH_ENTRIES - 1) == ledger.body(EPOCH_ENTRIES) == b"last"
        assert len(list((tmp_path / "ledger" / "vault" / "keys").glob("*.keys"))) == 2


@pytest.mark.parametrize(
    ("named", "code"),
    [
        pytest.param(7, Fault.RANGE, id="no such entry"),
        pytest.param("0", Fault.RANGE, id="no index"),
        pytest.param(0, Fault.ERASED, id="twice"),
        pytest.param(2, Fault.KEPT, id="an erasure"),
    ],
)
def test_an_erasure_that_can_not_be_is_refused(
    tmp_path: Path, named: int | str, code: Fault
) -> None:
    with make(tmp_path / "ledger") as ledger:
        ledger.append([document(), document()])
        ledger.append([erasure(0)])
        wrong = Submission(typ=StatementType.ERASURE, by="p", body=b"", meta={"erased": named})
        for attempt in (lambda: ledger.check_erasure(wrong), lambda: ledger.append([wrong])):
            with pytest.raises(LedgerError) as refusal:
                attempt()
            assert code_of(refusal) == code
        assert ledger.size == 3
        ledger.append([erasure(1)])


def test_one_group_erases_an_entry_once(tmp_path: Path) -> None:
    with make(tmp_path / "ledger") as ledger:
        ledger.append([document()])
        with pytest.raises(LedgerError) as refusal:
            ledger.append([erasure(0), erasure(0)])
        assert code_of(refusal) == Fault.ERASED
        assert ledger.body(0) == SECRET


def test_a_ledger_that_does_not_seal_does_not_erase(tmp_path: Path) -> None:
    with make(tmp_path / "ledger", sealed=False) as ledger:
        ledger.append([document()])
        with pytest.raises(LedgerError) as refusal:
            ledger.append([erasure(0)])
        assert code_of(refusal) == Fault.UNSEALED
    with reopen(tmp_path / "ledger") as ledger:
        assert ledger.body(0) == SECRET


def test_a_key_that_went_without_an_erasure_is_harm(tmp_path: Path) -> None:
    directory = tmp_path / "ledger"
    with make(directory) as ledger:
        ledger.append([document(), document()])
    (file,) = (directory / "vault" / "keys").glob("*.keys")
    epoch = Epoch.parse(file.read_bytes())
    assert epoch is not None
    file.write_bytes(epoch.without(0, 1).encode())
    with reopen(directory) as ledger:
        with pytest.raises(LedgerError) as refusal:
            ledger.body(0)
        assert code_of(refusal) == Fault.DAMAGED
        for path in file.parent.glob("*.keys"):
            path.unlink()
        with pytest.raises(LedgerError) as refusal:
            ledger.body(1)
        assert code_of(refusal) == Fault.DAMAGED
        with pytest.raises(LedgerError) as refusal:
            ledger.append([document()])
        assert code_of(refusal) == Fault.DAMAGED, "no fresh keys over lost ones"


def test_a_flipped_bit_of_a_sealed_body_is_harm(tmp_path: Path) -> None:
    with make(tmp_path / "ledger") as ledger:
        ledger.append([document(random.Random(2).randbytes(1_200_000))])
        (blob,) = (tmp_path / "ledger" / "vault").rglob("*.blob")
        raw = bytearray(blob.read_bytes())
        raw[1_000_000] ^= 1
        blob.write_bytes(raw)
        with pytest.raises(LedgerError) as refusal:
            ledger.body(0)
        assert code_of(refusal) == Fault.DAMAGED

"""Proofs that can be carried about: what they show, and what they can not be made to show."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.clock import SetClock
from guantong.ledger import Ledger, LedgerError, SeededEntropy, StatementType, Submission
from guantong.ledger.bundle import Proof, make_proof, verify
from guantong.ledger.checkpoint import Trust
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.signer import Signer, create_key

VECTORS = Path(__file__).parent.parent / "vectors"
ORIGIN = "ledger.example/proofs"


def rows(name: str, kind: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text("utf-8"))
    return [pytest.param(row["input"], row[kind], id=row["desc"]) for row in found if kind in row]


def checked(given: dict[str, Any]) -> dict[str, Any]:
    witnesses = tuple(VerifierKey.parse(text) for text in given["witnesses"])
    trust = Trust(VerifierKey.parse(given["vkey"]), witnesses, given["quorum"])
    entry = given["entry"].encode() if "entry" in given else None
    proved = verify(Proof.parse(given["proof"].encode()), trust, entry=entry)
    size = proved.checkpoint.size
    return {"entry": proved.entry.decode(), "index": proved.index, "size": size}


@pytest.mark.parametrize(("given", "want"), rows("tlog_proof_accepted.json", "want"))
def test_accepted(given: dict[str, Any], want: dict[str, Any]) -> None:
    assert checked(given) == want
    raw = given["proof"].encode()
    assert Proof.parse(raw).encode() == raw


@pytest.mark.parametrize(("given", "fault"), rows("tlog_proof_refused.json", "fault"))
def test_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        checked(given)
    assert [found.code for found in refusal.value.faults] == [fault]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("proofs")}
    with Ledger.create(tmp_path / "ledger", ORIGIN, **options) as made:
        create_key(made.directory, ORIGIN, entropy=SeededEntropy("key"))
        made.append(
            [Submission(typ=StatementType.CAPTURE, by="p", body=b"%d" % n) for n in range(20)]
        )
        yield made


def test_every_entry_of_a_ledger_is_proved(ledger: Ledger) -> None:
    signer = Signer(ledger)
    note = signer.sign()
    for index in range(ledger.size):
        raw = make_proof(ledger, index, note).encode()
        proved = verify(Proof.parse(raw), signer.trust)
        assert (proved.entry, proved.index) == (ledger.entry(index).raw, index)


def test_a_proof_of_an_older_checkpoint_still_holds(ledger: Ledger) -> None:
    signer = Signer(ledger)
    raw = make_proof(ledger, 3, signer.sign()).encode()
    ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=b"later")])
    assert verify(Proof.parse(raw), signer.trust).checkpoint.size == 20


def test_an_entry_after_the_checkpoint_has_no_proof(ledger: Ledger) -> None:
    note = Signer(ledger).sign()
    ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=b"later")])
    with pytest.raises(LedgerError, match=r"ledger\.range"):
        make_proof(ledger, 20, note)


def test_a_proof_without_its_entry_says_nothing_of_it(ledger: Ledger) -> None:
    signer = Signer(ledger)
    proof = make_proof(ledger, 3, signer.sign(), entry=False)
    assert b"extra" not in proof.encode()
    assert verify(proof, signer.trust, entry=ledger.entry(3).raw).index == 3


@given(st.data())
def test_no_byte_of_a_proof_can_be_changed_to_show_another_entry(data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(rows("tlog_proof_accepted.json", "want"))).values
    given, want = chosen
    raw = given["proof"].encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    trust = Trust(VerifierKey.parse(given["vkey"]))
    try:
        proved = verify(Proof.parse(changed), trust, entry=want["entry"].encode())
    except LedgerError:
        return
    # What nobody signed or asked for may change: the extra data, other people's signatures.
    assert (proved.index, proved.checkpoint.size) == (want["index"], want["size"])

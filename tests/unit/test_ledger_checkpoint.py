"""Checkpoints: their text, and whose word it takes."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from guantong.ledger import LedgerError
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.note import Note, sign
from guantong.ledger.note_key import KeyType, SignerKey

VECTORS = Path(__file__).parent.parent / "vectors" / "note_checkpoints.json"
ORIGIN = "ledger.example/test"
LOG = SignerKey(ORIGIN, sha256(b"log").digest())
WITNESSES = [
    SignerKey(f"w{number}.example", sha256(bytes([number])).digest(), KeyType.COSIGNATURE)
    for number in range(3)
]
STATED = Checkpoint(ORIGIN, 7, sha256(b"root").digest())


def rows(kind: str) -> list[Any]:
    found = json.loads(VECTORS.read_text("utf-8"))
    return [pytest.param(row["input"], row[kind], id=row["desc"]) for row in found if kind in row]


def cosigned(*witnesses: SignerKey, by: SignerKey = LOG, stated: Checkpoint = STATED) -> bytes:
    body = stated.encode()
    lines = [by.sign(body), *(witness.sign(body, at_s=1_790_000_000) for witness in witnesses)]
    return Note(body, tuple(lines)).encode()


def trust(quorum: int = 0) -> Trust:
    return Trust(LOG.verifier(), tuple(each.verifier() for each in WITNESSES), quorum)


def code_of(raw: bytes, by: Trust) -> str:
    with pytest.raises(LedgerError) as refusal:
        by.open(raw)
    (found,) = refusal.value.faults
    return found.code


@pytest.mark.parametrize(("given", "want"), rows("want"))
def test_accepted(given: str, want: dict[str, Any]) -> None:
    stated = Checkpoint.parse(given)
    said = {
        "origin": stated.origin,
        "size": stated.size,
        "root": stated.root.hex(),
        "extensions": list(stated.extensions),
    }
    assert said == want
    assert stated.encode() == given


@pytest.mark.parametrize(("given", "fault"), rows("fault"))
def test_refused(given: str, fault: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        Checkpoint.parse(given)
    assert [found.code for found in refusal.value.faults] == [fault]


def test_a_checkpoint_of_the_log_is_believed() -> None:
    stated, opened = trust().open(cosigned(*WITNESSES[:2]))
    assert stated == STATED
    assert [signed.key.name for signed in opened.by] == [ORIGIN, "w0.example", "w1.example"]
    assert opened.by[1].at_s == 1_790_000_000


@pytest.mark.parametrize("quorum", [0, 1, 2])
def test_enough_witnesses(quorum: int) -> None:
    assert trust(quorum).open(cosigned(*WITNESSES[:2]))[0] == STATED


def test_too_few_witnesses() -> None:
    assert code_of(cosigned(*WITNESSES[:2]), trust(3)) == "ledger.note_unsigned"


def test_one_witness_named_twice_is_one() -> None:
    twice = Trust(LOG.verifier(), (WITNESSES[0].verifier(),) * 2, 2)
    assert code_of(cosigned(WITNESSES[0]), twice) == "ledger.note_unsigned"


def test_witnesses_without_the_log_are_not_enough() -> None:
    stranger = SignerKey(ORIGIN, sha256(b"stranger").digest())
    assert code_of(cosigned(*WITNESSES, by=stranger), trust(1)) == "ledger.note_unsigned"


def test_another_origin_under_the_right_key_is_refused() -> None:
    elsewhere = Checkpoint("elsewhere.example", 7, STATED.root)
    assert code_of(cosigned(stated=elsewhere), trust()) == "ledger.checkpoint"


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    assert code_of(sign("hello\n", [LOG]), trust()) == "ledger.checkpoint"

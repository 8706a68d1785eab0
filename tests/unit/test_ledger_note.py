"""Signed notes: what is believed, what is passed over, what is refused."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.ledger import LedgerError
from guantong.ledger.note import NOTE_BYTES_MAX, Note, open_note, sign
from guantong.ledger.note_key import KeyType, SignerKey, VerifierKey

VECTORS = Path(__file__).parent.parent / "vectors"
LOG = SignerKey("ledger.example/test", sha256(b"log").digest())


def rows(name: str, kind: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text("utf-8"))
    return [pytest.param(row["input"], row[kind], id=row["desc"]) for row in found if kind in row]


def keys(texts: list[str]) -> list[VerifierKey]:
    return [VerifierKey.parse(text) for text in texts]


@pytest.mark.parametrize(("given", "want"), rows("note_accepted.json", "want"))
def test_accepted(given: dict[str, Any], want: dict[str, Any]) -> None:
    raw = given["note"].encode()
    opened = open_note(raw, keys(given["keys"]))
    assert opened.body == want["body"]
    assert [[signed.key.name, signed.at_s] for signed in opened.by] == want["by"]
    assert Note.parse(raw).encode() == raw


@pytest.mark.parametrize(("given", "fault"), rows("note_refused.json", "fault"))
def test_refused(given: dict[str, Any], fault: str) -> None:
    known = keys(given["keys"])
    with pytest.raises(LedgerError) as refusal:
        open_note(given["note"].encode(), known)
    assert [found.code for found in refusal.value.faults] == [fault]


@pytest.mark.parametrize(("given", "want"), rows("note_keys.json", "want"))
def test_keys_accepted(given: str, want: dict[str, Any]) -> None:
    key = VerifierKey.parse(given)
    said = {"name": key.name, "type": int(key.type), "id": key.id.hex(), "public": key.public.hex()}
    assert said == want
    assert VerifierKey.parse(key.encode()) == key


@pytest.mark.parametrize(("given", "fault"), rows("note_keys.json", "fault"))
def test_keys_refused(given: str, fault: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        VerifierKey.parse(given)
    assert [found.code for found in refusal.value.faults] == [fault]


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    signed = sign("a\n", [LOG])
    with pytest.raises(LedgerError, match=r"ledger\.note: expected UTF-8"):
        open_note(b"\xff" + signed, [LOG.verifier()])


def test_a_note_that_is_too_long_is_refused() -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note: expected at most"):
        Note.parse(b"x" * (NOTE_BYTES_MAX + 1))


@pytest.mark.parametrize("body", ["", "no newline", "\n", "\nblank first\n", "a\x00b\n"])
def test_only_what_can_be_read_back_is_signed(body: str) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note"):
        sign(body, [LOG])


@pytest.mark.parametrize("kind", list(KeyType))
def test_a_signing_key_is_read_as_it_was_written(kind: KeyType) -> None:
    key = SignerKey("a.example", bytes(range(32)), kind)
    assert SignerKey.parse(key.encode()) == key
    assert SignerKey.parse(key.encode()).verifier() == key.verifier()


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG.verifier().encode(),
        LOG.encode().removeprefix("PRIVATE+KEY+"),
        LOG.encode()[:-5],
        LOG.encode().replace(LOG.verifier().id.hex(), "00000000"),
        LOG.encode().replace(LOG.name, ""),
    ],
)
def test_what_is_no_signing_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        SignerKey.parse(text)
    assert str(refusal.value).endswith("got other text")


def test_a_signing_key_is_not_shown() -> None:
    assert LOG.encode().rpartition("+")[2] not in repr(LOG)
    assert repr(LOG.seed) not in repr(LOG)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        Note.parse(raw)
    except LedgerError:
        return
    assert Note.parse(raw).encode() == raw


@given(st.data())
def test_a_changed_byte_is_never_believed(data: st.DataObject) -> None:
    raw = sign("ledger.example/test\n12\nroot\n", [LOG])
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    with pytest.raises(LedgerError):
        open_note(changed, [LOG.verifier()])

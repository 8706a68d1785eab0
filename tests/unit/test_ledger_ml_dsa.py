"""Signatures no quantum computer forges: ML-DSA-44 of logs, witnesses and mirrors."""

from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from guantong.clock import SetClock
from guantong.ledger import LedgerError, SeededEntropy
from guantong.ledger.checkpoint import Trust
from guantong.ledger.note import Note, open_note, sign
from guantong.ledger.note_key import KeyType, Line, SignerKey, VerifierKey
from guantong.ledger.policy import Policy
from guantong.ledger.signer import SECOND_KEY, Signer, add_key, create_key
from guantong.ledger.witness import Asked, Witness
from guantong.serve.cli import main
from tests.witness_small import append, log_key, small_log

SEED = bytes(range(32))
KEY = SignerKey("witness.example/w", SEED, KeyType.ML_DSA_44)
ORIGIN = "log.example"
ROOT = bytes(range(32, 64))
BODY = f"{ORIGIN}\n20852163\n{b64encode(ROOT).decode()}\n"
TIME = 1_679_315_147
SAID = (
    b"subtree/v1\n\0"
    + bytes([17])
    + b"witness.example/w"
    + TIME.to_bytes(8, "big")
    + bytes([11])
    + b"log.example"
    + bytes(8)
    + (20852163).to_bytes(8, "big")
    + ROOT
)
LINE = KEY.sign(BODY, at_s=TIME)


def test_what_is_signed_is_the_struct_of_the_standard() -> None:
    assert LINE.signature[:8] == TIME.to_bytes(8, "big")
    assert len(LINE.signature) == 8 + 2420
    MLDSA44PrivateKey.from_seed_bytes(SEED).public_key().verify(LINE.signature[8:], SAID)
    assert KEY.verifier().time_of(BODY, LINE.signature) == TIME


def test_a_signature_made_elsewhere_is_believed() -> None:
    made = TIME.to_bytes(8, "big") + MLDSA44PrivateKey.from_seed_bytes(SEED).sign(SAID)
    assert KEY.verifier().time_of(BODY, made) == TIME


def test_further_lines_of_a_checkpoint_are_not_signed() -> None:
    assert KEY.verifier().time_of(f"{BODY}more\n", LINE.signature) == TIME


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace("20852163", "20852162"),
        BODY.replace(ORIGIN, "log.exampl"),
        f"{ORIGIN}\n20852163\n{b64encode(bytes(32)).decode()}\n",
        BODY.replace("20852163", "-1"),
        BODY.replace("20852163", "9" * 19),
        BODY.replace("20852163", "9" * 30),
        f"{ORIGIN}\n20852163\n",
        "x\n",
    ],
)
def test_another_body_is_not_what_was_signed(body: str) -> None:
    assert KEY.verifier().time_of(body, LINE.signature) is None


def test_neither_another_time_nor_cosigner_nor_bit() -> None:
    own, told = KEY.verifier(), LINE.signature
    assert own.time_of(BODY, (TIME + 1).to_bytes(8, "big") + told[8:]) is None
    assert own.time_of(BODY, b"\xff" + told[1:]) is None
    assert VerifierKey("other.example", own.type, own.public).time_of(BODY, told) is None
    assert own.time_of(BODY, told[:-1]) is None
    assert own.time_of(BODY, told[:-1] + bytes([told[-1] ^ 1])) is None
    assert own.time_of(BODY, b"") is None


@pytest.mark.parametrize("body", ["for all to read\n", f"{'o' * 256}\n1\n{'A' * 43}=\n"])
def test_it_signs_checkpoints_alone(body: str) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note: expected a checkpoint"):
        KEY.sign(body)


def test_a_wrong_line_of_a_known_key_refuses_the_note() -> None:
    first = SignerKey(ORIGIN, bytes(32))
    lines = (first.sign(BODY), Line(LINE.name, LINE.id, bytes(8) + LINE.signature[8:]))
    raw = Note(BODY, lines).encode()
    assert open_note(raw, [first.verifier()]).is_by(first.verifier())
    with pytest.raises(LedgerError, match=r"ledger\.note_signature"):
        open_note(raw, [first.verifier(), KEY.verifier()])


def test_a_log_signs_with_two_keys(tmp_path: Path) -> None:
    with small_log(tmp_path / "log", ORIGIN, 3) as ledger:
        second = add_key(ledger.directory, ORIGIN, entropy=SeededEntropy("second"))
        signer = Signer(ledger)
        note = signer.sign()
        assert [line.id for line in Note.parse(note).lines] == [signer.trust.log.id, second.id]
        assert signer.sign() == Signer(ledger).sign() == note
        Trust(signer.trust.log, (second,), 1).open(note)
        append(ledger, 1)
        assert Trust(signer.trust.log, (second,), 1).open(signer.sign())[0].size == 4


def test_a_second_key_that_came_later_signs_the_same_state_too(tmp_path: Path) -> None:
    with small_log(tmp_path / "log", ORIGIN, 3) as ledger:
        before = Signer(ledger).sign()
        second = add_key(ledger.directory, ORIGIN, entropy=SeededEntropy("second"))
        after = Note.parse(Signer(ledger).sign())
        assert after.body == Note.parse(before).body
        assert after.lines[0] == Note.parse(before).lines[0]
        assert after.lines[1].id == second.id


def test_a_reader_who_wants_the_second_line_refuses_a_note_without(tmp_path: Path) -> None:
    with small_log(tmp_path / "log", ORIGIN, 3) as ledger:
        note = Signer(ledger).sign()
        second = add_key(ledger.directory, ORIGIN, entropy=SeededEntropy("second"))
        with pytest.raises(LedgerError, match=r"expected 1 of 1 witnesses"):
            Trust(log_key(ORIGIN).verifier(), (second,), 1).open(note)


def test_there_is_no_second_key_without_a_first_and_no_third(tmp_path: Path) -> None:
    with small_log(tmp_path / "log", ORIGIN) as ledger:
        add_key(ledger.directory, ORIGIN, entropy=SeededEntropy("second"))
        with pytest.raises(LedgerError, match=r"ledger\.exists"):
            add_key(ledger.directory, ORIGIN, entropy=SeededEntropy("third"))
    with pytest.raises(LedgerError, match=r"ledger\.key: .* got no file"):
        add_key(tmp_path, ORIGIN, entropy=SeededEntropy("second"))


def test_a_second_key_of_another_kind_or_open_to_others_is_refused(tmp_path: Path) -> None:
    with small_log(tmp_path / "log", ORIGIN) as ledger:
        place = ledger.directory / SECOND_KEY
        place.write_text(log_key(ORIGIN).encode())
        place.chmod(0o600)
        with pytest.raises(LedgerError, match="expected a key of type 06, got 01"):
            Signer(ledger)
        place.chmod(0o644)
        with pytest.raises(LedgerError, match="expected mode 0600"):
            Signer(ledger)


def test_a_witness_and_a_policy_of_both_kinds(tmp_path: Path) -> None:
    kinds = {"new": KeyType.ML_DSA_44, "old": KeyType.COSIGNATURE}
    log = log_key(ORIGIN)
    keys, lines = {}, []
    with small_log(tmp_path / "log", ORIGIN, 2) as ledger:
        note = Signer(ledger).sign()
        for name, kind in kinds.items():
            place = tmp_path / name
            place.mkdir()
            keys[name] = create_key(place, name, entropy=SeededEntropy(name), kind=kind)
            witness = Witness(place, [log.verifier()], clock=SetClock(5000))
            lines.append(witness.add_checkpoint(Asked(0, (), note)))
    said = "".join(f"witness {name} {key.encode()}\n" for name, key in keys.items())
    policy = Policy.parse(f"{said}group both all new old\nquorum both\n".encode())
    parsed = Note.parse(note)
    whole = Note(parsed.body, (*parsed.lines, *lines)).encode()
    _, opened = policy.over(log.verifier()).open(whole)
    assert {signed.key.name: signed.at_s for signed in opened.by} == {ORIGIN: 0, "new": 5, "old": 5}
    with pytest.raises(LedgerError, match="the quorum both"):
        policy.over(log.verifier()).open(Note(parsed.body, (*parsed.lines, lines[1])).encode())


def test_a_log_of_a_policy_signs_with_the_key_of_a_log() -> None:
    with pytest.raises(LedgerError, match=r"expected a key of type 01, got 06"):
        Policy.parse(f"log {KEY.verifier().encode()}\nquorum none\n".encode())
    plain = SignerKey("w", SEED).verifier().encode()
    with pytest.raises(LedgerError, match=r"expected a key of type 04 or 06, got 01"):
        Policy.parse(f"witness w {plain}\nquorum none\n".encode())


def test_by_command(tmp_path: Path) -> None:
    run = CliRunner().invoke
    for group in ("witness", "mirror"):
        made = run(main, ["ledger", group, "new", str(tmp_path / group), "a.example", "--ml-dsa"])
        assert VerifierKey.parse(made.output).type is KeyType.ML_DSA_44
    data = str(tmp_path / "data")
    assert run(main, ["init", "--data", data]).exit_code == 0
    made = run(main, ["ledger", "key", "--data", data, "--ml-dsa"])
    key = VerifierKey.parse(made.output)
    out = str(tmp_path / "out")
    assert run(main, ["ledger", "export", out, "--data", data]).exit_code == 0
    note = (tmp_path / "out" / "checkpoint").read_bytes()
    assert open_note(note, [key]).is_by(key)
    again = run(main, ["ledger", "key", "--data", data, "--ml-dsa"])
    assert again.exit_code == 1
    assert "ledger.exists" in again.output


def test_a_note_for_all_to_read_has_no_such_line() -> None:
    with pytest.raises(LedgerError, match=r"ledger\.note"):
        sign("for all to read\n", [KEY])

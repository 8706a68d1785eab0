"""What a party signs, what one event shows, and what a bundle can not be made to show."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    STATEMENT_BYTES_MAX,
    Ledger,
    LedgerError,
    SeededEntropy,
    Statement,
    StatementType,
    Submission,
    check,
)
from guantong.ledger.bundle import make_proof
from guantong.ledger.disclosure import KEY_MEDIA, Bundle
from guantong.ledger.disclosure import check as check_bundle
from guantong.ledger.inner import Form, disclose, root_of
from guantong.ledger.party_key import Algorithm, PublicKey, SigningKey
from guantong.ledger.signed import Claims, Signed, pae, sign
from guantong.ledger.signer import Signer, create_key

ORIGIN = "ledger.example/signed"
PARTY = "urn:guantong:uscc:91310000MA1FL0000X"
SALT = hashlib.sha256(b"salt").digest()
BODY = b'{"events": 3}'
EVENTS = [b"{%d}" % n for n in range(10)]
KEYS = {
    "ed25519": SigningKey.of_seed(hashlib.sha256(b"key").digest()),
    "p256": SigningKey.new(Algorithm.P256),
}


def codes(refusal: pytest.ExceptionInfo[LedgerError]) -> list[str]:
    return [found.code for found in refusal.value.faults]


def claims(**other: Any) -> Claims:
    said: dict[str, Any] = {
        "by": PARTY,
        "doc": hashlib.sha256(SALT + BODY).hexdigest(),
        "media": "",
        "prev": "",
        "root": root_of(SALT, EVENTS, Form.RAW).hex(),
        "seq": 1,
        "typ": StatementType.CAPTURE,
        "v": 1,
    }
    return Claims(**(said | other))


def submission(key: SigningKey, **other: Any) -> Submission:
    said = claims(**other)
    signed = sign(said, key)
    return Submission(
        typ=said.typ,
        by=said.by,
        body=BODY,
        media=said.media,
        salt=SALT,
        root=said.root,
        key=signed.key,
        prev=said.prev,
        seq=said.seq,
        sig=b64encode(signed.signature).decode(),
    )


# Statements


def test_an_unsigned_statement_has_the_bytes_it_always_had() -> None:
    said = Statement(by="x", doc="0" * 64, media="", n=1, received=5, typ=StatementType.LOOK, v=1)
    want = b'{"by":"x","doc":"%s","media":"","n":1,"received":5,"typ":"look","v":1}' % (b"0" * 64)
    assert said.encode() == want


def test_the_members_of_a_signed_statement_stand_in_order() -> None:
    names = [field.name for field in msgspec.structs.fields(Statement)]
    assert names == sorted(names)
    assert [field.name for field in msgspec.structs.fields(Claims)] == sorted(
        Claims.__annotations__
    )


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_signed_statement_fits(key: SigningKey) -> None:
    said = submission(key, prev="f" * 64, seq=2**53 - 1)
    check(msgspec.structs.replace(said, meta={"name": "n" * 100, "kept": "0-999"}))
    assert STATEMENT_BYTES_MAX == 1_024


@pytest.mark.parametrize("length", [1, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    said = msgspec.structs.replace(submission(KEYS["ed25519"]), salt=bytes(length))
    with pytest.raises(LedgerError) as refusal:
        check(said)
    assert [(found.code, found.path) for found in refusal.value.faults] == [
        ("ledger.statement", "salt")
    ]


# Claims and signatures


def test_the_payload_is_what_any_canonical_writer_makes() -> None:
    said = claims(by='企业 "a\\b" \u2028\x7f', seq=7)
    members = msgspec.to_builtins(said)
    want = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert said.payload() == want
    assert Claims.parse(want) == said


def test_what_is_signed_has_type_and_lengths() -> None:
    kind = "application/vnd.guantong.statement+json"
    assert pae(b"{}") == b"DSSEv1 39 " + kind.encode() + b" 2 {}"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw.replace(b",", b", "), id="a space"),
        pytest.param(lambda raw: raw[:-1] + b',"more":1}', id="another member"),
        pytest.param(lambda raw: raw.replace(b'"media":"",', b""), id="a member less"),
        pytest.param(lambda raw: raw.replace(b'"seq":1', b'"seq":1.0'), id="another number"),
        pytest.param(lambda raw: raw.replace(b'"by"', b'"\\u0062y"'), id="another spelling"),
        pytest.param(lambda raw: b"[" + raw + b"]", id="another value"),
        pytest.param(lambda _: b"\xff", id="no text"),
    ],
)
def test_a_payload_that_does_not_follow_from_the_entry_is_refused(
    change: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(LedgerError) as refusal:
        Claims.parse(change(claims().payload()))
    assert codes(refusal) == ["ledger.envelope"]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_envelope_comes_back(key: SigningKey) -> None:
    made = sign(claims(), key)
    read = Signed.parse(made.encode())
    assert read == made
    read.check(PublicKey.parse(key.public.encode()))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_claim_is_signed(key: SigningKey) -> None:
    made = sign(claims(), key)
    others = {"by": "x", "doc": "x", "media": "x", "prev": "x", "root": "x", "seq": 2, "v": 2}
    for name, value in (others | {"typ": StatementType.LOOK}).items():
        forged = replace(made, claims=msgspec.structs.replace(made.claims, **{name: value}))
        with pytest.raises(LedgerError) as refusal:
            forged.check(key.public)
        assert codes(refusal) == ["ledger.signature"], name


def test_the_key_of_another_is_refused() -> None:
    made = sign(claims(), KEYS["ed25519"])
    other = SigningKey.of_seed(bytes(32)).public
    for forged in (made, replace(made, key=other.id)):
        with pytest.raises(LedgerError) as refusal:
            forged.check(other)
        assert codes(refusal) == ["ledger.signature"]


@pytest.mark.parametrize(
    "change",
    [
        {"payloadType": "application/json"},
        {"signatures": []},
        {"signatures": [{"sig": "AA=="}] * 2},
        {"signatures": [{"sig": "AB=="}]},
        {"signatures": [{"sig": "!"}]},
        {"payload": 1},
    ],
    ids=str,
)
def test_what_is_no_envelope_is_refused(change: dict[str, Any]) -> None:
    envelope = json.loads(sign(claims(), KEYS["ed25519"]).encode()) | change
    with pytest.raises(LedgerError) as refusal:
        Signed.parse(json.dumps(envelope).encode())
    assert codes(refusal) == ["ledger.envelope"]


# Keys


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_come_back(key: SigningKey) -> None:
    assert SigningKey.parse(key.encode()).public == key.public
    pem = f"-----BEGIN PUBLIC KEY-----\n{key.public.encode()}\n-----END PUBLIC KEY-----\n"
    assert PublicKey.parse(pem).id == key.public.id == hashlib.sha256(key.public.der).hexdigest()
    assert "PRIVATE" not in repr(key)


def test_other_keys_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spki = PublicFormat.SubjectPublicKeyInfo
    others = [
        ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(Encoding.DER, spki),
        rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.DER, spki),
        KEYS["ed25519"].public.der + b"\0",
        b"",
    ]
    for der in others:
        with pytest.raises(LedgerError) as refusal:
            PublicKey.of(der)
        assert codes(refusal) == ["ledger.party_key"]
    with pytest.raises(LedgerError) as refusal:
        SigningKey.parse(b"secret text")
    assert codes(refusal) == ["ledger.party_key"]
    assert "secret" not in str(refusal.value)


# Single events


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 1_000])
def test_each_event_leads_to_the_root(size: int) -> None:
    events = [b"event %d" % n for n in range(size)]
    root = root_of(SALT, events, Form.RAW)
    for index in {0, size // 2, size - 1}:
        shown = disclose(SALT, events, Form.RAW, index)
        assert shown.event == events[index]
        assert shown.root() == root


def test_one_event_says_nothing_of_the_others() -> None:
    events = [b"event %d" % n for n in range(1_000)]
    shown = disclose(SALT, events, Form.RAW, 500)
    assert len(shown.hashes) == 10
    said = b"".join([shown.event, shown.salt, *shown.hashes])
    assert SALT not in said
    assert not any(hashlib.sha256(b"\0" + other).digest() in said for other in events)
    assert not any(other in said for other in events if other not in events[500])


def test_a_changed_event_leads_elsewhere() -> None:
    root = root_of(SALT, EVENTS, Form.RAW)
    shown = disclose(SALT, EVENTS, Form.RAW, 3)
    forged = [
        replace(shown, event=b"{4}"),
        replace(shown, salt=bytes(16)),
        replace(shown, salt=shown.salt[:15], event=shown.salt[15:] + shown.event),
        replace(shown, index=4),
        replace(shown, size=11),
        replace(shown, size=3),
        replace(shown, index=10),
        replace(shown, form=Form.CANONICAL),
        replace(shown, hashes=shown.hashes[:-1]),
        replace(shown, hashes=(*shown.hashes, bytes(32))),
        replace(shown, hashes=(bytes(31), *shown.hashes[1:])),
    ]
    assert [one.root() for one in forged if one.root() == root] == []


def test_an_event_that_is_not_there_has_no_proof() -> None:
    for index, events in ((10, EVENTS), (-1, EVENTS), (0, [])):
        with pytest.raises(LedgerError) as refusal:
            disclose(SALT, events, Form.RAW, index)
        assert codes(refusal) == ["ledger.range"]


# Bundles


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("signed")}
    with Ledger.create(tmp_path / "ledger", ORIGIN, **options) as made:
        create_key(made.directory, ORIGIN, entropy=SeededEntropy("key"))
        for key in KEYS.values():
            made.append([registration(key), submission(key)])
        yield made


def registration(key: SigningKey, party: str = PARTY) -> Submission:
    meta = {"id": key.public.id, "party": party, "public": key.public.encode()}
    return Submission(typ=StatementType.KEY, by="operator", body=b"{}", media=KEY_MEDIA, meta=meta)


def bundle(ledger: Ledger, index: int) -> Bundle:
    note = Signer(ledger).sign()
    event = disclose(SALT, EVENTS, Form.RAW, 3)
    return Bundle(make_proof(ledger, index, note), event, make_proof(ledger, index - 1, note))


@pytest.mark.parametrize("index", [1, 3])
def test_a_bundle_shows_event_signer_and_log(ledger: Ledger, index: int) -> None:
    raw = bundle(ledger, index).encode()
    shown = check_bundle(Bundle.parse(raw), Signer(ledger).trust)
    assert shown.event is not None
    assert shown.event.event == b"{3}"
    assert shown.signer == list(KEYS.values())[index // 2].public
    assert shown.statement.doc == claims().doc
    assert ledger.opening(index).salt == SALT


def test_every_flipped_bit_of_a_bundle_is_seen(ledger: Ledger) -> None:
    raw, trust = bundle(ledger, 1).encode(), Signer(ledger).trust
    right = check_bundle(Bundle.parse(raw), trust)
    for at in range(0, len(raw), 5):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        try:
            shown = check_bundle(Bundle.parse(changed), trust)
        except LedgerError:
            continue
        # Case in a name of no weight, or a line for a key nobody knows; what is shown is the same.
        assert (shown.event, shown.statement) == (right.event, right.statement), at


def test_parts_that_do_not_belong_together_are_refused(ledger: Ledger) -> None:
    good, trust = bundle(ledger, 1), Signer(ledger).trust
    assert good.event is not None
    forged = {
        "no key": replace(good, key=None),
        "another's key": replace(good, key=make_proof(ledger, 2, Signer(ledger).sign())),
        "an entry as a key": replace(good, key=good.entry),
        "another event": replace(good, event=replace(good.event, event=b"{4}")),
        "an event of an entry without": replace(good, entry=replace(good.key or good.entry)),
    }
    for name, one in forged.items():
        with pytest.raises(LedgerError) as refusal:
            check_bundle(Bundle.parse(one.encode()), trust)
        assert codes(refusal)[0] in {"ledger.disclosure", "ledger.signature"}, name


def test_the_key_of_another_party_proves_nothing(ledger: Ledger) -> None:
    key = KEYS["ed25519"]
    (at, entry) = ledger.append([registration(key, "another"), submission(key)])
    note = Signer(ledger).sign()
    forged = Bundle(make_proof(ledger, entry.index, note), None, make_proof(ledger, at.index, note))
    with pytest.raises(LedgerError) as refusal:
        check_bundle(forged, Signer(ledger).trust)
    assert codes(refusal) == ["ledger.disclosure"]


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"bundle":"other","entry":""}', b"\xff"])
def test_what_is_no_bundle_is_refused(raw: bytes) -> None:
    with pytest.raises(LedgerError) as refusal:
        Bundle.parse(raw)
    assert codes(refusal) == ["ledger.disclosure"]


def test_a_signature_under_the_id_of_another_key_is_refused() -> None:
    """The id stands beside the claims, not in them: it must be that of the key that verifies."""
    mine, other = KEYS["ed25519"], SigningKey.new()
    made = sign(claims(), mine)
    with pytest.raises(LedgerError) as refusal:
        replace(made, key=other.public.id).check(mine.public)
    assert codes(refusal) == ["ledger.signature"]

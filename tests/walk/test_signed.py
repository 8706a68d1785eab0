"""A party signs what it sends: what goes in, what does not, and what others can check of it."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.capture.model import Action, Document, ErrorDeclaration, Event, EventType
from guantong.clock import SetClock
from guantong.errors import Refusal
from guantong.ledger import LedgerError, SeededEntropy, StatementType, Submission
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.ledger.signed import Claims, Signed, sign
from guantong.ledger.signer import Signer
from guantong.serve import party_keys
from guantong.serve.app import create_app
from guantong.serve.audit import audit
from guantong.serve.bundles import make_bundle
from guantong.serve.cli import main
from guantong.serve.events import Made, made_in
from guantong.serve.intake import Receipt
from guantong.serve.job import facts_of, offer_of
from guantong.serve.keys import new_key
from guantong.serve.seal import MEDIA, SignedFile, signed_file
from guantong.serve.world import World, open_world, read_world, rebuild
from guantong.settings import Settings

PARTY = "https://id.gs1.org/417/6901234000009"
OTHER = "https://id.gs1.org/417/6909876000003"
FIRM = Caller(PARTY, Level.PARTY)


def document(first: int, count: int = 3) -> bytes:
    events = [
        {
            "type": "ObjectEvent",
            "eventTime": f"2026-03-01T00:00:{n % 60:02}.{n:03}Z",
            "eventTimeZoneOffset": "+08:00",
            "action": "OBSERVE",
            "epcList": [f"https://id.gs1.org/01/06901234567892/21/S{first}x{n}"],
        }
        for n in range(count)
    ]
    body = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(body).encode()


@dataclass
class Firm:
    """A party with a key, that remembers its last receipt."""

    world: World
    party: str = PARTY
    key: SigningKey = field(default_factory=lambda: SigningKey.of_seed(b"k" * 32))
    after: tuple[int, str] = (0, "")
    salts: SeededEntropy = field(default_factory=lambda: SeededEntropy("firm"))

    @property
    def caller(self) -> Caller:
        return Caller(self.party, Level.PARTY)

    def file(self, data: bytes, **other: Any) -> bytes:
        offer = offer_of(data)
        read = self.world.intake.read(offer).document if self.world.intake else None
        assert read is not None
        facts = facts_of(offer, read, self.caller)
        options = {"salt": self.salts.salts(1)[0], "after": self.after} | other
        return signed_file(data, read, facts, self.key, **options)

    def send(self, data: bytes, **other: Any) -> Receipt:
        receipt = self.world.submit(offer_of(self.file(data, **other), media=MEDIA), self.caller)
        if receipt.accepted:
            self.after = (receipt.seq, receipt.leaf)
        return receipt

    def register(self, key: SigningKey | None = None, *, replaces: str = "") -> Receipt:
        text = (key or self.key).public.encode()
        record = party_keys.registration(text, self.party, replaces=replaces)
        return self.world.enter_signing_key(record, OPERATOR)

    def revoke(self) -> Receipt:
        record = party_keys.PartyKey(self.key.public.id, self.party)
        return self.world.enter_signing_key(record, OPERATOR)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(data=tmp_path / "data")
    entropy = SeededEntropy("walk")
    clock = SetClock(1_772_000_000_000)
    with open_world(settings, clock=clock, entropy=entropy, create=True) as made:
        yield made


@pytest.fixture
def firm(world: World) -> Firm:
    made = Firm(world)
    assert made.register().accepted
    return made


def refused(receipt: Receipt, *codes: str) -> bool:
    assert [found.code for found in receipt.faults] == list(codes)
    return not receipt.accepted


# What goes in


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_signed_documents_form_a_chain(world: World, algorithm: Algorithm) -> None:
    firm = Firm(world, key=SigningKey.new(algorithm))
    assert firm.register().accepted
    leaf = ""
    for n in range(1, 4):
        receipt = firm.send(document(n))
        said = world.ledger.entry(receipt.ledger_index)
        assert (receipt.accepted, receipt.seq, receipt.leaf) == (True, n, said.leaf.hex())
        assert (said.statement.seq, said.statement.prev, said.statement.att) == (n, leaf, "")
        Signed.of(said.statement).check(firm.key.public)
        leaf = receipt.leaf
    assert len(world.ledger.entry(3).raw) < 1_024


def test_unsigned_documents_say_that_the_gateway_vouches(world: World) -> None:
    receipt = world.submit(offer_of(document(1)), FIRM)
    said = world.ledger.entry(receipt.ledger_index).statement
    assert (said.att, said.sig, receipt.seq) == ("gateway", "", 0)
    assert said.root
    entered = world.enter_signing_key(
        party_keys.registration(Firm(world).key.public.encode(), PARTY), OPERATOR
    )
    assert world.ledger.entry(entered.ledger_index).statement.att == ""


def test_the_same_file_again_gives_the_same_receipt(firm: Firm) -> None:
    offer = offer_of(firm.file(document(1)), media=MEDIA)
    first, again = firm.world.submit(offer, FIRM), firm.world.submit(offer, FIRM)
    assert (again.repeated, again.seq, again.leaf) == (True, 1, first.leaf)
    assert again.ledger_index == first.ledger_index


def test_parties_do_not_wait_for_each_other(firm: Firm) -> None:
    other = Firm(firm.world, OTHER, SigningKey.of_seed(b"o" * 32))
    assert other.register().accepted
    for n in range(1, 4):
        assert firm.send(document(n)).seq == other.send(document(n)).seq == n


def test_a_group_takes_one_document_of_each_chain(firm: Firm) -> None:
    """A second one can not name its predecessor: nobody has been told of it."""
    offers = [offer_of(firm.file(document(n)), media=MEDIA) for n in range(2)]
    answers = [firm.world.offer(offer, FIRM) for offer in offers]
    first, second = (answer.result() for answer in answers)
    assert first.accepted
    assert refused(second, "serve.seq")


def test_only_a_part_may_be_kept(firm: Firm) -> None:
    assert firm.send(document(1)).accepted
    offer = offer_of(firm.file(document(1, 5)), media=MEDIA, proceed=True)
    receipt = firm.world.submit(offer, FIRM)
    assert (receipt.accepted, receipt.events, receipt.seq) == (True, 2, 2)


def test_a_signer_may_leave_the_root_to_itself(firm: Firm) -> None:
    receipt = altered(firm, root="")
    said = firm.world.ledger.entry(receipt.ledger_index).statement
    assert (receipt.accepted, said.root) == (True, "")


# What does not


def altered(firm: Firm, data: bytes | None = None, **claims: Any) -> Receipt:
    """What is said to a file whose signer claims something else."""
    file = msgspec.json.decode(firm.file(document(1)), type=SignedFile)
    signed = Signed.parse(bytes(file.envelope))
    other: Claims = msgspec.structs.replace(signed.claims, **claims)
    envelope = msgspec.Raw(sign(other, firm.key).encode())
    made = SignedFile(data or file.document, envelope, file.salt)
    return firm.world.submit(offer_of(msgspec.json.encode(made), media=MEDIA), firm.caller)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("by", OTHER),
        ("doc", "0" * 64),
        ("media", "Text/CSV; x=1"),
        ("root", "0" * 64),
        ("typ", StatementType.MASTER_DATA),
        ("v", 2),
    ],
)
def test_claims_that_do_not_follow_are_refused(firm: Firm, member: str, value: Any) -> None:
    receipt = altered(firm, **{member: value})
    assert refused(receipt, "ledger.envelope")
    assert receipt.faults[0].path == f"payload.{member}"
    assert firm.world.ledger.size == 1


def test_another_document_than_the_signed_one_is_refused(firm: Firm) -> None:
    assert refused(altered(firm, data=document(2)), "ledger.envelope")
    assert firm.world.ledger.size == 1


def test_a_signature_of_another_key_is_refused(firm: Firm) -> None:
    file = msgspec.json.decode(firm.file(document(1)), type=SignedFile)
    signed = Signed.parse(bytes(file.envelope))
    wrong = sign(signed.claims, SigningKey.of_seed(b"x" * 32)).signature
    forged = msgspec.Raw(Signed(signed.claims, signed.key, wrong).encode())
    made = msgspec.json.encode(SignedFile(file.document, forged, file.salt))
    assert refused(firm.world.submit(offer_of(made, media=MEDIA), FIRM), "ledger.signature")
    assert firm.world.ledger.size == 1


def test_a_key_nobody_registered_is_refused(world: World) -> None:
    assert refused(Firm(world).send(document(1)), "serve.signer")
    assert world.ledger.size == 0


def test_the_key_of_another_party_is_refused(firm: Firm) -> None:
    other = Firm(firm.world, OTHER, firm.key)
    assert refused(other.send(document(1)), "serve.signer")


@pytest.mark.parametrize(("seq", "code"), [(0, "seq"), (1, "seq"), (3, "seq"), (2, "prev")])
def test_gaps_and_other_predecessors_are_refused(firm: Firm, seq: int, code: str) -> None:
    assert firm.send(document(1)).accepted
    assert refused(firm.send(document(2), after=(seq - 1, "0" * 64)), f"serve.{code}")
    assert firm.world.ledger.size == 2
    assert firm.send(document(2)).seq == 2


def test_a_first_document_follows_nothing(firm: Firm) -> None:
    assert refused(firm.send(document(1), after=(0, "0" * 64)), "serve.prev")


@pytest.mark.parametrize(
    "change",
    [{"salt": "AAAA"}, {"envelope": {}}, {"document": 1}, {"more": 1}],
    ids=str,
)
def test_what_is_no_signed_file_is_refused(firm: Firm, change: dict[str, Any]) -> None:
    file = json.loads(firm.file(document(1))) | change
    with pytest.raises(LedgerError) as refusal:
        offer_of(json.dumps(file).encode(), media=MEDIA)
    assert [found.code for found in refusal.value.faults] == ["ledger.envelope"]


# Keys


def test_a_key_counts_from_its_entry_to_its_end(firm: Firm) -> None:
    assert firm.send(document(1)).accepted
    assert firm.revoke().accepted
    assert refused(firm.send(document(2)), "serve.signer")
    assert refused(firm.register(), "serve.signing_key")
    assert refused(firm.revoke(), "serve.signing_key")


def test_a_new_key_takes_over_the_chain(firm: Firm) -> None:
    assert firm.send(document(1)).accepted
    old, new = firm.key, SigningKey.new(Algorithm.P256)
    assert firm.register(new, replaces=old.public.id).accepted
    assert refused(firm.send(document(2)), "serve.signer")
    firm.key = new
    assert firm.send(document(2)).seq == 2


def test_only_a_key_in_use_is_replaced(firm: Firm) -> None:
    assert refused(firm.register(SigningKey.new(), replaces="0" * 64), "serve.signing_key")
    assert refused(firm.register(), "serve.signing_key")


# After a restart, and from outside


def test_a_restart_and_a_rebuild_know_chain_and_keys(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with open_world(settings, create=True) as world:
        firm = Firm(world)
        assert firm.register().accepted
        for n in range(1, 7):
            assert firm.send(document(n)).accepted
    list(rebuild(settings))
    with open_world(settings) as firm.world:
        assert refused(firm.send(document(7), after=(5, firm.after[1])), "serve.seq")
        assert firm.send(document(7)).seq == 7
        assert firm.revoke().accepted
    with open_world(settings) as firm.world:
        assert refused(firm.send(document(8)), "serve.signer")


@pytest.mark.parametrize("signs", [True, False])
def test_one_event_of_a_thousand_is_shown_and_no_other(firm: Firm, signs: bool) -> None:
    data = document(1, 1_000)
    receipt = firm.send(data) if signs else firm.world.submit(offer_of(data), FIRM)
    assert firm.world.wait(receipt.ledger_index + 1)
    signer = Signer(firm.world.ledger)
    made = make_bundle(
        firm.world.ledger, firm.world.store, receipt.ledger_index, signer.sign(), event=500
    )
    raw = made.encode()
    shown = check(Bundle.parse(raw), signer.trust)
    assert shown.event is not None
    assert b"S1x500" in shown.event.event
    assert shown.event.event in data
    assert (shown.signer == firm.key.public) is signs
    salt = firm.world.ledger.opening(receipt.ledger_index).salt
    assert salt not in b"".join([shown.event.salt, *shown.event.hashes])
    assert len(raw) < 6_000


def test_a_sheet_is_proved_by_what_was_read(firm: Firm) -> None:
    data = "日期时间,步骤,编码\n2026-03-01 08:30,入库,06901234567892\n".encode()
    receipt = firm.world.submit(offer_of(data, name="a.csv"), FIRM)
    assert receipt.accepted, receipt.faults
    signer = Signer(firm.world.ledger)
    made = make_bundle(
        firm.world.ledger, firm.world.store, receipt.ledger_index, signer.sign(), event=0
    )
    shown = check(made, signer.trust)
    assert shown.event is not None
    assert shown.event.form == "canonical"
    assert json.loads(shown.event.event)["type"] == "ObjectEvent"


def test_over_http_and_by_command(firm: Firm, tmp_path: Path) -> None:
    world = firm.world
    key = world.add_key(new_key(FIRM), OPERATOR)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": MEDIA}
    with TestClient(create_app(world, world.settings)) as client:
        file = firm.file(document(1))
        answer = client.post("/capture", content=file, headers=headers)
        assert (answer.status_code, answer.json()["seq"]) == (201, 1)
        bad = file.replace(b'"salt":"', b'"salt":"A')
        answer = client.post("/capture", content=bad, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "ledger.envelope")


def test_the_commands_of_a_signer(tmp_path: Path) -> None:
    data, secret = tmp_path / "data", tmp_path / "firm.pem"
    run = runner(data)
    run("init")
    public = run("signing", "new", str(secret), installed=False)
    assert secret.stat().st_mode & 0o777 == 0o600
    told = json.loads(run("signing", "register", public, "--party", PARTY, "--json"))
    receipts = tmp_path / "receipts.json"
    for n in (1, 2):
        plain = tmp_path / f"{n}.json"
        plain.write_bytes(document(n))
        after = ["--after", str(receipts)] if n > 1 else []
        options = ["--key", str(secret), "--party", PARTY, *after]
        file = run("signing", "sign", str(plain), *options, installed=False)
        assert file == f"{plain}.signed.json"
        receipts.write_text(run("capture", file, "--party", PARTY, "--json"), "utf-8")
        assert json.loads(receipts.read_text("utf-8"))[0]["seq"] == n
    bundle, vkey = tmp_path / "b.json", tmp_path / "vkey"
    run("ledger", "proof", "2", "--event", "1", "-o", str(bundle))
    with read_world(Settings(data=data)) as world:
        vkey.write_text(Signer(world.ledger).trust.log.encode(), "utf-8")
    checked = run("ledger", "verify", str(bundle), "--vkey", str(vkey), "--json", installed=False)
    shown = json.loads(checked)
    assert shown["signed"] == {"party": PARTY, "key": told["id"]}
    assert (shown["event"]["index"], shown["event"]["size"]) == (1, 3)
    assert "S2x1" in shown["event"]["text"]
    assert "S2x0" not in checked
    bundle.write_bytes(bundle.read_bytes().replace(b'"index":1', b'"index":2'))
    run("ledger", "verify", str(bundle), "--vkey", str(vkey), installed=False, fails=True)
    run("signing", "revoke", told["id"], "--party", PARTY)
    run("capture", file.replace("2.json", "1.json"), "--party", PARTY)


def runner(data: Path) -> Callable[..., str]:
    def run(*words: str, installed: bool = True, fails: bool = False) -> str:
        place = ["--data", str(data)] if installed else []
        result = CliRunner().invoke(main, [*words, *place])
        assert (result.exit_code != 0) is fails, result.output
        return result.stdout.strip()

    return run


# Each thing made, shown alone


def making(*groups: str) -> bytes:
    """A document whose events make things."""
    body = json.loads(document(1, len(groups)))
    for event, codes in zip(body["epcisBody"]["eventList"], groups, strict=True):
        event |= {"action": "ADD", "bizStep": "commissioning", "epcList": codes.split()}
    return json.dumps(body).encode()


def test_each_thing_made_is_shown_alone_and_no_other(firm: Firm) -> None:
    things = [f"https://id.gs1.org/01/06901234567892/21/M{n}" for n in range(200)]
    receipt = firm.send(making(" ".join(things[:120]), " ".join(things[120:])), made=True)
    assert receipt.accepted, receipt.faults
    said = firm.world.ledger.entry(receipt.ledger_index).statement
    assert said.meta["made"] == 1
    assert firm.world.wait(receipt.ledger_index + 1)
    signer = Signer(firm.world.ledger)
    note = signer.sign()
    for place, code in ((0, things[0]), (0, things[119]), (1, things[120]), (1, things[199])):
        raw = make_bundle(
            firm.world.ledger,
            firm.world.store,
            receipt.ledger_index,
            note,
            event=place,
            made=code,
        ).encode()
        shown = check(Bundle.parse(raw), signer.trust)
        assert shown.event is not None
        assert json.loads(shown.event.event)["made"] == code
        others = [other.rpartition("/")[2].encode() for other in things if other != code]
        assert not any(b'"' + other + b'"' in raw + shown.event.event for other in others)
    whole = make_bundle(firm.world.ledger, firm.world.store, receipt.ledger_index, note, event=1)
    assert things[199].encode() in check(whole, signer.trust).event.event  # type: ignore[union-attr]


@pytest.mark.parametrize(("place", "code"), [(1, "M1"), (0, "M9"), (0, "m1")])
def test_what_was_not_made_there_is_not_shown(firm: Firm, place: int, code: str) -> None:
    stem = "https://id.gs1.org/01/06901234567892/21/"
    receipt = firm.send(making(f"{stem}M1 {stem}M2", f"{stem}M3"), made=True)
    assert firm.world.wait(receipt.ledger_index + 1)
    ledger, store, note = firm.world.ledger, firm.world.store, Signer(firm.world.ledger).sign()
    with pytest.raises(LedgerError):
        make_bundle(ledger, store, receipt.ledger_index, note, event=place, made=stem + code)


def test_without_its_makers_leave_nothing_made_is_shown_alone(firm: Firm) -> None:
    stem = "https://id.gs1.org/01/06901234567892/21/"
    receipt = firm.send(making(f"{stem}M1", f"{stem}M2"))
    assert "made" not in firm.world.ledger.entry(receipt.ledger_index).statement.meta
    assert firm.world.wait(receipt.ledger_index + 1)
    ledger, store, note = firm.world.ledger, firm.world.store, Signer(firm.world.ledger).sign()
    with pytest.raises(LedgerError):
        make_bundle(ledger, store, receipt.ledger_index, note, event=0, made=f"{stem}M1")


def test_of_what_was_made_only_the_making_is_for_everybody(firm: Firm) -> None:
    """The same document also tells what else was done with it."""
    code = "https://id.gs1.org/01/06901234567892/21/M1"
    body = json.loads(making(f"{code} {code}x", code))
    body["epcisBody"]["eventList"][1] |= {"action": "OBSERVE", "bizStep": "shipping"}
    data = json.dumps(body).replace("2026-03", "2026-02").encode()
    receipt = firm.send(data, made=True)
    assert receipt.accepted, receipt.faults
    world = firm.world
    assert world.wait(receipt.ledger_index + 1)
    made, shipped = world.check(code, PUBLIC).history
    assert (made.proof, made.signed) == (True, True)
    assert (shipped.proof, shipped.signed) == (False, False)
    note = Signer(world.ledger).sign()
    assert b"bundle" in world.bundle(code, PUBLIC, note)
    seen = [line.event_id for line in world.check(code, OPERATOR).history]
    with pytest.raises(Refusal) as refusal:
        world.bundle(code, PUBLIC, note, event=seen[1])
    assert [found.code for found in refusal.value.faults] == ["serve.bundle_hidden"]


def test_what_is_declared_wrong_makes_nothing() -> None:
    event = Event(
        type=EventType.OBJECT, time_ms=1, offset="+00:00", action=Action.ADD, epcs=("a", "b")
    )
    wrong = msgspec.structs.replace(event, error=ErrorDeclaration(1, "incorrect_data"))
    changed = Event(
        type=EventType.TRANSFORMATION,
        time_ms=2,
        offset="+00:00",
        input_epcs=("a",),
        output_epcs=("c",),
    )
    document = Document(format="sheet", events=(event, wrong, changed), positions=(0, 2, 3))
    assert made_in(document) == (Made(0, "a", 1), Made(0, "b", 1), Made(3, "c", 2))


def test_a_sheet_makes_things_too(firm: Firm) -> None:
    data = "日期时间,步骤,编码\n2026-03-01 08:30,生产,(01)06901234567892(21)M1\n".encode()
    offer = offer_of(data, name="a.csv")
    assert firm.world.intake is not None
    read = firm.world.intake.read(offer).document
    assert read is not None, firm.world.intake.read(offer).faults
    file = signed_file(
        data,
        read,
        facts_of(offer, read, FIRM),
        firm.key,
        salt=b"s" * 32,
        after=(0, ""),
        made=True,
    )
    receipt = firm.world.submit(offer_of(file, name="a.csv.signed.json"), FIRM)
    assert receipt.accepted, receipt.faults
    assert firm.world.ledger.entry(receipt.ledger_index).statement.meta["made"] == 1
    assert firm.world.wait(receipt.ledger_index + 1)
    (code,) = read.events[0].epcs
    signer = Signer(firm.world.ledger)
    at = receipt.ledger_index
    ledger, store = firm.world.ledger, firm.world.store
    shown = check(
        make_bundle(ledger, store, at, signer.sign(), event=read.positions[0], made=code),
        signer.trust,
    )
    assert shown.event is not None
    assert shown.event.form == "canonical+made"


# What an audit finds


def with_a_chain(firm: Firm) -> str:
    """Two signed documents; the leaf of the last."""
    for n in (1, 2):
        assert firm.send(document(n)).accepted
    assert firm.world.wait(firm.world.ledger.size)
    return firm.after[1]


def forged(firm: Firm, **claims: Any) -> Submission:
    """A submission past the writer, signed with the firm's key or with `key`."""
    key = claims.pop("key", firm.key)
    salt, body = firm.salts.salts(1)[0], document(9)
    said = Claims(
        by=firm.party,
        doc=sha256(salt + body).hexdigest(),
        media="",
        root="",
        typ=StatementType.CAPTURE,
        v=1,
        **claims,
    )
    made = sign(said, key)
    return Submission(
        typ=said.typ,
        by=said.by,
        body=body,
        media="",
        n=3,
        salt=salt,
        key=firm.key.public.id,
        prev=said.prev,
        seq=said.seq,
        sig=b64encode(made.signature).decode(),
    )


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"seq": 4}, "chains"),
        ({"seq": 3, "prev": "0" * 64}, "chains"),
        ({"key": SigningKey.of_seed(b"x" * 32)}, "signatures"),
        ({}, ""),
    ],
    ids=["a gap", "another predecessor", "another key", "nothing"],
)
def test_the_audits_name_the_entry_where_a_chain_breaks(
    firm: Firm, tmp_path: Path, change: dict[str, Any], check: str
) -> None:
    """Both the operator's and the one that needs nothing but the exported tree."""
    end = with_a_chain(firm)
    (entry,) = firm.world.ledger.append([forged(firm, **({"seq": 3, "prev": end} | change))])
    findings = audit(firm.world.settings).findings
    assert [(one.check, one.where) for one in findings] == [(check, f"entry {entry.index}")] * bool(
        check
    )
    out = tmp_path / "out"
    runner(firm.world.settings.data)("ledger", "export", str(out))
    words = ["ledger", "audit-lite", str(out), "--vkey", str(out / "vkey"), "--json"]
    seen = json.loads(runner(out)(*words, installed=False, fails=bool(check)))
    code = {"chains": "ledger.chain", "signatures": "ledger.signature", "": ""}[check]
    told = [(one["code"], one["path"]) for one in seen["findings"]]
    assert told == [(code, f"entry {entry.index}")] * bool(check)


def test_a_document_under_the_media_type_of_keys_is_a_document(firm: Firm) -> None:
    """It once ended the writer: the body was read as what is said about a key."""
    receipt = firm.world.submit(offer_of(document(1), media=party_keys.KEY_MEDIA), FIRM)
    assert receipt.accepted
    assert firm.world.ledger.entry(1).statement.typ is StatementType.CAPTURE
    assert firm.send(document(2)).seq == 1
    assert firm.world.wait(3)
    assert audit(firm.world.settings).findings == ()


def test_keys_that_never_were_are_not_remembered(firm: Firm) -> None:
    assert firm.world.wait(firm.world.ledger.size)
    known = party_keys.Known(firm.world.store)
    for n in range(3):
        assert known.public(PARTY, f"{n}" * 64) is None
    assert known.public(PARTY, firm.key.public.id) == firm.key.public
    assert len(known._at) == 1

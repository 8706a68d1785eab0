"""What a rival or a counterfeiter files about others: kept, shown as theirs, and no more."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve import json_out
from guantong.serve.app import create_app
from guantong.serve.cli import main
from guantong.serve.intake import Offer
from guantong.serve.keys import end_of, new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.verdict import Outcome

GTIN = "06901234567892"
CLASS = f"https://id.gs1.org/01/{GTIN}"
ITEM = f"{CLASS}/21/7"
CCC = "2016010901123456"
MAKER_GLN, RIVAL_GLN = "6901234567892", "6909876543229"
MAKER = Caller(f"https://id.gs1.org/417/{MAKER_GLN}", Level.PARTY)
RIVAL = Caller(f"https://id.gs1.org/417/{RIVAL_GLN}", Level.PARTY)
BODY = Caller("urn:body", Level.PARTY)
NOW_MS = 1_772_600_000_000


def records(**lists: list[dict[str, Any]]) -> Offer:
    return Offer(json.dumps({"guantong": "records"} | lists).encode())


def epcis(*events: dict[str, Any], header: dict[str, Any] | None = None) -> Offer:
    whole = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return Offer(json.dumps(whole | ({"epcisHeader": header} if header else {})).encode())


def event(number: int, **members: object) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": "2026-03-02T10:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "epcList": [ITEM],
    } | members


def file(world: World, offer: Offer, caller: Caller) -> None:
    receipt = world.submit(offer, caller)
    assert receipt.accepted, receipt.faults
    assert world.wait(world.ledger.size)


def paper(status: str, **more: object) -> dict[str, Any]:
    return {"kind": "ccc", "number": CCC, "status": status} | more


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A maker with a product and a certificate, and ten codes; the body filed the certificate."""
    settings = Settings(data=tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW_MS), create=True) as world:
        file(
            world,
            records(
                firms=[{"name": "真厂", "gln": MAKER_GLN}],
                products=[{"name": "真货", "gtin": GTIN, "firm": MAKER_GLN, "certificates": [CCC]}],
            ),
            MAKER,
        )
        file(world, records(certificates=[paper("valid", products=[GTIN])]), BODY)
        world.issue(CodeRange(class_uri=CLASS, first=0, last=9, lot="L1"), MAKER)
        file(world, records(firms=[{"name": "冒牌厂", "gln": RIVAL_GLN}]), RIVAL)
        file(world, epcis(event(1, action="ADD", bizStep="commissioning")), MAKER)
        yield world


def codes(world: World, code: str = ITEM) -> set[str]:
    return {why.code for why in world.check(code, PUBLIC).reasons}


def test_the_world_is_in_order(world: World) -> None:
    answer = world.check(ITEM, PUBLIC)
    assert (answer.outcome, answer.reasons) == (Outcome.OK, ())
    assert answer.product is not None
    assert answer.producer is not None
    assert (answer.product.name, answer.producer.name) == ("真货", "真厂")


def test_a_rival_can_not_rename_the_product_or_take_it_over(world: World) -> None:
    file(world, records(products=[{"name": "假货", "gtin": GTIN, "firm": RIVAL_GLN}]), RIVAL)
    answer = world.check(ITEM, PUBLIC)
    assert answer.product is not None
    assert answer.producer is not None
    assert (answer.product.name, answer.producer.name) == ("真货", "真厂")
    assert len(world.store.facts("product", (CLASS,))) == 2  # kept all the same


def test_a_rival_can_not_rename_the_firm(world: World) -> None:
    file(world, records(firms=[{"name": "倒闭厂", "gln": MAKER_GLN}]), RIVAL)
    uscc_and_their_gln = {"name": "倒闭厂", "gln": MAKER_GLN, "uscc": "91110000600037341L"}
    file(world, records(firms=[uscc_and_their_gln]), RIVAL)
    producer = world.check(ITEM, PUBLIC).producer
    assert producer is not None
    assert producer.name == "真厂"


def test_a_firm_that_speaks_about_itself_wins_over_who_was_first(world: World) -> None:
    gln = "6900000000007"
    self_said = Caller(f"https://id.gs1.org/417/{gln}", Level.PARTY)
    file(world, records(firms=[{"name": "谣言", "gln": gln}]), RIVAL)
    file(world, records(firms=[{"name": "本厂", "gln": gln}]), self_said)
    assert world.names([self_said.party]) == {self_said.party: "本厂"}


@pytest.mark.parametrize("status", ["revoked", "suspended"])
def test_a_rival_can_not_revoke_a_certificate_but_is_quoted(world: World, status: str) -> None:
    file(world, records(certificates=[paper(status, status_since="2026-01-01")]), RIVAL)
    answer = world.check(ITEM, PUBLIC)
    assert answer.outcome is Outcome.OK
    (said,) = answer.reasons
    assert (said.code, said.problem) == ("verdict.certificate_said", False)
    assert "冒牌厂" in said.zh
    assert CCC in said.zh


def test_who_filed_the_certificate_and_the_operator_may_revoke_it(world: World) -> None:
    for caller, status in ((BODY, "suspended"), (BODY, "valid"), (OPERATOR, "revoked")):
        file(world, records(certificates=[paper(status, status_since="2026-01-01")]), caller)
        outcome = Outcome.OK if status == "valid" else Outcome.PROBLEM
        assert world.check(ITEM, PUBLIC).outcome is outcome


def test_a_rival_can_not_hang_a_bad_certificate_on_the_product(world: World) -> None:
    other = paper("revoked", products=[GTIN]) | {"number": "2016010901999999"}
    file(world, records(certificates=[other]), RIVAL)
    assert world.check(ITEM, PUBLIC).outcome is Outcome.OK
    assert codes(world) == {"verdict.certificate_said"}
    assert codes(world, "2016010901999999") == {"verdict.certificate_now"}


def test_codes_a_stranger_issues_are_told_as_his(world: World) -> None:
    world.issue(CodeRange(class_uri=CLASS, first=0, last=5000, lot="FAKE"), RIVAL)
    world.wait(world.ledger.size)
    assert world.check(ITEM, PUBLIC).lot == "L1"
    assert "verdict.issued_by_other" not in codes(world)
    stranger = world.check(f"{CLASS}/21/4000", PUBLIC)
    (told,) = [why for why in stranger.reasons if why.code == "verdict.issued_by_other"]
    assert "冒牌厂" in told.en


def test_the_operator_settles_who_speaks_for_a_product(world: World) -> None:
    squatted = "06909876543229"
    file(world, records(products=[{"name": "抢注", "gtin": squatted}]), RIVAL)
    mine = records(products=[{"name": "正主", "gtin": squatted, "firm": MAKER_GLN}])
    file(world, mine, MAKER)
    uri = f"https://id.gs1.org/01/{squatted}"
    assert world.names([uri]) == {uri: "抢注"}
    file(world, mine, OPERATOR)
    file(world, records(products=[{"name": "再抢注", "gtin": squatted}]), RIVAL)
    assert world.names([uri]) == {uri: "正主"}
    file(world, records(products=[{"name": "正主二", "gtin": squatted}]), MAKER)
    assert world.names([uri]) == {uri: "正主二"}


def test_an_error_declaration_of_another_party_withdraws_nothing(world: World) -> None:
    wrong = {"declarationTime": "2026-03-03T00:00:00Z", "reason": "did_not_occur"}
    again = event(1, action="ADD", bizStep="commissioning", errorDeclaration=wrong)
    file(world, epcis(again), RIVAL)
    first = next(line for line in world.check(ITEM, MAKER).history if line.step == "commissioning")
    assert not first.corrected
    file(world, epcis(again), MAKER)
    mine = [line for line in world.check(ITEM, MAKER).history if line.event_id == first.event_id]
    assert all(line.corrected for line in mine)


def test_the_same_event_id_from_another_party_is_another_event(world: World) -> None:
    file(world, epcis(event(1)), RIVAL)
    assert world.store.counts()["events"] == 2


@pytest.mark.parametrize("kind", ["key", "hold", "code_range", "submission"])
def test_no_vocabulary_becomes_a_key_a_hold_or_a_code_range(world: World, kind: str) -> None:
    """A header can name any vocabulary; what only the ledger's own entries state stays theirs."""
    forged = {
        "party": "operator",
        "level": "operator",
        "digest": hashlib.sha256(b"secret").hexdigest(),
        "firm": "abcdef",
        "target": CLASS,
        "kind": "recalled",
        "class_uri": CLASS,
        "first": 0,
        "last": 99999,
    }
    element = {
        "id": CLASS,
        "attributes": [{"id": name, "attribute": value} for name, value in forged.items()],
    }
    vocabulary = {"type": kind, "vocabularyElementList": [element]}
    header = {"epcisMasterData": {"vocabularyList": [vocabulary]}}
    before = world.store.scan_facts(kind)
    file(world, epcis(event(2), header=header), RIVAL)
    new = [fact for fact in world.store.scan_facts(kind) if fact not in before]
    assert [fact.key for fact in new if not fact.key.startswith(RIVAL.party)] == []
    assert world.caller_of("gt_abcdef_secret") is None
    assert world.check(ITEM, PUBLIC).outcome is Outcome.OK


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(create_app(world, world.settings), raise_server_exceptions=False)


def key_for(world: World, caller: Caller) -> str:
    made = new_key(caller)
    world.add_key(made, OPERATOR)
    world.wait(world.ledger.size)
    return made.text


@pytest.mark.parametrize("path", ["/capture", "/codes"])
@pytest.mark.parametrize(
    "key", [None, "", "gt_", "gt_a_b", "gt__", "nonsense", "gt_x_" + "y" * 9999]
)
def test_without_a_right_key_nothing_is_taken(
    world: World, client: TestClient, path: str, key: str | None
) -> None:
    size = world.ledger.size
    answer = client.post(path, content=b"{}", headers={} if key is None else {"X-API-Key": key})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert world.ledger.size == size


def test_a_revoked_key_is_no_key(world: World, client: TestClient) -> None:
    text = key_for(world, MAKER)
    asked = {"Authorization": f"Bearer {text}"}
    assert client.get("/check.json?q=1", headers=asked).status_code == 200
    world.add_key(end_of(world.store, text), OPERATOR)
    world.wait(world.ledger.size)
    assert client.get("/check.json?q=1", headers=asked).status_code == 401
    assert client.post("/capture", content=b"{}", headers=asked).status_code == 401


def test_a_key_submits_in_its_own_name_whatever_the_document_says(
    world: World, client: TestClient
) -> None:
    posing = event(9, sourceList=[{"type": "owning_party", "source": MAKER.party}])
    header = {"X-API-Key": key_for(world, RIVAL), "X-Party": MAKER.party}
    answer = client.post(
        f"/capture?party={MAKER.party}", content=epcis(posing).data, headers=header
    )
    assert answer.status_code == 201
    assert world.ledger.entry(answer.json()["ledger_index"]).statement.by == RIVAL.party


def test_the_flow_is_for_those_who_took_part(world: World, client: TestClient) -> None:
    sold = event(
        3,
        bizStep="shipping",
        sourceList=[{"type": "owning_party", "source": MAKER.party}],
        destinationList=[
            {"type": "owning_party", "destination": "https://id.gs1.org/417/6900000000007"}
        ],
    )
    file(world, records(firms=[{"name": "买家", "gln": "6900000000007"}]), OPERATOR)
    file(world, epcis(sold), MAKER)
    buyer = Caller("https://id.gs1.org/417/6900000000007", Level.PARTY)
    seen = {}
    for name, caller in (("maker", MAKER), ("buyer", buyer), ("rival", RIVAL), ("public", None)):
        headers = {"X-API-Key": key_for(world, caller)} if caller else {}
        for path in ("/c/", "/trace/"):
            url = path + ITEM.replace("/", "%2F")
            texts = [
                client.get(url + form, headers=headers).text
                for form in ("?format=json", "?format=html")
            ]
            seen[name, path] = any("买家" in text or "6900000000007" in text for text in texts)
    assert {who for (who, _), told in seen.items() if told} == {"maker", "buyer"}
    assert seen["maker", "/c/"]
    assert seen["buyer", "/c/"]


def test_a_key_is_revoked_at_the_command_line(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert CliRunner().invoke(main, ["init", "--data", data]).exit_code == 0
    text = CliRunner().invoke(main, ["key", "urn:maker", "--data", data]).output.strip()
    public = text.split("_")[1]
    for given, exit_code in (("nothing", 1), (public, 0), (text, 0)):
        assert CliRunner().invoke(main, ["revoke", given, "--data", data]).exit_code == exit_code
    with open_world(Settings(data=tmp_path / "data")) as world:
        assert world.caller_of(text) is None


def seen_by(world: World, caller: Caller) -> str:
    """Everything a caller is told of the item."""
    told = json_out.verdict_json(world.check(ITEM, caller))
    return json_out.encode([told, json_out.trail_json(world.trace(ITEM, "both", caller))]).decode()


BUYER_GLN = "6900000000007"
SALE = {
    "bizStep": "shipping",
    "sourceList": [{"type": "owning_party", "source": MAKER.party}],
    "destinationList": [
        {"type": "owning_party", "destination": f"https://id.gs1.org/417/{BUYER_GLN}"}
    ],
}


def test_who_claims_to_have_received_it_learns_nothing(world: World) -> None:
    file(world, epcis(event(3, **SALE)), MAKER)
    claim = event(4, bizStep="receiving", eventTime="2026-03-03T10:00:00Z")
    file(world, epcis(claim), RIVAL)
    trail = json_out.encode(json_out.trail_json(world.trace(ITEM, "both", RIVAL))).decode()
    assert MAKER_GLN not in trail.replace(CLASS, "")
    assert BUYER_GLN not in seen_by(world, RIVAL)
    assert BUYER_GLN in seen_by(world, MAKER)


def test_a_place_record_does_not_take_over_a_firm(world: World) -> None:
    """Who could call another's party number a place of his own would see its whole trade."""
    file(world, epcis(event(3, **SALE)), MAKER)
    vocabulary = {
        "type": "urn:epcglobal:epcis:vtype:Location",
        "vocabularyElementList": [
            {"id": party, "attributes": [{"id": "firm", "attribute": RIVAL.party}]}
            for party in (MAKER.party, f"https://id.gs1.org/417/{BUYER_GLN}")
        ],
    }
    header = {"epcisMasterData": {"vocabularyList": [vocabulary]}}
    file(world, epcis(event(5), header=header), RIVAL)
    assert BUYER_GLN not in seen_by(world, RIVAL)
    assert BUYER_GLN in seen_by(world, MAKER)


def test_a_making_dated_back_by_a_stranger_names_no_lot(world: World) -> None:
    """That it was made twice is told; what lot and day it has, the maker tells."""
    lots = {"cbvmda:lotNumber": "EVIL", "cbvmda:itemExpirationDate": "2020-01-01"}
    early = {"eventTime": "2020-01-01T00:00:00Z", "action": "ADD", "bizStep": "commissioning"}
    own = {"cbvmda:lotNumber": "GOOD", "cbvmda:itemExpirationDate": "2030-01-01"}
    file(world, epcis(event(6, **early | {"ilmd": lots})), RIVAL)
    mine = early | {"eventTime": "2026-02-01T00:00:00Z", "ilmd": own}
    file(world, epcis(event(7, **mine)), MAKER)
    answer = world.check(ITEM, PUBLIC)
    assert (answer.lot, answer.made_on) == ("GOOD", "2026-02-01")
    assert "verdict.expired" not in codes(world)
    assert "verdict.commissioned_twice" in codes(world)

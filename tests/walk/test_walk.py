"""The narrow walk, once through everything: code, file, check, sell, scan, trace."""

import datetime as dt
import json
from pathlib import Path

import pytest

from guantong.caller import PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange, codes_of
from guantong.serve.intake import Offer, Receipt
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Outcome

MAKER = "urn:guantong:uscc:91110000600037341L"
SHOP = "urn:guantong:uscc:92110105MA01NCMJ5Q"
CLASS = "https://id.gs1.org/01/06901234567892"
ROD = "https://id.gs1.org/01/06901234500004/10/ROD-7"
SHOP_GLN = "https://id.gs1.org/414/6901234000030"

maker = Caller(MAKER, Level.PARTY)
shop = Caller(SHOP, Level.PARTY)


def at(day: int) -> int:
    return int(dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(Settings(data=tmp_path / "data"), clock=SetClock(at(20)), create=True)


def records() -> bytes:
    return json.dumps(
        {
            "guantong": "records",
            "firms": [
                {"name": "青山线缆", "uscc": MAKER[-18:], "kind": "producer", "region": "110105"},
                {"name": "东街五金店", "uscc": SHOP[-18:], "kind": "retailer", "region": "110105"},
            ],
            "places": [
                {"name": "东街店", "gln": SHOP_GLN[-13:], "firm": SHOP[-18:], "region": "110105"},
            ],
            "products": [
                {
                    "name": "铜芯电线",
                    "gtin": "6901234567892",
                    "brand": "青山",
                    "model": "BV 2.5",
                    "firm": MAKER[-18:],
                },
            ],
            "certificates": [
                {
                    "kind": "ccc",
                    "number": "2024010105123456",
                    "holder": MAKER[-18:],
                    "products": ["6901234567892"],
                    "status": "valid",
                    "since": "2024-01-01",
                    "until": "2028-12-31",
                },
            ],
        }
    ).encode()


def epcis(*events: dict[str, object]) -> bytes:
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-20T00:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
    ).encode()


def event(kind: str, day: int, **members: object) -> dict[str, object]:
    head = {
        "type": kind,
        "eventTime": f"2026-03-{day:02d}T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
    }
    return head | members


def submit(world: World, body: bytes, caller: Caller) -> Receipt:
    receipt = world.submit(Offer(body), caller)
    assert receipt.accepted, receipt.faults
    assert world.wait(receipt.ledger_index + 1)
    return receipt


def walk(world: World) -> list[str]:
    submit(world, records(), maker)
    issued = CodeRange(class_uri=CLASS, first=1000, last=1099, lot="L3", day="2026-03-02")
    receipt = world.issue(issued, maker)
    world.wait(receipt.ledger_index + 1)
    codes = list(codes_of(issued))
    assert len(codes) == 100
    made = event(
        "TransformationEvent",
        2,
        inputQuantityList=[{"epcClass": ROD, "quantity": 40, "uom": "KGM"}],
        outputEPCList=codes,
        bizStep="commissioning",
        disposition="active",
        ilmd={"cbvmda:lotNumber": "L3"},
    )
    shipped = event(
        "ObjectEvent",
        3,
        action="OBSERVE",
        epcList=codes[:10],
        bizStep="shipping",
        disposition="in_transit",
        sourceList=[{"type": "owning_party", "source": MAKER}],
        destinationList=[{"type": "owning_party", "destination": SHOP}],
    )
    submit(world, epcis(made, shipped), maker)
    return codes


def sell(world: World, code: str) -> None:
    bought = event(
        "ObjectEvent",
        5,
        action="OBSERVE",
        epcList=[code],
        bizStep="receiving",
        disposition="in_progress",
        bizLocation={"id": SHOP_GLN},
        sourceList=[{"type": "owning_party", "source": MAKER}],
        destinationList=[{"type": "owning_party", "destination": SHOP}],
    )
    sold = event(
        "ObjectEvent",
        6,
        action="OBSERVE",
        epcList=[code],
        bizStep="retail_selling",
        disposition="retail_sold",
        bizLocation={"id": SHOP_GLN},
        sourceList=[{"type": "owning_party", "source": SHOP}],
    )
    submit(world, epcis(bought, sold), shop)


def test_from_factory_to_buyer_and_back(world: World) -> None:
    codes = walk(world)
    code = codes[0]

    before = world.check(code, shop)
    assert before.outcome is Outcome.OK, before.reasons
    assert before.producer is not None
    assert before.producer.name == "青山线缆"

    sell(world, code)
    seen = world.check(code, PUBLIC)
    assert seen.outcome is Outcome.OK
    assert [why.code for why in seen.reasons] == ["verdict.sold"]
    assert seen.product is not None
    assert (seen.product.name, seen.product.model) == ("铜芯电线", "BV 2.5")
    assert [line.step for line in seen.history] == [
        "commissioning",
        "shipping",
        "receiving",
        "retail_selling",
    ]
    assert {line.target for line in seen.history} == {""}
    assert [str(view.now) for view in seen.certificates] == ["valid"]
    assert (seen.lot, seen.made_on) == ("L3", "2026-03-02")

    up = world.trace(code, "up", Caller(level=Level.OPERATOR, party="operator"))
    assert ROD in {node.item for node in up.nodes}
    down = world.trace(ROD, "down", Caller(level=Level.OPERATOR, party="operator"))
    assert set(codes) <= {node.item for node in down.nodes}
    assert down.complete

    again = world.check(code, shop)
    assert again.outcome is Outcome.PROBLEM
    assert [why.code for why in again.reasons] == ["verdict.sold_already"]
    world.close()


def test_a_code_never_issued_and_one_issued_only(world: World) -> None:
    codes = walk(world)
    never = world.check(f"{CLASS}/21/5", PUBLIC)
    assert (never.outcome, never.reasons[0].code) == (Outcome.UNKNOWN, "verdict.never_issued")
    stranger = world.check("https://id.gs1.org/01/06936983800013/21/5", PUBLIC)
    assert (stranger.outcome, stranger.reasons[0].code) == (
        Outcome.UNKNOWN,
        "verdict.not_registered",
    )
    wrong = world.check("(01)06901234567893(21)1000", PUBLIC)
    assert wrong.outcome is Outcome.MALFORMED
    assert wrong.faults
    unsold = world.check(codes[50], PUBLIC)
    assert unsold.outcome is Outcome.OK
    world.close()


def test_a_rebuild_changes_no_answer(world: World) -> None:
    codes = walk(world)
    sell(world, codes[0])
    settings = world.settings
    asked = [codes[0], codes[1], codes[99], ROD, f"{CLASS}/21/5", "6901234567892"]
    before = [world.check(code, PUBLIC) for code in asked]
    trails = [world.trace(code, "both", maker) for code in asked[:4]]
    world.close()
    for _ in rebuild(settings):
        pass
    with open_world(settings, clock=SetClock(at(20))) as again:
        assert [again.check(code, PUBLIC) for code in asked] == before
        assert [again.trace(code, "both", maker) for code in asked[:4]] == trails


def test_the_same_file_twice_is_answered_with_its_first_place(world: World) -> None:
    first = world.submit(Offer(records()), maker)
    again = world.submit(Offer(records()), maker)
    assert again.repeated
    assert again.ledger_index == first.ledger_index
    assert world.ledger.size == 1
    world.close()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_all_facts_are_told_however_many_fit_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    submit(world, records(), maker)
    submit(world, records() + b"\n", maker)  # each key is stated twice
    walked = [(fact.key, fact.entry) for fact in world.store.scan_facts("firm")]
    assert len(walked) == 4
    monkeypatch.setattr("guantong.store.every.PAGE", size)
    assert [(fact.key, fact.entry) for fact in world.all_facts("firm")] == walked
    world.close()

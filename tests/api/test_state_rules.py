"""Rules of state that an operator switches on: at every door, over documents and within one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.serve.cli import STATE_RULES
from guantong.serve.intake import Offer, Receipt
from guantong.serve.world import open_world, rebuild
from guantong.settings import Settings
from tests.api.test_epcis_capture import PEOPLE, House, housed
from tests.api.test_epcis_events import GTIN, event

BOX, CRATE = "https://id.gs1.org/00/069012340000000016", "https://id.gs1.org/00/069012340000000023"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[House]:
    settings = Settings(tmp_path / "data", state_rules=frozenset(STATE_RULES))
    with housed(settings) as found:
        yield found


def made(number: int, **more: Any) -> dict[str, Any]:
    return event(number, action="ADD", bizStep="commissioning", **more)


def packed(number: int, parent: str, *items: int, action: str = "ADD") -> dict[str, Any]:
    said = event(number, type="AggregationEvent", parentID=parent, action=action)
    del said["epcList"]
    return {**said, "bizStep": "packing", "childEPCs": [f"{GTIN}/21/{n}" for n in items]}


def offer(*listed: dict[str, Any], proceed: bool = False) -> Offer:
    body = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": list(listed)},
    }
    return Offer(json.dumps(body).encode(), proceed=proceed)


def hand(
    house: House, *listed: dict[str, Any], who: str = "maker", proceed: bool = False
) -> Receipt:
    return house.world.submit(offer(*listed, proceed=proceed), PEOPLE[who])


def said(receipt: Receipt) -> list[tuple[str, str]]:
    return [(found.path, found.code) for found in receipt.faults]


def test_one_document_after_another(strict: House) -> None:
    assert said(hand(strict, event(1))) == [("epcisBody.eventList[0]", "state.commission_first")]
    assert strict.world.ledger.size == 2  # the keys of the two
    assert hand(strict, made(1), event(11, epcList=[f"{GTIN}/21/1"])).accepted
    again = hand(strict, made(12, epcList=[f"{GTIN}/21/1"]), who="other")
    assert said(again) == [("epcisBody.eventList[0]", "state.commission_once")]
    assert hand(strict, packed(3, BOX, 1)).accepted
    both = hand(strict, packed(4, CRATE, 1), event(5, epcList=[BOX], action="DELETE"))
    assert said(both) == [
        ("epcisBody.eventList[0]", "state.pack_once"),
        ("epcisBody.eventList[1]", "state.empty_first"),
    ]
    assert not both.accepted


def test_within_a_document_in_its_order(strict: House) -> None:
    receipt = hand(strict, made(1), packed(2, BOX, 1), packed(3, BOX, 1, action="DELETE"))
    assert receipt.accepted, receipt.faults
    receipt = hand(strict, made(4), packed(5, BOX, 4), packed(6, CRATE, 4))
    assert said(receipt) == [("epcisBody.eventList[2]", "state.pack_once")]
    assert hand(strict, made(4)).accepted, "what was refused left nothing behind"


def test_the_good_ones_of_a_document(strict: House) -> None:
    """Proceed: what breaks a rule is left out, and counts for nothing in what follows."""
    receipt = hand(
        strict,
        made(1),
        packed(2, BOX, 3),
        made(3),
        packed(4, CRATE, 3),
        made(5, epcList=[f"{GTIN}/21/1"]),
        proceed=True,
    )
    assert (receipt.accepted, receipt.events) == (True, 3)
    assert said(receipt) == [
        ("epcisBody.eventList[1]", "state.commission_first"),
        ("epcisBody.eventList[4]", "state.commission_once"),
    ]
    house = strict.world
    assert house.wait(house.ledger.size)
    assert house.store.counts()["events"] == 3


def test_documents_that_are_decided_together(strict: House) -> None:
    """Two parties at once: one commissions, the other is told."""
    world = strict.world
    assert world.intake is not None
    made_by: list[Any] = []
    for number in range(40):
        for who, place in (("maker", 100), ("other", 200)):
            one = offer(made(place + number, epcList=[f"{GTIN}/21/{number}"]))
            made_by.append(world.intake.hand_in(one, world.intake.read(one), PEOPLE[who]))
    receipts = [done.result(20) for done in made_by]
    accepted = [receipt.accepted for receipt in receipts]
    assert [a + b for a, b in zip(accepted[::2], accepted[1::2], strict=True)] == [1] * 40
    refused = [said(receipt) for receipt in receipts if not receipt.accepted]
    assert refused == [[("epcisBody.eventList[0]", "state.commission_once")]] * 40


def test_a_correction_breaks_nothing_and_what_it_withdraws_counts_no_more(strict: House) -> None:
    assert hand(strict, made(1)).accepted
    declared = {"declarationTime": "2026-03-02T00:00:00Z"}
    assert hand(strict, {**made(1), "errorDeclaration": declared}).accepted
    assert said(hand(strict, event(2, epcList=[f"{GTIN}/21/1"]))) == [
        ("epcisBody.eventList[0]", "state.commission_first")
    ]
    assert hand(strict, made(3, epcList=[f"{GTIN}/21/1"])).accepted


@pytest.mark.parametrize("path", ["/events", "/capture"])
def test_at_the_doors_of_epcis(strict: House, path: str) -> None:
    context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    if path == "/events":
        body = json.dumps({"@context": context, **event(1)}).encode()
        answer = strict.ask("POST", path, body, Content_Type="application/ld+json")
        assert answer.status_code == 400
        assert answer.json()["type"] == "epcisException:ValidationException"
        errors = answer.json()["errors"]
    else:
        job = strict.job(offer(event(1)).data)
        assert job["success"] is False
        errors = job["errors"][0]["errors"]
    assert errors[0]["code"] == "state.commission_first"
    assert f"{GTIN}/21/1" in errors[0]["expected"]


def test_it_is_off_unless_switched_on(tmp_path: Path) -> None:
    with housed(Settings(tmp_path / "data")) as house:
        assert hand(house, event(1), packed(2, BOX, 1), packed(3, CRATE, 1)).accepted


def test_the_index_is_rebuilt_the_same_whatever_the_rules_are_then(tmp_path: Path) -> None:
    """What was refused stays out, though nobody would refuse it now."""
    data = tmp_path / "data"
    with housed(Settings(data, state_rules=frozenset(STATE_RULES))) as house:
        hand(house, made(1), event(2), packed(4, BOX, 1), packed(6, CRATE, 1), proceed=True)
        assert house.world.wait(house.world.ledger.size)
        before = house.world.store.counts()
    assert before["events"] == 2
    for _ in rebuild(Settings(data)):
        pass
    with open_world(Settings(data)) as world:
        assert world.store.counts() == before

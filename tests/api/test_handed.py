"""The page about connections says how what a firm's own system hands in fares, to that firm and the operator."""

import json
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.keys import new_key
from guantong.serve.people.account import Role
from guantong.settings import Settings
from tests.api.test_epcis_capture import House, housed, spoilt
from tests.fault.capture_victim import document
from tests.people_small import MAKER, SHOP, signed_in


def test_lag_refusals_and_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with housed(Settings(tmp_path / "data")) as house:
        house.keys["maker"] = house.world.add_key(new_key(Caller(MAKER, Level.PARTY)), OPERATOR)
        house.job(document(1, 3))
        house.job(spoilt())
        house.job(made(spoilt()), GS1_Capture_Error_Behaviour="proceed")
        house.job(spoilt())
        looked(house)
        monkeypatch.setattr("guantong.serve.epcis.handed.JOBS_MAX", 1)
        clerk = signed_in(house.world, "second", Role.PRODUCER, MAKER)
        (last,) = clerk.get("/desk/connections?format=json").json()["handed"]
        assert (last["documents"], last["events"], last["taken_ms"]) == (1, 0, 0)


def made(body: bytes) -> bytes:
    """A document whose events say that their things were made."""
    found = json.loads(body)
    for event in found["epcisBody"]["eventList"]:
        event |= {"action": "ADD", "bizStep": "commissioning"}
    return json.dumps(found).encode()


def looked(house: House) -> None:
    clerk = signed_in(house.world, "clerk", Role.PRODUCER, MAKER)
    told = clerk.get("/desk/connections?format=json").json()["handed"]
    assert [one["party"] for one in told] == [MAKER]
    mine = told[0]
    assert (mine["documents"], mine["waiting"], mine["events"], mine["refused"]) == (4, 0, 4, 3)
    assert mine["taken_ms"] > 0
    assert mine["missing"] > 0  # nobody filed the product
    assert "eventTime" in mine["said"]
    page = clerk.get("/desk/connections").text
    assert "eventTime" in page
    assert "最后 500 次" in page
    shop = signed_in(house.world, "shop", Role.SELLER, SHOP)
    assert shop.get("/desk/connections?format=json").json()["handed"] == []
    assert "eventTime" not in shop.get("/desk/connections").text
    boss = signed_in(house.world, "boss", Role.OPERATOR)
    assert MAKER.rpartition(":")[2] in boss.get("/desk/connections").text


def test_a_system_that_mends_itself_is_well_again(tmp_path: Path) -> None:
    with housed(Settings(tmp_path / "data")) as house:
        house.keys["maker"] = house.world.add_key(new_key(Caller(MAKER, Level.PARTY)), OPERATOR)
        house.job(spoilt())
        house.job(document(3, 2))
        clerk = signed_in(house.world, "clerk", Role.PRODUCER, MAKER)
        (told,) = clerk.get("/desk/connections?format=json").json()["handed"]
        assert (told["refused"], told["said"]) == (1, "")

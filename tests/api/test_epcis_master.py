"""Queries about master data: what lies within a place, and what is said of places, lots and parties."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from guantong.query import master
from guantong.serve.intake import Offer
from tests.api.test_epcis_capture import PEOPLE, House, house, refused
from tests.api.test_epcis_events import SHOP, YARD, event, numbers, put

__all__ = ["house"]

VTYPE = "urn:epcglobal:epcis:vtype:"
CITY = "urn:epcglobal:cbv:mda#city"
ROOM, SHELF = "https://id.gs1.org/414/6901234000023", "https://id.gs1.org/414/6901234000030"
LOT = "https://id.gs1.org/01/06901234567892/10/L1"
FIRM = "https://id.gs1.org/417/6901234000047"


def element(key: str, *children: str, **attributes: Any) -> dict[str, Any]:
    listed = [{"id": f"urn:epcglobal:cbv:mda#{k}", "attribute": v} for k, v in attributes.items()]
    return {"id": key, "attributes": listed, **({"children": list(children)} if children else {})}


def say(house: House, kind: str, *elements: dict[str, Any], who: str = "maker") -> None:
    vocabulary = {"type": VTYPE + kind, "vocabularyElementList": list(elements)}
    body = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}},
        "epcisBody": {"eventList": []},
    }
    house.world.submit(Offer(json.dumps(body).encode()), PEOPLE[who])
    assert house.world.wait(house.world.ledger.size)


def at(number: int, place: str, **more: Any) -> dict[str, Any]:
    return event(number, readPoint={"id": place}, **more)


def found(house: House, asked: str, **more: str) -> list[int]:
    return numbers(house.ask("GET", f"/events?{asked}", b"", **more))


def test_within_at_any_depth(house: House) -> None:
    """Itself and its descendants; a loop ends."""
    say(house, "Location", element(SHOP, ROOM), element(ROOM, SHELF), element(SHELF, SHOP))
    put(house, at(1, SHOP), at(2, ROOM), at(3, SHELF), at(4, YARD))
    put(house, event(5, bizLocation={"id": SHELF}, readPoint={"id": YARD}))
    assert found(house, f"WD_readPoint={SHOP}") == [1, 2, 3]
    assert found(house, f"WD_readPoint={YARD}") == [4, 5]
    assert found(house, f"WD_bizLocation={ROOM}") == [5]
    assert found(house, f"WD_readPoint={YARD}|{SHELF}&EQ_readPoint={SHOP}") == [1]


def test_what_another_says_is_not_asked(house: House) -> None:
    say(house, "Location", element(SHOP, ROOM, city="Ningbo"), who="other")
    put(house, at(1, SHOP), at(2, ROOM))
    assert found(house, f"WD_readPoint={SHOP}") == [1]
    assert found(house, f"HASATTR_readPoint={quote(CITY)}") == []


def test_attributes(house: House) -> None:
    say(house, "Location", element(SHOP, city="Ningbo"), element(YARD, city=["Wuxi", "Suzhou"]))
    put(
        house,
        at(1, SHOP),
        at(2, YARD),
        at(3, ROOM),
        event(4, bizLocation={"id": SHOP}, readPoint={"id": ROOM}),
    )
    city = quote(CITY)
    assert found(house, f"HASATTR_readPoint={city}") == [1, 2]
    assert found(house, f"HASATTR_readPoint={city}|urn:x:none") == [1, 2]
    assert found(house, "HASATTR_readPoint=urn:x:none") == []
    assert found(house, f"HASATTR_bizLocation={city}") == [4]
    assert found(house, f"EQATTR_readPoint_{city}=Suzhou") == [2]
    assert found(house, f"EQ_ATTR_readPoint_{city}=Suzhou|Ningbo") == [1, 2]
    assert found(house, f"EQATTR_readPoint_{city}=Beijing") == []
    assert found(house, f"EQATTR_bizLocation_{city}=Ningbo&EQ_readPoint={ROOM}") == [4]


def test_what_was_said_later_stands(house: House) -> None:
    say(house, "Location", element(SHOP, city="Ningbo"))
    say(house, "Location", element(SHOP, city="Wuxi"))
    put(house, at(1, SHOP))
    assert found(house, f"EQATTR_readPoint_{quote(CITY)}=Ningbo") == []
    assert found(house, f"EQATTR_readPoint_{quote(CITY)}=Wuxi") == [1]


def test_attributes_of_lots_and_parties(house: House) -> None:
    say(house, "EPCClass", element(LOT, colour="red"))
    say(house, "Party", element(FIRM, size="large"))
    put(house, event(1, epcList=[], quantityList=[{"epcClass": LOT, "quantity": 2}]))
    put(house, event(2, sourceList=[{"type": "owning_party", "source": FIRM}]))
    mda = quote("urn:epcglobal:cbv:mda#")
    assert found(house, f"EQATTR_epcClass_{mda}colour=red") == [1]
    assert found(house, f"HASATTR_source={mda}size") == [2]
    assert found(house, f"HASATTR_destination={mda}size") == []


def test_too_much_within(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master, "WITHIN_MAX", 2)
    say(house, "Location", element(SHOP, ROOM, SHELF))
    answer = house.ask("GET", f"/events?WD_readPoint={SHOP}")
    refused(answer, 413, "QueryTooComplexException", "query.complex")


@pytest.mark.parametrize(
    "name", ["HASATTR_eventType", "EQATTR_readPoint", "EQATTR_readPoint_", "WD_epc", "HASATTR_"]
)
def test_no_such_parameter(house: House, name: str) -> None:
    refused(
        house.ask("GET", f"/events?{name}=x"), 400, "QueryParameterException", "query.parameter"
    )

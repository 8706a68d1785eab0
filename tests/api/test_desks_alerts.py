"""A foreign office’s file is handed in: what matches the products of a region shows there and becomes a case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong import watch
from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from tests.people_small import MAKER, OFFICE, SHOP, Browser, signed_in
from tests.recall_small import records

NOW = 1_772_500_000_000
ELSEWHERE = "urn:guantong:uscc:91330000MA27U04G4A"
HEATER = "https://id.gs1.org/01/06901234567892"
CHARGER = "https://id.gs1.org/01/06936983800013"
LAMP = "https://id.gs1.org/01/06901234567885"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        for party, name, region in (
            (MAKER, "青山电器", "110105"),
            (ELSEWHERE, "余杭电器", "330110"),
        ):
            told = {"name": name, "uscc": party[-18:], "region": region}
            records(opened, party, firms=[told])
        heater = {"name": "取暖器", "gtin": "6901234567892", "brand": "Qingshan", "model": "X-100"}
        records(opened, MAKER, products=[heater | {"firm": MAKER[-18:]}])
        charger = {"name": "充电器", "gtin": "6936983800013", "brand": "Yuhang", "model": "C-20A"}
        records(opened, ELSEWHERE, products=[charger | {"firm": ELSEWHERE[-18:]}])
        opened.wait(opened.ledger.size)
        yield opened


@pytest.fixture
def inspector(world: World) -> Browser:
    return signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")


def notification(number: str, **fields: str) -> str:
    told = {"caseNumber": number, "product": "Fan heater", "danger": "It may overheat."} | fields
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in told.items())
    return f"<notifications>{inner}</notifications>"


def weekly(*alerts: str) -> bytes:
    head = "<Safety-Gate><report_date>21/08/2026</report_date>"
    return f"{head}{''.join(alerts)}</Safety-Gate>".encode()


BY_GTIN = notification("SR/1/26", barcode="6901234567892")
BY_NAME = notification("SR/2/26", brand="QINGSHAN Co., Ltd.", type_numberOfModel="x 100")
OF_OTHERS = notification("SR/3/26", brand="Yuhang", type_numberOfModel="C20A")
OF_NOBODY = notification("SR/4/26", brand="Fjellvik", type_numberOfModel="X-100")
WRONG = notification("")
FILE = weekly(BY_GTIN, BY_NAME, OF_OTHERS, OF_NOBODY, WRONG)


def hand_in(browser: Browser, data: bytes, name: str = "weekly.xml") -> Any:
    browser.get("/desk/alerts")
    return browser.post("/desk/alerts", files={"file": (name, data)})


def told(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/desk/alerts.json").json()
    return found


def matched(browser: Browser) -> dict[str, tuple[str, str]]:
    return {one["number"]: (one["code"], one["by"]) for one in told(browser)["matches"]}


def test_what_is_handed_in_is_matched_with_the_products_of_the_region(inspector: Browser) -> None:
    page = hand_in(inspector, FILE)
    assert "共 5 条：采用 4 条，不采用 1 条；其中新的或有变化的 4 条" in page.text
    assert "notifications[4].number" in page.text
    assert "青山电器" in page.text
    assert f"/desk/recalls?codes={HEATER.replace(':', '%3A')}" in page.text
    assert matched(inspector) == {
        "SR/1/26": (HEATER, "gtin"),
        "SR/2/26": (HEATER, "brand_model"),
    }
    answer = told(inspector)
    assert answer["alerts"] == 4
    (file,) = answer["files"]
    assert {name: file[name] for name in ("source", "total", "rejected", "new")} == {
        "source": "safety_gate",
        "total": 5,
        "rejected": 1,
        "new": 4,
    }
    one = next(one for one in answer["matches"] if one["by"] == "brand_model")
    assert one == {
        "source": "safety_gate",
        "number": "SR/2/26",
        "published": "2026-08-21",
        "product": "Fan heater",
        "hazard": "It may overheat.",
        "risk": "",
        "address": "",
        "by": "brand_model",
        "why": "Qingshan · X-100",
        "code": HEATER,
        "name": "取暖器",
        "firm": MAKER,
        "region": "110105",
        "case": "",
    }


def test_another_region_sees_its_own_and_the_operator_all(world: World, inspector: Browser) -> None:
    hand_in(inspector, FILE)
    other = signed_in(world, "other", Role.REGULATOR, OFFICE, region="33")
    assert matched(other) == {"SR/3/26": (CHARGER, "brand_model")}
    third = signed_in(world, "third", Role.REGULATOR, OFFICE, region="44")
    assert matched(third) == {}
    assert "没有比对出的产品" in third.get("/desk/alerts").text
    operator = signed_in(world, "operator", Role.OPERATOR)
    assert len(matched(operator)) == 3
    assert "/desk/alerts/case" not in operator.get("/desk/alerts").text


def test_an_operator_hands_in_and_a_firm_may_not(world: World) -> None:
    operator = signed_in(world, "operator", Role.OPERATOR)
    assert "采用 4 条" in hand_in(operator, FILE).text
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    assert shop.get("/desk/alerts").status_code == 403
    assert shop.get("/desk/alerts.json").status_code == 403
    shop.get("/account")
    assert shop.post("/desk/alerts", files={"file": ("a.xml", FILE)}).status_code == 403


def test_the_same_file_twice_adds_nothing(world: World, inspector: Browser) -> None:
    hand_in(inspector, FILE)
    before, size = told(inspector), world.ledger.size
    page = hand_in(inspector, FILE)
    assert "其中新的或有变化的 0 条" in page.text
    assert "notifications[4].number" in page.text
    assert told(inspector) == before
    entered = world.ledger.entries(size, world.ledger.size)
    assert not [one for one in entered if "alerts" in one.statement.media]


def test_a_corrected_alert_takes_the_place_of_the_one_before(inspector: Browser) -> None:
    hand_in(inspector, FILE)
    corrected = notification("SR/2/26", brand="Qingshan", type_numberOfModel="X-1000")
    page = hand_in(inspector, weekly(BY_GTIN, corrected))
    assert "共 2 条：采用 2 条，不采用 0 条；其中新的或有变化的 1 条" in page.text
    assert matched(inspector) == {"SR/1/26": (HEATER, "gtin")}
    assert told(inspector)["alerts"] == 4
    hand_in(inspector, FILE)
    assert set(matched(inspector)) == {"SR/1/26", "SR/2/26"}


def test_a_product_filed_later_matches_too(
    world: World, clock: SetClock, inspector: Browser
) -> None:
    upc = [{"UPC": "6901234567885"}]
    recall = {"RecallNumber": "23085", "Title": "Lamps Recalled", "ProductUPCs": upc}
    hand_in(inspector, b"\xef\xbb\xbf" + json.dumps([recall]).encode(), "recalls.json")
    assert matched(inspector) == {}
    lamp = {"name": "台灯", "gtin": "6901234567885", "firm": MAKER[-18:]}
    records(world, MAKER, products=[lamp])
    world.wait(world.ledger.size)
    clock.at_ms += 61_000
    assert matched(inspector) == {"23085": (LAMP, "gtin")}


def test_a_match_becomes_one_case_with_owner_and_deadline(world: World, inspector: Browser) -> None:
    hand_in(inspector, FILE)
    about = {"about": f"alert safety_gate SR/1/26 {HEATER}"}
    for _ in range(2):
        page = inspector.post("/desk/alerts/case", about)
        assert page.url.path == "/desk/alerts"
    with world.readers.lend() as store:
        (case,) = watch.cases(store, ("11",))
    assert (case.owner, case.report.fields["kind"]) == ("inspector", "alert")
    assert case.report.fields["code"] == HEATER
    assert case.deadline > "2026-03-03"
    assert f"/desk/cases/{case.id}" in inspector.get("/desk/alerts").text
    assert "It may overheat." in inspector.get(f"/desk/cases/{case.id}").text
    cases = {one["number"]: one["case"] for one in told(inspector)["matches"]}
    assert cases == {"SR/1/26": case.id, "SR/2/26": ""}


def test_a_match_of_another_region_becomes_no_case(world: World, inspector: Browser) -> None:
    hand_in(inspector, FILE)
    about = {"about": f"alert safety_gate SR/3/26 {CHARGER}"}
    assert inspector.post("/desk/alerts/case", about).status_code == 404
    operator = signed_in(world, "operator", Role.OPERATOR)
    operator.get("/desk/alerts")
    assert operator.post("/desk/alerts/case", about).status_code == 403
    with world.readers.lend() as store:
        assert watch.cases(store, ("11", "33")) == []


@pytest.mark.parametrize(
    "data",
    [b"", FILE[:-20], b"[{", b"{}", b"number,product", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"],
)
def test_a_broken_file_is_refused_whole(world: World, inspector: Browser, data: bytes) -> None:
    assert hand_in(inspector, data).status_code == 400
    assert told(inspector) == {"alerts": 0, "files": [], "matches": []}


def test_a_form_without_a_file_is_refused(inspector: Browser) -> None:
    inspector.get("/desk/alerts")
    assert inspector.post("/desk/alerts", {}).status_code == 400


def test_a_new_index_says_the_same(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as world:
        told_firm = {"name": "青山电器", "uscc": MAKER[-18:], "region": "110105"}
        heater = {"name": "取暖器", "gtin": "6901234567892", "firm": MAKER[-18:]}
        records(world, MAKER, firms=[told_firm], products=[heater])
        inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")
        hand_in(inspector, FILE)
        corrected = notification("SR/2/26", barcode="6901234567892")
        hand_in(inspector, weekly(corrected))
        inspector.post("/desk/alerts/case", {"about": f"alert safety_gate SR/1/26 {HEATER}"})
        before = told(inspector)
        assert len(before["matches"]) == 2
    list(rebuild(settings))
    with open_world(settings, clock=clock) as again:
        browser = Browser(again)
        browser.get("/login")
        browser.sign_in("inspector")
        assert told(browser) == before

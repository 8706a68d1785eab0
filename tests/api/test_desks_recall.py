"""From a bad lot to the proof that all of it is handled: scope, stop, notices, answers, reversals, end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong import recall, watch
from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.ledger import StatementType
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.signer import Signer
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Outcome
from tests.people_small import OFFICE, Browser, signed_in
from tests.recall_small import (
    BAD,
    BATTERIES,
    BIKE,
    BIKES,
    CELLS,
    GOOD,
    MARCH_1,
    SHOP,
    WORKS,
    capture,
    event,
    fill,
    made,
    moved,
    sold,
)

LAMP = "https://id.gs1.org/01/06901234567885"
NOW = MARCH_1 + 3 * 86_400_000
FORM = {
    "kind": "ordered",
    "title": "电芯热失控",
    "hazard": "起火",
    "remedy": "停止使用，退回更换",
    "known_on": "2026-03-03",
    "codes": BAD,
}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def inspector(world: World) -> Browser:
    return signed_in(world, "inspector", Role.REGULATOR, OFFICE)


def begin(browser: Browser, **more: str) -> str:
    browser.get("/desk/recalls")
    page = browser.post("/desk/recalls", FORM | more)
    assert page.url.path.startswith("/desk/recalls/"), page.text
    return str(page.url.path)


def told(browser: Browser, path: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"{path}?format=json").json()
    return found


def reasons(world: World, code: str) -> set[str]:
    return {why.code for why in world.check(code, PUBLIC).reasons}


def test_the_scope_goes_from_a_lot_of_cells_to_bikes_shops_and_buyers(
    inspector: Browser,
) -> None:
    found = told(inspector, begin(inspector))
    assert found["made"] == 12  # six cells, and the six bikes they are in
    assert sum(found["account"].values()) == found["made"]
    assert found["account"]["sold"] == 2  # the sold bike with its cell
    assert found["account"]["unknown"] == 0
    holders = {one["party"]: one["items"] for one in found["holders"]}
    assert holders == {SHOP: 10}
    assert found["complete"]


def test_what_only_its_label_puts_in_a_lot_is_in_the_scope_and_in_the_stop(
    world: World, inspector: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.issue(CodeRange(LAMP, 1, 8, lot="L9"), Caller(WORKS, Level.PARTY))
    world.issue(CodeRange(LAMP, 9, 9, lot="L8"), Caller(WORKS, Level.PARTY))
    items = [f"{LAMP}/21/{serial}" for serial in (1, 2, 3, 9)]
    capture(world, WORKS, event("ObjectEvent", 9, "commissioning", action="ADD", epcList=items))
    path = begin(inspector, codes=f"{LAMP}/10/L9")
    found = told(inspector, path)
    assert (found["made"], found["complete"]) == (3, True)  # five were never put on anything
    assert {one["party"]: one["items"] for one in found["holders"]} == {WORKS: 3}
    inspector.post(f"{path}/hold", {})
    assert "verdict.recalled" in reasons(world, f"{LAMP}/21/1")
    assert "verdict.recalled" not in reasons(world, f"{LAMP}/21/9")
    monkeypatch.setattr("guantong.serve.scope_cli.LABELLED_MAX", 2)
    found = told(inspector, begin(inspector, codes=f"{LAMP}/10/L9"))
    assert (found["made"], found["complete"]) == (2, False)


def test_what_two_recalls_stop_is_free_when_both_are_released(
    world: World, inspector: Browser
) -> None:
    one, other = begin(inspector), begin(inspector, title="电芯漏液")
    for path in (one, other):
        inspector.get(path)
        inspector.post(f"{path}/hold", {})
    inspector.get(one)
    inspector.post(f"{one}/release", {})
    assert "verdict.recalled" in reasons(world, BATTERIES[0])
    assert world.check(BATTERIES[0], PUBLIC).outcome is not Outcome.OK
    inspector.get(other)
    inspector.post(f"{other}/release", {})
    assert "verdict.recalled" not in reasons(world, BATTERIES[0])


def test_from_lot_to_proof(world: World, clock: SetClock, inspector: Browser) -> None:
    path = begin(inspector)
    assert world.check(BIKES[0], PUBLIC).outcome is Outcome.OK
    inspector.post(f"{path}/hold", {})
    assert "verdict.component_recalled" in reasons(world, BIKES[0])
    assert "verdict.recalled" in reasons(world, BATTERIES[0])
    assert world.check(BIKES[6], PUBLIC).outcome is Outcome.OK  # a cell of the good lot
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    shop.get("/desk/moves")
    at = {"at": "2026-03-04 09:00:00", "step": "零售", "what": "enter", "codes": BIKES[0]}
    assert "verdict.component_recalled" in str(reasons(world, BIKES[0]))
    assert shop.post("/desk/moves", at).status_code == 400
    inspector.get(path)
    inspector.post(f"{path}/notify", {"note": "退回", "deadline": "2026-03-09"})
    assert "电芯热失控" in shop.get("/desk/notices").text
    number = path.rpartition("/")[2]
    shop.get(f"/desk/notices/{number}")
    answer = {"found": "10", "quarantined": "8", "returned": "2", "evidence": "照片 3 张"}
    assert shop.post(f"/desk/notices/{number}", answer).status_code == 200
    found = told(inspector, path)
    assert (found["handled"], found["in_trade"], found["sold"]) == (10, 10, 2)
    inspector.get(path)
    inspector.post(f"{path}/state", {"act": "reported"})
    inspector.post(f"{path}/state", {"act": "published"})
    public = Browser(world)
    assert "电芯热失控" in public.get("/recalls").text
    notice = public.get(f"/recalls/{number}?format=json").json()
    assert notice["codes"] == [BAD]
    assert notice["remedy"] == FORM["remedy"]
    feed = public.client.get("/recalls.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert number in feed.text
    inspector.get(path)
    clock.at_ms += 5_000
    page = inspector.post(f"{path}/close", {"note": ""})
    assert told(inspector, path)["closed"], page.text
    report = told(inspector, path)["steps"][-1]["entry"] - 1
    raw = inspector.client.get(f"/ledger/shown/{report}?format=json").content
    shown = check(Bundle.parse(raw), Signer(world.ledger).trust)
    assert shown.event is not None
    handed = msgspec.json.decode(shown.event.event)
    assert (handed["handled"], handed["in_trade"], handed["made"]) == (10, 10, 12)


def test_a_recall_with_something_open_closes_only_with_a_reason(
    world: World, inspector: Browser
) -> None:
    path = begin(inspector)
    inspector.get(path)
    assert inspector.post(f"{path}/close", {"note": ""}).status_code == 400
    assert not told(inspector, path)["closed"]
    inspector.post(f"{path}/close", {"note": "车行已停业，另案处理"})
    assert told(inspector, path)["closed"]
    assert inspector.post(f"{path}/hold", {}).status_code == 400


def test_a_wrong_scope_is_corrected_and_pages_follow(world: World, inspector: Browser) -> None:
    path = begin(inspector, codes=f"{BAD}\n{GOOD}")
    inspector.post(f"{path}/hold", {})
    assert "verdict.component_recalled" in reasons(world, BIKES[6])
    inspector.get(path)
    inspector.post(f"{path}/scope", {"codes": BAD})
    assert world.check(BIKES[6], PUBLIC).outcome is Outcome.OK
    assert "verdict.component_recalled" in reasons(world, BIKES[0])
    found = told(inspector, path)
    assert [step["act"] for step in found["steps"]] == ["scoped", "held", "scoped"]
    assert found["made"] == 12
    inspector.get(path)
    inspector.post(f"{path}/release", {})
    assert world.check(BIKES[0], PUBLIC).outcome is Outcome.OK


def test_what_comes_late_is_noticed(world: World, inspector: Browser) -> None:
    path = begin(inspector)
    assert told(inspector, f"{path}/drift") | {"as_of": 0} == told(inspector, f"{path}/drift") | {
        "as_of": 0
    }
    first = inspector.get(f"{path}/drift").json()
    assert (first["came"], first["went"]) == (0, 0)
    late = BATTERIES[0].rpartition("/")[0] + "/109"
    capture(world, CELLS, made([late], "BAD7", 1))
    after = inspector.get(f"{path}/drift").json()
    assert (after["came"], after["went"]) == (1, 0)
    assert after["ranges"] == [[BATTERIES[0].rpartition("/")[0] + "/", 109, 109, 0]]


def test_an_answer_that_a_later_sale_contradicts_shows(
    world: World, clock: SetClock, inspector: Browser
) -> None:
    path = begin(inspector)
    inspector.get(path)
    inspector.post(f"{path}/notify", {"deadline": "2026-03-09"})
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    number = path.rpartition("/")[2]
    shop.get(f"/desk/notices/{number}")
    shop.post(f"/desk/notices/{number}", {"found": "10", "quarantined": "10"})
    assert "与后来的记录不符" not in inspector.get(path).text
    clock.at_ms += 60_000
    capture(world, SHOP, sold(BIKES[1], 8))
    assert "与后来的记录不符" in inspector.get(path).text
    assert told(inspector, path)["handled"] == 10  # what it said stays


def test_a_drill_turns_nothing_red_and_has_a_stop_watch(
    world: World, clock: SetClock, inspector: Browser
) -> None:
    path = begin(inspector, kind="drill", target_s="60")
    clock.at_ms += 20_000
    inspector.post(f"{path}/hold", {})
    clock.at_ms += 20_000
    inspector.get(path)
    inspector.post(f"{path}/notify", {"deadline": "2026-03-09"})
    verdict = world.check(BIKES[0], PUBLIC)
    assert verdict.outcome is Outcome.OK
    assert "verdict.component_drill" in {why.code for why in verdict.reasons}
    found = told(inspector, path)["seconds"]
    assert found["held"] == 20
    assert found["notified"] == 40
    assert "40.0 s / 60 s ✓" in inspector.get(path).text
    inspector.post(f"{path}/state", {"act": "published"})
    assert "电芯热失控" not in Browser(world).get("/recalls").text


def test_a_firm_recalls_its_own_and_sees_no_strangers_names(world: World) -> None:
    cells = signed_in(world, "cells", Role.PRODUCER, CELLS)
    path = begin(cells, kind="voluntary")
    page = cells.get(path).text
    assert "东街车行" not in page
    assert "（不公开）" in page
    assert SHOP not in cells.client.get(f"{path}/holders.csv").text
    cells.get("/desk/recalls")
    assert (
        cells.post("/desk/recalls", FORM | {"kind": "voluntary", "codes": BIKE}).status_code == 400
    )
    assert cells.post("/desk/recalls", FORM | {"kind": "ordered"}).status_code == 400
    works = signed_in(world, "works", Role.PRODUCER, WORKS)
    assert works.get(path).status_code == 404
    elsewhere = signed_in(world, "far", Role.REGULATOR, OFFICE, region="44")
    assert elsewhere.get(path).status_code == 404
    elsewhere.get("/desk/recalls")
    assert elsewhere.post("/desk/recalls", FORM).status_code == 400


def test_product_and_days_supplier_and_certificate_begin_a_scope(
    world: World, inspector: Browser
) -> None:
    days = {"from": "2026-03-01", "to": "2026-03-01", "codes": ""}
    by_product = told(inspector, begin(inspector, product=BIKE, **days))
    assert by_product["made"] == 8
    by_supplier = told(inspector, begin(inspector, supplier=CELLS[-18:], **days))
    assert by_supplier["made"] == 16
    inspector.get("/desk/recalls")
    wrong = FORM | {"codes": "", "product": BIKE, "from": "soon", "to": "2026-03-01"}
    assert inspector.post("/desk/recalls", wrong).status_code == 400


def test_complaints_lead_to_the_lot_they_have_in_common(world: World, inspector: Browser) -> None:
    for at, battery in enumerate((*BATTERIES[:4], BATTERIES[7])):
        report = watch.Report(f"ABCDEFGHJ{at + 2}", battery, watch.Kind.UNSAFE, "x", "11")
        world.enter(Made.of(StatementType.CASE, report, watch.MEDIA), OPERATOR)
    page = inspector.get("/desk/recalls").text
    assert "投诉 4 件" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"hazard": ""},
        {"remedy": "x" * 1_001},
        {"known_on": "soon"},
        {"kind": "other"},
        {"codes": ""},
        {"codes": "no code at all"},
        {"severity": "5", "one_in": "500"},
        {"severity": "1", "one_in": "0"},
    ],
)
def test_what_is_no_recall_is_refused(
    world: World, inspector: Browser, wrong: dict[str, str]
) -> None:
    inspector.get("/desk/recalls")
    assert inspector.post("/desk/recalls", FORM | wrong).status_code == 400
    with world.readers.lend() as store:
        assert recall.all_recalls(store) == []


@pytest.mark.parametrize(
    "wrong", [{"found": "x"}, {"found": "2", "quarantined": "3"}, {"evidence": "x" * 1_001}]
)
def test_an_answer_that_does_not_add_up_is_refused(
    world: World, inspector: Browser, wrong: dict[str, str]
) -> None:
    path = begin(inspector)
    inspector.get(path)
    inspector.post(f"{path}/notify", {"deadline": "2026-03-09"})
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    number = path.rpartition("/")[2]
    shop.get(f"/desk/notices/{number}")
    assert shop.post(f"/desk/notices/{number}", {"found": "1"} | wrong).status_code == 400
    assert told(inspector, path)["holders"][0]["answered_ms"] == 0
    works = signed_in(world, "works", Role.PRODUCER, WORKS)
    assert works.get(f"/desk/notices/{number}").status_code == 404


def test_papers_and_reminders(world: World, clock: SetClock, inspector: Browser) -> None:
    path = begin(inspector, severity="1", one_in="500")
    assert told(inspector, path)["recall"]["risk"] == "low"
    inspector.get(path)
    inspector.post(f"{path}/notify", {"deadline": "2026-03-09"})
    clock.at_ms += 6 * 3_600_000
    inspector.get("/login")
    inspector.sign_in("inspector")
    page = inspector.get(path).text
    assert "2026-03-05" in page  # two working days after it was known
    inspector.post(f"{path}/remind", {})
    assert "催办 1 次" in inspector.get(path).text
    inspector.post(f"{path}/check", {"party": SHOP, "note": "已核实 3 件"})
    assert "已核实 3 件" in inspector.get(path).text
    plan = inspector.get(f"{path}/plan").text
    for word in ("余杭电芯", "应召回", "北京", "起火"):
        assert word in plan
    sheet = inspector.client.get(f"{path}/holders.csv").content.decode("utf-8-sig")
    assert SHOP in sheet
    document = inspector.client.get(f"{path}/evidence.json").json()
    assert document["type"] == "EPCISDocument"
    assert len(document["epcisBody"]["eventList"]) >= 1


def test_recalls_come_again_from_the_ledger(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as first:
        fill(first)
        inspector = signed_in(first, "inspector", Role.REGULATOR, OFFICE)
        path = begin(inspector)
        inspector.post(f"{path}/hold", {})
        before = told(inspector, path)
    list(rebuild(settings))
    with open_world(settings, clock=clock) as again:
        browser = Browser(again)
        browser.get("/login")
        browser.sign_in("inspector")
        assert told(browser, path) == before
        assert "verdict.component_recalled" in reasons(again, BIKES[0])


def test_it_moves_no_more_than_it_may(world: World, inspector: Browser) -> None:
    capture(world, WORKS, moved([BIKES[7]], WORKS, SHOP, 9, "shipping"))
    found = told(inspector, begin(inspector, codes=BIKES[7]))
    assert found["account"]["in_transit"] == 1
    assert {one["party"] for one in found["holders"]} == {SHOP}

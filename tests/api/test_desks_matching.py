"""What one firm says it sent and its partner does not say, and what becomes of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong import watch
from guantong.caller import Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.watch import Amiss
from tests.people_small import MAKER, OFFICE, SHOP, Browser, signed_in

NOW = 1_772_500_000_000
DAY = 86_400_000
CLASS = "https://id.gs1.org/01/06901234567892"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        opened.issue(CodeRange(CLASS, 1000, 1099), Caller(MAKER, Level.PARTY))
        yield opened


@pytest.fixture
def clerk(world: World) -> Browser:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    browser.get("/desk/firm")
    firm = {"name": "青山线缆", "kind": "producer", "region": "110105", "address": "青山 1 号"}
    assert browser.post("/desk/firm", firm).status_code == 200
    return browser


@pytest.fixture
def shop(world: World) -> Browser:
    return signed_in(world, "shop", Role.SELLER, SHOP)


def move(browser: Browser, step: str, partner: str, *serials: int) -> None:
    browser.get("/desk/moves")
    codes = "\n".join(f"{CLASS}/21/{serial}" for serial in serials)
    form = {"step": step, "codes": codes, "partner": partner[-18:], "what": "enter"}
    at = "2026-03-01 09:00:00" if step == "生产" else "2026-03-02 09:00:00"
    page = browser.post("/desk/moves", form | {"at": at})
    assert page.url.path.startswith("/desk/entry/"), page.text


def look(world: World, party: str) -> watch.Matched:
    with world.readers.lend() as store:
        return watch.matched(store, party, now_ms=world.clock.now_ms())


def test_what_the_buyer_did_not_receive_is_late_after_a_week(
    world: World, clock: SetClock, clerk: Browser, shop: Browser
) -> None:
    move(clerk, "生产", "", *range(1000, 1010))
    move(clerk, "销售", SHOP, *range(1000, 1010))
    move(shop, "进货", MAKER, *range(1000, 1006))
    clock.at_ms = NOW + 2 * DAY
    soon = look(world, MAKER)
    assert (soon.moves, soon.confirmed, soon.open, soon.mismatches) == (10, 6, 4, ())
    clock.at_ms = NOW + 9 * DAY
    late = look(world, MAKER)
    (one,) = late.mismatches
    assert (one.amiss, one.partner, one.things) == (Amiss.NOT_RECEIVED, SHOP, 4)
    assert one.examples[0] == f"{CLASS}/21/1006"
    assert late.complete


def test_what_the_seller_did_not_send_shows_at_once(
    world: World, clerk: Browser, shop: Browser
) -> None:
    move(clerk, "生产", "", 1000)
    move(shop, "进货", MAKER, 1000)
    (one,) = look(world, SHOP).mismatches
    assert (one.amiss, one.partner, one.things) == (Amiss.NOT_SENT, MAKER, 1)
    page = shop.get("/desk/matching").text
    assert "对方未登记发货" in page
    assert "为不一致的立案" not in page
    told = shop.get("/desk/matching", headers={"accept": "application/json"}).json()
    assert told["mismatches"][0]["amiss"] == "not_sent"


def test_a_regulator_makes_one_case_of_each_mismatch(
    world: World, clock: SetClock, clerk: Browser, shop: Browser
) -> None:
    move(clerk, "生产", "", 1000, 1001)
    move(clerk, "销售", SHOP, 1000, 1001)
    clock.at_ms = NOW + 9 * DAY
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")
    path = f"/desk/firms/{MAKER}/matching"
    assert "已发出，无人收货" in inspector.get(path).text
    for _ in range(2):
        assert inspector.post(path, {}).status_code == 200
    with world.readers.lend() as store:
        (case,) = watch.cases(store, ("11",))
    assert (case.owner, case.state) == ("inspector", watch.State.TAKEN)
    assert case.deadline == "2026-03-26"
    assert "收发不一致" in inspector.get(f"/desk/cases/{case.id}").text
    elsewhere = signed_in(world, "other", Role.REGULATOR, OFFICE, region="33")
    assert elsewhere.get(path).status_code == 404
    clerk.get("/login")
    clerk.sign_in("clerk")
    assert clerk.get(path).status_code == 403


def test_a_public_report_is_of_a_kind_for_the_public(world: World) -> None:
    browser = Browser(world)
    browser.get("/report?code=x")
    said = {"code": "x", "kind": "clone", "text": "y", "province": "11"}
    browser.post("/report", said)
    with world.readers.lend() as store:
        (case,) = watch.cases(store, ("11",))
    assert case.report.fields["kind"] == "other"

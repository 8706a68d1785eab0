"""A shop scans in and out: what is wrong shows before it is entered, and nothing is entered twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.verdict import Hold
from tests.people_small import MAKER, SHOP, Browser, signed_in

NOW = 1_773_100_000_000
CLASS = "https://id.gs1.org/01/06901234567892"
ITEMS = [f"{CLASS}/21/{serial}" for serial in range(1000, 1010)]
AT = "2026-03-02 09:00:00"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        maker = Caller(MAKER, Level.PARTY)
        opened.issue(CodeRange(CLASS, 1000, 1009, lot="L7"), maker)
        works = signed_in(opened, "works", Role.PRODUCER, MAKER)
        works.get("/desk/firm")
        works.post("/desk/firm", {"name": "青山线缆"})
        works.post("/desk/products", {"name": "铜芯电线", "gtin": "6901234567892"})
        move(works, "生产", *ITEMS)
        move(works, "销售", *ITEMS, partner=SHOP[-18:])
        yield opened


@pytest.fixture
def shop(world: World) -> Browser:
    browser = signed_in(world, "shop", Role.SELLER, SHOP)
    browser.get("/desk/firm")
    browser.post("/desk/firm", {"name": "东街五金店"})
    return browser


def move(browser: Browser, step: str, *codes: str, what: str = "enter", **more: str) -> Any:
    browser.get("/desk/moves")
    said = {"step": step, "codes": "\r\n".join(codes), "at": AT, "what": what}
    return browser.post("/desk/moves", said | more)


def test_a_purchase_is_looked_at_entered_and_printed(world: World, shop: Browser) -> None:
    size = world.ledger.size
    looked = move(shop, "进货", *ITEMS[:2], what="look", partner=MAKER[-18:], document="S-1")
    assert looked.status_code == 200
    assert looked.text.count("铜芯电线") == 2
    assert 'value="enter"' in looked.text
    assert world.ledger.size == size, "looking enters nothing"
    entered = move(shop, "进货", *ITEMS[:2], partner=MAKER[-18:], document="S-1")
    assert re.fullmatch(r"/desk/entry/\d+", entered.url.path)
    assert world.ledger.size == size + 1
    for word in ("青山线缆", "铜芯电线", "S-1", "2026-03-02 09:00"):
        assert word in entered.text, word
    assert world.check(ITEMS[0], Caller(SHOP, Level.PARTY)).holder == "东街五金店"


def test_the_same_form_twice_is_one_entry(world: World, shop: Browser) -> None:
    first = move(shop, "进货", ITEMS[0], partner=MAKER[-18:])
    size = world.ledger.size
    again = move(shop, "进货", ITEMS[0], partner=MAKER[-18:])
    assert again.url.path == first.url.path
    assert world.ledger.size == size


def test_the_queue_of_a_scanner_gets_json_and_may_send_again(world: World, shop: Browser) -> None:
    shop.get("/desk/moves")
    said = {
        "csrf": shop.token,
        "step": "进货",
        "codes": ITEMS[0],
        "at": AT,
        "what": "enter",
        "partner": MAKER[-18:],
    }
    head = {"accept": "application/json"}
    first = shop.client.post("/desk/moves", data=said, headers=head)
    again = shop.client.post("/desk/moves", data=said, headers=head)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["ledger_index"] == first.json()["ledger_index"]
    wrong = shop.client.post("/desk/moves", data=said | {"step": "?"}, headers=head)
    assert wrong.status_code == 400
    assert wrong.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["recalled", "on_hold"])
def test_what_is_stopped_does_not_go_out(world: World, shop: Browser, kind: str) -> None:
    move(shop, "进货", *ITEMS[:2], partner=MAKER[-18:])
    world.hold(Hold(ITEMS[1], kind, "线芯过热", "hot"), OPERATOR)
    assert world.wait(world.ledger.size)
    size = world.ledger.size
    looked = move(shop, "零售", *ITEMS[:2], what="look")
    assert "线芯过热" in looked.text
    assert "不能发出或销售" in looked.text
    assert 'value="enter"' not in looked.text
    refused = move(shop, "零售", *ITEMS[:2])
    assert refused.status_code == 400
    assert ITEMS[1] in refused.text
    assert world.ledger.size == size
    assert move(shop, "退货", ITEMS[1], partner=MAKER[-18:]).url.path.startswith("/desk/entry/")


@pytest.mark.parametrize(
    ("step", "codes", "warning"),
    [
        ("进货", (ITEMS[0], ITEMS[0]), "重复扫到"),
        ("进货", (f"{CLASS}/21/77777",), "平台上没有这个码的记录"),
        ("进货", ("6901234567893",), "不是正确的码"),
        ("零售", (ITEMS[5],), "现在的持有人不是您"),
        ("进货", (ITEMS[9],), "已经在您这里"),
    ],
    ids=["twice", "unknown", "malformed", "not-held", "held"],
)
def test_what_is_odd_is_told_before(
    world: World, shop: Browser, step: str, codes: tuple[str, ...], warning: str
) -> None:
    move(shop, "进货", ITEMS[9], partner=MAKER[-18:])
    page = move(shop, step, *codes, what="look").text
    assert warning in page


def test_a_sold_item_says_so(world: World, shop: Browser) -> None:
    move(shop, "进货", ITEMS[0], partner=MAKER[-18:])
    move(shop, "零售", ITEMS[0], at="2026-03-03 10:00:00")
    page = move(shop, "零售", ITEMS[0], what="look").text
    assert "登记售出" in page


def test_an_entry_is_taken_back_once_and_stays(world: World, shop: Browser) -> None:
    path = move(shop, "进货", ITEMS[0], partner=MAKER[-18:]).url.path
    before = world.check(ITEMS[0], PUBLIC).state
    undone = shop.post(f"{path}/undo")
    assert undone.url.path != path
    assert "声明有误" in undone.text
    assert "已经撤销" in shop.get(path).text
    assert world.check(ITEMS[0], PUBLIC).state != before
    assert not shop.get(path).text.count("/undo")


def test_an_entry_of_another_firm_is_as_if_there_were_none(world: World, shop: Browser) -> None:
    path = move(shop, "进货", ITEMS[0], partner=MAKER[-18:]).url.path
    rival = signed_in(world, "rival", Role.SELLER, MAKER)
    assert rival.get(path).status_code == 404
    assert rival.post(f"{path}/undo").status_code == 404
    assert shop.get("/desk/entry/999999").status_code == 404


def test_more_codes_than_a_form_holds_are_refused(world: World, shop: Browser) -> None:
    many = [f"{CLASS}/21/{n}" for n in range(501)]
    assert move(shop, "进货", *many, what="look").status_code == 400


def test_faults_name_the_column(world: World, shop: Browser) -> None:
    size = world.ledger.size
    for wrong, column in (({"at": "gestern"}, "日期时间"), ({"quantity": "x"}, "数量")):
        page = move(shop, "进货", ITEMS[0], partner=MAKER[-18:], **wrong)
        assert page.status_code == 400
        assert column in page.text
        assert ITEMS[0] in page.text, "what was scanned is not lost"
    assert world.ledger.size == size


def test_a_site_receives_installs_and_scraps(world: World) -> None:
    site = signed_in(world, "site", Role.USER, SHOP)
    for step, day in (("收货", "03"), ("安装", "04"), ("报废", "05")):
        partner = {"partner": MAKER[-18:]} if step == "收货" else {}
        entered = move(site, step, ITEMS[3], at=f"2026-03-{day} 09:00:00", **partner)
        assert entered.url.path.startswith("/desk/entry/"), step
    assert world.check(ITEMS[3], PUBLIC).state == "scrapped"

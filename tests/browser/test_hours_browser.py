# ruff: noqa: F401, F811 - fixtures are named where they are made and where they are asked for
"""An hour of those who use, supervise, look after and run it, in a browser, by keys and without a script."""

import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.browser.desks_server import ITEMS
from tests.browser.test_desks_browser import (
    Server,
    chromium,
    fill,
    open_page,
    play,
    press,
    server,
    sign_in,
    tab_to,
)
from tests.people_small import MAKER, PASSWORD

pytestmark = pytest.mark.full
SHOWN = "main .answer code.secret"


def scanned(page: Any, server: Server, step: str, code: str, **fields: str) -> str:
    """Enter one code under a step, as a gun does; the text of the page that follows."""
    page.goto(f"{server.url}/desk/moves?step=" + quote(step))
    page.locator("#codes:focus").wait_for()
    page.keyboard.type(code)
    page.keyboard.press("Enter")  # as a scanner gun ends
    for name, text in fields.items():
        tab_to(page, f"#{name}")
        page.keyboard.type(text)
    press(page, "确认登记")
    page.wait_for_url(re.compile(r"/desk/entry/\d+$"))
    return str(page.locator("main").inner_text())


def test_a_site_receives_installs_repairs_scraps_and_states_it(
    open_page: Callable[..., Any],
    server: Server,
    tmp_path: Path,
) -> None:
    page = open_page("phone")
    sign_in(page, server, "site")
    assert "铜芯电线" in scanned(page, server, "收货", ITEMS[5], partner=MAKER[-18:])
    scanned(page, server, "安装", ITEMS[5])
    page.goto(f"{server.url}/c/" + quote(ITEMS[5], safe="") + "?lang=zh")
    assert "已安装" in page.locator("main").inner_text()
    scanned(page, server, "维修", ITEMS[5])
    scanned(page, server, "报废", ITEMS[5])
    page.goto(f"{server.url}/desk/tenders")
    tab_to(page, "#purpose")
    page.keyboard.type("一号工地 2026-3")
    tab_to(page, "#codes")
    page.keyboard.type(ITEMS[5])
    press(page, "生成并记入账本")
    page.wait_for_url(re.compile(r"/desk/tenders/\d+$"))
    assert "青山线缆" in page.locator("main").inner_text()
    page.screenshot(path=str(tmp_path / "tender.png"), full_page=True)
    tab_to(page, "main a:has-text('带证明的网页')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/ledger/shown/\d+$"))
    told = page.request.get(f"{page.url}?format=json").json()["event"]["bytes"]
    assert "一号工地 2026-3" in b64decode(told).decode()


def test_an_inspector_finds_a_silent_firm_and_an_auditor_finds_the_look(
    open_page: Callable[..., Any],
    server: Server,
    tmp_path: Path,
) -> None:
    page = open_page("desktop")
    sign_in(page, server, "inspector")
    page.goto(f"{server.url}/desk/coverage")
    tab_to(page, "main a.button[href*=silent]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/obliged?state=silent")
    tab_to(page, "input[aria-label^='良渚车业, 电动自行车']")
    page.keyboard.press("Space")
    page.screenshot(path=str(tmp_path / "silent.png"), full_page=True)
    tab_to(page, "main form[action='/desk/tasks'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/tasks**")
    row = page.locator("tr:has-text('良渚车业')")
    assert row.locator(".badge.good").count() == 0
    clerk = open_page("desktop")
    sign_in(clerk, server, "clerk")
    clerk.goto(f"{server.url}/desk/firm")
    fill(clerk, name="良渚车业", region="330110", address="良渚 1 号")
    clerk.wait_for_url("**/desk/firm?done=1")
    clerk.goto(f"{server.url}/desk/products")
    clerk.select_option("#category", "电动自行车")
    fill(clerk, name="电动自行车", gtin="6901234567908", model="FX-48")
    clerk.wait_for_url("**/desk/products?done=1")
    server.stop()  # its clock stands still, and a count is kept for a minute
    server.start()
    page.reload()
    assert row.locator(".badge.good").count() == 1
    page.screenshot(path=str(tmp_path / "done.png"), full_page=True)
    auditor = open_page("phone")
    sign_in(auditor, server, "auditor", "en")
    auditor.goto(f"{server.url}/desk/looks")
    assert "/desk/obliged" in auditor.locator("main table").inner_text()
    auditor.screenshot(path=str(tmp_path / "looks.png"), full_page=True)


def test_an_operator_lets_a_shop_in_and_out(
    open_page: Callable[..., Any],
    server: Server,
    tmp_path: Path,
) -> None:
    page = open_page("desktop")
    sign_in(page, server, "operator", "en")
    page.goto(f"{server.url}/desk/people")
    page.select_option("#role", "seller")
    tab_to(page, "#login")
    page.keyboard.type("newshop")
    tab_to(page, "#party")
    page.keyboard.type("91330000MA27U04G4A")
    tab_to(page, "main button[value=new]")
    page.keyboard.press("Enter")
    page.locator(SHOWN).wait_for()
    secret = page.locator(SHOWN).inner_text()
    page.screenshot(path=str(tmp_path / "people.png"), full_page=True)
    assert secret != PASSWORD
    shop = open_page("phone")
    shop.goto(f"{server.url}/login?lang=zh")
    shop.fill("#login", "newshop")
    shop.fill("#password", secret)
    shop.click(".desk-form button")
    shop.wait_for_url(re.compile("/desk|/account"))
    assert "91330000MA27U04G4A" in shop.locator("body").inner_text()

"""A clerk's first hour, through forms alone: firm, product, certificate, codes, labels, shipment, own scan."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import zxingcpp
from starlette.testclient import TestClient

from guantong import coding
from guantong.caller import PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.ledger import StatementType
from guantong.serve.app import create_app
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP, Browser, signed_in

NOW = 1_772_500_000_000
GTIN = "06901234567892"
CLASS = f"https://id.gs1.org/01/{GTIN}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        yield opened


@pytest.fixture
def clerk(world: World) -> Browser:
    return signed_in(world, "clerk", Role.PRODUCER, MAKER)


def file_firm(clerk: Browser) -> Any:
    clerk.get("/desk/firm")
    firm = {
        "name": "杭州风行车业有限公司",
        "kind": "producer",
        "region": "330110",
        "address": "良渚 1 号",
    }
    return clerk.post("/desk/firm", firm)


def file_product(clerk: Browser, **more: str) -> Any:
    clerk.get("/desk/products")
    product = {
        "name": "电动自行车",
        "gtin": "6901234567892",
        "model": "FX-48",
        "standard": "GB 17761-2024",
    }
    return clerk.post("/desk/products", product | more)


def issue(clerk: Browser, count: str = "100", **more: str) -> Any:
    clerk.get("/desk/codes")
    return clerk.post(
        "/desk/codes", {"class": CLASS, "count": count, "lot": "L7", "day": "2026-03-01"} | more
    )


def done(page: Any) -> int:
    return str(page.text).count('class="done"')


def test_the_first_hour_ticks_itself_off(world: World, clerk: Browser) -> None:
    assert done(clerk.get("/desk/start")) == 0
    assert 'class="next" aria-current="step"' in clerk.get("/desk/start").text
    assert "已登记，已写入账本" in file_firm(clerk).text
    assert file_product(clerk).url.path == "/desk/products"
    clerk.get("/desk/certificates")
    certificate = {
        "kind": "ccc",
        "number": "2024011119123456",
        "status": "valid",
        "products": "6901234567892",
        "since": "2024-01-10",
        "until": "2029-01-09",
    }
    assert "2024011119123456" in clerk.post("/desk/certificates", certificate).text
    assert done(clerk.get("/desk/start")) == 3
    page = issue(clerk)
    assert re.fullmatch(r"/desk/codes/\d+", page.url.path)
    assert done(clerk.get("/desk/start")) == 4
    labels = clerk.client.post(
        f"{page.url.path}/print",
        data={
            "csrf": clerk.token,
            "template": "any-40x20",
            "form": "zpl",
            "from": "1",
            "to": "100",
        },
    )
    assert labels.status_code == 200
    assert labels.content.count(b"^XA") == 100
    assert done(clerk.get("/desk/start")) == 5
    codes = re.findall(r'href="(/c/[^"]+21%2F\d{12})"', clerk.get(page.url.path).text)
    clerk.get("/desk/moves")
    shipped = {
        "step": "销售",
        "codes": "\n".join(first_codes(world, 3)),
        "partner": SHOP[-18:],
        "at": "2026-03-02 09:00:00",
        "what": "enter",
    }
    assert re.fullmatch(r"/desk/entry/\d+", clerk.post("/desk/moves", shipped).url.path)
    assert done(clerk.get("/desk/start")) == 6
    scan = clerk.get(codes[0])
    assert "电动自行车" in scan.text
    assert "杭州风行车业有限公司" in scan.text
    all_done = clerk.get("/desk/start")
    assert done(all_done) == 7
    assert "全部完成" in all_done.text


def first_codes(world: World, count: int) -> list[str]:
    with world.readers.lend() as store:
        (fact,) = store.facts("code_range", (CLASS,))
    return list(coding.range_of(fact).codes(0, count - 1))


def test_codes_go_on_where_the_last_ended_and_keep_their_key(world: World, clerk: Browser) -> None:
    file_product(clerk)
    issue(clerk, "10")
    issue(clerk, "5", spread="no")
    with world.readers.lend() as store:
        ranges = [fact.fields for fact in store.facts("code_range", (CLASS,))]
        keys = {fact.spread.key for fact in store.facts("code_range", (CLASS,)) if fact.spread}
    assert [(one["first"], one["last"]) for one in ranges] == [(0, 9), (10, 14)]
    assert len(keys) == 1


@pytest.mark.parametrize("count", ["0", "-1", "x", "", "10000001", "١"])
def test_a_count_that_is_none_is_refused(world: World, clerk: Browser, count: str) -> None:
    file_product(clerk)
    size = world.ledger.size
    assert issue(clerk, count).status_code == 400
    assert world.ledger.size == size


def test_what_a_form_says_is_told_at_its_fields(world: World, clerk: Browser) -> None:
    size = world.ledger.size
    wrong = file_product(clerk, gtin="6901234567893")
    assert wrong.status_code == 400
    assert "products[0].gtin" in wrong.text
    assert 'value="FX-48"' in wrong.text, "what was typed is not lost"
    assert world.ledger.size == size


def test_labels_that_were_printed_are_printed_again_with_a_reason_only(
    world: World, clerk: Browser
) -> None:
    file_product(clerk)
    path = issue(clerk, "20").url.path
    asked = {"template": "item-40x20", "form": "csv", "from": "1", "to": "10"}
    assert clerk.post(f"{path}/print", asked).status_code == 200
    clerk.get(path)
    refused = clerk.post(f"{path}/print", asked | {"from": "10", "to": "12"})
    assert refused.status_code == 400
    assert "重印要写明原因" in refused.text
    assert clerk.post(f"{path}/print", asked | {"from": "11", "to": "20"}).status_code == 200
    clerk.get(path)
    again = clerk.post(f"{path}/print", asked | {"reason": "卡纸"})
    assert again.status_code == 200
    assert "labels-" in again.headers["content-disposition"]
    assert "卡纸" in clerk.get(path).text
    assert len(world.all_facts("print_job")) == 3


def test_void_codes_are_told_to_whoever_scans_them_and_not_printed(
    world: World, clerk: Browser
) -> None:
    file_product(clerk)
    path = issue(clerk, "20").url.path
    third, fourth = first_codes(world, 4)[2:]
    clerk.get(path)
    assert clerk.post(f"{path}/void", {"from": "3", "to": "3", "reason": ""}).status_code == 400
    clerk.get(path)
    clerk.post(f"{path}/void", {"from": "3", "to": "3", "reason": "印坏"})
    verdict = world.check(third, PUBLIC)
    assert [why.code for why in verdict.reasons if why.problem] == ["verdict.void"]
    assert "印坏" in verdict.reasons[0].zh
    assert not [why for why in world.check(fourth, PUBLIC).reasons if why.problem]
    clerk.get(path)
    asked = {"template": "item-40x20", "form": "csv", "from": "1", "to": "10"}
    assert clerk.post(f"{path}/print", asked).status_code == 400


def test_only_the_issuer_ends_its_codes(world: World, clerk: Browser) -> None:
    file_product(clerk)
    path = issue(clerk, "20").url.path
    other = signed_in(world, "rival", Role.PRODUCER, SHOP)
    for what in ("void", "print"):
        assert (
            other.post(f"{path}/{what}", {"from": "1", "to": "1", "reason": "x"}).status_code == 404
        )
    assert other.get(path).status_code == 404
    assert world.all_facts("void") == []


def test_what_a_stranger_says_is_void_counts_for_nothing(world: World, clerk: Browser) -> None:
    file_product(clerk)
    issue(clerk, "20")
    void = coding.Void(CLASS, 0, 19, "nobody's business")
    made = Made(StatementType.CODE_RANGE, b"{}", void.facts(), coding.VOID_MEDIA)
    world.enter(made, Caller(SHOP, Level.PARTY))
    verdict = world.check(first_codes(world, 1)[0], PUBLIC)
    assert not [why for why in verdict.reasons if why.code == "verdict.void"]


def test_the_preview_is_what_is_printed(world: World, clerk: Browser) -> None:
    file_product(clerk)
    page = issue(clerk, "2").text
    assert page.count("data:image/svg+xml") == 4
    found = re.search(r'src="data:image/svg\+xml,([^"]+)"', page)
    assert found is not None
    svg = unquote(found[1])
    host = "http://testserver"
    assert drawn_code(svg) == first_codes(world, 1)[0].replace("https://id.gs1.org", host)


def drawn_code(svg: str) -> str:
    """What a reader sees in the symbol of a drawing: its rectangles, as dots."""
    dots = np.full((800, 1600), 255, np.uint8)
    for x, y, wide, high in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h", svg):
        left, top = round(float(x) * 40), round(float(y) * 40)
        dots[top : top + round(float(high) * 40), left : left + round(float(wide) * 40)] = 0
    (found,) = zxingcpp.read_barcodes(dots)
    return str(found.text)


def test_a_key_is_shown_once_and_good_for_what_was_chosen(world: World, clerk: Browser) -> None:
    clerk.get("/desk/keys")
    assert clerk.post("/desk/keys", {}).status_code == 400
    made = clerk.post("/desk/keys", {"scope:capture": "1"})
    secret = re.search(r'class="secret">(gt_[^<]+)<', made.text)
    assert secret is not None
    assert secret[1] not in clerk.get("/desk/keys").text
    caller = world.caller_of(secret[1])
    assert caller is not None
    assert (caller.party, caller.scopes) == (MAKER, ("capture",))
    public = secret[1].split("_")[1]
    rival = signed_in(world, "rival", Role.SELLER, SHOP)
    assert rival.post("/desk/keys", {"end": public}).status_code == 400
    assert world.caller_of(secret[1]) is not None
    clerk.post("/desk/keys", {"end": public})
    assert world.caller_of(secret[1]) is None


def test_desks_come_again_from_the_ledger(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    kinds = ("code_range", "print_job", "void", "key", "sheet_columns")
    with open_world(settings, clock=SetClock(NOW), create=True) as world:
        clerk = signed_in(world, "clerk", Role.PRODUCER, MAKER)
        file_product(clerk)
        path = issue(clerk, "20").url.path
        clerk.post(f"{path}/print", {"template": "item-40x20", "form": "csv"})
        clerk.get(path)
        clerk.post(f"{path}/void", {"from": "3", "to": "3", "reason": "印坏"})
        clerk.get("/desk/keys")
        clerk.post("/desk/keys", {"scope:read": "1"})
        clerk.post("/desk/sheets/columns", {"as:Menge": "quantity"})
        before = {kind: world.all_facts(kind) for kind in kinds}
        assert all(before.values())
    list(rebuild(settings))
    with open_world(settings, clock=SetClock(NOW)) as world:
        assert {kind: world.all_facts(kind) for kind in kinds} == before


DESKS = (
    "start",
    "firm",
    "products",
    "certificates",
    "codes",
    "moves",
    "sheets",
    "keys",
    "people",
    "looks",
    "coverage",
    "obliged",
    "tasks",
    "register",
    "cases",
)
OPEN = {
    Role.PRODUCER: {
        "start",
        "firm",
        "products",
        "certificates",
        "codes",
        "moves",
        "sheets",
        "keys",
    },
    Role.SELLER: {"firm", "products", "certificates", "moves", "sheets", "keys"},
    Role.USER: {"firm", "products", "certificates", "moves", "sheets", "keys"},
    Role.REGULATOR: {"coverage", "obliged", "tasks", "register", "cases"},
    Role.AUDITOR: {"looks"},
    Role.OPERATOR: {"people", "looks"},
}


@pytest.mark.parametrize("role", Role, ids=str)
def test_each_role_finds_its_own_desks_in_both_languages(world: World, role: Role) -> None:
    browser = signed_in(world, "someone", role, MAKER)
    for name in DESKS:
        for language in ("zh", "en"):
            page = browser.get(f"/desk/{name}", params={"lang": language})
            assert page.status_code == (200 if name in OPEN[role] else 403), name
            assert page.text.rstrip().endswith("</html>")
            if page.status_code == 403:
                assert browser.post(f"/desk/{name}").status_code in {403, 405}


def test_nobody_who_is_not_signed_in_sees_a_desk(world: World) -> None:
    client = TestClient(create_app(world, world.settings), follow_redirects=False)
    client.headers["accept"] = "text/html"
    for name in DESKS:
        assert client.get(f"/desk/{name}").headers["location"].startswith("/login?next=")
        assert client.post(f"/desk/{name}").status_code in {401, 405}

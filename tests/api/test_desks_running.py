"""What the operator sets, what a regulator keeps: quotas, statuses, saved views, the file of a product."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.parties import Standing
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, OFFICE, SHOP, Browser, signed_in

NOW = 1_772_500_000_000
CLASS = "https://id.gs1.org/01/06901234567892"
CCC = "2026010201000123"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        yield opened


@pytest.fixture
def operator(world: World) -> Browser:
    return signed_in(world, "boss", Role.OPERATOR)


@pytest.fixture
def filed(world: World) -> None:
    clerk = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    firm = {"name": "青山线缆", "kind": "producer", "region": "110105", "address": "青山 1 号"}
    product = {"name": "铜芯电线", "gtin": "6901234567892", "certificates": CCC}
    held = {"kind": "ccc", "number": CCC, "status": "valid", "since": "2026-01-01"}
    for path, form in (
        ("/desk/firm", firm),
        ("/desk/products", product),
        ("/desk/certificates", held | {"products": "6901234567892"}),
    ):
        clerk.get(path)
        assert clerk.post(path, form).status_code == 200
    world.issue(CodeRange(CLASS, 1, 1000), Caller(MAKER, Level.PARTY))


# --- quotas


def send(world: World, client: TestClient, key: str, number: int) -> int:
    body = f"时间,步骤,编码\n2026-03-02,生产,(01)06901234567892(21){number}\n".encode()
    head = {"authorization": f"Bearer {key}", "content-type": "text/csv"}
    return client.post("/capture", content=body, headers=head).status_code


def test_a_firm_that_is_bounded_waits_and_others_do_not(
    world: World, clock: SetClock, operator: Browser
) -> None:
    operator.get("/desk/quotas")
    page = operator.post("/desk/quotas", {"party": MAKER, "per_minute": "3"})
    assert "3" in page.text
    client = TestClient(create_app(world, world.settings))
    keys = {
        party: world.add_key(new_key(Caller(party, Level.PARTY)), OPERATOR)
        for party in (MAKER, SHOP)
    }
    assert [send(world, client, keys[MAKER], at) for at in range(5)] == [201, 201, 201, 429, 429]
    assert send(world, client, keys[SHOP], 9) == 201
    clock.at_ms += 20_000
    assert send(world, client, keys[MAKER], 8) == 201
    operator.post("/desk/quotas", {"party": MAKER, "per_minute": "0"})
    clock.at_ms += 1_000
    assert [send(world, client, keys[MAKER], at) for at in range(20, 26)] == [201] * 6


@pytest.mark.parametrize(
    "wrong", [{"per_minute": "many"}, {"per_minute": "9999999"}, {"party": ""}]
)
def test_what_is_no_bound_is_refused(
    world: World, operator: Browser, wrong: dict[str, str]
) -> None:
    size = world.ledger.size
    operator.get("/desk/quotas")
    form = {"party": MAKER, "per_minute": "3"} | wrong
    assert operator.post("/desk/quotas", form).status_code == 400
    assert world.ledger.size == size


# --- certificate status


def import_list(operator: Browser, text: str) -> int:
    operator.get("/desk/statuses")
    files = {"file": ("list.csv", text.encode("gb18030"), "text/csv")}
    return int(operator.post("/desk/statuses", {}, files=files).status_code)


@pytest.mark.usefixtures("filed")
def test_a_list_of_a_certification_body_changes_what_a_scan_tells(
    world: World, operator: Browser
) -> None:
    before = world.check(f"{CLASS}/21/5", PUBLIC)
    assert before.certificates[0].now is Standing.VALID
    text = f"证书编号,状态,状态日期,原因\n{CCC},暂停,2026/02/01,监督不合格\n"
    assert import_list(operator, text) == 200
    after = world.check(f"{CLASS}/21/5", PUBLIC)
    assert after.certificates[0].now is Standing.SUSPENDED
    text = f"证书编号,状态,状态日期,原因\n{CCC},恢复,2026-03-01,\n"
    assert import_list(operator, text) == 200
    assert world.check(f"{CLASS}/21/5", PUBLIC).certificates[0].now is Standing.VALID


@pytest.mark.parametrize(
    "row",
    [
        f"{CCC},不知道,2026-02-01,",
        "123,暂停,2026-02-01,",
        f"{CCC},暂停,soon,",
        f"{CCC},unknown,2026-02-01,",
        f"{CCC},暂停,2026-02-01,{'x' * 201}",
    ],
)
def test_one_wrong_row_refuses_the_list(world: World, operator: Browser, row: str) -> None:
    size = world.ledger.size
    text = f"证书编号,状态,状态日期,原因\n{CCC},暂停,2026-02-01,\n{row}\n"
    assert import_list(operator, text) == 400
    assert import_list(operator, "证书编号,状态\n") == 400
    assert world.ledger.size == size


# --- saved views, facets, the file of a product


def test_a_view_is_saved_shown_and_dropped(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")
    inspector.get("/desk/obliged?state=silent&province=11")
    address = "/desk/obliged?state=silent&province=11"
    page = inspector.post("/desk/views", {"name": "北京未报送", "address": address})
    assert page.url.path == "/desk"
    assert "北京未报送" in page.text
    other = signed_in(world, "other", Role.REGULATOR, OFFICE, region="11")
    assert "北京未报送" not in other.get("/desk").text
    assert "北京未报送" not in inspector.post("/desk/views", {"name": "北京未报送"}).text


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/desk//evil", "/login", "/desk/\\x"]
)
def test_a_view_never_leads_out(world: World, address: str) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    inspector.get("/desk/obliged")
    size = world.ledger.size
    assert inspector.post("/desk/views", {"name": "x", "address": address}).status_code == 400
    with world.readers.lend() as store:
        assert store.facts("view", ("inspector",)) == []
    assert size <= world.ledger.size


@pytest.mark.usefixtures("filed")
def test_the_file_of_a_product(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")
    page = inspector.get(f"/desk/product-file/{CLASS}")
    assert page.status_code == 200, page.text
    for word in ("铜芯电线", "青山线缆", CCC):
        assert word in page.text
    told = inspector.get(f"/desk/product-file/{CLASS}?format=json").json()
    assert told["codes"] == 1000
    elsewhere = signed_in(world, "other", Role.REGULATOR, OFFICE, region="33")
    assert elsewhere.get(f"/desk/product-file/{CLASS}").status_code == 404
    assert inspector.get("/desk/product-file/6936983800013").status_code == 404


def test_facets_count_what_each_filter_would_leave(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    rows = "企业名称,统一社会信用代码,产品类别,地区代码\n"
    rows += f"甲,{MAKER[-18:]},电线电缆,11\n甲,{MAKER[-18:]},钢筋,11\n乙,{SHOP[-18:]},钢筋,33\n"
    inspector.get("/desk/register")
    files = {"file": ("list.csv", rows.encode(), "text/csv")}
    assert inspector.post("/desk/register", {"source": "x"}, files=files).status_code == 200
    page = inspector.get("/desk/obliged?province=11").text
    facets = page[page.index('class="facets') :][:2_000]
    assert "province=11&amp;category" in facets or "category=" in facets
    assert ">浙江 1</a>" in facets or "浙江 1" in facets
    assert "钢筋 1" in facets

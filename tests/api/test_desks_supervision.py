"""A regulator knows who must file, sees who does not, and asks for it; of its region, and every look is logged."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.serve.job import offer_of
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Hold
from tests.people_small import MAKER, OFFICE, SHOP, Browser, signed_in

NOW = 1_773_100_000_000
ZHEJIANG = "91330000MA27U04G4A"
HEAD = "企业名称,统一社会信用代码,产品类别,证书编号,地区代码"
ROWS = (
    f"青山线缆,{MAKER[-18:]},电线电缆,XK06-001-00001,110105",
    f"东街五金店,{SHOP[-18:]},电线电缆,,",
    f"良渚车业,{ZHEJIANG},电动自行车,2024011119123456,330110",
)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as opened:
        yield opened


@pytest.fixture
def nation(world: World) -> Browser:
    return signed_in(world, "nation", Role.REGULATOR, OFFICE)


def hand_in(who: Browser, *rows: str, source: str = "获证名录", head: str = HEAD) -> Any:
    who.get("/desk/register")
    data = "\r\n".join([head, *rows]).encode("gb18030")
    return who.post("/desk/register", {"source": source}, files={"file": ("a.csv", data)})


def coverage(who: Browser) -> Any:
    return who.client.get("/desk/coverage.json").json()


def file_all(world: World, *, coded: bool = False) -> None:
    """The cable works files itself and a product, and codes it."""
    works = signed_in(world, "works", Role.PRODUCER, MAKER)
    works.get("/desk/firm")
    works.post("/desk/firm", {"name": "青山线缆", "region": "110105"})
    product = {"name": "电线", "gtin": "6901234567892", "category": "电线电缆"}
    works.post("/desk/products", product)
    if coded:
        works.get("/desk/codes")
        works.post("/desk/codes", {"class": "https://id.gs1.org/01/06901234567892", "count": "9"})


def test_coverage_is_those_who_file_of_those_who_must(
    world: World, nation: Browser, clock: SetClock
) -> None:
    assert "名录已导入" in hand_in(nation, *ROWS).text
    told = coverage(nation)
    assert told["all"] == {
        "key": "", "name": "", "since": "", "obliged": 3, "filing": 0, "coding": 0, "coverage": 0.0,
    }  # fmt: skip
    file_all(world)
    assert coverage(nation)["all"]["filing"] == 0, "a count is kept for a minute"
    clock.at_ms += 61_000
    told = coverage(nation)
    assert (told["all"]["filing"], told["all"]["coding"]) == (1, 0)
    assert told["all"]["coverage"] == 33.3
    by_category = {line["name"]: line for line in told["category"]}
    assert by_category["电线电缆"]["coverage"] == 50.0
    assert by_category["电线电缆"]["since"] == "2024-12-31"
    assert {line["key"] for line in told["province"]} == {"11", "33"}
    page = nation.get("/desk/coverage")
    assert "已登记 ÷ 应登记" in page.text
    assert page.text.count('class="shade') > 30


def test_codes_make_the_last_step(world: World, nation: Browser) -> None:
    file_all(world, coded=True)
    hand_in(nation, *ROWS)
    assert coverage(nation)["all"]["coding"] == 1


def test_what_another_says_of_a_firm_is_not_its_filing(world: World, nation: Browser) -> None:
    rival = signed_in(world, "rival", Role.PRODUCER, SHOP)
    document = {
        "guantong": "records",
        "firms": [{"name": "x", "uscc": MAKER[-18:]}],
        "products": [
            {"name": "y", "gtin": "6901234567892", "firm": MAKER[-18:], "category": "电线电缆"}
        ],
    }
    receipt = world.submit(offer_of(msgspec.json.encode(document)), Caller(SHOP, Level.PARTY))
    assert receipt.accepted
    world.wait(world.ledger.size)
    hand_in(nation, *ROWS)
    assert coverage(nation)["all"]["filing"] == 0
    assert rival.get("/desk").status_code == 200


def test_a_firm_named_by_another_only_has_not_filed(world: World, nation: Browser) -> None:
    named = {"guantong": "records", "firms": [{"name": "x", "uscc": MAKER[-18:]}]}
    made = {"name": "y", "gtin": "6901234567892", "firm": MAKER[-18:], "category": "电线电缆"}
    for party, document in ((SHOP, named), (MAKER, {"guantong": "records", "products": [made]})):
        offer = offer_of(msgspec.json.encode(document))
        assert world.submit(offer, Caller(party, Level.PARTY)).accepted
    world.wait(world.ledger.size)
    hand_in(nation, *ROWS)
    assert coverage(nation)["all"]["filing"] == 0


def test_a_new_list_takes_the_place_of_the_old_one_of_its_name(
    world: World, nation: Browser
) -> None:
    hand_in(nation, *ROWS)
    hand_in(nation, ROWS[0])
    assert coverage(nation)["all"]["obliged"] == 1
    hand_in(nation, ROWS[2], source="CCC 名录")
    hand_in(nation, ROWS[0], source="重复名录")
    assert coverage(nation)["all"]["obliged"] == 2, "a firm and category counts once"


@pytest.mark.parametrize(
    ("rows", "head", "told"),
    [
        (("x,123,电线电缆,,",), HEAD, "rows[2].party"),
        ((f",{SHOP[-18:]},电线电缆,,",), HEAD, "rows[2].name"),
        ((f"x,{SHOP[-18:]},,,",), HEAD, "rows[2].category"),
        ((f"x,{SHOP[-18:]},电线电缆,,abc",), HEAD, "rows[2].region"),
        ((ROWS[0],), "甲,乙,丙,丁,戊", "企业名称"),
    ],
    ids=["uscc", "name", "category", "region", "header"],
)
def test_a_list_that_is_wrong_is_refused_whole(
    world: World, nation: Browser, rows: tuple[str, ...], head: str, told: str
) -> None:
    size = world.ledger.size
    nation.get("/desk/register")
    looks = world.ledger.size - size
    page = hand_in(nation, *rows, head=head)
    assert page.status_code == 400
    assert told in page.text
    entered = list(world.ledger.entries(size + looks, world.ledger.size))
    assert {entry.statement.typ for entry in entered} == {"look"}


def test_a_province_sees_and_imports_its_own_rows(world: World, nation: Browser) -> None:
    hand_in(nation, *ROWS)
    province = signed_in(world, "province", Role.REGULATOR, OFFICE, region="33")
    assert coverage(province)["all"]["obliged"] == 1
    rows = province.client.get("/desk/obliged.json").json()["rows"]
    assert [row["name"] for row in rows] == ["良渚车业"]
    assert hand_in(province, ROWS[0], source="外省").status_code == 400
    assert hand_in(province, ROWS[2], source="本省").status_code == 200
    assert province.get(f"/desk/firms/{MAKER}").status_code == 404
    assert province.get(f"/desk/firms/urn:guantong:uscc:{ZHEJIANG}").status_code == 200
    give = {f"firm:{MAKER} 电线电缆": "1", "deadline": "2026-04-01", "what": "x"}
    assert province.post("/desk/tasks", give).status_code == 403
    assert world.all_facts("task") == []


def test_a_silent_firm_gets_a_task_and_filing_ends_it(
    world: World, nation: Browser, clock: SetClock
) -> None:
    hand_in(nation, *ROWS)
    silent = nation.get("/desk/obliged?state=silent")
    assert silent.text.count('type="checkbox"') == 3
    give = {f"firm:{MAKER} 电线电缆": "1", "deadline": "2026-04-01", "what": "登记并赋码"}
    tasks = nation.post("/desk/tasks", give)
    assert tasks.url.path == "/desk/tasks"
    assert "进行中" in tasks.text
    clock.at_ms += 40 * 86_400_000
    nation = Browser(world)
    nation.sign_in("nation")
    assert "已逾期" in nation.get("/desk/tasks").text
    file_all(world)
    clock.at_ms += 61_000
    (task,) = nation.client.get("/desk/tasks.json").json()["tasks"]
    assert (task["state"], task["what"]) == ("done", "登记并赋码")
    assert "登记并赋码" in nation.get(f"/desk/firms/{MAKER}").text


def test_tasks_are_given_all_or_none(world: World, nation: Browser) -> None:
    hand_in(nation, *ROWS)
    nation.get("/desk/obliged")
    give = {f"firm:{MAKER} 电线电缆": "1", f"firm:{MAKER} 别的": "1"}
    assert nation.post("/desk/tasks", give | {"deadline": "2026-04-01"}).status_code == 403
    assert world.all_facts("task") == []


def test_a_list_of_another_office_does_not_take_the_place_of_ours(
    world: World, nation: Browser
) -> None:
    hand_in(nation, *ROWS)
    office = "urn:guantong:opaque:office.zhejiang"
    province = signed_in(world, "province", Role.REGULATOR, office, region="33")
    assert hand_in(province, ROWS[2]).status_code == 200
    assert coverage(nation)["all"]["obliged"] == 3


@pytest.mark.parametrize(
    "wrong",
    [{"deadline": "2020-01-01"}, {"deadline": "soon"}, {"deadline": ""}, {"none": "1"}],
    ids=["past", "word", "empty", "nobody"],
)
def test_a_task_needs_a_firm_and_a_day_to_come(
    world: World, nation: Browser, wrong: dict[str, str]
) -> None:
    hand_in(nation, *ROWS)
    nation.get("/desk/obliged")
    give = {f"firm:{MAKER} 电线电缆": "1", "deadline": "2026-04-01", "what": "x"}
    asked = {"deadline": "2026-04-01"} if "none" in wrong else give | wrong
    assert nation.post("/desk/tasks", asked).status_code == 400
    assert world.all_facts("task") == []


def test_rows_are_chosen_and_come_as_csv_without_formulas(world: World, nation: Browser) -> None:
    hand_in(nation, *ROWS[:2], f"=cmd(),{ZHEJIANG},电动自行车,,")
    assert nation.get("/desk/obliged?category=电动自行车").text.count('scope="row"') == 1
    assert nation.get("/desk/obliged?q=五金").text.count('scope="row"') == 1
    assert nation.get("/desk/obliged?province=11").text.count('scope="row"') == 2
    data = nation.client.get("/desk/obliged.csv?state=silent").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data)))
    assert rows[0] == ["party", "name", "category", "certificate", "region", "source", "state"]
    assert sorted(row[1] for row in rows[1:]) == ["'=cmd()", "东街五金店", "青山线缆"]
    assert nation.client.get("/desk/coverage.csv").content.count(b"\r\n") > 3
    assert nation.client.get("/desk/tasks.csv").status_code == 200


def test_a_firms_file_shows_what_stands_against_it(world: World, nation: Browser) -> None:
    file_all(world)
    world.hold(Hold("https://id.gs1.org/01/06901234567892", "recalled", "过热", "hot"), OPERATOR)
    page = nation.get(f"/desk/firms/{MAKER}").text
    for word in ("青山线缆", "电线", "过热"):
        assert word in page
    assert nation.get("/desk/firms/urn:guantong:uscc:nobody").status_code == 404


def test_the_register_comes_again_from_the_ledger(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as world:
        nation = signed_in(world, "nation", Role.REGULATOR, OFFICE)
        hand_in(nation, *ROWS)
        give = {f"firm:{MAKER} 电线电缆": "1", "deadline": "2026-04-01", "what": "x"}
        nation.get("/desk/obliged")
        nation.post("/desk/tasks", give)
        before = {kind: world.all_facts(kind) for kind in ("obliged", "obliged_source", "task")}
        assert [len(facts) for facts in before.values()] == [3, 1, 1]
    list(rebuild(settings))
    with open_world(settings, clock=clock) as world:
        assert {kind: world.all_facts(kind) for kind in before} == before

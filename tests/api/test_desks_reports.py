"""A buyer says that something is wrong; a regulator of the province takes it up; who reported stays private."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR
from guantong.clock import SetClock
from guantong.serve.app import create_app
from guantong.serve.desks.reports import BURST, EVERY_MS
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.watch.cases import ID, PICTURE_MAX, new_id
from tests.people_small import OFFICE, Browser, signed_in

NOW = 1_773_100_000_000
CODE = "(01)06901234567892(21)1000"
SAID = {
    "code": CODE,
    "kind": "unsafe",
    "text": "充电时冒烟",
    "province": "33",
    "place": "杭州",
    "contact": "13800000000",
}
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as opened:
        yield opened


@pytest.fixture
def buyer(world: World) -> Browser:
    return Browser(world)


def report(buyer: Browser, more: dict[str, str] | None = None, *, picture: bytes = b"") -> Any:
    files = {"picture": ("p.jpg", picture)}
    return buyer.client.post("/report", data=SAID | (more or {}), files=files)


def number_of(page: Any) -> str:
    return str(page.url.path.rpartition("/")[2])


def test_a_report_becomes_a_case_that_is_taken_and_closed(world: World, buyer: Browser) -> None:
    assert CODE in buyer.get("/report", params={"code": CODE}).text
    page = report(buyer, picture=JPEG)
    number = number_of(page)
    assert ID.fullmatch(number)
    assert "已收到" in page.text
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="33")
    assert number in inspector.get("/desk/cases").text
    case = inspector.get(f"/desk/cases/{number}")
    for word in ("充电时冒烟", "杭州", "13800000000", "06901234567892"):
        assert word in case.text
    picture = inspector.client.get(f"/desk/cases/{number}/picture")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    taken = inspector.post(f"/desk/cases/{number}", {"state": "taken", "deadline": "2026-04-01"})
    assert "办理中" in taken.text
    assert "办理中" in buyer.get(f"/report/{number}").text
    inspector.post(f"/desk/cases/{number}", {"state": "closed", "note": "已核实，责令整改"})
    assert "已办结" in buyer.get(f"/report/{number}").text
    assert "责令整改" not in buyer.get(f"/report/{number}").text
    assert "</form>" not in inspector.get(f"/desk/cases/{number}").text.partition("<ol")[2]


def test_who_reported_stands_in_no_fact_and_no_other_answer(world: World, buyer: Browser) -> None:
    number = number_of(report(buyer))
    facts = str(world.all_facts("case"))
    for word in ("13800000000", "充电时冒烟", "杭州"):
        assert word not in facts
        assert word not in buyer.get(f"/report/{number}").text
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    assert "13800000000" not in inspector.client.get("/desk/cases.json").text


def test_another_province_sees_no_case(world: World, buyer: Browser) -> None:
    number = number_of(report(buyer))
    elsewhere = signed_in(world, "elsewhere", Role.REGULATOR, OFFICE, region="11")
    assert number not in elsewhere.get("/desk/cases").text
    assert elsewhere.get(f"/desk/cases/{number}").status_code == 404
    assert elsewhere.get(f"/desk/cases/{number}/picture").status_code == 404
    step = {"state": "closed", "note": "x"}
    assert elsewhere.post(f"/desk/cases/{number}", step).status_code == 404
    nation = signed_in(world, "nation", Role.REGULATOR, OFFICE)
    assert number in nation.get("/desk/cases").text
    assert buyer.get(f"/desk/cases/{number}").url.path == "/login"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"text": " "},
        {"text": "x" * 2_001},
        {"province": ""},
        {"province": "xx"},
        {"contact": "x" * 201},
    ],
    ids=["code", "text", "long", "no-province", "province", "contact"],
)
def test_a_report_that_says_nothing_is_refused(
    world: World, buyer: Browser, wrong: dict[str, str]
) -> None:
    size = world.ledger.size
    page = report(buyer, wrong)
    assert page.status_code == 400
    assert "没有完成" in page.text
    assert world.ledger.size == size


@pytest.mark.parametrize(
    "picture",
    [b"<svg onload=alert(1)>", b"GIF89a", JPEG + bytes(PICTURE_MAX)],
    ids=["svg", "gif", "large"],
)
def test_a_picture_that_is_none_is_refused(world: World, buyer: Browser, picture: bytes) -> None:
    size = world.ledger.size
    assert report(buyer, picture=picture).status_code == 400
    assert world.ledger.size == size


def test_a_body_above_the_bound_is_not_read(buyer: Browser) -> None:
    assert report(buyer, picture=bytes(PICTURE_MAX * 2)).status_code == 413


def test_one_address_reports_so_often_and_no_more(
    world: World, buyer: Browser, clock: SetClock
) -> None:
    for _ in range(BURST):
        assert report(buyer).status_code == 200
    size = world.ledger.size
    assert report(buyer).status_code == 429
    assert world.ledger.size == size
    clock.at_ms += EVERY_MS
    assert report(buyer).status_code == 200
    assert report(buyer).status_code == 429


def test_a_report_of_another_site_is_refused(world: World) -> None:
    client = TestClient(create_app(world, world.settings))
    head = {"origin": "https://elsewhere.example"}
    assert client.post("/report", data=SAID, headers=head).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "taken", "deadline": "2020-01-01"},
        {"state": "taken"},
        {"state": "taken", "deadline": "2026-99-99"},
        {"state": "closed"},
        {"state": "open"},
        {"state": "?"},
    ],
    ids=["past", "no-deadline", "no-day", "no-reason", "open", "word"],
)
def test_a_step_that_leads_nowhere_is_refused(
    world: World, buyer: Browser, wrong: dict[str, str]
) -> None:
    number = number_of(report(buyer))
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    inspector.get(f"/desk/cases/{number}")
    assert inspector.post(f"/desk/cases/{number}", wrong).status_code == 400
    assert world.all_facts("case_step") == []


def test_a_closed_case_takes_no_step(world: World, buyer: Browser) -> None:
    number = number_of(report(buyer))
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    inspector.get(f"/desk/cases/{number}")
    assert inspector.post(f"/desk/cases/{number}", {"state": "closed", "note": "x"}).url.path
    again = inspector.post(f"/desk/cases/{number}", {"state": "closed", "note": "y"})
    assert again.status_code == 400
    assert [fact.fields["note"] for fact in world.all_facts("case_step")] == ["x"]


def test_a_number_is_not_guessed(world: World, buyer: Browser) -> None:
    assert len({new_id() for _ in range(1_000)}) == 1_000
    for number in (new_id(), "x", "%00", "A" * 10):
        assert buyer.get(f"/report/{number}").status_code == 404


def test_what_was_reported_can_be_erased(world: World, buyer: Browser) -> None:
    number = number_of(report(buyer, picture=JPEG))
    (fact,) = world.all_facts("case")
    world.erase(fact.entry, "PIPL 47", OPERATOR)
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    page = inspector.get(f"/desk/cases/{number}")
    assert "已依法删除" in page.text
    assert "13800000000" not in page.text
    assert inspector.client.get(f"/desk/cases/{number}/picture").status_code == 404


def test_cases_come_again_from_the_ledger(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as world:
        numbers = [number_of(report(Browser(world))) for _ in range(2)]
        inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
        inspector.get(f"/desk/cases/{numbers[0]}")
        inspector.post(f"/desk/cases/{numbers[0]}", {"state": "closed", "note": "x"})
        world.erase(world.all_facts("case")[0].entry, "PIPL 47", OPERATOR)
        before = {kind: world.all_facts(kind) for kind in ("case", "case_step")}
    list(rebuild(settings))
    with open_world(settings, clock=clock) as world:
        assert {kind: world.all_facts(kind) for kind in before} == before


def test_the_scan_page_leads_to_the_form(world: World, buyer: Browser) -> None:
    page = buyer.get("/check", params={"q": CODE}).text
    link = re.search(r'href="(/report\?code=[^"]+)"', page)
    assert link is not None
    assert "06901234567892" in buyer.get(link[1]).text

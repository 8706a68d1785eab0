"""A wave of complaints about one product in neighbouring provinces shows on the regulator's desk, and only there."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong import watch
from guantong.caller import OPERATOR
from guantong.clock import SetClock
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, OFFICE, signed_in
from tests.recall_small import records

NOW = 1_772_500_000_000
DAY = 86_400_000
STOVE = "https://id.gs1.org/01/06901234567892"
LAMP = "https://id.gs1.org/01/06936983800013"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SetClock(NOW - 100 * DAY)
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        product = {"name": "燃气灶", "gtin": "6901234567892", "firm": MAKER[-18:]}
        records(opened, MAKER, products=[product])
        usual = [(day, "114451"[at : at + 2], LAMP) for day in range(0, 100, 2) for at in (0, 2, 4)]
        usual += [
            (day, place, STOVE) for day in range(0, 100, 4) for place in ("11", "44", "33", "31")
        ]
        wave = [(96 + at % 4, ("31", "33")[at // 4 % 2], STOVE) for at in range(24)]
        serial = itertools.count(1)
        for day, place, of in sorted([*usual, *wave]):
            clock.at_ms = NOW - (99 - day) * DAY
            code = f"{of}/21/{next(serial)}"
            report = watch.Report(watch.new_id(), code, watch.Kind.UNSAFE, "漏气", place)
            opened.enter(Made.of(StatementType.CASE, report, watch.MEDIA), OPERATOR)
        found_here = watch.Report(watch.new_id(), STOVE, watch.Kind.CLONE, "…", "65", about="x")
        for _ in range(9):
            opened.enter(Made.of(StatementType.CASE, found_here, watch.MEDIA), OPERATOR)
        clock.at_ms = NOW
        opened.wait(opened.ledger.size)
        yield opened


def test_the_wave_is_shown_with_its_product_and_its_first_day(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="33")
    found = inspector.get("/desk/hot?format=json").json()["hot_spots"]
    stoves = [one for one in found if one["product"] == STOVE]
    assert [one["provinces"] for one in stoves] == [["31", "33"]]
    (spot,) = stoves
    assert (spot["name"], spot["complaints"]) == ("燃气灶", 26)
    assert spot["since"] == "2026-02-28"  # 2026-03-03 is today
    assert spot["chance"] <= 0.02 and spot["expected"] < spot["complaints"] / 1.5
    page = inspector.get("/desk/hot").text
    assert "燃气灶" in page and "浙江" in page and "上海" in page
    assert f"/desk/recalls?codes={STOVE.replace(':', '%3A')}" in page


def test_another_region_sees_none_of_it_and_others_have_no_such_desk(world: World) -> None:
    elsewhere = signed_in(world, "other", Role.REGULATOR, OFFICE, region="44")
    assert elsewhere.get("/desk/hot?format=json").json()["hot_spots"] == []
    assert "没有热点" in elsewhere.get("/desk/hot").text
    maker = signed_in(world, "maker", Role.PRODUCER, MAKER)
    assert maker.get("/desk/hot").status_code == 403

"""A recall of a range of serials: what lies in it, what turns red, and what does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from guantong.caller import PUBLIC
from guantong.capture.serials import SerialRange, first_of, spell
from guantong.clock import SetClock
from guantong.ledger import StatementType
from guantong.recall import Fixed, is_in, items_of
from guantong.serve.cli import main
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Outcome, holds
from tests.api.test_desks_recall import NOW, begin, inspector, reasons, told
from tests.people_small import OFFICE, Browser, signed_in
from tests.recall_small import (
    BATTERIES,
    BIKE,
    BIKES,
    CELL,
    CELLS,
    HEAD,
    capture,
    event,
    fill,
)

__all__ = ["inspector"]

JSON = {"accept": "application/json"}
OUTSIDE = [f"{HEAD}{serial}" for serial in ("100", "0102", "104", "1020")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SetClock(NOW)
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        fill(opened)
        items = ["100", "0102", "1020"]
        born = [f"{HEAD}{serial}" for serial in items]
        capture(opened, CELLS, event("ObjectEvent", 9, "commissioning", action="ADD", epcList=born))
        yield opened


def entries(world: World, kind: StatementType) -> list[int]:
    found = world.ledger.entries(0, world.ledger.size)
    return [one.index for one in found if one.statement.typ == kind]


@pytest.mark.parametrize(
    "line",
    [
        f"{CELL}/21/101 - 103",
        "(01)06901234567892(21)101 .. (01)06901234567892(21)103",
        f"{CELL}/21/101 至 {CELL}/21/103",
    ],
)
def test_a_range_is_a_scope_and_a_stop_of_one_entry(
    world: World, inspector: Browser, line: str
) -> None:
    path = begin(inspector, codes=line)
    found = told(inspector, path)
    assert (found["made"], found["complete"]) == (6, True)  # three cells and their three bikes
    asker = Browser(world).client
    scan = "/01/06901234567892/21/101"
    assert asker.get(scan, headers=JSON).json()["verdict"] == "ok"  # and is kept
    inspector.post(f"{path}/hold", {})
    assert asker.get(scan, headers=JSON).json()["verdict"] == "problem"
    (stop,) = entries(world, StatementType.HOLD)
    assert holds.parse_holds(world.ledger.body(stop)).targets == (f"{HEAD}101 - 103",)
    for cell in BATTERIES[:3]:
        assert "verdict.recalled" in reasons(world, cell)
    for bike in BIKES[:3]:
        assert "verdict.component_recalled" in reasons(world, bike)
    for code in (*OUTSIDE, BATTERIES[3]):
        assert "verdict.recalled" not in reasons(world, code), code
    assert world.check(BIKES[3], PUBLIC).outcome is Outcome.OK
    why = next(one for one in world.check(BIKES[0], PUBLIC).reasons if "recalled" in one.code)
    assert "电芯 101 - 103" in str(why)


def test_leading_zeros_and_digits_are_part_of_a_serial(world: World, inspector: Browser) -> None:
    path = begin(inspector, codes=f"{HEAD}0100 - 1020")
    assert told(inspector, path)["made"] == 2  # 0102 and 1020, both of four digits
    inspector.post(f"{path}/hold", {})
    red = {code for code in (*OUTSIDE, *BATTERIES) if "verdict.recalled" in reasons(world, code)}
    assert red == {f"{HEAD}0102", f"{HEAD}1020"}


def test_a_stop_ends_and_a_corrected_scope_frees_what_is_out_of_it(
    world: World, inspector: Browser
) -> None:
    path = begin(inspector, codes=f"{HEAD}101 - 106")
    inspector.post(f"{path}/hold", {})
    assert f"{HEAD}101 - 106" in inspector.get(path).text  # in the form, to be corrected
    inspector.post(f"{path}/scope", {"codes": f"{HEAD}101 - 103"})
    assert "verdict.component_recalled" in reasons(world, BIKES[0])
    assert world.check(BIKES[4], PUBLIC).outcome is Outcome.OK
    assert told(inspector, path)["made"] == 6
    inspector.get(path)
    inspector.post(f"{path}/release", {})
    assert world.check(BIKES[0], PUBLIC).outcome is Outcome.OK


def test_a_range_is_told_on_every_page_and_comes_again_from_the_ledger(tmp_path: Path) -> None:
    settings, clock = Settings(tmp_path / "data"), SetClock(NOW)
    with open_world(settings, clock=clock, create=True) as first:
        fill(first)
        inspector = signed_in(first, "inspector", Role.REGULATOR, OFFICE)
        path = begin(inspector, codes=f"{HEAD}101 - 103")
        inspector.post(f"{path}/hold", {})
        inspector.post(f"{path}/state", {"act": "published"})
        assert "电芯" in inspector.get(f"{path}/plan").text
        number = path.rpartition("/")[2]
        notice = inspector.get(f"/recalls/{number}").text
        assert f'href="/c/{"https%3A%2F%2Fid.gs1.org%2F01%2F06901234567892%2F21%2F101"}"' in notice
        assert "(21)101 - 103" in notice
    list(rebuild(settings))
    with open_world(settings, clock=clock) as again:
        assert "verdict.component_recalled" in reasons(again, BIKES[2])
        assert again.check(BIKES[3], PUBLIC).outcome is Outcome.OK


@pytest.mark.parametrize(
    "line",
    [
        f"{HEAD}103 - 101",
        f"{HEAD}101 - {BIKE}/21/103",
        f"{HEAD}0101 - 103",
        f"{HEAD}A1 - A9",
        f"{HEAD}1 - 1000001",
        f"{HEAD}101 - no code",
        f"{CELL} - 06901234567999",
        f"{HEAD}1 - 600000\n{HEAD}600001 - 1200000",
    ],
)
def test_what_is_no_range_is_refused(world: World, inspector: Browser, line: str) -> None:
    inspector.get("/desk/recalls")
    form = {"kind": "ordered", "title": "x", "hazard": "x", "remedy": "x", "known_on": "2026-03-03"}
    assert inspector.post("/desk/recalls", form | {"codes": line}).status_code == 400
    assert not entries(world, StatementType.RECALL)


def test_the_command_takes_a_range(world: World) -> None:
    data = str(world.settings.data)
    ran = CliRunner().invoke(main, ["scope", f"{HEAD}101 - 103", "--data", data])
    assert "6 made = " in ran.output, ran.output


WIDTHS = st.sampled_from([0, 3, 5, 18])


@given(st.integers(0, 10**5 - 1), st.integers(0, 300), WIDTHS, st.integers(0, 10**5))
def test_a_range_holds_what_it_counts_and_nothing_else(
    first: int, more: int, width: int, other: int
) -> None:
    ends = [spell(HEAD, width, one) for one in (first, first + more)]
    found = SerialRange.between(*ends)
    if found is None:
        assert len(ends[0]) != len(ends[1])
        return
    assert SerialRange.parse(found.text) == found
    assert (found.size, first_of(found.text)) == (more + 1, ends[0])
    items = set(found.items())
    assert len(items) == found.size
    assert all(map(found.holds, items))
    for digits in range(1, 9):
        text = f"{HEAD}{other:0{digits}}"
        assert found.holds(text) == (text in items)


@given(st.integers(0, 10**17 - 100), st.integers(0, 99))
def test_logistic_units_have_ranges_by_what_stands_before_the_check_digit(
    first: int, more: int
) -> None:
    units = "https://id.gs1.org/00/"
    ends = [spell(units, -18, one) for one in (first, first + more)]
    found = SerialRange.between(*ends)
    assert found is not None
    assert found.size == more + 1
    assert all(map(found.holds, found.items()))
    assert not found.holds(spell(units, -18, first + more + 1))
    wrong = f"{ends[0][:-1]}{(int(ends[0][-1]) + 1) % 10}"
    assert not found.holds(wrong)


def test_what_a_scope_holds_is_told_by_the_spelling_of_its_serials() -> None:
    spans = ((HEAD, 100, 102, 0), (HEAD, 7, 8, 4), (f"{HEAD}A7", -1, -1, 0))
    fixed = Fixed(1, 6, {}, (), (), spans, 0, complete=True, stops=())
    inside = [f"{HEAD}{one}" for one in ("100", "101", "102", "0007", "0008", "A7")]
    assert list(items_of(fixed)) == inside
    assert all(is_in(one, fixed) for one in inside)
    assert not any(is_in(f"{HEAD}{one}", fixed) for one in ("0101", "7", "103", "A8"))

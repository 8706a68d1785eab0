"""Scans of the public are counted by code and place, and enter the ledger together."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from guantong import watch
from guantong.caller import Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.errors import fault
from guantong.serve import keys, scan_journal
from guantong.serve.job import Fault, IntakeError, Receipt
from guantong.serve.made import Made
from guantong.serve.scan_journal import ScanJournal
from guantong.serve.scans import outside
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings

CLASS = "https://id.gs1.org/01/06901234567892"
ITEM = f"{CLASS}/21/1001"
MAKER = Caller("urn:guantong:uscc:91110000600037341L", Level.PARTY)
START = 1_790_000_000_000
MINUTE = 60_000


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands."""
    return SetClock(START)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    """An installation in which a hundred codes were issued, behind a proxy that names places."""
    settings = Settings(data=tmp_path / "data", place_header="X-Place")
    with open_world(settings, clock=clock, create=True) as opened:
        opened.issue(CodeRange(class_uri=CLASS, first=1000, last=1099), MAKER)
        yield opened


def scan(world: World, path: str, place: str = "", **headers: str) -> Any:
    """One scan, as from a new browser."""
    client = TestClient(outside(world, world.settings))
    told = {"x-place": place} if place else {}
    return client.get(path, headers={"accept": "text/html"} | told | headers)


def path_of(code: str) -> str:
    return f"/c/{quote(code, safe='')}"


def enter(world: World, *, everything: bool = False) -> None:
    """What the server does every minute."""

    async def direct(made: Made, caller: Caller) -> Receipt:
        return world.enter(made, caller)

    asyncio.run(scan_journal.enter_all(world.journal, direct, everything=everything))


def seen(world: World) -> Any:
    return scan(world, path_of(ITEM), accept="application/json").json()["scans"]


def test_scans_are_counted_and_told(world: World, clock: SetClock) -> None:
    page = scan(world, path_of(ITEM), "110000").text
    assert "No earlier scan" in scan(world, path_of(ITEM) + "?lang=en", "110000").text
    assert "此前没有公众查询" in page
    clock.at_ms += 5_000
    scan(world, path_of(ITEM), "440300")
    enter(world)
    found = seen(world)
    assert found["count"] == 3
    assert (found["first_ms"], found["last_ms"]) == (START, START + 5_000)
    assert found["places"] == [
        {"region": "110000", "count": 2},
        {"region": "440300", "count": 1},
    ]
    assert "3 次" in scan(world, path_of(ITEM)).text


def test_kept_answers_are_counted_too(world: World) -> None:
    client = TestClient(outside(world, world.settings))
    for _ in range(5):
        assert client.get(path_of(ITEM), headers={"accept": "application/json"}).status_code == 200
    enter(world)
    assert seen(world)["count"] == 5


def test_what_is_no_scan_is_not_counted(world: World) -> None:
    key = keys.new_key(MAKER)
    world.enter(keys.made(key.record), MAKER)
    link = "/01/06901234567892/21/1001?linkType=linkset"
    scan(world, path_of(ITEM), accept="application/json", authorization=f"Bearer {key.text}")
    scan(world, link)
    scan(world, path_of(ITEM) + "?as_of=1")
    scan(world, path_of(CLASS))
    scan(world, path_of("no code at all"))
    TestClient(outside(world, world.settings)).head(path_of(ITEM))
    assert world.journal.take(everything=True) == []


def test_a_place_that_is_none_counts_as_unknown(world: World) -> None:
    for place in ("999999", "11", "110000; x", "<script>"):
        scan(world, path_of(ITEM), place)
    enter(world)
    assert seen(world)["count"] == 4
    assert seen(world)["places"] == []


def test_nobody_names_a_place_where_no_proxy_does(tmp_path: Path) -> None:
    with open_world(Settings(data=tmp_path / "data"), create=True) as opened:
        scan(opened, path_of(ITEM), "110000")
        (scans,) = opened.journal.take(everything=True)
    assert [one.place for one in scans.counts] == [""]


def test_a_code_scanned_often_is_entered_more_and_more_seldom(clock: SetClock) -> None:
    journal, entered = ScanJournal(clock), []
    for minute in range(24 * 60 + 1):
        journal.note(ITEM, "", known=True)
        if journal.take():
            entered.append(minute)
        clock.at_ms += MINUTE
    assert entered == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023]


def test_made_up_codes_fill_nothing(clock: SetClock) -> None:
    journal = ScanJournal(clock)
    for number in range(1_000):
        journal.note(f"{CLASS}/21/{number}", "", known=False)
    journal.note(ITEM, "", known=True)
    listed, rest = journal.take()
    assert len(listed.counts) == scan_journal.UNKNOWN_MAX + 1
    assert rest == watch.Scans((), 1_000 - scan_journal.UNKNOWN_MAX)


def test_what_is_refused_is_entered_another_time(clock: SetClock) -> None:
    journal, taken = ScanJournal(clock), []

    async def refuse(made: Made, caller: Caller) -> Receipt:
        raise IntakeError(fault(Fault.CLOSED, expected="a running writer", got="stopped"))

    async def take(made: Made, caller: Caller) -> Receipt:
        taken.append(watch.parse_scans(made.body))
        return Receipt(accepted=True)

    journal.note(ITEM, "", known=True)
    asyncio.run(scan_journal.enter_all(journal, refuse))
    clock.at_ms += 1_000
    journal.note(ITEM, "", known=True)
    asyncio.run(scan_journal.enter_all(journal, take))
    assert taken == [watch.Scans((watch.Count(ITEM, "", 2, START, START + 1_000),))]
    assert journal.take(everything=True) == []


def test_the_counts_are_the_same_after_a_rebuild(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(data=tmp_path / "data", place_header="X-Place")
    with open_world(settings, clock=clock, create=True) as first:
        first.issue(CodeRange(class_uri=CLASS, first=1000, last=1099), MAKER)
        scan(first, path_of(ITEM), "110000")
        enter(first)
        before = seen(first)
    list(rebuild(settings))
    with open_world(settings, clock=clock) as again:
        assert seen(again) == before


def test_counts_of_later_are_not_told_as_of_earlier(world: World) -> None:
    size = world.ledger.size
    scan(world, path_of(ITEM))
    enter(world)
    asked = scan(world, path_of(ITEM) + f"?as_of={size}", accept="application/json").json()
    assert asked["scans"]["count"] == 0

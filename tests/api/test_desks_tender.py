"""A statement for a tender: made of scans, entered, and checked where there is no server."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from guantong.caller import Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.ledger import LedgerError
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.signer import Signer
from guantong.serve.people.account import Role
from guantong.serve.tendered import Statement
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP, Browser, signed_in

CLASS = "https://id.gs1.org/01/06901234567892"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(1_772_500_000_000), create=True) as opened:
        opened.issue(CodeRange(CLASS, 1000, 1099), Caller(MAKER, Level.PARTY))
        yield opened


@pytest.fixture
def site(world: World) -> Browser:
    return signed_in(world, "site", Role.USER, SHOP)


def make(site: Browser, **more: str) -> int:
    site.get("/desk/tenders")
    form = {"purpose": "招标 2026-7", "codes": f"{CLASS}/21/1000\n{CLASS}/21/5"}
    page = site.post("/desk/tenders", form | more)
    assert page.status_code == 200, page.text
    return int(page.url.path.rpartition("/")[2])


def test_a_statement_holds_without_the_server(world: World, site: Browser) -> None:
    entry = make(site)
    assert "招标 2026-7" in site.get(f"/desk/tenders/{entry}").text
    raw = site.client.get(f"/ledger/shown/{entry}?format=json").content
    shown = check(Bundle.parse(raw), Signer(world.ledger).trust)
    assert shown.event is not None
    told = msgspec.json.decode(shown.event.event, type=Statement)
    assert shown.statement.by == told.firm == SHOP
    assert [line.verdict for line in told.lines] == ["ok", "unknown"]
    assert told.ledger_size <= entry


def test_one_letter_changed_shows(world: World, site: Browser) -> None:
    raw = json.loads(site.client.get(f"/ledger/shown/{make(site)}?format=json").content)
    body = b64decode(raw["event"]["bytes"])
    other = body.replace(b"unknown", b"okknown")
    assert other != body
    raw["event"]["bytes"] = b64encode(other).decode()
    with pytest.raises(LedgerError):
        check(Bundle.parse(json.dumps(raw).encode()), Signer(world.ledger).trust)


def test_the_page_that_is_saved_holds_the_proof(site: Browser) -> None:
    page = site.client.get(f"/ledger/shown/{make(site)}", headers={"accept": "text/html"}).text
    assert "guantong.bundle/v1" in page


def test_it_is_nobody_elses(world: World, site: Browser) -> None:
    entry = make(site)
    other = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    assert other.get(f"/desk/tenders/{entry}").status_code == 404
    assert other.client.get(f"/ledger/shown/{entry}?format=json").status_code == 403
    assert Browser(world).client.get(f"/ledger/shown/{entry}?format=json").status_code == 403
    assert site.client.get("/ledger/shown/0?format=json").status_code == 404
    assert site.client.get("/ledger/shown/99999?format=json").status_code == 404


@pytest.mark.parametrize("wrong", [{"purpose": ""}, {"codes": ""}, {"purpose": "x" * 201}])
def test_a_statement_of_nothing_is_refused(
    world: World, site: Browser, wrong: dict[str, str]
) -> None:
    size = world.ledger.size
    site.get("/desk/tenders")
    form = {"purpose": "x", "codes": f"{CLASS}/21/1000"}
    assert site.post("/desk/tenders", form | wrong).status_code == 400
    assert world.ledger.size == size


def test_it_is_there_after_a_rebuild(tmp_path: Path) -> None:
    settings, clock = Settings(tmp_path / "data"), SetClock(1_772_500_000_000)
    with open_world(settings, clock=clock, create=True) as first:
        entry = make(signed_in(first, "site", Role.USER, SHOP))
    list(rebuild(settings))
    with open_world(settings, clock=clock) as again:
        browser = Browser(again)
        browser.get("/login")
        browser.sign_in("site")
        assert browser.get(f"/desk/tenders/{entry}").status_code == 200

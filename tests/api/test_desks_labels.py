"""A firm draws a label of its own, sees it as it will print, keeps it and prints with it."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from guantong import coding
from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP, Browser, signed_in

FORM = {
    "name": "mine",
    "width_mm": "50",
    "height_mm": "20",
    "symbol_mm": "15",
    "margin_mm": "1.5",
    "carrier": "qr",
    "lines": "{product} | 7\n批次 {lot} | 6\n{code} | 4.5",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(1_772_500_000_000), create=True) as opened:
        yield opened


@pytest.fixture
def clerk(world: World) -> Browser:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    browser.get("/desk/labels")
    return browser


def draw(clerk: Browser, what: str, **more: str) -> Any:
    return clerk.post("/desk/labels", FORM | more | {"what": what})


def drawing(page: str) -> str:
    found = re.search(r'id="drawing" src="data:image/svg\+xml([^"]*)"', page)
    assert found
    head, _, data = found[1].partition(",")
    return base64.b64decode(data).decode() if "base64" in head else unquote(data)


def own(world: World, party: str = MAKER) -> set[str]:
    with world.readers.lend() as store:
        return set(coding.templates_of(store, party)) - set(coding.TEMPLATES)


def test_it_is_seen_before_it_is_kept(world: World, clerk: Browser) -> None:
    svg = drawing(draw(clerk, "look").text)
    assert 'viewBox="0 0 50 20"' in svg
    assert "电动自行车" in svg
    assert own(world) == set()
    told = clerk.post(
        "/desk/labels", FORM | {"what": "look"}, headers={"accept": "application/json"}
    )
    assert told.json()["faults"] == []
    assert told.json()["image"].startswith("data:image/svg+xml")


def test_what_is_kept_prints(world: World, clerk: Browser) -> None:
    assert "mine" in draw(clerk, "keep").text
    assert 'value="50"' in clerk.get("/desk/labels?name=mine").text
    clerk.get("/desk/products")
    clerk.post("/desk/products", {"name": "电动自行车", "gtin": "6901234567892"})
    clerk.get("/desk/codes")
    page = clerk.post("/desk/codes", {"class": "06901234567892", "count": "5"})
    assert 'value="mine"' in page.text
    path = page.url.path
    printed = clerk.post(
        f"{path}/print", {"template": "mine", "form": "csv", "from": "1", "to": "5"}
    )
    assert printed.status_code == 200
    assert "批次" in printed.content.decode("utf-8-sig")
    draw(clerk, "end")
    assert own(world) == set()
    again = clerk.post(f"{path}/print", {"template": "mine", "form": "csv", "reason": "x"})
    assert again.status_code == 400


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"width_mm": "wide"}, "width_mm"),
        ({"width_mm": "-5"}, "width_mm"),
        ({"width_mm": "nan"}, "width_mm"),
        ({"symbol_mm": "19"}, "symbol_mm"),
        ({"symbol_mm": "2"}, "symbol_mm"),
        ({"carrier": "semaphore"}, "carrier"),
        ({"lines": "{secret} | 7"}, "lines"),
        ({"lines": "\n".join(["x | 7"] * 13)}, "lines"),
        ({"lines": "x | 70"}, "lines"),
        ({"lines": "x | big"}, "lines"),
    ],
)
def test_what_can_not_be_printed_is_said_at_once(
    world: World, clerk: Browser, wrong: dict[str, str], where: str
) -> None:
    size = world.ledger.size
    assert draw(clerk, "keep", **wrong).status_code == 400
    told = clerk.post(
        "/desk/labels", FORM | wrong | {"what": "look"}, headers={"accept": "application/json"}
    ).json()
    assert told["image"] == ""
    assert where in str(told["faults"])
    assert world.ledger.size == size


@pytest.mark.parametrize("name", ["", "item-40x20", "a b", "../x", "x" * 41])
def test_a_name_that_is_none_or_ours_is_refused(world: World, clerk: Browser, name: str) -> None:
    assert draw(clerk, "keep", name=name).status_code == 400
    assert own(world) == set()


def test_a_template_is_its_firms(world: World, clerk: Browser) -> None:
    draw(clerk, "keep")
    assert own(world) == {"mine"}
    assert own(world, SHOP) == set()


def test_thirty_are_enough(world: World, clerk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guantong.coding.own_templates.TEMPLATES_MAX", 1)
    assert draw(clerk, "keep").status_code == 200
    assert draw(clerk, "keep", lines="x | 5").status_code == 200
    assert draw(clerk, "keep", name="other").status_code == 400

"""Notices of recalls by webhook: each once, signed, tried again, and only the receiver's own part."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import StatementType
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.api.test_desks_recall import NOW, begin, inspector
from tests.api.test_epcis_subscriptions import until
from tests.people_small import Browser, signed_in
from tests.recall_small import BAD, BIKE, BIKES, CELLS, HEAD, SHOP, WORKS, capture, fill, moved
from tests.receiver import Receiver, receiver

__all__ = ["inspector"]

SECRET = "whsec_" + b64encode(b"of both, and of nobody else").decode()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("guantong.serve.outbox.post.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("guantong.serve.outbox.box.FIRST_MS", 1)
    settings = Settings(tmp_path / "data", private_destinations=True)
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        fill(opened)
        capture(opened, WORKS, moved([BIKES[7]], WORKS, CELLS, 9, "shipping"))
        yield opened


@pytest.fixture
def shop(world: World) -> Iterator[Browser]:
    """With its letters carried meanwhile."""
    browser = signed_in(world, "shop", Role.SELLER, SHOP)
    with browser.client:
        yield browser


def lead(browser: Browser, url: str, token: str = SECRET) -> Any:
    browser.get("/desk/connections")
    return browser.post("/desk/connections/recalls", {"url": url, "token": token})


def notify(inspector: Browser, path: str) -> None:
    inspector.get(path)
    inspector.post(
        f"{path}/notify", {"note": "三日内退回", "deadline": "2026-03-09", "again": "yes"}
    )


def told(here: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in here.taken]


def test_a_notice_and_a_reminder_come_once_each(
    world: World, inspector: Browser, shop: Browser
) -> None:
    with receiver() as here:
        assert lead(shop, here.url).status_code == 200
        path = begin(inspector, codes=f"{BAD}\n{BIKES[7]}")
        notify(inspector, path)
        until(lambda: len(here.taken) == 1)
        (notice,) = told(here)
        number = path.rpartition("/")[2]
        assert notice["type"] == "recall.notice"
        wanted = {
            "number": number, "title": "电芯热失控", "hazard": "起火", "remedy": "停止使用，退回更换",
            "note": "三日内退回", "deadline": "2026-03-09", "items": 10, "kind": "ordered",
            "address": f"{shop.client.base_url}/desk/notices/{number}",
        }  # fmt: skip
        assert {name: notice["data"][name] for name in wanted} == wanted
        assert notice["data"]["codes"] == [BAD, BIKES[7]]
        assert notice["data"]["ranges"] == [f"{HEAD}101 - 105", f"{BIKE}/21/1 - 5"]  # 106 is sold
        entry = notice["data"]["entry"]
        assert world.ledger.entry(entry).statement.typ is StatementType.RECALL
        inspector.get(path)
        inspector.post(f"{path}/remind", {})
        until(lambda: len(here.taken) == 2)
        assert told(here)[1]["type"] == "recall.reminder"
        assert told(here)[1]["data"]["deadline"] == "2026-03-09"


def test_it_is_signed_as_standard_webhooks_are(inspector: Browser, shop: Browser) -> None:
    with receiver() as here:
        lead(shop, here.url)
        notify(inspector, begin(inspector))
        until(lambda: len(here.taken) == 1)
        headers, body = here.taken[0]
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.digest(b64decode(SECRET.removeprefix("whsec_")), said, "sha256")
        assert headers["webhook-signature"] == f"v1,{b64encode(mac).decode()}"


def test_nothing_of_other_holders_is_in_it(inspector: Browser, shop: Browser) -> None:
    """Another firm has one of the bikes, and gets a notice of its own."""
    with receiver() as here:
        lead(shop, here.url)
        path = begin(inspector, codes=f"{BAD}\n{BIKES[7]}")
        notify(inspector, path)
        until(lambda: len(here.taken) == 1)
        notify(inspector, path)
        until(lambda: len(here.taken) == 2)
        for one in told(here):
            assert one["data"]["items"] == 10
            assert one["data"]["producer"]["party"] == CELLS  # whose product it is
            assert WORKS not in json.dumps(one)


def test_a_receiver_that_was_dead_gets_it_later_with_the_same_mark(
    world: World, inspector: Browser, shop: Browser
) -> None:
    assert isinstance(world.clock, SetClock)
    with receiver() as here:
        here.answers = lambda count: 503 if count < 2 else 204
        lead(shop, here.url)
        notify(inspector, begin(inspector))

        def arrived() -> bool:
            world.clock.at_ms += 10  # type: ignore[attr-defined]
            return len(here.taken) == 1

        until(arrived)
        assert len({headers["Guantong-Letter"] for headers, _ in here.came}) == 1
        assert len(here.came) == 3


def test_another_address_gets_what_waits_and_an_empty_one_ends_it(
    inspector: Browser, shop: Browser
) -> None:
    with receiver() as dead, receiver() as here:
        dead.answers = lambda count: 503
        lead(shop, dead.url)
        path = begin(inspector)
        notify(inspector, path)
        until(lambda: len(dead.came) >= 1)
        lead(shop, here.url)
        until(lambda: len(here.taken) == 1)
        lead(shop, "")
        assert shop.client.get("/desk/connections?format=json").json()["sent"] == []
        notify(inspector, path)
        assert len(here.taken) == 1


@pytest.mark.parametrize(
    ("url", "token"), [("ftp://x", "t"), ("no address", "t"), ("http://x/", "中")]
)
def test_an_address_that_is_none_is_refused(shop: Browser, url: str, token: str) -> None:
    assert lead(shop, url, token).status_code == 400
    assert shop.client.get("/desk/connections?format=json").json()["sent"] == []

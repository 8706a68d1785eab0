"""What the public finds by name and number, and what it does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from guantong.caller import Caller, Level
from guantong.clock import SetClock
from guantong.serve import proxied, search
from guantong.serve.app import create_app
from guantong.serve.job import offer_of
from guantong.serve.scans import outside
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP

CCC = "2026010201000123"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_772_500_000_000)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        firm = {"name": "青山线缆有限公司", "uscc": MAKER[-18:], "region": "110105"}
        product = {
            "name": "铜芯电线",
            "gtin": "6901234567892",
            "model": "BV 2.5",
            "firm": MAKER[-18:],
        }
        held = {"kind": "ccc", "number": CCC, "status": "valid", "holder": MAKER[-18:]}
        records = {"firms": [firm], "products": [product], "certificates": [held]}
        file(opened, records, MAKER)
        yield opened


def file(world: World, records: dict[str, Any], party: str) -> None:
    body = msgspec.json.encode({"guantong": "records"} | records)
    assert world.submit(offer_of(body), Caller(party, Level.PARTY)).accepted
    world.wait(world.ledger.size)


def find(world: World, text: str, **more: str) -> list[dict[str, str]]:
    client = TestClient(create_app(world, world.settings))
    answer = client.get("/search.json", params={"q": text} | more)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["found"]
    return found


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("青山", ["firm"]),
        (MAKER[-18:], ["firm"]),
        ("铜芯", ["product"]),
        ("bv 2", ["product"]),
        ("6901234567892", ["product"]),
        (CCC, ["certificate"]),
        ("没有这个", []),
    ],
)
def test_by_name_model_and_number(world: World, text: str, kinds: list[str]) -> None:
    assert [hit["kind"] for hit in find(world, text)] == kinds


def test_a_product_with_a_batch_leads_to_the_batch(world: World) -> None:
    (hit,) = find(world, "铜芯", batch="L7")
    assert hit["address"] == "/c/https%3A%2F%2Fid.gs1.org%2F01%2F06901234567892%2F10%2FL7"


def test_what_a_rival_says_of_it_does_not_find_it(world: World) -> None:
    other = {"name": "天下第一电线", "gtin": "6901234567892", "firm": SHOP[-18:]}
    file(world, {"products": [other]}, SHOP)
    assert find(world, "天下第一") == []
    assert [hit["name"] for hit in find(world, "铜芯")] == ["铜芯电线"]


def test_at_most_twenty_and_nothing_by_one_letter(world: World) -> None:
    firms = [
        {"name": f"东街五金店 {n}", "class_code": f"urn:guantong:opaque:s.{n}"} for n in range(30)
    ]
    products = [one | {"firm": MAKER[-18:]} for one in firms]
    file(world, {"products": products}, MAKER)
    assert len(find(world, "东街五金")) == search.FOUND_MAX
    client = TestClient(create_app(world, world.settings))
    for text in ("东", "", "x" * 101):
        answer = client.get("/search", params={"q": text, "format": "json"})
        assert answer.status_code == 400, text


def test_who_asks_too_often_waits(world: World, clock: SetClock) -> None:
    client = TestClient(create_app(world, world.settings))
    ask = {"q": "青山", "format": "json"}
    for _ in range(search.BURST):
        assert client.get("/search", params=ask).status_code == 200
    late = client.get("/search", params=ask)
    assert late.status_code == 429
    assert late.headers["retry-after"]
    clock.at_ms += search.EVERY_MS
    assert client.get("/search", params=ask).status_code == 200


def test_what_was_filed_since_is_found_a_minute_later(world: World, clock: SetClock) -> None:
    client = TestClient(create_app(world, world.settings))
    ask = {"q": "西街五金", "format": "json"}
    assert client.get("/search", params=ask).json()["found"] == []
    file(world, {"firms": [{"name": "西街五金店", "uscc": SHOP[-18:], "region": "110105"}]}, SHOP)
    clock.at_ms += search.OLD_MS
    assert len(client.get("/search", params=ask).json()["found"]) == 1


def test_the_page_in_both_languages(world: World) -> None:
    client = TestClient(create_app(world, world.settings))
    assert "青山线缆有限公司" in client.get("/search?q=青山&lang=zh").text
    assert "Find a firm" in client.get("/search?lang=en").text


def test_dear_questions_are_bounded_for_each_asker(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data", client_header="X-Forwarded-For")
    with open_world(settings, clock=clock, create=True) as world:
        client = TestClient(outside(world, settings))
        told: dict[str, list[int]] = {}
        for asker in ("192.0.2.1", "198.51.100.9, 192.0.2.2"):
            for _ in range(proxied.BURST + 1):
                headers = {"x-forwarded-for": asker, "accept": "application/json"}
                answer = client.get("/trace/6901234567892", headers=headers)
                told.setdefault(asker, []).append(answer.status_code)
        for statuses in told.values():
            assert 429 not in statuses[:-1]
            assert statuses[-1] == 429


def test_without_a_trusted_proxy_nobody_names_another_address(
    tmp_path: Path, clock: SetClock
) -> None:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as world:
        client = TestClient(outside(world, world.settings))
        statuses = [
            client.get(
                "/trace/6901234567892",
                headers={"x-forwarded-for": f"192.0.2.{at}", "accept": "application/json"},
            ).status_code
            for at in range(proxied.BURST + 1)
        ]
        assert statuses[-1] == 429

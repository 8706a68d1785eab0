"""Purchases and sales as small JSON: what they become, and what is refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller, Level, Scope
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP

CLASS = "https://id.gs1.org/01/06901234567892"
ITEM = f"{CLASS}/21/1000"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(1_772_500_000_000), create=True) as opened:
        opened.issue(CodeRange(CLASS, 1000, 1099), Caller(MAKER, Level.PARTY))
        yield opened


def send(world: World, path: str, body: Any, party: str = SHOP, *scopes: Scope) -> Any:
    key = world.add_key(new_key(Caller(party, Level.PARTY, scopes=scopes)), OPERATOR)
    client = TestClient(create_app(world, world.settings))
    answer = client.post(path, json=body, headers={"authorization": f"Bearer {key}"})
    world.wait(world.ledger.size)
    return answer


def bought(**more: object) -> Mapping[str, object]:
    return {"at": "2026-03-02 09:00", "codes": [ITEM], "partner": MAKER[-18:]} | more


def test_what_is_bought_and_sold_is_told_by_the_scan(world: World) -> None:
    first = send(world, "/api/v1/purchases", bought(document="PO-7"))
    assert (first.status_code, first.json()["events"]) == (201, 1), first.text
    assert world.check(ITEM, Caller(SHOP, Level.PARTY)).state == "in_stock"
    again = send(world, "/api/v1/purchases", bought(document="PO-7"))
    assert (again.status_code, again.json()["ledger_index"]) == (200, first.json()["ledger_index"])
    sold = send(world, "/api/v1/sales", {"at": "2026-03-03T15:00:00+08:00", "codes": [ITEM]})
    assert sold.status_code == 201, sold.text
    assert world.check(ITEM, PUBLIC).state == "sold"


def test_a_batch_is_bought_by_quantity(world: World) -> None:
    body = bought(codes=["6901234567892"], batch="L7", quantity=12.5, unit="米")
    answer = send(world, "/api/v1/purchases", body)
    assert answer.status_code == 201, answer.text
    with world.readers.lend() as store:
        (row,) = store.history(f"{CLASS}/10/L7")
    assert row.quantity == 12.5


@pytest.mark.parametrize(
    "body",
    [
        {"codes": [ITEM]},
        bought(at="yesterday"),
        bought(codes=["a\nb"]),
        bought(codes=[""]),
        bought(codes=[ITEM] * 5_001),
        bought(colour="red"),
        [ITEM],
        bought(codes=[]),
        bought(batch="L7", quantity=-1),
    ],
)
def test_what_is_no_purchase_is_refused_whole(world: World, body: Any) -> None:
    size = world.ledger.size
    answer = send(world, "/api/v1/purchases", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"]
    assert world.ledger.size == size + 1  # the key alone


def test_a_formula_is_no_text(world: World) -> None:
    answer = send(world, "/api/v1/purchases", bought(remark="=HYPERLINK(1)"))
    assert answer.status_code == 400
    assert "备注" in answer.json()["errors"][0]["path"]


def test_a_key_for_questions_sells_nothing(world: World) -> None:
    assert send(world, "/api/v1/sales", bought(), SHOP, Scope.READ).status_code == 403
    client = TestClient(create_app(world, world.settings))
    assert client.post("/api/v1/sales", json=bought()).status_code == 401

"""What clients of the Ecode platform hand in, at the names they use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.verdict import Outcome
from tests.people_small import MAKER

SIGNED = "clientId=7/timeStamp=1772500000000/sign=abc"
CODE = "100641234567890000001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(1_772_500_000_000), create=True) as opened:
        yield opened


def call(
    world: World, name: str, body: Any = None, *, signed: str = SIGNED, query: str = ""
) -> Any:
    key = world.add_key(new_key(Caller(MAKER, Level.PARTY)), OPERATOR)
    client = TestClient(create_app(world, world.settings))
    path = f"/interface/company/{name}" + (f"/{signed}" if signed else "") + query
    answer = client.post(path, json=body, headers={"x-api-key": key})
    world.wait(world.ledger.size)
    return answer


def product(**more: object) -> dict[str, object]:
    pairs = [{"name": "规格型号", "info": "TDR-48"}, {"name": "执行标准", "info": "GB 17761-2024"}]
    stages = [{"type": "生产", "list": [*pairs, {"name": "颜色", "info": "红"}]}]
    made: dict[str, object] = {
        "productTypeNumber": "P1",
        "templeteId": 3,
        "productName": "电动自行车",
    }
    return made | {"photos": ["x.jpg"], "productTypelist": stages} | more


def batch(**more: object) -> dict[str, object]:
    pairs = [{"name": "生产日期", "info": "2026-02-20"}, {"name": "批次", "info": "B7"}]
    made: dict[str, object] = {"code": "P1", "codeList": [CODE, "100641234567890000002"]}
    return made | {"moduleList": [{"type": "生产", "list": pairs}]} | more


@pytest.mark.parametrize("signed", [SIGNED, ""])
def test_a_product_and_its_codes(world: World, signed: str) -> None:
    assert (
        call(world, "queryProductStatus", query="?productTypeNumber=P1").json()["status"]
        == "unknown"
    )
    answer = call(world, "returnProduct", product(), signed=signed)
    assert answer.status_code == 201, answer.text
    assert (
        call(world, "queryProductStatus", query="?productTypeNumber=P1").json()["status"]
        == "accepted"
    )
    answer = call(world, "returnProductBatch", batch(), signed=signed)
    assert answer.status_code == 201, answer.text
    assert call(world, "returnProductBatch", batch()).json()["repeated"] is True
    told = world.check(f"https://www.iotroot.com/E={CODE}", PUBLIC)
    assert told.outcome is Outcome.OK
    assert told.made_on == "2026-02-20"


def test_the_names_that_are_understood(world: World) -> None:
    told = call(world, "queryTemplateInfo").json()
    assert "规格型号" in told["productTypelist"][0]["list"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("returnProduct", {}),
        ("returnProduct", product(productName="")),
        ("returnProduct", product(productTypelist=[{"type": "生产", "list": [{"info": "x"}]}])),
        ("returnProductBatch", batch(code="P9")),
        ("returnProductBatch", batch(codeList=[])),
        ("returnProductBatch", batch(codeList=["9064123"])),
        ("returnProductBatch", batch(codeList=[CODE] * 10_001)),
        ("returnProductBatch", "no object"),
    ],
)
def test_what_is_no_submission_is_refused_whole(world: World, name: str, body: Any) -> None:
    assert call(world, "returnProduct", product()).status_code == 201
    size = world.ledger.size
    answer = call(world, name, body)
    assert answer.status_code == 400, answer.text
    assert world.ledger.size == size + 1  # the key alone


def test_without_a_key_nothing_is_taken(world: World) -> None:
    client = TestClient(create_app(world, world.settings))
    answer = client.post(f"/interface/company/returnProduct/{SIGNED}", json=product())
    assert answer.status_code == 401

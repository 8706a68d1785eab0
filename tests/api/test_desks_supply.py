"""Single sources: who supplied what went into which product, and what would stop with whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import OFFICE, Browser, signed_in
from tests.recall_small import (
    BATTERIES,
    BIKE,
    CELL,
    CELLS,
    SHOP,
    WORKS,
    capture,
    event,
    fill,
    fitted,
    made,
    moved,
)

NOW = 1_772_323_200_000 + 3 * 86_400_000
OTHERS = "urn:guantong:uscc:91440300MA5FXT4K8N"
FRAME = "https://id.gs1.org/01/06901234567885"
TRUCK = "https://id.gs1.org/01/06901234567878"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=SetClock(NOW), create=True) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def inspector(world: World) -> Browser:
    return signed_in(world, "inspector", Role.REGULATOR, OFFICE)


def told(browser: Browser, query: str = "") -> dict[str, Any]:
    answer = browser.client.get(f"/desk/supply?format=json{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shares(found: dict[str, Any]) -> dict[tuple[str, str], dict[str, float]]:
    return {
        (one["product"], one["component"]): {two["party"]: two["share"] for two in one["suppliers"]}
        for one in found["sources"]
    }


def second_source(world: World) -> None:
    """Two bikes more, with cells of another maker."""
    cells = [f"{CELL}/21/{serial}" for serial in (901, 902)]
    bikes = [f"{BIKE}/21/{serial}" for serial in (901, 902)]
    capture(world, OTHERS, made(cells, "X1", 0), moved(cells, OTHERS, WORKS, 1, "shipping"))
    capture(world, WORKS, made(bikes, "W9", 3), *map(fitted, cells, bikes, (4, 4)))


def test_a_part_of_one_supplier_is_a_single_source(inspector: Browser) -> None:
    found = told(inspector)
    assert shares(found) == {(BIKE, CELL): {CELLS: 1.0}}
    assert found["sources"][0]["single"]
    (hung,) = found["suppliers"]
    assert (hung["party"], hung["name"]) == (CELLS, "余杭电芯")
    assert hung["products"] == [BIKE]
    assert hung["components"] == [CELL]
    assert (found["events"], found["complete"]) == (8, True)
    page = inspector.get("/desk/supply").text
    assert "余杭电芯" in page
    assert "电动自行车" in page


def test_with_a_second_source_nothing_hangs_on_one(world: World, inspector: Browser) -> None:
    second_source(world)
    found = told(inspector)
    assert shares(found) == {(BIKE, CELL): {CELLS: 0.8, OTHERS: 0.2}}
    assert found["suppliers"] == []
    assert "没有只靠一家的产品" in inspector.get("/desk/supply").text


def test_who_handed_a_part_on_is_its_supplier(world: World, inspector: Browser) -> None:
    """A dealer, not the maker behind it."""
    cells, bike = [f"{CELL}/21/905"], f"{BIKE}/21/905"
    capture(world, OTHERS, made(cells, "X1", 0), moved(cells, OTHERS, SHOP, 1, "shipping"))
    capture(world, SHOP, moved(cells, SHOP, WORKS, 2, "shipping"))
    capture(world, WORKS, made([bike], "W9", 3), fitted(cells[0], bike, 4))
    assert set(shares(told(inspector))[BIKE, CELL]) == {CELLS, SHOP}


def test_what_is_built_into_a_stopped_product_stops_too(world: World, inspector: Browser) -> None:
    """The frame of a truck is of one maker, which needs the tube of one maker."""
    tubes = [{"epcClass": f"{FRAME}/10/T1", "quantity": 40, "uom": "MTR"}]
    capture(
        world, OTHERS, event("ObjectEvent", 0, "commissioning", action="ADD", quantityList=tubes)
    )
    frame = f"{CELL}/21/990"
    use = [{"epcClass": f"{FRAME}/10/T1", "quantity": 4, "uom": "MTR"}]
    into = {"inputQuantityList": use, "outputEPCList": [frame]}
    capture(world, CELLS, event("TransformationEvent", 1, "creating_class_instance", **into))
    capture(world, CELLS, moved([frame], CELLS, WORKS, 2, "shipping"))
    truck = f"{TRUCK}/21/1"
    capture(world, WORKS, made([truck], "K1", 3), fitted(frame, truck, 4))
    found = told(inspector)
    hung = {one["party"]: one["products"] for one in found["suppliers"]}
    assert hung[OTHERS] == sorted([CELL, BIKE, TRUCK])
    assert hung[CELLS] == sorted([BIKE, TRUCK])
    assert [one["party"] for one in found["suppliers"]] == [OTHERS, CELLS]


def test_a_firm_sees_its_own_products_and_who_sent_to_it(world: World) -> None:
    truck = f"{TRUCK}/21/1"  # of another's brand, which the works only puts together
    capture(world, WORKS, made([truck], "K1", 3), fitted(BATTERIES[7], truck, 4))
    works = signed_in(world, "works", Role.PRODUCER, WORKS)
    assert shares(told(works)) == {(BIKE, CELL): {CELLS: 1.0}}
    cells = signed_in(world, "cells", Role.PRODUCER, CELLS)
    found = told(cells)
    assert (found["sources"], found["suppliers"]) == ([], [])
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    assert shop.client.get("/desk/supply").status_code == 403
    far = signed_in(world, "far", Role.REGULATOR, OFFICE, region="44")
    assert told(far)["sources"] == []


def test_a_maker_nobody_may_see_is_unknown_and_proves_nothing(world: World) -> None:
    cells, bike = [f"{CELL}/21/907"], f"{BIKE}/21/907"
    capture(world, OTHERS, made(cells, "X1", 0))  # and no word of how it came to the works
    capture(world, WORKS, made([bike], "W9", 3), fitted(cells[0], bike, 4))
    works = signed_in(world, "works", Role.PRODUCER, WORKS)
    assert set(shares(told(works))[BIKE, CELL]) == {CELLS, ""}
    assert told(works)["suppliers"] == []


def test_one_supplier_can_be_asked_for(world: World, inspector: Browser) -> None:
    second_source(world)
    assert len(told(inspector, f"&supplier={OTHERS[-18:]}")["sources"]) == 1
    assert told(inspector, f"&supplier={SHOP}")["sources"] == []
    for wrong in ("supplier=%00", "since=soon"):
        assert inspector.client.get(f"/desk/supply?{wrong}").status_code == 400


def test_what_was_taken_out_or_packed_or_withdrawn_or_long_ago_counts_nothing(
    world: World, inspector: Browser
) -> None:
    apart = event("AssociationEvent", 5, "removing", action="DELETE", parentID=f"{BIKE}/21/1",
                  childEPCs=[BATTERIES[0]])  # fmt: skip
    packed = event("AggregationEvent", 5, "packing", action="ADD", parentID=f"{TRUCK}/21/5",
                   childEPCs=[BATTERIES[1]])  # fmt: skip
    capture(world, WORKS, apart, packed)
    wrong = fitted(BATTERIES[1], f"{TRUCK}/21/1", 5) | {
        "eventID": "urn:uuid:00000000-0000-4000-8000-000000000009"
    }
    capture(world, WORKS, wrong)
    assert len(shares(told(inspector))) == 2
    reason = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "incorrect_data"}
    capture(world, WORKS, wrong | {"errorDeclaration": reason})
    assert shares(told(inspector)) == {(BIKE, CELL): {CELLS: 1.0}}
    assert told(inspector, "&since=2026-03-02")["sources"] == []


def test_a_reading_that_was_cut_says_so(
    inspector: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.recall.sources.AT_ONCE", 3)
    monkeypatch.setattr("guantong.recall.sources.EVENTS_MAX", 6)
    found = told(inspector)
    assert (found["events"], found["complete"]) == (6, False)
    assert "不完整" in inspector.get("/desk/supply").text

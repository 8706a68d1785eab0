"""Levels of sight: what each caller sees of one chain, and what must not leak."""

import json
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.trace import (
    Code,
    Direction,
    NodeKind,
    Relation,
    State,
    Trail,
    Why,
    holder,
    life,
    to_json,
    trace,
    visible,
    visible_holder,
    visible_life,
)
from tests.market_small import World, at_day

CHAIN = [
    "1 cellco makes cell.1 lot=L7",
    "1.5 cellco ships cell.1 to packco",
    "1.6 packco receives cell.1 from cellco",
    "2 packco turns cell.1 into bat.1",
    "2.5 packco ships bat.1 to bikeco",
    "3 bikeco receives bat.1 from packco",
    "4 bikeco makes bike.1,bike.2 lot=B1",
    "5 bikeco fits bat.1 into bike.1",
    "6 bikeco ships bike.1 to dealer",
    "7 dealer receives bike.1 from bikeco",
    "8 dealer ships bike.1 to shop",
    "9 shop receives bike.1 from dealer",
    "10 shop sells bike.1",
]
REGIONS = {"cellco": "440300", "packco": "440300", "bikeco": "120000", "shop": "110105"}
NOW = at_day(20)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.open(tmp_path, CHAIN)


def region_of(name: str) -> str:
    return REGIONS.get(name, "")


def seen_by(world: World, caller: Caller, name: str = "bike.1") -> Trail:
    whole = trace(world.store, world.uri(name), now_ms=NOW)
    return visible(whole, caller, region_of=region_of)


def names(world: World, trail: Trail) -> set[str]:
    return {world.name(node.item) for node in trail.nodes}


def text_of(trail: Trail) -> str:
    return json.dumps(to_json(trail)) + repr(trail)


def party(name: str) -> Caller:
    return Caller(name, Level.PARTY)


def test_an_operator_sees_all(world: World) -> None:
    whole = trace(world.store, world.uri("bike.1"), now_ms=NOW)
    assert visible(whole, OPERATOR) is whole
    assert visible(whole, Caller("samr", Level.REGULATOR)) is whole


def test_the_public_sees_the_making_and_that_there_is_more(world: World) -> None:
    trail = seen_by(world, PUBLIC)
    assert names(world, trail) == {"bike.1", "bike#B1", "hidden:up"}
    assert trail.hidden is Why.NOT_PUBLIC
    (origin,) = (node for node in trail.nodes if node.item == trail.origin)
    assert origin.holder.state is State.SOLD
    assert origin.holder.party == ""
    told = text_of(trail)
    for secret in ("packco", "cellco", "dealer", "shop", world.uri("bat.1"), world.uri("bike.2")):
        assert secret not in told, secret
    assert "bikeco" in told


def test_the_public_does_not_get_the_codes_of_a_lot(world: World) -> None:
    trail = seen_by(world, PUBLIC, "bike#B1")
    assert names(world, trail) == {"bike#B1", "hidden:down"}
    assert world.uri("bike.2") not in text_of(trail)


def test_hidden_edges_say_only_that_there_is_a_relation(world: World) -> None:
    trail = seen_by(world, PUBLIC)
    hidden = [edge for edge in trail.edges if edge.event is None]
    assert {edge.relation for edge in hidden} == {Relation.PART_OF, Relation.MOVED}
    for edge in hidden:
        assert (edge.at_ms, edge.until_ms, edge.other, edge.giver) == (0, None, None, "")


def test_a_party_sees_one_step_up_and_one_down(world: World) -> None:
    trail = seen_by(world, party("bikeco"))
    assert names(world, trail) == {"bike.1", "bike#B1", "bat.1", "hidden:up"}
    moved = [edge for edge in trail.edges if edge.relation is Relation.MOVED and edge.event]
    hands = {(world.name(edge.source), edge.giver, edge.taker) for edge in moved}
    assert hands == {("bat.1", "packco", "bikeco"), ("bike.1", "bikeco", "dealer")} | {
        ("bat.1", "bikeco", "dealer")
    }
    told = text_of(trail)
    for secret in ("cellco", "shop", world.uri("cell.1")):
        assert secret not in told, secret


def test_a_party_sees_what_is_beyond_its_customer_only_as_a_state(world: World) -> None:
    shown = visible_life(life(world.store, world.uri("bike.1"), now_ms=NOW), party("bikeco"))
    ids = [step.stored.event.id if step.hidden is None else step.hidden for step in shown.steps]
    assert ids == ["e7", "e8", "e9", "e10", Why.NOT_YOURS]
    whole = life(world.store, world.uri("bike.1"), now_ms=NOW)
    held = visible_holder(whole, party("bikeco"))
    assert (held.state, held.party, held.place) == (State.SOLD, "", "")


def test_a_holder_that_own_events_tell_is_shown(tmp_path: Path) -> None:
    world = World.open(tmp_path, CHAIN[:9])
    whole = life(world.store, world.uri("bike.1"), now_ms=NOW)
    assert visible_holder(whole, party("dealer")) == holder(whole)
    assert holder(whole).taker == "dealer"
    assert visible_holder(whole, party("cellco")).state is State.HIDDEN
    assert visible_holder(whole, PUBLIC).state is State.HIDDEN


def test_a_stranger_sees_no_more_than_the_public(world: World) -> None:
    assert names(world, seen_by(world, party("rival"))) == {"bike.1", "bike#B1", "hidden:up"}
    nobody = Caller("", Level.PARTY)
    assert names(world, seen_by(world, nobody)) == {"bike.1", "bike#B1", "hidden:up"}


def test_a_regulator_sees_its_region(world: World) -> None:
    trail = seen_by(world, Caller("shenzhen", Level.REGULATOR, "4403"))
    assert names(world, trail) == {"bike.1", "bike#B1", "bat.1", "cell.1", "cell#L7"}
    assert trail.hidden is Why.OTHER_REGION
    told = text_of(trail)
    for secret in ("dealer", "shop"):
        assert secret not in told, secret


def test_the_making_is_shown_without_the_rest_of_its_event(world: World) -> None:
    shown = visible_life(life(world.store, world.uri("bike.1"), now_ms=NOW), PUBLIC)
    made, marker = shown.steps
    assert made.stored.event.epcs == (world.uri("bike.1"),)
    assert made.stored.by == "bikeco"
    assert (marker.hidden, marker.counts, marker.at_ms) == (Why.NOT_PUBLIC, False, 0)


def test_the_making_from_inputs_hides_the_inputs(world: World) -> None:
    shown = visible_life(life(world.store, world.uri("bat.1"), now_ms=NOW), PUBLIC)
    event = shown.steps[0].stored.event
    assert event.output_epcs == (world.uri("bat.1"),)
    assert event.input_epcs == ()


def test_a_warning_reaches_the_public_without_its_events(world: World) -> None:
    world.tell("11 stall sells bike.1")
    trail = seen_by(world, PUBLIC)
    assert [(gap.code, gap.events, gap.about) for gap in trail.gaps] == [(Code.SOLD_TWICE, (), {})]
    assert "stall" not in text_of(trail)


def test_sums_over_all_holders_are_not_for_one_of_them(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "1 wireco makes cable#A*500MTR",
            "2 wireco ships cable#A*100MTR to dealer",
            "3 dealer receives cable#A*100MTR",
            "4 dealer sells cable#A*130MTR",
            "5 wireco sells cable#A*390MTR",
        ],
    )
    whole = trace(world.store, world.uri("cable#A"), now_ms=NOW)
    assert [gap.code for gap in whole.gaps] == [Code.QUANTITY_OVER]
    assert visible(whole, party("wireco")).gaps == ()
    assert visible(whole, OPERATOR).gaps == whole.gaps


def test_a_place_counts_as_its_firm(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 maker makes bike.1", "2 maker ships bike.1 to shop-door-3"])
    whole = life(world.store, world.uri("bike.1"), now_ms=NOW)
    shown = visible_life(whole, party("shop"), firm_of=lambda name: name.partition("-")[0])
    assert [step.hidden for step in shown.steps] == [None, None]


def test_markers_are_nodes_of_their_own_kind(world: World) -> None:
    trail = seen_by(world, party("packco"), "bat.1")
    assert names(world, trail) >= {"bat.1", "cell.1", "hidden:down"}
    (marker,) = (node for node in trail.nodes if node.kind is NodeKind.HIDDEN)
    assert (marker.hop, marker.hidden, marker.state) == (1, Why.NOT_YOURS, State.HIDDEN)
    shown = to_json(trail)
    assert shown["hidden"] == "not_yours"
    assert trace(world.store, world.uri("bat.1"), now_ms=NOW, direction=Direction.UP).hidden is None


def test_the_public_does_not_learn_that_it_is_still_in_stock(tmp_path: Path) -> None:
    world = World.open(tmp_path, CHAIN[:7])
    whole = life(world.store, world.uri("bike.2"), now_ms=NOW)
    assert holder(whole).state is State.IN_STOCK
    assert visible_holder(whole, PUBLIC).state is State.HIDDEN
    assert visible_holder(whole, party("bikeco")) == holder(whole)


def test_the_giver_does_not_see_a_receipt_that_does_not_name_it(tmp_path: Path) -> None:
    world = World.open(
        tmp_path, ["1 maker makes bike.1", "2 maker ships bike.1 to shop", "3 shop receives bike.1"]
    )

    def moved(name: str) -> tuple[int, int | None, bool]:
        (edge,) = seen_by(world, party(name)).edges
        return edge.at_ms, edge.until_ms, edge.other is not None

    assert moved("maker") == (at_day(2), None, False)
    assert moved("shop") == (at_day(2), at_day(3), True)

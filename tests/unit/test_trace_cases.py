"""Readable worlds in ``tests/cases/trace``: a list of events, and what must be answered."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from guantong.trace.custody import custody
from guantong.trace.gaps import gaps
from guantong.trace.life import life
from guantong.trace.model import Balance, Direction, Edge, Holder, Trail
from guantong.trace.walk import trace
from tests.market_small import World, at_day

CASES = Path(__file__).parent.parent / "cases" / "trace"

Case = dict[str, Any]


def cases() -> list[Any]:
    """Every case of every file, named by both."""
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_case(case: Case, tmp_path: Path) -> None:
    world = World.open(tmp_path, case["events"])
    now_ms = at_day(case.get("day", 20))
    asked = {"life", "holder", "balances", "gaps", "trace"} & case.keys()
    assert asked, "a case must ask something"
    for name, want in case.get("life", {}).items():
        assert steps_of(world, name, now_ms) == want, name
    for name, want in case.get("holder", {}).items():
        assert holder_text(world, custody_of(world, name, now_ms).holder) == want, name
    for name, want in case.get("balances", {}).items():
        got = [balance_text(b) for b in custody_of(world, name, now_ms).balances]
        assert got == want, name
    for name, want in case.get("gaps", {}).items():
        assert gaps_of(world, name, now_ms) == want, name
    for question in case.get("trace", []):
        check_trace(world, dict(question), now_ms)


def steps_of(world: World, name: str, now_ms: int) -> list[str]:
    """``e4 in case:1 in pallet:1``, with ``withdrawn`` or ``future`` behind."""
    told = life(world.store, world.uri(name), now_ms=now_ms)
    return [
        " in ".join([step.stored.event.id, *map(world.name, step.via)])
        + " withdrawn" * step.corrected
        + " future" * step.future
        for step in told.steps
    ]


def custody_of(world: World, name: str, now_ms: int) -> Any:
    return custody(life(world.store, world.uri(name), now_ms=now_ms))


def holder_text(world: World, holder: Holder) -> str:
    """``in_transit maker > shop in case:1``."""
    text = holder.state.value
    text += f" {holder.party}" * bool(holder.party)
    text += f" > {holder.taker}" * bool(holder.taker)
    return text + f" in {world.name(holder.inside)}" * bool(holder.inside)


def balance_text(balance: Balance) -> str:
    """``shop in_stock 300 MTR``; ``about`` when some amount is unknown."""
    about = "" if balance.exact else "about "
    text = f"{balance.party} {balance.state} {about}{balance.quantity:g} {balance.uom}"
    return text.strip()


def gaps_of(world: World, name: str, now_ms: int) -> list[str]:
    """``shipped_not_received e2``: the code without its room, and the events."""
    found = gaps(life(world.store, world.uri(name), now_ms=now_ms), now_ms=now_ms)
    return [
        " ".join([gap.code.removeprefix("trace."), *(event.id for event in gap.events)])
        for gap in found
    ]


def check_trace(world: World, question: Case, now_ms: int) -> None:
    want = {key: question.pop(key) for key in ("nodes", "edges") if key in question}
    complete = question.pop("complete", True)
    origin = world.uri(question.pop("origin"))
    direction = Direction(question.pop("direction"))
    trail = trace(world.store, origin, now_ms=now_ms, direction=direction, **question)
    if "nodes" in want:
        assert nodes_of(world, trail) == want["nodes"]
    if "edges" in want:
        assert [edge_text(world, edge) for edge in trail.edges] == want["edges"]
    assert trail.complete is complete
    assert_sound(trail)


def nodes_of(world: World, trail: Trail) -> dict[str, int]:
    return {world.name(node.item): node.hop for node in trail.nodes}


def edge_text(world: World, edge: Edge) -> str:
    """``bat.1 part_of bike.1 day 3 to 5``; ``maker > shop`` for a move."""
    text = f"{world.name(edge.source)} {edge.relation} {world.name(edge.target)}"
    if edge.quantity is not None:
        text += f" {edge.quantity:g}{edge.uom}"
    if edge.giver or edge.taker:
        text += f" {edge.giver} > {edge.taker}"
    text += f" day {(edge.at_ms - at_day(0)) / 86_400_000:g}"
    if edge.until_ms is not None:
        text += f" to {(edge.until_ms - at_day(0)) / 86_400_000:g}"
    return text


def assert_sound(trail: Trail) -> None:
    """Every edge joins two nodes and has its evidence; no node twice; the origin is there."""
    items = [node.item for node in trail.nodes]
    assert len(items) == len(set(items))
    assert trail.origin in items
    assert {end for edge in trail.edges for end in (edge.source, edge.target)} <= set(items)
    assert all(edge.event is not None for edge in trail.edges)

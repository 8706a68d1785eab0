"""Several nodes as one: the same answers as one store, and what is said where a node is missing."""

from pathlib import Path

import pytest

from guantong.nodes import scope_across, trace_across
from guantong.store import Indexed
from guantong.trace import trace
from guantong.trace.closure import closure
from tests.market_small import World, at_day
from tests.nodes_small import Split, names_of, plain, split

NOW_MS = at_day(60)
FIRMS = {"works": 0, "trader": 1, "shop": 2}
STORY = [
    "1 works makes coil.1,coil.2,coil.3 lot=A",
    "2 works packs coil.1,coil.2 into box:1",
    "3 works ships box:1 to trader",
    "4 trader receives box:1",
    "5 trader unpacks * from box:1",
    "6 trader packs coil.1 into box:2",
    "7 trader ships box:2 to shop",
    "8 shop receives box:2",
    "9 shop unpacks coil.1 from box:2",
    "10 shop sells coil.1",
    "11 shop turns coil.2 into reel.1,reel.2",
]


def told(folder: Path, lines: list[str], into: Split) -> World:
    world = World.open(folder, lines)
    for at, (by, event) in enumerate(world.captured):
        into.append(Indexed(entry=0, by=by, received_ms=at_day(30) + at * 1000, events=(event,)))
    return world


def test_a_lot_over_three(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        lot = world.uri("coil#A")
        one = closure(both.one, [lot], now_ms=NOW_MS)
        many = scope_across(both.nodes, [lot], now_ms=NOW_MS)
        assert many.found.held == one.held
        assert names_of(many.found) == names_of(one)
        assert many.found.account() == one.account()
        assert many.is_all
        assert many.found.complete
        assert [stand.position.size for stand in many.stands] == [3, 4, 4]
        print(many.rounds, many.sent, many.received)


@pytest.mark.parametrize("name", ["coil.1", "reel.1", "box:2", "coil#A"])
def test_a_code_over_three(tmp_path: Path, name: str) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        item = world.uri(name)
        one = trace(both.one, item, now_ms=NOW_MS)
        many = trace_across(both.nodes, item, now_ms=NOW_MS)
        assert plain(many.found) == plain(one)
        assert many.is_all
        print(name, many.rounds, many.sent, many.received)

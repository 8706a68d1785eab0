"""The walk: what it costs, what it says of itself, how it is written down."""

from collections import Counter
from pathlib import Path
from typing import Any

from guantong.store.door import Store
from guantong.trace import Code, Direction, State, life, to_json, trace
from guantong.trace.book import LEVELS_MAX
from tests.market_small import World, at_day

NOW = at_day(20)


class Counted:
    """A store that counts what it is asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.store, name)


def bakery(folder: Path, loaves: int) -> World:
    """One lot of flour, so many loaves in cases of ten, all on one pallet."""
    world = World.open(folder)
    bread = [f"bread.{number}" for number in range(loaves)]
    cases = [f"case:{number}" for number in range(0, loaves, 10)]
    world.tell("1 mill makes flour#A*100KGM")
    world.tell(f"2 baker turns flour#A*100KGM into {','.join(bread)}")
    for number, case in enumerate(cases):
        world.tell(f"3 baker packs {','.join(bread[number * 10 : number * 10 + 10])} into {case}")
    world.tell(f"4 baker packs {','.join(cases)} into pallet:1")
    world.tell("5 baker ships pallet:1 to shop")
    return world


def test_a_wide_hop_costs_as_many_calls_as_a_narrow_one(tmp_path: Path) -> None:
    asked = []
    for loaves in (10, 200):
        folder = tmp_path / str(loaves)
        folder.mkdir()
        world = bakery(folder, loaves)
        counted = Counted(world.store)
        trail = trace(counted, world.uri("flour#A"), now_ms=NOW, direction=Direction.DOWN)
        assert len(trail.nodes) == 1 + loaves + loaves // 10 + 1
        asked.append(counted.calls)
    assert asked[0] == asked[1]
    assert asked[0].total() < 12


def test_as_of_walks_what_was_known_then(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 a turns part.1 into part.2", "2 a turns part.2 into part.3"])
    trail = trace(world.store, world.uri("part.1"), now_ms=NOW, as_of=1)
    assert [world.name(node.item) for node in trail.nodes] == ["part.1", "part.2"]


def test_a_transformation_id_counts_only_what_was_known_then(tmp_path: Path) -> None:
    world = World.open(
        tmp_path, ["1 a turns - into part.2 tid=urn:b:1", "1 a turns part.1 into - tid=urn:b:1"]
    )
    origin = world.uri("part.2")
    assert len(trace(world.store, origin, now_ms=NOW, as_of=1).nodes) == 1
    assert len(trace(world.store, origin, now_ms=NOW).nodes) == 2


def test_too_many_edges_cut_the_walk(tmp_path: Path) -> None:
    parts = ",".join(f"part.{number}" for number in range(1, 60))
    made = ",".join(f"part.{number}" for number in range(60, 120))
    world = World.open(
        tmp_path, [f"1 a turns part.0 into {parts}", f"2 a turns {parts} into {made}"]
    )
    whole = trace(world.store, world.uri("part.0"), now_ms=NOW)
    assert (whole.complete, len(whole.edges)) == (True, 59 + 59 * 60)
    cut = trace(world.store, world.uri("part.0"), now_ms=NOW, nodes_max=120)
    assert (cut.complete, len(cut.edges)) == (False, 2400)


def test_more_content_than_room_cuts_the_walk(tmp_path: Path) -> None:
    world = bakery(tmp_path, 40)
    trail = trace(world.store, world.uri("pallet:1"), now_ms=NOW, nodes_max=20)
    assert len(trail.nodes) == 20
    assert not trail.complete


def test_nesting_too_deep_is_said(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 a packs bike.1 into case:0"])
    for number in range(LEVELS_MAX + 2):
        world.tell(f"2 a packs case:{number} into case:{number + 1}")
    assert not life(world.store, world.uri("bike.1"), now_ms=NOW).complete
    assert not trace(world.store, world.uri("bike.1"), now_ms=NOW).complete
    assert life(world.store, world.uri("case:9"), now_ms=NOW).complete


def test_the_trail_as_json(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        ["1 packco makes bat.1", "2 bikeco fits bat.1 into bike.1", "3 bikeco sells bike.1"],
    )
    bike, bat = world.uri("bike.1"), world.uri("bat.1")
    trail = trace(world.store, bike, now_ms=NOW, direction=Direction.UP)
    assert to_json(trail) == {
        "origin": bike,
        "nodes": [
            {
                "item": bat,
                "class": bat.partition("/21/")[0],
                "kind": "item",
                "hop": -1,
                "state": State.SOLD,
                "holder": {"since_ms": at_day(3), "inside": bike},
            },
            {
                "item": bike,
                "class": bike.partition("/21/")[0],
                "kind": "item",
                "hop": 0,
                "state": "sold",
                "holder": {"since_ms": at_day(3)},
            },
        ],
        "edges": [
            {
                "source": bat,
                "target": bike,
                "relation": "part_of",
                "at_ms": at_day(2),
                "event": {"entry": 1, "position": 0, "id": "e2"},
            }
        ],
        "gaps": [
            {
                "code": "trace.origin_unknown",
                "item": bike,
                "at_ms": at_day(2),
                "events": [{"entry": 1, "position": 0, "id": "e2"}],
                "about": {},
            }
        ],
        "complete": True,
    }


def test_two_spellings_of_one_firm_are_one_hand(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        ["1 maker makes bike.1", "2 maker ships bike.1 to shop-door", "4 shop sells bike.1"],
    )
    item = world.uri("bike.1")

    def codes(**options: Any) -> list[str]:
        return [gap.code for gap in trace(world.store, item, now_ms=at_day(90), **options).gaps]

    assert codes() == ["trace.shipped_not_received"]
    assert codes(firm_of=lambda name: name.partition("-")[0]) == ["trace.receipt_missing"]


def test_a_lot_whose_items_were_made_has_an_origin(tmp_path: Path) -> None:
    """An inspection of the lot is no gap when its items were made; of an unknown lot it is."""
    world = World.open(
        tmp_path,
        ["1 cellco makes cell.1 lot=L7", "2 bureau inspects cell#L7", "2 bureau inspects cell#L8"],
    )
    up = trace(world.store, world.uri("cell.1"), now_ms=NOW, direction=Direction.UP)
    assert {world.name(node.item) for node in up.nodes} == {"cell.1", "cell#L7"}
    assert [gap.code for gap in up.gaps] == []
    alone = trace(world.store, world.uri("cell#L8"), now_ms=NOW, direction=Direction.UP)
    assert [gap.code for gap in alone.gaps] == [Code.ORIGIN_UNKNOWN]

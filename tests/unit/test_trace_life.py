"""The life of an item: order, containers, corrections, future dates."""

from pathlib import Path

from guantong.store.door import Role
from guantong.trace.life import life
from guantong.trace.model import Ending, Life
from tests.market_small import World, at_day


def told(world: World, name: str, **options: int) -> Life:
    return life(world.store, world.uri(name), now_ms=at_day(100), **options)


def ids(world: World, name: str) -> list[str]:
    """Event ids with ``via`` containers, ``!`` for those that do not count."""
    return [
        "/".join([step.stored.event.id, *map(world.name, step.via)]) + "!" * (not step.counts)
        for step in told(world, name).steps
    ]


def test_an_unknown_item_has_an_empty_life(tmp_path: Path) -> None:
    world = World.open(tmp_path)
    assert told(world, "bike.1") == Life(world.uri("bike.1"), ())


def test_a_pallet_ships_and_so_does_everything_in_it(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "1 maker makes bike.1",
            "2 maker packs bike.1 into case:1",
            "3 maker packs case:1 into pallet:1",
            "4 maker ships pallet:1 to shop",
            "5 shop unpacks * from pallet:1",
            "6 shop stores pallet:1",
        ],
    )
    assert ids(world, "bike.1") == [
        "e1",
        "e2",
        "e3/case:1",
        "e4/case:1/pallet:1",
        "e5/case:1/pallet:1",
    ]
    assert ids(world, "case:1") == ["e2", "e3", "e4/pallet:1", "e5/pallet:1"]
    stay = told(world, "case:1").stays[0]
    assert (stay.ending, stay.since[0], stay.until and stay.until[0]) == (
        Ending.SAID,
        at_day(3),
        at_day(5),
    )


def test_what_arrives_late_stands_where_it_happened(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "4 maker ships case:1 to shop",
            "1 maker makes bike.1 got=5",
            "2 maker packs bike.1 into case:1",
        ],
    )
    assert ids(world, "bike.1") == ["e2", "e3", "e1/case:1"]


def test_as_of_shows_what_was_known_then(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 maker makes bike.1", "2 shop sells bike.1"])
    assert len(told(world, "bike.1", as_of=1).steps) == 1


def test_a_withdrawn_event_stays_in_the_list_and_out_of_state(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "1 maker makes bike.1",
            "2 maker packs bike.1 into case:1",
            "3 maker declares e2 wrong",
            "4 maker ships case:1 to shop",
            "2.5 maker packs bike.1 into case:2",
        ],
    )
    assert ids(world, "bike.1") == ["e1", "e2!", "e2!", "e5"]


def test_another_party_cannot_withdraw_my_event(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 maker makes bike.1", "2 rival declares e1 wrong"])
    assert ids(world, "bike.1") == ["e1", "e1!"]


def test_an_event_from_the_future_is_flagged(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        ["1 maker makes bike.1", "2 shop sells bike.1 got=1.1", "3 shop sells bike.1 got=1.5"],
    )
    steps = told(world, "bike.1").steps
    assert [step.future for step in steps] == [False, False, True]
    assert len(told(world, "bike.1", future_ms=2 * 86_400_000).standing) == 3


def test_part_of_a_lot_in_a_pallet_carries_its_amount(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "1 wireco makes cable#A*500MTR",
            "2 wireco packs cable#A*300MTR into pallet:1",
            "3 wireco unpacks cable#A*100MTR from pallet:1",
            "4 wireco ships pallet:1 to shop",
        ],
    )
    told_life = told(world, "cable#A")
    assert [(s.stored.event.id, s.quantity, s.uom) for s in told_life.steps] == [
        ("e1", 500.0, "MTR"),
        ("e2", 300.0, "MTR"),
        ("e3", 100.0, "MTR"),
        ("e4", 200.0, "MTR"),
    ]
    assert told_life.steps[-1].role is Role.EPC


def test_containers_that_contain_each_other_end_the_walk(tmp_path: Path) -> None:
    world = World.open(
        tmp_path,
        [
            "1 a packs bike.1 into case:1",
            "2 a packs case:1 into case:2",
            "3 a packs case:2 into case:1",
            "4 a ships case:2 to b",
        ],
    )
    assert ids(world, "bike.1") == ["e1", "e2/case:1", "e3/case:1/case:2", "e4/case:1/case:2"]

"""The scope of a recall: everything downstream, counted, as plain reading item by item counts it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from guantong import trace
from guantong.market.bulk import Bulk
from guantong.store import Indexed, SegmentStore
from guantong.store.columns import Ranges
from guantong.trace import Direction, State
from guantong.trace.book import Book
from guantong.trace.closure import Account, Bounds, Scope, Stop, closure
from guantong.trace.custody import custody
from guantong.trace.families import families
from guantong.trace.life import lives
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS, FirmOf, itself
from guantong.trace.names import is_many
from tests.market_read import document_of
from tests.market_small import World, at_day
from tests.store_model import Twins

NOW_MS = at_day(60)


def scope_of(world: World, *origins: str, **more: object) -> Scope:
    assert isinstance(world.store, SegmentStore)
    uris = [world.uri(origin) for origin in origins]
    return closure(world.store, uris, **({"now_ms": NOW_MS} | more))  # type: ignore[arg-type]


def names(world: World, scope: Scope) -> set[str]:
    items = (text for span in scope.spans() for text in span.texts())
    return {world.name(uri) for uri in (*items, *scope.lots)}


def holders(scope: Scope) -> dict[tuple[str, str], int]:
    return {(held.party, held.state.value): held.count for held in scope.held}


CASES: dict[str, tuple[list[str], str, set[str], dict[tuple[str, str], int]]] = {
    "cut, and cut again": (
        [
            "1 mill makes wire#A*500KGM",
            "2 works turns wire#A*500KGM into reel.1,reel.2,reel.3",
            "3 works turns reel.1 into coil.1,coil.2",
            "4 works ships coil.1,reel.2 to shop",
            "5 shop receives coil.1",
            "6 shop sells coil.1",
        ],
        "wire#A",
        {"wire#A", "reel.1", "reel.2", "reel.3", "coil.1", "coil.2"},
        {
            ("works", "consumed"): 1,
            ("works", "in_transit"): 1,
            ("works", "in_stock"): 2,
            ("", "sold"): 1,
        },
    ),
    "packed five deep": (
        [
            "1 works makes coil.1,coil.2,coil.3 lot=A",
            "2 works packs coil.1,coil.2 into box:1",
            "3 works packs box:1 into box:2",
            "4 works packs box:2 into box:3",
            "5 works packs box:3 into box:4",
            "6 works packs box:4 into box:5",
            "7 works ships box:5 to shop",
            "8 shop receives box:5",
        ],
        "coil#A",
        {"coil#A", "coil.1", "coil.2", "coil.3"},
        {("shop", "in_stock"): 2, ("works", "in_stock"): 1},
    ),
    "packed anew on the way": (
        [
            "1 works makes coil.1,coil.2 lot=A",
            "2 works packs coil.1,coil.2 into box:1",
            "3 works ships box:1 to trader",
            "4 trader receives box:1",
            "5 trader unpacks * from box:1",
            "6 trader packs coil.1 into box:2",
            "7 trader ships box:2 to shop",
            "8 works ships box:1 to other",
        ],
        "coil#A",
        {"coil#A", "coil.1", "coil.2"},
        {("trader", "in_transit"): 1, ("trader", "in_stock"): 1},
    ),
    "a shipment that was none": (
        [
            "1 works makes coil.1,coil.2 lot=A",
            "2 works ships coil.1,coil.2 to shop",
            "3 works declares e2 wrong",
        ],
        "coil#A",
        {"coil#A", "coil.1", "coil.2"},
        {("works", "in_stock"): 2},
    ),
    "told late": (
        [
            "1 works makes coil.1 lot=A",
            "6 shop sells coil.1",
            "3 works ships coil.1 to shop got=9",
            "4 shop receives coil.1 got=9",
        ],
        "coil#A",
        {"coil#A", "coil.1"},
        {("", "sold"): 1},
    ),
    "brought back": (
        [
            "1 works makes coil.1,coil.2 lot=A",
            "2 works ships coil.1,coil.2 to shop",
            "3 shop receives coil.1,coil.2",
            "4 shop sells coil.1,coil.2",
            "5 shop returns coil.2",
            "6 shop destroys coil.2",
        ],
        "coil#A",
        {"coil#A", "coil.1", "coil.2"},
        {("", "sold"): 1, ("shop", "scrapped"): 1},
    ),
    "fitted, taken out, used": (
        [
            "1 cellco makes cell.1,cell.2 lot=A",
            "2 packco turns cell.1,cell.2 into bat.1,bat.2",
            "3 bikeco fits bat.1 into bike.1",
            "4 bikeco sells bike.1",
            "5 packco packs bat.2 into box:1",
            "6 packco turns box:1 into scrap.1",
        ],
        "cell#A",
        {"cell#A", "cell.1", "cell.2", "bat.1", "bat.2", "bike.1", "box:1", "scrap.1"},
        {
            ("", "sold"): 2,
            ("packco", "consumed"): 4,
            ("packco", "in_stock"): 1,
        },
    ),
    "taken out before it went, and after": (
        [
            "1 works makes coil.1,coil.2 lot=A",
            "2 works packs coil.1,coil.2 into box:1",
            "3 works unpacks coil.1 from box:1",
            "4 works ships box:1 to shop",
            "5 shop receives box:1",
            "6 works unpacks coil.2 from box:1",
        ],
        "coil#A",
        {"coil#A", "coil.1", "coil.2"},
        {("works", "in_stock"): 1, ("shop", "in_stock"): 1},
    ),
    "packed and fitted at once, told in another order": (
        [
            "1 works makes cell.1,cell.2 lot=A",
            "2 works fits cell.1 into bike.1",
            "2 works fits cell.2 into bike.2",
            "3 works packs cell.1 into box:1",
            "3 works packs cell.2 into box:2",
            "4 works ships bike.1 to east",
            "5 works ships box:1 to west",
            "4 works ships box:2 to west",
            "5 works ships bike.2 to east",
            "6 east receives bike.1",
            "7 west receives box:1",
            "6 west receives box:2",
            "7 east receives bike.2",
        ],
        "cell#A",
        {"cell#A", "cell.1", "cell.2", "bike.1", "bike.2"},
        {("east", "in_stock"): 3, ("west", "in_stock"): 1},
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("compacted", [False, True])
def test_cases(tmp_path: Path, case: str, compacted: bool) -> None:
    lines, origin, reached, held = CASES[case]
    world = World.open(tmp_path, lines, engine=SegmentStore)
    assert isinstance(world.store, SegmentStore)
    if compacted:
        world.store.compact()
    scope = scope_of(world, origin)
    assert names(world, scope) == reached
    assert holders(scope) == held
    assert sum(scope.account().values()) == scope.made == scope.items.size()
    assert scope.complete


def test_a_logistic_unit_leads_to_what_was_in_it(tmp_path: Path) -> None:
    lines = [
        "1 works makes coil.1,coil.2,coil.3",
        "2 works packs coil.1,coil.2 into box:1",
        "3 works packs box:1,coil.3 into box:2",
    ]
    world = World.open(tmp_path, lines, engine=SegmentStore)
    assert names(world, scope_of(world, "box:2")) == {
        "box:2",
        "box:1",
        "coil.1",
        "coil.2",
        "coil.3",
    }
    assert names(world, scope_of(world, "coil.3")) == {"coil.3"}


def test_metres_are_balanced_and_nobody_says_which(tmp_path: Path) -> None:
    lines = [
        "1 works makes cable#A*1000MTR",
        "2 works ships cable#A*600MTR to shop",
        "3 shop receives cable#A*600MTR from works",
        "4 shop sells cable#A*150MTR",
    ]
    scope = scope_of(World.open(tmp_path, lines, engine=SegmentStore), "cable#A")
    told = {(one.balance.party, one.balance.quantity) for one in scope.amounts}
    assert told == {("works", 400.0), ("shop", 450.0)}
    assert scope.made == 0


def test_as_of_an_earlier_size(tmp_path: Path) -> None:
    lines = ["1 works makes coil.1 lot=A", "2 works ships coil.1 to shop", "3 shop receives coil.1"]
    world = World.open(tmp_path, lines, engine=SegmentStore)
    states = [holders(scope_of(world, "coil#A", as_of=size)) for size in (0, 1, 2, 3, None)]
    assert states == [
        {},
        {("works", "in_stock"): 1},
        {("works", "in_transit"): 1},
        {("shop", "in_stock"): 1},
        {("shop", "in_stock"): 1},
    ]
    assert scope_of(world, "coil#A", as_of=2).as_of == 2
    sizes = [scope_of(world, "coil.1", as_of=size).items.size() for size in (0, 1)]
    assert sizes == [0, 1], "nobody knew of it yet"


@pytest.mark.parametrize(
    ("bounds", "stop", "made"),
    [
        (Bounds(hops=2), Stop.HOPS, 5),
        (Bounds(items=4), Stop.SIZE, 4),
        (Bounds(late=lambda: True), Stop.TIME, 0),
    ],
)
def test_where_it_stops_it_says_so(tmp_path: Path, bounds: Bounds, stop: Stop, made: int) -> None:
    lines = [
        "1 mill makes wire#A*500KGM",
        "2 works turns wire#A*500KGM into reel.1,reel.2,reel.3",
        "3 works turns reel.1 into coil.1,coil.2",
        "4 works turns coil.1 into piece.1",
    ]
    world = World.open(tmp_path, lines, engine=SegmentStore)
    whole, less = scope_of(world, "wire#A"), scope_of(world, "wire#A", bounds=bounds)
    assert (whole.complete, whole.made) == (True, 6)
    assert (less.complete, less.stops) == (False, (stop,))
    assert less.made == made
    assert names(world, less) < names(world, whole)


def test_regions_and_firms_are_those_of_the_register(tmp_path: Path) -> None:
    lines = ["1 works makes coil.1,coil.2 lot=A", "2 works ships coil.1 to shop.east"]
    lines += ["3 shop.east receives coil.1"]
    world = World.open(tmp_path, lines, engine=SegmentStore)
    scope = scope_of(
        world,
        "coil#A",
        firm_of=lambda party: party.partition(".")[0],
        region_of={"shop": "33", "works": "44"}.get,
    )
    assert {(held.party, held.region, held.count) for held in scope.held} == {
        ("shop", "33", 1),
        ("works", "44", 1),
    }


def test_what_no_mark_tells_is_not_remembered(tmp_path: Path) -> None:
    """Two histories of one cell that differ only in how its box and its bike met."""
    begin = ["1 works makes cell.1 lot=A", "2 works fits cell.1 into bike.1"]
    begin += ["3 works packs cell.1 into box:1"]
    bike = ["ships bike.1 to east", "receives bike.1"]
    box = ["ships box:1 to west", "receives box:1"]
    held = []
    for name, first, second in (("bike", bike, box), ("box", box, bike)):
        told = [first[0], second[0], first[1], second[1]]
        to = {"bike": "east", "box": "west"}
        doers = ["works", "works", to[name], to["box" if name == "bike" else "bike"]]
        lines = [
            f"{day} {doer} {what}"
            for day, (doer, what) in enumerate(zip(doers, told, strict=True), 4)
        ]
        (tmp_path / name).mkdir()
        world = World.open(tmp_path / name, [*begin, *lines], engine=SegmentStore)
        held.append(holders(scope_of(world, "cell.1")))
    assert held == [
        {("west", "in_stock"): 1, ("east", "in_stock"): 1},
        {("east", "in_stock"): 2},
    ]


def test_nothing_is_known_of_a_stranger(tmp_path: Path) -> None:
    world = World.open(tmp_path, ["1 works makes coil.1"], engine=SegmentStore)
    scope = scope_of(world, "coil.2", "coil#Z")
    assert (scope.made, scope.held, scope.amounts) == (0, (), ())


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))]
)
def test_families_say_of_every_item_what_it_says_of_itself(tmp_path: Path, seed: int) -> None:
    """On random events without any sense, item by item."""
    twins = soup(tmp_path, seed, 120)
    items = [item for item in dict.fromkeys(twins.items) if not is_many(item)]
    numbers = twins.segments.numbers(items)
    items = [item for item, number in zip(items, numbers.tolist(), strict=True) if number >= 0]
    known = Ranges.of_numbers(np.unique(numbers[numbers >= 0]))
    made = families(
        twins.segments,
        twins.segments.rows_in(known),
        Sight(twins.record_ms, FUTURE_MS, None),
        itself,
    )
    examples = twins.segments.texts(made.example)
    assert counted(twins, examples, made.size.tolist()) == counted(twins, items, [1] * len(items))
    assert len(examples) < len(items)
    twins.close()


def few(party: str) -> str:
    """Two firms have everything."""
    return str(sum(party.encode()) % 2)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))]
)
@pytest.mark.parametrize("firm_of", [itself, few])
def test_holders_are_those_of_every_item_by_itself(
    tmp_path: Path, seed: int, firm_of: FirmOf
) -> None:
    """Though one life of each shape is read, whoever the firms are."""
    twins = soup(tmp_path, seed, 120)
    origins = [item for item in dict.fromkeys(twins.items) if not is_many(item)][::3]
    scope = closure(twins.segments, origins, now_ms=twins.record_ms, firm_of=firm_of)
    items = [text for span in scope.spans() for text in span.texts()]
    held = Counter({(one.party, one.state, one.taker): one.count for one in scope.held})
    assert held == counted(twins, items, [1] * len(items), firm_of)
    assert len(scope.held) > 4
    made = families(
        twins.segments,
        twins.segments.rows_in(scope.items),
        Sight(twins.record_ms, FUTURE_MS, scope.as_of),
        firm_of,
    )
    assert len(made.shapes) < len(made.example) < len(items)
    twins.close()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in (1, 2))]
)
def test_a_scope_misses_nothing_that_a_walk_reaches(tmp_path: Path, seed: int) -> None:
    twins = soup(tmp_path, seed, 20)
    alike = 0
    origins = list(dict.fromkeys(twins.items))[:40]
    for origin in origins:
        walk = trace.trace(
            twins.segments,
            origin,
            direction=Direction.DOWN,
            now_ms=twins.record_ms,
            hops_max=64,
            nodes_max=20_000,
            context=False,
        )
        scope = closure(twins.segments, [origin], now_ms=twins.record_ms)
        found = {text for span in scope.spans() for text in span.texts()} | {*scope.lots}
        assert walk.complete
        assert {node.item for node in walk.nodes} <= found | {origin}
        alike += {node.item for node in walk.nodes} == found | {origin}
    assert alike > len(origins) * 0.7
    twins.close()


def soup(place: Path, seed: int, groups: int) -> Twins:
    twins = Twins(place, seed)
    for _ in range(groups):
        twins.capture()
    twins.segments.compact()
    return twins


def counted(
    twins: Twins, items: Sequence[str], sizes: Sequence[int], firm_of: FirmOf = itself
) -> Counter[tuple[str, State, str]]:
    found: Counter[tuple[str, State, str]] = Counter()
    read = lives(Book(twins.segments, now_ms=twins.record_ms), items)
    for item, size in zip(items, sizes, strict=True):
        held = custody(read[item], firm_of=firm_of).holder
        party, taker = (firm_of(one) if one else "" for one in (held.party, held.taker))
        found[party, held.state, taker] += size
    return found


def test_the_market_knows_the_outcome(tmp_path: Path) -> None:
    bulk = Bulk(7, rows=20_000)
    store = SegmentStore.open(tmp_path / "index.sqlite")
    for entry, filing in enumerate(bulk.filings()):
        store.append(
            [
                Indexed(
                    entry=entry,
                    by=filing.by,
                    received_ms=filing.at_ms,
                    events=document_of(filing).events,
                )
            ]
        )
    store.compact()
    for lot in (bulk.bad, bulk.small):
        scope = closure(store, [lot.code], now_ms=2_000_000_000_000)
        held = Counter({(one.party, one.state.value): one.count for one in scope.held})
        consumed = sum(count for (_, state), count in held.items() if state == "consumed")
        coils = {key: count for key, count in held.items() if key[1] != "consumed"}
        assert coils == {(where.party, where.state): n for where, n in lot.holders.items()}
        assert (consumed, scope.made) == (lot.reels, lot.reels + lot.items)
        assert scope.account()[Account.CONSUMED] == lot.reels
        assert scope.complete
    store.close()

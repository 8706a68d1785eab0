"""Several nodes as one: the same answers as one store, and what is said where a node is missing."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from guantong.caller import Caller, Level
from guantong.errors import Refusal
from guantong.nodes import (
    Fault,
    NodesError,
    Position,
    Told,
    homes,
    known_at,
    read_table,
    scope_across,
    trace_across,
)
from guantong.nodes.numbers import Runs
from guantong.nodes.wire import RowsIn, decoded, encode, packed_runs, read_rows
from guantong.serve.nodes.asking import origins_of
from guantong.store import Indexed
from guantong.store.columns import Span
from guantong.store.packing import pack, unpack
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


@pytest.mark.parametrize("name", ["coil.1", "reel.1", "box:2", "coil#A"])
def test_a_code_over_three(tmp_path: Path, name: str) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        item = world.uri(name)
        one = trace(both.one, item, now_ms=NOW_MS)
        many = trace_across(both.nodes, item, now_ms=NOW_MS)
        assert plain(many.found) == plain(one)
        assert many.is_all


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_node_that_dies_is_named(tmp_path: Path, after: int) -> None:
    """Before the first round, after it, and on the way: what is told is part, and said to be."""
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        both.nodes[1].fails_after = after
        lot = world.uri("coil#A")
        many = scope_across(both.nodes, [lot], now_ms=NOW_MS)
        assert [(one.node, one.fault.code) for one in many.missing] == [("node1", Fault.SILENT)]
        assert not many.is_all
        names = ["node0", "node2"] if after == 0 else ["node0", "node1", "node2"]
        assert [stand.node for stand in many.stands] == names
        whole = names_of(closure(both.one, [lot], now_ms=NOW_MS))
        assert names_of(many.found) <= whole
        trail = trace_across(both.nodes, world.uri("coil.1"), now_ms=NOW_MS)
        assert [one.node for one in trail.missing] == ["node1"]


def test_a_node_on_another_ledger_is_left_out(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        both.nodes[2].rebuilt_after = 2
        many = scope_across(both.nodes, [world.uri("coil#A")], now_ms=NOW_MS)
        (missing,) = many.missing
        assert (missing.node, missing.fault.code) == ("node2", Fault.POSITION)
        assert missing.round >= 1
        assert not many.is_all


def test_a_ledger_of_another_name_is_left_out(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        both.nodes[0].origin = "somebody/else"
        (missing,) = scope_across(both.nodes, ["urn:x:1"], now_ms=NOW_MS).missing
        assert (missing.node, missing.round, missing.fault.code) == ("node0", 0, Fault.POSITION)


def test_what_is_no_answer_is_left_out(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        node = both.nodes[0]

        def garbled(position: Position, question: bytes) -> bytes:
            del question
            return encode(Told(position.origin, position.size, position.root, False, b"?"))

        node.ask = garbled  # type: ignore[method-assign]
        (missing,) = scope_across(both.nodes, [world.uri("coil#A")], now_ms=NOW_MS).missing
        assert (missing.node, missing.fault.code) == ("node0", Fault.GARBLED)


def test_a_question_about_more_than_there_can_be(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        runs = Runs.of_spans([Span("https://id.gs1.org/01/06901234567892/21/", 0, 10**17)])
        with pytest.raises(NodesError):
            both.nodes[0].ask(Position("", 0, ""), encode(RowsIn(packed_runs(runs))))


def test_columns_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    """Whatever number stands in a column of a node: it is left out, and named."""
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        lot, node = world.uri("coil#A"), both.nodes[0]
        whole, ask = scope_across(both.nodes, [lot], now_ms=NOW_MS).found, node.ask
        checked = {2: "record", 4: "kind", 12: "unit", 13: "class", 15: "count", 16: "event"}
        checked |= {17: "role"} | dict.fromkeys(range(6, 12), "term")
        for column in checked:

            def bent(position: Position, question: bytes, column: int = column) -> bytes:
                came: Told = decoded(ask(position, question), Told)
                columns, extra = unpack(came.body)
                if len(columns) < 19 or not len(columns[column]):
                    return encode(came)
                body = pack(
                    [one + 10**15 * (at == column) for at, one in enumerate(columns)], extra
                )
                return encode(Told(came.origin, came.size, came.root, came.hidden, body))

            node.ask = bent  # type: ignore[method-assign]
            many = scope_across(both.nodes, [lot], now_ms=NOW_MS)
            assert [one.node for one in many.missing] == ["node0"], column
            assert names_of(many.found) <= names_of(whole)


def test_what_may_not_be_seen_is_said_to_be_there(tmp_path: Path) -> None:
    """An office of one region asks: the trade of two others at a node is not told, nor denied."""
    regions = {"works": "32", "trader": "37", "shop": "33"}
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        for node in both.nodes:
            node.caller = Caller("office", Level.REGULATOR, "33")
            node.region_of = lambda name: regions.get(name, "")
        many = scope_across(both.nodes, [world.uri("coil#A")], now_ms=NOW_MS)
        assert [stand.veiled for stand in many.stands] == [True, False, False]
        assert not many.is_all
        many = scope_across(both.nodes, [world.uri("coil.1")], now_ms=NOW_MS)
        assert [stand.veiled for stand in many.stands] == [True, True, False]
        own = trace_across(both.nodes, world.uri("box:2"), now_ms=NOW_MS)
        seen = {step.stored.by for life in own.found.lives.values() for step in life.steps}
        assert seen <= {"trader", "shop"}


def test_later_entries_do_not_count(tmp_path: Path) -> None:
    """A node goes on while it is asked: the answer rests on the position of the first round."""
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY[:8], both)
        lot, node = world.uri("coil#A"), both.nodes[2]
        before = scope_across(both.nodes, [lot], now_ms=NOW_MS)
        begin = node.begin

        def begun(about: Sequence[str]) -> bytes:
            answer = begin(about)
            world.tell("9 shop sells coil.1")
            _, event = world.captured[-1]
            node.store.append(
                [
                    Indexed(
                        entry=node.store.projected_size,
                        by="shop",
                        received_ms=at_day(50),
                        events=(event,),
                    )
                ]
            )
            return answer

        node.begin = begun  # type: ignore[method-assign]
        again = scope_across(both.nodes, [lot], now_ms=NOW_MS)
        assert again.found.held == before.found.held
        assert again.stands == before.stands
        question = encode(RowsIn(packed_runs(Runs.of_texts([world.uri("coil.1")]))))
        size = before.stands[2].position.size
        told_then = decoded(node.ask(Position("", size, ""), question), Told)
        assert (read_rows(told_then.body).of_events["entry"] < size).all()


def test_ranges_travel_and_no_items(tmp_path: Path) -> None:
    """A hundred times the items of a lot cost no more bytes."""
    sizes = []
    for count in (100, 10_000):
        (tmp_path / str(count)).mkdir()
        with split(tmp_path / str(count), FIRMS.__getitem__) as both:
            coils = ",".join(f"coil.{serial}" for serial in range(1, count + 1))
            lines = [f"1 works makes {coils} lot=A", f"2 works ships {coils} to trader"]
            lines += [f"3 trader receives {coils}"]
            world = told(tmp_path / str(count), lines, both)
            many = scope_across(both.nodes, [world.uri("coil#A")], now_ms=NOW_MS)
            assert many.found.made == count
            sizes.append(many.received + many.sent)
    assert sizes[1] < sizes[0] * 1.1


def test_a_move_of_home_does_not_lose_a_correction(tmp_path: Path) -> None:
    """A firm that declares in its new home what it captured in its old one."""
    homes = iter([0, 1, 2, 1])
    with split(tmp_path, lambda _: next(homes)) as both:
        lines = [
            "1 works makes coil.1 lot=A",
            "2 works turns coil.1 into reel.1",
            "3 shop receives coil.1",
            "4 works declares e2 wrong",
        ]
        world = told(tmp_path, lines, both)
        lot = world.uri("coil#A")
        one = closure(both.one, [lot], now_ms=NOW_MS)
        many = scope_across(both.nodes, [lot], now_ms=NOW_MS)
        assert (many.found.held, names_of(many.found)) == (one.held, names_of(one))
        assert world.uri("reel.1") not in names_of(one)
        item = world.uri("coil.1")
        trail = trace_across(both.nodes, item, now_ms=NOW_MS)
        assert plain(trail.found) == plain(trace(both.one, item, now_ms=NOW_MS))


def test_who_knows_a_code(tmp_path: Path) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both:
        world = told(tmp_path, STORY, both)
        assert known_at(both.nodes, world.uri("box:2")).found == ("node1", "node2")
        assert known_at(both.nodes, "urn:x:1").found == ()


TABLE = b"""
[[node]]
name = "east"
url = "http://127.0.0.1:1"
key_file = "east.key"
[[node.home]]
prefix = "6901234"
until = 2025-12-31
[[node.home]]
prefix = "urn:guantong:ecode:"

[[node]]
name = "west"
url = "http://127.0.0.1:2"
key_file = "west.key"
[[node.home]]
prefix = "6901234"
since = 2026-01-01
[[node.home]]
prefix = "690123"
"""


@pytest.mark.parametrize(
    ("uri", "day", "home"),
    [
        ("https://id.gs1.org/01/06901234567892/21/7", dt.date(2025, 12, 31), ("east",)),
        ("https://id.gs1.org/01/06901234567892/21/7", dt.date(2026, 1, 1), ("west",)),
        ("https://id.gs1.org/00/306901234000000017", dt.date(2026, 1, 1), ()),
        ("https://id.gs1.org/00/369012340000000017", dt.date(2026, 1, 1), ("west",)),
        ("https://id.gs1.org/414/6901239000030", dt.date(2025, 1, 1), ("west",)),
        ("urn:guantong:ecode:10064901222500000002", dt.date(2026, 1, 1), ("east",)),
        ("https://id.gs1.org/01/04006381333931/21/1", dt.date(2026, 1, 1), ()),
        ("urn:x:6901234", dt.date(2026, 1, 1), ()),
    ],
)
def test_the_home_of_a_code(uri: str, day: dt.date, home: tuple[str, ...]) -> None:
    assert homes(read_table(TABLE), uri, day) == home


@pytest.mark.parametrize(
    "data",
    [b"", b"node = 7", b"\xff", TABLE.replace(b"west", b"east"), TABLE.replace(b"until", b"til")],
)
def test_a_file_that_names_no_nodes(data: bytes) -> None:
    with pytest.raises(NodesError) as refused:
        read_table(data)
    assert refused.value.faults[0].code == Fault.TABLE


@pytest.mark.parametrize("data", [b"", b"\x93\xa7rows_in", encode(["rows_in", 7]), encode(["?"])])
def test_what_is_no_question(tmp_path: Path, data: bytes) -> None:
    with split(tmp_path, FIRMS.__getitem__) as both, pytest.raises(NodesError):
        both.nodes[0].ask(Position("", 0, ""), data)


ITEM = "https://id.gs1.org/01/06901234567892/21/"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(01)06901234567892(21)7", [f"{ITEM}7"]),
        (f"{ITEM}8 - 10", [f"{ITEM}8", f"{ITEM}9", f"{ITEM}10"]),
        (f"{ITEM}8 .. {ITEM}9", [f"{ITEM}8", f"{ITEM}9"]),
    ],
)
def test_what_a_question_begins_with(text: str, found: list[str]) -> None:
    assert origins_of(text) == found


@pytest.mark.parametrize("text", [" ", f"{ITEM}9 - 8", f"{ITEM}8 - {ITEM}K", f"{ITEM}1 - 9999999"])
def test_what_no_question_begins_with(text: str) -> None:
    with pytest.raises(Refusal):
        origins_of(text)

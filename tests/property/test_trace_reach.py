"""What a walk reaches, against a plain search over the events themselves."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.capture.model import Event, EventType
from guantong.trace.book import Book
from guantong.trace.containment import moment_of
from guantong.trace.life import life
from guantong.trace.model import Direction
from guantong.trace.walk import parts, trace
from tests.market_small import World, at_day

pytestmark = pytest.mark.property

PARTS = [f"part.{number}" for number in range(1, 8)]
BATCHES = ["", "urn:batch:1", "urn:batch:2"]
DAYS = st.integers(1, 9)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Up to a dozen events: makings, transformations, fittings, their ends, withdrawals."""
    told: list[str] = []
    for number in range(draw(st.integers(1, 12))):
        day, what, into = draw(DAYS), draw(some_parts()), draw(some_parts())
        batch = draw(st.sampled_from(BATCHES))
        tid = f" tid={batch}" if batch else ""
        one = into.split(",", maxsplit=1)[0]
        options = [
            f"{day} a turns {what} into {into}{tid}",
            f"{day} a turns {what} into {into}{tid}",
            f"{day} a fits {what} into {one}",
            f"{day} a unfits {what} from {one}",
            f"{day} a unfits * from {one}",
        ]
        if number and not told[-1].endswith("wrong"):
            options.append(f"{day} a declares e{number} wrong")
        told.append(draw(st.sampled_from(options)))
    return told


@st.composite
def some_parts(draw: st.DrawFn) -> str:
    return ",".join(draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3, unique=True)))


class TestReach:
    """The walk reaches exactly what a search without any index reaches."""

    @given(lines(), st.sampled_from(PARTS), st.sampled_from([Direction.UP, Direction.DOWN]))
    @settings(max_examples=150, deadline=None)
    def test_transformations(self, told: list[str], origin: str, direction: Direction) -> None:
        only = [line for line in told if "fits" not in line]
        with tempfile.TemporaryDirectory() as folder:
            world = World.open(Path(folder), renumbered(only))
            trail = trace(
                world.store,
                world.uri(origin),
                direction=direction,
                now_ms=at_day(30),
                context=False,
            )
            reached = {world.name(node.item) for node in trail.nodes}
            assert reached == searched(world, origin, direction)
            assert trail.complete
            world.store.close()

    @given(lines(), st.sampled_from(PARTS), st.sampled_from([1, 2, 40]))
    @settings(max_examples=100, deadline=None)
    def test_parts_are_the_nodes_of_a_trace_upwards(
        self, told: list[str], origin: str, hops: int
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = World.open(Path(folder), renumbered(told))
            now_ms, item = at_day(30), world.uri(origin)
            trail = trace(
                world.store,
                item,
                direction=Direction.UP,
                hops_max=hops,
                now_ms=now_ms,
                context=False,
            )
            book = Book(world.store, now_ms=now_ms)
            found = set(parts(book, item, hops_max=hops, nodes_max=1000))
            assert found == {node.item for node in trail.nodes}
            world.store.close()

    @given(lines(), st.sampled_from(PARTS))
    @settings(max_examples=100, deadline=None)
    def test_up_and_down_are_each_others_reverse(self, told: list[str], origin: str) -> None:
        """Whatever is one hop up from an item has the item one hop down, by the same edge."""
        with tempfile.TemporaryDirectory() as folder:
            world = World.open(Path(folder), renumbered(told))
            now_ms = at_day(30)
            up = trace(
                world.store,
                world.uri(origin),
                direction=Direction.UP,
                hops_max=1,
                now_ms=now_ms,
                context=False,
            )
            for edge in up.edges:
                down = trace(
                    world.store,
                    edge.source,
                    direction=Direction.DOWN,
                    hops_max=1,
                    now_ms=now_ms,
                    context=False,
                )
                assert edge in down.edges
            world.store.close()

    @given(lines(), st.sampled_from(PARTS))
    @settings(max_examples=100, deadline=None)
    def test_a_life_is_in_order_and_has_each_event_once(self, told: list[str], origin: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = World.open(Path(folder), renumbered(told))
            steps = life(world.store, world.uri(origin), now_ms=at_day(30)).steps
            assert [step.moment for step in steps] == sorted(step.moment for step in steps)
            inherited = [step.stored.no for step in steps if step.via]
            own = {step.stored.no for step in steps if not step.via}
            assert len(inherited) == len(set(inherited))
            assert own.isdisjoint(inherited)
            assert all(step.moment == moment_of(step.stored) for step in steps)
            world.store.close()


def renumbered(told: list[str]) -> list[str]:
    """Drops withdrawals of lines that are gone."""
    kept: list[str] = []
    for line in told:
        if "declares" in line:
            number = int(line.split()[3][1:])
            if not 1 <= number <= len(kept) or "declares" in kept[number - 1]:
                continue
        kept.append(line)
    return kept


def searched(world: World, origin: str, direction: Direction) -> set[str]:
    """Plain search: every event is looked at for every item."""
    batches = list(batches_of(event for _, event in world.captured))
    reached, todo = {origin}, [origin]
    while todo:
        item = world.uri(todo.pop())
        for inputs, outputs in batches:
            here, there = (inputs, outputs) if direction is Direction.DOWN else (outputs, inputs)
            if item in here:
                new = {world.name(other) for other in there} - reached
                reached |= new
                todo += new
    return reached


def batches_of(events: Iterable[Event]) -> Iterable[tuple[set[str], set[str]]]:
    """Inputs and outputs of each transformation, withdrawn events left out."""
    events = list(events)
    gone = {event.id for event in events if event.error is not None}
    joined: dict[str, tuple[set[str], set[str]]] = {}
    for event in events:
        if event.type is EventType.TRANSFORMATION and event.id not in gone:
            key = event.transformation_id or event.id
            inputs, outputs = joined.setdefault(key, (set(), set()))
            inputs |= set(event.input_epcs)
            outputs |= set(event.output_epcs)
    return joined.values()

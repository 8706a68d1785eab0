"""Whatever is told, in whichever nodes: they answer together as one store that has it all."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from guantong import parties
from guantong.nodes import scope_across, trace_across
from guantong.store import Fact, Indexed
from guantong.trace import Direction, trace
from guantong.trace.closure import closure
from tests.market_small import World, at_day
from tests.nodes_small import names_of, plain, split
from tests.property.test_trace_reach import PARTS, lines, renumbered
from tests.store_model import PARTIES, Twins

pytestmark = pytest.mark.property

FIRMS = ("a", "b", "c")
NOW_MS = at_day(30)


@st.composite
def told_by_many(draw: st.DrawFn) -> list[str]:
    """Lines of one firm each, as a walk is tested with; who tells a line is drawn."""
    found: list[str] = []
    for line in draw(lines()):
        day, _, *rest = line.split()
        found.append(" ".join((day, draw(st.sampled_from(FIRMS)), *rest)))
    return found


@given(told_by_many(), st.sampled_from(PARTS), st.sampled_from(list(Direction)))
@settings(max_examples=5, deadline=None)
def test_a_walk(told: list[str], origin: str, direction: Direction) -> None:
    walked(told, origin, direction)


@pytest.mark.full
@given(told_by_many(), st.sampled_from(PARTS), st.sampled_from(list(Direction)))
@settings(max_examples=40, deadline=None)
def test_more_walks(told: list[str], origin: str, direction: Direction) -> None:
    walked(told, origin, direction)


def walked(told: list[str], origin: str, direction: Direction) -> None:
    """A walk and a scope over three nodes, and over one store."""
    with (
        tempfile.TemporaryDirectory() as folder,
        split(Path(folder), FIRMS.index) as both,
    ):
        world = World.open(Path(folder), renumbered(told))
        for at, (by, event) in enumerate(world.captured):
            both.append(Indexed(entry=0, by=by, received_ms=NOW_MS + at * 1000, events=(event,)))
        item = world.uri(origin)
        one = trace(both.one, item, direction=direction, now_ms=NOW_MS)
        many = trace_across(both.nodes, item, direction=direction, now_ms=NOW_MS)
        assert plain(many.found) == plain(one)
        scope = scope_across(both.nodes, [item], now_ms=NOW_MS)
        assert names_of(scope.found) == names_of(closure(both.one, [item], now_ms=NOW_MS))
        world.store.close()


@pytest.mark.parametrize("seed", [1, 6, 26])
def test_a_soup(seed: int) -> None:
    stirred(seed)


@pytest.mark.full
@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_more_soup(seed: int) -> None:
    stirred(seed)


def stirred(seed: int) -> None:
    """Events of all kinds over all kinds of codes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        split(Path(folder), PARTIES.index) as both,
    ):
        twins = Twins(Path(folder), seed)
        firms = tuple(
            Fact("firm", party, {"region": f"{at}10000"}) for at, party in enumerate(PARTIES)
        )
        for at, party in enumerate(PARTIES):
            both.append(Indexed(entry=0, by=party, received_ms=at * 1000, facts=firms[at : at + 1]))
        for _ in range(12):
            twins.record_ms += 1_000  # arrival in two ledgers is told apart by the second
            made = twins._document()
            both.append(replace(made, entry=0))
        for store in (both.one, both.nodes[0].store):
            store.compact()
        now_ms, register = twins.record_ms, parties.Register(both.one)
        for item in twins.items[:2] + twins.items[-2:]:
            one = closure(
                both.one,
                [item],
                now_ms=now_ms,
                firm_of=register.firm_of,
                region_of=register.region_of,
            )
            many = scope_across(both.nodes, [item], now_ms=now_ms).found
            assert names_of(many) == names_of(one)
            assert many.held == one.held
            assert set(many.amounts) == set(one.amounts)
            assert (many.stops, many.account()) == (one.stops, one.account())
            assert plain(trace_across(both.nodes, item, now_ms=now_ms).found) == plain(
                trace(both.one, item, now_ms=now_ms)
            )
        twins.close()

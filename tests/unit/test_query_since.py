"""What came since: each event in one part of the ledger, though many entries have one record time."""

import random
from collections.abc import Iterator

import pytest

from guantong.query import Query, came, matches, parse, placed
from guantong.store import EventFilter, Store, Stored
from tests.bulk_small import KINDS, filled

ALIKE = 7
"""Entries of one record time."""


@pytest.fixture(scope="module", params=KINDS)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    place = tmp_path_factory.mktemp("store")
    with filled(request.param, place, lambda entry: 1_000 * (entry // ALIKE)) as found:
        yield found


def everything(store: Store) -> list[Stored]:
    return store.scan_events(EventFilter(), limit=10**6)


def parts(store: Store, query: Query, chance: random.Random) -> list[Stored]:
    """The ledger in parts of some entries each, one after another."""
    found: list[Stored] = []
    first = 0
    while first < store.projected_size:
        size = min(first + chance.randint(1, 4), store.projected_size)
        since = first, 1_000 * (first // ALIKE)
        found += came(store, query, seen=lambda one: one.entry % 3 > 0, since=since, size=size)
        first = size
    return found


@pytest.mark.parametrize("asked", [{}, {"EQ_bizStep": ["shipping"]}, {"EQ_action": ["ADD"]}])
def test_each_event_in_one_part(store: Store, asked: dict[str, object]) -> None:
    query = parse(asked)
    naive = [
        one
        for one in everything(store)
        if one.entry % 3 and matches(query, one.event, one.record_ms)
    ]
    assert len(naive) > 20
    for seed in range(3):
        assert parts(store, query, random.Random(seed)) == naive


def test_events_are_found_at_their_places(store: Store) -> None:
    events = everything(store)
    picked = random.Random(1).sample(events, 40)
    places = [(one.entry, one.position, one.event.id) for one in picked]
    assert placed(store, places) == picked
    entry, position, id_ = places[0]
    assert placed(store, [(entry + 1, position, id_)]) == []
    assert placed(store, [(entry, position, "urn:x:none")]) == []
    assert placed(store, []) == []

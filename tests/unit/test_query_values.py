"""Values of a field, page by page, are those that looking at every event gives, each once."""

import random
from collections.abc import Iterator

import pytest

from guantong.query import Cursor, values, values_of
from guantong.query.fields import values_of as values_of_event
from guantong.serve.epcis.events import RESOURCES
from guantong.store import EventFilter, Store, Stored
from tests.bulk_small import KINDS, filled


@pytest.fixture(scope="module", params=KINDS)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    place = tmp_path_factory.mktemp("store")
    with filled(request.param, place, lambda entry: entry, most=40) as found:
        yield found


def seen(one: Stored) -> bool:
    return one.entry % 4 > 0


def naive(store: Store, field: str, size: int) -> list[str]:
    events = store.scan_events(EventFilter(), limit=10**6, as_of=size)
    found = [one for each in events if seen(each) for one in values_of_event(field, each.event, 0)]
    return [str(one) for one in dict.fromkeys(found) if one]


def paged(store: Store, field: str, chance: random.Random, size: int) -> list[str]:
    found: list[str] = []
    after: Cursor | None = None
    while True:
        limit = chance.choice((1, 3, 40, 1_000)) if field != "MATCH_anyEPC" else 400
        page = values_of(store, field, seen=seen, after=after, limit=limit, as_of=size)
        assert len(page.values) <= limit
        found += page.values
        if page.after is None:
            return found
        after = page.after


@pytest.mark.parametrize("field", RESOURCES.values())
def test_each_value_once(store: Store, field: str) -> None:
    size = store.projected_size - 3
    wanted = naive(store, field, size)
    assert wanted
    for seed in range(2):
        assert paged(store, field, random.Random(seed), size) == wanted


def test_a_page_ends_when_enough_was_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = store.projected_size
    monkeypatch.setattr(values, "EXAMINED_MAX", 90)
    assert paged(store, "EQ_bizStep", random.Random(1), size) == naive(store, "EQ_bizStep", size)

"""Pages of a query over a store are what looking at every event gives, however it is narrowed down."""

import os
import random
from collections.abc import Callable, Iterator

import pytest

from guantong.capture import read_table
from guantong.capture.json_write import instant
from guantong.market.bulk import Bulk
from guantong.query import Query, asking, matches, page_of, parse
from guantong.store import EventFilter, Indexed, Near, RowStore, SegmentStore, Store, Stored

ROWS = 10_000


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    folder = tmp_path_factory.mktemp("stores")
    rows, segments = RowStore.open(folder / "rows"), SegmentStore.open(folder / "segments")
    for entry, filing in enumerate(Bulk(7, rows=ROWS).filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        assert table is not None
        one = Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)
        rows.append([one])
        segments.append([one])
        if entry % 3 == 1:
            segments.compact()
    yield rows, segments
    rows.close()
    segments.close()


MAKERS: dict[str, Callable[[Stored], list[str]]] = {
    "eventType": lambda one: [one.event.type.value],
    "EQ_action": lambda one: [one.event.action.value] if one.event.action else [],
    "EQ_bizStep": lambda one: [one.event.step] if one.event.step else [],
    "EQ_disposition": lambda one: [one.event.disposition] if one.event.disposition else [],
    "EQ_readPoint": lambda one: [one.event.read_point] if one.event.read_point else [],
    "EQ_bizLocation": lambda one: [one.event.biz_location] if one.event.biz_location else [],
    "EQ_eventID": lambda one: [one.event.id],
    "EQ_destination_possessing_party": lambda one: [e.value for e in one.event.destinations],
    "MATCH_epc": lambda one: list((one.event.epcs + one.event.child_epcs)[:3]),
    "MATCH_anyEPC": lambda one: list((one.event.input_epcs + one.event.output_epcs)[:3]),
    "MATCH_parentID": lambda one: [one.event.parent] if one.event.parent else [],
    "MATCH_inputEPC": lambda one: list(one.event.input_epcs[:2]),
    "MATCH_outputEPC": lambda one: list(one.event.output_epcs[:2]),
    "MATCH_anyEPCClass": lambda one: [q.epc_class for q in one.event.input_quantities],
    "GE_eventTime": lambda one: [instant(one.event.time_ms)],
    "LT_eventTime": lambda one: [instant(one.event.time_ms)],
    "GE_recordTime": lambda one: [instant(one.record_ms)],
    "LT_recordTime": lambda one: [instant(one.record_ms)],
}


def question(chance: random.Random, events: list[Stored]) -> Query:
    """A query about what is there; now and then about what is not."""
    asked: dict[str, object] = {}
    for name in chance.sample(sorted(MAKERS), chance.choice((1, 1, 2, 3))):
        single = name[:3] in {"GE_", "LT_"}
        picked = chance.choices(events, k=1 if single else chance.choice((1, 2, 5)))
        values = [value for one in picked for value in MAKERS[name](one)]
        nobody = ["DELETE" if name == "EQ_action" else "urn:test:nobody"]
        asked[name] = values[0] if single else values or nobody
    return parse(asked)


def names(one: Stored) -> Iterator[str]:
    """The sender, and everyone named as source or destination."""
    yield one.by
    for typed in (*one.event.sources, *one.event.destinations):
        yield typed.value


def looker(
    chance: random.Random, events: list[Stored]
) -> tuple[Callable[[Stored], bool], Near | None]:
    """What somebody sees: all, by no rule that a store knows, or what is theirs."""
    party = chance.choice(list(names(chance.choice(events))))
    return chance.choice(
        (
            (lambda _: True, None),
            (lambda one: not one.entry % 2, None),
            (lambda one: party in names(one), Near(party.__eq__)),
            (lambda one: party in names(one) and bool(one.entry % 2), Near(party.__eq__)),
        )
    )


def asked_for(
    store: Store,
    query: Query,
    limit: int,
    seen: Callable[[Stored], bool],
    near: Near | None = None,
) -> list[int]:
    found: list[int] = []
    page = page_of(store, query, seen=seen, limit=limit, near=near)
    while True:
        assert len(page.events) <= limit
        found += [one.no for one in page.events]
        if page.after is None:
            return found
        page = page_of(store, query, seen=seen, after=page.after, limit=limit, near=near)


def hold(stores: tuple[Store, Store], seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    events = stores[0].scan_events(EventFilter(), limit=10**6)
    some = 0
    for _ in range(rounds):
        query = question(chance, events)
        seen, near = looker(chance, events)
        naive = [one.no for one in events if matches(query, one.event, one.record_ms) and seen(one)]
        for store in stores:
            limit = chance.choice((1, 7, 1_000)) if len(naive) < 30 else 100
            told = asked_for(store, query, limit, seen, near)
            assert told == naive, query
        some += bool(naive)
    assert some > rounds * 0.3


def test_random_queries(stores: tuple[Store, Store]) -> None:
    hold(stores, 1, 50)


@pytest.mark.soak
def test_ten_thousand_random_queries(stores: tuple[Store, Store]) -> None:
    """GUANTONG_SEED tells where they begin."""
    hold(stores, int(os.environ.get("GUANTONG_SEED", "1000")), 10_000)


def test_a_page_ends_when_enough_was_looked_at(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it may be short or empty, and the next one goes on."""
    monkeypatch.setattr(asking, "EXAMINED_MAX", 10)
    query = parse({"EQ_action": ["DELETE"]})
    page = page_of(stores[1], query, seen=lambda _: False, limit=5)
    assert (page.events, page.after is None) == ((), False)
    for store in stores:
        events = store.scan_events(EventFilter(), limit=10**6)
        naive = [one.no for one in events if matches(query, one.event, one.record_ms)]
        assert asked_for(store, query, 5, lambda _: True) == naive


def test_a_page_is_of_the_size_it_was_asked_of(stores: tuple[Store, Store]) -> None:
    for store in stores:
        events = store.scan_events(EventFilter(), limit=10**6)
        size = events[len(events) // 2].entry
        page = page_of(store, Query(), seen=lambda _: True, limit=10**6, as_of=size)
        assert page.size == size
        assert [one.no for one in page.events] == [one.no for one in events if one.entry < size]

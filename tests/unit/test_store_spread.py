"""Own serials that nobody can guess cost the index as little as plain ones."""

from pathlib import Path

import numpy as np
import pytest

from guantong.capture.model import Action, Event, EventType
from guantong.identify.ff1 import ff1_of
from guantong.store import EventFilter, Fact, Indexed, SegmentStore, Spread
from guantong.store.columns import Ranges, Span

OWN = Spread("https://id.gs1.org/01/06901234567892/21/", 12, bytes(range(16)))
DECLARED = Fact("code_range", "https://id.gs1.org/01/06901234567892", spread=OWN)


def codes(first: int, count: int) -> tuple[str, ...]:
    shown = ff1_of(OWN.key, OWN.digits).encrypt(np.arange(first, first + count))
    return tuple(f"{OWN.head}{serial:012d}" for serial in shown.tolist())


def made(entry: int, items: tuple[str, ...], *facts: Fact) -> Indexed:
    event = Event(
        type=EventType.OBJECT,
        action=Action.ADD,
        time_ms=entry,
        offset="+08:00",
        id=f"urn:test:{entry}",
        step="commissioning",
        epcs=items,
    )
    events = (event,) if items else ()
    return Indexed(entry=entry, by="urn:test:firm", received_ms=entry, events=events, facts=facts)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    return SegmentStore.open(tmp_path / "index.sqlite")


def test_a_range_of_unguessable_codes_is_one_row(store: SegmentStore) -> None:
    items = codes(5_000, 1_000)
    store.append([made(0, (), DECLARED), made(1, items)])
    assert store.hot_rows == 2  # it lies in two extents
    (stored,) = store.scan_events(EventFilter())
    assert stored.event.epcs == items
    assert store.history(items[7])[0].item == items[7]
    assert store.history(codes(6_000, 1)[0]) == []


def test_numbers_and_texts_lead_to_each_other(store: SegmentStore, tmp_path: Path) -> None:
    items = codes(0, 3_000)
    store.append([made(0, items, DECLARED)])
    reader = SegmentStore.open(tmp_path / "index.sqlite", read_only=True)
    numbers = reader.numbers(items)
    assert reader.texts(numbers) == list(items)
    told = reader.spans(Ranges(numbers[:2], np.ones(2, np.int64)))
    assert told == [Span(item, -1, -1) for item in items[:2]]
    assert sorted(reader.items_of(DECLARED.key, limit=5_000)) == sorted(items)


def test_a_class_that_has_items_stays_as_it_is(store: SegmentStore) -> None:
    plain = tuple(sorted(codes(0, 4)))
    store.append([made(0, plain)])
    store.append([made(1, codes(0, 40), DECLARED)])
    assert store.hot_rows > 4  # the later ones are plain numbers, too
    assert [len(store.history(item)) for item in plain] == [2, 2, 2, 2]


def test_another_number_of_digits_is_another_item(store: SegmentStore) -> None:
    others = tuple(f"{OWN.head}{serial}" for serial in ("7", "07", "0000000000007", "A7"))
    store.append([made(0, codes(7, 1), DECLARED), made(1, others), made(2, others[:1])])
    assert [len(store.history(item)) for item in others] == [2, 1, 1, 1]
    assert len(store.history(codes(7, 1)[0])) == 1

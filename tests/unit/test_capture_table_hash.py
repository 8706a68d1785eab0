"""Ids of a whole table are the ids of its events one by one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from guantong import capture, market
from guantong.capture import Event, EventTable, EventType
from guantong.capture.event_hash import event_hash, prehash
from guantong.capture.model import Typed
from guantong.capture.table_hash import identified, prehashes
from tests.unit import test_capture_hash as one_by_one


def assert_same(events: Sequence[Event]) -> None:
    """Hold the texts and ids of a table against those of its events."""
    bare = [msgspec.structs.replace(event, id="") for event in events]
    table = EventTable.of(bare)
    assert list(prehashes(table)) == [prehash(event) for event in events]
    assert identified(table).ids == tuple(event_hash(event) for event in events)
    assert identified(table).events() == tuple(
        msgspec.structs.replace(event, id=event_hash(event)) for event in events
    )


def test_our_vectors() -> None:
    assert_same([one_by_one.only(row["input"]) for row in one_by_one.ROWS])


@pytest.mark.parametrize("name", one_by_one.FAMILIES)
def test_reference_families(name: str, testdata: Callable[[str], Path]) -> None:
    path = testdata(f"02-event-hash/examples/{name}")
    table = capture.read_table(path.read_bytes(), name=name).table
    assert table is not None
    want = path.with_suffix(".hashes").read_text("utf-8").split()
    texts = path.with_suffix(".prehashes").read_text("utf-8").rstrip("\n").split("\n")
    assert list(prehashes(table)) == texts
    assert identified(table.with_ids([""] * len(table))).ids == tuple(want)


@pytest.mark.parametrize(("folder", "pattern"), list(one_by_one.SETS.items()))
def test_published_documents(folder: str, pattern: str, testdata: Callable[[str], Path]) -> None:
    seen = 0
    for path in sorted(testdata(folder).glob(pattern)):
        document = capture.read(path.read_bytes(), name=path.name, proceed=True).document
        if document is not None and document.events:
            assert_same(document.events)
            seen += 1
    assert seen >= 3


def test_documents_of_the_market() -> None:
    seen = 0
    for filing in market.filings(14, events=1500):
        if isinstance(filing, market.Filing):
            document = capture.read(filing.body, media=filing.media, name=filing.name).document
            assert document is not None
            assert_same(document.events)
            seen += len(document.events)
    assert seen >= 1500


@pytest.mark.parametrize("time_ms", [-62_135_510_400_000, -1, 0, 999, 253_402_214_399_999])
def test_any_time(time_ms: int) -> None:
    assert_same([Event(type=EventType.OBJECT, time_ms=time_ms, offset="+00:00")])


def test_items_stand_in_the_order_of_their_texts() -> None:
    stem = "https://id.gs1.org/01/06901234567892/21/"
    items = tuple(f"{stem}{serial}" for serial in (*range(95, 106), 7, "007", "A", 9, 8))
    assert_same([Event(type=EventType.OBJECT, time_ms=0, offset="+00:00", epcs=items)])


def test_an_id_that_was_given_stays() -> None:
    event = Event(type=EventType.OBJECT, time_ms=0, offset="+00:00")
    table = EventTable.of([event, msgspec.structs.replace(event, id="urn:a:1")])
    assert identified(table).ids == (event_hash(event), "urn:a:1")
    whole = table.with_ids(["urn:a:1", "urn:a:2"])
    assert identified(whole) is whole
    assert identified(EventTable.of([])).ids == ()


def test_events_that_differ_in_one_thing_only() -> None:
    first = one_by_one.only(one_by_one.ROWS[9]["input"])
    changes: tuple[dict[str, object], ...] = (
        {"type": EventType.TRANSACTION},
        {"offset": "+09:00"},
        {"action": None},
        {"step": "packing"},
        {"disposition": "active"},
        {"read_point": "urn:a:1"},
        {"biz_location": "urn:a:1"},
        {"sources": (Typed("owning_party", "urn:a:1"),)},
        {"destinations": (Typed("owning_party", "urn:a:1"),)},
        {"ilmd": {"{urn:x}a": "1"}},
        {"transformation_id": "urn:a:1"},
    )
    changed = [msgspec.structs.replace(first, **change) for change in changes]
    assert_same([first, *changed, first])

"""Events as columns are the same events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong import capture, market
from guantong.capture.model import Action, Event, EventType, Quantity, Typed
from guantong.capture.serials import spell, split
from guantong.capture.table import EventTable, ends_of, ends_text

CLASS = "https://id.gs1.org/01/06901234567892/21/"


def test_every_event_of_the_market_comes_back() -> None:
    seen = 0
    for filing in market.filings(11, events=1500):
        if not isinstance(filing, market.Filing):
            continue
        document = capture.read(filing.body, media=filing.media, name=filing.name).document
        assert document is not None
        assert EventTable.of(document.events).events() == document.events
        seen += len(document.events)
    assert seen >= 1500


def test_consecutive_items_are_one_run_and_keep_their_order() -> None:
    items = tuple(f"{CLASS}{serial}" for serial in (5, 6, 7, 3, 4, 9, 9, 10))
    event = Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", epcs=items)
    table = EventTable.of([event])
    assert table.runs.first.tolist() == [5, 3, 9, 9]
    assert table.runs.count.tolist() == [3, 2, 1, 2]
    assert table.events()[0].epcs == items


def test_an_unknown_amount_is_not_an_amount_of_nought() -> None:
    amounts = (Quantity(f"{CLASS}1", None), Quantity(f"{CLASS}1", 0.0, "MTR"))
    event = Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", quantities=amounts)
    assert EventTable.of([event]).events()[0].quantities == amounts


def test_no_events_are_a_table_too() -> None:
    table = EventTable.of([])
    assert len(table) == 0
    assert table.events() == ()


def test_sources_and_destinations_are_one_text() -> None:
    ends = ((Typed("owning_party", "urn:a"),), (Typed("", "urn:b"), Typed("location", "urn:c")))
    assert ends_of(ends_text(*ends)) == ends
    assert ends_of(ends_text((), ())) == ((), ())


@pytest.mark.parametrize(
    ("text", "width"),
    [
        (f"{CLASS}0", 0),
        (f"{CLASS}00", 2),
        (f"{CLASS}7", 0),
        (f"{CLASS}007", 3),
        (f"{CLASS}A7", -1),
        (f"{CLASS}", -1),
        (f"{CLASS}1234567890123456789", -1),
        ("https://id.gs1.org/00/106141412345678908", -18),
        ("https://id.gs1.org/00/106141412345678909", -1),
        ("https://id.gs1.org/01/06901234567892/10/%31", -1),
        ("urn:example:\u0661\u0662", -1),
        ("", -1),
    ],
)
def test_what_is_a_number_spells_back(text: str, width: int) -> None:
    assert split(text)[1] == width
    assert spell(*split(text)) == text


@given(st.text(alphabet="0129/:.Ax\u0663", max_size=24))
def test_any_text_spells_back(text: str) -> None:
    assert spell(*split(text)) == text


def test_ids_can_be_filled_in() -> None:
    event = Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", action=Action.OBSERVE)
    table = EventTable.of([event, event]).with_ids(["urn:a", "urn:b"])
    assert [event.id for event in table.events()] == ["urn:a", "urn:b"]
    assert np.array_equal(table.time_ms, [1, 1])

"""Two events are one when they say the same: neither syntax, order nor spelling, nor their hash, tells."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from guantong.capture.event_hash import event_hash
from guantong.capture.likeness import says_same
from guantong.capture.model import Action, ErrorDeclaration, Event, EventType, Quantity, Typed
from tests.unit.test_capture_json_write import published

EVENT = Event(type=EventType.OBJECT, time_ms=5, offset="+08:00", action=Action.ADD)


def having(**members: object) -> Event:
    return msgspec.structs.replace(EVENT, **members)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (having(epcs=("urn:x:1", "urn:x:2")), having(epcs=("urn:x:1epc=urn:x:2",))),
        (having(step="x", disposition="y"), having(step="xdisposition=y")),
        (
            having(quantities=(Quantity("urn:x:c", 5, "KGM"),)),
            having(quantities=(Quantity("urn:x:cquantity=5", None, "KGM"),)),
        ),
        (
            having(extensions={"{urn:x}a": ["1", "2"]}),
            having(extensions={"{urn:x}a": "1{urn:x}a=2"}),
        ),
    ],
)
def test_one_hash_and_something_else(one: Event, other: Event) -> None:
    assert event_hash(one) == event_hash(other)
    assert not says_same(one, other)
    assert says_same(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (having(epcs=("urn:x:1", "urn:x:2")), having(epcs=("urn:x:2", "urn:x:1"))),
        (having(id="urn:x:a"), having(error=ErrorDeclaration(7, "did_not_occur"))),
        (having(extensions={"{urn:x}a": "1.50"}), having(extensions={"{urn:x}a": [1.5]})),
        (
            having(extensions={"{urn:x}a": {"{urn:x}b": "1", "{urn:x}c": "2"}}),
            having(extensions={"{urn:x}a": {"{urn:x}c": 2, "{urn:x}b": 1}}),
        ),
        (
            having(sensors=[{"sensorReport": [{"type": "Mass", "time": "2026-01-01T00:00:00Z"}]}]),
            having(
                sensors=[
                    {"sensorReport": [{"type": "gs1:Mass", "time": "2026-01-01T08:00:00+08:00"}]}
                ]
            ),
        ),
        (
            having(sources=(Typed("owning_party", "urn:x:1"), Typed("location", "urn:x:2"))),
            having(sources=(Typed("location", "urn:x:2"), Typed("owning_party", "urn:x:1"))),
        ),
    ],
)
def test_the_same_in_other_words(one: Event, other: Event) -> None:
    assert event_hash(one) == event_hash(other)
    assert says_same(one, other)


def test_published_events_of_one_hash_say_the_same(testdata: Callable[[str], Path]) -> None:
    found: defaultdict[str, list[tuple[Path, Event]]] = defaultdict(list)
    for path, event in published(testdata("01-gs1-epcis").parent):
        found[event_hash(event)].append((path, event))
    again = [alike for alike in found.values() if len(alike) > 1]
    assert len(again) >= 50
    apart = {
        (alike[0][0].name, path.name)
        for alike in again
        for path, event in alike[1:]
        if not says_same(alike[0][1], event)
    }
    assert apart == set()

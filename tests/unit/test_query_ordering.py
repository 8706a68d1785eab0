"""Events in the order of an extension: numbers, times, texts, and what lacks it at the end."""

from guantong.capture.model import Event, EventType
from guantong.query import in_order
from guantong.store import Stored

NAME = "{urn:x}a"


def test_what_is_no_number_is_a_text() -> None:
    values = ["nan", 3, None, "2", "x", "2026-01-01T00:00:00Z", float("inf")]
    events = [
        Stored(
            no,
            *(0, 0, "", 0),
            Event(
                type=EventType.OBJECT,
                time_ms=1,
                offset="+00:00",
                extensions={} if value is None else {NAME: value},
            ),
        )
        for no, value in enumerate(values)
    ]
    order = [one.no for one in in_order(events, NAME, descending=False)]
    assert order == [3, 1, 6, 5, 0, 4, 2]
    assert [one.no for one in in_order(events, NAME, descending=True)] == [*order[-2::-1], 2]

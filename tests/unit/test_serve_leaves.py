"""The events of a document that are hashed: written one by one they are what they are all together."""

from dataclasses import replace

import msgspec
import pytest

from guantong.capture import TableReading, read
from guantong.ledger.inner import Form
from guantong.serve import events
from tests.fault.capture_victim import document


@pytest.mark.parametrize("count", [1, 4, 7])
def test_events_that_are_written_when_asked_for(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PART", 3)
    reading = read(document(3, count))
    assert reading.document
    said = msgspec.structs.replace(reading.document, format="epcis-xml-2.0")
    form, whole = events.events_of(b"", said)
    table = TableReading.of(replace(reading, document=said))
    again, lazy = events.events_of(b"", table)
    assert (form, again) == (Form.CANONICAL, Form.CANONICAL)
    assert list(lazy) == list(whole)
    assert [lazy[at] for at in range(-1, count)] == [whole[at] for at in range(-1, count)]
    assert list(lazy[1:3]) == list(whole[1:3])
    assert list(lazy[1:][1:]) == list(whole[2:])
    salt = bytes(32)
    assert events.root(salt, b"", table) == events.root(salt, b"", said)
    assert events.root_with_made(salt, b"", table) == events.root_with_made(salt, b"", said)

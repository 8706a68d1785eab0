"""What is looked at part by part, to save memory, is what it is as a whole."""

import json
from collections.abc import Iterator
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.capture import Event, EventTable, json_keys, json_table, read, read_table, table
from guantong.capture.event_hash import event_hash
from guantong.capture.json_keys import marks
from guantong.capture.table import Growing
from guantong.capture.table_hash import identified
from guantong.ledger import inner
from guantong.ledger.inner import Form, root_of
from guantong.ledger.merkle import Levels
from tests.fault.capture_victim import document


@given(st.dictionaries(st.text(), st.lists(st.text(alphabet='a"\\/\n'))), st.integers(1, 9))
def test_marks_in_pieces(value: dict[str, list[str]], size: int) -> None:
    raw = json.dumps(value).encode()
    with mock.patch.object(json_keys, "_PIECE", size):
        assert (
            marks(raw) == marks(memoryview(raw)) == 2 * (len(value) + sum(map(len, value.values())))
        )


def events_of(count: int) -> tuple[Event, ...]:
    found = read(document(3, count)).document
    assert found
    return found.events


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_things_and_hashes_in_parts(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    events = events_of(count) if count else ()
    monkeypatch.setattr(table, "PART", 3)
    heard: list[int] = []
    growing = Growing(heard.append)
    for event in events:
        growing.append(event)
    for made in (EventTable.of(events), growing.table()):
        assert made.events() == events
    assert heard == [n for n in range(1, count + 1) if n % 3 == 0]
    bare = EventTable.of([_without_id(event) for event in events])
    assert identified(bare).ids == tuple(event_hash(_without_id(event)) for event in events)


def _without_id(event: Event) -> Event:
    return msgspec.structs.replace(event, id="")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 21])
def test_the_root_in_parts(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [bytes([n]) * n for n in range(count)]
    whole = root_of(bytes(32), events, Form.RAW)
    monkeypatch.setattr(inner, "PART", 4)
    assert root_of(bytes(32), events, Form.RAW) == whole


def parts() -> Iterator[list[str]]:
    one = '{"type":"ObjectEvent","eventID":"urn:uuid:%s","eventTime":"2026-03-01T00:00:00Z",'
    two = '"eventTimeZoneOffset":"+08:00","epcList":["urn:x:%s"],"action":"OBSERVE"%s}'
    error = ',"errorDeclaration":{"declarationTime":"2026-03-02T00:00:00Z"}'
    for again in ("", error):
        yield [one % n + two % (n, "") for n in range(5)] + [one % 1 + two % (9, again)]


@pytest.mark.parametrize("listed", list(parts()))
def test_an_id_that_comes_again_in_another_part(
    listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = '{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],'
    raw = f'{head}"type":"EPCISDocument","schemaVersion":"2.0","epcisBody":{{"eventList":[%s]}}}}'
    data = (raw % ",".join(listed)).encode()
    whole = read(data)
    monkeypatch.setattr(json_table, "LARGE_BYTES", 0)
    monkeypatch.setattr(json_table, "PART", 2)
    found = read_table(data)
    assert found.faults == whole.faults
    assert (found.document is None) == (whole.document is None)
    assert bool(whole.faults) == ("errorDeclaration" not in listed[-1])


def test_the_root_over_roots_is_the_root() -> None:
    """Of whole powers of two, as RFC 9162 builds its trees."""
    leaves = [bytes([n]) * 32 for n in range(11)]
    whole = Levels()
    whole.extend(leaves)
    over = Levels()
    for at in range(0, 11, 4):
        part = Levels()
        part.extend(leaves[at : at + 4])
        over.extend([part.root()])
    assert over.root() == whole.root()

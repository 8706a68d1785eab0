"""What is written is read again as the same event: our vectors, and every published document."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.capture import Event, Reading, read
from guantong.capture.event_hash import event_hash
from guantong.capture.json_write import instant, query_document
from tests.unit.test_capture_jsonld import document, vectors
from tests.unit.test_capture_xml import document as xml_document

UNREAD = {
    "a bare word that an unread context may define",
    "a bare member of a readPoint that an unread context may define",
    "an unqualified extension where 1.2 allows one",
}
"""Names that mean nothing without a context that is not kept: written as they were."""


def read_again(event: Event) -> Reading:
    said = query_document([(event, 1_700_000_000_000)], created_ms=0)
    return read(msgspec.json.encode(said), media="application/json")


def events_of(reading: Reading) -> tuple[Event, ...]:
    return () if reading.document is None else reading.document.events


@pytest.mark.parametrize("row", vectors("capture_json_accepted"))
def test_json_comes_back(row: dict[str, Any]) -> None:
    hold(row, read(document(row["input"])))


@pytest.mark.parametrize("row", vectors("capture_xml_accepted"))
def test_xml_comes_back_as_json(row: dict[str, Any]) -> None:
    hold(row, read(xml_document(row["input"])))


def hold(row: dict[str, Any], reading: Reading) -> None:
    assert events_of(reading)
    for event in events_of(reading):
        again = read_again(event)
        if row["desc"] in UNREAD:
            assert len(again.faults) == 1
        else:
            assert events_of(again) == (event,)


def test_published_documents_come_back(testdata: Callable[[str], Path]) -> None:
    """With equal hashes; but for one member without a namespace, which JSON-LD can not say."""
    seen, lost = 0, []
    for path, event in published(testdata("01-gs1-epcis").parent):
        seen += 1
        again = events_of(read_again(event))
        if again != (event,):
            lost.append(path.name)
        else:
            assert event_hash(again[0]) == event_hash(event)
    assert seen > 300
    assert lost == ["ObjectEvent.xml"]


def published(folder: Path) -> Iterator[tuple[Path, Event]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".jsonld", ".xml"} and path.stat().st_size < 5_000_000:
            for event in events_of(read(path.read_bytes(), name=path.name)):
                yield path, event


@pytest.mark.parametrize(
    ("at_ms", "offset", "text"),
    [
        (0, "+00:00", "1970-01-01T00:00:00.000Z"),
        (1_772_323_200_007, "+08:00", "2026-03-01T08:00:00.007+08:00"),
        (-1, "-03:30", "1969-12-31T20:29:59.999-03:30"),
    ],
)
def test_instants(at_ms: int, offset: str, text: str) -> None:
    assert instant(at_ms, offset) == text

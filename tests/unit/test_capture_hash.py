"""The event hash: our vectors, and the reference families, JSON and XML."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.capture import Event, EventType, read
from guantong.capture.event_hash import event_hash, prehash

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ROOT = Path(__file__).parent.parent.parent
ROWS = json.loads((ROOT / "tests" / "vectors" / "hash_events.json").read_text("utf-8"))
FAMILIES = [
    "ReferenceEventHashAlgorithm.jsonld",
    "ReferenceEventHashAlgorithm.xml",
    "ReferenceEventHashAlgorithm2.jsonld",
    "ReferenceEventHashAlgorithm2.xml",
    "ReferenceEventHashAlgorithm3.jsonld",
    "ReferenceEventHashAlgorithm3.xml",
    "SensorDataExamples.xml",
    "TimeStampRoundOff.jsonld",
    "epcisDocWithSingleEvent.jsonld",
    "epcisEventWithCURIEs.jsonld",
    "epcisEventWithCURIEs.xml",
    "persistentDisposition.jsonld",
    "persistentDisposition.xml",
]


DIVERGENCES = ROOT / "docs" / "divergences" / "event_hash.md"
SETS = {
    "01-gs1-epcis/json": "**/*.jsonld",
    "04-openepcis-extra/event-sentry-examples/epcis-events": "*Document*.json",
    "10-epcis2js/test-data": "**/*.json",
    "15-dpp-ready/extensions": "**/epcis/*.jsonld",
}


def only(raw: dict[str, Any]) -> Event:
    reading = read(json.dumps(raw).encode())
    assert reading.faults == ()
    assert reading.document is not None
    return reading.document.events[0]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["desc"]) for row in ROWS])
def test_prehash(row: dict[str, Any]) -> None:
    event = only(row["input"])
    assert prehash(event) == row["want"]
    digest = hashlib.sha256(row["want"].encode()).hexdigest()
    assert event_hash(event) == f"ni:///sha-256;{digest}?ver=CBV2.0"


@pytest.mark.parametrize("name", FAMILIES)
def test_reference_families(name: str, testdata: Callable[[str], Path]) -> None:
    path = testdata(f"02-event-hash/examples/{name}")
    reading = read(path.read_bytes(), name=name)
    assert reading.faults == ()
    assert reading.document is not None
    want = path.with_suffix(".hashes").read_text("utf-8").split()
    texts = path.with_suffix(".prehashes").read_text("utf-8").rstrip("\n").split("\n")
    for event, text in zip(reading.document.events, texts, strict=True):
        assert prehash(event) == text
    assert [event_hash(event) for event in reading.document.events] == want


def test_every_field_changes_the_hash() -> None:
    """What an event says is in its hash: no field can be changed unseen, but for four."""
    event = only(ROWS[9]["input"])
    changed = {
        "type": EventType.TRANSACTION,
        "time_ms": 1,
        "offset": "+09:00",
        "action": None,
        "step": "packing",
        "disposition": "active",
        "persistent_set": (),
        "persistent_unset": (),
        "read_point": "geo:1,1",
        "biz_location": "",
        "epcs": (),
        "parent": "urn:x:1",
        "child_epcs": ("urn:x:1",),
        "input_epcs": ("urn:x:1",),
        "output_epcs": ("urn:x:1",),
        "transformation_id": "urn:x:1",
        "certification": (),
        "sensors": [{"sensorReport": [{"type": "Mass", "value": 1}]}],
        "ilmd": {"{urn:x}a": "1"},
        "extensions": {"{urn:x}a": "1"},
        "read_point_extensions": {},
    }
    hashes = {event_hash(msgspec.structs.replace(event, **{k: v})) for k, v in changed.items()}
    assert len(hashes | {event_hash(event)}) == len(changed) + 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_reference_implementation_agrees_on_ordinary_events() -> None:
    """Where the peer is installed: a thousand events of ordinary shape, hash by hash."""
    pytest.importorskip("epcis_event_hash_generator", reason="oracle not installed")
    from benchmarks.bench_hash import documents, peer_hashes

    for data in documents(events=100):
        reading = read(data)
        assert reading.document is not None
        assert [event_hash(event) for event in reading.document.events] == peer_hashes(data)


def peer_prehashes(data: bytes) -> list[str] | None:
    """What the peer makes of a document with contexts it can find; None when it fails."""
    from epcis_event_hash_generator import hash_generator, json_to_py

    whole = json.loads(data)
    given = whole.get("@context", [])
    objects = [part for part in given if isinstance(part, dict)]
    whole["@context"] = [CONTEXT, *objects]
    if whole["type"] == "EPCISQueryDocument":
        whole["epcisBody"] = whole["epcisBody"]["queryResults"]["resultsBody"]
    vars(json_to_py)["_namespaces"].clear()
    try:
        events = json_to_py.event_list_from_epcis_document_json(whole)
    except Exception:  # noqa: BLE001 - whatever stops the peer, there is nothing to compare
        return None
    texts: list[str] = hash_generator.derive_prehashes_from_events(events)
    return texts


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_third_party_documents_hash_as_the_reference_says(
    testdata: Callable[[str], Path],
) -> None:
    pytest.importorskip("epcis_event_hash_generator", reason="oracle not installed")
    differing = []
    for name, pattern in SETS.items():
        folder = testdata(name)
        for path in sorted(folder.glob(pattern)):
            reading = read(path.read_bytes())
            want = None if reading.document is None else peer_prehashes(path.read_bytes())
            if reading.document is None or want is None:
                continue
            if [prehash(event) for event in reading.document.events] != want:
                differing.append(f"{name}/{path.relative_to(folder)}")
    listed = DIVERGENCES.read_text("utf-8").partition("<!-- documents -->")[2]
    rows = [
        row.split("|")[1].strip() for row in listed.split("\n") if row.startswith(("| 0", "| 1"))
    ]
    assert rows == differing


def test_ids_made_by_another_implementation(testdata: Callable[[str], Path]) -> None:
    folder = testdata("04-openepcis-extra/event-sentry-examples/epcis-events")
    ids = []
    for path in sorted(folder.glob("*.json")):
        document = read(path.read_bytes()).document
        ids.extend([] if document is None else [e for e in document.events if e.id])
    assert [event.id for event in ids] == [event_hash(event) for event in ids]
    assert len(ids) == 2

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

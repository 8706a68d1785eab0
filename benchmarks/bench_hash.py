"""How fast is a document read, and an event hashed, beside the reference implementation?

Both get the same bytes in the same run, in turns. The peer is given its events parsed for the
first row, which leaves out the dearest part of its work.
"""

import json
import time
from collections.abc import Callable, Iterator
from itertools import chain

from guantong.capture import Event, read
from guantong.capture.event_hash import event_hash

EVENTS = 1_000
PEER_EVENTS = 200
ROUNDS = 5
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
GTIN, SGTIN = "https://id.gs1.org/01/06901234567892", "urn:epc:id:sgtin:6901234.056789"


def _when(i: int) -> dict[str, object]:
    at = f"2026-03-01T{8 + i // 3600 % 10:02d}:{i // 60 % 60:02d}:{i % 60:02d}.000+08:00"
    return {"eventTime": at, "eventTimeZoneOffset": "+08:00"}


def shipping(i: int) -> dict[str, object]:
    """Ten things leave, with papers and parties."""
    return {
        "type": "ObjectEvent",
        **_when(i),
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{i:012d}",
        "epcList": [f"{GTIN}/21/SN{i:06d}{j:03d}" for j in range(10)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "https://id.gs1.org/414/6901234000016"},
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:6901234000009:A{i // 99}"}
        ],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:6901234.00000"}],
        "destinationList": [
            {"type": "owning_party", "destination": "https://id.gs1.org/417/4012345000009"}
        ],
    }


def packing(i: int) -> dict[str, object]:
    """Ten things go into a box, named by URN."""
    return {
        "type": "AggregationEvent",
        **_when(i),
        "parentID": "urn:epc:id:sscc:6901234.0000000001",
        "childEPCs": [f"{SGTIN}.SN{i:06d}{j:03d}" for j in range(10)],
        "action": "ADD",
        "bizStep": "packing",
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
    }


def commissioning(i: int) -> dict[str, object]:
    """A drum of cable comes into being, with master data of its lot and an extension."""
    return {
        "type": "ObjectEvent",
        **_when(i),
        "quantityList": [{"epcClass": f"{GTIN}/10/L{i}", "quantity": 2500.5, "uom": "MTR"}],
        "action": "ADD",
        "bizStep": "commissioning",
        "readPoint": {"id": "https://id.gs1.org/414/6901234000016"},
        "ilmd": {"ex:lot": f"L{i}", "ex:made": "2026-03-01"},
        "ex:line": "3",
    }


SHAPES = (shipping, packing, commissioning)


def documents(*, events: int) -> Iterator[bytes]:
    """One document of each shape."""
    for shape in SHAPES:
        whole = {
            "@context": [CONTEXT, {"ex": "https://ns.example.com/"}],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-01T00:00:00Z",
            "epcisBody": {"eventList": [shape(i) for i in range(events)]},
        }
        yield json.dumps(whole).encode()


def peer_events(data: bytes) -> object:
    """The peer's own form of the events of a document."""
    from epcis_event_hash_generator import json_to_py

    return json_to_py.event_list_from_epcis_document_str(data.decode())


def peer_hashes_of(events: object) -> list[str]:
    """The peer's hashes of parsed events."""
    from epcis_event_hash_generator import hash_generator

    hashes: list[str] = hash_generator.epcis_hashes_from_events(events)
    return hashes


def peer_hashes(data: bytes) -> list[str]:
    """The peer's hashes of a document."""
    return peer_hashes_of(peer_events(data))


def our_events(data: bytes) -> tuple[Event, ...]:
    """Our events of a document."""
    reading = read(data)
    assert reading.document is not None
    return reading.document.events


def our_hashes_of(events: object) -> list[str]:
    """Our hashes of events."""
    assert isinstance(events, tuple)
    return [event_hash(event) for event in events]


def our_hashes(data: bytes) -> list[str]:
    """Our hashes of a document."""
    return our_hashes_of(our_events(data))


def _per_second(count: int, work: Callable[[], object]) -> float:
    best = min(_seconds(work) for _ in range(ROUNDS))
    return count / best


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _row(name: str, ours: float, peer: float | None = None) -> dict[str, object]:
    row: dict[str, object] = {"name": name, "per_second": round(ours)}
    if peer is not None:
        row |= {"peer": "epcis_event_hash_generator", "peer_per_second": round(peer)}
        row["ratio"] = round(ours / peer, 1)
    return row


def _rows(shape: str, data: bytes, small: bytes) -> Iterator[dict[str, object]]:
    events, theirs = our_events(data), peer_events(small)
    yield _row(
        f"hash, {shape}",
        _per_second(EVENTS, lambda: our_hashes_of(events)),
        _per_second(PEER_EVENTS, lambda: peer_hashes_of(theirs)),
    )
    yield _row(
        f"bytes to hash, {shape}",
        _per_second(EVENTS, lambda: our_hashes(data)),
        _per_second(PEER_EVENTS, lambda: peer_hashes(small)),
    )
    yield _row(f"read, {shape}", _per_second(EVENTS, lambda: our_events(data)))


def run() -> list[dict[str, object]]:
    """Figures per second, events as the unit, one core."""
    pairs = zip(SHAPES, documents(events=EVENTS), documents(events=PEER_EVENTS), strict=True)
    return list(chain.from_iterable(_rows(shape.__name__, a, b) for shape, a, b in pairs))


if __name__ == "__main__":
    for row in run():
        print(row)

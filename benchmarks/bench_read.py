"""How fast do documents become columns, beside what decoding the same bytes alone takes?

One process, one core, no ledger and no store. The floor is `msgspec.json.decode` of the same
bytes, which checks nothing; both are timed in turns, in seconds of the processor so that other
work on the machine counts less, and the best round of each counts.
"""

import json
import time
from collections.abc import Callable, Sequence

import msgspec

from benchmarks.bench_capture import ITEMS, documents
from guantong.capture import EventTable, read, read_table
from guantong.capture.packed import pack, unpack
from guantong.capture.table_hash import identified

EVENTS = 1_000
ROUNDS = 9

Work = Callable[[bytes], object]


def table_of(body: bytes) -> EventTable:
    """The events of a document that is right."""
    table = read_table(body).table
    assert table is not None
    return table


def lettered(body: bytes) -> bytes:
    """The same document, its serials with letters: each is a text of its own to be kept."""
    return body.replace(b"/21/", b"/21/Q7K")


def indented(body: bytes) -> bytes:
    """The same document as people like to read it."""
    return json.dumps(json.loads(body), indent=2).encode()


def extended(body: bytes) -> bytes:
    """The same document with an extension in each event, which only the slow reader knows."""
    whole = json.loads(body)
    whole["@context"] = [whole["@context"], {"ex": "https://ns.example.com/"}]
    for event in whole["epcisBody"]["eventList"]:
        event["ex:line"] = "3"
    return json.dumps(whole).encode()


def moved(body: bytes) -> EventTable:
    """Read, and taken to another process and out again."""
    return unpack(pack(table_of(body)))


def hashed(body: bytes) -> EventTable:
    """Read, with the CBV event hash of each event as its id."""
    return identified(table_of(body))


def run() -> list[dict[str, object]]:
    """Events per second, ours and the floor's, in one run."""
    large, small = documents(EVENTS, 3), documents(1, EVENTS)
    nameless = documents(EVENTS, 3, ids=False)
    named = f"{EVENTS} events × {ITEMS} codes"
    return [
        row(f"columns, {named}", large, read_table),
        row(f"columns, {named}, packed and unpacked", large, moved),
        row(f"columns, {named}, event hashes", nameless, hashed),
        row(f"columns, {named}, indented", [indented(one) for one in large], read_table),
        row(f"columns, {named}, letters in serials", [lettered(one) for one in large], read_table),
        row(f"columns, {named}, extensions", [extended(one) for one in large], read_table),
        row("columns, documents of one event", small, read_table),
        row(f"events one by one, {named}", large, read),
    ]


def row(name: str, bodies: Sequence[bytes], work: Work) -> dict[str, object]:
    """One row of the table."""
    count = sum(body.count(b'"eventTime"') for body in bodies)
    ours, floor = _best(bodies, work)
    return {
        "name": name,
        "per_second": count / ours,
        "peer": "msgspec.json.decode alone",
        "peer_per_second": count / floor,
        "ratio": floor / ours,
    }


def _best(bodies: Sequence[bytes], work: Work) -> tuple[float, float]:
    """Seconds of the best round, ours and the floor's."""
    rounds = [(_seconds(bodies, work), _seconds(bodies, _decode)) for _ in range(ROUNDS)]
    return min(ours for ours, _ in rounds), min(floor for _, floor in rounds)


def _decode(body: bytes) -> object:
    return msgspec.json.decode(body)


def _seconds(bodies: Sequence[bytes], work: Work) -> float:
    began = time.process_time()
    for body in bodies:
        work(body)
    return time.process_time() - began

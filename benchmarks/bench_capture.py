"""How fast are documents captured, durable and indexed, against a naive floor?

The floor does the least that could be called capture: orjson, SHA-256 of the bytes, one SQLite
row per event and per item, one durable commit per document (WAL, synchronous=FULL). Ours does
all checks, event hashes where no id is given, the ledger with its tree, and the row store.
Both are one process; both end with everything readable.
"""

import hashlib
import json
import sqlite3
import tempfile
import time
from pathlib import Path

import orjson

from guantong.caller import OPERATOR
from guantong.serve.intake import Offer
from guantong.serve.world import open_world
from guantong.settings import Settings

ITEMS = 10
"""Items per event."""
AHEAD = 200
"""Documents handed over before the first answer is awaited."""


def documents(events_each: int, count: int, *, ids: bool = True) -> list[bytes]:
    """Documents of object events, each on ITEMS items of its own."""
    made = []
    for number in range(count):
        listed = [_event(number * events_each + n, ids=ids) for n in range(events_each)]
        made.append(json.dumps(_envelope(listed)).encode())
    return made


def _envelope(events: list[dict[str, object]]) -> dict[str, object]:
    return {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": events},
    }


def _event(number: int, *, ids: bool) -> dict[str, object]:
    stem = "https://id.gs1.org/01/06901234567892/21/"
    event: dict[str, object] = {
        "type": "ObjectEvent",
        "eventTime": f"2026-03-{1 + number % 28:02d}T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": [f"{stem}{number * ITEMS + n}" for n in range(ITEMS)],
        "readPoint": {"id": "https://id.gs1.org/414/6901234000030"},
        "bizLocation": {"id": "https://id.gs1.org/414/6901234000030"},
    }
    if ids:
        event["eventID"] = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
    return event


def floor(bodies: list[bytes], place: Path) -> float:
    """Seconds the naive floor takes."""
    db = sqlite3.connect(place / "floor.sqlite", isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE doc(id INTEGER PRIMARY KEY, sha BLOB, body BLOB);"
        "CREATE TABLE event(id INTEGER PRIMARY KEY, doc INTEGER, time TEXT, step TEXT, body BLOB);"
        "CREATE TABLE item(epc TEXT, event INTEGER, PRIMARY KEY(epc, event)) WITHOUT ROWID;"
    )
    began, event_no = time.perf_counter(), 0
    for number, body in enumerate(bodies):
        events, rows = [], []
        for event in orjson.loads(body)["epcisBody"]["eventList"]:
            event_no += 1
            raw = orjson.dumps(event)
            events.append((event_no, number, event["eventTime"], event["bizStep"], raw))
            rows += [(epc, event_no) for epc in event["epcList"]]
        db.execute("BEGIN")
        db.execute("INSERT INTO doc VALUES(?,?,?)", (number, hashlib.sha256(body).digest(), body))
        db.executemany("INSERT INTO event VALUES(?,?,?,?,?)", events)
        db.executemany("INSERT INTO item VALUES(?,?)", rows)
        db.execute("COMMIT")
    spent = time.perf_counter() - began
    db.close()
    return spent


def ours(bodies: list[bytes], place: Path) -> float:
    """Seconds from the first document to the last one acknowledged and indexed."""
    with open_world(Settings(data=place / "data"), create=True) as world:
        began = time.perf_counter()
        for start in range(0, len(bodies), AHEAD):
            part = bodies[start : start + AHEAD]
            for answer in [world.offer(Offer(body), OPERATOR) for body in part]:
                assert answer.result().accepted
        world.wait(world.ledger.size)
        return time.perf_counter() - began


def run() -> list[dict[str, object]]:
    """One row per document size: events per second, ours and the floor's, in one run."""
    rows: list[dict[str, object]] = []
    for events_each, count, ids in (
        (1, 3000, True),
        (100, 150, True),
        (1000, 15, True),
        (1000, 15, False),
    ):
        bodies = documents(events_each, count, ids=ids)
        with tempfile.TemporaryDirectory() as folder:
            theirs, mine = floor(bodies, Path(folder)), ours(bodies, Path(folder))
        total = events_each * count
        what = "" if ids else ", ids assigned (event hash)"
        rows.append(
            {
                "name": f"capture, {events_each} events a document{what}",
                "per_second": total / mine,
                "peer": "orjson + sha256 + SQLite rows, one commit a document",
                "peer_per_second": total / theirs,
                "ratio": theirs / mine,
            }
        )
    return rows

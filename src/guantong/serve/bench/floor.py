"""What is the least that could be called capture, and the least that could be called an answer?

The floor decodes, takes the SHA-256 of the bytes, and writes one SQLite row for each event and
item, one durable commit a document (WAL, synchronous=FULL). It checks nothing, keeps no ledger
and cannot answer anything fast that was asked by another key.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

Decode = Callable[[bytes], Any]
Encode = Callable[[Any], bytes]

_TABLES: Final = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE doc(id INTEGER PRIMARY KEY, sha BLOB, body BLOB);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, doc INTEGER, time TEXT, step TEXT, body BLOB);"
    "CREATE TABLE item(epc TEXT, event INTEGER, PRIMARY KEY(epc, event)) WITHOUT ROWID;"
)
_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_AMOUNTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


class _Id(msgspec.Struct, frozen=True):
    id: str = ""


class _Amount(msgspec.Struct, frozen=True):
    epcClass: str = ""  # noqa: N815 - as the document spells it
    quantity: float = 0
    uom: str = ""


class _Event(msgspec.Struct):
    """What the market's events hold, no more."""

    type: str
    eventTime: str  # noqa: N815
    eventTimeZoneOffset: str  # noqa: N815
    eventID: str = ""  # noqa: N815
    action: str = ""
    bizStep: str = ""  # noqa: N815
    disposition: str = ""
    epcList: list[str] = []  # noqa: N815
    childEPCs: list[str] = []  # noqa: N815
    inputEPCList: list[str] = []  # noqa: N815
    outputEPCList: list[str] = []  # noqa: N815
    quantityList: list[_Amount] = []  # noqa: N815
    inputQuantityList: list[_Amount] = []  # noqa: N815
    outputQuantityList: list[_Amount] = []  # noqa: N815
    parentID: str = ""  # noqa: N815
    readPoint: _Id = _Id()  # noqa: N815
    bizLocation: _Id = _Id()  # noqa: N815


class _Body(msgspec.Struct):
    eventList: list[_Event]  # noqa: N815


class _Document(msgspec.Struct):
    epcisBody: _Body  # noqa: N815


def codec() -> tuple[str, Decode, Encode]:
    """The fastest decoder to dictionaries that is there: orjson, an oracle, else msgspec."""
    try:
        orjson: Any = import_module("orjson")
    except ImportError:
        return "msgspec", msgspec.json.decode, msgspec.json.encode
    return "orjson", orjson.loads, orjson.dumps


def capture(bodies: Sequence[bytes], place: Path) -> float:
    """Seconds the floor takes to capture documents.

    Args:
        bodies: EPCIS documents in JSON.
        place: An empty directory.

    Returns:
        Seconds until the last one is durable.
    """
    _, decode, encode = codec()
    db = sqlite3.connect(place / "floor.sqlite", isolation_level=None)
    db.executescript(_TABLES)
    began, number = time.perf_counter(), 0
    for doc, body in enumerate(bodies):
        events, rows = [], []
        for event in decode(body)["epcisBody"]["eventList"]:
            number += 1
            events.append((number, doc, event["eventTime"], event["bizStep"], encode(event)))
            rows += [(epc, number) for epc in _named(event)]
        db.execute("BEGIN")
        db.execute("INSERT INTO doc VALUES(?,?,?)", (doc, hashlib.sha256(body).digest(), body))
        db.executemany("INSERT INTO event VALUES(?,?,?,?,?)", events)
        db.executemany("INSERT OR IGNORE INTO item VALUES(?,?)", rows)
        db.execute("COMMIT")
    spent = time.perf_counter() - began
    db.close()
    return spent


def decode(bodies: Sequence[bytes]) -> float:
    """Seconds msgspec takes to decode documents into typed structures, and nothing else."""
    decoder = msgspec.json.Decoder(_Document)
    began = time.perf_counter()
    for body in bodies:
        decoder.decode(body)
    return time.perf_counter() - began


def _named(event: dict[str, Any]) -> list[str]:
    found = [epc for name in _LISTS for epc in event.get(name, ())]
    found += [amount["epcClass"] for name in _AMOUNTS for amount in event.get(name, ())]
    if "parentID" in event:
        found.append(event["parentID"])
    return found

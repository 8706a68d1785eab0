"""Both readers say the same of every document we have, and of what becomes of it when changed."""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from guantong import market
from guantong.capture import door, read, read_table
from tests.unit import test_capture_hash as hashes
from tests.unit import test_capture_jsonld as jsonld
from tests.unit import test_capture_read_table as tables

SIZE_MAX = 40_000
"""Larger documents are not changed: each change costs as much as the whole."""


def corpus() -> Iterator[bytes]:
    """Documents in JSON: of the market, of the great market, and our vectors."""
    for filing in market.filings(15, events=1000):
        if isinstance(filing, market.Filing) and len(filing.body) <= SIZE_MAX:
            yield filing.body
    for many in islice(market.Bulk(8, rows=10_000).filings(), 20):
        if door.sniff(many.body, media=many.media, name=many.name) == "json":
            yield shorter(many.body)
    for row in jsonld.vectors("capture_json_accepted"):
        yield jsonld.document(row.values[0]["input"])
    for row in hashes.ROWS:
        yield json.dumps(row["input"]).encode()


def shorter(body: bytes) -> bytes:
    """A document with its first events only."""
    whole = json.loads(body)
    if "epcisBody" in whole:
        del whole["epcisBody"]["eventList"][12:]
    return json.dumps(whole).encode()


@cache
def documents() -> list[bytes]:
    """The corpus."""
    return [body for body in corpus() if door.sniff(body) == "json"]


OTHERS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2.5,
    "",
    "x",
    "urn:a:1",
    [],
    {},
    [[]],
    ["a"],
    {"a": 1},
)
TEXTS = (
    "\u0661",
    "A",
    ".",
    "/",
    "0",
    "9" * 20,
    " ",
    '"',
    "\\",
    "\n",
    "\0",
    "%31",
    "?x=1",
    "#",
    ":",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything stands in a document."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, member in inside:
        yield (*path, key)
        yield from places(member, (*path, key))


def turned(body: bytes, chance: random.Random) -> bytes:
    """A document with one value of it gone, doubled, exchanged, or spelled otherwise."""
    whole = json.loads(body)
    path = chance.choice(list(places(whole)))
    holder = whole
    for key in path[:-1]:
        holder = holder[key]
    key, kind = path[-1], chance.randrange(7)
    old = holder[key]
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.insert(key, old)
    elif kind == 2:
        holder[key] = chance.choice(OTHERS)
    elif kind == 3 and isinstance(holder, list):
        chance.shuffle(holder)
    elif kind == 4 and isinstance(holder, dict):
        holder[chance.choice(("ex:a", "unknown", "type", "eventID", "epcList"))] = old
    elif isinstance(old, str):
        at = chance.randrange(len(old) + 1)
        holder[key] = old[:at] + chance.choice(TEXTS) + old[at + chance.randrange(2) :]
    style: dict[str, Any] = chance.choice(({}, {"indent": 1}, {"separators": (",", ":")}))
    return json.dumps(whole, ensure_ascii=chance.random() < 0.5, **style).encode(
        "utf-8", "surrogatepass"
    )


def mangled(body: bytes, chance: random.Random) -> bytes:
    """A document with some of its text cut, doubled or exchanged."""
    text = body.decode()
    change = chance.choice(tables.CHANGES)
    return change(text, chance.randrange(len(text)), chance.randrange(60)).encode(
        "utf-8", "surrogatepass"
    )


def hold(seed: int, rounds: int) -> tuple[int, int]:
    """Change documents many times over; how many were read quickly, and how many refused."""
    chance = random.Random(seed)
    quick = refused = 0
    for _ in range(rounds):
        body = chance.choice(documents())
        for _ in range(chance.choice((1, 1, 2))):
            try:
                body = chance.choice((turned, turned, mangled))(body, chance)
            except (ValueError, IndexError):  # no JSON any more, or nothing left in it
                break
        quick += tables.is_quick(body)
        refused += bool(read(body).faults)
    return quick, refused


def test_documents_as_they_are() -> None:
    quick = sum(tables.is_quick(body) for body in documents())
    assert quick > len(documents()) / 3


def test_changed_documents() -> None:
    quick, refused = hold(seed=1, rounds=800)
    assert quick > 120
    assert refused > 120


@pytest.mark.parametrize(
    "seed",
    [
        *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 5)),
        *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(5, 12)),
    ],
)
def test_changed_documents_at_length(seed: int) -> None:
    hold(seed=seed, rounds=4_000)


@pytest.mark.parametrize("suffix", [".jsonld", ".json", ".xml"])
def test_published_documents(suffix: str, testdata: Callable[[str], Path]) -> None:
    seen = 0
    for path in sorted(testdata("01-gs1-epcis").parent.rglob(f"*{suffix}")):
        body = path.read_bytes()
        for proceed in (False, True):
            reading = read(body, name=path.name, proceed=proceed)
            tables.assert_is(read_table(body, name=path.name, proceed=proceed), reading)
        if suffix != ".xml":
            tables.is_quick(body)
        seen += 1
    assert seen > 30

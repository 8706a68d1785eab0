"""What was answered once is answered again: as of the same ledger size, and after a rebuild."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.serve import json_out
from guantong.serve.intake import Offer
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict.holds import Hold

GTIN = "https://id.gs1.org/01/06901234567892"
PARTIES = tuple(f"https://id.gs1.org/417/{gln}" for gln in ("6901234567892", "6909876543229"))
THINGS = (f"{GTIN}/21/1", f"{GTIN}/21/2", f"{GTIN}/21/70")
BOX = "https://id.gs1.org/00/106141412345678908"
CODES = (*THINGS, BOX, GTIN, f"{GTIN}/10/L1")
START_MS = 1_772_500_000_000

STEPS = ("commissioning", "shipping", "receiving", "retail_selling", "destroying", "inspecting")

events = st.fixed_dictionaries(
    {
        "kind": st.just("event"),
        "number": st.integers(0, 5),
        "hour": st.integers(0, 12),
        "step": st.sampled_from(STEPS),
        "action": st.sampled_from(("ADD", "OBSERVE", "DELETE")),
        "things": st.lists(st.sampled_from(THINGS), min_size=1, max_size=3, unique=True),
        "packed": st.booleans(),
        "withdrawn": st.booleans(),
    }
)
records = st.fixed_dictionaries(
    {
        "kind": st.just("record"),
        "name": st.sampled_from(("A", "B")),
        "status": st.sampled_from(("valid", "suspended", "revoked")),
    }
)
issues = st.fixed_dictionaries({"kind": st.just("issue"), "first": st.integers(0, 100)})
stops = st.fixed_dictionaries(
    {
        "kind": st.just("hold"),
        "target": st.sampled_from(CODES),
        "word": st.sampled_from(("recalled", "on_hold", "lifted")),
    }
)
deeds = st.tuples(st.sampled_from(PARTIES), st.one_of(events, events, records, issues, stops))


def event_json(deed: dict[str, Any]) -> dict[str, object]:
    """One event of a deed; some withdraw an earlier one of the same number."""
    packed = deed["packed"] and deed["action"] != "OBSERVE"
    made: dict[str, object] = {
        "type": "AggregationEvent" if packed else "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{deed['number']:012d}",
        "eventTime": f"2026-03-02T{deed['hour']:02d}:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": deed["action"],
        "bizStep": "packing" if packed else deed["step"],
    }
    made |= (
        {"parentID": BOX, "childEPCs": deed["things"]} if packed else {"epcList": deed["things"]}
    )
    if deed["withdrawn"]:
        made["errorDeclaration"] = {"declarationTime": "2026-03-02T12:00:00Z"}
    return made


def document(deed: dict[str, Any]) -> bytes:
    """The deed as EPCIS or as records."""
    if deed["kind"] == "record":
        product = {"name": deed["name"], "gtin": "6901234567892", "firm": "6901234567892"}
        paper = {"kind": "other", "number": "C1", "status": deed["status"]}
        paper["products"] = ["6901234567892"]
        firm = {"name": deed["name"], "gln": "6901234567892"}
        return json.dumps(
            {"guantong": "records", "products": [product], "certificates": [paper], "firms": [firm]}
        ).encode()
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-20T00:00:00Z",
            "epcisBody": {"eventList": [event_json(deed)]},
        }
    ).encode()


def do(world: World, party: str, deed: dict[str, Any]) -> None:
    """Submit one deed; that it may be refused (a duplicate) is no matter here."""
    caller = Caller(party, Level.PARTY)
    if deed["kind"] == "issue":
        first = deed["first"]
        world.issue(CodeRange(class_uri=GTIN, first=first, last=first + 9), caller)
    elif deed["kind"] == "hold":
        world.hold(Hold(deed["target"], deed["word"]), OPERATOR)
    else:
        world.submit(Offer(document(deed)), caller)
    assert world.wait(world.ledger.size)


def answers(world: World, as_of: int | None) -> bytes:
    """Everything that is told about all codes, to everybody, as bytes."""
    told: list[object] = []
    for caller in (PUBLIC, OPERATOR, *(Caller(party, Level.PARTY) for party in PARTIES)):
        for code in CODES:
            told.append(json_out.verdict_json(world.check(code, caller, as_of=as_of)))
            told.append(json_out.trail_json(world.trace(code, "both", caller, as_of=as_of)))
    return json_out.encode(told)


@contextmanager
def opened(data: Path) -> Iterator[World]:
    with open_world(Settings(data=data), clock=SetClock(START_MS), create=True) as world:
        yield world


@settings(
    max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(deeds, min_size=2, max_size=9))
def test_an_answer_for_an_earlier_size_is_the_answer_given_then(
    done: list[tuple[str, dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        then: dict[int, bytes] = {}
        with opened(data) as world:
            for party, deed in done:
                do(world, party, deed)
                then[world.ledger.size] = answers(world, None)
            for size, answer in then.items():
                assert answers(world, size) == answer
            assert answers(world, 10**12) == then[world.ledger.size]
        list(rebuild(Settings(data=data)))
        with opened(data) as world:
            for size, answer in then.items():
                assert answers(world, size) == answer

"""What is remembered between questions changes no answer: all are those of a store without memory."""

import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong import trace, verdict
from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.parties import Register
from guantong.serve import json_out
from guantong.serve.intake import Offer
from guantong.serve.world import INDEX, World
from guantong.store import SegmentStore
from guantong.trace import Direction, Trail
from tests.property.test_hostile_as_of import (
    BOX,
    CODES,
    GTIN,
    PARTIES,
    THINGS,
    deeds,
    do,
    event_json,
    opened,
)

RAW = "https://id.gs1.org/01/06909876543229/10/RAW"
REEL = "https://id.gs1.org/01/06909876543236/21/9"
ASKED = (*CODES, RAW, REEL)
CALLERS = (PUBLIC, OPERATOR, Caller(PARTIES[0], Level.PARTY))

makings = st.fixed_dictionaries(
    {
        "kind": st.just("making"),
        "number": st.integers(6, 9),
        "hour": st.integers(0, 12),
        "inputs": st.lists(st.sampled_from((RAW, REEL, THINGS[2], BOX)), min_size=1, unique=True),
        "outputs": st.lists(st.sampled_from((*THINGS, REEL)), min_size=1, unique=True),
        "joined": st.booleans(),
        "withdrawn": st.booleans(),
    }
)
made = st.tuples(st.sampled_from(PARTIES), makings)
packs = st.just("compact")


def making(deed: dict[str, Any]) -> bytes:
    """A transformation of single items; the raw material comes by weight."""
    event: dict[str, object] = {
        "type": "TransformationEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{deed['number']:012d}",
        "eventTime": f"2026-03-02T{deed['hour']:02d}:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": "commissioning",
        "inputEPCList": [one for one in deed["inputs"] if one != RAW],
        "outputEPCList": deed["outputs"],
    }
    if RAW in deed["inputs"]:
        event["inputQuantityList"] = [{"epcClass": RAW, "quantity": 1.5, "uom": "KGM"}]
    if deed["joined"]:
        event["transformationID"] = "urn:test:batch"
    if deed["withdrawn"]:
        event["errorDeclaration"] = {"declarationTime": "2026-03-02T12:00:00Z"}
    return json.dumps(
        {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-20T00:00:00Z",
            "epcisBody": {"eventList": [event]},
        }
    ).encode()


def go_on(world: World, deed: Any) -> None:
    """One deed, or a compaction."""
    if deed == "compact":
        # Through a handle of its own: the writer's may be in use by its thread.
        with closing(SegmentStore.open(world.settings.data / INDEX)) as store:
            store.compact()
    elif deed[1]["kind"] == "making":
        world.submit(Offer(making(deed[1])), Caller(deed[0], Level.PARTY))
        assert world.wait(world.ledger.size)
    else:
        do(world, *deed)


def without_memory(world: World, code: str, caller: Caller, as_of: int | None) -> bytes:
    with closing(SegmentStore.open(world.settings.data / INDEX, read_only=True)) as store:
        now_ms, size = world.clock.now_ms(), store.projected_size
        told = verdict.check(store, code, caller, now_ms=now_ms, as_of=as_of or size)
    return json_out.encode(json_out.verdict_json(told))


def trail_without_memory(world: World, code: str, direction: Direction, caller: Caller) -> Trail:
    with closing(SegmentStore.open(world.settings.data / INDEX, read_only=True)) as store:
        now_ms, size = world.clock.now_ms(), store.projected_size
        register = Register(store, as_of=size)
        trail = trace.trace(
            store, code, direction=direction, now_ms=now_ms, as_of=size, firm_of=register.firm_of
        )
        return trace.visible(trail, caller, firm_of=register.firm_of, region_of=register.region_of)


@pytest.mark.property
@pytest.mark.full
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(st.one_of(deeds, made, made, packs), min_size=2, max_size=9))
def test_memory_changes_no_answer(done: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "data") as world:
        for deed in done:
            go_on(world, deed)
            for code in ASKED * 2:
                caller = CALLERS[len(code) % 3]
                told = json_out.encode(json_out.verdict_json(world.check(code, caller)))
                assert told == without_memory(world, code, caller, None), (code, caller)
                way = Direction.UP if len(code) % 2 else Direction.BOTH
                trail = world.trace(code, way.value, caller)
                assert trail == trail_without_memory(world, code, way, caller), (code, caller)


def test_a_recall_of_what_it_was_made_of_shows_at_once(tmp_path: Path) -> None:
    """The way up is remembered; the order, and a new input two hops above, are not missed."""
    deed = {"kind": "making", "number": 6, "hour": 1, "joined": False, "withdrawn": False}
    with opened(tmp_path / "data") as world:
        up = {"number": 7, "inputs": [RAW], "outputs": [REEL]}
        go_on(world, (PARTIES[0], deed | {"inputs": [REEL], "outputs": [THINGS[0]]}))
        go_on(world, (PARTIES[0], deed | up))
        assert codes_of(world) == set()
        recall = {"kind": "hold", "target": RAW, "word": "recalled"}
        do(world, PARTIES[0], recall)
        assert codes_of(world) == {"verdict.component_recalled"}
        do(world, PARTIES[0], recall | {"word": "lifted"})
        do(world, PARTIES[0], recall | {"target": GTIN + "/10/L1"})
        assert codes_of(world) == set()
        late = {"number": 8, "inputs": [THINGS[2]], "outputs": [REEL]}
        go_on(world, (PARTIES[0], deed | late))
        do(world, PARTIES[0], recall | {"target": THINGS[2]})
        assert codes_of(world) == {"verdict.component_recalled"}


def codes_of(world: World) -> set[str]:
    found = world.check(THINGS[0], PUBLIC).reasons
    return {reason.code for reason in found if "recall" in reason.code}


YARD = "https://id.gs1.org/414/6909876543229"


def test_whose_a_place_is_shows_in_what_was_remembered(tmp_path: Path) -> None:
    """The item and the reel it is of came to a place; only then it was filed whose that is."""
    deed = {"kind": "making", "number": 6, "hour": 1, "joined": False, "withdrawn": False}
    came = {"number": 1, "hour": 0, "packed": False, "action": "OBSERVE", "step": "receiving"}
    ends = {"destinationList": [{"type": "location", "destination": YARD}]}
    reel = event_json(deed | came | {"things": [REEL]}) | ends
    item = event_json(deed | came | {"things": [THINGS[0]], "number": 2, "hour": 2}) | ends
    place = {"gln": "6909876543229", "name": "yard", "firm": "6901234567892"}
    with opened(tmp_path / "data") as world:
        go_on(world, (PARTIES[0], deed | {"inputs": [REEL], "outputs": [THINGS[0]]}))
        head = json.loads(making(deed | {"inputs": [REEL], "outputs": [THINGS[0]]}))
        submit(world, head | {"epcisBody": {"eventList": [reel, item]}})
        assert takers(world) == takers(world) == {YARD}
        submit(world, {"guantong": "records", "places": [place]})
        assert takers(world) == {PARTIES[0]}


def submit(world: World, document: dict[str, object]) -> None:
    world.submit(Offer(json.dumps(document).encode()), Caller(PARTIES[0], Level.PARTY))
    assert world.wait(world.ledger.size)


def takers(world: World) -> set[str]:
    edges = world.trace(THINGS[0], "up", OPERATOR).edges
    return {edge.taker for edge in edges if edge.source == REEL and edge.taker}

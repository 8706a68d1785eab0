"""Everything third parties publish, through the front door: captured, hashed, traced, rebuilt.

Which documents are refused, and why, stands in docs/reference/capture-coverage.md; here every
other one is submitted, its events are found again with their ids, and every item is traced.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from guantong import capture
from guantong.caller import OPERATOR, Caller, Level
from guantong.capture.event_hash import event_hash
from guantong.serve.intake import Offer
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.store import EventFilter

SETS = {
    "01-gs1-epcis/json": "**/*.jsonld",
    "01-gs1-epcis/json-simple-context": "**/*.jsonld",
    "01-gs1-epcis/xml-2.0": "**/*.xml",
    "01-gs1-epcis/xml-1.2": "*.xml",
    "07-opentraceability/testserver": "**/*.*",
    "09-oliot/examples": "*.xml",
    "10-epcis2js/test-data": "**/*.json",
    "15-dpp-ready/extensions": "**/epcis/*.jsonld",
}


def items_of(world: World) -> list[str]:
    """Every item and lot of every event."""
    found: set[str] = set()
    after = None
    while page := world.store.scan_events(EventFilter(), after=after, limit=500):
        for stored in page:
            event = stored.event
            found.update(event.epcs, event.child_epcs, event.input_epcs, event.output_epcs)
            for some in (
                *event.quantities,
                *event.child_quantities,
                *event.input_quantities,
                *event.output_quantities,
            ):
                found.add(some.epc_class)
            found.add(event.parent)
        after = page[-1].record_ms, page[-1].no
    return sorted(found - {""})


def answers(world: World, items: list[str]) -> list[object]:
    """What is known of each item."""
    told: list[object] = [world.trace(item, "both", OPERATOR) for item in items]
    return [*told, *(world.check(item, OPERATOR) for item in items)]


@pytest.mark.parametrize("name", sorted(SETS))
def test_captured_hashed_traced_and_rebuilt(
    name: str, tmp_path: Path, testdata: Callable[[str], Path]
) -> None:
    settings = Settings(data=tmp_path / "data")
    with open_world(settings, create=True) as world:
        taken = 0
        for number, path in enumerate(sorted(testdata(name).glob(SETS[name]))):
            body = path.read_bytes()
            # Each file speaks for itself: the examples repeat each other's event ids.
            caller = Caller(f"urn:test:{number}", Level.PARTY)
            reading = capture.read(body, name=path.name)
            before = world.ledger.size
            receipt = world.submit(Offer(body, name=path.name), caller)
            assert receipt.accepted == (reading.document is not None), path.name
            if reading.document is None:
                assert all(fault.code and fault.expected for fault in receipt.faults)
                assert world.ledger.size == before
                continue
            assert receipt.events == len(reading.document.events)
            assert world.wait(receipt.ledger_index + 1)
            wanted = EventFilter(parties=(caller.party,))
            stored = world.store.scan_events(wanted, limit=1000)
            ids = [event.id or event_hash(event) for event in reading.document.events]
            assert [found.event.id for found in stored] == ids
            assert all(event_hash(found.event).startswith("ni:///sha-256;") for found in stored)
            taken += 1
        assert taken
        items = items_of(world)
        assert items
        before_rebuild = answers(world, items)
    for _ in rebuild(settings):
        pass
    with open_world(settings) as again:
        again.clock = world.clock
        assert [repr(answer) for answer in answers(again, items)] == [
            repr(answer) for answer in before_rebuild
        ]

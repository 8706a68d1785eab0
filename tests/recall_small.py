"""A small trade with a bad lot in it: cells built into bikes, bikes with a shop, and one of them sold."""

import json
from collections.abc import Sequence
from typing import Any

from guantong.caller import Caller, Level
from guantong.serve.job import offer_of
from guantong.serve.world import World

CELLS = "urn:guantong:uscc:91330000MA27U04G4A"
WORKS = "urn:guantong:uscc:91110000600037341L"
SHOP = "urn:guantong:uscc:92110105MA01NCMJ5Q"
CELL = "https://id.gs1.org/01/06901234567892"
BIKE = "https://id.gs1.org/01/06936983800013"
BAD = f"{CELL}/10/BAD7"
GOOD = f"{CELL}/10/GOOD8"
BIKES = [f"{BIKE}/21/{serial}" for serial in range(1, 9)]
HEAD = f"{CELL}/21/"
BATTERIES = [f"{HEAD}{serial}" for serial in range(101, 109)]
MARCH_1 = 1_772_323_200_000
"""2026-03-01 08:00 in China."""
HOUR = 3_600_000


def event(kind: str, hour: int, step: str, **more: Any) -> dict[str, Any]:
    """An event on the first of March, some hours after eight."""
    minute = f"2026-03-0{1 + hour // 10}T{8 + hour % 10:02d}:00:00.000+08:00"
    made = {"type": kind, "eventTime": minute, "eventTimeZoneOffset": "+08:00", "bizStep": step}
    return made | {"action": more.pop("action", "OBSERVE")} | more


def made(items: Sequence[str], lot: str, hour: int) -> dict[str, Any]:
    ilmd = {"cbvmda:lotNumber": lot}
    told = {"epcList": list(items), "disposition": "active", "ilmd": ilmd}
    return event("ObjectEvent", hour, "commissioning", action="ADD", **told)


def moved(items: Sequence[str], giver: str, taker: str, hour: int, step: str) -> dict[str, Any]:
    return event(
        "ObjectEvent",
        hour,
        step,
        epcList=list(items),
        sourceList=[{"type": "owning_party", "source": giver}],
        destinationList=[{"type": "owning_party", "destination": taker}],
    )


def fitted(battery: str, bike: str, hour: int) -> dict[str, Any]:
    told = {"parentID": bike, "childEPCs": [battery]}
    return event("AssociationEvent", hour, "assembling", action="ADD", **told)


def capture(world: World, party: str, *events: dict[str, Any]) -> None:
    """Hand events in."""
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-05T10:00:00.000+08:00",
        "epcisBody": {"eventList": list(events)},
    }
    receipt = world.submit(offer_of(json.dumps(document).encode()), Caller(party, Level.PARTY))
    assert receipt.accepted, receipt.faults
    world.wait(world.ledger.size)


def records(world: World, party: str, **told: Any) -> None:
    """Hand records in."""
    body = json.dumps({"guantong": "records"} | told).encode()
    assert world.submit(offer_of(body), Caller(party, Level.PARTY)).accepted


def fill(world: World) -> None:
    """Six cells of the bad lot, two of a good one; eight bikes: five at the shop, one sold, two at home."""
    firms = (
        (CELLS, "余杭电芯", "330110"),
        (WORKS, "青山车业", "110105"),
        (SHOP, "东街车行", "110105"),
    )
    for party, name, region in firms:
        told = {"name": name, "uscc": party[-18:], "region": region, "contact": "400-000-0000"}
        records(world, party, firms=[told])
    records(world, CELLS, products=[{"name": "电芯", "gtin": "6901234567892", "firm": CELLS[-18:]}])
    bike = {"name": "电动自行车", "gtin": "6936983800013", "firm": WORKS[-18:], "model": "FX"}
    records(world, WORKS, products=[bike])
    capture(
        world,
        CELLS,
        made(BATTERIES[:6], "BAD7", 0),
        made(BATTERIES[6:], "GOOD8", 0),
        moved(BATTERIES, CELLS, WORKS, 1, "shipping"),
    )
    capture(
        world,
        WORKS,
        moved(BATTERIES, CELLS, WORKS, 2, "receiving"),
        made(BIKES, "W1", 3),
        *(fitted(cell, bike, 4) for cell, bike in zip(BATTERIES, BIKES, strict=True)),
        moved(BIKES[:6], WORKS, SHOP, 5, "shipping"),
    )
    capture(world, SHOP, moved(BIKES[:6], WORKS, SHOP, 6, "receiving"), sold(BIKES[5], 7))


def sold(bike: str, hour: int) -> dict[str, Any]:
    told = {"epcList": [bike], "disposition": "retail_sold"}
    return event("ObjectEvent", hour, "retail_selling", **told)

"""How does an e-bike come to be, out of battery, motor and charger?

Each bike gets a GS1 item code (or, at one factory, an Ecode), the 15-digit vehicle code, and an
association with its parts; the vehicle code is a part too, so that scanning it leads to the bike.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guantong.market.catalogue import Role
from guantong.market.codes import Code, other
from guantong.market.deeds import Issue
from guantong.market.firms import SEEDS_APART, Firm, Product
from guantong.market.flow import Flow, lot_name
from guantong.market.hours import DAY, HOUR, MINUTE, day_text, open_at
from guantong.market.retail import Shelf, Stocked, spread

ECODE_STEM = "10064"
"""Version 1, numbering scheme 0064; the vehicle code follows."""
ECODE_FACTORY = 2
"""Index of the bike factory that names its bikes by Ecode."""

SHELF = Shelf(Role.BIKE_SHOP, (3, 9), 0.86, 40)
_PALLET = 24
_EPCS_MAX = 200


class Bike(NamedTuple):
    """One bike and what it is made of."""

    code: Code
    vehicle: Code
    """The 15-digit vehicle code."""
    battery: Code
    product: Product
    made_ms: int


class Parts(NamedTuple):
    """What is needed for some bikes, one of each per bike."""

    batteries: Sequence[Code]
    motors: Sequence[Code]
    chargers: Sequence[Code]


class Ride(NamedTuple):
    """What became of a bike."""

    bike: Bike
    stocked: Stocked


def campaign(
    flow: Flow, at_ms: int, orders: Sequence[tuple[Product, int]], *, battery_works: Firm
) -> list[Ride]:
    """One battery lot and the bikes built with it.

    Args:
        flow: Takes deeds and issues.
        at_ms: When the batteries are made.
        orders: Model and number of bikes; their factories share the battery lot.
        battery_works: Who makes the batteries.

    Returns:
        Every bike, by order.
    """
    world = flow.world
    total = sum(count for _, count in orders)
    batteries = _lot(flow, world.product(battery_works), at_ms, total + len(orders))
    motors = _lot(flow, world.product(world.firm(Role.MOTOR)), at_ms + 5 * HOUR, total)
    chargers = _lot(flow, world.product(world.firm(Role.CHARGER)), at_ms + 7 * HOUR, total)
    rides: list[Ride] = []
    for order, (product, count) in enumerate(orders):
        done = len(rides)
        parts = Parts(
            batteries[done + order :][: count + 1],
            motors[done:][:count],
            chargers[done:][:count],
        )
        ready = _deliver_parts(flow, product.maker, battery_works, parts, at_ms + DAY)
        bikes = _assemble(flow, product, parts, ready)
        rides += _market(flow, bikes, bikes[-1].made_ms)
    return rides


def _lot(flow: Flow, product: Product, at_ms: int, count: int) -> list[Code]:
    """Make a lot of parts; up to 200 are told of in one event."""
    lot = lot_name(flow, product, at_ms)
    codes = flow.issue(product, at_ms, count, lot)
    for start in range(0, count, _EPCS_MAX):
        some = codes[start:][:_EPCS_MAX]
        flow.commission(product, at_ms + start * MINUTE, some, lot=lot)
    return codes


def _deliver_parts(flow: Flow, works: Firm, battery_works: Firm, parts: Parts, at_ms: int) -> int:
    """Bring parts to the factory: batteries on pallets, the rest loose.

    Returns:
        When the last of them was there.
    """
    pallets = [
        flow.pack(battery_works, at_ms + at * MINUTE, parts.batteries[at:][:_PALLET])
        for at in range(0, len(parts.batteries), _PALLET)
    ]
    there = flow.move(battery_works, works, at_ms + 4 * HOUR, pallets)
    for at, pallet in enumerate(pallets, start=1):
        flow.unpack(works, there + at * 5 * MINUTE, pallet)
    motors = flow.move(flow.world.firm(Role.MOTOR), works, at_ms + 3 * HOUR, parts.motors)
    chargers = flow.move(flow.world.firm(Role.CHARGER), works, at_ms + 2 * HOUR, parts.chargers)
    return max(there, motors, chargers) + DAY


def _assemble(flow: Flow, product: Product, parts: Parts, at_ms: int) -> list[Bike]:
    """Build one bike every six minutes; of each twenty one is tested."""
    start = open_at(at_ms)
    count = len(parts.motors)
    lot = lot_name(flow, product, start)
    codes, vehicles = _codes(flow, product, start, count, lot)
    bikes: list[Bike] = []
    made_ms = start
    for code, vehicle, *fitted in zip(
        codes, vehicles, parts.batteries, parts.motors, parts.chargers, strict=False
    ):
        number = vehicle.link.rpartition(":")[2]
        also = [("gt:vehicleCode", number)]
        if code.link.startswith("urn:"):
            # An Ecode does not tell the product it belongs to.
            also.append(("gt:productClass", product.stems.kind.link))
        flow.commission(product, made_ms, [code, vehicle], lot=lot, also=also)
        flow.attach(product.maker, made_ms + MINUTE, code, [*fitted, vehicle])
        bikes.append(Bike(code, vehicle, fitted[0], product, made_ms))
        made_ms = open_at(made_ms + 6 * MINUTE)
    _swap_first(flow, bikes, parts)
    for bike in bikes[::20]:
        flow.inspect(product.maker, bike.made_ms + 3 * MINUTE, [bike.code], "conformant")
    return bikes


def _swap_first(flow: Flow, bikes: list[Bike], parts: Parts) -> None:
    """The first bike's battery is taken out again for the spare one, and scrapped."""
    first, spare = bikes[0], parts.batteries[-1]
    works = first.product.maker
    flow.detach(works, first.made_ms + 2 * HOUR, first.code, [first.battery])
    flow.attach(works, first.made_ms + 2 * HOUR + MINUTE, first.code, [spare])
    flow.scrap(works, first.made_ms + 3 * HOUR, [first.battery])
    bikes[0] = first._replace(battery=spare)


def _codes(
    flow: Flow, product: Product, at_ms: int, count: int, lot: str
) -> tuple[list[Code], list[Code]]:
    """Item codes and vehicle codes for some bikes."""
    works = product.maker
    index = int(works.key.rpartition("-")[2])
    first = flow.mint.take(f"{works.key}/vehicle", count)
    # Maker (4), kind 2 = e-bike, year (2), serial (8).
    head = f"9{flow.world.seed % SEEDS_APART:02d}{index}2{day_text(at_ms)[2:4]}"
    numbers = [f"{head}{serial:08d}" for serial in range(first, first + count)]
    vehicles = [other("ebike", number) for number in numbers]
    last, day = first + count - 1, day_text(at_ms)
    kind = f"urn:guantong:ebike:{head}"
    flow.issues.append(Issue(works.uri, at_ms - 4 * HOUR, kind, first, last, lot, day, kind, 8))
    if index != ECODE_FACTORY:
        return flow.issue(product, at_ms, count, lot), vehicles
    kind, stem = product.stems.kind.link, f"urn:guantong:ecode:{ECODE_STEM}{head}"
    flow.issues.append(Issue(works.uri, at_ms - 3 * HOUR, kind, first, last, lot, day, stem, 8))
    return [other("ecode", ECODE_STEM + number) for number in numbers], vehicles


def _market(flow: Flow, bikes: Sequence[Bike], at_ms: int) -> list[Ride]:
    """Ship to a trader by the truckload, and on to shops."""
    works = bikes[0].product.maker
    trader = flow.dice.pick(flow.world.firms[Role.BIKE_TRADER])
    rides: list[Ride] = []
    for start in range(0, len(bikes), 40):
        some = bikes[start:][:40]
        leaves = open_at(at_ms + flow.dice.between(6, 60) * HOUR)
        flow.order(works, leaves - 2 * HOUR, f"SO{flow.mint.take(works.key + '/order'):05d}",
                   [bike.code for bike in some])  # fmt: skip
        there = flow.move(works, trader, leaves, [bike.code for bike in some])
        stocked = spread(flow, trader, SHELF, [(bike.code,) for bike in some], there)
        rides += [Ride(bike, one) for bike, one in zip(some, stocked, strict=True)]
    return rides

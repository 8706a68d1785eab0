"""How do stove, hose and valve of three makers meet at a cooker's wall?

They travel apart to a trader, are sold together, and are joined when the shop installs them; of
the home only the city is told.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guantong.market.catalogue import Role
from guantong.market.codes import Code
from guantong.market.firms import Firm, Product
from guantong.market.flow import Flow, household, lot_name
from guantong.market.hours import DAY, HOUR, open_at
from guantong.market.retail import Shelf, Stocked, Unit, spread

SHELF = Shelf(Role.APPLIANCE, (4, 10), 0.85, 45)


class Kitchen(NamedTuple):
    """A stove with hose and valve, and what became of them."""

    stove: Code
    hose: Code
    valve: Code
    stocked: Stocked


def campaign(
    flow: Flow, at_ms: int, *, product: Product, count: int, lose_first: bool = False
) -> list[Kitchen]:
    """A lot of stoves, with hoses and valves bought for them.

    Args:
        flow: Takes deeds and issues.
        at_ms: When they are made.
        product: The stove.
        count: How many.
        lose_first: Whether the trader's first load never arrives.

    Returns:
        Every set.
    """
    world = flow.world
    trader = flow.dice.pick(world.firms[Role.STOVE_TRADER])
    kinds = (product, world.product(world.firm(Role.HOSE)), world.product(world.firm(Role.VALVE)))
    lots = [_lot(flow, kind, trader, at_ms + n * HOUR, count) for n, kind in enumerate(kinds)]
    there = max(arrived for _, arrived in lots)
    units: list[Unit] = list(zip(*(codes for codes, _ in lots), strict=True))
    stocked = spread(flow, trader, SHELF, units, there + DAY, lose_first=lose_first)
    for one in stocked:
        if one.sold_ms:
            _install(flow, one)
    _break_one(flow, stocked)
    return [_kitchen(one) for one in stocked]


def _kitchen(one: Stocked) -> Kitchen:
    stove, hose, valve = one.unit
    return Kitchen(stove, hose, valve, one)


def _lot(
    flow: Flow, product: Product, trader: Firm, at_ms: int, count: int
) -> tuple[Sequence[Code], int]:
    """Make a lot, test one, bring it to the trader: the codes and when they arrived."""
    start = open_at(at_ms)
    lot = lot_name(flow, product, start)
    codes = flow.issue(product, start, count, lot)
    flow.commission(product, start, codes, lot=lot)
    flow.inspect(product.maker, start + HOUR, codes[:2], "conformant")
    return codes, flow.move(product.maker, trader, open_at(start + 26 * HOUR), codes)


def _install(flow: Flow, one: Stocked) -> None:
    """The shop comes to fit the stove, in seven homes of eight."""
    if not flow.dice.chance(7 / 8):
        return
    stove, *fittings = one.unit
    at_ms = open_at(one.sold_ms + flow.dice.between(5, 96) * HOUR)
    home = household(one.shop.city)
    flow.attach(one.shop, at_ms, stove, fittings, step="installing", place=home)


def _break_one(flow: Flow, stocked: Sequence[Stocked]) -> None:
    """One set that stood in a shop unsold is damaged and scrapped."""
    unsold = [one for one in stocked if one.arrived and not one.sold_ms]
    if unsold and flow.dice.chance(0.5):
        one = flow.dice.pick(unsold)
        latest = max(deed.at_ms for deed in flow.deeds)
        flow.scrap(one.shop, open_at(latest), one.unit)

"""How do goods get from a trader to shops, and from shops to consumers?

The unfriendly part of the market is here: loads that never arrive, sales that come back, codes
that somebody copied, deliveries that were written down wrongly.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guantong.market.catalogue import Role
from guantong.market.codes import Code
from guantong.market.firms import Firm
from guantong.market.flow import Flow
from guantong.market.hours import DAY, HOUR, MINUTE, open_at

LOST = 0.01
"""Share of a trader's loads that never arrive."""
RETURNED = 0.02
"""Share of sales that come back."""
CLONED = 1 / 2500
"""Share of sales whose code is sold again elsewhere within hours."""
MISWRITTEN = 0.03
"""Share of deliveries that are declared wrong and told again."""

Unit = tuple[Code, ...]
"""What a consumer buys at once."""


class Stocked(NamedTuple):
    """A unit that reached a shop, or did not."""

    unit: Unit
    shop: Firm
    sold_ms: int
    """When it was first sold; 0 for not (yet)."""
    arrived: bool


class Shelf(NamedTuple):
    """How a kind of goods sells."""

    role: Role
    """Of the shops."""
    load: tuple[int, int]
    """Units in a trader's delivery, from and to."""
    sold: float
    """Share that is sold within `days`."""
    days: int


def spread(
    flow: Flow,
    trader: Firm,
    shelf: Shelf,
    units: Sequence[Unit],
    at_ms: int,
    *,
    lose_first: bool = False,
) -> list[Stocked]:
    """Deliver units to shops, which sell most of them.

    Args:
        flow: Takes the deeds.
        trader: Who has the units since `at_ms`.
        shelf: How they sell.
        units: What to sell.
        at_ms: From when on.
        lose_first: Whether the first load surely never arrives.

    Returns:
        One for each unit, in the order given.
    """
    stocked: list[Stocked] = []
    while len(stocked) < len(units):
        some = units[len(stocked) :][: flow.dice.between(*shelf.load)]
        shop = flow.dice.pick(flow.world.firms[shelf.role])
        leaves = open_at(at_ms + flow.dice.between(4, 9 * 24) * HOUR + flow.dice.below(50) * MINUTE)
        lost = flow.dice.chance(LOST) or (lose_first and not stocked)
        there = deliver(flow, trader, shop, some, leaves, lost=lost)
        stocked += [_sold(flow, shelf, shop, unit, there) for unit in some]
    return stocked


def deliver(
    flow: Flow, trader: Firm, shop: Firm, units: Sequence[Unit], at_ms: int, *, lost: bool = False
) -> int:
    """Bring units to a shop.

    Returns:
        When they arrived; 0 if they never did.
    """
    load = [code for unit in units for code in unit]
    if lost:
        flow.ship(trader, shop, at_ms, load)
        return 0
    there = flow.move(trader, shop, at_ms, load)
    if flow.dice.chance(MISWRITTEN):
        flow.correct(-1)
    return there


def _sold(flow: Flow, shelf: Shelf, shop: Firm, unit: Unit, there: int) -> Stocked:
    """Sell a unit, unless luck or the delivery is against it."""
    wait = flow.dice.between(2, shelf.days * 24) * HOUR + flow.dice.below(3600) * 1000
    willing = flow.dice.chance(shelf.sold)
    if not there:
        return Stocked(unit, shop, 0, arrived=False)
    if not willing:
        return Stocked(unit, shop, 0, arrived=True)
    at_ms = open_at(there + wait)
    flow.sell(shop, at_ms, unit)
    if flow.dice.chance(RETURNED):
        resell(flow, shop, unit, at_ms)
    if flow.dice.chance(CLONED):
        clone(flow, shelf.role, shop, unit, at_ms)
    return Stocked(unit, shop, at_ms, arrived=True)


def resell(flow: Flow, shop: Firm, unit: Unit, sold_ms: int) -> int:
    """A consumer brings a unit back; the shop sells it again.

    Returns:
        When it was sold again.
    """
    back = open_at(sold_ms + flow.dice.between(3, 14) * DAY)
    again = open_at(back + flow.dice.between(1, 12) * DAY)
    flow.take_back(shop, back, unit)
    flow.sell(shop, again, unit)
    return again


def clone(flow: Flow, role: Role, shop: Firm, unit: Unit, sold_ms: int) -> Firm:
    """A shop in another province sells the same code two to five hours after the real sale.

    Returns:
        The other shop, which never received it.
    """
    shops = [one for one in flow.world.firms[role] if one.city.province != shop.city.province]
    twin = flow.dice.pick(shops)
    flow.sell(twin, sold_ms + flow.dice.between(2, 5) * HOUR, unit)
    return twin

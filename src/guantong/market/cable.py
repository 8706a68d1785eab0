"""How does copper rod become the coil of cable in a shop?

Rod is known by lot and weight, reels and coils one by one, cable cut from a reel in a shop by
class and metre: the three depths of tracing in one chain.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guantong.market.catalogue import Role
from guantong.market.codes import Amount, Code
from guantong.market.firms import Firm, Product
from guantong.market.flow import Flow, lot_name
from guantong.market.hours import DAY, HOUR, MINUTE, open_at
from guantong.market.retail import Shelf, Stocked, Unit, spread

COPPER_KG = 111.3
"""In a reel of 5,000 m of 2.5 mm²."""
COILS = 50
"""Of 100 m, from one reel."""
_CASE = 10
_PALLET = 5
_SHELF = Shelf(Role.HARDWARE, (1, 3), 1.0, 25)


class Coil(NamedTuple):
    """A coil and where it came from."""

    code: Code
    reel: Code
    rod: Code
    """The copper lot."""


def campaign(flow: Flow, at_ms: int, *, works: Firm, reels: int) -> list[Coil]:
    """One copper lot, drawn into reels, cut into coils, sold.

    Args:
        flow: Takes deeds and issues.
        at_ms: When the rod is cast.
        works: The cable factory.
        reels: How many; every seventh is sold whole and cut by the metre in a shop.

    Returns:
        Every coil.
    """
    mill = flow.dice.pick(flow.world.firms[Role.ROD])
    rod = _rod(flow, mill, works, at_ms, reels)
    drawn = _reels(flow, works, rod, reels)
    coils: list[Coil] = []
    for at, (reel, made_ms) in enumerate(drawn):
        if at % 7 == 6:
            _by_the_metre(flow, works, reel, made_ms + DAY)
        else:
            coils += _cut(flow, works, reel, rod[0], made_ms + at * 2 * HOUR)
    return coils


def _rod(flow: Flow, mill: Firm, works: Firm, at_ms: int, reels: int) -> tuple[Code, int]:
    """A lot of rod, cast and delivered: its code and when it arrived."""
    product = flow.world.product(mill)
    lot = lot_name(flow, product, at_ms)
    rod = Amount(product.lot(lot), round(COPPER_KG * reels * 1.02), "KGM")
    flow.commission(product, at_ms, lot=lot, amount=rod)
    flow.inspect(mill, at_ms + 3 * HOUR, [rod], "conformant", report=f"urn:guantong:opaque:{lot}-T")
    return rod.code, flow.move(mill, works, open_at(at_ms + 30 * HOUR), [rod])


def _reels(flow: Flow, works: Firm, rod: tuple[Code, int], count: int) -> list[tuple[Code, int]]:
    """Draw and sheathe, eight reels in one go: their codes and when they were made."""
    product = flow.world.product(works, 2)
    code, there = rod
    start = open_at(there + 20 * HOUR)
    lot = lot_name(flow, product, start)
    codes = flow.issue(product, start, count, lot)
    drawn: list[tuple[Code, int]] = []
    for at in range(0, count, 8):
        some = codes[at:][:8]
        made_ms = open_at(start + at * HOUR)
        copper = Amount(code, round(COPPER_KG * len(some), 1), "KGM")
        flow.transform(works, made_ms, [copper], some, lot=lot, product=product)
        drawn += [(reel, made_ms) for reel in some]
    return drawn


def _cut(flow: Flow, works: Firm, reel: Code, rod: Code, at_ms: int) -> list[Coil]:
    """Cut a reel into coils, pack them, and let a trader sell the cases."""
    product = flow.world.product(works, flow.dice.below(2))
    made_ms = open_at(at_ms)
    lot = lot_name(flow, product, made_ms)
    codes = flow.issue(product, made_ms, COILS, lot)
    flow.transform(works, made_ms, [reel], codes, lot=lot, product=product)
    flow.inspect(works, made_ms + 30 * MINUTE, codes[:1], "conformant")
    cases = {
        flow.pack(works, made_ms + (40 + at) * MINUTE, codes[at:][:_CASE]): codes[at:][:_CASE]
        for at in range(0, COILS, _CASE)
    }
    _trade(flow, works, cases, made_ms + 3 * HOUR)
    return [Coil(code, reel, rod) for code in codes]


def _trade(flow: Flow, works: Firm, cases: dict[Code, list[Code]], at_ms: int) -> None:
    """A pallet of cases to a trader, who breaks it up for shops and sites."""
    trader = flow.dice.pick(flow.world.firms[Role.CABLE_TRADER])
    pallet = flow.pack(works, at_ms, list(cases))
    there = flow.move(works, trader, open_at(at_ms + 20 * HOUR), [pallet])
    flow.unpack(trader, there + 20 * MINUTE, pallet, list(cases) if flow.dice.chance(0.5) else ())
    flow.count(trader, there + 2 * HOUR, list(cases))
    left = list(cases)
    if flow.dice.chance(0.3):
        _to_site(flow, trader, left.pop(), there + 2 * DAY)
    stocked = spread(flow, trader, _SHELF._replace(sold=0.0), [(case,) for case in left], there)
    for one in stocked:
        if one.arrived:
            _sell_case(flow, one, cases[one.unit[0]], there + 14 * DAY)


def _to_site(flow: Flow, trader: Firm, case: Code, at_ms: int) -> None:
    """A builder buys a case and uses what is in it."""
    site = flow.dice.pick(flow.world.firms[Role.SITE])
    there = flow.move(trader, site, open_at(at_ms), [case])
    flow.unpack(site, there + DAY, case)


def _sell_case(flow: Flow, stocked: Stocked, coils: Sequence[Code], at_ms: int) -> None:
    """Open a case and sell the coils, one to three at a time."""
    flow.unpack(stocked.shop, open_at(at_ms), stocked.unit[0])
    left = list(coils)
    while left and flow.dice.chance(0.93):
        bought: Unit = tuple(left.pop() for _ in range(min(len(left), flow.dice.between(1, 3))))
        at_ms = open_at(at_ms + flow.dice.between(3, 90) * HOUR)
        flow.sell(stocked.shop, at_ms + 10 * MINUTE, bought)


def _by_the_metre(flow: Flow, works: Firm, reel: Code, at_ms: int) -> None:
    """A shop buys a reel and sells it by the metre: from here on only the lot is known."""
    product: Product = flow.world.product(works, 3)
    shop = flow.dice.pick(flow.world.firms[Role.HARDWARE])
    there = flow.move(works, shop, open_at(at_ms), [reel])
    lot = lot_name(flow, product, there)
    metres = Amount(product.lot(lot), 5000, "MTR")
    flow.transform(shop, there + 30 * MINUTE, [reel], [metres], step="repackaging")
    at_ms = there + HOUR
    for _ in range(flow.dice.between(20, 36)):
        at_ms = open_at(at_ms + flow.dice.between(2, 40) * HOUR)
        flow.sell(shop, at_ms, [metres._replace(quantity=flow.dice.between(10, 240) / 2)])

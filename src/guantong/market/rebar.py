"""From which heat is the bar that was cut at this site?

Wire rod is known by heat and weight, bundles of ribbed bar one by one, cut bars by a tag that
the site puts on them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guantong.market.catalogue import Role
from guantong.market.codes import Amount, Code
from guantong.market.firms import Firm, Product
from guantong.market.flow import Flow, lot_name
from guantong.market.hours import DAY, HOUR, MINUTE, open_at

BUNDLE_T = 1.25
"""Weight of a bundle."""


class Cut(NamedTuple):
    """A tag on cut bars, the bundle and the heat."""

    tag: Code
    bundle: Code
    heat: Code


def campaign(
    flow: Flow, at_ms: int, *, product: Product, bundles: int, site: Firm | None = None
) -> list[Cut]:
    """One heat, rolled into bundles, cut and built in.

    Args:
        flow: Takes deeds and issues.
        at_ms: When the heat is cast.
        product: The ribbed bar.
        bundles: How many.
        site: Who buys them; None for any.

    Returns:
        Every tag.
    """
    heat, there = _heat(flow, product.maker, at_ms, bundles)
    codes, made_ms = _roll(flow, product, heat, there, bundles)
    cuts: list[Cut] = []
    start = 0
    while start < len(codes):
        some = codes[start:][: flow.dice.between(6, 14)]
        buyer = site or flow.dice.pick(flow.world.firms[Role.SITE])
        arrived = _bring(flow, product.maker, buyer, some, made_ms + start * 2 * HOUR)
        cuts += [
            Cut(tag, bundle, heat)
            for at, bundle in enumerate(some)
            for tag in _cut(flow, buyer, bundle, arrived + DAY + at * 2 * HOUR)
        ]
        start += len(some)
    return cuts


def _heat(flow: Flow, works: Firm, at_ms: int, bundles: int) -> tuple[Code, int]:
    """Cast a heat and deliver its wire rod: its code and when it arrived."""
    mill = flow.dice.pick(flow.world.firms[Role.STEEL])
    product = flow.world.product(mill)
    lot = lot_name(flow, product, at_ms)
    wire = Amount(product.lot(lot), round(bundles * BUNDLE_T * 1.03, 2), "TNE")
    flow.commission(product, at_ms, lot=lot, amount=wire)
    flow.inspect(mill, at_ms + HOUR, [wire], "conformant", report=f"urn:guantong:opaque:{lot}-C")
    return wire.code, flow.move(mill, works, open_at(at_ms + 20 * HOUR), [wire])


def _roll(
    flow: Flow, product: Product, heat: Code, there: int, count: int
) -> tuple[list[Code], int]:
    """Roll ten bundles at a time: their codes and when the last was done."""
    start = open_at(there + 12 * HOUR)
    lot = lot_name(flow, product, start)
    codes = flow.issue(product, start, count, lot)
    made_ms = start
    for at in range(0, count, 10):
        some = codes[at:][:10]
        wire = Amount(heat, round(BUNDLE_T * 1.02 * len(some), 3), "TNE")
        flow.transform(product.maker, made_ms, [wire], some, lot=lot, product=product)
        report = f"urn:guantong:opaque:{lot}-{at // 10 + 1}"
        flow.inspect(product.maker, made_ms + HOUR, some, "conformant", report=report)
        made_ms = open_at(made_ms + 3 * HOUR)
    return codes, made_ms


def _bring(flow: Flow, works: Firm, site: Firm, some: Sequence[Code], at_ms: int) -> int:
    """To a site, in two of five cases by way of a trader; gives when it arrived."""
    seller, leaves = works, open_at(at_ms + 8 * HOUR)
    if flow.dice.chance(0.4):
        seller = flow.dice.pick(flow.world.firms[Role.BAR_TRADER])
        leaves = open_at(flow.move(works, seller, leaves, some) + 30 * HOUR)
    there = flow.move(seller, site, leaves, some)
    flow.inspect(site, there + HOUR, some[:1], "conformant")
    return there


def _cut(flow: Flow, site: Firm, bundle: Code, at_ms: int) -> list[Code]:
    """Cut a bundle, tag what comes off, build most of it in."""
    count = flow.dice.between(2, 4)
    first = flow.mint.take(f"{site.key}/tag", count)
    tags = [site.numbers.asset(f"{number:07d}") for number in range(first, first + count)]
    cut_ms = open_at(at_ms)
    flow.transform(site, cut_ms, [bundle], tags, step="repackaging")
    used = tags[: flow.dice.between(1, count)]
    flow.use(site, open_at(cut_ms + flow.dice.between(4, 200) * HOUR) + 7 * MINUTE, used)
    return tags

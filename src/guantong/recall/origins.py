"""Where does a recall begin? With codes, with what was made in a time, or with what complaints have in common."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from guantong.capture import lots
from guantong.capture.lots import lot_uri
from guantong.capture.model import Event
from guantong.capture.serials import first_of
from guantong.store import EventFilter, Store

BATCH: Final = 1_000
EVENTS_MAX: Final = 50_000
MADE: Final = ("commissioning", "creating_class_instance", "transforming")
LOT_NAMES: Final = frozenset({"lotNumber", "lot", "batch"})


class Cluster(NamedTuple):
    """A lot of which more is complained than chance explains."""

    lot: str
    complaints: int
    made: int
    expected: float
    """Complaints of it, if all lots were alike."""
    surprise: float
    """How unlikely that is: minus log10 of the chance of so many or more."""


def class_of(origin: str) -> str:
    """The product class of an item, range or lot; of what names none its own spelling."""
    return lots.class_of(first_of(origin)) or origin


def made_between(
    store: Store,
    classes: Collection[str],
    since_ms: int,
    until_ms: int,
    *,
    makers: tuple[str, ...] = (),
) -> tuple[list[str], bool]:
    """The lots, and items of no lot, of some classes that were made in a time.

    Args:
        store: What is known.
        classes: Canonical class URIs; empty for all that `makers` made.
        since_ms: From when.
        until_ms: Before when.
        makers: Who recorded it; empty for anybody.

    Returns:
        Origins for a scope, and whether that is all.
    """
    wanted = EventFilter(steps=MADE, parties=makers, time_from_ms=since_ms, time_to_ms=until_ms)
    found: dict[str, None] = {}
    after, events = None, 0
    while batch := store.scan_events(wanted, after=after, limit=BATCH):
        for one in batch:
            found |= dict.fromkeys(_origins_of(one.event, classes))
        events += len(batch)
        if events >= EVENTS_MAX:
            return list(found), False
        after = batch[-1].record_ms, batch[-1].no
    return list(found), True


def _origins_of(event: Event, classes: Collection[str]) -> Iterable[str]:
    lot = _lot_of(event)
    things = (*event.epcs, *event.output_epcs)
    amounts = (*event.quantities, *event.output_quantities)
    for thing in things:
        of_class = lots.class_of(thing)
        if not classes or of_class in classes:
            yield lot_uri(thing, lot) if lot else thing
    for amount in amounts:
        if not classes or lots.class_of(amount.epc_class) in classes:
            yield amount.epc_class


def _lot_of(event: Event) -> str:
    for name, value in event.ilmd.items():
        if name.rpartition("}")[2] in LOT_NAMES and isinstance(value, str):
            return value
    return ""


def clusters(complaints: Mapping[str, int], made: Mapping[str, int]) -> list[Cluster]:
    """Which lots explain complaints best.

    Args:
        complaints: Lot -> how many.
        made: Lot -> how many were made; of all lots, also those nobody complains of.

    Returns:
        Lots with complaints, the most surprising first.

    >>> found = clusters({"A": 9, "B": 1}, {"A": 100, "B": 1000, "C": 900})
    >>> found[0].lot, round(found[0].expected, 1), found[0].surprise > 6
    ('A', 0.5, True)
    """
    total, all_made = sum(complaints.values()), sum(made.values())
    found = []
    for lot, count in complaints.items():
        share = made.get(lot, 0) / all_made if all_made else 0.0
        expected = total * share
        found.append(
            Cluster(lot, count, made.get(lot, 0), expected, _surprise(total, count, share))
        )
    return sorted(found, key=lambda one: (-one.surprise, -one.complaints, one.lot))


def _surprise(total: int, count: int, share: float) -> float:
    """Minus log10 of the binomial chance of `count` or more of `total`."""
    if share <= 0:
        return math.inf
    if share >= 1:
        return 0.0
    logs = [
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(share)
        + (total - k) * math.log1p(-share)
        for k in range(count, total + 1)
    ]
    top = max(logs)
    whole = top + math.log(sum(math.exp(one - top) for one in logs))
    return max(0.0, -whole / math.log(10))


def counted(items: Iterable[str], lot_of: Mapping[str, str]) -> Counter[str]:
    """How many of some items are of each lot."""
    return Counter(lot_of[item] for item in items if lot_of.get(item))

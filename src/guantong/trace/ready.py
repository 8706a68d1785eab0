"""What is known of items from an earlier look, and still so?

What was found out about all items up to some event lies in the store. Of an item it is still so when
nothing came since: no event that names it, or anything it was ever inside of; no withdrawal of
an event that does, no other part of such a transformation; and nothing new about the firms and places
in its life. Whatever else came makes no difference.
"""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

import numpy as np

from guantong.capture.table import CHILD
from guantong.parties.register import FACT_KINDS
from guantong.store.columns import Flag, Ranges, Rows, distinct
from guantong.store.door import Role
from guantong.store.holdings import KeepingStore, Known, Until
from guantong.trace.book import LEVELS_MAX
from guantong.trace.expanse import Ints
from guantong.trace.marks import Marks, Sight, text_mark
from guantong.trace.model import FUTURE_MS, State
from guantong.trace.tally import Whose

NEW_MAX: Final = 100_000
"""Events since that are looked through; if more came, everything is found out anew."""
ROLES: Final = tuple(role.value for role in Role)


class Way(IntEnum):
    """What an item leads to. The numbers are stored: never renumbered."""

    TO = 0
    """To these items: `to` is the first of `size`."""
    OF_EVENT = 1
    """To whatever came of the transformation `to`."""
    HOLDS = 2
    """The event `to` names it as what others are inside of."""


@dataclass(frozen=True, slots=True)
class Since:
    """What came since."""

    touched: Ranges
    """Nothing that is known of these is still so."""
    spoiled: Ranges
    """Of these, not even what came of events before."""
    meaning_else: Ints
    """Events before, of which that is so."""


class Ready:
    """What is known of items in one question."""

    def __init__(self, store: KeepingStore, until: Until) -> None:
        """Use `ready`."""
        self._store = store
        self.until = until

    @cached_property
    def since(self) -> Since:
        """What came since, looked up when it is first asked for."""
        last = self._store.reached.event
        return since(self._store, np.arange(self.until.event + 1, last + 1))

    @cached_property
    def _names(self) -> Marks:
        return new_names(self._store, self.until)

    def of(self, items: Ranges) -> Known:
        """What is known of these items and still so; of the others nothing."""
        known = self._store.holdings(items, self._names)
        return known.of(items.within(known.whole).without(self.since.touched))

    def before(self, lots: Ranges, events: Ints) -> Known:
        """What lots led to up to then, where that is still so of all of them.

        Args:
            lots: Numbers.
            events: All that name them for what is made.

        Returns:
            Nothing at all where it is not so of one.
        """
        known = self._store.holdings(lots, self._names)
        kept = known.of(lots.without(self.since.spoiled))
        spoiled = np.isin(events, self.since.meaning_else).any()
        return known.of(Ranges.none()) if spoiled or kept.whole.size() < lots.size() else kept


def ready(store: KeepingStore, sight: Sight) -> Ready | None:
    """What is known of items, if it bears on this question at all.

    Args:
        store: Within one moment.
        sight: The present, and as of when.

    Returns:
        None when nothing is known, or too much came since, or an earlier time is asked about.
    """
    until, reached = store.holding_until, store.reached
    is_near = 0 < until.event and reached.event - until.event <= NEW_MAX
    if sight.as_of != reached.size or sight.future_ms != FUTURE_MS or not is_near:
        return None
    # Before it was received, an event may still be one of the future.
    return Ready(store, until) if sight.now_ms >= store.recorded_ms(until.event) else None


def counted(known: Known) -> Counter[Whose]:
    """How many of the items each holder has."""
    count = np.bincount(known.runs.holder, weights=known.runs.many, minlength=len(known.holders))
    return Counter(
        {
            (party, State(state), taker): many
            for (party, state, taker), many in zip(
                known.holders, count.astype(np.int64).tolist(), strict=True
            )
            if many
        }
    )


def targets(known: Known) -> tuple[Ranges, Ints]:
    """What the items lead to: items, and events of which everything counts that came of them."""
    ways = known.ways
    direct = ways.kind == Way.TO
    events = distinct(ways.to[ways.kind == Way.OF_EVENT])
    return Ranges.of(ways.to[direct], ways.size[direct]), events


def since(store: KeepingStore, events: Ints) -> Since:
    """What is not known any more for certain since some events came."""
    rows = _rows(store, events)
    earlier = _earlier(store, rows)
    others = _rows(store, earlier)
    spoiled = Ranges.of(others.item, others.count)
    touched = spoiled.joined(Ranges.of(rows.item, rows.count))
    return Since(touched.joined(_contents(store, touched)), spoiled, earlier)


def new_names(store: KeepingStore, until: Until) -> Marks:
    """Marks of firms and places of which something was said after the last look."""
    facts = store.facts_after(until.fact, without=())
    about = [fact for fact in facts if fact.kind in FACT_KINDS]
    names = {name for fact in about for name in (fact.key, *fact.links)}
    return np.array(sorted(map(text_mark, names)), np.uint64)


def _rows(store: KeepingStore, events: Ints) -> Rows:
    return store.rows_of_events(events, ROLES)


def _earlier(store: KeepingStore, rows: Rows) -> Ints:
    """Events that mean something else by what these rows say: withdrawn, or joined by others."""
    declared = distinct(rows.event[(rows.flags & Flag.ERROR) > 0])
    joining = distinct(rows.event[(rows.flags & Flag.JOINED) > 0])
    return np.union1d(store.withdrawn_by(declared), store.joined_events(joining)[1])


def _contents(store: KeepingStore, containers: Ranges) -> Ranges:
    """What was ever said to be inside of these, and of what is inside, up to the last look."""
    found, level = Ranges.none(), containers
    for _ in range(LEVELS_MAX + 1):
        ways = store.holdings(level, np.zeros(0, np.uint64)).ways.of(level)
        rows = store.rows_of_events(distinct(ways.to[ways.kind == Way.HOLDS]), (CHILD,))
        level = Ranges.of(rows.item, rows.count).without(found)
        if not level.size():
            break
        found = found.joined(level)
    return found

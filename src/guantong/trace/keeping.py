"""What is to be known of items, so that a question about many need not read all their rows?

Who has each, by the same reading as that of a scope (`guantong.trace.tally`); what each leads to,
by the same steps (`guantong.trace.downstream`); and the names of firms and places that this rests on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from guantong.capture.table import CHILD, INPUT, OUTPUT, PARENT, ends_of
from guantong.store.columns import Flag, Ranges, Rows, distinct
from guantong.store.holdings import Found, Holder, KeepingStore, Known, Runs, Until, Ways
from guantong.store.numbering import BITS
from guantong.trace.book import LEVELS_MAX
from guantong.trace.downstream import FITTED, Downstream
from guantong.trace.expanse import Around, Ints, Wrappings, within
from guantong.trace.kinds import singles
from guantong.trace.marks import Marks, Sight, text_mark
from guantong.trace.model import FUTURE_MS, FirmOf
from guantong.trace.ready import Way, new_names, ready, since
from guantong.trace.tally import Tally, Whole

EXTENTS_AT_ONCE: Final = 64
EVENTS_AT_ONCE: Final = 50_000
WAYS_MAX: Final = 8
"""Ranges that came of an event up to which each is kept with all that went in."""


class Keepable(Whole, KeepingStore, Protocol):
    """A store that answers in every way."""

    @property
    def extents(self) -> int:
        """How many extents were opened; they are numbered from 1 without a gap."""

    def lots_in(self, items: Ranges) -> Ints:
        """Lots among some items after which something was named when it was made."""

    def lots_of(self, events: Ints, *, after: int) -> Ints:
        """Lots after which something was named in one of these events, or in one after a number."""

    def unkept(self, items: Ranges) -> Ranges:
        """All of those extents of some items of which not everything is known."""

    def resting_on(self, names: Marks) -> Ranges:
        """All of the extents of which what is known rests on one of these names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be found out, so that everything known holds up to here."""

    items: Ranges
    until: Until
    sight: Sight
    """From where it is looked at: what came in time counts for good."""

    def parts(self) -> Iterator[Ranges]:
        """The items, some extents at a time."""
        return parts_of(self.items)


def parts_of(items: Ranges) -> Iterator[Ranges]:
    """Items some extents at a time."""
    size = EXTENTS_AT_ONCE << BITS
    for low in range(0, items.end, size):
        part = Ranges(np.array([low]), np.array([size])).within(items)
        if part.size():
            yield part


def plan(store: Keepable) -> Plan:
    """What is to be found out now, within one moment.

    Args:
        store: Of which nothing may be known yet.

    Returns:
        Everything, or what came after the last time bears on.
    """
    before, reached = store.holding_until, store.reached
    items = _touched(store, before) if before.event else _everything(store)
    recorded_ms = store.recorded_ms(reached.event) if reached.event else 0
    sight = Sight(recorded_ms, FUTURE_MS, reached.size)
    return Plan(items, Until(reached.event, reached.fact), sight)


def _everything(store: Keepable) -> Ranges:
    return Ranges(np.array([1 << BITS]), np.array([store.extents << BITS]))


def doubted(store: Keepable, firm_of: FirmOf) -> Iterator[int]:
    """Extents of which something else is kept, and would be believed now, than what their rows say.

    Args:
        store: Within one moment.
        firm_of: The firm behind a party or place.

    Yields:
        Their numbers.
    """
    reached = store.reached
    now = Sight(store.recorded_ms(reached.event) if reached.event else 0, FUTURE_MS, reached.size)
    if (before := ready(store, now)) is None:
        return
    for part in parts_of(_everything(store)):
        known = before.of(part)
        found = found_out(store, known.whole, now, firm_of).known
        yield from sorted({extent for extent, _ in _facts(known) ^ _facts(found)})


def _facts(known: Known) -> set[tuple[int, tuple[object, ...]]]:
    """What is known of single items, by extent."""
    runs, ways = known.runs, known.ways
    held = {
        (item >> BITS, (item, known.holders[holder]))
        for first, many, holder in zip(*(it.tolist() for it in runs), strict=True)
        for item in range(first, first + many)
    }
    led = {
        (item >> BITS, (item, *way))
        for first, many, *way in zip(*(it.tolist() for it in ways), strict=True)
        for item in range(first, first + many)
    }
    return held | led


def _touched(store: Keepable, before: Until) -> Ranges:
    found = store.resting_on(new_names(store, before))
    last = store.reached.event
    for low in range(before.event + 1, last + 1, EVENTS_AT_ONCE):
        events = np.arange(low, min(low + EVENTS_AT_ONCE, last + 1))
        new = since(store, events)
        lots = store.lots_of(new.meaning_else, after=low - 1)
        found = found.joined(new.touched).joined(Ranges.of_numbers(lots))
    return found.joined(store.unkept(found))


def found_out(store: Keepable, items: Ranges, sight: Sight, firm_of: FirmOf) -> Found:
    """All that is to be known of some items.

    Args:
        store: Where to read.
        items: Of any kind, lots too.
        sight: The present, and as of when.
        firm_of: The firm behind a party or place.

    Returns:
        To be kept. Where containers nest too deep to be followed nobody knows who has the items.
    """
    rows = store.rows_in(items, as_of=sight.as_of)
    own, _ = singles(store, rows)
    wrappings = Wrappings(store, sight.as_of)
    told = Tally(store, sight, firm_of, wrappings).items(own)
    first, count, family = told.made.things
    whole = items if told.made.is_whole else Ranges.none()
    holders: list[Holder] = [(party, state.value, taker) for party, state, taker in told.whose]
    down = Downstream(store, sight, wrappings)
    ways = _ways(down, rows, _named(store, items))
    known = Known(whole, holders, Runs(first, count, told.which[family]), ways)
    return Found(items, known, *_names(store, own, told.made.around))


def _named(store: Keepable, items: Ranges) -> list[tuple[str, int]]:
    lots = store.lots_in(items)
    return [*zip(store.texts(lots), lots.tolist(), strict=True)]


def _ways(down: Downstream, rows: Rows, lots: list[tuple[str, int]]) -> Ways:
    holds = rows.take((rows.role == PARENT) & ((rows.flags & Flag.HAS_CHILDREN) > 0))
    counting = down.counting(rows)
    fitted = counting.take((counting.role == CHILD) & (counting.kind == FITTED))
    put, unit = down.used_with_packing(counting)
    packed = counting.take(put)
    parts = [
        _to_event(holds, Way.HOLDS),
        *_into(down, counting.take(counting.role == INPUT), OUTPUT),
        *_into(down, fitted, PARENT),
        _to(packed, unit, np.ones(len(unit), np.int64)),
        *_labelled(down, lots),
    ]
    return Ways(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _to(rows: Rows, first: Ints, size: Ints) -> Ways:
    return Ways(rows.item, rows.count, np.full(len(rows), Way.TO), first, size)


def _to_event(rows: Rows, way: Way) -> Ways:
    return Ways(
        rows.item, rows.count, np.full(len(rows), way), rows.event, np.ones(len(rows), np.int64)
    )


def _into(down: Downstream, rows: Rows, role: int) -> Iterator[Ways]:
    """What came of the events of some rows: the items, or where they are many, the event."""
    joined = (rows.flags & Flag.JOINED) > 0
    made = down.rows_of(distinct(rows.event[~joined]), role)
    made = made.take(np.argsort(made.event, kind="stable"))
    low = np.searchsorted(made.event, rows.event)
    many = np.searchsorted(made.event, rows.event, "right") - low
    apart = joined | (many > WAYS_MAX)
    yield _to_event(rows.take(apart), Way.OF_EVENT)
    few, low, many = rows.take(~apart), low[~apart], many[~apart]
    at = np.repeat(low, many) + within(many)
    yield _to(few.take(np.repeat(np.arange(len(few)), many)), made.item[at], made.count[at])


def _labelled(down: Downstream, lots: list[tuple[str, int]]) -> Iterator[Ways]:
    """What was made under the name of each lot."""
    for lot, number in lots:
        made = down.made_as([lot])
        ones = np.ones(len(made.first), np.int64)
        yield Ways(ones * number, ones, ones * Way.TO, made.first, made.count)


def _names(store: KeepingStore, own: Rows, outer: Around) -> tuple[Ints, Marks]:
    """Pairs: an item, and the mark of a name in its life or in that of others beside it."""
    inside = outer.named(own)
    pairs = [np.stack((own.item[inside >= 0], inside[inside >= 0]))]
    around = np.stack((outer.rows.item, outer.named(outer.rows)))
    around = np.unique(around[:, around[1] >= 0], axis=1)
    for _ in range(LEVELS_MAX):
        level = np.unique(pairs[-1], axis=1)
        low = np.searchsorted(around[0], level[1])
        many = np.searchsorted(around[0], level[1], "right") - low
        at = np.repeat(low, many) + within(many)
        if not len(at):
            break
        pairs.append(np.stack((np.repeat(level[0], many), around[1][at])))
    item, container = np.unique(np.concatenate(pairs, axis=1), axis=1)
    order = np.argsort(outer.rows.item, kind="stable")
    low = np.searchsorted(outer.rows.item[order], container)
    many = np.searchsorted(outer.rows.item[order], container, "right") - low
    at = order[np.repeat(low, many) + within(many)]
    items = np.concatenate((own.item, np.repeat(item, many)))
    by = np.concatenate((own.by, outer.rows.by[at]))
    ends = np.concatenate((own.ends, outer.rows.ends[at]))
    return _marked(store, items, by, ends)


def _marked(store: KeepingStore, items: Ints, by: Ints, ends: Ints) -> tuple[Ints, Marks]:
    told, which = np.unique(np.stack((by, ends)), axis=1, return_inverse=True)
    some = np.unique(np.stack((items >> BITS << BITS, which.reshape(-1))), axis=1)
    items, which = some[0], some[1]
    marks = [_name_marks(store.term(one), store.term(two)) for one, two in told.T.tolist()]
    many = np.array([len(some) for some in marks], np.int64)
    flat = np.array([mark for some in marks for mark in some], np.uint64)
    starts = np.cumsum(many) - many
    at = np.repeat(starts[which], many[which]) + within(many[which])
    return np.repeat(items, many[which]), flat[at]


def _name_marks(by: str, ends: str) -> list[int]:
    named = (typed.value for some in ends_of(ends) for typed in some)
    return [text_mark(name) for name in {by, *named}]

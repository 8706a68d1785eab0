"""What went into the world from these lots or items, and who has it now?

The scope of a recall: forward from what is bad, through cutting, assembly and packing, to every
single item and lot that came of it, with their present holders in numbers. It is computed here
and nowhere else, as sets of ranges: no step of the way costs anything per item. Of many items
what was found out before is taken as far as it is still so (`guantong.trace.ready`).

What a walk of `trace` reaches downstream is in the scope. The scope may hold more where a walk
reads windows: what became of an assembly after the bad part was emptied out of it unsaid.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from guantong.capture.table import CHILD, INPUT, OUTPUT, PARENT
from guantong.store.columns import Ranges, Rows, Span, distinct
from guantong.store.holdings import KeepingStore, Known, joined
from guantong.trace.downstream import FITTED, PACKED, Downstream
from guantong.trace.expanse import Wrappings
from guantong.trace.kinds import logistic_units, parted
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS, Balance, FirmOf, NodeKind, State, itself
from guantong.trace.names import is_many
from guantong.trace.names import kind_of as node_kind
from guantong.trace.ready import Ready, counted, ready, targets
from guantong.trace.tally import Tally, Whole, Whose

HOPS_MAX: Final = 50
ITEMS_MAX: Final = 50_000_000
"""Items in a scope."""
LOTS_MAX: Final = 10_000
"""Lots in a scope: their balances are read one by one."""
READY_MIN: Final = 200
"""Items, or events of lots, from which on what was found out before is looked for."""


class Stop(StrEnum):
    """Why a scope is not all of it."""

    HOPS = "hops"
    SIZE = "size"
    TIME = "time"
    DEPTH = "depth"
    """Containers nest too deep to be followed."""


class Account(StrEnum):
    """Where single items are; each is in one place, so the numbers add up to what was made."""

    HELD = "held"
    IN_TRANSIT = "in_transit"
    SOLD = "sold"
    CONSUMED = "consumed"
    """Used up; what was made of it is in the scope itself."""
    DESTROYED = "destroyed"
    UNKNOWN = "unknown"


ACCOUNTS: Final = {
    State.IN_STOCK: Account.HELD,
    State.RETURNED: Account.HELD,
    State.INSTALLED: Account.HELD,
    State.IN_TRANSIT: Account.IN_TRANSIT,
    State.SOLD: Account.SOLD,
    State.CONSUMED: Account.CONSUMED,
    State.SCRAPPED: Account.DESTROYED,
    State.RETIRED: Account.DESTROYED,
}
"""Every other state is `Account.UNKNOWN`."""


@dataclass(frozen=True, slots=True)
class Held:
    """So many single items are with somebody, in one state."""

    party: str
    """Firm; in transit who sent them; "" when unknown, or with consumers."""
    region: str
    """Of the firm, "" when unknown."""
    state: State
    taker: str
    """In transit: whom they are for."""
    count: int


@dataclass(frozen=True, slots=True)
class LotBalance:
    """How much of a lot somebody has. Nobody knows which of its pieces."""

    lot: str
    region: str
    balance: Balance


@dataclass(frozen=True, slots=True)
class Scope:
    """What came of some lots or items."""

    origins: tuple[str, ...]
    items: Ranges
    """All single items, as numbers of one index."""
    spans: Callable[[], list[Span]]
    """The same as they are told outside."""
    lots: tuple[str, ...]
    held: tuple[Held, ...]
    """The most first."""
    amounts: tuple[LotBalance, ...]
    hops: int
    """Steps that were walked."""
    stops: tuple[Stop, ...]
    as_of: int
    """Ledger size it rests on."""

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.stops

    @property
    def made(self) -> int:
        """Single items that came to be."""
        return sum(held.count for held in self.held)

    def account(self) -> dict[Account, int]:
        """Where they are: adds up to `made`."""
        counted = Counter(dict.fromkeys(Account, 0))
        for held in self.held:
            counted[ACCOUNTS.get(held.state, Account.UNKNOWN)] += held.count
        return dict(counted)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a scope is followed."""

    hops: int = HOPS_MAX
    items: int = ITEMS_MAX
    late: Callable[[], bool] = lambda: False
    """Whether it takes too long."""


EVERYTHING: Final = Bounds()


def closure(
    store: Whole,
    origins: Sequence[str],
    *,
    now_ms: int,
    as_of: int | None = None,
    firm_of: FirmOf = itself,
    region_of: Callable[[str], str] = lambda _: "",
    bounds: Bounds = EVERYTHING,
    future_ms: int = FUTURE_MS,
    kept: KeepingStore | None = None,
) -> Scope:
    """Everything downstream of some origins, with its present holders.

    Args:
        store: Where to read.
        origins: Canonical URIs of items, logistic units or lots.
        now_ms: The present.
        as_of: Ledger size, None for everything.
        firm_of: The firm behind a party or place.
        region_of: The region of a firm, "" when unknown.
        bounds: How far to go.
        future_ms: How far ahead of its receipt an event may be dated and still count.
        kept: The same store, where what was found out before may be used: then `firm_of` is that
            of everything filed so far.

    Returns:
        The scope; where `complete` is false more may have come of the origins.
    """
    size = store.projected_size if as_of is None else min(as_of, store.projected_size)
    sight = Sight(now_ms, future_ms, size)
    wrappings = Wrappings(store, size)
    walk = Walk(store, Downstream(store, sight, wrappings), sight, bounds)
    walk.ready = ready(kept, sight) if kept is not None else None
    walk.go(origins)
    tally = Tally(store, sight, firm_of, wrappings, bounds.late)
    told = tally.items(walk.rows())
    if not told.made.is_whole:
        walk.stops.add(Stop.DEPTH)
    balances = tally.lots(tuple(walk.lots))
    if tally.is_cut:
        walk.stops.add(Stop.TIME)
    return Scope(
        origins=tuple(origins),
        items=walk.items,
        spans=lambda: store.spans(walk.items),
        lots=tuple(walk.lots),
        held=held_of(told.counted() + counted(joined(walk.known)), region_of),
        amounts=amounts_of(balances, region_of),
        hops=walk.hops,
        stops=tuple(sorted(walk.stops)),
        as_of=size,
    )


def held_of(counts: Counter[Whose], region_of: Callable[[str], str]) -> tuple[Held, ...]:
    """Who has how many, the most first."""
    held = [
        Held(party, region_of(party) if party else "", state, taker, count)
        for (party, state, taker), count in counts.items()
    ]
    return tuple(sorted(held, key=lambda one: (-one.count, one.party, one.state, one.taker)))


def amounts_of(
    balances: Iterable[tuple[str, Balance]], region_of: Callable[[str], str]
) -> tuple[LotBalance, ...]:
    """Balances of lots with the region of who has them."""
    return tuple(
        LotBalance(lot, region_of(one.party) if one.party else "", one) for lot, one in balances
    )


def who(held: Iterable[Held], amounts: Iterable[LotBalance]) -> dict[str, object]:
    """Holders and balances as plain values, the members of ``guantong scope --json``."""
    return {
        "held": [
            {
                "party": one.party,
                "region": one.region,
                "state": one.state.value,
                "taker": one.taker,
                "count": one.count,
            }
            for one in held
        ],
        "amounts": [
            {
                "lot": one.lot,
                "party": one.balance.party,
                "region": one.region,
                "state": one.balance.state.value,
                "uom": one.balance.uom,
                "quantity": one.balance.quantity,
                "exact": one.balance.exact,
            }
            for one in amounts
        ],
    }


class Labels(Protocol):
    """Items that belong to lots because their codes were issued as of them."""

    @property
    def all(self) -> bool:
        """Whether none was left out."""

    def items(self, lots: Iterable[str]) -> list[str]:
        """Those of lots not asked for before, as far as they stand in any event."""


def with_labelled(
    ask: Callable[[Sequence[str]], Scope],
    origins: Sequence[str],
    begun: Iterable[str],
    labels: Labels,
) -> Scope:
    """A scope with what was issued as of its lots, and whatever came of that.

    Args:
        ask: Gives the scope of items and lots.
        origins: What it is told to be the scope of.
        begun: The same one by one, for `ask`.
        labels: Finds what was issued as of a lot.

    Returns:
        The scope.
    """
    asked = [*begun, *labels.items(origins)]
    while True:
        scope = ask(asked)
        more = labels.items(scope.lots)
        if not more:
            stops = scope.stops if labels.all else (*scope.stops, Stop.SIZE)
            return replace(scope, origins=tuple(origins), stops=tuple(dict.fromkeys(stops)))
        asked += more


@dataclass(slots=True)
class Walk:
    """Goes from sets to the sets that came of them."""

    store: Whole
    down: Downstream
    sight: Sight
    bounds: Bounds
    items: Ranges = field(default_factory=Ranges.none)
    lots: dict[str, None] = field(default_factory=dict)
    hops: int = 0
    stops: set[Stop] = field(default_factory=set)
    noted: Known = field(default_factory=lambda: joined(()))
    """What was found out before of the items that were not looked at yet."""
    known: list[Known] = field(default_factory=list)
    """The same of those whose rows need not be read."""
    told: list[Rows] = field(default_factory=lambda: [Rows.none()])
    """Rows of the others, each read once."""
    left: Ranges = field(default_factory=Ranges.none)
    """Items that were not looked at yet."""
    unpacked: Ranges = field(default_factory=Ranges.none)
    """Logistic units whose content counts."""
    ready: Ready | None = None

    def go(self, origins: Sequence[str]) -> None:
        """Walk until nothing new comes up, or a bound is reached."""
        numbers = self.store.numbers(origins)
        units = [node_kind(origin) is NodeKind.CONTAINER for origin in origins]
        known = numbers >= 0
        self.unpacked = Ranges.of_numbers(numbers[known & np.array(units, np.bool_)])
        lots = [origin for origin in origins if is_many(origin)]
        self.lots = dict.fromkeys(lots)
        many = np.array([is_many(origin) for origin in origins], np.bool_)
        begun = Ranges.of_numbers(distinct(numbers[known & ~many]))
        rows = self._read(begun)
        self.items = self.left = Ranges.of(rows.item, rows.count)  # others come to be later
        while self.left.size() or lots:
            if self.hops >= self.bounds.hops:
                self.stops.add(Stop.HOPS)
                return
            if self.bounds.late():
                self.stops.add(Stop.TIME)
                return
            self.hops += 1
            lots = self._admit(self._found(lots))

    def rows(self) -> Rows:
        """All rows of the items of which nothing is known."""
        self._look()
        return Rows.joined(self.told)

    def _look(self) -> tuple[Known, Rows]:
        """What is known of the items that were not looked at yet, and rows of the others."""
        known = self.noted
        if self.unpacked.size():
            known = known.of(self.left.without(self.unpacked))
        self.known.append(known)
        rows = self._read(self.left.without(known.whole))
        self.told.append(rows)
        self.left = Ranges.none()
        return known, rows

    def _read(self, items: Ranges) -> Rows:
        return self.store.rows_in(items, as_of=self.sight.as_of)

    def _found(self, lots: Sequence[str]) -> Ranges:
        """What is one step downstream of what was found last."""
        known, rows = self._look()
        before, amounts, after = self._of_lots(lots)
        rows = self.down.counting(Rows.joined((rows, amounts)))
        direct, events = targets(joined((known, before)))
        events = np.concatenate((events, rows.event[rows.role == INPUT]))
        fitted = rows.event[(rows.role == CHILD) & (rows.kind == FITTED)]
        found = [
            self.down.of_events(events, OUTPUT, joined=True),
            self.down.of_events(fitted, PARENT),
            Ranges.of_numbers(distinct(self.down.used_with_packing(rows)[1])),
            self._contents(rows),
            self.down.made_as(lots, after=after),
        ]
        for some in found:
            direct = direct.joined(some)
        return direct

    def _of_lots(self, lots: Sequence[str]) -> tuple[Known, Rows, int]:
        """What is known of lots up to some event, and their rows after it; and that event."""
        numbers = self.store.numbers(lots)
        some = Ranges.of_numbers(distinct(numbers[numbers >= 0]))
        rows = self._read(some)
        if self.ready is None:
            return joined(()), rows, 0
        events = self.store.lot_events(lots, as_of=self.sight.as_of)[1]
        if len(rows) + len(events) < READY_MIN:
            return joined(()), rows, 0
        known, until = self.ready.before(some, events), self.ready.until.event
        if not known.whole.size():
            return known, rows, 0
        return known, rows.take(rows.event > until), until

    def _admit(self, found: Ranges) -> list[str]:
        """Keep what is new of it: single items and units, and lots, which both are followed.

        Returns:
            The new lots.
        """
        new = found.without(self.items)
        is_large = new.size() >= READY_MIN
        self.noted = self.ready.of(new) if self.ready and is_large else joined(())
        held = Ranges.of(self.noted.runs.first, self.noted.runs.many)
        single, many = parted(self.store, new.without(held))
        single = single.joined(held)
        if self.items.size() + single.size() > self.bounds.items:
            single = single.cut(self.bounds.items - self.items.size())
            self.stops.add(Stop.SIZE)
        if many or single.size() < new.size():
            self.noted = self.noted.of(single)
        self.items, self.left = self.items.joined(single), single
        lots = [lot for lot in many if lot not in self.lots]
        if len(self.lots) + len(lots) > LOTS_MAX:
            lots = lots[: LOTS_MAX - len(self.lots)]
            self.stops.add(Stop.SIZE)
        self.lots |= dict.fromkeys(lots)
        return lots

    def _contents(self, rows: Rows) -> Ranges:
        """What was ever put into the logistic units one began with."""
        if not self.unpacked.size():
            return Ranges.none()
        is_parent = (rows.role == PARENT) & ((rows.kind == PACKED) | (rows.kind == FITTED))
        chosen = is_parent & self.unpacked.holds(rows.item)
        inner = self.down.of_events(rows.event[chosen], CHILD)
        self.unpacked = self.unpacked.joined(logistic_units(self.store, inner))
        return inner

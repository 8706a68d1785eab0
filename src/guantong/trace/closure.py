"""What went into the world from these lots or items, and who has it now?

The scope of a recall: forward from what is bad, through cutting, assembly and packing, to every
single item and lot that came of it, with their present holders in numbers. It is computed here
and nowhere else, as sets of ranges: no step of the way costs anything per item.

What a walk of `trace` reaches downstream is in the scope. The scope may hold more where a walk
reads windows: what became of an assembly after the bad part was emptied out of it unsaid.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import numpy as np

from guantong.capture.lots import class_of
from guantong.capture.model import Action, EventType
from guantong.capture.serials import spell
from guantong.capture.table import CHILD, EPC, INPUT, OUTPUT, PARENT, action_of, kind_of, type_of
from guantong.store.columns import ColumnStore, Ranges, Rows, Span, distinct
from guantong.store.door import Role, Store
from guantong.store.recent import Recent
from guantong.trace import expanse
from guantong.trace.book import Book
from guantong.trace.containment import BONDS
from guantong.trace.custody import custody
from guantong.trace.effect import Effect, effect_by
from guantong.trace.expanse import Bools, Ints, Wrappings
from guantong.trace.families import Families, families
from guantong.trace.life import lives
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS, Balance, FirmOf, Life, NodeKind, State, itself
from guantong.trace.names import LOGISTIC_UNIT, is_many
from guantong.trace.names import kind_of as node_kind

HOPS_MAX: Final = 50
ITEMS_MAX: Final = 50_000_000
"""Items in a scope."""
LOTS_MAX: Final = 10_000
"""Lots in a scope: their balances are read one by one."""
SHAPES_AT_ONCE: Final = 500
"""Lives read together."""
SHAPES_KNOWN: Final = 50_000
"""Shapes remembered in one half of a memory."""
SERIALISED: Final = ("/21/", LOGISTIC_UNIT)
"""How URIs begin, up to a serial: whatever it is, it is one item."""
STATES: Final = tuple(State)
FITTED: Final = kind_of(EventType.ASSOCIATION, Action.ADD)
PACKED: Final = kind_of(EventType.AGGREGATION, Action.ADD)


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


class Whole(Store, ColumnStore, Protocol):
    """A store that answers item by item and in columns."""


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

    Returns:
        The scope; where `complete` is false more may have come of the origins.
    """
    size = store.projected_size if as_of is None else min(as_of, store.projected_size)
    sight = Sight(now_ms, future_ms, size)
    wrappings = Wrappings(store, size)
    walk = _Walk(store, sight, bounds, wrappings)
    walk.go(origins)
    tally = _Tally(store, sight, firm_of, region_of, bounds, wrappings)
    held = tally.items(walk.rows())
    amounts = tally.lots(tuple(walk.lots))
    return Scope(
        origins=tuple(origins),
        items=walk.items,
        spans=lambda: store.spans(walk.items),
        lots=tuple(walk.lots),
        held=held,
        amounts=amounts,
        hops=walk.hops,
        stops=tuple(sorted(walk.stops | tally.stops)),
        as_of=size,
    )


@dataclass(slots=True)
class _Walk:
    """Goes from sets to the sets that came of them."""

    store: Whole
    sight: Sight
    bounds: Bounds
    wrappings: Wrappings
    items: Ranges = field(default_factory=Ranges.none)
    lots: dict[str, None] = field(default_factory=dict)
    hops: int = 0
    stops: set[Stop] = field(default_factory=set)
    told: list[Rows] = field(default_factory=lambda: [Rows.none()])
    """Rows of items, each read once."""
    left: Ranges = field(default_factory=Ranges.none)
    """Items whose rows were not read yet."""
    unpacked: Ranges = field(default_factory=Ranges.none)
    """Logistic units whose content counts."""

    def go(self, origins: Sequence[str]) -> None:
        """Walk until nothing new comes up, or a bound is reached."""
        numbers = self.store.numbers(origins)
        units = [node_kind(origin) is NodeKind.CONTAINER for origin in origins]
        known = numbers >= 0
        self.unpacked = Ranges.of_numbers(numbers[known & np.array(units, np.bool_)])
        lots = [origin for origin in origins if is_many(origin)]
        self.lots = dict.fromkeys(lots)
        many = np.array([is_many(origin) for origin in origins], np.bool_)
        self.left = Ranges.of_numbers(distinct(numbers[known & ~many]))
        rows = self._own()
        self.items = self.left = Ranges.of(rows.item, rows.count)  # others come to be later
        self.told = [Rows.none()]
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
        """All rows of the items."""
        self._own()
        return Rows.joined(self.told)

    def _own(self) -> Rows:
        """Rows of the items that were not read yet."""
        rows = self.store.rows_in(self.left, as_of=self.sight.as_of)
        self.told.append(rows)
        self.left = Ranges.none()
        return rows

    def _found(self, lots: Sequence[str]) -> Ranges:
        """What is one step downstream of what was found last."""
        numbers = self.store.numbers(lots)
        many = Ranges.of_numbers(distinct(numbers[numbers >= 0]))
        amounts = self.store.rows_in(many, as_of=self.sight.as_of)
        rows = self._counting(Rows.joined((self._own(), amounts)))
        found = [
            self._of_events(rows.event[rows.role == INPUT], OUTPUT, joined=True),
            self._of_events(rows.event[(rows.role == CHILD) & (rows.kind == FITTED)], PARENT),
            self._used_with_packing(rows),
            self._contents(rows),
            self._made_as(lots),
        ]
        whole = Ranges.none()
        for some in found:
            whole = whole.joined(some)
        return whole

    def _admit(self, found: Ranges) -> list[str]:
        """Keep what is new of it: single items and units, and lots, which both are followed.

        Returns:
            The new lots.
        """
        single, many = self._by_kind(found)
        single = single.without(self.items)
        if self.items.size() + single.size() > self.bounds.items:
            single = single.cut(self.bounds.items - self.items.size())
            self.stops.add(Stop.SIZE)
        self.items, self.left = self.items.joined(single), single
        lots = [lot for lot in many if lot not in self.lots]
        if len(self.lots) + len(lots) > LOTS_MAX:
            lots = lots[: LOTS_MAX - len(self.lots)]
            self.stops.add(Stop.SIZE)
        self.lots |= dict.fromkeys(lots)
        return lots

    def _by_kind(self, found: Ranges) -> tuple[Ranges, list[str]]:
        """Ranges of single items, and the URIs of lots and classes."""
        heads: dict[str, bool] = {}
        spans = [span for span in self.store.spans(found) if _is_many(span, heads)]
        many = [text for span in spans for text in texts_of(span)]
        return found.without(self._numbered(spans)), many

    def _numbered(self, spans: Sequence[Span]) -> Ranges:
        """The items of a few spans as numbers."""
        texts = [text for span in spans for text in texts_of(span)]
        return Ranges.of_numbers(self.store.numbers(texts))

    def _counting(self, rows: Rows) -> Rows:
        """Rows of events that were not withdrawn, nor are of the future."""
        latest = np.minimum(rows.record_ms, self.sight.now_ms) + self.sight.future_ms
        gone = np.isin(rows.event, self.store.withdrawn_events(rows))
        return rows.take(~gone & (rows.time_ms <= latest))

    def _of_events(self, events: Ints, role: int, *, joined: bool = False) -> Ranges:
        """Items in one role of some events, or of those of the same transformation."""
        events = distinct(events)
        if joined and len(events):
            events = np.union1d(events, self.store.joined_events(events, as_of=self.sight.as_of)[1])
        rows = self.store.rows_of_events(events, (role,), as_of=self.sight.as_of)
        rows = self._counting(rows)
        return Ranges.of(rows.item, rows.count)

    def _used_with_packing(self, rows: Rows) -> Ranges:
        """Containers that were used up while these items were inside: as a whole."""
        put = rows.event[(rows.role == CHILD) & (rows.kind == PACKED)]
        named = self.wrappings.naming(rows)
        named = named.take(np.isin(named.event, put))
        if not len(named):
            return Ranges.none()
        units, which = np.unique(named.item, return_inverse=True)
        since = np.full(len(units), np.iinfo(np.int64).max)
        np.minimum.at(since, which, named.time_ms)
        rows = self._counting(self.wrappings.rows_of(Ranges.of_numbers(units)))
        used = expanse.single(rows.take(rows.role == INPUT))
        at = rows.time_ms[rows.role == INPUT][used.row]
        after = at >= since[np.searchsorted(units, used.first[used.thing])]
        return Ranges.of_numbers(distinct(used.first[used.thing[after]]))

    def _contents(self, rows: Rows) -> Ranges:
        """What was ever put into the logistic units one began with."""
        if not self.unpacked.size():
            return Ranges.none()
        is_parent = (rows.role == PARENT) & ((rows.kind == PACKED) | (rows.kind == FITTED))
        chosen = is_parent & self.unpacked.holds(rows.item)
        inner = self._of_events(rows.event[chosen], CHILD)
        spans = self.store.spans(inner)
        units = [span for span in spans if node_kind(_example(span)) is NodeKind.CONTAINER]
        self.unpacked = self.unpacked.joined(self._numbered(units))
        return inner

    def _made_as(self, lots: Sequence[str]) -> Ranges:
        """Items whose making names one of these lots."""
        if not lots:
            return Ranges.none()
        place, event = self.store.lot_events(lots, as_of=self.sight.as_of)
        found = Ranges.none()
        for of_class, mine in _by_class(lots, place):
            rows = self.store.rows_of_events(
                distinct(event[mine]), (EPC, OUTPUT), as_of=self.sight.as_of
            )
            rows = self._counting(rows)
            rows = rows.take(self._is_birth(rows))
            found = found.joined(self._of_class(Ranges.of(rows.item, rows.count), of_class))
        return found

    def _of_class(self, found: Ranges, of_class: str) -> Ranges:
        """Items of one class."""
        spans = self.store.spans(found)
        others = [span for span in spans if class_of(_example(span)) != of_class]
        return found.without(self._numbered(others))

    def _is_birth(self, rows: Rows) -> Bools:
        """Whether an event brings the item of its row into being."""
        key = np.stack((rows.role, rows.kind, rows.step, rows.disposition), axis=1)
        unique, which = np.unique(key, axis=0, return_inverse=True)
        births = [self._bears(*said) for said in unique.tolist()]
        return np.array(births, np.bool_)[which.reshape(-1)]

    def _bears(self, role: int, kind: int, step: int, disposition: int) -> bool:
        if type_of(kind) in BONDS:
            return False
        said = self.store.term(step), self.store.term(disposition)
        effect = effect_by(type_of(kind), action_of(kind), *said, Role(role))
        return effect is Effect.BIRTH


def _by_class(lots: Sequence[str], place: Ints) -> Iterator[tuple[str, Ints]]:
    """Classes of lots with the positions in `place` that are of them."""
    classes = [class_of(lot) for lot in lots]
    for name in sorted(set(classes)):
        mine = [at for at, of_class in enumerate(classes) if of_class == name]
        chosen = np.flatnonzero(np.isin(place, mine))
        if len(chosen):
            yield name, chosen


def _is_many(span: Span, heads: dict[str, bool]) -> bool:
    """Whether a span is of lots or classes; `heads` remembers it of what stands before a serial."""
    before = span.head[: span.head.rfind("/") + 1]
    if not before.endswith(SERIALISED):
        return is_many(_example(span))
    if before not in heads:
        heads[before] = is_many(_example(span))
    return heads[before]


def _example(span: Span) -> str:
    """The first item of a span."""
    return span.head if span.first < 0 else spell(span.head, span.width, span.first)


def texts_of(span: Span) -> list[str]:
    """All items of a span."""
    if span.first < 0:
        return [span.head]
    return [spell(span.head, span.width, serial) for serial in range(span.first, span.last + 1)]


class _Holds(NamedTuple):
    """Who has the items of one shape."""

    party: int
    """Place among the firms of each family, -1 for nobody."""
    state: int
    """Place in `STATES`."""
    taker: int
    """As `party`."""


_UNREAD: Final = _Holds(-1, STATES.index(State.UNKNOWN), -1)
_KNOWN: Final[Recent[int, _Holds]] = Recent(SHAPES_KNOWN)
"""By the mark of a shape, which says all that custody looks at: it holds for ever."""


def _counted(made: Families, holds: Sequence[_Holds]) -> Iterator[tuple[str, State, str, int]]:
    """Holder, state, taker, and how many items."""
    places = np.array(holds, np.int64).reshape(-1, 3)[made.shape]
    party, taker = made.named(places[:, 0]), made.named(places[:, 2])
    key = (party * len(STATES) + places[:, 1]) * len(made.names) + taker
    unique, which = np.unique(key, return_inverse=True)
    counts = np.bincount(which, weights=made.size, minlength=len(unique)).astype(np.int64)
    for one, count in zip(unique.tolist(), counts.tolist(), strict=True):
        rest, taker_at = divmod(one, len(made.names))
        party_at, state = divmod(rest, len(STATES))
        yield made.names[party_at], STATES[state], made.names[taker_at], count


@dataclass(slots=True)
class _Tally:
    """Counts who has what."""

    store: Whole
    sight: Sight
    firm_of: FirmOf
    region_of: Callable[[str], str]
    bounds: Bounds
    wrappings: Wrappings
    stops: set[Stop] = field(default_factory=set)

    def items(self, rows: Rows) -> tuple[Held, ...]:
        """Holders of single items, of which these are all rows."""
        made = families(self.store, rows, self.sight, self.firm_of, self.wrappings)
        if not made.is_whole:
            self.stops.add(Stop.DEPTH)
        held = [
            Held(party, self.region_of(party) if party else "", state, taker, count)
            for party, state, taker, count in _counted(made, self._holds(made))
        ]
        return tuple(sorted(held, key=lambda one: (-one.count, one.party, one.state, one.taker)))

    def _holds(self, made: Families) -> list[_Holds]:
        """Who has the items of each shape."""
        marks = made.mark.tolist()
        found = [_KNOWN.get(mark) if mark else None for mark in marks]
        unread = [at for at, holds in enumerate(found) if holds is None]
        for low in range(0, len(unread), SHAPES_AT_ONCE):
            if low and self.bounds.late():
                self.stops.add(Stop.TIME)
                break
            part = unread[low : low + SHAPES_AT_ONCE]
            for at, holds in zip(part, self._read(made, made.shapes[part]), strict=True):
                found[at] = holds
                if marks[at]:
                    _KNOWN.put(marks[at], holds)
        return [_UNREAD if holds is None else holds for holds in found]

    def _read(self, made: Families, stands: Ints) -> list[_Holds]:
        """The same, read off the lives of these families."""
        examples = self.store.texts(made.example[stands])
        read = lives(self._book(), examples)
        firms = [made.firms(family) for family in stands.tolist()]
        return [self._held(read[one], named) for one, named in zip(examples, firms, strict=True)]

    def _held(self, life: Life, firms: list[str]) -> _Holds:
        held = custody(life, firm_of=self.firm_of).holder
        party, taker = self._firm(held.party), self._firm(held.taker)
        return _Holds(
            firms.index(party) if party else -1,
            STATES.index(held.state),
            firms.index(taker) if taker else -1,
        )

    def _firm(self, party: str) -> str:
        return self.firm_of(party) if party else ""

    def _book(self) -> Book:
        now_ms, future_ms, as_of = self.sight.now_ms, self.sight.future_ms, self.sight.as_of
        return Book(self.store, now_ms=now_ms, as_of=as_of, future_ms=future_ms)

    def lots(self, lots: Sequence[str]) -> tuple[LotBalance, ...]:
        """Balances of lots."""
        read = lives(self._book(), lots)
        return tuple(
            LotBalance(lot, self.region_of(balance.party) if balance.party else "", balance)
            for lot in lots
            for balance in custody(read[lot], firm_of=self.firm_of).balances
        )

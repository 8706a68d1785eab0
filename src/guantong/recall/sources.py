"""Which products hang on one supplier? From what was built into what, and who the parts came from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from guantong.capture.lots import class_of
from guantong.capture.model import Action, EventType
from guantong.store import EventFilter, Happening, Store, Stored
from guantong.trace.book import withdrawn
from guantong.trace.effect import Effect, effect_of
from guantong.trace.hands import end_of
from guantong.trace.model import FirmOf

EVENTS_MAX: Final = 50_000
"""Events by which something is built, read for one answer."""
AT_ONCE: Final = 1_000
ASSEMBLING: Final = "assembling"
TYPES: Final = (
    EventType.ASSOCIATION.value,
    EventType.TRANSFORMATION.value,
    EventType.AGGREGATION.value,
)

Sees = Callable[[Stored], bool]


class Supplier(NamedTuple):
    """Who a part came from, and how much of it."""

    party: str
    """"" for whom the reader may not know, or nobody recorded."""
    amount: float
    """Pieces, or what lots are counted in."""
    share: float
    """Of the parts of this class in this product, 0 to 1."""


class Source(NamedTuple):
    """Where the parts of one class in one product come from."""

    product: str
    """Canonical URI of the class."""
    component: str
    suppliers: tuple[Supplier, ...]
    """The most first."""

    @property
    def single(self) -> str:
        """The one supplier, "" when there are several or not all are known."""
        return self.suppliers[0].party if len(self.suppliers) == 1 else ""


class Supply(NamedTuple):
    """What hangs on whom."""

    sources: tuple[Source, ...]
    events: int
    """By which something was built, that were read."""
    is_whole: bool
    """Whether there were no more."""

    def stopped_by(self, party: str) -> tuple[str, ...]:
        """The products that could not be made without a supplier, and what those are built into."""
        stopped = {one.product for one in self.sources if one.single == party}
        while True:
            more = {one.product for one in self.sources if one.component in stopped} - stopped
            if not more:
                return tuple(sorted(stopped))
            stopped |= more


def supply_of(
    store: Store,
    *,
    sees: Sees,
    firm_of: FirmOf,
    is_wanted: Callable[[str], bool],
    since_ms: int,
    until_ms: int,
) -> Supply:
    """Who the parts of products come from, by what was built in a time.

    Args:
        store: What is known.
        sees: Whether the reader may see an event.
        firm_of: The firm behind a party or place.
        is_wanted: Whether a product class is asked about.
        since_ms: From when, by event time.
        until_ms: Before when.

    Returns:
        Products and their components, in the order of their codes.
    """
    wanted = EventFilter(types=TYPES, time_from_ms=since_ms, time_to_ms=until_ms)
    tally: dict[tuple[str, str], dict[str, float]] = {}
    gone = {_id(one) for batch in _read(store, wanted) for one in batch if one.event.error}
    events, last = 0, None
    for batch in _read(store, wanted):
        built = [one for one in batch if sees(one) and _is_building(one) and _id(one) not in gone]
        _count(store, built, tally, sees=sees, firm_of=firm_of, is_wanted=is_wanted)
        events, last = events + len(batch), batch[-1]
    after = (last.record_ms, last.no) if last else None
    more = store.scan_events(wanted, after=after, limit=1)
    return Supply(_sources(tally), events, is_whole=not more)


def _read(store: Store, wanted: EventFilter) -> Iterator[list[Stored]]:
    """Events in the order in which they came, as many as are read for one answer."""
    events, after = 0, None
    while events < EVENTS_MAX and (batch := store.scan_events(wanted, after=after, limit=AT_ONCE)):
        events, after = events + len(batch), (batch[-1].record_ms, batch[-1].no)
        yield batch


def _id(stored: Stored) -> tuple[str, str]:
    """What an error declaration takes back: an event of the same id and party."""
    return stored.by, stored.event.id


def _is_building(stored: Stored) -> bool:
    """Whether parts go into something: not taken out, not packed."""
    event = stored.event
    if event.type is EventType.TRANSFORMATION:
        return True
    is_fitting = event.type is EventType.ASSOCIATION or event.step == ASSEMBLING
    return is_fitting and event.action is Action.ADD


def _count(
    store: Store,
    built: Sequence[Stored],
    tally: dict[tuple[str, str], dict[str, float]],
    *,
    sees: Sees,
    firm_of: FirmOf,
    is_wanted: Callable[[str], bool],
) -> None:
    asked = [(one, products) for one in built if (products := set(filter(is_wanted, _into(one))))]
    rows = store.rows_of({part for one, _ in asked for part, _ in _parts(one)}, used=False)
    for stored, products in asked:
        builder = firm_of(stored.by)
        for part, amount in _parts(stored):
            known = _counting(rows.get(part, ()), sees)
            supplier = _supplier(known, stored, builder, firm_of)
            for product in products:
                counts = tally.setdefault((product, class_of(part)), {})
                counts[supplier] = counts.get(supplier, 0.0) + amount


def _counting(rows: Sequence[Happening], sees: Sees) -> list[Happening]:
    """What the reader may see of what happened to a part and was not withdrawn."""
    gone = withdrawn(row.stored for row in rows)
    return [row for row in rows if row.stored.no not in gone and sees(row.stored)]


def _into(stored: Stored) -> Iterator[str]:
    """The classes of what an event builds."""
    event = stored.event
    made = (event.parent, *event.output_epcs, *(one.epc_class for one in event.output_quantities))
    return filter(None, map(class_of, filter(None, made)))


def _parts(stored: Stored) -> Iterator[tuple[str, float]]:
    """What goes in, and how much of it; only what is of a class."""
    event = stored.event
    for part in (*event.child_epcs, *event.input_epcs):
        if class_of(part):
            yield part, 1.0
    for amount in (*event.child_quantities, *event.input_quantities):
        if class_of(amount.epc_class):
            yield amount.epc_class, amount.quantity or 0.0


def _supplier(rows: Iterable[Happening], built: Stored, builder: str, firm_of: FirmOf) -> str:
    """Who last sent a part to who built it in, else who made it; "" when neither is known."""
    sender = maker = ""
    for row in rows:
        if row.stored.event.time_ms > built.event.time_ms:
            break
        effect = effect_of(row.stored, row.role)
        if effect is Effect.BIRTH:
            maker = maker or firm_of(row.stored.by)
        elif effect in {Effect.SEND, Effect.RECEIVE}:
            sender = _giver(row.stored, effect, builder, firm_of) or sender
    return sender or maker


def _giver(stored: Stored, effect: Effect, builder: str, firm_of: FirmOf) -> str:
    """Who gave, when it was to who built."""
    by = firm_of(stored.by)
    giver = end_of(stored.event.sources, firm_of).party or (by if effect is Effect.SEND else "")
    taker = end_of(stored.event.destinations, firm_of).party
    taker = taker or (by if effect is Effect.RECEIVE else builder)
    return giver if taker == builder and giver != builder else ""


def _sources(tally: Mapping[tuple[str, str], Mapping[str, float]]) -> tuple[Source, ...]:
    found = []
    for (product, component), counts in sorted(tally.items()):
        total = sum(counts.values()) or 1.0
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        suppliers = tuple(Supplier(party, count, count / total) for party, count in ordered)
        found.append(Source(product, component, suppliers))
    return tuple(found)

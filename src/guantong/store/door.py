"""What may be asked of a store, and what goes in: values and one Protocol.

Every reading takes `as_of`, a ledger size: only what stood in the ledger's first `as_of`
entries counts. None means everything projected so far.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import Final, Protocol

import msgspec

from guantong.capture.model import Event
from guantong.capture.table import EventTable
from guantong.errors import Refusal


class Fault(StrEnum):
    """Why the store refused. Part of the public API: never renamed."""

    GAP = "store.gap"
    """A document was handed over out of ledger order."""
    VERSION = "store.version"
    """The index file was written by another version: rebuild it."""
    UNREADABLE = "store.unreadable"
    """The index file is none, or can not be opened: rebuild it."""
    STOPPED = "store.stopped"
    """The index could not be written, as on a full disk; what was accepted is in the ledger."""
    FOREIGN = "store.foreign"
    """The index was made from another ledger: rebuild it."""
    HELD = "store.held"
    """Another process writes this index: there is one writer at a time."""
    ENGINE = "store.engine"
    """The index is to lie in PostgreSQL, and the package that speaks to it is not installed."""


class StoreError(Refusal):
    """The index can not do what was asked; the ledger is untouched."""


class Role(IntEnum):
    """How an item takes part in an event. The numbers are stored: never renumbered."""

    EPC = 0
    PARENT = 1
    CHILD = 2
    INPUT = 3
    OUTPUT = 4


class Spread(msgspec.Struct, frozen=True):
    """Serials of a class are a permutation of 0, 1, 2 …, so that nobody can guess one."""

    head: str
    """What all URIs of the class begin with, up to the serial."""
    digits: int
    """Of a serial, leading zeros included."""
    key: bytes
    """Of the permutation (`guantong.identify.ff1`)."""


VOCABULARY: Final = "vocabulary"
"""Field of a fact that came as an element of an EPCIS vocabulary: which one."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something said about a firm, place, product, certificate, code range, hold or role.

    Facts are never overwritten: a later one about the same key stands beside it, and the
    reader decides by `since`, `until` and the ledger order.
    """

    kind: str
    """``firm``, ``place``, ``product``, ``certificate``, ``code_range``, ``hold``, …"""
    key: str
    """Canonical identifier of what it is about."""
    fields: dict[str, object] = {}
    """What is said."""
    since: str = ""
    """First day it holds (ISO), "" from the start."""
    until: str = ""
    """Last day it holds (ISO), "" open."""
    links: tuple[str, ...] = ()
    """Canonical identifiers it must also be found by (a certificate's products, a firm's places)."""
    spread: Spread | None = None
    """How the serials of a class are written. It holds a key: shown to nobody."""
    by: str = ""
    """The party who said it; filled in by the store's reader."""
    entry: int = -1
    """Ledger index it came with; filled in by the store's reader."""
    received_ms: int = 0
    """When it was received; filled in by the store's reader."""


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger entry, ready for the index."""

    entry: int
    """Its ledger index."""
    by: str
    """The submitting party."""
    received_ms: int
    """Record time of all its events."""
    events: tuple[Event, ...] = ()
    """Accepted events, ids filled in, in document order."""
    positions: tuple[int, ...] = ()
    """Index of each event in the document; empty means 0, 1, 2 …"""
    facts: tuple[Fact, ...] = ()
    """What it says about firms, products and the like."""
    table: EventTable | None = None
    """The events as columns, instead of `events`."""

    def size(self) -> int:
        """How many events."""
        return len(self.events) if self.table is None else len(self.table)

    def as_table(self) -> EventTable:
        """The events as columns."""
        return EventTable.of(self.events) if self.table is None else self.table

    def as_events(self) -> tuple[Event, ...]:
        """The events one by one."""
        return self.events if self.table is None else self.table.events()


class Stored(msgspec.Struct, frozen=True):
    """One event as the store holds it."""

    no: int
    """Number in order of commitment; orders arrivals, never leaves this index."""
    entry: int
    """Ledger index of its document."""
    position: int
    """Index of the event in its document."""
    by: str
    """The capturing party."""
    record_ms: int
    """Record time."""
    event: Event


class Happening(msgspec.Struct, frozen=True):
    """One row: this item took part in that event, so."""

    item: str
    """Canonical URI."""
    role: Role
    quantity: float | None
    """For class-level items; None for a serialised one or an unknown amount."""
    uom: str
    stored: Stored


class Near(msgspec.Struct, frozen=True):
    """Whose events: an event passes by one name, of those who may be in it, for which this holds."""

    party: Callable[[str], bool]
    """Of the capturing party, and of sources and destinations."""
    place: Callable[[str], bool] | None = None
    """Of read point and business location; None when no place lets an event pass."""


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to scan; empty members do not restrict, members AND, values OR."""

    types: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    """Read point or business location."""
    ids: tuple[str, ...] = ()
    """Event ids."""
    transformation_ids: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    """Capturing parties."""
    time_from_ms: int | None = None
    """Event time, inclusive."""
    time_to_ms: int | None = None
    """Event time, exclusive."""
    mentions: tuple[tuple[str, ...], ...] = ()
    """For each: one of these is the name of a member, or the whole of a text, among the sources,
    destinations and all that no other member of this filter asks about. Others may be let through."""
    near: Near | None = None
    """Others may be let through."""


class Filed(Protocol):
    """What a question about firms, places and products asks of a store."""

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""


class Histories(Protocol):
    """What a walk asks of a store, or of several that answer as one."""

    @property
    def projected_size(self) -> int:
        """How many ledger entries are in the index."""

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None, used: bool = True
    ) -> Mapping[str, list[Happening]]:
        """`history` of many items at once; items without any have no key.

        Without `used` the rows in role INPUT are left out: a lot may have many thousands of them.
        """

    def inputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role INPUT or CHILD."""

    def outputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role OUTPUT or PARENT."""

    def scan_events(
        self,
        wanted: EventFilter,
        *,
        after: tuple[int, int] | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> list[Stored]:
        """Events by (record time, number), from just after the key `after`, at most `limit`."""

    def items_of(
        self, class_uri: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[str]:
        """Items and lots of a class seen in any event, in text order from just after `after`."""


class Store(Histories, Filed, Protocol):
    """The door. One writer, any number of readers, each reader on its own handle."""

    def append(self, documents: Sequence[Indexed]) -> None:
        """Index these entries in one transaction, together with the new `projected_size`."""

    def history(self, item: str, *, as_of: int | None = None) -> list[Happening]:
        """Every part an item took in an event, by event time, arrival breaking ties."""

    def scan_facts(
        self, kind: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""

    def fact_kinds(self) -> list[str]:
        """Kinds of which there are facts, in text order."""

    def known_ids(self, by: str, ids: Collection[str]) -> set[str]:
        """Which of these event ids this party has already captured."""

    def known_among(self, wanted: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """As `known_ids` for several parties at once."""

    def counts(self) -> dict[str, int]:
        """``entries``, ``events``, ``rows``, ``facts`` in the index."""

    def compact(self) -> None:
        """Spend time now so that later reading is cheaper; changes no answer."""

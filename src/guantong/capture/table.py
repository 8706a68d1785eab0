"""What do the events of a document say, as columns?

The same as a tuple of `Event`, in the shape in which events travel from the process that read
them to the one that stores them: numbers in arrays, each text once, consecutive items as one
run. `EventTable.of` makes it of events, `EventTable.events` gives the same events back.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, Self, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.capture.code_lines import Ints
from guantong.capture.model import Action, ErrorDeclaration, Event, EventType, Quantity, Typed
from guantong.capture.serials import WHOLE, spell, split

TYPES: Final = tuple(EventType)
ACTIONS: Final[tuple[Action | None, ...]] = (None, *Action)

EPC, PARENT, CHILD, INPUT, OUTPUT = range(5)
"""Roles, as `guantong.store.door.Role` numbers them."""


class Rest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What few events say, or what nobody searches by."""

    transactions: tuple[Typed, ...] = ()
    persistent_set: tuple[str, ...] = ()
    persistent_unset: tuple[str, ...] = ()
    certification: tuple[str, ...] = ()
    sensors: list[dict[str, object]] = []
    ilmd: dict[str, object] = {}
    error: ErrorDeclaration | None = None
    read_point_extensions: dict[str, object] = {}
    biz_location_extensions: dict[str, object] = {}
    extensions: dict[str, object] = {}


REST_FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Rest))
_rest_bytes = msgspec.msgpack.Encoder().encode
rest_of: Final = msgspec.msgpack.Decoder(Rest).decode
"""Reads what `EventTable.rests` holds; b"" is `Rest()`, and is not passed here."""
_NO_REST: Final = _rest_bytes(Rest())

Ends: TypeAlias = tuple[tuple[Typed, ...], tuple[Typed, ...]]
"""Sources and destinations."""
_ends_bytes = msgspec.json.Encoder().encode
_ends_of = msgspec.json.Decoder(Ends).decode


def ends_text(sources: tuple[Typed, ...], destinations: tuple[Typed, ...]) -> str:
    """Sources and destinations as one text; "" when there are none."""
    return _ends_bytes((sources, destinations)).decode() if sources or destinations else ""


def ends_of(text: str) -> Ends:
    """The sources and destinations of such a text."""
    return _ends_of(text) if text else ((), ())


def kind_of(event_type: EventType, action: Action | None) -> int:
    """Type and action in one small number. Stored: never renumbered."""
    return TYPES.index(event_type) * 4 + ACTIONS.index(action)


def type_of(kind: int) -> EventType:
    """The type in such a number."""
    return TYPES[kind >> 2]


def action_of(kind: int) -> Action | None:
    """The action in such a number."""
    return ACTIONS[kind & 3]


COLUMNS: Final = (
    *("time_ms", "kind", "offset", "step", "disposition", "read_point", "biz_location"),
    *("ends", "rest"),
)
TERMS: Final = ("offset", "step", "disposition", "read_point", "biz_location", "ends")
_KINDS: Final = {(t, a): kind_of(t, a) for t in TYPES for a in ACTIONS}


class Head(NamedTuple):
    """A class of items with consecutive serials; see `guantong.capture.serials`."""

    text: str
    width: int


@dataclass(frozen=True, slots=True)
class Runs:
    """Which items take part, one row for consecutive ones, in the order of the events.

    Within an event rows stand by role, single items before amounts, each in its list's order.
    """

    event: Ints
    """Position of the event in the table, never falling."""
    role: Ints
    head: Ints
    """Position in `EventTable.heads`."""
    first: Ints
    """First serial; 0 where the head is the whole text."""
    count: Ints
    """How many consecutive serials, 1 for an amount."""
    measured: NDArray[np.bool_]
    """Whether it is an amount of a class (a quantity element) and no single item."""
    quantity: NDArray[np.float64]
    """The amount; NaN when it is no amount, or an unknown one."""
    uom: Ints
    """Term: the unit, 0 for pieces."""

    def __len__(self) -> int:
        return len(self.event)


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events as columns. A term is a position in `terms`; 0 is ""."""

    terms: tuple[str, ...]
    """Each text once; the first is ""."""
    heads: tuple[Head, ...]
    time_ms: Ints
    kind: Ints
    """`kind_of`."""
    offset: Ints
    """Term."""
    step: Ints
    """Term."""
    disposition: Ints
    """Term."""
    read_point: Ints
    """Term."""
    biz_location: Ints
    """Term."""
    ends: Ints
    """Term: `ends_text`."""
    ids: tuple[str, ...]
    """Event ids."""
    transformation: tuple[str, ...]
    """transformationID of each event, or empty when no event has one."""
    rest: Ints
    """Position in `rests`."""
    rests: tuple[bytes, ...]
    """`Rest` in MessagePack, each once; the first is b"" for nothing."""
    runs: Runs

    def __len__(self) -> int:
        return len(self.time_ms)

    @classmethod
    def of(cls, events: Sequence[Event]) -> Self:
        """The table of some events."""
        growing = Growing()
        for event in events:
            growing.append(event)
        return cls(**growing.members())  # type: ignore[arg-type]

    def events(self) -> tuple[Event, ...]:
        """The events again."""
        lists = lists_of(self)
        return tuple(event_of(self, at, parts) for at, parts in enumerate(lists))

    def part(self, start: int, stop: int) -> tuple[Event, ...]:
        """The events from a position up to another."""
        begin, end = np.searchsorted(self.runs.event, (start, stop)).tolist()
        lists = _lists_of(self, start, max(stop - start, 0), slice(begin, end))
        return tuple(event_of(self, at, parts) for at, parts in enumerate(lists, start))

    def with_ids(self, ids: Sequence[str]) -> "EventTable":
        """The same events under these ids."""
        members = {name: getattr(self, name) for name in EventTable.__slots__}
        return EventTable(**(members | {"ids": tuple(ids)}))


class Numbers(dict[str, int]):
    """Gives each text a number, in order of first sight."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


class Saying(NamedTuple):
    """What an event says beside its time, its id and its items."""

    kind: int
    terms: tuple[str, ...]
    """In the order of the columns."""
    rest: bytes


def saying_of(event: Event) -> Saying:
    """What an event says, in texts."""
    rest = _rest_bytes(Rest(*[getattr(event, name) for name in REST_FIELDS]))
    terms = (
        event.offset,
        event.step,
        event.disposition,
        event.read_point,
        event.biz_location,
        ends_text(event.sources, event.destinations),
    )
    return Saying(_KINDS[event.type, event.action], terms, b"" if rest == _NO_REST else rest)


class Heads(dict[tuple[str, int], int]):
    """Gives each class a number, in order of first sight; its keys are heads."""

    def __missing__(self, key: tuple[str, int]) -> int:
        self[Head(*key)] = number = len(self)
        return number


Row: TypeAlias = tuple[int, ...]
"""The columns of one event, as `COLUMNS` names them."""
Run: TypeAlias = tuple[int, int, int, int, int, bool, float, int]
"""A row of `Runs`."""


class Maker:
    """Turns events into columns."""

    def __init__(self) -> None:
        """With nothing in it."""
        self.terms = Numbers({"": 0})
        """Number of each text."""
        self.rests: dict[bytes, int] = {b"": 0}
        self.heads = Heads()
        """Number of each class."""
        self.runs: list[Run] = []
        """Who takes part, as far as events or amounts were added."""

    def members(self, columns: Iterable[Ints]) -> dict[str, object]:
        """The columns under their names, and what their numbers stand for."""
        return dict(zip(COLUMNS, columns, strict=True)) | self.texts()

    def texts(self) -> dict[str, object]:
        """What numbers stand for."""
        return {
            "terms": tuple(self.terms),
            "heads": tuple(self.heads),
            "rests": tuple(self.rests),
        }

    def row(self, event: Event) -> tuple[int, ...]:
        """What an event says beside its time, its id and its items: the columns from `kind` on."""
        return self.said(saying_of(event))

    def said(self, saying: Saying) -> tuple[int, ...]:
        """The same of what it says."""
        kind, terms, rest = saying
        numbers = [self.terms[text] for text in terms]
        return kind, *numbers, self.rests.setdefault(rest, len(self.rests))

    def items(self, at: int, event: Event) -> None:
        """Add the runs of the event at a position."""
        self._things(at, EPC, event.epcs, event.quantities)
        if event.parent:
            self._things(at, PARENT, (event.parent,), ())
        self._things(at, CHILD, event.child_epcs, event.child_quantities)
        self._things(at, INPUT, event.input_epcs, event.input_quantities)
        self._things(at, OUTPUT, event.output_epcs, event.output_quantities)

    def _things(self, at: int, role: int, epcs: Sequence[str], amounts: Sequence[Quantity]) -> None:
        for head, first, count in self._consecutive(epcs):
            self.runs.append((at, role, head, first, count, False, math.nan, 0))
        for amount in amounts:
            self.amount(at, role, amount)

    def amount(self, at: int, role: int, amount: Quantity) -> None:
        """Add an amount of a class."""
        text, width, serial = split(amount.epc_class)
        much = math.nan if amount.quantity is None else float(amount.quantity)
        uom = self.terms[amount.uom]
        self.runs.append((at, role, self._head(text, width), serial, 1, True, much, uom))

    def _consecutive(self, epcs: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """Head, first serial and count of each run in the list."""
        head, first, count = -1, 0, 0
        for epc in epcs:
            text, width, serial = split(epc)
            number = self._head(text, width)
            if number == head and serial == first + count and width != WHOLE:
                count += 1
                continue
            if count:
                yield head, first, count
            head, first, count = number, serial, 1
        if count:
            yield head, first, count

    def _head(self, text: str, width: int) -> int:
        return self.heads[text, width]


def rows_of(*columns: Sequence[int]) -> Ints:
    """Columns of one length as rows; one flat list is what numpy reads quickest."""
    flat = np.array([number for column in columns for number in column], np.int64)
    return flat.reshape(len(columns), -1) if len(flat) else flat.reshape(len(columns), 0)


def runs_of(rows: Sequence[Run]) -> Runs:
    """Rows as columns."""
    *whole, measured, quantity, uom = tuple(zip(*rows, strict=True)) or ((),) * 8
    event, role, head, first, count, unit = rows_of(*whole, uom)
    amounts = np.array(quantity, np.float64)
    return Runs(event, role, head, first, count, np.array(measured, np.bool_), amounts, unit)


Told: TypeAlias = Callable[[int], None]
"""Hears how many events of a document were read."""


class Growing:
    """A table that is not finished: takes event after event and keeps their columns alone."""

    def __init__(self, told: Told | None = None) -> None:
        """With nothing in it.

        Args:
            told: Hears now and then how many events there are.
        """
        self._told = told
        self._maker = Maker()
        self._rows: list[Row] = []
        self._ids: list[str] = []
        self._joined: list[str] = []
        self._parts: list[Runs] = []

    def append(self, event: Event) -> None:
        """Take the event that follows."""
        self._maker.items(len(self._ids), event)
        self._rows.append((event.time_ms, *self._maker.row(event)))
        self._ids.append(event.id)
        self._joined.append(event.transformation_id)
        if len(self._ids) % PART == 0:
            self._close()
            if self._told is not None:
                self._told(len(self._ids))

    def members(self) -> dict[str, object]:
        """The columns of an `EventTable`."""
        self._close()
        columns = np.array(self._rows, np.int64).reshape(-1, len(COLUMNS)).T
        return self._maker.members(columns) | {
            "ids": tuple(self._ids),
            "transformation": tuple(self._joined) if any(self._joined) else (),
            "runs": joined(self._parts),
        }

    def table(self) -> EventTable:
        """The events so far."""
        return EventTable(**self.members())  # type: ignore[arg-type]

    def _close(self) -> None:
        """Keep what was gathered of items as columns."""
        self._parts.append(runs_of(self._maker.runs))
        self._maker.runs.clear()


def joined(parts: Sequence[Runs]) -> Runs:
    """Runs of events that follow each other."""
    if len(parts) == 1:
        return parts[0]
    columns = [[getattr(part, name) for part in parts] for name in Runs.__slots__]
    return Runs(*map(np.concatenate, columns)) if parts else runs_of([])


Lists: TypeAlias = dict[int, tuple[list[str], list[Quantity]]]
"""By role: single items and amounts."""


PART: Final = 2_000
"""Events whose things are spelled out at once."""


def lists_of(table: EventTable) -> Iterator[Lists]:
    """For each event, what its runs say; spelled out part by part, to save memory.

    Yields:
        As many as there are events.
    """
    bounds = np.arange(0, len(table) + PART, PART)
    at = np.searchsorted(table.runs.event, bounds).tolist()
    for number, (begin, end) in enumerate(pairwise(at)):
        first = number * PART
        yield from _lists_of(table, first, min(PART, len(table) - first), slice(begin, end))


def _lists_of(table: EventTable, start: int, size: int, part: slice) -> list[Lists]:
    """The same of some events, whose runs are a part of all."""
    lists: list[Lists] = [{} for _ in range(size)]
    columns = [getattr(table.runs, name)[part].tolist() for name in Runs.__slots__]
    rows = zip(*columns, strict=True)
    for event, role, head, first, count, measured, quantity, uom in rows:
        items, amounts = lists[event - start].setdefault(role, ([], []))
        text, width = table.heads[head]
        if measured:
            much = None if math.isnan(quantity) else quantity
            amounts.append(Quantity(spell(text, width, first), much, table.terms[uom]))
        elif width == 0:
            items += [f"{text}{serial}" for serial in range(first, first + count)]
        else:
            items += [spell(text, width, serial) for serial in range(first, first + count)]
    return lists


_FIELDS: Final = (
    (EPC, "epcs", "quantities"),
    (CHILD, "child_epcs", "child_quantities"),
    (INPUT, "input_epcs", "input_quantities"),
    (OUTPUT, "output_epcs", "output_quantities"),
)


def event_of(table: EventTable, at: int, parts: Lists) -> Event:
    """The event at a position, with these things."""
    members: dict[str, object] = {}
    raw = table.rests[table.rest[at]]
    if raw:
        rest = rest_of(raw)
        members = {name: getattr(rest, name) for name in REST_FIELDS}
    for role, items, amounts in _FIELDS:
        if role in parts:
            members[items], members[amounts] = tuple(parts[role][0]), tuple(parts[role][1])

    def term(column: Ints) -> str:
        return table.terms[int(column[at])]

    sources, destinations = ends_of(term(table.ends))
    kind = int(table.kind[at])
    return Event(
        type=type_of(kind),
        action=action_of(kind),
        time_ms=int(table.time_ms[at]),
        offset=term(table.offset),
        id=table.ids[at],
        step=term(table.step),
        disposition=term(table.disposition),
        read_point=term(table.read_point),
        biz_location=term(table.biz_location),
        parent=parts[PARENT][0][0] if PARENT in parts else "",
        transformation_id=table.transformation[at] if table.transformation else "",
        sources=sources,
        destinations=destinations,
        **members,  # type: ignore[arg-type]
    )

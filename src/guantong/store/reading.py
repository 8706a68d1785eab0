"""What stands in the index about some items or events?

The newest rows lie in `hot`, the others in blocks; both are read in one transaction, so that a
row on its way from one to the other is seen once. What was decoded is kept: a segment or block
of one name never changes.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isnan
from operator import itemgetter
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from guantong.capture.model import Event, Quantity
from guantong.capture.serials import spell
from guantong.capture.table import (
    CHILD,
    EPC,
    INPUT,
    OUTPUT,
    PARENT,
    REST_FIELDS,
    action_of,
    ends_of,
    rest_of,
    type_of,
)
from guantong.errors import fault
from guantong.store import block as blocks
from guantong.store.block import EVENT_COLUMNS, Block
from guantong.store.columns import Ranges, Rows, distinct
from guantong.store.directory import RUN_BITS, RUNS_MAX, Directory, Hot
from guantong.store.door import Fault, Happening, Role, Stored, StoreError
from guantong.store.engine import Handle, bound
from guantong.store.numbering import BITS, MASK, Numbering
from guantong.store.room import part_of
from guantong.store.segment import EventRow, Segment, decode
from guantong.store.terms import Terms

Ints: TypeAlias = NDArray[np.int64]

SEGMENTS_KEPT: Final = 256
"""Decoded segments in memory, 120 KB each and more for the columns that were made."""
BLOCKS_KEPT: Final = 1_024
"""Decoded blocks in memory, 5 KB each and more for the columns that were made."""
AT_ONCE: Final = 256
"""Extents whose blocks are asked for at once."""
FEW: Final = 4
"""Extents up to which each is asked for by itself."""
EVENTS_KEPT: Final = 16_384
"""Events in memory."""

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """What was used last; the least used one is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is kept under a key."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> V:
        """Keep a value."""
        self._known[key] = value
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()


class Reader:
    """Reads one index; every call within the caller's transaction."""

    def __init__(self, db: Handle, terms: Terms, numbering: Numbering) -> None:
        self._db = db
        self._terms = terms
        self._numbering = numbering
        self._segments: Kept[tuple[int, int], Segment] = Kept(part_of(SEGMENTS_KEPT))
        self._blocks: Kept[int, Block] = Kept(part_of(BLOCKS_KEPT))
        self._events: Kept[int, Stored] = Kept(part_of(EVENTS_KEPT))
        self.directory = Directory(db)

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        for kept in (self._segments, self._blocks, self._events):
            kept.clear()
        self.directory.forget()

    def text(self, term: int) -> str:
        """The text of a term."""
        return self._terms.text(term)

    # Events

    def segment_of(self, event: int) -> Segment:
        """The segment in which an event lies."""
        return self.segment(*self.directory.segment_of(event))

    def segment(self, first: int, n: int) -> Segment:
        """A segment by the number of its first event and its size."""
        known = self._segments.get((first, n))
        if known is None:
            (data,) = self._db.execute(
                "SELECT data FROM segment WHERE first = ?", (first,)
            ).fetchone()
            with _sound(f"segment {first}"):
                known = self._segments.put((first, n), decode(first, data))
        return known

    def stored(self, event: int) -> Stored:
        """One event."""
        known = self._events.get(event)
        if known is None:
            segment = self.segment_of(event)
            known = self._events.put(event, self.build(segment, event - segment.first))
        return known

    def build(self, segment: Segment, row: int) -> Stored:
        """The event of a row of a segment."""
        said = segment.events.row(row)
        return Stored(
            segment.first + row,
            said.entry,
            said.position,
            self._terms.text(said.by),
            said.record_ms,
            self._event(segment, row, said),
        )

    def _event(self, segment: Segment, row: int, said: EventRow) -> Event:
        text = self._terms.text
        members: dict[str, object] = {}
        raw = segment.rests[said.rest]
        if raw:
            rest = rest_of(raw)
            members = {name: getattr(rest, name) for name in REST_FIELDS}
        for role, items, amounts in self._lists(segment, row):
            single, measured = _LISTS[role]
            if role == PARENT:
                members["parent"] = items[0]
            else:
                members[single], members[measured] = tuple(items), tuple(amounts)
        sources, destinations = ends_of(text(said.ends))
        return Event(
            type=type_of(said.kind),
            action=action_of(said.kind),
            time_ms=said.time_ms,
            offset=text(said.offset),
            id=segment.ids[row],
            step=text(said.step),
            disposition=text(said.disposition),
            read_point=text(said.read_point),
            biz_location=text(said.biz_location),
            transformation_id=segment.joined.get(row, ""),
            sources=sources,
            destinations=destinations,
            **members,  # type: ignore[arg-type]
        )

    def _lists(
        self, segment: Segment, row: int, roles: Collection[int] | None = None
    ) -> Iterator[tuple[int, list[str], list[Quantity]]]:
        """By role: single items and amounts of an event; of all roles, or some."""
        low, high = int(segment.starts[row]), int(segment.starts[row + 1])
        found: dict[int, tuple[list[str], list[Quantity]]] = {}
        for role, texts, amount in self._things(segment, low, high, roles):
            items, amounts = found.setdefault(role, ([], []))
            if amount is None:
                items += texts
            else:
                amounts.append(amount)
        yield from ((role, *lists) for role, lists in found.items())

    def _things(
        self, segment: Segment, low: int, high: int, roles: Collection[int] | None
    ) -> Iterator[tuple[int, list[str], Quantity | None]]:
        """Role and items of each run of an event, or its amount."""
        rows = segment.runs.rows(low, high)
        if roles is not None:
            rows = [row for row in rows if row[0] in roles]
        things = self._numbering.spelled(np.array([row[1] for row in rows], np.int64))
        for (role, number, count, unit, bits), (head, width, serial) in zip(
            rows, things, strict=True
        ):
            if unit:
                quantity = _double(bits)
                much = None if isnan(quantity) else quantity
                uom = self._terms.text(unit - 1)
                yield role, [], Quantity(spell(head, width, serial), much, uom)
            elif count == 1:
                yield role, [spell(head, width, serial)], None
            else:
                yield role, self._numbering.run(number, count), None

    def rows_of_event(self, stored: Stored, roles: Collection[int]) -> list[Happening]:
        """The parts items took in an event, in some roles."""
        segment = self.segment_of(stored.no)
        row = stored.no - segment.first
        found: list[Happening] = []
        for role, items, amounts in self._lists(segment, row, roles):
            found += [Happening(item, Role(role), None, "", stored) for item in items]
            found += [
                Happening(some.epc_class, Role(role), some.quantity, some.uom, stored)
                for some in amounts
            ]
        return found

    def event_columns(self, events: Ints) -> dict[str, Ints]:
        """`EVENT_COLUMNS` of events, in the order given."""
        unique, where = np.unique(events, return_inverse=True)
        made = {name: np.empty(len(unique), np.int64) for name in EVENT_COLUMNS}
        for segment, low, high in self._segments_of(unique):
            rows = unique[low:high] - segment.first
            for name, column in made.items():
                column[low:high] = (
                    unique[low:high] if name == "event" else getattr(segment.events, name)[rows]
                )
        return {name: column[where] for name, column in made.items()}

    def _segments_of(self, events: Ints) -> Iterator[tuple[Segment, int, int]]:
        """Segments of sorted events, each with the positions of its own."""
        low = 0
        while low < len(events):
            segment = self.segment_of(int(events[low]))
            high = int(np.searchsorted(events, segment.first + len(segment)))
            yield segment, low, high
            low = high

    # Items

    def history(
        self, number: int, item: str, as_of: int | None, *, used: bool = True
    ) -> list[Happening]:
        """Every part one item took in an event, in order; with or without role INPUT."""
        before = bound(as_of)
        found = []
        for event, role, measured, seq, quantity, unit in self._item_rows(number):
            if role == INPUT and not used:
                continue
            stored = self.stored(event)
            if stored.entry < before:
                much = None if not measured or np.isnan(quantity) else quantity
                uom = self._terms.text(unit - 1) if measured else ""
                order = (stored.event.time_ms, event, role, measured, seq)
                found.append((order, Happening(item, _ROLES[role], much, uom, stored)))
        if len(found) > 1:
            found.sort(key=itemgetter(0))
        return [happening for _, happening in found]

    def is_in_after(self, number: int, event: int) -> bool:
        """Whether one item takes part in an event with a greater number."""
        return any(row[0] > event for row in self._item_rows(number))

    def _item_rows(self, number: int) -> list[tuple[int, int, bool, int, float, int]]:
        """Event, role, whether it is an amount, place in its list, amount and unit of each row."""
        extent, within = number >> BITS, number & MASK
        found = [
            (event, role, unit > 0, seq, _double(bits) if unit else 0.0, unit)
            for _, _, event, role, seq, bits, unit in self._hot_of(extent, number)
        ]
        for held in self.blocks_of(extent):
            first = held.rows["item"]
            high = int(first.searchsorted(within, "right"))
            chosen = (first[:high] + held.rows["count"][:high] > within).nonzero()[0]
            if len(chosen):
                found += _rows_at(held, chosen)
        return found

    def _hot_of(self, extent: int, number: int) -> list[Hot]:
        known = self.directory.hot_of(extent)
        if known is not None:
            return [row for row in known if row[0] <= number < row[0] + row[1]]
        sql = (
            "SELECT item, count, event, role, seq, quantity, unit FROM hot "
            "WHERE item BETWEEN ? AND ? AND item + count > ?"
        )
        return self._db.execute(sql, (extent << BITS, number, number)).fetchall()

    def blocks_of(self, extent: int) -> list[Block]:
        """The runs of one extent's history."""
        return [
            self._block(key, generation) for key, generation in self.directory.blocks_of(extent)
        ]

    def _block(self, key: int, generation: int) -> Block:
        known = self._blocks.get(generation)
        if known is None:
            (data,) = self._db.execute("SELECT data FROM block WHERE key = ?", (key,)).fetchone()
            known = self._decoded(key, generation, data)
        return known

    def _decoded(self, key: int, generation: int, data: bytes) -> Block:
        with _sound(f"block {key}"):
            return self._blocks.put(generation, blocks.decode(data))

    def _many_blocks(self, extents: Sequence[int]) -> dict[int, list[Block]]:
        """The same of many extents, asked for at once."""
        if len(extents) < FEW:
            return {extent: self.blocks_of(extent) for extent in extents}
        keys = [extent << RUN_BITS | run for extent in extents for run in range(RUNS_MAX)]
        named = sorted(self._db.among("SELECT key, generation FROM block WHERE key IN ({})", keys))
        known = {key: self._blocks.get(generation) for key, generation in named}
        new = [key for key, held in known.items() if held is None]
        data: dict[int, bytes] = dict(
            self._db.among("SELECT key, data FROM block WHERE key IN ({})", new)
        )
        found: dict[int, list[Block]] = {}
        for key, generation in named:
            held = known[key]
            if held is None:
                held = self._decoded(key, generation, data[key])
            found.setdefault(key >> RUN_BITS, []).append(held)
        return found

    def rows_in(self, ranges: Ranges, as_of: int | None) -> Rows:
        """All rows of a set of items, cut to it."""
        parts = [*self._block_rows(ranges), *self._hot_rows(ranges)]
        parts = [part for part in parts if len(part["item"])]
        if not parts:
            return Rows.none()
        return _until(parts, as_of)

    def _block_rows(self, ranges: Ranges) -> Iterator[dict[str, Ints]]:
        wanted = list(_by_extent(ranges))
        for low in range(0, len(wanted), AT_ONCE):
            part = wanted[low : low + AT_ONCE]
            found = self._many_blocks([extent for extent, *_ in part])
            for extent, first, last in part:
                for held in found.get(extent, ()):
                    rows = cut_to(held.rows, first, last)
                    if rows is None:
                        columns = held.columns()
                    else:
                        at = rows.pop("at")
                        columns = rows | {k: v[held.at[at]] for k, v in held.events.items()}
                    yield columns | {"item": columns["item"] + (extent << BITS)}

    def _hot_rows(self, ranges: Ranges) -> Iterator[dict[str, Ints]]:
        sql = (
            "SELECT item, count, event, role, unit, quantity FROM hot "
            "WHERE item BETWEEN ? AND ? AND item + count > ? ORDER BY item"
        )
        last = ranges.first + ranges.count - 1
        for low, high in _stretches(ranges.first >> BITS, last >> BITS):
            first, end = ranges.first[low:high], last[low:high]
            values = (int(first[0]) >> BITS << BITS, int(end[-1]), int(first[0]))
            found = self._db.execute(sql, values).fetchall()
            if found:
                columns = np.array(found, np.int64).T
                rows = met(dict(zip(_HOT, columns, strict=True)), first, end)
                del rows["at"]
                yield rows | self.event_columns(rows["event"])

    def rows_of_events(self, events: Ints, roles: Collection[int], as_of: int | None) -> Rows:
        """All rows of some events in some roles."""
        parts: list[dict[str, Ints]] = []
        events = distinct(events)
        for segment, low, high in self._segments_of(events):
            parts.append(_rows_of(segment, events[low:high] - segment.first, roles))
        if not parts:
            return Rows.none()
        return _until(parts, as_of)


@contextmanager
def _sound(what: str) -> Iterator[None]:
    """Turn whatever goes wrong with damaged bytes into our word for it."""
    try:
        yield
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, IndexError, TypeError) as error:
        raise StoreError(
            fault(Fault.UNREADABLE, expected="what was written", got=error, path=what)
        ) from error


_ROLES: Final = {role.value: role for role in Role}

_HOT: Final = ("item", "count", "event", "role", "unit", "quantity")

_LISTS: Final = {
    EPC: ("epcs", "quantities"),
    PARENT: ("parent", ""),
    CHILD: ("child_epcs", "child_quantities"),
    INPUT: ("input_epcs", "input_quantities"),
    OUTPUT: ("output_epcs", "output_quantities"),
}


def rows_of(columns: dict[str, Ints]) -> Rows:
    """Rows as the door gives them, of an index's own columns."""
    unit = columns.pop("unit")
    bits = columns.pop("quantity")
    quantity = np.where(unit > 0, np.ascontiguousarray(bits).view(np.float64), np.nan)
    return Rows(uom=np.maximum(unit - 1, 0), quantity=quantity, **columns)


def _until(parts: Sequence[dict[str, Ints]], as_of: int | None) -> Rows:
    """Parts as one, as far as they are of an entry before `as_of`."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    chosen = columns["entry"] < bound(as_of)
    rows = rows_of(columns)
    return rows if chosen.all() else rows.take(chosen)


def cut_to(rows: Mapping[str, Ints], first: Ints, last: Ints) -> dict[str, Ints] | None:
    """Rows of one extent cut to ranges within it; None when all of them are inside.

    Args:
        rows: `ROW_COLUMNS` of a block.
        first: First item of each range, within the extent.
        last: Last item of each, included.

    Returns:
        The same columns, a row for each range it meets, and the row each is of as ``at``.
    """
    is_whole = len(first) == 1 and first[0] == 0 and last[0] == MASK
    return None if is_whole else met(rows, first, last)


def met(rows: Mapping[str, Ints], first: Ints, last: Ints) -> dict[str, Ints]:
    """Rows cut to sorted, disjoint ranges: a row for each range it meets, and the row it is of as ``at``."""
    item, end = rows["item"], rows["item"] + rows["count"]
    low = np.searchsorted(last, item, "left")
    high = np.searchsorted(first, end - 1, "right")
    meets = np.maximum(high - low, 0)
    at = np.repeat(np.arange(len(item)), meets)
    which = np.repeat(low, meets) + np.arange(len(at)) - np.repeat(np.cumsum(meets) - meets, meets)
    start = np.maximum(item[at], first[which])
    stop = np.minimum(end[at], last[which] + 1)
    cut = {name: column[at] for name, column in rows.items()}
    return cut | {"item": start, "count": stop - start, "at": at}


def _stretches(low: Ints, high: Ints) -> Iterator[tuple[int, int]]:
    """Positions of ranges that lie in the same or in neighbouring extents, from and to."""
    starts = np.flatnonzero(np.concatenate(([True], low[1:] > high[:-1] + 1))) if len(low) else low
    yield from zip(starts.tolist(), [*starts[1:].tolist(), len(low)], strict=False)


def _by_extent(ranges: Ranges) -> Iterator[tuple[int, Ints, Ints]]:
    """Extents with the ranges in each, within it."""
    if not len(ranges.first):
        return
    last = ranges.first + ranges.count - 1
    low, high = ranges.first >> BITS, last >> BITS
    parts = high - low + 1
    of = np.repeat(np.arange(len(low)), parts)
    extent = low[of] + np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
    first = np.maximum(ranges.first[of] - (extent << BITS), 0)
    ending = np.minimum(last[of] - (extent << BITS), MASK)
    unique, starts = np.unique(extent, return_index=True)
    ends = np.append(starts[1:], len(extent))
    for number, start, end in zip(unique.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield number, first[start:end], ending[start:end]


def _rows_of(segment: Segment, rows: Ints, roles: Collection[int]) -> dict[str, Ints]:
    """Runs of some events of a segment in some roles."""
    wanted = np.zeros(len(segment), np.bool_)
    wanted[rows] = True
    chosen = wanted[segment.run_event] & np.isin(segment.runs.role, list(roles))
    names = ("item", "count", "role", "unit", "quantity")
    found = {name: getattr(segment.runs, name)[chosen] for name in names}
    row = segment.run_event[chosen]
    others = {name: getattr(segment.events, name)[row] for name in EVENT_COLUMNS if name != "event"}
    return found | others | {"event": row + segment.first}


def _rows_at(held: Block, chosen: Ints) -> list[tuple[int, int, bool, int, float, int]]:
    unit = held.rows["unit"][chosen]
    return list(
        zip(
            held.events["event"][held.at[chosen]].tolist(),
            held.rows["role"][chosen].tolist(),
            (unit > 0).tolist(),
            chosen.tolist(),
            held.rows["quantity"][chosen].view(np.float64).tolist(),
            unit.tolist(),
            strict=True,
        )
    )


def _double(bits: int) -> float:
    return float(np.int64(bits).view(np.float64))

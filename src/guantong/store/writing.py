"""How do ledger entries become rows of the index?

A group of entries is one transaction: one segment of events (more when it is large), one row
of `hot` for each range of items, and what finds them again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.joining import joined
from guantong.capture.lots import lots_named
from guantong.capture.serials import spell
from guantong.capture.table import CHILD, EPC, OUTPUT, PARENT, EventTable, rest_of
from guantong.errors import fault
from guantong.store.columns import Flag
from guantong.store.door import Fault, Indexed, StoreError
from guantong.store.engine import Handle
from guantong.store.facts import Facts
from guantong.store.hashes import Hashes, key_of, keys_of
from guantong.store.numbering import BITS, Numbering
from guantong.store.said import sieved
from guantong.store.segment import EventColumns, RunColumns, Segment, encode, merged
from guantong.store.terms import Terms

Ints: TypeAlias = NDArray[np.int64]

EVENT_IDS: Final = 1
"""Kind of the hashes that lead from an event id to the events that bear it."""
SEGMENT_MAX: Final = 2_048
"""Most events in a segment."""
TERM_COLUMNS: Final = ("offset", "step", "disposition", "read_point", "biz_location", "ends")

SCHEMA: Final = """
CREATE TABLE segment(
  first INTEGER PRIMARY KEY, n INTEGER NOT NULL, entry_from INTEGER NOT NULL,
  record_from INTEGER NOT NULL, record_to INTEGER NOT NULL, time_from INTEGER NOT NULL,
  time_to INTEGER NOT NULL, kinds INTEGER NOT NULL, steps INTEGER NOT NULL,
  dispositions INTEGER NOT NULL, parties INTEGER NOT NULL, said BLOB NOT NULL,
  data BLOB NOT NULL);
CREATE TABLE hot(
  item INTEGER NOT NULL, event INTEGER NOT NULL, role INTEGER NOT NULL, seq INTEGER NOT NULL,
  count INTEGER NOT NULL, unit INTEGER NOT NULL, quantity INTEGER NOT NULL,
  PRIMARY KEY(item, event, role, seq)) WITHOUT ROWID;
CREATE TABLE block(
  key INTEGER PRIMARY KEY, generation INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE joined(
  key INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY(key, event)) WITHOUT ROWID;
CREATE TABLE lot(
  item INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY(item, event)) WITHOUT ROWID;
CREATE TABLE progress(
  one INTEGER PRIMARY KEY CHECK(one = 1), projected_size INTEGER NOT NULL,
  events INTEGER NOT NULL, rows INTEGER NOT NULL, hot INTEGER NOT NULL,
  generation INTEGER NOT NULL);
INSERT INTO progress VALUES(1, 0, 0, 0, 0, 0);
"""


class Writer:
    """Writes entries into one index; every call within the caller's transaction."""

    def __init__(self, db: Handle, terms: Terms, numbering: Numbering, facts: Facts) -> None:
        self._db = db
        self._terms = terms
        self._numbering = numbering
        self._facts = facts
        self.ids = Hashes(db, EVENT_IDS)

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self._terms.forget()
        self._numbering.forget()
        self.ids.forget()

    def write(self, documents: Sequence[Indexed]) -> None:
        """Index these entries.

        Args:
            documents: In ledger order, the first one at the projected size.

        Raises:
            StoreError: if an entry is missing or comes twice.
        """
        sql = "SELECT projected_size, events, rows, hot FROM progress"
        size, events, rows, hot = self._db.execute(sql).fetchone()
        for document in documents:
            if document.entry != size:
                raise StoreError(fault(Fault.GAP, expected=f"entry {size}", got=document.entry))
            size += 1
            for fact in document.facts:
                if fact.spread is not None:
                    self._numbering.spreads.add(fact.spread)
        self._facts.add(documents)
        for part in _groups(documents):
            table = table_of(part)
            segment = self._segment(events + 1, part, table)
            self._remember(segment, table)
            events += len(segment)
            rows += int(segment.runs.count.sum())
            hot += len(segment.runs)
            for piece in cut(segment):
                self._insert(piece)
        self._numbering.save()
        self._db.execute(
            "UPDATE progress SET projected_size = ?, events = ?, rows = ?, hot = ?",
            (size, events, rows, hot),
        )

    def _segment(self, first: int, documents: Sequence[Indexed], table: EventTable) -> Segment:
        """The events of some documents, numbered from `first`."""
        terms = self._terms.assign(table.terms)
        runs = table.runs
        run, item, count = self._numbering.assign(table.heads, runs.head, runs.first, runs.count)
        measured = runs.measured[run]
        alike = (runs.event[run], runs.role[run], measured, item >> BITS)
        starts, count = _neighbours(item, count, alike, single=~measured)
        run, item = run[starts], item[starts]
        event = runs.event[run]
        unit = np.where(runs.measured[run], terms[runs.uom[run]] + 1, 0)
        quantity = np.where(unit > 0, runs.quantity[run], 0.0).view(np.int64)
        sizes = [document.size() for document in documents]
        positions = [
            document.positions or range(n) for document, n in zip(documents, sizes, strict=True)
        ]
        columns = EventColumns(
            entry=np.repeat([document.entry for document in documents], sizes),
            position=np.fromiter(chain.from_iterable(positions), np.int64, len(table)),
            by=np.repeat(self._terms.assign([document.by for document in documents]), sizes),
            record_ms=np.repeat([document.received_ms for document in documents], sizes),
            time_ms=table.time_ms,
            kind=table.kind,
            flags=_flags(table),
            rest=table.rest,
            runs=np.bincount(event, minlength=len(table)),
            **{name: terms[getattr(table, name)] for name in TERM_COLUMNS},
        )
        conversions = {row: text for row, text in enumerate(table.transformation) if text}
        return Segment(
            first,
            columns,
            RunColumns(runs.role[run], item, count, unit, quantity),
            table.ids,
            conversions,
            table.rests,
        )

    def _remember(self, segment: Segment, table: EventTable) -> None:
        """Write what leads to the events: ids, transformations, lots, items."""
        numbers = np.arange(segment.first, segment.first + len(segment))
        self.ids.add(keys_of(table.ids), numbers)
        self._db.insert(
            "joined", [(key_of(text), segment.first + row) for row, text in segment.joined.items()]
        )
        named = {(self._numbering.number_of(lot), segment.first + row) for row, lot in _lots(table)}
        self._db.insert("lot", sorted(named))
        self._insert_hot(segment)

    def _insert_hot(self, segment: Segment) -> None:
        runs = segment.runs
        seq = np.arange(len(runs)) - segment.starts[segment.run_event]
        order = np.lexsort((seq, segment.run_event, runs.item))
        event = segment.run_event + segment.first
        columns = (runs.item, event, runs.role, seq, runs.count, runs.unit, runs.quantity)
        self._db.insert_columns("hot", [column[order] for column in columns])

    def _insert(self, segment: Segment) -> None:
        self._db.insert("segment", [(*zone(segment, self._terms.text), encode(segment))])


def zone(segment: Segment, text: Callable[[int], str]) -> tuple[int | bytes, ...]:
    """What may be in a segment: the columns of its row before the data."""
    events = segment.events
    return (
        segment.first,
        len(segment),
        int(events.entry.min()),
        int(events.record_ms.min()),
        int(events.record_ms.max()),
        int(events.time_ms.min()),
        int(events.time_ms.max()),
        mask_of(events.kind >> 2),
        mask_of(events.step),
        mask_of(events.disposition),
        mask_of(events.by),
        sieved(segment, text),
    )


def mask_of(numbers: Ints | Sequence[int]) -> int:
    """Bits that say which numbers may be there: none that is there is missing."""
    mask = 0
    for number in np.unique(np.asarray(numbers, np.int64) % 63).tolist():
        mask |= 1 << number
    return mask


def _groups(documents: Sequence[Indexed]) -> Iterator[list[Indexed]]:
    """Documents with events, so many together that they make a segment of a fair size."""
    group: list[Indexed] = []
    held = 0
    for document in documents:
        size = document.size()
        if group and size and held + size > SEGMENT_MAX:
            yield group
            group, held = [], 0
        if size:
            group.append(document)
            held += size
    if group:
        yield group


def table_of(documents: Sequence[Indexed]) -> EventTable:
    """The events of some documents as one table."""
    if len(documents) == 1:
        return documents[0].as_table()
    if all(document.table is None for document in documents):
        return EventTable.of([event for document in documents for event in document.events])
    return joined([document.as_table() for document in documents])


def together(segments: Sequence[Segment]) -> Segment:
    """Neighbours as one."""
    return segments[0] if len(segments) == 1 else merged(segments)


def cut(segment: Segment) -> Iterator[Segment]:
    """A segment in parts of at most `SEGMENT_MAX` events."""
    if len(segment) <= SEGMENT_MAX:
        yield segment
        return
    for low in range(0, len(segment), SEGMENT_MAX):
        high = min(low + SEGMENT_MAX, len(segment))
        rows, runs = slice(low, high), slice(segment.starts[low], segment.starts[high])
        yield replace(
            segment,
            first=segment.first + low,
            events=EventColumns(
                *(getattr(segment.events, f.name)[rows] for f in fields(EventColumns))
            ),
            runs=RunColumns(*(getattr(segment.runs, f.name)[runs] for f in fields(RunColumns))),
            ids=segment.ids[low:high],
            joined={row - low: t for row, t in segment.joined.items() if low <= row < high},
        )


def _neighbours(
    item: Ints, count: Ints, alike: Sequence[NDArray[np.generic]], *, single: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Runs that go on where the one before ended as one: where each begins, and how many."""
    goes_on = single[1:] & (item[:-1] + count[:-1] == item[1:])
    for column in alike:
        goes_on &= column[:-1] == column[1:]
    starts = np.flatnonzero(np.concatenate(([True], ~goes_on))) if len(item) else item
    return starts, np.add.reduceat(count, starts) if len(item) else count


def _flags(table: EventTable) -> Ints:
    """`Flag` of each event."""
    flags = np.zeros(len(table), np.int64)
    of_rests = np.array([_rest_flags(raw) for raw in table.rests], np.int64)
    flags |= of_rests[table.rest]
    for role, flag in ((CHILD, Flag.HAS_CHILDREN), (PARENT, Flag.HAS_PARENT)):
        flags[table.runs.event[table.runs.role == role]] |= flag
    for row, text in enumerate(table.transformation):
        if text:
            flags[row] |= Flag.JOINED
    return flags


def _rest_flags(raw: bytes) -> int:
    flags = Flag.NAMES_LOT if b"lotNumber" in raw else 0
    return flags | Flag.ERROR if b"error" in raw and rest_of(raw).error else flags


def _lots(table: EventTable) -> Iterator[tuple[int, str]]:
    """The lots that events name, as (row, lot)."""
    naming = [b"lotNumber" in raw for raw in table.rests]
    if not any(naming):
        return
    runs = table.runs
    chosen = np.array(naming, np.bool_)[table.rest[runs.event]]
    chosen &= (runs.role == EPC) | (runs.role == OUTPUT)
    seen: set[tuple[int, int]] = set()
    for at in np.flatnonzero(chosen).tolist():
        row, head = int(runs.event[at]), int(runs.head[at])
        if (row, head) not in seen:
            seen.add((row, head))
            item = spell(*table.heads[head], int(runs.first[at]))
            ilmd = rest_of(table.rests[table.rest[row]]).ilmd
            yield from ((row, lot) for lot in lots_named(item, ilmd))

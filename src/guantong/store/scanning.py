"""Which events answer a filter, bear an id, or belong to one transformation?

Filters run over segments in order of arrival: a segment's row says what may be in it, its
columns are compared all at once, and only what is asked for becomes events.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.table import TYPES, ends_of
from guantong.store.columns import Flag, Rows, distinct
from guantong.store.door import EventFilter, Near, Stored
from guantong.store.engine import Handle, bound
from guantong.store.hashes import Hashes, key_of, keys_of
from guantong.store.reading import Reader
from guantong.store.recent import Recent
from guantong.store.said import Sought
from guantong.store.segment import Segment
from guantong.store.terms import Terms
from guantong.store.writing import mask_of

Ints: TypeAlias = NDArray[np.int64]

WITHDRAWALS_KEPT: Final = 10_000
"""Error declarations in one half of a memory, with what they withdraw."""

Key: TypeAlias = tuple[int, int]
"""Record time and number."""


class Scanner:
    """Finds events of one index; every call within the caller's transaction."""

    def __init__(self, db: Handle, reader: Reader, terms: Terms, ids: Hashes) -> None:
        self._db = db
        self._reader = reader
        self._terms = terms
        self._ids = ids
        self.forget()

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self._withdrawals: Recent[int, tuple[int, ...]] = Recent(WITHDRAWALS_KEPT)

    def scan(
        self, wanted: EventFilter, *, after: Key | None, limit: int, as_of: int | None
    ) -> list[Stored]:
        """Events by (record time, number), from just after the key `after`, at most `limit`."""
        asked = _Asked(self._terms, wanted)
        if asked.nothing or limit <= 0:
            return []
        found: list[Stored] = []
        leads = self._leads(wanted)
        for segment in self._segments(leads, asked, after):
            chosen = asked.chosen(segment, after, bound(as_of))
            if leads is not None:
                chosen &= np.isin(segment.first + np.arange(len(segment)), leads)
            for row in np.flatnonzero(chosen).tolist():
                if asked.confirms(segment, row):
                    found.append(self._reader.stored(segment.first + row))
                    if len(found) == limit:
                        return found
        return found

    def _segments(
        self, leads: Ints | None, asked: "_Asked", after: Key | None
    ) -> Iterator[Segment]:
        """Segments that may hold what is asked for, in order."""
        if leads is not None:
            last = -1
            for event in leads.tolist():
                if event >= last:
                    segment = self._reader.segment_of(event)
                    last = segment.first + len(segment)
                    yield segment
            return
        sql = f"SELECT first, n, said FROM segment WHERE {asked.where} ORDER BY first"
        start = -1
        while True:
            values = (*asked.values, start, -(2**63) if after is None else after[0])
            page = self._db.execute(f"{sql} LIMIT 64", values).fetchall()
            for first, n, said in page:
                if asked.sought.may_be_in(said):
                    yield self._reader.segment(first, n)
            if len(page) < 64:
                return
            start = page[-1][0]

    def _leads(self, wanted: EventFilter) -> Ints | None:
        """Candidates by id or transformation, sorted; None when neither is asked for."""
        if wanted.ids:
            return distinct(self._ids.find(keys_of(wanted.ids))[1])
        if wanted.transformation_ids:
            return distinct(self._of_transformations(wanted.transformation_ids))
        return None

    def _of_transformations(self, texts: Sequence[str]) -> Ints:
        sql = "SELECT event FROM joined WHERE key = ?"
        found = [
            event
            for text in texts
            for (event,) in self._db.execute(sql, (key_of(text),)).fetchall()
        ]
        return np.array(found, np.int64)

    def is_named(self, event: int, by: str, event_id: str) -> bool:
        """Whether an event is a party's under this id."""
        segment = self._reader.segment_of(event)
        row = event - segment.first
        return segment.ids[row] == event_id and self._terms.text(int(segment.events.by[row])) == by

    def joined(self, events: Ints, as_of: int | None) -> tuple[Ints, Ints]:
        """Pairs (event, other event of the same transformationID), itself included."""
        pairs: list[Key] = []
        for event in distinct(events).tolist():
            text = self._joining(event)
            others = self._of_transformations([text]).tolist() if text else []
            pairs += [(event, other) for other in others if self._joining(other) == text]
        found = np.array(pairs, np.int64).reshape(-1, 2)
        entries = self._reader.event_columns(found[:, 1])["entry"]
        found = found[entries < bound(as_of)]
        return found[:, 0], found[:, 1]

    def _joining(self, event: int) -> str:
        segment = self._reader.segment_of(event)
        return segment.joined.get(event - segment.first, "")

    def withdrawn(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""
        found = self.withdrawn_by(distinct(rows.event[(rows.flags & Flag.ERROR) > 0]))
        return found[np.isin(found, rows.event)]

    def withdrawn_by(self, declarations: Ints) -> Ints:
        """Numbers of the events that error declarations withdraw, these included."""
        found = [event for one in declarations.tolist() for event in self._withdrawn_by(one)]
        return distinct(np.array(found, np.int64))

    def _withdrawn_by(self, declaration: int) -> tuple[int, ...]:
        """A declaration and what it withdraws: all of it came before, so it never changes."""
        known = self._withdrawals.get(declaration)
        if known is None:
            stored = self._reader.stored(declaration)
            same = self._ids.find(keys_of([stored.event.id]))[1].tolist()
            named = (stored.by, stored.event.id)
            earlier = [one for one in same if one < declaration and self.is_named(one, *named)]
            known = (declaration, *earlier)
            self._withdrawals.put(declaration, known)
        return known


class _Asked:
    """A filter in the terms of one index."""

    def __init__(self, terms: Terms, wanted: EventFilter) -> None:
        self._wanted = wanted
        self._ids = frozenset(wanted.ids)
        self._by_column = {
            "step": terms.numbers(wanted.steps),
            "disposition": terms.numbers(wanted.dispositions),
            "by": terms.numbers(wanted.parties),
        }
        self._places = terms.numbers(wanted.locations)
        groups = [*wanted.mentions, *([wanted.locations] if wanted.locations else ())]
        self.sought = Sought(groups)
        self._others: list[_Mention | _Nearness] = [_Mention(terms, t) for t in wanted.mentions]
        if wanted.near is not None:
            self._others.append(_Nearness(terms, wanted.near))
        self._types = [TYPES.index(t) for t in TYPES if t in wanted.types]
        asked = (wanted.steps, wanted.dispositions, wanted.parties)
        self._restricts = dict(zip(self._by_column, map(bool, asked), strict=True))
        empty = [self._restricts[name] and not numbers for name, numbers in self._by_column.items()]
        self.nothing = (
            any(empty)
            or (bool(wanted.locations) and not self._places)
            or (bool(wanted.types) and not self._types)
        )
        self.where, self.values = self._zones()

    def _zones(self) -> tuple[str, list[int]]:
        """What the row of a segment must say for one of its events to be asked for."""
        where: list[str] = []
        values: list[int] = []
        masks = (
            ("kinds", self._types if self._wanted.types else None),
            ("steps", self._asked_of("step")),
            ("dispositions", self._asked_of("disposition")),
            ("parties", self._asked_of("by")),
        )
        for column, numbers in masks:
            if numbers is not None:
                where.append(f"{column} & ? <> 0")
                values.append(mask_of(numbers))
        if self._wanted.time_from_ms is not None:
            where.append("time_to >= ?")
            values.append(self._wanted.time_from_ms)
        if self._wanted.time_to_ms is not None:
            where.append("time_from < ?")
            values.append(self._wanted.time_to_ms)
        return " AND ".join([*where, "first > ?", "record_to >= ?"]), values

    def _asked_of(self, column: str) -> list[int] | None:
        return self._by_column[column] if self._restricts[column] else None

    def chosen(self, segment: Segment, after: Key | None, too_late: int) -> NDArray[np.bool_]:
        """Which events of a segment the columns let through."""
        events = segment.events
        chosen = events.entry < too_late
        for column, numbers in self._by_column.items():
            if self._restricts[column]:
                chosen &= np.isin(getattr(events, column), numbers)
        if self._wanted.types:
            chosen &= np.isin(events.kind >> 2, self._types)
        if self._wanted.locations:
            chosen &= np.isin(events.read_point, self._places) | np.isin(
                events.biz_location, self._places
            )
        if self._wanted.time_from_ms is not None:
            chosen &= events.time_ms >= self._wanted.time_from_ms
        if self._wanted.time_to_ms is not None:
            chosen &= events.time_ms < self._wanted.time_to_ms
        if after is not None:
            numbers_of = np.arange(segment.first, segment.first + len(segment))
            same = (events.record_ms == after[0]) & (numbers_of > after[1])
            chosen &= (events.record_ms > after[0]) | same
        for other in self._others:
            if chosen.any():
                chosen &= other.chosen(segment)
        return chosen

    def confirms(self, segment: Segment, row: int) -> bool:
        """Whether what columns do not hold is as asked for."""
        wanted = self._wanted
        if wanted.ids and segment.ids[row] not in self._ids:
            return False
        joined = segment.joined.get(row, "")
        return not wanted.transformation_ids or joined in wanted.transformation_ids


class _Named:
    """Which numbers of terms stand for a text of which something holds; each is asked once."""

    def __init__(self, terms: Terms, holds: Callable[[str], bool]) -> None:
        self._terms = terms
        self._holds = holds
        self._known: dict[int, bool] = {}

    def chosen(self, numbers: Ints) -> NDArray[np.bool_]:
        """For each number of a column."""
        holding = [number for number in distinct(numbers).tolist() if self._of(number)]
        return np.isin(numbers, holding)

    def _of(self, number: int) -> bool:
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = self._holds(self._terms.text(number))
        return known


def _any_end(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    """The same of any source or destination in an `ends_text`."""
    return lambda text: any(holds(one.value) for one in chain.from_iterable(ends_of(text)))


class _Mention:
    """Texts, one of which an event must say somewhere."""

    def __init__(self, terms: Terms, texts: Sequence[str]) -> None:
        self._raw = [text.encode() for text in texts]
        self._ends = _Named(terms, _any_end(frozenset(texts).__contains__))

    def chosen(self, segment: Segment) -> NDArray[np.bool_]:
        """Which events of a segment may say one of them."""
        rests = [any(raw in rest for raw in self._raw) for rest in segment.rests]
        events = segment.events
        return np.array(rests, np.bool_)[events.rest] | self._ends.chosen(events.ends)


class _Nearness:
    """Names, one of which must be in an event."""

    def __init__(self, terms: Terms, near: Near) -> None:
        self._by = _Named(terms, near.party)
        self._ends = _Named(terms, _any_end(near.party))
        self._place = None if near.place is None else _Named(terms, near.place)

    def chosen(self, segment: Segment) -> NDArray[np.bool_]:
        """Which events of a segment may have one of them."""
        events = segment.events
        chosen = self._by.chosen(events.by) | self._ends.chosen(events.ends)
        if self._place is not None:
            chosen |= self._place.chosen(events.read_point)
            chosen |= self._place.chosen(events.biz_location)
        return chosen

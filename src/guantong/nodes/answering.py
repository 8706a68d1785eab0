"""What does one node answer to another? What its own index holds, as far as the asker may see it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.model import Event, EventType
from guantong.capture.table import CHILD, EPC, INPUT, OUTPUT, PARENT, ends_of
from guantong.nodes import wire
from guantong.nodes.numbers import Runs
from guantong.store import EventFilter, Fact, SegmentStore, Stored
from guantong.store.columns import Rows, Span
from guantong.trace.sight import Sight

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

FILED: Final = ("firm", "place")
"""Kinds of facts that nodes tell each other."""
ROLES: Final = (EPC, PARENT, CHILD, INPUT, OUTPUT)
PAGE: Final = 1000
"""Events read at once."""


@dataclass(slots=True)
class Answering:
    """Answers the questions of one asker, at one position."""

    store: SegmentStore
    as_of: int
    sight: Sight
    """What the asker may see."""
    labelled: Callable[[Sequence[str]], list[Span]]
    """Items whose codes were issued as of some lots."""
    hidden: bool = False
    """Whether something was left out of the last answer."""

    def answer(self, data: bytes) -> bytes:
        """The answer to a question, as both travel. Raises NodesError."""
        self.hidden = False
        match wire.question_of(data):
            case wire.RowsIn(runs):
                return self._rows_in(wire.runs_of(runs))
            case wire.RowsOf(events, roles):
                return self._rows_of(wire.numbers_of(events), roles)
            case wire.Joining(events):
                stored = self._stored(wire.numbers_of(events))
                return wire.encode([(one.no, one.event.transformation_id) for one in stored])
            case wire.Joined(ids):
                return self._joined(ids)
            case wire.Declared(events):
                stored = self._stored(wire.numbers_of(events))
                return wire.encode([(one.no, one.by, one.event.id) for one in stored])
            case wire.Captured(named):
                return self._captured(named)
            case wire.OfLots(lots):
                return self._of_lots(lots)
            case wire.Labelled(lots):
                return wire.packed_runs(Runs.of_spans(self.labelled(lots)))
            case wire.Events(events):
                return wire.told_events(self._stored(wire.numbers_of(events)))
            case wire.Filings(keys):
                return wire.encode(self._filings(keys))

    def _rows_in(self, runs: Runs) -> bytes:
        ranges = self.store.ranges_of(runs.spans())
        return self._told(self.store.rows_in(ranges, as_of=self.as_of))

    def _rows_of(self, events: Ints, roles: Collection[int]) -> bytes:
        return self._told(self.store.rows_of_events(self._there(events), roles, as_of=self.as_of))

    def _there(self, events: Ints) -> Ints:
        """Numbers from outside, as far as they are of events here."""
        return events[(events > 0) & (events <= self.store.reached.event)]

    def _told(self, rows: Rows) -> bytes:
        return wire.told_rows(self.store, rows.take(self._seen(rows)))

    def _seen(self, rows: Rows) -> Bools:
        """Which rows are of events that the asker may see."""
        if self.sight.caller.sees_all() or not len(rows):
            return np.ones(len(rows), np.bool_)
        key = np.stack((rows.by, rows.ends, rows.read_point, rows.biz_location), axis=1)
        unique, which = np.unique(key, axis=0, return_inverse=True)
        seen = np.array([self._sees(*map(int, one)) for one in unique], np.bool_)
        self.hidden = self.hidden or not seen.all()
        return seen[which.reshape(-1)]

    def _sees(self, by: int, ends: int, read_point: int, biz_location: int) -> bool:
        """Whether events with these terms may be seen: all that sight looks at."""
        term = self.store.term
        sources, destinations = ends_of(term(ends))
        event = Event(
            type=EventType.OBJECT,
            time_ms=0,
            offset="+00:00",
            sources=sources,
            destinations=destinations,
            read_point=term(read_point),
            biz_location=term(biz_location),
        )
        return self.sight.sees(Stored(0, -1, 0, term(by), 0, event))

    def _stored(self, events: Ints) -> list[Stored]:
        return self._visible(self.store.stored(self._there(events).tolist()))

    def _visible(self, found: Sequence[Stored]) -> list[Stored]:
        until = [one for one in found if one.entry < self.as_of]
        seen = [one for one in until if self.sight.sees(one)]
        self.hidden = self.hidden or len(seen) < len(until)
        return seen

    def _joined(self, ids: tuple[str, ...]) -> bytes:
        place = {text: at for at, text in enumerate(ids)}
        found = self._visible(self._scanned(EventFilter(transformation_ids=ids)) if ids else ())
        return wire.told_references(
            [(place[one.event.transformation_id], one.no, one.record_ms) for one in found]
        )

    def _captured(self, named: Sequence[tuple[str, str]]) -> bytes:
        found: list[tuple[int, int, int]] = []
        for at, (by, event_id) in enumerate(named):
            wanted = EventFilter(ids=(event_id,), parties=(by,))
            found += [(at, one.no, one.record_ms) for one in self._visible(self._scanned(wanted))]
        return wire.told_references(found)

    def _scanned(self, wanted: EventFilter) -> list[Stored]:
        found: list[Stored] = []
        after: tuple[int, int] | None = None
        while page := self.store.scan_events(wanted, after=after, limit=PAGE, as_of=self.as_of):
            found += page
            after = page[-1].record_ms, page[-1].no
        return found

    def _of_lots(self, lots: tuple[str, ...]) -> bytes:
        place, event = self.store.lot_events(lots, as_of=self.as_of)
        rows = self.store.rows_of_events(event, ROLES, as_of=self.as_of)
        rows = rows.take(self._seen(rows))
        seen, at = np.unique(rows.event, return_index=True)
        received = dict(zip(seen.tolist(), rows.record_ms[at].tolist(), strict=True))
        pairs = zip(place.tolist(), event.tolist(), strict=True)
        return wire.told_references(
            [(lot, one, received[one]) for lot, one in pairs if one in received]
        )

    def _filings(self, keys: tuple[str, ...]) -> list[tuple[str, Fact]]:
        return [
            (kind, fact)
            for kind in FILED
            for fact in self.store.facts(kind, keys, as_of=self.as_of)
        ]

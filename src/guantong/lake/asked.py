"""The store's doors over a lake: each question is one job that reads only what it must.

Whoever walks downstream (`guantong.trace.closure.Walk`) asks here what it asks of an index. Ranges
of items come to the driver and go out again; items one by one never do.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import split
from guantong.capture.table import CHILD, INPUT, OUTPUT, PARENT
from guantong.errors import fault
from guantong.lake.frames import Frames
from guantong.lake.model import ITEM_BITS, Dataset, Fault, LakeError
from guantong.lake.names import Names, hides_serials, pieces_of
from guantong.lake.piece import COLUMNS, Texts, Withdrawals, rows_of
from guantong.store.columns import Flag, Ranges, Rows, Span, distinct

Ints: TypeAlias = NDArray[np.int64]

_LEADING: Final = frozenset({PARENT, OUTPUT})
HEADS_MAX: Final = 200
"""Classes up to which files of others are not read."""
_KEPT: Final = ", ".join(f"r.{name}" for name in COLUMNS if name not in {"item", "count", "first"})
CUT: Final = f"""
SELECT /*+ BROADCAST(p) */ {_KEPT}{{more}},
  greatest(r.item, p.low) AS item,
  CAST(least(r.item + r.count, p.high) - greatest(r.item, p.low) AS INT) AS count,
  CASE WHEN r.first < 0 THEN r.first ELSE r.first + greatest(r.item, p.low) - r.item END AS first
FROM rows r JOIN {{pieces}} p
  ON shiftright(r.item, {ITEM_BITS}) = p.bucket AND r.item < p.high AND r.item + r.count > p.low
WHERE {{where}}
"""
"""Rows of a set of ranges, cut to it."""


class LakeStore:
    """What a walk asks of an index, answered by Spark."""

    def __init__(self, frames: Frames) -> None:
        """Read who withdrew what; all else is read when it is asked for."""
        self._frames = frames
        self._texts = Texts()
        self._joined = np.zeros(0, np.int64)
        """Events that bear a transformationID, of those that were read."""
        self._leading, self._led = Rows.none(), np.zeros(0, np.int64)
        """Rows in roles `_LEADING`, and the events of which all were read."""
        self._pending = np.zeros(0, np.int64)
        """Events of which they will be asked for."""
        self._names = Names()
        said = frames.columns(frames.ask("SELECT * FROM withdrawn"), ("declaration", "event"))
        self.gone = Withdrawals(said["declaration"], said["event"])

    def numbers(self, items: Sequence[str]) -> Ints:
        """The number of each item, -1 for one that stands in no event.

        Returns:
            Numbers, in the order of the items.

        Raises:
            LakeError: if the serials of its class are places here.
        """
        found = self._names.numbers(items)
        left = [item for item, number in zip(items, found.tolist(), strict=True) if number < 0]
        if left:
            self._look_up(left)
            found = self._names.numbers(items)
        return found

    def _look_up(self, items: Sequence[str]) -> None:
        """Read where items stand. Raises LakeError."""
        heads = sorted({text for item in items for text in (item, split(item)[0])})
        sql = (
            f"SELECT head, width, min(item) AS item, min(first) AS first FROM rows "
            f"WHERE {_among('head', heads)} GROUP BY head, width, shiftright(item, {ITEM_BITS})"
        )
        told = self._frames.columns(self._frames.ask(sql), ("head", "width", "item", "first"))
        width = told["width"].astype(np.int64)
        if any(hides_serials(one) for one in width.tolist()):
            expected = "lots, logistic units, or items with plain serials"
            raise LakeError(fault(Fault.ORIGIN, expected=expected, got=items[0]))
        self._names.learn(told["item"], told["head"], width, told["first"])

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""
        return self._names.texts(numbers)

    def spans(self, ranges: Ranges) -> list[Span]:
        """The same items as they are told outside."""
        return self._names.spans(ranges)

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """The same items by what their URIs begin with, "" for those that have no serial."""
        return self._names.headed(ranges)

    def true_spans(self, ranges: Ranges) -> list[Span]:
        """The same, with the width of the class where a serial is a place."""
        return self._names.spans(ranges, true=True)

    def term(self, number: int) -> str:
        """The text of a term."""
        return self._texts.text(number)

    def rows_in(self, ranges: Ranges, *, as_of: int | None = None) -> Rows:
        """All rows of these items, cut to them; in any order."""
        if not ranges.size():
            return Rows.none()
        rows = self._rows(self.frame_in(ranges))
        named = (rows.role == CHILD) & ((rows.flags & Flag.HAS_PARENT) > 0)
        self._pending = np.union1d(self._pending, rows.event[named | (rows.role == INPUT)])
        return rows

    def frame_in(self, ranges: Ranges) -> Any:
        """The same as a frame."""
        heads = sorted(self._names.heads(ranges))
        where = _among("r.head", heads) if len(heads) <= HEADS_MAX else "TRUE"
        pieces = self._frames.frame(pieces_of(ranges))
        return self._frames.ask(CUT.format(pieces="pieces", where=where, more=""), pieces=pieces)

    def rows_of_events(
        self, events: Ints, roles: Collection[int], *, as_of: int | None = None
    ) -> Rows:
        """All rows of these events in one of these roles; in any order.

        What names containers and what came of others is asked soon after the rows that point to it:
        it is read for all such rows at once, and kept.

        Returns:
            Rows.
        """
        if not len(events):
            return Rows.none()
        if not set(roles) <= _LEADING:
            return self._of_events(events, roles)
        new = np.setdiff1d(np.union1d(events, self._pending), self._led)
        if len(new):
            self._leading = Rows.joined((self._leading, self._of_events(new, _LEADING)))
            self._led = np.union1d(self._led, new)
        self._pending = np.zeros(0, np.int64)
        chosen = np.isin(self._leading.role, list(roles)) & np.isin(self._leading.event, events)
        return self._leading.take(chosen)

    def _of_events(self, events: Ints, roles: Collection[int]) -> Rows:
        events = distinct(events)
        sql = (
            f"SELECT /*+ BROADCAST(e) */ r.* FROM rows r LEFT SEMI JOIN asked e ON r.event = e.event "
            f"WHERE r.role IN ({', '.join(map(str, sorted(roles)))}) "
            f"AND r.event BETWEEN {events[0]} AND {events[-1]}"
        )
        return self._rows(self._frames.ask(sql, asked=self._frames.frame({"event": events})))

    def joined_events(self, events: Ints, *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (event, other event of the same transformationID), itself included."""
        sql = """
        SELECT /*+ BROADCAST(a) */ a.event AS event, o.event AS other
        FROM (SELECT /*+ BROADCAST(q) */ e.event, transformation_id FROM events e
              LEFT SEMI JOIN asked q ON e.event = q.event WHERE transformation_id IS NOT NULL) a
        JOIN events o ON o.transformation_id = a.transformation_id
        """
        events = np.intersect1d(events, self._joined)
        if not len(events):
            return events, events
        frame = self._frames.ask(sql, asked=self._frames.frame({"event": events}))
        told = self._frames.columns(frame, ("event", "other"))
        return told["event"], told["other"]

    def withdrawn_events(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""
        return self.gone.among(rows)

    def lot_events(self, lots: Sequence[str], *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (position in `lots`, event whose master data name that lot)."""
        if not self._frames.manifest.rows(Dataset.LOTS):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        places = np.arange(len(lots))
        asked = self._frames.frame({"lot": list(lots), "place": places})
        sql = "SELECT /*+ BROADCAST(a) */ place, event FROM lots l JOIN asked a ON l.lot = a.lot"
        told = self._frames.columns(self._frames.ask(sql, asked=asked), ("place", "event"))
        return told["place"], told["event"]

    def _rows(self, frame: Any) -> Rows:
        rows = rows_of(self._frames.columns(frame, COLUMNS), self._texts, self._names)
        joined = rows.event[(rows.flags & Flag.JOINED) > 0]
        self._joined = np.union1d(self._joined, joined)
        return rows


def _among(column: str, texts: Sequence[str]) -> str:
    """A condition that engines can compare with the least and greatest text of a file."""
    quoted = [text.replace("\\", "\\\\").replace("'", "\\'") for text in texts]
    listed = ", ".join(f"'{text}'" for text in quoted)
    return f"{column} IN ({listed})"

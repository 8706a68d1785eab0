"""How do segments of an index become columns for other engines, without a step for each row?"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.lots import class_of
from guantong.capture.serials import WHOLE, spell
from guantong.capture.table import ACTIONS, TYPES
from guantong.lake.parquet import Coded, Columns
from guantong.store.outgoing import Outgoing
from guantong.store.segment import Segment

Ints: TypeAlias = NDArray[np.int64]

TERMS: Final = ("by", "step", "disposition", "read_point", "biz_location", "ends")
NUMBERS: Final = ("time_ms", "record_ms", "entry", "kind", "flags")
SMALL: Final = ("kind", "flags")
ZONE_MS: Final = 8 * 3_600_000
"""Months are those of China."""


class Part:
    """Consecutive events of an index as columns."""

    def __init__(
        self, source: Outgoing, segments: Sequence[Segment], after: int, last: int
    ) -> None:
        """Read segments, as far as they are of events from just after one to another."""
        self._source = source
        self._segments = segments
        numbers = np.concatenate([np.arange(len(s)) + s.first for s in segments])
        self._kept = (numbers > after) & (numbers <= last)
        self.event = numbers[self._kept]
        self._said = {name: self._column(name) for name in (*NUMBERS, *TERMS)}
        self._texts = {name: self._coded(self._said[name]) for name in TERMS}
        run_event = np.concatenate([s.run_event + s.first for s in segments])
        self._runs_kept = (run_event > after) & (run_event <= last)
        self._run_event = run_event[self._runs_kept]
        self._at = np.searchsorted(self.event, self._run_event)
        """Of each run: the row of its event."""
        self.month = months_of(self._said["time_ms"])

    def texts(self, name: str) -> Coded:
        """A column of texts of the events."""
        return self._texts[name]

    def declarations(self) -> Ints:
        """Events that are error declarations."""
        return self.event[(self._said["flags"] & 1) > 0]

    def events(self) -> Columns:
        """One row for each event."""
        single = self._run("unit") == 0
        items = np.bincount(self._at[single], self._run("count")[single], len(self.event))
        kind = self._said["kind"]
        ids = [one for s in self._segments for one in s.ids]
        joined = {row + s.first: text for s in self._segments for row, text in s.joined.items()}
        own: Columns = {
            "event": self.event,
            "position": self._column("position"),
            "id": [one for one, kept in zip(ids, self._kept.tolist(), strict=True) if kept],
            "type": Coded(kind >> 2, [one.value for one in TYPES]),
            "action": Coded(kind & 3, [one.value if one else "" for one in ACTIONS]),
            "offset": self._coded(self._column("offset")),
            "transformation_id": [joined.get(event) for event in self.event.tolist()],
            "items": items.astype(np.int64),
            "amounts": np.bincount(self._at[~single], minlength=len(self.event)),
            "ranges": np.bincount(self._at, minlength=len(self.event)),
        }
        return {**own, **self._numbers(slice(None)), **self._texts}

    def rows(self) -> tuple[Columns, Ints, list[str]]:
        """One row for each range of items; the head of each, and the texts of heads.

        Returns:
            Columns, the position of each row's head, and the heads.
        """
        at, item, count = self._cut
        placed = self._source.placed(item)
        unit = self._run("unit")[at]
        amount = np.ascontiguousarray(self._run("quantity")[at]).view(np.float64)
        whole = np.array([width == WHOLE for _, width in placed.heads], np.bool_)[placed.head]
        heads = [text for text, _ in placed.heads]
        classes = [_class_of(text, width) for text, width in placed.heads]
        row = self._at[at]
        columns: dict[str, object] = {
            "class": Coded(placed.head, classes),
            "head": Coded(placed.head, heads),
            "width": np.array([width for _, width in placed.heads], np.int32)[placed.head],
            "first": np.where(whole, -1, placed.serial),
            "last": np.where(whole, -1, placed.serial + count - 1),
            "item": item,
            "count": count.astype(np.int32),
            "event": self._run_event[at],
            "role": self._run("role")[at].astype(np.int32),
            "uom": self._coded(np.where(unit > 0, unit - 1, -1)),
            "quantity": np.where(unit > 0, amount, np.nan),
        }
        columns |= self._numbers(row)
        columns |= {
            name: coded._replace(codes=coded.codes[row]) for name, coded in self._texts.items()
        }
        return columns, placed.head, heads  # type: ignore[return-value]

    def row_months(self) -> Ints:
        """The month of each row of `rows`."""
        at, *_ = self._cut
        return self.month[self._at[at]]

    def lots(self, after: int, last: int) -> Columns:
        """Lots that the events' master data name."""
        numbers, events = self._source.lots(after, last)
        placed = self._source.placed(numbers) if len(numbers) else None
        texts = [] if placed is None else spelled(placed.heads, placed.head, placed.serial)
        return {"lot": texts, "event": events}

    @cached_property
    def _cut(self) -> tuple[Ints, Ints, Ints]:
        """Position of the run, first item and count of each row; codes of the dictionary singly."""
        item, count = self._run("item"), self._run("count")
        many = np.flatnonzero(count > 1)
        at = np.arange(len(item))
        if len(many):
            placed = self._source.placed(item[many])
            coded = np.array([width == WHOLE for _, width in placed.heads], np.bool_)[placed.head]
            parts = np.ones(len(item), np.int64)
            parts[many[coded]] = count[many[coded]]
            at = np.repeat(at, parts)
            within = np.arange(len(at)) - np.repeat(np.cumsum(parts) - parts, parts)
            single = parts[at] > 1
            item, count = item[at] + np.where(single, within, 0), np.where(single, 1, count[at])
        return at, item, count

    def _numbers(self, rows: "Ints | slice") -> dict[str, NDArray[Any]]:
        """Numbers that rows and events both have, small ones as 32 bits."""
        found: dict[str, NDArray[Any]] = {name: self._said[name][rows] for name in NUMBERS}
        return found | {name: found[name].astype(np.int32) for name in SMALL}

    def _run(self, name: str) -> Ints:
        found: Ints = np.concatenate([getattr(s.runs, name) for s in self._segments])
        return found[self._runs_kept]

    def _column(self, name: str) -> Ints:
        found: Ints = np.concatenate([getattr(s.events, name) for s in self._segments])
        return found[self._kept]

    def _coded(self, terms: Ints) -> Coded:
        """Terms as texts; -1 is null."""
        used, codes = np.unique(terms, return_inverse=True)
        has_null = int(len(used) > 0 and used[0] < 0)
        texts = [self._source.text(term) for term in used[has_null:].tolist()]
        return Coded(codes - 1 if has_null else codes, texts)


def months_of(time_ms: Ints) -> Ints:
    """Months since 1970-01."""
    return (time_ms + ZONE_MS).astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


def month_text(month: int) -> str:
    """As ``2026-03``."""
    return str(np.datetime64(month, "M"))


def spelled(heads: Sequence[tuple[str, int]], head: Ints, serial: Ints) -> list[str]:
    """Canonical URIs of items."""
    chosen = [heads[at] for at in head.tolist()]
    pairs = zip(chosen, serial.tolist(), strict=True)
    return [spell(text, width, number) for (text, width), number in pairs]


def _class_of(head: str, width: int) -> str:
    """The product class of the items that begin so; "" for none."""
    example = head if width == WHOLE else spell(head, max(width, 0), 1)
    return class_of(example)

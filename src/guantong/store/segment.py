"""How do a thousand consecutive events lie in one row of the index?

As columns: numbers instead of texts that come again (terms), items as ranges of numbers, what
only few events say as its own bytes. A segment is written once; merging neighbours gives the
same events under the same numbers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.store.packing import Columns, pack, unpack

Ints: TypeAlias = NDArray[np.int64]

_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HASH: Final = re.compile(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0")
_TEXT, _IS_UUID, _IS_HASH = 0, 1, 2
FEW: Final = 8
"""Rows that are quicker read one by one than by columns."""
_SIZES: Final = {_IS_UUID: 16, _IS_HASH: 32}


@dataclass(frozen=True)
class EventColumns:
    """Events, one a row. Texts are terms of the index; 0 is ""."""

    entry: Ints
    """Ledger index of the document."""
    position: Ints
    """Index of the event in its document."""
    by: Ints
    """Term: the capturing party."""
    record_ms: Ints
    time_ms: Ints
    kind: Ints
    flags: Ints
    """Bits of `guantong.store.columns.Flag`."""
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
    """Term."""
    rest: Ints
    """Position in the segment's `rests`."""
    runs: Ints
    """How many rows of `RunColumns` belong to the event."""

    def __len__(self) -> int:
        return len(self.entry)

    def row(self, at: int) -> "EventRow":
        """One event."""
        return EventRow(*(int(getattr(self, name)[at]) for name in EventRow._fields))


class EventRow(NamedTuple):
    """The columns of one event."""

    entry: int
    position: int
    by: int
    record_ms: int
    time_ms: int
    kind: int
    flags: int
    offset: int
    step: int
    disposition: int
    read_point: int
    biz_location: int
    ends: int
    rest: int
    runs: int


Run: TypeAlias = tuple[int, int, int, int, int]
"""A row of `RunColumns`."""


@dataclass(frozen=True)
class RunColumns:
    """Items of the events, one row for consecutive numbers, in the order of the events."""

    role: Ints
    item: Ints
    """First number."""
    count: Ints
    unit: Ints
    """0 for single items; for an amount its unit's term + 1."""
    quantity: Ints
    """Bits of the amount as a double; 0 for single items."""

    def __len__(self) -> int:
        return len(self.role)

    def rows(self, low: int, high: int) -> list[Run]:
        """Some rows, one after the other."""
        columns = (self.role, self.item, self.count, self.unit, self.quantity)
        return list(zip(*[column[low:high].tolist() for column in columns], strict=True))


_EVENTS: Final = {field.name: at for at, field in enumerate(fields(EventColumns))}
_RUNS: Final = {field.name: at for at, field in enumerate(fields(RunColumns), len(_EVENTS))}


class _Late:
    """Columns of a decoded segment: one is made when it is first asked for."""

    PLACES: ClassVar[Mapping[str, int]]
    """Where each lies among all columns of the segment."""
    columns: Columns

    def __init__(self, columns: Columns) -> None:
        self.__dict__["columns"] = columns

    def __getattr__(self, name: str) -> Ints:
        if name not in self.PLACES:
            raise AttributeError(name)
        made = self.__dict__[name] = self.columns[self.PLACES[name]]
        return made


class _LateEvents(_Late, EventColumns):
    PLACES = _EVENTS

    def row(self, at: int) -> EventRow:
        """One event; hardly a column is made for it."""
        value = self.columns.value
        return EventRow(*[value(column, at) for column in _EVENTS.values()])


class _LateRuns(_Late, RunColumns):
    PLACES = _RUNS

    def rows(self, low: int, high: int) -> list[Run]:
        """Some rows; of few hardly a column is made."""
        if high - low > FEW:
            return super().rows(low, high)
        value = self.columns.value
        role, item, count, unit, quantity = _RUNS.values()
        return [
            (
                value(role, at),
                value(item, at),
                value(count, at),
                value(unit, at),
                value(quantity, at),
            )
            for at in range(low, high)
        ]


@dataclass(frozen=True)
class Segment:
    """Consecutive events. Equal numbers mean equal events, for ever."""

    first: int
    """Number of the first event."""
    events: EventColumns
    runs: RunColumns
    ids: Sequence[str]
    """Event ids."""
    joined: dict[int, str]
    """transformationID by row, where there is one."""
    rests: Sequence[bytes]
    """What `EventColumns.rest` points to; the first is b""."""

    def __len__(self) -> int:
        return len(self.events)

    @cached_property
    def starts(self) -> Ints:
        """Where the runs of each event begin, and one more for the end."""
        return np.concatenate(([0], np.cumsum(self.events.runs)))

    @cached_property
    def run_event(self) -> Ints:
        """The row of the event of each run."""
        return np.repeat(np.arange(len(self)), self.events.runs)


def encode(segment: Segment) -> bytes:
    """A segment as bytes."""
    columns = [getattr(segment.events, name) for name in _EVENTS]
    columns += [getattr(segment.runs, name) for name in _RUNS]
    kinds, raw = _packed_ids(segment.ids)
    extra = _extra_bytes((raw, segment.joined, segment.rests))
    return pack([*columns, kinds], extra)


def decode(first: int, data: bytes) -> Segment:
    """The segment that `encode` was given."""
    columns, extra = unpack(data)
    raw, joined, rests = _extra_of(extra)
    ids = _Ids(columns[len(columns) - 1], raw)
    return Segment(first, _LateEvents(columns), _LateRuns(columns), ids, joined, rests)


def merged(segments: Sequence[Segment]) -> Segment:
    """Neighbours as one segment, in order."""
    rests: dict[bytes, int] = {b"": 0}
    joined: dict[int, str] = {}
    ids: list[str] = []
    parts: list[EventColumns] = []
    for segment in segments:
        moved = [rests.setdefault(rest, len(rests)) for rest in segment.rests]
        own = {name: getattr(segment.events, name) for name in _EVENTS}
        own["rest"] = np.array(moved, np.int64)[own["rest"]]
        parts.append(EventColumns(**own))
        joined |= {row + len(ids): text for row, text in segment.joined.items()}
        ids += segment.ids
    return Segment(
        segments[0].first,
        EventColumns(*_concatenated(EventColumns, parts)),
        RunColumns(*_concatenated(RunColumns, [segment.runs for segment in segments])),
        ids,
        joined,
        list(rests),
    )


def _concatenated(shape: type, parts: Sequence[object]) -> list[Ints]:
    return [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(shape)]


_extra_bytes: Final = msgspec.msgpack.Encoder().encode
_extra_of: Final[Callable[[bytes], tuple[bytes, dict[int, str], list[bytes]]]] = (
    msgspec.msgpack.Decoder(tuple[bytes, dict[int, str], list[bytes]]).decode
)


def _packed_ids(ids: Sequence[str]) -> tuple[Ints, bytes]:
    """Kind of each id (for a text: 2 + its bytes), and all ids in few bytes."""
    kinds, parts = [], []
    for text in ids:
        if _UUID.fullmatch(text):
            kinds.append(_IS_UUID)
            parts.append(bytes.fromhex(text[9:].replace("-", "")))
        elif _HASH.fullmatch(text):
            kinds.append(_IS_HASH)
            parts.append(bytes.fromhex(text[14:78]))
        else:
            raw = text.encode()
            kinds.append(_IS_HASH + 1 + len(raw))
            parts.append(raw)
    return np.array(kinds, np.int64), b"".join(parts)


class _Ids(Sequence[str]):
    """Ids of a decoded segment, made when asked for."""

    def __init__(self, kinds: Ints, raw: bytes) -> None:
        self._kinds = kinds
        self._raw = raw

    @cached_property
    def _starts(self) -> Ints:
        """Where the bytes of each begin, and one more for the end."""
        kinds = self._kinds
        if len(kinds) and (kinds == kinds[0]).all() and int(kinds[0]) in _SIZES:
            return np.arange(len(kinds) + 1) * _SIZES[int(kinds[0])]
        sizes = np.where(kinds == _IS_UUID, 16, np.where(kinds == _IS_HASH, 32, kinds - 3))
        return np.concatenate(([0], np.cumsum(sizes)))

    def __len__(self) -> int:
        return len(self._kinds)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]
        if row >= len(self._kinds):
            raise IndexError(row)
        raw = self._raw[self._starts[row] : self._starts[row + 1]]
        kind = self._kinds[row]
        if kind == _IS_HASH:
            return f"ni:///sha-256;{raw.hex()}?ver=CBV2.0"
        if kind == _IS_UUID:
            text = raw.hex()
            return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        return raw.decode()

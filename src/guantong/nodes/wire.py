"""How do questions and answers travel between nodes? Columns of ranges, packed; no item by itself.

An item is told as (class, first serial, count), a text once. Only data: what was damaged on its
way is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, cast

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from guantong.capture import CaptureError
from guantong.capture.packed import squeeze, unsqueeze
from guantong.capture.serials import DIGITS_MAX
from guantong.capture.table import OUTPUT, TYPES, EventTable
from guantong.errors import fault
from guantong.nodes.faults import Fault, NodesError
from guantong.nodes.numbers import Head, Runs
from guantong.store import Stored
from guantong.store.columns import ColumnStore, Ranges, Rows
from guantong.store.packing import pack, unpack
from guantong.trace.expanse import within

Ints: TypeAlias = NDArray[np.int64]

ITEMS_MAX: Final = 10**10
"""Items in the runs of one question or answer, each as often as it is named."""
PLAIN: Final = ("event", "time_ms", "record_ms", "entry", "kind", "flags")
"""Columns of an event that are numbers."""
TERMS: Final = ("by", "step", "disposition", "read_point", "biz_location", "ends")
"""Columns of an event that are texts."""


class RowsIn(msgspec.Struct, frozen=True, array_like=True, tag="rows_in"):
    """All rows of these items."""

    runs: bytes


class RowsOf(msgspec.Struct, frozen=True, array_like=True, tag="rows_of"):
    """The rows of these events in one of these roles."""

    events: bytes
    roles: tuple[int, ...]


class Joining(msgspec.Struct, frozen=True, array_like=True, tag="joining"):
    """The transformationID of each of these events."""

    events: bytes


class Joined(msgspec.Struct, frozen=True, array_like=True, tag="joined"):
    """The events with one of these transformationIDs."""

    ids: tuple[str, ...]


class Declared(msgspec.Struct, frozen=True, array_like=True, tag="declared"):
    """Who says which event of his was wrong, in these declarations."""

    events: bytes


class Captured(msgspec.Struct, frozen=True, array_like=True, tag="captured"):
    """The events of these parties with these ids."""

    named: tuple[tuple[str, str], ...]


class OfLots(msgspec.Struct, frozen=True, array_like=True, tag="of_lots"):
    """The events whose master data name one of these lots."""

    lots: tuple[str, ...]


class Labelled(msgspec.Struct, frozen=True, array_like=True, tag="labelled"):
    """The items whose codes were issued as of one of these lots."""

    lots: tuple[str, ...]


class Events(msgspec.Struct, frozen=True, array_like=True, tag="events"):
    """These events, whole."""

    events: bytes


class Filings(msgspec.Struct, frozen=True, array_like=True, tag="filings"):
    """What was filed of these firms and places."""

    keys: tuple[str, ...]


Question: TypeAlias = (
    RowsIn | RowsOf | Joining | Joined | Declared | Captured | OfLots | Labelled | Events | Filings
)
"""What one node is asked."""


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What one node answers, with where it stands."""

    origin: str
    """The name of its ledger."""
    size: int
    """The ledger size it answers for."""
    root: str
    """The ledger's root at that size, hexadecimal."""
    hidden: bool
    """Whether something was left out that the asker may not see."""
    body: bytes


class _Header(msgspec.Struct, frozen=True, array_like=True):
    terms: tuple[str, ...]
    heads: tuple[Head, ...]


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """Events whole: their columns, who sent each, and the table of what they say."""

    columns: bytes
    by: tuple[str, ...]
    table: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_question: Final = msgspec.msgpack.Decoder(Question)
_header: Final = msgspec.msgpack.Decoder(_Header)


def encode(value: object) -> bytes:
    """A question or an answer as it travels."""
    return _encode(value)


def question_of(data: bytes) -> Question:
    """The question that came.

    Returns:
        It.

    Raises:
        NodesError: if it is none.
    """
    try:
        return cast("Question", _question.decode(data))
    except msgspec.MsgspecError as error:
        expected = "a question of this release"
        raise NodesError(fault(Fault.QUESTION, expected=expected, got=error)) from error


def decoded(data: bytes, kind: Any) -> Any:
    """What came from a node as a value of a type. Raises NodesError."""
    with sound():
        return msgspec.msgpack.decode(data, type=kind)


@contextmanager
def sound() -> Iterator[None]:
    """Turn whatever goes wrong with bytes from outside into our word for it.

    Yields:
        Nothing.

    Raises:
        NodesError: if something does.
    """
    try:
        yield
    except (
        zstandard.ZstdError,
        msgspec.MsgspecError,
        CaptureError,
        ValueError,
        IndexError,
        TypeError,
        KeyError,
    ) as error:
        expected = "columns of this release"
        raise NodesError(fault(Fault.GARBLED, expected=expected, got=error)) from error


def packed(numbers: Ints) -> bytes:
    """Numbers as they travel."""
    return pack([numbers])


def numbers_of(data: bytes) -> Ints:
    """Undo `packed`. Raises NodesError."""
    with sound():
        (numbers,) = unpack(data)[0]
        return numbers


def packed_runs(runs: Runs) -> bytes:
    """Items as they travel."""
    return pack([runs.head, runs.first, runs.count], _encode(tuple(runs.heads)))


def runs_of(data: bytes) -> Runs:
    """Undo `packed_runs`. Raises NodesError."""
    with sound():
        columns, extra = unpack(data)
        heads = msgspec.msgpack.decode(extra, type=tuple[Head, ...])
        return _checked(Runs(heads, *columns))


def _checked(runs: Runs) -> Runs:
    """Runs from outside. Raises ValueError if they are none."""
    lengths = {len(runs.head), len(runs.first), len(runs.count)}
    if len(lengths) != 1:
        raise ValueError(lengths)
    if len(runs.head):
        least = min(int(runs.head.min()), int(runs.first.min()), int(runs.count.min()) - 1)
        if least < 0 or int(runs.head.max()) >= len(runs.heads):
            raise ValueError(least)
        most = max(
            int(runs.first.max()) / 10**DIGITS_MAX, float(runs.count.sum(dtype=float)) / ITEMS_MAX
        )
        if most > 1:
            raise ValueError(most)
    return runs


def told_rows(store: ColumnStore, rows: Rows) -> bytes:
    """Rows of an index as they travel: without its numbers of items and texts."""
    _, at, event = np.unique(rows.event, return_index=True, return_inverse=True)
    row, runs = _runs(store, rows)
    columns = [getattr(rows, name)[at] for name in PLAIN]
    texts, terms = _terms(store, [*(getattr(rows, name)[at] for name in TERMS), rows.uom[row]])
    bits = np.ascontiguousarray(rows.quantity[row]).view(np.int64)
    of_rows = [runs.head, runs.first, runs.count, event[row], rows.role[row], bits]
    header = _Header(tuple(texts), tuple(runs.heads))
    return pack([*columns, *terms, *of_rows], _encode(header))


def _terms(store: ColumnStore, columns: Sequence[Ints]) -> tuple[list[str], list[Ints]]:
    """The texts of columns of terms, and the columns as places among them."""
    unique, which = np.unique(np.concatenate(columns), return_inverse=True)
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return [store.term(term) for term in unique.tolist()], np.split(which.reshape(-1), ends)


def _runs(store: ColumnStore, rows: Rows) -> tuple[Ints, Runs]:
    """Which row each run is of, and the items of rows as runs."""
    ranges = Ranges.of(rows.item, rows.count)
    runs = Runs.of_spans(store.spans(ranges))
    starts = np.cumsum(runs.count) - runs.count
    # Spans tell numbers in their order: the place of a number among all leads to its span.
    before = np.cumsum(ranges.count) - ranges.count
    at = np.searchsorted(ranges.first, rows.item, "right") - 1
    place = before[at] + rows.item - ranges.first[at]
    low = np.searchsorted(starts, place, "right") - 1
    parts = np.searchsorted(starts, place + rows.count - 1, "right") - low
    row = np.repeat(np.arange(len(rows)), parts)
    which = low[row] + within(parts)
    begin = np.maximum(place[row], starts[which])
    end = np.minimum((place + rows.count)[row], (starts + runs.count)[which])
    first = runs.first[which] + begin - starts[which]
    return row, Runs(runs.heads, runs.head[which], first, end - begin)


class Read(msgspec.Struct, frozen=True):
    """Rows as they came: numbers of events are those of their node, texts are told beside."""

    terms: tuple[str, ...]
    of_events: dict[str, Ints]
    """`PLAIN` and `TERMS` of each event."""
    runs: Runs
    event: Ints
    """Place of the event of each run."""
    role: Ints
    quantity: NDArray[np.float64]
    uom: Ints


def read_rows(data: bytes) -> Read:
    """Undo `told_rows`. Raises NodesError."""
    with sound():
        columns, extra = unpack(data)
        header = _header.decode(extra)
        names = (*PLAIN, *TERMS)
        uom, head, first, count, event, role, bits = columns[len(names) :]
        of_events = dict(zip(names, columns[: len(names)], strict=True))
        runs = _checked(Runs(header.heads, head, first, count))
        if len({len(one) for one in of_events.values()}) != 1:
            raise ValueError(len(of_events))
        if {len(one) for one in (uom, event, role, bits)} != {len(head)}:
            raise ValueError(len(head))
        bounds = [(event, len(of_events["event"])), (uom, len(header.terms))]
        bounds += [(role, OUTPUT + 1), (of_events["kind"], 4 * len(TYPES))]
        bounds += [(of_events[name], len(header.terms)) for name in TERMS]
        if any(len(one) and not 0 <= one.min() <= one.max() < most for one, most in bounds):
            raise ValueError(len(event))
        quantity = np.ascontiguousarray(bits).view(np.float64)
        return Read(header.terms, of_events, runs, event, role, quantity, uom)


def told_events(found: Sequence[Stored]) -> bytes:
    """Events as they travel, whole."""
    rows = [(one.no, one.entry, one.position, one.record_ms) for one in found]
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    table = squeeze(EventTable.of([one.event for one in found]))
    return _encode(_Stored(pack(list(columns)), tuple(one.by for one in found), table))


def read_events(data: bytes) -> list[Stored]:
    """Undo `told_events`. Raises NodesError."""
    with sound():
        came = msgspec.msgpack.decode(data, type=_Stored)
        numbers = zip(*(one.tolist() for one in unpack(came.columns)[0]), strict=True)
        events = unsqueeze(came.table).events()
        return [
            Stored(no, entry, position, by, record_ms, event)
            for (no, entry, position, record_ms), by, event in zip(
                numbers, came.by, events, strict=True
            )
        ]


def told_references(rows: Sequence[tuple[int, int, int]]) -> bytes:
    """Place, event and record time of each."""
    return pack(list(np.array(rows, np.int64).reshape(-1, 3).T))


def read_references(data: bytes) -> tuple[Ints, Ints, Ints]:
    """Undo `told_references`. Raises NodesError."""
    with sound():
        place, no, record_ms = unpack(data)[0]
        return place, no, record_ms

"""How does a table of events travel between processes? As one piece of bytes that proves itself.

A check sum, then MessagePack. Of columns: texts as they are, all whole numbers in one piece, then
the amounts. Of few events: their rows as they are.
Only data: nothing that arrives is executed, and what was damaged on its way is refused. Not a
format to keep: the sender and the receiver are the same release.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias
from zlib import crc32

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.few import Few
from guantong.capture.table import COLUMNS, OUTPUT, TERMS, TYPES, EventTable, Head, Run, Runs
from guantong.errors import Fault as Found
from guantong.errors import fault

_Ints = NDArray[np.int64]
_SUM: Final = 4
_LENGTH: Final = 8
_RELEASE: Final = 2
_WHOLE: Final = np.dtype("<i8")
_AMOUNT: Final = np.dtype("<f8")
_RUN_NUMBERS: Final = ("event", "role", "head", "first", "count", "uom", "measured")
_TEXTS: Final = ("terms", "heads", "ids", "transformation", "rests")
_ANY_MAX: Final = 1 << 63
_Row: TypeAlias = tuple[int, int, int, int, int, int, int, int, int]


class Packed(
    msgspec.Struct,
    frozen=True,
    array_like=True,
    gc=False,
    forbid_unknown_fields=True,
    tag="columns",
):
    """The members of a table, its columns as bytes."""

    release: int
    events: int
    runs: int
    terms: tuple[str, ...]
    heads: tuple[Head, ...]
    ids: tuple[str, ...]
    transformation: tuple[str, ...]
    rests: tuple[bytes, ...]
    numbers: bytes
    """The columns of the events, one after the other, then those of the runs."""
    amounts: bytes
    """The amounts of the runs; empty when all are `empty_amounts`."""

    def columns(self, of_events: int, of_runs: int) -> tuple[_Ints, _Ints]:
        """The columns of the events and those of the runs, which nobody can change.

        Args:
            of_events: How many columns events have.
            of_runs: How many whole-number columns runs have.

        Returns:
            As many rows, each of them a column.

        Raises:
            CaptureError: `capture.syntax` when there are more or fewer numbers than that.
        """
        middle, count = self.events * of_events, self.runs * of_runs
        fits = len(self.numbers) == (middle + count) * _WHOLE.itemsize and self.events >= 0
        require(fits and self.runs >= 0, f"no {middle} and {count} numbers")
        numbers = np.frombuffer(self.numbers, _WHOLE)
        return (
            numbers[:middle].reshape(of_events, self.events),
            numbers[middle:].reshape(of_runs, self.runs),
        )

    def quantities(self) -> NDArray[np.float64]:
        """The amounts of the runs.

        Returns:
            One a run, NaN for none.

        Raises:
            CaptureError: `capture.syntax` when there are more or fewer than runs.
        """
        if not self.amounts:
            return np.full(self.runs, np.nan)
        require(len(self.amounts) == self.runs * _AMOUNT.itemsize, f"no {self.runs} amounts")
        return np.frombuffer(self.amounts, _AMOUNT)


class PackedRows(
    msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True, tag="rows"
):
    """The members of a table of few events."""

    release: int
    terms: tuple[str, ...]
    heads: tuple[Head, ...]
    ids: tuple[str, ...]
    transformation: tuple[str, ...]
    rests: tuple[bytes, ...]
    rows: tuple[_Row, ...]
    runs: tuple[Run, ...]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[Packed | PackedRows]] = msgspec.msgpack.Decoder(
    Packed | PackedRows
)


def pack(table: EventTable) -> bytes:
    """The table as bytes for another process of the same release; see `unpack`."""
    named = (
        _packed_rows(table) if isinstance(table, Few) else _packed(table, b"".join(_numbers(table)))
    )
    body = _encoder.encode(named)
    return crc32(body).to_bytes(_SUM, "big") + body


def squeeze(table: EventTable) -> bytes:
    """The same, compressed column by column: no second copy of the table is made; see `unsqueeze`."""
    named = _packed(table, b"")
    head = _encoder.encode(named)
    parts: list[bytes | memoryview] = [len(head).to_bytes(_LENGTH, "big"), head]
    parts += _numbers(table)
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True).compressobj()
    return b"".join([*[compressor.compress(part) for part in parts], compressor.flush()])


def unsqueeze(raw: bytes) -> EventTable:
    """The table of such bytes.

    Args:
        raw: All bytes of it and no other.

    Returns:
        The same table; its columns can not be changed.

    Raises:
        CaptureError: `capture.syntax` when the bytes are not as `squeeze` gave them.
    """
    try:
        opener = zstandard.ZstdDecompressor().decompressobj()
        whole = opener.decompress(raw)
        require(opener.eof, "an end too early")
        end = _LENGTH + int.from_bytes(whole[:_LENGTH], "big")
        named = _decoder.decode(memoryview(whole)[_LENGTH:end])
    except (zstandard.ZstdError, msgspec.DecodeError) as problem:
        raise CaptureError(_damage(str(problem))) from problem
    if not isinstance(named, Packed) or named.release != _RELEASE:
        raise CaptureError(_damage("a table of another release"))
    return _columns(msgspec.structs.replace(named, numbers=whole[end:]))


def _packed_rows(few: Few) -> PackedRows:
    return PackedRows(
        _RELEASE,
        few.terms,
        few.heads,
        few.ids,
        few.transformation,
        few.rests,
        few.rows,  # type: ignore[arg-type]  # as many numbers as there are columns
        few.run_rows,
    )


def _numbers(table: EventTable) -> list[memoryview]:
    """The columns of the events, then those of the runs."""
    columns = [getattr(table, name) for name in COLUMNS]
    columns += [getattr(table.runs, name) for name in _RUN_NUMBERS]
    return [np.ascontiguousarray(column, _WHOLE).data for column in columns]


def _packed(table: EventTable, numbers: bytes) -> Packed:
    runs = table.runs
    amounts = runs.quantity
    return Packed(
        release=_RELEASE,
        events=len(table),
        runs=len(runs),
        numbers=numbers,
        amounts=b"" if np.isnan(amounts).all() else amounts.astype(_AMOUNT, copy=False).tobytes(),
        **{name: getattr(table, name) for name in _TEXTS},
    )


def unpack(raw: bytes | memoryview) -> EventTable:
    """The table of such bytes.

    Args:
        raw: All bytes of it and no other.

    Returns:
        The same table; its columns can not be changed.

    Raises:
        CaptureError: `capture.syntax` when the bytes are not as `pack` gave them.
    """
    found = _opened(raw)
    return _few(found) if isinstance(found, PackedRows) else _columns(found)


def _opened(raw: bytes | memoryview) -> Packed | PackedRows:
    """The members; what the numbers in them point to is not looked at."""
    view = memoryview(raw)
    sealed = len(view) >= _SUM and crc32(view[_SUM:]) == int.from_bytes(view[:_SUM], "big")
    require(sealed, "other bytes")
    try:
        found = _decoder.decode(view[_SUM:])
    except msgspec.DecodeError as problem:
        raise CaptureError(_damage(str(problem))) from problem
    require(found.release == _RELEASE, "a table of another release")
    return found


def _columns(found: Packed) -> EventTable:
    events, numbers = found.columns(len(COLUMNS), len(_RUN_NUMBERS))
    of_events, of_runs = _bounds(found, found.events)
    good = (
        _has_ids(found, found.events)
        and _are_below(events, (1 << 64, *of_events))
        and _are_below(numbers, (*of_runs, 2))
    )
    require(good, _NOWHERE)
    *runs, measured = numbers
    return EventTable(
        **dict(zip(COLUMNS, events, strict=True)),
        **{name: getattr(found, name) for name in _TEXTS},
        runs=Runs(
            **dict(zip(_RUN_NUMBERS, runs, strict=False)),
            measured=measured.astype(np.bool_),
            quantity=found.quantities(),
        ),
    )


def _few(found: PackedRows) -> Few:
    of_events, of_runs = _bounds(found, len(found.rows))
    good = (
        _has_ids(found, len(found.rows))
        and all(-_ANY_MAX <= row[0] < _ANY_MAX for row in found.rows)
        and _rows_are_below([row[1:] for row in found.rows], of_events)
        and _rows_are_below([(*run[:5], run[7]) for run in found.runs], of_runs)
    )
    require(good, _NOWHERE)
    texts = {name: getattr(found, name) for name in _TEXTS}
    return Few(rows=found.rows, run_rows=found.runs, **texts)


_NOWHERE: Final = "a number that points nowhere"


def _bounds(found: Packed | PackedRows, events: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the numbers of events, but for the time, and those of runs have to be below."""
    terms = len(found.terms)
    return (
        (4 * len(TYPES), *[terms] * len(TERMS), len(found.rests)),
        (events, OUTPUT + 1, len(found.heads), _ANY_MAX, _ANY_MAX, terms),
    )


def _has_ids(found: Packed | PackedRows, events: int) -> bool:
    """Whether there is an id for each event, and a transformation for each or none."""
    return (len(found.ids), len(found.transformation) or events) == (events, events)


def require(good: bool, problem: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Go on only when a part of a table is as `packed` would have made it.

    Raises:
        CaptureError: `capture.syntax` otherwise.
    """
    if not good:
        raise CaptureError(_damage(problem))


def _rows_are_below(rows: Iterable[Sequence[int]], bounds: Sequence[int]) -> bool:
    """The same of rows."""
    return all(
        0 <= number < bound for row in rows for number, bound in zip(row, bounds, strict=True)
    )


def _are_below(columns: _Ints, bounds: Sequence[int]) -> bool:
    """Whether all numbers of each column are from 0 on and below its bound."""
    if not columns.size:
        return True
    highest = columns.view(np.uint64).max(axis=1).tolist()
    return all(high < bound for high, bound in zip(highest, bounds, strict=True))


def _damage(got: str) -> Found:
    return fault(Fault.SYNTAX, expected="a table as it was packed", got=got)

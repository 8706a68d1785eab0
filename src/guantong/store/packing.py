"""How do columns of whole numbers become few bytes?

Each column keeps its least value and as many bytes of each difference from it as the largest
needs; where neighbours differ less than the whole, their differences are kept instead. Bytes of
one weight lie together, so that Zstandard finds what repeats. A column of one value costs
nothing but its header.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, overload

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]

LEVEL: Final = 3
"""Of Zstandard: higher ones cost more time than they save bytes here."""
FLATTER: Final = 4
"""Differences are kept where their spread is that many bits narrower than that of the values."""

_Header: TypeAlias = tuple[int, int, int, int | None]
"""Length; least or first value; bytes each; least step, None where values are kept as they are."""

_header_bytes = msgspec.msgpack.Encoder().encode
_header_of = msgspec.msgpack.Decoder(tuple[list[_Header], bytes]).decode


def pack(columns: Sequence[Ints], extra: bytes = b"") -> bytes:
    """Columns of any lengths, with some bytes beside them, as one compressed text.

    Args:
        columns: Each of its own length, one dimension.
        extra: Kept as they are.

    Returns:
        What `unpack` reads.
    """
    packed = [_packed(column) for column in columns]
    header = _header_bytes(([head for head, _ in packed], extra))
    parts = [part for _, planes in packed for part in planes]
    plain = b"".join([len(header).to_bytes(4, "little"), header, *parts])
    return zstandard.ZstdCompressor(level=LEVEL).compress(plain)


class Columns(Sequence[Ints]):
    """Columns as they were packed, each made a column of numbers when it is first asked for."""

    def __init__(self, plain: bytes, start: int, heads: Sequence[_Header]) -> None:
        """Nothing is made yet.

        Args:
            plain: Not compressed any more.
            start: Where the planes of the first column begin.
            heads: Of all columns.

        Raises:
            ValueError: if there are more or less bytes than the heads say.
        """
        self._plain = plain
        self._heads = heads
        self._made: list[Ints | None] = [None] * len(heads)
        self._starts = [start]
        for count, _, width, step in heads:
            self._starts.append(self._starts[-1] + _stored(count, step) * width)
        if self._starts[-1] != len(plain):
            raise ValueError(len(plain))

    def __len__(self) -> int:
        return len(self._heads)

    @overload
    def __getitem__(self, at: int) -> Ints: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Ints]: ...
    def __getitem__(self, at: int | slice) -> Ints | Sequence[Ints]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        made = self._made[at]
        if made is None:
            made = self._made[at] = self._of(at)
        return made

    def value(self, at: int, row: int) -> int:
        """One number of a column; of columns that are not made yet most need not be for it."""
        count, base, width, step = self._heads[at]
        if step is not None or self._made[at] is not None:
            return int(self[at][row])
        start, plain = self._starts[at] + row, self._plain
        for weight in range(width):
            base += plain[start + weight * count] << 8 * weight
        return base

    def _of(self, at: int) -> Ints:
        count, base, width, step = self._heads[at]
        values = _values(self._plain, self._starts[at], _stored(count, step), width)
        return values + base if step is None else _summed(base, values + step)


class Named(Mapping[str, Ints]):
    """Some of the columns under names."""

    def __init__(self, columns: Columns, places: Mapping[str, int]) -> None:
        """Each name with the place of its column."""
        self._columns = columns
        self._at = places

    def __getitem__(self, name: str) -> Ints:
        return self._columns[self._at[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)


def unpack(data: bytes) -> tuple[Columns, bytes]:
    """The columns and the bytes that `pack` was given."""
    plain = zstandard.ZstdDecompressor().decompress(data)
    start = 4 + int.from_bytes(plain[:4], "little")
    heads, extra = _header_of(plain[4:start])
    return Columns(plain, start, heads), extra


def _stored(count: int, step: int | None) -> int:
    """How many values lie there: one less where differences do."""
    return count if step is None else count - 1


def _packed(column: Ints) -> tuple[_Header, list[bytes]]:
    """The header and byte planes of a column, in whichever way is smaller."""
    count = len(column)
    if not count:
        return (0, 0, 0, None), []
    least, most = int(column.min()), int(column.max())
    steps = np.diff(column)
    if least < most and len(steps) > 1:
        low, high = int(steps.min()), int(steps.max())
        if high - low < (most - least) >> FLATTER:
            planes = _planes(steps - low, high - low)
            return (count, int(column[0]), len(planes), low), planes
    planes = _planes(column - least, most - least)
    return (count, least, len(planes), None), planes


def _planes(values: Ints, most: int) -> list[bytes]:
    """The bytes of each value, as many as `most` needs, all of one weight together."""
    width = (most.bit_length() + 7) // 8
    raw = values.astype("<i8", copy=False).view(np.uint8).reshape(-1, 8)
    return [raw[:, weight].tobytes() for weight in range(width)]


def _values(plain: bytes, start: int, count: int, width: int) -> Ints:
    """What `_planes` wrote."""
    planes = np.frombuffer(plain, np.uint8, count * width, start)
    if width == 1:
        return planes.astype(np.int64)
    values = np.zeros((count, 8), np.uint8)
    values[:, :width] = planes.reshape(width, count).T
    return values.view("<i8").reshape(count)


def _summed(first: int, steps: Ints) -> Ints:
    """The values that begin with `first` and differ by `steps`."""
    values = np.empty(len(steps) + 1, np.int64)
    values[0] = first
    np.cumsum(steps, out=values[1:])
    values[1:] += first
    return values

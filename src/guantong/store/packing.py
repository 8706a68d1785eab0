"""How do columns of whole numbers become few bytes?

Each column keeps its least value and as many bytes of each difference from it as the largest
needs; where neighbours differ less than the whole, their differences are kept instead. Bytes of
one weight lie together, so that Zstandard finds what repeats. A column of one value costs
nothing but its header.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

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


def unpack(data: bytes) -> tuple[list[Ints], bytes]:
    """The columns and the bytes that `pack` was given."""
    plain = zstandard.ZstdDecompressor().decompress(data)
    start = 4 + int.from_bytes(plain[:4], "little")
    heads, extra = _header_of(plain[4:start])
    columns = []
    for count, base, width, step in heads:
        stored = count if step is None else count - 1
        values = _values(plain, start, stored, width)
        start += stored * width
        columns.append(values + base if step is None else _summed(base, values + step))
    return columns, extra


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

"""Where in a segment is an entry, and where are the tree's nodes that were made in it?

Of the segment being written both are kept in memory. A finished one has a file beside it,
``<first>.nodes``, with the same: made once, checked by a digest when it is loaded, mapped, not
read. It can be dropped at any time: it is made again from the frames.
"""

import mmap
import os
import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from guantong.errors import fault
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.frames import FRAME_HEAD_BYTES, SEGMENT_HEAD_BYTES, Head, Layout, SegmentHead
from guantong.ledger.merkle import HASH_BYTES, Levels, fold, peaks_of

_MAGIC: Final = b"GTNODES1"
_HEAD = struct.Struct("<8sQQQQII32s32s")
"""Magic, first entry, entry after the last, bytes of the segment, record time of the last
entry, frames, levels, root before, root after."""
_READ_BYTES: Final = 256 * 1024 * 1024
_LEVEL = struct.Struct("<QQ")
"""Index of the first node, number of nodes."""


class PackedLevels:
    """The nodes of a finished segment, in a mapped file."""

    def __init__(self, size: int, rows: Sequence[tuple[int, memoryview]]) -> None:
        self.size = size
        self._rows = rows

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree `index` at `level`; it must lie in this segment."""
        first, row = self._rows[level]
        at = (index - first) * HASH_BYTES
        return bytes(row[at : at + HASH_BYTES])

    def edge(self, size: int) -> list[bytes]:
        """The peaks of the tree as it was before or after this segment."""
        return [self.node(level, index) for level, index in peaks_of(size)]

    def peaks(self) -> list[bytes]:
        """The complete subtrees that cover all entries to the end of this segment."""
        return self.edge(self.size)


@dataclass(slots=True)
class Index:
    """What must be known of a segment to find an entry or a node in it."""

    levels: Levels | PackedLevels
    firsts: "array[int]" = field(default_factory=lambda: array("Q"))
    """First entry of each frame."""
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    """Where each frame begins."""
    record_ms: int = 0
    """Record time of the last entry."""

    def note(self, first: int, offset: int, record_ms: int) -> None:
        """Note one more frame; the offset goes first, so that no reader finds it missing."""
        self.offsets.append(offset)
        self.firsts.append(first)
        self.record_ms = record_ms

    def offset_of(self, index: int) -> int:
        """Where the frame with entry `index` begins."""
        return self.offsets[bisect_right(self.firsts, index) - 1]


class Segment:
    """One file of frames."""

    def __init__(self, path: Path, origin: bytes, *, writable: bool) -> None:
        """Open an existing segment.

        Raises:
            LedgerError: if its head is not that of a segment of this ledger.
        """
        self.path = path
        self.fd = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        self.head = SegmentHead.parse(os.pread(self.fd, SEGMENT_HEAD_BYTES, 0))
        self.index: Index
        """Set by whoever opens it, to what was read or is being written."""
        self._layout: tuple[int, Layout] | None = None
        if self.head.origin != origin or self.head.first != int(path.stem):
            raise LedgerError(fault(Fault.DAMAGED, expected=f"segment {path.stem}", got=self.head))

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self.fd)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of this segment.

        Returns:
            Exactly `length` bytes.

        Raises:
            LedgerError: if they are not there.
        """
        raw = os.pread(self.fd, length, offset)
        while len(raw) < length:
            more = os.pread(self.fd, length - len(raw), offset + len(raw))
            if not more:
                where = f"{self.path.name}:{offset}"
                raise LedgerError(
                    fault(Fault.DAMAGED, path=where, expected=f"{length} bytes", got=len(raw))
                )
            raw += more
        return raw

    def read_rest(self, offset: int) -> bytes:
        """What stands from `offset` on, which may change at any moment."""
        parts = []
        while part := os.pread(self.fd, self._ahead(offset), offset):
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def _ahead(self, offset: int) -> int:
        """How much to ask for: memory is taken for all of it, whether or not it is there."""
        return max(1, min(self.size_bytes() - offset, _READ_BYTES))

    def size_bytes(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self.fd).st_size

    def frame_at(self, offset: int) -> Head:
        """The head of the frame at `offset`.

        Returns:
            The head.

        Raises:
            LedgerError: if none of ours stands there.
        """
        head = Head.parse(self.head.nonce, self.read(offset, FRAME_HEAD_BYTES), 0)
        if head is None:
            where = f"{self.path.name}:{offset}"
            raise LedgerError(fault(Fault.DAMAGED, path=where, expected="a frame", got="none"))
        return head.moved(offset)

    def layout_of(self, index: int) -> Layout:
        """Where the parts of the frame with entry `index` lie; the last one is remembered."""
        offset = self.index.offset_of(index)
        last = self._layout
        if last is not None and last[0] == offset:
            return last[1]
        layout = Layout.of(self.frame_at(offset), self.read)
        self._layout = (offset, layout)
        return layout


def nodes_path(segment: Path) -> Path:
    """The file beside a segment with what can be made again from it."""
    return segment.with_suffix(".nodes")


def write_index(disk: Disk, segment: Segment, levels: Levels, size_bytes: int) -> None:
    """Put what is in memory of a finished segment beside it."""
    index = segment.index
    frames, rows = len(index.firsts), levels.rows
    raw = b"".join(
        (
            _HEAD.pack(
                _MAGIC,
                segment.head.first,
                levels.size,
                size_bytes,
                index.record_ms,
                frames,
                len(rows),
                fold(levels.edge(segment.head.first)),
                levels.root(),
            ),
            struct.pack(f"<{2 * frames}Q", *index.firsts, *index.offsets),
            *(_LEVEL.pack(first, len(row)) for first, row in zip(levels.firsts, rows, strict=True)),
            *map(b"".join, rows),
        )
    )
    write_file(disk, nodes_path(segment.path), [raw, sha256(raw).digest()])


@dataclass(frozen=True, slots=True)
class Summary:
    """The head of a nodes file."""

    first: int
    stop: int
    """Entry after the last."""
    size_bytes: int
    """Bytes of the segment."""
    record_ms: int
    frames: int
    levels: int
    root_before: bytes
    """Root of the tree up to `first`: that of the segment before."""
    root: bytes
    """Root of the tree up to `stop`."""

    def shape(self) -> tuple[int, int, int, bytes]:
        """What must agree with the segments around: first, stop, size in bytes, root before."""
        return self.first, self.stop, self.size_bytes, self.root_before

    @classmethod
    def parse(cls, raw: bytes | memoryview) -> Self | None:
        """Read the head, or None when it is none."""
        if len(raw) < _HEAD.size or bytes(raw[:8]) != _MAGIC:
            return None
        return cls(*_HEAD.unpack_from(raw)[1:])


def read_summary(segment: Path) -> Summary | None:
    """The head of the nodes file beside a segment, or None when there is no usable one."""
    try:
        with nodes_path(segment).open("rb") as file:
            return Summary.parse(file.read(_HEAD.size))
    except FileNotFoundError:
        return None


def read_index(segment: Path) -> Index | None:
    """What stands beside a finished segment, or None when it is absent or not as written."""
    try:
        with nodes_path(segment).open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (FileNotFoundError, ValueError):
        return None
    summary = Summary.parse(view)
    body = view[:-HASH_BYTES]
    if summary is None or sha256(body).digest() != bytes(view[-HASH_BYTES:]):
        return None
    index = _unpack(summary, body)
    return index if _fits(summary, index) else None


def _fits(summary: Summary, index: Index) -> bool:
    """Whether the nodes lead from the one root to the other."""
    levels = index.levels
    return (
        fold(levels.edge(summary.first)) == summary.root_before
        and fold(levels.edge(summary.stop)) == summary.root
    )


def _unpack(summary: Summary, body: memoryview) -> Index:
    """Read a nodes file whose digest was right."""
    frames, at = summary.frames, _HEAD.size
    numbers = struct.unpack_from(f"<{2 * frames}Q", body, at)
    at += 16 * frames
    shapes = [_LEVEL.unpack_from(body, at + _LEVEL.size * level) for level in range(summary.levels)]
    at += _LEVEL.size * summary.levels
    rows = []
    for first, count in shapes:
        rows.append((first, body[at : at + count * HASH_BYTES]))
        at += count * HASH_BYTES
    firsts, offsets = array("Q", numbers[:frames]), array("Q", numbers[frames:])
    return Index(PackedLevels(summary.stop, rows), firsts, offsets, summary.record_ms)

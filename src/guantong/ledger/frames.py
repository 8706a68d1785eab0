"""What does one group commit look like on disk, and is this one whole?

A segment is a header and frames, one frame per group commit: a head of fixed size, then the
statements with their lengths, then the blobs with their lengths and flags. A mirror may copy
head and statements and leave the blobs.

Heads carry digests that are keyed with a nonce of the segment, which never leaves the machine:
bytes that a submitter wrote into a body can so never be taken for a frame.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import Final

from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import leaf_hash

SEGMENT_MAGIC: Final = b"GTLEDGER"
FRAME_MAGIC: Final = b"GTFR"
FORMAT: Final = 1
NONCE_BYTES: Final = 32
_CHECK_BYTES: Final = 8

_SEGMENT = struct.Struct("<8sIIQ32s32s")
"""Magic, format, zero, first entry, SHA-256 of the origin, nonce; then a check."""
_HEAD = struct.Struct("<4sIQQQQ32s32s")
"""Magic, entries, first entry, record time of the last in ms, bytes of statements, bytes of
blobs, root after, SHA-256 of the blobs; then the frame's digest and a check of the head."""
SEGMENT_HEAD_BYTES: Final = _SEGMENT.size + _CHECK_BYTES
FRAME_HEAD_BYTES: Final = _HEAD.size + 32 + _CHECK_BYTES


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """How a segment begins."""

    first: int
    """Index of its first entry."""
    origin: bytes
    """SHA-256 of the ledger's name."""
    nonce: bytes
    """Keys the digests of its frames."""

    def encode(self) -> bytes:
        """The bytes it begins with."""
        head = _SEGMENT.pack(SEGMENT_MAGIC, FORMAT, 0, self.first, self.origin, self.nonce)
        return head + sha256(head).digest()[:_CHECK_BYTES]

    @classmethod
    def parse(cls, data: bytes) -> "SegmentHead":
        """Read the beginning of a segment.

        Returns:
            What it says.

        Raises:
            LedgerError: if it is none, or one of a later version.
        """
        head, check = data[: _SEGMENT.size], data[_SEGMENT.size : SEGMENT_HEAD_BYTES]
        if sha256(head).digest()[:_CHECK_BYTES] != check or not head.startswith(SEGMENT_MAGIC):
            raise LedgerError(fault(Fault.DAMAGED, expected="the head of a segment", got=head[:16]))
        _, version, _, first, origin, nonce = _SEGMENT.unpack(head)
        if version != FORMAT:
            raise LedgerError(fault(Fault.FORMAT, expected=f"format {FORMAT}", got=version))
        return cls(first, origin, nonce)


@dataclass(frozen=True, slots=True)
class Group:
    """What goes into one frame."""

    first: int
    """Index of its first entry."""
    record_ms: int
    """Record time of its last entry."""
    root: bytes
    """Root of the tree with these entries."""
    statements: Sequence[bytes]
    flags: Sequence[int]
    blobs: Sequence[bytes]

    def encode(self, nonce: bytes) -> tuple[bytes, bytes, bytes]:
        """The frame, in three parts: head, statements, blobs."""
        count = len(self.statements)
        lengths = struct.pack(f"<{count}H", *map(len, self.statements))
        statements = b"".join((lengths, *self.statements))
        sizes = struct.pack(f"<{count}I", *map(len, self.blobs))
        blobs = b"".join((sizes, bytes(self.flags), *self.blobs))
        head = _HEAD.pack(
            FRAME_MAGIC,
            count,
            self.first,
            self.record_ms,
            len(statements),
            len(blobs),
            self.root,
            sha256(blobs).digest(),
        )
        head += _digest(nonce, head, statements)
        return head + _check(nonce, head), statements, blobs


def _digest(nonce: bytes, head: bytes, statements: bytes | memoryview) -> bytes:
    digest = sha256(nonce + head)
    digest.update(statements)
    return digest.digest()


def _check(nonce: bytes, head: bytes) -> bytes:
    return sha256(nonce + head).digest()[:_CHECK_BYTES]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a frame that this ledger wrote."""

    offset: int
    """Where the frame begins in its segment."""
    count: int
    """Entries in it."""
    first: int
    """Index of its first entry."""
    record_ms: int
    """Record time of its last entry."""
    statements_bytes: int
    blobs_bytes: int
    root: bytes
    """Root of the tree with these entries."""
    blobs_digest: bytes
    digest: bytes

    @classmethod
    def parse(cls, nonce: bytes, data: bytes | memoryview, offset: int) -> "Head | None":
        """The head at `offset`, or None when no frame of ours begins there."""
        raw = bytes(data[offset : offset + FRAME_HEAD_BYTES])
        if len(raw) < FRAME_HEAD_BYTES or not raw.startswith(FRAME_MAGIC):
            return None
        if _check(nonce, raw[:-_CHECK_BYTES]) != raw[-_CHECK_BYTES:]:
            return None
        _, count, first, record_ms, statements, blobs, root, digest = _HEAD.unpack_from(raw)
        own = raw[_HEAD.size : -_CHECK_BYTES]
        return cls(offset, count, first, record_ms, statements, blobs, root, digest, own)

    def moved(self, offset: int) -> "Head":
        """The same head, read from elsewhere than the beginning of its segment."""
        return replace(self, offset=offset)

    @property
    def stop(self) -> int:
        """Index after its last entry."""
        return self.first + self.count

    @property
    def middle(self) -> int:
        """Where the statements end and the blobs begin."""
        return self.offset + FRAME_HEAD_BYTES + self.statements_bytes

    @property
    def end(self) -> int:
        """Where the frame ends in its segment."""
        return self.middle + self.blobs_bytes

    def is_whole(self, nonce: bytes, data: memoryview) -> bool:
        """Whether statements and blobs are those that were written."""
        start = self.offset + FRAME_HEAD_BYTES
        head = bytes(data[self.offset : self.offset + _HEAD.size])
        return (
            self.end <= len(data)
            and sha256(data[self.middle : self.end]).digest() == self.blobs_digest
            and _digest(nonce, head, data[start : self.middle]) == self.digest
        )


class Rest(StrEnum):
    """What stands after the last whole frame."""

    NOTHING = "nothing"
    TORN = "torn"
    """A frame that was never finished, so never acknowledged."""
    DAMAGED = "damaged"
    """A frame that is not whole although another was begun after it."""


@dataclass(slots=True)
class Scan:
    """The frames found in a stretch of a segment."""

    heads: list[Head] = field(default_factory=list)
    end: int = 0
    """Where the last whole frame ends."""
    rest: Rest = Rest.NOTHING


def scan(nonce: bytes, data: bytes, *, first: int) -> Scan:
    """Walk the frames in `data`, which begins with the one of entry `first`."""
    view, found = memoryview(data), Scan()
    while found.end < len(data):
        head = Head.parse(nonce, view, found.end)
        if head is None or head.first != first or not head.is_whole(nonce, view):
            found.rest = _judge(nonce, data, found.end, head)
            break
        found.heads.append(head)
        first, found.end = head.stop, head.end
    return found


def _judge(nonce: bytes, data: bytes, offset: int, head: Head | None) -> Rest:
    """Whether the bytes at `offset` are a write cut short or harm done to an older frame.

    A frame is begun only after the one before was durable. So whatever follows one shows
    that it was whole once.

    Returns:
        `Rest.TORN` or `Rest.DAMAGED`.
    """
    if head is not None:
        return Rest.TORN if head.end >= len(data) else Rest.DAMAGED
    place = data.find(FRAME_MAGIC, offset + 1)
    while place >= 0:
        if Head.parse(nonce, data, place) is not None:
            return Rest.DAMAGED
        place = data.find(FRAME_MAGIC, place + 1)
    return Rest.TORN


def statements_in(head: Head, data: bytes | memoryview, start: int) -> Iterator[bytes]:
    """The statements of a frame; `data` holds its segment from offset `start` on."""
    at = head.offset + FRAME_HEAD_BYTES - start
    lengths = struct.unpack_from(f"<{head.count}H", data, at)
    at += 2 * head.count
    for length in lengths:
        yield bytes(data[at : at + length])
        at += length


def leaves_in(head: Head, data: memoryview) -> list[bytes]:
    """The leaf hashes of a frame; its offset counts from the beginning of `data`."""
    return [leaf_hash(raw) for raw in statements_in(head, data, 0)]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of one frame lie in its segment."""

    first: int
    """Index of its first entry."""
    stop: int
    """Index after its last."""
    statements: Sequence[int]
    """Offset of each statement, and the end of the last."""
    blobs: Sequence[int]
    """Offset of each blob, and the end of the last."""
    flags: bytes
    """`BlobFlag` of each blob."""

    @classmethod
    def of(cls, head: Head, read: Callable[[int, int], bytes]) -> "Layout":
        """Read the two tables of lengths; `read` gives bytes by offset and length."""
        count, at = head.count, head.offset + FRAME_HEAD_BYTES
        lengths = struct.unpack(f"<{count}H", read(at, 2 * count))
        table = read(head.middle, 5 * count)
        sizes = struct.unpack_from(f"<{count}I", table)
        statements = tuple(accumulate(lengths, initial=at + 2 * count))
        blobs = tuple(accumulate(sizes, initial=head.middle + 5 * count))
        return cls(head.first, head.stop, statements, blobs, table[4 * count :])

"""In what does a copy of a log get what the log has? And how does an empty copy begin?

A piece is one frame as it is written to the journal, with what lies beside it: large bodies, and
the keys of epochs that begin in it. What a copy has already is gone on from, entry by entry: the
frames of a copy may be larger than those of its log, statements and roots are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from guantong.errors import fault
from guantong.ledger.digest_key import NAME as DIGEST_KEY
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.fence import Fence, write_fence
from guantong.ledger.frames import Group, SegmentHead
from guantong.ledger.high_water import Mark
from guantong.ledger.journal import create_journal
from guantong.ledger.merkle import EMPTY_ROOT
from guantong.ledger.statement import Statement

PIECE_BYTES_MAX: Final = 4 << 20
"""No more frames are joined in a piece that has so many bytes."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """What makes a copy longer by some entries."""

    segment: int
    """First entry of the segment that the frame belongs to."""
    nonce: bytes
    """Of that segment."""
    frame: bytes
    large: Mapping[int, bytes] = {}
    """Blobs that have a file of their own, by entry."""
    epochs: Sequence[bytes] = ()
    """Keys of the epochs that begin in it, as in their files."""


class Beginning(msgspec.Struct, frozen=True):
    """What must be known to make an empty copy."""

    origin: str
    description: bytes
    """``ledger.json``."""
    digest_key: bytes
    nonce: bytes
    """Of the first segment."""

    def plant(self, directory: Path, disk: Disk, fence: Fence) -> None:
        """Make an empty copy in an empty or absent directory.

        Raises:
            LedgerError: if something stands there.
        """
        if directory.exists() and any(directory.iterdir()):
            raise LedgerError(
                fault(Fault.EXISTS, expected="an empty directory", got=directory.name)
            )
        for path in reversed([p for p in (directory, *directory.parents) if not p.exists()]):
            disk.make_directory(path)
            disk.sync_directory(path.parent)
        create_journal(disk, directory / "journal", self.origin, self.nonce)
        for path in (directory / "vault", directory / "vault" / "keys"):
            disk.make_directory(path)
            disk.sync_directory(path.parent)
        write_file(disk, directory / "vault" / DIGEST_KEY, [self.digest_key])
        write_file(disk, directory / "high_water", [Mark(0, EMPTY_ROOT).encode()])
        write_fence(disk, directory, fence)
        write_file(disk, directory / "ledger.json", [self.description])


def piece_of(
    head: SegmentHead, group: Group, large: Mapping[int, bytes], epochs: Sequence[bytes]
) -> Piece:
    """A group as a piece of its segment."""
    return Piece(head.first, head.nonce, b"".join(group.encode(head.nonce)), large, epochs)


def timed(group: Group) -> Group:
    """A group with the record time of its last entry."""
    return replace(group, record_ms=Statement.parse(group.statements[-1]).received)

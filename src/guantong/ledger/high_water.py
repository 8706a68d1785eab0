"""How far was the ledger durable, at the least? A second witness beside the journal.

Two slots of one small file are written in turn after each commit, without waiting: readers in
other processes see by it what they may show, and after a crash it tells a size below which the
journal cannot honestly have fallen. It is made durable when a writer opens or closes and when
a segment is finished; between those it lags by as much as the system delays its writing.
"""

import os
import struct
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger.disk import Disk
from guantong.ledger.faults import Fault, LedgerError

_SLOT = struct.Struct("<8sQ32s")
_MAGIC: Final = b"GTHIGHWM"
_STRIDE: Final = 512
"""One slot per sector, so that no write can harm the other."""
_CHECK_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """A state of the tree that was durable."""

    size: int
    """Entries."""
    root: bytes
    """Root over them."""

    def encode(self) -> bytes:
        """The bytes of a slot."""
        raw = _SLOT.pack(_MAGIC, self.size, self.root)
        return raw + sha256(raw).digest()[:_CHECK_BYTES]

    @classmethod
    def parse(cls, slot: bytes) -> "Mark | None":
        """The mark in a slot, or None when it holds none."""
        raw, check = slot[: _SLOT.size], slot[_SLOT.size : _SLOT.size + _CHECK_BYTES]
        if len(raw) < _SLOT.size or sha256(raw).digest()[:_CHECK_BYTES] != check:
            return None
        _, size, root = _SLOT.unpack(raw)
        return cls(size, root)


def read_mark(path: Path) -> Mark:
    """The higher of the two marks.

    Returns:
        A state that was durable.

    Raises:
        LedgerError: if neither can be read.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = b""
    slots = (Mark.parse(raw[:_STRIDE]), Mark.parse(raw[_STRIDE:]))
    marks = [mark for mark in slots if mark is not None]
    if not marks:
        raise LedgerError(fault(Fault.DAMAGED, expected="a mark in high_water", got=raw[:16]))
    return max(marks, key=lambda mark: mark.size)


class MarkWriter:
    """Keeps the file up to date for a writer."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        slots = os.pread(self._fd, 2 * _STRIDE, 0)
        low, high = Mark.parse(slots[:_STRIDE]), Mark.parse(slots[_STRIDE:])
        self._turn = 0 if low is None or (high is not None and low.size <= high.size) else 1

    def publish(self, mark: Mark) -> None:
        """Tell readers; durable some time later."""
        self._disk.write(self._fd, [mark.encode()], self._turn * _STRIDE)
        self._turn = 1 - self._turn

    def sync(self) -> None:
        """Make what was published durable."""
        self._disk.sync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

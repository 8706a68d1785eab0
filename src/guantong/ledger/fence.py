"""Who may write in this directory: the log's writer, nobody but who carries pieces, or nobody?

A log has one writer. Its copies (a standby, a backup, what was restored) are directories of the
same layout with a file ``fence``, in which nobody writes until one of them takes over: that is
the next epoch, a number in the file and an entry of the log. Whoever wrote before is told of it
by any copy it asks, notes it in its own file, and writes no more.
"""

from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError

FENCE: Final = "fence"
CONFIGURED: Final = "standby.json"
"""File that names the standby of a writer."""


class Role(StrEnum):
    """What a directory is. Stored: never renamed."""

    WRITER = "writer"
    COPY = "copy"
    """Only pieces from elsewhere are written."""
    FENCED = "fenced"
    """Another took over."""


class Fence(msgspec.Struct, frozen=True):
    """What stands in the file; where there is none, a writer of the first epoch."""

    role: Role = Role.WRITER
    epoch: int = 1
    """Of the writer; in a copy, of the one it hears; where it is fenced, of who took over."""
    alone: bool = False
    """Of a copy: whether more may have been acknowledged than it has."""


def read_fence(directory: Path) -> Fence:
    """What a ledger's directory is.

    Returns:
        A writer of the first epoch where nothing else is said.

    Raises:
        LedgerError: if it can not be read.
    """
    try:
        return msgspec.json.decode((directory / FENCE).read_bytes(), type=Fence)
    except FileNotFoundError:
        return Fence()
    except msgspec.DecodeError as error:
        raise LedgerError(fault(Fault.DAMAGED, path=FENCE, expected="JSON", got=error)) from error


def write_fence(disk: Disk, directory: Path, fence: Fence) -> None:
    """Say what a directory is, durable when this returns."""
    if read_fence(directory) != fence:
        write_file(disk, directory / FENCE, [msgspec.json.encode(fence)])


def check_role(directory: Path, role: Role) -> None:
    """Refuse to open a directory as what it is not.

    Raises:
        LedgerError: if another took over, it is a copy, or it is none.
    """
    fence = read_fence(directory)
    if fence.role is Role.FENCED:
        raise LedgerError(fenced(fence.epoch))
    if fence.role is not role:
        raise LedgerError(fault(Fault.COPY, expected=f"a {role}", got=f"a {fence.role}"))


def fenced(epoch: int) -> Found:
    """What is told to a writer when another took over."""
    got = f"epoch {epoch} of another"
    return fault(Fault.FENCED, expected="the writer of the last epoch", got=got)

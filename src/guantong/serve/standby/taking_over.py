"""When may a copy become the writer, and what is written then?

It must have the whole log: all that stands in the last checkpoint anybody was shown. What its
own writer told it of is compared always; where that writer was allowed to go on alone, or the
copy is a backup, somebody else's checkpoint must be shown too. Then the next epoch is an entry,
and the fence says that here is the writer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from guantong.caller import OPERATOR
from guantong.clock import SystemClock
from guantong.errors import fault
from guantong.ledger import (
    Disk,
    Fault,
    Ledger,
    LedgerError,
    StatementType,
    Submission,
    SystemEntropy,
)
from guantong.ledger.checkpoint import Trust
from guantong.ledger.fence import Fence, Role, read_fence, write_fence
from guantong.ledger.signer import last_heard, read_key, sign_on

MEDIA: Final = "application/vnd.guantong.epoch+json"


class Epoch(msgspec.Struct, frozen=True):
    """The body of the entry with which a writer begins."""

    epoch: int
    size: int
    """Entries before it, all that its copy had."""
    root: str
    """Over them, hexadecimal."""


def take_over(directory: Path, notes: Sequence[bytes]) -> Epoch:
    """Make a copy the writer of its log.

    Args:
        directory: The copy's; the log's key lies in it.
        notes: Signed checkpoints that others hold: witnesses, mirrors, the old machine.

    Returns:
        What was entered.

    Raises:
        LedgerError: if it is no copy, has no key, or was not shown to have the whole log.
    """
    fence = read_fence(directory)
    with Ledger.open(
        directory, clock=SystemClock(), entropy=SystemEntropy(), role=Role.COPY
    ) as ledger:
        trust = Trust(read_key(directory, ledger.origin).verifier())
        if fence.alone and not notes:
            expected = "the last checkpoint that others hold (--checkpoint)"
            raise LedgerError(fault(Fault.BEHIND, expected=expected, got="none"))
        known = [(_compared(ledger, trust, note), note) for note in (*notes, *_heard(directory))]
        if known:
            sign_on(Disk(), directory, max(known)[1])
        begun = _enter(ledger, fence.epoch + 1)
        write_fence(Disk(), directory, Fence(Role.WRITER, begun.epoch))
    return begun


def _heard(directory: Path) -> list[bytes]:
    note = last_heard(directory)
    return [] if note is None else [note]


def _compared(ledger: Ledger, trust: Trust, note: bytes) -> int:
    """The size that was signed, if the copy has all of that."""
    signed, _ = trust.open(note)
    if signed.size > ledger.size:
        expected = f"{signed.size} entries, as signed"
        raise LedgerError(fault(Fault.BEHIND, expected=expected, got=ledger.size))
    if ledger.root_at(signed.size) != signed.root:
        expected = f"the root that was signed at {signed.size}"
        raise LedgerError(fault(Fault.FORK, expected=expected, got="another"))
    return signed.size


def _enter(ledger: Ledger, number: int) -> Epoch:
    begun = Epoch(number, ledger.size, ledger.root.hex())
    body = msgspec.json.encode(begun)
    entry = Submission(
        typ=StatementType.SETTING,
        by=OPERATOR.party,
        body=body,
        media=MEDIA,
        meta={"epoch": number},
    )
    ledger.append([entry])
    return begun

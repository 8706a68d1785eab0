"""A log ends and another follows it: which one, and where does it say so?

A log is closed by its last entry, which names the successor; after it nothing is appended. The
first entry of the successor names the last checkpoint of the predecessor, of which it is the
body. Two proofs show the link to whoever has both keys.
"""

from dataclasses import dataclass
from typing import Final

from guantong import errors
from guantong.errors import fault
from guantong.ledger.bundle import Proof, Proved, verify
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.statement import Statement, StatementType

MEDIA: Final = "text/x.tlog.checkpoint"
"""Media type of the body of the first entry."""


@dataclass(frozen=True, slots=True)
class Link:
    """A predecessor and its successor."""

    predecessor: Checkpoint
    """As it ended."""
    successor: str
    """Origin of the log that follows."""


def closing_meta(successor: str) -> dict[str, str | int]:
    """What the last entry states."""
    return {"successor": successor}


def opening_meta(last: Checkpoint) -> dict[str, str | int]:
    """What the first entry of a successor states."""
    return {"origin": last.origin, "root": last.root.hex(), "size": last.size}


def check_last(proof: Proof, trust: Trust) -> tuple[Checkpoint, str]:
    """Whether a log was closed.

    Args:
        proof: Of its last entry, under its last checkpoint.
        trust: Its keys.

    Returns:
        Its last checkpoint, and the successor that it names.

    Raises:
        LedgerError: if the proof does not hold, or this is no last entry that closes.
    """
    proved = verify(proof, trust)
    said = Statement.parse(proved.entry)
    if said.typ is not StatementType.CLOSED or proved.index != proved.checkpoint.size - 1:
        raise LedgerError(
            _refused("last", "the last entry, which closes the log", _place(proved, said))
        )
    return proved.checkpoint, str(said.meta.get("successor", ""))


def check_link(last: Proof, old: Trust, first: Proof, new: Trust) -> Link:
    """Whether one log follows another, by the word of both.

    Args:
        last: Proof of the predecessor's last entry, under its last checkpoint.
        old: The predecessor's keys.
        first: Proof of the successor's first entry.
        new: The successor's keys.

    Returns:
        The two.

    Raises:
        LedgerError: if a proof does not hold, or they do not name each other.
    """
    ended, successor = check_last(last, old)
    proved = verify(first, new)
    said = Statement.parse(proved.entry)
    if said.typ is not StatementType.OPENED or proved.index != 0:
        raise LedgerError(
            _refused("first", "the first entry, which names a predecessor", _place(proved, said))
        )
    if successor != new.log.name:
        raise LedgerError(_refused("last", f"the successor {new.log.name}", successor))
    if dict(said.meta) != opening_meta(ended):
        stated = f"{said.meta.get('origin')} at {said.meta.get('size')}"
        expected = f"{ended.origin} at {ended.size}, with its root"
        raise LedgerError(_refused("first", expected, stated))
    return Link(ended, successor)


def _place(proved: Proved, said: Statement) -> str:
    return f"entry {proved.index} of {proved.checkpoint.size}: {said.typ.value}"


def _refused(path: str, expected: str, got: str) -> errors.Fault:
    return fault(Fault.SUCCESSION, path=path, expected=expected, got=got)

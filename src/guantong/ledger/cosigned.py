"""Which checkpoint is shown, the newest or the one that witnesses have signed?

Witnesses are asked after a checkpoint, so the newest has none of their signatures for a moment.
The last one that met the quorum lies in ``cosigned`` and is shown while it is young; when no
witness answers any more, the newest is shown with the log's signature alone, and readers who
want witnesses see that they are missing.

References:
    C2SP tlog-cosignature 1.1.0
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger.checkpoint import Checkpoint
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.ledger import Ledger
from guantong.ledger.note import Note, open_note
from guantong.ledger.note_key import Line, VerifierKey
from guantong.ledger.policy import Policy
from guantong.ledger.witness import Asked

COSIGNED: Final = "cosigned"
YOUNG_MS: Final = 10_000
"""So long the last cosigned checkpoint is shown in the place of newer ones."""


def request(ledger: Ledger, note: bytes, old: int) -> Asked:
    """What a witness is asked that signed the tree of `old` entries last.

    Returns:
        The request.

    Raises:
        LedgerError: if the ledger or the checkpoint has fewer entries than that.
    """
    size = Checkpoint.parse(Note.parse(note).body).size
    return Asked(old, tuple(ledger.consistency_proof(old, size)), note)


def signatures(answer: bytes, note: bytes, witness: VerifierKey) -> list[Line]:
    """The lines in the answer of a witness that are its own, and right.

    Returns:
        At least one line; those of keys nobody here knows are passed over.

    Raises:
        LedgerError: if there is none, or one is wrong.
    """
    body = Note.parse(note).body
    try:
        joined = f"{body}\n".encode() + answer
        open_note(joined, [witness])
        lines = Note.parse(joined).lines
    except LedgerError as error:
        expected = f"a signature of {witness.name} over the checkpoint"
        raise LedgerError(fault(Fault.WITNESS, expected=expected, got=error)) from error
    return [line for line in lines if (line.name, line.id) == (witness.name, witness.id)][:1]


def join(note: bytes, lines: Sequence[Line]) -> bytes:
    """A note with further signatures."""
    parsed = Note.parse(note)
    return Note(parsed.body, (*parsed.lines, *lines)).encode()


def keep(
    directory: Path, note: bytes, policy: Policy, log: VerifierKey, *, now_ms: int, disk: Disk
) -> None:
    """Put a cosigned checkpoint where those find it who show it.

    Raises:
        LedgerError: if the log or the quorum has not signed.
    """
    policy.over(log).open(note)
    write_file(disk, directory / COSIGNED, [f"{now_ms}\n".encode(), note])


def latest(directory: Path, newest: bytes, *, now_ms: int) -> bytes:
    """The checkpoint to show.

    Args:
        directory: The ledger's.
        newest: The last one the log signed.
        now_ms: The time.

    Returns:
        The same with cosignatures; an older one with them while it is young; or `newest`.
    """
    try:
        at, _, note = (directory / COSIGNED).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return newest
    same = Note.parse(note).body == Note.parse(newest).body
    return note if same or 0 <= now_ms - int(at) < YOUNG_MS else newest

"""How large is this log, and under which root? What a log signs, and when to believe it.

>>> Checkpoint("example.org/log", 0, EMPTY_ROOT).encode().splitlines()[:2]
['example.org/log', '0']

References:
    C2SP tlog-checkpoint 1.0.0
"""

from base64 import b64encode
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Final, Self

from guantong import errors
from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import EMPTY_ROOT, HASH_BYTES
from guantong.ledger.note import Opened, open_note
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.quorum import NOBODY, Group

SIZE_MAX: Final = 2**63 - 1
"""Largest tree that readers with signed 64-bit integers can count."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a tree, as a log states it."""

    origin: str
    """The log's name."""
    size: int
    """Entries."""
    root: bytes
    """Root over them: 32 bytes."""
    extensions: tuple[str, ...] = ()
    """Further lines that were signed; nothing here writes any."""

    @classmethod
    def parse(cls, body: str) -> Self:
        """Read the text of a note.

        Returns:
            What it states.

        Raises:
            LedgerError: if it is no checkpoint.
        """
        lines = body.removesuffix("\n").split("\n")
        if not body.endswith("\n") or len(lines) < 3 or not all(lines):
            raise LedgerError(_refused("", "three lines: origin, size, root", body))
        size, root = number(lines[1]), hash_of(lines[2])
        if size is None or size > SIZE_MAX:
            raise LedgerError(_refused("size", "a decimal number without leading zeroes", lines[1]))
        if root is None:
            raise LedgerError(_refused("root", "base64 of 32 bytes", lines[2]))
        if size == 0 and root != EMPTY_ROOT:
            raise LedgerError(_refused("root", "the root over nothing", lines[2]))
        return cls(lines[0], size, root, tuple(lines[3:]))

    def encode(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word is enough."""

    log: VerifierKey
    """The log's own key; its name is the log's origin."""
    witnesses: tuple[VerifierKey, ...] = ()
    """Who else may have seen the checkpoint."""
    quorum: int = 0
    """How many of the witnesses must have signed."""
    group: Group = NOBODY
    """Which of them must, beside; see `guantong.ledger.policy`."""

    def open(self, raw: bytes) -> tuple[Checkpoint, Opened]:
        """Check a signed checkpoint.

        Returns:
            What it states, and who signed.

        Raises:
            LedgerError: if it is not that of this log, or too few have signed.
        """
        opened = open_note(raw, [self.log, *self.witnesses])
        checkpoint = Checkpoint.parse(opened.body)
        if not opened.is_by(self.log):
            expected = f"a signature of {self.log.name}+{self.log.id.hex()}"
            raise LedgerError(fault(Fault.NOTE_UNSIGNED, expected=expected, got="others' only"))
        if checkpoint.origin != self.log.name:
            raise LedgerError(_refused("origin", self.log.name, checkpoint.origin))
        seen = sum(opened.is_by(witness) for witness in set(self.witnesses))
        if seen < self.quorum:
            expected = f"{self.quorum} of {len(self.witnesses)} witnesses"
            raise LedgerError(fault(Fault.NOTE_UNSIGNED, expected=expected, got=seen))
        if not self.group.is_met(opened.is_by):
            expected = f"the quorum {self.group.name} of {len(self.witnesses)} witnesses"
            raise LedgerError(fault(Fault.NOTE_UNSIGNED, expected=expected, got=seen))
        return checkpoint, opened


def number(text: str) -> int | None:
    """A decimal number as it stands in a log's texts: ASCII, no sign, no leading zeroes."""
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(SIZE_MAX))
    return int(text) if plain and (text == "0" or text[0] != "0") else None


def hash_of(text: str) -> bytes | None:
    """The hash a text is the base64 of, None when it is not exactly that."""
    try:
        raw = a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return raw if len(raw) == HASH_BYTES and b64encode(raw).decode() == text else None


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return errors.fault(Fault.CHECKPOINT, path=path, expected=expected, got=got)

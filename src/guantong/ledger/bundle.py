r"""How does somebody without any connection see that an entry is in the log? A `.tlog-proof`.

One small text: index, inclusion proof, and the signed checkpoint with whatever cosignatures it
has. The entry itself travels as its extra data, which nothing signs: it is believed because the
proof leads from it to the signed root.

>>> Proof.parse(b"c2sp.org/tlog-proof@v1\nindex 0\n\na log\n...").index
0

References:
    C2SP tlog-proof 1; RFC 9162, section 2.1.3.2
"""

import binascii
from base64 import b64encode
from dataclasses import dataclass
from typing import Final, Self

from guantong import errors
from guantong.ledger.checkpoint import Checkpoint, Trust, hash_of, number
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.ledger import Ledger
from guantong.ledger.merkle import leaf_hash, verify_inclusion
from guantong.ledger.note import NOTE_BYTES_MAX, Opened
from guantong.ledger.tiles import ENTRY_BYTES_MAX

HEAD: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
HASHES_MAX: Final = 63
"""Longest inclusion proof of any tree that can be counted."""
PROOF_BYTES_MAX: Final = NOTE_BYTES_MAX + 2 * ENTRY_BYTES_MAX
"""Longest text that is read as a proof."""
_EXTRA: Final = "extra "
_INDEX: Final = "index "


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof says; nothing of it is believed before `verify`."""

    index: int
    """Of the entry, counted from 0."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, leaf first."""
    checkpoint: bytes
    """The signed note, as the log gave it."""
    extra: bytes | None = None
    """The entry's bytes, in proofs made here; not signed."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the text of a proof.

        Returns:
            The proof.

        Raises:
            LedgerError: if it is none.
        """
        head, _, note = raw.partition(b"\n\n")
        if len(raw) > PROOF_BYTES_MAX or not note:
            raise LedgerError(_refused("", "a proof, a blank line, a checkpoint", raw[:60]))
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise LedgerError(_refused("", "ASCII before the checkpoint", error)) from error
        if lines.pop(0) != HEAD:
            raise LedgerError(_refused("", HEAD, head[:60]))
        extra = _extra(lines.pop(0)) if lines and lines[0].startswith(_EXTRA) else None
        index = _index(lines.pop(0) if lines else "")
        if len(lines) > HASHES_MAX:
            raise LedgerError(_refused("hashes", f"at most {HASHES_MAX} hashes", len(lines)))
        return cls(index, tuple(map(_hash, lines)), note, extra)

    def encode(self) -> bytes:
        """The text of the proof."""
        lines = [HEAD]
        if self.extra is not None:
            lines.append(_EXTRA + b64encode(self.extra).decode())
        lines.append(f"{_INDEX}{self.index}")
        lines += [b64encode(each).decode() for each in self.hashes]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof that holds has shown."""

    entry: bytes
    """It is in the log."""
    index: int
    checkpoint: Checkpoint
    """Of a tree that has it."""
    opened: Opened
    """Who signed."""


def make_proof(ledger: Ledger, index: int, checkpoint: bytes, *, entry: bool = True) -> Proof:
    """The proof that an entry is in the tree of a checkpoint.

    Args:
        ledger: Where it stands.
        index: Of the entry.
        checkpoint: A note this ledger signed.
        entry: Whether the entry goes with it.

    Returns:
        The proof.

    Raises:
        LedgerError: if the tree of the checkpoint has no such entry.
    """
    size = Checkpoint.parse(checkpoint.decode().rpartition("\n\n")[0] + "\n").size
    hashes = tuple(ledger.inclusion_proof(index, size))
    return Proof(index, hashes, checkpoint, ledger.entry(index).raw if entry else None)


def verify(proof: Proof, trust: Trust, *, entry: bytes | None = None) -> Proved:
    """Whether an entry is in the log, by the word of those who are trusted and by no other.

    Args:
        proof: What was handed over.
        trust: The keys it takes.
        entry: The entry's bytes; those in the proof when not given.

    Returns:
        What was shown.

    Raises:
        LedgerError: if a signature, the quorum or the proof does not hold, or there is no entry.
    """
    checkpoint, opened = trust.open(proof.checkpoint)
    shown = proof.extra if entry is None else entry
    if shown is None:
        raise LedgerError(_refused("extra", "the entry, in the proof or beside it", "nothing"))
    size, leaf = checkpoint.size, leaf_hash(shown)
    if not verify_inclusion(leaf, proof.index, size, proof.hashes, checkpoint.root):
        expected = f"a way from entry {proof.index} to the root over {size}"
        raise LedgerError(_refused("hashes", expected, f"{len(proof.hashes)} hashes elsewhere"))
    return Proved(shown, proof.index, checkpoint, opened)


def _extra(line: str) -> bytes:
    text = line.removeprefix(_EXTRA)
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise LedgerError(_refused("extra", "base64", text)) from error
    if b64encode(raw).decode() != text:
        raise LedgerError(_refused("extra", "base64 with no spare bits set", text))
    return raw


def _index(line: str) -> int:
    found = number(line.removeprefix(_INDEX)) if line.startswith(_INDEX) else None
    if found is None:
        raise LedgerError(_refused("index", "index and a decimal number", line))
    return found


def _hash(line: str) -> bytes:
    found = hash_of(line)
    if found is None:
        raise LedgerError(_refused("hashes", "base64 of 32 bytes", line))
    return found


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return errors.fault(Fault.PROOF, path=path, expected=expected, got=got)

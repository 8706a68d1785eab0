r"""Who signed this text? Signed notes: a text, a blank line, and a line for each signature.

A note is worth nothing until a key that was known beforehand has signed it. Signatures of
keys that nobody here knows are passed over: that is how witnesses and new kinds of signature
are added without a new format. One of a known key must be right.

>>> from guantong.ledger.note import open_note, sign
>>> from guantong.ledger.note_key import SignerKey
>>> key = SignerKey("example.org/log", bytes(32))
>>> signed = sign("for all to read\n", [key])
>>> open_note(signed, [key.verifier()]).body
'for all to read\n'

References:
    C2SP signed-note 1.0.0
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from guantong import errors
from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.note_key import Line, SignerKey, VerifierKey

NOTE_BYTES_MAX: Final = 1_000_000
"""Longest note; a hundred signatures of the largest kind have half of it."""
SIGNATURES_MAX: Final = 100
"""Most signature lines; 16 must be accepted."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures below it, none of them checked."""

    body: str
    """With its last newline, which is signed too."""
    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a note. The text ends at the *last* blank line.

        Returns:
            The note.

        Raises:
            LedgerError: if it has not the form of a signed note.
        """
        text = _text(raw)
        end = text.rfind("\n\n")
        if end < 0 or not text.endswith("\n") or end + 2 == len(text):
            raise LedgerError(_shape("a text, a blank line, and signature lines", text))
        lines = text[end + 2 : -1].split("\n")
        if len(lines) > SIGNATURES_MAX:
            raise LedgerError(_shape(f"at most {SIGNATURES_MAX} signatures", len(lines)))
        return cls(text[: end + 1], tuple(map(Line.parse, lines)))

    def encode(self) -> bytes:
        """The bytes of the note."""
        return f"{self.body}\n{''.join(line.encode() for line in self.lines)}".encode()


@dataclass(frozen=True, slots=True)
class Signed:
    """That a known key signed."""

    key: VerifierKey
    at_s: int
    """Seconds since 1970 by the signer's own word; 0 when this kind of key states none."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A note whose text may be believed as far as its signers are."""

    body: str
    by: tuple[Signed, ...]
    """At least one, each key once, in the order of the lines."""

    def is_by(self, key: VerifierKey) -> bool:
        """Whether this key signed."""
        return any(signed.key == key for signed in self.by)


def sign(body: str, keys: Iterable[SignerKey]) -> bytes:
    """A note over `body` with a line for each key.

    Returns:
        The bytes of the note.

    Raises:
        LedgerError: if the text cannot be that of a note.
    """
    if not body.endswith("\n") or body == "\n" or body.startswith("\n"):
        raise LedgerError(_shape("a text that ends in a newline", body))
    note = Note(body, tuple(key.sign(body) for key in keys)).encode()
    _text(note)
    return note


def open_note(raw: bytes, keys: Sequence[VerifierKey]) -> Opened:
    """Check a note with the keys that are known; others are passed over.

    A key is known by name and id together. Every signature of a known key must be right.

    Args:
        raw: The note.
        keys: The keys that are known.

    Returns:
        The text, and who signed.

    Raises:
        LedgerError: if it is no note, if a known key's signature is wrong, or if no known
            key signed.
    """
    note = Note.parse(raw)
    known = {(key.name, key.id): key for key in keys}
    found: dict[VerifierKey, Signed] = {}
    for line in note.lines:
        key = known.get((line.name, line.id))
        if key is None:
            continue
        at_s = key.time_of(note.body, line.signature)
        if at_s is None:
            expected = f"the signature of {line.name}+{line.id.hex()} over this text"
            raise LedgerError(fault(Fault.NOTE_SIGNATURE, expected=expected, got="another"))
        found.setdefault(key, Signed(key, at_s))
    if not found:
        expected = "a signature of " + (" or ".join(f"{k.name}+{k.id.hex()}" for k in keys) or "-")
        got = ", ".join(f"{line.name}+{line.id.hex()}" for line in note.lines)
        raise LedgerError(fault(Fault.NOTE_UNSIGNED, expected=expected, got=got))
    return Opened(note.body, tuple(found.values()))


def _text(raw: bytes) -> str:
    """The text of a note, if its bytes may stand in one."""
    if len(raw) > NOTE_BYTES_MAX:
        raise LedgerError(_shape(f"at most {NOTE_BYTES_MAX} bytes", len(raw)))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise LedgerError(_shape("UTF-8", error)) from error
    if any(char < " " and char != "\n" for char in text):
        raise LedgerError(_shape("no control characters", repr(text)))
    return text


def _shape(expected: str, got: object) -> errors.Fault:
    return errors.fault(Fault.NOTE, expected=expected, got=got)

r"""Who signed this text? Signed notes: a text, a blank line, and a line for each signature.

A note is worth nothing until a key that was known beforehand has signed it. Signatures of
keys that nobody here knows are passed over: that is how witnesses and new kinds of signature
are added without a new format. One of a known key must be right.

>>> from guantong.ledger.note import SignerKey, open_note, sign
>>> key = SignerKey("example.org/log", bytes(32))
>>> signed = sign("for all to read\n", [key])
>>> open_note(signed, [key.verifier()]).body
'for all to read\n'

References:
    C2SP signed-note 1.0.0; C2SP tlog-cosignature 1.0.1
"""

import binascii
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guantong import errors
from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError

NOTE_BYTES_MAX: Final = 1_000_000
"""Longest note; a hundred signatures of the largest kind have half of it."""
SIGNATURES_MAX: Final = 100
"""Most signature lines; 16 must be accepted."""
SEED_BYTES: Final = 32
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_PUBLIC_BYTES: Final = 32
_DASH: Final = "\u2014 "
_PRIVATE: Final = "PRIVATE+KEY+"


class KeyType(IntEnum):
    """How a key signs: the byte that stands before the public key."""

    ED25519 = 1
    """Over the text."""
    COSIGNATURE = 4
    """Ed25519 over a time and the text, by a witness."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that is known: what a reader needs to check a signature."""

    name: str
    """Whose it is; for a log its origin."""
    type: KeyType
    public: bytes
    """32 bytes."""

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        named = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(named).digest()[:_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as it is handed out: ``name+id+base64``.

        Base64 may hold a ``+`` too; only the first two part.

        Returns:
            The key.

        Raises:
            LedgerError: if it is none, of a type not known here, or has another id.
        """
        name, _, rest = text.strip().partition("+")
        number, _, coded = rest.partition("+")
        raw = _decoded(coded) or b"\0"
        _check_name(name, Fault.NOTE_KEY)
        if raw[0] not in set(KeyType) or len(raw) != 1 + _PUBLIC_BYTES:
            expected = "an Ed25519 key or cosigning key (types 01 and 04), name+id+base64"
            raise LedgerError(fault(Fault.NOTE_KEY, expected=expected, got=text))
        key = cls(name, KeyType(raw[0]), raw[1:])
        if number.lower() != key.id.hex():
            raise LedgerError(fault(Fault.NOTE_KEY, expected=f"id {key.id.hex()}", got=number))
        return key

    def encode(self) -> str:
        """The key as it is handed out."""
        return f"{self.name}+{self.id.hex()}+{_encoded(bytes([self.type]) + self.public)}"

    def time_of(self, body: str, signature: bytes) -> int | None:
        """The time a signature of this key states, 0 when its type states none.

        Args:
            body: What was signed, with its last newline.
            signature: Without the key's id.

        Returns:
            Seconds since 1970, None when the signature is wrong.
        """
        if self.type is KeyType.ED25519:
            return 0 if self._signed(body.encode(), signature) else None
        time = int.from_bytes(signature[:_TIME_BYTES], "big")
        said = _cosigned(body, time)
        return time if self._signed(said, signature[_TIME_BYTES:]) else None

    def _signed(self, said: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, said)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class SignerKey:
    """A key that signs. Its text is a secret."""

    name: str
    seed: bytes
    """32 bytes nobody can guess."""
    type: KeyType = KeyType.ED25519

    def __repr__(self) -> str:
        return f"SignerKey({self.name!r}, …)"

    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.type, self._private().public_key().public_bytes_raw())

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def sign(self, body: str, *, at_s: int = 0) -> "Line":
        """The line with this key's signature over `body`.

        Args:
            body: The text, with its last newline.
            at_s: For a cosigning key: seconds since 1970.

        Returns:
            The line; the same for the same text and time.
        """
        if self.type is KeyType.ED25519:
            signature = self._private().sign(body.encode())
        else:
            time = at_s.to_bytes(_TIME_BYTES, "big")
            signature = time + self._private().sign(_cosigned(body, at_s))
        return Line(self.name, self.verifier().id, signature)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as `encode` writes it.

        Returns:
            The key.

        Raises:
            LedgerError: if it is none; what was found is not repeated, it may be a secret.
        """
        name, _, rest = text.strip().removeprefix(_PRIVATE).partition("+")
        number, _, coded = rest.partition("+")
        raw = _decoded(coded) or b""
        if raw[:1] and raw[0] in set(KeyType) and len(raw) == 1 + SEED_BYTES and name:
            key = cls(name, raw[1:], KeyType(raw[0]))
            if text.startswith(_PRIVATE) and number == key.verifier().id.hex():
                return key
        raise LedgerError(fault(Fault.KEY, expected="PRIVATE+KEY+name+id+base64", got="other text"))

    def encode(self) -> str:
        """The key as it is kept: in the form that Go's note package also reads."""
        coded = _encoded(bytes([self.type]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier().id.hex()}+{coded}"


@dataclass(frozen=True, slots=True)
class Line:
    """One signature as it stands in a note; right or wrong."""

    name: str
    id: bytes
    """Four bytes."""
    signature: bytes

    def encode(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {_encoded(self.id + self.signature)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a line, without its newline.

        Returns:
            The line.

        Raises:
            LedgerError: if it is no signature line.
        """
        name, _, coded = text.removeprefix(_DASH).partition(" ")
        raw = _decoded(coded) or b""
        if not text.startswith(_DASH) or len(raw) <= _ID_BYTES:
            expected = "em dash, name, base64 of key id and signature"
            raise LedgerError(fault(Fault.NOTE, expected=expected, got=text))
        _check_name(name, Fault.NOTE)
        return cls(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


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


def _cosigned(body: str, time: int) -> bytes:
    """What a witness signs."""
    return f"cosignature/v1\ntime {time}\n{body}".encode()


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


def _check_name(name: str, why: Fault) -> None:
    """Refuse what is no name of a key."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise LedgerError(fault(why, expected="a name without spaces or +", got=name))


def _decoded(text: str) -> bytes | None:
    """The bytes of a text in standard base64, None when it is not exactly that."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Spare bits would let one signature be written in several ways.
    return raw if _encoded(raw) == text else None


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode()


def _shape(expected: str, got: object) -> errors.Fault:
    return errors.fault(Fault.NOTE, expected=expected, got=got)

"""Whose signature is this? The keys below signed notes, and the lines they write.

A key is handed out as ``name+id+base64``. Its first byte says how it signs: over the text of the
note, or as a cosigner over a time and what a checkpoint states.

References:
    C2SP signed-note 1.0.0; C2SP tlog-cosignature 1.1.0; FIPS 204
"""

import binascii
import re
from base64 import b64encode
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from struct import pack
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError

SEED_BYTES: Final = 32
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_INT_MAX: Final = 2**63 - 1
_SIZE: Final = re.compile("[0-9]{1,19}")
_NAME_BYTES_MAX: Final = 255
_DASH: Final = "\u2014 "
_PRIVATE: Final = "PRIVATE+KEY+"


class KeyType(IntEnum):
    """How a key signs: the byte that stands before the public key."""

    ED25519 = 1
    """Over the text."""
    COSIGNATURE = 4
    """Ed25519 over a time and the text, by a cosigner."""
    ML_DSA_44 = 6
    """ML-DSA-44 over a time, the cosigner's name, and origin, size and root of a checkpoint; its
    further lines are not signed."""

    @property
    def public_bytes(self) -> int:
        """Length of a public key."""
        return 1312 if self is KeyType.ML_DSA_44 else 32


COSIGNING: Final = frozenset({KeyType.COSIGNATURE, KeyType.ML_DSA_44})
"""What witnesses and mirrors sign with."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that is known: what a reader needs to check a signature."""

    name: str
    """Whose it is; for a log its origin."""
    type: KeyType
    public: bytes
    """32 bytes, of ML-DSA-44 1,312."""

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
        raw = decoded(coded) or b"\0"
        check_name(name, Fault.NOTE_KEY)
        if raw[0] not in set(KeyType) or len(raw) != 1 + KeyType(raw[0]).public_bytes:
            expected = "name+id+base64 of a key of type 01, 04 (Ed25519) or 06 (ML-DSA-44)"
            raise LedgerError(fault(Fault.NOTE_KEY, expected=expected, got=text))
        key = cls(name, KeyType(raw[0]), raw[1:])
        if number.lower() != key.id.hex():
            raise LedgerError(fault(Fault.NOTE_KEY, expected=f"id {key.id.hex()}", got=number))
        return key

    def encode(self) -> str:
        """The key as it is handed out."""
        return f"{self.name}+{self.id.hex()}+{_encoded(bytes([self.type]) + self.public)}"

    def time_of(self, body: str, signature: bytes) -> int | None:
        """The time a signature of this key states, 0 when it states none.

        Args:
            body: What was signed, with its last newline.
            signature: Without the key's id.

        Returns:
            Seconds since 1970, None when the signature is wrong.
        """
        time = 0
        if self.type in COSIGNING:
            time, signature = (
                int.from_bytes(signature[:_TIME_BYTES], "big"),
                signature[_TIME_BYTES:],
            )
        said = _said(self.type, self.name, body, time)
        return time if said is not None and self._signed(said, signature) else None

    def _signed(self, said: bytes, signature: bytes) -> bool:
        kind = MLDSA44PublicKey if self.type is KeyType.ML_DSA_44 else Ed25519PublicKey
        try:
            kind.from_public_bytes(self.public).verify(signature, said)
        except (InvalidSignature, ValueError):
            return False
        return True


class _Public(Protocol):
    def public_bytes_raw(self) -> bytes: ...


class _Private(Protocol):
    def public_key(self) -> _Public: ...
    def sign(self, data: bytes, /) -> bytes: ...


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

    def _private(self) -> _Private:
        if self.type is KeyType.ML_DSA_44:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def sign(self, body: str, *, at_s: int = 0) -> "Line":
        """The line with this key's signature over `body`.

        Args:
            body: The text, with its last newline.
            at_s: For a cosigning key: seconds since 1970; 0 says nothing of the time.

        Returns:
            The line. Of Ed25519 the same for the same text and time, of ML-DSA another each time.

        Raises:
            LedgerError: if the key signs checkpoints alone and `body` is none.
        """
        said = _said(self.type, self.name, body, at_s)
        if said is None:
            expected = "a checkpoint, its origin and the key's name at most 255 bytes"
            raise LedgerError(fault(Fault.NOTE, expected=expected, got=body))
        time = at_s.to_bytes(_TIME_BYTES, "big") if self.type in COSIGNING else b""
        return Line(self.name, self.verifier().id, time + self._private().sign(said))

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
        raw = decoded(coded) or b""
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
        raw = decoded(coded) or b""
        if not text.startswith(_DASH) or len(raw) <= _ID_BYTES:
            expected = "em dash, name, base64 of key id and signature"
            raise LedgerError(fault(Fault.NOTE, expected=expected, got=text))
        check_name(name, Fault.NOTE)
        return cls(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def check_name(name: str, why: Fault) -> None:
    """Refuse what is no name of a key."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise LedgerError(fault(why, expected="a name without spaces or +", got=name))


def decoded(text: str) -> bytes | None:
    """The bytes of a text in standard base64, None when it is not exactly that."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Spare bits would let one signature be written in several ways.
    return raw if _encoded(raw) == text else None


def _said(kind: KeyType, name: str, body: str, time: int) -> bytes | None:
    """What a key signs; None when it can not sign that."""
    match kind:
        case KeyType.ED25519:
            return body.encode()
        case KeyType.COSIGNATURE:
            return f"cosignature/v1\ntime {time}\n{body}".encode()
        case KeyType.ML_DSA_44:
            return _tree(name, body, time)


def _tree(name: str, body: str, time: int) -> bytes | None:
    """That a tree was seen: label, cosigner, time, log, first entry, size, root."""
    origin, size, root, *_ = (*body.split("\n"), "", "", "")
    by, log, hashed = name.encode(), origin.encode(), decoded(root) or b""
    end = int(size) if _SIZE.fullmatch(size) else -1
    named = all(0 < len(text) <= _NAME_BYTES_MAX for text in (by, log))
    if not named or not 0 <= time <= _INT_MAX or not 0 <= end <= _INT_MAX or len(hashed) != 32:
        return None
    form = f">12sB{len(by)}sQB{len(log)}sQQ32s"
    return pack(form, b"subtree/v1\n\0", len(by), by, time, len(log), log, 0, end, hashed)


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode()

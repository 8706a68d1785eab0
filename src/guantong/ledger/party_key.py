"""By which keys do parties sign? Ed25519, and ECDSA on P-256 with SHA-256.

A key is known by its id, the SHA-256 of its public half as every program writes it
(SubjectPublicKeyInfo in DER). Signatures are 64 bytes for Ed25519, DER for ECDSA.

>>> key = SigningKey.of_seed(bytes(32))
>>> key.public.verify(key.sign(b"said"), b"said")
True

References:
    RFC 8032, section 5.1
    RFC 8410, section 4
"""

import binascii
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError

PUBLIC_BYTES_MAX: Final = 200
"""Longest public key that is read; one on P-256 has 91 bytes."""
_ECDSA: Final = ECDSA(SHA256())
_EXPECTED: Final = "a key for Ed25519 or ECDSA on P-256"


class Algorithm(StrEnum):
    """How a key signs. Stored: never renamed."""

    ED25519 = "ed25519"
    P256 = "ecdsa-p256-sha256"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that everybody may have."""

    der: bytes
    """SubjectPublicKeyInfo."""
    algorithm: Algorithm
    _key: Ed25519PublicKey | EllipticCurvePublicKey

    @property
    def id(self) -> str:
        """SHA-256 of `der`, 64 hexadecimal digits."""
        return sha256(self.der).hexdigest()

    @classmethod
    def of(cls, der: bytes) -> Self:
        """Read a SubjectPublicKeyInfo.

        Returns:
            The key.

        Raises:
            LedgerError: if it is none, of another kind, or not in its one spelling.
        """
        try:
            key = load_der_public_key(der) if len(der) <= PUBLIC_BYTES_MAX else None
        except (ValueError, UnsupportedAlgorithm) as error:
            raise LedgerError(fault(Fault.PARTY_KEY, expected=_EXPECTED, got=error)) from error
        if isinstance(key, Ed25519PublicKey) or _is_p256(key):
            assert isinstance(key, (Ed25519PublicKey, EllipticCurvePublicKey))
            if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == der:
                kind = Algorithm.ED25519 if isinstance(key, Ed25519PublicKey) else Algorithm.P256
                return cls(der, kind, key)
        raise LedgerError(fault(Fault.PARTY_KEY, expected=_EXPECTED, got="another"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a public key as it is handed out: base64 of the DER, or PEM.

        Returns:
            The key.

        Raises:
            LedgerError: as `of`.
        """
        bare = "".join(line for line in text.split("\n") if not line.startswith("-----"))
        try:
            der = binascii.a2b_base64("".join(bare.split()), strict_mode=True)
        except ValueError as error:
            raise LedgerError(fault(Fault.PARTY_KEY, expected="base64 or PEM", got=text)) from error
        return cls.of(der)

    def encode(self) -> str:
        """The key as it is handed out: base64 of the DER."""
        return b64encode(self.der).decode()

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether this key's owner signed `message`."""
        try:
            if isinstance(self._key, Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(signature, message, _ECDSA)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The half that signs: a secret of the party, which the installation never sees."""

    _key: Ed25519PrivateKey | EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id[:8]}, …)"

    @classmethod
    def new(cls, algorithm: Algorithm = Algorithm.ED25519) -> Self:
        """One that nobody can guess, from the system's generator."""
        if algorithm is Algorithm.ED25519:
            return cls(Ed25519PrivateKey.generate())
        return cls(generate_private_key(SECP256R1()))

    @classmethod
    def of_seed(cls, seed: bytes) -> Self:
        """The Ed25519 key of 32 bytes; for tests and the seeded demo."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def parse(cls, pem: bytes) -> Self:
        """Read a key as `encode` writes it, and OpenSSL.

        Returns:
            The key.

        Raises:
            LedgerError: if it is none; what was found is not repeated, it may be a secret.
        """
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            expected = "a private key in PEM, not encrypted"
            raise LedgerError(
                fault(Fault.PARTY_KEY, expected=expected, got="other text")
            ) from error
        if isinstance(key, Ed25519PrivateKey) or _is_p256(key):
            assert isinstance(key, (Ed25519PrivateKey, EllipticCurvePrivateKey))
            return cls(key)
        raise LedgerError(fault(Fault.PARTY_KEY, expected=_EXPECTED, got="another"))

    def encode(self) -> bytes:
        """PKCS #8 in PEM, in the clear."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> PublicKey:
        """The other half."""
        key = self._key.public_key()
        return PublicKey.of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(message)
        return self._key.sign(message, _ECDSA)


def _is_p256(key: object) -> bool:
    kinds = (EllipticCurvePublicKey, EllipticCurvePrivateKey)
    return isinstance(key, kinds) and isinstance(key.curve, SECP256R1)

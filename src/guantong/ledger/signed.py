"""What does a party sign, and how is that checked with nothing but the entry?

The payload of a DSSE envelope: the members of the statement that the party knows before the
log takes it. Its bytes follow from the entry, so the envelope need not be kept; bytes that do
not follow are refused, however true they may be.

>>> claims = Claims(by="firm", doc="00", media="", prev="", root="", seq=1, typ="capture", v=1)
>>> claims.payload()
b'{"by":"firm","doc":"00","media":"","prev":"","root":"","seq":1,"typ":"capture","v":1}'

References:
    DSSE 1.0.2
    RFC 8785, section 3.2
"""

import binascii
from base64 import b64encode
from dataclasses import dataclass
from typing import Final, Self

import msgspec

from guantong import errors
from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.party_key import PublicKey, SigningKey
from guantong.ledger.statement import Statement, StatementType

PAYLOAD_TYPE: Final = "application/vnd.guantong.statement+json"
GATEWAY: Final = "gateway"
"""`Statement.att` of a document that nobody signed: the log's own word, under its checkpoint."""


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a party says of a document. Fields stand in the order of their names."""

    by: str
    doc: str
    media: str
    prev: str
    root: str
    seq: int
    typ: StatementType
    v: int

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """What the signer of an entry must have said."""
        return cls(
            by=statement.by,
            doc=statement.doc,
            media=statement.media,
            prev=statement.prev,
            root=statement.root,
            seq=statement.seq,
            typ=statement.typ,
            v=statement.v,
        )

    def payload(self) -> bytes:
        """The bytes that are signed, as RFC 8785 writes them."""
        return msgspec.json.encode(self)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a payload.

        Returns:
            What it claims.

        Raises:
            LedgerError: if it could not be made again from what it claims.
        """
        try:
            claims = msgspec.json.decode(payload, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(_refused("payload", "a statement's claims", error)) from error
        if claims.payload() != payload:
            raise LedgerError(_refused("payload", claims.payload().decode(), payload))
        return claims


class _Signature(msgspec.Struct, frozen=True):
    sig: str
    keyid: str = ""


class _Envelope(msgspec.Struct, frozen=True, rename={"type": "payloadType"}):
    payload: str
    type: str
    signatures: tuple[_Signature, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """Claims with a signature that nobody has checked yet."""

    claims: Claims
    key: str
    """Id of the signer's key."""
    signature: bytes

    @classmethod
    def parse(cls, envelope: bytes) -> Self:
        """Read a DSSE envelope in JSON.

        Returns:
            What is claimed and signed.

        Raises:
            LedgerError: if it is no envelope with one signature over claims.
        """
        try:
            read = msgspec.json.decode(envelope, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(_refused("", "a DSSE envelope", error)) from error
        if read.type != PAYLOAD_TYPE:
            raise LedgerError(_refused("payloadType", PAYLOAD_TYPE, read.type))
        if len(read.signatures) != 1:
            raise LedgerError(_refused("signatures", "one signature", len(read.signatures)))
        (one,) = read.signatures
        claims = Claims.parse(unbase64(read.payload, "payload"))
        return cls(claims, one.keyid, unbase64(one.sig, "signatures[0].sig"))

    def encode(self) -> bytes:
        """The envelope in JSON."""
        signature = _Signature(b64encode(self.signature).decode(), self.key)
        payload = b64encode(self.claims.payload()).decode()
        return msgspec.json.encode(_Envelope(payload, PAYLOAD_TYPE, (signature,)))

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """The claims and signature of an entry.

        Returns:
            Both.

        Raises:
            LedgerError: if its signature is no base64.
        """
        return cls(Claims.of(statement), statement.key, unbase64(statement.sig, "sig"))

    def check(self, key: PublicKey) -> None:
        """Refuse a signature that is not this key's.

        Raises:
            LedgerError: if it is another's, or over something else.
        """
        said = pae(self.claims.payload())
        if key.id != self.key or not key.verify(self.signature, said):
            expected = f"the signature of {self.key[:16]}… over these claims"
            raise LedgerError(fault(Fault.SIGNATURE, expected=expected, got="another"))


def sign(claims: Claims, key: SigningKey) -> Signed:
    """The claims with the signature of their maker."""
    return Signed(claims, key.public.id, key.sign(pae(claims.payload())))


def pae(payload: bytes) -> bytes:
    """What is signed: the payload with its type and both their lengths.

    Returns:
        The bytes.

    References:
        DSSE 1.0.2
    """
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} "
    return head.encode() + payload


def unbase64(text: str, path: str) -> bytes:
    """The bytes of a text in standard base64, in its one spelling.

    Returns:
        The bytes.

    Raises:
        LedgerError: if it is something else.
    """
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise LedgerError(_refused(path, "base64", text[:60])) from error
    if b64encode(raw).decode() != text:
        raise LedgerError(_refused(path, "base64 without spare bits", text[:60]))
    return raw


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return fault(Fault.ENVELOPE, path=path, expected=expected, got=got)

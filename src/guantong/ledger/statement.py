"""What does one entry say? A small statement, written once, its bytes kept for ever.

The bytes are JSON with sorted keys and no spaces. Keys are ASCII, values are texts, integers
below 2**53 and one flat map of those: under these limits the bytes equal those of RFC 8785, so
that anybody can make them again from what they mean.

>>> Statement.parse(b'{"by":"x","doc":"00","media":"","n":0,"received":1,"typ":"look","v":1}').n
0

References:
    RFC 8785, section 3.2
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

import msgspec

from guantong import errors
from guantong.ledger.faults import Fault, LedgerError

STATEMENT_BYTES_MAX: Final = 1_024
"""Longest statement in bytes; an entry of C2SP tlog-tiles may have 65,535."""
COMMITMENT_BYTES: Final = 64
"""Hexadecimal digits of a commitment."""
INTEGER_MAX: Final = 2**53 - 1
"""Largest integer that every JSON reader reads the same."""


class StatementType(StrEnum):
    """What an entry is about. Stored: never renamed; new ones are added at the end."""

    CAPTURE = "capture"
    """A document of events."""
    CORRECTION = "correction"
    """A document that declares earlier events wrong."""
    CERTIFICATE = "certificate"
    CODE_RANGE = "code_range"
    """Codes issued at the source."""
    MASTER_DATA = "master_data"
    """Firms, places, products."""
    ROLE = "role"
    """Who may act for whom, from when until when."""
    RULE_TABLE = "rule_table"
    """A public rule as dated data."""
    HOLD = "hold"
    """A stop on some codes, or its end."""
    RECALL = "recall"
    """A step of a recall."""
    KEY = "key"
    """A key of a party: registered, replaced, revoked."""
    LOOK = "look"
    """Who has looked at what, or a digest of a minute of such looks."""
    ERASURE = "erasure"
    """A body was erased: which one, and on what ground."""
    MANIFEST = "manifest"
    """A digest over other data that should be seen not to change."""
    CLOSED = "closed"
    """The last entry of a log: which one follows."""
    OPENED = "opened"
    """The first entry of a log that follows another: how that one ended."""
    SETTING = "setting"
    """What a party chose for itself, such as names of columns."""
    CASE = "case"
    """What somebody reports, and what became of it."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One entry. Fields stand in the order of their names, as in the bytes."""

    att: str = ""
    """Whose word it is that `by` sent this, when nobody signed: ``gateway``."""
    by: str
    """The submitting party's key."""
    doc: str
    """Commitment to the body: SHA-256(salt || body), 64 hexadecimal digits, lower case."""
    key: str = ""
    """For signed submissions: id of the signer's key, 64 hexadecimal digits."""
    media: str
    """Media type of the body."""
    meta: Mapping[str, str | int] = {}
    """Small facts that a reader needs without the body; never personal data."""
    n: int
    """Number of events in the body."""
    prev: str = ""
    """For signed submissions: leaf hash of this party's entry before, hexadecimal."""
    received: int
    """Record time: milliseconds since the epoch, never less than the entry before."""
    root: str = ""
    """Over the salted events of the body, 64 hexadecimal digits; see `inner`."""
    seq: int = 0
    """For signed submissions: 1, 2, 3 … within the party, so that a gap shows."""
    sig: str = ""
    """For signed submissions: the signature in base64; what it is over, see `signed`."""
    typ: StatementType
    v: int
    """Version of this shape: 1."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the bytes of an entry; fields of later versions are passed over.

        Returns:
            What it says.

        Raises:
            LedgerError: if the bytes are no statement.
        """
        try:
            return msgspec.json.decode(raw, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(
                errors.fault(Fault.STATEMENT, expected="a statement", got=error)
            ) from error

    def encode(self, *, room: int = 0) -> bytes:
        """The bytes of this statement, at most `STATEMENT_BYTES_MAX` less `room`.

        Returns:
            JSON as RFC 8785 writes it.

        Raises:
            LedgerError: if a field cannot be written so that all readers read the same.
        """
        if self.meta:
            _check_meta(self.meta)
        for name, number in (("n", self.n), ("received", self.received), ("seq", self.seq)):
            if number.__class__ is not int or not 0 <= number <= INTEGER_MAX:
                raise LedgerError(_refused(name, "an integer from 0 to 2**53 - 1", number))
        try:
            raw = _ENCODER.encode(self)
        except UnicodeEncodeError as error:
            raise LedgerError(_refused("", "text that UTF-8 can hold", error)) from error
        if len(raw) + room > STATEMENT_BYTES_MAX:
            raise LedgerError(_refused("", f"at most {STATEMENT_BYTES_MAX} bytes", len(raw) + room))
        return raw


_ENCODER = msgspec.json.Encoder(order="deterministic")
"""Sorts the keys of maps; those of `Statement` are declared in order, which costs nothing."""


def _check_meta(meta: Mapping[str, str | int]) -> None:
    """Refuse what RFC 8785 and msgspec would write differently.

    Raises:
        LedgerError: if a key is not ASCII, or a value not a text or a small integer.
    """
    for key, value in meta.items():
        if not key.isascii():
            raise LedgerError(_refused("meta", "a key in ASCII", key))
        if value.__class__ is str:
            continue
        if value.__class__ is not int or not -INTEGER_MAX <= int(value) <= INTEGER_MAX:
            raise LedgerError(
                _refused(f"meta.{key}", "a text or an integer within 2**53 - 1", value)
            )


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return errors.fault(Fault.STATEMENT, path=path, expected=expected, got=got)

"""How do submissions become the statements and blobs of one group?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import add
from typing import Final

import msgspec

from guantong.errors import fault
from guantong.ledger.entropy import SALT_BYTES
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.statement import COMMITMENT_BYTES, INTEGER_MAX, Statement, StatementType
from guantong.ledger.vault import Wrapper

_BEFORE_COMMITMENT: Final = b'"doc":"'
"""`att` and `by` stand before it and may say anything, but no quotation mark unescaped."""


class Submission(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is to become an entry."""

    typ: StatementType
    by: str
    """The submitting party's key."""
    body: bytes
    """Kept in the vault, byte for byte."""
    media: str = "application/json"
    """Media type of the body."""
    n: int = 0
    """Number of events in the body."""
    record_ms: int = 0
    """Record time, where the submitter decided on one; 0 means the ledger's clock."""
    meta: Mapping[str, str | int] = {}
    """Small facts that a reader needs without the body; never personal data."""
    salt: bytes = b""
    """Of the commitment, where the submitter chose it: 32 bytes; b"" means the ledger's."""
    root: str = ""
    """Over the salted events of the body; needs a `salt`."""
    att: str = ""
    """Whose word it is that `by` sent this, when nobody signed."""
    key: str = ""
    """Of a signed submission, as are the next three; see `Statement`."""
    prev: str = ""
    seq: int = 0
    sig: str = ""


def check(submission: Submission) -> None:
    """Refuse a submission that `Ledger.append` would refuse its whole group for.

    Raises:
        LedgerError: if no statement can be made of it.
    """
    if len(submission.salt) not in {0, SALT_BYTES}:
        expected, got = f"{SALT_BYTES} bytes or none", len(submission.salt)
        raise LedgerError(fault(Fault.STATEMENT, expected=expected, got=got, path="salt"))
    _ends(submission, max(submission.record_ms, INTEGER_MAX))


LARGE_BYTES: Final = 1 << 20
"""From here on a body is not copied together with its salt."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A group on its way into a frame; all of one length."""

    statements: list[bytes]
    commitments: list[bytes]
    """To each body, 64 hexadecimal digits."""
    flags: bytearray
    """`BlobFlag` of each blob."""
    blobs: list[bytes]
    record_ms: int
    """Record time of the last."""


def pack(
    submissions: Sequence[Submission],
    salts: Sequence[bytes],
    wrapper: Wrapper,
    *,
    now_ms: int,
    last_ms: int,
) -> Packed:
    """Make statements and blobs, in stages: a group may have thousands.

    Args:
        submissions: What to pack.
        salts: One for each; it counts unless the submission has its own.
        wrapper: Makes the blobs.
        now_ms: The present.
        last_ms: Record time of the entry before.

    Returns:
        The group.

    Raises:
        LedgerError: if one has no statement; its path says which.
    """
    chosen = [it.salt or salt for it, salt in zip(submissions, salts, strict=True)]
    bodies = [submission.body for submission in submissions]
    if max(map(len, bodies), default=0) < LARGE_BYTES:
        plain = list(map(add, chosen, bodies))
        commitments = [sha256(blob).hexdigest().encode() for blob in plain]
        flags, blobs = wrapper.wrap(plain)
    else:
        commitments = [_committed(*one) for one in zip(chosen, bodies, strict=True)]
        flags, blobs = wrapper.wrap_large(chosen, bodies)
    statements, record_ms = _statements(submissions, commitments, now_ms, last_ms)
    return Packed(statements, commitments, flags, blobs, record_ms)


def _committed(salt: bytes, body: bytes) -> bytes:
    """The commitment to a body that is not to be held twice."""
    digest = sha256(salt)
    digest.update(body)
    return digest.hexdigest().encode()


def _statements(
    submissions: Sequence[Submission], commitments: Sequence[bytes], now: int, last: int
) -> tuple[list[bytes], int]:
    """The statements, and the record time of the last."""
    # Many of a group differ in nothing but the commitment: their ends are made once.
    known: dict[tuple[object, ...], tuple[bytes, bytes]] = {}
    statements: list[bytes] = []
    for it, commitment in zip(submissions, commitments, strict=True):
        last = max(last, it.record_ms or now)
        key = (it.by, it.media, it.n, it.typ, last, it.att)
        own = it.meta or it.root or it.sig
        ends = None if own else known.get(key)
        if ends is None:
            ends = _ends(it, last, path=f"submissions[{len(statements)}]")
            if not own:
                known[key] = ends
        statements.append(ends[0] + commitment + ends[1])
    return statements, last


def _ends(submission: Submission, received: int, *, path: str = "") -> tuple[bytes, bytes]:
    """The bytes of a statement, parted where its commitment stands."""
    statement = Statement(
        att=submission.att,
        by=submission.by,
        doc="",
        key=submission.key,
        media=submission.media,
        meta=submission.meta,
        n=submission.n,
        prev=submission.prev,
        received=received,
        root=submission.root,
        seq=submission.seq,
        sig=submission.sig,
        typ=submission.typ,
        v=1,
    )
    try:
        raw = statement.encode(room=COMMITMENT_BYTES)
    except LedgerError as error:
        raise LedgerError(*(wrong.under(path) for wrong in error.faults)) from error
    at = raw.index(_BEFORE_COMMITMENT) + len(_BEFORE_COMMITMENT)
    return raw[:at], raw[at:]

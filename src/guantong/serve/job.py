"""What does the writer get, and what does it answer?

A `Job` is a document that was read, or another entry, ready to be decided: everything that can
be done before, in any process, has been done.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from guantong.caller import Caller
from guantong.capture import EventTable, TableReading
from guantong.capture.table import Told
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import LedgerError, StatementType, Submission
from guantong.parties import Filing
from guantong.serve import personal, projector
from guantong.serve.events import Said
from guantong.serve.made import Made
from guantong.serve.seal import MEDIA as SIGNED
from guantong.serve.seal import (
    NONE,
    SUFFIX,
    Facts,
    Seal,
    Signature,
    of_body,
    of_gateway,
    of_signer,
    opened,
)
from guantong.store import Fact
from guantong.verdict.history import MADE

KEPT_TEXT_MAX: Final = 200
"""Characters of accepted positions kept in the statement itself; more go into a manifest."""

SHEET: Final = "sheet"
"""`Document.format` of a table."""

NAME_MAX: Final = 100
"""Longest file name kept in the statement."""


RECEIPT: Final = "intake"
"""Of a statement: number of the receipt, and so the sequence in the stream, of its submission."""


class Fault(StrEnum):
    """Why the intake refused. Part of the public API: never renamed."""

    BUSY = "serve.busy"
    """Too many documents are waiting; try again shortly."""
    TOO_MANY = "serve.too_many"
    """This sender has too many documents under way; others still have room."""
    CLOSED = "serve.closed"
    """The writer has stopped."""
    DUPLICATE = "capture.duplicate_event"
    """The party has captured an event with this id before."""
    FORBIDDEN = "serve.forbidden"
    """The caller may not submit, or not in this party's name."""


class IntakeError(Refusal):
    """The intake can not take anything now."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A document as it arrives."""

    data: bytes
    media: str = ""
    """Media type, "" when not told."""
    name: str = ""
    """File name, "" when not told."""
    proceed: bool = False
    """Take the good events although others are wrong."""
    signature: Signature | None = None
    """What its signer says of it; None when nobody signed."""
    told: Told | None = None
    """Hears how many of its events were read."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a document."""

    accepted: bool
    """Whether it is in the ledger; when it is, it is on the disk too."""
    events: int = 0
    """How many of its events were accepted."""
    ledger_index: int = -1
    """Where it stands, -1 when refused."""
    faults: tuple[Found, ...] = ()
    """What is wrong; empty when all was accepted."""
    repeated: bool = False
    """The same bytes came from the same party before: this is where they stand."""
    leaf: str = ""
    """Leaf hash of the entry, hexadecimal: ``prev`` of the party's next signed document."""
    seq: int = 0
    """Number of a signed document within the party, 0 for others."""
    filing: Filing | None = None
    """Whether it is complete by the general data requirements; None when that was not asked."""

    @property
    def missing(self) -> int:
        """Fields that records of its events lack, and products without a record."""
        filing = self.filing
        if filing is None:
            return 0
        return sum(lack.count for lack in filing.missing) + len(filing.unfiled)


class Answer(Protocol):
    """Where a job's answer goes, once."""

    def set_result(self, receipt: Receipt, /) -> None:
        """The receipt."""

    def set_exception(self, error: BaseException | None, /) -> None:
        """The writer failed."""

    def done(self) -> bool:
        """Whether it has come."""


@dataclass(slots=True)
class Job:
    """What the writer gets: read, hashed, not yet decided."""

    by: str
    typ: StatementType
    body: bytes
    media: str
    name: str
    digest: str
    reading: TableReading
    """What it says, with a table and event ids in it."""
    record_ms: int
    """When it came; the ledger makes it no earlier than the entry before."""
    facts: tuple[Fact, ...] = ()
    meta: Mapping[str, str | int] = field(default_factory=dict)
    faults: tuple[Found, ...] = ()
    proceed: bool = False
    answer: Answer = field(default_factory=Future[Receipt])
    place: int = -1
    """Of its entry in the group, once it is accepted."""
    seal: Seal = NONE
    """What stands in the entry beside the document."""
    leaf: str = ""
    """Leaf hash of its entry, hexadecimal, once there is one."""
    kept: frozenset[int] | None = None
    """Accepted positions when only a part is accepted; None means all."""

    @property
    def table(self) -> EventTable:
        """The events that were read."""
        assert self.reading.table is not None
        return self.reading.table

    def is_of(self, meta: Mapping[str, str | int]) -> bool:
        """Whether an entry with these facts was made of this very job, handed over before."""
        return RECEIPT in meta and self.meta.get(RECEIPT) == meta[RECEIPT]

    def positions(self) -> Sequence[int]:
        """Index in the document of each event that was read."""
        return self.reading.positions or range(len(self.table))

    def count(self) -> int:
        """How many events are accepted."""
        return len(self.table) if self.kept is None else len(self.kept)


def offer_of(data: bytes, *, media: str = "", name: str = "", proceed: bool = False) -> Offer:
    """A document as it arrives, taken out of the file of its signer if it came in one.

    Args:
        data: What came.
        media: Its media type, "" when not told.
        name: Its file name, "" when not told.
        proceed: Take the good events although others are wrong.

    Returns:
        The document, and what its signer says of it.

    Raises:
        LedgerError: if it should be a signed file and is none.
    """
    essence = media.partition(";")[0].strip().lower()
    if essence != SIGNED and not name.endswith(SUFFIX):
        return Offer(data, media, name, proceed)
    document, signature = opened(data)
    claims = signature.signed.claims
    return Offer(document, claims.media, name.removesuffix(SUFFIX), proceed, signature)


def job_of(
    offer: Offer,
    reading: TableReading,
    caller: Caller,
    now_ms: int,
    *,
    ledger: personal.Keeper,
    salt: bytes,
) -> Job | Receipt:
    """A document that was read, as the writer takes it: without what it says of persons.

    Args:
        offer: The document.
        reading: What it says, event ids filled in.
        caller: On whose behalf.
        now_ms: When it came.
        ledger: Where it is going.
        salt: For the document and its events, unless its signer chose one; 32 bytes.

    Returns:
        The job; a receipt when it is refused already.

    Raises:
        IntakeError: if the caller may not submit.
    """
    may_submit(caller)
    if reading.table is None:
        return Receipt(accepted=False, faults=reading.faults)
    facts = facts_of(offer, reading, caller)
    try:
        seal = _seal(offer, reading, facts, salt)
    except LedgerError as refusal:
        return Receipt(accepted=False, faults=refusal.faults)
    left = personal.withheld(ledger, reading, data=offer.data, salt=seal.salt, at_ms=now_ms)
    faults = (*reading.faults, *left.faults)
    if left.faults and not offer.proceed:
        return Receipt(accepted=False, faults=faults)
    return Job(
        by=caller.party,
        typ=facts.typ,
        body=offer.data,
        media=facts.media,
        name=offer.name,
        digest=personal.digest(ledger, offer.data, left.disclosures),
        reading=personal.without(left),
        record_ms=now_ms,
        meta=personal.meta(left, now_ms),
        faults=faults,
        proceed=offer.proceed,
        seal=seal,
    )


def facts_of(offer: Offer, said: Said, caller: Caller) -> Facts:
    """What the entry of a document says of it; its signer says the same."""
    events = said.table if isinstance(said, TableReading) else said.events
    typ = StatementType.CAPTURE if events else StatementType.MASTER_DATA
    return Facts(caller.party, typ, _media(offer, said.format))


def _seal(offer: Offer, said: TableReading, facts: Facts, salt: bytes) -> Seal:
    if offer.signature is None:
        return of_gateway(offer.data, said, salt)
    return of_signer(offer.data, said, facts, offer.signature)


def entry_of(made: Made, caller: Caller, now_ms: int) -> Job:
    """Something that is no document, as the writer takes it.

    Args:
        made: What it is.
        caller: On whose behalf.
        now_ms: When it came.

    Returns:
        The job.

    Raises:
        IntakeError: if the caller may not submit.
    """
    may_submit(caller)
    return Job(
        by=caller.party,
        typ=made.typ,
        body=made.body,
        media=made.media,
        name="",
        digest=hashlib.sha256(made.body).hexdigest(),
        reading=projector.NOTHING,
        record_ms=now_ms,
        facts=made.facts,
        meta=made.meta,
        seal=of_body(made.body) if made.alone else NONE,
    )


def may_submit(caller: Caller) -> None:
    """Refuse who may hand in nothing.

    Raises:
        IntakeError: if the caller is nobody known.
    """
    if not caller.party:
        raise IntakeError(fault(Fault.FORBIDDEN, expected="a known party", got="the public"))
    if not caller.party.isprintable():  # nor any half of a character that no encoding can hold
        shown = ascii(caller.party)
        raise IntakeError(fault(Fault.FORBIDDEN, expected="a printable party key", got=shown))


def _media(offer: Offer, form: str) -> str:
    """The media type by which a rebuild finds the same reader, "" when the bytes say it."""
    if form == SHEET and not offer.data.startswith(b"PK"):
        # Nothing in a CSV says that it is one, and its name may be no part of the statement.
        return "text/csv"
    essence = offer.media.partition(";")[0].strip().lower()
    is_one = essence.isascii() and essence.isprintable() and len(essence) <= NAME_MAX
    return essence if is_one else ""


def submissions_of(job: Job) -> list[Submission]:
    """The entries a job becomes: itself, after a manifest when the list of what is kept is long."""
    meta: dict[str, str | int] = dict(job.meta)
    before: list[Submission] = []
    if job.kept is not None:
        text = projector.ranges_text(job.kept)
        if len(text) <= KEPT_TEXT_MAX:
            meta["kept"] = text
        else:
            meta["manifest"] = 1
            before = [_submission(job, StatementType.MANIFEST, text.encode(), "text/plain", 0)]
    if job.name.isascii() and job.name.isprintable() and 0 < len(job.name) <= NAME_MAX:
        meta["name"] = job.name
    if job.seal.made:
        meta[MADE] = 1
    own = _submission(job, job.typ, job.body, job.media, job.count())
    return [*before, msgspec.structs.replace(own, meta=meta, **job.seal.members())]


def _submission(job: Job, typ: StatementType, body: bytes, media: str, count: int) -> Submission:
    return Submission(typ=typ, by=job.by, body=body, media=media, n=count, record_ms=job.record_ms)

"""The one way in: from bytes to a position in the ledger.

Any thread may read a document; one writer thread decides, appends and acknowledges. There is
no timer: while one group is being made durable the next one gathers, and it is committed as
soon as the writer is free. An acknowledgement follows the fdatasync; the index follows the
acknowledgement (`Intake.wait` waits for it).
"""

import hashlib
import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import msgspec

from guantong import capture
from guantong.caller import Caller
from guantong.capture import Document, Event, Limits, Reading
from guantong.capture.faults import Fault as CaptureFault
from guantong.clock import Clock
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import Ledger, LedgerError, StatementType, Submission, check
from guantong.parties import Filing
from guantong.serve import projector
from guantong.serve.projector import DOCUMENTS
from guantong.store import Fact, Indexed, Store

GROUP_MAX: Final = 500
"""Most documents in one commit."""
WAITING_MAX: Final = 2_000
"""Most documents waiting for the writer; one more is refused as busy."""
KEPT_TEXT_MAX: Final = 200
"""Characters of accepted positions kept in the statement itself; more go into a manifest."""

SHEET: Final = "sheet"
"""`Document.format` of a table."""

NAME_MAX: Final = 100
"""Longest file name kept in the statement."""


class Fault(StrEnum):
    """Why the intake refused. Part of the public API: never renamed."""

    BUSY = "serve.busy"
    """Too many documents are waiting; try again shortly."""
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
    filing: Filing | None = None
    """Whether it is complete by the general data requirements; None when that was not asked."""


@dataclass(slots=True)
class _Job:
    """What the writer gets: read, hashed, not yet decided."""

    by: str
    typ: StatementType
    body: bytes
    media: str
    name: str
    digest: str
    document: Document
    record_ms: int
    """When it came; the ledger makes it no earlier than the entry before."""
    facts: tuple[Fact, ...] = ()
    meta: Mapping[str, str | int] = field(default_factory=dict)
    faults: tuple[Found, ...] = ()
    proceed: bool = False
    answer: Future[Receipt] = field(default_factory=Future)
    kept: frozenset[int] | None = None
    """Accepted positions when only a part is accepted; None means all."""

    def positions(self) -> Sequence[int]:
        """Index in the document of each event that was read."""
        return self.document.positions or range(len(self.document.events))

    def count(self) -> int:
        """How many events are accepted."""
        return len(self.document.events) if self.kept is None else len(self.kept)


class Intake:
    """The writer of one ledger. Open it once; hand in from any thread."""

    def __init__(
        self, ledger: Ledger, store: Store, clock: Clock, *, limits: Limits | None = None
    ) -> None:
        """Catch the index up with the ledger, then start the writer thread."""
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._limits = limits or Limits()
        self._queue: queue.Queue[_Job | None] = queue.Queue(WAITING_MAX)
        self._projected = threading.Condition()
        self._failure: BaseException | None = None
        for _ in projector.catch_up(ledger, store):
            pass
        self._size = store.projected_size
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def read(self, offer: Offer) -> Reading:
        """What a document says, within this intake's limits; event ids are filled in."""
        reading = capture.read(
            offer.data,
            media=offer.media,
            name=offer.name,
            limits=self._limits,
            proceed=offer.proceed,
        )
        document = reading.document and projector.identified(reading.document)
        return replace(reading, document=document)

    def hand_in(self, offer: Offer, reading: Reading, caller: Caller) -> Future[Receipt]:
        """Take a document that was read, here or in another process.

        Args:
            offer: The document.
            reading: What `read` gave for it.
            caller: On whose behalf; its party becomes the submitting party.

        Returns:
            Holds the receipt once the document is durable or refused. A refused document
            leaves no trace.

        Raises:
            IntakeError: if the caller may not submit, or the intake is busy or closed.
        """
        _may_submit(caller)
        faults = reading.faults
        if reading.document is not None:
            faults = (*faults, *_unfit(reading.document))
        if reading.document is None or len(faults) > len(reading.faults):
            done: Future[Receipt] = Future()
            done.set_result(Receipt(accepted=False, faults=faults))
            return done
        job = _Job(
            by=caller.party,
            typ=StatementType.CAPTURE if reading.document.events else StatementType.MASTER_DATA,
            body=offer.data,
            media=_media(offer, reading.document),
            name=offer.name,
            digest=hashlib.sha256(offer.data).hexdigest(),
            document=reading.document,
            record_ms=self._clock.now_ms(),
            faults=reading.faults,
            proceed=offer.proceed,
        )
        return self._put(job)

    def enter(
        self,
        typ: StatementType,
        body: bytes,
        facts: tuple[Fact, ...],
        caller: Caller,
        *,
        media: str = "application/json",
        meta: Mapping[str, str | int] | None = None,
    ) -> Future[Receipt]:
        """Enter something that is no document: a range of codes, a key, a release.

        Args:
            typ: What it is.
            body: As the vault keeps it.
            facts: What it leaves in the store; a rebuild must make the same from `body`.
            caller: On whose behalf.
            media: Media type of the body.
            meta: Small facts for the statement.

        Returns:
            Holds the receipt, with its place in the ledger, once it is durable.
        """
        _may_submit(caller)
        job = _Job(
            by=caller.party,
            typ=typ,
            body=body,
            media=media,
            name="",
            digest=hashlib.sha256(body).hexdigest(),
            document=Document(format="none"),
            facts=facts,
            meta=meta or {},
            record_ms=self._clock.now_ms(),
        )
        return self._put(job)

    def wait(self, size: int, *, seconds: float = 10.0) -> bool:
        """Wait until the index has the ledger's first `size` entries; False when time ran out."""
        with self._projected:
            return self._projected.wait_for(
                lambda: self._size >= size or self._failure is not None, seconds
            )

    @property
    def is_running(self) -> bool:
        """Whether documents can be handed in."""
        return self._failure is None and self._thread.is_alive()

    def close(self) -> None:
        """Finish what is waiting and stop the writer; ledger and store stay open."""
        self._queue.put(None)
        self._thread.join()

    def _put(self, job: _Job) -> Future[Receipt]:
        if not self.is_running:
            why = self._failure or "stopped"
            raise IntakeError(fault(Fault.CLOSED, expected="a running writer", got=why))
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            raise IntakeError(
                fault(Fault.BUSY, expected=f"at most {WAITING_MAX} waiting", got="more")
            ) from None
        return job.answer

    def _run(self) -> None:
        """Commit group after group until told to stop; any failure stops for good."""
        running = True
        while running:
            group = self._gather()
            running = group[-1] is not None
            jobs = [job for job in group if job is not None]
            try:
                self._commit(jobs)
            except BaseException as error:  # noqa: BLE001 - the disk's state is unknown: stop
                self._fail(error, jobs)
                return

    def _gather(self) -> list[_Job | None]:
        """Everything that waits now, at least one; a None at the end means stop."""
        group = [self._queue.get()]
        while group[-1] is not None and len(group) < GROUP_MAX:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return group

    def _commit(self, jobs: list[_Job]) -> None:
        accepted, submissions = self._decide(jobs)
        if not accepted:
            return
        positions = self._ledger.append(submissions)
        first = positions[0].index
        documents: list[Indexed] = []
        for job, last in accepted:
            index = first + last
            documents += self._indexed(first + len(documents), index, job)
        for job, last in accepted:
            job.answer.set_result(
                Receipt(
                    accepted=True, events=job.count(), ledger_index=first + last, faults=job.faults
                )
            )
        self._project(documents)

    def _indexed(self, start: int, index: int, job: _Job) -> Iterable[Indexed]:
        """The job's entry as the index holds it, after its manifest if it has one."""
        for between in range(start, index):
            yield projector.bare(self._ledger.entry(between))
        entry = self._ledger.entry(index)
        if job.typ not in DOCUMENTS:
            yield projector.bare(entry, job.facts)
        else:
            yield projector.indexed(entry, job.document, job.kept, job.digest)

    def _project(self, documents: list[Indexed]) -> None:
        self._store.append(documents)
        with self._projected:
            self._size = documents[-1].entry + 1
            self._projected.notify_all()

    def _decide(self, jobs: list[_Job]) -> tuple[list[tuple[_Job, int]], list[Submission]]:
        """Which jobs go in, with the offset of each one's entry in the group."""
        accepted: list[tuple[_Job, int]] = []
        submissions: list[Submission] = []
        taken: set[tuple[str, str]] = set()
        digests: dict[tuple[str, str], _Job] = {}
        for job in jobs:
            if job.typ in DOCUMENTS and self._answered(job, digests):
                continue
            faults = self._duplicates(job, taken)
            if faults and not job.proceed:
                job.answer.set_result(Receipt(accepted=False, faults=(*job.faults, *faults)))
                continue
            made = _submissions(job)
            try:
                for submission in made:
                    check(submission)
            except LedgerError as refusal:
                job.answer.set_result(Receipt(accepted=False, faults=refusal.faults))
                continue
            job.faults = (*job.faults, *faults)
            digests[job.by, job.digest] = job
            taken.update((job.by, event.id) for event in job.document.events)
            submissions += made
            accepted.append((job, len(submissions) - 1))
        return accepted, submissions

    def _answered(self, job: _Job, digests: dict[tuple[str, str], _Job]) -> bool:
        """Whether the same bytes came from the same party before; answers with their place."""
        earlier = digests.get((job.by, job.digest))
        if earlier is not None:
            earlier.answer.add_done_callback(lambda done: _repeat(job, done.result()))
            return True
        for fact in self._store.facts("submission", (f"{job.by} {job.digest}",)):
            count = fact.fields["events"]
            events = count if isinstance(count, int) else 0
            job.answer.set_result(
                Receipt(accepted=True, events=events, ledger_index=fact.entry, repeated=True)
            )
            return True
        return False

    def _duplicates(self, job: _Job, taken: set[tuple[str, str]]) -> list[Found]:
        """Faults for events whose id the party has used before; the rest is noted as kept."""
        ids = [event.id for event in job.document.events if event.error is None]
        known = self._store.known_ids(job.by, ids)
        kept, faults = [], []
        for position, event in zip(job.positions(), job.document.events, strict=True):
            if event.error is None and (event.id in known or (job.by, event.id) in taken):
                faults.append(_duplicate(job.document.format, position, event))
            else:
                kept.append(position)
        if faults or job.faults:
            job.kept = frozenset(kept)
        return faults

    def _fail(self, error: BaseException, jobs: list[_Job]) -> None:
        self._failure = error
        waiting = list(jobs)
        while not self._queue.empty():
            job = self._queue.get_nowait()
            waiting += [job] if job is not None else []
        for job in waiting:
            if not job.answer.done():
                job.answer.set_exception(error)
        with self._projected:
            self._projected.notify_all()


def _may_submit(caller: Caller) -> None:
    if not caller.party:
        raise IntakeError(fault(Fault.FORBIDDEN, expected="a known party", got="the public"))
    if not caller.party.isprintable():  # nor any half of a character that no encoding can hold
        shown = ascii(caller.party)
        raise IntakeError(fault(Fault.FORBIDDEN, expected="a printable party key", got=shown))


def _unfit(document: Document) -> Iterable[Found]:
    """What the index could not hold; once in the ledger it would be too late to say so."""
    parts = [(f"eventList[{n}]", event) for n, event in enumerate(document.events)]
    for path, part in (*parts, ("master", document.master)):
        try:
            _encoded(part)
        except OverflowError as error:
            expected = "numbers that fit in 64 bits"
            yield fault(CaptureFault.NUMBER, expected=expected, got=error, path=path)
        except UnicodeEncodeError as error:
            expected = "text that UTF-8 can hold"
            yield fault(CaptureFault.ENCODING, expected=expected, got=error.reason, path=path)


_encoded = msgspec.msgpack.Encoder().encode


def _media(offer: Offer, document: Document) -> str:
    """The media type by which a rebuild finds the same reader, "" when the bytes say it."""
    if document.format == SHEET and not offer.data.startswith(b"PK"):
        # Nothing in a CSV says that it is one, and its name may be no part of the statement.
        return "text/csv"
    essence = offer.media.partition(";")[0].strip().lower()
    is_one = essence.isascii() and essence.isprintable() and len(essence) <= NAME_MAX
    return essence if is_one else ""


def _duplicate(form: str, position: int, event: Event) -> Found:
    path = f"rows[{position}]" if form == "sheet" else f"epcisBody.eventList[{position}].eventID"
    expected = "an event id this party has not used"
    return fault(Fault.DUPLICATE, expected=expected, got=event.id, path=path)


def _repeat(job: _Job, first: Receipt) -> None:
    job.answer.set_result(replace(first, repeated=True))


def _submissions(job: _Job) -> list[Submission]:
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
    own = _submission(job, job.typ, job.body, job.media, job.count())
    return [*before, msgspec.structs.replace(own, meta=meta)]


def _submission(job: _Job, typ: StatementType, body: bytes, media: str, count: int) -> Submission:
    return Submission(typ=typ, by=job.by, body=body, media=media, n=count, record_ms=job.record_ms)

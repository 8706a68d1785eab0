"""The one way in: from bytes to a position in the ledger.

Any thread may read a document; one writer thread decides, appends and acknowledges. There is
no timer: while one group is being made durable the next one gathers, and it is committed as
soon as the writer is free. An acknowledgement follows the fdatasync; the index follows the
acknowledgement (`Intake.wait` waits for it).
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

from guantong.caller import Caller
from guantong.capture import Limits, TableReading
from guantong.clock import Clock
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.ledger import Entry, Ledger, LedgerError, Submission, check
from guantong.serve import projector
from guantong.serve.chain import Chain
from guantong.serve.decide import Known
from guantong.serve.fitting import read_offer
from guantong.serve.job import (
    Fault,
    IntakeError,
    Job,
    Offer,
    Receipt,
    entry_of,
    job_of,
    submissions_of,
)
from guantong.serve.lawful import Lawful
from guantong.serve.made import Made
from guantong.serve.projector import DOCUMENTS
from guantong.store import Indexed, Store
from guantong.trace import Rule

__all__ = ["Fault", "Intake", "IntakeError", "Offer", "Receipt", "read_offer"]

GROUP_MAX: Final = 500
"""Most documents in one commit."""
WAITING_MAX: Final = 2_000
"""Most documents waiting for the writer; one more is refused as busy."""


class Intake:
    """The writer of one ledger. Open it once; hand in from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        *,
        limits: Limits | None = None,
        thread: bool = True,
        upkeep: Callable[[], float | None] = lambda: None,
        rules: frozenset[Rule] = frozenset(),
    ) -> None:
        """Catch the index up with the ledger, then start the writer thread.

        Args:
            ledger: Where it appends.
            store: The index.
            clock: Says when a document came.
            limits: Of documents that are read here.
            thread: Off for a process that does nothing else, and calls `commit` itself.
            upkeep: Called between groups: keeps the index in order for some milliseconds and
                says after how many seconds it wants to go on, None when it has nothing to do.
            rules: Of state; events that break one are refused.
        """
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._limits = limits or Limits()
        self.upkeep = upkeep
        self._rules = rules
        self._queue: queue.Queue[Job | None] = queue.Queue(WAITING_MAX)
        self._projected = threading.Condition()
        self._failure: BaseException | None = None
        for _ in projector.catch_up(ledger, store):
            upkeep()
        self._size = store.projected_size
        self._chain = Chain(store)
        self.told = self._size
        """Ledger size after the last entry that said more than events."""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        if thread:
            self._thread.start()

    def read(self, offer: Offer) -> TableReading:
        """What a document says, within this intake's limits; event ids are filled in."""
        return read_offer(offer, self._limits)

    def hand_in(self, offer: Offer, reading: TableReading, caller: Caller) -> Future[Receipt]:
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
        ledger, now_ms = self._ledger, self._clock.now_ms()
        job = job_of(offer, reading, caller, now_ms, ledger=ledger, salt=ledger.new_salt())
        if isinstance(job, Job):
            return self._put(job)
        done: Future[Receipt] = Future()
        done.set_result(job)
        return done

    def enter(self, made: Made, caller: Caller) -> Future[Receipt]:
        """Enter something that is no document.

        Args:
            made: What it is.
            caller: On whose behalf.

        Returns:
            Holds the receipt, with its place in the ledger, once it is durable.
        """
        return self._put(entry_of(made, caller, self._clock.now_ms()))

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
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _put(self, job: Job) -> Future[Receipt]:
        if not self.is_running:
            why = self._failure or "stopped"
            raise IntakeError(fault(Fault.CLOSED, expected="a running writer", got=why))
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            raise IntakeError(
                fault(Fault.BUSY, expected=f"at most {WAITING_MAX} waiting", got="more")
            ) from None
        assert isinstance(job.answer, Future)
        return job.answer

    def _run(self) -> None:
        """Commit group after group until told to stop; any failure stops for good."""
        running = True
        while running:
            group = self._gather()
            running = group[-1] is not None
            jobs = [job for job in group if job is not None]
            try:
                self._project(self._commit(jobs))
            except BaseException as error:  # noqa: BLE001 - the disk's state is unknown: stop
                self._fail(error, jobs)
                return

    def commit(self, jobs: list[Job], told: Callable[[], None]) -> None:
        """Decide, append and index a group, where there is no writer thread.

        Args:
            jobs: The group.
            told: Called between ledger and index, when every job has its answer.
        """
        try:
            documents = self._commit(jobs)
            told()
            self._project(documents)
        except BaseException as error:
            self._fail(error, jobs)
            raise

    def _gather(self) -> list[Job | None]:
        """Everything that waits now, at least one; a None at the end means stop."""
        group = [self._first()]
        while group[-1] is not None and len(group) < GROUP_MAX:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return group

    def _first(self) -> Job | None:
        """The next that waits; meanwhile the index is kept in order."""
        while True:
            try:
                return self._queue.get(timeout=self.upkeep())
            except queue.Empty:
                continue

    def _commit(self, jobs: list[Job]) -> list[Indexed]:
        """Answer the jobs; what was accepted, as the index is to hold it."""
        group = self._decide(jobs)
        if not group.submissions:
            return []
        first = self._ledger.append(group.submissions)[0].index
        entries = list(self._ledger.entries(first, first + len(group.submissions)))
        documents: list[Indexed] = []
        for job in group.accepted:
            documents += [projector.bare(entry) for entry in entries[len(documents) : job.place]]
            documents.append(_indexed(entries[job.place], job))
            job.leaf = entries[job.place].leaf.hex()
            self._chain.settle(entries[job.place])
            if documents[-1].facts[1 + bool(job.seal.sig) :] or job.typ not in DOCUMENTS:
                self.told = first + job.place + 1
        for job in group.accepted:
            job.answer.set_result(_receipt(job, first))
        for job, other in group.repeats:
            job.answer.set_result(_receipt(other, first, repeated=not job.is_of(other.meta)))
        return documents

    def _project(self, documents: list[Indexed]) -> None:
        if documents:
            self._store.append(documents)
            with self._projected:
                self._size = documents[-1].entry + 1
                self._projected.notify_all()

    def _decide(self, jobs: list[Job]) -> "_Group":
        """Which jobs go in; the others are answered."""
        group = _Group()
        known = Known(self._store, jobs)
        law = Lawful(self._store, jobs, self._rules, self._clock.now_ms()) if self._rules else None
        for job in jobs:
            before = known.before(job) if job.typ in DOCUMENTS else None
            if isinstance(before, Job):
                group.repeats.append((job, before))
            elif before is not None:
                job.answer.set_result(self._again(before, job))
            else:
                self._decide_one(job, known, group, law)
        return group

    def _decide_one(self, job: Job, known: Known, group: "_Group", law: Lawful | None) -> None:
        if wrong := self._chain.refused(job):
            job.answer.set_result(Receipt(accepted=False, faults=(*job.faults, *wrong)))
            return
        faults = known.duplicates(job)
        if law is not None and job.typ in DOCUMENTS:
            faults += law.faults(job)
        made = [] if faults and not job.proceed else submissions_of(job)
        if unfit := self._unfit(group, made):
            faults = list(unfit)
        if not made or unfit:
            job.answer.set_result(Receipt(accepted=False, faults=(*job.faults, *faults)))
            if law is not None:
                law.undo()
            return
        job.faults = (*job.faults, *faults)
        known.take(job)
        self._chain.take(job)
        group.submissions += made
        job.place = len(group.submissions) - 1
        group.accepted.append(job)

    def _unfit(self, group: "_Group", made: Sequence[Submission]) -> tuple[Found, ...]:
        """Why the ledger would not take some entries after those of the group."""
        try:
            self._ledger.check_end([*group.submissions[-1:], *made])
            for submission in made:
                check(submission)
                self._ledger.check_erasure(submission)
        except LedgerError as refusal:
            return refusal.faults
        return ()

    def _again(self, before: Receipt, job: Job) -> Receipt:
        """The receipt of a document that was here before, with what its entry says.

        One that was handed over twice, since nobody knew whether it stands there, is no other one.

        Returns:
            The receipt.
        """
        entry = self._ledger.entry(before.ledger_index)
        meta, seq = entry.statement.meta, entry.statement.seq
        return replace(before, leaf=entry.leaf.hex(), seq=seq, repeated=not job.is_of(meta))

    def _fail(self, error: BaseException, jobs: list[Job]) -> None:
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


def _indexed(entry: Entry, job: Job) -> Indexed:
    """The job's entry as the index holds it."""
    if job.typ not in DOCUMENTS:
        return projector.bare(entry, job.facts)
    return projector.indexed(entry, job.reading, job.kept, job.digest)


def _receipt(job: Job, first: int, *, repeated: bool = False) -> Receipt:
    """The answer to an accepted job of a group that begins at entry `first`."""
    return Receipt(
        accepted=True,
        events=job.count(),
        ledger_index=first + job.place,
        faults=job.faults,
        repeated=repeated,
        leaf=job.leaf,
        seq=job.seal.seq,
    )


@dataclass(slots=True)
class _Group:
    """What becomes of the jobs of a group."""

    accepted: list[Job] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    repeats: list[tuple[Job, Job]] = field(default_factory=list)
    """Each with the one of this group that has the same bytes."""

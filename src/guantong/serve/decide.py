"""Is this new? What the writer asks the index about a whole group at once."""

from collections.abc import Sequence
from typing import Final

from guantong.capture import EventTable
from guantong.capture.event_hash import HASHED, event_hash
from guantong.capture.likeness import says_same
from guantong.capture.model import Event
from guantong.capture.table import rest_of
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.serve.job import Fault, Job, Receipt
from guantong.serve.projector import DOCUMENTS
from guantong.store import EventFilter, Store

COMPARED_MAX: Final = 1_000
"""Events of one document that are compared with those of the same hash; more are refused unseen."""


class Known:
    """What is known of the bytes and events of a group; grows as its jobs are taken."""

    def __init__(self, store: Store, jobs: Sequence[Job]) -> None:
        """Ask once for all."""
        self._store = store
        self._taken: list[Job] = []
        documents = [job for job in jobs if job.typ in DOCUMENTS]
        self._digests: dict[tuple[str, str], Job] = {}
        self._ids: dict[str, set[str]] = {}
        wanted: dict[str, list[str]] = {}
        for job in documents:
            ids = wanted.setdefault(job.by, [])
            again = _withdraws(job.table)
            ids += [one for one, error in zip(job.table.ids, again, strict=True) if not error]
        if wanted:
            self._ids = store.known_among(wanted)
        keys = [_key(job) for job in documents]
        self._seen: dict[str, Receipt] = {}
        for fact in store.facts("submission", keys) if keys else ():
            count = fact.fields["events"]
            events = count if isinstance(count, int) else 0
            first = Receipt(accepted=True, events=events, ledger_index=fact.entry, repeated=True)
            self._seen.setdefault(fact.key, first)

    def before(self, job: Job) -> Receipt | Job | None:
        """Where the same bytes from the same party stand, or the job of this group that has them."""
        return self._digests.get((job.by, job.digest)) or self._seen.get(_key(job))

    def duplicates(self, job: Job) -> list[Found]:
        """Faults for events whose id the party has used before; the rest is noted as kept."""
        known = self._ids.get(job.by, set())
        if not job.faults and known.isdisjoint(job.table.ids):
            return []
        kept, faults = [], []
        again = _withdraws(job.table)
        others = self._others(job, known)
        for row, (position, one) in enumerate(zip(job.positions(), job.table.ids, strict=True)):
            if one in known and not again[row] and row not in others:
                faults.append(_duplicate(job.reading.format, position, one))
            else:
                kept.append(position)
        if faults or job.faults:
            job.kept = frozenset(kept)
        return faults

    def _others(self, job: Job, known: set[str]) -> set[int]:
        """Rows of events that have no more in common with the known ones than the hash."""
        ids = enumerate(job.table.ids)
        rows = [row for row, one in ids if one in known and one.startswith(HASHED)]
        events = {row: job.table.part(row, row + 1)[0] for row in rows[:COMPARED_MAX]}
        hashed = {row: one for row, one in events.items() if one.id == event_hash(one)}
        before = self._before(job.by, {one.id for one in hashed.values()})
        return {
            row
            for row, event in hashed.items()
            if not any(says_same(event, other) for other in before[event.id])
        }

    def _before(self, by: str, ids: set[str]) -> dict[str, list[Event]]:
        """A party's events of some ids: in the index, and of the jobs that were taken."""
        found: dict[str, list[Event]] = {one: [] for one in ids}
        wanted = EventFilter(ids=tuple(ids), parties=(by,))
        after = None
        while ids and (batch := self._store.scan_events(wanted, after=after, limit=COMPARED_MAX)):
            for stored in batch:
                found[stored.event.id].append(stored.event)
            after = batch[-1].record_ms, batch[-1].no
        for job in self._taken:
            for row, one in enumerate(job.table.ids if job.by == by else ()):
                if one in ids:
                    found[one] += job.table.part(row, row + 1)
        return found

    def take(self, job: Job) -> None:
        """Remember a job that goes in."""
        self._taken.append(job)
        self._digests[job.by, job.digest] = job
        self._ids.setdefault(job.by, set()).update(job.table.ids)


def _key(job: Job) -> str:
    return f"{job.by} {job.digest}"


def _withdraws(table: EventTable) -> list[bool]:
    """Whether each event is an error declaration, which may bear an id again."""
    of_rests = [b"error" in raw and rest_of(raw).error is not None for raw in table.rests]
    if not any(of_rests):
        return [False] * len(table)
    return [of_rests[rest] for rest in table.rest.tolist()]


def _duplicate(form: str, position: int, one: str) -> Found:
    path = f"rows[{position}]" if form == "sheet" else f"epcisBody.eventList[{position}].eventID"
    expected = "an event id this party has not used"
    return fault(Fault.DUPLICATE, expected=expected, got=one, path=path)

"""Which events of a group of documents break a rule of state?

The writer asks while it decides: then the index holds everything that was decided before, and what
goes in with this group is entered here as it is decided.
"""

from collections.abc import Sequence
from dataclasses import replace

from guantong.capture.model import Event
from guantong.errors import Fault as Found
from guantong.serve.job import SHEET, Job
from guantong.serve.projector import DOCUMENTS
from guantong.store import Store
from guantong.trace import Book, Rule, Standings, marks_of
from guantong.trace.containment import parents_of


class Lawful:
    """What is known of the items of a group; grows as its jobs are taken."""

    def __init__(
        self, store: Store, jobs: Sequence[Job], rules: frozenset[Rule], now_ms: int
    ) -> None:
        """Read what the store knows of the items, and of what they were ever in."""
        self._standings = Standings(rules)
        self._taken: list[Event] = []
        events = [event for job in jobs if job.typ in DOCUMENTS for event in job.table.events()]
        items = {item for event in events for item, _ in marks_of(event)}
        book = Book(store, now_ms=now_ms)
        book.read(items)
        around = {parent for item in items for parent in parents_of(book.rows(item))}
        book.read(around)
        for item in items | around:
            self._standings.add(item, book.counting(item))

    def faults(self, job: Job) -> list[Found]:
        """What breaks a rule in a job.

        A correction breaks none. What of the job was not to be kept anyway is left out.

        Returns:
            Faults with the place of their event, which is not to be kept; the others are entered.
        """
        self._taken, found, bad = [], [], set()
        kept = job.kept
        for position, event in zip(job.positions(), job.table.events(), strict=True):
            if event.error is not None or (kept is not None and position not in kept):
                continue
            broken = self._standings.judge(event)
            if broken:
                bad.add(position)
                where = _where(job, position)
                found += [replace(one, path=where) for one in broken]
            else:
                self._standings.take(event)
                self._taken.append(event)
        if bad:
            job.kept = (frozenset(job.positions()) if kept is None else kept) - bad
        return found

    def undo(self) -> None:
        """Forget the events of the job that was asked about last: it does not go in."""
        for event in reversed(self._taken):
            self._standings.forget(event)
        self._taken = []


def _where(job: Job, position: int) -> str:
    whole = f"rows[{position}]" if job.reading.format == SHEET else ""
    return whole or f"epcisBody.eventList[{position}]"

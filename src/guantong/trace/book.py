"""What has been read from the store for one question, each item once?

A `Book` asks the store in whole levels (one call for all items of a level), judges which rows
count, and resolves containment when somebody asks for it.

References:
    EPCIS 2.0, section 7.4.1.2 (error declarations)
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from guantong.capture.model import Action
from guantong.store.door import EventFilter, Happening, Histories, Role, Stored
from guantong.store.recall import remembered
from guantong.trace.containment import Resolved, empties, moment_of, parents_of, resolve
from guantong.trace.model import FUTURE_MS, Moment
from guantong.trace.names import is_many

V = TypeVar("V")

LEVELS_MAX = 16
"""How deep containers are followed; real ones nest about five deep."""

PAGE = 1000
"""Events asked for at once when scanning."""


class Book:
    """Histories read for one question, at one ledger size."""

    def __init__(
        self,
        store: Histories,
        *,
        now_ms: int,
        as_of: int | None = None,
        future_ms: int = FUTURE_MS,
        used: bool = True,
    ) -> None:
        """Open an empty book.

        Args:
            store: Where to read.
            now_ms: The present; nothing later than this plus `future_ms` counts.
            as_of: Ledger size; None for everything.
            future_ms: How far ahead of its receipt an event may be dated and still count.
            used: Also read where items were used up.
        """
        self.store = store
        self.used = used
        self.now_ms = now_ms
        self.as_of = as_of
        self.future_ms = future_ms
        self._rows: dict[str, list[Happening]] = {}
        self._counting: dict[str, list[Happening]] = {}
        self._voided: dict[str, frozenset[int]] = {}
        self._carried: dict[str, tuple[list[Moment], list[Happening]]] = {}
        self._resolved: dict[str, Resolved] = {}

    def sibling(self, *, used: bool = True) -> "Book":
        """An empty book with the same view, for reading what need not be kept."""
        return Book(
            self.store,
            now_ms=self.now_ms,
            as_of=self.as_of,
            future_ms=self.future_ms,
            used=used,
        )

    def remembered(
        self,
        key: tuple[object, ...],
        make: Callable[["Book"], V],
        *,
        weigh: Callable[[V], int] | None = None,
    ) -> V:
        """What `make` finds with an empty book of the same view; see `store.remembered`."""
        return remembered(
            self.store,
            (*key, self.future_ms),
            lambda: make(self.sibling()),
            as_of=self.as_of,
            now_ms=self.now_ms,
            weigh=weigh,
        )

    def read(self, items: Iterable[str]) -> None:
        """Read the rows of those items that were not read yet: one call, or none."""
        missing = {item for item in items if item not in self._rows}
        if missing:
            found = self.store.rows_of(missing, as_of=self.as_of, used=self.used)
            self._rows |= {item: found.get(item, []) for item in missing}

    def read_around(self, items: Iterable[str]) -> bool:
        """Read items and everything they were ever inside of, one call per level.

        Returns:
            False when containers nest deeper than `LEVELS_MAX`.
        """
        level = set(items)
        seen: set[str] = set()
        for _ in range(LEVELS_MAX):
            if not level:
                return True
            self.read(level)
            seen |= level
            around = {parent for item in level for parent in parents_of(self._rows[item])}
            level = around - seen
        return not level

    def rows(self, item: str) -> list[Happening]:
        """All rows of an item in order, also those that do not count; empty if not read."""
        return self._rows.get(item, [])

    def counting(self, item: str) -> list[Happening]:
        """The rows that count."""
        if item not in self._counting:
            rows = self.rows(item)
            self._counting[item] = [
                row
                for row in rows
                if row.stored.no not in self.voided(item) and not self.is_future(row.stored)
            ]
        return self._counting[item]

    def voided(self, item: str) -> frozenset[int]:
        """Numbers of the item's events that were withdrawn, and of the withdrawals."""
        if item not in self._voided:
            self._voided[item] = withdrawn(row.stored for row in self.rows(item))
        return self._voided[item]

    def is_future(self, stored: Stored) -> bool:
        """Whether an event is dated further ahead of its receipt than believed."""
        return stored.event.time_ms > min(stored.record_ms, self.now_ms) + self.future_ms

    def resolved(self, item: str) -> Resolved:
        """Stays and doubts of an item that was read with what is around it."""
        if item not in self._resolved:
            self._resolved[item] = resolve(item, self.counting, many=is_many(item))
        return self._resolved[item]

    def carried(self, item: str, since: Moment, until: Moment | None) -> list[Happening]:
        """What happens to the content of an item too, between two moments, both included."""
        if item not in self._carried:
            rows = [row for row in self.rows(item) if _reaches_content(row)]
            self._carried[item] = [moment_of(row.stored) for row in rows], rows
        moments, rows = self._carried[item]
        start = bisect_left(moments, since)
        end = len(rows) if until is None else bisect_right(moments, until)
        return rows[start:end]

    def transformations(self, ids: Iterable[str]) -> Mapping[str, list[Stored]]:
        """By transformationID: the counting events that bear it."""
        wanted = tuple(sorted(set(ids) - {""}))
        found: list[Stored] = []
        after: tuple[int, int] | None = None
        more = bool(wanted)
        while more:
            page = self.store.scan_events(
                EventFilter(transformation_ids=wanted), after=after, limit=PAGE, as_of=self.as_of
            )
            found += page
            more = len(page) == PAGE
            after = (page[-1].record_ms, page[-1].no) if page else None
        gone = withdrawn(found)
        joined: dict[str, list[Stored]] = {}
        for stored in found:
            if stored.no not in gone and not self.is_future(stored):
                joined.setdefault(stored.event.transformation_id, []).append(stored)
        return joined


def withdrawn(events: Iterable[Stored]) -> frozenset[int]:
    """Numbers of events withdrawn by an error declaration, and of the declarations.

    A declaration has the id of the event it withdraws, comes from the same capturing party and
    arrives later. It repeats that event otherwise, so it is found wherever the event is.

    Returns:
        Event numbers; none of these events bears on state.
    """
    events = list(events)
    declared: dict[tuple[str, str], int] = {}
    gone: set[int] = set()
    for stored in events:
        if stored.event.error is not None:
            gone.add(stored.no)
            key = (stored.by, stored.event.id)
            declared[key] = max(stored.no, declared.get(key, 0))
    for stored in events:
        if stored.event.id and declared.get((stored.by, stored.event.id), 0) > stored.no:
            gone.add(stored.no)
    return frozenset(gone)


def _reaches_content(row: Happening) -> bool:
    """Whether this happens to what is inside as well; putting in and taking out others does not."""
    if row.role is not Role.PARENT or empties(row):
        return True
    return row.stored.event.action is Action.OBSERVE

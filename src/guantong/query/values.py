"""Which values of a field are in the events that a caller sees? Each once, page by page.

A value stands where the first event that has it was received, so that a page needs to know nothing
of those before it.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

from collections.abc import Callable
from dataclasses import dataclass

from guantong.capture.model import EventType
from guantong.query import fields
from guantong.query.asking import BATCH, EXAMINED_MAX, Key, page_of
from guantong.query.parameters import parse
from guantong.store.door import EventFilter, Near, Store, Stored

Cursor = tuple[int, int, int]
"""Record time and number of an event, and how many of its values were looked at."""


@dataclass(frozen=True, slots=True)
class Values:
    """Some values."""

    values: tuple[str, ...]
    after: Cursor | None
    """Where the next page begins; None when this is the last."""
    size: int
    """The ledger size it rests on."""


def values_of(
    store: Store,
    field: str,
    *,
    seen: Callable[[Stored], bool],
    after: Cursor | None = None,
    limit: int,
    as_of: int | None = None,
    near: Near | None = None,
) -> Values:
    """The values of a field.

    Args:
        store: Where to look.
        field: The parameter that asks for one of them, such as ``EQ_bizStep``.
        seen: Whether the caller may see an event.
        after: Where the page before ended, None to begin.
        limit: Values on a page, at least 1.
        as_of: Ledger size, None for everything.
        near: As for `page_of`.

    Returns:
        At most `limit` values. A page with a next one may have less: so many events were looked at.
    """
    size = store.projected_size if as_of is None else as_of
    walk = _Walk(store, field, seen, near, size)
    key: Key | None = (after[0], after[1] - 1) if after else None
    skip, examined = (after[2] if after else 0), 0
    wanted = EventFilter(near=near)
    while batch := store.scan_events(wanted, after=key, limit=BATCH, as_of=size):
        for stored in batch:
            if walk.is_whole:
                return Values(tuple(walk.found), None, size)
            if examined == EXAMINED_MAX:
                return Values(tuple(walk.found), (stored.record_ms, stored.no, 0), size)
            reached = walk.over(stored, skip, limit)
            if reached is not None:
                return Values(tuple(walk.found), (stored.record_ms, stored.no, reached), size)
            skip, examined = 0, examined + 1
        key = batch[-1].record_ms, batch[-1].no
    return Values(tuple(walk.found), None, size)


class _Walk:
    """One page under way."""

    def __init__(
        self,
        store: Store,
        field: str,
        seen: Callable[[Stored], bool],
        near: Near | None,
        size: int,
    ) -> None:
        self._store = store
        self._near = near
        self._field = field
        self._seen = seen
        self._size = size
        self._old: set[str] = set()
        """Values that are not new any more."""
        self.found: list[str] = []

    @property
    def is_whole(self) -> bool:
        """Whether nothing else can come."""
        return self._field == "eventType" and len(self._old) == len(EventType)

    def over(self, stored: Stored, skip: int, limit: int) -> int | None:
        """Take the new values of an event; how many were looked at when the page is full."""
        values = dict.fromkeys(
            str(one) for one in fields.values_of(self._field, stored.event, 0) if one
        )
        if self._old.issuperset(values) or not self._seen(stored):
            return None
        for number, value in enumerate(values):
            if number >= skip and value not in self._old and self._is_first(value, stored):
                if len(self.found) == limit:
                    return number
                self.found.append(value)
            self._old.add(value)
        return None

    def _is_first(self, value: str, stored: Stored) -> bool:
        """Whether no event that is seen had the value before."""
        query, after = parse({self._field: [value]}), None
        while True:
            page = page_of(
                self._store,
                query,
                seen=self._seen,
                after=after,
                limit=1,
                as_of=self._size,
                near=self._near,
            )
            if page.events or page.after is None:
                return bool(page.events) and page.events[0].no == stored.no
            after = page.after

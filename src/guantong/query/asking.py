"""Which events of a store does a query ask for, page by page?

The store narrows down: by items that are named, else by event id, type, step, disposition, place and
time. What it gives is held against the query itself, and against what the caller may see.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from guantong.query.master import MasterData, is_of_attributes
from guantong.query.matching import matches
from guantong.query.parameters import Query, Test
from guantong.query.patterns import is_pattern
from guantong.query.sensors import is_field
from guantong.store.door import EventFilter, Near, Store, Stored

Key = tuple[int, int]
"""Record time and number: the order of pages."""
EXAMINED_MAX: Final = 50_000
"""Events looked at for one page; a page may be short, and even empty, before the last."""
BATCH: Final = 1_000
"""Events asked of a store at once."""
_ITEMS: Final = tuple(
    f"MATCH_{name}"
    for name in (
        *("epc", "parentID", "inputEPC", "outputEPC", "anyEPC"),
        *("epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass"),
    )
)

_SAID: Final = (
    *("EQ_source_", "EQ_destination_", "EQ_bizTransaction_", "EQ_persistentDisposition_"),
    *("EQ_errorReason", "EQ_correctiveEventID"),
)
"""Tests whose values stand in an event as they are asked for."""
_OF_ERRORS: Final = ("errorDeclaration", "errorDeclarationTime")


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, in the order in which they were received."""

    events: tuple[Stored, ...]
    after: Key | None
    """Where the next page begins; None when this is the last."""
    size: int
    """The ledger size it rests on."""


def page_of(
    store: Store,
    query: Query,
    *,
    seen: Callable[[Stored], bool],
    after: Key | None = None,
    limit: int,
    as_of: int | None = None,
    master: MasterData | None = None,
    near: Near | None = None,
) -> Page:
    """The events a query asks for.

    Args:
        store: Where to look.
        query: What is asked.
        seen: Whether the caller may see an event; what is not seen is as if it were not there.
        after: Where the page before ended, None to begin.
        limit: Events on a page, at least 1.
        as_of: Ledger size, None for everything.
        master: What is within a place, and attributes, where the query asks for them.
        near: What all events have that may be seen, as far as the store can tell.

    Returns:
        At most `limit` events. A page with a next one may have less: `EXAMINED_MAX` were looked at.
    """
    size = store.projected_size if as_of is None else as_of
    query = query if master is None else master.widened(query)
    found: list[Stored] = []
    last = after
    candidates = _candidates(store, query, near, after=after, as_of=size, ready=limit + 1)
    for examined, stored in enumerate(candidates):
        if examined >= EXAMINED_MAX:
            return Page(tuple(found), last, size)
        if matches(query, stored.event, stored.record_ms, master) and seen(stored):
            if len(found) == limit:  # a next page is one on which the caller sees something
                return Page(tuple(found), (found[-1].record_ms, found[-1].no), size)
            found.append(stored)
        last = stored.record_ms, stored.no
    return Page(tuple(found), None, size)


def _candidates(
    store: Store, query: Query, near: Near | None, *, after: Key | None, as_of: int, ready: int
) -> Iterator[Stored]:
    """All events that may be asked for, and others, in order; `ready` of them are likely to do."""
    tests = {test.name: test for test in query.tests}
    named = [tests[name] for name in _ITEMS if name in tests and _is_exact(tests[name])]
    if named:
        yield from _of_items(store, min(named, key=lambda test: len(test.values)), after, as_of)
        return
    wanted = _filter(tests, near)
    begin, end = _bound(tests, "GE_recordTime"), _bound(tests, "LT_recordTime")
    if begin is not None:
        after = max(after or (begin, -1), (begin, -1))
    size = min(ready, BATCH)
    while True:
        batch = store.scan_events(wanted, after=after, limit=size, as_of=as_of)
        for stored in batch:
            if end is not None and stored.record_ms >= end:
                return
            yield stored
        if len(batch) < size:
            return
        after, size = (batch[-1].record_ms, batch[-1].no), min(4 * size, BATCH)


def _of_items(store: Store, test: Test, after: Key | None, as_of: int | None) -> Iterator[Stored]:
    """Events in which one of these items takes part."""
    rows = store.rows_of(_texts(test), as_of=as_of)
    known = {row.stored.no: row.stored for found in rows.values() for row in found}
    ordered = sorted(known.values(), key=lambda stored: (stored.record_ms, stored.no))
    return (one for one in ordered if after is None or (one.record_ms, one.no) > after)


def _is_exact(test: Test) -> bool:
    return not any(is_pattern(text) for text in _texts(test))


def _filter(tests: dict[str, Test], near: Near | None) -> EventFilter:
    """What the store itself can tell of these tests; it may let more through."""
    places = ("EQ_readPoint", "EQ_bizLocation", "WD_readPoint", "WD_bizLocation")
    place = next((tests[name] for name in places if name in tests), None)
    return EventFilter(
        types=_texts(tests.get("eventType")),
        steps=_texts(tests.get("EQ_bizStep")),
        dispositions=_texts(tests.get("EQ_disposition")),
        locations=_texts(place),
        ids=_texts(tests.get("EQ_eventID")),
        transformation_ids=_texts(tests.get("EQ_transformationID")),
        time_from_ms=_bound(tests, "GE_eventTime"),
        time_to_ms=_bound(tests, "LT_eventTime"),
        mentions=tuple(texts for test in tests.values() if (texts := _mentioned(test))),
        near=near,
    )


def _mentioned(test: Test) -> tuple[str, ...]:
    """Texts of which an event that passes a test says one, as a name or as a whole; () for any."""
    name = test.name
    if "{" in name:
        return (name[name.index("{") :],)
    if name.startswith(_SAID):
        return _texts(test)
    field = name.partition("_")[2]
    if is_of_attributes(test):
        return ()
    if field in _OF_ERRORS:
        return ("error",)
    return ("sensors",) if is_field(field) else ()


def _texts(test: Test | None) -> tuple[str, ...]:
    return () if test is None else tuple(value for value in test.values if isinstance(value, str))


def _bound(tests: dict[str, Test], name: str) -> int | None:
    return int(tests[name].values[0]) if name in tests else None

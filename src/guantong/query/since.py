"""Which events of a query came since? By ledger entry, so that none is missed and none seen twice.

References:
    EPCIS 2.0, section 12
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from guantong.query.asking import page_of
from guantong.query.master import MasterData
from guantong.query.parameters import Query
from guantong.store.door import EventFilter, Near, Store, Stored

LIMIT: Final = 1_000
"""Events asked of a store at once."""
Place = tuple[int, int, str]
"""Ledger entry, index in its document, event id: what names an event whatever the index."""


def came(
    store: Store,
    query: Query,
    *,
    seen: Callable[[Stored], bool],
    since: tuple[int, int],
    size: int,
    master: MasterData | None = None,
    near: Near | None = None,
) -> Iterator[Stored]:
    """The events a query asks for in the entries of a part of the ledger.

    Args:
        store: Where to look.
        query: What is asked.
        seen: Whether the caller may see an event.
        since: The first entry, and its record time.
        size: Ledger size up to which to look.
        master: As for `page_of`.
        near: As for `page_of`.

    Yields:
        Each event, in the order in which they were received.
    """
    first, at_ms = since
    after: tuple[int, int] | None = (at_ms, -1)
    while after is not None:
        page = page_of(
            store,
            query,
            seen=lambda one: one.entry >= first and seen(one),
            after=after,
            limit=LIMIT,
            as_of=size,
            master=master,
            near=near,
        )
        yield from page.events
        after = page.after


def placed(store: Store, places: Sequence[Place]) -> list[Stored]:
    """The events at some places, in their order; those that are nowhere are left out."""
    wanted = {(entry, position): n for n, (entry, position, _) in enumerate(places)}
    ids = tuple({id_ for _, _, id_ in places})
    found: list[Stored] = []
    after = None
    while ids and (batch := store.scan_events(EventFilter(ids=ids), after=after, limit=LIMIT)):
        found += [one for one in batch if (one.entry, one.position) in wanted]
        after = batch[-1].record_ms, batch[-1].no
    return sorted(found, key=lambda one: wanted[one.entry, one.position])

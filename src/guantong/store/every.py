"""All facts of a kind, however many, read page by page."""

from collections.abc import Iterator
from typing import Final

from guantong.store.door import Fact, Store

PAGE: Final = 5_000
"""Facts read at once."""


def all_facts(store: Store, kind: str) -> Iterator[Fact]:
    """All facts of a kind, by key, those of a key in ledger order; lazily."""
    after = ""
    while page := store.scan_facts(kind, after=after, limit=PAGE):
        # A page may end within a key: what shares the last key is asked for by that key.
        after = page[-1].key
        yield from (fact for fact in page if fact.key != after)
        yield from (fact for fact in store.facts(kind, (after,)) if fact.key == after)

"""How often was a code scanned, since when, and where? Counted; nobody knows by whom."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from guantong.store import Fact, Store

SCAN: Final = "scan"
"""Of the facts about scans, by the code's canonical URI."""
SCANS_MEDIA: Final = "application/vnd.guantong.scans+json"


class Count(msgspec.Struct, frozen=True, array_like=True):
    """The public scans of one code at one place within some minutes."""

    item: str
    """Canonical URI."""
    place: str
    """GB/T 2260 code, "" where nobody said."""
    n: int
    first_ms: int
    last_ms: int


class Scans(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was scanned since the entry before. The body of an entry."""

    counts: tuple[Count, ...]
    unlisted: int = 0
    """Scans of codes that are not listed: unknown here, and too many to name."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return tuple(Fact(SCAN, one.item, _told(one)) for one in self.counts)


class Seen(NamedTuple):
    """The public scans of a code so far."""

    n: int = 0
    first_ms: int = 0
    last_ms: int = 0
    places: tuple[tuple[str, int], ...] = ()
    """GB/T 2260 codes and how often there, most often first; without the scans of no place."""


def seen_of(store: Store, item: str, *, as_of: int | None = None) -> Seen:
    """The public scans of a code that the ledger holds.

    Args:
        store: What is known.
        item: Canonical URI.
        as_of: Ledger size, None for now.

    Returns:
        Their sum; zeros while there is none.
    """
    return sum_of(counts_of(store, item, as_of=as_of))


def counts_of(store: Store, item: str, *, as_of: int | None = None) -> tuple[Count, ...]:
    """The public scans of a code as they were counted, in ledger order."""
    return tuple(map(count_of, store.facts(SCAN, (item,), as_of=as_of)))


def count_of(fact: Fact) -> Count:
    """The count that a fact states."""
    return msgspec.convert([fact.key, *_values(fact)], Count)


def sum_of(counts: Iterable[Count]) -> Seen:
    """Several counts of one code as one."""
    counted = tuple(counts)
    if not counted:
        return Seen()
    places: dict[str, int] = {}
    for one in counted:
        if one.place:
            places[one.place] = places.get(one.place, 0) + one.n
    return Seen(
        sum(one.n for one in counted),
        min(one.first_ms for one in counted),
        max(one.last_ms for one in counted),
        tuple(sorted(places.items(), key=lambda one: (-one[1], one[0]))),
    )


def parse_scans(body: bytes) -> Scans:
    """Read the body of an entry about scans."""
    return msgspec.json.decode(body, type=Scans)


def _told(one: Count) -> dict[str, object]:
    return {"place": one.place, "n": one.n, "first_ms": one.first_ms, "last_ms": one.last_ms}


def _values(fact: Fact) -> list[object]:
    return [fact.fields[name] for name in ("place", "n", "first_ms", "last_ms")]

"""Which items of a scope does each holder have? Read one by one, where there are not too many."""

from itertools import islice
from typing import Final, NamedTuple

from guantong.capture.serials import ranges_of
from guantong.recall.fixed import Fixed, items_of
from guantong.recall.progress import TRADE
from guantong.store import Store
from guantong.trace import Book, State, custody, lives
from guantong.trace.model import FirmOf, Life

ITEMS_MAX: Final = 20_000
"""Items of a scope that are read; of a larger one only numbers are told."""
AT_ONCE: Final = 500


class Owned(NamedTuple):
    """Items by holder."""

    ranges: dict[str, list[str]]
    """By party: ranges as `SerialRange` writes them, and items."""
    is_told: bool
    """False for a scope that is too large."""


def owned_in(store: Store, fixed: Fixed, *, now_ms: int, firm_of: FirmOf) -> Owned:
    """Who has which items of a scope, as of the ledger size at which it was fixed.

    Args:
        store: What is known.
        fixed: The scope.
        now_ms: The present.
        firm_of: The firm behind a party or place.

    Returns:
        The items of everybody in the trade.
    """
    items = items_of(fixed)
    if fixed.spans_left or fixed.made > ITEMS_MAX:
        return Owned({}, is_told=False)
    found: dict[str, list[str]] = {}
    while some := list(islice(items, AT_ONCE)):
        book = Book(store, now_ms=now_ms, as_of=fixed.as_of)
        for item, life in lives(book, some).items():
            if holder := _holder(life, firm_of):
                found.setdefault(holder, []).append(item)
    return Owned({party: ranges_of(own) for party, own in found.items()}, is_told=True)


def _holder(life: Life, firm_of: FirmOf) -> str:
    held = custody(life, firm_of=firm_of).holder
    if held.state not in TRADE:
        return ""
    party = held.taker or held.party if held.state is State.IN_TRANSIT else held.party
    return firm_of(party) if party else ""

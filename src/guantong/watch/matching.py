"""Do a firm's shipments and its buyers' purchases agree? What one side says and the other does not.

Custody is read off the lives of the items the firm itself moved of late (see `guantong.trace`): a
sending that nobody received in time, a receipt that nobody had sent.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from guantong import trace
from guantong.capture.lots import class_of
from guantong.capture.model import Event
from guantong.store import EventFilter, Store
from guantong.trace import Book, Move
from guantong.trace.model import FirmOf, itself

GRACE_MS: Final = 7 * 86_400_000
"""What was sent may be on its way so long."""
WINDOW_MS: Final = 90 * 86_400_000
"""How far back the firm's movements are looked at."""
EVENTS_MAX: Final = 5_000
ITEMS_MAX: Final = 20_000
"""Bounds of one look; what was left out is told."""
BATCH: Final = 500
EXAMPLES: Final = 5


class Amiss(StrEnum):
    """What does not agree. Part of the public API: never renamed."""

    NOT_RECEIVED = "not_received"
    """The firm sent it, and nobody received it in time."""
    NOT_SENT = "not_sent"
    """The firm received it, and who is said to have sent it did not say so."""


class Mismatch(NamedTuple):
    """Things of one class that one partner does not confirm."""

    amiss: Amiss
    partner: str
    class_uri: str
    things: int
    """Items, or movements of a lot."""
    examples: tuple[str, ...]
    since_ms: int
    """The oldest of them."""

    def about(self, firm: str) -> str:
        """By which its case is found."""
        return f"matching {self.amiss} {firm} {self.partner} {self.class_uri}"


class Matched(NamedTuple):
    """What a look at a firm's movements brought."""

    moves: int
    """Movements from hand to hand that the firm took part in."""
    confirmed: int
    """Of these, said by both sides."""
    open: int
    """On their way, and not yet late."""
    mismatches: tuple[Mismatch, ...]
    """Most things first."""
    complete: bool
    """Whether all movements of the window were looked at."""


def matched(store: Store, firm: str, *, now_ms: int, firm_of: FirmOf = itself) -> Matched:
    """Compare what a firm sent and received with what its partners say.

    Args:
        store: What is known.
        firm: Its key.
        now_ms: The present.
        firm_of: The firm behind a party or place.

    Returns:
        Counts, and what does not agree.
    """
    items, complete = _moved(store, firm, now_ms - WINDOW_MS)
    book = Book(store, now_ms=now_ms)
    own: list[tuple[str, Move]] = []
    for at in range(0, len(items), BATCH):
        part = items[at : at + BATCH]
        for item, life in trace.lives(book, part).items():
            moves = trace.moves(life, firm_of=firm_of)
            own += [(item, move) for move in moves if firm in {move.giver, move.taker}]
    own = [(item, move) for item, move in own if move.giver != move.taker]
    wrong = [(item, move, kind) for item, move in own if (kind := _amiss(move, firm, now_ms))]
    confirmed = sum(bool(move.sent and (move.received or move.seen)) for _, move in own)
    still = len(own) - confirmed - len(wrong)
    return Matched(len(own), confirmed, still, tuple(_grouped(wrong, firm)), complete)


def _moved(store: Store, firm: str, since_ms: int) -> tuple[list[str], bool]:
    """What a firm itself moved since an instant, and whether that is all."""
    wanted = EventFilter(parties=(firm,), time_from_ms=since_ms)
    found: dict[str, None] = {}
    after, events = None, 0
    while batch := store.scan_events(wanted, after=after, limit=BATCH):
        events += len(batch)
        for one in batch:
            if one.event.sources or one.event.destinations:
                found |= dict.fromkeys(_things(one.event))
        if events >= EVENTS_MAX or len(found) >= ITEMS_MAX:
            return list(found)[:ITEMS_MAX], False
        after = batch[-1].record_ms, batch[-1].no
    return list(found), True


def _things(event: Event) -> Iterator[str]:
    yield from event.epcs
    yield from event.child_epcs
    yield from (amount.epc_class for amount in event.quantities)
    yield from (amount.epc_class for amount in event.child_quantities)


def _amiss(move: Move, firm: str, now_ms: int) -> Amiss | None:
    if move.giver == firm and move.sent is not None:
        is_late = now_ms - move.sent.at_ms > GRACE_MS
        is_open = move.received is None and move.seen is None
        return Amiss.NOT_RECEIVED if is_open and is_late and move.taker else None
    if move.taker == firm and move.sent is None and move.giver:
        return Amiss.NOT_SENT
    return None


def _grouped(wrong: Iterable[tuple[str, Move, Amiss]], firm: str) -> list[Mismatch]:
    groups: dict[tuple[Amiss, str, str], list[tuple[str, int]]] = {}
    for item, move, kind in wrong:
        partner = move.taker if move.giver == firm else move.giver
        step = move.first
        at_ms = step.at_ms if step is not None else 0
        groups.setdefault((kind, partner, class_of(item) or item), []).append((item, at_ms))
    found = [
        Mismatch(
            *key,
            len(listed),
            tuple(dict.fromkeys(item for item, _ in listed))[:EXAMPLES],
            min(at_ms for _, at_ms in listed),
        )
        for key, listed in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.things, one.partner, one.class_uri))

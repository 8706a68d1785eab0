"""What happened to this item, by itself and with whatever it was inside of?

A pallet that ships takes its cases along, and they their items: the life of an item holds the
events of its containers for as long as it was inside.
"""

from collections.abc import Collection, Iterator, Mapping

from guantong.store.door import Happening, Role, Store
from guantong.trace.book import LEVELS_MAX, Book
from guantong.trace.effect import Effect, effect_of
from guantong.trace.model import FUTURE_MS, Life, Moment, Stay, Step
from guantong.trace.names import is_many


def life(
    store: Store,
    item: str,
    *,
    now_ms: int,
    as_of: int | None = None,
    future_ms: int = FUTURE_MS,
) -> Life:
    """Everything that happened to one item.

    Args:
        store: Where to read.
        item: Canonical URI of an item, logistic unit, lot or class.
        now_ms: The present.
        as_of: Ledger size; None for everything.
        future_ms: How far ahead of its receipt an event may be dated and still count.

    Returns:
        Its steps by event time, arrival breaking ties; no step for an unknown item.
    """
    book = Book(store, now_ms=now_ms, as_of=as_of, future_ms=future_ms)
    return lives(book, (item,))[item]


def lives(book: Book, items: Collection[str]) -> Mapping[str, Life]:
    """The lives of several items, read level by level.

    Returns:
        A life for every item, empty for unknown ones.
    """
    complete = book.read_around(items)
    return {item: life_in(book, item, complete=complete) for item in items}


def life_in(book: Book, item: str, *, complete: bool = True) -> Life:
    """The life of an item that was read with what is around it."""
    resolved = book.resolved(item)
    own = [_step(book, row) for row in book.rows(item)]
    steps = own + _inherited(book, item, {step.stored.no for step in own})
    steps.sort(key=lambda step: (step.moment, len(step.via)))
    return Life(item, tuple(steps), tuple(resolved.stays), tuple(resolved.doubts), complete)


def _inherited(book: Book, item: str, own: set[int]) -> list[Step]:
    """Steps of containers; of several ways to one event the shortest is kept."""
    # A lot may be in several containers that take part in one event: then each way counts,
    # since each carries its own amount.
    many = is_many(item)
    kept: dict[tuple[int, str], Step] = {}
    for step in _steps_around(book, book.resolved(item).stays, (item,)):
        key = (step.stored.no, step.via[0] if many else "")
        if step.stored.no not in own and (key not in kept or _shorter(step, kept[key])):
            kept[key] = step
    return list(kept.values())


def _shorter(one: Step, other: Step) -> bool:
    return (len(one.via), one.via, one.role) < (len(other.via), other.via, other.role)


def _steps_around(book: Book, stays: Collection[Stay], path: tuple[str, ...]) -> Iterator[Step]:
    """Steps of all parents; `path` begins with the item, and nothing is entered twice."""
    for stay in stays:
        if stay.parent not in path:
            yield from _steps_within(book, stay, (*path, stay.parent))


def _steps_within(book: Book, stay: Stay, path: tuple[str, ...]) -> Iterator[Step]:
    """What happened to the parent while the child was inside, and what it was inside of."""
    for row in book.carried(stay.parent, stay.since, stay.until):
        if not _own_only(row):
            yield _step(book, row, path[1:], stay)
    if len(path) <= LEVELS_MAX:
        around = [
            narrowed
            for outer in book.resolved(stay.parent).stays
            if (narrowed := _meet(stay, outer)) is not None
        ]
        yield from _steps_around(book, around, path)


def _own_only(row: Happening) -> bool:
    """Whether an event of a container says nothing about its content: its own making."""
    effect = effect_of(row.stored, row.role)
    return effect in (Effect.BIRTH, Effect.MARK)


def _meet(inner: Stay, outer: Stay) -> Stay | None:
    """The part of the outer stay during which the inner one lasted, with the inner amount."""
    since = max(inner.since, outer.since)
    until = _earlier(inner.until, outer.until)
    if until is not None and until < since:
        return None
    return Stay(
        outer.child,
        outer.parent,
        outer.bond,
        since,
        until,
        outer.opened,
        outer.closed,
        outer.ending,
        inner.quantity,
        inner.uom,
    )


def _earlier(one: Moment | None, other: Moment | None) -> Moment | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _step(book: Book, row: Happening, via: tuple[str, ...] = (), stay: Stay | None = None) -> Step:
    stored = row.stored
    return Step(
        stored.event.time_ms,
        stored,
        Role(row.role),
        via,
        corrected=stored.no in book.voided(row.item),
        future=book.is_future(stored),
        quantity=row.quantity if stay is None else stay.quantity,
        uom=row.uom if stay is None else stay.uom,
    )

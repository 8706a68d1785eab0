"""What happened to this item, by itself and with whatever it was inside of?

A pallet that ships takes its cases along, and they their items: the life of an item holds the
events of its containers for as long as it was inside.
"""

from collections.abc import Collection, Mapping

from guantong.store.door import Happening, Histories, Role
from guantong.trace.book import LEVELS_MAX, Book
from guantong.trace.effect import Effect, effect_of
from guantong.trace.model import FUTURE_MS, Code, EventRef, Gap, Life, Moment, Stay, Step
from guantong.trace.names import is_many


def life(
    store: Histories,
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
    around = _Around(book, item, {step.stored.no for step in own})
    around.enter(resolved.stays, (item,))
    steps = own + list(around.steps.values())
    steps.sort(key=lambda step: (step.moment, len(step.via)))
    doubts = (*resolved.doubts, *around.loops)
    return Life(item, tuple(steps), tuple(resolved.stays), doubts, complete)


class _Around:
    """Collects the steps of containers; of several ways to one event the shortest is kept.

    A lot may be in several containers that take part in one event: then each way counts,
    since each carries its own amount.
    """

    def __init__(self, book: Book, item: str, own: set[int]) -> None:
        self.book = book
        self.item = item
        self.own = own
        self.many = is_many(item)
        self.steps: dict[tuple[int, str], Step] = {}
        self.loops: list[Gap] = []

    def enter(self, stays: Collection[Stay], path: tuple[str, ...]) -> None:
        """Collect from all parents; `path` begins with the item, nothing is entered twice."""
        for stay in stays:
            if stay.parent == self.item:
                self._loop(stay, path)
            elif stay.parent not in path:
                self._within(stay, (*path, stay.parent))

    def _within(self, stay: Stay, path: tuple[str, ...]) -> None:
        """What happened to the parent while the child was inside, and what it was inside of."""
        for row in self.book.carried(stay.parent, stay.since, stay.until):
            if row.stored.no not in self.own and not _own_only(row):
                self._keep(_step(self.book, row, path[1:], stay))
        if len(path) <= LEVELS_MAX:
            outer_stays = self.book.resolved(stay.parent).stays
            met = (_meet(stay, outer) for outer in outer_stays)
            self.enter([outer for outer in met if outer is not None], path)

    def _keep(self, step: Step) -> None:
        key = (step.stored.no, step.via[0] if self.many else "")
        known = self.steps.get(key)
        if known is None or (len(step.via), step.via) < (len(known.via), known.via):
            self.steps[key] = step

    def _loop(self, stay: Stay, path: tuple[str, ...]) -> None:
        if not self.loops:
            about = {"parent": path[-1]}
            event = EventRef.of(stay.opened)
            self.loops.append(Gap(Code.CONTAINER_LOOP, self.item, stay.since[0], (event,), about))


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

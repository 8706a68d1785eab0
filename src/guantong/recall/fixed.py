"""What was in the scope when it was fixed, and what has moved into it or out of it since?"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from guantong.capture.serials import SerialRange
from guantong.store.columns import Span
from guantong.trace.closure import Scope

SPANS_MAX: Final = 20_000
"""Ranges of items kept with a scope; of the rest only the number."""

Range = tuple[str, int, int, int]
"""Head, first, last and width, as `Span`."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """So many items with somebody."""

    party: str
    region: str
    state: str
    taker: str
    count: int


class LotRow(msgspec.Struct, frozen=True, array_like=True):
    """So much of a lot with somebody."""

    lot: str
    party: str
    region: str
    state: str
    uom: str
    quantity: float


class Fixed(msgspec.Struct, frozen=True):
    """A scope as it was computed at one ledger size."""

    as_of: int
    made: int
    account: dict[str, int]
    """Where they are; adds up to `made`."""
    held: tuple[Row, ...]
    lots: tuple[LotRow, ...]
    spans: tuple[Range, ...]
    spans_left: int
    """Ranges that are not kept."""
    complete: bool
    stops: tuple[str, ...]
    """Why it may not be all."""


class Drift(NamedTuple):
    """What has changed since a scope was fixed."""

    came: int
    """Items in it now that were not."""
    went: int
    examples: tuple[Range, ...]
    """Ranges that came, the first few."""
    gone: tuple[Range, ...]
    """Ranges that went."""


def fixed_of(scope: Scope) -> Fixed:
    """A scope as it is kept."""
    spans = scope.spans()
    held = tuple(
        Row(one.party, one.region, one.state.value, one.taker, one.count) for one in scope.held
    )
    lots = tuple(
        LotRow(
            one.lot,
            one.balance.party,
            one.region,
            one.balance.state.value,
            one.balance.uom,
            one.balance.quantity,
        )
        for one in scope.amounts
    )
    return Fixed(
        as_of=scope.as_of,
        made=scope.made,
        account={name.value: count for name, count in scope.account().items()},
        held=held,
        lots=lots,
        spans=tuple(map(_range, spans[:SPANS_MAX])),
        spans_left=max(0, len(spans) - SPANS_MAX),
        complete=scope.complete,
        stops=tuple(stop.value for stop in scope.stops),
    )


def items_of(fixed: Fixed) -> Iterator[str]:
    """All items of a scope, as far as its ranges are kept, lazily."""
    for head, first, last, width in fixed.spans:
        if first < 0:
            yield head
        else:
            yield from SerialRange(head, width, first, last).items()


def is_in(item: str, fixed: Fixed) -> bool:
    """Whether an item is in a scope, as far as its ranges are kept."""
    return any(
        item == head if first < 0 else SerialRange(head, width, first, last).holds(item)
        for head, first, last, width in fixed.spans
    )


def drift_of(before: Fixed, now: Fixed, *, shown: int = 20) -> Drift:
    """What moved into a scope and out of it; of scopes kept whole.

    Args:
        before: As it was fixed.
        now: As it is.
        shown: Ranges told of each.

    Returns:
        The difference.
    """
    came = _without(now.spans, before.spans)
    went = _without(before.spans, now.spans)
    return Drift(_size(came), _size(went), tuple(came[:shown]), tuple(went[:shown]))


def _range(span: Span) -> Range:
    return span.head, span.first, span.last, span.width


def _without(some: Iterable[Range], others: Iterable[Range]) -> list[Range]:
    """What is in `some` and not in `others`."""
    taken: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for head, first, last, width in others:
        taken.setdefault((head, width), []).append((first, last))
    found: list[Range] = []
    for head, first, last, width in some:
        at = first
        for begin, end in sorted(taken.get((head, width), ())):
            if end < at or begin > last:
                continue
            if begin > at:
                found.append((head, at, begin - 1, width))
            at = max(at, end + 1)
        if at <= last:
            found.append((head, at, last, width))
    return found


def _size(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for _, first, last, _ in ranges)

"""What is missing in this life, and what contradicts itself?

A gap is no refusal: records of honest parties have holes. It says which events show it, and
carries what a sentence about it needs.
"""

from collections.abc import Iterator

from guantong.store.door import Role
from guantong.trace.custody import Custody, custody
from guantong.trace.effect import ENDS, Effect
from guantong.trace.hands import effect_on
from guantong.trace.lots import Account, Lot, read_lot
from guantong.trace.model import (
    Code,
    EventRef,
    FirmOf,
    Gap,
    Life,
    Move,
    NodeKind,
    State,
    Step,
    itself,
)
from guantong.trace.names import is_many, kind_of

OVERDUE_DAYS = 30
"""Default for how long something may be in transit before it counts as not received."""

DAY_MS = 86_400_000

_BACK = frozenset({Effect.RECEIVE, Effect.TAKE_BACK, Effect.UNFIT, Effect.BIRTH})
"""What brings a sold item back to where it may be sold again."""


def gaps(
    life: Life,
    *,
    now_ms: int,
    firm_of: FirmOf = itself,
    overdue_days: int = OVERDUE_DAYS,
    held: Custody | None = None,
) -> tuple[Gap, ...]:
    """What is missing or contradictory in one life.

    Args:
        life: The item's life.
        now_ms: The present, for what is overdue.
        firm_of: The firm behind a party or place.
        overdue_days: Days in transit after which a receipt is missed.
        held: Its custody, where that was read already.

    Returns:
        Gaps by time, then code.
    """
    held = held or custody(life, firm_of=firm_of)
    return gaps_in(life, held, now_ms=now_ms, firm_of=firm_of, overdue_days=overdue_days)


def gaps_in(
    life: Life, held: Custody, *, now_ms: int, firm_of: FirmOf, overdue_days: int
) -> tuple[Gap, ...]:
    """As `gaps`, for a custody that was read already."""
    found = [*life.doubts, *_moves(life, held, now_ms, overdue_days), *_origin(life)]
    found += _future(life)
    if is_many(life.item):
        found += _quantities(life, read_lot(life, firm_of))
    else:
        found += [*_made_twice(life, firm_of), *_after_end(life), *_sold_twice(life)]
    return tuple(sorted(found, key=lambda gap: (gap.at_ms, gap.code)))


def _gap(code: Code, life: Life, *shown: Step, **about: str | float) -> Gap:
    events = tuple(EventRef.of(step.stored) for step in shown)
    return Gap(code, life.item, shown[-1].at_ms, events, about)


def _moves(life: Life, held: Custody, now_ms: int, overdue_days: int) -> Iterator[Gap]:
    for move in held.moves:
        if move.sent is None:
            yield from _not_shipped(life, move)
        elif move.received is None and move.seen is not None:
            hands = {"giver": move.giver, "taker": move.taker}
            yield _gap(Code.RECEIPT_MISSING, life, move.sent, move.seen, **hands)
        elif move.received is None:
            days = (now_ms - move.sent.at_ms) // DAY_MS
            if days > overdue_days:
                hands = {"giver": move.giver, "taker": move.taker}
                yield _gap(Code.SHIPPED_NOT_RECEIVED, life, move.sent, days=days, **hands)


def _not_shipped(life: Life, move: Move) -> Iterator[Gap]:
    """A receipt nobody shipped, unless a consumer brought it back."""
    if move.received is not None and not move.returned:
        hands = {"giver": move.giver, "taker": move.taker}
        yield _gap(Code.RECEIVED_NOT_SHIPPED, life, move.received, **hands)


def _origin(life: Life) -> Iterator[Gap]:
    """Seen before it was made, or never made at all."""
    own = [step for step in life.standing if not step.via]
    acts = [step for step in own if effect_on(step) not in (Effect.BIRTH, Effect.MARK)]
    born = next((step for step in own if effect_on(step) is Effect.BIRTH), None)
    if born is None and own and kind_of(life.item) in (NodeKind.ITEM, NodeKind.LOT):
        yield _gap(Code.ORIGIN_UNKNOWN, life, own[0])
    elif born is not None and acts and acts[0].at_ms < born.at_ms:
        yield _gap(Code.SEEN_BEFORE_MADE, life, born, acts[0])


def _made_twice(life: Life, firm_of: FirmOf) -> Iterator[Gap]:
    """Made again while it lives; one party may state a making and an output of the same item."""
    births: list[Step] = []
    for step in life.standing:
        effect = effect_on(step)
        if effect is Effect.RETIRE:
            births = []
        elif effect is Effect.BIRTH:
            twice = next((b for b in births if _is_other_birth(b, step, firm_of)), None)
            if twice is not None:
                hands = {"first": twice.stored.by, "second": step.stored.by}
                yield _gap(Code.COMMISSIONED_TWICE, life, twice, step, **hands)
            births.append(step)


def _is_other_birth(one: Step, other: Step, firm_of: FirmOf) -> bool:
    if firm_of(one.stored.by) != firm_of(other.stored.by):
        return True
    return one.role is other.role and one.at_ms != other.at_ms


def _after_end(life: Life) -> Iterator[Gap]:
    """The first thing that happened to it after each end."""
    end: Step | None = None
    for step in life.standing:
        effect = effect_on(step)
        reborn = effect is Effect.BIRTH and end is not None and effect_on(end) is Effect.RETIRE
        if reborn:
            end = None
        elif end is not None and _is_use(end, step, effect):
            yield _gap(Code.USED_AFTER_END, life, end, step, end=effect_on(end).value)
            end = step if effect in ENDS else None
        elif end is None and effect in ENDS:
            end = step


def _is_use(end: Step, step: Step, effect: Effect) -> bool:
    """Whether a later step contradicts the end; taking out of packs and registers does not."""
    if step.via or step.at_ms <= end.at_ms or effect is Effect.RETIRE:
        return False
    event, ended = step.stored.event, end.stored.event
    taken_out = step.role is Role.CHILD and event.action == "DELETE"
    same_batch = (
        bool(event.transformation_id) and event.transformation_id == ended.transformation_id
    )
    return not taken_out and not (same_batch and step.role is Role.INPUT)


def _sold_twice(life: Life) -> Iterator[Gap]:
    sold: Step | None = None
    for step in life.standing:
        effect = effect_on(step)
        if effect in _BACK:
            sold = None
        elif effect is Effect.SELL:
            if sold is not None and not _is_same_sale(sold, step):
                hands = {"first": sold.stored.by, "second": step.stored.by}
                yield _gap(Code.SOLD_TWICE, life, sold, step, **hands)
            sold = step


def _is_same_sale(one: Step, other: Step) -> bool:
    return one.at_ms == other.at_ms and one.stored.by == other.stored.by


def _future(life: Life) -> Iterator[Gap]:
    for step in life.steps:
        if step.future and not step.corrected:
            ahead = (step.at_ms - step.stored.record_ms) // 3_600_000
            yield _gap(Code.FUTURE_DATED, life, step, hours=ahead)


def _quantities(life: Life, lot: Lot) -> Iterator[Gap]:
    """More spent than was made; else more gone from one holder than came to it."""
    over: set[str] = set()
    for uom, spent in sorted(lot.spent.items()):
        made = lot.made.get(uom)
        if made and made.exact and spent.exact and _exceeds(spent.quantity, made.quantity):
            over.add(uom)
            amounts = {"came": made.quantity, "went": spent.quantity}
            yield _gap(Code.QUANTITY_OVER, life, spent.steps[-1], uom=uom, **amounts)
    for (party, state, uom), account in sorted(lot.accounts.items()):
        if state is State.IN_STOCK and uom not in over and _is_overdrawn(account):
            short = -account.quantity
            last = account.steps[-1]
            yield _gap(Code.QUANTITY_OVER, life, last, uom=uom, party=party, short=short)


def _is_overdrawn(account: Account) -> bool:
    return account.came and account.exact and account.quantity < -1e-6


def _exceeds(went: float, came: float) -> bool:
    return went > came + 1e-6 * max(1.0, came)

"""Who holds it, and through whose hands did it go?

Custody is read off the steps in order and never stored. A shipping opens a move, the receiving
closes it; meanwhile the item is in transit. Where nobody recorded the receipt, the first act of
the named receiver shows that it arrived.
"""

from dataclasses import dataclass, replace

from guantong.trace.effect import Effect
from guantong.trace.hands import effect_on, giver_of, place_of, taker_of
from guantong.trace.lots import read_lot
from guantong.trace.model import NOBODY, Balance, FirmOf, Holder, Life, Move, State, Step, itself
from guantong.trace.names import is_many

ENDED = frozenset({State.CONSUMED, State.SCRAPPED, State.RETIRED})
"""States that only a new making undoes."""

LOOKS = frozenset({"", "inspecting", "sampling", "sensor_reporting", "encoding", "other"})
"""Steps of people who need not have the item; whoever stores or packs it has it."""

_AT_ONCE = {
    Effect.CONSUME: State.CONSUMED,
    Effect.SCRAP: State.SCRAPPED,
    Effect.RETIRE: State.RETIRED,
    Effect.LOSE: State.STOLEN,
    Effect.TAKE_BACK: State.RETURNED,
    Effect.FIT: State.INSTALLED,
}
"""Effects that put the item into one state in the hands of whoever recorded them."""


@dataclass(frozen=True, slots=True)
class Custody:
    """Who holds an item now, and every change of hands."""

    holder: Holder
    moves: tuple[Move, ...]
    """In order of their first record; one not received has no `received`."""
    balances: tuple[Balance, ...] = ()
    """For a lot: who has how much."""


def holder(life: Life, *, firm_of: FirmOf = itself) -> Holder:
    """Who has the item of this life, where, since when, in what state."""
    return custody(life, firm_of=firm_of).holder


def moves(life: Life, *, firm_of: FirmOf = itself) -> tuple[Move, ...]:
    """Through whose hands the item of this life went."""
    return custody(life, firm_of=firm_of).moves


def balances(life: Life, *, firm_of: FirmOf = itself) -> tuple[Balance, ...]:
    """Who has how much of a lot; empty for a single item."""
    return custody(life, firm_of=firm_of).balances


def custody(life: Life, *, firm_of: FirmOf = itself) -> Custody:
    """Read the steps of a life that count.

    Args:
        life: The item's life.
        firm_of: The firm behind a party or place; decides whether two spellings are one hand.

    Returns:
        Holder, moves and, for a lot, balances.
    """
    fold = _Fold(firm_of)
    for step in life.standing:
        fold.take(step)
    inside = next((stay.parent for stay in reversed(life.stays) if stay.until is None), "")
    held = replace(fold.held, inside=inside)
    if not is_many(life.item):
        return Custody(held, fold.moves())
    lot = read_lot(life, firm_of)
    return Custody(_lot_holder(held, lot.balances()), lot.moves(), lot.balances())


def _lot_holder(last: Holder, balances: tuple[Balance, ...]) -> Holder:
    """Whoever has all that is left of a lot; else it is divided; else what last happened."""
    held = [balance for balance in balances if balance.quantity > 0]
    if len(held) > 1:
        return replace(last, party="", place="", state=State.DIVIDED, taker="")
    if not held or held[0].state is last.state is State.IN_TRANSIT:
        return last
    return replace(last, party=held[0].party, state=held[0].state, since_ms=held[0].at_ms)


class _Fold:
    """Reads steps in order and keeps who has the item."""

    def __init__(self, firm_of: FirmOf) -> None:
        self.firm_of = firm_of
        self.held = NOBODY
        self.pending: Move | None = None
        self.done: list[Move] = []

    def moves(self) -> tuple[Move, ...]:
        open_moves = [self.pending] if self.pending else []
        return (*self.done, *open_moves)

    def take(self, step: Step) -> None:
        effect = effect_on(step)
        if self.held.state in ENDED and effect is not Effect.BIRTH:
            return
        match effect:
            case Effect.BIRTH:
                self._born(step)
            case Effect.SEND:
                self._send(step)
            case Effect.UNSEND:
                self._unsend(step)
            case Effect.RECEIVE:
                self._receive(step)
            case Effect.SELL:
                self._arrived(step)
                self._hold(step, taker_of(step, self.firm_of).party, State.SOLD)
            case Effect.UNFIT:
                self._unfit(step)
            case Effect.CARRY:
                self._carry(step)
            case Effect.OBSERVE | Effect.MARK:
                self._see(step)
            case _:
                self._arrived(step)
                self._hold(step, step.stored.by, _AT_ONCE[effect])

    def _hold(self, step: Step, party: str, state: State, *, taker: str = "") -> None:
        place = place_of(step) or self.held.place
        self.held = Holder(party, place, step.at_ms, state, taker)

    def _place(self, step: Step) -> None:
        self.held = replace(self.held, place=place_of(step) or self.held.place)

    def _same(self, one: str, other: str) -> bool:
        return bool(one) and self.firm_of(one) == self.firm_of(other)

    def _born(self, step: Step) -> None:
        if self.held.state in ENDED or self.held.state is State.UNKNOWN:
            self._hold(step, step.stored.by, State.IN_STOCK)
        else:
            self._see(step)

    def _send(self, step: Step) -> None:
        giver = giver_of(step, self.firm_of).party or step.stored.by
        taker = taker_of(step, self.firm_of).party
        if self.pending is not None and self._goes_on(self.pending, giver, taker):
            self.pending = replace(self.pending, taker=self.pending.taker or taker)
            self.held = replace(self.held, taker=self.pending.taker)
            return
        self._arrived(step)
        self._drop()
        self.pending = Move(giver, taker, step, None)
        self._hold(step, giver, State.IN_TRANSIT, taker=taker)

    def _goes_on(self, pending: Move, giver: str, taker: str) -> bool:
        """Whether a second sending is another record, or a leg, of the move under way."""
        if self._same(pending.taker, giver):
            return False
        unsaid = not taker or not pending.taker
        if self._same(pending.giver, giver):
            return unsaid or self._same(pending.taker, taker)
        return not taker or self._same(pending.taker, taker)

    def _unsend(self, step: Step) -> None:
        if self.pending is not None:
            self._hold(step, self.pending.giver, State.IN_STOCK)
            self.pending = None

    def _carry(self, step: Step) -> None:
        event = step.stored.event
        moving = event.step == "transporting" or event.disposition == "in_transit"
        if self.pending is not None or not moving or self.held.state is State.SOLD:
            self._place(step)
        elif self.held.state is not State.IN_TRANSIT:
            self._hold(step, self.held.party or step.stored.by, State.IN_TRANSIT)

    def _receive(self, step: Step) -> None:
        taker = taker_of(step, self.firm_of).party or step.stored.by
        pending, before = self.pending, self.held
        if pending is not None and self._is_leg(pending, step, taker):
            self._place(step)
            return
        returned = before.state is State.SOLD or step.stored.event.disposition == "returned"
        if pending is not None:
            self.done.append(replace(pending, taker=taker, received=step, returned=returned))
            self.pending = None
        elif not self._is_inside_firm(taker):
            giver = giver_of(step, self.firm_of).party or before.party
            self.done.append(Move(giver, taker, None, step, returned=returned))
        self._hold(step, taker, State.RETURNED if returned else State.IN_STOCK)

    def _is_leg(self, pending: Move, step: Step, taker: str) -> bool:
        """Whether a carrier accepted what is on its way to somebody else."""
        accepted = step.stored.event.step == "accepting"
        return accepted and bool(pending.taker) and not self._same(pending.taker, taker)

    def _is_inside_firm(self, taker: str) -> bool:
        at_home = self.held.state in (State.IN_STOCK, State.RETURNED, State.INSTALLED)
        return at_home and self._same(self.held.party, taker)

    def _unfit(self, step: Step) -> None:
        if self.held.state in (State.INSTALLED, State.SOLD, State.UNKNOWN):
            self._hold(step, step.stored.by, State.IN_STOCK)
        else:
            self._see(step)

    def _see(self, step: Step) -> None:
        """Somebody saw it or worked on it; when it was for that party, it arrived."""
        if self.held.state is State.UNKNOWN:
            if step.stored.event.step in LOOKS:
                self._hold(step, "", State.UNKNOWN)
            else:
                self._hold(step, step.stored.by, State.IN_STOCK)
        elif self._arrived(step):
            self._hold(step, step.stored.by, State.IN_STOCK)
        else:
            self._place(step)

    def _arrived(self, step: Step) -> bool:
        """Close the move under way when its taker acts on the item without a receipt."""
        if self.pending is None or not self._same(self.pending.taker, step.stored.by):
            return False
        self.done.append(replace(self.pending, seen=step))
        self.pending = None
        return True

    def _drop(self) -> None:
        """A new sending replaces one that nobody received."""
        if self.pending is not None:
            self.done.append(self.pending)
            self.pending = None

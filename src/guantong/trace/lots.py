"""Who has how much of a lot?

Metres of cable and pieces of a batch are signed sums per holder and unit: what was made and
received, less what was sent, sold, used up and destroyed.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from guantong.trace.effect import Effect
from guantong.trace.hands import effect_on, giver_of, taker_of
from guantong.trace.model import Balance, FirmOf, Life, Move, State, Step

_PLUS = {Effect.BIRTH, Effect.TAKE_BACK}
_MINUS = {Effect.SELL, Effect.CONSUME, Effect.SCRAP, Effect.RETIRE, Effect.LOSE}


@dataclass(slots=True)
class Account:
    """What one party has in one state and unit."""

    quantity: float = 0.0
    exact: bool = True
    came: bool = False
    """Whether anything ever came in; without that, less than zero proves nothing."""
    at_ms: int = 0
    steps: list[Step] = field(default_factory=list)
    """What changed it."""

    def add(self, step: Step, sign: int, amount: float | None = None) -> None:
        """Book a step with its own or another amount."""
        quantity = step.quantity if amount is None else amount
        self.exact = self.exact and quantity is not None
        self.quantity += sign * (quantity or 0.0)
        self.came = self.came or sign > 0
        self.at_ms = step.at_ms
        self.steps.append(step)


@dataclass(slots=True)
class Lot:
    """What was read from the life of a lot."""

    firm_of: FirmOf
    accounts: dict[tuple[str, State, str], Account] = field(default_factory=dict)
    """By party, state and unit."""
    made: dict[str, Account] = field(default_factory=dict)
    """By unit: all that was made."""
    spent: dict[str, Account] = field(default_factory=dict)
    """By unit: all that was sold, used up or destroyed."""
    under_way: deque[Move] = field(default_factory=deque)
    done: list[Move] = field(default_factory=list)

    def balances(self) -> tuple[Balance, ...]:
        """Who has how much, by party, state and unit; accounts that stand at zero are left out."""
        return tuple(
            Balance(party, state, uom, account.quantity, account.exact, account.at_ms)
            for (party, state, uom), account in sorted(self.accounts.items())
            if abs(account.quantity) > 1e-9 or not account.exact
        )

    def moves(self) -> tuple[Move, ...]:
        """Every move, those under way last."""
        return (*self.done, *self.under_way)

    def take(self, step: Step) -> None:
        """Book one step."""
        effect = effect_on(step)
        by = self.firm_of(step.stored.by)
        if effect in _PLUS:
            self._account(by, State.IN_STOCK, step.uom).add(step, 1)
            if effect is Effect.BIRTH:
                self.made.setdefault(step.uom, Account()).add(step, 1)
        elif effect in _MINUS:
            self._account(by, State.IN_STOCK, step.uom).add(step, -1)
            self.spent.setdefault(step.uom, Account()).add(step, 1)
        elif effect is Effect.SEND:
            self._send(step)
        elif effect is Effect.UNSEND:
            self._unsend(step)
        elif effect is Effect.RECEIVE:
            self._receive(step)

    def _account(self, party: str, state: State, uom: str) -> Account:
        return self.accounts.setdefault((party, state, uom), Account())

    def _send(self, step: Step) -> None:
        giver = self.firm_of(giver_of(step, self.firm_of).party or step.stored.by)
        taker = taker_of(step, self.firm_of).party
        if step.stored.event.step == "departing" and self._is_under_way(giver, step):
            return  # the goods that were shipped leave the dock
        self.under_way.append(Move(giver, taker, step, None, step.quantity, step.uom))
        self._account(giver, State.IN_STOCK, step.uom).add(step, -1)
        self._account(giver, State.IN_TRANSIT, step.uom).add(step, 1)

    def _is_under_way(self, giver: str, step: Step) -> bool:
        amount = (giver, step.quantity, step.uom)
        return any((move.giver, move.quantity, move.uom) == amount for move in self.under_way)

    def _unsend(self, step: Step) -> None:
        """Called off: back in the sender's stock."""
        by = self.firm_of(step.stored.by)
        for move in [move for move in self.under_way if move.giver == by]:
            if move.uom == step.uom and move.quantity == step.quantity:
                self.under_way.remove(move)
                self._account(by, State.IN_STOCK, step.uom).add(step, 1)
                self._account(by, State.IN_TRANSIT, step.uom).add(step, -1)
                return

    def _receive(self, step: Step) -> None:
        """Match what came with what is under way to the receiver, oldest first."""
        named = taker_of(step, self.firm_of).party or step.stored.by
        taker = self.firm_of(named)
        left = step.quantity
        while left is None or left > 1e-9:
            move = self._expected(taker, step, left)
            if move is None:
                break
            part = left if move.quantity is None else _smaller(left, move.quantity)
            self._settle(move, step, taker, part)
            left = None if left is None else left - (part or 0.0)
            if part is None or left is None:
                left = 0.0
        if left is None or left > 1e-9:
            giver = giver_of(step, self.firm_of).party
            self.done.append(Move(giver, taker, None, step, left, step.uom))
        self._account(taker, State.IN_STOCK, step.uom).add(step, 1)

    def _expected(self, taker: str, step: Step, left: float | None) -> Move | None:
        fits = [
            move
            for move in self.under_way
            if move.uom == step.uom and (not move.taker or self.firm_of(move.taker) == taker)
        ]
        same = [move for move in fits if move.quantity == left]
        return next(iter(same or fits), None)

    def _settle(self, move: Move, step: Step, taker: str, part: float | None) -> None:
        """Close a move, or the part of it that came."""
        at = self.under_way.index(move)
        self.under_way.remove(move)
        self.done.append(replace(move, taker=taker, received=step, quantity=part))
        if part is not None and move.quantity is not None and part < move.quantity:
            self.under_way.insert(at, replace(move, quantity=move.quantity - part))
        self._account(move.giver, State.IN_TRANSIT, step.uom).add(step, -1, part)


def read_lot(life: Life, firm_of: FirmOf) -> Lot:
    """Book the counting steps of a lot's life."""
    lot = Lot(firm_of)
    for step in life.standing:
        lot.take(step)
    return lot


def _smaller(left: float | None, quantity: float) -> float:
    return quantity if left is None else min(left, quantity)

"""Who was told, who has answered, and how much is handled?"""

import math
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from guantong.recall.fixed import Fixed
from guantong.recall.model import Act, Counts, Step
from guantong.recall.read import Running
from guantong.store import Fact
from guantong.trace import State

TRADE: Final = frozenset({State.IN_STOCK, State.RETURNED, State.INSTALLED, State.IN_TRANSIT})
"""States in which somebody in the trade can lay hands on an item."""
NOBODY: Final = ""
"""In whose hands items are of which nobody in the trade knows: consumers, and the lost."""


class Holding(NamedTuple):
    """One holder and its part."""

    party: str
    region: str
    items: int
    """Items it has, or that are on their way to it."""
    lots: tuple[tuple[str, str, float], ...]
    """Of lots: which, unit and quantity."""
    notified_ms: int
    """When it was told, 0 for not yet."""
    deadline: str
    answered_ms: int
    answered_entry: int
    """Where the answer stands, -1 for none."""
    counts: Counts
    evidence: str
    reminders: int
    checked: str
    """What a check of it found last, "" for none."""

    @property
    def is_short(self) -> bool:
        """Whether it answered for fewer items than it has."""
        return bool(self.answered_ms) and self.counts.found < self.items

    def is_late(self, today: str) -> bool:
        """Whether its answer is overdue."""
        return not self.answered_ms and bool(self.deadline) and self.deadline < today


class Progress(NamedTuple):
    """How far a recall is."""

    holders: tuple[Holding, ...]
    """Most items first."""
    quantity: int
    """Items to be recalled: made, and neither used up nor destroyed before."""
    in_trade: int
    handled: int
    sold: int
    """With consumers, as far as it is recorded."""
    unknown: int

    @property
    def share(self) -> float:
        """Percent handled of those in the trade; 100 when there are none."""
        return 100 * self.handled / self.in_trade if self.in_trade else 100.0

    @property
    def open(self) -> tuple[Holding, ...]:
        """Who has not answered for all it has."""
        return tuple(one for one in self.holders if not one.answered_ms or one.is_short)


def progress_of(running: Running, fixed: Fixed) -> Progress:
    """How far a recall is, by its scope and its steps.

    Args:
        running: The recall.
        fixed: Its scope.

    Returns:
        The progress; the last answer of a holder counts.
    """
    counts: dict[str, int] = {}
    regions: dict[str, str] = {}
    lots: dict[str, list[tuple[str, str, float]]] = {}
    for row in fixed.held:
        holder = row.taker or row.party if row.state == State.IN_TRANSIT else row.party
        if row.state in TRADE and holder:
            counts[holder] = counts.get(holder, 0) + row.count
            regions.setdefault(holder, row.region)
    for lot in fixed.lots:
        if lot.party and lot.quantity > 0:
            lots.setdefault(lot.party, []).append((lot.lot, lot.uom, lot.quantity))
            regions.setdefault(lot.party, lot.region)
    names = set(counts) | set(lots) | _told(running)
    steps = _steps_by_party(running)
    holders = [
        _holding(
            steps.get(party, []),
            party,
            regions.get(party, ""),
            counts.get(party, 0),
            lots.get(party, []),
        )
        for party in names
    ]
    holders.sort(key=lambda one: (-one.items, one.party))
    account = fixed.account
    gone = account.get("consumed", 0) + account.get("destroyed", 0)
    return Progress(
        holders=tuple(holders),
        quantity=fixed.made - gone,
        in_trade=sum(counts.values()),
        handled=sum(min(one.counts.handled, one.items) for one in holders),
        sold=account.get("sold", 0),
        unknown=account.get("unknown", 0),
    )


def _told(running: Running) -> set[str]:
    return {step.party for step, _ in running.steps if step.act is Act.NOTIFIED}


def _steps_by_party(running: Running) -> dict[str, list[tuple[Step, Fact]]]:
    found: dict[str, list[tuple[Step, Fact]]] = {}
    for one in running.steps:
        found.setdefault(one[0].party, []).append(one)
    return found


def _holding(
    own: Sequence[tuple[Step, Fact]],
    party: str,
    region: str,
    count: int,
    lots: Collection[tuple[str, str, float]],
) -> Holding:
    told = [one for one in own if one[0].act is Act.NOTIFIED]
    said = [one for one in own if one[0].act is Act.ANSWERED]
    checked = [step.note for step, _ in own if step.act is Act.CHECKED]
    return Holding(
        party=party,
        region=region,
        items=count,
        lots=tuple(lots),
        notified_ms=told[-1][1].received_ms if told else 0,
        deadline=told[-1][0].deadline if told else "",
        answered_ms=said[-1][1].received_ms if said else 0,
        answered_entry=said[-1][1].entry if said else -1,
        counts=(said[-1][0].counts or Counts()) if said else Counts(),
        evidence=said[-1][0].evidence if said else "",
        reminders=sum(step.act is Act.REMINDED for step, _ in own),
        checked=checked[-1] if checked else "",
    )


def sample_size(holders: int, *, bad_share: float = 0.05, confidence: float = 0.95) -> int:
    """How many holders to look at to find a bad one, if so many of them are bad.

    Args:
        holders: How many there are.
        bad_share: Of them, have not done what they say.
        confidence: With which at least one of those is among those looked at.

    Returns:
        The sample; all of a few.

    >>> sample_size(1000), sample_size(20), sample_size(1)
    (57, 19, 1)
    """
    bad = max(1, math.ceil(holders * bad_share))
    if holders <= bad:
        return holders
    for size in range(1, holders + 1):
        missed = 1.0
        for drawn in range(size):
            missed *= max(0, holders - bad - drawn) / (holders - drawn)
        if missed <= 1 - confidence:
            return size
    return holders

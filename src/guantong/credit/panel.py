"""A made-up population of firms, with effects of known size planted in it.

Firms are set up and end, move between provinces and sections, and leave values out. The same
seed gives the same panel. Levels, spread and noise are bounded so that no scaled value ever meets
a goalpost: what is planted in a sub-index reaches the firm score undiminished, and the true size
of every effect is known exactly. Nothing here is modelled on real firms.

>>> world = generate(1, firms=50, months=3)
>>> [str(panel.month) for panel in world.panels]
['2014-01', '2014-02', '2014-03']
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from guantong.credit.method import example
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    CreditError,
    Direction,
    Fault,
    Indicator,
    Method,
    Missing,
    Month,
    PanelMonth,
    SubIndex,
)
from guantong.errors import fault

Floats = NDArray[np.float64]

START = Month.parse("2014-01")
"""First month, unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Effects in points of sub-scores; each sub-index named is shifted as a whole."""

    entry: Mapping[SubIndex, float] = field(
        default_factory=lambda: {SubIndex.OPERATION: -6.0, SubIndex.FINANCE: -4.0}
    )
    """On firms in the first `entry_months` months after they were set up."""
    entry_months: int = 6
    july: Mapping[SubIndex, float] = field(default_factory=lambda: {SubIndex.SUPERVISION: -8.0})
    """On all firms in each July, when late annual reports show."""
    rise: Mapping[SubIndex, float] = field(
        default_factory=lambda: {SubIndex.RELIABILITY: 5.0, SubIndex.COMPLIANCE: 5.0}
    )
    """On the firms in `rise_province` from `rise_from` months after the start on."""
    rise_province: int = 34
    rise_from: int = 12


@dataclass(frozen=True, slots=True)
class World:
    """What was made, and what is true of it."""

    panels: tuple[PanelMonth, ...]
    """One for each month, in order."""
    planted: Planted
    truth: Mapping[str, float]
    """``entry``, ``july``, ``rise`` -> points of the firm score under an arithmetic method."""
    events: Mapping[str, int]
    """How many: ``births``, ``deaths``, ``moves``."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How lively the population is; shares a month."""

    births: float = 0.012
    """New firms, of those there at the start."""
    deaths: float = 0.01
    """Mean risk of ending; weak firms end up to three times as often as strong ones."""
    moves: float = 0.003
    """Firms that change their province, and again as many their section."""
    missing: float = 0.05
    """Values left out, where the method has no stand-in for them."""
    shock: float = 0.25
    """Standard deviation of what befalls all firms of a month alike, in points."""


def generate(
    seed: int,
    *,
    firms: int = 1_000,
    months: int = 36,
    start: Month = START,
    method: Method | None = None,
    planted: Planted | None = None,
    rates: Rates | None = None,
) -> World:
    """Make a population.

    Args:
        seed: 0 or more.
        firms: There in the first month.
        months: How many.
        start: The first.
        method: Whose indicators; None for the example.
        planted: Effects; None for those of `Planted`.
        rates: How lively; None for those of `Rates`.

    Returns:
        Panels and truth. All weights are 1.

    Raises:
        CreditError: `Fault.FIELD` if an effect is so large that it would meet a goalpost.
    """
    planted, rates, method = planted or Planted(), rates or Rates(), method or example()
    _check(planted)
    town = _Town(np.random.default_rng(seed), firms, start)
    panels = []
    for number in range(months):
        month = start.plus(number)
        if number:
            town.turn(month, births=round(firms * rates.births), rates=rates)
        shift = _shifts(town, month, planted, start)
        panels.append(town.seen(month, method, shift, rates))
    return World(tuple(panels), planted, _truth(planted, method), dict(town.events))


class _Town:
    """The firms as they live from month to month."""

    def __init__(self, random: np.random.Generator, firms: int, start: Month) -> None:
        self.random = random
        self.next = 0
        self.events = {"births": 0, "deaths": 0, "moves": 0}
        self.firm = np.zeros(0, np.int64)
        self.province = np.zeros(0, np.uint8)
        self.section = np.zeros(0, np.uint8)
        self.born = np.zeros(0, np.int32)
        self.level = np.zeros((0, 2))
        """Lasting level of the firm, and a slower mood that drifts within +-3."""
        ages = random.integers(12, 240, firms)
        self.settle(firms, (start.number - ages).astype(np.int32))

    def settle(self, count: int, born: NDArray[np.int32]) -> None:
        """New firms come in."""
        random = self.random
        numbers = np.arange(self.next, self.next + count)
        self.next += count
        self.firm = np.concatenate([self.firm, numbers])
        # Larger provinces and sections have more firms; squares make it uneven.
        where = (random.random(count) ** 2 * len(PROVINCES)).astype(int)
        what = (random.random(count) ** 2 * len(SECTIONS)).astype(np.uint8)
        self.province = np.concatenate([self.province, _SHUFFLED[where]])
        self.section = np.concatenate([self.section, what])
        self.born = np.concatenate([self.born, born])
        level = np.column_stack([random.uniform(45, 65, count), random.uniform(-3, 3, count)])
        self.level = np.concatenate([self.level, level])

    def turn(self, month: Month, *, births: int, rates: Rates) -> None:
        """One month passes: some end, some move, some begin."""
        random, n = self.random, len(self.firm)
        weakness = (65 - self.level[:, 0]) / 20
        ends = random.random(n) < rates.deaths * (0.5 + weakness)
        self.keep(~ends)
        self.move("province", _SHUFFLED, rates.moves)
        self.move("section", np.arange(len(SECTIONS), dtype=np.uint8), rates.moves)
        self.level[:, 1] = 0.7 * self.level[:, 1] + 0.3 * random.uniform(-3, 3, len(self.firm))
        self.settle(births, np.full(births, month.number, np.int32))
        self.events["deaths"] += int(ends.sum())
        self.events["births"] += births

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """The others end."""
        self.firm, self.province, self.section = (
            self.firm[mask],
            self.province[mask],
            self.section[mask],
        )
        self.born, self.level = self.born[mask], self.level[mask]

    def move(self, what: str, places: NDArray[np.uint8], rate: float) -> None:
        """Some go elsewhere."""
        column = getattr(self, what).copy()
        going = self.random.random(len(column)) < rate
        column[going] = self.random.choice(places, int(going.sum()))
        self.events["moves"] += int((column != getattr(self, what)).sum())
        setattr(self, what, column)

    def seen(
        self, month: Month, method: Method, shift: Mapping[SubIndex, Floats], rates: Rates
    ) -> PanelMonth:
        """What the offices know of the firms this month."""
        # Bounded at three standard deviations, so that no goalpost is met.
        shock = rates.shock * float(np.clip(self.random.standard_normal(), -3, 3))
        centre = self.level.sum(axis=1) + shock
        values = {}
        firsts = {sub: method.of(sub)[0].key for sub in SubIndex if method.of(sub)}
        for one in method.indicators:
            noise = self.random.uniform(-10, 10, len(centre))
            column = unscaled(centre + shift[one.sub] + noise, one)
            # One value of each sub-index is always there, so that none drops out of the score.
            if one.treatment.missing is Missing.SKIP and one.key != firsts[one.sub]:
                column[self.random.random(len(centre)) < rates.missing] = np.nan
            values[one.key] = column
        return PanelMonth(
            month=month,
            firm=self.firm,
            province=self.province,
            section=self.section,
            weight=np.ones(len(self.firm)),
            values=values,
            born=self.born,
        )


_SHUFFLED = np.roll(np.array(PROVINCES, np.uint8), -PROVINCES.index(34))
"""Provinces, those with more made-up firms first."""


def unscaled(scores: Floats, one: Indicator) -> Floats:
    """Values that an indicator scales to `scores`; the inverse of `guantong.credit.scaled`.

    Args:
        scores: n scores between 0 and 100.
        one: Goalposts, direction, treatment.

    Returns:
        n values in the indicator's unit.
    """
    lower, upper = one.goalposts
    if one.treatment.log:
        lower, upper = float(np.log1p(lower)), float(np.log1p(upper))
    if one.direction is Direction.DOWN:
        lower, upper = upper, lower
    values = lower + scores / 100 * (upper - lower)
    return np.expm1(values) if one.treatment.log else values


def _shifts(town: _Town, month: Month, planted: Planted, start: Month) -> dict[SubIndex, Floats]:
    """What the planted effects add to each sub-index of each firm."""
    fresh = month.number - town.born < planted.entry_months
    risen = (town.province == planted.rise_province) & (month >= start.plus(planted.rise_from))
    return {
        sub: planted.entry.get(sub, 0.0) * fresh
        + planted.july.get(sub, 0.0) * (month.of_year == 7)
        + planted.rise.get(sub, 0.0) * risen
        for sub in SubIndex
    }


def _truth(planted: Planted, method: Method) -> dict[str, float]:
    """True sizes in points of the firm score."""
    shares = method.shares()
    effects = {"entry": planted.entry, "july": planted.july, "rise": planted.rise}
    return {
        name: sum(shares[sub] * points for sub, points in effect.items())
        for name, effect in effects.items()
    }


def _check(planted: Planted) -> None:
    """Refuse effects that would meet a goalpost. Raises CreditError."""
    for sub in SubIndex:
        told = [one.get(sub, 0.0) for one in (planted.entry, planted.july, planted.rise)]
        lowest, highest = sum(min(one, 0) for one in told), sum(max(one, 0) for one in told)
        if lowest < -_ROOM_BELOW or highest > _ROOM_ABOVE:
            raise CreditError(
                fault(
                    Fault.FIELD,
                    expected=f"-{_ROOM_BELOW} to {_ROOM_ABOVE} points in all",
                    got=told,
                    path=f"planted.{sub}",
                )
            )


_ROOM_BELOW, _ROOM_ABOVE = 30, 20
"""Points between the lowest (31) and highest (79) value without effects and the goalposts."""

"""What does a statement in words ask, and what do the published rankings have for it?"""

import re
from dataclasses import dataclass

from guantong.bulletin.finding import Finding, Page
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.periods import Period
from guantong.bulletin.places import Group, Named


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement that was recognised, before it is judged."""

    page: Page
    match: re.Match[str]
    group: Group | None
    """Whose: provinces, industries or sub-indices; None for the national index."""
    period: Period | None
    against: Period | None
    """The period it is compared with, where the text names one."""

    @property
    def dimension(self) -> str:
        """Of the ranking."""
        return self.group.dimension if self.group else "national"

    @property
    def keys(self) -> tuple[str, ...]:
        """Whose places are meant."""
        return tuple(member.key for member in self.group.members) if self.group else ()

    def top(self, period: Period | None) -> tuple[str, ...]:
        """The places published for a period."""
        return self.page.rankings.at(self.dimension, period)

    def before(self) -> Period | None:
        """The period it is measured against."""
        return self.against or (self.period.before() if self.period else None)

    def ground(self, *periods: Period | None) -> tuple[Ground, ...]:
        """The published places of those periods that have them."""
        return tuple(
            self.page.rankings.ground(self.dimension, period)
            for period in periods
            if period and self.top(period)
        )


def members(asked: Asked) -> tuple[Named, ...]:
    """Whose places are meant."""
    return asked.group.members if asked.group else ()


def found(
    asked: Asked, *, holds: bool, right: str = "", periods: tuple[Period | None, ...] = ()
) -> Finding:
    """Borne out or contradicted by the rankings of those periods."""
    return Finding(Rule.RANKING, holds, asked.ground(*periods), right)


def lacking(what: str, rule: Rule = Rule.RANKING) -> Finding:
    """Recognised, but what it would take was not published."""
    return Finding(rule, None, missing=what)


def label(asked: Asked, key: str) -> str:
    """How the text calls a key; the key where it does not."""
    known = {member.key: member.name for member in members(asked)}
    return known.get(key, key)


def place_word(places: tuple[str, ...], key: str, when: str) -> str:
    """Where a key stands among the first places."""
    return f"{when}第{places.index(key) + 1}位" if key in places else f"{when}未进入前{len(places)}"


def months_before(asked: Asked) -> list[Period]:
    """The earlier periods of the year, of the same length."""
    period = asked.period
    if period is None:
        return []
    first = range(1, period.first, period.months)
    return [Period(period.year, month, month + period.months - 1) for month in first]


def spell(periods: list[Period]) -> str:
    """Periods in a row."""
    return "、".join(str(period) for period in periods)

"""How is an index carried on when weights or indicators change?

The month of the link is computed twice, by the old version and by the new; the new one is
multiplied so that both meet there. After a link groups no longer add up to the whole, but changes
still do: each leg is split by its own weights and stands at the level it was carried on from.

>>> old = Segment("1998", {"a": 0.5, "b": 0.5}, {"1998": {"a": 100, "b": 100},
...     "2002": {"a": 110, "b": 130}})
>>> new = Segment("2000", {"a": 0.8, "b": 0.2}, {"2002": {"a": 100, "b": 100},
...     "2003": {"a": 105, "b": 100}})
>>> chain([old, new])
{'1998': 100.0, '2002': 120.0, '2003': 124.8}

Table 9.8 of the PPI Manual (IMF and others, 2004) is worked through in the tests.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from guantong.credit.index import Cells
from guantong.credit.model import Base, CreditError, Fault, Release
from guantong.errors import fault


@dataclass(frozen=True, slots=True)
class Segment:
    """Elementary indices with the weights that belong to them."""

    version: str
    weights: Mapping[str, float]
    """Item -> weight; relative to their sum."""
    indices: Mapping[str, Mapping[str, float]]
    """Period -> item -> index, in order of time; in the first period all are 100."""

    @property
    def start(self) -> str:
        """The period in which all elementary indices are 100."""
        return next(iter(self.indices))

    def shares(self) -> dict[str, float]:
        """Weights that add up to 1."""
        total = math.fsum(self.weights.values())
        return {item: weight / total for item, weight in self.weights.items()}


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one item gave to a change while one set of weights was in force."""

    version: str
    item: str
    points: float
    """Points of the chained index."""


def mean(segment: Segment, period: str) -> float:
    """The weighted mean of the elementary indices of one period; 100 at the segment's start."""
    indices = segment.indices[period]
    return math.fsum(share * indices[item] for item, share in segment.shares().items())


def chain(segments: Sequence[Segment], *, start: float = 100.0) -> dict[str, float]:
    """Chain segments, each starting in a period of the one before.

    Args:
        segments: In order of time.
        start: Level of the first period.

    Returns:
        Period -> index; of the period of a link the older segment's value.

    Raises:
        CreditError: `Fault.LINK` if a segment does not start in a period of the one before.
    """
    _check(segments)
    series = {segments[0].start: start}
    for segment in segments:
        level = series[segment.start]
        # What the older weights say of later periods is no longer the series.
        series = dict(list(series.items())[: list(series).index(segment.start) + 1])
        for period in list(segment.indices)[1:]:
            series[period] = level * mean(segment, period) / 100
    return series


def contributions(
    segments: Sequence[Segment], since: str, until: str, *, start: float = 100.0
) -> tuple[Contribution, ...]:
    """Split a change of the chained index by item, across links if need be.

    Args:
        segments: As for `chain`.
        since: Period from which the change is counted.
        until: Period up to which it is.
        start: Level of the first period.

    Returns:
        Points that add up to the change, one for each segment in force and item.

    Raises:
        CreditError: `Fault.LINK` if the segments do not meet or the series lacks a period.
    """
    series = chain(segments, start=start)
    periods = list(series)
    for period in (since, until):
        if period not in series:
            raise CreditError(fault(Fault.LINK, expected=", ".join(periods), got=period))
    found: list[Contribution] = []
    for place, segment in enumerate(segments):
        last = segments[place + 1].start if place + 1 < len(segments) else periods[-1]
        low = max(periods.index(since), periods.index(segment.start))
        high = min(periods.index(until), periods.index(last))
        if low < high:
            found += _leg(segment, series[segment.start], periods[low], periods[high])
    return tuple(found)


def carried(before: Release, table: Cells) -> Base:
    """The base by which a new version goes on from a release of the old one.

    A sub-index that the old version did not have starts at the level of the national index.

    Args:
        before: The old version's release of the month of the link.
        table: The same month under the new version.

    Returns:
        The new version's base.

    Raises:
        CreditError: `Fault.LINK` if the months differ, the new version names another month or
            another predecessor, or one of both stands at nought.
    """
    link = table.method.link
    wanted = (link.month, link.follows) if link else ("no link", "")
    if (str(table.month), before.method) != wanted or before.period != str(table.month):
        got = f"{before.period} by {before.method}, then {table.month}"
        raise CreditError(fault(Fault.LINK, expected=" after ".join(wanted), got=got, path="link"))
    scores = {sub: score for sub, score in table.sub_scores().items() if score > 0}
    if not (before.national > 0 and table.score > 0):
        got = f"{before.national}, score {table.score}"
        raise CreditError(fault(Fault.LINK, expected="both above 0", got=got, path="national"))
    levels = {sub: before.sub_indices.get(sub, 0) or before.national for sub in scores}
    return Base(
        method=table.method.version,
        period=str(table.month),
        score=100 * table.score / before.national,
        subs={sub: 100 * score / levels[sub] for sub, score in scores.items()},
    )


def _leg(segment: Segment, level: float, since: str, until: str) -> list[Contribution]:
    """What each item gave between two periods of one segment."""
    old, new = segment.indices[since], segment.indices[until]
    return [
        Contribution(segment.version, item, level * share * (new[item] - old[item]) / 100)
        for item, share in segment.shares().items()
    ]


def _check(segments: Sequence[Segment]) -> None:
    """Refuse segments that do not meet. Raises CreditError."""
    for place, segment in enumerate(segments):
        if any(abs(value - 100) > 1e-9 for value in segment.indices[segment.start].values()):
            raise CreditError(
                fault(
                    Fault.LINK,
                    expected="100 in the first period",
                    got=dict(segment.indices[segment.start]),
                    path=f"segments[{place}]",
                )
            )
    for place, (older, newer) in enumerate(pairwise(segments)):
        if newer.start not in older.indices:
            raise CreditError(
                fault(
                    Fault.LINK,
                    expected=", ".join(older.indices),
                    got=newer.start,
                    path=f"segments[{place + 1}]",
                )
            )

"""What holds of scores, index and splits whatever the firms and weights are."""

import math
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.credit import (
    Aggregation,
    CreditError,
    Method,
    PanelMonth,
    Segment,
    SubIndex,
    aggregate,
    base_of,
    cells,
    chain,
    contributions,
    decompose,
    release,
    score,
    turnover,
)
from guantong.credit.model import Direction, Population
from tests.credit_small import MONTH, method, panel

pytestmark = pytest.mark.property

KINDS = st.sampled_from(list(Aggregation))
WEIGHTS = st.lists(st.floats(0.01, 10), min_size=6, max_size=6)


def weighed(kind: Aggregation, weights: list[float]) -> Method:
    """The example with other weights; every firm counts."""
    told = dict(zip(SubIndex, weights, strict=True))
    return method(kind, weights=told, population=Population())


@st.composite
def months(draw: st.DrawFn) -> PanelMonth:
    """Between 1 and 60 firms out of 90, any share of values missing."""
    firms = draw(st.integers(1, 60))
    seed, missing = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.0, 0.1, 0.8]))
    return panel(seed, firms, ids=(0, 90), missing=missing)


class TestSplits:
    """Every split of a change adds up to the change."""

    @pytest.mark.full
    @settings(max_examples=400, deadline=None)
    @given(months(), months(), months(), KINDS, WEIGHTS)
    def test_to_a_thousand_millionth_of_a_point(
        self,
        before: PanelMonth,
        after: PanelMonth,
        year: PanelMonth,
        kind: Aggregation,
        weights: list[float],
    ) -> None:
        by = weighed(kind, weights)
        old, new = score(before, by), score(after, by)
        base = base_of([cells(score(year, by))], "2014")
        if not base.score > 0:
            with pytest.raises(CreditError):
                release(cells(new), base)
            return
        found = decompose(cells(old), cells(new), base)
        change = release(cells(new), base).national - release(cells(old), base).national
        sums = [
            math.fsum(found.by_sub.values()),
            math.fsum(one.within + one.between for one in found.by_province.values()),
            math.fsum(one.within + one.between for one in found.by_section.values()),
            turnover(old, new, base).total,
            found.change,
        ]
        # Points are hundredths of the base score: a base near nought makes large numbers of them.
        assert sums == pytest.approx([change] * len(sums), abs=1e-9 * max(1, 10 / base.score))


class TestScores:
    """A score lies between 0 and 100 and never falls when an indicator gets better."""

    @settings(max_examples=100, deadline=None)
    @given(months(), KINDS, WEIGHTS)
    def test_bounds(self, firms: PanelMonth, kind: Aggregation, weights: list[float]) -> None:
        got = score(firms, weighed(kind, weights))
        known = got.score[~np.isnan(got.score)]
        # The penalty for imbalance is taken on a scale from 70 to 130.
        lowest = -5 if kind is Aggregation.MAZZIOTTA_PARETO else -1e-9
        assert (known >= lowest).all()
        assert (known <= 100 + 1e-9).all()

    @settings(max_examples=100, deadline=None)
    @given(
        months(),
        st.sampled_from([Aggregation.ARITHMETIC, Aggregation.GEOMETRIC]),
        WEIGHTS,
        st.integers(0, 23),
        st.floats(0, 5),
    )
    def test_better_is_never_worse(
        self, firms: PanelMonth, kind: Aggregation, weights: list[float], place: int, more: float
    ) -> None:
        by = weighed(kind, weights)
        one = by.indicators[place]
        step = more if one.direction is Direction.UP else -more
        better = PanelMonth(
            MONTH,
            firms.firm,
            firms.province,
            firms.section,
            firms.weight,
            {**firms.values, one.key: firms.values[one.key] + step},
        )
        old, new = score(firms, by).score, score(better, by).score
        known = ~np.isnan(old)
        assert (new[known] >= old[known] - 1e-9).all()

    @settings(max_examples=60, deadline=None)
    @given(months(), KINDS, WEIGHTS, st.randoms(use_true_random=False))
    def test_the_order_of_firms_does_not_matter(
        self, firms: PanelMonth, kind: Aggregation, weights: list[float], random: object
    ) -> None:
        by = weighed(kind, weights)
        order = np.arange(len(firms))
        cast("np.random.Generator", random).shuffle(order)
        mixed = PanelMonth(
            MONTH,
            firms.firm[order],
            firms.province[order],
            firms.section[order],
            firms.weight[order],
            {key: column[order] for key, column in firms.values.items()},
        )
        assert cells(score(mixed, by)).score == pytest.approx(
            cells(score(firms, by)).score, abs=1e-9
        )


class TestCopeland:
    """Wins and losses cancel, and a unit better in everything beats all."""

    @settings(max_examples=200, deadline=None)
    @given(st.integers(1, 25), WEIGHTS, st.integers(0, 2**32 - 1))
    def test_sums(self, units: int, weights: list[float], seed: int) -> None:
        parts = np.random.default_rng(seed).integers(0, 5, (6, units)).astype(np.float64)
        parts = np.column_stack([parts, np.full(6, 9.0)])
        points = aggregate.copeland(parts, np.array(weights) / sum(weights))
        assert points.sum() == 0
        assert points[-1] == units


PERIODS = ("t0", "t1", "t2", "t3", "t4")


@st.composite
def segments(draw: st.DrawFn) -> list[Segment]:
    """Two to four segments, each linked to the one before, with items of their own."""
    found, start = [], 0
    for number in range(draw(st.integers(2, 4))):
        items = draw(st.sets(st.sampled_from("abcde"), min_size=1))
        weights = {item: draw(st.floats(0.01, 5)) for item in sorted(items)}
        rows = {PERIODS[start]: dict.fromkeys(weights, 100.0)}
        for period in PERIODS[start + 1 :]:
            rows[period] = {item: draw(st.floats(20, 500)) for item in weights}
        found.append(Segment(str(number), weights, rows))
        start = draw(st.integers(start, len(PERIODS) - 1))
    return found


class TestChains:
    """Contributions add up across any number of links, and the older series is not rewritten."""

    @settings(max_examples=200, deadline=None)
    @given(segments(), st.integers(0, 4), st.integers(0, 4))
    def test_sums(self, told: list[Segment], one: int, other: int) -> None:
        since, until = PERIODS[min(one, other)], PERIODS[max(one, other)]
        series = chain(told)
        points = math.fsum(part.points for part in contributions(told, since, until))
        change = series[until] - series[since]
        assert points == pytest.approx(change, abs=1e-9 * max(series.values()))

    @settings(max_examples=100, deadline=None)
    @given(segments())
    def test_up_to_a_link_the_older_series_stands(self, told: list[Segment]) -> None:
        older, whole = chain(told[:-1]), chain(told)
        link = told[-1].start
        for period in PERIODS[: PERIODS.index(link) + 1]:
            assert whole[period] == older[period]

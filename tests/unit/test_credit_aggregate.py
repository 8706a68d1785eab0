"""Aggregation, against plain Python that shares nothing with the room."""

import math

import numpy as np
import pytest

from guantong.credit import aggregate
from guantong.credit.model import Aggregation

SHARES = [0.15, 0.2, 0.1, 0.2, 0.2, 0.15]
UNITS = 60


def units(seed: int) -> list[list[float | None]]:
    """Six scores of each unit; one in ten is not known."""
    random = np.random.default_rng(seed)
    return [
        [None if random.random() < 0.1 else float(random.uniform(0, 100)) for _ in SHARES]
        for _ in range(UNITS)
    ]


def parts(rows: list[list[float | None]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[math.nan if one is None else one for one in row] for row in rows]).T


def known(row: list[float | None]) -> list[tuple[float, float]]:
    return [(share, one) for share, one in zip(SHARES, row, strict=True) if one is not None]


def plain_arithmetic(row: list[float | None]) -> float:
    return sum(w * x for w, x in known(row)) / sum(w for w, _ in known(row))


def plain_geometric(row: list[float | None]) -> float:
    product = 1.0
    for weight, score in known(row):
        product *= max(score, 1.0) ** weight
    return math.pow(product, 1 / sum(weight for weight, _ in known(row)))


def plain_mazziotta_pareto(row: list[float | None]) -> float:
    scaled = [(w, 70 + (130 - 70) * x / 100) for w, x in known(row)]
    total = sum(w for w, _ in scaled)
    mean = sum(w * x for w, x in scaled) / total
    deviation = math.sqrt(sum(w * (x - mean) ** 2 for w, x in scaled) / total)
    coefficient = deviation / mean
    return (mean - deviation * coefficient - 70) / (130 - 70) * 100


def plain_copeland(rows: list[list[float | None]]) -> list[int]:
    points = []
    for one in rows:
        won = 0
        for other in rows:
            both = [
                (w, a, b)
                for w, a, b in zip(SHARES, one, other, strict=True)
                if a is not None and b is not None
            ]
            half = sum(w for w, _, _ in both) / 2
            better = sum(w * (1.0 if a > b else 0.5 if a == b else 0.0) for w, a, b in both)
            won += (better > half + 1e-12) - (better < half - 1e-12)
        points.append(won)
    return points


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (Aggregation.ARITHMETIC, plain_arithmetic),
        (Aggregation.GEOMETRIC, plain_geometric),
        (Aggregation.MAZZIOTTA_PARETO, plain_mazziotta_pareto),
    ],
)
def test_levels_are_those_of_plain_python(seed: int, kind: Aggregation, plain: object) -> None:
    rows = units(seed)
    got = aggregate.level(kind, parts(rows), np.array(SHARES))
    assert callable(plain)
    assert got == pytest.approx([plain(row) for row in rows], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_copeland_is_that_of_plain_python(seed: int) -> None:
    rows = units(seed)
    # Whole numbers make draws: single parts that are equal, and pairs that end level.
    rows = [[None if one is None else round(one / 25) for one in row] for row in rows]
    assert aggregate.copeland(parts(rows), np.array(SHARES)).tolist() == plain_copeland(rows)


def test_copeland_of_three_that_beat_each_other_in_turn_is_a_draw() -> None:
    ring = np.array([[3.0, 2.0, 1.0], [1.0, 3.0, 2.0], [2.0, 1.0, 3.0]])
    assert aggregate.copeland(ring, np.ones(3) / 3).tolist() == [0, 0, 0]


def test_copeland_does_not_let_rounding_decide_a_draw() -> None:
    # 0.1 + 0.2 against 0.3: level, though 0.1 + 0.2 > 0.3 in float64.
    rows = np.array([[2.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    assert aggregate.copeland(rows, np.array([0.1, 0.2, 0.3])).tolist() == [0, 0]


@pytest.mark.parametrize(
    "kind", [Aggregation.ARITHMETIC, Aggregation.GEOMETRIC, Aggregation.MAZZIOTTA_PARETO]
)
def test_a_unit_of_which_nothing_is_known_has_no_level(kind: Aggregation) -> None:
    got = aggregate.level(kind, np.array([[np.nan, 50.0], [np.nan, 50.0]]), np.ones(2))
    assert math.isnan(got[0])
    assert got[1] == pytest.approx(50)


def test_balance_is_rewarded_by_all_but_the_arithmetic_mean() -> None:
    pair = np.array([[50.0, 20.0], [50.0, 80.0]])
    levels = {kind: aggregate.level(kind, pair, np.ones(2)) for kind in Aggregation}
    assert levels[Aggregation.ARITHMETIC][0] == levels[Aggregation.ARITHMETIC][1]
    for kind in (Aggregation.GEOMETRIC, Aggregation.MAZZIOTTA_PARETO):
        assert levels[kind][1] < levels[kind][0] == pytest.approx(50)


def test_the_floor_keeps_one_nought_from_taking_all() -> None:
    pair = np.array([[0.0], [100.0]])
    got = aggregate.level(Aggregation.GEOMETRIC, pair, np.ones(2), floor=4)
    assert got.tolist() == pytest.approx([20])


def test_the_reference_example_of_the_adjusted_index() -> None:
    """By hand: 70, 100 and 130 have mean 100 and variance 600, so the penalty is 6."""
    got = aggregate.mazziotta_pareto(np.array([[70.0], [100.0], [130.0]]), np.ones(3))
    assert got.tolist() == pytest.approx([94.0])

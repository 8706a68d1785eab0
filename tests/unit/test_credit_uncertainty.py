"""Bands, claims and Sobol indices against cases that can be worked out by hand."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guantong.credit import aggregate
from guantong.credit.model import Aggregation, CreditError, Fault
from guantong.credit.uncertainty import (
    OVERALL,
    Bands,
    Choices,
    Claim,
    ClaimKind,
    Scale,
    Table,
    bands,
    levels,
    nominal,
    ranks_of,
    scaled,
    scores_of,
    sensitivity,
    sobol,
    supported,
    weights_of,
)

VECTORS = Path(__file__).parent.parent / "vectors"
CLAIMS = json.loads((VECTORS / "credit_claims.json").read_text("utf-8"))
PLAIN = Choices(
    concentration=2.0, scales=(Scale.GOALPOSTS,), aggregations=(Aggregation.ARITHMETIC,)
)
"""Two equal weights with this concentration are uniform: Dirichlet(1, 1)."""


def table(parts: list[list[float]], shares: list[float] | None = None) -> Table:
    rows = np.array(parts)
    even = [1 / len(rows)] * len(rows)
    keys = tuple("ABCDEFGH"[: rows.shape[1]])
    return Table("2024-10", "province", keys, rows, np.array(shares or even))


def drawn(table_: Table, choices: Choices, *, seed: int = 5) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return scores_of(table_, chance.random((20_000, len(table_.shares) + 2)), choices)


# Analytic cases


def test_two_mirrored_units_are_first_half_of_the_time() -> None:
    told = bands(table([[60.0, 40.0], [40.0, 60.0]]), PLAIN)
    share = float((told.ranks[:, 0] == 1).mean())
    assert share == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(4096))
    assert (told.of("A").low, told.of("A").high) == (1, 2)


def test_uniform_weights_on_two_indicators_give_a_uniform_score() -> None:
    scores = drawn(table([[60.0, 40.0], [40.0, 60.0]]), PLAIN)[:, 0]
    assert scores.mean() == pytest.approx(50, abs=4 * (20 / math.sqrt(12)) / math.sqrt(20_000))
    for share in (0.05, 0.25, 0.5, 0.95):
        want = 40 + 20 * share
        error = 4 * 20 * math.sqrt(share * (1 - share) / 20_000)
        assert np.quantile(scores, share) == pytest.approx(want, abs=error)


def test_a_unit_that_is_ahead_in_everything_is_first_under_every_choice() -> None:
    told = bands(table([[90.0, 40.0, 10.0], [80.0, 60.0, 20.0], [70.0, 50.0, 30.0]]), Choices())
    assert (told.ranks[:, 0] == 1).all()
    assert (told.ranks[:, 2] == 3).all()
    assert [(band.key, band.rank, band.low, band.high) for band in told.all()] == [
        ("A", 1, 1, 1),
        ("B", 2, 2, 2),
        ("C", 3, 3, 3),
    ]


def test_weights_have_the_mean_and_spread_of_a_dirichlet() -> None:
    shares = np.array([0.5, 0.3, 0.2, 0.0])
    found = weights_of(np.random.default_rng(1).random((50_000, 4)), shares, 60.0)
    assert found.sum(axis=1) == pytest.approx(np.ones(50_000))
    spread = np.sqrt(shares * (1 - shares) / 61)
    assert (np.abs(found.mean(axis=0) - shares) <= 5 * spread / math.sqrt(50_000)).all()
    assert found.std(axis=0) == pytest.approx(spread, rel=0.02)
    assert (found[:, 3] == 0).all()


@pytest.mark.parametrize("size", [[1.0, 1.0, 1.0], [4.0, 2.0, 1.0], [3.0, 0.0, 1.0]])
def test_sobol_of_a_sum_is_the_share_of_its_squares(size: list[float]) -> None:
    slopes = np.array(size)
    told = sobol(lambda u: (u @ slopes)[:, None], {"a": (0,), "b": (1,), "c": (2,)}, points=4096)
    want = slopes**2 / (slopes**2).sum()
    assert told.first[:, 0] == pytest.approx(want, abs=0.01)
    assert told.total[:, 0] == pytest.approx(want, abs=0.01)
    assert told.variance[0] == pytest.approx((slopes**2).sum() / 12, rel=0.01)


def test_sobol_of_ishigami_is_the_textbooks() -> None:
    def ishigami(uniforms: np.ndarray) -> np.ndarray:
        x = -math.pi + 2 * math.pi * uniforms
        one = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
        return np.asarray(one[:, None])

    told = sobol(ishigami, {"a": (0,), "b": (1,), "c": (2,), "ac": (0, 2)}, points=8192)
    assert told.first[:, 0] == pytest.approx([0.3139, 0.4424, 0.0, 0.5576], abs=0.02)
    assert told.total[:, 0] == pytest.approx([0.5576, 0.4424, 0.2437, 0.5576], abs=0.02)


def test_sobol_of_a_constant_is_nought() -> None:
    told = sobol(lambda u: np.ones((len(u), 1)), {"a": (0,)}, points=64)
    assert (told.first[0, 0], told.total[0, 0], told.variance[0]) == (0, 0, 0)


def test_the_choice_that_turns_the_order_gets_the_blame() -> None:
    one = table([[90.0, 60.0], [10.0, 30.0]])
    means = (Aggregation.ARITHMETIC, Aggregation.GEOMETRIC)
    fixed = Choices(concentration=1e9, scales=(Scale.GOALPOSTS,), aggregations=means)
    names, told = sensitivity(one, fixed)
    place = told.factors.index("aggregation")
    assert names == ("A", "B", OVERALL)
    assert told.first[place, 0] > 0.95
    assert told.total[told.factors.index("weights"), 0] < 0.01
    names, told = sensitivity(table([[60.0, 40.0], [40.0, 60.0]]), PLAIN)
    assert told.first[told.factors.index("weights"), 0] > 0.95
    assert told.total[told.factors.index("scale"), 0] == 0


# Pieces against the room's own arithmetic


@pytest.mark.parametrize("kind", list(Aggregation))
def test_levels_of_many_weights_are_those_of_each(kind: Aggregation) -> None:
    chance = np.random.default_rng(3)
    parts = chance.uniform(5, 95, (6, 8))
    weights = chance.dirichlet(np.ones(6), 5)
    many = levels(kind, parts, weights)
    for row, shares in zip(many, weights, strict=True):
        if kind is Aggregation.COPELAND:
            assert np.round(row).astype(int).tolist() == aggregate.copeland(parts, shares).tolist()
        else:
            assert row == pytest.approx(aggregate.level(kind, parts, shares), abs=1e-9)


def test_what_is_unknown_leaves_its_weight_to_the_others() -> None:
    parts = np.array([[math.nan, 50.0, math.nan], [80.0, 70.0, math.nan]])
    found = levels(Aggregation.ARITHMETIC, parts, np.array([[0.25, 0.75]]))[0]
    assert found[:2] == pytest.approx([80.0, 65.0])
    assert math.isnan(found[2])
    assert ranks_of(found[None, :]).tolist() == [[1, 2, 0]]
    assert math.isnan(scaled(parts, Scale.RANK)[0, 0])


def test_scales() -> None:
    parts = np.array([[10.0, 30.0, 20.0], [7.0, 7.0, 7.0], [1.0, 2.0, 2.0]])
    assert scaled(parts, Scale.GOALPOSTS) is parts
    assert scaled(parts, Scale.MINMAX).tolist()[0] == [0, 100, 50]
    assert scaled(parts, Scale.RANK).tolist() == [[0, 100, 50], [50, 50, 50], [0, 75, 75]]
    z = scaled(parts, Scale.ZSCORE)
    assert (z[0].mean(), z[0].std()) == pytest.approx((50, 10))


def test_equals_share_a_rank() -> None:
    assert ranks_of(np.array([[3.0, 5.0, 5.0, 1.0]])).tolist() == [[3, 1, 1, 4]]


def test_the_same_seed_gives_the_same_draws() -> None:
    one = table([[60.0, 40.0, 55.0], [40.0, 60.0, 50.0]])
    assert (bands(one, Choices(seed=7)).ranks == bands(one, Choices(seed=7)).ranks).all()
    assert (bands(one, Choices(seed=7)).ranks != bands(one, Choices(seed=8)).ranks).any()
    assert nominal(one).tolist() == [2, 2, 1]


# Claims


def month(period: str, *draws: list[int]) -> Bands:
    """Ranks by draw; the first draw is the release."""
    ranks = np.array(draws, np.int16)
    keys = tuple("ABC"[: ranks.shape[1]])
    return Bands(period, "province", keys, ranks[0], ranks)


def months(*ranks: int, start: int = 1) -> list[Bands]:
    return [month(f"2024-{start + place:02d}", [rank]) for place, rank in enumerate(ranks)]


@pytest.mark.parametrize("one", CLAIMS, ids=lambda one: one["desc"])
def test_what_claims_mean(one: dict[str, Any]) -> None:
    """Ranks of a unit in the months from January on."""
    kind, want = ClaimKind(one["input"]["kind"]), one["want"]
    told = supported(Claim(kind, "A"), months(*one["input"]["ranks"]))
    assert (told.holds, told.plain, told.share) == (want, want, float(want))


def test_every_kind_of_claim_has_vectors_both_ways() -> None:
    seen = {(one["input"]["kind"], one["want"]) for one in CLAIMS}
    assert seen == {(str(kind), want) for kind in ClaimKind for want in (True, False)}


def test_back_in_first_needs_the_bands() -> None:
    """True of the release, but only in nine draws of ten: not said."""
    was, lost = [[1, 2]] * 10, [[2, 1]] * 10
    now = [[1, 2]] * 9 + [[2, 1]]
    history = [month("2024-08", *was), month("2024-09", *lost), month("2024-10", *now)]
    told = supported(Claim(ClaimKind.BACK_IN_FIRST, "A"), history)
    assert (told.holds, told.plain, told.share) == (False, True, 0.9)
    assert supported(Claim(ClaimKind.BACK_IN_FIRST, "A"), history, level=0.9).holds


def test_not_true_of_the_release_is_not_said_even_if_the_draws_agree() -> None:
    history = [month("2024-10", *([[2, 1]] + [[1, 2]] * 99))]
    told = supported(Claim(ClaimKind.FIRST, "A"), history)
    assert (told.holds, told.plain, told.share) == (False, False, 0.99)


@pytest.mark.parametrize(
    ("kind", "history", "missing"),
    [
        (ClaimKind.FIRST, [], "history"),
        (ClaimKind.RISES, months(3), "2023-12"),
        (ClaimKind.HIGHEST_THIS_YEAR, months(3), "an earlier month"),
        (ClaimKind.ENTERS_TOP, months(8, 7, 5, start=8), "2024-07"),
        (ClaimKind.BACK_IN_FIRST, [*months(1), *months(1, start=3)], "2024-02"),
    ],
)
def test_without_its_months_a_claim_is_not_supported(
    kind: ClaimKind, history: list[Bands], missing: str
) -> None:
    told = supported(Claim(kind, "A"), history)
    assert (told.holds, told.missing) == (False, missing)


def test_a_unit_that_is_not_there_is_told() -> None:
    told = supported(Claim(ClaimKind.FIRST, "Z"), months(1))
    assert (told.holds, told.missing) == (False, "Z in 2024-01")
    with pytest.raises(CreditError) as refusal:
        months(1)[0].of("Z")
    assert refusal.value.faults[0].code == Fault.FIELD


@pytest.mark.parametrize("kind", [{"concentration": 0.0}, {"draws": 0}, {"scales": ()}])
def test_choices_that_leave_nothing_to_draw(kind: dict[str, object]) -> None:
    with pytest.raises(CreditError) as refusal:
        Choices(**kind)  # type: ignore[arg-type]
    assert refusal.value.faults[0].path == "choices"

"""The made-up population: repeatable, alive, and its planted effects are found again."""

import numpy as np
import pytest

from guantong.credit import CreditError, Fault, Month, Scores, example, scaled, score
from guantong.credit.effects import Effect, effects
from guantong.credit.panel import Planted, Rates, World, generate, unscaled

SEEDS = range(1_000, 1_200)
"""Two hundred; the reference says what other seeds gave."""
FEW = 20
NAMES = ("entry", "july", "rise")


def scores(world: World) -> list[Scores]:
    return [score(one, example(), threads=1) for one in world.panels]


def test_the_same_seed_gives_the_same_panel() -> None:
    one, two, other = (generate(seed, firms=60, months=5) for seed in (1, 1, 2))
    for a, b in zip(one.panels, two.panels, strict=True):
        assert a.firm.tolist() == b.firm.tolist()
        for key, column in a.values.items():
            assert np.array_equal(column, b.values[key], equal_nan=True)
    assert one.panels[4].values["margin"].tolist() != other.panels[4].values["margin"].tolist()


def test_firms_are_set_up_end_and_move() -> None:
    world = generate(3, firms=500, months=24)
    first, last = world.panels[0], world.panels[-1]
    births, deaths = world.events["births"], world.events["deaths"]
    assert len(last) == 500 + births - deaths
    assert births > 100
    assert deaths > 60
    assert world.events["moves"] > 30
    where = dict(zip(first.firm.tolist(), first.province.tolist(), strict=True))
    moved = [
        f
        for f, p in zip(last.firm.tolist(), last.province.tolist(), strict=True)
        if where.get(f, p) != p
    ]
    assert moved
    assert all(len(np.unique(one.firm)) == len(one) for one in world.panels)


def test_weak_firms_end_sooner() -> None:
    world = generate(5, firms=3_000, months=24, rates=Rates(births=0))
    first = score(world.panels[0], example())
    stayed = np.isin(first.firm, world.panels[-1].firm)
    assert first.score[stayed].mean() > first.score[~stayed].mean() + 0.5


def test_values_are_missing_where_the_method_shares_out_their_weight() -> None:
    panel = generate(1, firms=2_000, months=1).panels[0]
    shares = {key: float(np.isnan(column).mean()) for key, column in panel.values.items()}
    assert shares["registration_complete"] == shares["checks_passed_share"] == 0
    assert shares["patents"] == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("one", example().indicators, ids=lambda one: one.key)
def test_scaling_undoes_what_the_generator_does(one: object) -> None:
    from guantong.credit import Indicator

    assert isinstance(one, Indicator)
    told = np.linspace(1, 99, 50)
    assert scaled(unscaled(told, one), one) == pytest.approx(told, abs=1e-9)


def test_the_truth_is_what_the_effects_do_to_the_score() -> None:
    """Two worlds of one seed, with and without the July dip, differ by it exactly."""
    start = Month.parse("2014-07")
    dip = generate(1, firms=100, months=1, start=start)
    none = generate(1, firms=100, months=1, start=start, planted=Planted(july={}))
    difference = scores(dip)[0].score - scores(none)[0].score
    assert difference == pytest.approx(np.full(100, dip.truth["july"]), abs=1e-9)
    assert dip.truth == pytest.approx({"entry": -2.0, "july": -1.2, "rise": 1.75})


def test_an_effect_too_large_for_its_truth_is_refused() -> None:
    from guantong.credit import SubIndex

    with pytest.raises(CreditError) as refusal:
        generate(1, planted=Planted(july={SubIndex.FINANCE: -28.0}))
    assert refusal.value.faults[0].path == "planted.finance"


def held(seeds: range) -> dict[str, float]:
    """Share of seeds whose interval holds the truth."""
    hits = dict.fromkeys(NAMES, 0)
    for seed in seeds:
        world = generate(seed, firms=300, months=36)
        found = effects(scores(world), province=34, rise_from=world.panels[12].month)
        for name in NAMES:
            effect: Effect = getattr(found, name)
            hits[name] += effect.low <= world.truth[name] <= effect.high
    return {name: count / len(seeds) for name, count in hits.items()}


@pytest.mark.full
def test_intervals_hold_on_a_few_seeds() -> None:
    assert all(share >= 0.8 for share in held(SEEDS[:FEW]).values())


@pytest.mark.soak
def test_intervals_hold_on_nine_in_ten_to_ninety_seven_in_hundred_of_two_hundred_seeds() -> None:
    shares = held(SEEDS)
    assert all(0.90 <= share <= 0.97 for share in shares.values()), shares


def test_effects_are_found_narrowly_in_a_larger_panel() -> None:
    world = generate(2, firms=3_000, months=36)
    found = effects(scores(world), province=34, rise_from=world.panels[12].month)
    assert found.entry.points == pytest.approx(-2.0, abs=0.2)
    assert found.rise.points == pytest.approx(1.75, abs=0.2)
    assert found.july.points == pytest.approx(-1.2, abs=0.5)
    assert found.entry.error < 0.06


def test_without_effects_nought_is_found() -> None:
    still = Planted(entry={}, july={}, rise={})
    world = generate(4, firms=1_000, months=36, planted=still)
    found = effects(scores(world), province=34, rise_from=world.panels[12].month)
    for name in NAMES:
        effect: Effect = getattr(found, name)
        assert abs(effect.points) < 4 * effect.error


def test_months_with_a_gap_are_refused() -> None:
    world = generate(1, firms=100, months=15)
    with pytest.raises(CreditError) as refusal:
        effects(
            scores(world)[:7] + scores(world)[8:], province=34, rise_from=Month.parse("2015-01")
        )
    assert refusal.value.faults[0].code == Fault.PERIOD


def test_a_panel_without_new_firms_can_not_tell_their_effect() -> None:
    world = generate(1, firms=100, months=15, rates=Rates(births=0))
    with pytest.raises(CreditError) as refusal:
        effects(scores(world), province=34, rise_from=Month.parse("2015-01"))
    assert refusal.value.faults[0].code == Fault.POPULATION

"""The segment store answers as the row store does, whatever happens in whatever order."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.store_model import Twins

STEPS_EACH = 1_500
"""A life: long enough that a class becomes sparse and blocks are merged."""


def live(place: Path, seed: int, steps: int) -> None:
    """One life from a seed."""
    twins = Twins(place, seed)
    try:
        for _ in range(steps):
            twins.step()
        twins.compact()
        for _ in range(50):
            twins.look()
            twins.scan()
            twins.bulk()
    except AssertionError as error:
        error.add_note(f"seed {seed}, step {twins.steps}")
        raise
    finally:
        twins.close()


@pytest.mark.parametrize(
    "seed", [pytest.param(0, marks=pytest.mark.full), pytest.param(1, marks=pytest.mark.full)]
)
def test_a_life_from_a_seed(tmp_path: Path, seed: int) -> None:
    live(tmp_path, seed, STEPS_EACH)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 101))
def test_more_lives(tmp_path: Path, seed: int) -> None:
    live(tmp_path, seed, 2 * STEPS_EACH)


@pytest.mark.soak
def test_a_million_operations(tmp_path: Path) -> None:
    """1,000,000 operations in lives of 2,000; GUANTONG_SEED tells where the seeds begin."""
    start = int(os.environ.get("GUANTONG_SEED", "1000"))
    for seed in range(start, start + 500):
        place = tmp_path / str(seed)
        place.mkdir()
        live(place, seed, 2_000)
        shutil.rmtree(place)
        print(f"seed {seed} done", flush=True)


@pytest.mark.full
def test_hypothesis_finds_no_order_that_differs(tmp_path: Path) -> None:
    """The same operations in orders that Hypothesis chooses and shrinks."""
    places = iter(range(10**9))

    class Lives(RuleBasedStateMachine):
        @initialize(seed=st.integers(0, 2**32))
        def begin(self, seed: int) -> None:
            place = tmp_path / str(next(places))
            place.mkdir()
            self.twins = Twins(place, seed)

        @rule(what=st.sampled_from(("capture", "compact", "begin", "install", "restart")))
        def change(self, what: str) -> None:
            getattr(self.twins, what)()

        @rule(what=st.sampled_from(("look", "parts", "scan", "listed", "known", "bulk")))
        def compare(self, what: str) -> None:
            getattr(self.twins, what)()

        def teardown(self) -> None:
            self.twins.close()

    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

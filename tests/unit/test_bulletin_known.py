"""Texts with known truth: what the reference says of them is what the code does."""

import pytest

from benchmarks.bench_bulletin import BEGIN, END, PAGE, SETS, Case, cases, measure, section
from guantong.bulletin import Verdict, check


def test_the_reference_tells_what_is_measured() -> None:
    committed = PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert committed == section(), "run `python -m benchmarks.bench_bulletin --write`"


def test_there_are_enough_texts_and_half_are_planted() -> None:
    every = [case for name in SETS for case in cases(name)]
    assert len(every) >= 60
    assert len({case.text for case in every}) == len(every)
    planted = [case for case in every if case.planted]
    assert len(planted) * 2 == len(every)
    kinds = {
        "share",
        "growth",
        "change",
        "sum",
        "mean",
        "chain",
        "count",
        "ranking",
        "direction",
        "date",
        "restatement",
    }
    assert {case.planted for case in planted} == kinds


@pytest.mark.parametrize(
    "case", [case for name in SETS for case in cases(name)], ids=lambda case: case.name
)
def test_a_planted_text_has_one_error_and_others_none(case: Case) -> None:
    wrong = [truth for truth in case.truths if truth.verdict is Verdict.WRONG]
    assert len(wrong) == bool(case.planted)


@pytest.mark.parametrize("name", SETS)
def test_precision_and_recall_do_not_fall(name: str) -> None:
    score, misses = measure(cases(name))
    assert score.matched / score.claims > 0.9, misses
    assert score.matched / score.found > 0.9, misses
    assert score.judged / score.matched > 0.85, misses


@pytest.mark.parametrize("name", SETS)
def test_nothing_right_is_called_wrong(name: str) -> None:
    for case in cases(name):
        if not case.planted:
            assert check(case.text).of(Verdict.WRONG) == (), case.name

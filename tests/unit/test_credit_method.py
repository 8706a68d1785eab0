"""Methods: what is read, what is refused and where, and which one held."""

import doctest
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.credit import (
    SUB_INDEX_ZH,
    CreditError,
    Fault,
    Method,
    Month,
    SubIndex,
    example,
    held,
    parse,
)

VECTORS = Path(__file__).parent.parent / "vectors"
TEXT = (Path(__file__).parent.parent.parent / "src/guantong/credit/methods/example.toml").read_text(
    "utf-8"
)


@pytest.mark.parametrize(
    "one", json.loads((VECTORS / "credit_method.json").read_text("utf-8")), ids=lambda o: o["desc"]
)
def test_vectors(one: dict[str, Any]) -> None:
    before, after = one["input"]
    assert before in TEXT
    text = TEXT.replace(before, after, 1)
    if "want" in one:
        assert isinstance(parse(text, name="m.toml"), Method)
        return
    with pytest.raises(CreditError) as refusal:
        parse(text, name="m.toml")
    assert [(str(f.code), f.path) for f in refusal.value.faults] == [(one["fault"], one["path"])]


def test_all_faults_are_told_at_once() -> None:
    text = TEXT.replace("finance = 0.20", "finance = -1").replace('base = "2014"', 'base = "x"')
    with pytest.raises(CreditError) as refusal:
        parse(text)
    assert [fault.path for fault in refusal.value.faults] == [
        "method.toml:weights.finance",
        "method.toml:base",
    ]
    assert str(refusal.value) == (
        "credit.weight at method.toml:weights.finance: "
        "expected numbers from 0, not all 0, got -1.0 (and 1 more)"
    )


def test_a_sub_index_that_counts_needs_an_indicator() -> None:
    text = TEXT.replace('sub = "finance"', 'sub = "operation"')
    with pytest.raises(CreditError) as refusal:
        parse(text)
    assert refusal.value.faults[0].path == "method.toml:indicators.finance"


def test_the_shipped_method_is_an_example_and_says_so() -> None:
    method = example()
    assert method.provenance == "example"
    assert "made up" in method.source
    assert len(method.indicators) == 24
    assert {one.sub for one in method.indicators} == set(SubIndex) == set(SUB_INDEX_ZH)
    assert all(one.label_zh and one.label_en and one.source for one in method.indicators)


def test_shares_add_up_whatever_the_weights_add_up_to() -> None:
    doubled = msgspec.structs.replace(
        example(), weights={sub: 2 * weight for sub, weight in example().weights.items()}
    )
    assert doubled.shares() == pytest.approx(example().shares())
    assert sum(doubled.shares().values()) == pytest.approx(1)


def test_the_method_that_held_is_found() -> None:
    old = msgspec.structs.replace(example(), version="old", until="2019-12")
    new = msgspec.structs.replace(example(), version="new", since="2020-01")
    assert held([old, new], Month.parse("2019-12")).version == "old"
    assert held([old, new], Month.parse("2020-01")).version == "new"
    with pytest.raises(CreditError) as refusal:
        held([old, new], Month.parse("2013-12"))
    assert str(refusal.value) == (
        "credit.method at since: expected one method for 2013-12, got none"
    )
    with pytest.raises(CreditError) as refusal:
        held([example(), new], Month.parse("2021-01"))
    assert refusal.value.faults[0].got == "example-1, new"


@pytest.mark.parametrize(
    ("score", "want"), [(100, "A"), (70, "A"), (69.99, "B"), (50, "B"), (30, "C"), (29.9, "D")]
)
def test_classes(score: float, want: str) -> None:
    assert example().classes.of(score) == want


@pytest.mark.parametrize(
    "text", ["2024-13", "2024-00", "2024-1", "24-01", "2024/01", "２０２４-01"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(CreditError) as refusal:
        Month.parse(text)
    assert refusal.value.faults[0].code == Fault.PERIOD


def test_months_count_on_over_the_year() -> None:
    month = Month.parse("2024-12")
    assert (month.year, month.of_year, str(month.plus(2))) == (2024, 12, "2025-02")
    assert Month.parse("2024-11") < month


@pytest.mark.parametrize("name", ["aggregate", "link", "method", "model", "panel"])
def test_the_examples_in_docstrings_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"guantong.credit.{name}"))
    assert result.attempted
    assert not result.failed


def test_the_package_is_light_without_the_room() -> None:
    """Neither the package nor the room loads what only the extra `index` brings."""
    code = "import sys, guantong, guantong.credit; print({'polars', 'scipy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

"""The cases in ``tests/cases/rules_*.yaml``: readable by an official, run here."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from guantong.rules import Actor, Role, Workdays, completeness, on
from guantong.rules.completeness import MissingField

CASES = Path(__file__).parent.parent / "cases"


def cases(name: str) -> list[Any]:
    rows = yaml.safe_load((CASES / f"rules_{name}.yaml").read_text("utf-8"))
    return [pytest.param(row, id=row["name"]) for row in rows]


@pytest.mark.parametrize("case", cases("duties"))
def test_duties(case: dict[str, Any]) -> None:
    rules, marks = on(case["day"]), frozenset(case["marks"])
    named = {Actor.PRODUCER, Actor.SELLER}
    found = [duty for duty in rules.duties(marks) if duty.actor in named]
    assert [duty.key for duty in found] == case["want"]
    assert rules.lists(marks) == frozenset(case.get("lists", []))
    assert all(duty.because and duty.source for duty in found)
    if "provenance" in case:
        grounds = {row.provenance.value for duty in found for row in duty.because}
        assert grounds == set(case["provenance"])


@pytest.mark.parametrize("case", cases("recall"))
def test_recall(case: dict[str, Any]) -> None:
    rules = on(dt.date(2026, 11, 23))
    deadline = rules.recall_deadlines[case["step"]]
    workdays = Workdays(
        *(frozenset(case.get(name, [])) for name in ("holidays", "worked", "years"))
    )
    if deadline.unit == "working_days":
        later = workdays.after(case["start"], deadline.value)
    else:
        later = rules.due(case["step"], case["start"])
    assert (later.day, later.weekends_only) == (case["want"], case["weekends_only"])
    if workdays == rules.workdays:
        assert rules.due(case["step"], case["start"]) == later


def keys(fields: tuple[MissingField, ...]) -> list[str]:
    return [f"{field.group}.{field.field}" for field in fields]


@pytest.mark.parametrize("case", cases("completeness"))
def test_completeness(case: dict[str, Any]) -> None:
    found = completeness(
        case["day"],
        Role(case["role"]),
        frozenset(case["lists"]),
        case.get("firm"),
        case.get("product"),
        case.get("flow"),
    )
    assert sorted(keys(found.missing)) == sorted(case["missing"])
    assert sorted(keys(found.advised)) == sorted(case["advised"])
    assert found.complete == (not case["missing"])
    assert all(field.label_zh and field.label_en and field.source for field in found.missing)

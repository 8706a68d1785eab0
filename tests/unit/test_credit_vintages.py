"""A release is never overwritten, and every revision can be told."""

import math
from dataclasses import replace

import numpy as np
import pytest

from guantong.credit.model import CreditError, Month, PanelMonth, Place, Release, SubIndex
from guantong.credit.vintages import Change, Fault, Vintage, Vintages, input_hash
from guantong.ledger.statement import Statement, StatementType

RELEASE = Release(
    period="2024-10",
    method="example-1",
    national=158.83000000000004,
    sub_indices={SubIndex.FINANCE: 160.1, SubIndex.COMPLIANCE: 157.0},
    provinces={"11": 162.5, "34": 162.4, "54": math.nan},
    sections={"J": 170.0, "T": math.nan},
    rankings={"province": (Place(1, "11", 162.5), Place(2, "34", 162.4))},
    firms=10,
    score=71.5,
    weights={"11": 0.5, "34": 0.5},
)
FIRST = Vintage(
    number=1,
    input="ab" * 32,
    method="example-1",
    code="0.1.0",
    issued="2024-11-12",
    release=RELEASE,
    adjusted=158.5,
)
SECOND = replace(
    FIRST,
    number=2,
    input="cd" * 32,
    issued="2024-12-12",
    reason="late annual reports",
    release=replace(
        RELEASE,
        national=158.9,
        provinces={"11": 162.3, "34": 162.4, "54": 150.0},
        rankings={"province": (Place(1, "34", 162.4), Place(2, "11", 162.3))},
    ),
)


def same(one: Vintage, other: Vintage) -> bool:
    return one.body() == other.body()


def test_bytes_read_back_are_the_same_vintage() -> None:
    again = Vintage.parse(FIRST.body())
    assert same(again, FIRST)
    assert again.release.national == RELEASE.national
    assert math.isnan(again.release.provinces["54"])
    assert again.release.rankings == RELEASE.rankings
    assert again.release.sub_indices == RELEASE.sub_indices


def test_the_order_in_which_figures_were_found_does_not_change_the_bytes() -> None:
    turned = replace(RELEASE, provinces=dict(reversed(list(RELEASE.provinces.items()))))
    assert same(replace(FIRST, release=turned), FIRST)


def test_meta_fits_a_statement_of_the_ledger() -> None:
    said = Statement(
        by="operator",
        doc="0" * 64,
        media="application/json",
        meta=FIRST.meta(),
        n=0,
        received=1,
        typ=StatementType.MANIFEST,
        v=1,
    )
    assert Statement.parse(said.encode()).meta["vintage"] == 1


def test_a_vintage_is_never_overwritten() -> None:
    kept = Vintages().added(FIRST)
    with pytest.raises(CreditError) as refusal:
        kept.added(replace(FIRST, release=replace(RELEASE, national=158.84)))
    flaw = refusal.value.faults[0]
    assert (flaw.code, flaw.path) == (Fault.VINTAGE_KEPT, "2024-10/1")
    assert same(kept.held["2024-10"][0], FIRST)


def test_the_same_vintage_again_changes_nothing() -> None:
    kept = Vintages().added(FIRST)
    assert kept.added(Vintage.parse(FIRST.body())) is kept


@pytest.mark.parametrize("number", [0, 3, -1])
def test_numbers_follow_each_other(number: int) -> None:
    with pytest.raises(CreditError) as refusal:
        Vintages().added(FIRST).added(replace(SECOND, number=number))
    assert refusal.value.faults[0].code == Fault.VINTAGE_ORDER


def test_a_revision_names_every_figure_that_changed() -> None:
    kept = Vintages().added(FIRST).added(SECOND)
    (told,) = kept.revisions("2024-10")
    assert (told.was, told.now, told.rests_on) == (1, 2, ("input",))
    assert told.reason == "late annual reports"
    assert told.changes == (
        Change("national", RELEASE.national, 158.9),
        Change("provinces.11", 162.5, 162.3),
        Change("provinces.54", None, 150.0),
        Change("rank.province.11", 1, 2),
        Change("rank.province.34", 2, 1),
    )
    assert told.changes[1].difference == pytest.approx(-0.2)
    assert told.changes[2].difference is None
    assert kept.revisions("2024-09") == ()


def test_what_was_known_on_a_day() -> None:
    kept = Vintages().added(FIRST).added(SECOND)
    assert [one.number for one in kept.as_of("2024-11-30")] == [1]
    assert [one.number for one in kept.as_of("2024-12-12")] == [2]
    assert list(kept.as_of("2024-11-11")) == []
    assert kept.of("2024-10") is SECOND
    assert kept.of("2024-10", 1) is FIRST
    assert kept.of("2024-10", 3) is None
    assert kept.of("2024-09") is None
    assert kept.next_number("2024-10") == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"{}",
        FIRST.body().replace(b'"v":1', b'"v":2'),
        FIRST.body().replace(b'"number":1', b'"number":0'),
        FIRST.body().replace(b'"finance"', b'"finances"'),
        FIRST.body().replace(b"abab", b"ABAB", 1),
        FIRST.body().replace(b'"method":"example-1"', b'"method":"other"', 1),
    ],
)
def test_bytes_that_are_no_vintage(raw: bytes) -> None:
    with pytest.raises(CreditError) as refusal:
        Vintage.parse(raw)
    assert refusal.value.faults[0].code == Fault.VINTAGE_BODY


def panel(**other: object) -> PanelMonth:
    told: dict[str, object] = {
        "month": Month.parse("2024-10"),
        "firm": np.array([1, 2], np.int64),
        "province": np.array([11, 34], np.uint8),
        "section": np.array([2, 9], np.uint8),
        "weight": np.ones(2, np.float32),
        "values": {"a": np.array([1, np.nan], np.float32), "b": np.array([3, 4], np.float32)},
    }
    return PanelMonth(**(told | other))  # type: ignore[arg-type]


def test_the_input_hash_sees_every_column() -> None:
    usual = input_hash(panel())
    assert usual == input_hash(panel())
    others = [
        panel(month=Month.parse("2024-11")),
        panel(firm=np.array([1, 3], np.int64)),
        panel(province=np.array([11, 35], np.uint8)),
        panel(section=np.array([2, 8], np.uint8)),
        panel(weight=np.array([1, 2], np.float32)),
        panel(values={"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.float32)}),
        panel(values={"a": np.array([1, np.nan], np.float32)}),
        panel(born=np.array([0, 0], np.int32)),
    ]
    assert len({usual, *map(input_hash, others)}) == 9

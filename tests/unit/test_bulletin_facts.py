"""Small texts of ours whose claims are known, figure by figure."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guantong.bulletin import (
    BulletinError,
    Corrections,
    Rankings,
    Reason,
    Series,
    check,
    read,
    shipped_rankings,
    shipped_series,
)
from guantong.bulletin.check import TEXT_MAX
from guantong.bulletin.flow import flow
from guantong.bulletin.numbers import numbers
from guantong.bulletin.periods import base_period, mentions

VECTORS = Path(__file__).parent.parent / "vectors"


def rows(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"bulletin_{name}.json").read_text("utf-8"))
    return [pytest.param(row, id=row["desc"]) for row in found]


@pytest.mark.parametrize("row", rows("facts"))
def test_claims_are_found_and_judged(row: dict[str, Any]) -> None:
    report = check(row["input"])
    for want in row["want"]:
        spoken = [
            one
            for one in report.claims
            if report.text[one.span.start : one.span.end] == want["text"]
        ]
        assert len(spoken) == 1, [one.text for one in report.claims]
        (claim,) = spoken
        assert str(claim.verdict) == want["verdict"], claim
        assert claim.should_be == want["should_be"]
        if want["because"]:
            assert want["because"] in [ground.text for ground in claim.because]
        # Every verdict says why, or what is missing; never both, never neither.
        assert bool(claim.because) != bool(claim.missing)


@pytest.mark.parametrize("row", rows("numbers"))
def test_a_number_is_read_with_its_bounds(row: dict[str, Any]) -> None:
    figures, _ = numbers(flow(row["input"]), [])
    (figure,) = figures
    want = row["want"]
    assert figure.quantity.value == Decimal(want["value"])
    assert figure.unit == want["unit"]
    assert figure.quantity.low == (want["low"] and Decimal(want["low"]))
    assert figure.quantity.high == (want["high"] and Decimal(want["high"]))


@pytest.mark.parametrize("row", rows("periods"))
def test_a_figure_knows_its_period(row: dict[str, Any]) -> None:
    run = flow(row["input"])
    figures, _ = numbers(run, mentions(run.text, base_period(run.text)))
    assert [str(one.period or "") for one in figures] == [row["want"]]


@pytest.mark.parametrize("row", rows("not_claims"))
def test_a_number_that_claims_nothing_says_why(row: dict[str, Any]) -> None:
    report = check(row["input"])
    assert report.claims == ()
    assert {one.reason for one in report.passed_over} == {Reason(row["want"])}


@pytest.mark.parametrize("row", rows("refused"))
def test_what_cannot_be_used_is_refused(row: dict[str, Any]) -> None:
    kind, _, name = row["input"]["kind"].partition(":")
    text = row["input"]["text"].replace("LONG", "字" * (TEXT_MAX + 1))
    doors: dict[str, Callable[[str], object]] = {
        "series": Series.parse,
        "rankings": Rankings.parse,
        "corrections": lambda text: Corrections.load(text.encode()),
        "document": lambda text: read(text.encode(), name),
    }
    with pytest.raises(BulletinError) as caught:
        doors[kind](text)
    assert [fault.code for fault in caught.value.faults] == [row["fault"]]


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(BulletinError) as caught:
        check("字" * (TEXT_MAX + 1))
    assert caught.value.faults[0].code == "bulletin.size"


def test_nothing_is_found_in_nothing() -> None:
    assert check("").claims == ()
    assert check(" \n\u3000").claims == ()


def test_an_office_may_bring_its_own_series_and_rankings() -> None:
    text = "2030年2月，中国企业信用指数为201.50点，较1月上涨1.50点。北京信用指数排名重返首位。"
    series = Series.parse(
        "period,value,kind,source\n2030-01,200.00,published,own\n2030-02,201.50,published,own\n"
    )
    rows = "".join(
        f"2030-0{month},province,1,{key},own\n" for month, key in ((1, "上海"), (2, "北京"))
    )
    rows = f"period,dimension,rank,key,source\n2029-12,province,1,北京,own\n{rows}"
    report = check(text, series=series, rankings=Rankings.parse(rows))
    assert [str(one.verdict) for one in report.claims] == ["consistent"] * 3
    assert {ground.source for one in report.claims for ground in one.because if ground.source} == {
        "own"
    }
    nothing = check(text, series=Series({}), rankings=Rankings({}, {}))
    assert [str(one.verdict) for one in nothing.claims] == ["unverifiable"] * 3


def test_a_back_first_in_january_looks_to_last_december() -> None:
    rows = "period,dimension,rank,key,source\n2029-11,province,1,北京,own\n2029-12,province,1,上海,own\n2030-01,province,1,北京,own\n"
    report = check("2030年1月，北京信用指数排名重返首位。", rankings=Rankings.parse(rows))
    assert [str(one.verdict) for one in report.claims] == ["consistent"]


def test_the_shipped_figures_say_where_they_are_from() -> None:
    import tomllib
    from importlib.resources import files

    told = tomllib.loads(
        files("guantong.bulletin").joinpath("data", "sources.toml").read_text("utf-8")
    )
    assert {row.source for row in shipped_series().rows.values()} <= told["sources"].keys()
    assert set(shipped_rankings().sources.values()) <= told["sources"].keys()
    assert len(shipped_series().rows) == 24
    assert sum(row.derived for row in shipped_series().rows.values()) == 6
    assert all(len(places) == 5 for places in shipped_rankings().rows.values())


def test_the_period_of_the_text_may_be_told() -> None:
    claims = check("企业信用指数为158.83点，较上月上涨0.47点。", period="2024-10").claims
    assert [str(one.verdict) for one in claims] == ["consistent", "consistent"]


def test_places_in_other_rankings_are_none_of_ours() -> None:
    text = "2024年10月，从居民消费价格指数看，广东位居首位，北京排名重返首位。"
    assert check(text).claims == ()

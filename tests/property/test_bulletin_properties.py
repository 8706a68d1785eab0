"""Promises of the checker that hold for any figures and any text."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from guantong.bulletin import Verdict, check, marked_up, to_csv, to_json
from guantong.bulletin.arithmetic import bases, rounded
from guantong.bulletin.flow import flow

pytestmark = pytest.mark.property

counts = st.integers(1, 10**7)
alphabet = "0123456789，。、；,.%－—一二三十百万亿两第前约超近占比较同增长下降月年日季度（）()〔〕\n\t 　<>&\"'=件家个点指数信用排名首位前五北京安徽金融业其中合计率倍百分之"
texts = st.text(st.sampled_from(alphabet) | st.characters(codec="utf-8"), max_size=200)


def printed(value: Decimal, places: int) -> str:
    return str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


@given(counts, st.integers(1, 10**7), st.integers(0, 4))
def test_a_share_rightly_rounded_is_never_wrong(part: int, more: int, places: int) -> None:
    whole = part + more
    share = printed(Decimal(part) * 100 / whole, places)
    claims = check(f"查办案件{whole}件，其中网络案件{part}件，占{share}%。").claims
    assert [claim.verdict for claim in claims] == [Verdict.CONSISTENT] * 3


@given(counts, st.integers(1, 10**7), st.integers(0, 4), st.integers(2, 50))
def test_a_share_off_by_two_in_the_last_place_is_wrong_and_righted(
    part: int, more: int, places: int, off: int
) -> None:
    whole = part + more
    right = printed(Decimal(part) * 100 / whole, places)
    said = Decimal(right) + off * Decimal(1).scaleb(-places)
    claim = check(f"查办案件{whole}件，其中网络案件{part}件，占{said}%。").claims[-1]
    assert (claim.verdict, claim.should_be) == (Verdict.WRONG, f"{right}%")


@given(st.integers(1, 10**5), st.integers(1, 10**5), st.integers(1, 4))
def test_a_true_growth_has_its_base_among_the_bases(now: int, base: int, places: int) -> None:
    growth = rounded(printed((Decimal(now) / base - 1) * 100, places))
    assert base in bases(Decimal(now), growth)


@given(st.lists(counts, min_size=2, max_size=5), st.integers(-9, 9).filter(bool))
def test_a_total_is_right_or_righted(parts: list[int], off: int) -> None:
    names = ["甲", "乙", "丙", "丁", "戊"]
    listed = "，".join(f"{name}类{part}件" for name, part in zip(names, parts, strict=False))
    assert (
        check(f"{listed}，合计{sum(parts)}件。").of(Verdict.CONSISTENT)[-1].text
        == f"{sum(parts)}件"
    )
    if sum(parts) + off > 0:
        (wrong,) = check(f"{listed}，合计{sum(parts) + off}件。").of(Verdict.WRONG)
        assert wrong.should_be == f"{sum(parts)}件"


@given(texts)
def test_any_text_is_read_and_every_digit_accounted_for(text: str) -> None:
    report = check(text)
    run = flow(text)
    spans = [one.span for one in report.claims] + [one.span for one in report.passed_over]
    for at, char in zip(run.origin, run.text, strict=True):
        if char in "0123456789":
            assert any(span.start <= at < span.end for span in spans), (text, at)
    for claim in report.claims:
        assert 0 <= claim.span.start < claim.span.end <= len(text)
        assert bool(claim.because) != bool(claim.missing)
        assert not claim.should_be or claim.verdict is Verdict.WRONG
    assert to_json(report)
    assert to_csv(report)


@given(texts)
def test_marked_up_text_can_always_be_parsed(text: str) -> None:
    clean = "".join(char for char in text if char.isprintable() or char == "\n")
    tree = html.fragment_fromstring(marked_up(check(clean)))
    assert {str(one.tag) for one in tree.iter()} <= {"div", "mark", "ins", "br"}


@given(texts)
def test_layout_does_not_matter(text: str) -> None:
    plain = text.replace("\n", "").replace("\t", "").replace(" ", "").replace("\u3000", "")
    wide = plain.translate({0x30 + digit: 0xFF10 + digit for digit in range(10)})
    if "," in plain or "，" in plain:
        return
    said = [(claim.verdict, claim.value) for claim in check(plain).claims]
    assert [(claim.verdict, claim.value) for claim in check(wide).claims] == said

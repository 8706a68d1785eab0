"""The bulletin of October 2024: every number in it is accounted for, and every claim judged."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from guantong.bulletin import Claim, Reason, Report, Verdict, check

NUMBER = re.compile(r"\d+|[〇零一二三四五六七八九十百千万亿两]+")
C, U = Verdict.CONSISTENT, Verdict.UNVERIFIABLE

CASES = {"7459件": C, "8.57%": C, "3032件": C, "40.65%": C}
"""Of the piece on unfair competition."""
INDEX = [
    ("158.83点", C), ("0.47点", C), ("有升有降", C), ("五个省份", C), ("四地", C), ("三地", C),
    ("继续稳居信用指数排名前五", C), ("重返首位", C), ("小幅上升", C), ("延续回升", C),
    ("保持平稳", U), ("总体稳定", U), ("环比增加", U), ("略有下降", U), ("呈现小幅上升趋势", U), ("增幅较大", U),
    ("排名显著提升", U), ("排名延续上升趋势", U), ("突破今年以来最高排名", U), ("较9月有所提高", U),
    ("稳步回升", U), ("增幅最大", U), ("排名明显提升", U), ("是今年首次进入指数排名前5", U),
    ("排名上升2位", U), ("达到今年以来新高", U), ("止跌回升", U), ("排名有所回落", U),
]  # fmt: skip
"""Of the piece on the index. Unverifiable are those on places beyond the first five, on months
whose rankings were not found, and on sub-indices, which are not published as numbers."""


@pytest.fixture(scope="module")
def report(testdata: Callable[[str], Path]) -> Report:
    return check(testdata("bulletin/2024-10.txt").read_text("utf-8"))


def claim(report: Report, text: str) -> Claim:
    found = [one for one in report.claims if one.text == text]
    assert found, text
    return found[0]


def test_every_number_is_in_a_claim_or_passed_over_with_a_reason(report: Report) -> None:
    spans = [one.span for one in report.claims] + [one.span for one in report.passed_over]
    numbers = list(NUMBER.finditer(report.text))
    assert len(numbers) > 400
    for number in numbers:
        inside = any(span.start <= number.start() and number.end() <= span.end for span in spans)
        assert inside, report.text[number.start() - 20 : number.end() + 20]


def test_no_number_is_in_two_claims(report: Report) -> None:
    figures = [one for one in report.claims if NUMBER.search(one.text)]
    for one in figures:
        for other in figures:
            apart = one.span.end <= other.span.start or other.span.end <= one.span.start
            assert one is other or apart, (one.text, other.text)


def test_what_is_passed_over(report: Report) -> None:
    """Reasons are counted, so that a number that moves from one kind to another shows."""
    arabic = Counter(one.reason for one in report.passed_over if re.search(r"\d", one.text))
    assert arabic == {
        Reason.DATE: 7,
        Reason.PERIOD: 21,
        Reason.LABEL: 11,
        Reason.NAME: 5,
        Reason.ORDINAL: 1,
        Reason.IDIOM: 1,
        Reason.URL: arabic[Reason.URL],
    }
    assert arabic[Reason.URL] > 10


def test_nothing_in_it_is_wrong(report: Report) -> None:
    assert report.of(Verdict.WRONG) == ()


def test_the_cases_of_unfair_competition_hold(report: Report) -> None:
    assert {text: claim(report, text).verdict for text in CASES} == CASES
    growth = claim(report, "8.57%")
    assert "唯一可能的整数基期值为 6870" in [ground.text for ground in growth.because]
    assert growth.period == "2024-01/2024-08"


def test_every_claim_on_the_index_is_found_and_judged(report: Report) -> None:
    begin = report.text.index("158.83")
    end = report.text.index("推动经济高质量发展。", begin)
    here = [one for one in report.claims if begin - 5 <= one.span.start < end]
    assert {one.text for one in here} == {text for text, _ in INDEX}
    assert Counter(one.verdict for one in here) == {C: 10, U: 20}
    for text, verdict in INDEX:
        assert {one.verdict for one in here if one.text == text} == {verdict}, text
    assert {one.period for one in here} == {"2024-10"}


def test_verdicts_rest_on_published_rows(report: Report) -> None:
    change = claim(report, "0.47点")
    assert {"2024-09", "2024-10"} <= {ground.period for ground in change.because}
    back = claim(report, "重返首位")
    assert [ground.period for ground in back.because] == ["2024-10", "2024-09", "2024-08"]
    assert claim(report, "是今年首次进入指数排名前5").missing.startswith("2024-01、2024-02")
    assert "重庆、江西、海南的名次" in claim(report, "突破今年以来最高排名").missing


@pytest.mark.parametrize(
    ("text", "instead", "should_be"),
    [
        ("40.65%", "40.56%", "40.65%"),
        ("8.57%", "8.579%", ""),
        ("0.47 点", "0.74 点", "0.47点"),
        ("158.83 点", "158.38 点", "158.83点"),
        ("浙江、陕西五个省份", "浙江五个省份", "四个省份"),
        ("江苏、浙江、陕西五个", "江苏、浙江、福建五个", "北京、安徽、江苏、浙江、陕西"),
        ("北京排名重返首位", "安徽排名重返首位", "第2位"),
        ("10 月 17日", "2 月 30日", ""),
        ("珠海 4 地", "珠海 5 地", "4地"),
        ("财务性分指标环比增加，合规", "财务性分指标环比降低，合规", "只降不升"),
    ],
)
def test_an_error_planted_in_it_is_the_only_one_found(
    report: Report, text: str, instead: str, should_be: str
) -> None:
    assert text in report.text
    spoilt = check(report.text.replace(text, instead, 1))
    (wrong,) = spoilt.of(Verdict.WRONG)
    assert wrong.should_be == should_be

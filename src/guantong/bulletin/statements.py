"""Which statements in words does the text make about places and directions?

Each pattern has the function that judges it; the first pattern that fits a place of the text
has it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from guantong.bulletin.asked import Asked
from guantong.bulletin.directions import direction, mixed, run, turned
from guantong.bulletin.finding import Finding, Page
from guantong.bulletin.numerals import small
from guantong.bulletin.periods import Mention, Period
from guantong.bulletin.places import Group, groups
from guantong.bulletin.ranking import (
    entered,
    first_time,
    left,
    listed,
    moved,
    never,
    nth,
    record,
    returned,
    top,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in words: about places, a record, or a direction. Offsets in the running text."""

    start: int
    end: int
    subject: str
    period: Period | None
    value: str
    unit: str
    finding: Finding


_N: Final = r"(?P<n>[一二三四五六七八九十]{1,2}|\d{1,2})"
_MODERATE: Final = r"(?:小幅|略有|有所|稳步|持续|明显|显著|大幅|稳中有|普遍呈现(?:小幅)?|均)"
_WAYS: Final[tuple[tuple[re.Pattern[str], Callable[[Asked], Finding], str], ...]] = (
    (re.compile(rf"(?:是)?(?:今年|年内)(?:以来)?(?:首次|第一次)(?:进入|跻身|位列)[^，。；]{{0,8}}?前{_N}(?:位|名)?"), first_time, "need"),
    (re.compile(rf"(?:重返|重回|再次进入|再度进入)(?:[^，。；]{{0,6}}?前{_N}(?:位|名)?|(?:排名|全国)?(?:首位|第一位?|榜首))"), returned, "need"),
    (re.compile(rf"(?:跌出|退出|跌落)[^，。；]{{0,6}}?前{_N}(?:位|名)?"), left, "need"),
    (re.compile(rf"(?:新进入?|首次进入|跻身|晋级|升入|进入)[^，。；]{{0,8}}?前{_N}(?:位|名)?"), entered, "need"),
    (re.compile(rf"[^，。；\n]{{0,14}}?(?<=[名居列])前{_N}(?:位|名)?(?:的)?(?:省份|省市|行业|门类|地区|省区市)?(?:分别|依次)?(?:为|是|:)(?=[\u4e00-\u9fff])"), listed, "after"),
    (re.compile(rf"(?P<still>继续|依然|仍|保持|持续)?(?:稳居|位居|位列|居|列|保持|保持在|分列|分居|包揽|处于|名列|排名|排在|排)[^，。；]{{0,16}}?前{_N}(?:位|名)?"), top, "need"),
    (re.compile(rf"(?P<still>继续|依然|仍|保持|持续|蝉联|连续(?:[两三四五六七八九十\d]+个?[月季]度?)?)?(?:稳居|位居|位列|居|列|排名|排在|保持|保持在|蝉联|名列|升至|升到|降至|跃居)?(?:全国|排名|信用指数排名)?(?:首位|榜首|第{_N}位?(?=[，。；、]|和|$))"), nth, "need"),
    (re.compile(r"(?:突破|达到|达|创|创下|为|刷新)(?:了)?(?:今年以来|年内|历史|今年)(?:的)?(?:最高|新高|最好|最高点|最高值|最高水平|最好水平)(?:排名|名次|水平)?"), record, ""),
    (re.compile(r"止跌回升|由降转升|由升转降"), turned, ""),
    (re.compile(rf"(?:排名|名次|位次)(?:较上月|较\d+月|环比)?(?:上升|提升|前进|下降|后退|回落|下滑|提高)(?:了)?{_N}(?:个)?位(?:次)?"), moved, "need"),
    (re.compile(r"(?:排名|名次|位次)(?:显著|明显|有所|大幅|小幅|略有|均)*(?:上升|提升|前进|下降|后退|回落|下滑)"), moved, "need"),
    (re.compile(rf"(?:企业信用)?(?:指数|信用指数)?(?:已)?连续{_N}个(?:月|季度)(?:环比)?(?:上升|上涨|增长|回升|下降|回落)"), run, ""),
    (re.compile(r"(?:增幅|涨幅|降幅|升幅|跌幅)(?:为)?(?:最大|较大|居首|最小)"), never, ""),
    (re.compile(r"有升有降|升降互现|涨跌互现"), mixed, ""),
    (re.compile(r"(?:排名)?(?:延续|保持|呈现?)[^，。；]{0,6}?(?:上升|回升|增长|下降|回落|向好)(?:态势|趋势|势头)?"), direction, "subject"),
    (re.compile(rf"(?:较上月|较\d{{1,2}}月|环比|与上月相比)?{_MODERATE}(?:上升|上涨|提高|提升|增加|增长|回升|下降|回落|下滑|降低)(?:趋势|态势)?(?![到至了约]|[^，。；\n]{{0,4}}\d)"), direction, "subject"),
    (re.compile(r"环比(?:上升|上涨|提高|提升|增加|增长|回升|下降|回落|下滑|降低)(?![到至了约]|[^，。；\n]{0,3}\d)"), direction, "subject"),
    (re.compile(r"(?:总体|基本|整体)?(?:保持)?(?:稳定|持平|平稳)(?=[，。；\n]|$)"), direction, "subject"),
)  # fmt: skip
_OURS: Final = re.compile(r"信用(?:状况)?指数|企业信用水平")
_TOPIC: Final = re.compile(r"指数|分指标|信用水平|排名|名次|位次")
_SENTENCE: Final = re.compile(r"[^。！？\n]+")


def statements(page: Page, times: list[Mention]) -> Iterator[Statement]:
    """All statements in words about places and directions, in the paragraphs on the index."""
    for sentence in _SENTENCE.finditer(page.text):
        paragraph = _paragraph(page.text, sentence.start())
        # Places and directions of prices, confidence or output are none of ours.
        if not _OURS.search(paragraph):
            continue
        yield from _in_sentence(page, times, sentence.start(), sentence.group())


def _paragraph(text: str, at: int) -> str:
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return text[begin : end if end >= 0 else len(text)]


def _in_sentence(
    page: Page, times: list[Mention], start: int, sentence: str
) -> Iterator[Statement]:
    taken: list[tuple[int, int]] = []
    known = groups(sentence)
    end = start + len(sentence)
    for pattern, judge, need in _WAYS:
        for match in pattern.finditer(page.text, start, end):
            if any(first < match.end() and match.start() < last for first, last in taken):
                continue
            group = _whose(known, match.start() - start, match.end() - start, need, sentence)
            if need in {"need", "after"} and group is None:
                continue
            if need == "subject" and not _has_topic(sentence, match.start() - start, group):
                continue
            taken.append(match.span())
            yield _statement(page, times, match, group, judge)


def _has_topic(sentence: str, at: int, group: Group | None) -> bool:
    """Whether a direction is that of an index or a ranking, and not of something else."""
    clause = (
        sentence[:at].rpartition("，")[2].rpartition("、")[2]
        + sentence[at : at + 12].partition("，")[0]
    )
    lead = sentence[:at]
    if group is not None and group.dimension == "sub-index" and group.end <= at:
        return at - group.end < 6
    if "分指标" in clause:
        return True
    # 指数为 161.79 点，较上月略有上升: the clause before is about the index.
    return bool(_TOPIC.search(clause)) or bool(re.search(r"指数[^，。]{0,14}，?$", lead))


def _whose(known: list[Group], at: int, end: int, need: str, sentence: str) -> Group | None:
    """The names a statement is about: those just before it, or after it where it lists them."""
    if need == "after":
        return next((group for group in known if 0 <= group.start - end <= 1), None)
    before = [group for group in known if group.end <= at]
    if not before:
        return None
    last = before[-1]
    if last.dimension == "sub-index" and need == "need":
        outer = [group for group in before if group.dimension != "sub-index"]
        last = outer[-1] if outer else last
    national = sentence.rfind("企业信用指数", last.end, at)
    return None if national >= 0 else last


_LOOK_BACK: Final = 100
"""Expressions of time."""


def _time_of(
    page: Page, times: list[Mention], match: re.Match[str]
) -> tuple[Period | None, Period | None]:
    """The period a statement is about, and the one it is compared with."""
    against: Period | None = None
    end = bisect_left(times, match.end(), key=lambda time: time.start)
    for time in reversed(times[max(0, end - _LOOK_BACK) : end]):
        if time.period is None or time.date:
            continue
        if not time.compared:
            if page.text[time.start : time.end] not in {"今年", "今年以来", "全年"}:
                return time.period, against
        elif time.start > match.start() - 40 and "。" not in page.text[time.start : match.start()]:
            against = against or time.period
    return None, against


def _statement(
    page: Page, times: list[Mention], match: re.Match[str], group: Group | None,
    judge: Callable[[Asked], Finding],
) -> Statement:  # fmt: skip
    period, against = _time_of(page, times, match)
    if period and against and against.months != period.months:
        against = None
    asked = Asked(page, match, group, period, against)
    finding = judge(asked)
    subject = str(group) if group else "企业信用指数"
    value = match["n"] if "n" in match.re.groupindex and match["n"] else match.group()
    return Statement(
        match.start(),
        match.end(),
        subject,
        period,
        str(small(value) or value),
        "位" if small(value) else "",
        finding,
    )

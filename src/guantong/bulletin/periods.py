"""Which months does an expression of time mean?

A period is a run of whole months of one year. Relative expressions (今年, 去年同期, 上月) are read
against the period the text is about.
"""

import calendar
import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Self

from guantong.bulletin.numerals import small


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Months `first` to `last` of `year`, both inclusive."""

    year: int
    first: int
    last: int

    @property
    def months(self) -> int:
        """How many."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        """``2024``, ``2024Q3``, ``2024-10`` or ``2024-01/2024-08``."""
        if self.months == 12:
            return f"{self.year}"
        if self.months == 3 and self.first % 3 == 1:
            return f"{self.year}Q{self.last // 3}"
        if self.months == 1:
            return f"{self.year}-{self.first:02}"
        return f"{self.year}-{self.first:02}/{self.year}-{self.last:02}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `__str__` writes; None if it is something else."""
        match = _NAME.fullmatch(text)
        if not match:
            return None
        year, quarter, first, last = (int(part) if part else 0 for part in match.groups())
        if quarter:
            return cls(year, quarter * 3 - 2, quarter * 3)
        if first:
            return cls(year, first, last or first) if first <= (last or first) <= 12 else None
        return cls(year, 1, 12)

    def year_before(self) -> "Period":
        """The same months a year earlier."""
        return Period(self.year - 1, self.first, self.last)

    def before(self) -> "Period":
        """The period of the same length that ends when this begins."""
        if self.first > self.months:
            return Period(self.year, self.first - self.months, self.first - 1)
        last = self.first + 11
        return Period(self.year - 1, max(1, last - self.months + 1), min(12, last))

    def month_range(self) -> tuple["Period", ...]:
        """Each month of it."""
        return tuple(Period(self.year, month, month) for month in range(self.first, self.last + 1))

    def holds(self, other: "Period") -> bool:
        """Whether `other` lies in it."""
        return self.year == other.year and self.first <= other.first and other.last <= self.last


@dataclass(frozen=True, slots=True)
class Mention:
    """An expression of time in the text."""

    start: int
    end: int
    period: Period | None
    """None when it says nothing definite."""
    compared: bool = False
    """Whether it is what something is compared with (较 9 月)."""
    wrong: str = ""
    """Why such a time cannot be; "" if it can."""
    date: bool = False
    checked: bool = False
    """Whether there was something to check: a weekday or a range of days."""
    should_be: str = ""


_NAME: Final = re.compile(r"(\d{4})(?:Q([1-4])|-(0[1-9]|1[0-2])(?:/\d{4}-(0[1-9]|1[0-2]))?)?")
_CN: Final = "〇零一二三四五六七八九十"
_YEAR: Final = r"(?:(?P<year>(?:19|20)\d\d|[二一][〇零一二三四五六七八九]{3})年|(?P<which>今年|去年|上年|前年|当年|本年))"
_MONTH: Final = rf"(?:\d{{1,2}}|[{_CN}]{{1,3}})"
_PART: Final = (
    rf"(?P<from>{_MONTH})(?:月份?)?(?:-{{1,2}}|~|至|到)(?P<till>{_MONTH})月份?"
    rf"|(?P<month>{_MONTH})月份?(?!\d{{1,2}}日)"
    r"|第?(?P<quarter>[一二三四1-4])季度|(?P<half>[上下])半年|前(?P<quarters>[二两三23])(?:个)?季度"
    rf"|前(?P<months>{_MONTH})个月|(?P<whole>全年)"
)
_PERIOD: Final = re.compile(
    rf"(?P<upto>截至|截止)?(?:(?P<same>去年同期|上年同期|同期)|(?P<last>上月|上个月|本月|当月|上季度|上一季度|本季度)"
    rf"|{_YEAR}?(?:{_PART})|{_YEAR.replace('year', 'year2').replace('which', 'which2')}(?P<since>以来)?)(?P<end>底|末)?"
)
_DATE: Final = re.compile(
    rf"(?:{_YEAR})?(?P<month>\d{{1,2}}|[{_CN}]{{1,3}})月(?P<day>\d{{1,2}}|[{_CN}]{{1,3}})[日号]"
    r"(?:\((?:星期|周)(?P<weekday>[一二三四五六日天])\)|(?:星期|周)(?P<weekday2>[一二三四五六日天]))?"
    r"(?:(?:-{1,2}|~|至|到)(?:(?P<month2>\d{1,2})月)?(?P<day2>\d{1,2})[日号])?"
)
_COMPARED_BEFORE: Final = re.compile(r"(?:较|比|与|同|和|[去上]年的?|基数为)$")
_COMPARED_AFTER: Final = re.compile(r"(?:相比|比较)")
_WEEKDAYS: Final = "一二三四五六日"


def base_period(text: str) -> Period | None:
    """What the text is about: the month, else the year, it names most often in full."""
    named = [
        Period(_year(match["y"]), small(match["m"]), small(match["m"]))
        for match in re.finditer(rf"(?P<y>20\d\d)年(?P<m>{_MONTH})月(?!\d)", text)
        if 1 <= small(match["m"]) <= 12
    ]
    quarters = [
        Period(
            int(match[1]), "一二三四".index(match[2]) * 3 + 1, "一二三四".index(match[2]) * 3 + 3
        )
        for match in re.finditer(r"(20\d\d)年第?([一二三四])季度", text)
    ]
    years = Counter(int(match[1]) for match in re.finditer(r"(20\d\d)年", text))
    if not years:
        return None
    top = max(years, key=lambda year: (years[year], year))
    fitting = Counter(period for period in named + quarters if period.year == top)
    return max(fitting, key=lambda one: fitting[one]) if fitting else Period(top, 1, 12)


def mentions(text: str, base: Period | None) -> list[Mention]:
    """All expressions of time in a running text, in order."""
    found = [_date(match, base) for match in _DATE.finditer(text)]
    taken = bytearray(len(text))
    for one in found:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    running = base
    for match in _PERIOD.finditer(text):
        if any(taken[match.start() : match.end()]):
            continue
        mention = _mention(match, text, running, base)
        if mention:
            found.append(mention)
            if mention.period and not mention.compared:
                running = mention.period
    return sorted(found, key=lambda one: one.start)


def _year(text: str) -> int:
    if text.isdigit() and text.isascii():
        return int(text)
    return int("".join(_digit(char) for char in text))


def _digit(char: str) -> str:
    return str("零一二三四五六七八九".index("零" if char == "〇" else char))


def _which(year: str | None, which: str | None, running: Period | None) -> int | None:
    if year:
        return _year(year)
    if running is None:
        return None
    return running.year - {"去年": 1, "上年": 1, "前年": 2}.get(which or "", 0)


def _mention(
    match: re.Match[str], text: str, running: Period | None, base: Period | None
) -> Mention | None:
    start, end = match.span()
    before, after = text[max(0, start - 6) : start], text[end : end + 4]
    compared = bool(_COMPARED_BEFORE.search(before) or _COMPARED_AFTER.match(after))
    year = _which(match["year"] or match["year2"], match["which"] or match["which2"], base)
    if match["which"] == "当年" and running:
        year = running.year
    if match["which2"] in {"今年", "本年"}:
        record = re.match(r"(?:的)?(?:首次|最高|最低|新高|第)", after)
        part = Period(base.year, 1, base.last) if base and match["since"] and not record else None
        return Mention(start, end, part)
    if match["same"]:
        return Mention(start, end, running.year_before() if running else None, compared=True)
    if match["last"]:
        return Mention(
            start, end, _relative(match["last"], running), compared or "上" in match["last"]
        )
    if year is None and not _has_part(match):
        return None
    if year is None:
        return Mention(start, end, None, compared, _part_wrong(match))
    if not match["year"] and not match["which"] and running and _has_part(match):
        year = running.year
        # "较12月" in January is last year's.
        month = small(match["month"]) if match["month"] else 0
        if compared and month > running.last:
            year -= 1
    part = _part(match, year)
    if part is None:
        return Mention(start, end, None, compared, _part_wrong(match))
    if match["upto"] and part.months == 1:
        part = Period(part.year, 1, part.last)
    return Mention(start, end, part, compared)


def _has_part(match: re.Match[str]) -> bool:
    names = ("from", "month", "quarter", "half", "quarters", "months", "whole")
    return any(match[name] for name in names)


def _relative(word: str, running: Period | None) -> Period | None:
    if running is None:
        return None
    month = Period(running.year, running.last, running.last)
    if "季" in word:
        quarter = (running.last - 1) // 3 * 3 + 1
        found = Period(running.year, quarter, quarter + 2)
        return found.before() if word.startswith("上") else found
    return month.before() if word.startswith("上") else month


def _part(match: re.Match[str], year: int) -> Period | None:
    """The months meant; None when there are no such months."""
    if match["from"]:
        first, last = small(match["from"]), small(match["till"])
    elif match["month"]:
        first = last = small(match["month"])
    elif match["quarter"]:
        last = small(match["quarter"]) * 3
        first = last - 2
    elif match["half"]:
        first, last = (1, 6) if match["half"] == "上" else (7, 12)
    elif match["quarters"]:
        first, last = 1, small(match["quarters"]) * 3
    elif match["months"]:
        first, last = 1, small(match["months"])
    else:
        first, last = 1, 12
    return Period(year, first, last) if 1 <= first <= last <= 12 else None


def _part_wrong(match: re.Match[str]) -> str:
    if match["from"] and 1 <= small(match["till"]) < small(match["from"]) <= 12:
        return "起止月份颠倒"
    if match["from"] or match["month"] or match["months"]:
        given = (match["from"], match["till"], match["month"], match["months"])
        if any(not 1 <= small(one) <= 12 for one in given if one):
            return "没有这个月份"
    return ""


def _date(match: re.Match[str], base: Period | None) -> Mention:
    year = _which(match["year"], match["which"], base)
    month, day = small(match["month"]), small(match["day"])
    known = year if year is not None else 2000
    start, end = match.span()
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(known, month)[1]:
        wrong = "没有这一天"
        return Mention(start, end, None, wrong=wrong, date=True, checked=True)
    period = Period(year, month, month) if year is not None else None
    weekday = match["weekday"] or match["weekday2"]
    wrong, should_be = "", ""
    if weekday and year is not None:
        actual = _WEEKDAYS[dt.date(year, month, day).weekday()]
        if actual != weekday.replace("天", "日"):
            wrong, should_be = "星期不符", f"星期{actual}"
    if match["day2"]:
        month2 = int(match["month2"] or month)
        if (
            not 1 <= month2 <= 12
            or not 1 <= int(match["day2"]) <= calendar.monthrange(known, month2)[1]
        ):
            wrong = "没有这一天"
        elif (month2, int(match["day2"])) < (month, day):
            wrong = "起止日期颠倒"
    checked = bool((weekday and year is not None) or match["day2"])
    return Mention(start, end, period, wrong=wrong, date=True, checked=checked, should_be=should_be)

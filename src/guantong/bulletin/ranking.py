"""Are the words about places in rankings, and about up and down, borne out by what was published?

A release names only the first five: a province that is not among them is sixth or worse, and
nothing more is known of it. What cannot be told from that is said to be missing.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from guantong.bulletin.finding import Finding, Page
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.numerals import small
from guantong.bulletin.periods import Mention, Period
from guantong.bulletin.places import SUB_INDICES, Group, Named, groups
from guantong.bulletin.published import LISTED, Row


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement that was recognised, before it is judged."""

    page: Page
    match: re.Match[str]
    group: Group | None
    """Whose: provinces, industries or sub-indices; None for the national index."""
    period: Period | None
    against: Period | None
    """The period it is compared with, where the text names one."""

    @property
    def dimension(self) -> str:
        """Of the ranking."""
        return self.group.dimension if self.group else "national"

    @property
    def keys(self) -> tuple[str, ...]:
        """Whose places are meant."""
        return tuple(member.key for member in self.group.members) if self.group else ()

    def top(self, period: Period | None) -> tuple[str, ...]:
        """The places published for a period."""
        return self.page.rankings.at(self.dimension, period)

    def before(self) -> Period | None:
        """The period it is measured against."""
        return self.against or (self.period.before() if self.period else None)

    def ground(self, *periods: Period | None) -> tuple[Ground, ...]:
        """The published places of those periods that have them."""
        return tuple(
            self.page.rankings.ground(self.dimension, period)
            for period in periods
            if period and self.top(period)
        )


_N: Final = r"(?P<n>[一二三四五六七八九十]{1,2}|\d{1,2})"
_MODERATE: Final = r"(?:小幅|略有|有所|稳步|持续|明显|显著|大幅|稳中有|普遍呈现(?:小幅)?|均)"


def _top(asked: Asked) -> Finding:
    """Among the first N, and with 继续 in the period before, too."""
    number = small(asked.match["n"])
    now = asked.top(asked.period)
    still = bool(asked.match["still"])
    if _ALL.search(asked.match.group()) and len(asked.keys) != number:
        return _miscounted(asked, number)
    if not now:
        return _lacking(f"{asked.period or '该期'}的排名")
    if number > len(now):
        return _lacking(f"第 {len(now)} 位以后的排名")
    outside = [key for key in asked.keys if key not in now[:number]]
    if outside:
        return _found(asked, holds=False, right="、".join(now[:number]), periods=(asked.period,))
    before = asked.top(asked.before())
    if still and not before:
        return _lacking(f"{asked.before()}的排名")
    if still and any(key not in before[:number] for key in asked.keys):
        new = "、".join(
            member.name for member in _members(asked) if member.key not in before[:number]
        )
        return _found(
            asked,
            holds=False,
            right=f"{new}为新进入前{number}",
            periods=(asked.period, asked.before()),
        )
    return _found(asked, holds=True, periods=(asked.period, asked.before() if still else None))


_ALL: Final = re.compile(r"分列|分居|包揽|依次")


def _miscounted(asked: Asked, number: int) -> Finding:
    """So many places, and not as many names."""
    told = Ground(f"列出 {len(asked.keys)} 个:{asked.group}")
    right = f"列出{number}个(现列{len(asked.keys)}个)"
    return Finding(Rule.COUNT, holds=False, because=(told,), should_be=right)


def _members(asked: Asked) -> tuple[Named, ...]:
    return asked.group.members if asked.group else ()


def _found(
    asked: Asked, *, holds: bool, right: str = "", periods: tuple[Period | None, ...] = ()
) -> Finding:
    return Finding(Rule.RANKING, holds, asked.ground(*periods), right)


def _lacking(what: str, rule: Rule = Rule.RANKING) -> Finding:
    return Finding(rule, None, missing=what)


def _listed(asked: Asked) -> Finding:
    """The first N are these, in this order."""
    now = asked.top(asked.period)
    number = small(asked.match["n"])
    if len(asked.keys) != number:
        return _miscounted(asked, number)
    if not now or number > len(now):
        return _lacking(f"{asked.period or '该期'}的前{number}位排名")
    holds = (
        asked.keys == now[:number]
        if len(asked.keys) == number
        else set(asked.keys) <= set(now[:number])
    )
    right = "" if holds else "、".join(_label(asked, key) for key in now[:number])
    return _found(asked, holds=holds, right=right, periods=(asked.period,))


def _label(asked: Asked, key: str) -> str:
    known = {member.key: member.name for member in _members(asked)}
    return known.get(key, key)


def _nth(asked: Asked) -> Finding:
    """At one place: 第三位, 首位, 榜首."""
    number = small(asked.match["n"]) if asked.match["n"] else 1
    now = asked.top(asked.period)
    if not now or number > len(now):
        return _lacking(f"{asked.period or '该期'}的排名")
    key = asked.keys[0]
    if now[number - 1] == key:
        still = bool(asked.match["still"])
        before = asked.top(asked.before())
        if still and not before:
            return _lacking(f"{asked.before()}的排名")
        if still and before[:number][-1] != key:
            return _found(
                asked,
                holds=False,
                right=_place_word(before, key, "上期"),
                periods=(asked.period, asked.before()),
            )
        return _found(asked, holds=True, periods=(asked.period, asked.before() if still else None))
    return _found(asked, holds=False, right=_place_word(now, key, ""), periods=(asked.period,))


def _place_word(places: tuple[str, ...], key: str, when: str) -> str:
    return f"{when}第{places.index(key) + 1}位" if key in places else f"{when}未进入前{len(places)}"


def _returned(asked: Asked) -> Finding:
    """重返首位: first now, not first before, first at some time earlier."""
    number = small(asked.match["n"]) if asked.match["n"] else 1
    now, before = asked.top(asked.period), asked.top(asked.before())
    if not now:
        return _lacking(f"{asked.period or '该期'}的排名")
    outside = [key for key in asked.keys if key not in now[:number]]
    if outside:
        return _found(
            asked, holds=False, right=_place_word(now, outside[0], ""), periods=(asked.period,)
        )
    if not before:
        return _lacking(f"{asked.before()}的排名")
    if any(key in before[:number] for key in asked.keys):
        word = "首位" if number == 1 else f"前{number}"
        return _found(
            asked, holds=False, right=f"保持{word}", periods=(asked.period, asked.before())
        )
    earlier = _earlier(asked, asked.keys, number)
    if earlier is None:
        return _lacking(f"{asked.before()}以前曾居该位的排名")
    return _found(asked, holds=True, periods=(asked.period, asked.before(), earlier))


def _earlier(asked: Asked, keys: tuple[str, ...], number: int) -> Period | None:
    """The last period before the one before in which all were among the first N."""
    period, before = asked.period, asked.before()
    if period is None or before is None:
        return None
    known = [
        Period.parse(name)
        for dimension, name in asked.page.rankings.rows
        if dimension == asked.dimension
    ]
    fitting = [
        one for one in known
        if one and one.months == period.months and (one.year, one.last) < (before.year, before.last)
        and all(key in asked.top(one)[:number] for key in keys)
    ]  # fmt: skip
    return max(fitting, default=None)


def _left(asked: Asked) -> Finding:
    """跌出前五: not among the first N now, among them before."""
    number = small(asked.match["n"])
    now, before = asked.top(asked.period), asked.top(asked.before())
    if not now or not before:
        return _lacking(f"{asked.period}与{asked.before()}的排名")
    holds = all(key not in now[:number] and key in before[:number] for key in asked.keys)
    right = "" if holds else _place_word(now, asked.keys[0], "")
    return _found(asked, holds=holds, right=right, periods=(asked.period, asked.before()))


def _entered(asked: Asked) -> Finding:
    """新进入前五: among the first N now, not before."""
    number = small(asked.match["n"])
    now, before = asked.top(asked.period), asked.top(asked.before())
    if now and any(key not in now[:number] for key in asked.keys):
        outside = next(key for key in asked.keys if key not in now[:number])
        return _found(
            asked, holds=False, right=_place_word(now, outside, ""), periods=(asked.period,)
        )
    if not now or not before:
        return _lacking(f"{asked.before() if now else asked.period or '该期'}的排名")
    holds = all(key not in before[:number] for key in asked.keys)
    right = "" if holds else f"上期已在前{number}"
    return _found(asked, holds=holds, right=right, periods=(asked.period, asked.before()))


def _months_before(asked: Asked) -> list[Period]:
    """The earlier periods of the year, of the same length."""
    period = asked.period
    if period is None:
        return []
    first = range(1, period.first, period.months)
    return [Period(period.year, month, month + period.months - 1) for month in first]


def _first_time(asked: Asked) -> Finding:
    """今年首次进入前五: among the first N now, and in no earlier month of the year."""
    number = small(asked.match["n"])
    now = asked.top(asked.period)
    if now and any(key not in now[:number] for key in asked.keys):
        return _found(
            asked, holds=False, right=_place_word(now, asked.keys[0], ""), periods=(asked.period,)
        )
    for month in _months_before(asked):
        top = asked.top(month)[:number]
        if top and any(key in top for key in asked.keys):
            return _found(
                asked, holds=False, right=f"{month}已在前{number}", periods=(month, asked.period)
            )
    lacking = [
        month for month in [*_months_before(asked), asked.period] if month and not asked.top(month)
    ]
    if lacking or not now:
        return _lacking(f"{_spell(lacking) or asked.period or '该期'}的排名")
    return _found(asked, holds=True, periods=(*_months_before(asked), asked.period))


def _spell(periods: list[Period]) -> str:
    return "、".join(str(period) for period in periods)


def _record(asked: Asked) -> Finding:
    """The highest of the year: of the index by the series, of a place by the rankings."""
    if asked.group is None:
        return _index_record(asked)
    now = asked.top(asked.period)
    for month in _months_before(asked):
        for key in asked.keys:
            top = asked.top(month)
            better = now and key in top and (key not in now or top.index(key) < now.index(key))
            if better:
                return _found(
                    asked,
                    holds=False,
                    right=f"{month}曾居第{top.index(key) + 1}位",
                    periods=(month, asked.period),
                )
    return _lacking(_unknown_places(asked))


def _unknown_places(asked: Asked) -> str:
    months = [month for month in _months_before(asked) if not asked.top(month)]
    outside = [
        member.name for member in _members(asked) if member.key not in asked.top(asked.period)
    ]
    parts = [f"{_spell(months)}的排名"] if months else []
    parts += [f"{'、'.join(outside)}的名次(未列入已发布的前五)"] if outside else []
    return ";".join(parts) or f"{asked.period or '该期'}及此前各期的排名"


def _index_record(asked: Asked) -> Finding:
    now = asked.page.series.at(asked.period)
    if now is None or asked.period is None:
        return _lacking(f"{asked.period or '该期'}的指数", Rule.RESTATEMENT)
    ever = "历史" in asked.match.group()
    earlier = (
        _all_before(asked) if ever else [asked.page.series.at(one) for one in _months_before(asked)]
    )
    for row in earlier:
        if row and row.low > now.high:
            return Finding(
                Rule.RESTATEMENT,
                holds=False,
                because=(now.ground(), row.ground()),
                should_be=f"低于 {row.period} 的 {row.value}",
            )
    if ever:
        return _lacking("全部历史月份的指数", Rule.RESTATEMENT)
    lacking = [
        month for month, row in zip(_months_before(asked), earlier, strict=True) if row is None
    ]
    if lacking:
        return _lacking(f"{_spell(lacking)}的指数", Rule.RESTATEMENT)
    return Finding(
        Rule.RESTATEMENT,
        holds=True,
        because=(now.ground(), *(row.ground() for row in earlier if row)),
    )


def _all_before(asked: Asked) -> list[Row | None]:
    rows = []
    for name, row in asked.page.series.rows.items():
        period = Period.parse(name)
        if (
            period
            and asked.period
            and period.months == asked.period.months
            and period < asked.period
        ):
            rows.append(row)
    return list(rows)


def _moved(asked: Asked) -> Finding:
    """排名上升 N 位."""
    number = small(asked.match["n"]) if "n" in asked.match.re.groupindex and asked.match["n"] else 0
    up = bool(re.search(r"上升|提升|前进|提高", asked.match.group()))
    now, before = asked.top(asked.period), asked.top(asked.before())
    key = asked.keys[0] if asked.keys else ""
    if not now or not before:
        return _lacking(
            f"{_spell([one for one in (asked.before(), asked.period) if one and not asked.top(one)]) or '各期'}的排名"
        )
    if key not in now and key not in before:
        return _lacking(f"{_members(asked)[0].name}的名次(未列入已发布的前五)")
    if key in now and key in before:
        places = before.index(key) - now.index(key)
        holds = (
            (places if up else -places) == number if number else (places > 0) is up and places != 0
        )
        word = f"上升{places}位" if places > 0 else f"下降{-places}位" if places < 0 else "持平"
        return _found(
            asked, holds=holds, right="" if holds else word, periods=(asked.before(), asked.period)
        )
    risen = key in now
    if risen is not up:
        return _found(
            asked,
            holds=False,
            right="上升" if risen else "下降",
            periods=(asked.before(), asked.period),
        )
    least = LISTED - (now if risen else before).index(key)
    if number and number < least:
        return _found(
            asked, holds=False, right=f"至少{least}位", periods=(asked.before(), asked.period)
        )
    if number:
        return _lacking(f"{_members(asked)[0].name}前五以外的名次")
    return _found(asked, holds=True, periods=(asked.before(), asked.period))


def _turned(asked: Asked) -> Finding:
    """止跌回升: fell the period before, rose now."""
    before = asked.before()
    if asked.group is None and asked.period and before:
        rows = [asked.page.series.at(one) for one in (before.before(), before, asked.period)]
        return _two_moves(
            rows, [before.before(), before, asked.period], down_first="止跌" in asked.match.group()
        )
    return _lacking(f"{asked.group or '该项'}最近三期的数值")


def _two_moves(rows: list[Row | None], periods: list[Period], *, down_first: bool) -> Finding:
    if any(row is None for row in rows):
        lacking = [period for period, row in zip(periods, rows, strict=True) if row is None]
        return _lacking(f"{_spell(lacking)}的指数", Rule.DIRECTION)
    first, second, third = (row for row in rows if row)
    holds = third.value > second.value and (second.value < first.value if down_first else True)
    grounds = tuple(row.ground() for row in (first, second, third))
    right = "" if holds else _moves(first, second, third)
    return Finding(Rule.DIRECTION, holds, grounds, right)


def _moves(*rows: Row) -> str:
    return "后".join(
        "上升" if later.value > earlier.value else "下降" if later.value < earlier.value else "持平"
        for earlier, later in itertools.pairwise(rows)
    )


def _run(asked: Asked) -> Finding:
    """连续 N 个月上升 of the index."""
    number, period = small(asked.match["n"]), asked.period
    if asked.group is not None or period is None:
        return _lacking(f"{asked.group or '该项'}各期的数值", Rule.DIRECTION)
    periods = [period]
    for _ in range(number):
        periods.insert(0, periods[0].before())
    rows = [asked.page.series.at(one) for one in periods]
    known = [row for row in rows if row]
    up = bool(re.search(r"上升|上涨|增长|回升", asked.match.group()))
    for earlier, later in itertools.pairwise(rows):
        if earlier and later and (later.value > earlier.value) is not up:
            right = f"{later.period}较{earlier.period}{_moves(earlier, later)}"
            return Finding(
                Rule.DIRECTION,
                holds=False,
                because=(earlier.ground(), later.ground()),
                should_be=right,
            )
    if len(known) < len(rows):
        lacking = [one for one, row in zip(periods, rows, strict=True) if row is None]
        return _lacking(f"{_spell(lacking)}的指数", Rule.DIRECTION)
    return Finding(Rule.DIRECTION, holds=True, because=tuple(row.ground() for row in known))


def _direction(asked: Asked) -> Finding:
    """Up, down or steady, without a figure."""
    if asked.group is not None:
        what = {"sub-index": "分指标各月数值", "province": "各省份指数", "industry": "各行业指数"}
        return _lacking(f"{what[asked.dimension]}({asked.group})", Rule.DIRECTION)
    if not _is_national(asked):
        return _lacking("各省份或行业的指数", Rule.DIRECTION)
    before, period = asked.before(), asked.period
    rows = [asked.page.series.at(one) for one in (before, period)]
    if rows[0] is None or rows[1] is None:
        return _lacking(
            f"{_spell([one for one, row in zip((before, period), rows, strict=True) if one and not row]) or '各期'}的指数",
            Rule.DIRECTION,
        )
    word = asked.match.group()
    moved = rows[1].value - rows[0].value
    up, down = (
        bool(re.search(r"上升|回升|上涨|增|提高|走高|向好", word)),
        bool(re.search(r"下降|回落|下滑|下跌|降低|走低", word)),
    )
    holds = moved > 0 if up else moved < 0 if down else abs(moved) < 1
    right = "" if holds else f"{'上升' if moved > 0 else '下降'}{abs(moved)}点"
    return Finding(Rule.DIRECTION, holds, (rows[0].ground(), rows[1].ground()), right)


def _is_national(asked: Asked) -> bool:
    begin = max(asked.page.text.rfind(mark, 0, asked.match.start()) for mark in "。\n；")
    lead = asked.page.text[begin + 1 : asked.match.start()]
    return bool(re.search(r"企业信用(?:指数|水平)|信用指数", lead)) and not re.search(
        r"行业|省份|地区|区域|分指标", lead
    )


def _mixed(asked: Asked) -> Finding:
    """有升有降: some of the sub-indices rise and some fall, as the text itself tells."""
    text = asked.page.text
    risen, fallen = _sub_indices(text, asked.match.end())
    told = (Ground(f"升:{'、'.join(risen) or '无'};降:{'、'.join(fallen) or '无'}"),)
    if not risen and not fallen:
        return _lacking("各分指标的升降", Rule.DIRECTION)
    both = sorted(set(risen) & set(fallen))
    holds = bool(risen) and bool(fallen) and not both
    right = (
        ""
        if holds
        else "、".join(both) + "前后矛盾"
        if both
        else "只升不降"
        if risen
        else "只降不升"
    )
    return Finding(Rule.DIRECTION, holds, told, "" if holds else right)


_UP: Final = re.compile(r"增加|上升|提高|上涨|提升|回升|增长|走高")
_DOWN: Final = re.compile(r"下降|回落|下滑|降低|减少|下跌|走低")


def _sub_indices(text: str, at: int) -> tuple[list[str], list[str]]:
    """Which sub-indices the next sentences say to rise, and which to fall."""
    risen: list[str] = []
    fallen: list[str] = []
    for clause in re.split(r"[，。；\n]", text[at : at + 400]):
        names = [name for name in SUB_INDICES if name in clause]
        if re.search(r"省|地[监可经关财合]|行业", clause):
            continue
        if _UP.search(clause):
            risen += names
        elif _DOWN.search(clause):
            fallen += names
    return risen, fallen


def _never(asked: Asked) -> Finding:
    """Comparisons over all places (增幅最大): releases do not give what they would need."""
    kind = {"province": "各省份", "industry": "各行业", "sub-index": "各分指标"}.get(
        asked.dimension, "各项"
    )
    return _lacking(f"{kind}各期的指数")


_WAYS: Final[tuple[tuple[re.Pattern[str], Callable[[Asked], Finding], str], ...]] = (
    (re.compile(rf"(?:是)?(?:今年|年内)(?:以来)?(?:首次|第一次)(?:进入|跻身|位列)[^，。；]{{0,8}}?前{_N}(?:位|名)?"), _first_time, "need"),
    (re.compile(rf"(?:重返|重回|再次进入|再度进入)(?:[^，。；]{{0,6}}?前{_N}(?:位|名)?|(?:排名|全国)?(?:首位|第一位?|榜首))"), _returned, "need"),
    (re.compile(rf"(?:跌出|退出|跌落)[^，。；]{{0,6}}?前{_N}(?:位|名)?"), _left, "need"),
    (re.compile(rf"(?:新进入?|首次进入|跻身|晋级|升入|进入)[^，。；]{{0,8}}?前{_N}(?:位|名)?"), _entered, "need"),
    (re.compile(rf"[^，。；\n]{{0,14}}?(?<=[名居列])前{_N}(?:位|名)?(?:的)?(?:省份|省市|行业|门类|地区|省区市)?(?:分别|依次)?(?:为|是|:)(?=[\u4e00-\u9fff])"), _listed, "after"),
    (re.compile(rf"(?P<still>继续|依然|仍|保持|持续)?(?:稳居|位居|位列|居|列|保持|保持在|分列|分居|包揽|处于|名列|排名|排在|排)[^，。；]{{0,16}}?前{_N}(?:位|名)?"), _top, "need"),
    (re.compile(rf"(?P<still>继续|依然|仍|保持|持续|蝉联|连续(?:[两三四五六七八九十\d]+个?[月季]度?)?)?(?:稳居|位居|位列|居|列|排名|排在|保持|保持在|蝉联|名列|升至|升到|降至|跃居)?(?:全国|排名|信用指数排名)?(?:首位|榜首|第{_N}位?(?=[，。；、]|和|$))"), _nth, "need"),
    (re.compile(r"(?:突破|达到|达|创|创下|为|刷新)(?:了)?(?:今年以来|年内|历史|今年)(?:的)?(?:最高|新高|最好|最高点|最高值|最高水平|最好水平)(?:排名|名次|水平)?"), _record, ""),
    (re.compile(r"止跌回升|由降转升|由升转降"), _turned, ""),
    (re.compile(rf"(?:排名|名次|位次)(?:较上月|较\d+月|环比)?(?:上升|提升|前进|下降|后退|回落|下滑|提高)(?:了)?{_N}(?:个)?位(?:次)?"), _moved, "need"),
    (re.compile(r"(?:排名|名次|位次)(?:显著|明显|有所|大幅|小幅|略有|均)*(?:上升|提升|前进|下降|后退|回落|下滑)"), _moved, "need"),
    (re.compile(rf"(?:企业信用)?(?:指数|信用指数)?(?:已)?连续{_N}个(?:月|季度)(?:环比)?(?:上升|上涨|增长|回升|下降|回落)"), _run, ""),
    (re.compile(r"(?:增幅|涨幅|降幅|升幅|跌幅)(?:为)?(?:最大|较大|居首|最小)"), _never, ""),
    (re.compile(r"有升有降|升降互现|涨跌互现"), _mixed, ""),
    (re.compile(r"(?:排名)?(?:延续|保持|呈现?)[^，。；]{0,6}?(?:上升|回升|增长|下降|回落|向好)(?:态势|趋势|势头)?"), _direction, "subject"),
    (re.compile(rf"(?:较上月|较\d{{1,2}}月|环比|与上月相比)?{_MODERATE}(?:上升|上涨|提高|提升|增加|增长|回升|下降|回落|下滑|降低)(?:趋势|态势)?(?![到至了约]|[^，。；\n]{{0,4}}\d)"), _direction, "subject"),
    (re.compile(r"环比(?:上升|上涨|提高|提升|增加|增长|回升|下降|回落|下滑|降低)(?![到至了约]|[^，。；\n]{0,3}\d)"), _direction, "subject"),
    (re.compile(r"(?:总体|基本|整体)?(?:保持)?(?:稳定|持平|平稳)(?=[，。；\n]|$)"), _direction, "subject"),
)  # fmt: skip
_TOPIC: Final = re.compile(r"指数|分指标|信用水平|排名|名次|位次")
_SENTENCE: Final = re.compile(r"[^。！？\n]+")


def statements(page: Page, times: list[Mention]) -> Iterator[Statement]:
    """All statements in words about places and directions, in the paragraphs on the index."""
    for sentence in _SENTENCE.finditer(page.text):
        paragraph = _paragraph(page.text, sentence.start())
        if "指数" not in paragraph:
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

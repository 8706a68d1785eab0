"""Are the words about up, down and records of the index borne out by its series?"""

import itertools
import re
from typing import Final

from guantong.bulletin.asked import Asked, lacking, months_before, spell
from guantong.bulletin.finding import Finding
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.numerals import small
from guantong.bulletin.periods import Period
from guantong.bulletin.places import SUB_INDICES
from guantong.bulletin.published import Row


def index_record(asked: Asked) -> Finding:
    """The highest of the year, or ever: by the series."""
    now = asked.page.series.at(asked.period)
    if now is None or asked.period is None:
        return lacking(f"{asked.period or '该期'}的指数", Rule.RESTATEMENT)
    ever = "历史" in asked.match.group()
    earlier = (
        _all_before(asked) if ever else [asked.page.series.at(one) for one in months_before(asked)]
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
        return lacking("全部历史月份的指数", Rule.RESTATEMENT)
    gaps = [month for month, row in zip(months_before(asked), earlier, strict=True) if row is None]
    if gaps:
        return lacking(f"{spell(gaps)}的指数", Rule.RESTATEMENT)
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


def turned(asked: Asked) -> Finding:
    """止跌回升: fell the period before, rose now."""
    before = asked.before()
    if asked.group is None and asked.period and before:
        rows = [asked.page.series.at(one) for one in (before.before(), before, asked.period)]
        return _two_moves(
            rows, [before.before(), before, asked.period], down_first="止跌" in asked.match.group()
        )
    return lacking(f"{asked.group or '该项'}最近三期的数值")


def _two_moves(rows: list[Row | None], periods: list[Period], *, down_first: bool) -> Finding:
    if any(row is None for row in rows):
        gaps = [period for period, row in zip(periods, rows, strict=True) if row is None]
        return lacking(f"{spell(gaps)}的指数", Rule.DIRECTION)
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


def run(asked: Asked) -> Finding:
    """连续 N 个月上升 of the index."""
    number, period = small(asked.match["n"]), asked.period
    if asked.group is not None or period is None:
        return lacking(f"{asked.group or '该项'}各期的数值", Rule.DIRECTION)
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
        gaps = [one for one, row in zip(periods, rows, strict=True) if row is None]
        return lacking(f"{spell(gaps)}的指数", Rule.DIRECTION)
    return Finding(Rule.DIRECTION, holds=True, because=tuple(row.ground() for row in known))


def direction(asked: Asked) -> Finding:
    """Up, down or steady, without a figure."""
    if asked.group is not None:
        what = {"sub-index": "分指标各月数值", "province": "各省份指数", "industry": "各行业指数"}
        return lacking(f"{what[asked.dimension]}({asked.group})", Rule.DIRECTION)
    if not _is_national(asked):
        return lacking("各省份或行业的指数", Rule.DIRECTION)
    before, period = asked.before(), asked.period
    rows = [asked.page.series.at(one) for one in (before, period)]
    if rows[0] is None or rows[1] is None:
        return lacking(
            f"{spell([one for one, row in zip((before, period), rows, strict=True) if one and not row]) or '各期'}的指数",
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


def mixed(asked: Asked) -> Finding:
    """有升有降: some of the sub-indices rise and some fall, as the text itself tells."""
    text = asked.page.text
    risen, fallen = _sub_indices(text, asked.match.end())
    told = (Ground(f"升:{'、'.join(risen) or '无'};降:{'、'.join(fallen) or '无'}"),)
    if not risen and not fallen:
        return lacking("各分指标的升降", Rule.DIRECTION)
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

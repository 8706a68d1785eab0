"""Are the words about places in rankings borne out by what was published?

A release names only the first five: a province that is not among them is sixth or worse, and
nothing more is known of it. What cannot be told from that is said to be missing.
"""

import re
from typing import Final

from guantong.bulletin.asked import (
    Asked,
    found,
    label,
    lacking,
    members,
    months_before,
    place_word,
    spell,
)
from guantong.bulletin.directions import index_record
from guantong.bulletin.finding import Finding
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.numerals import small
from guantong.bulletin.periods import Period
from guantong.bulletin.published import LISTED


def top(asked: Asked) -> Finding:
    """Among the first N, and with 继续 in the period before, too."""
    number = small(asked.match["n"])
    now = asked.top(asked.period)
    still = bool(asked.match["still"])
    if ALL.search(asked.match.group()) and len(asked.keys) != number:
        return _miscounted(asked, number)
    if not now:
        return lacking(f"{asked.period or '该期'}的排名")
    if number > len(now):
        return lacking(f"第 {len(now)} 位以后的排名")
    outside = [key for key in asked.keys if key not in now[:number]]
    if outside:
        return found(asked, holds=False, right="、".join(now[:number]), periods=(asked.period,))
    before = asked.top(asked.before())
    if still and not before:
        return lacking(f"{asked.before()}的排名")
    if still and any(key not in before[:number] for key in asked.keys):
        new = "、".join(
            member.name for member in members(asked) if member.key not in before[:number]
        )
        return found(
            asked,
            holds=False,
            right=f"{new}为新进入前{number}",
            periods=(asked.period, asked.before()),
        )
    return found(asked, holds=True, periods=(asked.period, asked.before() if still else None))


ALL: Final = re.compile(r"分列|分居|包揽|依次")


def _miscounted(asked: Asked, number: int) -> Finding:
    """So many places, and not as many names."""
    told = Ground(f"列出 {len(asked.keys)} 个:{asked.group}")
    right = f"列出{number}个(现列{len(asked.keys)}个)"
    return Finding(Rule.COUNT, holds=False, because=(told,), should_be=right)


def listed(asked: Asked) -> Finding:
    """The first N are these, in this order."""
    now = asked.top(asked.period)
    number = small(asked.match["n"])
    if len(asked.keys) != number:
        return _miscounted(asked, number)
    if not now or number > len(now):
        return lacking(f"{asked.period or '该期'}的前{number}位排名")
    holds = (
        asked.keys == now[:number]
        if len(asked.keys) == number
        else set(asked.keys) <= set(now[:number])
    )
    right = "" if holds else "、".join(label(asked, key) for key in now[:number])
    return found(asked, holds=holds, right=right, periods=(asked.period,))


def nth(asked: Asked) -> Finding:
    """At one place: 第三位, 首位, 榜首."""
    number = small(asked.match["n"]) if asked.match["n"] else 1
    now = asked.top(asked.period)
    if not now or number > len(now):
        return lacking(f"{asked.period or '该期'}的排名")
    key = asked.keys[0]
    if now[number - 1] == key:
        still = bool(asked.match["still"])
        before = asked.top(asked.before())
        if still and not before:
            return lacking(f"{asked.before()}的排名")
        if still and before[:number][-1] != key:
            return found(
                asked,
                holds=False,
                right=place_word(before, key, "上期"),
                periods=(asked.period, asked.before()),
            )
        return found(asked, holds=True, periods=(asked.period, asked.before() if still else None))
    return found(asked, holds=False, right=place_word(now, key, ""), periods=(asked.period,))


def returned(asked: Asked) -> Finding:
    """重返首位: first now, not first before, first at some time earlier."""
    number = small(asked.match["n"]) if asked.match["n"] else 1
    now, before = asked.top(asked.period), asked.top(asked.before())
    if not now:
        return lacking(f"{asked.period or '该期'}的排名")
    outside = [key for key in asked.keys if key not in now[:number]]
    if outside:
        return found(
            asked, holds=False, right=place_word(now, outside[0], ""), periods=(asked.period,)
        )
    if not before:
        return lacking(f"{asked.before()}的排名")
    if any(key in before[:number] for key in asked.keys):
        word = "首位" if number == 1 else f"前{number}"
        return found(
            asked, holds=False, right=f"保持{word}", periods=(asked.period, asked.before())
        )
    earlier = _earlier(asked, asked.keys, number)
    if earlier is None:
        return lacking(f"{asked.before()}以前曾居该位的排名")
    return found(asked, holds=True, periods=(asked.period, asked.before(), earlier))


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


def left(asked: Asked) -> Finding:
    """跌出前五: not among the first N now, among them before."""
    number = small(asked.match["n"])
    now, before = asked.top(asked.period), asked.top(asked.before())
    if not now or not before:
        return lacking(f"{asked.period}与{asked.before()}的排名")
    holds = all(key not in now[:number] and key in before[:number] for key in asked.keys)
    right = "" if holds else place_word(now, asked.keys[0], "")
    return found(asked, holds=holds, right=right, periods=(asked.period, asked.before()))


def entered(asked: Asked) -> Finding:
    """新进入前五: among the first N now, not before."""
    number = small(asked.match["n"])
    now, before = asked.top(asked.period), asked.top(asked.before())
    if now and any(key not in now[:number] for key in asked.keys):
        outside = next(key for key in asked.keys if key not in now[:number])
        return found(
            asked, holds=False, right=place_word(now, outside, ""), periods=(asked.period,)
        )
    if not now or not before:
        return lacking(f"{asked.before() if now else asked.period or '该期'}的排名")
    holds = all(key not in before[:number] for key in asked.keys)
    right = "" if holds else f"上期已在前{number}"
    return found(asked, holds=holds, right=right, periods=(asked.period, asked.before()))


def first_time(asked: Asked) -> Finding:
    """今年首次进入前五: among the first N now, and in no earlier month of the year."""
    number = small(asked.match["n"])
    now = asked.top(asked.period)
    if now and any(key not in now[:number] for key in asked.keys):
        return found(
            asked, holds=False, right=place_word(now, asked.keys[0], ""), periods=(asked.period,)
        )
    for month in months_before(asked):
        first = asked.top(month)[:number]
        if first and any(key in first for key in asked.keys):
            return found(
                asked, holds=False, right=f"{month}已在前{number}", periods=(month, asked.period)
            )
    gaps = [
        month for month in [*months_before(asked), asked.period] if month and not asked.top(month)
    ]
    if gaps or not now:
        return lacking(f"{spell(gaps) or asked.period or '该期'}的排名")
    return found(asked, holds=True, periods=(*months_before(asked), asked.period))


def record(asked: Asked) -> Finding:
    """The highest of the year: of the index by the series, of a place by the rankings."""
    if asked.group is None:
        return index_record(asked)
    now = asked.top(asked.period)
    for month in months_before(asked):
        for key in asked.keys:
            first = asked.top(month)
            better = now and key in first and (key not in now or first.index(key) < now.index(key))
            if better:
                return found(
                    asked,
                    holds=False,
                    right=f"{month}曾居第{first.index(key) + 1}位",
                    periods=(month, asked.period),
                )
    return lacking(_unknown_places(asked))


def _unknown_places(asked: Asked) -> str:
    months = [month for month in months_before(asked) if not asked.top(month)]
    outside = [
        member.name for member in members(asked) if member.key not in asked.top(asked.period)
    ]
    parts = [f"{spell(months)}的排名"] if months else []
    parts += [f"{'、'.join(outside)}的名次(未列入已发布的前五)"] if outside else []
    return ";".join(parts) or f"{asked.period or '该期'}及此前各期的排名"


def moved(asked: Asked) -> Finding:
    """排名上升 N 位."""
    number = small(asked.match["n"]) if "n" in asked.match.re.groupindex and asked.match["n"] else 0
    up = bool(re.search(r"上升|提升|前进|提高", asked.match.group()))
    now, before = asked.top(asked.period), asked.top(asked.before())
    key = asked.keys[0] if asked.keys else ""
    if not now or not before:
        return lacking(
            f"{spell([one for one in (asked.before(), asked.period) if one and not asked.top(one)]) or '各期'}的排名"
        )
    if key not in now and key not in before:
        return lacking(f"{members(asked)[0].name}的名次(未列入已发布的前五)")
    if key in now and key in before:
        places = before.index(key) - now.index(key)
        holds = (
            (places if up else -places) == number if number else (places > 0) is up and places != 0
        )
        word = f"上升{places}位" if places > 0 else f"下降{-places}位" if places < 0 else "持平"
        return found(
            asked, holds=holds, right="" if holds else word, periods=(asked.before(), asked.period)
        )
    risen = key in now
    if risen is not up:
        return found(
            asked,
            holds=False,
            right="上升" if risen else "下降",
            periods=(asked.before(), asked.period),
        )
    least = LISTED - (now if risen else before).index(key)
    if number and number < least:
        return found(
            asked, holds=False, right=f"至少{least}位", periods=(asked.before(), asked.period)
        )
    if number:
        return lacking(f"{members(asked)[0].name}前五以外的名次")
    return found(asked, holds=True, periods=(asked.before(), asked.period))


def never(asked: Asked) -> Finding:
    """Comparisons over all places (增幅最大): releases do not give what they would need."""
    kind = {"province": "各省份", "industry": "各行业", "sub-index": "各分指标"}.get(
        asked.dimension, "各项"
    )
    return lacking(f"{kind}各期的指数")

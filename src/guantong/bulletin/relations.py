"""Do the figures agree with each other and with what was published?

One function per rule; each looks at one figure and says what it found about it and its operands.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from guantong.bulletin import arithmetic
from guantong.bulletin.bind import (
    GENERIC,
    LEVELS,
    alike,
    base_of,
    fits,
    head_of,
    national,
    row_of,
    same_unit,
    value_of,
)
from guantong.bulletin.figures import COUNTED, POINTS, Figure, Role
from guantong.bulletin.finding import Finding, Found, Page, judged, short, worded
from guantong.bulletin.model import Ground, Quantity, Rule
from guantong.bulletin.periods import Period
from guantong.bulletin.published import Row

_HUNDRED: Final = Decimal(100)
_EACH: Final = re.compile(r"月均|平均每月|日均")
_STOCK: Final = re.compile(r"实有|存量|在册|期末|年末|月末")


def share(page: Page, figure: Figure) -> Found:
    """Per cent of a whole."""
    if figure.role is not Role.SHARE:
        return []
    row = row_of(page, figure)
    if len(row) > 1:
        return _share_in_row(page, figure, row)
    before = [one for one in page.sentence(figure) if one.start < figure.start]
    parts = [one for one in before if one.role in LEVELS and one.unit != "%"]
    if not parts:
        return short(Rule.SHARE, figure, "部分与总体的数值")
    part = parts[-1]
    whole = _whole(page, figure, part)
    if whole is None:
        return short(Rule.SHARE, figure, f"总体的数值({figure.whole or '未指明'})")
    true = arithmetic.share(part.quantity, whole.quantity)
    if true is None:
        return short(Rule.SHARE, figure, "总体可能为零")
    because = (page.cite(part), page.cite(whole))
    return judged(page, Rule.SHARE, figure, true, because=because, operands=(part, whole))


def _whole(page: Page, figure: Figure, part: Figure) -> Figure | None:
    """The whole of a share: by its name where one is given, else by 其中."""
    if figure.whole.strip("的了") in GENERIC:
        return head_of(page, part)
    text = page.text
    begin = text.rfind("\n", 0, figure.start) + 1
    candidates = [
        one for one in page.around(figure)
        if begin <= one.start < figure.start and one is not part and one.role in LEVELS
        and same_unit(one, part) and alike(one.subject, figure.whole)
    ]  # fmt: skip
    return max(
        candidates, key=lambda one: (alike(one.subject, figure.whole), one.start), default=None
    )


def _share_in_row(page: Page, figure: Figure, row: list[Figure]) -> Found:
    """Shares in a row belong to the values in the row before it, in the same order."""
    at = next(index for index, one in enumerate(row) if one.start == figure.start)
    before = [one for one in page.sentence(figure) if one.end < row[0].start and one.role in LEVELS]
    values = row_of(page, before[-1]) if before else []
    if len(values) != len(row):
        return short(Rule.SHARE, figure, "各部分的数值")
    heads = [one for one in before if one.start < values[0].start and same_unit(one, values[0])]
    whole = heads[-1].quantity if heads else _sum(values)
    true = arithmetic.share(values[at].quantity, whole)
    if true is None:
        return short(Rule.SHARE, figure, "总体可能为零")
    operands = (values[at], *(heads[-1:] or values))
    because = tuple(page.cite(one) for one in operands)
    return judged(page, Rule.SHARE, figure, true, because=because, operands=(values[at],))


def _sum(values: list[Figure]) -> Quantity:
    low, high = arithmetic.total([one.quantity for one in values])
    return Quantity((low + high) / 2, low, high)


def rate(page: Page, figure: Figure) -> Found:
    """A rate is a share named after its part: 合格率."""
    if figure.role is not Role.RATE:
        return []
    found = re.search(r"(不?[\u4e00-\u9fff]{2})率[^率]*$", page.text[figure.clause : figure.start])
    stem = found[1] if found else ""
    before = [
        one
        for one in page.sentence(figure)
        if one.start < figure.start and one.role in LEVELS and one.unit != "%"
    ]
    part = next((one for one in reversed(before) if _is_part(page, one, stem)), None)
    whole = next((one for one in before if one is not part and part and same_unit(one, part)), None)
    if part is None or whole is None:
        return short(Rule.SHARE, figure, f"{stem}的数量与总数")
    quantity = part.quantity
    if _negated(page, part, stem):
        low, high = arithmetic.difference(whole.quantity, quantity)
        quantity = Quantity((low + high) / 2, low, high)
    true = arithmetic.share(quantity, whole.quantity)
    if true is None:
        return short(Rule.SHARE, figure, "总数可能为零")
    because = (page.cite(part), page.cite(whole))
    return judged(page, Rule.SHARE, figure, true, because=because, operands=(part, whole))


def _is_part(page: Page, figure: Figure, stem: str) -> bool:
    lead, after = page.text[figure.clause : figure.start], page.text[figure.end : figure.end + 4]
    word = stem[-2:]
    if not word:
        return False
    # 不符合要求的 252 批次 is what 不合格率 is of, in other words.
    return (
        word in lead
        or after.startswith((word, "不" + word))
        or (stem.startswith("不") and "不" in lead)
    )


def _negated(page: Page, part: Figure, stem: str) -> bool:
    """Whether the part is what the rate is not of: 不合格 with 合格率."""
    around, word = page.text[part.clause : part.end + 4], stem[-2:]
    denied = "不" + word if word in around else "不"
    return (denied in around) != stem.startswith("不")


def growth(page: Page, figure: Figure) -> Found:
    """Growth in per cent, or so many times."""
    if figure.role is not Role.GROWTH:
        return []
    row = row_of(page, figure)
    value = _value_in_row(page, figure, row) if len(row) > 1 else value_of(page, figure)
    if value is None:
        return short(Rule.GROWTH, figure, "本期数值")
    per_cent = _per_cent(page, figure)
    if national(page, value):
        rows = _published(page, value, figure)
        if rows:
            true = arithmetic.growth(rows[0], rows[1])
            return (
                judged(page, Rule.GROWTH, figure, true, because=_grounds(rows), operands=(value,))
                if true
                else []
            )
    base = base_of(page, value, figure)
    if base is not None:
        true = arithmetic.growth(value.quantity, base.quantity)
        because = (page.cite(value), page.cite(base))
        return _compare(page, per_cent, figure, true, because, (value, base))
    change = _change_beside(page, figure)
    if change is not None:
        low, high = arithmetic.difference(value.quantity, change.signed)
        true = arithmetic.growth(value.quantity, Quantity((low + high) / 2, low, high))
        because = (page.cite(value), page.cite(change))
        return _compare(page, per_cent, figure, true, because, (value, change))
    return _whole_base(page, figure, per_cent, value)


def _compare(
    page: Page, per_cent: Figure, figure: Figure, true: arithmetic.Bounds | None,
    because: tuple[Ground, ...], operands: tuple[Figure, ...],
) -> Found:  # fmt: skip
    if true is None:
        return short(Rule.GROWTH, figure, "基期数值可能为零")
    found = judged(page, Rule.GROWTH, per_cent, true, because=because, operands=operands)
    return [
        (figure if one is per_cent else one, _in_times(figure, said, true)) for one, said in found
    ]


def _in_times(figure: Figure, said: Finding, true: arithmetic.Bounds) -> Finding:
    if figure.unit != "倍" or not said.should_be:
        return said
    right = arithmetic.middle((true[0] / 100, true[1] / 100), figure.quantity.step)
    return replace(said, should_be=worded(figure, right + (figure.whole == "ratio")))


def _per_cent(page: Page, figure: Figure) -> Figure:
    """A figure in times (增长 1.5 倍) as one in per cent."""
    if figure.unit == "‰":
        return _scaled(figure, Decimal("0.1"), Decimal(0))
    if figure.unit != "倍":
        return figure
    return _scaled(figure, _HUNDRED, _HUNDRED if figure.whole == "ratio" else Decimal(0))


def _scaled(figure: Figure, times: Decimal, less: Decimal) -> Figure:
    quantity = figure.quantity
    low = None if quantity.low is None else quantity.low * times - less
    high = None if quantity.high is None else quantity.high * times - less
    return replace(
        figure, quantity=Quantity(quantity.value * times - less, low, high, quantity.step * times)
    )


def _whole_base(page: Page, figure: Figure, per_cent: Figure, value: Figure) -> Found:
    """Things that come whole had a whole number of them before: often only one fits."""
    exact = value.quantity.low == value.quantity.high and value.unit in COUNTED
    change = per_cent.signed
    if not exact or change.low is None or change.high is None or change.low <= -_HUNDRED:
        return short(Rule.GROWTH, figure, _missing_base(figure))
    found = arithmetic.bases(value.quantity.value, change)
    if not found:
        near = _nearest(value.quantity.value, change)
        because = (page.cite(value), Ground("没有任何整数基期值能得出这一增幅"))
        return [
            (
                figure,
                Finding(
                    Rule.GROWTH,
                    holds=False,
                    because=because,
                    should_be=near and f"{near}{figure.unit}",
                ),
            )
        ]
    if len(found) > 1:
        told = f"{_missing_base(figure)}({found[0]} 至 {found[-1]} 均可)"
        return short(Rule.GROWTH, figure, told)
    because = (page.cite(value), Ground(f"唯一可能的整数基期值为 {found[0]}"))
    held = Finding(Rule.GROWTH, holds=True, because=because)
    return [(figure, held), (value, Finding(Rule.GROWTH, holds=True, because=(page.cite(figure),)))]


def _missing_base(figure: Figure) -> str:
    return f"{figure.compared}的数值" if figure.compared else "基期数值"


def _nearest(value: Decimal, change: Quantity) -> str:
    """Nothing single would be right: neighbouring bases give neighbouring growths."""
    del value, change
    return ""


def _change_beside(page: Page, figure: Figure) -> Figure | None:
    """The change in units that is given with a growth: 增加 589 件，增长 8.57%."""
    mates = [
        one for one in page.sentence(figure) if one.role is Role.CHANGE and one.unit not in POINTS
    ]
    beside = [one for one in mates if one.compared == figure.compared or figure.compared is None]
    return min(beside, key=lambda one: abs(one.start - figure.start), default=None)


def _value_in_row(page: Page, figure: Figure, row: list[Figure]) -> Figure | None:
    at = next(index for index, one in enumerate(row) if one.start == figure.start)
    before = [one for one in page.sentence(figure) if one.end < row[0].start and one.role in LEVELS]
    values = row_of(page, before[-1]) if before else []
    if (
        len(values) != len(row)
        and "分别" in page.text[before[-1].end if before else 0 : row[0].start]
    ):
        values = before[-len(row) :]
    return values[at] if len(values) == len(row) else None


def _published(page: Page, value: Figure, change: Figure) -> tuple[Row, Row] | None:
    now, base = page.series.at(value.period), page.series.at(change.compared)
    return (now, base) if now and base else None


def _grounds(rows: tuple[Row, Row]) -> tuple[Ground, ...]:
    return rows[0].ground(), rows[1].ground()


def change(page: Page, figure: Figure) -> Found:
    """Change in units or points."""
    if figure.role is not Role.CHANGE:
        return []
    value = value_of(page, figure)
    base_row = page.series.at(figure.compared)
    if national(page, figure) and (figure.unit == "点"):
        return _index_change(page, figure, value, base_row)
    if value is None:
        return short(Rule.CHANGE, figure, "本期数值")
    base = base_of(page, value, figure)
    if base is None:
        return short(Rule.CHANGE, figure, _missing_base(figure))
    true = arithmetic.difference(value.quantity, base.quantity)
    because = (page.cite(value), page.cite(base))
    return judged(page, Rule.CHANGE, figure, true, because=because, operands=(value, base))


def _index_change(page: Page, figure: Figure, value: Figure | None, base: Row | None) -> Found:
    """The index: published levels first, those of the text where none was published."""
    value = value or _level_of(page, figure, figure.period)
    now = page.series.at(value.period if value else figure.period)
    operands = (value,) if value else ()
    if value and now and not value.quantity.meets(now.low, now.high):
        operands = ()
    cited = now.ground() if now else page.cite(value) if value else None
    level = now or (value.quantity if value else None)
    in_text = base_of(page, value, figure) if value and base is None else None
    if level is None or cited is None:
        return short(Rule.CHANGE, figure, f"{figure.period or '本期'}的指数")
    if base is not None:
        return judged(
            page,
            Rule.CHANGE,
            figure,
            arithmetic.difference(level, base),
            because=(cited, base.ground()),
            operands=operands,
        )
    if in_text is not None:
        true = arithmetic.difference(level, in_text.quantity)
        return judged(
            page,
            Rule.CHANGE,
            figure,
            true,
            because=(cited, page.cite(in_text)),
            operands=(*operands, in_text),
        )
    return short(Rule.CHANGE, figure, _missing_base(figure) + "(已发布序列)")


def _level_of(page: Page, figure: Figure, period: Period | None) -> Figure | None:
    """The index of a period where the text gives it in another sentence."""
    levels = (
        one
        for one in page.around(figure)
        if one.role in LEVELS and one.period == period and one.unit in {"点", ""}
    )
    return next((one for one in levels if period and national(page, one)), None)


def restated(page: Page, figure: Figure) -> Found:
    """The index as published before, and as said elsewhere in the text."""
    if figure.role not in LEVELS | {Role.PRIOR} or not national(page, figure) or figure.unit == "%":
        return []
    row = page.series.at(figure.period)
    if row is not None and row.value / 2 <= figure.quantity.value <= row.value * 2:
        holds = figure.quantity.meets(row.low, row.high)
        right = "" if holds else f"{row.value}{figure.unit}"
        return [(figure, Finding(Rule.RESTATEMENT, holds, (row.ground(),), right))]
    return short(Rule.RESTATEMENT, figure, f"{figure.period or '该期'}的已发布指数")


def said_twice(page: Page, figure: Figure) -> Found:
    """The same figure of the same thing and period, earlier in the text."""
    if figure.role not in LEVELS or len(figure.subject) < 4 or figure.period is None:
        return []
    if "其中" in page.text[figure.sentence : figure.start]:
        return []
    for one in page.around(figure):
        if one.start >= figure.start:
            return []
        same = (
            one.subject == figure.subject
            and one.period == figure.period
            and one.unit == figure.unit
        )
        if (
            same
            and one.role in LEVELS
            and one.sentence != figure.sentence
            and one.quantity.low is not None
            and one.quantity.high is not None
        ):
            low, high = one.quantity.low, one.quantity.high
            holds = figure.quantity.meets(low, high)
            return [
                (
                    figure,
                    Finding(Rule.RESTATEMENT, holds, (page.cite(one),), "" if holds else one.text),
                )
            ]
    return []


def mean(page: Page, figure: Figure) -> Found:
    """A quarter of the index as the mean of its months; so many a month."""
    if figure.role not in LEVELS or figure.period is None:
        return []
    if _EACH.search(page.text[figure.clause : figure.start]):
        return _each_month(page, figure)
    if figure.period.months not in {3, 6, 12} or not national(page, figure) or figure.unit == "%":
        return []
    rows = [_month(page, figure, month) for month in figure.period.month_range()]
    known = [row for row in rows if row is not None]
    if len(known) != len(rows):
        lacking = "、".join(
            str(month)
            for month, row in zip(figure.period.month_range(), rows, strict=True)
            if row is None
        )
        return short(Rule.MEAN, figure, f"各月指数({lacking})")
    true = arithmetic.mean([one for one, _, _ in known])
    operands = tuple(one for _, _, one in known if one is not None)
    return judged(
        page,
        Rule.MEAN,
        figure,
        true,
        because=tuple(cited for _, cited, _ in known),
        operands=operands,
    )


def _month(
    page: Page, figure: Figure, month: Period
) -> tuple[arithmetic.Range, Ground, Figure | None] | None:
    row = page.series.at(month)
    said = next(
        (
            one
            for one in page.around(figure)
            if one.role in LEVELS
            and one.period == month
            and national(page, one)
            and one.unit != "%"
        ),
        None,
    )
    if row is not None:
        agrees = said is not None and said.quantity.meets(row.low, row.high)
        return row, row.ground(), said if agrees else None
    return (said.quantity, page.cite(said), said) if said else None


def _each_month(page: Page, figure: Figure) -> Found:
    if "日均" in page.text[figure.clause : figure.start]:
        return short(Rule.MEAN, figure, "天数")
    wholes = [
        one
        for one in page.sentence(figure)
        if one.start < figure.start and one.role in LEVELS and one.unit == figure.unit
    ]
    period = figure.period
    if not wholes or period is None:
        return short(Rule.MEAN, figure, "累计数值")
    low, high = arithmetic.bounds(wholes[-1].quantity)
    true = (low / period.months, high / period.months)
    told = (page.cite(wholes[-1]), Ground(f"{period.months} 个月"))
    # Means of whole things are printed rounded.
    loose = replace(figure, quantity=_round(figure.quantity))
    found = judged(page, Rule.MEAN, loose, true, because=told, operands=(wholes[-1],))
    return [(figure if one is loose else one, said) for one, said in found]


def _round(quantity: Quantity) -> Quantity:
    if quantity.low is None or quantity.high is None or quantity.low != quantity.high:
        return quantity
    half = quantity.step / 2
    return replace(quantity, low=quantity.low - half, high=quantity.high + half)


def total(page: Page, figure: Figure) -> Found:
    """Parts and their sum: 合计 after the parts, or 其中 and 分别 before them."""
    if figure.role not in LEVELS:
        return []
    if page.text[figure.clause : figure.start] == "共":
        # 共 may also count something else: only agreement is told.
        parts = _parts_before(page, figure)
        return [one for one in _added(page, figure, parts, whole=True) if one[1].holds]
    if figure.role is Role.TOTAL:
        parts = _parts_before(page, figure)
        if len(parts) < 2:
            return []
        return _added(page, figure, parts, whole=True)
    parts, whole = _parts_after(page, figure)
    return _added(page, figure, parts, whole=whole) if len(parts) > 1 else []


def _parts_before(page: Page, figure: Figure) -> list[Figure]:
    return [
        one
        for one in page.sentence(figure)
        if one.start < figure.start and one.role is Role.LEVEL and same_unit(one, figure)
    ]


def _parts_after(page: Page, figure: Figure) -> tuple[list[Figure], bool]:
    """The parts of a whole, and whether the text says that these are all."""
    mates = [one for one in page.sentence(figure) if same_unit(one, figure)]
    after = [one for one in mates if one.start > figure.start and one.role is Role.LEVEL]
    earlier = any(one.start < figure.start and one.role in LEVELS for one in mates)
    if not after or earlier or not _LISTS.search(page.text[figure.end : after[0].start]):
        return [], False
    parts = _first_group(page, after)
    return parts, _is_all(page, figure, parts)


_LISTS: Final = re.compile(r"其中|分别|包括|由|[:：]")
_CONSISTS: Final = re.compile(r"构成|组成|[两三四五六]类")


def _first_group(page: Page, figures: list[Figure]) -> list[Figure]:
    """The figures up to the next 其中, which divides them in another way."""
    parts = figures[:1]
    for one in figures[1:]:
        if "其中" in page.text[parts[-1].end : one.start]:
            break
        parts.append(one)
    return parts


def _is_all(page: Page, figure: Figure, parts: list[Figure]) -> bool:
    """Whether a list of parts is said to be whole: 分别, 构成, or 和 before the last."""
    if len(parts) < 2:
        return False
    text, last = page.text, parts[-1]
    lead, tail = text[figure.end : parts[0].start], text[last.end : last.end + 12].split("。")[0]
    joined = text[parts[-2].end : last.start]
    said = "分别" in lead or _CONSISTS.search(lead + tail) or joined[:1] in {"和", "及"}
    return bool(said) and "等" not in text[parts[0].start : last.end + 2]


def _added(page: Page, figure: Figure, parts: list[Figure], *, whole: bool) -> Found:
    true = arithmetic.total([one.quantity for one in parts])
    because = tuple(page.cite(one) for one in parts)
    low, high = arithmetic.bounds(figure.quantity)
    if not whole and true[1] < low:
        return []
    if not whole and true[0] > high * Decimal("1.5"):
        return []
    return judged(page, Rule.SUM, figure, true, because=because, operands=tuple(parts))


def chain(page: Page, figure: Figure) -> Found:
    """Successive periods add up to the cumulative figure."""
    period = figure.period
    if figure.role not in LEVELS or period is None or period.months < 2 or not _adds(page, figure):
        return []
    pieces = [
        one for one in page.around(figure)
        if one is not figure and one.role in LEVELS and one.period and one.period != period
        and period.holds(one.period) and one.unit == figure.unit and fits(one.subject, figure.subject)
        and _adds(page, one) and not _inside(page, one)
    ]  # fmt: skip
    parts = _cover(pieces, period.first, period.last)
    if not parts or _inside(page, figure):
        return []
    true = arithmetic.total([one.quantity for one in parts])
    because = tuple(page.cite(one) for one in parts)
    return judged(page, Rule.CHAIN, figure, true, because=because, operands=tuple(parts))


def _adds(page: Page, figure: Figure) -> bool:
    lead = page.text[figure.clause : figure.start]
    additive = figure.unit in COUNTED or figure.unit in {"元", "亿元", "万元", "吨"}
    return additive and not _EACH.search(lead) and not _STOCK.search(lead)


def _inside(page: Page, figure: Figure) -> bool:
    """Whether a figure is only a part of what its sentence is about."""
    earlier = [
        one
        for one in page.sentence(figure)
        if one.start < figure.start
        and one.role in LEVELS
        and one.period == figure.period
        and one.unit == figure.unit
    ]
    return "其中" in page.text[figure.sentence : figure.start] and bool(earlier)


def _cover(pieces: list[Figure], first: int, last: int) -> list[Figure]:
    """Pieces that follow each other without gap from `first` to `last`; empty if there are none."""
    if first > last:
        return []
    for one in pieces:
        if one.period and one.period.first == first and one.period.last <= last:
            rest = _cover(pieces, one.period.last + 1, last)
            if rest or one.period.last == last:
                return [one, *rest]
    return []


def bounded(page: Page, figure: Figure) -> Found:
    """No share is above 100 per cent, and no part above its whole."""
    if figure.role in {Role.SHARE, Role.RATE} and figure.unit == "%":
        low, _ = arithmetic.bounds(figure.quantity)
        if low > _HUNDRED:
            return [
                (figure, Finding(Rule.SHARE, holds=False, because=(Ground("占比不能超过 100%"),)))
            ]
    return []


RULES: Final[tuple[Callable[[Page, Figure], Found], ...]] = (
    restated, said_twice, share, rate, growth, change, mean, total, chain, bounded,
)  # fmt: skip

"""Is a growth or a change that from the earlier value to this one?"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from guantong.bulletin import arithmetic
from guantong.bulletin.bind import (
    LEVELS,
    base_of,
    national,
    row_of,
    value_of,
)
from guantong.bulletin.figures import COUNTED, POINTS, Figure, Role
from guantong.bulletin.finding import Finding, Found, Page, judged, short, worded
from guantong.bulletin.model import Ground, Quantity, Rule
from guantong.bulletin.periods import Period
from guantong.bulletin.published import Row

_HUNDRED: Final = Decimal(100)


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
        # Nothing single would be right: neighbouring bases give neighbouring growths.
        because = (page.cite(value), Ground("没有任何整数基期值能得出这一增幅"))
        return [(figure, Finding(Rule.GROWTH, holds=False, because=because))]
    if len(found) > 1:
        told = f"{_missing_base(figure)}({found[0]} 至 {found[-1]} 均可)"
        return short(Rule.GROWTH, figure, told)
    because = (page.cite(value), Ground(f"唯一可能的整数基期值为 {found[0]}"))
    held = Finding(Rule.GROWTH, holds=True, because=because)
    return [(figure, held), (value, Finding(Rule.GROWTH, holds=True, because=(page.cite(figure),)))]


def _missing_base(figure: Figure) -> str:
    return f"{figure.compared}的数值" if figure.compared else "基期数值"


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

"""Is a level of the index the one that was published, or the mean of its months?"""

import re
from dataclasses import replace
from typing import Final

from guantong.bulletin import arithmetic
from guantong.bulletin.bind import (
    LEVELS,
    national,
)
from guantong.bulletin.figures import Figure, Role
from guantong.bulletin.finding import Finding, Found, Page, judged, short
from guantong.bulletin.model import Ground, Quantity, Rule
from guantong.bulletin.periods import Period

EACH: Final = re.compile(r"月均|平均每月|日均")


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
    if EACH.search(page.text[figure.clause : figure.start]):
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

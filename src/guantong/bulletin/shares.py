"""Is a share or a rate that of its part and its whole?"""

import re
from decimal import Decimal
from typing import Final

from guantong.bulletin import arithmetic
from guantong.bulletin.bind import (
    GENERIC,
    LEVELS,
    alike,
    head_of,
    row_of,
    same_thing,
    same_unit,
)
from guantong.bulletin.figures import Figure, Role
from guantong.bulletin.finding import Finding, Found, Page, judged, short
from guantong.bulletin.model import Ground, Quantity, Rule

_HUNDRED: Final = Decimal(100)


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
    if part.clause != figure.clause and not same_thing(_own_part(page, figure), part.subject):
        return short(Rule.SHARE, figure, f"{_own_part(page, figure)}的数值")
    whole = _whole(page, figure, part)
    if whole is None:
        return short(Rule.SHARE, figure, f"总体的数值({figure.whole or '未指明'})")
    true = arithmetic.share(part.quantity, whole.quantity)
    if true is None:
        return short(Rule.SHARE, figure, "总体可能为零")
    because = (page.cite(part), page.cite(whole))
    return judged(page, Rule.SHARE, figure, true, because=because, operands=(part, whole))


def _own_part(page: Page, figure: Figure) -> str:
    """What the clause of a share says it is of: 重大案件占 1.2%; "" when it is silent."""
    lead = page.text[figure.clause : figure.start]
    return re.sub(r"(?:所占|占|比重|比例|份额).*$", "", lead).strip("其中的，约")


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


def bounded(page: Page, figure: Figure) -> Found:
    """No share is above 100 per cent, and no part above its whole."""
    if figure.role in {Role.SHARE, Role.RATE} and figure.unit == "%":
        low, _ = arithmetic.bounds(figure.quantity)
        if low > _HUNDRED:
            return [
                (figure, Finding(Rule.SHARE, holds=False, because=(Ground("占比不能超过 100%"),)))
            ]
    return []

"""Do parts, or successive periods, add up to their total?"""

import re
from decimal import Decimal
from typing import Final

from guantong.bulletin import arithmetic
from guantong.bulletin.bind import (
    LEVELS,
    fits,
    same_unit,
)
from guantong.bulletin.figures import COUNTED, Figure, Role
from guantong.bulletin.finding import Found, Page, judged
from guantong.bulletin.levels import EACH
from guantong.bulletin.model import Rule

_STOCK: Final = re.compile(r"实有|存量|在册|期末|年末|月末")


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
    return additive and not EACH.search(lead) and not _STOCK.search(lead)


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

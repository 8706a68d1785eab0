"""Which figures belong together: value and growth, part and whole, a list and its shares?"""

import re
from typing import Final

from guantong.bulletin.figures import PERCENT, POINTS, Figure, Role
from guantong.bulletin.finding import Page
from guantong.bulletin.places import named

LEVELS: Final = frozenset({Role.LEVEL, Role.TOTAL})
GENERIC: Final = frozenset(
    {"", "全部", "总数", "总量", "总", "案件总数", "比", "其", "总额", "全部案件", "全部的"}
)
_INDEX: Final = re.compile(r"(?:中国|全国)?企业信用指数|信用指数|指数")
_OURS: Final = re.compile(r"(?:企业信用|信用|(?:^|[^\u4e00-\u9fff])|[月度年国总该此期])$")
"""What may stand before 指数 when it is this index and not that of prices or of confidence."""
_NOT_NATIONAL: Final = re.compile(r"分指标|行业|排名|地区|区域|全省|全市")


def alike(one: str, other: str) -> int:
    """How many pairs of neighbouring characters two names share."""
    pairs = {one[at : at + 2] for at in range(len(one) - 1)}
    return len(pairs & {other[at : at + 2] for at in range(len(other) - 1)})


def same_thing(one: str, other: str) -> bool:
    """Whether two names may be of one thing: one is silent, or part of the other."""
    return not one or not other or one in other or other in one


def fits(one: str, other: str) -> bool:
    """Whether two names may be of the same thing: one is silent, or they share a word."""
    return not one or not other or alike(one, other) > 0


def same_unit(one: Figure, other: Figure) -> bool:
    """Whether two figures can be added or compared."""
    if one.unit in PERCENT | POINTS:
        return other.unit in PERCENT | POINTS
    return one.unit == other.unit or {one.unit, other.unit} <= {"件", "起", "宗"}


def own_name(page: Page, figure: Figure) -> str:
    """What the figure's own clause says it is of, before any inheritance."""
    lead = page.text[figure.clause : figure.start]
    inside = [one for one in page.sentence(figure) if figure.clause <= one.start < figure.start]
    if inside:
        lead = page.text[inside[-1].end : figure.start]
    return figure.subject if figure.subject and figure.subject[-4:] in lead else ""


def value_of(page: Page, change: Figure) -> Figure | None:
    """The value whose growth or change a figure gives: the nearest before it, else after it."""
    name = own_name(page, change)
    mates = page.sentence(change)
    before = [one for one in mates if one.start < change.start]
    after = [one for one in mates if one.start > change.start]
    points = change.unit in POINTS
    for one in reversed(before):
        level = one.role in LEVELS or (points and one.role in {Role.SHARE, Role.RATE})
        if level and _comparable(one, change) and same_thing(name, one.subject):
            return one
        if level and not points and _comparable(one, change):
            return None
    for one in after:
        joint = page.text[change.end : one.start]
        if one.role in LEVELS and _comparable(one, change):
            told = [mate for mate in mates if mate.role is Role.PRIOR and mate.end < one.start]
            if told and told[-1].start > change.end:
                return one
            near = re.fullmatch(r"[，,]?(?:达到|达|至|到|为|增至|降至|升至)[^，。；]{0,4}", joint)
            return one if near else None
    return None


def _comparable(level: Figure, change: Figure) -> bool:
    if change.role is Role.CHANGE:
        return same_unit(level, change)
    return level.unit not in PERCENT


def base_of(page: Page, value: Figure, change: Figure) -> Figure | None:
    """The earlier value, where the text gives it."""
    mates = page.sentence(change)
    others = [one for one in mates if one.role is Role.PRIOR and same_unit(one, value)]
    changes = [one for one in mates if one.role in {Role.GROWTH, Role.CHANGE}]
    for one in reversed(others):
        known = one.period and change.compared
        if one.start < change.start and (not known or one.period == change.compared):
            return one
        if not known and len(changes) == 1:
            return one
    against = change.compared
    if against is None:
        return None
    for one in page.around(change):
        level = one.role in LEVELS and one is not value and one.period == against
        if (
            level
            and same_unit(one, value)
            and same_place(page, one, value)
            and fits(one.subject, value.subject)
        ):
            return one
    return None


def same_place(page: Page, one: Figure, other: Figure) -> bool:
    """Whether two figures are of the same provinces or industries, or of none."""
    return _place(one.subject) == _place(other.subject)


def _place(subject: str) -> tuple[str, ...]:
    return tuple(name.key for name in named(subject))


def head_of(page: Page, part: Figure) -> Figure | None:
    """The whole a figure is part of: what stands before the 其中 that introduces it."""
    text = page.text
    begin = text.rfind("其中", part.sentence, part.start)
    candidates = [
        one
        for one in page.around(part)
        if one.role in LEVELS and same_unit(one, part) and one is not part
    ]
    if begin < 0:
        inside = [one for one in candidates if part.sentence <= one.start < part.start]
        return inside[0] if inside else None
    before = [
        one for one in candidates if one.start < begin and text.count("\n", one.start, begin) == 0
    ]
    near = [one for one in before if one.sentence == part.sentence]
    if near:
        return near[0] if text.count("其中", part.sentence, begin) else near[-1]
    leads = text[part.sentence : begin].strip("，, ") == ""
    return before[-1] if before and leads else None


def row_of(page: Page, figure: Figure) -> list[Figure]:
    """Figures of the same kind that stand in a row with this one: 65.4%、25.3%、7.7%和1.5%."""
    mates = page.sentence(figure)
    at = next(index for index, one in enumerate(mates) if one.start == figure.start)
    first = last = at
    while first > 0 and _in_row(page, mates[first - 1], mates[first]):
        first -= 1
    while last + 1 < len(mates) and _in_row(page, mates[last], mates[last + 1]):
        last += 1
    return mates[first : last + 1]


def _in_row(page: Page, one: Figure, other: Figure) -> bool:
    return one.unit == other.unit and page.text[one.end : other.start] in {
        "、",
        "和",
        "与",
        "及",
        "，",
        "以及",
    }


def national(page: Page, figure: Figure) -> bool:
    """Whether a figure is of the index of the whole country."""
    if figure.unit not in {"点", "", "%"}:
        return False
    if figure.corrected_by:
        of_place = any(True for _ in named(figure.subject))
        return bool(_INDEX.search(figure.subject)) and not of_place
    begin = page.text.rfind("\n", 0, figure.start) + 1
    lead = page.text[max(begin, figure.start - 120) : figure.start]
    last = lead.rfind("指数")
    if last < 0 or not _OURS.search(lead[:last]) or "企业信用指数" not in page.text:
        return False
    if figure.unit == "%" and len(lead) - last > 22:
        return False
    clause = max(lead.rfind(mark, 0, last) for mark in "，。；：:！")
    around = lead[clause + 1 :]
    return not any(True for _ in named(around)) and not _NOT_NATIONAL.search(around)

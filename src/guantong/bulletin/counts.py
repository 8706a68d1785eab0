"""Are there as many things in the list as the text says: 北京、安徽、江苏三省?"""

import re
from typing import Final

from guantong.bulletin.figures import Figure, Role
from guantong.bulletin.finding import Finding, Found, Page, short
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.places import groups

COUNTERS: Final = re.compile(
    r"个(?:省份|省市|省区市|省|市|地区|行业|门类|城市|分指标|品牌|阶段|方面|大类)?|省份?|地|市|省市|种|类|项|大行业|家"
)
_BRACKETS: Final = re.compile(r"[(][^()]*[)]")
_LIST_BEFORE: Final = re.compile(r"[^，。；:\n]*$")
_LIST_AFTER: Final = re.compile(
    r"^[^，。；:、\n\d]{0,10}?(?:[:]|分别[是为]|包括|即)(?P<list>[^。；:\n]{2,120})"
)
_SPLIT: Final = re.compile(r"、|以及|(?<=[\u4e00-\u9fff])和(?!平)|(?<=[\u4e00-\u9fff])及(?!其)")
_ITEM_MAX: Final = 22


def counted(page: Page, figure: Figure) -> Found:
    """A number of things that stand in a list before or after it."""
    whole = figure.quantity.low == figure.quantity.high
    if figure.role is not Role.LEVEL or not COUNTERS.fullmatch(figure.unit) or not whole:
        return []
    items, open_ended = _before(page, figure) or _after(page, figure) or ([], False)
    if len(items) < 2:
        return []
    told = (Ground(f"列出 {len(items)} 项:{'、'.join(items)}"),)
    number = int(figure.quantity.value)
    if open_ended and len(items) < number:
        return short(Rule.COUNT, figure, f"其余 {number - len(items)} 项(文中以“等”略去)")
    holds = len(items) == number
    return [(figure, Finding(Rule.COUNT, holds, told, "" if holds else _again(figure, len(items))))]


def _again(figure: Figure, number: int) -> str:
    spaced = figure.text[:1].isdigit()
    return (
        f"{number if spaced else _CHINESE[number]}{figure.unit}"
        if number < len(_CHINESE)
        else f"{number}{figure.unit}"
    )


_CHINESE: Final = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")


def _before(page: Page, figure: Figure) -> tuple[list[str], bool] | None:
    lead = page.text[figure.sentence : figure.start]
    known = groups(lead)
    if known and re.fullmatch(r"(?:等|这|共|共计)?", lead[known[-1].end :]):
        names = [member.name for member in known[-1].members]
        rest = lead[: known[-1].start]
        if not rest.endswith("、"):
            return names, lead.endswith("等")
    found = _LIST_BEFORE.search(_BRACKETS.sub("", lead))
    text = found[0] if found else ""
    open_ended = text.endswith("等")
    items = _items(text[:-1] if open_ended else text)
    return (items, open_ended) if items and "、" in text else None


def _after(page: Page, figure: Figure) -> tuple[list[str], bool] | None:
    found = _LIST_AFTER.search(page.text[figure.end : figure.end + 160])
    if not found:
        return None
    text = found["list"].split("，")[0]
    known = groups(text)
    if known and known[-1].start == 0 or known and known[0].start == 0:
        return [member.name for member in known[0].members], text[known[0].end :].startswith("等")
    open_ended = "等" in text[-3:]
    items = _items(re.sub(r"等.{0,2}$", "", text))
    return (items, open_ended) if items and "、" in text else None


def _items(text: str) -> list[str]:
    """The members of a list; none when it does not look like one."""
    items = [item for item in _SPLIT.split(text)]
    if not text or any(
        not item or len(item) > _ITEM_MAX or re.search(r"\d(?!\d{0,3}年)", item) for item in items
    ):
        return []
    return items

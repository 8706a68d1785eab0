"""Which numbers does the text give?

Every run of digits or numerals ends up either as a `Figure` or as a `Passed` number with the
reason why it claims nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from guantong.bulletin.described import described
from guantong.bulletin.figures import COUNTED, POINTS, Figure, Passed, Role, exact, rounded
from guantong.bulletin.flow import Flow
from guantong.bulletin.model import Quantity, Reason
from guantong.bulletin.numerals import SCALES, arabic, chinese
from guantong.bulletin.periods import Mention
from guantong.bulletin.vocabulary import (
    ABOUT_AFTER,
    ABOUT_BEFORE,
    MASKS,
    MEASURED,
    UNIT,
)

_SCALE: Final = "|".join(sorted((scale for scale in SCALES if scale), key=len, reverse=True))
_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d+)(?:\.\d+)?"
_ARABIC: Final = re.compile(
    rf"(?P<sign>(?<![\d\u4e00-\u9fffA-Za-z%)])[-+])?(?P<digits>{_NUMBER})(?P<scale>{_SCALE})?(?P<more>[多余])?(?P<scale2>万|亿)?"
    rf"(?P<unit>{UNIT})?"
    rf"(?:(?:-{{1,2}}|~|至|到)(?P<digits2>{_NUMBER})(?P<scale3>{_SCALE})?(?P<unit2>{UNIT}))?"
)
_CHINESE: Final = re.compile(
    rf"(?P<hundredth>百分之(?P<of>[〇零一二三四五六七八九十百点]{{1,12}}))"
    rf"|(?P<tenths>[一二三四五六七八九两])成(?![为果立效员本熟交])"
    rf"|(?P<front>前)(?P<rank>[一二三四五六七八九十]{{1,2}}|\d{{1,2}})(?:位|名|强)?(?![个次季月年期])"
    rf"|(?<![〇零一二三四五六七八九十百千万亿两])(?P<cn>[〇零一二三四五六七八九十百千万亿两]{{1,16}})(?P<more>[多余])?(?P<unit>{MEASURED})"
)
_FRONT: Final = re.compile(r"前(?P<rank>\d{1,2})(?:位|名|强)?(?![个次季月年期\d%.])")
_NTH: Final = re.compile(r"第(?P<nth>[一二三四五六七八九十]{1,3}|\d{1,2})(?:位|名)")


def numbers(run: Flow, times: list[Mention]) -> tuple[list[Figure], list[Passed]]:
    """All numbers of a running text: those that claim, and those that do not."""
    text = run.text
    passed: list[Passed] = []
    taken = bytearray(len(text))

    def take(start: int, end: int) -> None:
        taken[start:end] = b"\1" * (end - start)

    for pattern, reason in MASKS[:5]:
        _mask(pattern, reason, text, taken, passed)
    for time in times:
        if not any(taken[time.start : time.end]):
            if re.search(r"[\d〇零一二三四五六七八九十两]", text[time.start : time.end]):
                reason = Reason.DATE if time.date else Reason.PERIOD
                passed.append(Passed(time.start, time.end, reason))
            take(time.start, time.end)
    places = list(_places(text, taken))
    for pattern, reason in MASKS[5:]:
        _mask(pattern, reason, text, taken, passed)
    found = sorted([*places, *_read(text, taken)], key=lambda one: one.start)
    for figure in found:
        take(figure.start, figure.end)
    for match in re.finditer(r"[\d〇零一二三四五六七八九十百千万亿两]+", text):
        if not any(taken[match.start() : match.end()]):
            passed.append(Passed(*match.span(), Reason.WORD))
    return described(text, found, times), passed


def _mask(
    pattern: re.Pattern[str], reason: Reason, text: str, taken: bytearray, out: list[Passed]
) -> None:
    for match in pattern.finditer(text):
        if not any(taken[match.start() : match.end()]):
            taken[match.start() : match.end()] = b"\1" * len(match.group())
            out.append(Passed(*match.span(), reason))


def _bare(match: re.Match[str], quantity: Quantity, unit: str, role: Role = Role.LEVEL) -> Figure:
    return Figure(match.start(), match.end(), match.group(), quantity, unit, role, "", None, 0, 0)


def _places(text: str, taken: bytearray) -> Iterator[Figure]:
    for pattern, name in ((_FRONT, "rank"), (_NTH, "nth"), (_CHINESE, "rank")):
        for match in pattern.finditer(text):
            if not match[name] or any(taken[match.start() : match.end()]):
                continue
            rank = chinese(match[name]) if not match[name].isdigit() else int(match[name])
            if rank:
                taken[match.start() : match.end()] = b"\1" * len(match.group())
                unit = "位" if name == "nth" else "前"
                yield _bare(match, exact(Decimal(rank)), unit, Role.PLACE)


def _read(text: str, taken: bytearray) -> Iterator[Figure]:
    for match in _ARABIC.finditer(text):
        if any(taken[match.start("digits") : match.end("digits")]):
            continue
        taken[match.start() : match.end()] = b"\1" * len(match.group())
        yield _arabic(text, match)
    for match in _CHINESE.finditer(text):
        if match["rank"] or any(taken[match.start() : match.end()]):
            continue
        figure = _chinese(text, match)
        if figure:
            yield figure


def _arabic(text: str, match: re.Match[str]) -> Figure:
    scale = (match["scale"] or "") + (match["scale2"] or "")
    value, step = arabic(match["digits"], scale if scale in SCALES else match["scale"] or "")
    unit = match["unit"] or ""
    whole = step == 1 and (unit in COUNTED or unit[:1] == "个" and unit not in POINTS)
    quantity = exact(value) if whole else rounded(value, step)
    if match["sign"] == "-":
        quantity = rounded(-value, step)
    if match["digits2"]:
        unit = match["unit2"]
        upper, _ = arabic(match["digits2"], match["scale3"] or "")
        low = value * (Decimal(SCALES[match["scale3"]]) if match["scale3"] and not scale else 1)
        quantity = Quantity(low, low, max(low, upper), step)
    elif match["more"]:
        quantity = replace(quantity, low=value, high=None)
    else:
        quantity = _approximate(text, match, quantity)
    return _bare(match, quantity, unit)


def _approximate(text: str, match: re.Match[str], quantity: Quantity) -> Quantity:
    """Widen the bounds as 约, 近, 超 or 左右 say."""
    before = ABOUT_BEFORE.search(text[max(0, match.start() - 4) : match.start()])
    after = ABOUT_AFTER.match(text[match.end() : match.end() + 2])
    value, twentieth = quantity.value, abs(quantity.value) / 20
    for found in (before, after):
        if found is None:
            continue
        groups = found.groupdict()
        if groups.get("about"):
            return replace(quantity, low=value - twentieth, high=value + twentieth)
        if groups.get("near"):
            return replace(quantity, low=value - 2 * twentieth, high=value)
        if groups.get("over"):
            return replace(quantity, low=value, high=None)
        return replace(quantity, low=None, high=value)
    return quantity


def _chinese(text: str, match: re.Match[str]) -> Figure | None:
    if match["hundredth"]:
        whole, _, decimals = match["of"].partition("点")
        number = chinese(whole)
        digits = "".join(str(chinese(char)) for char in decimals)
        if number is None:
            return None
        value = Decimal(f"{number}.{digits}" if digits else number)
        return _bare(match, rounded(value, Decimal(1).scaleb(-len(digits))), "%")
    if match["tenths"]:
        value = Decimal(10 * (chinese(match["tenths"]) or 0))
        return _bare(match, _approximate(text, match, rounded(value, Decimal(10))), "%")
    number = chinese(match["cn"])
    if not number or match["cn"] == "一":
        return None
    unit = match["unit"]
    for word, times in (("万元", 10**4), ("亿元", 10**8)):
        if unit == word:
            number, unit = number * times, "元"
    quantity = exact(Decimal(number))
    if match["more"]:
        quantity = replace(quantity, high=None)
    return _bare(match, _approximate(text, match, quantity), unit)

"""Which numbers does the text give, of what, when, and as what?

Every run of digits or numerals ends up either as a `Figure` or as a `Passed` number with the
reason why it claims nothing.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from guantong.bulletin.flow import Flow
from guantong.bulletin.model import Quantity, Reason
from guantong.bulletin.numerals import SCALES, arabic, chinese
from guantong.bulletin.periods import Mention, Period
from guantong.bulletin.vocabulary import (
    ABOUT_AFTER,
    ABOUT_BEFORE,
    CHANGE,
    COMPARED,
    MASKS,
    MEASURED,
    PREVIOUS,
    PRIOR,
    RATE,
    SHARE,
    TO,
    TOTAL,
    UNIT,
)

PERCENT: Final = frozenset({"%", "‰"})
POINTS: Final = frozenset({"个百分点", "百分点"})


class Role(StrEnum):
    """As what a figure is given."""

    LEVEL = "level"
    PRIOR = "prior"
    """The value something is compared with."""
    TOTAL = "total"
    GROWTH = "growth"
    """Change in per cent or so many times."""
    CHANGE = "change"
    """Change in units, or in percentage points."""
    SHARE = "share"
    RATE = "rate"
    PLACE = "place"
    """A place, or so many first places, in a ranking."""
    MOVED = "moved"
    """So many places up or down."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A number that claims nothing; offsets in the running text."""

    start: int
    end: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its reading; offsets in the running text."""

    start: int
    end: int
    text: str
    quantity: Quantity
    unit: str
    role: Role
    subject: str
    period: Period | None
    sentence: int
    """Offset at which its sentence begins."""
    clause: int
    """Offset at which its clause begins."""
    sign: int = 1
    """-1 for a fall."""
    compared: Period | None = None
    """Of a change: the period it is measured against, when that is known."""
    whole: str = ""
    """Of a share: the words that name the whole."""
    corrected_by: str = ""

    @property
    def signed(self) -> Quantity:
        """The quantity, below zero for a fall."""
        if self.sign > 0:
            return self.quantity
        low = None if self.quantity.high is None else -self.quantity.high
        high = None if self.quantity.low is None else -self.quantity.low
        return replace(self.quantity, value=-self.quantity.value, low=low, high=high)


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
_ANY_CHINESE: Final = re.compile(r"[〇零一二三四五六七八九十百千万亿两]+")
_FRONT: Final = re.compile(r"前(?P<rank>\d{1,2})(?:位|名|强)?(?![个次季月年期\d%.])")
_NTH: Final = re.compile(r"第(?P<nth>[一二三四五六七八九十]{1,3}|\d{1,2})(?:位|名)")
_SENTENCE: Final = re.compile(r"[。！？\n!?]")
_CLAUSE: Final = re.compile(r"[，。；;！？\n:、]|,(?!\d{3})")


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
    return _described(text, found, times), passed


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


def exact(value: Decimal) -> Quantity:
    """A quantity that stands for itself alone."""
    return Quantity(value, value, value)


def rounded(value: Decimal, step: Decimal) -> Quantity:
    """A quantity that was rounded to multiples of `step`."""
    return Quantity(value, value - step / 2, value + step / 2, step)


COUNTED: Final = frozenset(
    [
        "件",
        "起",
        "笔",
        "宗",
        "家",
        "户",
        "批次",
        "批",
        "人次",
        "次",
        "条",
        "项",
        "名",
        "人",
        "台",
        "种",
        "类",
        "个",
        "位",
        "份",
        "例",
        "部",
        "辆",
        "款",
        "省",
        "地",
        "市",
        "只",
        "套",
        "场",
        "期",
    ]
)
"""Units of things that come whole: such a number without a scale word was not rounded."""


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


def _described(text: str, found: list[Figure], times: list[Mention]) -> list[Figure]:
    """Give each figure its role, subject and period from the words around it."""
    described: list[Figure] = []
    sentences, clauses = _Bounds.of(_SENTENCE, text), _Bounds.of(_CLAUSE, text)
    calendar = _Calendar.of(times)
    for figure in found:
        sentence = sentences.before(figure.start)
        clause = max(sentence, clauses.before(figure.start))
        figure = replace(figure, sentence=sentence, clause=clause)
        figure = _in_row(text, _with_role(text, figure), described[-1:])
        figure = _with_period(figure, calendar, text)
        described.append(_with_subject(text, figure, described))
    return described


def _in_row(text: str, figure: Figure, before: list[Figure]) -> Figure:
    """Figures in a row (分别增长 12.3% 和 5.4%) are all given as what the first is."""
    if not before or before[0].unit != figure.unit or figure.role is not Role.LEVEL:
        return figure
    first = before[0]
    if text[first.end : figure.start] not in {"、", "和", "与", "及", "以及"}:
        return figure
    return replace(figure, role=first.role, sign=first.sign, clause=first.clause, whole=first.whole)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Where sentences or clauses begin."""

    at: tuple[int, ...]

    @classmethod
    def of(cls, pattern: re.Pattern[str], text: str) -> Self:
        return cls((0, *(match.end() for match in pattern.finditer(text))))

    def before(self, offset: int) -> int:
        """The last beginning; what runs on without end is cut into pieces."""
        begin = self.at[bisect_right(self.at, offset) - 1]
        return begin + (offset - begin) // SENTENCE_MAX * SENTENCE_MAX


SENTENCE_MAX: Final = 400
"""Characters of a sentence."""


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The expressions of time, and what period holds after each."""

    times: list[Mention]
    starts: list[int]
    running: list[Period | None]

    @classmethod
    def of(cls, times: list[Mention]) -> Self:
        known = [time for time in times if time.period is not None]
        running: list[Period | None] = []
        for time in known:
            last = running[-1] if running else None
            moves = not time.compared and (not time.date or last is None)
            running.append(time.period if moves else last)
        return cls(known, [time.start for time in known], running)

    def until(self, offset: int) -> Period | None:
        """The period that holds before `offset`."""
        place = bisect_left(self.starts, offset)
        return self.running[place - 1] if place else None

    def between(self, begin: int, end: int) -> list[Mention]:
        """The expressions in a piece of the text."""
        return self.times[bisect_left(self.starts, begin) : bisect_left(self.starts, end)]


def _with_role(text: str, figure: Figure) -> Figure:
    text[figure.sentence : figure.start]
    near = text[figure.clause : figure.start]
    if figure.role is Role.PLACE:
        return figure
    if figure.unit in {"位", "个位次", "位次"} and re.search(
        r"(?:排名|名次|位次)[^，。；]{0,4}$", CHANGE.sub("", near)
    ):
        change = CHANGE.search(near)
        if change:
            return replace(figure, role=Role.MOVED, sign=-1 if change["down"] else 1)
    if figure.unit == "倍" and re.search(
        r"(?:同期|上年|去年|上月|上季度|\d月|年)的(?:约|近|超)?$", near
    ):
        return replace(figure, role=Role.GROWTH, whole="ratio")
    change = CHANGE.search(near)
    if change and not TO.search(near):
        role = Role.GROWTH if figure.unit in PERCENT or figure.unit == "倍" else Role.CHANGE
        return replace(figure, role=role, sign=-1 if change["down"] else 1)
    if figure.unit in PERCENT:
        # A comma may stand between 占 and the number only as part of a list of shares.
        share = SHARE.search(near)
        if share:
            return replace(figure, role=Role.SHARE, whole=(share["whole"] or "").strip("的"))
        if RATE.search(near):
            return replace(figure, role=Role.RATE)
    if PRIOR.search(near) and not TO.search(near) and _leads_on(text, figure, near):
        return replace(figure, role=Role.PRIOR)
    if figure.unit in PERCENT:
        return figure
    if TOTAL.search(near) and re.search(r"合计|共计|总计|总共", near):
        return replace(figure, role=Role.TOTAL)
    return figure


def _leads_on(text: str, figure: Figure, near: str) -> bool:
    """Whether 由 or 从 before a number is that of a change (由 2000 件增至), not of an origin."""
    origin = re.search(r"[由从](?:\d{4}年(?:\d{1,2}月)?|\d{1,2}月)?[^，。；\d]*$", near)
    return not origin or bool(
        re.match(r"[^，。；]{0,12}?[至到]", text[figure.end : figure.end + 14])
    )


def _with_period(figure: Figure, calendar: _Calendar, text: str) -> Figure:
    running = calendar.until(figure.start)
    here = calendar.between(figure.clause, figure.start)
    compared = [time.period for time in here if time.compared]
    against = compared[-1] if compared else None
    named = [time.period for time in here if time.compared or not time.date]
    prior = named[-1] if named else None
    near = text[figure.clause : figure.start]
    if running and figure.role in {Role.GROWTH, Role.CHANGE, Role.MOVED} and against is None:
        if COMPARED.search(near):
            against = running.year_before()
        elif PREVIOUS.search(near) and running.months in {1, 3}:
            against = running.before()
    if figure.role is Role.PRIOR:
        return replace(
            figure, period=None if re.search(r"[由从][^，]*$", near) else prior, compared=running
        )
    return replace(figure, period=running, compared=against)


_STRIP: Final = re.compile(
    r"^(?:、|其中|此外|另外|同时|全年|分别|以及|和|与|及|并|共|对|,|\(|\)|:)+|(?:为|达到|达|共计|合计|总计|累计|共|约|近|超过|超|逾|突破|有|的|了|是|占|分别|不到|不足|\()+$"
)


def _with_subject(text: str, figure: Figure, before: list[Figure]) -> Figure:
    near = text[figure.clause : figure.start]
    last = before[-1] if before and before[-1].end > figure.clause else None
    if last:
        near = text[last.end : figure.start]
    name = _name(near)
    if not name and figure.role in {Role.GROWTH, Role.CHANGE, Role.SHARE, Role.PRIOR, Role.MOVED}:
        earlier = [one for one in before if one.sentence == figure.sentence and one.subject]
        name = earlier[-1].subject if earlier else ""
    if not name:
        name = _name_in_clauses(text[figure.sentence : figure.clause])
    return replace(figure, subject=name)


def _name_in_clauses(text: str) -> str:
    for clause in reversed(_CLAUSE.split(text)):
        name = _name(re.sub(r"\d.*", "", clause))
        if len(name) > 1:
            return name
    return ""


def _name(words: str) -> str:
    words = re.sub(
        r"(?:截至|截止)?(?:\d{4}年|今年|去年|上年)?(?:\d{1,2}(?:-\d{1,2})?月份?|[一二三四]季度|[上下]半年|全年|前[\d一二三四五六七八九十]+个[月季]度?|以来|[一二三四五六七八九十]{1,2}月)?(?:底|末)?",
        "", words, count=1,
    ) if re.match(r"(?:截至|截止|\d{4}年|今年|去年|上年|\d{1,2}(?:-\d{1,2})?月|[一二三四]季度|[上下]半年|全年|前[\d一二三四五六七八九十]+个|[一二三四五六七八九十]{1,2}月)", words) else words  # fmt: skip
    words = re.sub(r"(?:是去年|是上年|比|较|与|同比|环比|由|从).*$", "", words)
    words = CHANGE.sub("", TO.sub("", words))
    previous = ""
    while previous != words:
        previous, words = words, _STRIP.sub("", words)
    words = re.sub(
        r"^.*(?:查办|办理|检查|抽查|抽检|受理|新设|设立|发放|处置|列入|移出)(?:各类|了)?(?=.{2})",
        "",
        words,
    )
    return words[-24:]

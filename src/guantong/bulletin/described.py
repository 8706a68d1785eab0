"""Of what, when, and as what is a figure given?

Its role, subject and period are read from the words around it.
"""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import Final, Self

from guantong.bulletin.figures import PERCENT, Figure, Role
from guantong.bulletin.periods import Mention, Period
from guantong.bulletin.vocabulary import (
    CHANGE,
    COMPARED,
    PREVIOUS,
    PRIOR,
    RATE,
    SHARE,
    TO,
    TOTAL,
)

_SENTENCE: Final = re.compile(r"[。！？\n!?]")
_CLAUSE: Final = re.compile(r"[，。；;！？\n:、]|,(?!\d{3})")


def described(text: str, found: list[Figure], times: list[Mention]) -> list[Figure]:
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


_WHEN: Final = re.compile(
    r"(?:截至|截止)?(?:\d{4}年|今年|去年|上年)?(?:\d{1,2}(?:-\d{1,2})?月份?|[一二三四]季度|[上下]半年|全年"
    r"|前[\d一二三四五六七八九十]+个[月季]度?|以来|[一二三四五六七八九十]{1,2}月)?(?:底|末)?"
)
_VERB: Final = re.compile(
    r"^.*(?:查办|办理|检查|抽查|抽检|受理|新设|设立|发放|处置|列入|移出)(?:各类|了)?(?=.{2})"
)


def _name(words: str) -> str:
    """Whose figure: the words before it without time, verb and comparison."""
    when = _WHEN.match(words)
    words = words[when.end() :] if when else words
    words = re.sub(r"(?:是去年|是上年|比|较|与|同比|环比|由|从).*$", "", words)
    words = CHANGE.sub("", TO.sub("", words))
    previous = ""
    while previous != words:
        previous, words = words, _STRIP.sub("", words)
    words = _VERB.sub("", words)
    return words[-24:]

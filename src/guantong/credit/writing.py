"""What does the release say? A text in the shape of the monthly releases, from the numbers only.

Every figure of the text is one of the issue's, rounded for showing; changes are taken before
rounding. Words about places ("back in first place", "for the first time this year") are said
only when the bands of `guantong.credit.uncertainty` support them; without bands none are said.
"Among the first five" is always followed by how firm that is.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from guantong.credit import names
from guantong.credit.decompose import BALANCE, Decomposition, Turnover
from guantong.credit.model import Month, Provenance, Release, SubIndex
from guantong.credit.seasonal import Adjustment
from guantong.credit.uncertainty import Bands, Claim, ClaimKind, supported

TOP: Final = 5
"""Places that a release names."""
NAMED_MAX: Final = 3
"""Units named for one kind of movement of places."""
MOVED_MAX: Final = 2
"""Units named for a change of value, each way."""
MONTHS_EN: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Everything a release of one month is written from."""

    now: Release
    before: Release | None = None
    """The month before; None leaves all changes out."""
    year_ago: Release | None = None
    """The same month of the year before."""
    decomposition: Decomposition | None = None
    """Of the change since the month before."""
    turnover: Turnover | None = None
    provinces: Sequence[Bands] = ()
    """Bands of provinces, oldest first, up to this month; () for no words about places."""
    sections: Sequence[Bands] = ()
    adjustment: Adjustment | None = None
    """Of the national index, up to this month."""
    provenance: Provenance = Provenance.EXAMPLE
    """Of the method."""
    base: str = "2014"
    vintage: int = 1
    steady: float = 0.1
    """Points below which a sub-index counts as steady."""
    name_zh: str = "企业信用指数"
    name_en: str = "Enterprise Credit Index"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One part of the text, in both languages."""

    key: str
    """``national``, ``sub_indices``, ``provinces``, ``sections``, ``adjusted``, ``notes``."""
    heading_zh: str
    heading_en: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Text:
    """A release in words."""

    title_zh: str
    title_en: str
    paragraphs: tuple[Paragraph, ...]

    def whole(self, language: str = "zh") -> str:
        """All of it as plain text, paragraphs on lines of their own."""
        chinese = language == "zh"
        lines = [self.title_zh if chinese else self.title_en]
        for part in self.paragraphs:
            lines.append(part.heading_zh if chinese else part.heading_en)
            lines.append(part.zh if chinese else part.en)
        return "\n\n".join(line for line in lines if line) + "\n"


def write(issue: Issue) -> Text:
    """Write the release of a month.

    Args:
        issue: The numbers.

    Returns:
        Title and paragraphs; parts for which there are no numbers are left out.
    """
    zh, en = month_zh(issue.now.period), month_en(issue.now.period)
    value = points(issue.now.national)
    parts = (
        _national(issue),
        _sub_indices(issue),
        _ranked(issue, "province"),
        _ranked(issue, "section"),
        _adjusted(issue),
        _notes(issue),
    )
    return Text(
        title_zh=f"{zh}{issue.name_zh}为{value}点",
        title_en=f"{issue.name_en} at {value} in {en}",
        paragraphs=tuple(part for part in parts if part is not None),
    )


# ----------------------------------------------------------------------- figures


def points(value: float) -> str:
    """A value as releases print it: two decimals, halves away from 0.

    >>> points(158.825), points(-0.004)
    ('158.83', '0.00')

    Returns:
        Digits without sign of 0.
    """
    shown = Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{shown or abs(shown):f}"


def month_zh(period: str) -> str:
    """``2024年10月``."""
    month = Month.parse(period)
    return f"{month.year}年{month.of_year}月"


def month_en(period: str) -> str:
    """``October 2024``."""
    month = Month.parse(period)
    return f"{MONTHS_EN[month.of_year - 1]} {month.year}"


def _since(issue: Issue, period: str) -> tuple[str, str]:
    """Another month as this one speaks of it: the year only where it must be told."""
    other, now = Month.parse(period), Month.parse(issue.now.period)
    if other == now.plus(-12):
        return "上年同期", month_en(period)
    if other.year == now.year:
        return f"{other.of_year}月", MONTHS_EN[other.of_year - 1]
    return "上月" if other == now.plus(-1) else month_zh(period), month_en(period)


def _moved(issue: Issue, now: float, before: float, period: str) -> tuple[str, str]:
    """A change with what it is from: ``较9月的158.36点上涨0.47点``."""
    zh, en = _since(issue, period)
    step, was = points(abs(now - before)), points(before)
    if step == "0.00":
        return f"与{zh}的{was}点持平", f"level with {was} in {en}"
    up = now > before
    return (
        f"较{zh}的{was}点{'上涨' if up else '下降'}{step}点",
        f"{'up' if up else 'down'} {step} from {was} in {en}",
    )


def _list_zh(items: Iterable[str]) -> str:
    return "、".join(items)


def _list_en(items: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; with semicolons where an item has a comma."""
    told = list(items)
    glue = "; " if any("," in item for item in told) else ", "
    return f"{glue.join(told[:-1])} and {told[-1]}" if len(told) > 1 else "".join(told)


# -------------------------------------------------------------------- paragraphs


def _national(issue: Issue) -> Paragraph:
    """The value, and how far it moved."""
    now = issue.now
    value = points(now.national)
    zh = f"{month_zh(now.period)}，{issue.name_zh}为{value}点"
    en = f"In {month_en(now.period)} the {issue.name_en} stood at {value}"
    for other in (issue.before, issue.year_ago):
        if other is not None:
            moved = _moved(issue, now.national, other.national, other.period)
            zh, en = f"{zh}，{moved[0]}", f"{en}, {moved[1]}"
    return Paragraph("national", "", "", f"{zh}。", f"{en}.")


def directions(issue: Issue) -> dict[SubIndex, int]:
    """Each sub-index of both months: 1 up, 0 steady, -1 down."""
    if issue.before is None:
        return {}
    was = issue.before.sub_indices
    moves = {sub: value - was[sub] for sub, value in issue.now.sub_indices.items() if sub in was}
    return {
        sub: 0 if abs(move) < issue.steady else 1 if move > 0 else -1 for sub, move in moves.items()
    }


_WORDS: Final = {1: ("上升", "up"), -1: ("下降", "down"), 0: ("总体稳定", "steady")}


def _sub_indices(issue: Issue) -> Paragraph | None:
    """Up, steady, down; with figures, and what moved the whole."""
    moves, before = directions(issue), issue.before
    if not moves or before is None:
        return None
    counts = [(sum(move == way for move in moves.values()), *_WORDS[way]) for way in (1, -1, 0)]
    counted = [line for line in counts if line[0]]
    zh = [
        f"分指标共{len(moves)}个，其中" + _list_zh(f"{n}个{word}" for n, word, _ in counted) + "。"
    ]
    en = [
        f"Of {len(moves)} sub-indices, " + _list_en(f"{n} {word}" for n, _, word in counted) + "."
    ]
    for sub, move in moves.items():
        one, two = _sub_index(issue, sub, move, before)
        zh.append(one)
        en.append(two)
    for one, two in (*_causes(issue), *_firms(issue)):
        zh.append(one)
        en.append(two)
    heading_zh, heading_en = _heading(moves)
    return Paragraph("sub_indices", heading_zh, heading_en, "".join(zh), " ".join(en))


def _heading(moves: Mapping[SubIndex, int]) -> tuple[str, str]:
    ways = set(moves.values())
    if {1, -1} <= ways:
        return "分指标有升有降", "Sub-indices moved both ways"
    if 1 in ways:
        return "分指标稳中有升", "Sub-indices steady or up"
    if -1 in ways:
        return "分指标稳中有降", "Sub-indices steady or down"
    return "分指标总体稳定", "Sub-indices steady"


def _sub_index(issue: Issue, sub: SubIndex, move: int, before: Release) -> tuple[str, str]:
    """One sub-index, with its value and the one before."""
    name, now, was = names.SUB_INDICES[sub], issue.now.sub_indices[sub], before.sub_indices[sub]
    moved = _moved(issue, now, was, before.period)
    steady = ("，总体稳定", ", steady") if move == 0 else ("", "")
    return (
        f"{name.zh}分指标为{points(now)}点，{moved[0]}{steady[0]}。",
        f"{name.en.capitalize()} stands at {points(now)}, {moved[1]}{steady[1]}.",
    )


def _causes(issue: Issue) -> Iterator[tuple[str, str]]:
    """What each sub-index gave to the change: the largest either way."""
    split = issue.decomposition
    if split is None:
        return
    given = {key: value for key, value in split.by_sub.items() if key != BALANCE}
    for best, zh, en in ((max, "拉高", "added"), (min, "拉低", "took off")):
        key = best(given, key=lambda name: given[name])
        value = given[key]
        if (value > 0) is (best is max) and points(abs(value)) != "0.00":
            name = names.SUB_INDICES[SubIndex(key)]
            yield (
                f"从构成看，{name.zh}分指标{zh}指数{points(abs(value))}点。",
                f"By parts, {name.en} {en} {points(abs(value))}.",
            )


def _firms(issue: Issue) -> Iterator[tuple[str, str]]:
    """What firms gave that stayed, came and went."""
    split = issue.turnover
    if split is None:
        return
    told = (
        (
            split.stayers + split.movers + split.reweighting,
            "存续企业",
            "firms there in both months",
        ),
        (split.entrants, "新纳入企业", "new firms"),
        (split.leavers, "退出企业", "firms that left"),
    )
    shown = [line for line in told if points(abs(line[0])) != "0.00"]
    if shown:
        zh = "，".join(
            f"{name}使指数{'上升' if value > 0 else '下降'}{points(abs(value))}点"
            for value, name, _ in shown
        )
        en = [
            f"{name} {'added' if value > 0 else 'took off'} {points(abs(value))}"
            for value, _, name in shown
        ]
        yield f"从企业看，{zh}。", f"By firms, {_list_en(en)}."


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one ranking is spoken of."""

    zh: str
    en: str
    field: str


_KINDS: Final = {
    "province": _Kind("省份", "Provinces", "provinces"),
    "section": _Kind("行业", "Industries", "sections"),
}


def _ranked(issue: Issue, dimension: str) -> Paragraph | None:
    """The first five, how firm that is, and who moved."""
    places = issue.now.rankings.get(dimension, ())
    first = [place for place in places if place.rank <= TOP]
    if not first:
        return None
    kind = _KINDS[dimension]
    values: Mapping[str, float] = getattr(issue.now, kind.field)
    told = [(names.of(dimension, place.key), points(values[place.key])) for place in first]
    zh = [
        f"各{kind.zh}中，{_list_zh(name.zh for name, _ in told)}位列企业信用指数排名前{len(first)}位。"
    ]
    zh += ["其中，", "；".join(f"{name.zh}为{value}点" for name, value in told), "。"]
    listed = _list_en(f"{name.en} ({value})" for name, value in told)
    en = [f"{kind.en}: the first {len(first)} are {listed}."]
    said = (*_firmness(issue, dimension), *_claims(issue, dimension), *_movers(issue, dimension))
    for one, two in said:
        zh.append(one)
        en.append(two)
    heading = f"{kind.zh}情况"
    return Paragraph(kind.field, heading, kind.en, "".join(zh), " ".join(en))


def _bands(issue: Issue, dimension: str) -> Sequence[Bands]:
    """The bands of a ranking, if they are those of this month."""
    history = issue.provinces if dimension == "province" else issue.sections
    fits = bool(history) and history[-1].period == issue.now.period
    return history if fits else ()


def _firmness(issue: Issue, dimension: str) -> Iterator[tuple[str, str]]:
    """How firm the places of the first five are."""
    history = _bands(issue, dimension)
    if not history:
        yield (
            "位次未作稳健性测算，不作位次变动的表述。",
            "Places were not tested against other weights; no more is said of them.",
        )
        return
    first = [place.key for place in issue.now.rankings[dimension] if place.rank <= TOP]
    firm = [key for key in first if says(issue, dimension, Claim(ClaimKind.IN_TOP, key, TOP))]
    loose = [key for key in first if key not in firm]
    if firm:
        zh = _list_zh(names.of(dimension, key).zh for key in firm)
        en = _list_en(names.of(dimension, key).en for key in firm)
        are = "is" if len(firm) == 1 else "are"
        other = "Under other weights, scales and aggregations too"
        yield (
            f"换用其他权重、尺度和合成方法测算，{zh}都排在前{TOP}位。",
            f"{other}, {en} {are} among the first {TOP}.",
        )
    if loose:
        bands = [(names.of(dimension, key), history[-1].of(key)) for key in loose]
        zh = _list_zh(f"{name.zh}在第{band.low}位至第{band.high}位之间" for name, band in bands)
        en = _list_en(f"{name.en} from place {band.low} to {band.high}" for name, band in bands)
        yield f"位次随测算方法而变的：{zh}。", f"Places that depend on the method: {en}."


def says(issue: Issue, dimension: str, claim: Claim) -> bool:
    """Whether something may be said of a place: supported by the bands, true of the release.

    Bands rank mean sub-scores; where that differs from the release's own ranking, silence.

    Returns:
        True if it may be said.
    """
    history = _bands(issue, dimension)
    if not history or not supported(claim, history).holds:
        return False
    own = {place.key: place.rank for place in issue.now.rankings[dimension]}
    if own.get(claim.key) != history[-1].of(claim.key).rank:
        return False
    if issue.before is None or len(history) < 2 or history[-2].period != issue.before.period:
        return claim.kind in {ClaimKind.FIRST, ClaimKind.IN_TOP}
    was = {place.key: place.rank for place in issue.before.rankings.get(dimension, ())}
    return was.get(claim.key) == history[-2].of(claim.key).rank


def _claims(issue: Issue, dimension: str) -> Iterator[tuple[str, str]]:
    """What the bands allow to be said about places."""
    places = issue.now.rankings.get(dimension, ())
    leader = places[0].key
    name = names.of(dimension, leader)
    if says(issue, dimension, Claim(ClaimKind.BACK_IN_FIRST, leader)):
        yield f"{name.zh}重返首位。", f"{name.en} is back in first place."
    elif says(issue, dimension, Claim(ClaimKind.FIRST, leader)):
        yield f"{name.zh}居首位。", f"{name.en} is first."
    first = [place.key for place in places if place.rank <= TOP]
    for kind, zh, en in (
        (ClaimKind.STAYS_IN_TOP, "继续居前{top}位", "among the first {top} as before"),
        (
            ClaimKind.ENTERS_TOP,
            "今年首次进入前{top}位",
            "among the first {top} for the first time this year",
        ),
    ):
        keys = [key for key in first if says(issue, dimension, Claim(kind, key, TOP))]
        if keys:
            yield _of_keys(dimension, keys, zh.format(top=TOP), en.format(top=TOP))
    taken = set(first)
    for kind, zh, en in (
        (
            ClaimKind.HIGHEST_THIS_YEAR,
            "排名达到今年以来最高",
            "higher than in any month of the year",
        ),
        (ClaimKind.STOPS_FALLING, "排名止跌回升", "up after a fall"),
    ):
        keys = [
            place.key
            for place in places
            if place.key not in taken and says(issue, dimension, Claim(kind, place.key))
        ][:NAMED_MAX]
        taken |= set(keys)
        if keys:
            yield _of_keys(dimension, keys, zh, en)
    yield from _places_moved(issue, dimension)


def _of_keys(dimension: str, keys: Sequence[str], zh: str, en: str) -> tuple[str, str]:
    """A sentence about several units."""
    told = [names.of(dimension, key) for key in keys]
    return (
        f"{_list_zh(name.zh for name in told)}{zh}。",
        f"{_list_en(name.en for name in told)}: {en}.",
    )


def _places_moved(issue: Issue, dimension: str) -> Iterator[tuple[str, str]]:
    """The largest supported moves of places, up and down."""
    if issue.before is None:
        return
    was = {place.key: place.rank for place in issue.before.rankings.get(dimension, ())}
    steps = {
        place.key: was[place.key] - place.rank
        for place in issue.now.rankings.get(dimension, ())
        if place.key in was
    }
    zh_since, en_since = _since(issue, issue.before.period)
    for kind, sign, zh, en in (
        (ClaimKind.RISES, 1, "上升", "up"),
        (ClaimKind.FALLS, -1, "下降", "down"),
    ):
        keys = [key for key in steps if sign * steps[key] > 1]
        keys = [key for key in keys if says(issue, dimension, Claim(kind, key))]
        keys.sort(key=lambda key: (-abs(steps[key]), key))
        for key in keys[:NAMED_MAX]:
            name, step = names.of(dimension, key), abs(steps[key])
            yield (
                f"{name.zh}排名较{zh_since}{zh}{step}位。",
                f"{name.en} is {en} {step} places on {en_since}.",
            )


def _movers(issue: Issue, dimension: str) -> Iterator[tuple[str, str]]:
    """Units whose index moved much: figures, no superlatives."""
    before = issue.before
    if before is None:
        return
    field = _KINDS[dimension].field
    now, was = getattr(issue.now, field), getattr(before, field)
    steps = {key: now[key] - was[key] for key in now if key in was}
    steps = {key: step for key, step in steps.items() if math.isfinite(step)}
    zh, en = [], []
    for sign in (1, -1):
        keys = [key for key in steps if sign * steps[key] >= issue.steady]
        keys.sort(key=lambda key: (-abs(steps[key]), key))
        for key in keys[:MOVED_MAX]:
            name, value = names.of(dimension, key), points(now[key])
            moved = _moved(issue, now[key], was[key], before.period)
            zh.append(f"{name.zh}为{value}点，{moved[0]}")
            en.append(f"{name.en} at {value}, {moved[1]}")
    if zh:
        yield f"数值变动较大的有：{'；'.join(zh)}。", f"Larger changes: {'; '.join(en)}."


def _adjusted(issue: Issue) -> Paragraph | None:
    """The index without season and calendar."""
    told = issue.adjustment
    if told is None or not told.adjusted or told.months[-1] != issue.now.period:
        return None
    now, before = told.adjusted[-1], told.adjusted[-2]
    moved = _moved(issue, now, before, told.months[-2])
    zh = f"剔除季节、春节和年报截止日的影响后，数值为{points(now)}点，{moved[0]}。"
    en = (
        "Without season, Spring Festival and the deadline of annual reports the index is "
        f"{points(now)}, {moved[1]}."
    )
    return Paragraph("adjusted", "季节调整", "Seasonally adjusted", zh, en)


def _notes(issue: Issue) -> Paragraph:
    """What the figures rest on."""
    now = issue.now
    zh = [
        f"以{issue.base}年为100。变动按四舍五入前的数值计算。",
        f"分指标变动小于{points(issue.steady)}点记为总体稳定。",
        f"计入企业{now.firms}户，方法版本“{now.method}”，数据版次“v{issue.vintage}”。",
    ]
    en = [
        f"{issue.base} = 100. Changes are taken before rounding.",
        f"A sub-index that moves less than {points(issue.steady)} counts as steady.",
        f"{now.firms} firms counted; method “{now.method}”; vintage “v{issue.vintage}”.",
    ]
    if issue.provenance is Provenance.EXAMPLE:
        zh.append("方法为示例，不是官方发布的指数。")
        en.append("The method is an example; this is no official index.")
    return Paragraph("notes", "说明", "Notes", "".join(zh), " ".join(en))

"""Why does this firm stand where it stands, and what would change it?

What a firm's page shows, as data: score and class, the reasons, the smallest single steps to the
next class, what all of it rests on, and how to contest it. Reasons are counted in points of the
firm's own score: how much it would change if this one indicator were as it is on average. So
they are true under every aggregation, and under the arithmetic one, with nothing missing, they
add up to the distance from the population's mean.

A step is a computed fact, no advice: it says from which value of one indicator on, all others
unchanged, the score reaches the next class. Some indicators (a firm's age) only time can move.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.credit.model import (
    CreditError,
    Direction,
    Fault,
    Indicator,
    Method,
    Missing,
    PanelMonth,
    Population,
    SubIndex,
)
from guantong.credit.score import scaled, score
from guantong.errors import fault

REASONS_MAX: Final = 5
"""Reasons that are shown; the largest."""
HALVINGS: Final = 40
"""Steps of the search for a value: finer than 1e-10 of the scale."""
WORTH: Final = 0.005
"""Points below which an effect is no reason: it would be shown as 0.00."""
WHOLE_UNITS: Final = frozenset({"count", "months", "days"})
"""Units in which only whole numbers make sense."""
CONTEST_DAYS: Final = 20
"""Working days in which an answer is promised, unless the operator says otherwise."""

Floats = NDArray[np.float64]

_STAND_IN: Final = {Missing.WORST: 0.0, Missing.MIDDLE: 50.0}


@dataclass(frozen=True, slots=True)
class Profile:
    """What firms are like on average: computed once a month, for all pages."""

    month: str
    method: str
    score: float
    """Mean score by weight."""
    firms: int
    """Firms counted."""
    means: Mapping[str, float]
    """Indicator -> mean on the scale of 0 to 100, stand-ins for missing values included."""
    classes: Mapping[str, float]
    """``A`` to ``D`` -> share of the firms with a score."""


def profile(panel: PanelMonth, method: Method) -> Profile:
    """The population's averages.

    Args:
        panel: All firms of a month.
        method: The one that held.

    Returns:
        Means and shares of the firms that are counted.

    Raises:
        CreditError: as `guantong.credit.score.score`.
    """
    scores = score(panel, method)
    known = ~np.isnan(scores.score)
    weight = scores.weight[known].astype(np.float64)
    points = scores.score[known].astype(np.float64)
    kept = np.isin(panel.firm, scores.firm[known])
    mass = panel.weight[kept].astype(np.float64)
    means = {
        one.key: _mean(_filled(panel.values[one.key][kept], one), mass) for one in method.indicators
    }
    cuts = method.classes
    place = np.searchsorted(np.array([cuts.c, cuts.b, cuts.a]), points, side="right")
    shares = np.bincount(place, minlength=4) / max(len(points), 1)
    return Profile(
        month=str(panel.month),
        method=method.version,
        score=_mean(points, weight),
        firms=len(scores),
        means=means,
        classes=dict(zip("DCBA", shares.tolist(), strict=True)),
    )


def _filled(values: NDArray[np.floating[Any]], one: Indicator) -> Floats:
    """Scaled values with stand-ins; NaN only where a missing value is skipped."""
    points = scaled(values, one).astype(np.float64)
    return np.where(np.isnan(points), _STAND_IN.get(one.treatment.missing, math.nan), points)


def _mean(values: Floats, weight: Floats) -> float:
    known = ~np.isnan(values)
    total = float(weight[known].sum())
    return float((values[known] * weight[known]).sum()) / total if total > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Ground:
    """One indicator of the firm: what is known, and what it does."""

    key: str
    sub: SubIndex
    label_zh: str
    label_en: str
    source: str
    """The body whose data it is."""
    unit: str
    month: str
    value: float | None
    """In `unit`; None when it is missing."""
    missing_as: str
    """What stands in: ``skip``, ``worst``, ``middle``; "" when the value is there."""
    points: float | None
    """On the scale of 0 to 100; None when it is skipped."""
    usual: float
    """Mean of the population on that scale."""
    effect: float
    """Points of the firm's score it adds (below 0: takes) against the usual."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the largest reasons for a score below others'."""

    code: str
    """``<indicator>.low`` or ``<indicator>.missing``: stable."""
    effect: float
    """Points of the score, below 0."""
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Step:
    """The least change of one indicator that reaches the next class."""

    key: str
    label_zh: str
    label_en: str
    unit: str
    value: float | None
    """As it is; None when missing."""
    needed: float
    """From which value on; whole where the unit is counted."""
    points: float
    """How far that is on the scale of 0 to 100: steps are in this order."""
    score: float
    """The score after it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of the form by which a firm contests its record."""

    name: str
    zh: str
    en: str
    required: bool
    options: tuple[str, ...] = ()
    """What can be chosen; free text when empty."""


@dataclass(frozen=True, slots=True)
class Contest:
    """How to contest."""

    zh: str
    en: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A firm's page."""

    firm: int
    month: str
    method: str
    """Version of the method."""
    provenance: str
    """How sure the method is; ``example`` for the one that is shipped."""
    counted: bool
    """Whether the firm is part of the index by the method's population rules."""
    score: float | None
    """None when nothing is known of the firm."""
    grade: str
    """``A`` to ``D``; "" without a score."""
    cuts: Mapping[str, float]
    """From which score on ``A``, ``B``, ``C`` are given."""
    cuts_since: str
    """First month of the method whose cuts these are."""
    usual: float
    """Mean score of the population."""
    sub_scores: Mapping[SubIndex, float | None]
    reasons: tuple[Reason, ...]
    """Largest first, at most `REASONS_MAX`."""
    next_grade: str
    """The next better class; "" at the top or without a score."""
    steps: tuple[Step, ...]
    """Smallest first; empty when no single indicator reaches the next class."""
    grounds: tuple[Ground, ...]
    """All indicators, in the method's order."""
    contest: Contest


def explain(panel: PanelMonth, method: Method, firm: int, usual: Profile) -> Explanation:
    """Explain one firm's score.

    Args:
        panel: The month; only the firm's row is read.
        method: The one that held.
        firm: Its number in the panel.
        usual: The population's averages of the same month and method.

    Returns:
        Everything its page shows.

    Raises:
        CreditError: `Fault.FIRM` if the month has no such firm, `Fault.METHOD` if `usual` is of
            another month or method.
    """
    row = _row_of(panel, firm)
    if (usual.month, usual.method) != (str(panel.month), method.version):
        wanted = f"averages of {panel.month} by {method.version}"
        got = f"{usual.month} by {usual.method}"
        raise CreditError(fault(Fault.METHOD, expected=wanted, got=got, path="usual"))
    lens = _Lens(row, method)
    points, subs = lens.own()
    grounds = tuple(_grounds(lens, usual, points))
    grade = "" if points is None else method.classes.of(points)
    nearest = _next(method, grade)
    return Explanation(
        firm=firm,
        month=str(panel.month),
        method=method.version,
        provenance=method.provenance.value,
        counted=_is_counted(row, method),
        score=points,
        grade=grade,
        cuts={"A": method.classes.a, "B": method.classes.b, "C": method.classes.c},
        cuts_since=method.since,
        usual=usual.score,
        sub_scores=subs,
        reasons=tuple(_reasons(grounds)),
        next_grade=nearest[0],
        steps=tuple(_steps(lens, nearest[1])) if nearest[0] else (),
        grounds=grounds,
        contest=contest(grounds),
    )


# -------------------------------------------------------------- one firm, varied


@dataclass(frozen=True, slots=True, eq=False)
class _Lens:
    """Scores a firm as it would be with single values changed."""

    row: PanelMonth
    """The firm alone, in float64."""
    method: Method

    def own(self) -> tuple[float | None, dict[SubIndex, float | None]]:
        """Score and sub-scores as they are; None for what is not known."""
        told = score(self.row, self._open(), threads=1)
        subs = {sub: _or_none(told.subs[place, 0]) for place, sub in enumerate(SubIndex)}
        return _or_none(told.score[0]), subs

    def with_points(self, points: Floats) -> Floats:
        """Scores of as many variants as there are indicators, each with one of them changed.

        Args:
            points: For each indicator, what it would be on the scale of 0 to 100; NaN to leave it.

        Returns:
            One score each.
        """
        return self.with_values(
            [
                unscaled(point, one)
                for point, one in zip(points, self.method.indicators, strict=True)
            ]
        )

    def with_values(self, values: list[float]) -> Floats:
        """The same, with values in the indicators' units; NaN leaves the firm's own."""
        count = len(self.method.indicators)
        columns = {}
        for place, one in enumerate(self.method.indicators):
            column = np.repeat(self.row.values[one.key], count)
            if not math.isnan(values[place]):
                column[place] = values[place]
            columns[one.key] = column
        many = replace(
            self.row,
            firm=np.arange(count),
            province=np.repeat(self.row.province, count),
            section=np.repeat(self.row.section, count),
            weight=np.ones(count),
            values=columns,
            born=None,
        )
        return score(many, self._open(), threads=1).score.astype(np.float64)

    def _open(self) -> Method:
        """The method without population rules: a firm that is not counted is explained too."""
        return msgspec.structs.replace(self.method, population=Population())


def unscaled(points: float, one: Indicator) -> float:
    """The value that scores `points`, in the indicator's unit; the inverse of `scaled`.

    Args:
        points: 0 to 100, or NaN.
        one: Goalposts, direction, treatment.

    Returns:
        A value between the goalposts.
    """
    lower, upper = one.goalposts
    if one.treatment.log:
        lower, upper = math.log1p(lower), math.log1p(upper)
    if one.direction is Direction.DOWN:
        lower, upper = upper, lower
    value = lower + points / 100 * (upper - lower)
    return math.expm1(value) if one.treatment.log else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _row_of(panel: PanelMonth, firm: int) -> PanelMonth:
    """The panel with this firm alone. Raises CreditError."""
    found = np.flatnonzero(panel.firm == firm)
    if len(found) != 1:
        wanted = f"a firm of {panel.month}, once"
        raise CreditError(fault(Fault.FIRM, expected=wanted, got=f"{firm}: {len(found)} rows"))
    take = found[:1]
    return replace(
        panel,
        firm=panel.firm[take],
        province=panel.province[take],
        section=panel.section[take],
        weight=panel.weight[take],
        values={key: column[take].astype(np.float64) for key, column in panel.values.items()},
        born=None if panel.born is None else panel.born[take],
    )


def _is_counted(row: PanelMonth, method: Method) -> bool:
    """Whether the population rules keep the firm."""
    try:
        return len(score(row, method, threads=1)) == 1
    except CreditError as refusal:
        if refusal.faults[0].code == Fault.POPULATION:
            return False
        raise


# ----------------------------------------------------------------------- reasons


def _grounds(lens: _Lens, usual: Profile, points: float | None) -> Iterator[Ground]:
    """Each indicator with its effect against the usual."""
    indicators = lens.method.indicators
    changed = lens.with_points(np.array([usual.means[one.key] for one in indicators]))
    for one, without in zip(indicators, changed, strict=True):
        value = float(lens.row.values[one.key][0])
        missing, own = math.isnan(value), _filled(lens.row.values[one.key], one)[0]
        # A skipped value has no points of its own: the others stand in, and it does nothing.
        still = points is None or math.isnan(own) or math.isnan(without)
        yield Ground(
            key=one.key,
            sub=one.sub,
            label_zh=one.label_zh,
            label_en=one.label_en,
            source=one.source,
            unit=one.unit,
            month=str(lens.row.month),
            value=None if missing else value,
            missing_as=one.treatment.missing.value if missing else "",
            points=_or_none(own),
            usual=usual.means[one.key],
            effect=0.0 if still or points is None else points - float(without),
        )


def _reasons(grounds: tuple[Ground, ...]) -> Iterator[Reason]:
    """The largest effects below 0."""
    worst = sorted((one for one in grounds if one.effect < -WORTH), key=lambda one: one.effect)
    for one in worst[:REASONS_MAX]:
        zh, en = _told(one)
        kind = "missing" if one.value is None else "low"
        yield Reason(f"{one.key}.{kind}", one.effect, zh, en)


def _told(one: Ground) -> tuple[str, str]:
    """A reason in words."""
    less = f"{-one.effect:.2f}"
    if one.value is None:
        zh = f"“{one.label_zh}”没有数据（来源：{one.source}），按方法使得分减少{less}分。"
        en = f"No data on “{one.label_en}” ({one.source}): by the method, {less} points less."
        return zh, en
    zh = (
        f"“{one.label_zh}”为{_number(one.value)}，折合{one.points:.1f}分，"
        f"全体平均{one.usual:.1f}分，使得分减少{less}分。"
    )
    en = (
        f"“{one.label_en}” is {_number(one.value)}, worth {one.points:.1f} of 100 where firms "
        f"have {one.usual:.1f} on average: {less} points less."
    )
    return zh, en


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


# ------------------------------------------------------------------------- steps


def _next(method: Method, grade: str) -> tuple[str, float]:
    """The next better class and its cut; "" when there is none."""
    cuts = method.classes
    return {"B": ("A", cuts.a), "C": ("B", cuts.b), "D": ("C", cuts.c)}.get(grade, ("", math.nan))


def _steps(lens: _Lens, cut: float) -> Iterator[Step]:
    """Single moves that reach `cut`, smallest first."""
    indicators = lens.method.indicators
    count = len(indicators)
    now = np.array([_filled(lens.row.values[one.key], one)[0] for one in indicators])
    low, high = np.where(np.isnan(now), 0.0, now), np.full(count, 100.0)
    reach = lens.with_points(high) >= cut
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = lens.with_points(middle) >= cut
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    needed = [
        _whole(unscaled(float(point), one), one)
        for point, one in zip(high, indicators, strict=True)
    ]
    after = lens.with_values(needed)
    found = []
    for place in np.flatnonzero(reach & (after >= cut)):
        one, value = indicators[place], float(lens.row.values[indicators[place].key][0])
        start = 0.0 if math.isnan(now[place]) else float(now[place])
        to = float(scaled(np.array([needed[place]]), one)[0])
        found.append(
            Step(
                key=one.key,
                label_zh=one.label_zh,
                label_en=one.label_en,
                unit=one.unit,
                value=_or_none(value),
                needed=needed[place],
                points=to - start,
                score=float(after[place]),
            )
        )
    yield from sorted(found, key=lambda step: (step.points, step.key))


def _whole(value: float, one: Indicator) -> float:
    """A value rounded towards the good end where its unit is counted."""
    if one.unit not in WHOLE_UNITS:
        return value
    # The search ends 1e-10 beside the mark: a whole number it has all but met stands.
    near = round(value, 6)
    return float(math.ceil(near) if one.direction is Direction.UP else math.floor(near))


# ----------------------------------------------------------------------- contest


def contest(grounds: tuple[Ground, ...], *, days: int = CONTEST_DAYS) -> Contest:
    """How a firm contests what its score rests on.

    Args:
        grounds: The indicators it can name.
        days: Working days in which the operator answers.

    Returns:
        Text and the fields of the form.
    """
    zh = (
        "如认为某项数据有误、已过期或已修复，请选择该项数据，写明正确的内容，并附证明材料。"
        f"我们将转请数据来源单位核对，在{days}个工作日内答复；数据更正后重新计算，"
        "更正前后的结果和原因都保留备查。"
    )
    en = (
        "If an item is wrong, out of date or repaired, choose it, say what is right and add your "
        f"evidence. It goes to the body the data came from; you have an answer in {days} working "
        "days. After a correction the score is computed again, and both results are kept with "
        "the reason."
    )
    kinds = ("wrong", "outdated", "repaired", "not_ours", "missing")
    fields = (
        Field("indicator", "数据项", "Item", required=True, options=tuple(g.key for g in grounds)),
        Field("ground", "理由类别", "Ground", required=True, options=kinds),
        Field("claimed", "正确的内容", "What is right", required=True),
        Field("evidence", "证明材料（文件摘要）", "Evidence (hash of a file)", required=False),
        Field("contact", "联系方式", "How to reach you", required=True),
    )
    return Contest(zh, en, fields)


def explain_json(told: Explanation) -> dict[str, Any]:
    """A firm's page as plain dictionaries, lists, texts and numbers.

    Returns:
        The fields of `Explanation`; what is not known is None.
    """
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told))
    return plain

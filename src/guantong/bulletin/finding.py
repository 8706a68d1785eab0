"""What does one rule say about one figure?"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from guantong.bulletin.arithmetic import Bounds, middle
from guantong.bulletin.figures import Figure, Role
from guantong.bulletin.flow import Flow
from guantong.bulletin.model import Ground, Rule
from guantong.bulletin.published import Rankings, Series

REACH: Final = 150
"""Figures: the operands of a relation stand no farther apart, so that time grows with the text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The word of one rule."""

    rule: Rule
    holds: bool | None
    """None: the rule applies and lacks something."""
    because: tuple[Ground, ...] = ()
    should_be: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """All that judging needs: the running text, its figures, and what was published."""

    run: Flow
    figures: tuple[Figure, ...]
    series: Series
    rankings: Rankings
    places: Mapping[int, int]
    """Offset of a figure -> its number among all."""
    sentences: Mapping[int, list[Figure]]
    """Offset of a sentence -> its figures."""

    @classmethod
    def of(cls, run: Flow, figures: list[Figure], series: Series, rankings: Rankings) -> Self:
        """Sort the figures of a text into its sentences."""
        sentences: dict[int, list[Figure]] = {}
        for figure in figures:
            sentences.setdefault(figure.sentence, []).append(figure)
        places = {figure.start: place for place, figure in enumerate(figures)}
        return cls(run, tuple(figures), series, rankings, places, sentences)

    @property
    def text(self) -> str:
        """The running text."""
        return self.run.text

    def cite(self, figure: Figure) -> Ground:
        """A figure as what a verdict rests on."""
        period = str(figure.period) if figure.period else ""
        return Ground(figure.text, self.run.span(figure.start, figure.end), period)

    def sentence(self, figure: Figure) -> list[Figure]:
        """The figures of the same sentence, in order."""
        return self.sentences[figure.sentence]

    def around(self, figure: Figure) -> tuple[Figure, ...]:
        """The figures among which its operands are looked for: `REACH` to either side."""
        place = self.places[figure.start]
        return self.figures[max(0, place - REACH) : place + REACH]


Found = list[tuple[Figure, Finding]]
"""Which figure, and what a rule says about it."""


def judged(
    page: Page, rule: Rule, figure: Figure, true: Bounds, *, because: tuple[Ground, ...],
    operands: tuple[Figure, ...] = (),
) -> Found:  # fmt: skip
    """Compare a derived figure with what follows from its operands.

    A relation that holds speaks for its operands, too; one that fails is laid at the door of the
    derived figure alone.

    Returns:
        What is found about the figure, and about its operands when the relation holds.
    """
    quantity = figure.signed
    holds = quantity.meets(*true)
    told = (*because, Ground(_between(true)))
    finding = Finding(rule, holds, told, "" if holds else _right(figure, true))
    found: Found = [(figure, finding)]
    if holds:
        found += [
            (one, Finding(rule, holds=True, because=(page.cite(figure),))) for one in operands
        ]
    return found


def _right(figure: Figure, true: Bounds) -> str:
    """What it should be: one value, or a bound where the operands leave much open."""
    step, value = figure.quantity.step, figure.signed.value
    width = true[1] - true[0]
    if width <= 20 * step or (width <= 50 * step and true[0] > true[1] / 2):
        return worded(figure, middle(true, step))
    if value > true[1]:
        return f"不超过{worded(figure, middle((true[1], true[1]), step))}"
    return f"不低于{worded(figure, middle((true[0], true[0]), step))}"


def worded(figure: Figure, right: Decimal) -> str:
    """A value in the unit of the figure; a change of the other sign says so."""
    value = right if figure.sign > 0 else -right
    if value < 0 and figure.role in {Role.GROWTH, Role.CHANGE}:
        return ("上升" if figure.sign < 0 else "下降") + worded(figure, -right)
    text = f"{value.normalize():f}"
    exponent = int(figure.quantity.step.as_tuple().exponent)
    if exponent < 0:
        text = f"{value:.{-exponent}f}"
    elif value >= 10_000 and figure.quantity.step >= 10_000 or "," in figure.text:
        text = f"{value:,.0f}"
    return f"{text}{figure.unit}"


def _between(true: Bounds) -> str:
    low, high = _plain(true[0]), _plain(true[1])
    return f"应为 {low}" if low == high else f"应在 {low} 至 {high} 之间"


def _plain(value: Decimal) -> str:
    if abs(value) >= Decimal(10) ** 17:
        return "无界"
    return f"{round(value, 4).normalize():f}"


def short(rule: Rule, figure: Figure, missing: str) -> Found:
    """A rule that applies to the figure and lacks something."""
    return [(figure, Finding(rule, None, missing=missing))]

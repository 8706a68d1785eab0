"""Charts of a release as SVG, drawn on the server: they need no script and print well.

Every chart carries a title and a description for those who do not see it. Lines and words take
the colour of the page (``currentColor``), so that dark pages work; a value that is missing
breaks the line and is never bridged.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from guantong.credit.writing import points as shown

LINE = "#1f6f8b"
SECOND = "#b8562b"
BAND = "#1f6f8b"
DASHES = "5 3"
"""Of the adjusted line."""
UP, DOWN = "#2e7d4f", "#a63a3a"
FONT = "system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


@dataclass(frozen=True, slots=True)
class Point:
    """One month of a line."""

    period: str
    value: float | None
    low: float | None = None
    """Lower end of the band, if there is one."""
    high: float | None = None
    adjusted: float | None = None
    """Drawn as a second line."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a change, or a contribution."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a drawing lies, in units of the SVG."""

    width: int = 720
    height: int = 300
    left: int = 52
    right: int = 14
    top: int = 14
    bottom: int = 30


def picture(body: str, *, width: int, height: int, title: str, description: str, name: str) -> str:
    """An SVG with its words for those who do not see it.

    Args:
        body: What is drawn; already escaped.
        width: Units; the drawing scales to the space it is given.
        height: Units.
        title: Short name.
        description: What there is to see.
        name: Prefix of the ids, different for each picture on a page.

    Returns:
        SVG.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" font-family="{escape(FONT)}" font-size="12" '
        f'style="width:100%;height:auto;max-width:{width}px">'
        f'<title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{body}</svg>'
    )


def line_chart(
    points: Sequence[Point],
    *,
    title: str,
    description: str = "",
    labels: tuple[str, str, str] = ("原始值", "季节调整后", "区间"),
    name: str = "line",
    frame: Frame | None = None,
) -> str:
    """The index over time, with its band and the adjusted line where there are any.

    Args:
        points: Oldest first.
        title: Short name.
        description: What there is to see; by default the first and last values.
        labels: Of the legend: raw, adjusted, band.
        name: Prefix of the ids.
        frame: Size.

    Returns:
        SVG; without any value an empty frame that says so in its description.
    """
    box = frame or Frame()
    known = [point for point in points if point.value is not None]
    if not description:
        told = [
            f"{point.period}: {shown(point.value or 0.0)}" for point in (known[:1] + known[-1:])
        ]
        description = " – ".join(told) if known else "–"
    body = ""
    if known:
        scale = _Scale.over(points, box)
        body = "".join(
            [
                *scale.grid(points),
                *_band(points, scale),
                *_lines([point.value for point in points], scale, LINE, ""),
                *_lines([point.adjusted for point in points], scale, SECOND, DASHES),
                *_dots(points, scale),
                *_legend(points, labels, box),
            ]
        )
    return picture(
        body, width=box.width, height=box.height, title=title, description=description, name=name
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From places and values to units of the drawing."""

    box: Frame
    count: int
    low: float
    high: float

    @classmethod
    def over(cls, points: Sequence[Point], box: Frame) -> "_Scale":
        """A scale on which everything fits."""
        values = [
            value
            for point in points
            for value in (point.value, point.low, point.high, point.adjusted)
            if value is not None
        ]
        low, high = min(values), max(values)
        space = (high - low) * 0.06 or max(abs(high) * 0.01, 1e-6)
        return cls(box, len(points), low - space, high + space)

    def x(self, place: int) -> float:
        """From the left."""
        span = self.box.width - self.box.left - self.box.right
        return self.box.left + span * (place / (self.count - 1) if self.count > 1 else 0.5)

    def y(self, value: float) -> float:
        """From the top."""
        span = self.box.height - self.box.top - self.box.bottom
        return self.box.top + span * (self.high - value) / (self.high - self.low)

    def grid(self, points: Sequence[Point]) -> Iterator[str]:
        """Level lines with their values, and some of the months."""
        for value in ticks(self.low, self.high):
            y, text = self.y(value), f"{value:g}"
            yield (
                f'<path d="M{self.box.left} {y:.1f}H{self.box.width - self.box.right}" '
                f'stroke="currentColor" stroke-opacity=".15"/>'
                f'<text x="{self.box.left - 6}" y="{y + 4:.1f}" text-anchor="end" '
                f'fill="currentColor">{text}</text>'
            )
        every = max(1, math.ceil(self.count / 8))
        for place in range(0, self.count, every):
            yield (
                f'<text x="{self.x(place):.1f}" y="{self.box.height - 10}" '
                f'text-anchor="middle" fill="currentColor">{escape(points[place].period)}</text>'
            )


def ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Round values between two bounds.

    >>> ticks(156.2, 163.1)
    [158.0, 160.0, 162.0]

    Args:
        low: Lower bound.
        high: Upper bound, above it.
        count: About how many.

    Returns:
        Multiples of 1, 2 or 5 times a power of ten.
    """
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    first = math.ceil(low / step)
    return [round(place * step, 10) for place in range(first, math.floor(high / step) + 1)]


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Stretches without a gap."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lines(
    values: Sequence[float | None], scale: _Scale, colour: str, dashes: str
) -> Iterator[str]:
    for run in _runs(values):
        path = "L".join(f"{scale.x(place):.1f} {scale.y(value):.1f}" for place, value in run)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'


def _band(points: Sequence[Point], scale: _Scale) -> Iterator[str]:
    """The band as one area for each stretch without a gap."""
    both = [point.low is not None and point.high is not None for point in points]
    lows = [point.low if known else None for point, known in zip(points, both, strict=True)]
    for run in _runs(lows):
        under = [f"{scale.x(place):.1f} {scale.y(value):.1f}" for place, value in run]
        over = [
            f"{scale.x(place):.1f} {scale.y(points[place].high or 0.0):.1f}" for place, _ in run
        ]
        yield (
            f'<path d="M{"L".join([*under, *reversed(over)])}Z" fill="{BAND}" fill-opacity=".18"/>'
        )


def _dots(points: Sequence[Point], scale: _Scale) -> Iterator[str]:
    """A dot a month that tells its value."""
    for place, point in enumerate(points):
        if point.value is not None:
            told = f"{point.period}: {shown(point.value)}"
            yield (
                f'<circle cx="{scale.x(place):.1f}" cy="{scale.y(point.value):.1f}" r="2.6" '
                f'fill="{LINE}"><title>{escape(told)}</title></circle>'
            )


def _legend(points: Sequence[Point], labels: tuple[str, str, str], box: Frame) -> Iterator[str]:
    """What the lines are, if there is more than one."""
    there = [
        (True, LINE, labels[0], 'stroke-width="2"'),
        (
            any(point.adjusted is not None for point in points),
            SECOND,
            labels[1],
            f'stroke-width="2" stroke-dasharray="{DASHES}"',
        ),
        (
            any(point.low is not None for point in points),
            BAND,
            labels[2],
            'stroke-width="8" stroke-opacity=".3"',
        ),
    ]
    kept = [line for line in there if line[0]]
    if len(kept) < 2:
        return
    for place, (_, colour, label, stroke) in enumerate(kept):
        x = box.left + 8 + 120 * place
        yield (
            f'<path d="M{x} {box.top + 4}h18" stroke="{colour}" {stroke}/>'
            f'<text x="{x + 24}" y="{box.top + 8}" fill="currentColor">{escape(label)}</text>'
        )


def bar_chart(
    bars: Sequence[Bar], *, title: str, description: str = "", name: str = "bars", width: int = 720
) -> str:
    """Changes or contributions as bars from nought, with their figures.

    Args:
        bars: In order from the top.
        title: Short name.
        description: What there is to see; by default every bar in words.
        name: Prefix of the ids.
        width: Units.

    Returns:
        SVG.
    """
    told = description or "; ".join(f"{bar.label} {_signed(bar.value)}" for bar in bars)
    height = 24 * len(bars) + 12
    left, right = 190, 70
    reach = max((abs(bar.value) for bar in bars), default=0.0) or 1.0
    below = any(bar.value < 0 for bar in bars)
    middle = (left + width - right) / 2 if below else left
    span = (width - right - middle) / reach
    body = [f'<path d="M{middle:.1f} 4V{height - 8}" stroke="currentColor" stroke-opacity=".4"/>']
    for place, bar in enumerate(bars):
        y, length = 8 + 24 * place, abs(bar.value) * span
        x = middle if bar.value >= 0 else middle - length
        end = middle + length + 6 if bar.value >= 0 else middle - length - 6
        anchor = "start" if bar.value >= 0 else "end"
        body.append(
            f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="16" '
            f'fill="{UP if bar.value >= 0 else DOWN}"/>'
            f'<text x="{left - 62 if below else left - 6}" y="{y + 12}" text-anchor="end" '
            f'fill="currentColor">{escape(bar.label)}</text>'
            f'<text x="{end:.1f}" y="{y + 12}" text-anchor="{anchor}" '
            f'fill="currentColor">{_signed(bar.value)}</text>'
        )
    return picture(
        "".join(body), width=width, height=height, title=title, description=told, name=name
    )


def _signed(value: float) -> str:
    text = shown(value)
    return text if text.startswith("-") or text == "0.00" else f"+{text}"

"""Cost against size as a small SVG: a panel for each unit, lines on logarithmic axes."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 130, 34, 40
COLOURS = ("#0b6e4f", "#c0392b", "#1f4e9c", "#8e6c00", "#6b3fa0", "#444444")
STYLE = "font-family:sans-serif;font-size:11px;fill:#222"


class Panel(NamedTuple):
    """Lines that share a unit: name -> value at each size."""

    title: str
    sizes: Sequence[int]
    lines: Mapping[str, Sequence[float]]


def svg(panels: Sequence[Panel]) -> str:
    """All panels side by side."""
    drawn = "".join(
        f'<g transform="translate({at * WIDTH} 0)">{_panel(panel)}</g>'
        for at, panel in enumerate(panels)
    )
    width = WIDTH * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
        f'viewBox="0 0 {width} {HEIGHT}" style="{STYLE}">'
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>{drawn}</svg>\n'
    )


def _panel(panel: Panel) -> str:
    values = [value for line in panel.lines.values() for value in line if value > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    first, last = math.log10(panel.sizes[0]) - 0.1, math.log10(panel.sizes[-1]) + 0.1
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(size: float) -> float:
        return LEFT + across * (math.log10(size) - first) / (last - first)

    def y(value: float) -> float:
        return TOP + down * (high - math.log10(value)) / (high - low)

    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(_rule(LEFT, at, WIDTH - RIGHT, at))
        parts.append(_text(LEFT - 6, at + 4, f"{10.0**power:g}", "end"))
    for size in panel.sizes:
        parts.append(_rule(x(size), TOP, x(size), HEIGHT - BOTTOM))
        parts.append(_text(x(size), HEIGHT - BOTTOM + 16, _short(size), "middle"))
    parts.append(_text(LEFT + across / 2, HEIGHT - 6, "rows", "middle"))
    labels = _apart([(y(line[-1]), name) for name, line in panel.lines.items() if line[-1] > 0])
    for at, (name, line) in enumerate(panel.lines.items()):
        points = [(x(s), y(v)) for s, v in zip(panel.sizes, line, strict=True) if v > 0]
        parts.append(_line(points, COLOURS[at % len(COLOURS)]))
        label = f'<tspan fill="{COLOURS[at % len(COLOURS)]}">{escape(name)}</tspan>'
        parts.append(_text(WIDTH - RIGHT + 6, labels.get(name, TOP) + 4, label, "start"))
    return "".join(parts)


def _apart(wanted: Sequence[tuple[float, str]]) -> dict[str, float]:
    """Heights of labels, so that none lies on another."""
    found: dict[str, float] = {}
    below = -math.inf
    for height, name in sorted(wanted):
        found[name] = below = max(height, below + 13)
    return found


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _short(size: int) -> str:
    return f"{size / 1e6:g} M" if size >= 1_000_000 else f"{size / 1000:g} k"

"""What does the index look like? Geometry of the chart and of the tile map, for the templates.

Colours and fonts are the sheet's; here are only places, so that no page needs a style of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guantong.credit import names
from guantong.serve.index_office import Line

MONTHS_MAX: Final = 60
"""Months on the chart: five years. The JSON has all."""
WIDTH: Final = 400
HEIGHT: Final = 230
LEFT, RIGHT, TOP, BOTTOM = 42, 12, 12, 26
SIDE: Final = 38
GAP: Final = 2
SHADES: Final = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid with its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The national index month by month."""

    raw: str
    """Path of the line."""
    adjusted: str
    """Path of the line without season; "" where there is none."""
    end: tuple[float, float]
    """Where the last month lies."""
    levels: tuple[Mark, ...]
    months: tuple[Mark, ...]
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(line: Line) -> Chart:
    """The last months of the index as paths; at least one month is needed."""
    from guantong.credit.charts import ticks

    start = max(0, len(line.months) - MONTHS_MAX)
    months, raw, adjusted = line.months[start:], line.raw[start:], line.adjusted[start:]
    low, high = min(*raw, *adjusted, raw[0]), max(*raw, *adjusted, raw[0])
    room = (high - low) * 0.08 or 0.5
    low, high = low - room, high + room

    def x(place: int) -> float:
        share = place / (len(months) - 1) if len(months) > 1 else 1.0
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def path(values: Sequence[float]) -> str:
        spots = [f"{x(place):.1f} {y(value):.1f}" for place, value in enumerate(values)]
        return "M" + "L".join(spots) if len(spots) > 1 else ""

    return Chart(
        raw=path(raw),
        adjusted=path(adjusted),
        end=(round(x(len(months) - 1), 1), round(y(raw[-1]), 1)),
        levels=tuple(Mark(round(y(one), 1), f"{one:g}") for one in ticks(low, high)),
        months=tuple(
            Mark(round(x(place), 1), month[:4])
            for place, month in enumerate(months)
            if month.endswith("-01")
        )
        or (Mark(round(x(0), 1), months[0]),),
        first=months[0],
        last=months[-1],
    )


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the map of provinces."""

    name: names.Name
    x: int
    y: int
    value: float | None
    shade: int
    """0 for the lowest fifth of the range to 4 for the highest; -1 without a figure."""


@dataclass(frozen=True, slots=True)
class Map:
    """The provinces as squares."""

    tiles: tuple[Tile, ...]
    low: float
    high: float
    width: int
    height: int
    side: int = SIDE


def tile_map(values: Mapping[str, float | None]) -> Map:
    """The provinces' squares, shaded by value."""
    from guantong.credit.tiles import step_of

    squares = names.tiles()
    keys = {square.name.key for square in squares}
    known = {key: one for key, one in values.items() if one is not None and key in keys}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    step = SIDE + GAP
    return Map(
        tiles=tuple(
            Tile(
                square.name,
                square.column * step + GAP,
                square.row * step + GAP,
                known.get(square.name.key),
                step_of(known[square.name.key], low, high) if square.name.key in known else -1,
            )
            for square in squares
        ),
        low=low,
        high=high,
        width=(max(square.column for square in squares) + 1) * step + GAP,
        height=(max(square.row for square in squares) + 1) * step + GAP,
    )

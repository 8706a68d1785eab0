"""The provinces as 34 squares of equal size: a map without boundaries.

A square says more about a province than its area does, and none is lost for being small. Where
each square stands is data (``data/tiles.toml``). Provinces without a figure are hatched, never
left out.
"""

import math
from collections.abc import Mapping

from guantong.credit import names
from guantong.credit.charts import picture
from guantong.credit.writing import points as shown

SIDE = 62
GAP = 4
COLOURS = ("#eaf3f5", "#bfdde4", "#8bc0cc", "#2f7688", "#134a60")
"""From low to high; words on the last two are white."""
DARK, LIGHT = "#1b2a30", "#ffffff"
"""Of the words."""
BLANK = "#f0f0f0"


def step_of(value: float, low: float, high: float) -> int:
    """Which of the five colours a value has.

    Args:
        value: Between the bounds.
        low: Lowest of the map.
        high: Highest of the map.

    Returns:
        0 to 4; 2 where all values are equal.
    """
    if high <= low:
        return 2
    return min(int((value - low) / (high - low) * len(COLOURS)), len(COLOURS) - 1)


def ink_of(step: int) -> str:
    """The colour of words on a colour."""
    return LIGHT if step >= 3 else DARK


def tile_map(
    values: Mapping[str, float],
    *,
    title: str,
    description: str = "",
    ranks: Mapping[str, int] | None = None,
    language: str = "zh",
    name: str = "tiles",
) -> str:
    """A map of the provinces by a value.

    Args:
        values: Two digits of a province -> value; NaN or absent for none. Other keys are left
            out (the Corps has no square).
        title: Short name.
        description: What there is to see; by default the highest and the lowest.
        ranks: Places, told when pointed at.
        language: ``zh`` or ``en``.
        name: Prefix of the ids.

    Returns:
        SVG.
    """
    squares = names.tiles()
    keys = {tile.name.key for tile in squares}
    known = {key: value for key, value in values.items() if key in keys and math.isfinite(value)}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    parts = [_hatch(name)]
    for tile in squares:
        x, y = tile.column * (SIDE + GAP) + GAP, tile.row * (SIDE + GAP) + GAP
        value = known.get(tile.name.key)
        rank = (ranks or {}).get(tile.name.key)
        parts.append(_square(tile.name, x, y, value, rank, (low, high), language, name))
    wide = max(tile.column for tile in squares) + 1
    tall = max(tile.row for tile in squares) + 1
    height = tall * (SIDE + GAP) + GAP
    parts.append(_key(known, (low, high), height, language))
    return picture(
        "".join(parts),
        width=wide * (SIDE + GAP) + GAP,
        height=height + 34,
        title=title,
        description=description or _told(known, language),
        name=name,
    )


def _square(
    who: names.Name,
    x: int,
    y: int,
    value: float | None,
    rank: int | None,
    bounds: tuple[float, float],
    language: str,
    name: str,
) -> str:
    """One province."""
    step = None if value is None else step_of(value, *bounds)
    fill = f"url(#{name}-none)" if step is None else COLOURS[step]
    ink = DARK if step is None else ink_of(step)
    full, short = (who.zh, who.short) if language == "zh" else (who.en, who.letters)
    figure = ("无数据" if language == "zh" else "no data") if value is None else shown(value)
    place = "" if rank is None else f"，第{rank}位" if language == "zh" else f", place {rank}"
    return (
        f"<g><title>{full}: {figure}{place}</title>"
        f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" rx="5" fill="{fill}"/>'
        f'<text x="{x + SIDE / 2:g}" y="{y + 29}" text-anchor="middle" font-size="19" '
        f'fill="{ink}">{short}</text>'
        f'<text x="{x + SIDE / 2:g}" y="{y + 49}" text-anchor="middle" font-size="12" '
        f'fill="{ink}">{figure if value is not None else "–"}</text></g>'
    )


def _hatch(name: str) -> str:
    """The fill of a province without a figure."""
    return (
        f'<defs><pattern id="{name}-none" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="7" height="7" fill="{BLANK}"/>'
        f'<path d="M0 0V7" stroke="#c4c4c4" stroke-width="2"/></pattern></defs>'
    )


def _key(known: Mapping[str, float], bounds: tuple[float, float], top: int, language: str) -> str:
    """What the colours stand for."""
    if not known:
        return ""
    low, high = bounds
    parts = []
    for step, colour in enumerate(COLOURS):
        parts.append(
            f'<rect x="{60 + 34 * step}" y="{top + 8}" width="32" height="12" fill="{colour}" '
            f'stroke="currentColor" stroke-opacity=".2"/>'
        )
    first, last = ("低", "高") if language == "zh" else ("low", "high")
    return "".join(parts) + (
        f'<text x="54" y="{top + 18}" text-anchor="end" fill="currentColor">{shown(low)}</text>'
        f'<text x="236" y="{top + 18}" fill="currentColor">{shown(high)} ({first}–{last})</text>'
    )


def _told(known: Mapping[str, float], language: str) -> str:
    """Highest and lowest in words."""
    if not known:
        return "无数据" if language == "zh" else "no data"
    top, bottom = (end(known, key=lambda key: known[key]) for end in (max, min))
    pair = [(names.place(key), shown(known[key])) for key in (top, bottom)]
    if language == "zh":
        return "；".join(
            f"{word}：{one.zh} {value}"
            for word, (one, value) in zip(("最高", "最低"), pair, strict=True)
        )
    return "; ".join(
        f"{word}: {one.en} {value}"
        for word, (one, value) in zip(("highest", "lowest"), pair, strict=True)
    )

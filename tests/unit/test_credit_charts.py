"""Charts and the tile map: well-formed, told in words, and true to their figures."""

import math
from collections.abc import Mapping
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from guantong.credit import PROVINCES, names
from guantong.credit.charts import Bar, Point, bar_chart, line_chart, ticks
from guantong.credit.tiles import COLOURS, ink_of, step_of, tile_map

SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert description is not None
    assert description.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    return root


def texts(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def paths(root: ElementTree.Element, colour: str) -> list[list[tuple[float, float]]]:
    """Corners of the open lines of a colour."""
    found = []
    for one in root.iter(f"{SVG}path"):
        if one.get("stroke") == colour and one.get("fill") == "none":
            corners = (one.get("d") or "")[1:].split("L")
            found.append([(float(x), float(y)) for x, y in (corner.split() for corner in corners)])
    return found


MONTHS = [Point(f"2024-{month:02d}", 150.0 + month) for month in range(1, 13)]


def test_a_line_is_drawn_to_scale() -> None:
    (line,) = paths(read(line_chart(MONTHS, title="x")), "#1f6f8b")
    assert len(line) == 12
    rises = [before[1] - after[1] for before, after in pairwise(line)]
    steps = [after[0] - before[0] for before, after in pairwise(line)]
    assert rises == pytest.approx([rises[0]] * 11, abs=0.11)
    assert rises[0] > 0
    assert steps == pytest.approx([steps[0]] * 11, abs=0.11)


def test_a_missing_month_breaks_the_line() -> None:
    gap = [*MONTHS[:4], Point("2024-05", None), *MONTHS[5:]]
    root = read(line_chart(gap, title="x"))
    assert [len(line) for line in paths(root, "#1f6f8b")] == [4, 7]
    assert len(list(root.iter(f"{SVG}circle"))) == 11


def test_band_and_adjusted_line_are_there_when_told() -> None:
    full = [Point(one.period, one.value, 149.0, 165.0, one.value) for one in MONTHS]
    root = read(line_chart(full, title="x", labels=("raw", "adjusted", "band")))
    assert {"raw", "adjusted", "band"} <= set(texts(root))
    assert len(paths(root, "#b8562b")) == 1
    assert [one for one in root.iter(f"{SVG}path") if one.get("fill-opacity")]
    assert "raw" not in texts(read(line_chart(MONTHS, title="x", labels=("raw", "a", "b"))))


def test_every_point_tells_its_value() -> None:
    root = read(line_chart(MONTHS, title="x"))
    told = [dot.findtext(f"{SVG}title") for dot in root.iter(f"{SVG}circle")]
    assert told[0] == "2024-01: 151.00"
    assert root.findtext(f"{SVG}desc") == "2024-01: 151.00 – 2024-12: 162.00"


@pytest.mark.parametrize("points", [[], [Point("2024-01", None)], MONTHS[:1]])
def test_little_or_nothing_to_draw(points: list[Point]) -> None:
    root = read(line_chart(points, title="x"))
    assert len(list(root.iter(f"{SVG}circle"))) == sum(one.value is not None for one in points)


@pytest.mark.parametrize(
    ("low", "high", "want"),
    [
        (156.2, 163.1, [158, 160, 162]),
        (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3.0, 3.0, [-2, 0, 2]),
        (99.999, 100.001, [99.999, 99.9995, 100.0, 100.0005, 100.001]),
    ],
)
def test_ticks_are_round(low: float, high: float, want: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(want)


def test_bars_grow_from_nought_both_ways() -> None:
    root = read(bar_chart([Bar("a", 0.5), Bar("b", -0.25), Bar("c", 0.0)], title="x"))
    first, second, third = root.iter(f"{SVG}rect")
    wide = [float(one.get("width") or "nan") for one in (first, second, third)]
    assert wide[0] == pytest.approx(2 * wide[1], abs=0.11)
    assert wide[2] == 0
    nought = float(first.get("x") or "nan")
    assert float(second.get("x") or "nan") + wide[1] == pytest.approx(nought, abs=0.11)
    assert {"+0.50", "-0.25", "0.00", "a"} <= set(texts(root))
    assert root.findtext(f"{SVG}desc") == "a +0.50; b -0.25; c 0.00"


def test_words_are_escaped() -> None:
    evil = '<script>&"'
    for svg in (
        line_chart(MONTHS, title=evil, description=evil, labels=(evil, evil, evil)),
        bar_chart([Bar(evil, 1.0)], title=evil),
        tile_map({"11": 1.0}, title=evil, description=evil),
    ):
        read(svg)
        assert "<script" not in svg


def tiles(values: Mapping[str, float], **other: object) -> dict[str, str]:
    root = read(tile_map(values, title="x", **other))  # type: ignore[arg-type]
    told = [one.findtext(f"{SVG}title") or "" for one in root.iter(f"{SVG}g")]
    return dict(one.split(": ", 1) for one in told)


def test_the_map_has_34_squares_none_on_another() -> None:
    squares = names.tiles()
    assert len(squares) == 34
    assert len({(one.row, one.column) for one in squares}) == 34
    for field in ("zh", "en", "short", "letters"):
        assert len({getattr(one.name, field) for one in squares} - {""}) == 34
    assert {one.name.key for one in squares} == {str(key) for key in PROVINCES if key != 66} | {
        "71",
        "81",
        "82",
    }


def test_neighbours_stand_near_each_other() -> None:
    at = {one.name.key: (one.row, one.column) for one in names.tiles()}
    for one, other in (
        (11, 12),
        (11, 13),
        (31, 32),
        (31, 33),
        (44, 45),
        (44, 46),
        (44, 81),
        (51, 50),
    ):
        (row, column), (row_, column_) = at[str(one)], at[str(other)]
        assert max(abs(row - row_), abs(column - column_)) <= 2, (one, other)
    assert at["23"][0] < at["11"][0] < at["31"][0] < at["44"][0]
    assert at["65"][1] < at["61"][1] < at["37"][1]


def test_a_province_without_a_figure_stays_on_the_map() -> None:
    told = tiles({"11": 162.5, "54": math.nan, "66": 1.0}, ranks={"11": 1})
    assert len(told) == 34
    assert told["北京"] == "162.50，第1位"
    assert told["西藏"] == "无数据"
    assert told["台湾"] == "无数据"
    english = tiles({"11": 162.5}, ranks={"11": 1}, language="en")
    assert english["Beijing"] == "162.50, place 1"
    assert len(tiles({})) == 34


def test_colours_rise_with_the_value() -> None:
    steps = [step_of(value, 0.0, 10.0) for value in (0, 1.9, 2, 5, 9.9, 10)]
    assert steps == [0, 0, 1, 2, 4, 4]
    assert step_of(3.0, 3.0, 3.0) == 2
    svg = tile_map({"11": 1.0, "12": 2.0}, title="x")
    assert COLOURS[0] in svg
    assert COLOURS[-1] in svg


def test_words_can_be_read_on_every_colour() -> None:
    """Contrast of at least 4.5, as accessibility rules ask of small words."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [
            one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for step, colour in enumerate(COLOURS):
        bright, dark = sorted((light(colour), light(ink_of(step))), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, colour

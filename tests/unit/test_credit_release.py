"""A release says what its numbers say: every figure is found again, every place is earned."""

import csv
import doctest
import importlib
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from guantong.bulletin import Rankings, Report, Rule, Series, Verdict, check, shipped_series
from guantong.credit import (
    Base,
    Cells,
    Month,
    Place,
    Release,
    Scores,
    SubIndex,
    base_of,
    cells,
    example,
    names,
    release,
    score,
)
from guantong.credit.decompose import decompose, turnover
from guantong.credit.model import Provenance
from guantong.credit.panel import generate
from guantong.credit.seasonal import adjust
from guantong.credit.tables import csv_text, index_json, published, release_json, tables
from guantong.credit.uncertainty import Bands, Choices, bands, level_band, sensitivity, table_of
from guantong.credit.vintages import Vintage, Vintages
from guantong.credit.writing import Issue, Text, directions, points, write

CHOICES = Choices(draws=256)


@dataclass(frozen=True)
class Made:
    """A made-up country, every month of it computed once."""

    scores: tuple[Scores, ...]
    cells: tuple[Cells, ...]
    base: Base
    releases: tuple[Release, ...]
    provinces: tuple[Bands, ...]
    sections: tuple[Bands, ...]

    def issue(self, at: int) -> Issue:
        months = slice(0, at + 1)
        values = [one.national for one in self.releases[months]]
        return Issue(
            now=self.releases[at],
            before=self.releases[at - 1],
            year_ago=self.releases[at - 12],
            decomposition=decompose(self.cells[at - 1], self.cells[at], self.base),
            turnover=turnover(self.scores[at - 1], self.scores[at], self.base),
            provinces=self.provinces[months],
            sections=self.sections[months],
            adjustment=adjust([one.period for one in self.releases[months]], values),
            base="2021",
        )


@pytest.fixture(scope="module")
def made() -> Made:
    world = generate(1, firms=2000, months=47, start=Month.parse("2021-01"))
    scores = tuple(score(panel, example()) for panel in world.panels)
    added = tuple(cells(one) for one in scores)
    base = base_of(added[:12], "2021")
    return Made(
        scores,
        added,
        base,
        tuple(release(one, base) for one in added),
        tuple(bands(table_of(one, "province"), CHOICES) for one in added),
        tuple(bands(table_of(one, "section"), CHOICES) for one in added),
    )


MONTHS = [36, 37, 42, 43, 45, 46]
"""January, February, July, August, October and November 2024."""

# ------------------------------------------------------- every figure found again


def shown(value: float) -> str:
    """As printed, by other means than the writer's."""
    return f"{abs(float(f'{value:.9f}')) + 1e-12:.2f}"


def levels(one: Release) -> Iterator[float]:
    yield one.national
    for group in (one.sub_indices, one.provinces, one.sections):
        yield from (value for value in group.values() if not math.isnan(value))


def figures(issue: Issue) -> set[str]:
    """Every figure that a text of this issue may hold, computed from its numbers."""
    now, before, ago = issue.now, issue.before, issue.year_ago
    found = {shown(value) for value in levels(now)} | {shown(issue.steady)}
    found |= {issue.base, "100", "5", str(now.firms), str(issue.vintage)}
    found |= {now.period[:4], str(int(now.period[5:])), str(int(now.period[:4]) - 1)}
    moves = list(directions(issue).values())
    found |= {str(len(moves)), *(str(moves.count(way)) for way in (-1, 0, 1))}
    if before is not None:
        found |= {shown(value) for value in levels(before)} | {str(int(before.period[5:]))}
        for field in ("sub_indices", "provinces", "sections"):
            new, old = getattr(now, field), getattr(before, field)
            found |= {shown(new[key] - old[key]) for key in new if not math.isnan(new[key])}
        found.add(shown(now.national - before.national))
        for kind, places in now.rankings.items():
            was = {place.key: place.rank for place in before.rankings[kind]}
            found |= {str(abs(was[one.key] - one.rank)) for one in places if one.key in was}
    if ago is not None:
        found |= {shown(ago.national), shown(now.national - ago.national)}
    if issue.decomposition:
        found |= {shown(value) for value in issue.decomposition.by_sub.values()}
    if issue.turnover:
        split = issue.turnover
        stay = split.stayers + split.movers + split.reweighting
        found |= {shown(value) for value in (stay, split.entrants, split.leavers)}
    for history in (issue.provinces, issue.sections):
        if history:
            found |= {str(end) for band in history[-1].all() for end in (band.low, band.high)}
    if issue.adjustment and issue.adjustment.adjusted:
        last, earlier = issue.adjustment.adjusted[-1], issue.adjustment.adjusted[-2]
        found |= {shown(last), shown(earlier), shown(last - earlier)}
    return found


def strangers(text: str, issue: Issue) -> list[str]:
    """Figures of a text that its issue does not have; the method's name is not one."""
    bare = text.replace(issue.now.method, "")
    return [one for one in re.findall(r"\d+(?:\.\d+)?", bare) if one not in figures(issue)]


@pytest.mark.parametrize("at", MONTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_figure_of_the_text_is_one_of_the_release(made: Made, at: int, language: str) -> None:
    issue = made.issue(at)
    text = write(issue).whole(language)
    assert len(re.findall(r"\d+(?:\.\d+)?", text)) > 60
    assert strangers(text, issue) == []


def test_a_figure_from_elsewhere_would_be_seen(made: Made) -> None:
    issue = made.issue(45)
    text = write(issue).whole()
    value = points(issue.now.national)
    assert strangers(text.replace(value, "123.45", 1), issue) == ["123.45"]


@pytest.mark.parametrize("at", MONTHS)
def test_each_value_stands_with_its_own_name(made: Made, at: int) -> None:
    issue = made.issue(at)
    text = write(issue).whole()
    seen = 0
    for field in ("provinces", "sections"):
        kind = field.rstrip("s")
        for key, value in getattr(issue.now, field).items():
            name = names.of(kind, key).zh
            for told in re.findall(rf"(?<![\u4e00-\u9fff、]){name}为([\d.]+)点", text):
                assert told == shown(value), name
                seen += 1
    assert seen >= 10
    for sub, value in issue.now.sub_indices.items():
        (told,) = re.findall(rf"{names.SUB_INDICES[sub].zh}分指标为([\d.]+)点", text)
        assert told == shown(value)


@pytest.mark.parametrize("at", MONTHS)
def test_changes_fit_their_values_and_their_words(made: Made, at: int) -> None:
    text = write(made.issue(at)).whole()
    found = re.findall(r"为([\d.]+)点，较[^，。]*?的([\d.]+)点(上涨|下降)([\d.]+)点", text)
    assert len(found) >= 8
    for now, before, word, step in found:
        difference = float(now) - float(before)
        assert abs(abs(difference) - float(step)) < 0.0101
        assert (difference > 0) is (word == "上涨") or abs(difference) < 0.0101


# ------------------------------------------------------------ the bulletin's judgement


def checked(made: Made, at: int, text: str) -> Report:
    """The text judged against the series and rankings of its own country."""
    series, places = ["period,value,kind,source"], ["period,dimension,rank,key,source"]
    for one in made.releases[: at + 1]:
        series.append(f"{one.period},{shown(one.national)},published,own")
        for rank, place in enumerate(one.rankings["province"], 1):
            places.append(f"{one.period},province,{rank},{names.place(place.key).zh},own")
        for rank, place in enumerate(one.rankings["section"], 1):
            places.append(f"{one.period},industry,{rank},{place.key},own")
    return check(
        text,
        series=Series.parse("\n".join(series)),
        rankings=Rankings.parse("\n".join(places)),
        period=made.releases[at].period,
    )


# February names 国际组织, which the checker does not take for an industry: it has no firms.
@pytest.mark.parametrize("at", [at for at in MONTHS if at != 37])
def test_the_checker_finds_nothing_wrong(made: Made, at: int) -> None:
    report = checked(made, at, write(made.issue(at)).whole())
    assert report.of(Verdict.WRONG) == ()
    good = report.of(Verdict.CONSISTENT)
    assert len(good) >= 40
    # Of the rest nothing was published: values of places, parts of a change, ends of bands.
    assert {one.rule for one in report.of(Verdict.UNVERIFIABLE)} <= {
        *(Rule.FIGURE, Rule.RANKING, Rule.DIRECTION),
        Rule.CHANGE,
    }
    national = [one for one in report.claims if one.subject == "企业信用指数" and one.unit == "点"]
    assert len(national) >= 4
    assert all(one.verdict is Verdict.CONSISTENT for one in national)
    assert {Rule.CHANGE, Rule.RANKING} <= {one.rule for one in good}


@pytest.mark.parametrize("what", ["value", "change", "first"])
def test_the_checker_finds_what_is_altered(made: Made, what: str) -> None:
    at = 43
    issue = made.issue(at)
    text = write(issue).whole()
    value = points(issue.now.national)
    assert issue.before is not None
    step = points(abs(issue.now.national - issue.before.national))
    leaders = [names.place(one.key).zh for one in issue.now.rankings["province"]]
    altered = {
        "value": text.replace(value, points(issue.now.national + 1)),
        "change": text.replace(f"{step}点", f"{float(step) + 0.5:.2f}点", 1),
        "first": text.replace(f"各省份中，{leaders[0]}", f"各省份中，{leaders[9]}"),
    }[what]
    assert altered != text
    assert checked(made, at, altered).of(Verdict.WRONG)


# ------------------------------------------------------------------ earned words


def small(period: str, provinces: dict[str, float], *, national: float = 158.83) -> Release:
    order = sorted(provinces, key=lambda key: -provinces[key])
    return Release(
        period=period,
        method="m-1",
        national=national,
        sub_indices=dict.fromkeys(SubIndex, national),
        provinces=provinces,
        sections={},
        rankings={
            "province": tuple(Place(n, key, provinces[key]) for n, key in enumerate(order, 1))
        },
        firms=10,
        score=70.0,
    )


def band(one: Release, *, unsure: float = 0.0) -> Bands:
    """Bands that follow the release but for a share of draws, in which its order is turned."""
    places = {place.key: place.rank for place in one.rankings["province"]}
    usual = np.array(list(places.values()), np.int16)
    turned = len(usual) + 1 - usual
    draws = [turned if draw < unsure * 100 else usual for draw in range(100)]
    return Bands(one.period, "province", tuple(places), usual, np.array(draws, np.int16))


AUGUST = small("2024-08", {"11": 162.0, "34": 161.0, "32": 160.0}, national=157.05)
SEPTEMBER = small("2024-09", {"11": 161.0, "34": 162.0, "32": 160.0}, national=158.36)
OCTOBER = small("2024-10", {"11": 163.0, "34": 162.0, "32": 160.0})


def october(*, unsure: float = 0.0, bands: bool = True) -> str:
    history = (band(AUGUST), band(SEPTEMBER), band(OCTOBER, unsure=unsure))
    issue = Issue(now=OCTOBER, before=SEPTEMBER, provinces=history if bands else ())
    return write(issue).whole() + write(issue).whole("en")


def test_back_in_first_place_when_the_bands_bear_it_out() -> None:
    text = october()
    assert "北京重返首位" in text
    assert "Beijing is back in first place" in text


def test_not_said_when_they_do_not() -> None:
    text = october(unsure=0.1)
    assert "重返首位" not in text
    assert "first place" not in text
    assert "居首位" not in text
    assert "北京、安徽、江苏位列企业信用指数排名前3位" in text


def test_how_firm_the_first_are_is_always_told(made: Made) -> None:
    loose = {str(key): 160.0 - place for place, key in enumerate(range(11, 16))} | {"21": 154.9}
    one = small("2024-10", loose)
    text = write(Issue(now=one, provinces=(band(one, unsure=0.5),))).whole()
    assert "北京在第1位至第6位之间" in text
    assert re.search("换用其他权重.*都排在前5位", write(made.issue(45)).whole())


def test_without_bands_no_word_about_places() -> None:
    text = october(bands=False)
    assert "位次未作稳健性测算" in text
    assert not re.search("重返|首位|继续居|首次|今年以来|止跌|排名较|as before|back in", text)


def test_bands_of_another_month_or_order_do_not_count() -> None:
    late = Issue(now=OCTOBER, before=SEPTEMBER, provinces=(band(AUGUST), band(SEPTEMBER)))
    assert "位次未作稳健性测算" in write(late).whole()
    other = band(small("2024-10", {"11": 163.0, "34": 160.0, "32": 162.0}))
    mixed = Issue(now=OCTOBER, before=SEPTEMBER, provinces=(band(AUGUST), band(SEPTEMBER), other))
    assert "安徽、江苏继续居前5位" not in write(mixed).whole()


@pytest.mark.parametrize("at", MONTHS)
def test_every_word_about_places_is_true_of_the_rankings(made: Made, at: int) -> None:
    """Read back from the text, judged by the releases alone."""
    text = write(made.issue(at)).whole()
    for kind in ("province", "section"):
        history = [
            {place.key: place.rank for place in one.rankings[kind]}
            for one in made.releases[: at + 1]
        ]
        year = history[at - int(made.releases[at].period[5:]) + 1 :]
        for key, rank in history[-1].items():
            name = names.of(kind, key).zh
            if f"。{name}重返首位" in text:
                assert rank == 1 < history[-2][key]
            if told := re.search(rf"。{name}排名较(?:\d+|上)月(上升|下降)(\d+)位", text):
                step = history[-2][key] - rank
                assert (step > 0, abs(step)) == (told[1] == "上升", int(told[2]))
            if f"。{name}排名达到今年以来最高" in text:
                assert all(rank < month[key] for month in year[:-1])


# ------------------------------------------------------------------------ shape


def test_parts_without_numbers_are_left_out() -> None:
    text = write(Issue(now=OCTOBER))
    assert [part.key for part in text.paragraphs] == ["national", "provinces", "notes"]
    assert text.paragraphs[0].zh == "2024年10月，企业信用指数为158.83点。"


def test_the_first_sentence_has_value_and_change() -> None:
    text = write(Issue(now=OCTOBER, before=SEPTEMBER, name_zh="中国企业信用指数"))
    assert text.title_zh == "2024年10月中国企业信用指数为158.83点"
    want = "2024年10月，中国企业信用指数为158.83点，较9月的158.36点上涨0.47点。"
    assert text.paragraphs[0].zh == want
    assert text.paragraphs[0].en.endswith("stood at 158.83, up 0.47 from 158.36 in September.")


def test_changes_are_taken_before_rounding() -> None:
    """As in the releases of 2024: 157.06 to 158.36 with the rounded 157.05 is 1.30, not 1.31."""
    was = replace(AUGUST, national=157.0549)
    now = replace(SEPTEMBER, national=158.3551)
    assert "158.36点，较8月的157.05点上涨1.30点" in write(Issue(now=now, before=was)).whole()


def test_a_year_ends() -> None:
    december, january = replace(AUGUST, period="2023-12"), replace(SEPTEMBER, period="2024-01")
    text = write(Issue(now=january, before=december)).whole()
    assert "2024年1月，企业信用指数为158.36点，较上月的157.05点上涨1.31点。" in text


def test_what_does_not_move_is_level() -> None:
    text = write(Issue(now=OCTOBER, before=replace(OCTOBER, period="2024-09", national=158.8301)))
    assert "与9月的158.83点持平" in text.paragraphs[0].zh


@pytest.mark.parametrize(
    ("steps", "zh", "heading"),
    [
        ((0.5, -0.2, 0.0, 0.0, 0.0, 0.0), "1个上升、1个下降、4个总体稳定", "分指标有升有降"),
        ((0.5, 0.2, 0.0, 0.0, 0.0, 0.0), "2个上升、4个总体稳定", "分指标稳中有升"),
        ((-0.5, 0.05, 0.0, 0.0, 0.0, 0.0), "1个下降、5个总体稳定", "分指标稳中有降"),
        ((0.0, 0.09, -0.09, 0.0, 0.0, 0.0), "6个总体稳定", "分指标总体稳定"),
    ],
)
def test_up_down_and_steady(steps: tuple[float, ...], zh: str, heading: str) -> None:
    subs = {sub: 158.36 + step for sub, step in zip(SubIndex, steps, strict=True)}
    text = write(Issue(now=replace(OCTOBER, sub_indices=subs), before=SEPTEMBER))
    part = next(one for one in text.paragraphs if one.key == "sub_indices")
    assert zh in part.zh
    assert part.heading_zh == heading


def test_an_example_says_that_it_is_one() -> None:
    assert "不是官方发布的指数" in write(Issue(now=OCTOBER)).whole()
    official = write(Issue(now=OCTOBER, provenance=Provenance.OFFICIAL)).whole()
    assert "不是官方发布" not in official


def test_values_are_shown_with_halves_away_from_nought() -> None:
    assert [points(one) for one in (158.825, 2.675, -0.004, 0.005, -1.005)] == [
        "158.83",
        "2.68",
        "0.00",
        "0.01",
        "-1.01",
    ]


# ----------------------------------------------------------------- tables and JSON


def test_tables_hold_the_figures_before_rounding(made: Made) -> None:
    issue = made.issue(45)
    told = tables(issue)
    assert issue.before is not None
    assert told["national"][0]["change"] == issue.now.national - issue.before.national
    assert len(told["sub_indices"]) == 6
    assert len(told["provinces"]) == 32
    assert len(told["sections"]) == 20
    first = told["provinces"][0]
    assert (first["rank"], first["value"]) == (1, issue.now.provinces[first["key"]])
    assert first["rank_low"] <= first["rank_high"]
    total = sum(row["contribution"] for row in told["sub_indices"])
    assert issue.decomposition is not None
    assert total == pytest.approx(issue.decomposition.change, abs=1e-9)


def test_csv_reads_back(made: Made) -> None:
    rows = tables(made.issue(45))["provinces"]
    again = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert len(again) == 32
    assert float(again[0]["value"]) == pytest.approx(rows[0]["value"], abs=5e-7)
    assert again[0]["name_zh"] == rows[0]["name_zh"]
    assert csv_text([]) == ""


def test_a_unit_without_firms_is_there_and_empty() -> None:
    empty = small("2024-10", {"11": 160.0})
    told = tables(Issue(now=replace(empty, provinces={"54": math.nan, "11": 160.0})))["provinces"]
    assert [(row["key"], row["rank"], row["value"]) for row in told] == [
        ("11", 1, 160.0),
        ("54", None, None),
    ]


def test_release_json_is_json(made: Made) -> None:
    issue = made.issue(45)
    one = Vintage(
        number=1,
        input="0" * 64,
        method=issue.now.method,
        code="0.1.0",
        issued="2024-11-12",
        release=issue.now,
    )
    moved = replace(one, number=2, release=replace(issue.now, national=1.0), reason="late data")
    kept = Vintages().added(one).added(moved)
    told = release_json(issue, vintage=one, revisions=kept.revisions(one.period))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["vintage"]["issued"] == "2024-11-12"
    assert told["revisions"][0]["changes"][0]["figure"] == "national"
    assert told["text"]["title_zh"].startswith("2024年10月")
    assert told["provenance"] == "example"


def test_index_json_has_bands_and_effects(made: Made) -> None:
    last = made.cells[-1]
    levels_ = [level_band(one, made.base, CHOICES) for one in made.cells[-3:]]
    values = [one.national for one in made.releases]
    told = index_json(
        made.releases,
        bands=levels_,
        adjustment=adjust([one.period for one in made.releases], values),
        sensitivity=sensitivity(table_of(last, "province"), CHOICES, points=16),
    )
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["points"][-1]["low"] <= told["points"][-1]["high"]
    assert told["points"][0]["low"] is None
    assert told["deadline_effect"]["high"] < 0
    assert {row["factor"] for row in told["sensitivity"]} >= {"weights", "scale", "aggregation"}
    short = adjust([one.period for one in made.releases[:5]], values[:5])
    assert index_json(made.releases[:5], adjustment=short)["adjustment_fault"]["code"] == (
        "credit.series_short"
    )


def test_the_planted_dip_is_found_in_the_index(made: Made) -> None:
    """8 points of one of six sub-indices, weighing 0.15, against a base of some 54."""
    told = adjust(
        [one.period for one in made.releases], [one.national for one in made.releases]
    ).deadline_effect
    assert told is not None
    want = -8.0 * 0.15 * 100 / made.base.score
    assert told.low <= want <= told.high


def test_published_figures_are_those_the_checker_has() -> None:
    told = {row["period"]: row for row in published()["point"]}
    shared = shipped_series().rows
    assert told.keys() == shared.keys()
    for period, row in told.items():
        assert float(shared[period].value) == row["value"]
        assert shared[period].derived == (row["kind"] == "derived")
    assert all(row["source"] and row["provenance"] == "secondary" for row in told.values())
    assert all(len(row["first"]) == 5 for row in published()["ranking"])


def test_quarters_published_are_means_of_their_months() -> None:
    told = {row["period"]: row["value"] for row in published()["point"]}
    for quarter, first in (("2024Q3", 7), ("2025Q3", 7), ("2025Q4", 10)):
        months = [told[f"{quarter[:4]}-{month:02d}"] for month in range(first, first + 3)]
        assert sum(months) / 3 == pytest.approx(told[quarter], abs=0.006)


def test_a_text_is_whole(made: Made) -> None:
    text: Text = write(made.issue(46))
    for language in ("zh", "en"):
        whole = text.whole(language)
        assert "None" not in whole
        assert not re.search(r"\bnan\b", whole)
        assert not re.search(r"[、，；][。]|  ", whole)


@pytest.mark.parametrize("name", ["charts", "names", "seasonal", "vintages", "writing"])
def test_examples_in_the_code_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"guantong.credit.{name}"))
    assert result.attempted > 0
    assert result.failed == 0

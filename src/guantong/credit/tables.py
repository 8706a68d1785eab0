"""The figures of a release as tables and plain JSON, for pages, files and other programs.

Figures are before rounding in JSON, and with six decimals in CSV (two would make changes that
do not fit their values). What is not there is None, or an empty field.
"""

import csv
import importlib.resources
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from guantong.credit import names
from guantong.credit.model import Release
from guantong.credit.seasonal import Adjustment
from guantong.credit.uncertainty import Bands, LevelBand, Sobol
from guantong.credit.vintages import Revision, Vintage
from guantong.credit.writing import Issue, Text, directions, write

Row = dict[str, Any]
Rows = list[Row]

DECIMALS = 6
"""Of a figure in CSV."""


def tables(issue: Issue) -> dict[str, Rows]:
    """All figures of an issue.

    Args:
        issue: The numbers of a month.

    Returns:
        ``national``, ``sub_indices``, ``provinces``, ``sections``; rankings in order of rank,
        units without firms last.
    """
    return {
        "national": [_national(issue)],
        "sub_indices": _sub_indices(issue),
        "provinces": _ranked(issue, "province"),
        "sections": _ranked(issue, "section"),
    }


def _national(issue: Issue) -> Row:
    now, before, ago = issue.now, issue.before, issue.year_ago
    adjusted = issue.adjustment
    fits = adjusted is not None and adjusted.adjusted and adjusted.months[-1] == now.period
    return {
        "period": now.period,
        "value": now.national,
        "before": before and before.national,
        "change": None if before is None else now.national - before.national,
        "year_ago": ago and ago.national,
        "change_year": None if ago is None else now.national - ago.national,
        "adjusted": adjusted.adjusted[-1] if fits and adjusted is not None else None,
        "firms": now.firms,
    }


def _sub_indices(issue: Issue) -> Rows:
    moves, before = directions(issue), issue.before
    was = before.sub_indices if before else {}
    given = issue.decomposition.by_sub if issue.decomposition else {}
    return [
        {
            "key": str(sub),
            "name_zh": names.SUB_INDICES[sub].zh,
            "name_en": names.SUB_INDICES[sub].en,
            "value": value,
            "before": was.get(sub),
            "change": value - was[sub] if sub in was else None,
            "direction": {1: "up", 0: "steady", -1: "down"}.get(moves.get(sub, 2)),
            "contribution": given.get(str(sub)),
        }
        for sub, value in issue.now.sub_indices.items()
    ]


def _ranked(issue: Issue, dimension: str) -> Rows:
    """One row a unit, with the band of its place."""
    field, history = _source(issue, dimension)
    now, was = _figures(issue.now, field), _figures(issue.before, field)
    ranks, ranks_was = _ranks(issue.now, dimension), _ranks(issue.before, dimension)
    latest = history[-1] if history and history[-1].period == issue.now.period else None
    bands = {band.key: band for band in latest.all()} if latest else {}
    rows = []
    for key in sorted(now, key=lambda one: (ranks.get(one, math.inf), one)):
        name, band = names.of(dimension, key), bands.get(key)
        value, before = now[key], was.get(key)
        rows.append(
            {
                "key": key,
                "name_zh": name.zh,
                "name_en": name.en,
                "rank": ranks.get(key),
                "value": value,
                "before": before,
                "change": None if value is None or before is None else value - before,
                "rank_before": ranks_was.get(key),
                "rank_low": band and band.low,
                "rank_median": band and band.median,
                "rank_high": band and band.high,
                "weight": issue.now.weights.get(key),
            }
        )
    return rows


def _source(issue: Issue, dimension: str) -> tuple[str, Sequence[Bands]]:
    return (
        ("provinces", issue.provinces) if dimension == "province" else ("sections", issue.sections)
    )


def _figures(release: Release | None, field: str) -> dict[str, float | None]:
    values: Mapping[str, float] = getattr(release, field) if release else {}
    return {key: None if math.isnan(value) else value for key, value in values.items()}


def _ranks(release: Release | None, dimension: str) -> dict[str, int]:
    places = release.rankings.get(dimension, ()) if release else ()
    return {place.key: place.rank for place in places}


def csv_text(rows: Rows) -> str:
    """A table as CSV with a line of names, lines ending as RFC 4180 has them.

    Args:
        rows: All with the same keys.

    Returns:
        Text; empty without rows. Add a byte order mark for spreadsheets that want one.
    """
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return round(value, DECIMALS) if isinstance(value, float) else value


# -------------------------------------------------------------------------- JSON


def _builtins(value: object) -> Any:
    """Plain dictionaries, lists, texts and numbers; NaN becomes None."""
    return msgspec.json.decode(msgspec.json.encode(value))


def release_json(
    issue: Issue, *, vintage: Vintage | None = None, revisions: Sequence[Revision] = ()
) -> Row:
    """A release as a page or program needs it.

    Args:
        issue: The numbers.
        vintage: What it rests on, where it was recorded.
        revisions: What later vintages changed, from `Vintages.revisions`.

    Returns:
        Period, text in both languages, tables, splits of the change, vintage.
    """
    text: Text = write(issue)
    told = {
        "period": issue.now.period,
        "method": issue.now.method,
        "provenance": issue.provenance.value,
        "base": issue.base,
        "text": text,
        "tables": tables(issue),
        "decomposition": issue.decomposition,
        "turnover": issue.turnover,
        "vintage": vintage
        and vintage.meta() | {"issued": vintage.issued, "reason": vintage.reason},
        "revisions": list(revisions),
    }
    plain: Row = _builtins(told)
    return plain


def index_json(
    releases: Sequence[Release],
    *,
    bands: Sequence[LevelBand] = (),
    adjustment: Adjustment | None = None,
    sensitivity: tuple[Sequence[str], Sobol] | None = None,
) -> Row:
    """The whole series as a page or program needs it.

    Args:
        releases: One a month, oldest first.
        bands: Of the national index, for any of the months.
        adjustment: Of the same series.
        sensitivity: From `guantong.credit.uncertainty.sensitivity`, of the last month.

    Returns:
        One point a month; effects of the calendar, or why there are none; Sobol indices.
    """
    within = {band.period: band for band in bands}
    smooth = {}
    if adjustment and adjustment.adjusted:
        smooth = dict(zip(adjustment.months, adjustment.adjusted, strict=True))
    points = [
        {
            "period": one.period,
            "value": one.national,
            "low": within[one.period].low if one.period in within else None,
            "high": within[one.period].high if one.period in within else None,
            "adjusted": smooth.get(one.period),
            "sub_indices": {str(sub): value for sub, value in one.sub_indices.items()},
            "method": one.method,
            "firms": one.firms,
        }
        for one in releases
    ]
    plain: Row = _builtins(
        {
            "points": points,
            "deadline_effect": adjustment and adjustment.deadline_effect,
            "festival_effect": adjustment and adjustment.festival_effect,
            "adjustment_fault": adjustment and adjustment.fault,
            "sensitivity": _sensitivity(*sensitivity) if sensitivity else [],
        }
    )
    return plain


def _sensitivity(outputs: Sequence[str], told: Sobol) -> Rows:
    """One row a factor and output."""
    return [
        {
            "factor": factor,
            "output": output,
            "first": float(told.first[row, column]),
            "total": float(told.total[row, column]),
        }
        for row, factor in enumerate(told.factors)
        for column, output in enumerate(outputs)
    ]


# --------------------------------------------------------------------- published


@cache
def published() -> dict[str, Rows]:
    """What the publisher of the index has issued, so far as found; with source and provenance.

    No figure of ours rests on it; pages show it beside, so that nobody takes one for the other.

    Returns:
        ``point`` (national values) and ``ranking`` (the first places).
    """
    folder = importlib.resources.files("guantong.credit") / "data"
    return tomllib.loads((folder / "published.toml").read_text("utf-8"))

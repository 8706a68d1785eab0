"""How does a release look to a program, and in which rows does a person read it?

Figures are before rounding; what is not there is null. Pages show the same rows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from guantong.credit import names
from guantong.credit.model import SubIndex
from guantong.credit.vintages import Revision
from guantong.serve.index_office import Issue

WAYS = {1: "up", 0: "steady", -1: "down"}


@dataclass(frozen=True, slots=True)
class SubRow:
    """One of the six sub-indices."""

    key: str
    zh: str
    en: str
    value: float
    before: float | None
    change: float | None
    way: str
    """``up``, ``steady``, ``down``; "" without the month before."""
    given: float | None
    """Points it gave to the change of the national index."""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One province or section."""

    rank: int | None
    """None for one without firms."""
    key: str
    zh: str
    en: str
    value: float | None
    low: int | None
    """Best rank in 90 % of the draws."""
    high: int | None
    """Worst rank."""
    given: float | None


def sub_rows(issue: Issue) -> tuple[SubRow, ...]:
    """The sub-indices in the order of releases."""
    return tuple(_sub_row(issue, sub) for sub in SubIndex if sub in issue.release.sub_indices)


def _sub_row(issue: Issue, sub: SubIndex) -> SubRow:
    annex, value = issue.annex, issue.release.sub_indices[sub]
    before = annex.before.sub_indices.get(sub) if annex.before else None
    way = WAYS.get(annex.directions[sub], "") if sub in annex.directions else ""
    name = names.SUB_INDICES[sub]
    return SubRow(
        key=str(sub),
        zh=name.zh,
        en=name.en,
        value=value,
        before=before,
        change=None if before is None else value - before,
        way=way,
        given=annex.by_sub.get(str(sub)),
    )


def place_rows(issue: Issue, dimension: str) -> tuple[PlaceRow, ...]:
    """Provinces (``province``) or sections (``section``), best first, those without firms last."""
    return tuple(sorted(_place_rows(issue, dimension), key=lambda row: (row.rank or 99, row.key)))


def _place_rows(issue: Issue, dimension: str) -> Iterator[PlaceRow]:
    release, annex = issue.release, issue.annex
    is_province = dimension == "province"
    values: Mapping[str, float] = release.provinces if is_province else release.sections
    given = annex.by_province if is_province else annex.by_section
    ranks = {place.key: place.rank for place in release.rankings[dimension]}
    for key, value in values.items():
        name = names.of(dimension, key)
        low, high = annex.bands.get(dimension, {}).get(key, (None, None))
        yield PlaceRow(
            rank=ranks.get(key),
            key=key,
            zh=name.zh,
            en=name.en,
            value=None if math.isnan(value) else value,
            low=low,
            high=high,
            given=given.get(key),
        )


def change_of(issue: Issue) -> float | None:
    """Points since the month before, before rounding."""
    before = issue.annex.before
    return None if before is None else issue.release.national - before.national


def issue_json(issue: Issue) -> dict[str, Any]:
    """A release with everything that was issued with it."""
    release, annex, vintage = issue.release, issue.annex, issue.vintage
    told = {
        "period": release.period,
        "vintage": vintage.number,
        "issued": vintage.issued,
        "reason": vintage.reason,
        "input": vintage.input,
        "code": vintage.code,
        "ledger_index": issue.entry,
        "method": {
            "version": annex.method.version,
            "provenance": annex.method.provenance,
            "source": annex.method.source,
            "base": annex.method.base,
            "aggregation": annex.method.aggregation,
            "weights": annex.method.shares(),
        },
        "national": {
            "value": release.national,
            "before": annex.before and annex.before.national,
            "change": change_of(issue),
            "adjusted": vintage.adjusted,
            "low": annex.low,
            "high": annex.high,
            "score": release.score,
            "firms": release.firms,
        },
        "sub_indices": sub_rows(issue),
        "provinces": place_rows(issue, "province"),
        "sections": place_rows(issue, "section"),
        "by_sub_index": annex.by_sub,
        "turnover": annex.turnover,
        "series": annex.line,
        "text": {language: annex.text.whole(language) for language in ("zh", "en")},
    }
    return _plain(told)


def revision_json(revision: Revision) -> dict[str, Any]:
    """What one vintage changed."""
    return _plain(revision)


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return plain

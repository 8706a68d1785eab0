"""Figures of a lake as queries that Spark, DuckDB and DataFusion all answer, with the same numbers.

Each asks the tables ``rows``, ``events``, ``withdrawn``, ``parties`` and ``duties``. An event that
was withdrawn, and its withdrawal, are counted as such and in nothing else.
"""

from typing import Final

DAY_MS: Final = 86_400_000
MOVES: Final = ("shipping", "consigning", "departing", "receiving", "accepting")
"""Steps that should say from whom to whom."""

_GONE: Final = """
(SELECT event FROM withdrawn UNION SELECT event FROM events WHERE flags % 2 = 1)
"""
_MOVES: Final = ", ".join(f"'{step}'" for step in MOVES)


def _count(condition: str) -> str:
    return f"CAST(sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)"


_STANDS: Final = "g.event IS NULL"
_NO_PLACE: Final = "e.read_point = '' AND e.biz_location = ''"

STEPS: Final = f"""
SELECT e.step AS step, {_count(_STANDS)} AS events, {_count("g.event IS NOT NULL")} AS withdrawn,
  CAST(sum(CASE WHEN {_STANDS} THEN e.items ELSE 0 END) AS BIGINT) AS items,
  {_count(f"{_STANDS} AND e.ranges = 0")} AS no_items,
  {_count(f"{_STANDS} AND {_NO_PLACE}")} AS no_place,
  {_count(f"{_STANDS} AND e.disposition = ''")} AS no_disposition,
  {_count(f"{_STANDS} AND e.ends = '' AND e.step IN ({_MOVES})")} AS no_ends,
  {_count(f"{_STANDS} AND e.record_ms - e.time_ms > {DAY_MS}")} AS late,
  {_count(f"{_STANDS} AND e.time_ms - e.record_ms > {DAY_MS}")} AS ahead
FROM events e LEFT JOIN {_GONE} g ON e.event = g.event
GROUP BY e.step
"""
"""Events by step, and what they leave out."""

PANEL: Final = f"""
SELECT coalesce(p.firm, e.by) AS firm, coalesce(p.region, '') AS region, e.month AS month,
  {_count(_STANDS)} AS events, {_count("g.event IS NOT NULL")} AS withdrawn,
  CAST(sum(CASE WHEN {_STANDS} THEN e.items ELSE 0 END) AS BIGINT) AS items,
  CAST(sum(CASE WHEN {_STANDS} AND e.step = 'commissioning' THEN e.items ELSE 0 END) AS BIGINT)
    AS made,
  CAST(sum(CASE WHEN {_STANDS} AND e.step = 'shipping' THEN e.items ELSE 0 END) AS BIGINT)
    AS shipped,
  CAST(sum(CASE WHEN {_STANDS} AND e.step = 'receiving' THEN e.items ELSE 0 END) AS BIGINT)
    AS received,
  {_count(f"{_STANDS} AND {_NO_PLACE}")} AS no_place,
  {_count(f"{_STANDS} AND e.record_ms - e.time_ms > {DAY_MS}")} AS late
FROM events e LEFT JOIN parties p ON e.by = p.key LEFT JOIN {_GONE} g ON e.event = g.event
GROUP BY coalesce(p.firm, e.by), coalesce(p.region, ''), e.month
"""
"""One row for each firm and month in which it recorded anything."""

COVERAGE: Final = f"""
SELECT category, province, count(*) AS obliged, {_count("is_filed")} AS filing,
  {_count("is_coded")} AS coding
FROM (
  SELECT d.party, d.category, substr(d.region, 1, 2) AS province, max(d.is_filed) AS is_filed,
    max(d.is_filed AND (d.is_issued OR s.class IS NOT NULL)) AS is_coded
  FROM duties d LEFT JOIN (SELECT DISTINCT class FROM rows) s ON d.product = s.class
  GROUP BY d.party, d.category, substr(d.region, 1, 2)
) t
GROUP BY category, province
"""
"""Who must file, who does, and who codes: by category and province."""

QUERIES: Final = {"steps": STEPS, "panel": PANEL, "coverage": COVERAGE}

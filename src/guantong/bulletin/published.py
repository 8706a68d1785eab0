"""What has been published before: the series of the index, and its rankings?

Both are dated rows with a source. The package carries those that were found; an office hands in
its own. Absent months are absent: nothing is interpolated.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Final, Self

from guantong.bulletin.model import BulletinError, Fault, Ground
from guantong.bulletin.periods import Period
from guantong.errors import Fault as Flaw
from guantong.errors import fault

_STEP: Final = Decimal("0.01")
LISTED: Final = 5
"""How many places a release names."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published value."""

    period: str
    value: Decimal
    derived: bool
    """Whether it was computed from a published change rather than printed itself."""
    source: str

    @property
    def low(self) -> Decimal:
        """Least true value: half a step below, or a whole one for a derived row."""
        return self.value - _STEP * (2 if self.derived else 1) / 2

    @property
    def high(self) -> Decimal:
        """Greatest true value."""
        return self.value + _STEP * (2 if self.derived else 1) / 2

    def ground(self) -> Ground:
        """As what a verdict rests on."""
        kind = "推算" if self.derived else "发布"
        return Ground(f"{self.period} {kind}值 {self.value}", None, self.period, self.source)


@dataclass(frozen=True, slots=True)
class Series:
    """Values of the national index by period."""

    rows: Mapping[str, Row]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a table with columns period, value, kind and source.

        Returns:
            The series.

        Raises:
            BulletinError: for a row without a period or a number.
        """
        rows = {}
        for number, line in enumerate(csv.DictReader(text.splitlines()), 2):
            period = _period(line, number)
            try:
                value = Decimal(line.get("value") or "")
            except InvalidOperation as refusal:
                raise BulletinError(
                    _bad(number, "value", "a number", line.get("value"))
                ) from refusal
            rows[period] = Row(
                period, value, line.get("kind") == "derived", line.get("source") or ""
            )
        return cls(rows)

    def at(self, period: Period | None) -> Row | None:
        """The value of a period, if it was published."""
        return self.rows.get(str(period)) if period else None


@dataclass(frozen=True, slots=True)
class Rankings:
    """The first places by dimension and period."""

    rows: Mapping[tuple[str, str], tuple[str, ...]]
    """(dimension, period) -> keys in order of rank."""
    sources: Mapping[tuple[str, str], str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a table with columns period, dimension, rank, key and source.

        Returns:
            The rankings.

        Raises:
            BulletinError: for a row that has no period, dimension, rank or key, or leaves a gap.
        """
        found: dict[tuple[str, str], dict[int, str]] = {}
        sources: dict[tuple[str, str], str] = {}
        for number, line in enumerate(csv.DictReader(text.splitlines()), 2):
            name = (line.get("dimension") or "", _period(line, number))
            rank, key = line.get("rank") or "", line.get("key") or ""
            if not rank.isdigit() or not key or not name[0]:
                raise BulletinError(_bad(number, "rank", "dimension, rank and key", rank))
            found.setdefault(name, {})[int(rank)] = key
            sources[name] = line.get("source") or ""
        for name, places in found.items():
            if sorted(places) != list(range(1, len(places) + 1)):
                raise BulletinError(
                    _bad(0, f"{name[1]}.rank", "places from 1 without a gap", sorted(places))
                )
        rows = {
            name: tuple(places[rank] for rank in sorted(places)) for name, places in found.items()
        }
        return cls(rows, sources)

    def at(self, dimension: str, period: Period | None) -> tuple[str, ...]:
        """The first places, best first; empty when none were published."""
        return self.rows.get((dimension, str(period)), ()) if period else ()

    def ground(self, dimension: str, period: Period) -> Ground:
        """As what a verdict rests on."""
        places = "、".join(self.at(dimension, period))
        source = self.sources.get((dimension, str(period)), "")
        return Ground(
            f"{period} 前{len(self.at(dimension, period))}:{places}", None, str(period), source
        )


def _period(line: Mapping[str, str | None], number: int) -> str:
    period = Period.parse(line.get("period") or "")
    if period is None:
        raise BulletinError(
            _bad(number, "period", "a period such as 2024-10 or 2024Q3", line.get("period"))
        )
    return str(period)


def _bad(number: int, field: str, expected: str, got: object) -> Flaw:
    return fault(Fault.SERIES, expected=expected, got=got, path=f"line[{number}].{field}")


@cache
def shipped_series() -> Series:
    """The values of the index that were found published."""
    return Series.parse(_data("series.csv"))


@cache
def shipped_rankings() -> Rankings:
    """The first five provinces and industries that were found published."""
    return Rankings.parse(_data("rankings.csv"))


def _data(name: str) -> str:
    return files("guantong.bulletin").joinpath("data", name).read_text("utf-8")

"""What is a method, a panel of firms, a score and a release of the index?

A method is dated data; a panel has one row per firm and month; a release holds figures before
rounding. Everything here is frozen, and arrays are never written to after they were handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from guantong.errors import Refusal, fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Integers = NDArray[np.integer]


class Fault(StrEnum):
    """Why a method, a panel or a question is refused. Part of the public API: never renamed."""

    FILE = "credit.file"
    """The file is no TOML, no Parquet, or not there."""
    FIELD = "credit.field"
    """A field is missing, unknown, or of the wrong kind."""
    WEIGHT = "credit.weight"
    """A weight is negative, not a number, or all of them are nought."""
    GOALPOSTS = "credit.goalposts"
    """The lower goalpost does not lie below the upper one."""
    PERIOD = "credit.period"
    """A month or day that is none, or an `until` before its `since`."""
    METHOD = "credit.method"
    """No method has this key or held in this month, or two did."""
    COLUMN = "credit.column"
    """A column the method asks for is missing, or has another length or kind."""
    FIRM = "credit.firm"
    """A firm stands twice in one month."""
    POPULATION = "credit.population"
    """No firm is left to be scored."""
    BASE = "credit.base"
    """The base is of another method, or its score is nought."""
    LINK = "credit.link"
    """Two series that do not meet in the month they are to be linked in."""


class CreditError(Refusal):
    """A method, panel or question that can not be used."""


SECTIONS = "ABCDEFGHIJKLMNOPQRST"
"""Letters of the 20 sections of GB/T 4754; in arrays a section is its place in this text."""

PROVINCES = (
    *(11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37),
    *(41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 66),
)
"""GB/T 2260 numbers of 31 provinces, and 66 for the Xinjiang Production and Construction Corps."""


class SubIndex(StrEnum):
    """The six sides of credit that releases tell apart."""

    RELIABILITY = "reliability"
    OPERATION = "operation"
    CONNECTION = "connection"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    SUPERVISION = "supervision"


SUB_INDEX_ZH = {
    SubIndex.RELIABILITY: "可靠性",
    SubIndex.OPERATION: "经营性",
    SubIndex.CONNECTION: "关联性",
    SubIndex.FINANCE: "财务性",
    SubIndex.COMPLIANCE: "合规性",
    SubIndex.SUPERVISION: "监管性",
}
"""The names that releases use."""


class Direction(StrEnum):
    """Whether more of an indicator is better."""

    UP = "up"
    DOWN = "down"


class Missing(StrEnum):
    """What stands in for a value that is missing."""

    SKIP = "skip"
    """Nothing: the other indicators of the sub-index share its weight."""
    WORST = "worst"
    """The lowest score: silence counts against the firm."""
    MIDDLE = "middle"
    """Half of the scale."""


class Aggregation(StrEnum):
    """How sub-scores become one figure."""

    ARITHMETIC = "arithmetic"
    GEOMETRIC = "geometric"
    MAZZIOTTA_PARETO = "mazziotta_pareto"
    COPELAND = "copeland"
    """An order, not a level: rankings follow it, the level is the arithmetic one."""


class Provenance(StrEnum):
    """How sure a method is."""

    OFFICIAL = "official"
    SECONDARY = "secondary"
    INFERRED = "inferred"
    EXAMPLE = "example"
    """Made up to show the engine; nothing published rests on it."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month.

    >>> str(Month.parse("2024-12").plus(1))
    '2025-01'
    """

    number: int
    """Months since January of the year 0."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2024-10``.

        Returns:
            The month.

        Raises:
            CreditError: `Fault.PERIOD` if it is none.
        """
        year, _, month = text.partition("-")
        digits = len(year) == 4 and len(month) == 2 and (year + month).isascii()
        if not (digits and (year + month).isdecimal() and 1 <= int(month) <= 12):
            raise CreditError(fault(Fault.PERIOD, expected="a month such as 2024-10", got=text))
        return cls(int(year) * 12 + int(month) - 1)

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.number // 12

    @property
    def of_year(self) -> int:
        """1 for January to 12 for December."""
        return self.number % 12 + 1

    def plus(self, months: int) -> "Month":
        """The month that lies `months` later."""
        return Month(self.number + months)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.of_year:02d}"


class Treatment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done to an indicator before it meets its goalposts."""

    winsor: tuple[float, float] | None = None
    """Values outside are set to these bounds, in the indicator's unit; before the logarithm."""
    log: bool = False
    """Take log(1 + x), of value and goalposts alike; values below 0 count as 0."""
    missing: Missing = Missing.SKIP


class Indicator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of the panel, and how it counts."""

    key: str
    """Name of the column."""
    sub: SubIndex
    label_zh: str
    label_en: str
    source: str
    """Which body's data it rests on."""
    unit: str
    direction: Direction
    goalposts: tuple[float, float]
    """Values that score 0 and 100 (for `Direction.DOWN` 100 and 0); frozen for `Method.base`."""
    weight: float
    """Relative to the other indicators of the sub-index; 0 or more."""
    treatment: Treatment = Treatment()


class Population(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which firms are counted."""

    coverage_min: float = 0.0
    """Share of the method's indicators that must have a value, 0 to 1."""
    age_months_min: int = 0
    """Months since the firm was set up; firms whose beginning is not known are counted."""
    sections_left_out: str = ""
    """Letters of sections that are not counted."""


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where this version takes over from the one before."""

    follows: str
    """Version of the method before."""
    month: str
    """Computed by both versions; the index of the older one is carried on."""


class Classes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which firm score on a class is given; below C it is D."""

    a: float
    b: float
    c: float

    def of(self, score: float) -> str:
        """``A`` (low risk) to ``D`` (high risk)."""
        return (
            "A" if score >= self.a else "B" if score >= self.b else "C" if score >= self.c else "D"
        )


class Method(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that turns a panel into an index, as dated data."""

    key: str
    """The series it belongs to."""
    version: str
    provenance: Provenance
    source: str
    since: str
    """First month it is used for."""
    until: str = ""
    """Last month; "" while it is used."""
    base: str
    """Year whose mean is 100."""
    aggregation: Aggregation
    floor: float = 1.0
    """Lowest sub-score that enters a geometric mean; above 0."""
    weights: dict[SubIndex, float]
    """Of the six sub-indices; relative to their sum."""
    indicators: tuple[Indicator, ...]
    population: Population = Population()
    classes: Classes
    link: Link | None = None

    def holds(self, month: Month) -> bool:
        """Whether it is used for `month`."""
        since = Month.parse(self.since)
        return since <= month and (not self.until or month <= Month.parse(self.until))

    def shares(self) -> dict[SubIndex, float]:
        """Weights of the sub-indices, adding up to 1, in the order of `SubIndex`."""
        total = sum(self.weights.values())
        return {sub: self.weights.get(sub, 0.0) / total for sub in SubIndex}

    def of(self, sub: SubIndex) -> tuple[Indicator, ...]:
        """The indicators of one sub-index."""
        return tuple(one for one in self.indicators if one.sub is sub)


@dataclass(frozen=True, slots=True, eq=False)
class PanelMonth:
    """The firms of one month, as columns of equal length n."""

    month: Month
    firm: "Integers"
    """int64; each firm once, in any order."""
    province: "Integers"
    """uint8; a number of `PROVINCES`."""
    section: "Integers"
    """uint8; a place in `SECTIONS`."""
    weight: "Floats"
    """0 or more; 1 for an unweighted population."""
    values: "Mapping[str, Floats]"
    """Indicator key -> n values in the indicator's unit, float32 or float64; NaN is missing."""
    born: "Integers | None" = None
    """int32; `Month.number` in which the firm was set up, 0 when not known; None for all unknown."""

    def __len__(self) -> int:
        return len(self.firm)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of the firms that are counted, as columns of equal length n; 0 to 100."""

    month: Month
    method: Method
    firm: "Integers"
    province: "Integers"
    section: "Integers"
    weight: "Floats"
    score: "Floats"
    """n; NaN for a firm of which nothing is known (it is not counted in any mean)."""
    subs: "Floats"
    """6 x n in the order of `SubIndex`; NaN where nothing is known."""
    left_out: int = 0
    """Firms of the panel that the population rules leave out."""

    def __len__(self) -> int:
        return len(self.firm)


@dataclass(frozen=True, slots=True)
class Base:
    """Scores that count as 100: of the base year, or carried over a link."""

    method: str
    """Version of the method."""
    period: str
    """What it was taken from, such as ``2014``, or ``2019-12`` for a link."""
    score: float
    """National score that stands for 100."""
    subs: Mapping[SubIndex, float]
    """Score of each sub-index that stands for 100."""


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a ranking."""

    rank: int
    """1 for the highest; equals share a rank."""
    key: str
    """Two digits of a province, or a section's letter."""
    value: float
    """Index points; for `Aggregation.COPELAND` wins less losses."""


@dataclass(frozen=True, slots=True)
class Release:
    """The index of one month, before any rounding."""

    period: str
    method: str
    """Version of the method."""
    national: float
    """Base period = 100."""
    sub_indices: Mapping[SubIndex, float]
    """Each against its own base; one without a base is not there."""
    provinces: Mapping[str, float]
    """Two digits -> index against the national base; NaN for one without firms; 32 keys."""
    sections: Mapping[str, float]
    """Letter -> index against the national base; NaN for one without firms; 20 keys."""
    rankings: Mapping[str, tuple[Place, ...]]
    """``province`` and ``section`` -> all with firms, best first."""
    firms: int
    """Firms counted."""
    score: float
    """The national score (0 to 100) behind `national`."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Share of the population's weight by province (two digits) and section (letter)."""

"""Is a month's change more than the calendar's doing? Raw and adjusted figures, side by side.

Two things of the calendar move the index each year: firms that miss the annual report of 30 June
are listed in the weeks after, and the Spring Festival, which wanders between January and February,
stops registrations and inspections. Both are measured first, by regression; what is left goes
through STL, a seasonal-trend decomposition by local regression, with a season that is the same
each year. Month by month::

    raw = trend + seasonal + deadline + festival + remainder
    adjusted = raw - seasonal - deadline - festival

The regression has a straight line, a smooth yearly curve (two harmonics), one regressor for the
deadline and one for the festival; its errors follow each other (first-order autoregression, the
coefficient chosen by restricted likelihood), so that intervals stay honest when the index
drifts. The deadline's effect is thus how far the month after it departs *from the smooth yearly
curve*; what of the curve is left, STL takes. Both regressors are centred: over the long run they
add nothing to the level.

A series of fewer than three years, or one with months missing, is not adjusted: the answer then
carries the raw figures and the fault that says why.

>>> adjust(["2024-01", "2024-02"], [150.0, 151.0]).fault.code
'credit.series_short'
"""

import calendar as days
import datetime as dt
import importlib.resources
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from guantong import errors
from guantong.credit.model import CreditError, Month

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

YEARS_MIN: Final = 3
"""Whole years of months below which no season can be told from chance."""
DAYS_BEFORE: Final = 20
"""Days before the Spring Festival in which its effect is looked for."""
DAYS_AFTER: Final = 7
"""Days from the festival on in which its effect is looked for."""
HARMONICS: Final = 2
"""Waves a year of the smooth yearly curve."""
ROBUST_MONTHS: Final = 60
"""Months from which on STL gives outliers less weight; fewer have too little to tell them by."""
FOLLOWING: Final = tuple(step / 50 for step in range(-25, 50))
"""Coefficients of autoregression that are tried: -0.5 to 0.98."""
LEVEL: Final = 0.95
"""Confidence of the intervals."""


class Fault(StrEnum):
    """Why a series is shown raw only. Part of the public API: never renamed."""

    SERIES_SHORT = "credit.series_short"
    """Fewer than `YEARS_MIN` years of months."""
    SERIES_GAP = "credit.series_gap"
    """A month is missing, doubled, out of order, or has no finite value."""
    CALENDAR = "credit.calendar"
    """The calendar has no Spring Festival for a year of the series."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates that move the index, as dated data."""

    festivals: Mapping[int, dt.date]
    """First day of the Chinese year, by year."""
    deadlines: tuple[tuple[dt.date, int | None, int, int], ...]
    """Since, the one year it holds for (None: every year), month, day; the last that fits holds."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a table in the form of ``data/calendar.toml``.

        Returns:
            The dates.

        Raises:
            ValueError: if the text is no such table.
        """
        table = tomllib.loads(text)
        try:
            feasts = {line["day"].year: line["day"] for line in table["spring_festival"]}
            due = tuple(
                (line["since"], line.get("year"), line["month"], line["day"])
                for line in table["annual_report"]
            )
        except (KeyError, AttributeError, TypeError) as error:
            message = f"no calendar: {error!r}"
            raise ValueError(message) from error
        return cls(feasts, due)

    def deadline(self, year: int) -> dt.date | None:
        """The day by which annual reports were due in a year; None where no rule held."""
        found = None
        for since, only, month, day in self.deadlines:
            due = dt.date(year, month, day)
            if since <= due and only in {None, year}:
                found = due
        return found


@cache
def shipped() -> Calendar:
    """The calendar that comes with the package: festivals of 2010 to 2035."""
    folder = importlib.resources.files("guantong.credit") / "data"
    return Calendar.parse((folder / "calendar.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one thing of the calendar moves the index, in points."""

    estimate: float
    low: float
    """Lower end of the interval at `LEVEL`."""
    high: float
    """Upper end."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A series raw and, where it can be, without the calendar's doing."""

    months: tuple[str, ...]
    """As ``YYYY-MM``."""
    raw: tuple[float, ...]
    adjusted: tuple[float, ...] = ()
    """Empty when `fault` says why there is none; so are the parts below."""
    trend: tuple[float, ...] = ()
    seasonal: tuple[float, ...] = ()
    deadline: tuple[float, ...] = ()
    """What the deadline of the annual report added."""
    festival: tuple[float, ...] = ()
    """What the Spring Festival added."""
    remainder: tuple[float, ...] = ()
    deadline_effect: Effect | None = None
    """The month after the deadline against the smooth yearly curve."""
    festival_effect: Effect | None = None
    """A whole festival window in one month against none."""
    fault: errors.Fault | None = None
    """Why nothing was adjusted."""


def adjust(
    months: Sequence[str], values: Sequence[float], *, calendar: Calendar | None = None
) -> Adjustment:
    """Take the calendar out of a monthly series.

    Args:
        months: ``YYYY-MM``, each one after the other, at least `YEARS_MIN` years.
        values: The index of each month, in points.
        calendar: Dates to use; None for those shipped.

    Returns:
        Raw figures always; adjusted ones and their parts unless `fault` is set.
    """
    dates = calendar or shipped()
    raw = Adjustment(tuple(months), tuple(map(float, values)))
    flaw = _flaw(raw, dates)
    if flaw:
        return replace(raw, fault=flaw)
    return _adjusted(raw, dates)


def _flaw(raw: Adjustment, dates: Calendar) -> errors.Fault | None:
    """What keeps a series from being adjusted, if anything does."""
    if len(raw.raw) != len(raw.months) or not all(map(math.isfinite, raw.raw)):
        return errors.fault(Fault.SERIES_GAP, expected="one finite value a month", got=raw.raw)
    try:
        at = [Month.parse(text) for text in raw.months]
    except CreditError as refusal:
        return refusal.faults[0].under("months")
    for place, (before, here) in enumerate(pairwise(at), 1):
        if here != before.plus(1):
            path = f"months[{place}]"
            return errors.fault(Fault.SERIES_GAP, expected=str(before.plus(1)), got=here, path=path)
    if len(at) < 12 * YEARS_MIN:
        wanted = f"at least {12 * YEARS_MIN} months"
        return errors.fault(Fault.SERIES_SHORT, expected=wanted, got=len(at), path="months")
    return _unknown_year(at, dates)


def _unknown_year(at: Sequence[Month], dates: Calendar) -> errors.Fault | None:
    """The first year whose Spring Festival is not known, as a fault."""
    for year in sorted({month.year for month in at}):
        if year not in dates.festivals:
            return errors.fault(
                Fault.CALENDAR, expected="the day of the Spring Festival", got=year, path="calendar"
            )
    return None


# ------------------------------------------------------------------- regressors


def festival_shares(at: Sequence[int], dates: Calendar) -> list[float]:
    """Share of the festival's window that falls into each month, less that month's usual share.

    Args:
        at: `Month.number` of each.
        dates: Must know the festival of every year of `at`.

    Returns:
        One number a month; over all years of the calendar each calendar month adds up to 0.
    """
    shares: dict[int, float] = {}
    for feast in dates.festivals.values():
        for offset in range(-DAYS_BEFORE, DAYS_AFTER):
            day = feast + dt.timedelta(days=offset)
            month = day.year * 12 + day.month - 1
            shares[month] = shares.get(month, 0.0) + 1 / (DAYS_BEFORE + DAYS_AFTER)
    usual = [0.0] * 12
    for month, share in shares.items():
        usual[month % 12] += share / len(dates.festivals)
    return [shares.get(month, 0.0) - usual[month % 12] for month in at]


def deadline_pulses(at: Sequence[int], dates: Calendar) -> list[float]:
    """1 in the month in which those who are late are listed, less 1/12 in every month.

    That is the month of the day after the deadline. Years without a deadline have zeros.

    Returns:
        One number a month.
    """
    after: set[int] = set()
    for year in {month // 12 for month in at} | {min(at) // 12 - 1}:
        due = dates.deadline(year)
        if due:
            last = due.day == days.monthrange(due.year, due.month)[1]
            after.add(due.year * 12 + due.month - 1 + last)
    bound = {month // 12 for month in after}
    return [(month in after) - (1 / 12 if month // 12 in bound else 0.0) for month in at]


def _design(at: Sequence[int], dates: Calendar) -> tuple["NDArray[np.float64]", tuple[str, ...]]:
    """The regressors of each month as columns, and their names; constant columns are left out."""
    import numpy as np

    span = np.arange(len(at), dtype=np.float64)
    columns = {"level": np.ones(len(at)), "slope": span - span.mean()}
    for wave in range(1, HARMONICS + 1):
        angle = 2 * np.pi * wave * np.asarray(at, dtype=np.float64) / 12
        columns |= {f"sine{wave}": np.sin(angle), f"cosine{wave}": np.cos(angle)}
    columns["deadline"] = np.array(deadline_pulses(at, dates))
    columns["festival"] = np.array(festival_shares(at, dates))
    kept = {name: col for name, col in columns.items() if name == "level" or np.ptp(col) > 1e-9}
    return np.column_stack(list(kept.values())), tuple(kept)


# ------------------------------------------------------------------- estimation


@dataclass(frozen=True, slots=True)
class _Fit:
    """A regression with errors that follow each other."""

    beta: "Column"
    spread: "Column"
    """Standard errors."""
    freedom: int
    likelihood: float


def _whitened(rows: "NDArray[np.float64]", rho: float) -> "NDArray[np.float64]":
    """Rows with what follows from the row before taken out; the first row is scaled."""
    out = rows.copy()
    out[1:] -= rho * rows[:-1]
    out[0] *= math.sqrt(1 - rho * rho)
    return out


def _fit_at(values: "Column", design: "NDArray[np.float64]", rho: float) -> _Fit:
    """Generalised least squares at one coefficient of autoregression."""
    import numpy as np

    left, right = _whitened(design, rho), _whitened(values[:, None], rho)[:, 0]
    cross = left.T @ left
    inverse = np.linalg.pinv(cross)
    beta = inverse @ (left.T @ right)
    freedom = len(values) - design.shape[1]
    noise = max(float(((right - left @ beta) ** 2).sum()) / freedom, 1e-24)
    likelihood = -0.5 * (
        freedom * math.log(noise) - math.log(1 - rho * rho) + float(np.linalg.slogdet(cross)[1])
    )
    return _Fit(beta, np.sqrt(noise * np.diag(inverse)), freedom, likelihood)


def _fit(values: "Column", design: "NDArray[np.float64]") -> _Fit:
    """The likeliest of the fits at `FOLLOWING`, by restricted likelihood."""
    fits = (_fit_at(values, design, rho) for rho in FOLLOWING)
    return max(fits, key=lambda fit: fit.likelihood)


def _effect(fit: _Fit, place: int) -> Effect:
    """Estimate and interval of one regressor."""
    from scipy.special import stdtrit

    estimate, spread = float(fit.beta[place]), float(fit.spread[place])
    reach = float(stdtrit(fit.freedom, 0.5 + LEVEL / 2)) * spread
    return Effect(estimate, estimate - reach, estimate + reach)


def _adjusted(raw: Adjustment, dates: Calendar) -> Adjustment:
    """Measure the calendar's effects, then let STL take the season of what is left."""
    import numpy as np
    from statsmodels.tsa.seasonal import STL

    at = [Month.parse(text).number for text in raw.months]
    values = np.array(raw.raw)
    design, names = _design(at, dates)
    fit = _fit(values, design)
    told: dict[str, Any] = {}
    parts = {}
    for name in ("deadline", "festival"):
        known = name in names
        place = names.index(name) if known else 0
        parts[name] = design[:, place] * fit.beta[place] if known else np.zeros(len(at))
        told[f"{name}_effect"] = _effect(fit, place) if known else None
    clean = values - parts["deadline"] - parts["festival"]
    # A window far longer than the series: the season is the same each year. Windows of a few
    # years follow chance, and doubled the error of adjusted figures in simulations.
    steady = {"seasonal": 10 * len(at) + 1, "seasonal_deg": 0}
    stl = STL(clean, period=12, robust=len(at) >= ROBUST_MONTHS, **steady).fit()
    parts |= {"trend": stl.trend, "seasonal": stl.seasonal, "adjusted": clean - stl.seasonal}
    parts["remainder"] = clean - stl.seasonal - stl.trend
    told |= {name: tuple(float(number) for number in part) for name, part in parts.items()}
    return replace(raw, **told)

"""What do the tables of a registration system say about firms in one month?

Reads the column names that real systems use (``pripid``, ``uniscid``, ``estdate``,
``industryphy``, ``s_ext_nodenum`` …; capitals and blanks do not matter) from four tables:
registration, annual reports, penalties, abnormal list. Indicators that these tables carry are
worked out; all others stay missing, and a table that is not handed in leaves its own missing too:
no entry in a list counts as good only where the list was there to be read.

Nothing is refused but a table without firms. What can not be read is left out and noted.
"""

import calendar
import datetime as dt
import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from guantong import rules
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    CreditError,
    Fault,
    Method,
    Month,
    PanelMonth,
)
from guantong.errors import fault

Row = Mapping[str, object]
"""Column name -> value; text, numbers, dates or None."""

COMPLETE = (
    *("uniscid", "entname", "enttype", "estdate", "regcap", "regorg", "regstate"),
    *("opscope", "dom", "lerep", "industryco"),
)
"""What a complete registration has (``name`` serves as ``lerep``, ``…_cn`` as the code)."""

ENDED = ("注销", "吊销", "撤销", "迁出", "已注销")
"""Beginnings of ``regstate_cn`` of firms that are no more; codes differ from place to place."""

PENALTY_YEARS = 3

_DAY = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be read or used."""

    table: str
    row: int
    """From 0."""
    column: str
    got: str
    why: str
    """``no_key``, ``no_province``, ``no_section``, ``no_day``, ``no_amount``, ``twice``."""


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A month's panel and what became of the rows."""

    panel: PanelMonth
    ids: tuple[str, ...]
    """``pripid`` (or ``uniscid``) of each firm, in the panel's order."""
    left_out: Mapping[str, int]
    """``ended``, ``not_yet``, ``twice``, ``no_key``, ``no_province``, ``no_section`` -> rows."""
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """What was handed in; None for a table that is not there."""

    registration: Iterable[Row]
    annual_reports: Iterable[Row] | None = None
    penalties: Iterable[Row] | None = None
    abnormal: Iterable[Row] | None = None


def panel_of(
    month: Month, method: Method, tables: Tables, *, ended: tuple[str, ...] = ENDED
) -> Imported:
    """Make the panel of one month.

    Args:
        month: As of its last day.
        method: Whose indicators the panel has.
        tables: Rows of the four tables; ``penam`` and ``forfam`` in 10,000 yuan.
        ended: Beginnings of ``regstate_cn`` or ``regstate`` of firms that are no more.

    Returns:
        The panel; all weights are 1.

    Raises:
        CreditError: `Fault.POPULATION` if no firm can be used.
    """
    desk = _Desk(month, ended)
    firms = desk.firms(tables.registration)
    if not firms:
        left = dict(desk.left_out)
        raise CreditError(fault(Fault.POPULATION, expected="at least one firm", got=left))
    told = {
        "age_years": [(desk.last - one.born).days / 365.25 if one.born else None for one in firms],
        "registration_complete": [one.complete for one in firms],
        **desk.penalties(firms, tables.penalties),
        **desk.abnormal(firms, tables.abnormal),
        **desk.reports(firms, tables.annual_reports),
    }
    nothing = [None] * len(firms)
    values = {
        one.key: np.array(told.get(one.key, nothing), np.float64) for one in method.indicators
    }
    panel = PanelMonth(
        month=month,
        firm=np.array([one.number for one in firms], np.int64),
        province=np.array([one.province for one in firms], np.uint8),
        section=np.array([one.section for one in firms], np.uint8),
        weight=np.ones(len(firms)),
        values=values,
        born=np.array([one.month_born for one in firms], np.int32),
    )
    ids = tuple(one.key for one in firms)
    return Imported(panel, ids, dict(desk.left_out), tuple(desk.notes))


def day_of(value: object) -> dt.date | None:
    """Read a day as systems write it: 2019-03-05, 20190305, 2019/3/5, 2019年3月5日, with a time."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    found = _DAY.match(str(value).strip()) if value is not None else None
    if not found:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def number_of(key: str) -> int:
    """The number of a firm: its key if that is a number, else 62 bits of its SHA-256."""
    if key.isascii() and key.isdecimal() and len(key) < 19 and not key.startswith("0"):
        return int(key)
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 2


@dataclass(frozen=True, slots=True)
class _Firm:
    """One usable row of the registration."""

    key: str
    uniscid: str
    number: int
    province: int
    section: int
    born: dt.date | None
    complete: float
    approved: dt.date
    """When the row was last approved; the latest of a firm counts."""

    @property
    def month_born(self) -> int:
        """`Month.number`; 0 when not known."""
        return self.born.year * 12 + self.born.month - 1 if self.born else 0


class _Desk:
    """Reads tables, and keeps count of what it could not use."""

    def __init__(self, month: Month, ended: tuple[str, ...]) -> None:
        days = calendar.monthrange(month.year, month.of_year)[1]
        self.last = dt.date(month.year, month.of_year, days)
        self.ended = ended
        self.rules = rules.on(self.last)
        self.left_out: defaultdict[str, int] = defaultdict(int)
        self.notes: list[Note] = []

    def firms(self, rows: Iterable[Row]) -> list[_Firm]:
        """The firms there on the last day, each once."""
        found: dict[str, _Firm] = {}
        for number, raw in enumerate(rows):
            firm = self.firm(number, _tidy(raw))
            if firm is None:
                continue
            other = found.get(firm.key)
            if other is not None:
                self.drop(Note("registration", number, "pripid", firm.key, "twice"))
                firm = max(firm, other, key=lambda one: one.approved)
            found[firm.key] = firm
        return list(found.values())

    def firm(self, number: int, row: dict[str, str]) -> _Firm | None:
        """A usable row, or None."""
        key = row.get("pripid") or row.get("uniscid", "")
        born = self.day("registration", number, row, "estdate")
        if not key:
            self.drop(Note("registration", number, "pripid", "", "no_key"))
            return None
        if any(row.get(name, "").startswith(self.ended) for name in ("regstate_cn", "regstate")):
            self.left_out["ended"] += 1
            return None
        if born and born > self.last:
            self.left_out["not_yet"] += 1
            return None
        province, section = _province(row), self.section(row)
        if province is None:
            got = row.get("s_ext_nodenum", "")
            self.drop(Note("registration", number, "s_ext_nodenum", got, "no_province"))
            return None
        if section is None:
            got = row.get("industryphy", "")
            self.drop(Note("registration", number, "industryphy", got, "no_section"))
            return None
        return _Firm(
            key=key,
            uniscid=row.get("uniscid", ""),
            number=number_of(key),
            province=province,
            section=section,
            born=born,
            complete=_complete(row),
            approved=day_of(row.get("apprdate")) or dt.date.min,
        )

    def drop(self, note: Note) -> None:
        """Count and note a row that is left out."""
        self.left_out[note.why] += 1
        self.notes.append(note)

    def section(self, row: dict[str, str]) -> int | None:
        """By the letter, else by the class of industry."""
        for column in ("industryphy", "industryco"):
            found = self.rules.section_of(row.get(column, ""))
            if found is not None and found.key in SECTIONS:
                return SECTIONS.index(found.key)
        return None

    def day(self, table: str, number: int, row: dict[str, str], column: str) -> dt.date | None:
        """A day, or None with a note if there is one that can not be read."""
        day = day_of(row.get(column))
        if day is None and row.get(column):
            self.notes.append(Note(table, number, column, row[column], "no_day"))
        return day

    def grouped(
        self, table: str, firms: list[_Firm], rows: Iterable[Row]
    ) -> dict[str, list[tuple[int, dict[str, str]]]]:
        """Numbered rows by the firm they are about."""
        keys = {one.uniscid: one.key for one in firms if one.uniscid}
        known = {one.key for one in firms}
        found: defaultdict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        for number, raw in enumerate(rows):
            row = _tidy(raw)
            key = row.get("pripid") or keys.get(row.get("uniscid", ""), "")
            if not key:
                self.notes.append(Note(table, number, "pripid", "", "no_key"))
            elif key not in known:
                # Of a firm that ended or was left out: nothing is wrong with that.
                continue
            else:
                found[key].append((number, row))
        return found

    def penalties(self, firms: list[_Firm], rows: Iterable[Row] | None) -> dict[str, list[float]]:
        """Number and sum (10,000 yuan) of the last three years."""
        if rows is None:
            return {}
        since = _years_before(self.last, PENALTY_YEARS)
        found = self.grouped("penalties", firms, rows)
        counts, sums = [], []
        for one in firms:
            recent = [
                self.amount(number, row, "penam") + self.amount(number, row, "forfam")
                for number, row in found.get(one.key, ())
                if (day := self.day("penalties", number, row, "pendecissdate"))
                and since < day <= self.last
            ]
            counts.append(float(len(recent)))
            sums.append(sum(recent))
        return {"penalties": counts, "penalty_sum": sums}

    def amount(self, number: int, row: dict[str, str], column: str) -> float:
        """An amount of a penalty; 0 with a note if it can not be read."""
        try:
            amount = float(row.get(column, "0").replace(",", ""))
        except ValueError:
            amount = math.nan
        if amount >= 0 and math.isfinite(amount):
            return amount
        self.notes.append(Note("penalties", number, column, row[column], "no_amount"))
        return 0.0

    def abnormal(self, firms: list[_Firm], rows: Iterable[Row] | None) -> dict[str, list[float]]:
        """Months in the abnormal list without a break up to the last day; 0 when not in it."""
        if rows is None:
            return {}
        found = self.grouped("abnormal", firms, rows)
        months = []
        for one in firms:
            since = [
                day
                for number, row in found.get(one.key, ())
                if (day := self.day("abnormal", number, row, "indate")) and day <= self.last
                if not ((out := day_of(row.get("outdate"))) and out <= self.last)
            ]
            months.append((self.last - min(since)).days / 30.4375 if since else 0.0)
        return {"abnormal_months": months}

    def reports(
        self, firms: list[_Firm], rows: Iterable[Row] | None
    ) -> dict[str, list[float | None]]:
        """Days by which the last annual report that is due was late, so far."""
        if rows is None:
            return {}
        found = self.grouped("annual_reports", firms, rows)
        year = (
            self.last.year - 1
            if self.last > dt.date(self.last.year, 6, 30)
            else (self.last.year - 2)
        )
        due = dt.date(year + 1, 6, 30)
        late: list[float | None] = []
        for one in firms:
            if one.born is None or one.born.year > year:
                late.append(None)
                continue
            handed = [
                day
                for number, row in found.get(one.key, ())
                if row.get("ancheyear", "")[:4] == str(year)
                if (day := self.day("annual_reports", number, row, "anchedate"))
                and day <= self.last
            ]
            late.append(float(max((min(handed, default=self.last) - due).days, 0)))
        return {"report_days_late": late}


def _tidy(row: Row) -> dict[str, str]:
    """Names in small letters, values as text; nothing for what is empty."""
    return {
        name.strip().lower(): text
        for name, value in row.items()
        if value is not None
        and (text := str(value).strip())
        and text.lower() not in {"null", "nan"}
    }


def _province(row: dict[str, str]) -> int | None:
    """By the node of the system, else by the office of registration, else by the code."""
    for text in (row.get("s_ext_nodenum", ""), row.get("regorg", ""), row.get("uniscid", "")[2:]):
        digits = text[:2]
        if digits.isascii() and digits.isdecimal() and int(digits) in PROVINCES:
            return int(digits)
    return None


def _complete(row: dict[str, str]) -> float:
    """Share of `COMPLETE` that has a value."""
    stand_ins = {"lerep": "name"}
    return sum(
        any(name in row for name in (column, f"{column}_cn", stand_ins.get(column, column)))
        for column in COMPLETE
    ) / len(COMPLETE)


def _years_before(day: dt.date, years: int) -> dt.date:
    """The same day, years ago; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)

"""Which tables do we go by?

The tables that ship with the package, or those with an operator's own put over them.

>>> from guantong.rules.model import Actor
>>> rules = on(dt.date(2025, 1, 1))
>>> [duty.key for duty in rules.duties(frozenset({"cable"})) if duty.actor is Actor.SELLER]
['seller-check-by-scan', 'seller-file-purchases', 'seller-file-sales']
>>> rules.due("report", dt.date(2025, 6, 6)).day
datetime.date(2025, 6, 10)
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Protocol, Self, TypeVar

import msgspec

from guantong.rules.model import (
    CalendarYear,
    CatalogueEntry,
    CodeScheme,
    Duty,
    Figure,
    Holiday,
    PersonalField,
    ProfileField,
    Province,
    RecallDeadline,
    RiskLine,
    Row,
    Section,
    Standard,
    Traced,
)
from guantong.rules.tables import Tables, merged
from guantong.rules.view import Rules
from guantong.rules.workdays import Workdays

VIEWS_MAX = 64
"""How many days are remembered."""

_R = TypeVar("_R", bound=Row)


class TableFile(Protocol):
    """A file handed in by the operator; `pathlib.Path` is one."""

    @property
    def name(self) -> str:
        """How faults call it."""

    def read_text(self, encoding: str) -> str:
        """Its text."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruleset:
    """All tables, of all days."""

    tables: Tables
    digest: str
    """SHA-256 of all lines, hexadecimal: equal tables have equal digests."""

    @classmethod
    def of(cls, tables: Tables) -> Self:
        """Put a digest to tables."""
        lines = msgspec.json.encode(tables, order="deterministic")
        return cls(tables, hashlib.sha256(lines).hexdigest())

    def on(self, day: dt.date) -> Rules:
        """The view that held on `day` (Asia/Shanghai)."""
        return _view(self, day)

    def rows(self, kind: type[_R]) -> Iterator[_R]:
        """All lines of one kind, of all days, in order of key and day."""
        return (row for rows in self.tables.values() for row in rows if type(row) is kind)


@cache
def shipped() -> Ruleset:
    """The tables of the package."""
    folder = files("guantong.rules").joinpath("data")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=_name)
    return Ruleset.of(merged({}, ((file.name, file.read_text("utf-8")) for file in found)))


def load(paths: Iterable[TableFile], *, base: Ruleset | None = None) -> Ruleset:
    """Put an operator's tables over those of the package.

    Lines of a key replace all older lines of that key; a file with ``replace = ["duty"]`` at
    its top starts that table anew.

    Args:
        paths: TOML files, the later overruling the earlier.
        base: What they are put over; None for the tables of the package.

    Returns:
        The tables.

    Raises:
        RulesError: with every fault of every file: file, line and field.
        OSError: if a file cannot be read.
    """
    texts = [(path.name, path.read_text("utf-8")) for path in paths]
    return Ruleset.of(merged((base or shipped()).tables, texts))


def on(day: dt.date) -> Rules:
    """What held on `day` (Asia/Shanghai) by the tables of the package."""
    return shipped().on(day)


@lru_cache(maxsize=VIEWS_MAX)
def _view(ruleset: Ruleset, day: dt.date) -> Rules:
    def held(kind: type[_R]) -> tuple[_R, ...]:
        return tuple(row for row in ruleset.rows(kind) if row.holds(day))

    return Rules(
        day=day,
        digest=ruleset.digest,
        traced=held(Traced),
        all_duties=held(Duty),
        schemes=_by_key(held(CodeScheme)),
        standards=_by_key(held(Standard)),
        provinces=_by_key(held(Province)),
        sections=_by_key(held(Section)),
        catalogue=_by_key(held(CatalogueEntry)),
        recall_deadlines=_by_key(held(RecallDeadline)),
        risks=_by_key(held(RiskLine)),
        figures=_by_key(held(Figure)),
        fields=held(ProfileField),
        personal=held(PersonalField),
        # The calendar is of all days: a deadline runs past the day it is asked on.
        workdays=Workdays.of(ruleset.rows(Holiday), ruleset.rows(CalendarYear)),
    )


def _by_key(rows: Iterable[_R]) -> dict[str, _R]:
    return {row.key: row for row in rows}


def _name(file: TableFile) -> str:
    return file.name

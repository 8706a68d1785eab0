"""What held on that day?

A `Rules` is the set of all lines that held on one day. It never changes: a decision that was
made under it can be replayed.
"""

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from guantong.errors import fault
from guantong.rules.model import (
    Actor,
    CatalogueEntry,
    CodeScheme,
    Duty,
    Fault,
    Figure,
    PersonalField,
    ProfileField,
    Province,
    RecallDeadline,
    RiskLine,
    RulesError,
    Section,
    Standard,
    Traced,
    Unit,
)
from guantong.rules.workdays import Later, Workdays


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines that held on `day`, by key."""

    day: dt.date
    digest: str
    """Which tables they are from: SHA-256 of all lines, hexadecimal."""
    traced: tuple[Traced, ...]
    all_duties: tuple[Duty, ...]
    schemes: Mapping[str, CodeScheme]
    standards: Mapping[str, Standard]
    provinces: Mapping[str, Province]
    """By the first two digits of region codes."""
    sections: Mapping[str, Section]
    """By letter."""
    catalogue: Mapping[str, CatalogueEntry]
    recall_deadlines: Mapping[str, RecallDeadline]
    risks: Mapping[str, RiskLine]
    figures: Mapping[str, Figure]
    fields: tuple[ProfileField, ...]
    """The profile of record fields; see `guantong.rules.completeness`."""
    personal: tuple[PersonalField, ...]
    """Members that say something of a person."""
    workdays: Workdays

    def traced_as(self, marks: frozenset[str]) -> tuple[Traced, ...]:
        """The lines of product lists that mean a product with `marks`."""
        return tuple(row for row in self.traced if row.binds(marks))

    def lists(self, marks: frozenset[str]) -> frozenset[str]:
        """The published lists that a product with `marks` is on."""
        return frozenset(row.list for row in self.traced_as(marks))

    def duties(self, marks: frozenset[str], *, actor: Actor | None = None) -> tuple[Duty, ...]:
        """The duties that bind for a product with `marks`.

        Args:
            marks: Such as ``cable``, ``ccc``; see the tables of traced products.
            actor: Whose duties; None for those of all.

        Returns:
            In order of key, each with the lines that make it bind; empty when none does.
        """
        meant = self.traced_as(marks)
        found = []
        for duty in self.all_duties:
            because = tuple(row for row in meant if row.list in duty.lists)
            if because and actor in {None, duty.actor, *_shared(duty.actor)}:
                found.append(msgspec.structs.replace(duty, because=because))
        return tuple(found)

    def province_of(self, region: str) -> Province | None:
        """The province of a region code of two to six digits; None when there is none."""
        return self.provinces.get(region[:2])

    def section_of(self, industry: str) -> Section | None:
        """The section of an industry code such as ``C3831``, ``3831`` or ``38``.

        A letter decides; digits alone are looked up by their first two.

        Returns:
            The section; None if there is none.
        """
        if industry[:1].isalpha():
            return self.sections.get(industry[0].upper())
        if not (industry[:2].isascii() and industry[:2].isdigit() and len(industry) >= 2):
            return None
        division = int(industry[:2])
        rows = self.sections.values()
        return next((row for row in rows if row.divisions[0] <= division <= row.divisions[1]), None)

    def due(self, key: str, start: dt.date) -> Later:
        """The last day for a step of a recall.

        Args:
            key: Of a line in `recall_deadlines`, such as ``report``.
            start: The day from which it counts; it does not count itself.

        Returns:
            The day, and whether only weekends were known.

        Raises:
            RulesError: if no deadline of that name held on this day.
        """
        row = self.recall_deadlines.get(key)
        if row is None:
            known = ", ".join(sorted(self.recall_deadlines)) or "a deadline in the table"
            raise RulesError(fault(Fault.UNKNOWN, expected=known, got=key))
        match row.unit:
            case Unit.WORKING_DAYS:
                return self.workdays.after(start, row.value)
            case Unit.DAYS:
                return Later(start + dt.timedelta(days=row.value), weekends_only=False)
            case Unit.YEARS:
                return Later(_years_after(start, row.value), weekends_only=False)


def _shared(actor: Actor) -> tuple[Actor, ...]:
    """Whose duties a line is besides its actor's: everybody's are producers' and sellers' too."""
    return (Actor.PRODUCER, Actor.SELLER) if actor is Actor.EVERYBODY else ()


def _years_after(start: dt.date, count: int) -> dt.date:
    """The same day `count` years later; the last of February for the 29th."""
    year = start.year + count
    return start.replace(year=year, day=min(start.day, calendar.monthrange(year, start.month)[1]))

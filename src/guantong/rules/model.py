"""What is one line of a rule, and how do we know it?

Every line has a key, the days on which it held, where it is from and how sure that is. All
tables are TOML; `guantong.rules.tables` turns a line into one of the structs below and refuses
what does not fit. Days are those of Asia/Shanghai; `since` and `until` are both inclusive.
"""

import datetime as dt
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from guantong.errors import Refusal


class Fault(StrEnum):
    """Why a table is refused. Part of the public API: never renamed."""

    FILE = "rules.file"
    """The file is no TOML."""
    TABLE = "rules.table"
    """No table has this name, or it is no list of lines."""
    FIELD = "rules.field"
    """A field is missing, unknown, or of the wrong kind."""
    PERIOD = "rules.period"
    """`until` lies before `since`."""
    OVERLAP = "rules.overlap"
    """Two lines of one key hold on the same day."""
    UNKNOWN = "rules.unknown"
    """A question about something no table holds on that day."""


class RulesError(Refusal):
    """A table that cannot be used, or a question it has no line for."""


class Provenance(StrEnum):
    """How sure a line is."""

    OFFICIAL = "official"
    """The text of the authority itself."""
    SECONDARY = "secondary"
    """Reported by somebody who had the text."""
    INFERRED = "inferred"
    """Our conclusion; to be replaced when the text is at hand."""


class Actor(StrEnum):
    """Who is to act."""

    PRODUCER = "producer"
    SELLER = "seller"
    CONSUMER = "consumer"
    PLATFORM = "platform"
    EVERYBODY = "everybody"


class Role(StrEnum):
    """In which role a firm files records."""

    PRODUCER = "producer"
    SELLER = "seller"


class Force(StrEnum):
    """How strongly a line asks."""

    REQUIRED = "required"
    ADVISED = "advised"


class Group(StrEnum):
    """The three groups of records (追溯通用数据要求)."""

    FIRM = "firm"
    PRODUCT = "product"
    FLOW = "flow"


class Unit(StrEnum):
    """What a deadline counts."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    YEARS = "years"


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every line has."""

    key: str
    """Stable name; lines of one key follow one another in time."""
    source: str
    """Where it is from, so that an answer can be read back to its ground."""
    provenance: Provenance
    since: dt.date | None = None
    """First day it holds; absent when it always did, as far as is known."""
    until: dt.date | None = None
    """Last day it holds; absent while it does."""

    def holds(self, day: dt.date) -> bool:
        """Whether it held on `day`."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


class Traced(Row, frozen=True, kw_only=True):
    """A kind of product that must be traceable from a day on."""

    since: dt.date
    list: str
    """Which published list it is on: ``list-1``, ``licence-and-ccc``, ``other-mandatory`` …"""
    marks: frozenset[str]
    """A product is meant when it carries any of these marks."""
    label_zh: str
    label_en: str
    regimes: frozenset[str] = frozenset()
    """``production-licence``, ``ccc``, ``mandatory-gb``: why it is supervised."""
    part_of: str = ""
    """Key of the wider kind it is listed under; "" when it stands for itself."""

    def binds(self, marks: frozenset[str]) -> bool:
        """Whether a product with `marks` is meant."""
        return not self.marks.isdisjoint(marks)


class Duty(Row, frozen=True, kw_only=True):
    """What somebody has to do for products on certain lists."""

    since: dt.date
    actor: Actor
    lists: frozenset[str]
    """Lists whose products it is about."""
    force: Force = Force.REQUIRED
    label_zh: str
    label_en: str
    because: tuple[Traced, ...] = ()
    """In an answer: the lines that make it bind the product. Not written in a table."""


class CodeScheme(Row, frozen=True, kw_only=True):
    """A family of codes a product, firm or certificate may carry."""

    label_zh: str
    label_en: str
    names: str
    """What its codes name: ``item``, ``class``, ``party``, ``document`` or ``any``."""
    check: str
    """``mod10``, ``mod31``, ``none`` or ``unknown``."""
    standard: str = ""
    """Key of a line of table ``standard``; "" when there is none."""


class Standard(Row, frozen=True, kw_only=True):
    """An edition of a standard."""

    edition: int
    """Year of publication."""
    label_zh: str


class Province(Row, frozen=True, kw_only=True):
    """A province; its key is the first two digits of region codes."""

    name_zh: str
    abbreviation: str
    """The character that stands on provincial licences."""


class Section(Row, frozen=True, kw_only=True):
    """A section of the classification of industries; its key is the letter."""

    name_zh: str
    divisions: tuple[int, int]
    """First and last division (two digits), inclusive."""


class CatalogueEntry(Row, frozen=True, kw_only=True):
    """A kind of product in the catalogue of licences or of compulsory certification."""

    regime: str
    """``production-licence`` or ``ccc``."""
    label_zh: str
    label_en: str
    code: str = ""
    """Its number in the catalogue; "" when it has none, or none is known."""
    mark: str = ""
    """Mark that the tables of traced products use for it."""


class RecallDeadline(Row, frozen=True, kw_only=True):
    """How long a step of a recall may take."""

    since: dt.date
    value: int
    unit: Unit
    regime: str
    """Which recalls: ``consumer-product``."""
    counted_from: str
    """Key of the event from which it counts, such as ``known`` or ``completed``."""
    label_zh: str
    label_en: str


class RiskLine(Row, frozen=True, kw_only=True):
    """How serious a hazard of one severity is above a probability."""

    severity: int
    """1 to 4."""
    above: float
    level: str
    """``low``, ``medium``, ``high`` or ``serious``."""


class Figure(Row, frozen=True, kw_only=True):
    """A published number or list of names."""

    value: int | float | str | tuple[str, ...]
    unit: str
    label_zh: str
    label_en: str


class Holiday(Row, frozen=True, kw_only=True):
    """Days off that are no weekend, or weekend days that are worked."""

    since: dt.date
    until: dt.date
    label_zh: str
    works: bool = False
    """True for a weekend that is worked in exchange."""


class CalendarYear(Row, frozen=True, kw_only=True):
    """Says that the holidays of a year are all in the table; its key is the year."""

    key: Annotated[str, Meta(pattern="^[0-9]{4}$")]


class ProfileField(Row, frozen=True, kw_only=True):
    """One field that records should have."""

    since: dt.date
    group: Group
    name: str
    """Canonical field name; alternatives joined by ``|``, of which one is enough."""
    roles: frozenset[Role]
    """Who files it."""
    lists: frozenset[str] = frozenset({"*"})
    """For products on which lists; ``*`` for any."""
    directions: frozenset[str] = frozenset()
    """For flows of which direction; empty for all."""
    force: Force = Force.REQUIRED
    label_zh: str
    label_en: str

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The field names of which one is enough."""
        return tuple(self.name.split("|"))


class PersonalField(Row, frozen=True, kw_only=True):
    """A member of events or records that says something of a person."""

    since: dt.date
    name: str
    """Its local name in small letters, letters and digits alone."""
    kinds: frozenset[str] = frozenset({"*"})
    """Of what: ``event``, or a kind of record such as ``firm``; ``*`` for anything."""
    pattern: str = ""
    """A regular expression: only values in which it is found are meant; "" for all."""
    label_zh: str
    label_en: str


TABLES: dict[str, type[Row]] = {
    "traced": Traced,
    "duty": Duty,
    "scheme": CodeScheme,
    "standard": Standard,
    "province": Province,
    "section": Section,
    "catalogue": CatalogueEntry,
    "recall_deadline": RecallDeadline,
    "risk": RiskLine,
    "figure": Figure,
    "holiday": Holiday,
    "calendar_year": CalendarYear,
    "field": ProfileField,
    "personal": PersonalField,
}
"""Name of each table in TOML, and what its lines are."""

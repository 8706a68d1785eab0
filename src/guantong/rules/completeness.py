"""Are these records complete, and if not, what is missing?

The official list of fields (追溯通用数据要求) was not found. Table ``field`` holds a profile
proposed from what clients of existing platforms send; an operator who has the official list
puts it in its place.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guantong.rules.model import Force, Group, ProfileField, Provenance, Role
from guantong.rules.ruleset import Ruleset, shipped

Record = Mapping[str, object]
"""Field name -> value."""


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field without a value."""

    group: Group
    field: str
    """Canonical name; alternatives joined by ``|``."""
    label_zh: str
    label_en: str
    source: str
    """Why it is asked for."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Completeness:
    """How far records meet the profile."""

    missing: tuple[MissingField, ...]
    """Required fields without a value, in order of the profile's keys."""
    advised: tuple[MissingField, ...]
    """Advised fields without a value."""
    required: int
    """How many fields are required; 0 when no list and day asks for any."""

    @property
    def complete(self) -> bool:
        """Whether nothing required is missing."""
        return not self.missing


def completeness(
    day: dt.date,
    role: Role,
    lists: frozenset[str],
    firm: Record | None,
    product: Record | None,
    flow: Record | None,
    *,
    ruleset: Ruleset | None = None,
) -> Completeness:
    """Compare records with the profile that held on a day.

    A value of None, blank text, and an empty list or map count as no value. A group of None has
    no values at all; hand in only what the question is about, and every group that it is about.

    Args:
        day: The day that counts (Asia/Shanghai).
        role: In which role the firm files.
        lists: Product lists, as `Rules.lists` gives them; empty for a product on none.
        firm: The firm that files.
        product: The product class.
        flow: One movement.
        ruleset: Tables to go by; None for those of the package.

    Returns:
        What is missing.
    """
    records = {Group.FIRM: firm or {}, Group.PRODUCT: product or {}, Group.FLOW: flow or {}}
    fields = (ruleset or shipped()).on(day).fields
    asked = [row for row in fields if _asks(row, role, lists, records[Group.FLOW])]
    absent = [row for row in asked if not _has_any(records[row.group], row.alternatives)]
    return Completeness(
        missing=tuple(_missing(row) for row in absent if row.force is Force.REQUIRED),
        advised=tuple(_missing(row) for row in absent if row.force is Force.ADVISED),
        required=sum(row.force is Force.REQUIRED for row in asked),
    )


def _asks(row: ProfileField, role: Role, lists: frozenset[str], flow: Record) -> bool:
    """Whether a line of the profile is about this role, these lists and this direction."""
    if role not in row.roles or not lists:
        return False
    if "*" not in row.lists and row.lists.isdisjoint(lists):
        return False
    return not row.directions or flow.get("direction") in row.directions


def _has_any(record: Record, names: Iterable[str]) -> bool:
    return any(_is_value(record.get(name)) for name in names)


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        return len(value) > 0
    return value is not None


def _missing(row: ProfileField) -> MissingField:
    return MissingField(row.group, row.name, row.label_zh, row.label_en, row.source, row.provenance)

"""What held on this day?

Public rules are dated lines in TOML tables, each with a source and a provenance; `on` gives the
lines that held on a day, `load` puts an operator's tables over those of the package, and
`completeness` compares records with the profile of required fields. Nothing here touches disk
(beyond the package's own data and files handed in), network or clock.
"""

from guantong.rules.completeness import Completeness, MissingField, completeness
from guantong.rules.model import (
    Actor,
    CatalogueEntry,
    CodeScheme,
    Duty,
    Fault,
    Figure,
    Force,
    Group,
    PersonalField,
    ProfileField,
    Provenance,
    Province,
    RecallDeadline,
    RiskLine,
    Role,
    RulesError,
    Section,
    Standard,
    Traced,
    Unit,
)
from guantong.rules.ruleset import Ruleset, load, on, shipped
from guantong.rules.view import Rules
from guantong.rules.workdays import Later, Workdays

__all__ = [
    "Actor",
    "CatalogueEntry",
    "CodeScheme",
    "Completeness",
    "Duty",
    "Fault",
    "Figure",
    "Force",
    "Group",
    "Later",
    "MissingField",
    "PersonalField",
    "ProfileField",
    "Provenance",
    "Province",
    "RecallDeadline",
    "RiskLine",
    "Role",
    "Rules",
    "RulesError",
    "Ruleset",
    "Section",
    "Standard",
    "Traced",
    "Unit",
    "Workdays",
    "completeness",
    "load",
    "on",
    "shipped",
]

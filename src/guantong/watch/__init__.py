"""What is amiss, who says so, and what became of it?

A report of a buyer opens a case; every step of it, to its end, is an entry of the ledger. What the
reporter says of themselves stands in the vault alone.
"""

from guantong.watch.cases import (
    MEDIA,
    PUBLIC_KINDS,
    REPORT,
    STEP_MEDIA,
    Case,
    Fault,
    Kind,
    Report,
    State,
    Step,
    WatchError,
    case_about,
    case_of,
    cases,
    check_report,
    check_step,
    new_id,
    parse_report,
    parse_step,
)
from guantong.watch.matching import Amiss, Matched, Mismatch, matched
from guantong.watch.scans import (
    SCAN,
    SCANS_MEDIA,
    Count,
    Scans,
    Seen,
    counts_of,
    parse_scans,
    seen_of,
)

__all__ = [
    "MEDIA",
    "PUBLIC_KINDS",
    "REPORT",
    "SCAN",
    "SCANS_MEDIA",
    "STEP_MEDIA",
    "Amiss",
    "Case",
    "Count",
    "Fault",
    "Kind",
    "Matched",
    "Mismatch",
    "Report",
    "Scans",
    "Seen",
    "State",
    "Step",
    "WatchError",
    "case_about",
    "case_of",
    "cases",
    "check_report",
    "check_step",
    "counts_of",
    "matched",
    "new_id",
    "parse_report",
    "parse_scans",
    "parse_step",
    "seen_of",
]

"""What is amiss, who says so, and what became of it?

A report of a buyer opens a case; every step of it, to its end, is an entry of the ledger. What the
reporter says of themselves stands in the vault alone.
"""

from guantong.watch.cases import (
    MEDIA,
    STEP_MEDIA,
    Case,
    Fault,
    Kind,
    Report,
    State,
    Step,
    WatchError,
    case_of,
    cases,
    check_report,
    check_step,
    new_id,
    parse_report,
    parse_step,
)
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
    "SCAN",
    "SCANS_MEDIA",
    "STEP_MEDIA",
    "Case",
    "Count",
    "Fault",
    "Kind",
    "Report",
    "Scans",
    "Seen",
    "State",
    "Step",
    "WatchError",
    "case_of",
    "cases",
    "check_report",
    "check_step",
    "counts_of",
    "new_id",
    "parse_report",
    "parse_scans",
    "parse_step",
    "seen_of",
]

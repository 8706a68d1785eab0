"""Checking published figures (公报校核): which claims of a bulletin hold, and which do not?

`check` reads a text, finds every figure and every statement about places and directions, and
judges each against the other figures, against what was published before, and against the
calendar. A claim is consistent, wrong (with what it should be), or unverifiable (with what is
missing); no figure is invented. `read` turns a document into text; `cli_rows`, `to_json`,
`marked_up`, `to_csv` and `to_xlsx` give the report away; `Corrections` are a person's readings.
"""

from guantong.bulletin.check import TEXT_MAX, check
from guantong.bulletin.corrections import Correction, Corrections
from guantong.bulletin.documents import Document, read
from guantong.bulletin.model import (
    BulletinError,
    Claim,
    Fault,
    Ground,
    NonClaim,
    Quantity,
    Reason,
    Report,
    Rule,
    Span,
    Verdict,
)
from guantong.bulletin.published import Rankings, Series, shipped_rankings, shipped_series
from guantong.bulletin.sheets import to_csv, to_xlsx
from guantong.bulletin.shown import cli_rows, marked_up, to_json

__all__ = [
    "TEXT_MAX",
    "BulletinError",
    "Claim",
    "Correction",
    "Corrections",
    "Document",
    "Fault",
    "Ground",
    "NonClaim",
    "Quantity",
    "Rankings",
    "Reason",
    "Report",
    "Rule",
    "Series",
    "Span",
    "Verdict",
    "check",
    "cli_rows",
    "marked_up",
    "read",
    "shipped_rankings",
    "shipped_series",
    "to_csv",
    "to_json",
    "to_xlsx",
]

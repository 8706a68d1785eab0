"""Coding at source (源头赋码): which codes did a producer issue, and was this one among them?

An issue of a billion codes is one ledger entry and one fact: a range of serials of one class.
"""

from guantong.coding.issue import (
    CodeRange,
    CodingError,
    Fault,
    check_fits,
    codes_of,
    facts_of,
    issued,
    key_before,
    parse,
    speaks_for,
)

__all__ = [
    "CodeRange",
    "CodingError",
    "Fault",
    "check_fits",
    "codes_of",
    "facts_of",
    "issued",
    "key_before",
    "parse",
    "speaks_for",
]

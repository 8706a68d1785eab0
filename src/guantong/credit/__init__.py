"""The enterprise credit index: a transparent engine that an office could publish from.

A method is dated data (`parse`, `example`, `held`). `score` turns the firms of one month into
scores from 0 to 100, `cells` adds them up, `index` and `release` give the national index, six
sub-indices, 31 provinces and the Corps, 20 sections and rankings against a base (`base_of`),
before any rounding. `decompose` and `turnover` say why it changed; `carried` links a new version
to the old. The weights of the published index are not known: the shipped method is an
example, and says so.
"""

from guantong.credit.decompose import (
    Decomposition,
    Shift,
    Turnover,
    across,
    decompose,
    turnover,
)
from guantong.credit.index import Cells, base_of, cells, index, release
from guantong.credit.link import Contribution, Segment, carried, chain, contributions
from guantong.credit.method import example, held, parse
from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    SUB_INDEX_ZH,
    Aggregation,
    Base,
    CreditError,
    Fault,
    Indicator,
    Method,
    Month,
    PanelMonth,
    Place,
    Provenance,
    Release,
    Scores,
    SubIndex,
)
from guantong.credit.score import scaled, score

__all__ = [
    "PROVINCES",
    "SECTIONS",
    "SUB_INDEX_ZH",
    "Aggregation",
    "Base",
    "Cells",
    "Contribution",
    "CreditError",
    "Decomposition",
    "Fault",
    "Indicator",
    "Method",
    "Month",
    "PanelMonth",
    "Place",
    "Provenance",
    "Release",
    "Scores",
    "Segment",
    "Shift",
    "SubIndex",
    "Turnover",
    "across",
    "base_of",
    "carried",
    "cells",
    "chain",
    "contributions",
    "decompose",
    "example",
    "held",
    "index",
    "parse",
    "release",
    "scaled",
    "score",
    "turnover",
]

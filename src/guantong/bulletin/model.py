"""What does a checked bulletin consist of?

A claim is a figure or a phrase of the text with its reading, a verdict, and what the verdict
rests on. Spans are offsets in the text that was handed in, the end exclusive.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from guantong.errors import Refusal


class Fault(StrEnum):
    """Why something is refused. Part of the public API: never renamed."""

    FILE = "bulletin.file"
    """A document that cannot be read as what its name says."""
    SIZE = "bulletin.size"
    """More text than is read in one go."""
    CORRECTION = "bulletin.correction"
    """A file of corrections that is none."""
    SERIES = "bulletin.series"
    """A table of published figures with a row that cannot be used."""


class BulletinError(Refusal):
    """A document, table or file of corrections that cannot be used."""


class Verdict(StrEnum):
    """What was found about a claim."""

    CONSISTENT = "consistent"
    """It agrees with the other figures or published rows that are named with it."""
    WRONG = "wrong"
    """It contradicts them."""
    UNVERIFIABLE = "unverifiable"
    """Nothing at hand binds it; what is missing is named."""


class Rule(StrEnum):
    """By which rule a claim was judged, or would have been."""

    FIGURE = "figure"
    """A number that stands by itself."""
    RESTATEMENT = "restatement"
    """The same figure in an earlier release."""
    SHARE = "share"
    """Part over whole."""
    GROWTH = "growth"
    """Change in per cent, or so many times, of an earlier value."""
    CHANGE = "change"
    """Change in the unit of the value itself, or in percentage points."""
    SUM = "sum"
    """Parts and their total."""
    MEAN = "mean"
    """A quarter or year as the mean of its months."""
    CHAIN = "chain"
    """Successive periods and their cumulative figure."""
    COUNT = "count"
    """A number of things that are listed."""
    RANKING = "ranking"
    """Place in a published ranking."""
    DIRECTION = "direction"
    """Up, down or steady."""
    DATE = "date"
    """Does the day exist, and are the periods in order?"""


class Reason(StrEnum):
    """Why a number in the text is not a claim."""

    URL = "address"
    DOCUMENT = "document number"
    LABEL = "label of a figure, table, page or list"
    DATE = "date"
    PERIOD = "period"
    TIME = "time of day"
    ORDINAL = "ordinal"
    NAME = "part of a name, code or version"
    IDIOM = "fixed expression"
    WORD = "numeral inside a word"
    VAGUE = "vague number"
    CORRECTED = "read as no claim by a person"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of the text that was handed in."""

    start: int
    end: int
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing a verdict rests on: another figure of the text, a published row, or a computation."""

    text: str
    span: Span | None = None
    """Where in the text; None for a published row or a computation."""
    period: str = ""
    """Of a published row, such as ``2024-09``."""
    source: str = ""
    """Of a published row: key in the table of sources."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as printed, and all true values it may stand for.

    ``158.83`` stands for 158.825 to 158.835, ``约 3 万`` for 28 500 to 31 500, ``超 60`` for
    everything from 60, and a bare whole number for itself alone.
    """

    value: Decimal
    low: Decimal | None
    """None: no lower bound."""
    high: Decimal | None
    """None: no upper bound."""
    step: Decimal = Decimal(1)
    """Value of one in the last place printed."""

    def meets(self, low: Decimal, high: Decimal) -> bool:
        """Whether some value in `low` to `high` may be what is printed."""
        above = self.high is None or low <= self.high
        return above and (self.low is None or high >= self.low)


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure or statement of the text, read and judged."""

    text: str
    span: Span
    key: str
    """Stable name for corrections: digest of the figure and the words around it."""
    subject: str
    """Whose figure; "" when not found."""
    period: str
    """``2024-10``, ``2024Q3``, ``2024``, ``2024-01/2024-08``; "" when not found."""
    value: str
    """Decimal number, or the words of a statement without one."""
    unit: str
    rule: Rule
    verdict: Verdict
    should_be: str = ""
    """What would agree, for a wrong claim; "" when no single figure would."""
    because: tuple[Ground, ...] = ()
    missing: str = ""
    """What would be needed, for an unverifiable claim."""
    corrected_by: str = ""
    """The person whose reading this is; "" for the machine's own."""


@dataclass(frozen=True, slots=True)
class NonClaim:
    """A number in the text that claims nothing, and why."""

    text: str
    span: Span
    reason: Reason


@dataclass(frozen=True, slots=True)
class Report:
    """A checked text: every number in it is in a claim or among those that claim nothing."""

    text: str
    claims: tuple[Claim, ...]
    passed_over: tuple[NonClaim, ...] = field(default=())
    stale: tuple[str, ...] = ()
    """Keys of corrections that fit no figure of this text any more."""

    def of(self, verdict: Verdict) -> tuple[Claim, ...]:
        """The claims with one verdict."""
        return tuple(claim for claim in self.claims if claim.verdict is verdict)

    def counts(self) -> dict[str, int]:
        """How many claims have each verdict."""
        return {str(verdict): len(self.of(verdict)) for verdict in Verdict}


def in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Claims in the order of the text."""
    return tuple(sorted(claims, key=lambda claim: claim.span))

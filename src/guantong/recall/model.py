"""What is a recall, and what is a step of it?"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from guantong.clock import is_day
from guantong.errors import Refusal, fault
from guantong.recall.fixed import Fixed
from guantong.store import Fact

RECALL: Final = "recall"
"""Of the facts about recalls, by number; also found by firm and by what it is about."""
STEP: Final = "recall_step"
"""Of the facts about steps, by number; also found by the party it is for."""
MEDIA: Final = "application/vnd.guantong.recall+json"
STEP_MEDIA: Final = "application/vnd.guantong.recall-step+json"
TEXT_MAX: Final = 1_000
ORIGINS_MAX: Final = 2_000
"""Codes one recall begins with."""
NUMBER_MAX: Final = 10**12


class Kind(StrEnum):
    """Who began it, and whether it is meant."""

    VOLUNTARY = "voluntary"
    ORDERED = "ordered"
    WITHDRAWAL = "withdrawal"
    """Only from the trade: nothing was sold to consumers."""
    DRILL = "drill"
    """Everything is done but the stop: nothing turns red."""


class Act(StrEnum):
    """What was done. Part of the public API: never renamed."""

    SCOPED = "scoped"
    """What it is about was computed and fixed; again after every correction."""
    HELD = "held"
    """Everything in it was stopped."""
    RELEASED = "released"
    REPORTED = "reported"
    PLANNED = "planned"
    NOTIFIED = "notified"
    """A holder was told what to do, and until when."""
    ANSWERED = "answered"
    """A holder said what became of its part."""
    REMINDED = "reminded"
    CHECKED = "checked"
    """Somebody looked at a holder whether it is so."""
    PUBLISHED = "published"
    CLOSED = "closed"


class Fault(StrEnum):
    """Why there is no such recall or step. Part of the public API: never renamed."""

    RECALL = "recall.recall"
    STEP = "recall.step"
    RANGE = "recall.range"


class RecallError(Refusal):
    """Not a recall, or not a step."""


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a holder says became of its part, in items."""

    found: int = 0
    quarantined: int = 0
    returned: int = 0
    repaired: int = 0
    destroyed: int = 0

    @property
    def handled(self) -> int:
        """So many do no harm any more."""
        return self.quarantined + self.returned + self.repaired + self.destroyed


class Recall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of the entry that opens a recall."""

    id: str
    kind: Kind
    firm: str
    """Whose product it is."""
    region: str
    """Of the firm: GB/T 2260."""
    title: str
    hazard: str
    remedy: str
    known_on: str
    """The day from which deadlines count, ISO."""
    by: str
    """Login of who opened it."""
    defect: str = ""
    risk: str = ""
    """``serious``, ``high``, ``medium`` or ``low``."""
    target_s: int = 0
    """Of a drill: within so many seconds all holders should be told."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(RECALL, self.id, msgspec.to_builtins(self), links=(self.firm,)),)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about a step."""

    id: str
    act: Act
    by: str
    """Login of who did it."""
    party: str = ""
    """The holder it is about."""
    note: str = ""
    deadline: str = ""
    """Until when a holder should answer, ISO."""
    origins: tuple[str, ...] = ()
    """Of a scope: what it begins with."""
    fixed: Fixed | None = None
    """Of a scope: what was found. In the vault alone."""
    counts: Counts | None = None
    evidence: str = ""
    """What a holder shows for it, in words or as a digest."""
    report: int = -1
    """Of an end: the entry of its report."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store: all but the rows of a scope."""
        told = msgspec.to_builtins(msgspec.structs.replace(self, fixed=None))
        links = (f"to {self.party}",) if self.party else ()
        return (Fact(STEP, self.id, told, links=(*links, *self.origins)),)


def check_recall(recall: Recall) -> None:
    """Refuse what says too little or too much.

    Raises:
        RecallError: if a member is out of its bounds.
    """
    texts = (("title", 1), ("hazard", 1), ("remedy", 1), ("defect", 0))
    for name, least in texts:
        text = getattr(recall, name)
        if not least <= len(text) <= TEXT_MAX:
            expected = f"{least} to {TEXT_MAX} characters"
            raise RecallError(fault(Fault.RECALL, expected=expected, got=len(text), path=name))
    if not is_day(recall.known_on) or not re.fullmatch(r"[0-9A-Z]{10}", recall.id):
        expected = "a day such as 2026-03-01"
        raise RecallError(
            fault(Fault.RECALL, expected=expected, got=recall.known_on[:20], path="known_on")
        )


def check_step(step: Step) -> None:
    """Refuse a step that can not be.

    Raises:
        RecallError: if a member is out of its bounds.
    """
    counts = step.counts or Counts()
    numbers = msgspec.to_builtins(counts).values()
    wanted = (
        (
            "note",
            len(step.note) <= TEXT_MAX and len(step.evidence) <= TEXT_MAX,
            f"{TEXT_MAX} characters",
        ),
        ("deadline", not step.deadline or is_day(step.deadline), "a day"),
        ("origins", len(step.origins) <= ORIGINS_MAX, f"at most {ORIGINS_MAX} codes"),
        ("origins", step.act is not Act.SCOPED or bool(step.origins), "a code, a batch, a product"),
        ("counts", all(0 <= one <= NUMBER_MAX for one in numbers), f"0 to {NUMBER_MAX}"),
        ("counts", counts.handled <= counts.found, "not more handled than found"),
    )
    for path, is_right, expected in wanted:
        if not is_right:
            raise RecallError(fault(Fault.STEP, expected=expected, got="another", path=path))


def parse_recall(body: bytes) -> Recall:
    """Read the body of an entry that opens a recall."""
    return msgspec.json.decode(body, type=Recall)


def parse_step(body: bytes) -> Step:
    """Read the body of an entry about a step."""
    return msgspec.json.decode(body, type=Step)

"""Which labels were printed, when, why again, and which codes no longer count?

A job of printing and an end of codes are entries of their own. Codes that were printed before are printed again
with a reason only; codes whose label was spoiled before it came onto a product are made void.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from guantong.caller import OPERATOR
from guantong.coding.issue import CodeRange, CodingError, Fault, ranges_of
from guantong.errors import fault
from guantong.store import Fact, Store

PRINT: Final = "print_job"
"""Of the facts about printing, by class."""
VOID: Final = "void"
"""Of the facts about codes that no longer count, by class."""
PRINT_MEDIA: Final = "application/vnd.guantong.print-job+json"
VOID_MEDIA: Final = "application/vnd.guantong.void+json"
REASON_MAX: Final = 200


class PrintJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Labels of consecutive serials that were given out to be printed. The body of an entry."""

    class_uri: str
    first: int
    """First serial, before it is spread."""
    last: int
    template: str
    form: str
    """``a4``, ``roll``, ``zpl``, ``tspl`` or ``csv``."""
    reason: str = ""
    """Why again, "" the first time."""
    digest: str = ""
    """SHA-256 of what was given out, hexadecimal."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(PRINT, self.class_uri, msgspec.to_builtins(self)),)


class Void(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Codes of consecutive serials that no longer count. The body of an entry."""

    class_uri: str
    first: int
    """First serial, before it is spread."""
    last: int
    reason: str

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(VOID, self.class_uri, msgspec.to_builtins(self)),)


def parse_job(body: bytes) -> PrintJob:
    """Read the body of an entry about printing."""
    return msgspec.json.decode(body, type=PrintJob)


def parse_void(body: bytes) -> Void:
    """Read the body of an entry about codes that no longer count."""
    return msgspec.json.decode(body, type=Void)


def jobs_of(store: Store, class_uri: str, party: str) -> Iterator[tuple[PrintJob, Fact]]:
    """What a party printed of a class, in ledger order."""
    for fact in store.facts(PRINT, (class_uri,)):
        if fact.by == party:
            yield msgspec.convert(fact.fields, PrintJob), fact


def voids_of(store: Store, class_uri: str, party: str) -> Iterator[Void]:
    """What a party made void of a class, in ledger order."""
    for fact in store.facts(VOID, (class_uri,)):
        if fact.by == party:
            yield msgspec.convert(fact.fields, Void)


def check_job(store: Store, job: PrintJob, party: str) -> None:
    """Refuse labels that were printed before without a reason, and labels of void codes.

    Args:
        store: Where the facts are.
        job: What is to be printed.
        party: Who prints.

    Raises:
        CodingError: if it must not be printed.
    """
    for void in voids_of(store, job.class_uri, party):
        if _meet(void.first, void.last, job):
            got = f"{void.first}..{void.last} are void"
            raise CodingError(fault(Fault.VOID, expected="codes that count", got=got, path="first"))
    before = [
        one for one, _ in jobs_of(store, job.class_uri, party) if _meet(one.first, one.last, job)
    ]
    if before and not job.reason:
        got = f"{before[0].first}..{before[0].last} were printed before"
        expected = "a reason to print them again"
        raise CodingError(fault(Fault.REPRINT, expected=expected, got=got, path="reason"))
    _check_reason(job.reason)


def check_void(store: Store, void: Void, party: str) -> None:
    """Refuse to end codes that somebody else issued, or without a reason.

    Args:
        store: Where the facts are.
        void: What is to count no longer.
        party: Who says so.

    Raises:
        CodingError: if these serials were not issued together by the party, or no reason is given.
    """
    issued = ranges_of(store, void.class_uri, party)
    if not any(one.first <= void.first <= void.last <= one.last for one in issued):
        expected, got = "serials you issued together", f"{void.first}..{void.last}"
        raise CodingError(fault(Fault.RANGE, expected=expected, got=got, path="first"))
    if not void.reason:
        raise CodingError(fault(Fault.VOID, expected="a reason", got="none", path="reason"))
    _check_reason(void.reason)


def void_reason(
    store: Store, issue: CodeRange, by: str, item: str, *, as_of: int | None = None
) -> str:
    """Why an item's code no longer counts, "" while it does.

    Args:
        store: Where the facts are.
        issue: The range it was issued in.
        by: Who issued it: its word counts, and the operator's.
        item: The item's canonical URI.
        as_of: Ledger size, None for now.

    Returns:
        The reason that was given last.
    """
    facts = store.facts(VOID, (issue.class_uri,), as_of=as_of)
    heard = [fact for fact in facts if fact.by in {by, OPERATOR.party}]
    place = issue.place(item) if heard else None
    for fact in reversed(heard):
        void = msgspec.convert(fact.fields, Void)
        if place is not None and void.first <= place <= void.last:
            return void.reason
    return ""


def _meet(first: int, last: int, job: PrintJob) -> bool:
    return first <= job.last and job.first <= last


def _check_reason(reason: str) -> None:
    if len(reason) > REASON_MAX or not reason.isprintable():
        expected = f"at most {REASON_MAX} printable characters"
        raise CodingError(
            fault(Fault.LABEL, expected=expected, got=ascii(reason[:50]), path="reason")
        )

"""How does a document go, and its trace stay?

An erasure is an entry of its own. Its statement names the erased entry and the ground; its body
holds what the index keeps of the document: the same events and facts as before, read once
more from the document just before its key is destroyed. A rebuild reads them from there.
"""

import re
from enum import StrEnum
from typing import Final, Self

import msgspec

from guantong.capture import Event
from guantong.errors import Refusal, fault
from guantong.ledger import Entry, Ledger, LedgerError, StatementType
from guantong.ledger import Fault as LedgerFault
from guantong.ledger.sealing import ERASED, GROUND
from guantong.store import Fact, Indexed

GROUND_MAX: Final = 200
"""Characters of a ground: it stands in the statement."""
ERASABLE: Final = frozenset({StatementType.CAPTURE, StatementType.MASTER_DATA, StatementType.CASE})
"""Entries whose body is a document, or a report of a person. Others hold keys, orders, code ranges: never personal data,
and answers rest on their bodies."""
_PERSONAL = re.compile(r"\d{7}|@")
"""A number of a phone, card or person, or an address of mail."""


class Fault(StrEnum):
    """Why nothing was erased. Part of the public API: never renamed."""

    GROUND = "serve.ground"
    """Not a ground that can stand in a public statement."""
    LIST = "serve.personal_list"
    """Today's list of personal members takes out others than its entry says."""
    KEEPS = "serve.keeps"
    """An erasure that keeps something else than the index held of the document."""


class ErasingError(Refusal):
    """Nothing was erased."""


class Keeps(msgspec.Struct, frozen=True, kw_only=True):
    """What the index keeps of a document."""

    entry: int
    by: str
    received_ms: int
    events: tuple[Event, ...]
    """Accepted ones, in document order."""
    positions: tuple[int, ...]
    """Of each in the document."""
    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, document: Indexed) -> Self:
        """The same as the index was given."""
        return cls(
            entry=document.entry,
            by=document.by,
            received_ms=document.received_ms,
            events=document.as_events(),
            positions=document.positions or tuple(range(document.size())),
            facts=document.facts,
        )

    def indexed(self) -> Indexed:
        """As the index is given it again."""
        return Indexed(
            entry=self.entry,
            by=self.by,
            received_ms=self.received_ms,
            events=self.events,
            positions=self.positions,
            facts=self.facts,
        )


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an erasure entry."""

    entry: int
    """The entry that is erased."""
    ground: str
    """Why, by which law."""
    keeps: Keeps
    """What the index keeps of it."""

    def meta(self) -> dict[str, str | int]:
        """What the statement says of it."""
        return {ERASED: self.entry, GROUND: self.ground}


def ground_of(text: str) -> str:
    """Read a ground.

    Returns:
        The text without spaces around it.

    Raises:
        ErasingError: if it is empty or long, or holds what looks like a number of a person.
    """
    ground = text.strip()
    if not ground or len(ground) > GROUND_MAX or not ground.isprintable():
        expected = f"1 to {GROUND_MAX} printable characters"
        raise ErasingError(fault(Fault.GROUND, expected=expected, got=text))
    if _PERSONAL.search(ground):
        expected = "a ground without numbers or addresses of persons"
        raise ErasingError(fault(Fault.GROUND, expected=expected, got="such a one"))
    return ground


def check_erasable(ledger: Ledger, index: int) -> Entry:
    """The entry, if its body may go.

    Returns:
        The entry.

    Raises:
        LedgerError: if there is none, or answers rest on its body.
    """
    entry = ledger.entry(index)
    if entry.statement.typ not in ERASABLE:
        expected, got = "the entry of a document", entry.statement.typ
        raise LedgerError(
            fault(LedgerFault.KEPT, path=f"entry {index}", expected=expected, got=got)
        )
    return entry


def kept_of(ledger: Ledger, entry: Entry) -> Indexed | None:
    """What the index keeps of a document that was erased.

    Returns:
        Its events and facts; None when it was not erased.

    Raises:
        ErasingError: if the erasure keeps another entry's, or not as many events.
    """
    by = ledger.erased_by(entry.index) if entry.statement.typ in ERASABLE else None
    if by is None:
        return None
    keeps = msgspec.json.decode(ledger.body(by), type=Erasure).keeps
    stated = entry.statement
    known = (entry.index, stated.by, stated.received, stated.n)
    if (keeps.entry, keeps.by, keeps.received_ms, len(keeps.events)) != known:
        where, expected = f"entry {by}", f"what was kept of entry {entry.index}"
        raise ErasingError(fault(Fault.KEEPS, path=where, expected=expected, got="another's"))
    return keeps.indexed()

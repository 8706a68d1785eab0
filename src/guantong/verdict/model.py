"""What is a person told who scanned a code? One value, shown as page or JSON."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guantong.errors import Fault
from guantong.parties import Certificate, Firm, Product, Standing
from guantong.watch import Seen

NOT_SEEN: Final = Seen()


class Outcome(StrEnum):
    """The five answers. Part of the public API: never renamed."""

    OK = "ok"
    """Registered, and nothing known against it."""
    PROBLEM = "problem"
    """Registered, with at least one status problem."""
    UNKNOWN = "unknown"
    """Well formed, but nothing is known about it here."""
    MALFORMED = "malformed"
    """No scheme reads it; the faults say why."""
    NOT_SHARED = "not_shared"
    """Its issuer is known here but shares nothing about this code, or not with this caller."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing worth telling, as a stable code with the words for it."""

    code: str
    """Dotted word, such as ``verdict.recalled``."""
    zh: str
    en: str
    problem: bool = True
    """False for a notice that does not make the outcome a problem."""
    rule: str = ""
    """Key of the rule it rests on, when it rests on one."""
    events: tuple[str, ...] = ()
    """Ids of the events it rests on."""


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate as it bears on this very item."""

    certificate: Certificate
    made: Standing | None
    """How it stood on the production day; None when that day is not known."""
    now: Standing
    """How it stands today."""
    confirmed: bool = True
    """Whether those who speak for the product know of it; else somebody else claims it is its."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the item's life, as this caller may see it."""

    at_ms: int
    """Event time, UTC."""
    offset: str
    """Zone offset at the place."""
    step: str
    """CBV business step, bare word or URI; "" when not given."""
    action: str
    """ADD, OBSERVE, DELETE or ""."""
    disposition: str
    place: str
    """Name of the place (or its URI when nobody named it); "" when hidden or absent."""
    region: str
    """GB/T 2260 code of the place, "" when not known."""
    source: str
    """Name of the party it came from, "" when hidden or absent."""
    target: str
    """Name of the party it went to, "" when hidden or absent."""
    via: tuple[str, ...]
    """Containers it was in (outermost last), when the event was about them."""
    event_id: str
    entry: int
    """Ledger index of the document that says so; -1 when hidden."""
    hidden: str = ""
    """Why parts are not shown: "" or ``trade`` (only the parties to it may see them)."""
    corrected: bool = False
    """A later declaration says this was wrong."""
    proof: bool = False
    """Whether the caller may have a proof of it to take home."""
    signed: bool = False
    """Whether its party signed the document; False also where that is not for the caller."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole answer to one scanned text."""

    outcome: Outcome
    text: str
    """What was scanned."""
    uri: str = ""
    """Canonical URI of the reading that was answered for; "" when malformed."""
    scheme: str = ""
    kind: str = ""
    """``item``, ``batch``, ``class``, ``document`` …"""
    class_uri: str = ""
    bound_to: str = ""
    """For a code that only leads to another item (a vehicle code): that item's URI."""
    serial: str = ""
    lot: str = ""
    """Batch, as printed; "" when not known."""
    made_on: str = ""
    """Production day (ISO), "" when not known."""
    reasons: tuple[Reason, ...] = ()
    """Problems first."""
    faults: tuple[Fault, ...] = ()
    """For MALFORMED: which rule failed where."""
    product: Product | None = None
    producer: Firm | None = None
    certificates: tuple[CertificateView, ...] = ()
    history: tuple[Happened, ...] = ()
    """By event time."""
    holder: str = ""
    """Name of the present holder, as this caller may see it."""
    state: str = ""
    """``in_stock``, ``in_transit``, ``sold`` … as `guantong.trace` derives it."""
    seen: Seen = NOT_SEEN
    """How often the code was scanned before, as far as that is in the ledger; of items alone."""
    other_readings: tuple[str, ...] = ()
    """URIs of the other ways to read the text."""
    unproven: tuple[Reason, ...] = ()
    """What this answer does not prove."""
    ledger_size: int = 0
    """How many ledger entries the answer rests on."""

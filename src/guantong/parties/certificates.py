"""Was this certificate valid on that day, and is it valid now?

Checking once is not enough: of 9,365 CCC certificates withdrawn or suspended in one year most
were only suspended, so products made before are in order and products made after are not.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from guantong.parties.authority import weighed
from guantong.parties.registry import text_of, texts_of
from guantong.store import Fact, Store


class Standing(StrEnum):
    """How a certificate stands on one day."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    """The day lies before its first day."""
    UNKNOWN = "unknown"
    """Nobody has stated its status for that day."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate or licence with everything that was said about it."""

    key: str
    """Canonical document URI."""
    kind: str
    """``ccc``, ``xk``, ``report`` …"""
    number: str
    holder: str
    """Key of the firm it was given to."""
    body: str
    """Who issued it."""
    since: str
    """First day (ISO), "" when not stated."""
    until: str
    """Last day (ISO), "" when open."""
    statements: tuple[Fact, ...]
    """What was said by those whose word counts, in ledger order."""
    disputes: tuple[Fact, ...] = ()
    """What others said of it; it changes nothing but is shown as theirs."""


def certificates_of(
    store: Store, keys: tuple[str, ...], *, as_of: int | None = None
) -> list[Certificate]:
    """Certificates that name any of `keys`: their own number, a product or a holder.

    Args:
        store: Where the facts are.
        keys: Canonical URIs.
        as_of: Ledger size, None for now.

    Returns:
        By key; each with all statements about it, including those that do not repeat the link.
        A certificate that only others link to `keys` is not among them.
    """
    found = store.facts("certificate", keys, as_of=as_of)
    own = sorted({fact.key for fact in found})
    statements = store.facts("certificate", own, as_of=as_of)
    made = [_certificate(key, *weighed(statements, key)) for key in own]
    reaching = {(fact.key, fact.entry, fact.by) for fact in found}
    return [
        one
        for one in made
        if any((fact.key, fact.entry, fact.by) in reaching for fact in one.statements)
    ]


def _certificate(key: str, statements: list[Fact], disputes: list[Fact]) -> Certificate:
    fields: dict[str, object] = {}
    for fact in statements:
        fields |= {name: value for name, value in fact.fields.items() if value not in ("", None)}
    names = ("kind", "number", "holder", "body", "since", "until")
    return Certificate(
        key, statements=tuple(statements), disputes=tuple(disputes), **texts_of(fields, names)
    )


def standing_on(certificate: Certificate, day: dt.date) -> Standing:
    """How the certificate stood on a day (Asia/Shanghai), by everything said so far.

    The latest status whose own first day is not after `day` decides; two of the same first day
    are decided by ledger order. The validity period is checked first.

    Args:
        certificate: With its statements.
        day: The day asked about.

    Returns:
        The standing; UNKNOWN when no statement reaches that day.
    """
    iso = day.isoformat()
    if certificate.since and iso < certificate.since:
        return Standing.NOT_YET
    if certificate.until and iso > certificate.until:
        return Standing.EXPIRED
    stated = [(_status_since(fact), n, fact) for n, fact in enumerate(certificate.statements)]
    reaching = [row for row in stated if row[0] <= iso and row[2].fields.get("status")]
    if not reaching:
        return Standing.UNKNOWN
    status = text_of(max(reaching, key=lambda row: row[:2])[2].fields, "status")
    return Standing(status) if status in set(Standing) else Standing.UNKNOWN


def _status_since(fact: Fact) -> str:
    return text_of(fact.fields, "status_since") or text_of(fact.fields, "since") or fact.since

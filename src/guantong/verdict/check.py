"""Scan and check (识码用码): from a scanned text to one of five answers."""

import datetime as dt
from dataclasses import replace
from typing import Final

from guantong import coding, identify, parties, trace, watch
from guantong.caller import OPERATOR, Caller
from guantong.clock import day_in_china
from guantong.identify import Identifier, Kind, Reading
from guantong.parties import Certificate, Product, Register, Standing
from guantong.store import Store
from guantong.trace import Book, Holder, Life
from guantong.verdict import reasons
from guantong.verdict.history import told
from guantong.verdict.model import CertificateView, Outcome, Reason, Verdict
from guantong.verdict.origin import Origin, heard_first, origin_of
from guantong.verdict.words import reason
from guantong.watch import Seen

SCANS_MIN: Final = 3
"""Fewer scans say nothing of copies."""
UNPROVEN = tuple(
    reason(f"verdict.unproven_{word}", problem=False)
    for word in ("copy", "match", "stated", "format")
)
"""What no answer proves."""


def check(
    store: Store,
    text: str,
    caller: Caller,
    *,
    now_ms: int,
    as_of: int | None = None,
) -> Verdict:
    """What a person is told who scanned `text`.

    Args:
        store: What is known.
        text: The scanned or typed text, of any scheme.
        caller: Who asks; decides what of the flow is shown.
        now_ms: The present.
        as_of: Ledger size to answer for, None for now.

    Returns:
        The verdict; never raises for what the text says.
    """
    size = store.projected_size if as_of is None else as_of
    readings = identify.read(text)
    if not readings:
        faults = identify.explain(text)
        why = (reason("verdict.malformed"),)
        return Verdict(
            Outcome.MALFORMED, text, reasons=why, faults=faults, unproven=UNPROVEN, ledger_size=size
        )
    reading = best_known(store, readings, as_of=as_of)
    answer = _answered(store, reading, caller, now_ms=now_ms, as_of=as_of)
    others = tuple(other.value.uri for other in readings if other is not reading)
    return replace(answer, text=text, other_readings=others, unproven=UNPROVEN, ledger_size=size)


def best_known(store: Store, readings: tuple[Reading, ...], *, as_of: int | None = None) -> Reading:
    """The first reading something is known about, else the first of all.

    Args:
        store: What is known.
        readings: Best first, at least one.
        as_of: Ledger size, None for now.

    Returns:
        One of `readings`.
    """
    if len(readings) == 1:
        return readings[0]
    return next(
        (reading for reading in readings if _is_known(store, reading, as_of=as_of)), readings[0]
    )


def _is_known(store: Store, reading: Reading, *, as_of: int | None) -> bool:
    value = reading.value
    if coding.issued(store, value.class_uri, value.uri, as_of=as_of):
        return True
    if store.history(value.uri, as_of=as_of):
        return True
    kinds = ("product", "certificate", "firm", "place")
    return any(store.facts(kind, (value.uri,), as_of=as_of) for kind in kinds)


def _answered(
    store: Store,
    reading: Reading,
    caller: Caller,
    *,
    now_ms: int,
    as_of: int | None,
) -> Verdict:
    value = reading.value
    base = Verdict(
        Outcome.OK,
        "",
        uri=value.uri,
        scheme=value.scheme.value,
        kind=value.kind.value,
        serial=value.serial,
        seen=_seen(store, value, as_of=as_of),
    )
    book = Book(store, now_ms=now_ms, as_of=as_of)
    life = trace.lives(book, (value.uri,))[value.uri]
    origin = origin_of(store, reading, life, as_of=as_of)
    today = day_in_china(now_ms)
    certificates = _certificates(store, reading, origin, today, as_of=as_of)
    holder_of = certificates[0].certificate.holder if certificates else ""
    if value.kind is Kind.DOCUMENT and holder_of:
        origin = replace(origin, producer=parties.firm(store, holder_of, as_of=as_of))
    seen = replace(
        base,
        lot=origin.lot,
        made_on=origin.made_on,
        class_uri=origin.class_uri,
        bound_to=origin.bound_to,
        product=origin.product,
        producer=origin.producer,
        certificates=certificates,
    )
    if not _registered(value.kind, life, origin, certificates):
        return _unregistered(seen, origin)
    register = Register(store, as_of=as_of)
    held = trace.custody(life, firm_of=register.firm_of)
    found = [
        *reasons.of_holds(store, book, value.uri, origin),
        *reasons.of_certificates(seen, register),
        *reasons.of_dates(heard_first(store, origin.class_uri, life, as_of=as_of), today),
        *reasons.of_life(life, held, caller, register, now_ms=now_ms),
    ]
    found += _suspected(store, seen, origin, now_ms=now_ms, as_of=as_of)
    if why := _void(store, origin, value.uri, as_of=as_of):
        found.append(reason("verdict.void", why=why))
    if origin.issued_by:
        who = register.name_of(origin.issued_by)
        found.append(reason("verdict.issued_by_other", problem=False, who=who))
    if value.kind is Kind.ITEM and not life.steps:
        found.append(reason("verdict.issued_only", problem=False))
    found.sort(key=lambda why: not why.problem)
    return replace(
        seen,
        outcome=Outcome.PROBLEM if any(why.problem for why in found) else Outcome.OK,
        reasons=tuple(found),
        history=told(store, life, caller, register),
        state=held.holder.state.value,
        holder=register.name_of(_seen_holder(life, held.holder, caller, register).party),
    )


def _suspected(
    store: Store, seen: Verdict, origin: Origin, *, now_ms: int, as_of: int | None
) -> list[Reason]:
    """Whether the scans of the public do not fit one thing."""
    if seen.seen.n < SCANS_MIN:
        return []
    visits = watch.visits_of(watch.counts_of(store, seen.uri, as_of=as_of))
    issued = origin.issue_fact.received_ms if origin.issue_fact else seen.seen.first_ms
    since_ms = min(issued, seen.seen.first_ms)
    told = watch.suspicion(visits, since_ms=since_ms, now_ms=now_ms)
    if not told.is_suspicious:
        return []
    places = str(len({one.place for one in visits}))
    return [reason("verdict.scans_unlikely", problem=False, n=str(seen.seen.n), places=places)]


def _seen(store: Store, value: Identifier, *, as_of: int | None) -> Seen:
    return watch.seen_of(store, value.uri, as_of=as_of) if value.kind is Kind.ITEM else Seen()


def _void(store: Store, origin: Origin, item: str, *, as_of: int | None) -> str:
    """Why the code no longer counts, "" while it does."""
    if origin.issue is None or origin.issue_fact is None:
        return ""
    by = origin.issue_fact.by
    return coding.void_reason(store, origin.issue, by, item, as_of=as_of)


def _seen_holder(life: Life, held: Holder, caller: Caller, register: Register) -> Holder:
    return trace.visible_holder(
        life, caller, firm_of=register.firm_of, region_of=register.region_of, held=held
    )


def _registered(
    kind: Kind, life: Life, origin: Origin, certificates: tuple[CertificateView, ...]
) -> bool:
    """Whether anything is known about the very thing the code names."""
    if life.steps or origin.issue is not None:
        return True
    if kind is Kind.DOCUMENT:
        return bool(certificates)
    if kind in {Kind.PARTY, Kind.PLACE}:
        return origin.producer is not None
    return kind is not Kind.ITEM and kind is not Kind.BATCH and origin.product is not None


def _unregistered(seen: Verdict, origin: Origin) -> Verdict:
    """Well formed, but nothing is known: say how far the issuer is known."""
    outcome, code = Outcome.UNKNOWN, "verdict.not_registered"
    if origin.class_is_coded:
        code = "verdict.never_issued"
    elif origin.product is not None or origin.producer is not None:
        outcome, code = Outcome.NOT_SHARED, "verdict.not_shared"
    why: tuple[Reason, ...] = (reason(code),)
    return replace(seen, outcome=outcome, reasons=why)


def _certificates(
    store: Store, reading: Reading, origin: Origin, today: dt.date, *, as_of: int | None
) -> tuple[CertificateView, ...]:
    value = reading.value
    keys = tuple(key for key in dict.fromkeys((value.uri, origin.class_uri)) if key)
    found = parties.certificates_of(store, keys, as_of=as_of)
    product = origin.product
    heard = frozenset({OPERATOR.party}) if product is None else _heard(store, product.key, as_of)
    return tuple(
        _view(
            certificate,
            origin.made_on,
            today,
            confirmed=value.kind is Kind.DOCUMENT or _is_confirmed(certificate, product, heard),
        )
        for certificate in found
    )


def _heard(store: Store, class_uri: str, as_of: int | None) -> frozenset[str]:
    facts = store.facts("product", (class_uri,), as_of=as_of)
    return parties.speakers_of(facts, class_uri) | {OPERATOR.party}


def _is_confirmed(certificate: Certificate, product: Product | None, heard: frozenset[str]) -> bool:
    """Whether a certificate is the product's by more than the word of who filed it."""
    if product is None or certificate.key in product.certificates:
        return True
    return any(fact.by in heard for fact in certificate.statements)


def _view(
    certificate: Certificate, made_on: str, today: dt.date, *, confirmed: bool
) -> CertificateView:
    made: Standing | None = None
    if made_on:
        made = parties.standing_on(certificate, dt.date.fromisoformat(made_on))
    now = parties.standing_on(certificate, today)
    return CertificateView(certificate, made, now, confirmed)

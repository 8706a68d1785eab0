"""How does an answer look to a program? Verdict, receipt, readings and trail as JSON values.

What is empty is still there, so that a program can rely on every member; times are
milliseconds since the epoch, beside them the same instant as text.
"""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from guantong.capture.values import offset_minutes
from guantong.identify.model import Reading
from guantong.parties import Filing, Firm, Product
from guantong.serve.intake import Receipt
from guantong.serve.problems import fault_json
from guantong.trace.model import Trail, to_json
from guantong.verdict.model import CertificateView, Happened, Reason, Verdict
from guantong.watch import Seen


def encode(value: object) -> bytes:
    """UTF-8 JSON."""
    return msgspec.json.encode(value)


def verdict_json(verdict: Verdict) -> dict[str, object]:
    """The whole answer to a scan."""
    return {
        "verdict": verdict.outcome.value,
        "text": verdict.text,
        "uri": verdict.uri,
        "scheme": verdict.scheme,
        "kind": verdict.kind,
        "class": verdict.class_uri,
        "serial": verdict.serial,
        "lot": verdict.lot,
        "made_on": verdict.made_on,
        "state": verdict.state,
        "holder": verdict.holder,
        "reasons": [_reason(reason) for reason in verdict.reasons],
        "faults": [fault_json(found) for found in verdict.faults],
        "product": _record(verdict.product),
        "producer": _record(verdict.producer),
        "certificates": [_certificate(view) for view in verdict.certificates],
        "history": [_happened(line) for line in verdict.history],
        "scans": _seen(verdict.seen),
        "other_readings": list(verdict.other_readings),
        "unproven": [_reason(reason) for reason in verdict.unproven],
        "ledger_size": verdict.ledger_size,
    }


def trail_json(trail: Trail) -> dict[str, object]:
    """A trail: ``origin``, ``nodes``, ``edges``, ``gaps``, ``complete``."""
    return to_json(trail)


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """A receipt with every member it has, faults with their sentences."""
    shown: dict[str, object] = {
        field.name: getattr(receipt, field.name) for field in fields(receipt)
    }
    told = {"faults": [fault_json(found) for found in receipt.faults]}
    return shown | told | {"filing": receipt.filing and _filing(receipt.filing)}


def outcome_json(receipt: str, answer: Receipt | None) -> dict[str, object]:
    """What became of a submission; `answer` is None while it waits."""
    state = "waiting" if answer is None else "accepted" if answer.accepted else "refused"
    shown = None if answer is None else receipt_json(answer)
    return {"receipt": receipt, "state": state, "answer": shown}


def _filing(filing: Filing) -> dict[str, object]:
    """Whether a submission is complete, and what is missing in it."""
    missing = [
        {
            "group": lack.field.group,
            "field": lack.field.field,
            "zh": lack.field.label_zh,
            "en": lack.field.label_en,
            "about": lack.about,
            "count": lack.count,
        }
        for lack in filing.missing
    ]
    return {"complete": filing.complete, "missing": missing, "unfiled": list(filing.unfiled)}


def reading_json(reading: Reading) -> dict[str, object]:
    """One way to read a text."""
    value = reading.value
    return {
        "uri": value.uri,
        "scheme": value.scheme.value,
        "kind": value.kind.value,
        "class": value.class_uri,
        "serial": value.serial,
        "batch": reading.batch,
        "checked": reading.checked,
        "notes": [{"code": note.code, "text": note.text} for note in reading.notes],
    }


def instant(at_ms: int, offset: str = "Z") -> str:
    """An instant as RFC 3339, at the place's own offset when that is readable.

    Returns:
        The text; "" for an instant that no calendar has.

    >>> instant(1_700_000_000_000, "+08:00")
    '2023-11-15T06:13:20+08:00'
    """
    zone = offset_minutes(offset)
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms, minutes=zone)
    except OverflowError:
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{offset if zone else 'Z'}"


def _reason(reason: Reason) -> Any:
    return msgspec.to_builtins(reason)


def _seen(seen: Seen) -> dict[str, object]:
    """How often a code was scanned; what is not known yet is empty."""
    return {
        "count": seen.n,
        "first_ms": seen.first_ms,
        "first": instant(seen.first_ms) if seen.n else "",
        "last_ms": seen.last_ms,
        "last": instant(seen.last_ms) if seen.n else "",
        "places": [{"region": region, "count": n} for region, n in seen.places],
    }


def _record(record: Product | Firm | None) -> Any:
    return msgspec.to_builtins(record)


def _certificate(view: CertificateView) -> dict[str, object]:
    held = view.certificate
    names = ("key", "kind", "number", "holder", "body", "since", "until")
    return {
        **{name: getattr(held, name) for name in names},
        "standing_when_made": view.made and view.made.value,
        "standing_now": view.now.value,
        "entries": sorted({fact.entry for fact in held.statements}),
    }


def _happened(line: Happened) -> dict[str, object]:
    return {"at": instant(line.at_ms, line.offset), **msgspec.to_builtins(line)}

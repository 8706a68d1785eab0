"""How does a refusal look over HTTP? Fault -> status and problem document.

Only here are fault codes and HTTP statuses in one table.

References:
    RFC 9457, section 3
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from guantong.errors import Fault as Found
from guantong.errors import Refusal
from guantong.serve import words

MEDIA: Final = "application/problem+json"
"""Media type of a problem document."""

RETRY_SECONDS: Final = 2
"""When it is worth asking again after a 503 or 429."""


class Fault(StrEnum):
    """What the outside itself refuses. Part of the public API: never renamed."""

    QUERY = "serve.query"
    """A query parameter is missing or not right."""
    TOO_LONG = "serve.too_long"
    """The text can not be a code."""
    KEY_MISSING = "serve.key_missing"
    """The request needs an API key."""
    KEY_UNKNOWN = "serve.key_unknown"
    """The API key is wrong or revoked."""
    SIGN_IN = "serve.sign_in"
    """Nobody is signed in, or the session is over."""
    ROLE = "serve.role"
    """The person who is signed in has another role."""
    SCOPE = "serve.scope"
    """The key is not good for this."""
    SIGN_IN_WRONG = "serve.sign_in_wrong"
    """Login, password or code is wrong."""
    SIGN_IN_OFTEN = "serve.sign_in_often"
    """Too many failures for one login."""
    FORM = "serve.form"
    """A form that is not from a page of ours, or not from this session."""
    STOPPED = "serve.stopped_goods"
    """A code that must not go out: recalled, held or void."""
    UNRESOLVED = "serve.unresolved"
    """A resolver has nothing to lead to."""
    REGION = "serve.region"
    """Something of another region."""
    OFTEN = "serve.often"
    """So much was asked from one address that it has to wait."""
    SLOW = "serve.slow"
    """The sender of a body fell silent."""
    CODING = "serve.coding"
    """A content coding other than identity."""
    NOT_FOUND = "serve.not_found"
    METHOD = "serve.method"
    BEHIND = "serve.behind"
    """The index has not reached the ledger size that was asked for."""
    CROWDED = "serve.crowded"
    """There is no memory for this question now; others are asked at the same time."""
    FAILURE = "serve.failure"
    """Our own mistake."""


class HttpError(Refusal):
    """A request that gets no answer."""


STATUS: Final = {
    Fault.TOO_LONG: 414,
    Fault.KEY_MISSING: 401,
    Fault.KEY_UNKNOWN: 401,
    Fault.SIGN_IN: 401,
    Fault.ROLE: 403,
    Fault.SCOPE: 403,
    Fault.SIGN_IN_WRONG: 401,
    Fault.SIGN_IN_OFTEN: 429,
    Fault.FORM: 403,
    Fault.OFTEN: 429,
    Fault.REGION: 403,
    Fault.UNRESOLVED: 404,
    Fault.STOPPED: 409,
    Fault.SLOW: 408,
    Fault.CODING: 415,
    Fault.NOT_FOUND: 404,
    Fault.METHOD: 405,
    Fault.BEHIND: 503,
    Fault.CROWDED: 503,
    Fault.FAILURE: 500,
    "serve.forbidden": 403,
    "serve.entries_hidden": 403,
    "serve.beyond_checkpoint": 404,
    "serve.no_bundle": 404,
    "serve.bundle_hidden": 403,
    "serve.busy": 503,
    "serve.spool_full": 503,
    "serve.too_many": 429,
    "serve.closed": 503,
    "serve.intake_away": 503,
    "serve.intake_stream": 503,
    "serve.receipt_unknown": 404,
    "serve.absent": 503,
    "capture.too_large": 413,
    "query.complex": 413,
    "ledger.tile": 404,
    "ledger.key": 503,
    "ledger.fork": 500,
    "ledger.erased": 410,
    "ledger.stopped": 503,
    "ledger.standby": 503,
    "ledger.fenced": 503,
    "ledger.copy": 503,
    "ledger.closed": 503,
    "ledger.read_only": 503,
    "ledger.damaged": 500,
    "ledger.shrank": 500,
    "nodes.position": 409,
    "nodes.look": 403,
    "store.gap": 500,
    "store.version": 500,
    "store.unreadable": 500,
    "store.foreign": 500,
    "store.stopped": 503,
}
"""Fault code -> HTTP status; every other refusal is the caller's to mend: 400."""


def status_of(faults: Sequence[Found]) -> int:
    """The HTTP status for some faults: the first one's."""
    return STATUS.get(faults[0].code, 400) if faults else 400


def headers_for(status: int) -> dict[str, str]:
    """What a refusal of this status must say beside its body."""
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="guantong"'}
    return {"Retry-After": str(RETRY_SECONDS)} if status in {429, 503} else {}


def document(faults: Sequence[Found]) -> dict[str, object]:
    """The problem document for some faults, all of them listed.

    Args:
        faults: At least one; the first gives type and title.

    Returns:
        ``type`` (a fault code as a relative reference), ``title`` in English, ``title_zh``,
        ``status`` and ``errors``.
    """
    first = faults[0]
    sentences = words.both(first)
    return {
        "type": first.code,
        "title": sentences["en"],
        "title_zh": sentences["zh"],
        "status": status_of(faults),
        "detail": f"expected {first.expected}, got {first.got}",
        "errors": [fault_json(found) for found in faults],
    }


def fault_json(found: Found) -> dict[str, object]:
    """One fault as JSON, with its sentence in both languages."""
    return {
        "code": found.code,
        "path": found.path,
        "expected": found.expected,
        "got": found.got,
        **words.both(found),
    }

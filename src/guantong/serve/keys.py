"""Whose key is this? API keys: ``gt_<id>_<secret>``, of which only the SHA-256 is kept.

A key is made, and later revoked, by a ledger entry of type ``key``; the index holds the facts.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from guantong.caller import Caller, Level, Scope
from guantong.errors import fault
from guantong.ledger import StatementType
from guantong.parties.registry import text_of
from guantong.serve.made import Made
from guantong.serve.problems import Fault, HttpError
from guantong.store import Fact, Store

PREFIX: Final = "gt"
SECRET_BYTES: Final = 24
CERTIFIED: Final = "cert."
"""Before the mark of a certificate, in the id of its record."""


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of a ``key`` entry."""

    id: str
    """Public part of the key."""
    party: str
    """The firm it acts for."""
    level: Level
    """How much it may see."""
    digest: str = ""
    """SHA-256 of the secret, hexadecimal; "" when this record revokes the key."""
    region: str = ""
    """For a regulator: GB/T 2260 prefix."""
    revoked: bool = False
    """Whether the key stops here."""
    scopes: tuple[Scope, ...] = ()
    """What it is good for; empty for all."""


class Certificate(str):
    """SHA-256 of a client's certificate that a trusted proxy has checked: no text from outside."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is handed over, once."""

    text: str
    """What the holder sends; not kept anywhere."""
    record: KeyRecord
    """What the ledger keeps."""


def new_key(caller: Caller) -> NewKey:
    """Make a key that acts as `caller`; nobody can guess it."""
    return key_of(caller, secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES))


def key_of(caller: Caller, public: str, secret: str) -> NewKey:
    """The key with these parts; only the seeded demo chooses them itself."""
    record = KeyRecord(
        public, caller.party, caller.level, _digest(secret), caller.region, scopes=caller.scopes
    )
    return NewKey(f"{PREFIX}_{public}_{secret}", record)


def certified(caller: Caller, pem: bytes) -> NewKey:
    """The record by which who shows a certificate acts as `caller`.

    Args:
        caller: On whose behalf.
        pem: The certificate.

    Returns:
        What is to be entered; its text is "".

    Raises:
        HttpError: if it is no certificate.
    """
    try:
        der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        expected = "a certificate in PEM"
        raise HttpError(fault(Fault.QUERY, expected=expected, got="another file")) from None
    mark = hashlib.sha256(der).hexdigest()
    record = KeyRecord(
        CERTIFIED + mark, caller.party, caller.level, mark, caller.region, scopes=caller.scopes
    )
    return NewKey("", record)


def end_of(store: Store, public: str) -> NewKey:
    """The record that revokes a key.

    Args:
        store: Where the key is.
        public: Its public part, or the whole key.

    Returns:
        What is to be entered; its text is "".

    Raises:
        HttpError: if there is no such key.
    """
    known = public.removeprefix(f"{PREFIX}_").partition("_")[0]
    facts = [fact for fact in store.facts("key", (known,)) if fact.key == known]
    if not facts:
        raise HttpError(fault(Fault.KEY_UNKNOWN, expected="a key in use", got=known))
    kept = msgspec.convert(facts[-1].fields, KeyRecord)
    return NewKey("", KeyRecord(known, kept.party, kept.level, region=kept.region, revoked=True))


def made(record: KeyRecord) -> Made:
    """The entry about a key."""
    return Made(StatementType.KEY, msgspec.json.encode(record), facts_of(record))


def facts_of(record: KeyRecord) -> tuple[Fact, ...]:
    """The fact a key entry leaves in the store; it is found by the firm, too."""
    return (Fact("key", record.id, msgspec.to_builtins(record), links=(record.party,)),)


def keys_of(store: Store, party: str) -> list[tuple[KeyRecord, int]]:
    """A firm's keys in use, with when each was made, in that order."""
    found: dict[str, tuple[KeyRecord, int]] = {}
    for fact in store.facts("key", (party,)):
        record = msgspec.convert(fact.fields, KeyRecord)
        found[record.id] = (record, fact.received_ms)
    return [one for one in found.values() if not one[0].revoked]


def caller_of(store: Store, key: str) -> Caller | None:
    """On whose behalf a key speaks; None when it is unknown, wrong or revoked."""
    if isinstance(key, Certificate):
        return _certified(store, key)
    prefix, _, rest = key.partition("_")
    public, _, secret = rest.partition("_")
    found = store.facts("key", (public,)) if prefix == PREFIX and secret else []
    facts = [fact for fact in found if fact.key == public]
    if not facts or facts[-1].fields.get("revoked"):
        return None
    fields = facts[-1].fields
    if not hmac.compare_digest(text_of(fields, "digest"), _digest(secret)):
        return None
    kept = msgspec.convert(fields, KeyRecord)
    return Caller(kept.party, kept.level, kept.region, kept.scopes)


def _certified(store: Store, mark: Certificate) -> Caller | None:
    public = CERTIFIED + mark
    facts = [fact for fact in store.facts("key", (public,)) if fact.key == public]
    if not facts or facts[-1].fields.get("revoked"):
        return None
    kept = msgspec.convert(facts[-1].fields, KeyRecord)
    return Caller(kept.party, kept.level, kept.region, kept.scopes)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""Which keys does a party sign with? Registered, replaced and revoked by entries of their own.

API keys (`keys`) say who is calling; these say who signed, for ever, to everybody. The public
half stands in the entry itself, so that its registration is proved like any entry.
"""

from base64 import b64decode

import msgspec

from guantong.errors import fault
from guantong.ledger import LedgerError
from guantong.ledger.disclosure import KEY_MEDIA
from guantong.ledger.faults import Fault
from guantong.ledger.party_key import PublicKey
from guantong.store import Fact, Store

KIND = "signing_key"
"""Of the facts about keys, by party and id."""


class PartyKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about a signing key; the entry's small facts say the same."""

    id: str
    """SHA-256 of the public half, hexadecimal."""
    party: str
    """Whose it is."""
    public: str = ""
    """The public half, base64; "" when this entry revokes the key."""
    replaces: str = ""
    """Id of the key that ends where this one begins."""

    def meta(self) -> dict[str, str | int]:
        """For the statement."""
        members: dict[str, str | int] = msgspec.to_builtins(self)
        return members

    def key(self) -> PublicKey:
        """The public half.

        Returns:
            The key.

        Raises:
            LedgerError: if it is none, or not the one of this id.
        """
        key = PublicKey.parse(self.public)
        if key.id != self.id or key.encode() != self.public:
            raise LedgerError(fault(Fault.PARTY_KEY, expected=f"id {key.id}", got=self.id))
        return key


def registration(text: str, party: str, *, replaces: str = "") -> PartyKey:
    """What registers a public key, given as base64 or PEM."""
    key = PublicKey.parse(text)
    return PartyKey(key.id, party, key.encode(), replaces)


def parse(body: bytes) -> PartyKey:
    """Read the body of an entry about a signing key."""
    return msgspec.json.decode(body, type=PartyKey)


def facts_of(record: PartyKey) -> tuple[Fact, ...]:
    """What such an entry leaves in the store."""
    ended = [Fact(KIND, name(record.party, record.replaces), {})] if record.replaces else []
    return (*ended, Fact(KIND, name(record.party, record.id), {"public": record.public}))


def name(party: str, key: str) -> str:
    """By what the facts of a key are found."""
    return f"{party} {key}"


class Known:
    """The signing keys as of the entry that comes next; remembers what it has read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._at: dict[str, list[str]] = {}

    def public(self, party: str, key: str) -> PublicKey | None:
        """The key, if the party may sign with it now."""
        said = self.said(party, key)
        return PublicKey.of(b64decode(said[-1])) if said and said[-1] else None

    def said(self, party: str, key: str) -> list[str]:
        """What was entered about a key, in order: its public half, "" where it ends."""
        own = name(party, key)
        if own in self._at:
            return self._at[own]
        facts = self._store.facts(KIND, (own,))
        said = [str(fact.fields.get("public", "")) for fact in facts]
        if said:  # anybody may ask for keys that never were: those are not remembered
            self._at[own] = said
        return said

    def refused(self, record: PartyKey) -> str:
        """What must be so for an entry about a key to go in, "" when it is so."""
        if record.public:
            record.key()
            if self.said(record.party, record.id):
                return "a key that was never registered here"
        ended = record.replaces if record.public else record.id
        if ended and not self.public(record.party, ended):
            return "a key of the party that is in use"
        return ""

    def take(self, record: PartyKey) -> None:
        """Note an entry that goes in."""
        for fact in facts_of(record):
            party, _, key = fact.key.rpartition(" ")
            now = str(fact.fields.get("public", ""))
            self._at[fact.key] = [*self.said(party, key), now]


__all__ = ["KEY_MEDIA", "KIND", "Known", "PartyKey", "facts_of", "name", "parse", "registration"]

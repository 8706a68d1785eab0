"""May this signed document go in? Its key, its number, and the entry it follows.

The writer asks, in the order of the ledger, so that every answer holds at one position of it.
The last entry of a party is found by asking for its number: numbers have no gaps.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guantong import errors
from guantong.errors import Refusal, fault
from guantong.ledger import Entry, LedgerError, StatementType
from guantong.ledger.signed import Claims, Signed, unbase64
from guantong.serve import party_keys
from guantong.serve.job import Job
from guantong.serve.seal import CHAIN, link
from guantong.store import Store

_PENDING: Final = "of a document whose receipt has not been given yet"


class Fault(StrEnum):
    """Why a signed document does not go in. Part of the public API: never renamed."""

    SIGNER = "serve.signer"
    """The key is not one that the party signs with now."""
    SEQ = "serve.seq"
    """The number is not the next one of the party."""
    PREV = "serve.prev"
    """The party's entry before is another one."""
    SIGNING_KEY = "serve.signing_key"
    """A key can not be registered, replaced or revoked like that."""


class ChainError(Refusal):
    """A signed document does not go in."""


@dataclass(slots=True)
class Last:
    """The last signed entry of a party."""

    seq: int = 0
    leaf: str = ""


class Chain:
    """Keys and last entries as of the entry that comes next; remembers what it has read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = party_keys.Known(store)
        self._last: dict[str, Last] = {}

    def refused(self, job: Job) -> tuple[errors.Fault, ...]:
        """What speaks against a job that is signed, or about a signing key."""
        try:
            if _is_about_key(job):
                return self._refused_key(job)
            claims = job.seal.claims
            return self._refused_signed(job, claims) if claims is not None else ()
        except LedgerError as refusal:
            return refusal.faults

    def take(self, job: Job) -> None:
        """Note a job that goes in."""
        if _is_about_key(job):
            self._keys.take(party_keys.parse(job.body))
        elif job.seal.sig:
            self._last[job.by] = Last(job.seal.seq, _PENDING)

    def settle(self, entry: Entry) -> None:
        """Note the leaf of an entry that was made."""
        said = entry.statement
        if said.sig:
            self._last[said.by] = Last(said.seq, entry.leaf.hex())

    def last(self, party: str) -> Last:
        """The last signed entry of a party."""
        if party not in self._last:
            self._last[party] = last_of(self._store, party)
        return self._last[party]

    def _refused_key(self, job: Job) -> tuple[errors.Fault, ...]:
        record = party_keys.parse(job.body)
        expected = self._keys.refused(record)
        wrong = fault(Fault.SIGNING_KEY, expected=expected, got=record.id)
        return (wrong,) if expected else ()

    def _refused_signed(self, job: Job, claims: Claims) -> tuple[errors.Fault, ...]:
        seal, last = job.seal, self.last(job.by)
        key = self._keys.public(job.by, seal.key)
        if key is None:
            expected = f"a key with which {job.by} signs now"
            return (fault(Fault.SIGNER, expected=expected, got=seal.key),)
        Signed(claims, seal.key, unbase64(seal.sig, "sig")).check(key)
        if seal.seq != last.seq + 1:
            return (fault(Fault.SEQ, expected=f"{last.seq + 1}", got=seal.seq, path="payload.seq"),)
        if seal.prev != last.leaf:
            expected = last.leaf or "no entry before"
            return (fault(Fault.PREV, expected=expected, got=seal.prev, path="payload.prev"),)
        return ()


def _is_about_key(job: Job) -> bool:
    """Whether it is an entry of our own; a document may come under any media type."""
    return job.typ is StatementType.KEY and job.media == party_keys.KEY_MEDIA


def last_of(store: Store, party: str) -> Last:
    """The last signed entry of a party, by the index: two questions for each binary digit."""
    above = 1
    while _leaf(store, party, above):
        above *= 2
    seq = above // 2
    step = seq // 2
    while step:
        if _leaf(store, party, seq + step):
            seq += step
        step //= 2
    return Last(seq, _leaf(store, party, seq))


def _leaf(store: Store, party: str, seq: int) -> str:
    """The leaf of a party's entry of that number, "" when there is none."""
    facts = store.facts(CHAIN, (link(party, seq),))
    return str(facts[-1].fields["leaf"]) if facts else ""

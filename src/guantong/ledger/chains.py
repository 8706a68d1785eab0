"""Do the signed entries of each party follow one another, each signed by a key in use then?

Whoever has the entries can ask: nothing but them is needed, neither bodies nor an index. An
entry that was left out, put in, put elsewhere, or that nobody signed, breaks the chain at a
place with a name.

References:
    DSSE 1.0.2
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from guantong import errors
from guantong.errors import fault
from guantong.ledger.disclosure import KEY_MEDIA, key_in
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import leaf_hash
from guantong.ledger.party_key import PublicKey
from guantong.ledger.signed import Signed
from guantong.ledger.statement import Statement, StatementType

_NONE = "none"


@dataclass(slots=True)
class Chains:
    """All parties' chains and keys, as of the entries that were followed so far."""

    last: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Number and leaf hash of each party's last signed entry."""
    keys: dict[tuple[str, str], PublicKey | None] = field(default_factory=dict)
    """By party and id; None where the key was ended."""

    def follow(self, index: int, raw: bytes) -> Iterator[errors.Fault]:
        """Take the next entry.

        Args:
            index: Of the entry.
            raw: Its bytes.

        Yields:
            What is wrong with it, with the entry as path.
        """
        where = f"entry {index}"
        try:
            said = Statement.parse(raw)
        except LedgerError:  # what is no statement is in no chain: a gap shows where it stood
            return
        if said.typ is StatementType.KEY and said.media == KEY_MEDIA:
            yield from self._key(said, where)
        if said.seq or said.prev or said.sig or said.key:
            yield from self._link(said, where)
            yield from self._signature(said, where)
            self.last[said.by] = said.seq, leaf_hash(raw).hex()

    def _link(self, said: Statement, where: str) -> Iterator[errors.Fault]:
        """Compare number and predecessor with the party's entry before."""
        seq, leaf = self.last.get(said.by, (0, ""))
        if said.seq != seq + 1:
            yield _broken(where, f"seq {seq + 1} of {said.by}", f"seq {said.seq}")
        elif said.prev != leaf:
            yield _broken(where, f"prev {leaf or _NONE}", f"prev {said.prev or _NONE}")

    def _signature(self, said: Statement, where: str) -> Iterator[errors.Fault]:
        """Check the signature, and that its key was in use."""
        key = self.keys.get((said.by, said.key))
        if key is None:
            ended = (said.by, said.key) in self.keys
            got = "a key that was ended" if ended else f"key {said.key[:16] or _NONE}"
            expected = f"the signature of a key of {said.by}"
            yield fault(Fault.SIGNATURE, path=where, expected=expected, got=got)
            return
        try:
            Signed.of(said).check(key)
        except LedgerError as error:
            yield from (_at(where, found) for found in error.faults)

    def _key(self, said: Statement, where: str) -> Iterator[errors.Fault]:
        """Note what an entry says about a key."""
        party, name = str(said.meta.get("party", "")), str(said.meta.get("id", ""))
        public, replaces = said.meta.get("public"), str(said.meta.get("replaces", ""))
        ended = replaces if public else name
        if ended:
            if self.keys.get((party, ended)) is None:
                yield _broken(where, f"a key of {party} in use", f"key {ended[:16]}")
            self.keys[party, ended] = None
        if not public:
            return
        try:
            key = key_in(said, party)
        except LedgerError as error:
            yield from (_at(where, found) for found in error.faults)
            return
        if key.id != name or (party, name) in self.keys:
            yield _broken(where, f"a new key, by its id {key.id[:16]}", f"key {name[:16] or _NONE}")
        self.keys[party, key.id] = key


def _at(where: str, found: errors.Fault) -> errors.Fault:
    return replace(found, path=where)


def _broken(where: str, expected: str, got: str) -> errors.Fault:
    return fault(Fault.CHAIN, path=where, expected=expected, got=got)

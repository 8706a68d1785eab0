"""How does somebody offline see one event, who signed it, and that the log has it? One file.

A bundle holds the proof of an entry, at will one event of its document with the way to the
entry's root, and for a signed entry the proof of the entry that registered the signer's key.
Nothing else is needed but the log's key, and nothing else of the document is shown.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final, Self

import msgspec

from guantong import errors
from guantong.errors import fault
from guantong.ledger.bundle import PROOF_BYTES_MAX, Proof, Proved, verify
from guantong.ledger.checkpoint import Trust
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.inner import Disclosed, Form
from guantong.ledger.party_key import PublicKey
from guantong.ledger.signed import Signed, unbase64
from guantong.ledger.statement import Statement, StatementType

HEAD: Final = "guantong.bundle/v1"
SUFFIX: Final = ".bundle.json"
MEDIA: Final = "application/vnd.guantong.bundle+json"
BUNDLE_BYTES_MAX: Final = 3 * PROOF_BYTES_MAX
"""Longest text that is read as a bundle."""
KEY_MEDIA: Final = "application/vnd.guantong.signing-key+json"
"""Media type of an entry that registers, replaces or revokes the key of a signer."""


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bytes: str
    form: Form
    hashes: tuple[str, ...]
    index: int
    salt: str
    size: int


class _Text(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    bundle: str
    entry: str
    event: _Event | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is handed over; nothing of it is believed before `check`."""

    entry: Proof
    """Of the entry, with its bytes."""
    event: Disclosed | None = None
    """Of its document."""
    key: Proof | None = None
    """Of the entry that registered the signer's key."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the text of a bundle.

        Returns:
            The bundle.

        Raises:
            LedgerError: if it is none.
        """
        if len(raw) > BUNDLE_BYTES_MAX:
            raise LedgerError(_refused("", f"at most {BUNDLE_BYTES_MAX} bytes", len(raw)))
        try:
            text = msgspec.json.decode(raw, type=_Text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(_refused("", "a bundle", error)) from error
        if text.bundle != HEAD:
            raise LedgerError(_refused("bundle", HEAD, text.bundle))
        key = Proof.parse(text.key.encode()) if text.key else None
        event = None if text.event is None else _disclosed(text.event)
        return cls(Proof.parse(text.entry.encode()), event, key)

    def encode(self) -> bytes:
        """The text of the bundle."""
        key = "" if self.key is None else self.key.encode().decode()
        event = None if self.event is None else _written(self.event)
        return msgspec.json.encode(_Text(HEAD, self.entry.encode().decode(), event, key))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a bundle that holds has shown."""

    entry: Proved
    statement: Statement
    """The same entry, read."""
    event: Disclosed | None
    """One event of the document that the entry commits to."""
    signer: PublicKey | None
    """By whose key the entry was signed; None when it is the gateway's word."""


def check(bundle: Bundle, trust: Trust) -> Shown:
    """Whether a bundle holds, by the word of those who are trusted and by no other.

    Args:
        bundle: What was handed over.
        trust: The keys it takes.

    Returns:
        What was shown.

    Raises:
        LedgerError: if a proof or signature does not hold, or the parts do not belong together.
    """
    proved = verify(bundle.entry, trust)
    statement = Statement.parse(proved.entry)
    if bundle.event is not None:
        reached = bundle.event.root()
        if reached is None or not statement.root or reached.hex() != statement.root:
            raise LedgerError(_refused("event", "a way to the root in the entry", "none"))
    signer = _signer(bundle, statement, trust)
    return Shown(proved, statement, bundle.event, signer)


def _signer(bundle: Bundle, statement: Statement, trust: Trust) -> PublicKey | None:
    """The key that signed the entry, if it was signed; its registration is in the log, before."""
    if not statement.sig:
        return None
    if bundle.key is None:
        raise LedgerError(_refused("key", "the proof of the signer's key", "nothing"))
    registered = verify(bundle.key, trust)
    if registered.index >= bundle.entry.index:
        expected = f"a key registered before entry {bundle.entry.index}"
        raise LedgerError(_refused("key", expected, registered.index))
    key = key_in(Statement.parse(registered.entry), statement.by)
    Signed.of(statement).check(key)
    return key


def key_in(statement: Statement, party: str) -> PublicKey:
    """The key that an entry registers for a party.

    Args:
        statement: The entry.
        party: Whose key it should be.

    Returns:
        The key.

    Raises:
        LedgerError: if it registers none, or another's.
    """
    meta = statement.meta
    is_key = statement.typ is StatementType.KEY and statement.media == KEY_MEDIA
    if not is_key or meta.get("party") != party or not meta.get("public"):
        raise LedgerError(_refused("key", f"an entry with a key of {party}", statement.typ))
    return PublicKey.of(unbase64(str(meta["public"]), "key"))


def _written(event: Disclosed) -> _Event:
    return _Event(
        bytes=_encoded(event.event),
        form=event.form,
        hashes=tuple(map(_encoded, event.hashes)),
        index=event.index,
        salt=_encoded(event.salt),
        size=event.size,
    )


def _disclosed(event: _Event) -> Disclosed:
    hashes = tuple(unbase64(text, "event.hashes") for text in event.hashes)
    salt, said = unbase64(event.salt, "event.salt"), unbase64(event.bytes, "event.bytes")
    return Disclosed(said, event.form, salt, event.index, event.size, hashes)


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode()


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return fault(Fault.DISCLOSURE, path=path, expected=expected, got=got)

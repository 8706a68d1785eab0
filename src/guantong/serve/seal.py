"""What stands in a document's entry beside the document: who vouches, the salt, the events' root.

A signed document comes as one file: the document, the DSSE envelope about it, and the salt that
the signer chose. What is signed must follow from what came; whose key it is, and whether its
number and predecessor are right, is the writer's to say (`chain`).
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from guantong import errors
from guantong.errors import fault
from guantong.ledger import Entry, LedgerError, StatementType
from guantong.ledger.entropy import SALT_BYTES
from guantong.ledger.faults import Fault
from guantong.ledger.inner import Form, root_of
from guantong.ledger.party_key import SigningKey
from guantong.ledger.signed import GATEWAY, Claims, Signed, sign
from guantong.serve import events
from guantong.serve.events import Said
from guantong.store import Fact
from guantong.verdict.history import MADE, SIGNED, entry_key

MEDIA: Final = "application/vnd.guantong.signed+json"
SUFFIX: Final = ".signed.json"
CHAIN: Final = SIGNED
"""Kind of the facts about signed entries, see `link`."""


class Seal(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The members of the same names in the statement, and the salt."""

    salt: bytes = b""
    root: str = ""
    att: str = ""
    key: str = ""
    prev: str = ""
    seq: int = 0
    sig: str = ""
    claims: Claims | None = None
    """What was signed, and does follow from what came; None when nobody signed."""
    made: bool = False
    """Whether the root is over a statement for each thing made, too."""

    def members(self) -> dict[str, Any]:
        """What goes into the statement, with the salt."""
        return {name: getattr(self, name) for name in _MEMBERS}


_MEMBERS: Final = tuple(name for name in Seal.__struct_fields__ if name not in {"claims", "made"})
NONE: Final = Seal()


class SignedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed document as it travels; binary members in base64."""

    document: bytes
    envelope: msgspec.Raw
    salt: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """What came with a signed document."""

    signed: Signed
    salt: bytes
    """Chosen by the signer: 32 bytes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the entry of a document is going to say."""

    by: str
    typ: StatementType
    media: str


def opened(data: bytes) -> tuple[bytes, Signature]:
    """Read a signed file.

    Args:
        data: As it came.

    Returns:
        The document, and what came with it.

    Raises:
        LedgerError: if it is no signed document.
    """
    try:
        file = msgspec.json.decode(data, type=SignedFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = "a document with envelope and salt"
        raise LedgerError(fault(Fault.ENVELOPE, expected=expected, got=error)) from error
    if len(file.salt) != SALT_BYTES:
        raise LedgerError(_refused("salt", f"{SALT_BYTES} bytes", len(file.salt)))
    return file.document, Signature(Signed.parse(bytes(file.envelope)), file.salt)


def signed_file(
    data: bytes,
    said: Said,
    facts: Facts,
    key: SigningKey,
    *,
    salt: bytes,
    after: tuple[int, str],
    made: bool = False,
) -> bytes:
    """A signed file, as its signer makes it.

    Args:
        data: The document.
        said: The same, read, event ids filled in.
        facts: What its entry is to say.
        key: The signer's.
        salt: 32 bytes nobody can guess.
        after: `seq` and leaf hash of the party's entry before, ``(0, "")`` for the first.
        made: Whether each thing made can be shown alone.

    Returns:
        The file.
    """
    whole = events.root_with_made(salt, data, said) if made else ""
    claims = Claims(
        by=facts.by,
        doc=sha256(salt + data).hexdigest(),
        media=facts.media,
        prev=after[1],
        root=whole or events.root(salt, data, said),
        seq=after[0] + 1,
        typ=facts.typ,
        v=1,
    )
    envelope = msgspec.Raw(sign(claims, key).encode())
    return msgspec.json.encode(SignedFile(data, envelope, salt))


def of_gateway(data: bytes, said: Said, salt: bytes) -> Seal:
    """For a document that nobody signed; without a salt the ledger takes one, and no root."""
    return Seal(salt, events.root(salt, data, said) if salt else "", GATEWAY)


def of_body(body: bytes) -> Seal:
    """For what is no document, and can be handed over whole with its proof."""
    salt = secrets.token_bytes(SALT_BYTES)
    return Seal(salt, root_of(salt, [body], Form.RAW).hex())


def of_signer(data: bytes, said: Said, facts: Facts, came: Signature) -> Seal:
    """For a signed document.

    Args:
        data: The document.
        said: The same, read, event ids filled in.
        facts: What its entry is going to say.
        came: What came with it.

    Returns:
        The seal; nothing is said yet of the key.

    Raises:
        LedgerError: if what was signed does not follow from what came.
    """
    claims = came.signed.claims
    wanted = {
        "by": facts.by,
        "doc": sha256(came.salt + data).hexdigest(),
        "media": facts.media,
        "typ": facts.typ,
        "v": 1,
    }
    # A signer may leave the root out: then no single event is proved by the signer's word.
    made = False
    if claims.root:
        wanted["root"] = events.root(came.salt, data, said)
        made = claims.root != wanted["root"]
        if made and (root := events.root_with_made(came.salt, data, said)):
            wanted["root"] = root
    for member, want in wanted.items():
        if getattr(claims, member) != want:
            raise LedgerError(_refused(f"payload.{member}", str(want), getattr(claims, member)))
    return Seal(
        salt=came.salt,
        root=claims.root,
        key=came.signed.key,
        prev=claims.prev,
        seq=claims.seq,
        sig=b64encode(came.signed.signature).decode(),
        claims=claims,
        made=made,
    )


def link(party: str, seq: int) -> str:
    """By what the fact of a signed entry is found."""
    return f"{party} {seq}"


def chained(entry: Entry) -> tuple[Fact, ...]:
    """What an entry leaves in the store when it is signed."""
    said = entry.statement
    if not said.sig:
        return ()
    fields: dict[str, object] = {"leaf": entry.leaf.hex()}
    if MADE in said.meta:
        fields[MADE] = 1
    return (Fact(CHAIN, link(said.by, said.seq), fields, links=(entry_key(entry.index),)),)


def _refused(path: str, expected: str, got: object) -> errors.Fault:
    return fault(Fault.ENVELOPE, path=path, expected=expected, got=got)

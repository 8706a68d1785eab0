"""How is one event of a document shown without the others?

An entry commits to its whole document; beside that it may hold a root over its events. Each
event is hashed with a salt of its own, so that a hash says nothing of the event below it, and
all salts follow from the salt of the document: whoever destroys that one destroys them all.
The root states how many events there are and in which form they were hashed.

>>> events = [b"first", b"second", b"third"]
>>> root = root_of(bytes(32), events, Form.RAW)
>>> shown = disclose(bytes(32), events, Form.RAW, 1)
>>> shown.event, shown.root() == root
(b'second', True)

References:
    RFC 9162, section 2.1
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256, shake_256
from typing import Final

from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import Levels, inclusion_proof, reached_root

EVENT_SALT_BYTES: Final = 16
EVENTS_MAX: Final = 2**31
"""Most events of one document."""
PART: Final = 1 << 12
"""Events hashed at once; a power of two."""
_SALT_TAG: Final = b"guantong event salts v1\n"
_ROOT_TAG: Final = b"guantong event root v1\n"
_COUNT_BYTES: Final = 8


class Form(StrEnum):
    """Which bytes stand for an event. Part of what is hashed: never renamed."""

    RAW = "raw"
    """Its bytes as they stand in the document that was sent."""
    CANONICAL = "canonical"
    """JSON made of what was read: the document is in XML, or a sheet."""
    RAW_MADE = "raw+made"
    """As `RAW`, and after all events a statement for each thing that was made."""
    CANONICAL_MADE = "canonical+made"
    """As `CANONICAL`, and the same."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One event of a document, and nothing of the others but hashes."""

    event: bytes
    """In the form told."""
    form: Form
    salt: bytes
    """Of this event: 16 bytes."""
    index: int
    """Counted from 0."""
    size: int
    """Events of the document."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, leaf first."""

    def root(self) -> bytes | None:
        """The root this leads to; None when the proof has not the shape of its place."""
        leaf = _leaf(self.salt, self.event)
        tree = reached_root(leaf, self.index, self.size, self.hashes)
        fits = tree is not None and len(self.salt) == EVENT_SALT_BYTES and self.size <= EVENTS_MAX
        return _sealed(tree, self.size, self.form) if fits and tree is not None else None


def root_of(salt: bytes, events: Sequence[bytes], form: Form) -> bytes:
    """The root over the events of a document: 32 bytes.

    Args:
        salt: Of the document.
        events: In order.
        form: Which bytes they are.

    Returns:
        H(tag || form || count || root of the tree).
    """
    return _sealed(_tree_root(salt, events), len(events), form)


def disclose(salt: bytes, events: Sequence[bytes], form: Form, index: int) -> Disclosed:
    """One event with what leads from it to the root.

    Args:
        salt: Of the document.
        events: All of them, in order.
        form: Which bytes they are.
        index: Of the one to show.

    Returns:
        The event.

    Raises:
        LedgerError: if there is no such event.
    """
    if not 0 <= index < len(events):
        expected = f"0 to {len(events) - 1}" if events else "a document with events"
        raise LedgerError(fault(Fault.RANGE, expected=expected, got=index, path="event"))
    hashes = tuple(inclusion_proof(_tree(salt, events).node, index, len(events)))
    own = _salts(salt, len(events))[index]
    return Disclosed(events[index], form, own, index, len(events), hashes)


def _salts(salt: bytes, count: int) -> list[bytes]:
    """A salt for each event; one tells nothing of the next."""
    return _parted(_stream(salt, count))


def _stream(salt: bytes, count: int) -> bytes:
    return shake_256(_SALT_TAG + salt).digest(EVENT_SALT_BYTES * count)


def _parted(stream: bytes) -> list[bytes]:
    return [stream[at : at + EVENT_SALT_BYTES] for at in range(0, len(stream), EVENT_SALT_BYTES)]


def _leaf(salt: bytes, event: bytes) -> bytes:
    return sha256(b"\x00" + salt + event).digest()


def _tree_root(salt: bytes, events: Sequence[bytes]) -> bytes:
    if len(events) == 1:  # what most short documents have: no tree is needed
        return _leaf(_salts(salt, 1)[0], events[0])
    # The root over the roots of whole powers of two is the same, and no leaf has to be kept for it.
    stream, whole = _stream(salt, len(events)), Levels()
    for at in range(0, len(events), PART):
        salts = _parted(stream[at * EVENT_SALT_BYTES : (at + PART) * EVENT_SALT_BYTES])
        whole.extend([_levels(salts, events[at : at + PART]).root()])
    return whole.root()


def _tree(salt: bytes, events: Sequence[bytes]) -> Levels:
    return _levels(_salts(salt, len(events)), events)


def _levels(salts: Sequence[bytes], events: Sequence[bytes]) -> Levels:
    levels = Levels()
    pairs = zip(salts, events, strict=True)
    levels.extend([sha256(b"\x00" + own + event).digest() for own, event in pairs])
    return levels


def _sealed(tree: bytes, count: int, form: Form) -> bytes:
    """The root with count and form; a tree alone does not say how many leaves it has."""
    head = _ROOT_TAG + form.encode() + b"\n" + count.to_bytes(_COUNT_BYTES, "big")
    return sha256(head + tree).digest()

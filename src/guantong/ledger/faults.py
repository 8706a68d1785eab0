"""Why does the ledger refuse?"""

from enum import StrEnum

from guantong.errors import Refusal


class Fault(StrEnum):
    """What is wrong. Part of the public API: never renamed."""

    EXISTS = "ledger.exists"
    """Asked to create a ledger where something stands already."""
    MISSING = "ledger.missing"
    """No ledger in this directory; one is only made by asking for it."""
    FORMAT = "ledger.format"
    """Written by a version of this room that this one does not know."""
    LOCKED = "ledger.locked"
    """Another writer is at work."""
    SHRANK = "ledger.shrank"
    """Fewer entries than somebody was already told of."""
    DAMAGED = "ledger.damaged"
    """What was stored is not what stands there now."""
    STOPPED = "ledger.stopped"
    """A write failed; nobody knows what the disk holds. Open the ledger again."""
    READ_ONLY = "ledger.read_only"
    """This handle only reads."""
    CLOSED = "ledger.closed"
    """This handle was closed."""
    STATEMENT = "ledger.statement"
    """Not a statement that can be written once and read the same everywhere."""
    RANGE = "ledger.range"
    """No entry with this index, or no tree of this size."""
    ORIGIN = "ledger.origin"
    """Not a name that can stand in a checkpoint."""
    NOTE = "ledger.note"
    """Not a signed note."""
    NOTE_KEY = "ledger.note_key"
    """Not a key by which notes are checked here."""
    NOTE_SIGNATURE = "ledger.note_signature"
    """A key that is known did not make this signature."""
    NOTE_UNSIGNED = "ledger.note_unsigned"
    """Nobody signed whose word is enough."""
    CHECKPOINT = "ledger.checkpoint"
    """Not the text of a checkpoint of this log."""
    KEY = "ledger.key"
    """The log's own key is absent, not the one it signed with before, or open to others."""
    FORK = "ledger.fork"
    """What was signed before is not the beginning of what is to be signed."""
    TILE = "ledger.tile"
    """Not the address of a tile."""
    PROOF = "ledger.proof"
    """Not a proof, or one that does not lead to the root."""
    ERASED = "ledger.erased"
    """The body was erased lawfully; the entry that did it is named."""
    UNSEALED = "ledger.unsealed"
    """The body was stored in the clear and can not be erased here."""
    KEPT = "ledger.kept"
    """Answers rest on this body; it may not be erased."""
    EXPORT = "ledger.export"
    """What stands in the directory is not an earlier state of this ledger."""


class LedgerError(Refusal):
    """The ledger does not do what was asked.

    Nothing was changed, except by `Fault.STOPPED`: what failed may be there or not, whole.
    """

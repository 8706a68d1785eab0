"""Append it, prove it.

What changes an answer becomes one entry here before anyone is told that it was accepted. An
entry is a small statement that commits to a body; the body lies beside it in the vault. The
list only grows: a Merkle tree (RFC 9162) over the statements gives a root per size, and proofs
that an entry is in it and that an older list is its beginning. One writer, one wait for the
disk per group; `append` returns when all of it would survive a loss of power, and a handle
that saw a write fail writes no more. A ledger that lost entries is refused, not opened.
"""

from guantong.ledger.disk import Disk
from guantong.ledger.entropy import Entropy, SeededEntropy, SystemEntropy
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.ledger import Entry, Ledger, Position, Recovery
from guantong.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from guantong.ledger.statement import STATEMENT_BYTES_MAX, Statement, StatementType
from guantong.ledger.submission import Submission, check
from guantong.ledger.vault import Opening

__all__ = [
    "STATEMENT_BYTES_MAX",
    "Disk",
    "Entropy",
    "Entry",
    "Fault",
    "Ledger",
    "LedgerError",
    "Opening",
    "Position",
    "Recovery",
    "SeededEntropy",
    "Statement",
    "StatementType",
    "Submission",
    "SystemEntropy",
    "check",
    "leaf_hash",
    "verify_consistency",
    "verify_inclusion",
]

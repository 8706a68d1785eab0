"""Did a log sign two histories? Evidence that convinces whoever has the log's key.

Two checkpoints of one size with other roots speak for themselves. Of two sizes, the larger tree
is asked for its own beginning: a proof that leads to the signed root from another beginning
than the one that was signed before shows the fork. It needs no witness to be believed.

References:
    RFC 9162, section 2.1.4.2; C2SP tlog-witness 1.0.0
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec

from guantong.errors import fault
from guantong.ledger.checkpoint import Trust
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import NodeOf, consistency_proof, range_root, verify_consistency
from guantong.ledger.note_key import VerifierKey


class Split(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two signed checkpoints of one log that can not both be of one history."""

    smaller: str
    """The note, as it was signed."""
    larger: str
    """The other; of the same size, or larger."""
    beginning: bytes = b""
    """Root over as many entries as the smaller has, in the tree of the larger."""
    proof: tuple[bytes, ...] = ()
    """That it is."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read what `encode` wrote.

        Returns:
            The evidence, not checked yet.

        Raises:
            LedgerError: if it is none.
        """
        try:
            return msgspec.json.decode(raw, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(fault(Fault.PROOF, expected="evidence", got=error)) from error

    def encode(self) -> bytes:
        """JSON that can be handed to others."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    def check(self, log: VerifierKey) -> "Seen":
        """Whether this shows that the log signed two histories.

        Returns:
            What it signed.

        Raises:
            LedgerError: if it does not show that.
        """
        trust = Trust(log)
        smaller, _ = trust.open(self.smaller.encode())
        larger, _ = trust.open(self.larger.encode())
        seen = Seen(smaller.origin, smaller.size, smaller.root, larger.size, larger.root)
        if smaller.size == larger.size and smaller.root != larger.root:
            return seen
        other = self.beginning != smaller.root and verify_consistency(
            smaller.size, larger.size, self.beginning, larger.root, self.proof
        )
        if not other:
            raise LedgerError(
                fault(Fault.PROOF, expected="two histories", got="none that contradict each other")
            )
        return seen

    def keep(self, directory: Path, disk: Disk) -> Path:
        """Put the evidence away, durable, under a name made from what it is.

        Returns:
            Where it lies.
        """
        raw = self.encode()
        path = directory / f"{sha256(raw).hexdigest()[:32]}.split.json"
        if not path.exists():
            write_file(disk, path, [raw])
        return path


@dataclass(frozen=True, slots=True)
class Seen:
    """What a log signed that can not both be."""

    origin: str
    size: int
    root: bytes
    larger: int
    larger_root: bytes

    def named(self, path: str = "") -> LedgerError:
        """The refusal that says so."""
        return LedgerError(
            fault(
                Fault.SPLIT,
                path=path,
                expected=f"{self.origin} at {self.size}: root {self.root.hex()}",
                got=f"at {self.larger}: root {self.larger_root.hex()}",
            )
        )


def compare(first: bytes, second: bytes, trust: Trust, nodes: NodeOf | None) -> Split | None:
    """Look whether two checkpoints of a log are of one history.

    Args:
        first: A signed checkpoint.
        second: Another.
        trust: The log's key.
        nodes: Of the tree of the larger, as the log shows them; not needed at one size.

    Returns:
        None if they are; else the evidence.

    Raises:
        LedgerError: if one is not signed, or the nodes are not those of the larger tree, so
            that nothing is shown.
    """
    low, high = sorted((first, second), key=lambda note: trust.open(note)[0].size)
    (old, _), (new, _) = trust.open(low), trust.open(high)
    if old.size == new.size or old.size == 0 or nodes is None:
        same = old.size == 0 or old.root == new.root or old.size != new.size
        return None if same else Split(low.decode(), high.decode())
    beginning = range_root(nodes, 0, old.size)
    proof = tuple(consistency_proof(nodes, old.size, new.size))
    if not verify_consistency(old.size, new.size, beginning, new.root, proof):
        expected = f"tiles of the tree of {new.size} that was signed"
        raise LedgerError(fault(Fault.INCONSISTENT, expected=expected, got="others"))
    if beginning == old.root:
        return None
    return Split(low.decode(), high.decode(), beginning, proof)

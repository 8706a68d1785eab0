"""What does the ledger do with keys: seal what comes in, open it again, erase what was named?

An erasure is an entry first: a statement of type ``erasure`` whose ``meta.erased`` is the index
of another entry. Only when it is durable is the key destroyed. What a crash left between the
two is completed at the next opening, from the entries after the mark in ``vault/keys/applied``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.entropy import Entropy
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.keytable import KeyTable
from guantong.ledger.statement import Statement, StatementType
from guantong.ledger.submission import Packed, Submission
from guantong.ledger.vault import BlobFlag, seal, unseal

ERASED: Final = "erased"
"""Member of `Statement.meta`: the entry whose body is erased."""
GROUND: Final = "ground"
"""Member of `Statement.meta`: on what ground."""
_MARK: Final = b'"typ":"erasure"'
_SEALED: Final = int(BlobFlag.SEALED)

StatementOf = Callable[[int], Statement]
"""The statement of an entry, compared with its leaf."""


class Seals:
    """The keys of one sealed ledger, and what is done with them."""

    def __init__(self, disk: Disk, vault: Path) -> None:
        self._disk = disk
        self._vault = vault
        self._directory = vault / "keys"
        self.table = KeyTable(disk, self._directory)
        """Which keys there are."""

    def create(self, entropy: Entropy) -> None:
        """Make the table of an empty ledger, with the keys of its first entries."""
        self._disk.make_directory(self._directory)
        self._disk.sync_directory(self._vault)
        self.table.for_range(0, 1, entropy)

    def seal(self, start: int, group: Packed, entropy: Entropy) -> None:
        """Seal the blobs of a group whose first entry will be `start`."""
        keys = self.table.for_range(start, len(group.blobs), entropy)
        group.blobs[:] = seal(keys, group.commitments, group.flags, group.blobs)

    def open(self, index: int, commitment: str, blob: bytes, statement_of: StatementOf) -> bytes:
        """The blob of an entry in the clear.

        Returns:
            ``salt || body``, the body part perhaps compressed.

        Raises:
            LedgerError: if it was erased, or its key is gone without an erasure.
        """
        key = self.table.key(index)
        if key:
            return unseal(key, commitment, blob)
        by = self.erased_by(index, statement_of)
        where = f"entry {index}"
        if by is None:
            raise LedgerError(fault(Fault.DAMAGED, path=where, expected="its key", got="none"))
        got = f"erased by entry {by}"
        raise LedgerError(fault(Fault.ERASED, path=where, expected="its body", got=got))

    def erased_by(self, index: int, statement_of: StatementOf) -> int | None:
        """The erasure entry by which the key of `index` was destroyed, None when there is none."""
        by = self.table.destroyed_by(index)
        if by is None:
            return None
        try:
            named = target(statement_of(by))
        except LedgerError:
            return None
        return by if named == index else None

    def check(
        self,
        submissions: Iterable[Submission],
        size: int,
        flags_of: Callable[[int], int],
        statement_of: StatementOf,
    ) -> None:
        """Refuse erasures that name no body which can be erased.

        Raises:
            LedgerError: naming the submission.
        """
        named: set[int] = set()
        for place, submission in enumerate(submissions):
            if submission.typ is StatementType.ERASURE:
                path = f"submissions[{place}]"
                index = _index(submission.meta.get(ERASED), size, path)
                typ = statement_of(index).typ
                if typ is StatementType.ERASURE:
                    raise LedgerError(fault(Fault.KEPT, path=path, expected="a document", got=typ))
                if not flags_of(index) & _SEALED:
                    expected = "a sealed body"
                    raise LedgerError(
                        fault(Fault.UNSEALED, path=path, expected=expected, got=index)
                    )
                if index in named or self.table.destroyed_by(index) is not None:
                    expected = "a body that is there"
                    raise LedgerError(fault(Fault.ERASED, path=path, expected=expected, got=index))
                named.add(index)

    def erase(self, start: int, submissions: Sequence[Submission]) -> None:
        """Destroy the keys that a durable group names; its first entry is `start`."""
        for place, submission in enumerate(submissions):
            if submission.typ is StatementType.ERASURE:
                self._destroy(submission.meta.get(ERASED), start + place)

    def follow(self, statements: Iterable[tuple[int, bytes]]) -> None:
        """Destroy the keys that entries name which came from elsewhere."""
        for index, raw in statements:
            if _MARK in raw:
                self._destroy(target(Statement.parse(raw)), index)

    def settle(self, statements: Callable[[int], Iterator[tuple[int, bytes]]], size: int) -> int:
        """Complete what a crash left undone. For the one writer, at opening.

        Args:
            statements: The entries from an index on.
            size: How many there are.

        Returns:
            Erasures whose key had still to be destroyed.
        """
        self.table.settle()
        completed = 0
        for index, raw in statements(min(self._applied(), size)):
            if _MARK in raw:
                named = target(Statement.parse(raw))
                completed += named is not None and self._destroy(named, index)
        self.mark(size)
        return completed

    def mark(self, size: int) -> None:
        """Note that the erasures among the first `size` entries are complete."""
        if self._applied() != size:
            write_file(self._disk, self._directory / "applied", [b"%d\n" % size])

    def _applied(self) -> int:
        try:
            text = (self._directory / "applied").read_text("ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return 0
        return int(text) if text.isdecimal() else 0

    def _destroy(self, index: object, by: int) -> bool:
        """Destroy one key, unless that was done already; tells whether it was done now."""
        if not isinstance(index, int) or self.table.destroyed_by(index) is not None:
            return False
        self.table.destroy(index, by)
        return True


def target(statement: Statement) -> int | None:
    """Which entry a statement erases; None when it erases none."""
    index = statement.meta.get(ERASED)
    is_one = statement.typ is StatementType.ERASURE and isinstance(index, int)
    return index if is_one and isinstance(index, int) else None


def _index(named: object, size: int, path: str) -> int:
    """The entry that an erasure names, if there is such a one."""
    if not isinstance(named, int) or not 0 <= named < size:
        raise LedgerError(fault(Fault.RANGE, path=path, expected=f"0 to {size - 1}", got=named))
    return named

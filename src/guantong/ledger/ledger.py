"""What was accepted, in which order, and how is that proved? The door of this room.

>>> import tempfile
>>> from guantong.clock import SetClock
>>> from guantong.ledger import Ledger, SeededEntropy, StatementType, Submission
>>> directory = Path(tempfile.mkdtemp()) / "ledger"
>>> ledger = Ledger.create(
...     directory, "example.org/log", clock=SetClock(1), entropy=SeededEntropy("demo")
... )
>>> ledger.append([Submission(typ=StatementType.CAPTURE, by="someone", body=b"{}")])
[Position(origin='example.org/log', index=0)]
>>> ledger.body(0)
b'{}'
>>> ledger.close()
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from guantong.clock import Clock
from guantong.errors import fault
from guantong.ledger import digest_key, merkle
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.entropy import Entropy, SeededEntropy
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.fence import CONFIGURED, Role, check_role
from guantong.ledger.frames import SegmentHead
from guantong.ledger.high_water import Mark, MarkWriter, read_mark
from guantong.ledger.journal import SEGMENT_BYTES, Carried, Journal, create_journal
from guantong.ledger.pieces import PIECE_BYTES_MAX, Beginning, Piece, piece_of, timed
from guantong.ledger.sealing import Seals
from guantong.ledger.statement import Statement, StatementType
from guantong.ledger.submission import Packed, Submission, pack
from guantong.ledger.vault import BlobFlag, LargeBodies, Opening, Wrapper, unwrap

FORMAT: Final = 1
"""Version of the directory's layout."""
LAST_SIGNED: Final = "last_signed"
"""File with size and root of the last checkpoint that was signed; see `signer`."""


class Standby(Protocol):
    """Another machine that has a copy of the log."""

    def meet(self, ledger: "Ledger") -> None:
        """Bring the copy up to what is durable here, before anybody is shown it."""

    def carry(self, piece: Piece) -> None:
        """Make a group durable there that is durable here; returns then."""

    def close(self) -> None:
        """Let go."""


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where an entry stands: the receipt of an acknowledgement."""

    origin: str
    """The ledger's name."""
    index: int
    """Counted from 0."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry as it stands."""

    index: int
    raw: bytes
    """The bytes that the tree is over."""
    statement: Statement
    """The same, read."""
    leaf: bytes
    """The same, hashed: 32 bytes."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening had to put in order. Nothing of it was ever acknowledged."""

    torn_bytes: int = 0
    """Bytes of a group that was being written when the writer ended; they were cut."""
    bodies_removed: int = 0
    """Large bodies whose entry was never written."""
    segments_rebuilt: int = 0
    """Finished segments whose nodes file was made again."""
    erasures_completed: int = 0
    """Erasures that were entered when the writer ended, and their keys not yet destroyed."""


class _Description(msgspec.Struct, frozen=True, omit_defaults=True):
    """``ledger.json``: what never changes."""

    created_ms: int
    format: int
    origin: str
    sealed: bool = False
    """Whether bodies are sealed, so that they can be erased."""
    seeded: bool = False
    """Whether its keys follow from a seed, so that anybody can guess them."""


class Ledger:
    """An append-only list of statements with their bodies.

    One handle writes (a lock file sees to that), any number read. Reading is safe from several
    threads; `append` waits its turn.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock,
        entropy: Entropy,
        disk: Disk,
        segment_bytes: int,
        standby: Standby | None = None,
    ) -> None:
        """Use `create` or `open`."""
        self._standby = standby
        self._clock = clock
        self._entropy = entropy
        self._apart = entropy.apart("submissions")
        self._disk = disk
        self.directory = self._directory = directory
        """Where it is."""
        self._segment_bytes = segment_bytes
        self._wrapper = Wrapper()
        self._turn = threading.Lock()
        self._why_not: Fault | None = None
        self._ended = False
        self._lock_fd = -1
        self._marks: MarkWriter | None = None
        self._large = LargeBodies(disk, directory / "vault")
        described = _describe(directory)
        self._seals = Seals(disk, directory / "vault") if described.sealed else None
        self.origin = described.origin
        """The ledger's name, as it will stand in its checkpoints."""
        self.recovery = Recovery()
        """What opening had to put in order."""

    # Opening and closing

    @classmethod
    def create(
        cls,
        directory: Path,
        origin: str,
        *,
        clock: Clock,
        entropy: Entropy,
        disk: Disk | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        sealed: bool = False,
    ) -> Self:
        """Make a new ledger in an empty or absent directory and open it for writing.

        Args:
            directory: Where.
            origin: Its name.
            clock: Gives the record time.
            entropy: Gives salts and keys.
            disk: Through which it writes.
            segment_bytes: Size at which a segment is finished.
            sealed: Seal every body with a key of its own, so that it can be erased.

        Returns:
            The ledger, with no entries.

        Raises:
            LedgerError: if something stands there, or the name cannot stand in a checkpoint.
        """
        disk = disk or Disk()
        if not origin or any(char.isspace() or char == "+" for char in origin):
            raise LedgerError(
                fault(Fault.ORIGIN, expected="a name without spaces or +", got=origin)
            )
        if directory.exists() and any(directory.iterdir()):
            raise LedgerError(
                fault(Fault.EXISTS, expected="an empty directory", got=directory.name)
            )
        seeded = isinstance(entropy, SeededEntropy)
        described = _Description(clock.now_ms(), FORMAT, origin, sealed, seeded)
        description = msgspec.json.encode(described)
        with _disk_failures():
            for path in reversed([p for p in (directory, *directory.parents) if not p.exists()]):
                disk.make_directory(path)
                disk.sync_directory(path.parent)
            create_journal(disk, directory / "journal", origin, *entropy.salts(1))
            disk.make_directory(directory / "vault")
            if sealed:
                Seals(disk, directory / "vault").create(entropy)
            write_file(disk, directory / "high_water", [Mark(0, merkle.EMPTY_ROOT).encode()])
            write_file(disk, directory / "ledger.json", [description])
        return cls.open(
            directory, clock=clock, entropy=entropy, disk=disk, segment_bytes=segment_bytes
        )

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        clock: Clock,
        entropy: Entropy,
        read_only: bool = False,
        at_least: int = 0,
        disk: Disk | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        standby: Standby | None = None,
        role: Role = Role.WRITER,
    ) -> Self:
        """Open a ledger that exists.

        Args:
            directory: Where it is.
            clock: Gives the record time.
            entropy: Gives the salts.
            read_only: Take no lock, change nothing; `refresh` then shows later commits.
            at_least: Entries that somebody else was told of, such as the index.
            disk: Through which it writes.
            segment_bytes: Size at which a segment is finished.
            standby: Has a copy: a group is acknowledged when it is durable there too.
            role: As what to open it; `Role.COPY` for who carries pieces into it.

        Returns:
            The ledger, with every entry that was ever acknowledged.

        Raises:
            LedgerError: if there is none, if another writes, or if entries are missing.
        """
        ledger = cls(
            directory,
            clock=clock,
            entropy=entropy,
            disk=disk or Disk(),
            segment_bytes=segment_bytes,
            standby=standby,
        )
        try:
            if read_only:
                ledger._read(at_least)
            else:
                ledger._lock()
                ledger._check_role(role)
                with _disk_failures():
                    ledger._recover(at_least)
        except BaseException:
            ledger._release()
            raise
        return ledger

    def _lock(self) -> None:
        """Become the one writer."""
        self._lock_fd = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LedgerError(
                fault(Fault.LOCKED, expected="no other writer", got="one at work")
            ) from error

    def _check_role(self, role: Role) -> None:
        """Whether this directory may be written to so, and with this standby."""
        check_role(self._directory, role)
        if self._standby is None and (self._directory / CONFIGURED).exists():
            expected = f"the standby that {CONFIGURED} names"
            raise LedgerError(fault(Fault.STANDBY, expected=expected, got="none"))

    def _read(self, at_least: int) -> None:
        self._why_not = Fault.READ_ONLY
        self._journal = self._open_journal(writable=False)
        mark = read_mark(self._directory / "high_water")
        signed = self._signed()
        self._journal.read_on(max(mark.size, signed.size, at_least))
        self._check_mark(mark)
        self._check_mark(signed, LAST_SIGNED)

    def _recover(self, at_least: int) -> None:
        """Read what is there, refuse what cannot be, and only then change anything."""
        self._journal = self._open_journal(writable=True)
        torn = self._journal.resume()
        mark = read_mark(self._directory / "high_water")
        self._check_mark(mark)
        self._check_mark(self._signed(), LAST_SIGNED)
        if self.size < at_least:
            raise LedgerError(fault(Fault.SHRANK, expected=f"{at_least} entries", got=self.size))
        removed = self._large.discard_from(self.size)
        if torn or mark.size < self.size:
            self._journal.settle()
        for names in (self._directory, self._directory / "journal", self._directory / "vault"):
            self._disk.sync_directory(names)
        digest_key.ensure(self._disk, self._directory / "vault", self._entropy)
        if self._standby is not None:
            self._standby.meet(self)
        self._marks = MarkWriter(self._disk, self._directory / "high_water")
        if mark.size < self.size:
            self._marks.publish(self._journal.mark)
        self._marks.sync()
        self._ended = self.is_ended
        completed = self._complete_erasures()
        self.recovery = Recovery(torn, removed, self._journal.rebuilt, completed)

    def _complete_erasures(self) -> int:
        """Destroy the keys that entries name and that a crash left; how many."""
        if self._seals is None:
            return 0
        return self._seals.settle(lambda at: self._journal.statements(at, self.size), self.size)

    def _open_journal(self, *, writable: bool) -> Journal:
        return Journal(self._disk, self._directory / "journal", self.origin, writable=writable)

    def _signed(self) -> Mark:
        """What was signed last: others hold it, so a ledger without it must not go on."""
        path = self._directory / LAST_SIGNED
        return read_mark(path) if path.exists() else Mark(0, merkle.EMPTY_ROOT)

    def _check_mark(self, mark: Mark, path: str = "high_water") -> None:
        """Compare the journal with another witness of what was durable."""
        if self.size < mark.size:
            raise LedgerError(fault(Fault.SHRANK, expected=f"{mark.size} entries", got=self.size))
        if self._journal.root_at(mark.size) != mark.root:
            raise LedgerError(
                fault(Fault.DAMAGED, path=path, expected="the root it states", got="another")
            )

    def refresh(self) -> int:
        """Take in what the writer has committed since; for read-only handles.

        Returns:
            The size now.

        Raises:
            LedgerError: if the journal does not hold what the writer says it holds.
        """
        if self._why_not is Fault.READ_ONLY:
            with self._turn:
                self._journal.read_on(read_mark(self._directory / "high_water").size)
        return self.size

    def close(self) -> None:
        """Let go of files and lock; what was acknowledged is durable already."""
        with self._turn:
            try:
                if self._marks is not None and self._why_not is None:
                    with _disk_failures():
                        self._marks.sync()
                        if self._seals is not None:
                            self._seals.mark(self.size)
            finally:
                self._why_not = Fault.CLOSED
                self._release()

    def _release(self) -> None:
        if self._standby is not None:
            self._standby.close()
        if self._marks is not None:
            self._marks.close()
            self._marks = None
        with suppress(AttributeError):
            self._journal.close()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def append(self, submissions: Sequence[Submission]) -> list[Position]:
        """Commit a group: one frame, one wait for the disk. Returns when all is durable.

        Record times are those of the clock, never less than the one before.

        Returns:
            The position of each submission, in order.

        Raises:
            LedgerError: if one cannot be written (`check` tells beforehand; nothing of the
                group is), or if the disk failed: then this handle writes no more.
        """
        with self._turn:
            marks = self._writer()
            if not submissions:
                return []
            self.check_end(submissions)
            self._check_erasures(submissions)
            group, start = self._pack(submissions), self.size
            self._why_not = Fault.STOPPED
            with _disk_failures():
                self._commit(group, marks)
                if self._seals is not None:
                    self._seals.erase(start, submissions)
            self._why_not = None
            self._ended = submissions[-1].typ is StatementType.CLOSED
            return list(map(Position, repeat(self.origin), range(start, self.size)))

    def _writer(self) -> MarkWriter:
        """Whether this handle writes at all."""
        if self._why_not is not None or self._marks is None:
            raise LedgerError(
                fault(
                    self._why_not or Fault.CLOSED, expected="a handle that writes", got="this one"
                )
            )
        return self._marks

    def new_salt(self) -> bytes:
        """A salt for a submission that is hashed before it is appended: 32 bytes."""
        return self._apart.salts(1)[0]

    def digest_key(self) -> bytes:
        """With which documents that say something of persons are recognised: 32 bytes, a secret."""
        return digest_key.read(self._directory / "vault")

    @property
    def is_ended(self) -> bool:
        """Whether the last entry closes the log."""
        return self.size > 0 and self.entry(self.size - 1).statement.typ is StatementType.CLOSED

    def check_end(self, submissions: Sequence[Submission]) -> None:
        """Refuse what follows the end of the log, or opens it when it has begun.

        Raises:
            LedgerError: if `append` would refuse this group for that.
        """
        types = [it.typ for it in submissions]
        if self._ended or StatementType.CLOSED in types[:-1]:
            raise LedgerError(fault(Fault.ENDED, expected="an open log", got=self.origin))
        if StatementType.OPENED in types[not self.size :]:
            raise LedgerError(
                fault(Fault.STATEMENT, path="typ", expected="the first entry", got="a later one")
            )

    def check_erasure(self, submission: Submission) -> None:
        """Refuse an erasure that `append` would refuse its whole group for.

        Raises:
            LedgerError: if it names no entry, one that was erased, or one that is kept.
        """
        self._check_erasures([submission])

    def _check_erasures(self, submissions: Sequence[Submission]) -> None:
        """Refuse erasures of what can not be erased. Raises LedgerError."""
        if all(it.typ is not StatementType.ERASURE for it in submissions):
            return
        if self._seals is None:
            raise LedgerError(fault(Fault.UNSEALED, expected="a sealed ledger", got=self.origin))
        self._seals.check(
            submissions, self.size, lambda index: self._journal.blob(index)[0], self._statement
        )

    def _pack(self, submissions: Sequence[Submission]) -> Packed:
        """Make statements and blobs; nothing is changed yet."""
        return pack(
            submissions,
            self._entropy.salts(len(submissions)),
            self._wrapper,
            now_ms=self._clock.now_ms(),
            last_ms=self._journal.record_ms,
        )

    def _commit(self, group: Packed, marks: MarkWriter) -> None:
        """Make a group durable: large bodies first, then the frame."""
        if self._journal.is_full(self._segment_bytes):
            marks.sync()
            self._journal.rotate(*self._entropy.salts(1))
        if self._seals is not None:
            self._seals.seal(self.size, group, self._entropy)
        large = self._write_large(group) if max(group.flags) >= BlobFlag.OUTSIDE else {}
        carried = None if self._standby is None else self._carrier(self._standby, group, large)
        self._journal.append(group.record_ms, group.statements, group.flags, group.blobs, carried)
        marks.publish(self._journal.mark)

    def _write_large(self, group: Packed) -> dict[int, bytes]:
        """Put large bodies into files of their own; which they were."""
        large = {}
        for place, flags in enumerate(group.flags):
            if flags & BlobFlag.OUTSIDE:
                large[self.size + place] = group.blobs[place]
                self._large.write(self.size + place, group.blobs[place])
                group.blobs[place] = b""
        return large

    def _carrier(self, standby: Standby, group: Packed, large: dict[int, bytes]) -> Carried:
        """What takes the frame of a group to the standby, once it is durable here."""
        start, stop = self.size, self.size + len(group.statements)

        def carry(head: SegmentHead, frame: bytes) -> None:
            standby.carry(Piece(head.first, head.nonce, frame, large, self._epochs(start, stop)))

        return carry

    def _epochs(self, start: int, stop: int) -> list[bytes]:
        return [] if self._seals is None else self._seals.table.epochs(start, stop)

    # A copy elsewhere

    def beginning(self) -> Beginning:
        """What a copy of this ledger begins with."""
        described = (self._directory / "ledger.json").read_bytes()
        key = digest_key.read(self._directory / "vault")
        return Beginning(self.origin, described, key, self._journal.locate(0).head.nonce)

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """The entries of ``[start, stop)`` for a copy that has those before; checked on the way.

        Raises:
            LedgerError: if there are fewer, or something is not as it was written.

        Yields:
            Pieces for `adopt`, in order.
        """
        self._check_size(stop, least=start)
        while start < stop:
            head, group = self._journal.group(start, stop, PIECE_BYTES_MAX)
            end = start + len(group.statements)
            large = {start + at: self._large_of(start + at) for at in _outside(group.flags)}
            yield piece_of(head, timed(group), large, self._epochs(start, end))
            start = end

    def erased_later(self, size: int) -> int | None:
        """The last entry by which a body of the first `size` was erased that is none of them."""
        return None if self._seals is None else self._seals.table.destroyed_after(size)

    def _large_of(self, index: int) -> bytes:
        """The blob in a file of its own, compared with its commitment while it can be read."""
        if self.erased_by(index) is None:
            self.opening(index)
        return self._large.read(index)

    def adopt(self, piece: Piece) -> None:
        """Take over what another machine has made durable; returns when it is durable here.

        Args:
            piece: What follows the entries that are here.

        Raises:
            LedgerError: if it does not follow, or the disk failed: then this handle takes no more.
        """
        with self._turn:
            marks, start = self._writer(), self.size
            self._why_not = Fault.STOPPED
            with _disk_failures():
                for index, blob in piece.large.items():
                    self._large.write(index, blob)
                if self._seals is not None:
                    self._seals.table.adopt(piece.epochs)
                self._journal.adopt(piece.segment, piece.nonce, piece.frame)
                if self._seals is not None:
                    self._seals.follow(self._journal.statements(start, self.size))
                marks.publish(self._journal.mark)
            self._why_not = None

    # Reading

    @property
    def size(self) -> int:
        """Number of entries, all durable."""
        return self._journal.mark.size

    @property
    def root(self) -> bytes:
        """Root of the tree over all entries: 32 bytes."""
        return self._journal.mark.root

    def root_at(self, size: int) -> bytes:
        """Root of the tree over the first `size` entries.

        Returns:
            32 bytes.

        Raises:
            LedgerError: if there are fewer.
        """
        self._check_size(size)
        return self._journal.root_at(size)

    def entry(self, index: int) -> Entry:
        """One entry, compared with its leaf in the tree.

        Returns:
            The entry.

        Raises:
            LedgerError: if there is none, or its bytes are not those that were hashed.
        """
        self._check_size(index + 1, least=1)
        return self._entry(index, self._journal.statement(index))

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """The entries of ``[start, stop)`` in order, as `entry` gives them.

        Raises:
            LedgerError: if there are fewer than `stop`.

        Yields:
            Each entry.
        """
        self._check_size(stop, least=start)
        for index, raw in self._journal.statements(start, stop):
            yield self._entry(index, raw)

    def _entry(self, index: int, raw: bytes) -> Entry:
        leaf = merkle.leaf_hash(raw)
        if leaf != self._journal.node(0, index):
            raise LedgerError(
                fault(
                    Fault.DAMAGED, path=f"entry {index}", expected="the bytes it had", got="others"
                )
            )
        return Entry(index, raw, Statement.parse(raw), leaf)

    def body(self, index: int) -> bytes:
        """The body of an entry, compared with its commitment.

        Returns:
            The bytes that were submitted.

        Raises:
            LedgerError: if there is no such entry, its body was erased, or it is not what was
                committed to.
        """
        return self.opening(index).body

    def opening(self, index: int) -> Opening:
        """The salt and body of an entry, compared with its commitment.

        Returns:
            What opens the commitment.

        Raises:
            LedgerError: as `body`.
        """
        statement = self.entry(index).statement
        flags, blob = self._journal.blob(index)
        if flags & BlobFlag.OUTSIDE:
            blob = self._large.read(index)
        if flags & BlobFlag.SEALED:
            blob = self._unsealed(index, statement, blob)
        opening = unwrap(flags, blob)
        if opening.commitment() != statement.doc:
            raise LedgerError(
                fault(Fault.DAMAGED, path=f"entry {index}", expected="its body", got="another")
            )
        return opening

    def erased_by(self, index: int) -> int | None:
        """By which entry the body of another was erased.

        Returns:
            The index of the erasure; None when the body was not erased.

        Raises:
            LedgerError: if there is no entry `index`.
        """
        self._check_size(index + 1, least=1)
        return None if self._seals is None else self._seals.erased_by(index, self._statement)

    def _unsealed(self, index: int, statement: Statement, blob: bytes) -> bytes:
        if self._seals is None:
            raise LedgerError(fault(Fault.DAMAGED, expected="a sealed ledger", got=self.origin))
        return self._seals.open(index, statement.doc, blob, self._statement)

    def _statement(self, index: int) -> Statement:
        """What an entry says, also one that another process has just committed."""
        if index >= self.size:
            self.refresh()
        return self.entry(index).statement

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes from entry `index` to the root over `size` entries.

        Returns:
            32 bytes each, leaf first.

        Raises:
            LedgerError: if there are fewer entries.

        References:
            RFC 9162, section 2.1.3.1
        """
        self._check_size(size, least=index + 1 if index >= 0 else index)
        return merkle.inclusion_proof(self._journal.node, index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The hashes that show the tree of `old` entries to begin that of `new`.

        Returns:
            32 bytes each.

        Raises:
            LedgerError: if there are fewer entries.

        References:
            RFC 9162, section 2.1.4.1
        """
        self._check_size(new, least=old)
        return merkle.consistency_proof(self._journal.node, old, new)

    def nodes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes of the complete subtrees ``[start, stop)`` at a level of the tree.

        Returns:
            32 bytes for each, in order.

        Raises:
            LedgerError: if one of them is not complete yet.
        """
        self._check_size(stop << level, least=start << level)
        return b"".join([self._journal.node(level, index) for index in range(start, stop)])

    def _check_size(self, size: int, *, least: int = 0) -> None:
        if self._why_not is Fault.CLOSED:
            raise LedgerError(fault(Fault.CLOSED, expected="an open handle", got="a closed one"))
        if not 0 <= least <= size <= self.size:
            raise LedgerError(fault(Fault.RANGE, expected=f"{least} to {self.size}", got=size))


def _outside(flags: Sequence[int]) -> list[int]:
    """Which blobs have a file of their own."""
    return [at for at, flag in enumerate(flags) if flag & BlobFlag.OUTSIDE]


@contextmanager
def _disk_failures() -> Iterator[None]:
    """Turn the system's word for a failed write into ours."""
    try:
        yield
    except OSError as error:
        raise LedgerError(fault(Fault.STOPPED, expected="a durable write", got=error)) from error


def is_seeded(directory: Path) -> bool:
    """Whether the keys of a ledger follow from a seed: hides nothing, and anybody can sign for it.

    Args:
        directory: Where the ledger is.

    Returns:
        True for those of the demo and of tests.
    """
    return _describe(directory).seeded


def _describe(directory: Path) -> _Description:
    """Read what never changes about a ledger."""
    try:
        raw = (directory / "ledger.json").read_bytes()
        description = msgspec.json.decode(raw, type=_Description)
    except FileNotFoundError as error:
        raise LedgerError(fault(Fault.MISSING, expected="a ledger", got=directory.name)) from error
    except msgspec.DecodeError as error:
        raise LedgerError(
            fault(Fault.DAMAGED, path="ledger.json", expected="JSON", got=error)
        ) from error
    if description.format != FORMAT:
        raise LedgerError(fault(Fault.FORMAT, expected=f"format {FORMAT}", got=description.format))
    return description

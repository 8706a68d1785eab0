"""Was everybody shown the same log? A witness signs the states of logs, each once, in one line.

For each log it keeps the last checkpoint it signed; it signs another only after it was shown
that the last one is its beginning, and after the new one is durable. So two readers who ask for
its signature have seen one history, or the witness has seen two and kept the evidence.

References:
    C2SP tlog-witness 1.0.0; C2SP tlog-cosignature 1.1.0
"""

import fcntl
import os
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from guantong.clock import Clock
from guantong.errors import fault
from guantong.ledger.checkpoint import Checkpoint, Trust, hash_of, number
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import EMPTY_ROOT, verify_consistency
from guantong.ledger.note import NOTE_BYTES_MAX, Note
from guantong.ledger.note_key import COSIGNING, Line, VerifierKey
from guantong.ledger.signer import read_key
from guantong.ledger.split import Split

HASHES_MAX: Final = 63
"""Most hashes of a consistency proof."""
REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + 64 * (HASHES_MAX + 1)
_OLD: Final = "old "
_SEEN: Final = "seen"
_EVIDENCE: Final = "evidence"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a witness is asked: to sign a checkpoint after the one it signed last."""

    old: int
    """Size of that one, as the asker knows it; 0 for none."""
    proof: tuple[bytes, ...]
    """That it is the beginning."""
    note: bytes
    """The checkpoint, signed by its log."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the body of a request.

        Returns:
            What is asked.

        Raises:
            LedgerError: if it is no such request.
        """
        head, blank, note = raw.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        old = number(lines[0].removeprefix(_OLD)) if lines[0].startswith(_OLD) else None
        hashes = [found for found in map(hash_of, lines[1:]) if found is not None]
        whole = blank and len(hashes) == len(lines) - 1 <= HASHES_MAX
        if len(raw) > REQUEST_BYTES_MAX or old is None or not whole:
            expected = f"old <size>, at most {HASHES_MAX} hashes, a blank line, a checkpoint"
            raise LedgerError(fault(Fault.REQUEST, expected=expected, got=raw[:60]))
        return cls(old, tuple(hashes), note)

    def encode(self) -> bytes:
        """The body of the request."""
        lines = [f"{_OLD}{self.old}", *(b64encode(each).decode() for each in self.proof)]
        return "\n".join(lines).encode() + b"\n\n" + self.note


class Witness:
    """One witness with its key and the logs it watches. Processes and threads take turns."""

    def __init__(
        self,
        directory: Path,
        logs: Sequence[VerifierKey],
        *,
        clock: Clock,
        disk: Disk | None = None,
    ) -> None:
        """Read the key in `directory`.

        Raises:
            LedgerError: if there is none, or one that does not cosign.
        """
        self._key = read_key(directory, kinds=COSIGNING)
        self._directory, self._clock, self._disk = directory, clock, disk or Disk()
        self._logs = {log.name: [each for each in logs if each.name == log.name] for log in logs}
        self._turn = threading.Lock()
        for name in (_SEEN, _EVIDENCE):
            if not (directory / name).exists():
                self._disk.make_directory(directory / name)
                self._disk.sync_directory(directory)
        self.key = self._key.verifier()
        """The public half."""

    def add_checkpoint(self, asked: Asked) -> Line:
        """Sign a checkpoint, if it continues what was signed before.

        Args:
            asked: The request.

        Returns:
            The cosignature; the new state is durable.

        Raises:
            LedgerError: if the log is unknown (`LOG_UNKNOWN`), did not sign (`NOTE_UNSIGNED`,
                `NOTE_SIGNATURE`), another size was signed last (`OLD_SIZE`), it is not shown to
                be the beginning (`INCONSISTENT`), the log signed two histories (`SPLIT`), or
                the disk failed (`STOPPED`).
        """
        log, new = self._opened(asked.note)
        if asked.old > new.size:
            expected = f"an old size of at most {new.size}"
            raise LedgerError(fault(Fault.REQUEST, path="old", expected=expected, got=asked.old))
        with self._turn, self._alone():
            self._check(asked, log, new)
            self._remember(new.origin, asked.note)
            return self._key.sign(new.encode(), at_s=self._clock.now_ms() // 1000)

    def last(self, origin: str) -> bytes | None:
        """The checkpoint of a log that was signed last, as the log signed it."""
        path = self._state(origin)
        return path.read_bytes() if path.exists() else None

    def last_by_name(self, name: str) -> bytes | None:
        """The same, by the hash of the origin in hexadecimal."""
        for origin in self._logs:
            if sha256(origin.encode()).hexdigest() == name:
                return self.last(origin)
        return None

    def evidence(self) -> list[Path]:
        """Where the evidence of split views lies."""
        return sorted((self._directory / _EVIDENCE).glob("*.split.json"))

    def keep(self, split: Split) -> Path:
        """Keep evidence that came from elsewhere."""
        return split.keep(self._directory / _EVIDENCE, self._disk)

    def _opened(self, note: bytes) -> tuple[VerifierKey, Checkpoint]:
        """What the log signed, by one of the keys that are known for it."""
        origin = Checkpoint.parse(Note.parse(note).body).origin
        if origin not in self._logs:
            expected = "a log that is watched here"
            raise LedgerError(fault(Fault.LOG_UNKNOWN, expected=expected, got=origin))
        refused: LedgerError | None = None
        for log in self._logs[origin]:
            try:
                return log, Trust(log).open(note)[0]
            except LedgerError as error:
                refused = error
        raise refused or LedgerError(fault(Fault.LOG_UNKNOWN, expected="a key", got=origin))

    def _check(self, asked: Asked, log: VerifierKey, new: Checkpoint) -> None:
        """Compare with what was signed last; evidence of two histories is kept."""
        note = self.last(new.origin)
        held = Checkpoint(new.origin, 0, EMPTY_ROOT)
        if note is not None:
            held = Checkpoint.parse(Note.parse(note).body)
            if held.size == new.size and held.root != new.root:
                split = Split(note.decode(), asked.note.decode())
                seen = split.check(log)
                raise seen.named(self.keep(split).name)
        if asked.old != held.size:
            size = str(held.size)
            raise LedgerError(fault(Fault.OLD_SIZE, path="old", expected=size, got=asked.old))
        if not verify_consistency(held.size, new.size, held.root, new.root, asked.proof):
            expected = f"a proof that {held.size} entries are the beginning of {new.size}"
            got = f"{len(asked.proof)} hashes that do not show it"
            raise LedgerError(fault(Fault.INCONSISTENT, expected=expected, got=got))

    def _remember(self, origin: str, note: bytes) -> None:
        """Make durable that this is going to be signed."""
        write_file(self._disk, self._state(origin), [note])

    def _state(self, origin: str) -> Path:
        return self._directory / _SEEN / sha256(origin.encode()).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for other processes that sign with this key."""
        fd = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise LedgerError(fault(Fault.STOPPED, expected="a disk", got=error)) from error
        finally:
            os.close(fd)

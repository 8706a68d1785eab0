"""May this log sign that? The log's own key, and the memory of what it signed.

A log is trusted because it never signs two histories. Before each signature, size and root go
into ``last_signed`` and are durable there; what was signed once must be the beginning of what
is signed next, whatever has become of the journal meanwhile.

Files beside the journal: ``key`` and, where there is one, ``key.ml-dsa`` (secrets, readable by
their owner alone), ``last_signed``, and ``checkpoint``, the last signed note, for whoever cannot sign.

References:
    C2SP tlog-checkpoint 1.0.0
"""

import fcntl
import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.entropy import Entropy
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.high_water import Mark, MarkWriter, read_mark
from guantong.ledger.ledger import LAST_SIGNED, Ledger
from guantong.ledger.note import Note, open_note, sign
from guantong.ledger.note_key import KeyType, SignerKey, VerifierKey

KEY: Final = "key"
SECOND_KEY: Final = "key.ml-dsa"
CHECKPOINT: Final = "checkpoint"
HEARD: Final = "heard"
"""In a copy: the last signed note that its writer told it."""
_KEY_MODE: Final = 0o600


def create_key(
    directory: Path,
    origin: str,
    *,
    entropy: Entropy,
    disk: Disk | None = None,
    kind: KeyType = KeyType.ED25519,
) -> VerifierKey:
    """Make the log's own key, once.

    Args:
        directory: The ledger's.
        origin: The ledger's name, which becomes the key's.
        entropy: Where the secret comes from.
        disk: Through which it writes.
        kind: How it signs; witnesses and mirrors cosign.

    Returns:
        The public half, for those who are to believe the log.

    Raises:
        LedgerError: if there is a key, or something was signed already by one that is gone.
    """
    disk = disk or Disk()
    for name in (KEY, LAST_SIGNED, CHECKPOINT):
        if (directory / name).exists():
            raise LedgerError(fault(Fault.EXISTS, expected="a ledger without a key", got=name))
    key = SignerKey(origin, entropy.salts(1)[0], kind)
    _write_secret(disk, directory / KEY, f"{key.encode()}\n".encode())
    return key.verifier()


def add_key(
    directory: Path, origin: str, *, entropy: Entropy, disk: Disk | None = None
) -> VerifierKey:
    """Make a second key of a log, which signs with ML-DSA-44 below the first.

    Returns:
        The public half; readers name it beside the log's own key, as that of a witness.

    Raises:
        LedgerError: if there is one already, or no first.
    """
    read_key(directory, origin)
    if (directory / SECOND_KEY).exists():
        expected = "a ledger without a second key"
        raise LedgerError(fault(Fault.EXISTS, expected=expected, got=SECOND_KEY))
    key = SignerKey(origin, entropy.salts(1)[0], KeyType.ML_DSA_44)
    _write_secret(disk or Disk(), directory / SECOND_KEY, f"{key.encode()}\n".encode())
    return key.verifier()


def read_key(
    directory: Path,
    origin: str = "",
    kinds: Collection[KeyType] = (KeyType.ED25519,),
    *,
    name: str = KEY,
) -> SignerKey:
    """The log's own key.

    Args:
        directory: Where it lies.
        origin: Whose it must be; anybody's when not given.
        kinds: How it may sign.
        name: Of the file.

    Returns:
        The key.

    Raises:
        LedgerError: if it is absent, that of another log, or readable by others.
    """
    path = directory / name
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        expected = "a key (guantong ledger key)"
        raise LedgerError(fault(Fault.KEY, expected=expected, got="no file")) from error
    if mode & 0o077:
        raise LedgerError(fault(Fault.KEY, expected="mode 0600", got=f"{mode:04o}"))
    key = SignerKey.parse(text.strip())
    if origin not in {"", key.name}:
        raise LedgerError(fault(Fault.KEY, expected=origin, got=key.name))
    if key.type not in kinds:
        expected = f"a key of type {' or '.join(f'{kind:02x}' for kind in sorted(kinds))}"
        raise LedgerError(fault(Fault.KEY, expected=expected, got=f"{key.type:02x}"))
    return key


def signed_mark(directory: Path) -> Mark | None:
    """The size and root that were signed last, None when nothing was."""
    path = directory / LAST_SIGNED
    return read_mark(path) if path.exists() else None


class Signer:
    """Signs the states of one ledger. Several processes may; they take turns."""

    def __init__(self, ledger: Ledger, *, disk: Disk | None = None) -> None:
        """Read the key.

        Raises:
            LedgerError: as `read_key`.
        """
        self._ledger = ledger
        self._disk = disk or Disk()
        self._keys = [read_key(ledger.directory, ledger.origin), *_second(ledger)]
        self._turn = threading.Lock()
        self.trust = Trust(self._keys[0].verifier())
        """What a reader must know to believe the log."""

    def sign(self) -> bytes:
        """The signed checkpoint of all that is durable now.

        Returns:
            The note. The same again while nothing was added.

        Raises:
            LedgerError: if the ledger does not continue what was signed before: then nothing
                is signed; or if the disk failed.
        """
        with self._turn, self._alone():
            size = self._ledger.refresh()
            state = Mark(size, self._ledger.root_at(size))
            self._check(state)
            self._remember(state)
            body = Checkpoint(self._ledger.origin, state.size, state.root).encode()
            note = self._again(body) or sign(body, self._keys)
            self._publish(note)
            return note

    def _again(self, body: str) -> bytes | None:
        """The last note, when this body was signed with these keys; ML-DSA never signs the same."""
        last = last_checkpoint(self._ledger.directory)
        try:
            opened = open_note(last or b"", [key.verifier() for key in self._keys])
        except LedgerError:
            return None
        return last if opened.body == body and len(opened.by) == len(self._keys) else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for other processes that sign."""
        path = self._ledger.directory / f"{LAST_SIGNED}.lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _KEY_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise LedgerError(fault(Fault.STOPPED, expected="a disk", got=error)) from error
        finally:
            os.close(fd)

    def _check(self, state: Mark) -> None:
        """Compare with what was signed before."""
        before = signed_mark(self._ledger.directory)
        if before is None:
            return
        if state.size < before.size:
            raise LedgerError(
                fault(Fault.SHRANK, expected=f"{before.size} entries, as signed", got=state.size)
            )
        if self._ledger.root_at(before.size) != before.root:
            expected = f"the root that was signed at {before.size}"
            raise LedgerError(fault(Fault.FORK, expected=expected, got="another"))

    def _remember(self, state: Mark) -> None:
        """Make durable that this is going to be signed."""
        path = self._ledger.directory / LAST_SIGNED
        if not path.exists():
            write_file(self._disk, path, [state.encode()])
            return
        # Also when it stands there already: whoever wrote it may have ended before the sync.
        marks = MarkWriter(self._disk, path)
        try:
            marks.publish(state)
            marks.sync()
        finally:
            marks.close()

    def _publish(self, note: bytes) -> None:
        """Put the note where those read it who cannot sign."""
        path = self._ledger.directory / CHECKPOINT
        if not path.exists() or path.read_bytes() != note:
            write_file(self._disk, path, [note])


def _second(ledger: Ledger) -> list[SignerKey]:
    """The key that signs below the first, when there is one."""
    if not (ledger.directory / SECOND_KEY).exists():
        return []
    kinds = (KeyType.ML_DSA_44,)
    return [read_key(ledger.directory, ledger.origin, kinds, name=SECOND_KEY)]


def last_checkpoint(directory: Path) -> bytes | None:
    """The note that was signed last, None when nothing was."""
    path = directory / CHECKPOINT
    return path.read_bytes() if path.exists() else None


def keep_heard(disk: Disk, directory: Path, note: bytes) -> None:
    """Keep what the writer of a log signed last, in a copy of it: the copy has signed nothing."""
    write_file(disk, directory / HEARD, [note])


def last_heard(directory: Path) -> bytes | None:
    """The last note that is known in a directory, signed there or heard of; None when none is."""
    path = directory / HEARD
    return path.read_bytes() if path.exists() else last_checkpoint(directory)


def sign_on(disk: Disk, directory: Path, note: bytes) -> None:
    """Go on from what another machine signed last, in the directory that takes over from it."""
    signed = Checkpoint.parse(Note.parse(note).body)
    write_file(disk, directory / LAST_SIGNED, [Mark(signed.size, signed.root).encode()])
    write_file(disk, directory / CHECKPOINT, [note])
    disk.remove(directory / HEARD)


def _write_secret(disk: Disk, path: Path, secret: bytes) -> None:
    """Put a file in place that only its owner reads, never open to others meanwhile."""
    draft = path.with_name(f"{path.name}.draft")
    disk.remove(draft)
    fd = disk.create(draft)
    try:
        os.fchmod(fd, _KEY_MODE)
        disk.write(fd, [secret], 0)
        disk.sync(fd)
    finally:
        os.close(fd)
    disk.rename(draft, path)
    disk.sync_directory(path.parent)

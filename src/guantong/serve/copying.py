"""How is an installation saved while it serves, and had again as it was at some size or time?

Both are the copy of a log (`guantong.ledger.pieces`): a backup takes over what was added since
the last one, a restored directory what the backup has up to a point. What is copied is compared
with its digests on the way, and leads to the same root. Neither holds the log's key, and neither
is written to before it takes over (`guantong standby promote`), which a shorter log never does.
"""

from bisect import bisect_right
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from guantong.clock import SystemClock
from guantong.errors import fault
from guantong.ledger import Disk, Fault, Ledger, LedgerError, SystemEntropy
from guantong.ledger.fence import Fence, Role, read_fence
from guantong.ledger.signer import keep_heard, last_heard
from guantong.serve import projector
from guantong.serve.compactor import Compactor
from guantong.serve.world import LEDGER
from guantong.store import SegmentStore
from guantong.store.place import Place


class Copied(NamedTuple):
    """What a copy has now."""

    size: int
    before: int
    """Entries that it had."""
    root: bytes


def back_up(data: Path, out: Path) -> Copied:
    """Bring a backup up to what an installation has now; it may be serving.

    Args:
        data: The installation.
        out: The backup: absent, empty, or an earlier one of the same log.

    Returns:
        What the backup has.

    Raises:
        LedgerError: if it is of another log, or something is not as it was written.
    """
    with reading(data) as source:
        note = last_heard(source.directory)
        copied = _extend(source, out, source.refresh())
        while (late := source.erased_later(copied.size)) is not None:
            # Erased while it was copied: the copy needs the entry that says so.
            later = _extend(source, out, max(late + 1, source.refresh()))
            copied = later._replace(before=copied.before)
        _keep_note(out, note)
    return copied


def restore(backup: Path, out: Path, stop: int | None) -> Copied:
    """Make a directory as an installation was at a size of its ledger.

    Args:
        backup: A backup, or any directory of the log.
        out: The new one: absent or empty.
        stop: The size; None for all.

    Returns:
        What it has.

    Raises:
        LedgerError: if there are fewer entries, or a body among them was erased later.
    """
    with reading(backup) as source:
        size = source.size if stop is None else stop
        late = source.erased_later(size)
        if late is not None:
            raise LedgerError(
                fault(Fault.ERASED, path="size", expected=f"{late + 1} or more", got=size)
            )
        if (out / LEDGER).exists():
            raise LedgerError(fault(Fault.EXISTS, expected="an empty directory", got=out.name))
        copied = _extend(source, out, size)
        _keep_note(out, last_heard(source.directory))
    return copied


def size_at(backup: Path, at_ms: int) -> int:
    """How many entries a log had at a time."""
    with reading(backup) as source:
        entries = range(source.size)
        return bisect_right(entries, at_ms, key=lambda at: source.entry(at).statement.received)


def index_copy(data: Path, place: Place) -> int:
    """Make the index of a directory, or go on with it, beside whoever writes there.

    Returns:
        Entries in it.
    """
    store = SegmentStore.open(place)
    try:
        with reading(data) as ledger, closing(Compactor(store, place)) as compactor:
            while store.projected_size < ledger.refresh():
                for _ in projector.catch_up(ledger, store):
                    compactor.tick()
        store.compact()
        return store.projected_size
    finally:
        store.close()


def reading(data: Path) -> Ledger:
    """The ledger of a directory, beside whoever writes it."""
    place = data / LEDGER
    return Ledger.open(place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True)


def _extend(source: Ledger, out: Path, stop: int) -> Copied:
    """Bring a copy up to a size, making it if there is none."""
    place = out / LEDGER
    if not place.exists():
        epoch = read_fence(source.directory).epoch
        source.beginning().plant(place, Disk(), Fence(Role.COPY, epoch, alone=True))
    clock, entropy = SystemClock(), SystemEntropy()
    with Ledger.open(place, clock=clock, entropy=entropy, role=Role.COPY) as copy:
        before = copy.size
        known = source.root_at(before) if before <= source.size else b""
        if copy.origin != source.origin or copy.root != known:
            expected = f"an earlier state of {source.origin}"
            raise LedgerError(fault(Fault.FORK, expected=expected, got=copy.origin))
        for piece in source.pieces(before, max(before, stop)):
            copy.adopt(piece)
        return Copied(copy.size, before, copy.root)


def _keep_note(out: Path, note: bytes | None) -> None:
    """The last signed checkpoint: what a copy must have that takes over."""
    if note is not None:
        keep_heard(Disk(), out / LEDGER, note)

"""How does a province's log get to others, and what do they believe of it? By checkpoints and proofs, as everywhere.

The log lies in NATS as a static tree (`guantong.serve.stream.tree`), its submissions beside it,
each with the salt by which its statement commits to it. Who takes it over
believes neither NATS nor the province: entries are hashed and compared with what the log signed,
and with what is held already (`guantong.ledger.mirror`); a submission with its statement.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from guantong.errors import fault
from guantong.ledger import Ledger, LedgerError, StatementType
from guantong.ledger.checkpoint import Trust
from guantong.ledger.entropy import SALT_BYTES
from guantong.ledger.export import CHECKPOINT, Exported, put, read_form
from guantong.ledger.faults import Fault
from guantong.ledger.mirror import Fetch, Mirror
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.sealing import ERASED
from guantong.ledger.statement import Statement
from guantong.ledger.tiles import ENTRIES, Tile, read_tile, tiles_of, unpack_entries
from guantong.serve.stream.tree import Tree

BODIES: Final = "bodies"
MARK: Final = "size"
"""File among the bodies: up to which entry they were taken over."""
PART_BYTES: Final = 512 << 10
"""Of a submission, in one file; the last is shorter."""


class Taken(NamedTuple):
    """What became of the submissions of some entries."""

    bodies: int
    """Held now."""
    absent: int
    """Not carried: erased before, or never given."""


def carry(ledger: Ledger, note: bytes, key: VerifierKey, tree: Tree, *, bodies: bool) -> Exported:
    """Put the tree of a checkpoint into NATS, or extend what is there; the checkpoint last.

    Args:
        ledger: Where it comes from.
        note: A checkpoint that this ledger signed.
        key: By which the note is checked.
        tree: Where it goes.
        bodies: Also what was submitted.

    Returns:
        What was put there.

    Raises:
        LedgerError: if there is a state there that this ledger never had.
    """
    trust = Trust(key)
    checkpoint, _ = trust.open(note)
    standing = tree.get(CHECKPOINT)
    before, _ = trust.open(standing) if standing else (None, None)
    known = before.size if before else 0
    if before and (known > checkpoint.size or ledger.root_at(known) != before.root):
        expected = f"a state before {checkpoint.size} entries"
        raise LedgerError(fault(Fault.EXPORT, path=CHECKPOINT, expected=expected, got=known))
    files = 0
    for index in range(known, checkpoint.size):
        files += _carried(ledger, index, tree) if bodies else 0
    for tile in tiles_of(checkpoint.size, before=known, entries=True):
        data = read_tile(ledger, tile)
        tree.put(tile.path(), data, sha256(data).hexdigest())
        files += 1
    tree.put(CHECKPOINT, note, sha256(note).hexdigest())
    return Exported(checkpoint.size, known, files)


def _carried(ledger: Ledger, index: int, tree: Tree) -> int:
    """Carry the body of an entry; and of an erasure, that the one it names goes."""
    statement = ledger.entry(index).statement
    if statement.typ is StatementType.ERASURE:
        tree.drop(f"{BODIES}/{statement.meta[ERASED]}")
    if ledger.erased_by(index) is not None:
        return 0
    opening = ledger.opening(index)
    data = opening.salt + opening.body
    parts = range(0, len(data) + 1, PART_BYTES)
    for at in parts:
        part = data[at : at + PART_BYTES]
        tree.put(f"{BODIES}/{index}/{at // PART_BYTES}", part, statement.doc)
    return len(parts)


def fetch_of(tree: Tree) -> Fetch:
    """Asks a log that lies in NATS."""

    def fetch(path: str) -> bytes:
        data = tree.get(path)
        if data is None:
            expected = "what a log has at this address"
            raise LedgerError(fault(Fault.WITNESS, path=path, expected=expected, got="nothing"))
        return data

    return fetch


def take_bodies(mirror: Mirror, tree: Tree, size: int, place: Path) -> Taken:
    """Take over what was submitted with the entries that a mirror holds, from where it was left.

    What was erased meanwhile is removed here too.

    Args:
        mirror: Holds the entries; they are believed.
        tree: Where the submissions are.
        size: How many entries it holds.
        place: A file for each goes there: salt and body.

    Returns:
        How many are held.

    Raises:
        LedgerError: if one is not what its statement commits to; it is not kept.
    """
    place.mkdir(exist_ok=True)
    mark = place / MARK
    before = int(mark.read_text("ascii")) if mark.exists() else 0
    held = absent = 0
    for index, statement in _statements(mirror, before, size):
        if isinstance(gone := statement.meta.get(ERASED), int):
            (place / str(gone)).unlink(missing_ok=True)
        data = _body(tree, index)
        if len(data) < SALT_BYTES:
            absent += 1
            continue
        if sha256(data).hexdigest() != statement.doc:
            expected = f"what entry {index} commits to"
            raise LedgerError(fault(Fault.DAMAGED, path=BODIES, expected=expected, got="another"))
        put(place / str(index), data)
        held += 1
    put(mark, str(size).encode())
    return Taken(held, absent)


def _statements(mirror: Mirror, before: int, size: int) -> Iterator[tuple[int, Statement]]:
    """The entries from `before` to `size` that a mirror holds."""
    for tile in tiles_of(size, before=before, entries=True):
        if tile.level != ENTRIES:
            continue
        whole = (mirror.tree / tile.path()).is_file()
        form = tile if whole else Tile(ENTRIES, tile.number)
        entries = unpack_entries(read_form(mirror.tree, form), form.width)
        for index, raw in enumerate(entries[: tile.width], tile.start):
            if index >= before:
                yield index, Statement.parse(raw)


def _body(tree: Tree, index: int) -> bytes:
    """Salt and body of an entry, as far as they are there."""
    data = bytearray()
    at = 0
    while (part := tree.get(f"{BODIES}/{index}/{at}")) is not None:
        data += part
        at += 1
        if len(part) < PART_BYTES:
            break
    return bytes(data)

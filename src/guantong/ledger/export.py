"""How does the log leave the house, and is what stands there the log? Static trees of files.

What `export` writes can be put behind any web server: outsiders read it by the addresses of
C2SP tlog-tiles. `audit` reads such a tree with nothing but the log's key: every entry is hashed
and compared with its tile, every tile with the one above, and all of it with the signed root;
then what parties signed is followed from entry to entry.

References:
    C2SP tlog-tiles 0.1.0
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guantong.errors import Fault as Finding
from guantong.errors import fault
from guantong.ledger.chains import Chains
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.ledger import Ledger
from guantong.ledger.merkle import HASH_BYTES, leaf_hash, peaks_of, range_root
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.tiles import (
    ENTRIES,
    HEIGHT,
    WIDTH,
    Tile,
    length_of,
    node_in,
    nodes_from,
    read_tile,
    tiles_of,
    unpack_entries,
)

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "vkey"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    size: int
    """Entries of the tree that stands there now."""
    before: int
    """Entries of the one that stood there."""
    files: int
    """Tiles and bundles that were written."""


def export(
    ledger: Ledger, note: bytes, key: VerifierKey, directory: Path, *, entries: bool = True
) -> Exported:
    """Write the tree of a checkpoint as files, or extend what was written before.

    Tiles come first, the checkpoint last: a reader meanwhile, or a crash, finds a whole tree.

    Args:
        ledger: Where it comes from.
        note: A checkpoint that this ledger signed.
        key: By which the note is checked; written beside it.
        directory: Absent, empty, or written by this before.
        entries: Also the entries; without them only hashes leave the house.

    Returns:
        What was written; nothing when all stood there.

    Raises:
        LedgerError: if something else stands there, or a state this ledger never had.
    """
    trust = Trust(key)
    checkpoint, _ = trust.open(note)
    before = _standing(ledger, trust, checkpoint, directory, entries=entries)
    tiles = list(tiles_of(checkpoint.size, before=before, entries=entries))
    put(directory / VKEY, f"{key.encode()}\n".encode())
    for tile in tiles:
        put(directory / tile.path(), read_tile(ledger, tile))
    if tiles:
        os.sync()
    put(directory / CHECKPOINT, note)
    drop_outgrown(directory, tiles)
    return Exported(checkpoint.size, before, len(tiles))


def _standing(
    ledger: Ledger, trust: Trust, checkpoint: Checkpoint, directory: Path, *, entries: bool
) -> int:
    """The size of the tree that stands in the directory, after comparing it with the ledger."""
    if not directory.exists() or not any(directory.iterdir()):
        return 0
    known = directory / VKEY
    if not known.exists() or known.read_text("utf-8").strip() != trust.log.encode():
        raise LedgerError(fault(Fault.EXPORT, path=VKEY, expected="this log's key", got="another"))
    standing = directory / CHECKPOINT
    if not standing.exists():
        return 0
    before, _ = trust.open(standing.read_bytes())
    if before.size > checkpoint.size or ledger.root_at(before.size) != before.root:
        expected = f"a state before {checkpoint.size} entries"
        raise LedgerError(fault(Fault.EXPORT, path=CHECKPOINT, expected=expected, got=before.size))
    if before.size and entries is not (directory / "tile" / "entries").exists():
        expected = "a tree with entries" if entries else "a tree without entries"
        raise LedgerError(fault(Fault.EXPORT, path="tile", expected=expected, got="the other"))
    return before.size


def put(path: Path, data: bytes) -> None:
    """Put a file in place, whole; nothing when it stands there already."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_bytes(data)
    draft.replace(path)


def drop_outgrown(directory: Path, tiles: list[Tile]) -> None:
    """Remove the partial forms of tiles that are full now."""
    for tile in tiles:
        partial = directory / f"{tile.full().path()}.p"
        if not tile.is_partial and partial.exists():
            shutil.rmtree(partial)


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit looked at, and what is wrong with it."""

    checkpoint: Checkpoint
    """What the log signed."""
    tiles: int
    entries: int
    """Compared, each with its hash; 0 when the tree was exported without."""
    findings: tuple[Finding, ...]
    """Empty when everything is as it was signed; each names the file and what in it."""


def audit(directory: Path, trust: Trust) -> Audited:
    """Compare a static tree with its checkpoint, all of it.

    Args:
        directory: As `export` writes it, or any mirror of a tlog-tiles log.
        trust: The keys it takes.

    Returns:
        What was found; an entry that differs from its hash does not hide what else is wrong.

    Raises:
        LedgerError: if the checkpoint is none that can be believed.
    """
    note = directory / CHECKPOINT
    if not note.exists():
        raise LedgerError(fault(Fault.CHECKPOINT, expected="a checkpoint", got="no file"))
    checkpoint, _ = trust.open(note.read_bytes())
    has_entries = (directory / "tile" / "entries").exists()
    tiles = list(tiles_of(checkpoint.size))
    findings = [found for tile in tiles for found in _audit_tile(directory, tile, checkpoint.size)]
    if not findings:
        findings += _audit_root(directory, checkpoint)
    bundles = [Tile(ENTRIES, tile.number, tile.width) for tile in tiles if tile.level == 0]
    for bundle in bundles if has_entries else ():
        findings += _audit_bundle(directory, bundle)
    if has_entries and not findings:
        findings += _audit_chains(directory, bundles)
    entries = checkpoint.size if has_entries else 0
    return Audited(checkpoint, len(tiles), entries, tuple(findings))


def _audit_tile(directory: Path, tile: Tile, size: int) -> Iterator[Finding]:
    """Compare a tile with the hash that stands for it one level up."""
    data = read_form(directory, tile)
    if len(data) != tile.width * HASH_BYTES:
        yield _differs(tile.path(), f"{tile.width * HASH_BYTES} bytes", len(data))
        return
    if tile.is_partial:
        return
    length = length_of(tile.level + 1, size)
    number = tile.number // WIDTH
    above = Tile(tile.level + 1, number, min(WIDTH, length - number * WIDTH))
    stated = read_form(directory, above)
    at = (tile.number - above.start) * HASH_BYTES
    made = node_in(tile, data, HEIGHT * (tile.level + 1), tile.number)
    if made != stated[at : at + HASH_BYTES]:
        expected = f"hash {tile.number - above.start} of {above.path()}"
        yield _differs(tile.path(), expected, made.hex())


def _audit_root(directory: Path, checkpoint: Checkpoint) -> Iterator[Finding]:
    """Compare the right edge of all levels with the signed root."""
    nodes = nodes_from(lambda tile: read_form(directory, tile), checkpoint.size)
    made = range_root(nodes, 0, checkpoint.size)
    if made != checkpoint.root:
        edge = [tile.path() for tile in tiles_of(checkpoint.size) if tile.is_partial]
        where = ", ".join(edge) if peaks_of(checkpoint.size) else CHECKPOINT
        yield _differs(where or CHECKPOINT, f"the root {checkpoint.root.hex()}", made.hex())


def _audit_bundle(directory: Path, bundle: Tile) -> Iterator[Finding]:
    """Compare entries with the leaves of their tile."""
    leaves = read_form(directory, Tile(0, bundle.number, bundle.width))
    try:
        entries = _entries(directory, bundle)
    except LedgerError as error:
        yield from (found.under(bundle.path()) for found in error.faults)
        return
    for place, entry in enumerate(entries):
        if leaf_hash(entry) != leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES]:
            where = f"{bundle.path()}: entry {bundle.start + place}"
            yield _differs(where, f"what tile/0 hashed at {place}", leaf_hash(entry).hex())


def _audit_chains(directory: Path, bundles: list[Tile]) -> Iterator[Finding]:
    """Follow what parties signed, through entries that are those of the tree."""
    chains = Chains()
    for bundle in bundles:
        for place, entry in enumerate(_entries(directory, bundle)):
            yield from chains.follow(bundle.start + place, entry)


def _entries(directory: Path, bundle: Tile) -> list[bytes]:
    form = bundle if (directory / bundle.path()).is_file() else bundle.full()
    return unpack_entries(read_form(directory, form), form.width)[: bundle.width]


def read_form(directory: Path, tile: Tile) -> bytes:
    """A file of the tree; of tiles the full one stands in for a partial one that was dropped."""
    for form in (tile, tile.full()):
        path = directory / form.path()
        if path.is_file():
            data = path.read_bytes()
            return data if form == tile else data[: tile.width * HASH_BYTES]
    return b""


def _differs(where: str, expected: str, got: object) -> Finding:
    return fault(Fault.DAMAGED, path=where, expected=expected, got=got)

"""Who else holds the whole log? A mirror pulls every entry, hashes it itself, and then signs.

Its signature says more than a witness's: all entries of that tree lie here, durable. It takes
no hash from the log: the tree is made anew from the entries, and what does not lead to the root
that the log signed is not signed here. What it holds is a static tree, as `export` writes it.

References:
    C2SP tlog-tiles 0.1.0; C2SP tlog-cosignature 1.1.0
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guantong.clock import Clock
from guantong.errors import fault
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.export import CHECKPOINT, VKEY, drop_outgrown, put, read_form
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.merkle import EMPTY_ROOT, Levels, NodeOf, leaf_hashes, peaks_of, range_root
from guantong.ledger.note import Note
from guantong.ledger.note_key import COSIGNING, VerifierKey
from guantong.ledger.signer import read_key
from guantong.ledger.split import compare
from guantong.ledger.tiles import ENTRIES, HEIGHT, Tile, nodes_from, tiles_of, unpack_entries

TREE: Final = "tree"
EVIDENCE: Final = "evidence"

Fetch = Callable[[str], bytes]
"""Gives what the log has at an address, such as ``checkpoint`` or ``tile/0/000``."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a pull brought."""

    size: int
    """Entries that are held and signed for."""
    before: int
    """Entries that were held before."""


class Mirror:
    """A copy of one log, with a key of its own."""

    def __init__(
        self, directory: Path, log: VerifierKey, *, clock: Clock, disk: Disk | None = None
    ) -> None:
        """Read the key in `directory`.

        Raises:
            LedgerError: if there is none, or the copy there is of another log.
        """
        self._key = read_key(directory, kinds=COSIGNING)
        self._directory, self._clock, self._disk = directory, clock, disk or Disk()
        self._trust = Trust(log)
        self.key = self._key.verifier()
        """The public half."""
        self.tree = directory / TREE
        """What is held, for any web server."""
        for path in (self.tree, directory / EVIDENCE):
            path.mkdir(exist_ok=True)
        known = self.tree / VKEY
        if known.exists() and known.read_text("utf-8").strip() != log.encode():
            expected = "the key of the log that is held here"
            raise LedgerError(fault(Fault.LOG_UNKNOWN, expected=expected, got=log.encode()))
        put(known, f"{log.encode()}\n".encode())

    def pull(self, fetch: Fetch) -> Mirrored:
        """Take over what was added, and sign for all of it.

        Args:
            fetch: Asks the log; entries included.

        Returns:
            What is held now.

        Raises:
            LedgerError: if the log shows less than is held (`SHRANK`), signed another history
                (`SPLIT`; the evidence is kept), shows entries that do not lead to its root
                (`INCONSISTENT`), or what is held was changed (`DAMAGED`). Nothing is signed.
        """
        with self._alone():
            note = fetch(CHECKPOINT)
            new, _ = self._trust.open(note)
            held = self._held()
            if new.size < held.size:
                expected = f"{held.size} entries, as are held"
                raise LedgerError(fault(Fault.SHRANK, expected=expected, got=new.size))
            node = self._extended(fetch, note, held, new)
            if range_root(node, 0, new.size) != new.root:
                raise self._why_not(fetch, note, new)
            self._settle(node, held, new)
            self._sign(note, new)
            return Mirrored(new.size, held.size)

    def evidence(self) -> list[Path]:
        """Where the evidence of split views lies."""
        return sorted((self._directory / EVIDENCE).glob("*.split.json"))

    def _held(self) -> Checkpoint:
        """What was signed for last; refused when it is no longer what lies here."""
        path = self.tree / CHECKPOINT
        if not path.exists():
            return Checkpoint(self._trust.log.name, 0, EMPTY_ROOT)
        held, _ = Trust(self._trust.log, (self.key,), 1).open(path.read_bytes())
        if range_root(nodes_from(self._tile, held.size), 0, held.size) != held.root:
            expected = f"the tree of {held.size} entries that was signed"
            raise LedgerError(fault(Fault.DAMAGED, path=TREE, expected=expected, got="another"))
        return held

    def _tile(self, tile: Tile) -> bytes:
        return read_form(self.tree, tile)

    def _extended(self, fetch: Fetch, note: bytes, held: Checkpoint, new: Checkpoint) -> NodeOf:
        """Fetch and keep the entries that were added; the nodes over all of them."""
        stored = nodes_from(self._tile, held.size)
        edge = [stored(level, index) for level, index in peaks_of(held.size)]
        levels = Levels(held.size, edge)
        for bundle in tiles_of(new.size, before=held.size, entries=True):
            if bundle.level == ENTRIES:
                data = fetch(bundle.path())
                entries = unpack_entries(data, bundle.width)
                put(self.tree / bundle.path(), data)
                levels.extend(leaf_hashes(entries[levels.size - bundle.start :]))
                if not self._continues(bundle, entries, held):
                    raise self._why_not(fetch, note, new)

        def node(level: int, index: int) -> bytes:
            if (index + 1) << level <= held.size:
                return stored(level, index)
            return levels.node(level, index)

        return node

    def _continues(self, bundle: Tile, entries: list[bytes], held: Checkpoint) -> bool:
        """Of a bundle that was held in part, whether that part is the same."""
        width = held.size - bundle.start
        leaves = b"".join(leaf_hashes(entries[: max(width, 0)]))
        return width <= 0 or leaves == self._tile(Tile(0, bundle.number, width))

    def _why_not(self, fetch: Fetch, note: bytes, new: Checkpoint) -> LedgerError:
        """Whether the log signed two histories, or shows something else than it signed."""
        before = self.tree / CHECKPOINT
        if before.exists():
            nodes = nodes_from(lambda tile: fetch(tile.path()), new.size)
            split = compare(_bare(before.read_bytes(), self.key), note, self._trust, nodes)
            if split is not None:
                kept = split.keep(self._directory / EVIDENCE, self._disk)
                return split.check(self._trust.log).named(kept.name)
        expected = f"entries that lead to the root {new.root.hex()}"
        return LedgerError(fault(Fault.INCONSISTENT, expected=expected, got="others"))

    def _settle(self, node: NodeOf, held: Checkpoint, new: Checkpoint) -> None:
        """Write the hashes; return when entries and hashes are durable."""
        tiles = list(tiles_of(new.size, before=held.size))
        for tile in tiles:
            level = HEIGHT * tile.level
            put(
                self.tree / tile.path(),
                b"".join([node(level, index) for index in range(tile.start, tile.stop)]),
            )
        os.sync()

    def _sign(self, note: bytes, new: Checkpoint) -> None:
        """Sign for what is durable, and say so durably; then drop what it replaces."""
        line = self._key.sign(new.encode(), at_s=self._clock.now_ms() // 1000)
        parsed = Note.parse(note)
        lines = [each for each in parsed.lines if (each.name, each.id) != (line.name, line.id)]
        signed = Note(parsed.body, (*lines, line)).encode()
        write_file(self._disk, self.tree / CHECKPOINT, [signed])
        drop_outgrown(self.tree, list(tiles_of(new.size, entries=True)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for another process that pulls."""
        fd = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise LedgerError(fault(Fault.STOPPED, expected="a disk", got=error)) from error
        finally:
            os.close(fd)


def _bare(note: bytes, mirror: VerifierKey) -> bytes:
    """A note without the mirror's own line: evidence is about what the log signed."""
    parsed = Note.parse(note)
    lines = [line for line in parsed.lines if (line.name, line.id) != (mirror.name, mirror.id)]
    return Note(parsed.body, tuple(lines)).encode()

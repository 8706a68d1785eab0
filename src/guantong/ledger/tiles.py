"""In which pieces do outsiders read the tree? Tiles of 256 hashes, bundles of 256 entries.

No piece is a file: each is cut from the levels of the tree when it is asked for. A tile at
level *l* holds nodes of tree level 8 · *l*; the one at the right edge is partial, and grows
until it is full and never changes again.

>>> Tile(0, 1_234_067, 5).path()
'tile/0/x001/x234/067.p/5'
>>> [tile.path() for tile in tiles_of(256)]
['tile/0/000', 'tile/1/000.p/1']

References:
    C2SP tlog-tiles 0.1.0
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from guantong.errors import fault
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.ledger import Ledger
from guantong.ledger.merkle import HASH_BYTES, NodeOf, node_hash

WIDTH: Final = 256
"""Hashes or entries in a full tile or bundle."""
HEIGHT: Final = 8
"""Levels of the tree between two levels of tiles."""
LEVEL_MAX: Final = 63
ENTRIES: Final = -1
"""The level of entry bundles, below that of the leaves."""
ENTRY_BYTES_MAX: Final = 2**16 - 1
"""Longest entry a bundle can hold."""
_NUMBER_MAX: Final = 2**56
_ENTRIES_WORD: Final = "entries"
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The address of a tile or bundle."""

    level: int
    """0 for leaves, `ENTRIES` for a bundle."""
    number: int
    """Counted from 0 within the level."""
    width: int = WIDTH
    """How many hashes or entries: 1 to 256."""

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read an address.

        Returns:
            The tile.

        Raises:
            LedgerError: if it is none, or not written in the one way it may be.
        """
        found = _PATH.fullmatch(path)
        if found:
            word, width = found["level"], int(found["width"] or WIDTH)
            level = ENTRIES if word == _ENTRIES_WORD else int(word)
            number = int(found["number"].replace("x", "").replace("/", ""))
            tile = cls(level, number, width)
            partial_is_less = found["width"] is None or width < WIDTH
            if level <= LEVEL_MAX and partial_is_less and tile.path() == path:
                return tile
        expected = "tile/<level>/x001/234[.p/<width>]"
        raise LedgerError(fault(Fault.TILE, expected=expected, got=path))

    def path(self) -> str:
        """The address, relative to the log's."""
        level = _ENTRIES_WORD if self.level == ENTRIES else str(self.level)
        digits = f"{self.number:03}"
        digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"tile/{level}/{number}" + (f".p/{self.width}" if self.is_partial else "")

    @property
    def is_partial(self) -> bool:
        """Whether it is not full; such a one may vanish when it is."""
        return self.width < WIDTH

    @property
    def start(self) -> int:
        """First hash or entry of it, counted within its level."""
        return self.number * WIDTH

    @property
    def stop(self) -> int:
        """The hash or entry after its last, counted within its level."""
        return self.start + self.width

    def is_in(self, size: int) -> bool:
        """Whether a tree of `size` entries has all of it."""
        return self.stop <= length_of(self.level, size)

    def full(self) -> "Tile":
        """The full tile in its place."""
        return Tile(self.level, self.number)


def length_of(level: int, size: int) -> int:
    """How many hashes (or entries) a level of tiles has in a tree of `size` entries."""
    return size >> HEIGHT * max(level, 0)


def tiles_of(size: int, *, before: int = 0, entries: bool = False) -> Iterator[Tile]:
    """The tiles of a tree, those at the right edge partial, lowest level first.

    Args:
        size: Entries of the tree.
        before: Leave out what a tree of this size has already.
        entries: Also the bundles, before the tiles.

    Yields:
        Each tile; none is empty.
    """
    level = ENTRIES if entries else 0
    while length := length_of(level, size):
        known = length_of(level, before)
        if known < length:
            for number in range(known // WIDTH, length // WIDTH):
                yield Tile(level, number)
            if length % WIDTH:
                yield Tile(level, length // WIDTH, length % WIDTH)
        level += 1


def read_tile(ledger: Ledger, tile: Tile) -> bytes:
    """The bytes of a tile or bundle.

    Args:
        ledger: Where it is cut from.
        tile: Which one.

    Returns:
        32 bytes for each hash; or each entry after its length in two bytes.

    Raises:
        LedgerError: if the ledger is not that large, or an entry is not what was hashed.
    """
    if not tile.is_in(ledger.size):
        expected = f"a tile of {ledger.size} entries"
        raise LedgerError(fault(Fault.RANGE, expected=expected, got=tile.path()))
    if tile.level == ENTRIES:
        return pack_entries(entry.raw for entry in ledger.entries(tile.start, tile.stop))
    return ledger.nodes(HEIGHT * tile.level, tile.start, tile.stop)


def node_in(tile: Tile, data: bytes, level: int, index: int) -> bytes:
    """A node of the tree out of the tile it lies in or is made from.

    Args:
        tile: As `tile_with` names it.
        data: Its bytes.
        level: Of the tree.
        index: Within that level.

    Returns:
        32 bytes.
    """
    height = level - HEIGHT * tile.level
    start = ((index << height) - tile.start) * HASH_BYTES
    row = data[start : start + (HASH_BYTES << height)]
    hashes = [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = list(map(node_hash, hashes[::2], hashes[1::2]))
    return hashes[0]


def tile_with(level: int, index: int, size: int) -> Tile:
    """The tile from which a node is made, as wide as a tree of `size` entries has it."""
    tile_level = level // HEIGHT
    number = (index << level % HEIGHT) // WIDTH
    return Tile(tile_level, number, min(WIDTH, length_of(tile_level, size) - number * WIDTH))


def nodes_from(fetch: Callable[[Tile], bytes], size: int) -> NodeOf:
    """The nodes of a tree of which there are only tiles: how a reader makes proofs itself.

    Args:
        fetch: Gives the bytes of a tile; asked once for each.
        size: Entries of the tree, as a checkpoint states them.

    Returns:
        The nodes; they are as true as the tiles, so a proof made of them has to be verified.
    """
    fetched = cache(fetch)

    def node(level: int, index: int) -> bytes:
        tile = tile_with(level, index, size)
        return node_in(tile, fetched(tile), level, index)

    return node


def pack_entries(entries: Iterator[bytes]) -> bytes:
    """The bytes of a bundle of these entries."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle.

    Returns:
        `width` entries.

    Raises:
        LedgerError: if there are more or fewer, or the last one breaks off.
    """
    entries, at = list[bytes](), 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != width:
        expected = f"a bundle of {width} entries"
        raise LedgerError(fault(Fault.TILE, expected=expected, got=f"{len(entries)} entries"))
    return entries

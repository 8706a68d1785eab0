"""What is the root of a growing list, and how is that shown to somebody who holds one root?

Pure functions over SHA-256. A tree is seen through `Node`, a function that gives the hash of
the complete subtree ``index`` at ``level``: the one over leaves ``[index << level,
(index + 1) << level)``. Such a node never changes once it exists.

>>> levels = Levels()
>>> levels.extend([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
>>> proof = inclusion_proof(levels.node, 2, 3)
>>> verify_inclusion(leaf_hash(b"c"), 2, 3, proof, levels.root())
True

References:
    RFC 9162, section 2.1
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root over no entries."""

NodeOf = Callable[[int, int], bytes]
"""Gives the hash of complete subtree (level, index)."""


class Nodes(Protocol):
    """A place where nodes are found."""

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree `index` at `level`."""


def leaf_hash(entry: bytes) -> bytes:
    """The leaf hash of one entry: 32 bytes, SHA-256(0x00 || entry).

    Returns:
        The hash.

    References:
        RFC 9162, section 2.1.1
    """
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes of many entries, in order."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: 32 bytes, SHA-256(0x01 || left || right).

    Returns:
        The hash.

    References:
        RFC 9162, section 2.1.1
    """
    return sha256(b"\x01" + left + right).digest()


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling size, leftmost first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in peaks[-2::-1]:
        root = node_hash(peak, root)
    return root


def peaks_of(size: int, start: int = 0) -> list[tuple[int, int]]:
    """The (level, index) of the complete subtrees that cover ``[start, start + size)``.

    `start` must be a multiple of the largest power of two that is at most `size`.

    Returns:
        Pairs of falling level.
    """
    peaks = []
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            peaks.append((level, start >> level))
            start += 1 << level
    return peaks


class Levels:
    """The nodes of a tree that grows to the right, kept in memory from some size on.

    Of what came before, only the right edge is kept: the complete subtrees without a partner,
    which is all that appending needs.
    """

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Begin at `size` entries, with the peaks of that tree as `edge`."""
        self.size = size
        self.firsts = [size >> level & ~1 for level in range(size.bit_length())]
        self.rows: list[list[bytes]] = [[] for _ in self.firsts]
        for (level, _), peak in zip(peaks_of(size), edge, strict=True):
            self.rows[level].append(peak)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes and make every node that is now complete."""
        before, self.size = self.size, self.size + len(leaves)
        level, new = 0, leaves
        while new:
            if level == len(self.rows):
                self.rows.append([])
                self.firsts.append(0)
            row = self.rows[level]
            row += new
            pairs = iter(row[(before >> level & ~1) - self.firsts[level] :])
            new = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=False)
            ]
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree `index` at `level`; it must lie in what is kept."""
        return self.rows[level][index - self.firsts[level]]

    def edge(self, size: int) -> list[bytes]:
        """The peaks of the tree as it was at a size that these nodes began with or reached."""
        return [self.node(level, index) for level, index in peaks_of(size)]

    def peaks(self) -> list[bytes]:
        """The complete subtrees that cover all entries, leftmost first."""
        return self.edge(self.size)

    def root(self) -> bytes:
        """The root over all entries."""
        return fold(self.peaks())


def range_root(node: NodeOf, start: int, stop: int) -> bytes:
    """The root over leaves ``[start, stop)``, as a tree of its own (see `peaks_of`)."""
    return fold([node(level, index) for level, index in peaks_of(stop - start, start)])


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(node: NodeOf, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root over `size` entries, leaf first.

    Returns:
        32 bytes each.

    References:
        RFC 9162, section 2.1.3.1
    """
    path, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(node, middle, stop))
            stop = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: NodeOf, old: int, new: int) -> list[bytes]:
    """The hashes that show the tree of `old` entries to be the beginning of that of `new`.

    Empty when `old` is 0 or equals `new`.

    Returns:
        32 bytes each.

    References:
        RFC 9162, section 2.1.4.1
    """
    if old in {0, new}:
        return []
    path, start, stop = [], 0, new
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(range_root(node, middle, stop))
            stop = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    if start:
        path.append(range_root(node, start, stop))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` shows `leaf` to be entry `index` of the tree of `size` under `root`.

    `leaf` must be hashed from an entry by whoever asks, and `size` stand beside `root` in a
    checkpoint: an inner node passes for a leaf in a smaller tree.

    Returns:
        True only if every step fits.

    References:
        RFC 9162, section 2.1.3.2
    """
    return reached_root(leaf, index, size, proof) == root


def reached_root(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root to which `proof` leads from entry `index` of a tree of `size`.

    Returns:
        32 bytes; None when the proof has not the shape of that place.

    References:
        RFC 9162, section 2.1.3.2
    """
    if not 0 <= index < size or not _hashes(leaf, *proof):
        return None
    place, last, reached = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            reached = node_hash(other, reached)
            place, last = _climb(place, last)
        else:
            reached = node_hash(reached, other)
        place, last = place >> 1, last >> 1
    return reached if last == 0 else None


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows the tree (`old`, `old_root`) to be the beginning of the new one.

    The empty tree is the beginning of every tree, by an empty proof.

    Returns:
        True only if every step fits.

    References:
        RFC 9162, section 2.1.4.2
    """
    if not 0 <= old <= new or not _hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(proof) and _walk(old, new, path) == (old_root, new_root)


def _walk(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots a consistency path leads to, or None when its length is wrong."""
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_root = new_root = path[0]
    for other in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old_root, new_root = node_hash(other, old_root), node_hash(other, new_root)
            place, last = _climb(place, last)
        else:
            new_root = node_hash(new_root, other)
        place, last = place >> 1, last >> 1
    return (old_root, new_root) if last == 0 else None


def _climb(place: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a right edge has no partner."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _hashes(*values: bytes) -> bool:
    """Whether each value has the length of a hash."""
    return all(len(value) == HASH_BYTES for value in values)

"""The tree against a naive oracle that is a transcription of the definitions."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from guantong.ledger.merkle import (
    EMPTY_ROOT,
    Levels,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    range_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parent.parent / "vectors"
SIZE_MAX = 300
ENTRIES = [f"entry {number}".encode() for number in range(SIZE_MAX)]


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


@cache
def oracle_root(start: int, stop: int) -> bytes:
    if start == stop:
        return sha256(b"").digest()
    if stop - start == 1:
        return sha256(b"\x00" + ENTRIES[start]).digest()
    middle = start + split(stop - start)
    return sha256(b"\x01" + oracle_root(start, middle) + oracle_root(middle, stop)).digest()


def oracle_path(index: int, start: int, stop: int) -> list[bytes]:
    if stop - start == 1:
        return []
    middle = start + split(stop - start)
    if index < middle:
        return [*oracle_path(index, start, middle), oracle_root(middle, stop)]
    return [*oracle_path(index, middle, stop), oracle_root(start, middle)]


def oracle_subproof(old: int, start: int, stop: int, *, known: bool) -> list[bytes]:
    if old == stop:
        return [] if known else [oracle_root(start, stop)]
    middle = start + split(stop - start)
    if old <= middle:
        left = oracle_subproof(old, start, middle, known=known)
        return [*left, oracle_root(middle, stop)]
    right = oracle_subproof(old, middle, stop, known=False)
    return [*right, oracle_root(start, middle)]


@pytest.fixture(scope="module")
def tree() -> Levels:
    levels = Levels()
    levels.extend(leaf_hashes(ENTRIES))
    return levels


def vectors(name: str) -> list[Any]:
    rows = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return [pytest.param(row["input"], row["want"], id=row["desc"]) for row in rows]


def hashes(*texts: str) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.parametrize(("given", "want"), vectors("merkle_roots.json"))
def test_root_vectors(given: dict[str, int], want: str) -> None:
    levels = Levels()
    levels.extend(leaf_hashes(ENTRIES[: given["size"]]))
    assert levels.root().hex() == want


@pytest.mark.parametrize(("given", "want"), vectors("merkle_inclusion.json"))
def test_inclusion_vectors(given: dict[str, Any], want: bool) -> None:
    leaf, root = hashes(given["leaf"], given["root"])
    proof = hashes(*given["proof"])
    assert verify_inclusion(leaf, given["index"], given["size"], proof, root) is want


@pytest.mark.parametrize(("given", "want"), vectors("merkle_consistency.json"))
def test_consistency_vectors(given: dict[str, Any], want: bool) -> None:
    before, after = hashes(given["old_root"], given["new_root"])
    proof = hashes(*given["proof"])
    assert verify_consistency(given["old"], given["new"], before, after, proof) is want


def test_empty_root_is_the_hash_of_nothing() -> None:
    assert Levels().root() == EMPTY_ROOT == sha256(b"").digest()


def test_leaf_and_node_hashes_never_meet() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)


def test_every_root_to_300() -> None:
    levels = Levels()
    for size in range(SIZE_MAX + 1):
        assert levels.root() == oracle_root(0, size)
        levels.extend(leaf_hashes(ENTRIES[size : size + 1]))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 300])
def test_batches_of_any_size_give_the_same_nodes(tree: Levels, step: int) -> None:
    levels = Levels()
    for start in range(0, SIZE_MAX, step):
        levels.extend(leaf_hashes(ENTRIES[start : start + step]))
    assert levels.rows == tree.rows


def test_growing_on_from_the_right_edge_alone() -> None:
    for size in range(SIZE_MAX):
        begun = Levels()
        begun.extend(leaf_hashes(ENTRIES[:size]))
        resumed = Levels(size, begun.peaks())
        assert resumed.root() == begun.root()
        resumed.extend(leaf_hashes(ENTRIES[size:]))
        assert resumed.root() == oracle_root(0, SIZE_MAX)


def test_roots_of_older_sizes(tree: Levels) -> None:
    for size in range(SIZE_MAX + 1):
        assert range_root(tree.node, 0, size) == oracle_root(0, size)


def test_every_inclusion_proof_to_300(tree: Levels) -> None:
    for size in range(1, SIZE_MAX + 1):
        root = oracle_root(0, size)
        for index in range(size):
            proof = inclusion_proof(tree.node, index, size)
            assert proof == oracle_path(index, 0, size)
            assert verify_inclusion(leaf_hash(ENTRIES[index]), index, size, proof, root)


def test_every_consistency_proof_to_300(tree: Levels) -> None:
    for new in range(SIZE_MAX + 1):
        for old in range(new + 1):
            proof = consistency_proof(tree.node, old, new)
            assert proof == (oracle_subproof(old, 0, new, known=True) if old else [])
            assert verify_consistency(old, new, oracle_root(0, old), oracle_root(0, new), proof)


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 0x80])


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """Every proof that differs a little: a bit, one less, one more, two changed over."""
    ways = [proof[:at] + [flipped(proof[at])] + proof[at + 1 :] for at in range(len(proof))]
    ways += [proof[:at] + proof[at + 1 :] for at in range(len(proof))]
    ways += [[*proof[:at], EMPTY_ROOT, *proof[at:]] for at in range(len(proof) + 1)]
    ways += [
        proof[:at] + proof[at : at + 2][::-1] + proof[at + 2 :] for at in range(len(proof) - 1)
    ]
    return ways


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 16, 21, 33])
def test_no_spoiled_inclusion_proof_passes(tree: Levels, size: int) -> None:
    root = oracle_root(0, size)
    for index in range(size):
        leaf, proof = leaf_hash(ENTRIES[index]), inclusion_proof(tree.node, index, size)
        assert not verify_inclusion(flipped(leaf), index, size, proof, root)
        assert not verify_inclusion(leaf, index, size, proof, flipped(root))
        for wrong in set(range(size + 1)) - {index}:
            assert not verify_inclusion(leaf, wrong, size, proof, root)
        for way in spoiled(proof):
            assert not verify_inclusion(leaf, index, size, way, root)


@pytest.mark.parametrize("new", [2, 3, 5, 8, 13, 16, 21, 33])
def test_no_spoiled_consistency_proof_passes(tree: Levels, new: int) -> None:
    after = oracle_root(0, new)
    for old in range(1, new):
        before, proof = oracle_root(0, old), consistency_proof(tree.node, old, new)
        assert not verify_consistency(old, new, flipped(before), after, proof)
        assert not verify_consistency(old, new, before, flipped(after), proof)
        for wrong in set(range(new + 1)) - {old}:
            assert not verify_consistency(wrong, new, before, after, proof)
        for way in spoiled(proof):
            assert not verify_consistency(old, new, before, after, way)

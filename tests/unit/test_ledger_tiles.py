"""Tiles and bundles beside a naive recomputation, and the log's word about them."""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Ledger,
    LedgerError,
    SeededEntropy,
    StatementType,
    Submission,
    verify_consistency,
    verify_inclusion,
)
from guantong.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash
from guantong.ledger.tiles import (
    ENTRIES,
    ENTRY_BYTES_MAX,
    WIDTH,
    Tile,
    nodes_from,
    pack_entries,
    read_tile,
    tiles_of,
    unpack_entries,
)

VECTORS = Path(__file__).parent.parent / "vectors"
SIZE_MAX = 300


def rows(name: str, kind: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text("utf-8"))
    return [pytest.param(row["input"], row[kind], id=row["desc"]) for row in found if kind in row]


def submission(number: int) -> Submission:
    return Submission(typ=StatementType.CAPTURE, by="party", body=b"%d" % number, n=1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = tmp_path_factory.mktemp("tiles") / "ledger"
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("tiles")}
    with Ledger.create(directory, "ledger.example/tiles", segment_bytes=20_000, **options) as made:
        for start in range(0, SIZE_MAX, 7):
            made.append([submission(number) for number in range(start, min(start + 7, SIZE_MAX))])
        yield made


@pytest.mark.parametrize(("given", "want"), rows("tiles_paths.json", "want"))
def test_an_address_is_read_and_written(given: str, want: dict[str, int]) -> None:
    tile = Tile.parse(given)
    assert {"level": tile.level, "number": tile.number, "width": tile.width} == want
    assert tile.path() == given


@pytest.mark.parametrize(("given", "fault"), rows("tiles_paths.json", "fault"))
def test_what_is_no_address_is_refused(given: str, fault: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        Tile.parse(given)
    assert [found.code for found in refusal.value.faults] == [fault]


@pytest.mark.parametrize(("given", "want"), rows("tiles_of_sizes.json", "want"))
def test_the_tiles_of_a_tree(given: dict[str, int], want: dict[str, Any]) -> None:
    paths = [tile.path() for tile in tiles_of(given["size"], entries=True)]
    assert len(paths) == want["count"]
    assert [path for path in paths if ".p/" in path] == want["partial"]


@pytest.mark.parametrize("after", [0, 1, 255, 256, 257, 300, 511, 512, 65_536, 65_800])
def test_what_a_grown_tree_has_more(after: int) -> None:
    for before in {0, 1, 200, 255, 256, 300, 512, 65_535, after} & set(range(after + 1)):
        grown, known = set(tiles_of(after, entries=True)), set(tiles_of(before, entries=True))
        assert set(tiles_of(after, before=before, entries=True)) == grown - known


def test_every_tile_of_every_size_is_that_of_the_definition(ledger: Ledger) -> None:
    leaves = [leaf_hash(entry.raw) for entry in ledger.entries(0, SIZE_MAX)]

    @cache
    def root(start: int, stop: int) -> bytes:
        if stop - start == 1:
            return leaves[start]
        half = 1
        while half * 2 < stop - start:
            half *= 2
        halves = root(start, start + half) + root(start + half, stop)
        return sha256(b"\x01" + halves).digest()

    for size in range(1, SIZE_MAX + 1):
        for tile in tiles_of(size):
            span = WIDTH**tile.level
            parts = [root(i * span, (i + 1) * span) for i in range(tile.start, tile.stop)]
            assert 1 <= tile.width <= WIDTH
            assert read_tile(ledger, tile) == b"".join(parts), (size, tile)


def test_every_bundle_of_every_size_holds_its_entries(ledger: Ledger) -> None:
    raw = [entry.raw for entry in ledger.entries(0, SIZE_MAX)]
    for size in range(1, SIZE_MAX + 1):
        for tile in tiles_of(size, entries=True):
            if tile.level == ENTRIES:
                held = unpack_entries(read_tile(ledger, tile), tile.width)
                assert held == raw[tile.start : tile.stop]


@pytest.mark.full
def test_every_proof_of_every_size_can_be_made_from_tiles_alone(ledger: Ledger) -> None:
    leaves = [leaf_hash(entry.raw) for entry in ledger.entries(0, SIZE_MAX)]
    roots = [ledger.root_at(size) for size in range(SIZE_MAX + 1)]
    for size in range(1, SIZE_MAX + 1):
        node = cache(nodes_from(lambda tile: read_tile(ledger, tile), size))
        for index in range(size):
            proof = inclusion_proof(node, index, size)
            assert verify_inclusion(leaves[index], index, size, proof, roots[size])
            proof = consistency_proof(node, index, size)
            assert verify_consistency(index, size, roots[index], roots[size], proof)


@pytest.mark.parametrize(
    "tile",
    [
        Tile(0, 1, 45),
        Tile(0, 2, 1),
        Tile(0, 1),
        Tile(1, 0, 2),
        Tile(1, 0),
        Tile(2, 0, 1),
        Tile(63, 0, 1),
        Tile(ENTRIES, 1, 45),
        Tile(ENTRIES, 10**9),
    ],
    ids=Tile.path,
)
def test_there_are_no_tiles_beyond_the_tree(ledger: Ledger, tile: Tile) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.range"):
        read_tile(ledger, tile)


def test_the_longest_and_the_shortest_entry_fit() -> None:
    entries = [b"", b"x" * ENTRY_BYTES_MAX, b"\x00"]
    assert unpack_entries(pack_entries(iter(entries)), 3) == entries


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"", 1),
        (b"\x00\x01a", 2),
        (b"\x00\x01a\x00\x01b", 1),
        (b"\x00\x02a", 1),
        (b"\x00", 1),
        (b"\x00\x01a\x00", 1),
    ],
)
def test_a_bundle_of_another_number_or_broken_off_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.tile"):
        unpack_entries(data, width)

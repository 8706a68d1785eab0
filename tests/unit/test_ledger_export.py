"""Static trees: what is written, what is extended, and what an audit finds in them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import Ledger, LedgerError, SeededEntropy, StatementType, Submission
from guantong.ledger.export import Audited, Exported, audit, export
from guantong.ledger.merkle import HASH_BYTES
from guantong.ledger.note import Note
from guantong.ledger.note_key import SignerKey
from guantong.ledger.signer import Signer, create_key
from guantong.ledger.tiles import pack_entries, read_tile, tiles_of, unpack_entries

ORIGIN = "ledger.example/export"
SIZE = 600


def append(ledger: Ledger, count: int) -> None:
    ledger.append(
        [Submission(typ=StatementType.CAPTURE, by="p", body=b"%d" % n) for n in range(count)]
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("export")}
    with Ledger.create(tmp_path / "ledger", ORIGIN, **options) as made:
        create_key(made.directory, ORIGIN, entropy=SeededEntropy("key"))
        append(made, SIZE)
        yield made


def exported(ledger: Ledger, directory: Path, *, entries: bool = True) -> Exported:
    signer = Signer(ledger)
    return export(ledger, signer.sign(), signer.trust.log, directory, entries=entries)


def audited(ledger: Ledger, directory: Path) -> Audited:
    return audit(directory, Signer(ledger).trust)


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("entries", [True, False])
def test_what_stands_there_is_the_tree(ledger: Ledger, tmp_path: Path, *, entries: bool) -> None:
    done = exported(ledger, tmp_path / "out", entries=entries)
    tiles = {t.path(): read_tile(ledger, t) for t in tiles_of(SIZE, entries=entries)}
    found = files(tmp_path / "out")
    assert found.pop("vkey").decode().strip() == Signer(ledger).trust.log.encode()
    assert Signer(ledger).trust.open(found.pop("checkpoint"))[0].size == SIZE
    assert found == tiles
    assert done == Exported(SIZE, 0, len(tiles))
    assert audited(ledger, tmp_path / "out").findings == ()


def test_again_writes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    exported(ledger, tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert exported(ledger, tmp_path / "out") == Exported(SIZE, SIZE, 0)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == times


def test_an_older_tree_is_extended_to_what_a_new_one_would_be(
    ledger: Ledger, tmp_path: Path
) -> None:
    for count in (1, 100, 67, 1, 255, 300):
        exported(ledger, tmp_path / "out")
        append(ledger, count)
    exported(ledger, tmp_path / "out")
    exported(ledger, tmp_path / "new")
    grown, new = files(tmp_path / "out"), files(tmp_path / "new")
    assert {path: grown[path] for path in new} == new
    # What is left over are partial tiles of sizes that were published, never of full ones.
    assert all(".p/" in path for path in grown.keys() - new.keys())
    assert not [path for path in grown if ".p/" in path and path.partition(".p/")[0] in grown]
    assert audited(ledger, tmp_path / "out").findings == ()


def test_an_empty_ledger_is_exported_too(tmp_path: Path) -> None:
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("empty")}
    with Ledger.create(tmp_path / "ledger", ORIGIN, **options) as empty:
        create_key(empty.directory, ORIGIN, entropy=SeededEntropy("key"))
        assert exported(empty, tmp_path / "out") == Exported(0, 0, 0)
        assert set(files(tmp_path / "out")) == {"checkpoint", "vkey"}
        assert audited(empty, tmp_path / "out").findings == ()
        append(empty, 1)
        assert exported(empty, tmp_path / "out").size == 1
        assert audited(empty, tmp_path / "out").findings == ()


def test_a_tree_that_was_begun_and_not_finished_is_finished(ledger: Ledger, tmp_path: Path) -> None:
    exported(ledger, tmp_path / "out")
    (tmp_path / "out" / "checkpoint").unlink()
    shutil.rmtree(tmp_path / "out" / "tile" / "1")
    exported(ledger, tmp_path / "out")
    assert audited(ledger, tmp_path / "out").findings == ()


def foreign(place: Path, ledger: Ledger) -> None:
    place.mkdir()
    (place / "thesis.txt").write_text("mine")


def other_log(place: Path, ledger: Ledger) -> None:
    exported(ledger, place)
    (place / "vkey").write_text(SignerKey(ORIGIN, bytes(32)).verifier().encode())


def larger(place: Path, ledger: Ledger) -> None:
    exported(ledger, place)
    _resign(place, ledger, lambda body: body.replace(f"\n{SIZE}\n", f"\n{SIZE + 9}\n"))


def forked(place: Path, ledger: Ledger) -> None:
    exported(ledger, place)
    _resign(place, ledger, lambda body: body.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n"))


def without_entries(place: Path, ledger: Ledger) -> None:
    exported(ledger, place, entries=False)


def _resign(place: Path, ledger: Ledger, change: Callable[[str], str]) -> None:
    """Sign another text with the log's own key, as a thief or a rival copy could."""
    key = SignerKey.parse((ledger.directory / "key").read_text().strip())
    body = change(Note.parse((place / "checkpoint").read_bytes()).body)
    (place / "checkpoint").write_bytes(Note(body, (key.sign(body),)).encode())


@pytest.mark.parametrize("stands", [foreign, other_log, larger, forked, without_entries])
def test_nothing_is_written_over_something_else(
    ledger: Ledger, tmp_path: Path, stands: Callable[[Path, Ledger], None]
) -> None:
    stands(tmp_path / "out", ledger)
    before = files(tmp_path / "out")
    with pytest.raises(LedgerError, match=r"ledger\.export"):
        exported(ledger, tmp_path / "out")
    assert files(tmp_path / "out") == before


# What an audit finds. Each story changes one thing, and is told by the place it names.


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def entry_flipped(out: Path) -> None:
    flip(out / "tile/entries/001", 5_000)


def entry_replaced(out: Path) -> None:
    path = out / "tile/entries/000"
    entries = unpack_entries(path.read_bytes(), 256)
    entries[17] = b'{"by":"somebody else"}'
    path.write_bytes(pack_entries(iter(entries)))


def entry_removed(out: Path) -> None:
    path = out / "tile/entries/002.p/88"
    entries = unpack_entries(path.read_bytes(), 88)
    path.write_bytes(pack_entries(iter(entries[:-1])))


def entries_swapped(out: Path) -> None:
    path = out / "tile/entries/000"
    entries = unpack_entries(path.read_bytes(), 256)
    entries[3], entries[4] = entries[4], entries[3]
    path.write_bytes(pack_entries(iter(entries)))


def bundle_removed(out: Path) -> None:
    (out / "tile/entries/001").unlink()


def leaf_flipped(out: Path) -> None:
    flip(out / "tile/0/001", 40 * HASH_BYTES)


def edge_flipped(out: Path) -> None:
    flip(out / "tile/0/002.p/88", 40 * HASH_BYTES)


def upper_flipped(out: Path) -> None:
    flip(out / "tile/1/000.p/2", HASH_BYTES)


def tile_removed(out: Path) -> None:
    (out / "tile/0/000").unlink()


def tile_cut(out: Path) -> None:
    path = out / "tile/0/000"
    path.write_bytes(path.read_bytes()[:-HASH_BYTES])


STORIES: list[tuple[Callable[[Path], None], list[str]]] = [
    (entry_flipped, ["tile/entries/001: entry 288"]),
    (entry_replaced, ["tile/entries/000: entry 17"]),
    (entry_removed, ["tile/entries/002.p/88"]),
    (entries_swapped, ["tile/entries/000: entry 3", "tile/entries/000: entry 4"]),
    (bundle_removed, ["tile/entries/001"]),
    (leaf_flipped, ["tile/0/001", "tile/entries/001: entry 296"]),
    (edge_flipped, ["tile/0/002.p/88, tile/1/000.p/2", "tile/entries/002.p/88: entry 552"]),
    (upper_flipped, ["tile/0/001"]),
    (tile_removed, ["tile/0/000"]),
    (tile_cut, ["tile/0/000"]),
]


@pytest.mark.parametrize(("change", "named"), STORIES, ids=[s[0].__name__ for s in STORIES])
def test_an_audit_names_what_differs(
    ledger: Ledger, tmp_path: Path, change: Callable[[Path], None], named: list[str]
) -> None:
    exported(ledger, tmp_path / "out")
    change(tmp_path / "out")
    places = [found.path for found in audited(ledger, tmp_path / "out").findings]
    assert places[: len(named)] == named


@pytest.mark.parametrize("change", [leaf_flipped, edge_flipped, upper_flipped, tile_removed])
def test_tiles_alone_are_enough_to_find_a_changed_tile(
    ledger: Ledger, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    exported(ledger, tmp_path / "out", entries=False)
    change(tmp_path / "out")
    seen = audited(ledger, tmp_path / "out")
    assert seen.findings
    assert seen.entries == 0


def test_a_history_that_was_rewritten_whole_is_found_by_the_signed_root(
    ledger: Ledger, tmp_path: Path
) -> None:
    exported(ledger, tmp_path / "out")
    options: dict[str, Any] = {"clock": SetClock(1), "entropy": SeededEntropy("rewritten")}
    with Ledger.create(tmp_path / "rival", ORIGIN, **options) as rival:
        append(rival, SIZE)
        for tile in tiles_of(SIZE, entries=True):
            (tmp_path / "out" / tile.path()).write_bytes(read_tile(rival, tile))
    places = [found.path for found in audited(ledger, tmp_path / "out").findings]
    assert places == ["tile/0/002.p/88, tile/1/000.p/2"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda out: (out / "checkpoint").unlink(), "ledger.checkpoint"),
        (lambda out: flip(out / "checkpoint", 23), "ledger.note_signature"),
        (lambda out: (out / "checkpoint").write_bytes(b""), "ledger.note"),
    ],
    ids=["removed", "size edited", "emptied"],
)
def test_a_tree_without_a_checkpoint_to_believe_is_refused(
    ledger: Ledger, tmp_path: Path, change: Callable[[Path], None], code: str
) -> None:
    exported(ledger, tmp_path / "out")
    change(tmp_path / "out")
    with pytest.raises(LedgerError) as refusal:
        audited(ledger, tmp_path / "out")
    assert [found.code for found in refusal.value.faults] == [code]

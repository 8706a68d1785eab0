"""How do large runs of hashes become one, in small pieces, beside a writer?

Built like blocks: a plan, pieces from any process, each piece one short transaction. The new run
is hidden until its last page is there; then it takes the place of the others at once, and their
pages are removed little by little.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from guantong.store.engine import Handle
from guantong.store.hashes import (
    DROPPED,
    HIDDEN,
    MERGED_AT_ONCE,
    PAGES_AT_ONCE,
    RUNS_MAX,
    Ints,
    bits_for,
    paged,
)
from guantong.store.packing import Columns, unpack


@dataclass(frozen=True, slots=True)
class Merge:
    """Runs of one kind and level that become one."""

    kind: int
    level: int
    runs: tuple[tuple[int, int], ...]
    """Number and bits of each."""
    keys: int


@dataclass(frozen=True, slots=True)
class NewPages:
    """Pages of a run that is hidden still."""

    kind: int
    is_first: bool
    pages: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class NewRun:
    """The hidden run takes the place of others."""

    kind: int
    level: int
    bits: int
    keys: int
    replaced: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OldPages:
    """Pages of a run that was replaced."""

    run: int
    pages: tuple[int, ...]
    is_last: bool


Piece: TypeAlias = NewPages | NewRun | OldPages


def due(db: Handle) -> Iterator[Merge]:
    """Levels with too many runs, above those that are merged when they are written."""
    sql = "SELECT DISTINCT kind, level FROM hash_run WHERE level >= ? ORDER BY kind, level DESC"
    seen: set[int] = set()
    for kind, level in db.execute(sql, (MERGED_AT_ONCE,)).fetchall():
        sql = "SELECT no, bits, keys FROM hash_run WHERE kind = ? AND level = ?"
        runs = db.execute(sql, (kind, level)).fetchall()
        if len(runs) > RUNS_MAX and kind not in seen:
            seen.add(kind)  # one at a time: there is one hidden run for each kind
            parts = tuple((no, bits) for no, bits, _ in runs)
            yield Merge(kind, level, parts, sum(keys for *_, keys in runs))


def built(db: Handle, merge: Merge) -> Iterator[Piece]:
    """The pieces of a merge, in order; the pages that are no longer needed come last."""
    bits, is_first = bits_for(merge.keys), True
    least = min(own for _, own in merge.runs)
    for prefix in range(1 << least):
        with db.snapshot():
            keys, numbers = _under(db, merge.runs, prefix, least)
        made = list(paged(bits, keys, numbers)) if len(keys) else []
        for low in range(0, len(made), PAGES_AT_ONCE):
            yield NewPages(merge.kind, is_first, tuple(made[low : low + PAGES_AT_ONCE]))
            is_first = False
    replaced = tuple(run for run, _ in merge.runs)
    yield NewRun(merge.kind, merge.level + 1, bits, merge.keys, replaced)
    yield from removed(db, replaced)


def removed(db: Handle, runs: Sequence[int]) -> Iterator[OldPages]:
    """The pieces that remove some runs."""
    for run in runs:
        sql = "SELECT page FROM hash_page WHERE run = ?"
        pages = [page for (page,) in db.execute(sql, (run,)).fetchall()]
        for low in range(0, len(pages), PAGES_AT_ONCE):
            part = tuple(pages[low : low + PAGES_AT_ONCE])
            yield OldPages(run, part, is_last=low + PAGES_AT_ONCE >= len(pages))


def dropped(db: Handle) -> list[int]:
    """Runs whose pages an earlier compaction did not get to remove."""
    found = db.execute("SELECT no FROM hash_run WHERE level = ?", (DROPPED,))
    return [run for (run,) in found]


def _under(
    db: Handle, runs: Sequence[tuple[int, int]], prefix: int, least: int
) -> tuple[Ints, Ints]:
    """What runs hold of the keys with these upper `least` bits, sorted."""
    parts: list[Columns] = []
    for run, bits in runs:
        low, high = prefix << (bits - least), (prefix + 1) << (bits - least)
        sql = "SELECT data FROM hash_page WHERE run = ? AND page >= ? AND page < ?"
        parts += [unpack(data)[0] for (data,) in db.execute(sql, (run, low, high))]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = np.concatenate([part[0] for part in parts])
    numbers = np.concatenate([part[1] for part in parts])
    order = np.argsort(keys, kind="stable")
    return keys[order], numbers[order]


def install(db: Handle, piece: Piece) -> None:
    """Put one piece in place; within the caller's transaction."""
    match piece:
        case NewPages():
            run = _hidden(db, piece)
            rows = [(run, page, data) for page, data in piece.pages]
            db.insert("hash_page", rows)
        case NewRun():
            db.execute(
                "UPDATE hash_run SET level = ?, bits = ?, keys = ? WHERE kind = ? AND level = ?",
                (piece.level, piece.bits, piece.keys, piece.kind, HIDDEN),
            )
            sql = "UPDATE hash_run SET level = ? WHERE no = ?"
            db.executemany(sql, [(DROPPED, run) for run in piece.replaced])
        case OldPages():
            sql = "DELETE FROM hash_page WHERE run = ? AND page = ?"
            db.executemany(sql, [(piece.run, page) for page in piece.pages])
            if piece.is_last:
                db.execute("DELETE FROM hash_run WHERE no = ?", (piece.run,))


def _hidden(db: Handle, piece: NewPages) -> int:
    """The hidden run of a kind; a new one for the first piece, instead of one left over."""
    sql = "SELECT no FROM hash_run WHERE kind = ? AND level = ?"
    found = db.execute(sql, (piece.kind, HIDDEN)).fetchone()
    if piece.is_first and found is not None:
        db.execute("DELETE FROM hash_page WHERE run = ?", found)
        db.execute("DELETE FROM hash_run WHERE no = ?", found)
    if piece.is_first or found is None:
        sql = "INSERT INTO hash_run(kind, level, bits, keys) VALUES(?,?,0,0) RETURNING no"
        found = db.execute(sql, (piece.kind, HIDDEN)).fetchone()
    return int(found[0])

"""How does what is new become compact, without stopping anybody?

A plan fixes which rows of `hot` are moved: those of events up to a number, which no longer
change. Blocks and joined segments are built from it, in any process; each extent is installed
in one transaction that removes the rows and puts the block, so that no reader sees a row twice
or not at all. A plan that is dropped half way leaves nothing to mend.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store import block as blocks
from guantong.store import hash_merge
from guantong.store.block import ROW_COLUMNS, Block
from guantong.store.directory import RUN_BITS, RUNS_MAX
from guantong.store.engine import Handle
from guantong.store.hash_merge import Merge
from guantong.store.numbering import BITS, MASK
from guantong.store.reading import Reader
from guantong.store.segment import encode
from guantong.store.writing import SEGMENT_MAX, together, zone

Ints: TypeAlias = NDArray[np.int64]

EXTENTS_AT_ONCE: Final = 64
"""Built from one reading of `hot`."""
SEGMENT_MIN: Final = 1_024
"""Events in a segment that is left as it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be moved."""

    last_event: int
    """Rows of events up to this one."""
    extents: tuple[int, ...]
    """That have such rows, in order."""
    segments: tuple[tuple[tuple[int, int], ...], ...]
    """Neighbours that become one: first event and size of each."""
    merges: tuple[Merge, ...] = ()
    """Runs of hashes that become one."""
    dropped: tuple[int, ...] = ()
    """Runs of hashes that were replaced and are there still."""


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A run of an extent, with what it replaces."""

    extent: int
    run: int
    replaced: tuple[int, ...]
    """Keys of blocks that are in it."""
    n: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NewSegment:
    """Neighbours as one."""

    replaced: tuple[tuple[int, int], ...]
    """First event and size of each, in order."""
    zone: tuple[int | bytes, ...]
    data: bytes


Piece: TypeAlias = NewBlock | NewSegment | hash_merge.Piece
"""What is installed at once."""


def plan(db: Handle) -> Plan:
    """All that may be moved now."""
    with db.snapshot():
        (last,) = db.execute("SELECT events FROM progress").fetchone()
        sql = f"SELECT DISTINCT item >> {BITS} FROM hot WHERE event <= ?"
        extents = sorted(extent for (extent,) in db.execute(sql, (last,)))
        runs = tuple(hash_merge.due(db)), tuple(hash_merge.dropped(db))
        return Plan(last, tuple(extents), tuple(_neighbours(db)), *runs)


def _neighbours(db: Handle) -> Iterator[tuple[tuple[int, int], ...]]:
    """Small segments beside each other, together of a fair size or the last ones."""
    group: list[tuple[int, int]] = []
    sql = "SELECT first, n FROM segment WHERE n < ? ORDER BY first"
    for first, n in db.execute(sql, (SEGMENT_MIN,)).fetchall():
        held = sum(size for _, size in group)
        if group and (first != group[0][0] + held or held + n > SEGMENT_MAX):
            if len(group) > 1:
                yield tuple(group)
            group = []
        group.append((first, n))
    if len(group) > 1:
        yield tuple(group)


def built(db: Handle, reader: Reader, planned: Plan) -> Iterator[Piece]:
    """What a plan asks for, piece by piece, as the index is when each is read.

    Args:
        db: Only read.
        reader: Of the same handle.
        planned: Made by `plan` on this index, not yet installed.

    Yields:
        Pieces for `install`, in order.
    """
    for low in range(0, len(planned.extents), EXTENTS_AT_ONCE):
        chosen = planned.extents[low : low + EXTENTS_AT_ONCE]
        with db.snapshot():
            made = list(_new_blocks(db, reader, chosen, planned.last_event))
        yield from made
    for neighbours in planned.segments:
        with db.snapshot():
            segment = together([reader.segment(*one) for one in neighbours])
        yield NewSegment(neighbours, zone(segment, reader.text), encode(segment))
    yield from hash_merge.removed(db, planned.dropped)
    for merge in planned.merges:
        yield from hash_merge.built(db, merge)


def _new_blocks(
    db: Handle, reader: Reader, extents: Sequence[int], last_event: int
) -> Iterator[NewBlock]:
    sql = (
        "SELECT item, count, role, unit, quantity, event FROM hot "
        "WHERE item BETWEEN ? AND ? AND event <= ? ORDER BY item, event, role, seq"
    )
    rows: list[tuple[int, ...]] = []
    for extent in extents:
        rows += db.execute(sql, (extent << BITS, extent << BITS | MASK, last_event)).fetchall()
    if not rows:
        return
    *own, event = np.array(rows, np.int64).T
    columns = dict(zip(ROW_COLUMNS, own, strict=True)) | reader.event_columns(event)
    starts = np.searchsorted(columns["item"], [extent << BITS for extent in extents])
    ends = np.append(starts[1:], len(event))
    for extent, start, end in zip(extents, starts.tolist(), ends.tolist(), strict=True):
        part = {name: column[start:end] for name, column in columns.items()}
        part["item"] = part["item"] & MASK
        if end > start:
            yield _new_block(db, reader, extent, blocks.of_columns(part))


def _new_block(db: Handle, reader: Reader, extent: int, made: Block) -> NewBlock:
    """A run of its own, or with all earlier ones when there are many."""
    low = extent << RUN_BITS
    sql = "SELECT key FROM block WHERE key BETWEEN ? AND ?"
    keys = tuple(key for (key,) in db.execute(sql, (low, low | 0xFF)))
    if len(keys) < RUNS_MAX:
        run = 1 + max((key & 0xFF for key in keys), default=-1)
        return NewBlock(extent, run, (), len(made), blocks.encode(made))
    whole = blocks.merged([*reader.blocks_of(extent), made])
    return NewBlock(extent, 0, keys, len(whole), blocks.encode(whole))


def install(db: Handle, pieces: Sequence[Piece], last: int) -> None:
    """Put pieces of a plan in the place of what they were built from.

    Args:
        db: The writer's handle.
        pieces: All in one transaction.
        last: `Plan.last_event`.

    Raises:
        StoreError: if the disk does not let it; nothing of `pieces` is installed then.
    """
    with db.transaction():
        for piece in pieces:
            if isinstance(piece, NewBlock):
                _install_block(db, piece, last)
            elif isinstance(piece, NewSegment):
                _install_segment(db, piece)
            else:
                hash_merge.install(db, piece)


def _install_block(db: Handle, piece: NewBlock, last: int) -> None:
    low = piece.extent << BITS
    sql = "DELETE FROM hot WHERE item BETWEEN ? AND ? AND event <= ?"
    moved = db.execute(sql, (low, low | MASK, last)).rowcount
    db.executemany("DELETE FROM block WHERE key = ?", [(key,) for key in piece.replaced])
    sql = "UPDATE progress SET hot = hot - ?, generation = generation + 1 RETURNING generation"
    (generation,) = db.execute(sql, (moved,)).fetchone()
    key = piece.extent << RUN_BITS | piece.run
    db.insert("block", [(key, generation, piece.n, piece.data)])


def _install_segment(db: Handle, piece: NewSegment) -> None:
    db.executemany("DELETE FROM segment WHERE first = ? AND n = ?", piece.replaced)
    db.insert("segment", [(*piece.zone, piece.data)])
    # By it a reader sees that other segments are there now.
    db.execute("UPDATE progress SET generation = generation + 1")


def run(db: Handle, reader: Reader) -> None:
    """Plan, build and install in this thread, some pieces at a time."""
    planned = plan(db)
    batch: list[Piece] = []
    for piece in built(db, reader, planned):
        batch.append(piece)
        if len(batch) == EXTENTS_AT_ONCE:
            install(db, batch, planned.last_event)
            batch = []
    install(db, batch, planned.last_event)

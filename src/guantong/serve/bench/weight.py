"""How many bytes does an installation take, and which of its tables take them?

Nobody else may have the installation open. What is not packed yet is packed first: how much that
was depends on the moment, and it is gone soon.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from guantong.serve.world import INDEX, LEDGER
from guantong.store import SegmentStore

LEAST: Final = 0.005
"""Bytes a row of a table that is not told."""


class Weight(NamedTuple):
    """Bytes on the disk."""

    file: int
    """Of the index, with room that is free in it."""
    used: int
    """Of the index without that room."""
    ledger: int


def settle(data: Path) -> int:
    """Pack what waits to be packed; gives how many rows waited."""
    with closing(SegmentStore.open(data / INDEX)) as store:
        waited = store.hot_rows
        store.compact()
        return waited


def of(data: Path) -> Weight:
    """What the files of an installation take."""
    ledger = _bytes(data / LEDGER)
    index = _bytes(data) - ledger
    return Weight(index, index - _free(data / INDEX), ledger)


def figures(data: Path, rows: int) -> dict[str, Any]:
    """The same by row of the market."""
    weight = of(data)
    return {
        "bytes_per_row": round(weight.file / rows, 2),
        "ledger_bytes_per_row": round(weight.ledger / rows, 2),
        "index_bytes": weight.file,
        "index_free_bytes": weight.file - weight.used,
        "ledger_bytes": weight.ledger,
    }


def tables(data: Path, rows: int) -> dict[str, float]:
    """Bytes a row of each table and index, the largest first; empty where SQLite can not tell."""
    sql = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC"
    with closing(_opened(data / INDEX)) as db, suppress(sqlite3.OperationalError):
        found = {name: round(size / rows, 2) for name, size in db.execute(sql)}
        return {name: part for name, part in found.items() if part > LEAST}
    return {}


def _free(index: Path) -> int:
    with closing(_opened(index)) as db:
        (pages,) = db.execute("PRAGMA freelist_count").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)


def _opened(index: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro", uri=True)


def _bytes(place: Path) -> int:
    # An -shm file is memory that SQLite shares, and holds nothing.
    files = (it for it in place.rglob("*") if it.is_file() and not it.name.endswith("-shm"))
    return sum(it.stat().st_blocks * 512 for it in files)

"""How are files opened whose rows nothing else holds? Beside the ledger, each commit on the disk."""

import sqlite3
from pathlib import Path
from typing import Final

BUSY_SECONDS: Final = 30.0
"""Longest wait for another process that has the file."""


def open_beside(file: Path, schema: str) -> sqlite3.Connection:
    """Open a file, empty if there is none.

    Args:
        file: Where it lies.
        schema: Statements that make its tables where they are not there.

    Returns:
        A connection that any thread may use, one at a time; what was removed is overwritten.
    """
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    # Unlike the index, nothing else holds these rows: each commit waits for the disk.
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.executescript(schema)
    return db

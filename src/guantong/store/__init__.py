"""Find it again.

The store is an index over ledger and vault: it can be dropped and rebuilt, and then gives the
same answers. Its door is `guantong.store.door.Store`; behind it stands `guantong.store.rows`,
a plain row store in SQLite (one row per item and event), which also serves as the oracle for
any faster one. State (holder, container, disposition) is derived by the readers, never kept.
"""

from guantong.store.door import (
    EventFilter,
    Fact,
    Fault,
    Happening,
    Indexed,
    Role,
    Store,
    Stored,
    StoreError,
)
from guantong.store.rows import RowStore

__all__ = [
    "EventFilter",
    "Fact",
    "Fault",
    "Happening",
    "Indexed",
    "Role",
    "RowStore",
    "Store",
    "StoreError",
    "Stored",
]

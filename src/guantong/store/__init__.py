"""Find it again.

The store is an index over ledger and vault: it can be dropped and rebuilt, and then gives the
same answers. Its door is `guantong.store.door.Store`, with `guantong.store.columns.ColumnStore` for
questions about many items at once; behind it stands `guantong.store.segments` (ranges of items
and compressed blocks, in a file or in PostgreSQL). `guantong.store.rows`, one row per item and event, gives the
same answers slowly and is what it is compared with. State (holder, container, disposition) is derived by the readers; what
they found out is kept as of an event (`guantong.store.holdings`), and can be dropped too.
"""

from guantong.store.door import (
    EventFilter,
    Fact,
    Fault,
    Filed,
    Happening,
    Histories,
    Indexed,
    Near,
    Role,
    Spread,
    Store,
    Stored,
    StoreError,
)
from guantong.store.every import all_facts
from guantong.store.recall import Memory, Noted, Reached, Recalling, Watched, remembered
from guantong.store.rows import RowStore
from guantong.store.segments import SegmentStore

__all__ = [
    "EventFilter",
    "Fact",
    "Fault",
    "Filed",
    "Happening",
    "Histories",
    "Indexed",
    "Memory",
    "Near",
    "Noted",
    "Reached",
    "Recalling",
    "Role",
    "RowStore",
    "SegmentStore",
    "Spread",
    "Store",
    "StoreError",
    "Stored",
    "Watched",
    "all_facts",
    "remembered",
]

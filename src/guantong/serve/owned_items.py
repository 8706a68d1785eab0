"""Which items does a holder have of a recall? Computed once for each scope, for all who ask."""

import threading
from typing import Final

from guantong import parties, recall
from guantong.clock import Clock
from guantong.recall import Fixed, Owned
from guantong.serve.readers import Readers
from guantong.store.recent import Recent

SCOPES: Final = 4
"""Scopes remembered."""


class OwnedItems:
    """The items of holders."""

    def __init__(self, readers: Readers, clock: Clock) -> None:
        """Over an index."""
        self._readers = readers
        self._clock = clock
        self._turn = threading.Lock()
        self._known: Recent[int, Owned] = Recent(SCOPES)

    def of(self, entry: int, fixed: Fixed, party: str) -> list[str] | None:
        """What a holder has.

        Args:
            entry: Of the step that fixed the scope.
            fixed: The scope.
            party: The holder.

        Returns:
            Ranges and items; None of a scope that is too large.
        """
        with self._turn:
            found = self._known.get(entry)
            if found is None:
                found = self._read(fixed)
                self._known.put(entry, found)
        return found.ranges.get(party, []) if found.is_told else None

    def _read(self, fixed: Fixed) -> Owned:
        with self._readers.lend() as store:
            firm_of = parties.Register(store).firm_of
            return recall.owned_in(store, fixed, now_ms=self._clock.now_ms(), firm_of=firm_of)

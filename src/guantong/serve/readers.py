"""Who reads the index meanwhile? Handles for reading, each lent to one question at a time.

Statements on one SQLite handle share a snapshot: as long as any of them is at work, all of them
see what the first one saw. With one handle for all threads a question could miss what had been
acknowledged, for as long as others went on asking.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from guantong.serve.kept import NOTING
from guantong.store import Memory, Recalling, SegmentStore
from guantong.store.place import Place


class Readers:
    """Read-only handles on one index; there are as many as there are questions at once."""

    def __init__(self, index: Place) -> None:
        """Open none yet."""
        self._index = index
        self._idle: list[Recalling] = []
        self.memory = Memory()

    @contextmanager
    def borrow(self) -> Iterator[Recalling]:
        """A handle nobody else uses, without a look how far the index is.

        Yields:
            The handle.
        """
        try:
            store = self._idle.pop()  # atomic, as is append
        except IndexError:
            store = self._opened()
        try:
            yield store
        finally:
            store.noted = None
            self._idle.append(store)

    @contextmanager
    def lend(self) -> Iterator[Recalling]:
        """A handle nobody else uses, as new as the index now; it is taken back afterwards.

        Yields:
            The handle.
        """
        note = NOTING.get()
        with self.borrow() as store:
            if note is None:
                _ = store.reached
            else:
                note.begin(store)
            yield store

    def close(self) -> None:
        """Let go of the file; nobody asks any more."""
        while self._idle:
            self._idle.pop().close()

    def _opened(self) -> Recalling:
        return Recalling(SegmentStore.open(self._index, read_only=True), self.memory)

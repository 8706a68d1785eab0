"""Which answers need not be found again? Those that nothing newer bears on.

An answer is kept with what it was read from: items, facts, and the instants at which its meaning
changes by itself (a new day; an event that is a day older). It is given again only after a look
at the index, so that it is always the one that would be found now.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from guantong.store import Memory, Noted, Reached, Recalling
from guantong.store.recent import Recent
from guantong.store.room import part_of

V = TypeVar("V")

DAY_MS: Final = 86_400_000
CHINA_MS: Final = 8 * 3_600_000
"""How far the Chinese day begins before that of UTC."""
BYTES_MAX: Final = 48 << 20
"""Bytes of answers kept in one half of the memory."""
PART_BYTES: Final = 150
"""About what the note of one item or fact takes."""
PARTS_MAX: Final = 200
"""Items an answer may rest on and still be kept: looking whether they changed must stay cheap."""


class Scanned(NamedTuple):
    """An item that somebody scanned."""

    item: str
    """Canonical URI."""
    known: bool
    """Whether anything is known about it here."""


@dataclass(slots=True)
class Noting:
    """What is read for one answer, from its beginning on."""

    noted: Noted = field(default_factory=Noted)
    generation: int = -1
    """Of the memory of facts, before anything was read."""
    reached: Reached | None = None
    """How far the index went at the first look; None while nothing was read."""
    scanned: Scanned | None = None
    """What was scanned, when the answer is about one item."""

    def begin(self, store: Recalling) -> None:
        """Note what is read from a handle from here on; the first look counts."""
        generation = store.memory.generation  # before the look: what comes meanwhile makes it old
        reached = store.reached
        if self.reached is None:
            self.generation, self.reached = generation, reached
        store.noted = self.noted


NOTING: ContextVar[Noting | None] = ContextVar("NOTING", default=None)
"""Where questions of this task note what they read, None for nowhere."""


@contextmanager
def noting() -> Iterator[Noting]:
    """Note what all questions inside read.

    Yields:
        The note.
    """
    note = Noting()
    token = NOTING.set(note)
    try:
        yield note
    finally:
        NOTING.reset(token)


@dataclass(slots=True)
class Kept(Generic[V]):
    """An answer and how long it stays true."""

    value: V
    items: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    since_ms: int
    until_ms: int
    generation: int
    reached: Reached
    """So far it is known to be true."""

    def holds(self, memory: Memory, store: Recalling, now_ms: int) -> bool:
        """Whether the same would be answered now, by one look at the index."""
        if not self.since_ms <= now_ms < self.until_ms:
            return False
        generation = memory.generation
        reached = store.reached
        if reached == self.reached:
            return True
        if not memory.is_fresh(self.generation, self.facts):
            return False
        before = self.reached.event
        if self.items and reached.event > before and store.store.touched(self.items, after=before):
            return False
        self.generation, self.reached = generation, reached
        return True


class Answers(Generic[V]):
    """Answers by what was asked; a bounded memory."""

    def __init__(self, memory: Memory, bytes_max: int = BYTES_MAX) -> None:
        """Begin empty, over the memory of facts that the handles share."""
        self._memory = memory
        self._recent: Recent[object, Kept[V]] = Recent(part_of(bytes_max))

    def get(self, key: object, store: Recalling, now_ms: int) -> Kept[V] | None:
        """The answer kept under a key, None when there is none that holds."""
        kept = self._recent.get(key)
        return kept if kept is not None and kept.holds(self._memory, store, now_ms) else None

    def put(self, key: object, value: V, note: Noting, now_ms: int, weight: int) -> None:
        """Keep an answer, if that can be done.

        Args:
            key: What was asked.
            value: The answer.
            note: What was read for it.
            now_ms: A moment before it was begun.
            weight: Its bytes.
        """
        noted = note.noted
        if note.reached is None or noted.whole or len(noted.items) > PARTS_MAX:
            return
        times = [stored.event.time_ms for stored in noted.events.values()]
        kept = Kept(
            value,
            tuple(noted.items),
            tuple(noted.facts),
            now_ms,
            next_change(now_ms, times),
            note.generation,
            note.reached,
        )
        parts = len(kept.items) + len(kept.facts)
        self._recent.put(key, kept, weight + PART_BYTES * (1 + parts))


def next_change(now_ms: int, times: Iterable[int]) -> int:
    """When something may be said otherwise though nothing was captured.

    Args:
        now_ms: The present.
        times: When the events were that it is said of.

    Returns:
        The next beginning of a day in China, or of one more day since (or before) an event.
    """
    begins = [-CHINA_MS, *times]
    return min(now_ms + DAY_MS - (now_ms - time) % DAY_MS for time in begins)

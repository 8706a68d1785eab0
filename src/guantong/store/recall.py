"""What need not be read again? A store's door with a memory of what has not changed.

Facts are asked for much more often than they change: those of a product are the same for all its
items. They are kept until a newer fact bears on the same kind and key, which the index tells by
its number, so that an answer from memory is always the one the index would give.

A handle can also note what a question depends on, so that a finished answer can be kept for as
long as it stays true (see `Noted`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import NamedTuple, Protocol, TypeVar, cast

from guantong.store.door import EventFilter, Fact, Happening, Histories, Indexed, Store, Stored
from guantong.store.recent import Recent

V = TypeVar("V")

FACTS_MAX = 100_000
"""Facts kept in one half of the memory, and keys remembered as changed."""

DERIVED_MAX = 50_000
"""What followed from facts and rows, kept in one half of the memory: values and what they rest on."""

TURN_SECONDS = 10.0
"""Longest wait for another question that looks for the same."""

UNWATCHED = ("submission",)
"""Kinds of facts that come with every document; they are asked for in the index each time."""

Asked = tuple[str, str]
"""A kind of fact and a key."""


class Reached(NamedTuple):
    """How far an index goes, in one look."""

    size: int
    """Ledger entries in it."""
    event: int
    """Number of its last event, 0 for none."""
    fact: int
    """Number of its last fact, 0 for none."""


class Watched(Store, Protocol):
    """A store that tells cheaply what is new in it."""

    @property
    def reached(self) -> Reached:
        """How far it goes."""

    def facts_after(self, number: int, *, without: Collection[str]) -> list[Fact]:
        """Facts with a greater number, but not of these kinds."""

    def touched(self, items: Collection[str], *, after: int) -> bool:
        """Whether any of these items takes part in an event with a greater number."""

    def still(self) -> AbstractContextManager[None]:
        """Everything read inside stands as of one moment, whatever others write meanwhile."""

    def close(self) -> None:
        """Let go of the file."""


class Known(NamedTuple):
    """Facts as they were read."""

    generation: int
    facts: tuple[Fact, ...]


@dataclass(slots=True)
class Derived:
    """What followed from facts and rows, and how far it is known to be so."""

    value: object
    items: tuple[str, ...]
    facts: tuple[Asked, ...]
    made: Reached
    """It was found in an index that went so far."""
    record_ms: int
    """The last receipt of an event it rests on: after it, nothing depends on the present."""
    generation: int
    event: int
    """No newer event up to this one bears on it."""


class Memory:
    """What all handles on one index remember together."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.facts: Recent[tuple[str, tuple[str, ...]], Known] = Recent(FACTS_MAX)
        self.derived: Recent[object, Derived] = Recent(DERIVED_MAX)
        self.generation = 0
        """Raised when facts came that somebody may have read."""
        self._reached: Reached | None = None
        self._changed: dict[Asked, int] = {}
        self._floor = 0
        self._lock = Lock()
        self._turns: dict[object, tuple[RLock, int]] = {}

    def catch_up(self, store: Watched) -> Reached:
        """Look how far the index goes, and forget what is no longer so."""
        reached = store.reached
        if reached != self._reached:
            with self._lock:
                self._learn(store, reached)
        return reached

    @contextmanager
    def turn(self, key: object) -> Iterator[None]:
        """One at a time for a key: what one question finds, those that wait for it need not look for.

        Yields:
            Once it is this one's turn, or after `TURN_SECONDS` all the same.
        """
        with self._lock:
            lock, count = self._turns.get(key) or (RLock(), 0)
            self._turns[key] = lock, count + 1
        # Two that wait for each other, each half way, end it so.
        has_turn = lock.acquire(timeout=TURN_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                lock.release()
            with self._lock:
                count = self._turns[key][1] - 1
                if count:
                    self._turns[key] = lock, count
                else:
                    del self._turns[key]

    def _learn(self, store: Watched, reached: Reached) -> None:
        before = self._reached
        if before is not None and reached.fact > before.fact:
            new = store.facts_after(before.fact, without=UNWATCHED)
            if new:
                self._forget(new)
        if before is None or reached.size > before.size:
            self._reached = reached

    def _forget(self, new: Iterable[Fact]) -> None:
        # A question that began before keeps its lower generation, so what it read is not trusted.
        generation = self.generation + 1
        for fact in new:
            for key in (fact.key, *fact.links):
                self._changed[fact.kind, key] = generation
        if len(self._changed) > FACTS_MAX:
            self._floor, self._changed = generation, {}
        self.generation = generation

    def is_fresh(self, generation: int, asked: Iterable[Asked]) -> bool:
        """Whether no fact came about any of these since a generation."""
        if generation == self.generation:
            return True
        changed = self._changed
        return generation >= self._floor and all(changed.get(one, 0) <= generation for one in asked)


@dataclass(slots=True)
class Noted:
    """What a question read, so that its answer can be kept while none of it changes."""

    items: set[str] = field(default_factory=set)
    """Items whose rows it read, also those without any."""
    facts: set[Asked] = field(default_factory=set)
    """Facts it asked for."""
    events: dict[int, Stored] = field(default_factory=dict)
    """Events in those rows: what they mean may change as time goes by."""
    whole: bool = False
    """It looked through something that can not be watched: any new entry may change it."""


class Recalling:
    """The door of `guantong.store.door.Store` over a handle, with the memory of all handles."""

    def __init__(self, store: Watched, memory: Memory) -> None:
        """Put the memory before a handle that nobody else uses meanwhile."""
        self.store = store
        self.memory = memory
        self.noted: Noted | None = None
        """Where to note what is read, None for not."""
        self._still: tuple[Reached, int] | None = None
        """Inside of `still`: how far the index goes, and a generation that is no newer."""

    @contextmanager
    def still(self) -> Iterator[None]:
        """Everything read inside stands as of one moment: looked up once, seen whole.

        Yields:
            Nothing.
        """
        # Before the moment: others may learn meanwhile of facts that are not in it.
        generation = self.memory.generation
        with self.store.still():
            self._still = self.memory.catch_up(self.store), generation
            try:
                yield
            finally:
                self._still = None

    @property
    def reached(self) -> Reached:
        """How far the index goes; from here on the memory is as new as that."""
        return self.memory.catch_up(self.store) if self._still is None else self._still[0]

    @property
    def projected_size(self) -> int:
        """How many ledger entries are in the index."""
        return self.reached.size

    def append(self, documents: Sequence[Indexed]) -> None:
        """Index these entries in one transaction, together with the new `projected_size`."""
        self.store.append(documents)

    def history(self, item: str, *, as_of: int | None = None) -> list[Happening]:
        """Every part an item took in an event, by event time, arrival breaking ties."""
        return self.rows_of((item,), as_of=as_of).get(item, [])

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None, used: bool = True
    ) -> Mapping[str, list[Happening]]:
        """`history` of many items at once; items without any have no key."""
        items = set(items)
        found = self.store.rows_of(items, as_of=as_of, used=used)
        if self.noted is not None:
            self.noted.items |= items
            for rows in found.values():
                self.noted.events.update((row.stored.no, row.stored) for row in rows)
        return found

    def inputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role INPUT or CHILD."""
        return self.store.inputs(events)

    def outputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role OUTPUT or PARENT."""
        return self.store.outputs(events)

    def scan_events(
        self,
        wanted: EventFilter,
        *,
        after: tuple[int, int] | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> list[Stored]:
        """Events by (record time, number), from just after the key `after`, at most `limit`."""
        self._note_whole()
        return self.store.scan_events(wanted, after=after, limit=limit, as_of=as_of)

    def items_of(
        self, class_uri: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[str]:
        """Items and lots of a class seen in any event, in text order from just after `after`."""
        self._note_whole()
        return self.store.items_of(class_uri, after=after, limit=limit, as_of=as_of)

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""
        if kind in UNWATCHED:
            self._note_whole()
            return self.store.facts(kind, keys, as_of=as_of)
        wanted = tuple(dict.fromkeys(keys))
        if self.noted is not None:
            self.noted.facts.update((kind, key) for key in wanted)
        known = self._known(kind, wanted)
        if as_of is None or not known or known[-1].entry < as_of:
            return list(known)
        return [fact for fact in known if fact.entry < as_of]

    def _known(self, kind: str, keys: tuple[str, ...]) -> tuple[Fact, ...]:
        memory = self.memory
        known = memory.facts.get((kind, keys))
        asked = ((kind, key) for key in keys)
        if known is None or not memory.is_fresh(known.generation, asked):
            # Of before reading: what comes meanwhile makes it old.
            generation = memory.generation if self._still is None else self._still[1]
            known = Known(generation, tuple(self.store.facts(kind, keys)))
            memory.facts.put((kind, keys), known, 1 + len(known.facts))
        return known.facts

    def is_now(self, as_of: int | None) -> bool:
        """Whether a question is inside of `still`, and for all there is at that moment."""
        return self._still is not None and as_of in {None, self._still[0].size}

    def remembered(
        self,
        key: object,
        make: Callable[[], V],
        now_ms: int | None,
        weigh: Callable[[V], int] | None = None,
    ) -> V:
        """What `make` gives now, inside of `still`.

        Args:
            key: Names the value.
            make: Reads it through this handle; what it gives must not be changed.
            now_ms: The present, None if it depends on facts only.
            weigh: How much a value weighs beside what it rests on, None for nothing.

        Returns:
            What was made before, if nothing it was made of has changed.
        """
        assert self._still is not None
        known = self._known_derived(key, now_ms)
        if known is None:
            with self.memory.turn(key):
                known = self._known_derived(key, now_ms)
                if known is None:
                    known = self._derive(key, make, now_ms, weigh)
        if self.noted is not None:
            self.noted.items.update(known.items)
            self.noted.facts.update(known.facts)
        return cast("V", known.value)

    def _known_derived(self, key: object, now_ms: int | None) -> Derived | None:
        known: Derived | None = self.memory.derived.get(key)
        return known if known is not None and self._holds(known, now_ms) else None

    def _holds(self, known: Derived, now_ms: int | None) -> bool:
        assert self._still is not None
        reached, memory = self._still[0], self.memory
        if known.made.size > reached.size or (now_ms is not None and now_ms < known.record_ms):
            return False  # found later than this moment, or in a present that is still to come
        generation = self._still[1]
        if not memory.is_fresh(known.generation, known.facts):
            return False
        if reached.event > known.event:
            if known.items and self.store.touched(known.items, after=known.event):
                return False
            known.event = reached.event
        known.generation = max(known.generation, generation)
        return True

    def _derive(
        self,
        key: object,
        make: Callable[[], V],
        now_ms: int | None,
        weigh: Callable[[V], int] | None,
    ) -> Derived:
        assert self._still is not None
        reached, generation = self._still
        outer, self.noted = self.noted, Noted()
        noted = self.noted
        try:
            value = make()
        finally:
            self.noted = outer
        record_ms = max((stored.record_ms for stored in noted.events.values()), default=0)
        items, facts = tuple(noted.items), tuple(noted.facts)
        made = Derived(value, items, facts, reached, record_ms, generation, reached.event)
        in_time = record_ms == 0 or (now_ms is not None and now_ms >= record_ms)
        if in_time and not noted.whole:
            weight = 1 + len(items) + len(facts) + (weigh(value) if weigh else 0)
            self.memory.derived.put(key, made, weight)
        elif outer is not None:
            outer.whole = outer.whole or noted.whole
            outer.events |= noted.events
        return made

    def fact_kinds(self) -> list[str]:
        """Kinds of which there are facts, in text order."""
        return self.store.fact_kinds()

    def scan_facts(
        self, kind: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""
        self._note_whole()
        return self.store.scan_facts(kind, after=after, limit=limit, as_of=as_of)

    def known_ids(self, by: str, ids: Collection[str]) -> set[str]:
        """Which of these event ids this party has already captured."""
        self._note_whole()
        return self.store.known_ids(by, ids)

    def known_among(self, wanted: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """As `known_ids` for several parties at once."""
        self._note_whole()
        return self.store.known_among(wanted)

    def counts(self) -> dict[str, int]:
        """``entries``, ``events``, ``rows``, ``facts`` in the index."""
        self._note_whole()
        return self.store.counts()

    def compact(self) -> None:
        """Spend time now so that later reading is cheaper; changes no answer."""
        self.store.compact()

    def close(self) -> None:
        """Let go of the handle; the memory stays."""
        self.store.close()

    def _note_whole(self) -> None:
        if self.noted is not None:
            self.noted.whole = True


def remembered(
    store: Histories,
    key: object,
    make: Callable[[], V],
    *,
    as_of: int | None = None,
    now_ms: int | None = None,
    weigh: Callable[[V], int] | None = None,
) -> V:
    """What `make` reads from a store, not read again while nothing of it has changed.

    Args:
        store: Where it is read; one without a memory is always asked.
        key: Names the value; says all that `make` depends on beside the store and the present.
        make: Reads it through `store`, as of `as_of`; what it gives must not be changed.
        as_of: Ledger size, None for now.
        now_ms: The present, None if it depends on facts only.
        weigh: How much a value weighs beside what it rests on, None for nothing.

    Returns:
        The value.
    """
    if isinstance(store, Recalling) and store.is_now(as_of):
        return store.remembered(key, make, now_ms, weigh)
    return make()

"""The segment store: ranges of items, compressed blocks, events as columns, in one SQL database.

Its size and its cost grow with batches, not with items; see docs/decisions/0013. The row store
(`guantong.store.rows`) answers the same questions slowly and is what it is compared with.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store import codebook, compaction, facts, hashes, holdings, numbering, terms, writing
from guantong.store.columns import Ranges, Rows, Span
from guantong.store.compaction import Piece, Plan
from guantong.store.door import EventFilter, Fact, Happening, Indexed, Role, Stored
from guantong.store.engine import Handle, Version, bound
from guantong.store.hashes import keys_of
from guantong.store.holdings import Finding, Found, Known, Marks, Until
from guantong.store.numbering import BITS, MASK, Numbering
from guantong.store.outgoing import Outgoing
from guantong.store.place import Place, open_place
from guantong.store.reading import Reader
from guantong.store.recall import Reached
from guantong.store.scanning import Scanner
from guantong.store.terms import Terms
from guantong.store.writing import Writer

Ints: TypeAlias = NDArray[np.int64]

VERSION: Final = 7
"""Layout of the tables; another number means: drop them and rebuild."""

SCHEMA: Final = "".join(
    part.SCHEMA for part in (terms, numbering, codebook, hashes, writing, facts, holdings)
)


class SegmentStore:
    """The doors of `guantong.store.door` and `guantong.store.columns` over one index."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self._terms = Terms(db)
        self._numbering = Numbering(db)
        self._facts = facts.Facts(db)
        self._holdings = holdings.Holdings(db)
        self._writer = Writer(db, self._terms, self._numbering, self._facts)
        self._reader = Reader(db, self._terms, self._numbering)
        self._scanner = Scanner(db, self._reader, self._terms, self._writer.ids)
        self._seen: Version = ()
        self._reached = Reached(0, 0, 0)
        self._listed: tuple[tuple[str, int], list[str]] = (("", -1), [])
        db.when_lost(self._forget)

    @classmethod
    def open(cls, place: Place, *, read_only: bool = False) -> Self:
        """Open an index, making an empty one if there is none; see `open_place`."""
        return cls(open_place(place, SCHEMA, VERSION, read_only=read_only))

    def still(self) -> AbstractContextManager[None]:
        """Everything read inside stands as of one moment, whatever others write meanwhile."""
        return self._reader.directory.still()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # What is known of the whole

    @property
    def projected_size(self) -> int:
        """How many ledger entries are in the index."""
        return int(self._db.execute("SELECT projected_size FROM progress").fetchone()[0])

    @property
    def reached(self) -> Reached:
        """How far it goes: entries, last event and last fact, in one look."""
        db = self._db
        seen = db.version()
        # In a transaction that writes it may still be undone.
        lasts = self._reader.directory.is_still or not db.in_transaction
        if seen == self._seen and lasts:
            return self._reached
        with db.snapshot():
            sql = "SELECT projected_size, events FROM progress"
            size, event = db.execute(sql).fetchone()
            reached = Reached(size, event, self._facts.last_number())
        if lasts:
            self._seen, self._reached = seen, reached
        return reached

    def facts_after(self, number: int, *, without: Collection[str]) -> list[Fact]:
        """Facts with a greater number, but not of these kinds."""
        return self._facts.after(number, without)

    def touched(self, items: Collection[str], *, after: int) -> bool:
        """Whether any of these items takes part in an event with a greater number."""
        with self._db.snapshot():
            numbers = self._numbering.of_texts(list(items)).tolist()
            return any(self._reader.is_in_after(n, after) for n in numbers if n >= 0)

    @property
    def last_said(self) -> tuple[int, str, int] | None:
        """Ledger index, party and record time of the last entry that left something here.

        By it an index is recognised as that of a ledger; None while it holds nothing.
        """
        with self._db.snapshot():
            (events,) = self._db.execute("SELECT events FROM progress").fetchone()
            said = [self._facts.last()]
            if events:
                last = self._reader.stored(events)
                said.append((last.entry, last.by, last.record_ms))
            return max((one for one in said if one is not None), default=None)

    @property
    def hot_rows(self) -> int:
        """How many rows wait to be moved into blocks."""
        return int(self._db.execute("SELECT hot FROM progress").fetchone()[0])

    def counts(self) -> dict[str, int]:
        """``entries``, ``events``, ``rows``, ``facts`` in the index."""
        with self._db.snapshot():
            sql = "SELECT projected_size, events, rows FROM progress"
            entries, events, rows = self._db.execute(sql).fetchone()
            return {
                "entries": entries,
                "events": events,
                "rows": rows,
                "facts": self._facts.count(),
            }

    # What changes it

    def append(self, documents: Sequence[Indexed]) -> None:
        """Index these entries in one transaction, together with the new `projected_size`.

        Args:
            documents: In ledger order, the first one at `projected_size`.

        Raises:
            StoreError: if an entry is missing or comes twice, or the disk is full; nothing is
                stored then.
        """
        try:
            with self._db.transaction():
                self._writer.write(documents)
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Drop what is in memory: a transaction was undone, or the index is another."""
        for part in (self._writer, self._reader, self._scanner):
            part.forget()
        self._seen = ()
        self._listed = ("", -1), []

    def plan(self) -> tuple[Plan, Iterator[Piece]]:
        """What may be compacted now, and its pieces, built as they are taken."""
        planned = compaction.plan(self._db)
        return planned, compaction.built(self._db, self._reader, planned)

    def install(self, pieces: Sequence[Piece], last_event: int) -> None:
        """Put pieces of a plan in place; `last_event` is the plan's.

        Raises:
            StoreError: if the disk does not let it; nothing of `pieces` is installed then.
        """
        compaction.install(self._db, pieces, last_event)

    @property
    def extents(self) -> int:
        """How many extents were opened; they are numbered from 1 without a gap."""
        return self.outgoing.last_extent()

    @property
    def holding_until(self) -> Until:
        """How far what is kept of items holds."""
        return self._holdings.until

    def recorded_ms(self, event: int) -> int:
        """Record time of an event."""
        with self._db.snapshot():
            return self._reader.stored(event).record_ms

    def holdings(self, ranges: Ranges, new: Marks) -> Known:
        """What is kept of the extents of some items, but where it rests on one of the names `new`."""
        with self._db.snapshot():
            return self._holdings.of(ranges, new)

    def lots_in(self, items: Ranges) -> Ints:
        """Lots among some items after which something was named when it was made."""
        with self._db.snapshot():
            return self._holdings.lots_in(items)

    def lots_of(self, events: Ints, *, after: int) -> Ints:
        """Lots after which something was named in one of these events, or in one after a number."""
        with self._db.snapshot():
            return self._holdings.lots_of(events, after)

    def unkept(self, items: Ranges) -> Ranges:
        """All of those extents of some items of which not everything is known."""
        with self._db.snapshot():
            return self._holdings.unkept(items)

    def resting_on(self, names: Marks) -> Ranges:
        """All of the extents of which what is known rests on one of these names."""
        with self._db.snapshot():
            return self._holdings.resting_on(names)

    def findings(self, found: Found) -> list[Finding]:
        """What is to be kept of each extent, where something was found out about some of its items."""
        with self._db.snapshot():
            return list(self._holdings.findings(found))

    def keep(self, findings: Sequence[Finding], until: Until | None = None) -> None:
        """Put these in the place of what was kept of their extents.

        Args:
            findings: Extents, each with what is kept of it.
            until: When they are the last ones: up to where all that is kept holds now.

        Raises:
            StoreError: if the disk does not let it; nothing of `findings` is kept then.
        """
        with self._db.transaction():
            self._holdings.keep(findings)
            if until is not None:
                self._holdings.reach(until)

    def compact(self) -> None:
        """Move all of `hot` into blocks, join small segments, put the database in order.

        Raises:
            StoreError: if the disk does not let it; nothing is lost by that.
        """
        compaction.run(self._db, self._reader)
        self.fold()

    def fold(self) -> None:
        """Put the database in order after much was written.

        Raises:
            StoreError: if the disk does not let it; nothing is lost by that.
        """
        self._db.fold()

    # Items

    def history(self, item: str, *, as_of: int | None = None) -> list[Happening]:
        """Every part an item took in an event, by event time, arrival breaking ties."""
        return self.rows_of((item,), as_of=as_of).get(item, [])

    def rows_of(
        self, items: Iterable[str], *, as_of: int | None = None, used: bool = True
    ) -> Mapping[str, list[Happening]]:
        """`history` of many items at once; items without any have no key."""
        wanted = list(dict.fromkeys(items))
        found: dict[str, list[Happening]] = {}
        with self._db.snapshot():
            numbers = self._numbering.of_texts(wanted).tolist()
            for item, number in zip(wanted, numbers, strict=True):
                if number >= 0 and (rows := self._reader.history(number, item, as_of, used=used)):
                    found[item] = rows
        return found

    def inputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role INPUT or CHILD."""
        return self._by_event(events, (Role.INPUT, Role.CHILD))

    def outputs(self, events: Collection[int]) -> Mapping[int, list[Happening]]:
        """By event number: the rows in role OUTPUT or PARENT."""
        return self._by_event(events, (Role.OUTPUT, Role.PARENT))

    def _by_event(
        self, events: Collection[int], roles: Collection[int]
    ) -> Mapping[int, list[Happening]]:
        found: dict[int, list[Happening]] = {}
        with self._db.snapshot():
            for event in sorted(set(events)):
                rows = self._reader.rows_of_event(self._reader.stored(event), roles)
                if rows:
                    found[event] = rows
        return found

    def items_of(
        self, class_uri: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[str]:
        """Items and lots of a class seen in any event, in text order from just after `after`."""
        with self._db.snapshot():
            name = (class_uri, bound(as_of) if as_of is not None else -self.projected_size)
            if self._listed[0] != name:
                self._listed = name, sorted(self._all_of(f"{class_uri}/", as_of))
        listed = self._listed[1]
        start = int(np.searchsorted(np.array(listed, dtype=object), after, "right"))
        return listed[start : start + limit]

    def _all_of(self, prefix: str, as_of: int | None) -> list[str]:
        found: list[str] = []
        for extent in self._numbering.under(prefix):
            found += self._numbering.texts(self._present(extent, as_of))
        codes = list(self._numbering.codes.under(prefix))
        if codes:
            numbers = self._numbering.of_texts([text for _, text in codes])
            seen = {
                extent: set(self._present(extent, as_of).tolist())
                for extent in np.unique(numbers >> BITS).tolist()
            }
            found += [
                text
                for (_, text), number in zip(codes, numbers.tolist(), strict=True)
                if number in seen[number >> BITS]
            ]
        return found

    def _present(self, extent: int, as_of: int | None) -> Ints:
        """Numbers of an extent that stand in an event."""
        whole = Ranges(np.array([extent << BITS]), np.array([MASK + 1]))
        rows = self._reader.rows_in(whole, as_of)
        edges = np.zeros(MASK + 2, np.int64)
        np.add.at(edges, rows.item & MASK, 1)
        np.add.at(edges, (rows.item & MASK) + rows.count, -1)
        return np.flatnonzero(np.cumsum(edges)[:-1] > 0) + (extent << BITS)

    # Events

    def scan_events(
        self,
        wanted: EventFilter,
        *,
        after: tuple[int, int] | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> list[Stored]:
        """Events by (record time, number), from just after the key `after`, at most `limit`."""
        with self._db.snapshot():
            return self._scanner.scan(wanted, after=after, limit=limit, as_of=as_of)

    def known_ids(self, by: str, ids: Collection[str]) -> set[str]:
        """Which of these event ids this party has already captured."""
        return self.known_among({by: ids})[by]

    def known_among(self, wanted: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """As `known_ids` for several parties at once."""
        pairs = [(by, one) for by, ids in wanted.items() for one in dict.fromkeys(ids)]
        known: dict[str, set[str]] = {by: set() for by in wanted}
        with self._db.snapshot():
            keys = keys_of([one for _, one in pairs])
            found = self._writer.ids.find(keys)
            for place, event in zip(*map(np.ndarray.tolist, found), strict=True):
                by, one = pairs[place]
                if self._scanner.is_named(event, by, one):
                    known[by].add(one)
        return known

    # Facts

    def facts(self, kind: str, keys: Collection[str], *, as_of: int | None = None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""
        return self._facts.find(kind, keys, as_of)

    def fact_kinds(self) -> list[str]:
        """Kinds of which there are facts, in text order."""
        return self._facts.kinds()

    def scan_facts(
        self, kind: str, *, after: str = "", limit: int = 1000, as_of: int | None = None
    ) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""
        return self._facts.scan(kind, after, limit, as_of)

    # In bulk

    @property
    def outgoing(self) -> Outgoing:
        """All of it, for whoever copies it out."""
        return Outgoing(self._db, self._reader, self._numbering, self._scanner)

    def numbers(self, items: Sequence[str]) -> Ints:
        """The number of each item, -1 for one that has none."""
        with self._db.snapshot():
            return self._numbering.of_texts(items)

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""
        with self._db.snapshot():
            return self._numbering.texts(numbers)

    def spans(self, ranges: Ranges) -> list[Span]:
        """The same items as they are told outside, in the order of their numbers."""
        with self._db.snapshot():
            return self._numbering.spans(ranges)

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """The same items by what their URIs begin with, "" for those that have no serial."""
        with self._db.snapshot():
            return iter(list(self._numbering.headed(ranges)))

    def ranges_of(self, spans: Sequence[Span]) -> Ranges:
        """The numbers of items told from outside; those without a number are left out."""
        with self._db.snapshot():
            return self._numbering.of_spans(spans)

    def stored(self, events: Collection[int]) -> list[Stored]:
        """Events by their numbers, in that order."""
        with self._db.snapshot():
            return [self._reader.stored(event) for event in sorted(set(events))]

    def term(self, number: int) -> str:
        """The text of a term."""
        return self._terms.text(number)

    def rows_in(self, ranges: Ranges, *, as_of: int | None = None) -> Rows:
        """All rows of these items, cut to them; in any order."""
        with self._db.snapshot():
            return self._reader.rows_in(ranges, as_of)

    def rows_of_events(
        self, events: Ints, roles: Collection[int], *, as_of: int | None = None
    ) -> Rows:
        """All rows of these events in one of these roles; in any order."""
        with self._db.snapshot():
            return self._reader.rows_of_events(events, roles, as_of)

    def joined_events(self, events: Ints, *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (event, other event of the same transformationID), itself included."""
        with self._db.snapshot():
            return self._scanner.joined(events, as_of)

    def withdrawn_events(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""
        with self._db.snapshot():
            return self._scanner.withdrawn(rows)

    def withdrawn_by(self, declarations: Ints) -> Ints:
        """Numbers of the events that error declarations withdraw, these included."""
        with self._db.snapshot():
            return self._scanner.withdrawn_by(declarations)

    def lot_events(self, lots: Sequence[str], *, as_of: int | None = None) -> tuple[Ints, Ints]:
        """Pairs (position in `lots`, event whose master data name that lot)."""
        with self._db.snapshot():
            pairs: list[tuple[int, int]] = []
            sql = "SELECT event FROM lot WHERE item = ?"
            for place, number in enumerate(self._numbering.of_texts(lots).tolist()):
                pairs += [(place, event) for (event,) in self._db.execute(sql, (number,))]
            found = np.array(pairs, np.int64).reshape(-1, 2)
            if as_of is None or as_of >= self.projected_size:
                return found[:, 0], found[:, 1]
            entries = self._reader.event_columns(found[:, 1])["entry"]
            found = found[entries < bound(as_of)]
            return found[:, 0], found[:, 1]

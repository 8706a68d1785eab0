"""A random life for two stores at once: whatever is asked of both, both answer alike.

`Twins` holds a `SegmentStore` and the row store as its oracle. Each step is a capture, a look,
a compaction that may stop half way, a restart, or a question through a reader that was opened
long ago. All of it follows from one seed.
"""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from guantong.capture.model import (
    Action,
    ErrorDeclaration,
    Event,
    EventType,
    Quantity,
    Typed,
)
from guantong.capture.table import EventTable
from guantong.identify.ff1 import ff1_of
from guantong.settings import Settings
from guantong.store import (
    EventFilter,
    Fact,
    Happening,
    Indexed,
    Role,
    RowStore,
    SegmentStore,
    Spread,
    compaction,
)
from guantong.store.columns import Ranges, Rows
from guantong.store.compaction import Piece, Plan
from guantong.store.place import Place
from guantong.store.reading import Reader

GTIN = "https://id.gs1.org/01/06901234567892"
OTHER = "https://id.gs1.org/01/06901234567908"
OWN = tuple(
    Spread(f"https://id.gs1.org/01/{gtin}/21/", digits, bytes(range(digits, digits + 16)))
    for gtin, digits in (("06901234567915", 6), ("06901234567922", 12))
)
"""Classes whose serials nobody can guess; sometimes that is said only after the first item."""
PARTIES = ("urn:firm:a", "urn:firm:b", "urn:firm:c")
STEPS = ("", "commissioning", "packing", "shipping", "receiving", "retail_selling", "urn:own:step")
PLACES = ("", "https://id.gs1.org/414/6901234000030", "urn:place:1", "urn:place:2")
UNITS = ("", "MTR", "KGM")
SERIALS = 20_000
"""Of the class whose items come in ranges: some twenty extents."""
COUNTS = (2, 3, 3, 5, 8, 8, 20, 40) * 8 + (1500,)
"""How many items a range has."""
MANY = 8
"""Items in a question in columns."""


class Twins:
    """Two stores under one stream of entries."""

    def __init__(self, place: Path, seed: int, where: Place | None = None) -> None:
        self.random = random.Random(seed)
        self.place = place
        self.rows = RowStore.open(place / "rows.sqlite")
        self.where = where or Settings(place).index
        self.segments = SegmentStore.open(self.where)
        self.reader = SegmentStore.open(self.where, read_only=True)
        self.items: list[str] = []
        self.ids: list[tuple[str, Event]] = []
        self.size = 0
        self.record_ms = 1_000_000
        self.pieces: list[Piece] = []
        self.plan: Plan | None = None
        self.steps = 0

    def close(self) -> None:
        """Let go of the files."""
        for store in (self.rows, self.segments, self.reader):
            store.close()

    def step(self) -> None:
        """One random operation; raises AssertionError where the two differ."""
        self.steps += 1
        pick = self.random.random()
        for share, action in SHARES:
            if pick < share:
                action(self)
                return
            pick -= share

    # What changes the stores

    def capture(self) -> None:
        """A group of documents, as events or as columns."""
        documents = [self._document() for _ in range(self.random.choice((1, 1, 2, 5)))]
        self.rows.append(documents)
        self.segments.append([self._disguised(document) for document in documents])

    def _disguised(self, document: Indexed) -> Indexed:
        if self.random.random() < 0.5:
            return document
        return Indexed(
            entry=document.entry,
            by=document.by,
            received_ms=document.received_ms,
            positions=document.positions,
            facts=document.facts,
            table=EventTable.of(document.events),
        )

    def _document(self) -> Indexed:
        by = self.random.choice(PARTIES)
        count = self.random.choice((0, 1, 1, 1, 1, 2, 3, 3, 8, 20))
        events = tuple(self._event(by) for _ in range(count))
        self.record_ms += self.random.choice((0, 0, 1, 1000))
        facts: tuple[Fact, ...] = ()
        if self.random.random() < 0.3:
            key = f"urn:product:{self.random.randrange(5)}"
            facts = (Fact("product", key, {"n": self.size}, links=(f"{key}:link",)),)
        if self.random.random() < 0.1:
            own = self.random.choice(OWN)
            facts += (Fact("code_range", own.head, spread=own),)
        document = Indexed(
            entry=self.size, by=by, received_ms=self.record_ms, events=events, facts=facts
        )
        self.size += 1
        return document

    def _event(self, by: str) -> Event:
        if self.ids and self.random.random() < 0.05:
            return self._correction(by)
        event = self._plain_event()
        self.ids.append((by, event))
        return event

    def _correction(self, by: str) -> Event:
        """A declaration that an earlier event of this party, or of another, was wrong."""
        _, wrong = self.random.choice(self.ids)
        members = {name: getattr(wrong, name) for name in wrong.__struct_fields__}
        error = ErrorDeclaration(self.record_ms, "did_not_occur")
        del by
        return Event(**(members | {"error": error}))

    def _plain_event(self) -> Event:
        kind = self.random.choice(tuple(EventType))
        members: dict[str, object] = {
            "type": kind,
            "time_ms": self.record_ms + self.random.choice((0, -5, -5_000_000, 90_000_000)),
            "offset": self.random.choice(("+08:00", "Z")),
            "id": self._id(),
            "action": self.random.choice(tuple(Action)),
            "step": self.random.choice(STEPS),
            "disposition": self.random.choice(("", "in_transit", "retail_sold")),
            "read_point": self.random.choice(PLACES),
            "biz_location": self.random.choice(PLACES),
        }
        if self.random.random() < 0.2:
            members["sources"] = (Typed("owning_party", self.random.choice(PARTIES)),)
            members["destinations"] = (Typed("possessing_party", self.random.choice(PARTIES)),)
        if self.random.random() < 0.1:
            members["transactions"] = (Typed("po", f"urn:po:{self.random.randrange(99)}"),)
        if self.random.random() < 0.1:
            members["ilmd"] = {"{urn:x}lotNumber": self.random.choice(("A", "7", "A/1"))}
        return Event(**(members | self._things(kind)))  # type: ignore[arg-type]

    def _id(self) -> str:
        number = self.random.randrange(10**6)
        return self.random.choice(
            (
                f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
                f"ni:///sha-256;{number:064x}?ver=CBV2.0",
                f"urn:own:{number}:编号",
                f"urn:own:{self.random.randrange(30)}",
            )
        )

    def _things(self, kind: EventType) -> dict[str, object]:
        if kind in (EventType.AGGREGATION, EventType.ASSOCIATION):
            return {
                "parent": self.random.choice(("", self._item(), self._unit())),
                "child_epcs": self._list(),
                "child_quantities": self._amounts(),
            }
        if kind is EventType.TRANSFORMATION:
            return {
                "input_epcs": self._list(),
                "input_quantities": self._amounts(),
                "output_epcs": self._list(),
                "output_quantities": self._amounts(),
                "transformation_id": self.random.choice(("", "", "urn:t:1", "urn:t:2")),
            }
        return {"epcs": self._list(), "quantities": self._amounts()}

    def _list(self) -> tuple[str, ...]:
        shape = self.random.random()
        if shape < 0.3:
            start, count = self.random.randrange(SERIALS), self.random.choice(COUNTS)
            made = [f"{GTIN}/21/{serial}" for serial in range(start, start + count)]
        elif shape < 0.4:
            made = self._own()
        else:
            made = [self._item() for _ in range(self.random.choice((0, 1, 1, 2, 4)))]
        if self.random.random() < 0.1:
            self.random.shuffle(made)
        self.items += self.random.sample(made, min(3, len(made)))
        return tuple(made)

    def _own(self) -> list[str]:
        """Items whose serials are a permutation, and some of their class that are made up."""
        own = self.random.choice(OWN)
        start, count = self.random.randrange(3_000), self.random.choice(COUNTS)
        places = np.arange(start, start + count)
        shown = ff1_of(own.key, own.digits).encrypt(places).tolist()
        made = [f"{own.head}{serial:0{own.digits}d}" for serial in shown]
        if self.random.random() < 0.2:
            made += [f"{own.head}{self.random.choice((7, '07', '000007', 123456, 'A'))}"]
        return made

    def _amounts(self) -> tuple[Quantity, ...]:
        if self.random.random() < 0.8:
            return ()
        classes = (f"{GTIN}/10/A", f"{GTIN}/10/7", GTIN, f"{OTHER}/10/A%2F1")
        made = tuple(
            Quantity(
                self.random.choice(classes),
                self.random.choice((None, 0.0, 1.5, 2.0, -3.0)),
                self.random.choice(UNITS),
            )
            for _ in range(self.random.choice((1, 1, 3)))
        )
        self.items += [amount.epc_class for amount in made]
        return made

    def _item(self) -> str:
        number = self.random.randrange(SERIALS)
        return self.random.choice(
            (
                f"{GTIN}/21/{number}",
                f"{GTIN}/21/{number:06d}",
                f"{GTIN}/21/K{number % 97}X{number}",
                f"{OTHER}/21/{number * 7_919_777}",
                self._unit(),
                f"urn:guantong:own:{number}",
                f"urn:odd:{number}:",
                f"{GTIN}/10/A",
            )
        )

    def _unit(self) -> str:
        digits = f"0690123456{self.random.randrange(900):07d}"
        weighted = 3 * sum(map(int, digits[::2])) + sum(map(int, digits[1::2]))
        return f"https://id.gs1.org/00/{digits}{-weighted % 10}"

    # What must change nothing

    def compact(self) -> None:
        """All at once."""
        self.segments.compact()
        self.pieces, self.plan = [], None

    def begin(self) -> None:
        """Plan and build, as another process does; nothing is installed yet."""
        if self.plan is None:
            db = self.reader._db
            self.plan = compaction.plan(db)
            self.pieces = list(compaction.built(db, self.reader._reader, self.plan))

    def install(self) -> None:
        """Some of what was built, whatever came in meanwhile."""
        if self.plan is not None:
            count = self.random.randrange(1, 40)
            part, self.pieces = self.pieces[:count], self.pieces[count:]
            compaction.install(self.segments._db, part, self.plan.last_event)
            if not self.pieces:
                self.plan = None

    def restart(self) -> None:
        """A new process: nothing in memory, a plan under way is dropped."""
        for store in (self.rows, self.segments):
            store.close()
        self.rows = RowStore.open(self.place / "rows.sqlite")
        self.segments = SegmentStore.open(self.where)
        self.pieces, self.plan = [], None
        if self.random.random() < 0.3:
            self.reader.close()
            self.reader = SegmentStore.open(self.where, read_only=True)

    # What is compared

    def _either(self) -> SegmentStore:
        return self.random.choice((self.segments, self.reader))

    def _as_of(self) -> int | None:
        return self.random.choice((None, None, self.random.randrange(self.size + 1)))

    def _known(self, count: int) -> list[str]:
        return [self.random.choice(self.items or [GTIN]) for _ in range(count)] + [self._item()]

    def look(self) -> None:
        """The history of some items."""
        items, as_of = self._known(self.random.choice((1, 5))), self._as_of()
        expected = self.rows.rows_of(items, as_of=as_of)
        store = self._either()
        assert dict(store.rows_of(items, as_of=as_of)) == dict(expected)
        rest = {item: [row for row in rows if not _is_use(row)] for item, rows in expected.items()}
        unused = {item: rows for item, rows in rest.items() if rows}
        assert dict(store.rows_of(items, as_of=as_of, used=False)) == unused
        assert dict(self.rows.rows_of(items, as_of=as_of, used=False)) == unused

    def parts(self) -> None:
        """What went in and out of some events."""
        total = self.rows.counts()["events"]
        if total:
            events = [self.random.randrange(1, total + 1) for _ in range(3)]
            store = self._either()
            assert dict(store.inputs(events)) == dict(self.rows.inputs(events))
            assert dict(store.outputs(events)) == dict(self.rows.outputs(events))

    def scan(self) -> None:
        """Pages of events behind a filter."""
        wanted, as_of = self._filter(), self._as_of()
        limit, store = self.random.choice((1, 7, 100)), self._either()
        after: tuple[int, int] | None = None
        for _ in range(3):
            expected = self.rows.scan_events(wanted, after=after, limit=limit, as_of=as_of)
            assert store.scan_events(wanted, after=after, limit=limit, as_of=as_of) == expected
            if not expected:
                return
            after = expected[-1].record_ms, expected[-1].no

    def _filter(self) -> EventFilter:
        chance, pick = self.random.random, self.random.choice
        ids = [event.id for _, event in self.ids[-50:]] or ["urn:none"]
        return EventFilter(
            types=(pick(tuple(EventType)).value,) if chance() < 0.3 else (),
            steps=(pick(STEPS[1:]), "unheard_of") if chance() < 0.3 else (),
            dispositions=("in_transit",) if chance() < 0.1 else (),
            locations=(pick(PLACES[1:]),) if chance() < 0.2 else (),
            ids=(pick(ids), pick(ids)) if chance() < 0.2 else (),
            transformation_ids=("urn:t:1",) if chance() < 0.1 else (),
            parties=(pick(PARTIES),) if chance() < 0.2 else (),
            time_from_ms=self.record_ms - pick((0, 10**4, 10**7)) if chance() < 0.2 else None,
            time_to_ms=self.record_ms - pick((0, 10**4)) if chance() < 0.2 else None,
        )

    def listed(self) -> None:
        """Items of a class, page by page."""
        of_class, as_of, store = self.random.choice((GTIN, OTHER)), self._as_of(), self._either()
        after = ""
        for _ in range(2):
            expected = self.rows.items_of(of_class, after=after, limit=50, as_of=as_of)
            assert store.items_of(of_class, after=after, limit=50, as_of=as_of) == expected
            after = expected[-1] if expected else after

    def known(self) -> None:
        """Ids, facts and sizes."""
        store, by = self._either(), self.random.choice(PARTIES)
        ids = [event.id for _, event in self.ids[-200:]]
        assert store.known_ids(by, ids) == self.rows.known_ids(by, ids)
        wanted = dict.fromkeys(PARTIES, ids)
        assert store.known_among(wanted) == self.rows.known_among(wanted)
        assert store.counts() == self.rows.counts()
        assert store.last_said == self.rows.last_said
        keys = ("urn:product:1", "urn:product:2:link")
        assert store.facts("product", keys) == self.rows.facts("product", keys)
        assert store.scan_facts("product", limit=9) == self.rows.scan_facts("product", limit=9)

    def bulk(self) -> None:
        """Rows of many items as columns."""
        items, as_of, store = sorted(set(self._known(MANY))), self._as_of(), self._either()
        numbers = store.numbers(items)
        expected = self.rows.rows_of(items, as_of=as_of)
        assert {items[n] for n in np.flatnonzero(numbers >= 0).tolist()} >= set(expected)
        present = numbers[numbers >= 0]
        assert store.texts(present) == [items[n] for n in np.flatnonzero(numbers >= 0).tolist()]
        rows = store.rows_in(Ranges.of_numbers(present), as_of=as_of)
        whole = Ranges.of_numbers(np.unique(present))
        again = store.ranges_of(store.spans(whole))
        assert (again.first.tolist(), again.count.tolist()) == (
            whole.first.tolist(),
            whole.count.tolist(),
        )
        happened = [one for rows_of in expected.values() for one in rows_of]
        assert sorted(_told(store, rows)) == sorted(map(_facts, happened))


def _told(store: SegmentStore, rows: Rows) -> list[tuple[object, ...]]:
    """Rows of the index, one for each item, in words."""
    told: list[tuple[object, ...]] = []
    for at in range(len(rows)):
        first, count = int(rows.item[at]), int(rows.count[at])
        for item in store.texts(np.arange(first, first + count)):
            much = float(rows.quantity[at])
            told.append(
                (
                    item,
                    int(rows.event[at]),
                    int(rows.role[at]),
                    "unknown" if np.isnan(much) else str(much),
                    store.term(int(rows.uom[at])),
                    int(rows.time_ms[at]),
                    int(rows.entry[at]),
                    store.term(int(rows.by[at])),
                    store.term(int(rows.step[at])),
                    store.term(int(rows.biz_location[at])),
                )
            )
    return told


def _is_use(row: Happening) -> bool:
    return row.role is Role.INPUT


def _facts(one: Happening) -> tuple[object, ...]:
    stored = one.stored
    return (
        one.item,
        stored.no,
        int(one.role),
        "unknown" if one.quantity is None else str(one.quantity),
        one.uom,
        stored.event.time_ms,
        stored.entry,
        stored.by,
        stored.event.step,
        stored.event.biz_location,
    )


SHARES: tuple[tuple[float, Callable[[Twins], None]], ...] = (
    (0.10, Twins.capture),
    (0.005, Twins.compact),
    (0.01, Twins.begin),
    (0.05, Twins.install),
    (0.003, Twins.restart),
    (0.35, Twins.look),
    (0.12, Twins.parts),
    (0.16, Twins.scan),
    (0.05, Twins.listed),
    (0.06, Twins.known),
    (1.0, Twins.bulk),
)
"""How often each happens; the last takes the rest."""

__all__ = ["Reader", "Twins"]

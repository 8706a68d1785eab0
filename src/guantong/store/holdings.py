"""What was found out about all items up to some event, kept beside their rows?

Who has an item, and what it went into, follows from rows; of a million items it takes seconds to
read off. So it is written down, extent by extent, together with the event up to which it holds.
Nothing here is believed of an item that anything was said of since: who asks looks that up (see
`guantong.trace.ready`). It can be dropped at any time.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from guantong.store.columns import ColumnStore, Ranges, distinct, pieces
from guantong.store.door import Fact
from guantong.store.engine import Handle
from guantong.store.numbering import BITS, MASK
from guantong.store.recall import Reached

Ints: TypeAlias = NDArray[np.int64]
Marks: TypeAlias = NDArray[np.uint64]

SCHEMA: Final = """
CREATE TABLE holding(extent INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE holding_until(
  one INTEGER PRIMARY KEY CHECK(one = 1), event INTEGER NOT NULL, fact INTEGER NOT NULL);
INSERT INTO holding_until VALUES(1, 0, 0);
"""

LEVEL: Final = 3
"""Of Zstandard."""
_RUN: Final = np.dtype([("item", "<u2"), ("count", "<u2"), ("holder", "<u2")])
_WAY: Final = np.dtype(
    [("item", "<u2"), ("count", "<u2"), ("kind", "u1"), ("to", "<i8"), ("size", "<i8")]
)

Holder: TypeAlias = tuple[str, str, str]
"""Firm, state, and in transit whom it is for."""
Finding: TypeAlias = tuple[int, bytes]
"""An extent and what is kept of it."""


class Until(NamedTuple):
    """How far what is kept holds."""

    event: int
    """Last event that was looked at, 0 for none."""
    fact: int
    """Last fact that was looked at."""


class Runs(NamedTuple):
    """Items that one holder has, in one state; parallel columns, by item and disjoint."""

    first: Ints
    many: Ints
    holder: Ints
    """Place among the holders."""

    def of(self, chosen: Ranges) -> "Runs":
        """As far as they are of some items."""
        at, first, count = chosen.parts(self.first, self.many)
        return Runs(first, count, self.holder[at])


class Ways(NamedTuple):
    """What items lead to; parallel columns, any number of ways for each item."""

    first: Ints
    many: Ints
    kind: Ints
    """Whose meaning is that of who keeps it."""
    to: Ints
    size: Ints

    def of(self, chosen: Ranges) -> "Ways":
        """As far as they are of some items."""
        at, first, count = chosen.parts(self.first, self.many)
        return Ways(first, count, self.kind[at], self.to[at], self.size[at])


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some items."""

    whole: Ranges
    """Of these it is all."""
    holders: Sequence[Holder]
    runs: Runs
    ways: Ways

    def of(self, items: Ranges) -> "Known":
        """As far as it is about some items."""
        whole = self.whole.within(items)
        return Known(whole, self.holders, self.runs.of(items), self.ways.of(items))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out, to be kept."""

    asked: Ranges
    """About these items, all of the extents of which nothing is kept."""
    known: Known
    at: Ints
    """Items, one or more of each extent."""
    names: Marks
    """Marks of the names that what is known of the extent of such an item rests on."""


class _Holding(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of one extent, items counted within it."""

    holders: tuple[Holder, ...]
    runs: bytes
    ways: bytes
    names: bytes
    is_whole: bool
    """Whether it is known of all items who has them."""

    def rests_on(self, names: Marks) -> bool:
        """Whether one of these names is among those it rests on."""
        return bool(len(names)) and bool(np.isin(names, np.frombuffer(self.names, np.uint64)).any())


_bytes: Final = msgspec.msgpack.Encoder().encode
_of: Final = msgspec.msgpack.Decoder(_Holding).decode


class KeepingStore(ColumnStore, Protocol):
    """A store that also keeps what was found out before."""

    @property
    def reached(self) -> Reached:
        """How far the index goes."""

    @property
    def holding_until(self) -> Until:
        """How far what is kept holds."""

    def recorded_ms(self, event: int) -> int:
        """Record time of an event."""

    def withdrawn_by(self, declarations: Ints) -> Ints:
        """Numbers of the events that error declarations withdraw, these included."""

    def holdings(self, ranges: Ranges, new: Marks) -> Known:
        """What is kept of the extents of some items, but where it rests on one of the names `new`."""

    def facts_after(self, number: int, *, without: Collection[str]) -> list[Fact]:
        """Facts with a greater number, but not of these kinds."""


class Holdings:
    """The tables of one index; every call within the caller's transaction."""

    def __init__(self, db: Handle) -> None:
        self._db = db

    @property
    def until(self) -> Until:
        """How far what is kept holds."""
        return Until(*self._db.execute("SELECT event, fact FROM holding_until").fetchone())

    def of(self, ranges: Ranges, new: Marks) -> Known:
        """What is kept of the extents of some items, but where it rests on one of the names `new`."""
        listed = sorted(self._listed(extents_of(ranges)), key=itemgetter(0))
        return _known([(extent, it) for extent, it in listed if not it.rests_on(new)])

    def _listed(self, extents: Sequence[int]) -> Iterator[tuple[int, _Holding]]:
        sql = "SELECT extent, data FROM holding WHERE extent IN ({})"
        decompressed = zstandard.ZstdDecompressor().decompress
        for extent, data in self._db.among(sql, extents):
            yield extent, _of(decompressed(data))

    def lots_in(self, items: Ranges) -> Ints:
        """Lots among some items after which something was named when it was made."""
        sql = "SELECT DISTINCT item FROM lot WHERE item BETWEEN ? AND ?"
        found = [
            lot
            for extent in extents_of(items)
            for (lot,) in self._db.execute(sql, (extent << BITS, extent << BITS | MASK))
        ]
        lots = np.array(found, np.int64)
        return lots[items.holds(lots)]

    def lots_of(self, events: Ints, after: int) -> Ints:
        """Lots after which something was named in one of these events, or in one after a number."""
        sql = "SELECT DISTINCT item FROM lot WHERE event > ?"
        found = self._db.execute(sql, (after,)).fetchall()
        found += self._db.among("SELECT item FROM lot WHERE event IN ({})", events.tolist())
        return np.unique(np.array([lot for (lot,) in found], np.int64))

    def unkept(self, items: Ranges) -> Ranges:
        """All of those extents of some items of which not everything is known."""
        extents = extents_of(items)
        whole = {extent for extent, it in self._listed(extents) if it.is_whole}
        return _extents([extent for extent in extents if extent not in whole])

    def resting_on(self, names: Marks) -> Ranges:
        """All of the extents of which what is known rests on one of these names."""
        if not len(names):
            return Ranges.none()
        (last,) = self._db.execute("SELECT coalesce(max(extent), 0) FROM holding").fetchone()
        listed = self._listed([*range(1, last + 1)])
        return _extents([extent for extent, it in listed if it.rests_on(names)])

    def findings(self, found: Found) -> Iterator[Finding]:
        """What is to be kept of each extent, where something was found out about some of its items.

        Yields:
            Extents with all that is known of them then.
        """
        names = found.at >> BITS
        extents = extents_of(found.asked)
        before = dict(self._listed(extents))
        for extent in extents:
            mine = np.unique(found.names[names == extent])
            yield extent, _finding(extent, found.asked, found.known, mine, before.get(extent))

    def keep(self, findings: Sequence[Finding]) -> None:
        """Put these in the place of what was kept of their extents."""
        sql = (
            "INSERT INTO holding(extent, data) VALUES(?, ?) "
            "ON CONFLICT(extent) DO UPDATE SET data = excluded.data"
        )
        self._db.executemany(sql, findings)

    def reach(self, until: Until) -> None:
        """All that is kept holds up to here."""
        self._db.execute("UPDATE holding_until SET event = ?, fact = ?", until)


def unpacked(data: bytes) -> object:
    """What is kept of an extent, of its bytes."""
    return _of(zstandard.ZstdDecompressor().decompress(data))


def extents_of(ranges: Ranges) -> list[int]:
    """In which extents there are items of a set."""
    extents: list[int] = distinct(pieces(ranges.first, ranges.count, BITS)[1] >> BITS).tolist()
    return extents


def _known(listed: Sequence[tuple[int, _Holding]]) -> Known:
    """What is kept of some extents, in columns."""
    places: dict[Holder, int] = {}
    own = [
        np.array([places.setdefault(holder, len(places)) for holder in it.holders], np.int64)
        for _, it in listed
    ]
    before = np.cumsum([0, *map(len, own)])[:-1]
    bases = np.array([extent << BITS for extent, _ in listed], np.int64)
    runs, of_run = _records([it.runs for _, it in listed], _RUN)
    ways, of_way = _records([it.ways for _, it in listed], _WAY)
    holder = np.concatenate([np.zeros(0, np.int64), *own])[before[of_run] + runs["holder"]]
    return Known(
        _extents([extent for extent, it in listed if it.is_whole]),
        list(places),
        Runs(bases[of_run] + runs["item"], _wide(runs["count"]), holder),
        Ways(
            bases[of_way] + ways["item"],
            *(_wide(ways[name]) for name in ("count", "kind", "to", "size")),
        ),
    )


def _records(parts: Sequence[bytes], shape: np.dtype[np.void]) -> tuple[NDArray[np.void], Ints]:
    """Records one after the other, and the part that each is of."""
    many = [len(part) // shape.itemsize for part in parts]
    return np.frombuffer(b"".join(parts), shape), np.repeat(np.arange(len(parts)), many)


def joined(parts: Sequence[Known]) -> Known:
    """All that is known of other items each."""
    places: dict[Holder, int] = {}
    none = np.zeros(0, np.int64)
    runs, ways = [Runs(none, none, none)], [Ways(none, none, none, none, none)]
    whole = [Ranges.none()]
    for part in parts:
        own = [places.setdefault(holder, len(places)) for holder in part.holders]
        runs.append(part.runs._replace(holder=np.array(own, np.int64)[part.runs.holder]))
        ways.append(part.ways)
        whole.append(part.whole)
    return Known(
        Ranges.of(
            *(np.concatenate([getattr(one, name) for one in whole]) for name in ("first", "count"))
        ),
        list(places),
        Runs(*(np.concatenate(columns) for columns in zip(*runs, strict=True))),
        Ways(*(np.concatenate(columns) for columns in zip(*ways, strict=True))),
    )


def _finding(
    extent: int, asked: Ranges, found: Known, names: Marks, before: _Holding | None
) -> bytes:
    """What is to be kept of one extent."""
    own = found.of(_whole(extent))
    rest = _whole(extent).without(asked)
    if rest.size() and before is not None:
        own = joined([own, _known([(extent, before)]).of(rest)])
        names = np.union1d(names, np.frombuffer(before.names, np.uint64))
    return _encoded(extent, own, names)


def _extents(numbers: Sequence[int]) -> Ranges:
    first = np.array(numbers, np.int64) << BITS
    return Ranges.of(first, np.full(len(first), MASK + 1))


def _whole(extent: int) -> Ranges:
    return Ranges(np.array([extent << BITS]), np.array([MASK + 1]))


def _encoded(extent: int, known: Known, names: Marks) -> bytes:
    is_whole = known.whole.size() == MASK + 1
    used, holder = np.unique(known.runs.holder, return_inverse=True)
    order = np.argsort(known.runs.first)
    runs, ways = np.zeros(len(order), _RUN), np.zeros(len(known.ways.first), _WAY)
    columns = (known.runs.first - (extent << BITS), known.runs.many, holder)
    for name, column in zip(_RUN.names or (), columns, strict=True):
        runs[name] = column[order]
    way = known.ways._replace(first=known.ways.first - (extent << BITS))
    for name, column in zip(_WAY.names or (), way, strict=True):
        ways[name] = column
    kept = _Holding(
        tuple(known.holders[place] for place in used.tolist()),
        runs.tobytes(),
        ways.tobytes(),
        names.tobytes(),
        is_whole,
    )
    return zstandard.ZstdCompressor(level=LEVEL).compress(_bytes(kept))


def _wide(column: NDArray[np.generic]) -> Ints:
    return column.astype(np.int64)

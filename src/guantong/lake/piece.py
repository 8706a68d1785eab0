"""Rows of a lake in memory, as the store's doors give them.

What decides who has an item (`guantong.trace`) reads these doors and nothing else, so that it is
the same code on one machine and in a thousand tasks. A piece holds all rows of some items, all rows
of whatever they were inside of, and who that was.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.model import ErrorDeclaration, Event
from guantong.capture.table import INPUT, action_of, ends_of, type_of
from guantong.lake.names import Names
from guantong.lake.parquet import Coded
from guantong.store.columns import Flag, Ranges, Rows, distinct
from guantong.store.door import Happening, Role, Stored
from guantong.store.reading import met

Ints: TypeAlias = NDArray[np.int64]

TERMS: Final = ("by", "step", "disposition", "read_point", "biz_location", "ends")
PLAIN: Final = ("item", "count", "event", "role", "time_ms", "record_ms", "entry", "kind", "flags")
COLUMNS: Final = (*PLAIN, *TERMS, "head", "width", "first", "uom", "quantity")
"""What is read of the rows of a lake."""


class Texts:
    """Numbers for texts; 0 is ""."""

    def __init__(self) -> None:
        """Only "" is known."""
        self._numbers = {"": 0}
        self._texts = [""]

    def text(self, number: int) -> str:
        """The text of a number."""
        return self._texts[number]

    def of(self, column: Coded) -> Ints:
        """Numbers of a column; null is "" too."""
        found = [self._number(text) for text in column.texts]
        return np.array([*found, 0], np.int64)[column.codes]  # the last one is of code -1

    def _number(self, text: str) -> int:
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return known


def rows_of(columns: Mapping[str, "Ints | Coded"], texts: Texts, names: Names) -> Rows:
    """Rows as the door gives them, of `COLUMNS` of a lake; what they are about is learned."""
    head, uom = columns["head"], columns["uom"]
    assert isinstance(head, Coded)
    assert isinstance(uom, Coded)
    plain = {name: _ints(columns[name]) for name in PLAIN}
    names.learn(plain["item"], head, _ints(columns["width"]), _ints(columns["first"]))
    terms = {name: texts.of(columns[name]) for name in TERMS}  # type: ignore[arg-type]
    quantity = np.asarray(columns["quantity"], np.float64)
    return Rows(**plain, **terms, uom=texts.of(uom), quantity=quantity)


def _ints(column: "Ints | Coded") -> Ints:
    assert isinstance(column, np.ndarray)
    return column.astype(np.int64, copy=False)


def cut(rows: Rows, ranges: Ranges) -> Rows:
    """Rows of a set of items, cut to it."""
    last = ranges.first + ranges.count - 1
    found = met({"item": rows.item, "count": rows.count}, ranges.first, last)
    chosen = rows.take(found["at"])
    return Rows(
        found["item"],
        found["count"],
        *(getattr(chosen, name) for name in list(Rows.__dataclass_fields__)[2:]),
    )


class Withdrawals(NamedTuple):
    """Error declarations and the events each withdraws, in parallel columns."""

    declaration: Ints
    event: Ints

    def among(self, rows: Rows) -> Ints:
        """Events among rows that were withdrawn, and withdrawals, as the store's door tells."""
        declared = distinct(rows.event[(rows.flags & Flag.ERROR) > 0])
        gone = self.event[np.isin(self.declaration, declared)]
        found = distinct(np.concatenate((declared, gone)))
        return found[np.isin(found, rows.event)]

    def names(self) -> dict[int, str]:
        """An id for each event that has one here: declarations bear that of what they withdraw."""
        roots: dict[int, int] = {}
        for one, event in zip(self.declaration.tolist(), self.event.tolist(), strict=True):
            roots[one] = min(event, roots.get(one, event))
        found = {one: str(root) for one, root in roots.items()}
        for one, event in zip(self.declaration.tolist(), self.event.tolist(), strict=True):
            found.setdefault(event, str(roots[one]))
        return found


class Piece:
    """Items with everything around them."""

    def __init__(
        self, own: Rows, outer: Rows, named: Rows, texts: Texts, names: Names, gone: Withdrawals
    ) -> None:
        """Over what was read.

        Args:
            own: All rows of the items.
            outer: All rows of their containers.
            named: Rows in role PARENT of the events of both.
            texts: Of terms.
            names: Of all items in rows.
            gone: All withdrawals.
        """
        self.own = own
        self._outer = outer
        _, once = np.unique(named.event, return_index=True)
        self._named = named.take(once)
        self.term: Callable[[int], str] = texts.text
        self._names = names
        self._gone = gone
        self._ids = gone.names()

    def texts(self, numbers: Ints) -> list[str]:
        """The canonical URI of each number."""
        return self._names.texts(numbers)

    def heads(self, numbers: Ints) -> list[str]:
        """What stands before the serial of each item, "" where there is none."""
        return self._names.plain_heads(numbers)

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """Items by what their URIs begin with, "" for those that have no serial."""
        return self._names.headed(ranges)

    def rows_in(self, ranges: Ranges, *, as_of: int | None = None) -> Rows:
        """All rows of containers."""
        return cut(self._outer, ranges)

    def rows_of_events(
        self,
        events: Ints,
        roles: Collection[int],
        *,
        as_of: int | None = None,
    ) -> Rows:
        """Which containers events name."""
        return self._named.take(np.isin(self._named.event, events))

    def withdrawn_events(self, rows: Rows) -> Ints:
        """Numbers of events among these rows that were withdrawn, and of the withdrawals."""
        return self._gone.among(rows)

    def rows_of(
        self,
        items: Iterable[str],
        *,
        as_of: int | None = None,
        used: bool = True,
    ) -> dict[str, list[Happening]]:
        """Rows of single items, or lots, and of containers, by event time, arrival breaking ties."""
        wanted = list(items)
        found: dict[str, list[Happening]] = {}
        for item, number in zip(wanted, self._names.numbers(wanted).tolist(), strict=True):
            rows = self._history(number) if number >= 0 else Rows.none()
            if not used:
                rows = rows.take(rows.role != INPUT)
            if len(rows):
                found[item] = self._happenings(item, rows)
        return found

    def _history(self, number: int) -> Rows:
        one = Ranges.of_numbers(np.array([number]))
        found = cut(self.own, one)
        return found if len(found) else cut(self._outer, one)

    def _happenings(self, item: str, rows: Rows) -> list[Happening]:
        measured = ~np.isnan(rows.quantity)
        rows = rows.take(np.lexsort((measured, rows.role, rows.event, rows.time_ms)))
        parents = self._parents(rows.event)
        return [
            Happening(
                item,
                Role(int(rows.role[at])),
                float(rows.quantity[at]) if not np.isnan(rows.quantity[at]) else None,
                self.term(int(rows.uom[at])),
                self._stored(rows, at, parents.get(int(rows.event[at]), "")),
            )
            for at in range(len(rows))
        ]

    def _parents(self, events: Ints) -> dict[int, str]:
        named = self.rows_of_events(distinct(events), ())
        return dict(zip(named.event.tolist(), self.texts(named.item), strict=True))

    def _stored(self, rows: Rows, at: int, parent: str) -> Stored:
        number, kind, flags = int(rows.event[at]), int(rows.kind[at]), int(rows.flags[at])
        said = {name: self.term(int(getattr(rows, name)[at])) for name in TERMS}
        sources, destinations = ends_of(said["ends"])
        event = Event(
            type=type_of(kind),
            action=action_of(kind),
            time_ms=int(rows.time_ms[at]),
            offset="",
            id=self._ids.get(number, ""),
            step=said["step"],
            disposition=said["disposition"],
            read_point=said["read_point"],
            biz_location=said["biz_location"],
            parent=parent,
            child_epcs=SOME if flags & Flag.HAS_CHILDREN else (),
            sources=sources,
            destinations=destinations,
            error=ErrorDeclaration(0) if flags & Flag.ERROR else None,
        )
        record_ms, entry = int(rows.record_ms[at]), int(rows.entry[at])
        return Stored(number, entry, 0, said["by"], record_ms, event)


SOME: Final = ("",)
"""Children are named; who they are, no rule of custody asks."""

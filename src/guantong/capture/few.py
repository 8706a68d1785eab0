"""What do the events of a short document say? The same table, in rows.

An array is dear to make and cheap to go on with; a document with one event makes twenty of them
and goes on with none. So its table stays in rows on its way to the store, where the tables of
many documents become one with columns. Whoever asks for a column before that gets it made.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from guantong.capture.table import COLUMNS, EventTable, Head, Numbers, Row, Run, runs_of


class Few(EventTable):
    """A table of few events; its columns are made when one is asked for."""

    __slots__ = ("_whole", "rows", "run_rows")

    rows: tuple[Row, ...]
    """The events."""
    run_rows: tuple[Run, ...]
    """Which items take part: the rows of `EventTable.runs`."""
    _whole: EventTable | None

    def __init__(
        self,
        *,
        terms: tuple[str, ...],
        heads: tuple[Head, ...],
        ids: tuple[str, ...],
        transformation: tuple[str, ...],
        rests: tuple[bytes, ...],
        rows: tuple[Row, ...],
        run_rows: tuple[Run, ...],
    ) -> None:
        """As an `EventTable` with rows in the place of its columns."""
        put = object.__setattr__
        put(self, "terms", terms)
        put(self, "heads", heads)
        put(self, "ids", ids)
        put(self, "transformation", transformation)
        put(self, "rests", rests)
        put(self, "rows", rows)
        put(self, "run_rows", run_rows)
        put(self, "_whole", None)

    def __len__(self) -> int:
        return len(self.rows)

    def __reduce__(self) -> tuple[Any, ...]:
        # The one an `EventTable` has would put columns where this has none to put.
        return partial(Few, **self._members()), ()

    def _members(self) -> dict[str, Any]:
        return {
            "terms": self.terms,
            "heads": self.heads,
            "ids": self.ids,
            "transformation": self.transformation,
            "rests": self.rests,
            "rows": self.rows,
            "run_rows": self.run_rows,
        }

    @property
    def whole(self) -> EventTable:
        """The table with columns."""
        if self._whole is None:
            columns = np.array(self.rows, np.int64).reshape(-1, len(COLUMNS)).T
            whole = EventTable(
                **dict(zip(COLUMNS, columns, strict=True)),
                terms=self.terms,
                heads=self.heads,
                ids=self.ids,
                transformation=self.transformation,
                rests=self.rests,
                runs=runs_of(self.run_rows),
            )
            object.__setattr__(self, "_whole", whole)
            return whole
        return self._whole

    def with_ids(self, ids: Sequence[str]) -> "Few":
        """The same events under these ids."""
        return Few(**{**self._members(), "ids": tuple(ids)})


def _column(name: str) -> property:
    return property(lambda few: getattr(few.whole, name))


for _name in (*COLUMNS, "runs"):
    setattr(Few, _name, _column(_name))


def gathered(tables: Sequence[Few]) -> Few:
    """Several tables as one, their events one after the other."""
    terms, heads = Numbers({"": 0}), dict[Head, int]()
    rests: dict[bytes, int] = {b"": 0}
    rows: list[Row] = []
    runs: list[Run] = []
    for few in tables:
        start = len(rows)
        term = [terms[text] for text in few.terms]
        head = [heads.setdefault(one, len(heads)) for one in few.heads]
        rest = [rests.setdefault(one, len(rests)) for one in few.rests]
        for time, kind, *said, own in few.rows:
            rows.append((time, kind, *[term[one] for one in said], rest[own]))
        for event, role, of, first, count, measured, much, uom in few.run_rows:
            runs.append((event + start, role, head[of], first, count, measured, much, term[uom]))
    joined = any(few.transformation for few in tables)
    return Few(
        terms=tuple(terms),
        heads=tuple(heads),
        ids=tuple([one for few in tables for one in few.ids]),
        transformation=tuple(
            [text for few in tables for text in few.transformation or ("",) * len(few)]
        )
        if joined
        else (),
        rests=tuple(rests),
        rows=tuple(rows),
        run_rows=tuple(runs),
    )

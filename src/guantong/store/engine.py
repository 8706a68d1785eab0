"""What does an index need of the database it lies in?

The parts of a store speak one SQL, which both engines understand: question marks for values,
tables as their schemas say. Where the engines differ, a `Handle` says it in its own way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Row: TypeAlias = tuple[Any, ...]
Version: TypeAlias = tuple[int, ...]
"""The same twice: nobody has written meanwhile."""


class Found(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row, None when there is none."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one by one."""


class Handle(Protocol):
    """One connection to one index; used by one thread at a time."""

    @property
    def in_order(self) -> str:
        """The word that joins two tables in the order in which they are written."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, of either kind."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Found:
        """Run one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run one statement for each of many rows."""

    def among(self, sql: str, values: Sequence[int | str], *others: int | str) -> Iterator[Row]:
        """Rows of a statement in which ``IN ({})`` stands for `values`, and `others` follow."""

    def insert(self, table: str, rows: Sequence[Sequence[int | str | bytes]]) -> None:
        """New rows, all columns of each."""

    def insert_columns(self, table: str, columns: Sequence[Ints]) -> None:
        """New rows of a table of numbers, column by column."""

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing; a failed write is one of ours."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside stands as of one moment, whatever others write meanwhile."""

    def version(self) -> Version:
        """Changes when anybody has written, this handle included; in a snapshot it is that moment's."""

    def when_lost(self, forget: Callable[[], None]) -> None:
        """Have `forget` called when what was read before may not be there any more."""

    def fold(self) -> None:
        """Put the database in order after much was written."""

    def close(self) -> None:
        """Let go of it."""


def marks(values: Sequence[object]) -> str:
    """One question mark for each value."""
    return ",".join("?" * len(values))


def bound(as_of: int | None) -> int:
    """The entry that is too late."""
    return 2**62 if as_of is None else as_of

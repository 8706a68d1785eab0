"""Who has the items that rows speak of, and how many of each?"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from guantong.store.columns import ColumnStore, Rows
from guantong.store.door import Histories
from guantong.store.recent import Recent
from guantong.trace.book import Book
from guantong.trace.custody import custody
from guantong.trace.expanse import Ints, Wrappings
from guantong.trace.families import Families, families
from guantong.trace.life import lives
from guantong.trace.marks import Sight
from guantong.trace.model import Balance, FirmOf, Life, State

SHAPES_AT_ONCE: Final = 500
"""Lives read together."""
SHAPES_KNOWN: Final = 50_000
"""Shapes remembered in one half of a memory."""
STATES: Final = tuple(State)

Whose: TypeAlias = tuple[str, State, str]
"""Holder, state, and in transit whom it is for."""


class Whole(Histories, ColumnStore, Protocol):
    """A store that answers item by item and in columns."""


class _Holds(NamedTuple):
    """Who has the items of one shape."""

    party: int
    """Place among the firms of each family, -1 for nobody."""
    state: int
    """Place in `STATES`."""
    taker: int
    """As `party`."""


_UNREAD: Final = _Holds(-1, STATES.index(State.UNKNOWN), -1)
_KNOWN: Final[Recent[int, _Holds]] = Recent(SHAPES_KNOWN)
"""By the mark of a shape, which says all that custody looks at: it holds for ever."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who has the items of each family."""

    made: Families
    whose: Sequence[Whose]
    """Each once."""
    which: Ints
    """Of each family: a place in `whose`."""

    def counted(self) -> Counter[Whose]:
        """How many items each has."""
        counts = np.bincount(self.which, weights=self.made.size, minlength=len(self.whose))
        return Counter(dict(zip(self.whose, counts.astype(np.int64).tolist(), strict=True)))


@dataclass(slots=True)
class Tally:
    """Finds out who has what."""

    store: Whole
    sight: Sight
    firm_of: FirmOf
    wrappings: Wrappings
    late: Callable[[], bool] = lambda: False
    """Whether it takes too long."""
    is_cut: bool = False
    """Whether it took too long: what was not read is with nobody."""

    def items(self, rows: Rows) -> Told:
        """Holders of single items, of which these are all rows."""
        made = families(self.store, rows, self.sight, self.firm_of, self.wrappings)
        holds = np.array(self._holds(made), np.int64).reshape(-1, 3)[made.shape]
        party, taker = made.named(holds[:, 0]), made.named(holds[:, 2])
        key = (party * len(STATES) + holds[:, 1]) * len(made.names) + taker
        unique, which = np.unique(key, return_inverse=True)
        whose = [_whose(one, made.names) for one in unique.tolist()]
        return Told(made, whose, which)

    def _holds(self, made: Families) -> list[_Holds]:
        """Who has the items of each shape."""
        marks = made.mark.tolist()
        found = [_KNOWN.get(mark) if mark else None for mark in marks]
        unread = [at for at, holds in enumerate(found) if holds is None]
        for low in range(0, len(unread), SHAPES_AT_ONCE):
            if low and self.late():
                self.is_cut = True
                break
            part = unread[low : low + SHAPES_AT_ONCE]
            for at, holds in zip(part, self._read(made, made.shapes[part]), strict=True):
                found[at] = holds
                if marks[at]:
                    _KNOWN.put(marks[at], holds)
        return [_UNREAD if holds is None else holds for holds in found]

    def _read(self, made: Families, stands: Ints) -> list[_Holds]:
        """The same, read off the lives of these families."""
        examples = self.store.texts(made.example[stands])
        read = lives(self._book(), examples)
        firms = [made.firms(family) for family in stands.tolist()]
        return [self._held(read[one], named) for one, named in zip(examples, firms, strict=True)]

    def _held(self, life: Life, firms: list[str]) -> _Holds:
        held = custody(life, firm_of=self.firm_of).holder
        party, taker = self._firm(held.party), self._firm(held.taker)
        return _Holds(
            firms.index(party) if party else -1,
            STATES.index(held.state),
            firms.index(taker) if taker else -1,
        )

    def _firm(self, party: str) -> str:
        return self.firm_of(party) if party else ""

    def _book(self) -> Book:
        now_ms, future_ms, as_of = self.sight.now_ms, self.sight.future_ms, self.sight.as_of
        return Book(self.store, now_ms=now_ms, as_of=as_of, future_ms=future_ms)

    def lots(self, lots: Sequence[str]) -> list[tuple[str, Balance]]:
        """Balances of lots."""
        read = lives(self._book(), lots)
        return [
            (lot, balance)
            for lot in lots
            for balance in custody(read[lot], firm_of=self.firm_of).balances
        ]


def _whose(key: int, names: Sequence[str]) -> Whose:
    rest, taker = divmod(key, len(names))
    party, state = divmod(rest, len(STATES))
    return names[party], STATES[state], names[taker]

"""What do master data say that a query may ask about: what lies within a place, which attributes there are?

Only what the caller itself said, unless it sees all: what others say of a place is theirs.

References:
    EPCIS 2.0, section 12
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from guantong.caller import Caller
from guantong.capture.json_master import CHILDREN
from guantong.capture.model import Event
from guantong.errors import fault
from guantong.query.fields import keys_of
from guantong.query.parameters import ATTRIBUTED, Fault, Query, QueryError, Test
from guantong.store.door import Fact, Store

WITHIN: Final = "WD_"
HAS: Final = "HASATTR"
EQUALS: Final = "EQATTR"
WITHIN_MAX: Final = 10_000
"""Places within those that are asked for."""


class MasterData:
    """Master data as one caller may ask about them, at one ledger size."""

    def __init__(self, store: Store, caller: Caller, as_of: int) -> None:
        """Nothing is read yet."""
        self._store = store
        self._caller = caller
        self._as_of = as_of
        self.attributes = lru_cache(WITHIN_MAX)(self._attributes)

    def _attributes(self, kind: str, key: str) -> Mapping[str, object]:
        """What is said of something; what was said later stands."""
        said: dict[str, object] = {}
        for fact in self._store.facts(kind, (key,), as_of=self._as_of):
            if fact.key == key and may_use(fact, self._caller):
                said |= fact.fields
        return said

    def widened(self, query: Query) -> Query:
        """A query with all that lies within the places it asks for, at any depth.

        Returns:
            The query, ``WD_`` parameters with the places themselves.

        Raises:
            QueryError: if there are too many.
        """
        return Query(
            tuple(
                Test(test.name, self._within(test)) if test.name.startswith(WITHIN) else test
                for test in query.tests
            )
        )

    def _within(self, test: Test) -> tuple[str, ...]:
        found = dict.fromkeys(str(value) for value in test.values)
        todo = list(found)
        while todo:
            children = self.attributes("place", todo.pop()).get(CHILDREN, ())
            listed = children if isinstance(children, list | tuple) else ()
            new = [one for one in listed if one not in found]
            found |= dict.fromkeys(new)
            todo += new
            if len(found) > WITHIN_MAX:
                expected = f"at most {WITHIN_MAX} places within these"
                raise QueryError(
                    fault(Fault.COMPLEX, expected=expected, got="more", path=test.name)
                )
        return tuple(sorted(found))

    def holds(self, test: Test, event: Event) -> bool:
        """Whether the master data of a field of an event is as a test of attributes wants it."""
        kind, _, rest = test.name.partition("_")
        field, _, attribute = rest.partition("_")
        for key in keys_of(field, event):
            said = self.attributes(ATTRIBUTED[field], str(key))
            found = _texts(said, attribute) if kind == EQUALS else said
            if any(value in found for value in test.values):
                return True
        return False


def may_use(fact: Fact, caller: Caller) -> bool:
    """Whether a caller may ask about what was said: by itself, or by anybody when it sees all."""
    return caller.sees_all() or fact.by == caller.party


def is_of_attributes(test: Test) -> bool:
    """Whether a test asks about master data."""
    return test.name.partition("_")[0] in {HAS, EQUALS}


def _texts(said: Mapping[str, object], attribute: str) -> list[str]:
    value = said.get(attribute)
    listed = value if isinstance(value, list | tuple) else [value]
    return [str(one) for one in listed if one is not None]

"""Which recalls are there, and how far are they?"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from guantong.recall.model import RECALL, STEP, Act, Recall, Step
from guantong.store import Fact, Store, all_facts


class Running(NamedTuple):
    """A recall and its steps, in ledger order."""

    recall: Recall
    opened: Fact
    steps: tuple[tuple[Step, Fact], ...]

    def last(self, *acts: Act) -> tuple[Step, Fact] | None:
        """The latest step of some kinds, None when there was none."""
        return next((one for one in reversed(self.steps) if one[0].act in acts), None)

    @property
    def is_closed(self) -> bool:
        """Whether it came to its end."""
        return self.last(Act.CLOSED) is not None

    @property
    def is_held(self) -> bool:
        """Whether everything in it is stopped."""
        last = self.last(Act.HELD, Act.RELEASED)
        return last is not None and last[0].act is Act.HELD

    @property
    def is_public(self) -> bool:
        """Whether everybody is told of it."""
        return self.last(Act.PUBLISHED) is not None

    @property
    def report_entry(self) -> int:
        """Where the report of its end stands in the ledger, -1 for nowhere."""
        last = self.last(Act.CLOSED)
        return last[0].report if last is not None else -1

    @property
    def origins(self) -> tuple[str, ...]:
        """What the scope begins with now."""
        last = self.last(Act.SCOPED)
        return last[0].origins if last is not None else ()


def find(store: Store, number: str) -> Running | None:
    """A recall by its number, None when there is none."""
    facts = [fact for fact in store.facts(RECALL, (number,)) if fact.key == number]
    return _with_steps(store, facts[:1])[0] if facts else None


def all_recalls(store: Store) -> list[Running]:
    """All of them, the latest first."""
    facts = sorted(all_facts(store, RECALL), key=lambda fact: -fact.entry)
    return _with_steps(store, facts)


def recalls_to(store: Store, party: str) -> list[Running]:
    """Those in which a holder was told something, the latest first."""
    told = store.facts(STEP, (f"to {party}",))
    numbers = dict.fromkeys(fact.key for fact in reversed(told))
    found = (find(store, number) for number in numbers)
    return [one for one in found if one is not None]


def _with_steps(store: Store, facts: Iterable[Fact]) -> list[Running]:
    opened = list(facts)
    steps: dict[str, list[tuple[Step, Fact]]] = {}
    for fact in store.facts(STEP, [one.key for one in opened]) if opened else ():
        if fact.key in {one.key for one in opened}:
            steps.setdefault(fact.key, []).append((msgspec.convert(fact.fields, Step), fact))
    return [
        Running(msgspec.convert(one.fields, Recall), one, tuple(steps.get(one.key, ())))
        for one in opened
    ]

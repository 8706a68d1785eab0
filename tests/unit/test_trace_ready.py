"""What was found out before is used only as far as it is still so: every scope is as without it."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from guantong.parties import Register
from guantong.store import Fact, Indexed, SegmentStore
from guantong.store.holdings import Known
from guantong.trace import closure as scopes
from guantong.trace import keeping
from guantong.trace.closure import Scope, closure
from guantong.trace.keeping import found_out, plan
from guantong.trace.ready import counted
from guantong.trace.tally import Whose
from tests.store_model import PARTIES, PLACES, Twins


def keep(store: SegmentStore, parts: int | None = None) -> None:
    """Find everything out; with `parts`, end after so many."""
    planned = plan(store)
    firm_of = Register(store, as_of=planned.sight.as_of).firm_of
    for at, items in enumerate(planned.parts()):
        if at == parts:
            return
        store.keep(store.findings(found_out(store, items, planned.sight, firm_of)))
    store.keep([], planned.until)


class Lives(Twins):
    """Each event has an id of its own, as intake demands; places change hands."""

    def _id(self) -> str:
        return f"urn:own:{len(self.ids)}"

    def _document(self) -> Indexed:
        document = super()._document()
        if self.random.random() < 0.7:
            return document
        firm: dict[str, object] = {"firm": self.random.choice(PARTIES)}
        place = Fact("place", self.random.choice((*PLACES[1:], *PARTIES)), firm)
        return msgspec.structs.replace(document, facts=(*document.facts, place))


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few items there are."""
    monkeypatch.setattr(scopes, "READY_MIN", 0)
    monkeypatch.setattr(keeping, "EXTENTS_AT_ONCE", 8)
    monkeypatch.setattr(keeping, "EVENTS_AT_ONCE", 16)


def told(scope: Scope) -> tuple[object, ...]:
    items = list(zip(scope.items.first.tolist(), scope.items.count.tolist(), strict=True))
    return items, set(scope.lots), scope.held, set(scope.amounts), scope.stops, scope.made


def both(store: SegmentStore, origins: list[str], now_ms: int) -> Iterator[tuple[Scope, Scope]]:
    """The scope with and without what is known."""
    for origin in origins:
        with store.still():
            firm_of = Register(store).firm_of
            one = closure(store, [origin], now_ms=now_ms, firm_of=firm_of, kept=store)
            yield one, closure(store, [origin], now_ms=now_ms, firm_of=firm_of)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 5))]
)
def test_of_random_lives(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of events without any sense: withdrawn, joined, late, dated ahead, in containers in containers."""
    chance = random.Random(seed)
    twins = Lives(tmp_path, seed)
    used: list[int] = []

    def noted(known: Known) -> Counter[Whose]:
        used.append(known.whole.size())
        return counted(known)

    monkeypatch.setattr(scopes, "counted", noted)
    for step in range(14):
        for _ in range(chance.choice((0, 0, 0, 1, 2, 12))):
            twins.capture()
        if chance.random() < 0.7:
            keep(twins.segments, parts=chance.choice((None, None, 1, 3)))
        if chance.random() < 0.3:
            twins.segments.compact()
        items = list(dict.fromkeys(twins.items))
        origins = chance.sample(items, min(len(items), 6))
        for one, two in both(twins.segments, origins, twins.record_ms):
            assert told(one) == told(two), (seed, step, one.origins)
    assert sum(used) > 0
    twins.close()

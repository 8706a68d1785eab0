"""Two texts of one hash: the text decides, whatever the hash leads to."""

from pathlib import Path

import numpy as np
import pytest

from guantong.store import Fact, Indexed, SegmentStore
from guantong.store.codebook import Codebook
from guantong.store.terms import Terms


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SegmentStore:
    for room in ("terms", "facts", "codebook"):
        monkeypatch.setattr(f"guantong.store.{room}.key_of", lambda _: 5)
    monkeypatch.setattr(
        "guantong.store.codebook.keys_of", lambda texts: np.full(len(texts), 5, np.int64)
    )
    return SegmentStore.open(tmp_path / "index.sqlite")


def test_terms(store: SegmentStore) -> None:
    with store._db.transaction():
        numbers = Terms(store._db).assign(["a", "b", "", "a", "c"]).tolist()
    assert numbers[0] == numbers[3]
    assert len(set(numbers)) == 4
    again = Terms(store._db)
    assert [again.number(text) for text in ("a", "b", "", "c")] == [*numbers[:3], numbers[4]]
    assert again.number("d") == -1
    store.close()


def test_codes(store: SegmentStore) -> None:
    with store._db.transaction():
        made = Codebook(store._db).assign(["x/1", "x/2", "x/1"]).tolist()
    assert made == [0, 1, 0]
    again = Codebook(store._db)
    assert again.find(["x/2"]).tolist() == [1]
    assert again.find(["x/2", "x/3", "x/1"]).tolist() == [1, -1, 0]
    store.close()


def test_facts(store: SegmentStore) -> None:
    facts = (
        Fact("firm", "f1", {"name": "one"}, links=("p1", "p2")),
        Fact("firm", "f2", links=("p2",)),
        Fact("place", "p1"),
    )
    store.append([Indexed(entry=0, by="m", received_ms=7, facts=facts)])

    def found(kind: str, *keys: str) -> list[str]:
        return [fact.key for fact in store.facts(kind, keys)]

    assert found("firm", "f1") == ["f1"]
    assert found("firm", "p1") == ["f1"]
    assert found("firm", "p2") == ["f1", "f2"]
    assert found("place", "p1", "f1") == ["p1"]
    assert found("place", "p2") == []
    (one,) = store.facts("firm", ["f1"])
    assert (one.kind, one.key, one.fields, one.links) == (
        "firm",
        "f1",
        {"name": "one"},
        ("p1", "p2"),
    )
    assert (one.by, one.entry, one.received_ms) == ("m", 0, 7)
    store.close()

"""Inside of one moment the index stands still, and what followed from it is not found twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong.store import Memory, Noted, Recalling, RowStore, SegmentStore, remembered
from tests.unit.test_store_recall import (
    CASE,
    CLASS,
    FIRM,
    ITEM,
    LATER,
    Engine,
    event,
    memory,
    names,
    product,
    put,
    reader,
)

__all__ = ["memory", "reader"]


@pytest.fixture(params=[RowStore, SegmentStore])
def writer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Without compaction at each step: it would wait for the moment to end."""
    engine: type[Engine] = request.param
    store = engine.open(tmp_path / "index.sqlite")
    yield store
    store.close()


class Counted:
    """Something made of rows and facts, and how often."""

    def __init__(self, reader: Recalling) -> None:
        self.reader = reader
        self.made = 0

    def ask(self, *, item: str = ITEM, now_ms: int | None = 10**9) -> list[object]:
        with self.reader.still():
            return remembered(self.reader, (item,), lambda: self.make(item), now_ms=now_ms)

    def make(self, item: str) -> list[object]:
        self.made += 1
        seen = [row.stored.event.id for row in self.reader.history(item)]
        return [*seen, *names(self.reader, CLASS)]


def test_a_moment_holds_nothing_that_comes_after_it(writer: Engine, reader: Recalling) -> None:
    put(writer, event(1, epcs=(ITEM,)))
    with reader.still():
        put(writer, event(2, epcs=(ITEM, CASE)), product("rice"))
        assert len(reader.history(ITEM)) == 1
        assert reader.history(CASE) == []
        assert reader.store.facts("product", (CLASS,)) == []
        assert reader.reached == (1, 1, 0)
    assert len(reader.history(ITEM)) == 2
    assert reader.reached == (2, 2, 1)


def test_a_fact_read_of_an_old_moment_is_not_trusted_in_a_new_one(
    writer: Engine, reader: Recalling, memory: Memory, tmp_path: Path
) -> None:
    other = Recalling(type(writer).open(tmp_path / "index.sqlite", read_only=True), memory)
    put(writer, event(1, epcs=(ITEM,)))
    with reader.still():
        put(writer, product("rice"))
        _ = other.reached  # the shared memory learns of it
        reader.facts("product", (CLASS,))
    assert [fact.fields["name"] for fact in other.facts("product", (CLASS,))] == ["rice"]
    other.close()


def test_blocks_that_came_meanwhile_are_found(tmp_path: Path, memory: Memory) -> None:
    writer = SegmentStore.open(tmp_path / "index.sqlite")
    reader = Recalling(SegmentStore.open(tmp_path / "index.sqlite", read_only=True), memory)
    for number in range(1, 4):
        put(writer, event(number, epcs=(ITEM, LATER)))
        for _ in range(3):
            with reader.still():
                assert len(reader.history(ITEM)) == number
                assert len(reader.history(LATER)) == number
        writer.compact()
        with reader.still():
            assert len(reader.history(ITEM)) == number
    writer.close()
    reader.close()


def test_what_follows_is_made_once_until_a_fact_or_a_row_comes(
    writer: Engine, reader: Recalling
) -> None:
    one = Counted(reader)
    put(writer, event(1, epcs=(ITEM,)), product("rice"))
    assert one.ask() == one.ask() == ["urn:test:1", "rice"]
    assert one.made == 1
    put(writer, event(2, epcs=(CASE,)), product("tea", "urn:test:other"))
    one.ask()
    assert one.made == 1
    put(writer, event(3, epcs=(ITEM,)))
    assert one.ask() == ["urn:test:1", "urn:test:3", "rice"]
    put(writer, product("brown rice"))
    assert one.ask() == ["urn:test:1", "urn:test:3", "rice", "brown rice"]
    assert one.made == 3


def test_what_was_found_later_is_not_told_of_an_earlier_moment(
    writer: Engine, reader: Recalling, memory: Memory, tmp_path: Path
) -> None:
    put(writer, event(1, epcs=(ITEM,)))
    other = Recalling(type(writer).open(tmp_path / "index.sqlite", read_only=True), memory)
    with reader.still():
        put(writer, event(2, epcs=(ITEM,)))
        assert len(Counted(other).ask()) == 2
        found = remembered(reader, (ITEM,), lambda: Counted(reader).make(ITEM), now_ms=10**9)
        assert found == ["urn:test:1"]
    other.close()


def test_what_rests_on_an_event_still_to_come_is_not_kept(
    writer: Engine, reader: Recalling
) -> None:
    one = Counted(reader)
    put(writer, event(1, epcs=(ITEM,)))  # received at 1,000
    one.ask(now_ms=999)
    one.ask(now_ms=1_000)
    one.ask(now_ms=1_001)
    assert one.made == 2
    one.ask(now_ms=999)
    assert one.made == 3


def test_an_earlier_size_and_a_store_without_memory_are_asked(
    writer: Engine, reader: Recalling
) -> None:
    one = Counted(reader)
    put(writer, event(1, epcs=(ITEM,)))
    with reader.still():
        for _ in range(2):
            remembered(reader, (ITEM,), lambda: one.make(ITEM), as_of=0)
            remembered(writer, (ITEM,), lambda: one.make(ITEM))
    assert one.made == 4


def test_whoever_is_given_it_again_notes_what_it_rests_on(
    writer: Engine, reader: Recalling
) -> None:
    one = Counted(reader)
    put(writer, event(1, epcs=(ITEM,)), product("rice"))
    for _ in range(2):
        reader.noted = noted = Noted()
        one.ask()
        assert noted.items == {ITEM}
        assert noted.facts == {("product", CLASS)}
    assert one.made == 1


def test_what_looks_through_everything_is_not_kept(writer: Engine, reader: Recalling) -> None:
    made = 0

    def make() -> list[str]:
        nonlocal made
        made += 1
        return reader.items_of(CLASS)

    put(writer, event(1, epcs=(ITEM,)))
    reader.noted = noted = Noted()
    for _ in range(2):
        with reader.still():
            remembered(reader, "all", make)
    assert made == 2
    assert noted.whole


def test_the_row_store_has_moments_too(tmp_path: Path) -> None:
    store = RowStore.open(tmp_path / "rows.sqlite")
    with store.still():
        assert store.projected_size == 0
    assert FIRM
    store.close()

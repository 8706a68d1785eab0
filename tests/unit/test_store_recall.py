"""What is remembered is what the index would say now: a newer fact or row is never missed."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from guantong import trace
from guantong.capture.model import Action, Event, EventType, Quantity
from guantong.store import Fact, Indexed, Memory, Noted, Recalling, RowStore, SegmentStore, recall
from guantong.store.recent import Recent

CLASS = "https://id.gs1.org/01/06901234567892"
ITEM = f"{CLASS}/21/1"
LATER = f"{CLASS}/21/77777"
CASE = "https://id.gs1.org/00/069012345000000012"
LOT = f"{CLASS}/10/A"
FIRM = "urn:test:firm"

Engine = RowStore | SegmentStore


class Compacted(SegmentStore):
    """A segment store in which everything lies in blocks."""

    def append(self, documents: object) -> None:
        super().append(documents)  # type: ignore[arg-type]
        self.compact()


@pytest.fixture(params=[RowStore, SegmentStore, Compacted])
def writer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine: type[Engine] = request.param
    store = engine.open(tmp_path / "index.sqlite")
    yield store
    store.close()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def reader(writer: Engine, memory: Memory, tmp_path: Path) -> Iterator[Recalling]:
    handle = Recalling(type(writer).open(tmp_path / "index.sqlite", read_only=True), memory)
    yield handle
    handle.close()


def event(number: int, **members: object) -> Event:
    given = {
        "type": EventType.OBJECT,
        "action": Action.OBSERVE,
        "offset": "+08:00",
        "id": f"urn:test:{number}",
        "time_ms": number,
    }
    return Event(**(given | members))  # type: ignore[arg-type]


def put(store: Engine, *said: Fact | Event) -> None:
    facts = tuple(one for one in said if isinstance(one, Fact))
    events = tuple(one for one in said if isinstance(one, Event))
    entry = store.projected_size
    store.append(
        [Indexed(entry=entry, by=FIRM, received_ms=1000 + entry, events=events, facts=facts)]
    )


def names(reader: Recalling, *keys: str, as_of: int | None = None) -> list[object]:
    _ = reader.reached  # as every question begins
    return [fact.fields["name"] for fact in reader.facts("product", keys, as_of=as_of)]


def product(name: str, key: str = CLASS, *links: str) -> Fact:
    return Fact("product", key, {"name": name}, links=links)


def test_a_fact_that_came_after_the_first_question_is_told(
    writer: Engine, reader: Recalling
) -> None:
    assert names(reader, CLASS) == []
    put(writer, product("rice"))
    assert names(reader, CLASS) == ["rice"]
    put(writer, product("brown rice"))
    assert names(reader, CLASS) == ["rice", "brown rice"]


def test_a_fact_that_links_to_the_key_is_told(writer: Engine, reader: Recalling) -> None:
    assert names(reader, CLASS) == []
    put(writer, product("sack", "urn:test:other", CLASS))
    assert names(reader, CLASS) == ["sack"]


def test_a_fact_about_another_key_is_no_reason_to_read_again(
    writer: Engine, reader: Recalling, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(writer, product("rice"))
    assert names(reader, CLASS) == ["rice"]
    put(writer, product("tea", "urn:test:other"), Fact("firm", CLASS))
    monkeypatch.setattr(type(writer), "facts", None)
    assert names(reader, CLASS) == ["rice"]


def test_what_was_remembered_later_is_not_told_of_an_earlier_size(
    writer: Engine, reader: Recalling
) -> None:
    put(writer, product("rice"))
    put(writer, product("brown rice"))
    assert names(reader, CLASS) == ["rice", "brown rice"]
    assert names(reader, CLASS, as_of=1) == ["rice"]
    assert names(reader, CLASS, as_of=0) == []


def test_handles_that_share_a_memory_learn_from_each_other_and_miss_nothing(
    writer: Engine, reader: Recalling, memory: Memory, tmp_path: Path
) -> None:
    other = Recalling(type(writer).open(tmp_path / "index.sqlite", read_only=True), memory)
    assert names(reader, CLASS) == names(other, CLASS) == []
    put(writer, product("rice"))
    assert names(other, CLASS) == ["rice"]
    assert names(reader, CLASS) == ["rice"]
    other.close()


def test_a_memory_that_forgot_what_changed_trusts_nothing_older(
    writer: Engine, reader: Recalling, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.store.recall.FACTS_MAX", 2)
    assert names(reader, CLASS) == []
    put(writer, product("rice"))
    put(writer, *(product(str(n), f"urn:test:{n}") for n in range(9)))
    assert names(reader, CLASS) == ["rice"]
    assert not memory.is_fresh(0, [("product", "urn:test:never")])


def test_how_far_an_index_reaches(writer: Engine, reader: Recalling) -> None:
    assert reader.reached == (0, 0, 0)
    put(writer, event(1, epcs=(ITEM,)), event(2, epcs=(ITEM,)), product("rice"))
    assert reader.reached == (1, 2, 1)
    put(writer, event(3, epcs=(CASE,)))
    assert reader.reached == (2, 3, 1)


def test_a_new_row_touches_its_items_and_no_others(writer: Engine) -> None:
    put(writer, event(1, epcs=(ITEM,)), event(2, epcs=(CASE,)))
    packed = {"type": EventType.AGGREGATION, "action": Action.ADD, "parent": CASE}
    put(writer, event(3, **packed, child_epcs=(ITEM,), child_quantities=(Quantity(LOT),)))
    for item in (ITEM, CASE, LOT):
        assert writer.touched((item,), after=2), item
        assert not writer.touched((item,), after=3), item
    assert not writer.touched((LATER,), after=0)


def test_an_item_nobody_knew_is_touched_when_it_appears(writer: Engine) -> None:
    put(writer, event(1, epcs=(ITEM,)))
    assert not writer.touched((ITEM, LATER), after=1)
    put(writer, event(2, epcs=(LATER,)))
    assert writer.touched((ITEM, LATER), after=1)


def test_facts_after_a_number_without_some_kinds(writer: Engine) -> None:
    put(writer, product("rice"))
    put(writer, Fact("submission", "x"), product("tea"))
    found = writer.facts_after(1, without=("submission",))
    assert [(fact.fields["name"], fact.entry) for fact in found] == [("tea", 1)]


def test_a_question_notes_what_it_read(writer: Engine, reader: Recalling) -> None:
    put(writer, event(1, epcs=(ITEM,)), product("rice"))
    reader.noted = noted = Noted()
    reader.history(ITEM)
    reader.facts("product", (CLASS,))
    assert noted.items == {ITEM}
    assert noted.facts == {("product", CLASS)}
    assert [stored.event.id for stored in noted.events.values()] == ["urn:test:1"]
    assert not noted.whole
    reader.items_of(CLASS)
    assert noted.whole


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    kept: Recent[int, str] = Recent(10)
    for number in range(100):
        kept.put(number, str(number))
        assert kept.get(0) == "0"
    assert kept.get(99) == "99"
    assert kept.get(50) is None
    assert sum(kept.get(number) is not None for number in range(100)) <= 20


def uses(number: int) -> Event:
    return event(
        number,
        type=EventType.TRANSFORMATION,
        action=None,
        input_quantities=(Quantity(LOT, 1.0, "KGM"),),
        output_epcs=(f"{ITEM}{number}",),
    )


def test_rows_without_what_was_used_up(writer: Engine, reader: Recalling) -> None:
    made = event(1, quantities=(Quantity(LOT, 9.0, "KGM"),))
    writer.append([Indexed(entry=0, by=FIRM, received_ms=0, events=(made, uses(2), uses(3)))])
    assert [row.stored.event.time_ms for row in reader.rows_of([LOT])[LOT]] == [1, 2, 3]
    assert [row.stored.event.time_ms for row in reader.rows_of([LOT], used=False)[LOT]] == [1]
    assert reader.rows_of([f"{ITEM}2"], used=False) == reader.rows_of([f"{ITEM}2"])


def test_what_a_lot_was_made_of_is_found_without_its_uses(
    writer: Engine, reader: Recalling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item of a lot that was used a thousand times is walked up without reading these."""
    made = event(1, quantities=(Quantity(LOT, 9.0, "KGM"),))
    listed = (made, *(uses(number) for number in range(2, 60)))
    writer.append([Indexed(entry=0, by=FIRM, received_ms=0, events=listed)])
    read: list[int] = []
    rows_of = reader.store.rows_of

    def counted(*args: Any, **more: Any) -> Any:
        found = rows_of(*args, **more)
        read.extend(len(rows) for rows in found.values())
        return found

    monkeypatch.setattr(reader.store, "rows_of", counted)
    book = trace.Book(reader, now_ms=10**6)
    with reader.still():
        above = trace.parts(book, f"{ITEM}30", hops_max=9, nodes_max=99)
    assert set(above) == {f"{ITEM}30", LOT}
    assert sum(read) <= 4


def test_one_looks_and_the_others_wait(writer: Engine, memory: Memory, tmp_path: Path) -> None:
    """What many ask for at once, by handles of their own, is made once."""
    writer.append([Indexed(entry=0, by=FIRM, received_ms=0, events=(event(1, epcs=(ITEM,)),))])
    made: list[int] = []
    begin = Barrier(4)

    def ask() -> None:
        handle = Recalling(type(writer).open(tmp_path / "index.sqlite", read_only=True), memory)

        def make() -> int:
            time.sleep(0.05)
            made.append(len(handle.rows_of([ITEM])))
            return 1

        with handle.still():
            begin.wait()
            assert handle.remembered("key", make, 10**6) == 1
        handle.close()

    askers = [Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert made == [1]
    assert memory._turns == {}


def test_two_that_wait_for_each_other_both_come_to_an_end(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "TURN_SECONDS", 0.05)
    both, ended = Barrier(2), []

    def ask(first: str, second: str) -> None:
        with memory.turn(first):
            both.wait()
            with memory.turn(second), memory.turn(first):
                ended.append(first)

    askers = [Thread(target=ask, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(20)
    assert sorted(ended) == ["a", "b"]
    assert memory._turns == {}

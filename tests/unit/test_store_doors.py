"""What goes in comes out, as of any size, in one transaction: the same at every store."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from guantong.capture.model import Action, ErrorDeclaration, Event, EventType, Quantity, Typed
from guantong.store import (
    EventFilter,
    Fact,
    Indexed,
    Near,
    Role,
    RowStore,
    SegmentStore,
    StoreError,
)

ITEM = "https://id.gs1.org/01/06901234567892/21/1"
OTHER = "https://id.gs1.org/01/06901234567892/21/2"
CASE = "https://id.gs1.org/00/069012345000000012"
LOT = "https://id.gs1.org/01/06901234567892/10/A"


def event(number: int, time_ms: int, **members: object) -> Event:
    given = {
        "type": EventType.OBJECT,
        "action": Action.OBSERVE,
        "offset": "+08:00",
        "id": f"urn:test:{number}",
    }
    return Event(time_ms=time_ms, **(given | members))  # type: ignore[arg-type]


class CompactedStore(SegmentStore):
    """A segment store that is compacted whenever something came in."""

    def append(self, documents: Sequence[Indexed]) -> None:
        super().append(documents)
        self.compact()


ENGINES = (RowStore, SegmentStore, CompactedStore)
Engine = RowStore | SegmentStore


@pytest.fixture(params=ENGINES)
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Engine:
    engine: type[RowStore | SegmentStore] = request.param
    return engine.open(tmp_path / "index.sqlite")


def document(entry: int, *events: Event, by: str = "urn:test:firm") -> Indexed:
    return Indexed(entry=entry, by=by, received_ms=1000 + entry, events=events)


def test_history_is_by_event_time_and_arrival_breaks_ties(store: Engine) -> None:
    store.append([document(0, event(1, 50, epcs=(ITEM,)), event(2, 10, epcs=(ITEM,)))])
    store.append([document(1, event(3, 50, epcs=(ITEM,)))])
    ids = [happening.stored.event.id for happening in store.history(ITEM)]
    assert ids == ["urn:test:2", "urn:test:1", "urn:test:3"]


def test_each_role_makes_its_row(store: Engine) -> None:
    packed = event(
        1,
        5,
        type=EventType.AGGREGATION,
        parent=CASE,
        child_epcs=(ITEM, OTHER),
        child_quantities=(Quantity(LOT, 2.5, "MTR"),),
    )
    made = event(
        2,
        6,
        type=EventType.TRANSFORMATION,
        action=None,
        input_epcs=(ITEM,),
        output_quantities=(Quantity(LOT, 3.0, "KGM"),),
    )
    store.append([document(0, packed, made)])
    assert [h.role for h in store.history(ITEM)] == [Role.CHILD, Role.INPUT]
    assert [h.role for h in store.history(CASE)] == [Role.PARENT]
    lots = [(h.role, h.quantity, h.uom) for h in store.history(LOT)]
    assert lots == [(Role.CHILD, 2.5, "MTR"), (Role.OUTPUT, 3.0, "KGM")]
    numbers = [h.stored.no for h in store.history(ITEM)]
    assert {h.item for h in store.inputs(numbers)[numbers[0]]} == {ITEM, OTHER, LOT}
    assert [h.item for h in store.outputs(numbers)[numbers[0]]] == [CASE]


def test_an_item_named_twice_in_one_list_is_two_rows(store: Engine) -> None:
    store.append([document(0, event(1, 5, epcs=(ITEM, ITEM)))])
    assert len(store.history(ITEM)) == 2


def test_as_of_shows_only_the_first_entries(store: Engine) -> None:
    fact = Fact("product", "urn:test:p", {"name": "a"})
    store.append([document(0, event(1, 5, epcs=(ITEM,)))])
    later = Indexed(
        entry=1, by="b", received_ms=2, events=(event(2, 1, epcs=(ITEM,)),), facts=(fact,)
    )
    store.append([later])
    assert len(store.history(ITEM)) == 2
    assert len(store.history(ITEM, as_of=1)) == 1
    assert store.history(ITEM, as_of=0) == []
    assert store.facts("product", ["urn:test:p"], as_of=1) == []
    assert [e.entry for e in store.scan_events(EventFilter(), as_of=1)] == [0]
    assert store.items_of("https://id.gs1.org/01/06901234567892", as_of=0) == []


def test_a_gap_in_the_ledger_order_is_refused_and_nothing_is_stored(store: Engine) -> None:
    with pytest.raises(StoreError) as refused:
        store.append([document(0, event(1, 5, epcs=(ITEM,))), document(2)])
    assert refused.value.faults[0].code == "store.gap"
    assert refused.value.faults[0].expected == "entry 1"
    assert store.projected_size == 0
    assert store.history(ITEM) == []
    assert store.counts() == {"entries": 0, "events": 0, "rows": 0, "facts": 0}


@pytest.mark.file
@pytest.mark.parametrize("engine", ENGINES)
def test_another_layout_is_refused(tmp_path: Path, engine: type[Engine]) -> None:
    path = tmp_path / "index.sqlite"
    store = engine.open(path)
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreError, match=r"store\.version"):
        engine.open(path)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reader_can_not_write_and_sees_only_whole_transactions(
    tmp_path: Path, engine: type[Engine]
) -> None:
    path = tmp_path / "index.sqlite"
    writer = engine.open(path)
    reader = engine.open(path, read_only=True)
    writer.append([document(0, event(1, 5, epcs=(ITEM,)))])
    assert reader.projected_size == 1
    assert len(reader.history(ITEM)) == 1
    with pytest.raises(Exception, match=r"read-?only"):
        reader.append([document(1)])


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (EventFilter(), ["1", "2", "3"]),
        (EventFilter(steps=("shipping",)), ["2"]),
        (EventFilter(types=("TransformationEvent",)), ["3"]),
        (EventFilter(locations=("urn:test:here",)), ["1"]),
        (EventFilter(time_from_ms=10, time_to_ms=30), ["1", "2"]),
        (EventFilter(ids=("urn:test:3", "urn:test:none")), ["3"]),
        (EventFilter(transformation_ids=("urn:test:t",)), ["3"]),
        (EventFilter(parties=("urn:test:b",)), ["3"]),
        (EventFilter(steps=("shipping",), types=("TransformationEvent",)), []),
    ],
)
def test_scan_filters(store: Engine, wanted: EventFilter, ids: list[str]) -> None:
    first = event(1, 10, epcs=(ITEM,), biz_location="urn:test:here")
    second = event(2, 20, epcs=(ITEM,), step="shipping")
    third = event(
        3,
        30,
        type=EventType.TRANSFORMATION,
        action=None,
        input_epcs=(ITEM,),
        transformation_id="urn:test:t",
    )
    store.append([document(0, first, second), document(1, third, by="urn:test:b")])
    found = [stored.event.id.removeprefix("urn:test:") for stored in store.scan_events(wanted)]
    assert found == ids


SAID: dict[str, dict[str, object]] = {
    "1": {"error": ErrorDeclaration(5, "did_not_occur")},
    "2": {"sources": (Typed("owning_party", "urn:test:从"),)},
    "3": {"extensions": {"{urn:x:}a": {"{urn:x:}b": "deep"}}},
    "4": {"ilmd": {"{urn:x:}a": "said"}, "read_point": "urn:test:there"},
}


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        ((("error",),), ["1"]),
        ((("urn:test:从",),), ["2"]),
        ((("{urn:x:}b",),), ["3"]),
        ((("{urn:x:}a",),), ["3", "4"]),
        ((("{urn:x:}a",), ("said", "other")), ["4"]),
        ((("urn:test:none",),), []),
    ],
)
def test_a_scan_for_what_is_mentioned(
    store: Engine, texts: tuple[tuple[str, ...], ...], ids: list[str]
) -> None:
    said = [event(int(n), 10, epcs=(ITEM,), **members) for n, members in SAID.items()]
    store.append([document(0, *said)])
    found = store.scan_events(EventFilter(mentions=texts))
    assert [stored.event.id.removeprefix("urn:test:") for stored in found] == ids


def test_a_scan_for_what_is_near_lets_pass_all_that_is_and_little_else(tmp_path: Path) -> None:
    said = [event(int(n), 10, epcs=(ITEM,), **members) for n, members in SAID.items()]
    documents = [document(0, *said), document(1, event(5, 10, epcs=(ITEM,)), by="urn:test:b")]
    near = {
        ("5",): Near("urn:test:b".__eq__),
        ("2",): Near("urn:test:从".__eq__),
        ("4", "5"): Near("urn:test:b".__eq__, "urn:test:there".__eq__),
        (): Near(lambda _: False),
    }
    for engine in ENGINES:
        store = engine.open(tmp_path / engine.__name__)
        store.append(documents)
        for ids, one in near.items():
            passed = store.scan_events(EventFilter(near=one))
            found = {stored.event.id.removeprefix("urn:test:") for stored in passed}
            assert found >= set(ids)
            assert engine is not SegmentStore or found == set(ids)
        store.close()


def test_pages_by_key_neither_repeat_nor_hide(store: Engine) -> None:
    store.append([document(0, *(event(n, n, epcs=(ITEM,)) for n in range(7)))])
    seen, after = [], None
    while page := store.scan_events(EventFilter(), after=after, limit=3):
        seen += [stored.event.id for stored in page]
        after = page[-1].record_ms, page[-1].no
        store.append([document(store.projected_size, event(100 + len(seen), 1, epcs=(ITEM,)))])
        if len(seen) > 12:
            break
    assert seen[:7] == [f"urn:test:{n}" for n in range(7)]
    assert len(seen) == len(set(seen))


def test_facts_are_found_by_key_and_by_link_in_ledger_order(store: Engine) -> None:
    given = Fact("certificate", "urn:c", {"status": "valid"}, links=("urn:p",))
    taken = Fact("certificate", "urn:c", {"status": "suspended"})
    store.append([Indexed(entry=0, by="body", received_ms=5, facts=(given,))])
    store.append([Indexed(entry=1, by="body", received_ms=6, facts=(taken,))])
    by_link = store.facts("certificate", ["urn:p"])
    by_key = store.facts("certificate", ["urn:c"])
    assert [fact.fields["status"] for fact in by_link] == ["valid"]
    assert [fact.fields["status"] for fact in by_key] == ["valid", "suspended"]
    assert [(fact.by, fact.entry, fact.received_ms) for fact in by_key] == [
        ("body", 0, 5),
        ("body", 1, 6),
    ]
    assert store.facts("product", ["urn:c"]) == []
    assert [fact.key for fact in store.scan_facts("certificate")] == ["urn:c", "urn:c"]
    assert store.scan_facts("certificate", after="urn:c") == []


def test_known_ids_are_per_party(store: Engine) -> None:
    store.append([document(0, event(1, 5, epcs=(ITEM,)), by="a")])
    assert store.known_ids("a", ["urn:test:1", "urn:test:2"]) == {"urn:test:1"}
    assert store.known_ids("b", ["urn:test:1"]) == set()
    store.append([document(1, event(2, 6, epcs=(ITEM,)), by="b")])
    asked = ["urn:test:2", "urn:test:1", "urn:test:2"]
    known = store.known_among({"a": asked, "b": asked, "c": asked, "d": ()})
    assert known == {"a": {"urn:test:1"}, "b": {"urn:test:2"}, "c": set(), "d": set()}
    assert store.known_among({}) == {}


def test_items_of_a_class_in_pages(store: Engine) -> None:
    store.append([document(0, event(1, 5, epcs=(OTHER, ITEM), quantities=(Quantity(LOT, 1.0),)))])
    of_class = "https://id.gs1.org/01/06901234567892"
    assert store.items_of(of_class) == sorted([ITEM, OTHER, LOT])
    assert store.items_of(of_class, after=ITEM) == [OTHER]
    assert store.items_of("https://id.gs1.org/01/0690123456789") == []

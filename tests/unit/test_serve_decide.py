"""What is known already, and what only has the hash of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong.capture import EventTable, TableReading, table_hash
from guantong.capture.model import Action, Event, EventType
from guantong.ledger import StatementType
from guantong.serve import decide
from guantong.serve.decide import Known
from guantong.serve.job import Job
from guantong.store import Indexed, SegmentStore

TWO = ("urn:x:1", "urn:x:2")
ONE = ("urn:x:1epc=urn:x:2",)


def event(*epcs: str) -> Event:
    return Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", action=Action.ADD, epcs=epcs)


def job(number: int, *events: Event, by: str = "a") -> Job:
    table = table_hash.identified(EventTable.of(events))
    typ = StatementType.CAPTURE
    return Job(by, typ, b"", "", "", str(number), TableReading(table, format="json"), 5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SegmentStore]:
    made = SegmentStore.open(tmp_path / "index")
    made.append([Indexed(entry=0, by="a", received_ms=5, table=job(0, event(*TWO)).table)])
    yield made
    made.close()


def refused(known: Known, one: Job) -> list[str]:
    return [fault.path for fault in known.duplicates(one)]


def test_the_hash_of_a_known_event_is_not_the_event(store: SegmentStore) -> None:
    jobs = [job(1, event(*reversed(TWO)), event(*ONE)), job(2, event(*ONE)), job(3, event(*TWO))]
    known = Known(store, jobs)
    assert refused(known, jobs[0]) == ["epcisBody.eventList[0].eventID"]
    known.take(jobs[0])
    assert refused(known, jobs[1]) == ["epcisBody.eventList[0].eventID"]
    assert refused(known, jobs[2]) == ["epcisBody.eventList[0].eventID"]


def test_within_one_group_too(tmp_path: Path) -> None:
    store = SegmentStore.open(tmp_path / "none")
    jobs = [job(1, event(*TWO)), job(2, event(*ONE)), job(3, event(*ONE)), job(4, event(*TWO))]
    known = Known(store, jobs)
    for one in jobs[:2]:
        assert refused(known, one) == []
        known.take(one)
    assert refused(known, jobs[2]) == ["epcisBody.eventList[0].eventID"]
    assert refused(known, jobs[3]) == ["epcisBody.eventList[0].eventID"]
    assert refused(known, job(5, event(*TWO), by="b")) == []


def test_only_so_many_are_compared(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "COMPARED_MAX", 1)
    one = job(1, event(*ONE), event(*ONE))
    assert refused(Known(store, [one]), one) == ["epcisBody.eventList[1].eventID"]

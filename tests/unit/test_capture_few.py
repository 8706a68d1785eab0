"""A table of few events in rows is the same table, wherever it goes."""

import pickle
from collections.abc import Callable
from copy import copy
from zlib import crc32

import msgspec
import pytest

from guantong import market
from guantong.capture import CaptureError, EventTable, read_table
from guantong.capture.few import Few
from guantong.capture.joining import joined
from guantong.capture.packed import PackedRows, pack, unpack
from tests.unit.test_capture_packed import EVENTS, same


def few_of(table: EventTable) -> Few:
    """The same in rows."""
    events, runs = (
        zip(*(getattr(table, name).tolist() for name in COLUMNS), strict=True),
        table.runs,
    )
    return Few(
        terms=table.terms,
        heads=table.heads,
        ids=table.ids,
        transformation=table.transformation,
        rests=table.rests,
        rows=tuple(events),
        run_rows=tuple(
            zip(*(getattr(runs, name).tolist() for name in type(runs).__slots__), strict=True)
        ),
    )


COLUMNS = (
    *("time_ms", "kind", "offset", "step", "disposition", "read_point", "biz_location"),
    *("ends", "rest"),
)
FEW = few_of(EventTable.of(EVENTS))
RAW = pack(FEW)


def small() -> list[Few]:
    """Short documents of the market."""
    tables = [
        read_table(one.body, media=one.media, name=one.name).table
        for one in market.filings(13, events=1000)
        if isinstance(one, market.Filing)
    ]
    return [table for table in tables if isinstance(table, Few)]


def test_short_documents_come_in_rows_and_travel_so() -> None:
    found = small()
    assert len(found) > 100
    for few in found:
        assert same(EventTable.of(few.events()), EventTable.of(few.whole.events()))
        assert same(unpack(pack(few)), few)
        assert isinstance(unpack(pack(few)), Few)
        again = few.with_ids([f"urn:x:{n}" for n in range(len(few))])
        assert again.ids == tuple(f"urn:x:{n}" for n in range(len(few)))
        assert again.rows == few.rows


def test_one_in_rows_is_carried_to_another_process() -> None:
    carried = pickle.loads(pickle.dumps(FEW))
    assert carried.rows == FEW.rows
    assert same(carried, FEW)
    assert same(copy(FEW), FEW)


def test_joined_with_each_other_and_with_columns() -> None:
    found = small()[:40]
    other = EventTable.of(EVENTS)
    for tables in (found, [other, *found, other, FEW], [FEW], [found[0], other], [other]):
        events = [event for table in tables for event in table.events()]
        assert joined(tables).events() == tuple(events)


def test_nothing_is_made_of_columns_before_one_is_asked_for() -> None:
    few = unpack(RAW)
    assert isinstance(few, Few)
    assert (len(few), few._whole) == (2, None)
    assert few.time_ms.tolist() == [7, -7]
    assert few.time_ms is few.time_ms


def changed(change: Callable[[dict[str, object]], object]) -> bytes:
    members = msgspec.structs.asdict(msgspec.msgpack.decode(RAW[4:], type=PackedRows))
    change(members)
    body = msgspec.msgpack.encode(PackedRows(**members))
    return crc32(body).to_bytes(4, "big") + body


@pytest.mark.parametrize("value", [-1, 99, 1 << 63])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_number_of_an_event_that_points_nowhere_is_refused(at: int, value: int) -> None:
    rows = [list(row) for row in FEW.rows]
    rows[1][at] = value
    with pytest.raises(CaptureError, match="points nowhere"):
        unpack(changed(lambda members: members.update(rows=rows)))


@pytest.mark.parametrize("value", [-1, 1 << 63])
@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 7])
def test_a_number_of_a_run_that_points_nowhere_is_refused(at: int, value: int) -> None:
    rows = [list(row) for row in FEW.run_rows]
    rows[0][at] = value
    with pytest.raises(CaptureError, match="points nowhere"):
        unpack(changed(lambda members: members.update(runs=rows)))


@pytest.mark.parametrize(
    "change",
    [
        {"release": 1},
        {"ids": ("urn:a:1",)},
        {"transformation": ("",)},
        {"terms": ("",)},
        {"heads": ()},
        {"rests": ()},
        {"rows": FEW.rows[:1]},
        {"rows": [[1 << 63, *row[1:]] for row in FEW.rows]},
        {"rows": [row[1:] for row in FEW.rows]},
        {"runs": [(*run[:5], 1, *run[6:]) for run in FEW.run_rows]},
    ],
)
def test_members_that_do_not_fit_each_other_are_refused(change: dict[str, object]) -> None:
    assert same(unpack(changed(lambda _: None)), FEW)
    with pytest.raises(CaptureError, match=r"capture\.syntax"):
        unpack(changed(lambda members: members.update(change)))


def test_any_damaged_byte_is_refused() -> None:
    for at in range(len(RAW)):
        raw = bytearray(RAW)
        raw[at] ^= 0x80
        with pytest.raises(CaptureError, match=r"capture\.syntax"):
            unpack(bytes(raw))

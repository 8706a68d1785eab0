"""A table that travelled as bytes is the same table, or is refused."""

from collections.abc import Callable
from zlib import crc32

import msgspec
import numpy as np
import pytest

from guantong import capture, market
from guantong.capture import CaptureError, EventTable
from guantong.capture.model import Event, EventType, Quantity
from guantong.capture.packed import Packed, pack, unpack

CLASS = "https://id.gs1.org/01/06901234567892/21/"
EVENTS = (
    Event(type=EventType.OBJECT, time_ms=7, offset="+08:00", id="urn:a:1", epcs=(f"{CLASS}5",)),
    Event(
        type=EventType.TRANSFORMATION,
        time_ms=-7,
        offset="-01:00",
        input_quantities=(Quantity(f"{CLASS}1", 2.5, "MTR"), Quantity(f"{CLASS}2")),
        output_epcs=(f"{CLASS}8", f"{CLASS}9", f"{CLASS}A"),
        transformation_id="urn:a:t",
        ilmd={"{urn:b}lot": "七"},
    ),
)
TABLE = EventTable.of(EVENTS)
RAW = pack(TABLE)


def same(one: EventTable, other: EventTable) -> bool:
    """Whether all members are equal, columns in kind too."""
    for table in (one, other):
        assert {table.time_ms.dtype, table.runs.first.dtype} == {np.dtype(np.int64)}
    plain = ("terms", "heads", "ids", "transformation", "rests")
    columns = [name for name in EventTable.__slots__ if name not in (*plain, "runs")]
    return (
        all(getattr(one, name) == getattr(other, name) for name in plain)
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
        and all(
            np.array_equal(getattr(one.runs, name), getattr(other.runs, name), equal_nan=True)
            and getattr(one.runs, name).dtype == getattr(other.runs, name).dtype
            for name in type(one.runs).__slots__
        )
    )


def test_every_document_of_the_market_comes_back() -> None:
    seen = 0
    for filing in market.filings(13, events=1000):
        if isinstance(filing, market.Filing):
            table = capture.read_table(filing.body, media=filing.media, name=filing.name).table
            assert table is not None
            assert same(unpack(pack(table)), table)
            seen += len(table)
    assert seen >= 1000


@pytest.mark.parametrize("events", [(), EVENTS[:1], EVENTS[1:], EVENTS])
def test_any_number_of_events_comes_back(events: tuple[Event, ...]) -> None:
    found = unpack(memoryview(pack(EventTable.of(events))))
    assert same(found, EventTable.of(events))
    assert found.events() == events


def test_any_damaged_byte_is_refused() -> None:
    for at in range(len(RAW)):
        for change in (0x01, 0x80, 0xFF):
            raw = bytearray(RAW)
            raw[at] ^= change
            with pytest.raises(CaptureError, match=r"capture\.syntax"):
                unpack(bytes(raw))


def test_what_is_cut_or_longer_is_refused() -> None:
    for raw in (*(RAW[:size] for size in range(len(RAW))), RAW + b"\0", RAW[:4], RAW + RAW):
        with pytest.raises(CaptureError, match=r"capture\.syntax"):
            unpack(raw)


def changed(change: Callable[[dict[str, object]], object]) -> bytes:
    """A table of another sender, whose check sum is right."""
    found = msgspec.msgpack.decode(RAW[4:], type=Packed)
    members = msgspec.structs.asdict(found)
    change(members)
    body = msgspec.msgpack.encode(Packed(**members))
    return crc32(body).to_bytes(4, "big") + body


NUMBERS = np.frombuffer(msgspec.msgpack.decode(RAW[4:], type=Packed).numbers, "<i8")


def poked(at: int, value: int) -> bytes:
    """The same, one of its numbers another."""
    numbers = NUMBERS.copy()
    numbers[at] = value
    return changed(lambda members: members.update(numbers=numbers.tobytes()))


FIRST_OF_RUNS = 9 * len(EVENTS)
OF_RUNS = len(TABLE.runs)


@pytest.mark.parametrize("value", [-1, 99, 1 << 62])
@pytest.mark.parametrize(
    "at",
    [
        *(2 * len(EVENTS) * column // 2 for column in range(1, 9)),
        *(FIRST_OF_RUNS + OF_RUNS * column for column in (0, 1, 2, 5, 6)),
    ],
)
def test_a_number_that_points_nowhere_is_refused(at: int, value: int) -> None:
    with pytest.raises(CaptureError, match="points nowhere"):
        unpack(poked(at, value))


@pytest.mark.parametrize(
    "change",
    [
        {"release": 1},
        {"ids": ("urn:a:1",)},
        {"ids": ("urn:a:1", "", "")},
        {"transformation": ("",)},
        {"terms": ("",)},
        {"heads": ()},
        {"rests": ()},
        {"numbers": NUMBERS.tobytes() + b"\0"},
        {"numbers": b""},
        {"amounts": b"\0" * 8},
        {"events": 1 << 40},
        {"runs": -1},
    ],
)
def test_members_that_do_not_fit_each_other_are_refused(change: dict[str, object]) -> None:
    assert same(unpack(changed(lambda _: None)), TABLE)
    with pytest.raises(CaptureError, match=r"capture\.syntax"):
        unpack(changed(lambda members: members.update(change)))


def test_the_columns_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack(RAW).time_ms[0] = 1

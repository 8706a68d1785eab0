"""The one way in: what it takes a document for, and what it costs to say no."""

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.capture import CaptureError, Limits, read
from guantong.capture.door import sniff
from guantong.capture.values import amount, instant, number, offset

MIB = 1 << 20


@pytest.mark.parametrize(
    ("data", "media", "name", "kind"),
    [
        (b'{"type":"EPCISDocument"}', "", "", "json"),
        (b'\xef\xbb\xbf {"type":"EPCISDocument"}', "", "", "json"),
        (b'{"type":"EPCISDocument"}', "text/csv", "a.csv", "json"),
        (b'{ "guantong" : "records"}', "", "", "records"),
        (b'{"firms":[],"guantong":"records"}', "", "", "records"),
        (b'{"type":"ObjectEvent","x:a":{"guantong":1}}', "", "", "json"),
        (b"<epcis:EPCISDocument/>", "", "", "xml"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>".encode("utf-16"), "", "", "xml"),
        (b"PK\x03\x04rest", "", "", "sheet"),
        ("编码,数量".encode(), "", "进货.CSV", "sheet"),
        (b"code,quantity", "text/csv; charset=utf-8", "", "sheet"),
        (b"code,quantity", "", "", "capture.format"),
        (b"", "", "", "capture.format"),
        (b"[1]", "application/json", "", "capture.format"),
        ("{}".encode("utf-16"), "", "", "capture.encoding"),
        ("{}".encode("utf-16-be"), "", "", "capture.encoding"),
        ("{}".encode("utf-32-le"), "", "", "capture.encoding"),
    ],
)
def test_sniff(data: bytes, media: str, name: str, kind: str) -> None:
    assert sniff(data, media=media, name=name) == kind


def test_what_nobody_reads_is_shown_shortly() -> None:
    (found,) = read(b"\x01" * 1000).faults
    assert found.code == "capture.format"
    assert len(found.got) <= 120


def test_a_line_of_100_mib_is_refused_before_it_is_parsed() -> None:
    data = b'{"type":"' + b"x" * (100 * MIB) + b'"}'
    tracemalloc.start()
    try:
        (found,) = read(data).faults
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.code == "capture.too_large"
    assert peak < 1 * MIB


def test_millions_of_tiny_values_are_refused_before_they_are_parsed() -> None:
    data = b'{"type":"EPCISDocument","epcisBody":{"eventList":[' + b"1," * (6 * MIB) + b"1]}}"
    tracemalloc.start()
    try:
        (found,) = read(data).faults
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.code, found.got) == ("capture.too_large", "more")
    assert peak < 4 * MIB


def test_a_path_is_cut_where_a_name_is_endless() -> None:
    event = {"type": "ObjectEvent", "x" * 10_000: 1}
    path = read(json.dumps(event).encode()).faults[0].path
    assert path == "x" * 400 + "…"


def test_reading_costs_a_bounded_multiple_of_the_document() -> None:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": [f"https://id.gs1.org/01/06901234567892/21/S{i:09}" for i in range(100)],
    }
    body = {"eventList": [event] * 500}
    data = json.dumps({"type": "EPCISDocument", "epcisBody": body}).encode()
    tracemalloc.start()
    try:
        reading = read(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reading.faults == ()
    assert peak < 8 * len(data)


def test_limits_are_the_caller_s() -> None:
    data = b'{"type":"EPCISDocument","epcisBody":{"eventList":[]}}'
    assert read(data).faults == ()
    assert read(data, limits=Limits(bytes_max=len(data))).faults == ()
    assert read(data, limits=Limits(bytes_max=len(data) - 1)).faults[0].code == "capture.too_large"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    reading = read(data)
    assert (reading.document is None) == bool(reading.faults)


WORDS = st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
QUICK = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
MEMBERS = st.sampled_from(
    [
        "@context",
        "type",
        "eventTime",
        "eventTimeZoneOffset",
        "eventID",
        "epcList",
        "quantityList",
        "action",
        "bizStep",
        "persistentDisposition",
        "readPoint",
        "bizTransactionList",
        "sourceList",
        "sensorElementList",
        "ilmd",
        "errorDeclaration",
        "parentID",
        "childEPCs",
        "inputQuantityList",
        "certificationInfo",
        "ex:a",
        "id",
    ]
)


@QUICK
@given(
    st.dictionaries(MEMBERS, JSON, max_size=6), st.sampled_from(["ObjectEvent", "AggregationEvent"])
)
def test_no_event_makes_it_raise(members: dict[str, object], kind: str) -> None:
    body = {"eventList": [{"type": kind, **members}]}
    reading = read(json.dumps({"type": "EPCISDocument", "epcisBody": body}).encode())
    assert (reading.document is None) == bool(reading.faults)


@given(st.datetimes(timezones=st.just(UTC)))
def test_instant_reads_what_isoformat_writes(at: datetime) -> None:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    exact = since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds
    assert abs(instant(at.isoformat()) * 1000 - exact) <= 500


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-01T00:00:00.0005Z", 0),
        ("1970-01-01T00:00:00.0015Z", 2),
        ("1970-01-01T00:00:00.9999Z", 1000),
        (" 1970-01-01T00:00:00,001Z ", 1),
        ("2024-02-29T00:00:00+00:00", 1_709_164_800_000),
    ],
)
def test_instant(text: str, want: int) -> None:
    assert instant(text) == want


@pytest.mark.parametrize("text", ["+00:00", "-00:00", "+08:00", "+14:00", "-14:00", "+05:45"])
def test_offset(text: str) -> None:
    assert offset(text) == text


@pytest.mark.parametrize(
    ("check", "text", "code"),
    [
        (instant, "", "capture.time"),
        (instant, "2026-03-01", "capture.time"),
        (instant, "2026-03-01 08:00:00Z", "capture.time"),
        (instant, "2026-13-01T00:00:00Z", "capture.time"),
        (instant, "2026-02-29T00:00:00Z", "capture.time"),
        (instant, "2026-03-01T25:00:00Z", "capture.time"),
        (instant, "2026-03-01T00:00:60Z", "capture.time"),
        (instant, "2026-03-01T00:00:00", "capture.zone"),
        (offset, "", "capture.zone"),
        (offset, "Z", "capture.zone"),
        (offset, "8", "capture.zone"),
        (offset, "+8:00", "capture.zone"),
        (offset, "+08:60", "capture.zone"),
        (offset, "+14:01", "capture.zone"),
        (offset, "+0800", "capture.zone"),
        (offset, "+٠٨:٠٠", "capture.zone"),
        (number, "", "capture.number"),
        (number, "1_0", "capture.number"),
        (number, "nan", "capture.number"),
        (number, "-inf", "capture.number"),
        (number, "1e999", "capture.number"),
        (number, "١", "capture.number"),
        (number, "1,5", "capture.number"),
    ],
)
def test_values_refused(check: Callable[[str, str], object], text: str, code: str) -> None:
    with pytest.raises(CaptureError) as refused:
        check(text, "here")
    (found,) = refused.value.faults
    assert (found.code, found.path, found.got) == (code, "here", text)


def test_numbers() -> None:
    assert number(" +1.50 ") == 1.5
    assert number("-2e3") == -2000.0
    assert amount(0) == 0
    for wrong in (-0.5, float("inf"), float("nan")):
        with pytest.raises(CaptureError):
            amount(wrong)

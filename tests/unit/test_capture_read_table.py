"""Reading as columns gives what reading gives: same events, same faults, same order."""

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong import capture, market
from guantong.capture import (
    EventTable,
    Limits,
    Reading,
    TableReading,
    json_keys,
    json_table,
    read,
    read_table,
)
from guantong.capture.json_table import read_plain
from tests.unit import test_capture_jsonld as jsonld

CLASS = "https://id.gs1.org/01/06901234567892/21/"
LIMITS = Limits()


def runs_of(table: EventTable) -> list[tuple[object, ...]]:
    """Each run with its class and unit written out; an unknown amount is None."""
    runs = table.runs
    much = [None if np.isnan(one) else one for one in runs.quantity.tolist()]
    return [
        (event, role, table.heads[head], first, count, measured, amount, table.terms[uom])
        for event, role, head, first, count, measured, amount, uom in zip(
            *(getattr(runs, name).tolist() for name in ("event", "role", "head", "first")),
            *(getattr(runs, name).tolist() for name in ("count", "measured")),
            much,
            runs.uom.tolist(),
            strict=True,
        )
    ]


def assert_is(found: TableReading, reading: Reading) -> None:
    """The same events, runs, faults and other parts."""
    document = reading.document
    assert found.faults == reading.faults
    assert (found.table is None) == (document is None)
    if document is None or found.table is None:
        return
    assert found.table.events() == document.events
    assert runs_of(found.table) == runs_of(EventTable.of(document.events))
    assert found.format == document.format
    assert found.positions == document.positions
    assert found.master == document.master
    assert found.created_ms == document.created_ms


def is_quick(data: bytes, limits: Limits = LIMITS) -> bool:
    """Hold every way of reading against `read`; whether the quick one took the document."""
    for proceed in (False, True):
        reading = read(data, limits=limits, proceed=proceed)
        assert_is(read_table(data, limits=limits, proceed=proceed), reading)
        ways = [
            quickly(data, limits, few_bytes=0),
            quickly(data, limits, few_bytes=1 << 30),
            quickly(data, limits, few_bytes=0, part=2),
        ]
        for quick in ways:
            if quick is not None:
                assert_is(quick, reading)
    return ways != [None, None, None]


def quickly(data: bytes, limits: Limits, *, few_bytes: int, part: int = 0) -> TableReading | None:
    """Read a document as one of many codes or of few, or in parts, whatever its size."""
    if capture.door.sniff(data) != "json" or len(data) > limits.bytes_max:
        return None
    with (
        mock.patch.object(json_table, "FEW_BYTES", few_bytes),
        mock.patch.object(json_table, "LARGE_BYTES", 0 if part else 1 << 30),
        mock.patch.object(json_table, "PART", part),
        mock.patch.object(json_keys, "_PIECE", 7 if part else 1 << 20),
    ):
        return read_plain(data, limits)


@pytest.mark.parametrize("row", jsonld.vectors("capture_json_accepted"))
def test_what_is_accepted(row: Any) -> None:
    is_quick(jsonld.document(row["input"]))


@pytest.mark.parametrize("row", jsonld.vectors("capture_json_refused"))
def test_what_is_refused_is_never_read_quickly(row: Any) -> None:
    limits = Limits(**row["input"].get("limits", {}))
    assert not is_quick(jsonld.document(row["input"]), limits)


def test_documents_of_the_market() -> None:
    quick = 0
    for filing in market.filings(12, events=1500):
        if isinstance(filing, market.Filing):
            reading = read(filing.body, media=filing.media, name=filing.name)
            found = read_table(filing.body, media=filing.media, name=filing.name)
            assert_is(found, reading)
            quick += capture.door.sniff(filing.body) == "json" and is_quick(filing.body)
    assert quick > 10


@pytest.mark.full
def test_documents_of_the_great_market() -> None:
    quick = 0
    for filing in market.Bulk(7, rows=20_000).filings():
        if capture.door.sniff(filing.body, media=filing.media, name=filing.name) == "json":
            quick += is_quick(filing.body)
    assert quick > 3


ITEMS = (
    *(f"{CLASS}{serial}" for serial in ("1", "2", "3", "10", "0", "007", "008", "00")),
    *(f"{CLASS}{serial}" for serial in ("A7", "999999999999999999", "1000000000000000000")),
    *(f"{CLASS}{serial}" for serial in ("12345678901234567890", "123456789012345678901")),
    *(f"{CLASS}{serial}" for serial in ("%31", "1%2F2", "\u0661", "1?17=270101", "1#x", "")),
    "https://brand.example/01/06901234567892/21/2",
    "http://brand.example/01/6901234567892/21/3",
    "https://id.gs1.org/01/06901234567893/21/1",
    "https://id.gs1.org/01/06901234567892/10/L7/21/4",
    "https://id.gs1.org/01/06901234567892/10/12",
    "https://id.gs1.org/01/06901234567892",
    "https://id.gs1.org/00/106141412345678908",
    "https://id.gs1.org/00/106141412345678915",
    "https://id.gs1.org/00/106141412345678909",
    "https://id.gs1.org/414/6901234000030",
    "urn:epc:id:sgtin:6901234.056789.1",
    "urn:epc:id:sgtin:6901234.056789.2",
    "urn:epc:id:sgtin:6901234.056789.02",
    "urn:epc:id:sgtin:690123.056789.2",
    "urn:epc:id:sscc:0614141.1234567890",
    "urn:epc:id:sgln:6901234.00003.0",
    "urn:epc:id:sgln:6901234.00003.7",
    "urn:epc:id:grai:9521321.51012.7",
    "urn:epc:id:giai:9521321.7",
    "urn:epc:class:lgtin:6901234.056789.7",
    "urn:guantong:ecode:1",
    "urn:example:item:5",
    "urn:example:item.6",
    "https://example.org/7",
    "https://example.org/a.8",
    "ex:9",
    "ex:10",
    "nothing:1",
    "12",
    "",
    " https://id.gs1.org/01/06901234567892/21/1",
    "a\nb:1",
    "urn:x:" + "9" * 600,
    CLASS + "9" * 600,
)
"""Spellings right and wrong, many of them of the same few items."""

codes = st.one_of(
    st.sampled_from(ITEMS),
    st.integers(0, 30).map(lambda serial: f"{CLASS}{serial}"),
    st.text("0123456789/.:%Aé\u0663\n", max_size=12).map(lambda tail: f"{CLASS}{tail}"),
)
runs = st.builds(
    lambda first, count: [f"{CLASS}{serial}" for serial in range(first, first + count)],
    st.sampled_from([0, 5, 98, 999_999_995, 999_999_999_999_999_990]),
    st.integers(1, 12),
)
lists = st.one_of(runs, runs, st.lists(codes, max_size=8))
classes = st.sampled_from([f"{CLASS[:-4]}", "https://id.gs1.org/01/06901234567892/10/12", *ITEMS])
amounts = st.lists(
    st.fixed_dictionaries(
        {"epcClass": classes},
        optional={
            "quantity": st.sampled_from([0, 1, 2.5, -1, 1e308, "3", None, True]),
            "uom": st.sampled_from(["MTR", "", "KGM"]),
        },
    ),
    max_size=3,
)
places = st.sampled_from(
    [
        {"id": "https://id.gs1.org/414/6901234000030"},
        {"id": "urn:epc:id:sgln:6901234.00003.0"},
        {"id": "https://id.gs1.org/414/6901234000031"},
        {"id": "ex:place"},
        {"id": None},
        {},
        None,
        "https://id.gs1.org/414/6901234000030",
        {"id": "https://id.gs1.org/414/6901234000030", "ex:door": 7},
    ]
)
parties = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["owning_party", "cbv:SDT-location", "x", None])},
        optional={
            name: st.sampled_from(["https://id.gs1.org/417/6901234000030", "urn:a:b", "none"])
            for name in ("source", "destination", "bizTransaction")
        },
    ),
    max_size=2,
)
common: dict[str, st.SearchStrategy[Any]] = {
    "eventTime": st.sampled_from(
        [
            "2026-03-01T08:00:00.000+08:00",
            "2026-03-01T08:00:00.0005Z",
            "2026-03-01t00:00:00z",
            "20260301T000000Z",
            "2026-02-30T00:00:00Z",
            "2026-03-01T08:00:00",
            "",
            None,
            7,
        ]
    ),
    "eventTimeZoneOffset": st.sampled_from(["+08:00", "-14:00", "+15:00", "+0800", "", 8, None]),
}
choices: dict[str, st.SearchStrategy[Any]] = {
    "recordTime": common["eventTime"],
    "eventID": st.sampled_from(["urn:a:1", "urn:a:2", "urn:a:3", "none", "", "ni:///x", 7, None]),
    "id": st.just("urn:a:9"),
    "action": st.sampled_from(["ADD", "OBSERVE", "DELETE", "add", "", None]),
    "bizStep": st.sampled_from(["shipping", "cbv:BizStep-packing", "sailing", "urn:a:step", "", 1]),
    "disposition": st.sampled_from(["in_transit", "urn:epcglobal:cbv:disp:active", "x", None]),
    "persistentDisposition": st.sampled_from([{"set": ["expired"]}, {"set": []}, {}, {"a": 1}]),
    "certificationInfo": st.sampled_from(["ex:cert", ["urn:a:c", "ex:c"], [], 7]),
    "errorDeclaration": st.sampled_from(
        [
            {"declarationTime": "2026-03-01T08:00:00Z", "reason": "incorrect_data"},
            {"reason": "x"},
            {"declarationTime": "2026-03-01T08:00:00Z", "correctiveEventIDs": ["urn:a:1"]},
        ]
    ),
    "readPoint": places,
    "bizLocation": places,
    "bizTransactionList": parties,
    "sourceList": parties,
    "destinationList": parties,
    "sensorElementList": st.sampled_from(
        [[], [{"sensorReport": [{"type": "Temperature", "value": 2.5, "uom": "CEL"}]}], [{"a": 1}]]
    ),
    "epcList": lists,
    "quantityList": amounts,
    "parentID": codes,
    "childEPCs": lists,
    "childQuantityList": amounts,
    "inputEPCList": lists,
    "inputQuantityList": amounts,
    "outputEPCList": lists,
    "outputQuantityList": amounts,
    "transformationID": codes,
    "ilmd": st.just({"ex:a": 1}),
    "ex:extension": st.sampled_from([1, {"ex:b": [1, 2]}, "a"]),
    "unknown": st.just(1),
}
THINGS = {
    "ObjectEvent": ("epcList", "quantityList"),
    "TransactionEvent": ("epcList", "quantityList", "bizTransactionList"),
    "AggregationEvent": ("parentID", "childEPCs", "childQuantityList"),
    "AssociationEvent": ("parentID", "childEPCs", "childQuantityList"),
    "TransformationEvent": ("inputEPCList", "outputEPCList", "inputQuantityList"),
}
RIGHT: dict[str, Any] = {
    "eventTime": "2026-03-01T08:00:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "ADD",
    "bizStep": "shipping",
    "readPoint": {"id": "https://id.gs1.org/414/6901234000030"},
    "sourceList": [{"type": "owning_party", "source": "https://id.gs1.org/417/6901234000030"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "https://erp.example/po/7"}],
    "epcList": [f"{CLASS}{serial}" for serial in range(8, 12)],
    "quantityList": [{"epcClass": CLASS[:-4], "quantity": 2.5, "uom": "MTR"}],
    "parentID": "https://id.gs1.org/00/106141412345678908",
    "childEPCs": [f"{CLASS}{serial}" for serial in (1, 2, 3, 7, 8)],
    "childQuantityList": [],
    "inputEPCList": [f"{CLASS}A{serial}" for serial in range(3)],
    "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/06901234567892/10/12"}],
    "outputEPCList": [f"{CLASS}{serial}" for serial in range(40, 44)],
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event that is right but for a few members."""
    kind = draw(st.sampled_from(sorted(THINGS)))
    names = (*THINGS[kind], "eventTime", "eventTimeZoneOffset", "action", "bizStep", "readPoint")
    event = {"type": kind, **{name: RIGHT[name] for name in names if RIGHT[name]}}
    for name in draw(st.lists(st.sampled_from(THINGS[kind]), max_size=2)):
        event[name] = draw(choices[name])
    for name in draw(st.lists(st.sampled_from(sorted(choices)), max_size=2)):
        if draw(st.booleans()):
            event[name] = draw(choices[name])
        else:
            event.pop(name, None)
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(sorted(common)))
        event[name] = draw(common[name])
    return event


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document with a few such events."""
    whole = {
        "@context": [jsonld.CONTEXT, {"ex": "https://ns.example.com/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": draw(st.lists(events(), max_size=4))},
    }
    odd: dict[str, list[Any]] = {
        "@context": [jsonld.CONTEXT, None, 7, {"a": 1}, ["https://other.example/x.jsonld"]],
        "creationDate": ["x", None, 7],
        "type": ["EPCISQueryDocument", "epcis:EPCISDocument", None, "X", 1],
        "epcisHeader": [None, {}, {"epcisMasterData": None}, {"epcisMasterData": {"a": 1}}, 3],
        "epcisBody": [{}, None, {"eventList": None}, {"event": {}}, {"queryResults": {}}, []],
        "id": ["urn:a", None],
        "ex:a": [1],
    }
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(odd)))
        whole[name] = draw(st.sampled_from(odd[name]))
    return json.dumps(whole, ensure_ascii=draw(st.booleans()))


def _cut(text: str, at: int, _: int) -> str:
    return text[:at]


def _out(text: str, at: int, size: int) -> str:
    return text[:at] + text[at + size :]


def _twice(text: str, at: int, size: int) -> str:
    return text[: at + size] + text[at:]


def _digit(text: str, at: int, size: int) -> str:
    return text[:at] + '0123456789/.\\"{}[],:é\u0661'[size % 21] + text[at + 1 :]


def _again(text: str, at: int, size: int) -> str:
    """The same member twice, or with another value."""
    members = text.split(", ")
    at %= len(members)
    return ", ".join([*members[: at + 1], members[size % len(members)], *members[at:]])


def _escaped(text: str, at: int, _: int) -> str:
    letter = text[at : at + 1]
    return text[:at] + (f"\\u{ord(letter):04x}" if letter.isalnum() else letter) + text[at + 1 :]


CHANGES: tuple[Callable[[str, int, int], str], ...] = (
    *(_cut, _out, _twice, _digit, _digit, _again, _again, _escaped, _escaped),
)


@given(documents())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_values(text: str) -> None:
    is_quick(text.encode("utf-8", "surrogatepass"))


@given(documents(), st.sampled_from(CHANGES), st.integers(0, 4000), st.integers(0, 60))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_texts(text: str, change: Callable[[str, int, int], str], at: int, size: int) -> None:
    is_quick(change(text, at % len(text), size).encode("utf-8", "surrogatepass"))


@pytest.mark.soak
@given(documents(), st.sampled_from(CHANGES), st.integers(0, 4000), st.integers(0, 60))
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_texts_at_length(
    text: str, change: Callable[[str, int, int], str], at: int, size: int
) -> None:
    is_quick(text.encode("utf-8", "surrogatepass"))
    is_quick(change(text, at % len(text), size).encode("utf-8", "surrogatepass"))


@given(st.lists(lists, min_size=1, max_size=5))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_codes(listed: list[list[str]]) -> None:
    bodies = [{**RIGHT_OBJECT, "epcList": codes} for codes in listed]
    is_quick(whole_of(bodies))


RIGHT_OBJECT = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
}


def whole_of(bodies: list[dict[str, Any]]) -> bytes:
    whole = {
        "@context": jsonld.CONTEXT,
        "type": "EPCISDocument",
        "epcisBody": {"eventList": bodies},
    }
    return json.dumps(whole).encode()


@pytest.mark.parametrize("code", ITEMS)
def test_each_code_alone_and_among_its_like(code: str) -> None:
    is_quick(whole_of([{**RIGHT_OBJECT, "epcList": [code]}]))
    is_quick(whole_of([{**RIGHT_OBJECT, "epcList": [f"{CLASS}1", code, code, f"{CLASS}2"]}]))


A, B = f"{CLASS}1", f"{CLASS}2"


@pytest.mark.parametrize(
    "written",
    [
        *("[]", "[ ]", "null", "7", "{}", '""', f'"{A}"', "[[]]", "[7]", "[null]", "[{}]"),
        *(f'["{A}",[]]', f'["{A}",["{B}"]]', f'[["{A}"]]', f'[["{A}"],["{B}"]]', f'[[],"{A}"]'),
        *(f'["{A}", 7]', f'[7,"{A}"]', f'["{A}",null,"{B}"]', f'["{A}",{{"{B}":7}}]'),
        *(f'{{"{A}":"{B}"}}', f'["{A}" ,"{B}"]', f'[ "{A}"]', f'["{A}" ]', f'["{A}",\t"{B}"]'),
        *(f'["{A}",\r\n  "{B}"\n]', f'["{A}","{B}\\""]', f'["{A}","\\u0031"]', '["", ""]'),
        *(f'["{A}","],[","{B}"]', f'["{A}","]\\u0000["]', f'["{A},","{B}"]'),
    ],
)
def test_lists_of_any_writing_among_their_like(written: str) -> None:
    packing = {**RIGHT_OBJECT, "type": "AggregationEvent", "action": "ADD", "parentID": "urn:a:7"}
    for name, right in (("epcList", RIGHT_OBJECT), ("childEPCs", packing)):
        for at in range(3):
            listed = [{**right, name: [A, B] if n != at else ["HERE"]} for n in range(3)]
            is_quick(whole_of(listed).replace(b'["HERE"]', written.encode()))


def test_a_great_plain_document_is_read_quickly() -> None:
    listed = [[f"{CLASS}{n * 10 + m}" for m in range(10)] for n in range(300)]
    bodies = [
        {**RIGHT_OBJECT, "eventID": f"urn:a:{n}", "epcList": codes}
        for n, codes in enumerate(listed)
    ]
    data = whole_of(bodies)
    assert is_quick(data)
    assert quickly(data, LIMITS, few_bytes=0) and quickly(data, LIMITS, few_bytes=1 << 30)
    table = read_table(data).table
    assert table is not None
    assert table.runs.first.tolist() == list(range(0, 3000, 10))
    assert set(table.runs.count.tolist()) == {10}
    spaced = json.dumps(json.loads(data), indent=2).replace("/", "\\/").encode()
    assert is_quick(spaced)
    assert quickly(spaced, LIMITS, few_bytes=0) and quickly(spaced, LIMITS, few_bytes=1 << 30)
    assert not is_quick(data, Limits(events_max=299))
    assert not is_quick(data, Limits(bytes_max=len(data) - 1))
    assert not is_quick(data, Limits(values_max=3000))


def test_an_id_that_comes_twice_is_told() -> None:
    bodies = [{**RIGHT_OBJECT, "eventID": "urn:a:1", "epcList": [f"{CLASS}1"]}] * 200
    data = whole_of(bodies)
    assert not is_quick(data)
    assert read_table(data).faults[0].path == "epcisBody.eventList[1].eventID"


def test_corrections_are_read_quickly_among_others() -> None:
    bodies = [
        {**RIGHT_OBJECT, "eventID": f"urn:a:{n}", "epcList": [f"{CLASS}{n}"]} for n in range(200)
    ]
    wrong = {"declarationTime": "2026-01-01T00:00:00Z", "reason": "did_not_occur"}
    withdrawn = [{**bodies[3], "errorDeclaration": wrong | {"correctiveEventIDs": []}}]
    data = whole_of([*bodies, *withdrawn])
    assert is_quick(data)
    assert_is(read_table(data), read(data))
    # After a correction the id is no freer than before.
    assert not is_quick(whole_of([*bodies, *withdrawn, bodies[3]]))
    again = whole_of([*bodies, *withdrawn, *withdrawn])
    assert_is(read_table(again), read(again))
    before = whole_of([*withdrawn, *bodies])
    assert not is_quick(before)
    assert_is(read_table(before), read(before))
    nothing = {"errorDeclaration": wrong | {"correctiveEventIDs": None}}
    told = whole_of([*bodies, bodies[3] | nothing])
    assert not is_quick(told)
    assert_is(read_table(told), read(told))

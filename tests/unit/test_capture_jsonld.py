"""The JSON-LD reader: our vectors, and every third-party example, counted."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.capture import Fault, Limits, Reading, read
from guantong.capture.event_hash import event_hash

ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT / "tests" / "vectors"
COVERAGE = ROOT / "docs" / "reference" / "capture-coverage.md"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

SGTIN = "https://id.gs1.org/01/06901234567892/21/A1"
PLAIN: dict[str, object] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:00:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
}
RELATION: dict[str, object] = {
    "parentID": "https://id.gs1.org/00/069012340000000016",
    "childEPCs": [SGTIN],
    "action": "ADD",
    "bizStep": "packing",
}
BASES: dict[str, dict[str, object]] = {
    "object": {**PLAIN, "epcList": [SGTIN], "action": "OBSERVE", "bizStep": "shipping"},
    "aggregation": {**PLAIN, **RELATION, "type": "AggregationEvent"},
    "association": {**PLAIN, **RELATION, "type": "AssociationEvent"},
    "transaction": {
        **PLAIN,
        "type": "TransactionEvent",
        "action": "ADD",
        "epcList": [SGTIN],
        "bizTransactionList": [{"type": "po", "bizTransaction": "https://erp.example/po/7"}],
    },
    "transformation": {
        **PLAIN,
        "type": "TransformationEvent",
        "inputEPCList": [SGTIN],
        "outputEPCList": ["https://id.gs1.org/01/06901234567892/21/B1"],
    },
}


def vectors(name: str) -> list[Any]:
    rows = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return [pytest.param(row, id=row["desc"]) for row in rows]


def document(given: Mapping[str, Any]) -> bytes:
    """The bytes a vector describes."""
    if "text" in given:
        return str(given["text"]).encode()
    event = {**BASES[given["base"]], **given.get("set", {})}
    for name in given.get("drop", ()):
        del event[name]
    whole = {
        "@context": [CONTEXT, *given.get("context", [])],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": [event] * given.get("copies", 1)},
        **given.get("document", {}),
    }
    text = json.dumps(whole, ensure_ascii=given.get("ascii", False), separators=(",", ":"))
    return mangled(text, given).encode(str(given.get("encoding", "utf-8")))


def mangled(text: str, given: Mapping[str, Any]) -> str:
    """What a serialiser would not write."""
    if "nest" in given:
        left, right, depth = given["nest"]
        inner = "1" if left != "[" else ""
        text = text.replace('"action":', f'"ex:a":{left * depth}{inner}{right * depth},"action":')
    if "splice" in given:
        old, new = given["splice"]
        assert old in text
        text = text.replace(old, new)
    cut: int = given.get("cut", 0)
    return text[: len(text) - cut] + str(given.get("append", ""))


@pytest.mark.parametrize("row", vectors("capture_json_accepted"))
def test_accepts(row: dict[str, Any]) -> None:
    reading = read(document(row["input"]))
    assert reading.faults == ()
    assert reading.document is not None
    event = json.loads(msgspec.json.encode(reading.document.events[0]))
    assert {name: event.get(name, default(name)) for name in row["want"]} == row["want"]


def default(name: str) -> object:
    """What an absent field stands for."""
    if name in {"extensions", "ilmd", "read_point_extensions"}:
        return {}
    return "" if name in {"step", "parent"} else []


@pytest.mark.parametrize("row", vectors("capture_json_refused"))
def test_refuses(row: dict[str, Any]) -> None:
    given = row["input"]
    reading = read(document(given), limits=Limits(**given.get("limits", {})))
    assert [[found.code, found.path] for found in reading.faults] == row["fault"]
    assert reading.document is None
    assert all(found.expected and len(found.got) <= 120 for found in reading.faults)


def test_every_fault_code_has_a_vector() -> None:
    """But for those of XML, and the one that is told at intake."""
    rows = json.loads((VECTORS / "capture_json_refused.json").read_text("utf-8"))
    assert {code for row in rows for code, _ in row["fault"]} == set(Fault) - {
        Fault.UNSAFE_XML,
        Fault.NOT_IN_XML,
        Fault.UNSALTED,
    }


def test_proceed_keeps_the_good_events_and_their_places() -> None:
    good, bad = BASES["object"], {**BASES["object"], "action": "REMOVE"}
    body = {"eventList": [bad, good, bad, good]}
    data = json.dumps({"type": "EPCISDocument", "epcisBody": body}).encode()
    assert read(data).document is None
    reading = read(data, proceed=True)
    assert reading.document is not None
    assert reading.document.positions == (1, 3)
    assert [found.path for found in reading.faults] == [
        "epcisBody.eventList[0].action",
        "epcisBody.eventList[2].action",
    ]


def test_a_bare_event_is_a_document() -> None:
    event = {"@context": [CONTEXT, {"ex": "https://ns.example.com/"}], **BASES["object"], "ex:a": 1}
    reading = read(json.dumps(event).encode())
    assert reading.document is not None
    assert reading.document.events[0].extensions == {"{https://ns.example.com/}a": 1}
    wrong = read(json.dumps({**event, "bizStep": "nowhere"}).encode())
    assert [found.path for found in wrong.faults] == ["bizStep"]


def test_a_query_document_gives_its_events() -> None:
    results = {"queryName": "q", "resultsBody": {"eventList": [BASES["object"]]}}
    whole = {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    assert len(good(read(json.dumps(whole).encode())).events) == 1
    results["resultsBody"] = {"eventList": [{**BASES["object"], "action": "X"}]}
    path = read(json.dumps(whole).encode()).faults[0].path
    assert path == "epcisBody.queryResults.resultsBody.eventList[0].action"


def test_master_data_of_the_header() -> None:
    element = {
        "id": "urn:epc:id:sgln:6901234.00001.0",
        "attributes": [
            {"id": "urn:epcglobal:cbv:mda#name", "attribute": "一号仓"},
            {"id": "cbvmda:city", "attribute": "A"},
            {"id": "cbvmda:city", "attribute": "B"},
        ],
        "children": ["urn:epc:id:sgln:6901234.00001.7"],
    }
    vocabulary = {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [element],
    }
    header = {"epcisMasterData": {"vocabularyList": [vocabulary]}}
    whole = {"type": "EPCISDocument", "epcisHeader": header}
    item = good(read(json.dumps(whole).encode())).master[0]
    assert item.kind == "urn:epcglobal:epcis:vtype:BusinessLocation"
    assert item.key == "https://id.gs1.org/414/6901234000016"
    assert item.fields == {
        "urn:epcglobal:cbv:mda#name": "一号仓",
        "urn:epcglobal:cbv:mda:city": ["A", "B"],
        "children": ["https://id.gs1.org/414/6901234000016/254/7"],
    }


def test_wrong_master_data_says_where() -> None:
    elements = [{"id": "https://id.gs1.org/414/6901234000017"}, 7, {"attributes": [{"id": 1}]}]
    vocabulary = {"type": "urn:x:y", "vocabularyElementList": elements}
    header = {"epcisMasterData": {"vocabularyList": [vocabulary]}}
    whole = {"type": "EPCISDocument", "epcisHeader": header, "epcisBody": {"eventList": []}}
    start = "epcisHeader.epcisMasterData.vocabularyList[0].vocabularyElementList"
    assert [(f.code, f.path) for f in read(json.dumps(whole).encode()).faults] == [
        ("capture.identifier", f"{start}[0].id"),
        ("capture.type", f"{start}[1]"),
        ("capture.missing", f"{start}[2].id"),
        ("capture.type", f"{start}[2].attributes[0].id"),
    ]


def test_both_roads_to_an_event_mean_the_same() -> None:
    """An event that needs taking apart equals the one that does not, but for the extension."""
    for base in BASES.values():
        plain = good(read(json.dumps(base).encode())).events[0]
        apart = good(read(json.dumps({**base, "ex:a": 1}).encode())).events[0]
        assert msgspec.structs.replace(apart, extensions={}) == plain


def good(reading: Reading) -> Any:
    assert reading.faults == ()
    assert reading.document is not None
    return reading.document


SETS = {
    "01-gs1-epcis/json": "**/*.jsonld",
    "01-gs1-epcis/json-simple-context": "**/*.jsonld",
    "02-event-hash/examples": "*.jsonld",
    "04-openepcis-extra/event-sentry-examples/epcis-events": "*.json",
    "07-opentraceability/testserver": "**/*.jsonld",
    "10-epcis2js/test-data": "**/*.json",
    "15-dpp-ready/extensions": "**/epcis/*.jsonld",
}


def counted(testdata: Callable[[str], Path]) -> list[str]:
    """The table of docs/reference/capture-coverage.md, from the documents themselves."""
    table = ["| set | documents | read | events | refused |", "|---|---|---|---|---|"]
    refused = ["| document | faults | first fault |", "|---|---|---|"]
    for name, pattern in SETS.items():
        folder = testdata(name)
        paths = sorted(folder.glob(pattern))
        events = read_ok = 0
        for path in paths:
            reading = read(path.read_bytes())
            if reading.document is None:
                first = reading.faults[0]
                where = f" at `{first.path}`" if first.path else ""
                refused.append(
                    f"| {name}/{path.relative_to(folder)} | {len(reading.faults)} "
                    f"| `{first.code}`{where}: {first.got} |"
                )
            else:
                read_ok += 1
                events += len(reading.document.events)
                assert len({event_hash(event) for event in reading.document.events})
        table.append(f"| {name} | {len(paths)} | {read_ok} | {events} | {len(paths) - read_ok} |")
    return [*table, "", *refused]


def test_third_party_documents_are_read_or_refused_with_a_reason(
    testdata: Callable[[str], Path],
) -> None:
    text = COVERAGE.read_text("utf-8")
    found = re.search(r"<!-- json -->\n(.*?)\n<!-- /json -->", text, re.DOTALL)
    assert found is not None
    assert found[1].split("\n") == counted(testdata)

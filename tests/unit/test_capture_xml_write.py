"""What is written in XML is read again as the same event, whichever the edition."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree

from guantong.capture import Event, EventType, Reading, read
from guantong.capture.event_hash import event_hash
from guantong.capture.faults import CaptureError, Fault
from guantong.capture.json_write import query_document
from guantong.capture.spellings import as_urn
from guantong.capture.xml_write import URNS, Edition, XmlWriter, query_results, query_xml
from tests.unit.test_capture_json_write import UNREAD, events_of, published
from tests.unit.test_capture_jsonld import document, vectors
from tests.unit.test_capture_xml import document as xml_document

UNDECLARED = {"a prefix nobody declares stays as it is", "escapes in a text"}
"""With a prefix that means nothing, which XML does not allow."""
EDITIONS = pytest.mark.parametrize("edition", Edition)


def xml_of(
    writer: XmlWriter,
    told: list[tuple[Event, int]],
    *,
    query: str = "SimpleEventQuery",
    created_ms: int = 0,
) -> bytes:
    results = query_results(writer, writer.event_list(told), query=query)
    return query_xml(writer, results, created_ms=created_ms)


def written(event: Event, edition: Edition) -> bytes:
    return xml_of(XmlWriter(edition, codes=as_urn), [(event, 0)])


def hold(row: dict[str, Any], edition: Edition, reading: Reading) -> None:
    """There and back; a list of one and a number have in XML the form of one and of a text."""
    assert events_of(reading)
    for event in events_of(reading):
        if row["desc"] in UNDECLARED:
            with pytest.raises(CaptureError):
                written(event, edition)
            continue
        again = events_of(read(written(event, edition), name="x.xml"))
        assert [event_hash(one) for one in again] == [event_hash(event)]
        assert again[0].error == event.error or event.error is None or event.error.extensions
        said = query_document([(again[0], 0)], created_ms=0)
        assert events_of(read(msgspec.json.encode(said), media="application/json")) == again


def convertible(kind: str) -> list[Any]:
    return [row for row in vectors(kind) if row.values[0]["desc"] not in UNREAD]


@EDITIONS
@pytest.mark.parametrize("row", convertible("capture_json_accepted"))
def test_json_comes_back_from_xml(row: dict[str, Any], edition: Edition) -> None:
    hold(row, edition, read(document(row["input"])))


@EDITIONS
@pytest.mark.parametrize("row", convertible("capture_xml_accepted"))
def test_xml_comes_back(row: dict[str, Any], edition: Edition) -> None:
    hold(row, edition, read(xml_document(row["input"])))


@EDITIONS
def test_published_documents_come_back(testdata: Callable[[str], Path], edition: Edition) -> None:
    """With equal hashes, and as the schema has it.

    Not written: members whose prefix is declared in a context that is not kept. Not as the schema has
    it: an action in a transformation, an id that is no URI, a member without a namespace.
    """
    counts: Counter[str] = Counter()
    folder = testdata("01-gs1-epcis")
    number = edition.value.replace(".", "_")
    place = folder / "xsd" / edition.value / f"EPCglobal-epcis-query-{number}.xsd"
    schema = etree.XMLSchema(etree.parse(place))
    for _, event in published(folder.parent):
        try:
            data = written(event, edition)
        except CaptureError as error:
            counts[error.faults[0].code] += 1
            continue
        counts["equal"] += [event_hash(one) for one in events_of(read(data, name="x.xml"))] == [
            event_hash(event)
        ]
        counts["written"] += 1
        counts["valid"] += schema.validate(etree.fromstring(data))
    assert counts["written"] == counts["equal"] > 300
    assert counts["written"] - counts["valid"] <= 3
    assert counts[Fault.NOT_IN_XML] < 30


ITEM = "https://id.gs1.org/01/04012345987652/21/12"
PLACE = "https://id.gs1.org/414/6901234000009"


def shipped(**more: Any) -> Event:
    given: dict[str, Any] = {
        "type": EventType.OBJECT,
        "time_ms": 0,
        "offset": "+08:00",
        "id": "urn:uuid:1",
        "epcs": (ITEM, "https://id.gs1.org/01/06901234567892/21/A%2F1"),
        "step": "shipping",
        "read_point": PLACE,
    }
    return Event(**given | more)


def texts(data: bytes, tag: str) -> list[str]:
    return [one.text or "" for one in etree.fromstring(data).iter(tag)]


def test_1_2_has_urns_and_2_0_has_web_uris() -> None:
    old, new = (written(shipped(), edition) for edition in Edition)
    assert texts(old, "bizStep") == ["urn:epcglobal:cbv:bizstep:shipping"]
    assert texts(new, "bizStep") == ["https://ref.gs1.org/cbv/BizStep-shipping"]
    writer = XmlWriter(Edition.V2, words=URNS)
    data = xml_of(writer, [(shipped(), 1)], created_ms=2, query="q")
    assert texts(data, "bizStep") == texts(old, "bizStep")
    assert texts(data, "queryName") == ["q"]
    assert texts(data, "recordTime") == ["1970-01-01T00:00:00.001Z"]


def test_codes_get_urns_where_the_length_of_the_prefix_is_known() -> None:
    data = written(shipped(), Edition.V1)
    assert texts(data, "epc") == [as_urn(ITEM), "urn:epc:id:sgtin:6901234.056789.A%2F1"]
    assert texts(data, "id") == ["urn:epc:id:sgln:6901234.00000.0"]
    kept = "https://id.gs1.org/01/09999999999994/21/1"
    assert as_urn(kept) == kept
    assert as_urn("urn:oid:1.2.3") == "urn:oid:1.2.3"
    assert as_urn("") == ""


def test_what_1_2_does_not_know_stands_where_it_leaves_room() -> None:
    event = shipped(certification=("https://example.com/c",), persistent_set=("damaged",))
    root = etree.fromstring(written(event, Edition.V1))
    assert root.find(".//baseExtension/extension/certificationInfo") is not None
    assert root.find(".//ObjectEvent/extension/extension/persistentDisposition/set") is not None


@pytest.mark.parametrize(
    "more",
    [
        {"extensions": {"{urn:x:}a b": "1"}},
        {"extensions": {"unknown:a": "1"}},
        {"extensions": {"{urn:x:}a": "\x01"}},
        {"id": "urn:\x01"},
        {"sensors": [{"sensorReport": [{"type": "Temperature", "stringValue": "\x01"}]}]},
        {"sensors": [{"sensorReport": [{"type": "Temperature", "{urn:x:}a b": "1"}]}]},
    ],
    ids=["blank", "prefix", "control", "id", "attribute", "attribute name"],
)
def test_what_xml_can_not_say_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(CaptureError) as caught:
        written(shipped(**more), Edition.V2)
    assert caught.value.faults[0].code == Fault.NOT_IN_XML

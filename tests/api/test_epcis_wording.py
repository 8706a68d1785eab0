"""Events in the form a client wants: JSON or XML, 2.0 or 1.2, Digital Links or URNs."""

from typing import Any

import pytest
from lxml import etree

from guantong.capture import Event, read
from guantong.capture.event_hash import event_hash
from guantong.serve.epcis.protocol import TYPES
from tests.api.test_epcis_capture import House, house, refused
from tests.api.test_epcis_events import GTIN, SHOP, event, put

__all__ = ["house"]

ID = event(1)["eventID"]
URN = "urn:epc:id:sgtin:6901234.056789.1"


def first(answer: Any) -> Event:
    assert answer.status_code == 200, answer.text
    reading = read(answer.content, media=answer.headers["content-type"].partition(";")[0])
    assert not reading.faults
    assert reading.document
    return reading.document.events[0]


def element(answer: Any, name: str) -> str:
    found = etree.fromstring(answer.content).find(f".//{name}")
    assert found is not None
    return found.text or ""


@pytest.mark.parametrize("media", TYPES)
@pytest.mark.parametrize("path", ["/events", f"/events/{ID}", "/bizSteps/shipping/events"])
def test_the_same_event_in_each_form(house: House, media: str, path: str) -> None:
    put(house, event(1))
    answer = house.ask("GET", path, Accept=media)
    assert answer.headers["content-type"].startswith(media)
    same = first(house.ask("GET", f"/events?EQ_eventID={ID}"))
    assert event_hash(first(answer)) == event_hash(same)
    assert first(answer).id == ID


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/xml"),
        ("application/xml, application/json;q=0.5", "application/xml"),
        ("application/json;q=0.5, application/xml;q=0.9", "application/xml"),
        ("application/json;q=0, */*;q=0.1", "application/ld+json"),
        ("text/html, application/ld+json; profile=x", "application/ld+json"),
    ],
)
def test_the_media_type_that_is_wanted_most(house: House, accept: str, media: str) -> None:
    put(house, event(1))
    answer = house.ask("GET", "/events", Accept=accept)
    assert answer.headers["content-type"].partition(";")[0] == media


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "*/*;q=0.000", "application/json;q=x"]
)
def test_no_form_that_is_spoken(house: House, accept: str) -> None:
    answer = house.ask("GET", "/events", Accept=accept)
    refused(answer, 406, "NotAcceptableException", "serve.not_acceptable")


def test_codes_as_urns(house: House) -> None:
    put(house, event(1))
    answer = house.ask("GET", "/events", GS1_EPC_Format="Always_EPC_URN")
    assert answer.headers["gs1-epc-format"] == "Always_EPC_URN"
    said = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]
    assert said["epcList"] == [URN]
    assert said["readPoint"]["id"] == "urn:epc:id:sgln:6901234.00001.0"
    usual = house.ask("GET", "/events")
    assert usual.headers["gs1-epc-format"] == "Always_GS1_Digital_Link"
    assert event_hash(first(answer)) == event_hash(first(usual))
    xml = house.ask("GET", "/events", GS1_EPC_Format="Always_EPC_URN", Accept="text/xml")
    assert element(xml, "epc") == URN


def test_words_in_xml(house: House) -> None:
    put(house, event(1))
    web = house.ask("GET", "/events", Accept="text/xml")
    assert element(web, "bizStep") == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert web.headers["gs1-cbv-xml-format"] == "Always_Web_URI"
    urn = house.ask("GET", "/events", Accept="text/xml", GS1_CBV_XML_Format="Always_URN")
    assert element(urn, "bizStep") == "urn:epcglobal:cbv:bizstep:shipping"
    assert urn.headers["gs1-cbv-xml-format"] == "Always_URN"


def test_a_client_of_1_2_gets_1_2(house: House) -> None:
    put(house, event(1))
    answer = house.ask("GET", "/events", Accept="application/xml", GS1_EPCIS_Max="1.2")
    assert answer.headers["gs1-epcis-version"] == "1.2.0"
    root = etree.fromstring(answer.content)
    assert root.tag == "{urn:epcglobal:epcis-query:xsd:1}EPCISQueryDocument"
    assert element(answer, "epc") == URN
    wanted = {"Accept": "application/xml", "GS1_EPCIS_Max": "1.2"}
    kept = house.ask("GET", "/events", b"", GS1_EPC_Format="Never_Translates", **wanted)
    assert element(kept, "epc") == f"{GTIN}/21/1"
    assert element(kept, "id") == SHOP
    answer = house.ask("GET", "/events", GS1_EPCIS_Max="1.2")
    refused(answer, 406, "NotAcceptableException", "serve.not_acceptable")
    answer = house.ask("GET", "/events", Accept="application/xml", GS1_EPCIS_Max="1.1")
    refused(answer, 406, "NotAcceptableException", "serve.not_acceptable")


@pytest.mark.parametrize("name", ["GS1_EPC_Format", "GS1_CBV_XML_Format"])
def test_a_format_that_is_none(house: House, name: str) -> None:
    answer = house.ask("GET", "/events", b"", **{name: "Always"})
    refused(answer, 406, "NotAcceptableException", "serve.not_acceptable")


def test_what_xml_can_not_say(house: House) -> None:
    put(house, event(1, **{"nobody:declared": "1"}))
    answer = house.ask("GET", "/events", Accept="text/xml")
    refused(answer, 406, "NotAcceptableException", "capture.not_in_xml")
    assert house.ask("GET", "/events").status_code == 200

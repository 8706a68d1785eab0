"""One event over HTTP: answered when it can be found, refused when it is there already."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from guantong.capture import read
from guantong.capture.xml_write import Edition, XmlWriter
from tests.api.test_epcis_capture import House, house, refused
from tests.api.test_epcis_events import event, put
from tests.unit.test_capture_xml_write import xml_of

__all__ = ["house"]

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
MEDIA = "application/ld+json"


def bare(number: int, **more: Any) -> dict[str, Any]:
    return {"@context": CONTEXT, **event(number, **more)}


def post(house: House, body: Any, *, media: str = MEDIA, **more: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return house.ask("POST", "/events", data, Content_Type=media, **more)


def shown(answer: Any) -> dict[str, Any]:
    results = answer.json()["epcisBody"]["queryResults"]["resultsBody"]
    (one,) = results["eventList"]
    found: dict[str, Any] = one
    return found


def test_its_address_shows_it(house: House) -> None:
    answer = post(house, bare(1))
    assert answer.status_code == 201, answer.text
    assert answer.json()["eventID"] == event(1)["eventID"]
    place = answer.headers["location"]
    assert place == f"/epcis/events/{quote(event(1)['eventID'], safe='')}"
    found = house.ask("GET", place.removeprefix("/epcis"))
    assert shown(found)["epcList"] == event(1)["epcList"]
    refused(
        house.ask("GET", place.removeprefix("/epcis"), who="other"),
        *(404, "NoSuchNameException", "serve.no_resource"),
    )


@pytest.mark.parametrize("salted", [False, True], ids=["hash", "personal data"])
def test_an_id_is_given_where_there_is_none(house: House, *, salted: bool) -> None:
    """That of what is kept: with personal data the hash of what is left."""
    body = bare(1, **({"cbvmda:buyerName": "Zhang San"} if salted else {}))
    del body["eventID"]
    place = post(house, body).headers["location"]
    assert place.startswith("/epcis/events/ni%3A%2F%2F%2F")
    found = shown(house.ask("GET", place.removeprefix("/epcis")))
    assert place.endswith(quote(found["eventID"], safe=""))
    assert "Zhang San" not in str(found)
    assert ("_sd" in str(found)) is salted


def test_a_document_with_one_event_and_xml(house: House) -> None:
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": [event(1)]},
    }
    assert post(house, document).status_code == 201
    reading = read(json.dumps(bare(2)).encode(), media=MEDIA)
    assert reading.document
    xml = xml_of(XmlWriter(Edition.V2), [(reading.document.events[0], 0)])
    answer = post(house, xml, media="application/xml", Accept="application/xml")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["location"].endswith(quote(event(2)["eventID"], safe=""))


def test_what_is_there_already(house: House) -> None:
    assert post(house, bare(1)).status_code == 201
    for again in (bare(1), bare(1, bizStep="storing")):
        answer = post(house, again)
        refused(answer, 409, "ResourceAlreadyExistsException", "capture.duplicate_event")
    assert post(house, bare(1), who="other").status_code == 201
    error = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}
    assert post(house, bare(1, errorDeclaration=error)).status_code == 201
    both = house.ask("GET", f"/events?EQ_eventID={event(1)['eventID']}").json()
    assert len(both["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2


@pytest.mark.parametrize(
    ("listed", "code"),
    [([], "capture.missing"), ([event(1), event(2)], "capture.unexpected")],
    ids=["none", "two"],
)
def test_not_exactly_one(house: House, listed: list[Any], code: str) -> None:
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": listed},
    }
    refused(post(house, document), 400, "ValidationException", code)
    assert house.world.ledger.size == 2


def test_what_is_no_event(house: House) -> None:
    refused(post(house, b"{"), 400, "ValidationException", "capture.syntax")
    wrong = post(house, bare(1, eventTime="today"))
    refused(wrong, 400, "ValidationException", "capture.time")
    assert wrong.json()["errors"][0]["path"] == "eventTime"
    answer = post(house, bare(1), media="text/csv")
    refused(answer, 415, "UnsupportedMediaTypeException", "serve.media")
    refused(post(house, bare(1), who=""), 401, "SecurityException", "serve.key_missing")
    refused(
        post(house, b" " * (1 << 21)), 413, "CaptureLimitExceededException", "capture.too_large"
    )
    assert house.world.ledger.size == 2


def test_others_go_on_meanwhile(house: House) -> None:
    """The address is that of this event, not of another document of the same instant."""
    places = []
    for number in range(5):
        put(house, event(100 + number))
        places.append(post(house, bare(number)).headers["location"])
    assert [int(place[-12:]) for place in places] == list(range(5))
    assert "POST" in house.ask("OPTIONS", "/events").headers["allow"]
    assert "POST" not in house.ask("OPTIONS", "/events/x").headers["allow"]


def test_two_events_with_one_hash(house: House) -> None:
    """The text that is hashed has no marks between its parts: what is said decides."""
    both = [["urn:x:1", "urn:x:2"], ["urn:x:1epc=urn:x:2"]]
    first, second = (bare(1, epcList=listed) for listed in both)
    del first["eventID"], second["eventID"]
    refusal = ("ResourceAlreadyExistsException", "capture.duplicate_event")
    for one in (first, second):
        assert post(house, one).status_code == 201
        refused(post(house, one | {"eventTimeZoneOffset": "+08:00", "a:b": None}), 409, *refusal)
    stored = house.ask("GET", "/events?eventType=ObjectEvent").json()["epcisBody"]["queryResults"]
    events = stored["resultsBody"]["eventList"]
    assert [one["epcList"] for one in events] == both
    assert events[0]["eventID"] == events[1]["eventID"]
    again = bare(1, epcList=["urn:x:3"]) | {"eventID": events[0]["eventID"]}
    refused(post(house, again), 409, *refusal)

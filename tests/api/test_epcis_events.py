"""Queries over HTTP: what is found, page by page, and by whom."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.capture import read
from guantong.capture.event_hash import event_hash
from guantong.serve.epcis import events
from guantong.serve.intake import Offer
from guantong.serve.keys import new_key
from tests.api.test_epcis_capture import PEOPLE, House, house, refused

__all__ = ["house"]

GTIN = "https://id.gs1.org/01/06901234567892"
SHOP, YARD = "https://id.gs1.org/414/6901234000016", "https://id.gs1.org/414/6909876543229"


def event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"2026-03-01T00:{number % 60:02d}:00Z",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [f"{GTIN}/21/{number}"],
        "action": "OBSERVE",
        "bizStep": "shipping" if number % 2 else "receiving",
        "readPoint": {"id": SHOP if number % 3 else YARD},
        **more,
    }


def put(house: House, *listed: dict[str, Any], who: str = "maker") -> None:
    body = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": list(listed)},
    }
    house.world.submit(Offer(json.dumps(body).encode()), PEOPLE[who])
    assert house.world.wait(house.world.ledger.size)


def numbers(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["type"] == "EPCISQueryDocument"
    listed = said["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return [int(one["eventID"][-12:]) for one in listed]


def after(answer: Any) -> str:
    link: str = answer.headers.get("link", "")
    if not link:
        return ""
    address, _, rel = link.partition("; ")
    assert rel == 'rel="next"'
    return address.strip("<>").removeprefix("/epcis")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("EQ_bizStep=shipping", [1, 3, 5]),
        ("EQ_bizStep=urn:epcglobal:cbv:bizstep:shipping", [1, 3, 5]),
        ("EQ_bizStep=https://ref.gs1.org/cbv/BizStep-shipping|receiving", [0, 1, 2, 3, 4, 5]),
        (f"EQ_readPoint={YARD}", [0, 3]),
        (f"EQ_readPoint={YARD}&EQ_bizStep=shipping", [3]),
        (f"MATCH_epc={GTIN}/21/2|{GTIN}/21/4", [2, 4]),
        ("MATCH_epc=urn:epc:id:sgtin:6901234.056789.2", [2]),
        ("MATCH_anyEPC=urn:epc:idpat:sgtin:6901234.056789.*", [0, 1, 2, 3, 4, 5]),
        (f"MATCH_epc={GTIN}/21/2&EQ_bizStep=shipping", []),
        ("GE_eventTime=2026-03-01T00:02:00Z&LT_eventTime=2026-03-01T00:04:00Z", [2, 3]),
        ("EQ_eventID=urn:uuid:00000000-0000-4000-8000-000000000005", [5]),
        ("eventType=AggregationEvent", []),
        ("EQ_source_owning_party=urn:x", []),
    ],
)
def test_what_is_asked_for_is_found(house: House, asked: str, found: list[int]) -> None:
    put(house, *map(event, range(6)))
    assert numbers(house.ask("GET", f"/events?{asked}")) == found


def test_an_answer_is_the_event_as_it_was_sent(house: House) -> None:
    sent = event(
        7, **{"@context": [{"ex": "https://ns.example.com/"}], "ex:grade": {"ex:a": ["1", "2"]}}
    )
    put(house, sent)
    whole = house.ask("GET", "/events")
    one = house.ask("GET", f"/events/{quote(sent['eventID'])}")
    for answer in (whole, one):
        reading = read(answer.content)
        assert reading.document is not None, reading.faults
        (back,) = reading.document.events
        assert event_hash(back) == event_hash(read(json.dumps(sent).encode()).document.events[0])  # type: ignore[union-attr]
        (told,) = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert told["recordTime"].endswith("Z")
    assert whole.headers["gs1-epcis-version"] == "2.0.0"


def test_pages_are_not_moved_by_what_comes_meanwhile(house: House) -> None:
    put(house, *map(event, range(7)))
    seen: list[int] = []
    path, pages = "/events?perPage=3&EQ_action=OBSERVE", 0
    while path:
        answer = house.ask("GET", path)
        seen += numbers(answer)
        path, pages = after(answer), pages + 1
        put(house, event(100 + pages))
    assert (seen, pages) == ([0, 1, 2, 3, 4, 5, 6], 3)
    assert numbers(house.ask("GET", "/events"))[-3:] == [101, 102, 103]


def test_a_page_that_is_just_full_is_the_last(house: House) -> None:
    put(house, *map(event, range(3)))
    answer = house.ask("GET", "/events?perPage=3")
    assert (numbers(answer), after(answer)) == ([0, 1, 2], "")


def test_a_token_is_for_one_query_of_one_caller(house: House) -> None:
    put(house, *map(event, range(4)))
    token = after(house.ask("GET", "/events?perPage=2")).rpartition("=")[2]
    assert numbers(house.ask("GET", f"/events?perPage=2&nextPageToken={token}")) == [2, 3]
    for asked, who in (
        (f"EQ_bizStep=shipping&nextPageToken={token}", "maker"),
        (f"nextPageToken={token}", "other"),
        (f"nextPageToken={token[:-2]}", "maker"),
        ("nextPageToken=", "maker"),
    ):
        answer = house.ask("GET", f"/events?{asked}", who=who)
        refused(answer, 400, "QueryParameterException", "query.value")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("EQ_colour=red", "query.parameter"),
        ("orderBy=bizStep", "query.value"),
        ("orderBy=ex:grade", "query.value"),
        ("orderBy=", "query.value"),
        ("orderBy=eventTime&orderDirection=UP", "query.value"),
        ("eventCountLimit=3", "query.value"),
        ("orderDirection=ASC", "query.value"),
        ("orderBy=eventTime&eventCountLimit=3&maxEventCount=3", "query.value"),
        ("EQ_action=MOVE", "query.value"),
        ("EQ_quantity=many", "query.value"),
        ("GE_eventTime=yesterday", "query.value"),
        ("perPage=0", "query.value"),
        ("EQ_bizStep=shipping&EQ_bizStep=receiving", "query.parameter"),
    ],
)
def test_refused_parameters(house: House, asked: str, code: str) -> None:
    refused(house.ask("GET", f"/events?{asked}"), 400, "QueryParameterException", code)


def test_more_than_the_client_is_ready_for(house: House) -> None:
    put(house, *map(event, range(4)))
    assert numbers(house.ask("GET", "/events?maxEventCount=4")) == [0, 1, 2, 3]
    answer = house.ask("GET", "/events?maxEventCount=3")
    refused(answer, 413, "QueryTooLargeException", "query.too_large")
    long = "MATCH_epc=" + "|".join(f"{GTIN}/21/{n}" for n in range(300))
    refused(house.ask("GET", f"/events?{long}"), 414, "URITooLongException", "serve.too_long")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("orderBy=eventTime", [[5, 4, 3], [2, 1, 0]]),
        ("orderBy=eventTime&orderDirection=ASC", [[0, 1, 2], [3, 4, 5]]),
        ("orderBy=recordTime&orderDirection=ASC", [[3, 4, 5], [0, 1, 2]]),
        ("orderBy=eventTime&eventCountLimit=2", [[5, 4]]),
        ("orderBy=eventTime&eventCountLimit=4&EQ_bizStep=shipping", [[5, 3, 1]]),
        ("orderBy=eventTime&eventCountLimit=4", [[5, 4, 3], [2]]),
    ],
)
def test_another_order(house: House, asked: str, found: list[list[int]]) -> None:
    put(house, event(3), event(4), event(5))
    put(house, event(0), event(1), event(2))
    path, pages = f"/events?perPage=3&{asked}", []
    while path:
        answer = house.ask("GET", path)
        pages.append(numbers(answer))
        path = after(answer)
        put(
            house,
            event(
                59,
                eventTime=f"2026-03-02T00:00:{len(pages):02d}Z",
                eventID=f"urn:uuid:{len(pages)}",
            ),
        )
    assert pages == found


def test_the_order_of_an_extension(house: House) -> None:
    """Also where an event lacks it, and in pages."""
    grades = ["10", 9, "b", None, "2026-01-01T00:00:00Z", "a"]
    context = {"@context": [{"ex": "http://x.example/"}]}
    put(
        house,
        *[
            event(n, **context, **({} if grade is None else {"ex:grade": grade}))
            for n, grade in enumerate(grades)
        ],
    )
    for direction, found in (("ASC", [[1, 0, 4], [5, 2, 3]]), ("DESC", [[2, 5, 4], [0, 1, 3]])):
        by = "{http%3A%2F%2Fx.example%2F}grade"
        first = house.ask("GET", f"/events?perPage=3&orderBy={by}&orderDirection={direction}")
        assert [numbers(first), numbers(house.ask("GET", after(first)))] == found
    answer = house.ask("GET", f"/events?orderBy={by}&eventCountLimit=2")
    assert numbers(answer) == [2, 5]


def test_what_can_not_be_looked_through(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    put(house, *map(event, range(4)))
    monkeypatch.setattr(events, "COUNT_MAX", 3)
    for asked in ("orderBy=eventTime", "maxEventCount=9"):
        answer = house.ask("GET", f"/events?{asked}")
        refused(answer, 413, "QueryTooComplexException", "query.complex")


def test_a_value_that_is_there_may_have_no_events_of_this_kind(house: House) -> None:
    put(house, event(1))
    assert numbers(house.ask("GET", "/bizSteps/shipping/events?EQ_action=ADD")) == []
    answer = house.ask("GET", "/bizSteps/packing/events")
    refused(answer, 404, "NoSuchNameException", "serve.no_resource")


def test_headers(house: House) -> None:
    refused(house.ask("GET", "/events", who=""), 401, "SecurityException", "serve.key_missing")
    answer = house.ask("GET", "/events", Accept="text/html")
    refused(answer, 406, "NotAcceptableException", "serve.not_acceptable")
    assert house.ask("OPTIONS", "/events").headers["allow"] == "OPTIONS, GET, POST"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/eventTypes/ObjectEvent/events", [0, 1, 2, 3]),
        (f"/epcs/{quote(GTIN + '/21/2', safe='')}/events", [2]),
        ("/bizSteps/shipping/events", [1, 3]),
        (f"/readPoints/{quote(YARD, safe='')}/events?EQ_bizStep=shipping", [3]),
        (f"/bizLocations/{quote(SHOP, safe='')}/events", [2]),
        ("/dispositions/in_transit/events", [1]),
    ],
)
def test_events_below_the_other_resources(house: House, path: str, found: list[int]) -> None:
    put(house, event(0), event(1, disposition="in_transit"))
    put(house, event(2, bizLocation={"id": SHOP}), event(3))
    assert numbers(house.ask("GET", path)) == found
    refused(house.ask("GET", path, who="other"), 404, "NoSuchNameException", "serve.no_resource")


def test_two_tenants_see_nothing_of_each_other(house: House) -> None:
    """Neither in a page, nor in its length, its link, a count, or by the id of an event."""
    for number in range(0, 20, 2):
        put(house, event(number))
        put(house, event(number + 1), who="other")
    mine = house.ask("GET", "/events?perPage=4")
    assert numbers(mine) == [0, 2, 4, 6]
    assert numbers(house.ask("GET", "/events?maxEventCount=10")) == list(range(0, 20, 2))
    assert after(house.ask("GET", "/events?perPage=10")) == ""
    assert numbers(house.ask("GET", f"/events?MATCH_epc={GTIN}/21/1")) == []
    theirs = quote(event(1)["eventID"])
    refused(house.ask("GET", f"/events/{theirs}"), 404, "NoSuchNameException", "serve.no_resource")
    assert house.ask("GET", f"/events/{theirs}", who="other").status_code == 200


def test_who_is_named_sees_it(house: House) -> None:
    named = {"destinationList": [{"type": "owning_party", "destination": "urn:other"}]}
    put(house, event(1, **named), event(2))
    assert numbers(house.ask("GET", "/events", who="other")) == [1]


def test_a_region_sees_its_own(house: House) -> None:
    put(house, event(1))
    key = house.world.add_key(new_key(Caller("urn:office", Level.REGULATOR, "31")), OPERATOR)
    house.keys["office"] = key
    assert numbers(house.ask("GET", "/events", who="office")) == []


def test_few_are_looked_up_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a handle with a memory of its own: a flood of questions waits."""
    put(house, event(1))
    now, most = [0], [0]
    find = house.world.find_events

    def slow(*args: Any, **more: Any) -> Any:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.05)
        now[0] -= 1
        return find(*args, **more)

    monkeypatch.setattr(house.world, "find_events", slow)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: house.ask("GET", "/events"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert 1 < most[0] <= events.AT_ONCE

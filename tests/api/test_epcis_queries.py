"""Named queries over HTTP."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from guantong.serve.app import create_app
from guantong.serve.epcis import named
from tests.api.test_epcis_capture import House, house, refused
from tests.api.test_epcis_events import after, event, numbers, put

__all__ = ["house"]

SHIPPED = {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping"]}


def name(house: House, text: str, query: object, *, who: str = "maker") -> Any:
    return house.ask(
        "POST", "/queries", json.dumps({"name": text, "query": query}).encode(), who=who
    )


def test_a_query_is_named_asked_and_forgotten(house: House) -> None:
    put(house, *map(event, range(8)))
    answer = name(house, "shipped", SHIPPED)
    assert (answer.status_code, answer.headers["location"]) == (
        201,
        "/epcis/queries/shipped/events",
    )
    assert house.ask("GET", "/queries/shipped").json() == {"name": "shipped", "query": SHIPPED}
    first = house.ask("GET", "/queries/shipped/events?perPage=3")
    assert first.json()["epcisBody"]["queryResults"]["queryName"] == "shipped"
    assert numbers(first) == [1, 3, 5]
    assert numbers(house.ask("GET", after(first))) == [7]
    latest = house.ask("GET", "/queries/shipped/events?orderBy=eventTime&eventCountLimit=1")
    assert numbers(latest) == [7]
    assert house.ask("DELETE", "/queries/shipped").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
        answer = house.ask(method, f"/queries/shipped{path}")
        refused(answer, 404, "NoSuchNameException", "serve.no_resource")


def test_names_are_a_partys_own(house: House) -> None:
    put(house, event(1), event(2))
    put(house, event(3), who="other")
    assert name(house, "mine", SHIPPED).status_code == 201
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
        answer = house.ask(method, f"/queries/mine{path}", who="other")
        refused(answer, 404, "NoSuchNameException", "serve.no_resource")
    assert house.ask("GET", "/queries", who="other").json() == []
    assert name(house, "mine", {}, who="other").status_code == 201
    assert numbers(house.ask("GET", "/queries/mine/events", who="other")) == [3]
    assert numbers(house.ask("GET", "/queries/mine/events")) == [1]


def test_a_query_outlives_the_server(house: House) -> None:
    name(house, "all", {})
    with TestClient(create_app(house.world, house.world.settings)) as again:
        found = again.get("/epcis/queries", headers={"X-API-Key": house.keys["maker"]})
        assert found.json() == [{"name": "all", "query": {}}]


def test_pages_of_queries(house: House) -> None:
    texts = ["一", "b&b", "a", "c/d".replace("/", "-"), "e"]
    for text in texts:
        assert name(house, text, {}).status_code == 201
    path, seen = "/queries?perPage=2", []
    while path:
        answer = house.ask("GET", path)
        seen += [one["name"] for one in answer.json()]
        path = after(answer)
    assert seen == sorted(texts)
    answer = house.ask("GET", f"/queries/{quote('b&b')}/events")
    assert numbers(answer) == []


def test_members_that_only_their_sender_knows_by_prefix(house: House) -> None:
    space = {"ex": "https://ns.example.com/"}
    put(house, event(1, **{"@context": [space], "ex:grade": "A"}), event(2))
    asked = {"@context": [space], "EQ_ex:grade": ["A"]}
    assert name(house, "graded", asked).status_code == 201
    assert numbers(house.ask("GET", "/queries/graded/events")) == [1]


def test_one_name_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    name(house, "a", {})
    refused(
        name(house, "a", SHIPPED), 409, "ResourceAlreadyExistsException", "serve.query_name_taken"
    )
    assert house.ask("GET", "/queries/a").json()["query"] == {}
    monkeypatch.setattr(named, "QUERIES_MAX", 1)
    answer = name(house, "b", {})
    refused(answer, 400, "QueryValidationException", "serve.too_many_queries")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "query.value"),
        (b"{", "query.value"),
        (b'{"name": "a"}', "query.value"),
        (b'{"name": "a b", "query": {}}', "query.value"),
        (b'{"name": "", "query": {}}', "query.value"),
        (b'{"name": "a", "query": {"EQ_colour": ["red"]}}', "query.parameter"),
        (b'{"name": "a", "query": {"EQ_ex:a": ["red"]}}', "query.parameter"),
        (b'{"name": "a", "query": {"EQ_action": ["MOVE"]}}', "query.value"),
        (b'{"name": "a", "query": {"perPage": 3}}', "query.parameter"),
    ],
)
def test_refused(house: House, body: bytes, code: str) -> None:
    refused(house.ask("POST", "/queries", body), 400, "QueryParameterException", code)
    assert house.ask("GET", "/queries").json() == []


def test_what_is_asked_stands_in_the_query(house: House) -> None:
    name(house, "a", {})
    answer = house.ask("GET", "/queries/a/events?EQ_action=ADD")
    refused(answer, 400, "QueryParameterException", "query.parameter")


def test_what_can_be_done(house: House) -> None:
    allowed = {"": "POST", "/a": "DELETE"}
    for path, more in allowed.items():
        assert house.ask("OPTIONS", f"/queries{path}").headers["allow"] == f"OPTIONS, GET, {more}"
    assert house.ask("OPTIONS", "/queries/a/events").headers["allow"] == "OPTIONS, GET"
    refused(house.ask("GET", "/queries", who=""), 401, "SecurityException", "serve.key_missing")

"""The values there are to ask for, as far as a caller sees them."""

from urllib.parse import quote

import pytest

from tests.api.test_epcis_capture import House, house, refused
from tests.api.test_epcis_events import GTIN, SHOP, YARD, after, event, put

__all__ = ["house"]

EXPECTED = {
    "eventTypes": ["ObjectEvent"],
    "epcs": [f"{GTIN}/21/{n}" for n in range(4)],
    "bizSteps": ["receiving", "shipping"],
    "bizLocations": [SHOP],
    "readPoints": [YARD, SHOP],
    "dispositions": ["in_transit"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_values(house: House, name: str) -> None:
    """Page by page; what only another sees is not there, nor is a value that only it uses."""
    put(
        house,
        event(50, bizStep="storing", disposition="active", readPoint={"id": GTIN}),
        who="other",
    )
    put(house, event(0), event(1, disposition="in_transit"))
    put(house, event(2, bizLocation={"id": SHOP}), event(3))
    found, path = [], f"/{name}?perPage=1"
    while path:
        answer = house.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["member"]
        assert len(answer.json()["member"]) <= 1
        put(house, event(60 + len(found), bizStep="picking"))
        path = after(answer)
    assert found == EXPECTED[name]
    value = quote(found[0], safe="")
    assert house.ask("GET", f"/{name}/{value}").json()["member"] == ["events"]
    assert house.ask("GET", f"/{name}/{value}/events").status_code == 200
    assert house.ask("OPTIONS", f"/{name}/{value}").headers["allow"] == "OPTIONS, GET"
    assert house.ask("OPTIONS", f"/{name}/{value}/events").headers["allow"] == "OPTIONS, GET"
    assert house.ask("OPTIONS", f"/{name}").status_code == 204


def test_what_is_not_there_for_a_caller(house: House) -> None:
    put(house, event(1, bizStep="storing"), who="other")
    for path in ("/bizSteps/storing", f"/epcs/{quote(GTIN + '/21/1', safe='')}"):
        refused(house.ask("GET", path), 404, "NoSuchNameException", "serve.no_resource")
        assert house.ask("GET", path, who="other").status_code == 200
    assert house.ask("GET", "/bizSteps").json()["member"] == []
    refused(house.ask("GET", "/epcs", who=""), 401, "SecurityException", "serve.key_missing")
    for path in ("/bizSteps/no_such", "/bizSteps/a%0Ab", "/no%0Ane"):
        refused(house.ask("GET", path), 404, "NoSuchNameException", "serve.no_resource")


def test_a_token_of_another_resource_or_caller(house: House) -> None:
    put(house, event(1), event(2))
    path = after(house.ask("GET", "/epcs?perPage=1"))
    stolen = path.replace("/epcs", "/bizSteps")
    refused(house.ask("GET", stolen), 400, "QueryParameterException", "query.value")
    answer = house.ask("GET", path, who="other")
    refused(answer, 400, "QueryParameterException", "query.value")


def test_the_top_level_names_them(house: House) -> None:
    assert set(EXPECTED) < set(house.ask("GET", "/").json()["member"])

"""Subscriptions: exactly the events that are asked for, in order, and to nobody who may not see them."""

import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.serve.epcis import notices, subscriptions
from guantong.settings import Settings
from tests.api.test_epcis_capture import House, house, housed, refused
from tests.api.test_epcis_events import SHOP, YARD, event, put
from tests.receiver import Receiver, receiver

__all__ = ["house"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """With a post that looks often and may send to this machine."""
    monkeypatch.setattr("guantong.serve.outbox.post.LOOK_SECONDS", 0.01)
    with housed(Settings(tmp_path / "data", private_destinations=True)) as found:
        yield found


def named(house: House, name: str = "q", *, who: str = "maker", **query: Any) -> None:
    body = json.dumps({"name": name, "query": query}).encode()
    assert house.ask("POST", "/queries", body, who=who).status_code == 201


def subscribe(house: House, to: str, name: str = "q", *, who: str = "maker", **more: Any) -> Any:
    said = {"dest": to, **({} if "schedule" in more else {"stream": True}), **more}
    return house.ask("POST", f"/queries/{name}/subscriptions", json.dumps(said).encode(), who=who)


def place_of(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"].removeprefix("/epcis"))


def numbers(here: Receiver) -> list[int]:
    return [number for _, body in here.taken for number in told(body)]


def told(body: bytes) -> list[int]:
    results = json.loads(body)["epcisBody"]["queryResults"]
    return [int(one["eventID"][-12:]) for one in results["resultsBody"]["eventList"]]


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def test_what_comes_is_sent(home: House) -> None:
    """Not what was there before, not what is not asked for, not what another sent."""
    put(home, event(1))
    named(home, EQ_bizStep=["shipping"])
    with receiver() as here:
        place = place_of(subscribe(home, here.url, signatureToken="secret"))
        put(home, event(2), event(3))
        put(home, event(5), who="other")
        put(home, event(7), event(9))
        until(lambda: len(numbers(here)) >= 3)
        put(home, event(11))
        until(lambda: numbers(here) == [3, 7, 9, 11])
        headers, body = here.taken[-1]
        results = json.loads(body)["epcisBody"]["queryResults"]
        assert (results["queryName"], place.endswith(results["subscriptionID"])) == ("q", True)
        at, mac = (part.partition("=")[2] for part in headers["GS1-Signature"].split(","))
        signed = f"{at}.{headers['Guantong-Letter']}.".encode() + body
        assert mac == hmac.new(b"secret", signed, "sha256").hexdigest()
        shown = home.ask("GET", place).json()
        assert shown["stream"] is True
        assert shown["lastNotifiedAt"]
        assert "secret" not in str(shown)
        assert home.ask("DELETE", place).status_code == 204
        put(home, event(13))
        refused(home.ask("GET", place), 404, "NoSuchNameException", "serve.no_resource")
        time.sleep(0.1)
        assert numbers(here) == [3, 7, 9, 11]


def test_from_an_earlier_time_on(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """In letters of few events, looked for in parts of the ledger, each once."""
    monkeypatch.setattr(notices, "ENTRIES", 2)
    monkeypatch.setattr(notices, "EVENTS", 3)
    for first in range(0, 40, 4):
        put(home, *(event(n) for n in range(first, first + 4)))
    named(home)
    with receiver() as here:
        subscribe(home, here.url, initialRecordTime="2020-01-01T00:00:00Z")
        until(lambda: len(numbers(here)) >= 40)
        assert numbers(here) == list(range(40))
        assert max(len(told(body)) for _, body in here.taken) == 3


def test_a_receiver_that_was_dead(home: House) -> None:
    named(home)
    with receiver() as here:
        here.answers = lambda count: 503 if count < 2 else 204
        subscribe(home, here.url)
        for number in range(4):
            put(home, event(number))
        until(lambda: len(numbers(here)) >= 4)
        assert numbers(here) == list(range(4))
        assert len(here.came) > len(here.taken)


def test_a_letter_that_is_too_large_is_parted(home: House) -> None:
    named(home)
    with receiver() as here:
        here.judge = lambda body: 413 if len(told(body)) > 2 else 204
        subscribe(home, here.url)
        put(home, *map(event, range(7)))
        until(lambda: len(numbers(here)) >= 7)
        assert numbers(here) == list(range(7))


def test_who_may_see_it_when_it_is_sent(home: House) -> None:
    """Who is named in an event gets it; who is not, gets nothing, not even an empty letter."""
    named(home, who="other")
    with receiver() as here:
        subscribe(home, here.url, who="other")
        party = [{"type": "possessing_party", "destination": "urn:other"}]
        put(home, event(1), event(2, destinationList=party), event(3))
        until(lambda: len(numbers(here)) >= 1)
        put(home, event(4))
        time.sleep(0.1)
        assert numbers(here) == [2]


def test_on_schedule(home: House) -> None:
    named(home, EQ_readPoint=[YARD])
    with receiver() as here:
        place = place_of(
            subscribe(home, here.url, schedule={"second": "[0-59]"}, reportIfEmpty=True)
        )
        until(lambda: len(here.taken) >= 2)
        assert numbers(here) == []
        put(home, event(3), event(4), event(6))
        until(lambda: len(numbers(here)) >= 2)
        assert numbers(here) == [3, 6]
        assert home.ask("GET", place).json()["schedule"] == {"second": "[0-59]"}


def test_nothing_is_sent_when_nothing_came(home: House) -> None:
    named(home, EQ_readPoint=[SHOP])
    with receiver() as here:
        subscribe(home, here.url, schedule={"second": "[0-59]"})
        time.sleep(1.2)
        assert here.came == []


def test_a_query_that_goes_takes_its_subscriptions_with_it(home: House) -> None:
    named(home)
    with receiver() as here:
        place = place_of(subscribe(home, here.url))
        assert home.ask("DELETE", "/queries/q").status_code == 204
        named(home)
        refused(home.ask("GET", place), 404, "NoSuchNameException", "serve.no_resource")
        assert home.ask("GET", "/queries/q/subscriptions").json() == []
        put(home, event(1))
        time.sleep(0.1)
        assert here.came == []


def test_pages_of_subscriptions(home: House) -> None:
    named(home)
    named(home, "p")
    made = sorted(place_of(subscribe(home, "https://example.com/x")) for _ in range(3))
    place_of(subscribe(home, "https://example.com/x", "p"))
    first = home.ask("GET", "/queries/q/subscriptions?perPage=2")
    following = first.headers["link"].partition(">")[0].removeprefix("</epcis")
    second = home.ask("GET", following)
    found = [one["subscriptionID"] for one in first.json() + second.json()]
    assert found == [place.rpartition("/")[2] for place in made]
    assert "link" not in second.headers


def test_nobody_hears_of_anothers(home: House) -> None:
    named(home)
    named(home, who="other")
    place = place_of(subscribe(home, "https://example.com/x"))
    assert home.ask("GET", "/queries/q/subscriptions", who="other").json() == []
    for method in ("GET", "DELETE"):
        answer = home.ask(method, place, who="other")
        refused(answer, 404, "NoSuchNameException", "serve.no_resource")
    assert home.ask("GET", place).status_code == 200
    answer = home.ask("GET", "/queries/q/subscriptions", who="")
    refused(answer, 401, "SecurityException", "serve.key_missing")
    answer = home.ask("GET", "/queries/none/subscriptions")
    refused(answer, 404, "NoSuchNameException", "serve.no_resource")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"dest": "https://example.com/"}, "serve.subscription"),
        (
            {"dest": "https://example.com/", "stream": True, "schedule": {"second": "0"}},
            "serve.subscription",
        ),
        ({"stream": True}, "serve.subscription"),
        ({"dest": "https://example.com/", "schedule": {"second": "61"}}, "serve.schedule"),
        ({"dest": "https://example.com/", "schedule": {}}, "serve.schedule"),
        ({"dest": "ftp://example.com/", "stream": True}, "serve.destination"),
        ({"dest": "http://127.0.0.1/", "stream": True}, "serve.destination"),
        ({"dest": "https://127.0.0.1/", "stream": True}, "serve.private_destination"),
        ({"dest": "https://[::1]/", "stream": True}, "serve.private_destination"),
        ({"dest": "https://10.0.0.7/", "stream": True}, "serve.private_destination"),
        (
            {"dest": "https://example.com/", "stream": True, "signatureToken": "x" * 401},
            "serve.subscription",
        ),
    ],
    ids=[
        *("neither", "both", "no dest", "no second", "no unit", "ftp", "plain", "loopback"),
        *("loopback 6", "private", "long token"),
    ],
)
def test_what_is_no_subscription(house: House, said: dict[str, Any], code: str) -> None:
    named(house)
    answer = house.ask("POST", "/queries/q/subscriptions", json.dumps(said).encode())
    refused(answer, 400, "SubscriptionControlsException", code)
    assert house.ask("GET", "/queries/q/subscriptions").json() == []


def test_a_time_that_is_none(house: House) -> None:
    named(house)
    answer = subscribe(house, "https://example.com/", initialRecordTime="yesterday")
    refused(answer, 400, "ValidationException", "capture.time")


def test_no_more_than_so_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS_MAX", 2)
    named(house)
    for _ in range(2):
        place_of(subscribe(house, "https://example.com/"))
    answer = subscribe(house, "https://example.com/")
    refused(answer, 400, "SubscriptionControlsException", "serve.too_many_subscriptions")


def test_what_is_offered(house: House) -> None:
    listed = house.ask("OPTIONS", "/queries/q/subscriptions").headers["allow"]
    one = house.ask("OPTIONS", "/queries/q/subscriptions/x").headers["allow"]
    assert (listed, one) == ("OPTIONS, GET, POST", "OPTIONS, GET, DELETE")

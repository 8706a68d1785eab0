"""Lines that stay open: what comes is sent at once or on schedule, to whom may see it, once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession

from guantong.serve.epcis import live
from guantong.settings import Settings
from tests.api.test_epcis_capture import House, housed
from tests.api.test_epcis_events import event, put
from tests.api.test_epcis_subscriptions import named, until


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)
    with housed(Settings(tmp_path / "data")) as found:
        yield found


@contextmanager
def line(
    house: House, asked: str = "stream=true", *, name: str = "q", who: str = "maker"
) -> Iterator[WebSocketTestSession]:
    headers = {"Authorization": f"Bearer {house.keys[who]}"} if who else {}
    path = f"/epcis/queries/{name}/events?{asked}"
    with house.client.websocket_connect(path, headers=headers) as session:
        yield session


def told(session: WebSocketTestSession) -> list[int]:
    results = json.loads(session.receive_text())["epcisBody"]["queryResults"]
    assert (results["queryName"], bool(results["subscriptionID"])) == ("q", True)
    return [int(one["eventID"][-12:]) for one in results["resultsBody"]["eventList"]]


def test_what_comes_is_sent(house: House) -> None:
    """Not what was there before, not what is not asked for, not what another sent."""
    put(house, event(1))
    named(house, EQ_bizStep=["shipping"])
    with line(house) as session:
        put(house, event(2), event(3))
        assert told(session) == [3]
        put(house, event(5), who="other")
        put(house, event(7), event(9))
        assert told(session) == [7, 9]


def test_from_an_earlier_time_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ENTRIES", 2)
    monkeypatch.setattr(live, "EVENTS", 3)
    for first in range(0, 12, 4):
        put(house, *(event(n) for n in range(first, first + 4)))
    named(house)
    with line(house, "stream=true&initialRecordTime=2020-01-01T00:00:00Z") as session:
        found: list[int] = []
        while len(found) < 12:
            part = told(session)
            assert 0 < len(part) <= 3
            found += part
        assert found == list(range(12))
        put(house, event(20))
        assert told(session) == [20]


def test_on_schedule(house: House) -> None:
    named(house)
    with line(house, "second=[0-59]&reportIfEmpty=true") as session:
        assert told(session) == []
        put(house, event(1), event(2))
        found: list[int] = []
        while not found:
            found = told(session)
        assert found == [1, 2]


def test_who_leaves_is_forgotten(house: House) -> None:
    named(house)
    for _ in range(live.LINES_MAX + 5):
        with line(house):
            pass
    with line(house) as session:
        put(house, event(1))
        assert told(session) == [1]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"name": "none"}, 404, "serve.no_resource"),
        ({"who": "other"}, 404, "serve.no_resource"),
        ({"who": ""}, 401, "serve.key_missing"),
        ({"asked": ""}, 400, "serve.subscription"),
        ({"asked": "stream=false"}, 400, "serve.subscription"),
        ({"asked": "stream=true&second=1"}, 400, "serve.subscription"),
        ({"asked": "stream=true&EQ_bizStep=x"}, 400, "serve.subscription"),
        ({"asked": "second=61"}, 400, "serve.schedule"),
        ({"asked": "stream=true&initialRecordTime=soon"}, 400, "capture.time"),
    ],
)
def test_what_is_refused(house: House, more: dict[str, Any], status: int, code: str) -> None:
    named(house)
    with pytest.raises(WebSocketDenialResponse) as caught, line(house, **more):
        pass
    answer = caught.value
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_more_lines_than_there_may_be(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LINES_MAX", 1)
    named(house)
    with line(house):
        with pytest.raises(WebSocketDenialResponse) as caught, line(house):
            pass
        assert caught.value.json()["errors"][0]["code"] == "serve.too_many_subscriptions"
    until(lambda: _opens(house))


def _opens(house: House) -> bool:
    try:
        with line(house):
            return True
    except WebSocketDenialResponse:
        return False

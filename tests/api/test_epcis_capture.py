"""Capture jobs over HTTP: what is promised, what is refused at once, who sees what."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.app import create_app
from guantong.serve.epcis import spool
from guantong.serve.epcis.capture import PAGE
from guantong.serve.epcis.spool import KEPT_MS, Asked, Outcome, Spool
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.fault.capture_victim import document

EVENTS_MAX = 30
MEDIA = "application/ld+json"


@dataclass
class House:
    """An installation over HTTP."""

    world: World
    client: TestClient
    keys: dict[str, str]

    def ask(
        self, method: str, path: str, body: bytes = b"", *, who: str = "maker", **more: str
    ) -> Any:
        headers = {"X-API-Key": self.keys[who]} if who else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.client.request(method, f"/epcis{path}", content=body, headers=headers)

    def job(self, body: bytes, *, who: str = "maker", **more: str) -> dict[str, Any]:
        """Hand a document in and wait until its job has ended."""
        answer = self.ask("POST", "/capture", body, who=who, Content_Type=MEDIA, **more)
        assert (answer.status_code, answer.content) == (202, b""), answer.text
        return self.ended(answer.headers["location"], who=who)

    def ended(self, place: str, *, who: str = "maker") -> dict[str, Any]:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found: dict[str, Any] = self.ask("GET", place.removeprefix("/epcis"), who=who).json()
            if not found["running"]:
                return found
            time.sleep(0.01)
        raise AssertionError("it does not end")


PEOPLE = {"maker": Caller("urn:maker", Level.PARTY), "other": Caller("urn:other", Level.PARTY)}


@contextmanager
def housed(settings: Settings) -> Iterator[House]:
    with open_world(settings, create=True) as world:
        keys = {name: world.add_key(new_key(one), OPERATOR) for name, one in PEOPLE.items()}
        with TestClient(create_app(world, settings)) as client:
            yield House(world, client, keys)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        tmp_path / "data", document_events_max=EVENTS_MAX, document_bytes_max=99_000
    )
    with housed(settings) as house:
        yield house


def refused(answer: Any, status: int, exception: str, code: str) -> None:
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    found = (answer.status_code, said["status"], said["type"], said["errors"][0]["code"])
    assert found == (status, status, f"epcisException:{exception}", code)
    assert answer.headers["gs1-epcis-version"] == "2.0.0"


def test_a_document_is_promised_then_taken(house: House) -> None:
    job = house.job(document(1, 3))
    assert job.pop("captureID")
    assert job.pop("createdAt") <= job.pop("finishedAt")
    assert job == {
        "running": False,
        "success": True,
        "captureErrorBehaviour": "rollback",
        "errors": [],
        "events": 3,
        "ledger_index": house.world.ledger.size - 1,
    }
    assert house.world.body(house.world.ledger.size - 1) == document(1, 3)
    assert [
        path.name
        for path in (house.world.settings.data / "spool").iterdir()
        if "." not in path.name
    ] == []


def test_the_same_bytes_again_are_counted_once(house: House) -> None:
    first, again = house.job(document(1, 3)), house.job(document(1, 3))
    assert (again["success"], again["ledger_index"]) == (True, first["ledger_index"])
    assert first["captureID"] != again["captureID"]


def spoilt() -> bytes:
    """Of three events the second has a wrong time, the third an id that is taken."""
    found = json.loads(document(7, 3))
    events = found["epcisBody"]["eventList"]
    events[1]["eventTime"] = "yesterday"
    events[2]["eventID"] = json.loads(document(1, 1))["epcisBody"]["eventList"][0]["eventID"]
    return json.dumps(found).encode()


@pytest.mark.parametrize("proceed", [False, True])
def test_what_is_wrong_is_told_by_event_and_path(house: House, proceed: bool) -> None:
    house.job(document(1, 1))
    size = house.world.ledger.size
    more = {"GS1_Capture_Error_Behaviour": "proceed"} if proceed else {}
    job = house.job(spoilt(), **more)
    assert (job["success"], job["captureErrorBehaviour"]) == (
        False,
        "proceed" if proceed else "rollback",
    )
    assert job["events"] == (1 if proceed else 0)
    assert house.world.ledger.size == size + proceed
    first = job["errors"][0]
    assert first["type"] == "epcisException:ValidationException"
    assert first["errors"][0]["path"] == "epcisBody.eventList[1].eventTime"
    if proceed:
        assert job["errors"][1]["errors"][0]["code"] == "capture.duplicate_event"


def test_xml_and_query_documents_are_taken(house: House) -> None:
    asked = json.loads(document(3, 2))
    listed = {"queryName": "q", "resultsBody": asked.pop("epcisBody")}
    asked |= {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": listed}}
    assert house.job(json.dumps(asked).encode())["events"] == 2
    xml = b"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"
      creationDate="2026-03-20T00:00:00Z"><EPCISBody><EventList><ObjectEvent>
      <eventTime>2026-03-02T10:00:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>
      <epcList><epc>urn:epc:id:sgtin:690123.0456789.1</epc></epcList><action>OBSERVE</action>
      </ObjectEvent></EventList></EPCISBody></e:EPCISDocument>"""
    answer = house.ask("POST", "/capture", xml, Content_Type="text/xml", GS1_EPCIS_Version="1.2")
    assert house.ended(answer.headers["location"])["events"] == 1


def test_what_is_refused_at_once(house: House) -> None:
    size = house.world.ledger.size
    post = ("POST", "/capture")
    refused(house.ask(*post, document(1, 1), who=""), 401, "SecurityException", "serve.key_missing")
    limit, lacks = "CaptureLimitExceededException", "ValidationException"
    refused(house.ask(*post, document(1, EVENTS_MAX + 1)), 413, limit, "capture.too_many_events")
    refused(house.ask(*post, b"{" + b" " * 99_000), 413, limit, "capture.too_large")
    refused(house.ask(*post, document(1, 1)[:-1]), 400, lacks, "capture.syntax")
    refused(house.ask(*post, b"<a><b></a>"), 400, lacks, "capture.syntax")
    refused(
        house.ask(*post, b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'), 400, lacks, "capture.unsafe_xml"
    )
    refused(house.ask(*post, b"epc;time\n"), 400, lacks, "capture.format")
    refused(house.ask(*post, b'{"epcisBody": 7}'), 400, lacks, "capture.type")
    media = house.ask(*post, document(1, 1), Content_Type="text/csv")
    refused(media, 415, "UnsupportedMediaTypeException", "serve.media")
    packed = house.ask(*post, document(1, 1), Content_Encoding="gzip")
    refused(packed, 415, "UnsupportedMediaTypeException", "serve.coding")
    behaviour = house.ask(*post, document(1, 1), GS1_Capture_Error_Behaviour="hope")
    refused(behaviour, 400, lacks, "serve.query")
    for name, value in (
        ("Accept", "text/html"),
        ("Accept", "application/json;q=0, application/pdf"),
        ("GS1-EPCIS-Min", "3.0"),
        ("GS1-EPCIS-Max", "1.2"),
        ("GS1-CBV-Max", "1.9.9"),
        ("GS1-EPCIS-Version", "3.0.0"),
        ("GS1-CBV-Version", "two"),
    ):
        wrong = house.ask(*post, document(1, 1), **{name: value})
        refused(wrong, 406, "NotAcceptableException", "serve.not_acceptable")
    assert house.ask("GET", "/capture").json() == []
    assert house.world.ledger.size == size


def test_versions_that_hold_ours_are_spoken(house: House) -> None:
    for more in (
        {"GS1_EPCIS_Min": "1.2", "GS1_EPCIS_Max": "2.0"},
        {"GS1_EPCIS_Version": "2.0.0", "GS1_CBV_Version": "2.0"},
        {"Accept": "text/html, application/*;q=0.1"},
    ):
        assert house.ask("POST", "/capture", document(1, 1), **more).status_code == 202


def test_what_this_binding_is_can_be_asked(house: House) -> None:
    top = house.ask("GET", "/")
    assert top.json()["member"][:3] == ["capture", "events", "queries"]
    offered = {"/": "OPTIONS, GET", "/capture": "OPTIONS, POST, GET", "/capture/1": "OPTIONS, GET"}
    for path, allowed in offered.items():
        answer = house.ask("OPTIONS", path)
        assert (answer.status_code, answer.headers["allow"]) == (204, allowed)
        assert answer.headers["gs1-cbv-max"] == "2.0.0"
        assert house.ask("OPTIONS", path, who="").status_code == 401
    said = house.ask("OPTIONS", "/capture").headers
    assert said["gs1-epcis-capture-limit"] == str(EVENTS_MAX)
    assert said["gs1-epcis-capture-file-size-limit"] == "99000"
    refused(house.ask("GET", "/nothing"), 404, "NoSuchNameException", "serve.no_resource")
    wrong = house.ask("PUT", "/capture")
    refused(wrong, 405, "NoSuchResourceException", "serve.method")
    assert house.ask("DELETE", "/nextPageToken/x").status_code == 204
    assert house.ask("DELETE", "/nextPageToken/x", who="").status_code == 401


def test_jobs_are_listed_page_by_page_and_are_their_senders_alone(house: House) -> None:
    numbers = [house.job(document(n, 1))["captureID"] for n in range(1, 6)]
    path, seen = "/capture?perPage=2", []
    while path:
        answer = house.ask("GET", path)
        seen += [job["captureID"] for job in answer.json()]
        assert len(answer.json()) <= 2
        house.job(document(100 + len(seen), 1), who="other")
        link = answer.headers.get("link", "")
        assert link.endswith('>; rel="next"') == bool(link)
        path = link[1:].partition(">")[0].removeprefix("/epcis")
    assert seen == numbers
    assert len(house.ask("GET", "/capture", who="other").json()) == 3
    foreign = house.ask("GET", f"/capture/{numbers[0]}", who="other")
    refused(foreign, 404, "NoSuchNameException", "serve.no_resource")
    none = house.ask("GET", "/capture/0")
    assert none.json()["errors"][0]["expected"] == foreign.json()["errors"][0]["expected"]
    for given in ("0", "x", "", "-1", "9" * 20):
        wrong = house.ask("GET", f"/capture?perPage={given}")
        refused(wrong, 400, "ValidationException", "serve.query")
    stolen = house.ask("GET", f"/capture?nextPageToken={numbers[0]}", who="other")
    assert len(stolen.json()) == 3
    assert PAGE == 30


def asked(party: str = "urn:maker", created_ms: int = 1_780_000_000_000) -> Asked:
    return Asked(party, Level.PARTY, "", MEDIA, False, created_ms)


def test_what_was_promised_before_the_end_is_taken_after_it(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, create=True) as world:
        key = world.add_key(new_key(PEOPLE["maker"]), OPERATOR)
        left = Spool(settings.data)
        number = left.add(asked(), document(5, 4))
        left.close()
        with TestClient(create_app(world, settings)) as client:
            here = House(world, client, {"maker": key})
            assert here.ended(f"/capture/{number}")["events"] == 4


def test_a_job_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    one, other = Spool(tmp_path), Spool(tmp_path)
    number = one.add(asked(), b"body")
    with one.work(number) as mine, other.work(number) as theirs:
        assert mine == (asked(), b"body")
        assert theirs is None
    with other.work(number) as theirs:
        assert theirs is not None
        other.end(number, Outcome(success=True, finished_ms=5))
    with one.work(number) as mine:
        assert mine is None
    assert one.waiting() == []
    for each in (one, other):
        each.close()


def test_a_full_spool_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BYTES_MAX", 10)
    here = Spool(tmp_path)
    here.add(asked(), b"1234567")
    with pytest.raises(spool.SpoolError) as refusal:
        here.add(asked(), b"1234")
    assert refusal.value.faults[0].code == "serve.spool_full"
    assert len(here.waiting()) == 1
    here.close()


def test_outcomes_are_forgotten_and_bodies_without_a_promise_removed(tmp_path: Path) -> None:
    here = Spool(tmp_path)
    old, new, open_ = (here.add(asked(created_ms=at), b"x") for at in (1_000, KEPT_MS, 2_000))
    for number in (old, new):
        here.end(number, Outcome(success=True, finished_ms=0))
    orphan = tmp_path / "spool" / f"{5:013x}{'0' * 16}"
    orphan.write_bytes(b"half")
    here.tidy(KEPT_MS + 1_500)
    assert here.get(old, "urn:maker") is None
    assert here.get(new, "urn:maker") is not None
    assert here.waiting() == [open_]
    assert not orphan.exists()
    with here.work(open_) as job:
        assert job is not None
    here.close()


@pytest.mark.parametrize("path", ["/capture", "/epcis/capture", "/epcis/events", "/epcis/queries"])
def test_a_client_that_leaves_half_way(
    house: House, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gets no answer that it could read; nothing is stored, and it is no failure of ours."""
    came: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"a', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return came.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"x-api-key": house.keys["maker"], "content-type": "application/json"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    size = house.world.ledger.size
    assert house.client.portal is not None
    house.client.portal.call(house.client.app, scope, receive, send)
    assert sent[0]["status"] == 400
    assert house.world.ledger.size == size
    assert "Traceback" not in capsys.readouterr().err

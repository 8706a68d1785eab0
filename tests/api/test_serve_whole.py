"""The outside over a real installation: a document goes in by HTTP, an answer comes out."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.coding import CodeRange
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings

MAKER = "urn:guantong:uscc:91330100MA2AXXXX6X"
GTIN = "https://id.gs1.org/01/06901234567892"
ITEM = f"{GTIN}/21/A1"
OWN = "https://id.gs1.org/01/06901234567908"


def document(*steps: str) -> bytes:
    """An EPCIS document with one event a day for the item."""
    events = [
        {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:00000000-0000-4000-8000-{day:012d}",
            "eventTime": f"2026-03-{day:02d}T09:00:00.000+08:00",
            "eventTimeZoneOffset": "+08:00",
            "epcList": [ITEM],
            "action": "ADD" if step == "commissioning" else "OBSERVE",
            "bizStep": step,
        }
        for day, step in enumerate(steps, 1)
    ]
    return msgspec.json.encode(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-05T10:00:00.000+08:00",
            "epcisBody": {"eventList": events},
        }
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), create=True) as opened:
        yield opened


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    key = world.add_key(new_key(Caller(MAKER, Level.PARTY)), OPERATOR)
    assert world.wait(world.ledger.size)
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    with TestClient(create_app(world, world.settings), headers=headers) as made:
        yield made


def test_what_goes_in_comes_out(client: TestClient) -> None:
    taken = client.post("/capture", content=document("commissioning", "packing"))
    assert taken.status_code == 201, taken.text
    size = taken.json()["ledger_index"] + 1
    answer = client.get("/01/6901234567892/21/A1", params={"at_least": size}).json()
    assert answer["verdict"] == "ok"
    assert [line["step"] for line in answer["history"]] == ["commissioning", "packing"]
    assert answer["ledger_size"] == size
    before = client.get("/check", params={"q": ITEM, "as_of": size - 1}).json()
    assert before["verdict"] != "ok"
    trail = client.get(f"/trace/{ITEM}").json()
    assert [node["item"] for node in trail["nodes"]] == [ITEM]


def test_the_pages_of_a_real_answer(client: TestClient) -> None:
    client.post("/capture", content=document("commissioning"))
    for path in ("/", "/01/06901234567892/21/A1", f"/trace/{ITEM}", "/check?q=x", "/key"):
        for language in ("zh", "en"):
            page = client.get(path, params={"lang": language}, headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert page.text.rstrip().endswith("</html>")


def test_the_same_bytes_again_stand_where_they_stood(client: TestClient) -> None:
    first = client.post("/capture", content=document("commissioning"))
    again = client.post("/capture", content=document("commissioning"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["repeated"]
    assert again.json()["ledger_index"] == first.json()["ledger_index"]


def test_a_wrong_document_leaves_no_trace(client: TestClient, world: World) -> None:
    size = world.ledger.size
    wrong = document("commissioning").replace(b"06901234567892", b"06901234567893")
    answer = client.post("/capture", content=wrong)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "epcList" in answer.json()["errors"][0]["path"]
    for garbage in (b"", b"\x00\xff", b"{", b"<a", b"PK\x03\x04", b"[" * 100_000):
        assert client.post("/capture", content=garbage).status_code == 400, garbage
    assert world.ledger.size == size


def test_codes_are_issued_and_found(client: TestClient) -> None:
    taken = client.post("/codes", json={"class_uri": GTIN, "first": 1, "last": 1_000})
    assert taken.status_code == 201, taken.text
    size = taken.json()["ledger_index"] + 1
    known = client.get("/check", params={"q": f"{GTIN}/21/1000", "at_least": size}).json()
    never = client.get("/check", params={"q": f"{GTIN}/21/1001"}).json()
    assert known["verdict"] != never["verdict"]


def test_unguessable_codes_are_found_and_their_key_is_told_to_nobody(
    client: TestClient, world: World
) -> None:
    key = "0123456789abcdef" * 2
    asked = CodeRange(class_uri=OWN, first=0, last=99, spread=12, key=key)
    taken = client.post("/codes", content=msgspec.json.encode(asked))
    assert taken.status_code == 201, taken.text
    size = taken.json()["ledger_index"] + 1
    told = [taken.text]
    for code in (asked.code(99), asked.code(0)):
        params: dict[str, str | int] = {"q": code, "at_least": size}
        known = client.get("/check", params=params)
        assert known.json()["reasons"][0]["code"] == "verdict.issued_only"
        page = client.get("/check", params=params, headers={"Accept": "text/html"})
        told += [known.text, page.text]
    other = client.post("/codes", json={"class_uri": OWN, "first": 100, "last": 199})
    assert (other.status_code, other.json()["type"]) == (400, "coding.used")
    assert key not in "".join([*told, other.text])


@pytest.mark.parametrize(
    "text",
    ["", " ", "x" * 8_000, "\x00", "\ud7ff", "(01)", "urn:epc:id:", "https://", "/01/", "𝟙" * 50, "%", "01" * 3_000],
)  # fmt: skip
def test_no_text_breaks_a_question(client: TestClient, text: str) -> None:
    for path in ("/check", "/identify"):
        assert client.get(path, params={"q": text}).status_code in {200, 400}
    for direction in ("up", "down", "both"):
        answer = client.get(f"/trace/{quote(text, safe='')}", params={"direction": direction})
        assert answer.status_code in {200, 400}, answer.text


def test_no_answer_rests_on_more_than_there_is(client: TestClient, world: World) -> None:
    size = world.ledger.size
    for path in ("/check?q=6901234567892", f"/trace/{quote(ITEM, safe='')}?direction=up"):
        for known in (0, size):
            assert client.get(f"{path}&as_of={known}").status_code == 200
        for unknown in (size + 1, 10**15 - 1):
            answer = client.get(f"{path}&as_of={unknown}")
            assert (answer.status_code, answer.json()["type"]) == (400, "serve.query")

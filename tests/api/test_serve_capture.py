"""Submissions over HTTP: who may, how much, and what the answer says."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from guantong.caller import Caller
from guantong.coding import CodeRange
from guantong.errors import fault
from guantong.serve.app import create_app
from guantong.serve.intake import Fault as IntakeFault
from guantong.serve.intake import IntakeError, Offer, Receipt
from guantong.serve.upload import BODIES_MAX
from guantong.settings import Settings
from tests.serve_desk import GTIN, KEY, MAKER, POOR_KEY, FakeDesk

BYTES_MAX = 100_000
CHUNK = 10_000
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def client(desk: FakeDesk, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(desk, Settings(tmp_path, document_bytes_max=BYTES_MAX))
    with TestClient(app, headers=BEARER) as made:
        yield made


def test_a_document_is_acknowledged_with_its_place(client: TestClient, desk: FakeDesk) -> None:
    media = "application/ld+json"
    answer = client.post("/capture?name=march.json", content=b"{}", headers={"Content-Type": media})
    assert answer.status_code == 201
    assert answer.json() == {
        "accepted": True,
        "events": 2,
        "ledger_index": 12_345,
        "faults": [],
        "repeated": False,
        "leaf": "",
        "seq": 0,
        "filing": None,
    }
    assert desk.offers == [(Offer(b"{}", media, "march.json", proceed=False), MAKER)]


def test_the_same_document_again_is_no_new_one(client: TestClient, desk: FakeDesk) -> None:
    desk.receipt = Receipt(accepted=True, events=2, ledger_index=7, repeated=True)
    answer = client.post("/capture", content=b"{}")
    assert (answer.status_code, answer.json()["ledger_index"]) == (200, 7)


def test_a_part_may_be_accepted_and_the_rest_is_named(client: TestClient, desk: FakeDesk) -> None:
    wrong = fault("capture.zone", expected="a zone", got="none", path="epcisBody.eventList[1]")
    desk.receipt = Receipt(accepted=True, events=1, ledger_index=8, faults=(wrong,))
    answer = client.post(
        "/capture", content=b"{}", headers={"GS1-Capture-Error-Behaviour": "proceed"}
    )
    assert answer.status_code == 201
    assert answer.json()["faults"][0]["code"] == "capture.zone"
    assert desk.offers[0][0].proceed


@pytest.mark.parametrize(
    ("headers", "query", "proceed"),
    [
        ({}, "", False),
        ({"GS1-Capture-Error-Behaviour": "rollback"}, "", False),
        ({"GS1-Capture-Error-Behaviour": "Proceed"}, "", True),
        ({}, "?error_behaviour=proceed", True),
        ({"GS1-Capture-Error-Behaviour": "rollback"}, "?error_behaviour=proceed", False),
    ],
)
def test_error_behaviour(
    client: TestClient, desk: FakeDesk, headers: dict[str, str], query: str, proceed: bool
) -> None:
    assert client.post(f"/capture{query}", content=b"{}", headers=headers).status_code == 201
    assert desk.offers[0][0].proceed is proceed


def test_another_error_behaviour_is_refused(client: TestClient, desk: FakeDesk) -> None:
    headers = {"GS1-Capture-Error-Behaviour": "ignore"}
    answer = client.post("/capture", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "serve.query")
    assert not desk.offers


def test_a_refused_document_gets_all_its_faults(client: TestClient, desk: FakeDesk) -> None:
    faults = (
        fault("capture.time", expected="a time", got="yesterday", path="epcisBody.eventList[0]"),
        fault("capture.identifier", expected="check digit 2", got="…3", path="epcList[1]"),
    )
    desk.receipt = Receipt(accepted=False, faults=faults)
    answer = client.post("/capture", content=b"{}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "capture.time",
        "title": "This is not a time in ISO 8601 form, or the calendar does not have it.",
        "title_zh": "时间写法不正确，或日历上没有这个时间。",
        "status": 400,
        "detail": "expected a time, got yesterday",
        "errors": [
            {
                "code": "capture.time",
                "path": "epcisBody.eventList[0]",
                "expected": "a time",
                "got": "yesterday",
                "zh": "时间写法不正确，或日历上没有这个时间。",
                "en": "This is not a time in ISO 8601 form, or the calendar does not have it.",
            },
            {
                "code": "capture.identifier",
                "path": "epcList[1]",
                "expected": "check digit 2",
                "got": "…3",
                "zh": "标识代码不正确，例如校验位错误。",
                "en": "The identifier is not right, for instance in its check digit.",
            },
        ],
    }


@pytest.mark.parametrize("path", ["/capture", "/codes"])
def test_who_may_submit(client: TestClient, desk: FakeDesk, path: str) -> None:
    nobody = client.post(path, content=b"{}", headers={"Authorization": ""})
    assert (nobody.status_code, nobody.json()["type"]) == (401, "serve.key_missing")
    assert nobody.headers["www-authenticate"] == 'Bearer realm="guantong"'
    wrong = client.post(path, content=b"{}", headers={"Authorization": "Bearer gt_x"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "serve.key_unknown")
    assert "gt_x" not in wrong.text
    assert not desk.offers
    assert not desk.ranges


def test_a_key_without_the_right_is_told_so(client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {POOR_KEY}"}
    answer = client.post("/capture", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "serve.forbidden")
    assert answer.json()["title"].endswith("That does not mean that there is no data.")


def test_the_largest_document_goes_in_and_one_byte_more_does_not(
    client: TestClient, desk: FakeDesk
) -> None:
    assert client.post("/capture", content=b"x" * BYTES_MAX).status_code == 201
    answer = client.post("/capture", content=b"x" * (BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["type"]) == (413, "capture.too_large")
    assert len(desk.offers) == 1


def test_a_compressed_body_is_refused_unread(client: TestClient, desk: FakeDesk) -> None:
    answer = client.post("/capture", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["type"]) == (415, "serve.coding")
    assert not desk.offers


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_never_read_to_its_end(
    desk: FakeDesk, tmp_path: Path, declared: bool
) -> None:
    """What is over the limit is refused after at most one chunk too many."""
    app = create_app(desk, Settings(tmp_path, document_bytes_max=BYTES_MAX))
    given = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(1_000_000):
            given += CHUNK
            yield b"x" * CHUNK

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app)
        headers = BEARER | ({"Content-Length": "100000000"} if declared else {})
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/capture", content=body(), headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == 413
    assert given <= (0 if declared else BYTES_MAX + CHUNK)
    assert not desk.offers


def test_too_many_bytes_at_once_are_refused_as_busy(tmp_path: Path) -> None:
    """Bodies in memory are counted together; what was held is given back."""
    gate = threading.Event()

    class SlowDesk(FakeDesk):
        def submit(self, offer: Offer, caller: Caller) -> Receipt:
            gate.wait(10)
            return super().submit(offer, caller)

    desk = SlowDesk()
    app = create_app(desk, Settings(tmp_path, document_bytes_max=BYTES_MAX))

    async def ask() -> tuple[list[httpx2.Response], httpx2.Response, httpx2.Response]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test", headers=BEARER
        ) as client:
            full = b"x" * BYTES_MAX
            waiting = [
                asyncio.create_task(client.post("/capture", content=full))
                for _ in range(BODIES_MAX)
            ]
            await asyncio.sleep(0.2)
            refused = await client.post("/capture", content=b"one more")
            gate.set()
            answers = list(await asyncio.gather(*waiting))
            return answers, refused, await client.post("/capture", content=full)

    answers, refused, later = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [201] * BODIES_MAX
    assert (refused.status_code, refused.json()["type"]) == (503, "serve.busy")
    assert refused.headers["retry-after"] == "2"
    assert later.status_code == 201


def test_a_busy_writer_asks_to_come_again(client: TestClient, desk: FakeDesk) -> None:
    desk.refusal = IntakeError(fault(IntakeFault.BUSY, expected="at most 2000", got="more"))
    answer = client.post("/capture", content=b"{}")
    assert (answer.status_code, answer.json()["type"]) == (503, "serve.busy")
    assert answer.headers["retry-after"] == "2"


def test_a_range_of_codes_is_issued(client: TestClient, desk: FakeDesk) -> None:
    body = {"class_uri": GTIN, "first": 1, "last": 1_000_000, "lot": "L1"}
    answer = client.post("/codes", json=body)
    assert answer.status_code == 201
    assert desk.ranges == [CodeRange(GTIN, 1, 1_000_000, lot="L1")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "coding.format"),
        (b"[]", 400, "coding.format"),
        (b'{"class_uri":"\xff"}', 400, "coding.format"),
        (b'{"class_uri":"\\ud800","first":1,"last":2}', 400, "coding.format"),
        (b'{"class_uri":"https://id.gs1.org/01/06901234567893","first":1,"last":2}', 400, "identify.check"),
        (b'{"class_uri":"https://id.gs1.org/01/06901234567892","first":3,"last":2}', 400, "coding.range"),
        (b'{"class_uri":"https://id.gs1.org/01/06901234567892","first":1,"last":1e999}', 400, "coding.format"),
        (b"[" * 60_000, 400, "coding.format"),
        (b" " * 70_000, 413, "capture.too_large"),
    ],
)  # fmt: skip
def test_a_wrong_range_is_refused(
    client: TestClient, desk: FakeDesk, body: bytes, status: int, code: str
) -> None:
    answer = client.post("/codes", content=body)
    assert (answer.status_code, answer.json()["type"]) == (status, code)
    assert not desk.ranges

"""Documents that come in without the framework get the answers the framework would give."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from guantong.caller import Caller
from guantong.errors import fault
from guantong.ledger.faults import LedgerError
from guantong.serve import fast_capture, upload
from guantong.serve.app import create_app
from guantong.serve.intake import Fault, IntakeError, Offer, Receipt
from guantong.serve.seal import MEDIA
from guantong.settings import Settings
from tests.serve_desk import KEY, POOR_KEY, FakeDesk

BYTES_MAX = 1_000
BEARER = (b"authorization", b"Bearer " + KEY.encode())
JSON = (b"content-type", b"application/ld+json")
WRONG = fault("capture.zone", expected="a zone", got="none", path="epcisBody.eventList[1]")


class Broken(FakeDesk):
    """A desk of ours that fails."""

    def submit(self, offer: Offer, caller: Caller) -> Receipt:
        raise ZeroDivisionError


def desk(receipt: Receipt | None = None, refusal: Exception | None = None) -> FakeDesk:
    made = FakeDesk()
    if receipt is not None:
        made.receipt = receipt
    if refusal is not None:
        made.refusal = refusal
    return made


def asked(app: ASGIApp, scope: dict[str, Any], parts: Iterable[Message]) -> list[Message]:
    """Everything that is sent back; a failure of ours counts as sent."""
    sent: list[Message] = []
    coming: Iterator[Message] = iter(parts)

    async def receive() -> Message:
        found = next(coming, None)
        if found is None:
            await asyncio.sleep(60)
        assert found is not None
        return found

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        try:
            await app(scope, receive, send)
        except ZeroDivisionError as error:
            sent.append({"type": "raised", "error": repr(error)})

    asyncio.run(ask())
    return sent


def scope_of(*headers: tuple[bytes, bytes], query: bytes = b"", method: str = "POST") -> Any:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": "/capture",
        "raw_path": b"/capture",
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"test"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


def body(*parts: bytes) -> list[Message]:
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": at < last}
        for at, part in enumerate(parts)
    ]


def length(size: int) -> tuple[bytes, bytes]:
    return (b"content-length", str(size).encode())


SHORT = length(2)
GONE: list[Message] = [{"type": "http.disconnect"}]
ACCEPTED = Receipt(accepted=True, events=1, ledger_index=8, faults=(WRONG,), leaf="ab", seq=3)
PLAIN = (BEARER, JSON, SHORT)
REQUESTS: list[tuple[str, FakeDesk, Any, list[Message], bool]] = [
    ("accepted", desk(), scope_of(*PLAIN), body(b"{}"), True),
    ("in parts", desk(), scope_of(*PLAIN), body(b"{", b"", b"}"), True),
    ("no media", desk(), scope_of(BEARER, SHORT), body(b"{}"), True),
    ("with faults", desk(ACCEPTED), scope_of(*PLAIN), body(b"{}"), True),
    (
        "again",
        desk(Receipt(accepted=True, events=1, ledger_index=8, repeated=True)),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    (
        "refused",
        desk(Receipt(accepted=False, faults=(WRONG,))),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    (
        "busy",
        desk(refusal=IntakeError(fault(Fault.BUSY, expected="fewer", got="more"))),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    (
        "too many",
        desk(refusal=IntakeError(fault(Fault.TOO_MANY, expected="fewer", got="more"))),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    (
        "stopped",
        desk(refusal=IntakeError(fault(Fault.CLOSED, expected="a writer", got="none"))),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    (
        "of the ledger",
        desk(refusal=LedgerError(fault("ledger.stopped", expected="a disk", got="none"))),
        scope_of(*PLAIN),
        body(b"{}"),
        True,
    ),
    ("our failure", Broken(), scope_of(*PLAIN), body(b"{}"), True),
    ("another key", desk(), scope_of((b"authorization", b"bearer x"), SHORT), body(b"{}"), True),
    (
        "a key that may not",
        desk(),
        scope_of((b"authorization", b"Bearer " + POOR_KEY.encode()), SHORT),
        body(b"{}"),
        True,
    ),
    ("gone", desk(), scope_of(*PLAIN), GONE, True),
    ("gone in the middle", desk(), scope_of(*PLAIN), [body(b"{", b"}")[0], *GONE], True),
    ("more than told", desk(), scope_of(*PLAIN), body(b"{}", b" " * BYTES_MAX), True),
    (
        "no signed file",
        desk(),
        scope_of(BEARER, (b"content-type", MEDIA.encode()), SHORT),
        body(b"{}"),
        True,
    ),
    ("silent", desk(), scope_of(*PLAIN), body(b"{", b"}")[:1], True),
    ("two keys", desk(), scope_of(BEARER, (b"authorization", b"x"), SHORT), body(b"{}"), True),
    ("no key", desk(), scope_of(JSON, SHORT), body(b"{}"), False),
    ("an empty key", desk(), scope_of((b"authorization", b"Bearer  "), SHORT), body(b"{}"), False),
    ("basic", desk(), scope_of((b"authorization", b"Basic eA=="), SHORT), body(b"{}"), False),
    ("key apart", desk(), scope_of((b"x-api-key", KEY.encode()), SHORT), body(b"{}"), False),
    ("no length", desk(), scope_of(BEARER, JSON), body(b"{}"), False),
    ("odd length", desk(), scope_of(BEARER, (b"content-length", b"+2")), body(b"{}"), False),
    ("long length", desk(), scope_of(BEARER, length(10**20)), body(b"{}"), False),
    ("too large", desk(), scope_of(BEARER, length(BYTES_MAX + 1)), body(b"{}"), False),
    ("packed", desk(), scope_of(*PLAIN, (b"content-encoding", b"gzip")), body(b"{}"), False),
    (
        "proceed",
        desk(),
        scope_of(*PLAIN, (b"gs1-capture-error-behaviour", b"proceed")),
        body(b"{}"),
        False,
    ),
    ("named", desk(), scope_of(*PLAIN, query=b"name=a.json"), body(b"{}"), False),
    ("wrong query", desk(), scope_of(*PLAIN, query=b"error_behaviour=x"), body(b"{}"), False),
    ("another method", desk(), scope_of(*PLAIN, method="PUT"), body(b"{}"), False),
    ("a question", desk(), scope_of(*PLAIN, method="GET"), body(b"{}"), False),
]


@pytest.mark.parametrize(
    ("kind", "scope", "parts", "fast"),
    [pytest.param(*rest, id=name) for name, *rest in REQUESTS],
)
def test_answers_are_those_of_the_framework(
    kind: FakeDesk,
    scope: Any,
    parts: list[Message],
    fast: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upload, "IDLE_SECONDS", 0.05)
    app = create_app(kind, Settings(tmp_path, document_bytes_max=BYTES_MAX))
    assert isinstance(app, fast_capture.FastCapture)
    want = asked(app.app, dict(scope), parts)
    offered = kind.offers.copy()
    kind.offers.clear()
    passed = 0

    async def framework(*given: Any) -> None:
        nonlocal passed
        passed += 1
        await inner(*given)

    inner, app.app = app.app, framework  # type: ignore[assignment]
    found = asked(app, dict(scope), parts)
    assert told(found) == told(want)
    assert kind.offers == offered
    assert passed == (not fast)
    assert app.uploads.budget.held == 0


def told(sent: list[Message]) -> list[Message]:
    """What was sent, the order of headers aside, and all of the body as one."""
    found: list[Message] = [dict(message) for message in sent]
    for message in found:
        message.pop("more_body", None)
        if "headers" in message:
            message["headers"] = sorted(message["headers"])
    return found

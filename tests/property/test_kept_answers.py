"""What is given again is what would be found now: after any deed and at any time."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message

from guantong.caller import Caller, Level
from guantong.clock import SetClock
from guantong.serve import keys
from guantong.serve.app import create_app
from guantong.serve.fast_scan import FastScan
from guantong.serve.scans import Scans
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.property.test_hostile_as_of import CODES, START_MS, THINGS, deeds, do

JSON = (b"accept", b"application/json")
PAGE = (b"accept", b"text/html")
HOUR_MS = 3_600_000

PATHS = (
    *(f"/c/{quote(code, safe='')}" for code in CODES),
    "/01/06901234567892/21/1?lang=en&as_of=1",
    "/01/06901234567892/21/1",
    "/check?q=06901234567892",
    "/check?q=nonsense&at_least=0",
)
waits = st.integers(0, 40).map(lambda hours: hours * HOUR_MS)


class Counted:
    """The application behind, and how often it is asked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.calls = 0

    async def __call__(self, *given: Any) -> None:
        self.calls += 1
        await self.app(*given)


class Both:
    """The framework, and the same with what is kept in front of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plain = create_app(world, world.settings)
        self.framework = Counted(create_app(world, world.settings))
        self.behind = Counted(FastScan(self.framework, world))
        self.front = Scans(self.behind, world)

    def same(self, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> int:
        """Ask both, compare, and return the status."""
        told = asyncio.run(ask(self.front, path, headers, method))
        assert told == asyncio.run(ask(self.plain, path, headers, method))
        return int(told[0])


async def ask(
    app: ASGIApp, target: str, headers: tuple[tuple[bytes, bytes], ...], method: str
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, sorted headers and body of one answer."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "server": ("localhost", 80),
        "path": path.replace("%3A", ":").replace("%2F", "/"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *headers],
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(scope, receive, send)
    body = b"".join(bytes(one.get("body", b"")) for one in sent[1:])
    return sent[0]["status"], sorted(sent[0]["headers"]), body


@contextmanager
def opened(data: Path) -> Iterator[World]:
    with open_world(Settings(data=data), clock=SetClock(START_MS), create=True) as world:
        yield world


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with opened(tmp_path / "data") as world:
        yield Both(world)


def made(number: int, step: str = "commissioning", things: tuple[str, ...] = THINGS) -> Any:
    return (
        "https://id.gs1.org/417/6901234567892",
        {
            "kind": "event",
            "number": number,
            "hour": number,
            "step": step,
            "action": "OBSERVE",
            "things": list(things),
            "packed": False,
            "withdrawn": False,
        },
    )


@pytest.mark.property
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(st.one_of(deeds, waits), min_size=2, max_size=9))
def test_a_kept_answer_is_the_one_that_would_be_found(done: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "data") as world:
        both = Both(world)
        asked = 0
        for deed in done:
            if isinstance(deed, int):
                world.clock.at_ms += deed  # type: ignore[attr-defined]
            else:
                do(world, *deed)
            for path in PATHS * 2:
                both.same(path, JSON)
                both.same(path, PAGE)
                asked += 2
        assert both.behind.calls < asked


def test_what_does_not_change_is_not_asked_for_again(both: Both) -> None:
    path = PATHS[0]
    do(both.world, *made(0))
    for _ in range(3):
        assert both.same(path, JSON) == both.same(path, PAGE) == 200
    assert both.behind.calls == 2
    do(both.world, *made(1, things=(THINGS[2],)))  # another item
    both.same(path, JSON)
    assert both.behind.calls == 2
    do(both.world, *made(2, "destroying"))
    both.same(path, JSON)
    assert both.behind.calls == 3


def test_a_plain_scan_does_without_the_framework_and_no_other(both: Both) -> None:
    do(both.world, *made(0))
    plain = (*PATHS[:6], "/01/06901234567892/21/1", "/01/06901234567892/10/A%2FB", "/c/nonsense")
    for number, path in enumerate(plain, 1):
        assert both.same(path, JSON) == 200
        assert (both.behind.calls, both.framework.calls) == (number, 0), path
    passed: list[tuple[str, tuple[tuple[bytes, bytes], ...], str]] = [
        (PATHS[1], (), "GET"),
        (PATHS[1], (PAGE,), "GET"),
        (PATHS[1], (JSON, PAGE), "GET"),
        (PATHS[1], (JSON,), "HEAD"),
        (PATHS[1], (JSON, (b"cookie", b"lang=en")), "GET"),
        (PATHS[1] + "?lang=en", (JSON,), "GET"),
        (PATHS[1] + ".json", (JSON,), "GET"),
        ("/01/06901234567892/21/1.json", (JSON,), "GET"),
        ("/01/06901234567892/21/\u00e9", (JSON,), "GET"),
        ("//01/06901234567892", (JSON,), "GET"),
        ("/01/", (JSON,), "GET"),
        ("/01", (JSON,), "GET"),
        ("/c/%20", (JSON,), "GET"),
        ("/c/http://example.org/01/06901234567892/21/1", (JSON,), "GET"),
        ("/c/HTTPS:/example.org/01/06901234567892/21/1", (JSON,), "GET"),
    ]
    for number, (path, headers, method) in enumerate(passed, 1):
        both.same(path, *headers, method=method)
        assert both.framework.calls == number, (path, headers, method)


def test_what_goes_wrong_in_a_plain_scan_is_told_by_the_framework(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(both.world, "_readers", None)
    with pytest.raises(AttributeError):
        asyncio.run(ask(both.behind, PATHS[1], (JSON,), "GET"))
    assert both.framework.calls == 1


def test_a_day_that_ends_ends_an_answer(both: Both) -> None:
    do(both.world, *made(0))
    both.same(PATHS[0], JSON)
    both.world.clock.at_ms += 25 * HOUR_MS  # type: ignore[attr-defined]
    both.same(PATHS[0], JSON)
    assert both.behind.calls == 2


def test_whoever_asks_gets_what_the_framework_would_say(both: Both) -> None:
    """Twice each, so that what is kept is compared too; a key is never answered from memory."""
    do(both.world, *made(0))
    firm = Caller("https://id.gs1.org/417/6901234567892", Level.PARTY)
    key = both.world.add_key(keys.new_key(firm), firm).encode()
    asked: list[tuple[int, str, tuple[tuple[bytes, bytes], ...], str]] = [
        (200, PATHS[0], (), "GET"),
        (200, PATHS[0], (JSON,), "HEAD"),
        (200, PATHS[0] + "?lang=en", (PAGE,), "GET"),
        (200, PATHS[0] + "?lang=zh", (PAGE,), "GET"),
        (200, PATHS[0], (PAGE, (b"accept-language", b"en")), "GET"),
        (200, PATHS[0], (PAGE, (b"accept-language", b"zh")), "GET"),
        (200, PATHS[0], (PAGE, (b"cookie", b"lang=en")), "GET"),
        (200, PATHS[0] + "?format=json", (PAGE,), "GET"),
        (200, PATHS[0], (JSON, (b"authorization", b"Bearer " + key)), "GET"),
        (200, PATHS[0], (JSON, (b"x-api-key", key)), "GET"),
        (200, PATHS[0], (PAGE, (b"cookie", b"key=" + key)), "GET"),
        (200, "/01/06901234567892/21/1", (JSON,), "GET"),
        (200, "/check?q=%20" + quote(THINGS[0], safe=""), (JSON,), "GET"),
        (200, "/check.json?q=abc", (), "GET"),
        (200, PATHS[0] + "?as%5Fof=1", (JSON,), "GET"),
        (303, "/check", (PAGE,), "GET"),
        (400, "/check?q=", (JSON,), "GET"),
        (400, PATHS[0] + "?as_of=999", (JSON,), "GET"),
        (400, PATHS[0] + "?as_of=x", (PAGE,), "GET"),
        (401, PATHS[0], (JSON, (b"x-api-key", b"gt_a_b")), "GET"),
        (401, PATHS[0], (PAGE, (b"cookie", b"key=gt_a_b")), "GET"),
        (404, "/99/1", (JSON,), "GET"),
        (405, PATHS[0], (JSON,), "POST"),
        (405, "/01/06901234567892", (JSON,), "PUT"),
        (414, "/c/" + "1" * 9000, (JSON,), "GET"),
    ]
    for status, path, headers, method in asked * 2:
        assert both.same(path, *headers, method=method) == status, (path, headers, method)

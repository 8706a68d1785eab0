"""A line for each request, and a span where OpenTelemetry is there."""

import asyncio
import json
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from guantong.clock import SetClock
from guantong.serve.logged import Logged, trace_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/bad":
        raise RuntimeError
    await PlainTextResponse("hello", 201)(scope, receive, send)


def asked(path: str, **headers: str) -> tuple[Any, dict[str, Any]]:
    lines: list[str] = []
    app = Logged(answering, SetClock(1_772_500_000_000), lines.append)
    answer = TestClient(app, raise_server_exceptions=False).get(path, headers=headers)
    (line,) = lines
    assert line.endswith("\n")
    return answer, json.loads(line)


def test_a_line_says_what_was_asked_and_not_by_whom() -> None:
    answer, line = asked("/c/6901234567892?q=secret", traceparent=f"00-{TRACE}-{SPAN}-01")
    assert answer.headers["x-request-id"] == line["request"]
    assert (line["trace"], line["parent"]) == (TRACE, SPAN)
    assert (line["status"], line["bytes"], line["path"]) == (201, 5, "/c/6901234567892")
    assert line["level"] == "info"
    assert "secret" not in json.dumps(line)
    assert "testclient" not in json.dumps(line)


def test_a_failure_is_told_as_one() -> None:
    _, line = asked("/bad")
    assert (line["level"], line["status"]) == ("error", 0)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"01-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
    ],
)
def test_what_is_no_trace_begins_one(header: str) -> None:
    trace = trace_of(header)
    assert trace.parent == ""
    assert trace.trace != TRACE
    assert trace_of(trace.header).trace == trace.trace


def test_a_line_can_not_be_forged_by_a_path() -> None:
    _, line = asked("/x%0A%7B%22level%22%3A%22error%22%7D")
    assert line["path"] == '/x\n{"level":"error"}'


def test_requests_are_spans_where_opentelemetry_is() -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from opentelemetry import trace

    kept = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    asked("/c/6901234567892", traceparent=f"00-{TRACE}-{SPAN}-01")
    (span,) = kept.get_finished_spans()
    assert span.name == "GET /c"
    assert format(span.context.trace_id, "032x") == TRACE
    assert span.attributes["http.response.status_code"] == 201


def test_what_is_no_request_is_passed_on() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*given: Any) -> Any:
        return None

    asyncio.run(Logged(app, SetClock(0), seen.append)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]

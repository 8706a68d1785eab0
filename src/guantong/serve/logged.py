"""What was asked, by which request, and how long did it take? A line of JSON for each, on standard error.

Neither the query nor the address of who asked stands in it: a code that somebody scanned is nobody's
business. With OpenTelemetry installed each request is a span as well.

References:
    W3C Trace Context, section 3.2
"""

import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guantong.clock import Clock, instant_text

PARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
PATH_MAX: Final = 500
Write = Callable[[str], object]


class Trace(NamedTuple):
    """Which request it is, and of which trace."""

    trace: str
    """32 hexadecimal digits: the asker's, else our own."""
    span: str
    """16: this request."""
    parent: str = ""
    """16: what asked, "" when it does not say."""

    @property
    def header(self) -> str:
        """As it is passed on."""
        return f"00-{self.trace}-{self.span}-01"


def trace_of(header: str) -> Trace:
    """The trace of a request, by its ``traceparent`` where it has one that is right."""
    found = PARENT.fullmatch(header.strip())
    span = secrets.token_hex(8)
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return Trace(secrets.token_hex(16), span)
    return Trace(found[1], span, found[2])


class Logged:
    """Stands outermost, and writes a line for each request."""

    def __init__(self, app: ASGIApp, clock: Clock, write: Write = sys.stderr.write) -> None:
        """Write with `write`, a line at a time."""
        self._app = app
        self._clock = clock
        self._write = write
        self._tracer = _tracer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = next((v for name, v in scope["headers"] if name == b"traceparent"), b"")
        trace, began, seen = trace_of(told.decode("latin-1")), time.perf_counter(), [0, 0]

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen[0] = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", trace.span.encode())]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                seen[1] += len(message.get("body", b""))
            await send(message)

        with self._span(scope, trace) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                span(seen[0])
                self._tell(scope, trace, began, seen)

    def _tell(self, scope: Scope, trace: Trace, began: float, seen: list[int]) -> None:
        line = {
            "at": instant_text(self._clock.now_ms()),
            "level": "error" if seen[0] >= 500 or not seen[0] else "info",
            "request": trace.span,
            "trace": trace.trace,
            "parent": trace.parent,
            "method": scope["method"],
            "path": str(scope["path"])[:PATH_MAX],
            "status": seen[0],
            "bytes": seen[1],
            "ms": round((time.perf_counter() - began) * 1000, 2),
        }
        self._write(msgspec.json.encode(line).decode() + "\n")

    @contextmanager
    def _span(self, scope: Scope, trace: Trace) -> Iterator[Callable[[int], None]]:
        """A span of OpenTelemetry, where it is installed.

        Yields:
            What tells it the status.
        """
        if self._tracer is None:
            yield lambda status: None
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        parent = {"traceparent": f"00-{trace.trace}-{trace.parent}-01"} if trace.parent else {}
        name = f"{scope['method']} /{str(scope['path'])[1:].partition('/')[0]}"
        with self._tracer.start_as_current_span(
            name, context=extract(parent), kind=SpanKind.SERVER
        ) as span:
            span.set_attribute("http.request.method", scope["method"])
            yield lambda status: span.set_attribute("http.response.status_code", status)


def _tracer() -> Any:
    """OpenTelemetry's tracer; None where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("guantong")

"""Many requests over a few connections, as cheaply as Python can send them.

One thread, non-blocking sockets, requests rendered before. What is measured must be the
server, so this takes as little of the machine as it can, and says how much it took.
"""

import re
import resource
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END: Final = b"\r\n\r\n"
_CHUNK: Final = 1 << 18
_AHEAD_MAX: Final = 32
"""Requests held back because their lane is busy."""
_PAUSE: Final = 0.02
"""Before a request that was refused as busy is sent again."""
_BUSY: Final = (b"429", b"503")


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a number of requests."""

    count: int
    seconds: float
    cpu_seconds: float
    """Of the process that sent them, in the same time."""
    p50_ms: float
    p99_ms: float
    busy: int = 0
    """Answers that asked to come again later."""

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.count / self.seconds if self.seconds else 0.0


class Request(NamedTuple):
    """What is sent."""

    raw: bytes
    lane: str = ""
    """Of a lane one request is under way at a time, in order; "" is no lane."""
    kind: str = ""
    """Under which its time is kept, see `Http.times`."""


class HttpError(RuntimeError):
    """An answer that is neither a success nor "busy": the run is void."""


@dataclass(slots=True, eq=False)
class _Line:
    """One connection and what is under way on it."""

    sock: socket.socket
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    got: bytearray = field(default_factory=bytearray)
    asked: Request = field(default_factory=lambda: Request(b""))
    since: float = 0.0


class Http:
    """Some connections to one server. Use it once."""

    def __init__(self, address: str, connections: int) -> None:
        """Connect to ``http://host:port``."""
        host, _, port = address.rstrip("/").rpartition("//")[2].rpartition(":")
        self._selector = selectors.DefaultSelector()
        self._idle: deque[_Line] = deque()  # in turn, so that none is idle for long and hung up
        for _ in range(connections):
            sock = socket.create_connection((host.strip("[]"), int(port)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(0)
            line = _Line(sock)
            self._selector.register(sock, selectors.EVENT_READ, line)
            self._idle.append(line)
        self._open = connections
        self.times: dict[str, list[float]] = {}
        """Seconds each answer took, by kind of request."""
        self._busy = 0
        self._lanes: set[str] = set()
        self._ahead: deque[Request] = deque()

    def run(
        self, requests: Iterator[Request], *, seconds: float = 0.0, rate: float = 0.0
    ) -> Measured:
        """Send requests, each as soon as a connection is free, and await all answers.

        Args:
            requests: Taken one at a time, some ahead where lanes are busy.
            seconds: Send no more after this time; 0 for no bound.
            rate: At most so many a second, evenly spaced; an answer's time then counts from
                when its request was due. 0 sends without pause.

        Returns:
            What was measured.
        """
        began, cpu = time.perf_counter(), _cpu()
        sent, more = 0, True
        while more or len(self._idle) < self._open:
            now = time.perf_counter()
            more = more and not (seconds and now - began > seconds)
            while more and self._idle:
                due = began + sent / rate if rate else time.perf_counter()
                if due > now and rate:
                    break
                request = self._next(requests)
                if request is None:
                    more = bool(self._ahead)
                    break
                self._send(self._idle.popleft(), request, due)
                sent += 1
            self._take(0.0005 if rate and self._idle and more else 1.0)
        spent = time.perf_counter() - began
        count = sum(map(len, self.times.values()))
        times = np.array([one for kind in self.times.values() for one in kind] or [0.0]) * 1000
        p50, p99 = (float(np.percentile(times, part)) for part in (50, 99))
        return Measured(count, spent, _cpu() - cpu, p50, p99, self._busy)

    def _next(self, requests: Iterator[Request]) -> Request | None:
        """The first request whose lane is free; None when there is none now."""
        for at, request in enumerate(self._ahead):
            if request.lane not in self._lanes:
                del self._ahead[at]
                return request
        waiting = {request.lane for request in self._ahead}
        while len(self._ahead) < _AHEAD_MAX:
            found = next(requests, None)
            if found is None:
                return None
            if found.lane not in self._lanes and found.lane not in waiting:
                return found
            waiting.add(found.lane)
            self._ahead.append(found)
        return None

    def close(self) -> None:
        """Hang up."""
        for key in list(self._selector.get_map().values()):
            key.data.sock.close()
        self._selector.close()

    def _send(self, line: _Line, request: Request, due: float) -> None:
        line.asked, line.since = request, due
        if request.lane:
            self._lanes.add(request.lane)
        line.out = memoryview(request.raw)
        line.got.clear()
        self._write(line)
        if line.out:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.modify(line.sock, both, line)

    def _write(self, line: _Line) -> None:
        try:
            while line.out:
                line.out = line.out[line.sock.send(line.out[:_CHUNK]) :]
        except BlockingIOError:
            pass

    def _take(self, wait: float) -> None:
        """Read and write where it is possible."""
        for key, events in self._selector.select(wait):
            line: _Line = key.data
            if events & selectors.EVENT_WRITE:
                self._write(line)
                if not line.out:
                    self._selector.modify(line.sock, selectors.EVENT_READ, line)
            if events & selectors.EVENT_READ:
                self._read(line)

    def _read(self, line: _Line) -> None:
        part = line.sock.recv(_CHUNK)
        if not part:
            message = f"the server hung up after {bytes(line.got[:200])!r}"
            raise HttpError(message)
        line.got += part
        head = line.got.find(_END)
        if head < 0:
            return
        length = _LENGTH.search(line.got, 0, head + 2)
        if len(line.got) >= head + 4 + (int(length[1]) if length else 0):
            self._answered(line)

    def _answered(self, line: _Line) -> None:
        status = bytes(line.got[9:12])
        if status in _BUSY:
            self._busy += 1
            time.sleep(_PAUSE)
            self._send(line, line.asked, line.since)
            return
        if not status.startswith(b"2"):
            raise HttpError(bytes(line.got[:2000]).decode("utf-8", "replace"))
        spent = time.perf_counter() - line.since
        self.times.setdefault(line.asked.kind, []).append(spent)
        self._lanes.discard(line.asked.lane)
        self._idle.append(line)


def post(key: str, media: str, body: bytes, lane: str = "") -> Request:
    """A request that hands in a document."""
    head = (
        f"POST /capture HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(head.encode() + body, lane)


def get(path: str) -> Request:
    """A request that asks for JSON."""
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n"
    return Request(head.encode())


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

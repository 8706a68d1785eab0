"""Somebody who receives letters: a small HTTP server that remembers, and answers as told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What came, in order, and what is answered."""

    url: str = ""
    answers: Callable[[int], int] = field(default=lambda count: 204)
    """From how many came before to the status."""
    judge: Callable[[bytes], int] = field(default=lambda body: 204)
    """From the body to the status; the other one counts when this says success."""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Those answered with success."""

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Remember, and say what is answered."""
        status = self.judge(body)
        status = self.answers(len(self.came)) if status == 204 else status
        self.came.append((headers, body))
        if status == 204:
            self.taken.append((headers, body))
        return status


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(here.take(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}/letters?of=us"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

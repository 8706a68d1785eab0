"""The client that measures: lanes keep their order, busy is asked again, a refusal voids the run."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from guantong.serve.bench.http import Http, HttpError, Request, get, post

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
WRONG = b"HTTP/1.1 400 Wrong\r\nContent-Length: 3\r\n\r\nno!"
LENGTH = re.compile(rb"Content-Length: (\d+)")


class Server:
    """Answers each request of a connection in turn from a list; the last answer for ever."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.seen: list[bytes] = []
        self.under_way = 0
        self.most = 0
        self.lock = threading.Lock()

    def talk(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as stream:
            while head := stream.readline():
                while (line := stream.readline()) not in (b"\r\n", b""):
                    head += line
                length = LENGTH.search(head)
                body = stream.read(int(length[1])) if length else b""
                with self.lock:
                    self.seen.append(body or head.split()[1])
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                sock.sendall(answer)


@contextmanager
def served(*answers: bytes) -> Iterator[tuple[str, Server]]:
    server = Server(list(answers))
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=server.talk, args=(sock,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(5)


def run(address: str, requests: list[Request], connections: int = 4) -> tuple[int, int]:
    http = Http(address, connections)
    try:
        measured = http.run(iter(requests))
    finally:
        http.close()
    assert measured.per_second > 0
    return measured.count, measured.busy


def test_all_requests_are_answered_and_large_ones_arrive_whole() -> None:
    bodies = [bytes([65 + n]) * 3_000_000 for n in range(6)]
    with served(OK) as (address, server):
        assert run(address, [post("k", "text/plain", body) for body in bodies]) == (6, 0)
    assert sorted(server.seen) == bodies


def test_a_lane_keeps_its_order_and_others_go_ahead() -> None:
    requests = [post("k", "text/plain", f"{n % 2}-{n:03d}".encode(), f"{n % 2}") for n in range(80)]
    with served(OK) as (address, server):
        assert run(address, requests)[0] == 80
    for lane in (b"0", b"1"):
        own = [one for one in server.seen if one.startswith(lane)]
        assert own == sorted(own)
        assert len(own) == 40


def test_busy_is_asked_again() -> None:
    with served(BUSY, BUSY, OK) as (address, server):
        assert run(address, [get("/1")], 1) == (1, 2)
    assert server.seen == [b"/1"] * 3


def test_a_refusal_voids_the_run() -> None:
    with served(OK, WRONG) as (address, _), pytest.raises(HttpError, match="no!"):
        run(address, [get("/1"), get("/2"), get("/3")], 1)


def test_a_rate_is_kept() -> None:
    with served(OK) as (address, _):
        http = Http(address, 4)
        measured = http.run(iter([get("/")] * 1000), seconds=0.4, rate=100)
        http.close()
    assert 5 <= measured.count <= 42

"""A really running server: too much, too little, too slow; killed under load; two writers."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve import upload
from guantong.serve.keys import new_key
from guantong.serve.world import open_world
from guantong.settings import Settings
from guantong.store import EventFilter
from tests.fault.capture_victim import document
from tests.fault.serving import children_of, is_let_go, until

COMMAND = [sys.executable, "-m", "guantong"]
RSS_MB_MAX = 350
"""A server that holds one document of the largest size, and some copies of it while reading."""
MB = 1 << 20


@dataclass
class Running:
    """A server process."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    key: str

    def peak_mb(self) -> int:
        """The most memory that one of its processes ever held, in MB."""
        return max(map(peak_mb_of, children_of(self.process.pid)))

    def stored(self) -> int:
        """Bytes of all files that are truth: ledger, journal, vault."""
        files = (self.data / "ledger").rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def send(self, head: bytes, *parts: bytes, seconds: float = 20.0) -> bytes:
        """Send bytes as they are; what came back until the other end fell silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as link:
            try:
                link.sendall(head)
                for part in parts:
                    link.sendall(part)
            except OSError:
                pass  # cut off while sending: the answer is there already
            return answer(link)

    def post(self, body: bytes) -> int:
        """Capture a document; the status."""
        url = f"http://127.0.0.1:{self.port}/capture"
        request = urllib.request.Request(url, body, {"X-API-Key": self.key})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return int(response.status)
        except urllib.error.HTTPError as refused:
            return refused.code


def answer(link: socket.socket) -> bytes:
    got = b""
    try:
        while part := link.recv(65536):
            got += part
            head, _, body = got.partition(b"\r\n\r\n")
            length = [
                line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            ]
            if length and len(body) >= int(length[0].partition(b":")[2]):
                break
    except OSError:
        pass
    return got


def peak_mb_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path / "data")
    yield running
    running.process.kill()
    running.process.communicate()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for questions that leave nothing behind."""
    running = start(tmp_path_factory.mktemp("lasting") / "data")
    yield running
    running.process.kill()
    running.process.communicate()


def start(data: Path) -> Running:
    made = new_key(Caller("urn:maker", Level.PARTY))
    with open_world(Settings(data=data), create=True) as world:
        world.add_key(made, OPERATOR)
    process = subprocess.Popen(
        [*COMMAND, "serve", "--data", str(data), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip().rstrip("/")
    return Running(process, int(address.rpartition(":")[2]), data, made.text)


def head(server: Running, *lines: str, path: str = "/capture") -> bytes:
    given = (f"POST {path} HTTP/1.1", "Host: localhost", f"X-API-Key: {server.key}", *lines)
    return "\r\n".join((*given, "", "")).encode()


def test_a_gigabyte_without_length_is_cut_off(server: Running) -> None:
    before = server.stored()
    piece = b"%x\r\n" % MB + b" " * MB + b"\r\n"
    for path in ("/capture", "/codes"):
        chunked = head(server, "Transfer-Encoding: chunked", path=path)
        got = server.send(chunked, *[piece] * 1024)
        assert not got or got.startswith(b"HTTP/1.1 413")  # or cut off before it could be read
    assert server.post(document(1, 2)) == 201
    assert server.peak_mb() < RSS_MB_MAX
    assert server.stored() - before < 100_000


@pytest.mark.parametrize(
    ("length", "status"),
    [("1073741824", b"413"), ("9" * 400, b"400"), ("-5", b"400"), ("10", b"400"), ("x", b"400")],
)
def test_a_length_that_lies(lasting: Running, length: str, status: bytes) -> None:
    before = lasting.stored()
    got = lasting.send(head(lasting, f"Content-Length: {length}"), document(1, 2))
    assert got.split(b" ")[1] == status
    assert b"Traceback" not in got
    assert lasting.stored() == before


def test_silent_senders_do_not_keep_others_out(server: Running) -> None:
    """Two hundred bodies that never come; questions are answered all the same."""
    links = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for link in links:
            link.sendall(head(server, "Content-Length: 100") + b"{")
        assert server.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", seconds=10).endswith(
            b"ok\n"
        )
        assert server.post(document(1, 2)) == 201
    finally:
        for link in links:
            link.close()


def test_a_silent_sender_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    import anyio

    from guantong.serve.problems import HttpError

    async def silent() -> None:
        async def chunks() -> object:
            await anyio.sleep_forever()
            yield b""

        monkeypatch.setattr(upload, "IDLE_SECONDS", 0.01)
        with pytest.raises(HttpError) as refused:
            await upload.next_chunk(aiter(chunks()))  # type: ignore[arg-type]
        assert refused.value.faults[0].code == "serve.slow"

    anyio.run(silent)


@pytest.mark.parametrize(
    "target",
    [
        b"/../../etc/passwd",
        b"//evil.example/",
        b"/static/..%2f..%2fapp.py",
        b"/c/%00%0d%0aX:y",
        b"/c/\xff\xfe",
    ],
)
def test_odd_targets(lasting: Running, target: bytes) -> None:
    got = lasting.send(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert int(got.split(b" ")[1]) in {200, 400, 404}
    assert b"Traceback" not in got
    assert not any(line.lower().startswith((b"location", b"x:")) for line in got.split(b"\r\n"))


def test_a_second_writer_is_refused_in_words(server: Running, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(document(1, 2))
    before = server.stored()
    for words in (("capture", str(file)), ("rebuild",)):
        done = subprocess.run(
            [*COMMAND, *words, "--data", str(server.data)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "[ledger.locked]" in done.stderr
        assert "Traceback" not in done.stderr
    assert server.stored() == before
    assert server.post(document(2, 2)) == 201


def test_killed_while_eight_submit(server: Running) -> None:
    """What was answered with 201 is there; of nothing else is there a half."""
    acknowledged: list[int] = []

    def submit(thread: int) -> None:
        for round_ in range(1000):
            number = 1 + thread * 1000 + round_
            try:
                if server.post(document(number, 1 + number % 5)) == 201:
                    acknowledged.append(number)
            except (OSError, urllib.error.URLError):
                return

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    for pid in (*children_of(server.process.pid), server.process.pid):
        os.kill(pid, signal.SIGKILL)  # the writer first: it has no time to finish anything
    for thread in threads:
        thread.join()
    until(lambda: is_let_go(server.data))
    assert acknowledged
    with open_world(Settings(data=server.data)) as world:
        size = world.ledger.size
        bodies = {world.ledger.body(index) for index in range(size)}
        assert {document(n, 1 + n % 5) for n in acknowledged} <= bodies
        assert world.store.projected_size == size
        counts = [0] * size
        after = None
        while page := world.store.scan_events(EventFilter(), after=after, limit=1000):
            for stored in page:
                counts[stored.entry] += 1
            after = page[-1].record_ms, page[-1].no
        assert counts == [world.ledger.entry(index).statement.n for index in range(size)]
        assert json.loads(world.ledger.body(size - 1))

"""The server itself: coming up on a free port, taking requests, going down gracefully."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from guantong.serve.server import ServerError, free_port
from tests.conftest import ROOT
from tests.serve_desk import KEY


@contextmanager
def started(argument: str = "") -> Iterator[subprocess.Popen[str]]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    command = [sys.executable, "-m", "tests.browser.desk_server", *argument.split()]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as asked:
        yield asked


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    address = urlsplit(process.stdout.readline().strip())
    assert address.hostname == "127.0.0.1"
    return address.port or 0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with started() as process:
        yield port_of(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with started() as process, connected(port_of(process)) as asked:
        asked.request("GET", "/livez")
        assert asked.getresponse().read() == b"ok\n"
        asked.request("GET", "/01/06901234567892/21/A%2F1?format=json")
        answer = asked.getresponse()
        assert answer.status == 200
        assert b'"text":"https://id.gs1.org/01/06901234567892/21/A%2F1"' in answer.read()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out.strip(), err) == (0, "closed", "")


def test_what_is_under_way_is_finished_before_it_stops() -> None:
    with started("slow") as process, connected(port_of(process)) as asked:
        asked.request("POST", "/capture", b"{}", {"Authorization": f"Bearer {KEY}"})
        assert process.stdout is not None
        assert process.stdout.readline() == "submitting\n"
        process.send_signal(signal.SIGTERM)
        assert asked.getresponse().status == 201
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out.strip(), err) == (0, "closed", "")


def test_a_body_that_is_too_large_is_cut_off(port: int) -> None:
    with connected(port) as asked:
        asked.putrequest("POST", "/capture")
        asked.putheader("Authorization", f"Bearer {KEY}")
        asked.putheader("Content-Length", str(10**9))
        asked.endheaders(b"x" * 1000)
        answer = asked.getresponse()
        assert answer.status == 413
        assert b"capture.too_large" in answer.read()


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /c/%00%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /check?q=%ff&q=2&lang=%00 HTTP/1.1\r\nHost: x\r\nAccept-Language: \xff\xfe\r\n\r\n",
        b'GET /c/a%20b HTTP/1.1\r\nHost: "><script>\r\nCookie: lang=\xff; =; ;;\r\n\r\n',
        b"GET /trace/%ff?direction=%ff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n\r\n",
        b"POST /capture HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /capture HTTP/1.1\r\nHost: x\r\nX-API-Key: k\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET //// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://other/check?q=1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_bad_requests_never_break_it(port: int, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(raw)
        status = line.recv(4096)
    assert status.startswith(b"HTTP/1.1 "), status
    assert 200 <= int(status[9:12]) < 500, status
    with connected(port) as asked:
        asked.request("GET", "/livez")
        assert asked.getresponse().read() == b"ok\n"


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=r"serve\.port: expected a free port"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", port) == port
    assert free_port("127.0.0.1", 0) > 0


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ServerError, match=r"serve\.port"):
        free_port("203.0.113.1", 0)

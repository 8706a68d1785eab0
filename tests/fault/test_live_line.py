"""A websocket over the real server: what comes is sent, refusals are told, and it holds up no end."""

import base64
import json
import os
import socket
import time
from pathlib import Path

from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving


def opened(here: Serving, path: str, *, key: str = "") -> tuple[socket.socket, str]:
    """A line, and the status line of the answer."""
    line = socket.create_connection(("127.0.0.1", here.port), timeout=20)
    nonce = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n"
        f"Authorization: Bearer {key or here.key}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = line.recv(1)
        if not more:
            break
        head += more
    return line, head.split(b"\r\n")[0].decode()


def exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        assert more, "the line was closed"
        found += more
    return found


def message(line: socket.socket) -> bytes:
    """One message of the server; it comes in one frame, without a mask."""
    first, size = exactly(line, 2)
    assert (first, size & 0x80) == (0x81, 0)
    if size == 126:
        size = int.from_bytes(exactly(line, 2), "big")
    elif size == 127:
        size = int.from_bytes(exactly(line, 8), "big")
    return exactly(line, size)


def ids(raw: bytes) -> list[str]:
    listed = json.loads(raw)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return [one["eventID"] for one in listed]


def test_a_line(tmp_path: Path) -> None:
    with serving(tmp_path / "d") as here:
        named = json.dumps({"name": "all", "query": {}}).encode()
        assert here.ask("POST", "/epcis/queries", named)[0] == 201
        path = "/epcis/queries/all/events?stream=true"
        line, status = opened(here, path)
        assert status.startswith("HTTP/1.1 101"), status
        for number in (1, 2):
            here.capture(document(number, 3))
            sent = [
                one["eventID"] for one in json.loads(document(number, 3))["epcisBody"]["eventList"]
            ]
            assert ids(message(line)) == sent
        refused, status = opened(here, path, key="gt_wrong")
        assert status.split()[1] in {"401", "403"}, status
        refused.close()
        other, _ = opened(here, path)
        other.close()
        here.capture(document(3, 1))
        assert len(ids(message(line))) == 1
        began = time.monotonic()
        code, err = here.ends()
        assert (code, err) == (0, "")
        assert time.monotonic() - began < 10
        line.close()

"""`guantong serve` as processes of their own, for tests that end some of them."""

import asyncio
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.keys import new_key
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.conftest import ROOT

SECONDS_MAX = 30.0


@dataclass
class Serving:
    """A supervisor at work."""

    process: subprocess.Popen[str]
    port: int
    key: str
    data: Path

    def children(self) -> dict[int, str]:
        """Process number -> role."""
        return {pid: role_of(pid) for pid in children_of(self.process.pid)}

    def pid_of(self, role: str) -> int:
        return next(pid for pid, found in self.children().items() if found == role)

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """One question on a connection of its own: any front may get it.

        What a dying front had not taken yet is reset, and while no front is up again nobody
        listens; a client asks again, and so does this.
        """
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            with suppress(ConnectionError, http.client.RemoteDisconnected):
                return self._ask(method, path, body)
            time.sleep(0.02)
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(line):
            headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read()

    def capture(self, body: bytes) -> int:
        """The ledger index of a document that is taken."""
        status, said = self.ask("POST", "/capture", body)
        assert status in {200, 201}, said
        return int(json.loads(said)["ledger_index"])

    def ends(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; its exit status and what it wrote to stderr."""
        children = list(self.children())
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=SECONDS_MAX)
        until(lambda: not any(role_of(pid) for pid in children) and is_let_go(self.data))
        return self.process.returncode, err


def children_of(pid: int) -> list[int]:
    """The processes that its main thread started and that have not been waited for."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_let_go(data: Path) -> bool:
    """Whether nobody writes this installation any more: a process ends before its lock does."""
    with (data / "ledger" / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def role_of(pid: int) -> str:
    """writer, front, or "" when there is no such process of ours any more."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return words[3].decode() if b"guantong.serve.process" in words else ""


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@contextmanager
def serving(data: Path, *more: str, workers: int = 2) -> Iterator[Serving]:
    """Serve an installation, made if there is none."""
    with open_world(Settings(data), create=True) as world:
        key = world.add_key(new_key(Caller("maker", Level.PARTY)), OPERATOR)
    command = [sys.executable, "-m", "guantong", "serve", "--data", str(data)]
    command += ["--port", "0", "--workers", str(workers), *more]
    with subprocess.Popen(
        command,
        env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        try:
            yield Serving(process, address.port or 0, key, data)
        finally:
            process.kill()


async def streamed(here: Serving, bodies: list[bytes], answers: dict[int, int]) -> Exception | None:
    """Capture one after another on one connection until it breaks; number -> ledger index."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    try:
        for number, body in enumerate(bodies):
            head = f"POST /capture HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {here.key}\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            said = await reader.readuntil(b"\r\n\r\n")
            lines = said.lower().split(b"\r\n")
            size = next(line for line in lines if line.startswith(b"content-length:"))
            told = json.loads(await reader.readexactly(int(size.split(b":")[1])))
            if told.get("accepted"):
                answers[number] = told["ledger_index"]
    except (OSError, EOFError) as error:
        return error
    finally:
        writer.close()
    return None

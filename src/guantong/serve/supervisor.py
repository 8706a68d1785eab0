"""Who starts the processes of an installation, joins them, and starts again what dies?

This one: it holds no file of the installation and answers nobody. Each child has a control
socket to it; through them the two ends of a line between a front and the writer are handed out.
No socket has a name, so that nobody else can be at the other end. A child that is told nothing
more, because this process is gone, ends.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from guantong.errors import fault
from guantong.serve.chosen import moved_to
from guantong.serve.process import environment, settings_text
from guantong.serve.server import Fault, ServerError, address_of, free_port
from guantong.settings import Settings

ENDING_SECONDS_MAX: Final = 60.0
"""Longest wait for a child to finish what is under way; then it is killed."""
SOON: Final = 0.1
LATE: Final = 10.0
"""Seconds before what died is started again: the first, doubled each time, up to the second."""
HEALTHY_SECONDS: Final = 30.0
"""Who lived so long is started again at once."""


@dataclass(slots=True)
class Child:
    """One place among the processes, and who fills it."""

    role: str
    process: subprocess.Popen[bytes] | None = None
    control: socket.socket | None = None
    is_ready: bool = False
    began: float = 0.0
    delay: float = SOON
    due: float = field(default=0.0)
    """When to start it, while it is not there."""


def serve(settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Run a writer and `settings.workers` fronts until SIGINT or SIGTERM.

    Args:
        settings: The installation, address and port; port 0 takes a free one.
        ready: Called once with the address, when all of them answer.

    Raises:
        ServerError: if the port is taken, or a process does not come up at first.
    """
    port = free_port(settings.host, settings.port)
    with _reserved(settings.host, port), _signals() as woken:
        Supervisor(replace(settings, port=port), woken, ready).run()


@contextmanager
def _reserved(host: str, port: int) -> Iterator[None]:
    """Keep the port for the fronts; a socket that does not listen gets no connection.

    Yields:
        Once, while it is kept.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind((host, port))
        yield


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that can be read once a signal has come: its number.

    Yields:
        The socket.
    """
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    theirs.settimeout(0)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    waking = signal.set_wakeup_fd(theirs.fileno())
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(waking)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        ours.close()
        theirs.close()


class Supervisor:
    """The children and what becomes of them."""

    def __init__(
        self, settings: Settings, woken: socket.socket, ready: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._woken = woken
        self._ready: Callable[[str], None] | None = ready
        self._writer = Child("writer")
        self._fronts = [Child("front") for _ in range(settings.workers)]
        if settings.intake:  # to the writer it is one more of them
            self._fronts.append(Child("intake"))
        self._selector = selectors.DefaultSelector()
        self._selector.register(woken, selectors.EVENT_READ)
        self._renewing: list[Child] = []
        """Who is still to be replaced, one after the other, since the index was moved."""

    def run(self) -> None:
        """Keep all children alive until a signal comes.

        Raises:
            ServerError: if one does not come up at first.
        """
        try:
            while not self._look():
                pass
        finally:
            self._stop()

    def _look(self) -> bool:
        """Start who is due, and heed what children say; True when it is time to stop."""
        for child in (self._writer, *self._fronts):
            if child.process is None and child.due <= time.monotonic():
                self._start(child)
        stop = False
        for key, _ in self._selector.select(self._pause()):
            if key.fileobj is self._woken:
                stop = self._told() or stop
            else:
                self._hear(key.data)
        self._renew()
        return stop

    def _told(self) -> bool:
        """Heed signals: SIGUSR1 looks again where the index lies; True for those that end all."""
        if set(self._woken.recv(64)) != {signal.SIGUSR1}:
            return True
        self._settings = replace(self._settings, store=moved_to(self._settings.data))
        self._renewing = [self._writer, *self._fronts]
        return False

    def _renew(self) -> None:
        """Tell the next one to finish what is under way and end, when all others are at work."""
        everybody = (self._writer, *self._fronts)
        if not self._renewing or self._ready is not None or not all(c.is_ready for c in everybody):
            return
        child = self._renewing.pop(0)
        child.is_ready = False
        if child.control is not None:
            with suppress(OSError):
                child.control.shutdown(socket.SHUT_WR)

    def _pause(self) -> float | None:
        """Seconds until somebody is due."""
        dues = [c.due for c in (self._writer, *self._fronts) if c.process is None]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _start(self, child: Child) -> None:
        ours, theirs = socket.socketpair()
        arguments = [child.role, str(theirs.fileno()), settings_text(self._settings)]
        command = [sys.executable, "-m", "guantong.serve.process", *arguments]
        child.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment(self._settings),
        )
        theirs.close()
        child.control, child.is_ready, child.began = ours, False, time.monotonic()
        self._selector.register(ours, selectors.EVENT_READ, child)
        if child is not self._writer and self._writer.is_ready:
            self._join(child)

    def _join(self, front: Child) -> None:
        """Hand out the two ends of a line."""
        one, other = socket.socketpair()
        with one, other:
            for child, end in ((self._writer, one), (front, other)):
                if child.control is not None:
                    with suppress(OSError):  # it has just died, and will be seen to
                        socket.send_fds(child.control, [b"L"], [end.fileno()])

    def _hear(self, child: Child) -> None:
        assert child.control is not None
        try:
            said = child.control.recv(1)
        except OSError:
            said = b""
        if not said:
            self._died(child)
            return
        child.is_ready = True
        if child is self._writer:
            for front in self._fronts:
                self._join(front)
        if self._ready is not None and all(front.is_ready for front in self._fronts):
            self._ready(address_of(self._settings.host, self._settings.port))
            self._ready = None

    def _died(self, child: Child) -> None:
        """Let go of a child that has ended, and say when to start another.

        Raises:
            ServerError: if it was never ready, and nobody was told that all are.
        """
        status = self._let_go(child)
        if self._ready is not None:
            expected, got = "processes that come up", f"{child.role}: {_said(status)}"
            raise ServerError(fault(Fault.PROCESS, expected=expected, got=got))
        now = time.monotonic()
        child.delay = SOON if now - child.began > HEALTHY_SECONDS else min(child.delay * 2, LATE)
        child.due = now + child.delay
        sys.stderr.write(
            f"guantong: the {child.role} ended ({_said(status)}); another one is started\n"
        )
        sys.stderr.flush()

    def _let_go(self, child: Child) -> int:
        """Close the control socket, wait for the end, and give its status."""
        assert child.process is not None
        assert child.control is not None
        self._selector.unregister(child.control)
        child.control.close()
        child.control, child.is_ready = None, False
        try:
            status = child.process.wait(ENDING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.process.kill()
            status = child.process.wait()
        child.process = None
        return status

    def _stop(self) -> None:
        """First the fronts, which finish what is under way; then the writer."""
        fronts = [front for front in self._fronts if front.process is not None]
        for front in fronts:
            if front.control is not None:
                with suppress(OSError):
                    front.control.shutdown(socket.SHUT_WR)
        for child in (*fronts, self._writer):
            if child.process is not None:
                self._let_go(child)


def _said(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

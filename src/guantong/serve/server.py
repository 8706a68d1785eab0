"""How does the outside come up, and go down again? granian, in this process.

The writer, the index and the pages share one process, so the server is granian's embeddable
one. It binds with SO_REUSEPORT, by which a forgotten server would silently take a part of the
requests; the port is therefore probed first.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from guantong.errors import Refusal, fault
from guantong.serve.app import create_app
from guantong.serve.desk import Desk
from guantong.settings import Settings

CONNECTIONS_MAX: Final = 1000
"""Requests under way at once; more wait. Slow senders are cut off, see `guantong.serve.upload`."""

PROBE_SECONDS: Final = 0.02
"""Between two looks whether the server answers, or has ended."""

TASKS: Final = Path("/proc/self/task")
"""Where Linux lists the threads of this process."""

ENDING_SECONDS_MAX: Final = 5.0
"""Longest wait for the server's threads to end."""

ENDING_SECONDS_BLIND: Final = 0.5
"""The wait where threads can not be counted."""


class Fault(StrEnum):
    """Why the server did not come up. Part of the public API: never renamed."""

    PORT = "serve.port"
    """The address or port can not be listened on."""


class ServerError(Refusal):
    """The server can not run."""


def serve(desk: Desk, settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; then finish those under way and return.

    Args:
        desk: The installation; it is not closed here.
        settings: Address and port; port 0 takes a free one.
        ready: Called once with the address (no slash at its end), when the server answers.

    Raises:
        ServerError: if the port is taken or the address is not ours.
    """
    port = free_port(settings.host, settings.port)
    before = _threads()
    try:
        asyncio.run(_run(desk, settings, port, ready))
    finally:
        _let_threads_end(before)


def free_port(host: str, port: int) -> int:
    """A port that nobody listens on.

    Returns:
        `port`, or a free one for 0.

    Raises:
        ServerError: if somebody does, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            expected = "a free port on an address of this machine"
            raise ServerError(
                fault(Fault.PORT, expected=expected, got=f"{host}:{port} ({error.strerror})")
            ) from error
        return int(probe.getsockname()[1])


def _threads() -> int:
    """How many threads the system counts in this process; 0 where it does not tell."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else 0


def _let_threads_end(before: int) -> None:
    """Wait for the server's own threads, which are not Python's.

    They let go of their last Python objects some milliseconds after the server has stopped; an
    interpreter that ends before them is aborted by the one that comes too late.
    """
    if not before:
        time.sleep(ENDING_SECONDS_BLIND)
        return
    until = time.monotonic() + ENDING_SECONDS_MAX
    while _threads() > before and time.monotonic() < until:
        time.sleep(PROBE_SECONDS)


async def _run(desk: Desk, settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        create_app(desk, settings),
        address=settings.host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=CONNECTIONS_MAX,
        backpressure=CONNECTIONS_MAX,
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    serving = asyncio.create_task(server.serve())
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if await _answers(settings.host, port, serving):
        ready(f"http://{host}:{port}")
    await serving


async def _answers(host: str, port: int, serving: asyncio.Task[None]) -> bool:
    """Wait until somebody listens; False when the server ended first."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(PROBE_SECONDS)
            continue
        writer.close()
        return True
    return False

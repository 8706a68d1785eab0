"""How does the outside come up, and go down again? granian, in this process.

The application shares its process with other things, in a front (`guantong.serve.front`) and
where everything is one process, so the server is granian's embeddable one. It binds with
SO_REUSEPORT, by which fronts share a port, and a forgotten server would silently take a part of
the requests; the port is therefore probed first.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.types import ASGIApp

from guantong.caller import Caller
from guantong.errors import Refusal, fault
from guantong.serve.desk import Desk
from guantong.serve.job import Receipt
from guantong.serve.made import Made
from guantong.serve.scan_journal import keep
from guantong.serve.scans import outside
from guantong.serve.world import World
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
    PROCESS = "serve.process"
    """One of the processes ended before all of them answered."""


class ServerError(Refusal):
    """The server can not run."""


def serve(desk: Desk, settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Answer requests in this process until SIGINT or SIGTERM; then finish those under way.

    Args:
        desk: The installation; it is not closed here.
        settings: Address and port; port 0 takes a free one.
        ready: Called once with the address (no slash at its end), when the server answers.

    Raises:
        ServerError: if the port is taken or the address is not ours.
    """
    port = free_port(settings.host, settings.port)
    before = threads()
    try:
        asyncio.run(_run(desk, settings, port, ready))
    finally:
        let_threads_end(before)


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


def threads() -> int:
    """How many threads the system counts in this process; 0 where it does not tell."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else 0


def let_threads_end(before: int) -> None:
    """Wait for the server's own threads, which are not Python's.

    They let go of their last Python objects some milliseconds after the server has stopped; an
    interpreter that ends before them is aborted by the one that comes too late.
    """
    if not before:
        time.sleep(ENDING_SECONDS_BLIND)
        return
    until = time.monotonic() + ENDING_SECONDS_MAX
    while threads() > before and time.monotonic() < until:
        time.sleep(PROBE_SECONDS)


async def _run(desk: Desk, settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app, address = outside(desk, settings), address_of(settings.host, port)
    counting = asyncio.create_task(_count(desk, stop))
    await run_server(app, settings.host, port, ready=lambda: ready(address), stop=stop)
    stop.set()
    await counting


async def _count(desk: Desk, stop: asyncio.Event) -> None:
    """Enter the scans of the public, of an installation that is open for writing."""
    if isinstance(desk, World) and desk.intake is not None:

        async def enter(made: Made, caller: Caller) -> Receipt:
            return await to_thread.run_sync(desk.enter, made, caller)

        await keep(desk.journal, enter, stop)


def address_of(host: str, port: int) -> str:
    """The address to call, no slash at its end."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def run_server(
    app: ASGIApp, host: str, port: int, *, ready: Callable[[], object], stop: asyncio.Event
) -> None:
    """Answer requests until told to stop; then finish those under way and return.

    Args:
        app: What answers.
        host: Address to listen on.
        port: Shared with others who do the same.
        ready: Called once, when somebody answers there.
        stop: Set when it is time.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=True,
        backlog=CONNECTIONS_MAX,
        backpressure=CONNECTIONS_MAX,
        log_level=LogLevels.error,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(_stop(server.stop, stop))
    if await _answers(host, port, serving):
        ready()
    await serving
    stopping.cancel()


async def _stop(stop_server: Callable[[], object], stop: asyncio.Event) -> None:
    await stop.wait()
    stop_server()


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

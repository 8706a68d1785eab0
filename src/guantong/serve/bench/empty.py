"""A server like ours whose only answer is empty: what HTTP itself costs here.

``python -m guantong.serve.bench.empty`` prints its address as JSON and runs until SIGTERM.
"""

import asyncio
import signal
import sys
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from guantong.serve.server import free_port

HOST = "127.0.0.1"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing."""
    del receive
    if scope["type"] == "http":
        headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


async def _serve() -> None:
    port = free_port(HOST, 0)
    server = Server(
        app,
        address=HOST,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        sys.stdout.write(f'{{"address": "http://{HOST}:{port}"}}\n')
        sys.stdout.flush()
        break
    await serving


if __name__ == "__main__":
    asyncio.run(_serve())

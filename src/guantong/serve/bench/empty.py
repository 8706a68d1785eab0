"""A server like ours whose only answer is empty: what HTTP itself costs here.

``python -m guantong.serve.bench.empty`` prints its address as JSON and runs until SIGTERM.
"""

import asyncio
import signal
import sys
from typing import Any

from guantong.serve.server import address_of, free_port, let_threads_end, run_server, threads

HOST = "127.0.0.1"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing."""
    del receive
    if scope["type"] == "http":
        headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


def main() -> None:
    """Serve until SIGTERM; end as the real server does, after the threads that are not Python's."""
    before = threads()
    try:
        asyncio.run(_serve())
    finally:
        let_threads_end(before)


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = free_port(HOST, 0)
    await run_server(app, HOST, port, ready=lambda: _say(address_of(HOST, port)), stop=stop)


def _say(address: str) -> None:
    sys.stdout.write(f'{{"address": "{address}"}}\n')
    sys.stdout.flush()


if __name__ == "__main__":
    main()

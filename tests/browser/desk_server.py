"""Serves the fake desk until it is told to stop; run by the browser tests as a process."""

import sys
from pathlib import Path

from guantong.serve.server import serve
from guantong.settings import Settings
from tests.serve_desk import FakeDesk, wide_trail


def main() -> None:
    """Serve on a free port of the loopback address and print the address."""
    desk = FakeDesk()
    if "wide" in sys.argv:
        desk.trail = wide_trail()
    serve(desk, Settings(Path("none")), ready=lambda url: print(url, flush=True))
    print("closed", flush=True)


if __name__ == "__main__":
    main()

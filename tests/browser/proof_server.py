"""Serves an installation with signed and unsigned documents; run by the browser tests."""

import sys
from pathlib import Path

from guantong.serve.server import serve
from guantong.settings import Settings
from tests.proof_small import opened


def main() -> None:
    """Serve on a free port of the loopback address and print the address."""
    settings = Settings(Path(sys.argv[1]) / "data")
    with opened(settings) as (world, _):
        serve(world, settings, ready=lambda url: print(url, flush=True))
    print("closed", flush=True)


if __name__ == "__main__":
    main()

"""Serves the fake desk until it is told to stop; run by the browser tests as a process."""

import sys
import time
from pathlib import Path

from guantong.caller import Caller
from guantong.serve.intake import Offer, Receipt
from guantong.serve.server import serve
from guantong.settings import Settings
from tests.serve_desk import FakeDesk, wide_trail


class SlowDesk(FakeDesk):
    """Takes a second for a submission."""

    def submit(self, offer: Offer, caller: Caller) -> Receipt:
        print("submitting", flush=True)
        time.sleep(1)
        return super().submit(offer, caller)


def main() -> None:
    """Serve on a free port of the loopback address and print the address."""
    desk = SlowDesk() if "slow" in sys.argv else FakeDesk()
    if "wide" in sys.argv:
        desk.trail = wide_trail()
    serve(desk, Settings(Path("none")), ready=lambda url: print(url, flush=True))
    print("closed", flush=True)


if __name__ == "__main__":
    main()

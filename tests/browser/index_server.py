"""Serves a small office with releases until it is told to stop; run by the browser tests."""

import sys
from pathlib import Path

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.keys import new_key
from guantong.serve.server import serve
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.index_small import issue


def main() -> None:
    """Serve on a free port of the loopback address; print the address, a key and a firm."""
    settings = Settings(Path(sys.argv[1]) / "data")
    with open_world(settings, create=True) as world:
        told = issue(world, again=True)
        key = world.add_key(new_key(Caller("office", Level.REGULATOR)), OPERATOR)
        from guantong.serve.index_office import population

        firms = population(world, told)
        assert firms is not None
        firm = int(firms.panel.firm[3])
        serve(world, settings, ready=lambda url: print(url, key, firm, flush=True))
    print("closed", flush=True)


if __name__ == "__main__":
    main()

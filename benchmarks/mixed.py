"""How does a server fare that does everything at once, for an hour, at half of what it can?

``python -m benchmarks.mixed [--minutes 60] [--rows 300000] [--memory-mb 640]``: fills an installation, finds how many
requests of the mix it answers a second without pause, then sends half as many, evenly spaced, and
prints for each twelfth of the time how long scans took, what was refused, and the memory held.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np

from guantong.serve.bench import load, servers
from guantong.serve.bench.http import Http, Measured, Request, get, post
from guantong.serve.bench.load import Alike, Recipe
from guantong.serve.bench.run import grant
from guantong.settings import Settings

SEED = 1
CONNECTIONS = 16
FINDING_SECONDS = 60.0
SLICES = 12
MIX = ("json",) * 12 + ("page",) * 5 + ("trace", "events", "capture")
"""Of twenty requests: scans by programs and by people, and three that are dearer."""
SCANS = ("json", "page")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument(
        "--memory-mb", type=int, default=0, help="bound of each process; 0 for none"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        recipe = Recipe(SEED, asked.rows, 1000)
        maker = load.maker_of(SEED)
        keys = grant(Settings(data=data), sorted({*load.submitters(recipe), maker}))
        with servers.serving(data, memory_mb=asked.memory_mb) as server:
            filled, _ = load.apart(load.fill, server.address, keys, recipe)
            mix = mixed(filled.codes, next(iter(keys.values())), keys[maker])
            most = sent(server, mix, seconds=FINDING_SECONDS)[0].per_second
            print(f"{asked.rows:,} rows; {most:,.0f} requests of the mix a second without pause")
            print("| minute | a second | scan p50 / p95 / p99 ms | others p95 ms | busy | MB |")
            print("|---|---|---|---|---|---|")
            seconds = asked.minutes * 60 / SLICES
            scans: list[float] = []
            for at in range(1, SLICES + 1):
                measured, times = sent(server, mix, seconds=seconds, rate=most / 2)
                scans += scans_of(times)
                print(row(at * seconds / 60, measured, times, server.private_mb()), flush=True)
            print(f"{len(scans):,} scans in all: p50 / p95 / p99 {spread_of(scans)} ms")


def sent(
    server: servers.Running, mix: Iterator[Request], *, seconds: float, rate: float = 0.0
) -> tuple[Measured, dict[str, list[float]]]:
    """Send the mix for some time; an answer that is no success ends the run."""
    http = Http(server.address, CONNECTIONS)
    measured = http.run(mix, seconds=seconds, rate=rate)
    http.close()
    return measured, http.times


def mixed(codes: tuple[str, ...], looker: str, maker: str) -> Iterator[Request]:
    """Requests of the mix, without end; every code in turn, and ever new documents.

    Args:
        codes: Of things that were made.
        looker: Key of a firm that asks for its events.
        maker: Key of the firm that files.

    Yields:
        The requests.
    """
    some, rounds = itertools.cycle(codes), itertools.count(1000)
    documents = itertools.chain.from_iterable(
        Alike(next(rounds), 100, 10).filings() for _ in itertools.repeat(None)
    )
    for kind in itertools.cycle(MIX):
        code = next(some)
        path = code.removeprefix(load.PREFIX)
        match kind:
            case "json":
                yield get(path)._replace(kind=kind)
            case "page":
                yield _asked(path, "Accept: text/html\r\nAccept-Language: zh", kind)
            case "trace":
                yield get(f"/trace/{quote(code, safe='')}?direction=up")._replace(kind=kind)
            case "events":
                asked = f"Authorization: Bearer {looker}\r\nAccept: application/json"
                yield _asked(
                    f"/epcis/events?perPage=10&MATCH_anyEPC={quote(code, safe='')}", asked, kind
                )
            case _:
                one = next(documents)
                yield post(maker, one.media, one.body)._replace(kind=kind)


def row(minute: float, measured: Measured, times: dict[str, list[float]], held_mb: float) -> str:
    """One line of the table."""
    rest = np.array([one for kind in times if kind not in SCANS for one in times[kind]]) * 1000
    return (
        f"| {minute:g} | {measured.per_second:,.0f} | {spread_of(scans_of(times))} | "
        f"{np.percentile(rest, 95):.1f} | {measured.busy} | {held_mb:,.0f} |"
    )


def scans_of(times: dict[str, list[float]]) -> list[float]:
    """Seconds each scan took, of all kinds."""
    return [one for kind in SCANS for one in times.get(kind, ())]


def spread_of(seconds: list[float]) -> str:
    """Their median and the two percentiles of the table, in milliseconds."""
    return " / ".join(f"{part:.1f}" for part in np.percentile(seconds, (50, 95, 99)) * 1000)


def _asked(path: str, headers: str, kind: str) -> Request:
    return Request(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n\r\n".encode(), "", kind)


if __name__ == "__main__":
    main()

"""What is sent to the server, each function in a process of its own.

A process that only sends keeps the server's figures clean; how much of the machine it took is
part of what it measures.
"""

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from guantong import market
from guantong.serve.bench import floor
from guantong.serve.bench.http import Http, Measured, Request, get, post

P = ParamSpec("P")
T = TypeVar("T")

CAPTURES: Final = 8
"""Documents under way at once."""
ASKED: Final = 20_000
"""Codes to ask for."""
FLOOR_BYTES: Final = 256 << 20
"""Most bytes of documents the floor is given."""
PREFIX: Final = "https://id.gs1.org"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which market."""

    seed: int
    rows: int
    document: int
    """Events in a document."""

    def bulk(self) -> market.Bulk:
        """The market."""
        return market.Bulk(self.seed, rows=self.rows, document=self.document)


@dataclass(frozen=True, slots=True)
class Alike:
    """Documents that are all alike; see `guantong.market.even`."""

    seed: int
    documents: int
    events: int = 1000
    ids: bool = True
    foreign: bool = False

    def filings(self) -> Iterator[market.Filing]:
        """The documents."""
        return market.even(
            self.seed, self.documents, events=self.events, ids=self.ids, foreign=self.foreign
        )


@dataclass(frozen=True, slots=True)
class Filled:
    """What was captured, and what is true of it."""

    measured: Measured
    events: int
    rows: int
    documents: int
    bytes: int
    bad: market.Lot
    small: market.Lot
    samples: tuple[tuple[str, market.Where], ...]
    codes: tuple[str, ...]
    """Of things that were made, any of them, none twice."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the floor took for some of the same documents."""

    codec: str
    events: int
    seconds: float
    decode_seconds: float


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Do something in a fresh process.

    Args:
        work: A function of a module.
        *args: For it.
        **kwargs: For it.

    Returns:
        What it gave, and the most memory the process held, in MB.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(work, *args, **kwargs).result()
        return found, pool.submit(_peak_mb).result()


def fill(address: str, keys: Mapping[str, str], recipe: Recipe) -> Filled:
    """Make the market and hand it in, document by document."""
    bulk = recipe.bulk()
    sizes: list[int] = []
    http = Http(address, CAPTURES)
    measured = http.run(_posted(bulk.filings(), keys, sizes))
    http.close()
    return Filled(
        measured,
        events=bulk.mix["events"],
        rows=bulk.mix["rows"],
        documents=len(sizes),
        bytes=sum(sizes),
        bad=bulk.bad,
        small=bulk.small,
        samples=tuple(bulk.samples()),
        codes=tuple(bulk.some(ASKED, recipe.seed)),
    )


def _posted(
    filings: Iterator[market.Filing], keys: Mapping[str, str], sizes: list[int]
) -> Iterator[Request]:
    # A firm sends one document after the other: what it corrects is there before.
    for one in filings:
        sizes.append(len(one.body))
        yield post(keys[one.by], one.media, one.body, one.by)


def capture_alike(address: str, key: str, alike: Alike, connections: int) -> Measured:
    """Hand in documents that are all alike, made before the clock starts."""
    requests = [post(key, one.media, one.body) for one in alike.filings()]
    http = Http(address, connections)
    measured = http.run(iter(requests))
    http.close()
    return measured


def ask(
    address: str, codes: Sequence[str], connections: int, *, seconds: float, rate: float = 0.0
) -> Measured:
    """Ask for codes, over and over, for some seconds."""
    requests = [get(code.removeprefix(PREFIX)) for code in codes]
    http = Http(address, connections)
    measured = http.run(_again(requests), seconds=seconds, rate=rate)
    http.close()
    return measured


def _again(requests: Sequence[Request]) -> Iterator[Request]:
    while True:
        yield from requests


def floor_of(recipe: Recipe, place: Path) -> Floor:
    """What the floor takes for the first documents of the market."""
    return _floor(recipe.bulk().filings(), place)


def floor_of_alike(alike: Alike, place: Path) -> Floor:
    """The same for documents that are all alike."""
    return _floor(alike.filings(), place)


def _floor(filings: Iterator[market.Filing], place: Path) -> Floor:
    bodies: list[bytes] = []
    size = events = 0
    for one in filings:
        if not one.events:
            continue
        bodies.append(one.body)
        events += one.events
        size += len(one.body)
        if size > FLOOR_BYTES:
            break
    place.mkdir()
    decoded = floor.decode(bodies)
    return Floor(floor.codec()[0], events, floor.capture(bodies, place), decoded)


def submitters(recipe: Recipe) -> list[str]:
    """Everybody who hands in documents of the market."""
    return recipe.bulk().submitters


def maker_of(seed: int) -> str:
    """Who hands in documents that are all alike."""
    return next(market.even(seed, 1, events=1)).by


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

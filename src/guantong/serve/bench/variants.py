"""How fast are documents captured that are all alike, each kind beside its own floor?

Every kind has an installation of its own; ten new codes in each event, documents made before
the clock starts, over HTTP, durable before the answer.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from guantong.serve.bench import load, servers, signed, weight
from guantong.serve.bench.http import Measured
from guantong.serve.bench.load import Alike
from guantong.serve.bench.run import Figures, grant, wait_for_index
from guantong.serve.world import read_world
from guantong.settings import Settings

CODES: Final = 10
_SEED: Final = 7


class Kind(NamedTuple):
    """One kind of documents."""

    key: str
    about: str
    documents: int
    connections: int
    events: int = 1000
    ids: bool = True
    foreign: bool = False
    signed: bool = False


def kinds(scale: int) -> tuple[Kind, ...]:
    """The kinds; `scale` documents of 1,000 events each, or a tenth of that in single ones."""
    singles = scale * 100
    return (
        Kind("A", "1,000 events a document, consecutive serials", scale, 8),
        Kind("A1", "one event a document, 256 connections", singles, 256, events=1),
        Kind("B", "as A, event ids (hashes) given by the server", scale, 8, ids=False),
        Kind("C", "as A, each signed (Ed25519) by a party of its own", scale, 8, signed=True),
        Kind("D", "as A, foreign random serials", scale, 8, foreign=True),
    )


def run(place: Path, scale: int, say: Callable[[str], None]) -> Iterator[Figures]:
    """Measure each kind.

    Args:
        place: A directory to work in.
        scale: Documents of 1,000 events.
        say: Told what is measured.

    Yields:
        The figures of one kind.
    """
    for kind in kinds(scale):
        say(f"variant {kind.key}")
        yield _one(place / kind.key, kind)


def _one(place: Path, kind: Kind) -> Figures:
    alike = Alike(_SEED, kind.documents, kind.events, kind.ids, kind.foreign)
    settings = Settings(data=place / "data")
    send = _sender(settings, kind, alike)
    floored, _ = load.apart(load.floor_of_alike, alike, place / "floor")
    least = floored.seconds
    if kind.signed:
        least += load.apart(signed.floor_of_sealing, alike)[0]
    with servers.serving(settings.data) as server:
        took = send(server.address)
        lag = wait_for_index(server.address)
        peaks = server.peaks_mb()
    weight.settle(settings.data)
    with read_world(settings) as world:
        rows = world.store.counts()["rows"]
    events = kind.documents * kind.events
    rate, floor = events / took.seconds, floored.events / least
    return {
        "variant": kind.key,
        "about": kind.about,
        "events": events,
        "events_per_s": round(rate),
        "codes_per_s": round(rate * CODES),
        "p50_ms": round(took.p50_ms, 2),
        "p99_ms": round(took.p99_ms, 2),
        "busy": took.busy,
        "index_lag_s": lag,
        "load_cpu_share": round(took.cpu_seconds / took.seconds, 2),
        "floor_events_per_s": round(floor),
        "floor_codec": floored.codec,
        "by_floor": round(rate / floor, 2),
        "decode_events_per_s": round(floored.events / floored.decode_seconds),
        "peak_mb": round(sum(peaks), 1),
        **weight.figures(settings.data, rows),
    }


def _sender(settings: Settings, kind: Kind, alike: Alike) -> Callable[[str], Measured]:
    """What hands the documents in, with the keys it needs."""
    if kind.signed:
        parties = signed.enter(settings, kind.documents)
        return lambda address: load.apart(
            signed.capture_signed, address, parties, alike, kind.connections
        )[0]
    maker = load.maker_of(_SEED)
    key = grant(settings, [maker])[maker]
    return lambda address: load.apart(load.capture_alike, address, key, alike, kind.connections)[0]

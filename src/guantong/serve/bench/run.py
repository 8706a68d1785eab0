"""One run: fill an installation, ask it, weigh it, and rebuild it.

A phase that fails is told and leaves its figures out; those after it are measured still, for a run
over fifty million rows takes long.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import msgspec
import numpy as np

from guantong.caller import OPERATOR, Caller, Level
from guantong.market import Lot
from guantong.serve.bench import load, servers, weight
from guantong.serve.bench.load import Alike, Filled, Floor, Recipe
from guantong.serve.keys import new_key
from guantong.serve.scope_cli import scope_of
from guantong.serve.world import INDEX, World, open_world, read_world
from guantong.settings import Settings
from guantong.store import SegmentStore
from guantong.trace.closure import Scope
from guantong.trace.model import State

CONNECTIONS: Final = 32
SINGLE_CONNECTIONS: Final = 256
SINGLES: Final = 5_000
"""Documents of one event."""
TRACES: Final = 1_000
"""Most traces up, and scopes of the small lot."""
RECALLS: Final = 10
"""Most recalls of the bad lot."""
REBUILD_SECONDS: Final = 180.0
"""A rebuild is stopped after so long, and its rate is that of what it had done."""
RECALL_SECONDS: Final = 60.0
"""A recall that takes longer is not asked for again."""
SCOPE_SECONDS: Final = 120.0
"""A scope may take so long; one that is cut off is not right."""

Figures = dict[str, Any]
Say = Callable[[str], None]


@dataclass
class Bench:
    """What is known so far."""

    recipe: Recipe
    place: Path
    memory_mb: int = 0
    seconds: float = 5.0
    """Each question is asked for so long."""
    say: Say = lambda _: None
    figures: Figures = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The installation."""
        return self.place / "data"

    @property
    def settings(self) -> Settings:
        """Of the installation."""
        return Settings(data=self.data)


def run(bench: Bench) -> Figures:
    """Measure everything once.

    Args:
        bench: Which market, where, and who is told how it goes.

    Returns:
        The figures; see docs/reference/performance.md.
    """
    began = time.perf_counter()
    bench.say("floor")
    floored, bench.peaks["floor"] = load.apart(load.floor_of, bench.recipe, bench.place / "floor")
    keys = grant(bench.settings, load.submitters(bench.recipe))
    single_maker = load.maker_of(bench.recipe.seed + 1)
    keys |= grant(bench.settings, [single_maker])
    with servers.serving(bench.data, memory_mb=bench.memory_mb) as server:
        filled = _filled(bench, server, keys, floored)
        _phase(bench, "check", lambda: _checked(bench, server, filled))
        peaks = server.peaks_mb()
    bench.peaks |= {f"server {n}" if n else "server": mb for n, mb in enumerate(peaks)}
    bench.figures["peak_mb"] = round(sum(peaks), 1)
    bench.figures["peaks_mb"] = {name: round(mb, 1) for name, mb in bench.peaks.items()}
    _phase(bench, "weigh", lambda: _weighed_whole(bench, filled))
    _phase(bench, "trace", lambda: _traced(bench, filled))
    _phase(bench, "single-event documents", lambda: _singles(bench, keys[single_maker]))
    _phase(bench, "rebuild", lambda: _rebuilt(bench))
    bench.figures["seconds"] = round(time.perf_counter() - began, 1)
    return bench.figures


def _phase(bench: Bench, name: str, measure: Callable[[], None]) -> None:
    """Measure one thing; what fails leaves its word among the figures."""
    bench.say(name)
    began = time.perf_counter()
    try:
        measure()
    except Exception as error:  # noqa: BLE001 - whatever it was, the other phases are worth having
        message = f"{name}: {type(error).__name__}: {error}"[:500]
        bench.say(f"FAILED {message}")
        bench.figures.setdefault("failed", []).append(message)
    spent = round(time.perf_counter() - began, 1)
    bench.figures.setdefault("phase_seconds", {})[name] = spent


def grant(settings: Settings, parties: Sequence[str]) -> dict[str, str]:
    """Make an installation if there is none, and a key for each party."""
    with open_world(settings, create=True) as world:
        return {party: world.add_key(new_key(_caller(party)), OPERATOR) for party in parties}


def _caller(party: str) -> Caller:
    return OPERATOR if party == OPERATOR.party else Caller(party, Level.PARTY)


# --- capture ------------------------------------------------------------------------------


def _filled(bench: Bench, server: servers.Running, keys: dict[str, str], floored: Floor) -> Filled:
    bench.say("capture")
    began = time.perf_counter()
    filled, bench.peaks["load"] = load.apart(load.fill, server.address, keys, bench.recipe)
    bench.figures["index_lag_s"] = wait_for_index(server.address)
    took = filled.measured
    bench.figures["phase_seconds"] = {"capture": round(time.perf_counter() - began, 1)}
    bench.figures |= {
        "rows": filled.rows,
        "events": filled.events,
        "documents": filled.documents,
        "document_bytes": filled.bytes,
        "capture_events_per_s": _round(filled.events / took.seconds),
        "capture_codes_per_s": _round(filled.rows / took.seconds),
        "capture_p99_ms": round(took.p99_ms, 2),
        "capture_busy": took.busy,
        "load_cpu_share": round(took.cpu_seconds / took.seconds, 2),
        "floor_events_per_s": _round(floored.events / floored.seconds),
        "floor_codec": floored.codec,
        "decode_events_per_s": _round(floored.events / floored.decode_seconds),
    }
    return filled


def wait_for_index(address: str) -> float:
    """Wait until the index has what was acknowledged; gives the seconds it took."""
    began = time.perf_counter()
    while True:
        with urlopen(f"{address}/status.json", timeout=60) as answer:
            status = msgspec.json.decode(answer.read())
        if status["projected_size"] >= status["ledger_size"]:
            return round(time.perf_counter() - began, 2)
        time.sleep(0.02)


# --- questions over HTTP ------------------------------------------------------------------


def _checked(bench: Bench, server: servers.Running, filled: Filled) -> None:
    """Scans, without pause and at half of that rate, and an empty handler beside them."""
    codes = filled.codes
    full, _ = load.apart(load.ask, server.address, codes, CONNECTIONS, seconds=bench.seconds)
    half, _ = load.apart(
        load.ask,
        server.address,
        codes,
        CONNECTIONS,
        seconds=bench.seconds,
        rate=max(1.0, full.per_second / 2),
    )
    with servers.empty() as nothing:
        least, _ = load.apart(load.ask, nothing.address, codes, CONNECTIONS, seconds=bench.seconds)
    bench.figures |= {
        "check_per_s": _round(full.per_second),
        "check_full_p99_ms": round(full.p99_ms, 2),
        "check_p50_ms": round(half.p50_ms, 2),
        "check_p99_ms": round(half.p99_ms, 2),
        "check_load_cpu_share": round(full.cpu_seconds / full.seconds, 2),
        "empty_per_s": _round(least.per_second),
        "empty_load_cpu_share": round(least.cpu_seconds / least.seconds, 2),
    }


# --- questions in this process ------------------------------------------------------------


def _traced(bench: Bench, filled: Filled) -> None:
    """Trace up, lot down and recall, first with nothing of the index in memory."""
    items = filled.codes[:TRACES]
    small, bad = filled.small, filled.bad
    cold_up = _cold(bench, lambda world: world.trace(items[0], "up", OPERATOR))
    with read_world(bench.settings) as world:
        up = _timed(lambda code: world.trace(code, "up", OPERATOR), items, bench.seconds)
    cold_down = _cold(bench, lambda world: _scope(world, small))
    with read_world(bench.settings) as world:
        few = _scope(world, small)
        down = _timed(lambda _: _scope(world, small), [""] * TRACES, bench.seconds)
    cold_recall, recall, many = _recalled(bench, bad)
    bench.figures |= {
        **_spread("trace_up", up),
        "trace_up_cold_ms": cold_up,
        **_spread("lot_down", down),
        "lot_down_cold_ms": cold_down,
        "lot_down_items": few.made,
        "lot_down_right": is_right(few, small),
        "recall_items": many.made,
        "recall_s": round(float(np.median(recall)), 4),
        "recall_cold_s": round(cold_recall / 1000, 4),
        "recall_complete": many.complete,
        "recall_right": is_right(many, bad),
    }


def _recalled(bench: Bench, bad: Lot) -> tuple[float, list[float], Scope]:
    """Recall the bad lot, first with nothing in memory.

    When the first takes long it is the only one: what lies in memory no longer matters then.

    Returns:
        Milliseconds of the first, seconds of those after it (or of the first), and what was found.
    """
    found: list[Scope] = []
    cold = _cold(bench, lambda world: found.append(_scope(world, bad)))
    if cold > 1000 * RECALL_SECONDS:
        return cold, [cold / 1000], found[-1]
    with read_world(bench.settings) as world:
        again = [""] * RECALLS
        spent = _timed(lambda _: found.append(_scope(world, bad)), again, bench.seconds, least=1)
    return cold, spent, found[-1]


def _scope(world: World, lot: Lot) -> Scope:
    """What came of a lot, and who has it."""
    return scope_of(world.store, [lot.code], as_of=None, seconds=SCOPE_SECONDS)


def is_right(scope: Scope, lot: Lot) -> bool:
    """Whether a scope is what the market knows of a lot: how many coils are in which state."""
    found, known = Counter[str](), Counter[str]()
    for held in scope.held:
        found[held.state.value] += held.count
    for where, count in lot.holders.items():
        known[where.state] += count
    found[State.CONSUMED.value] -= lot.reels  # the coils were cut from them
    return scope.complete and scope.made == lot.reels + lot.items and +found == +known


def _cold(bench: Bench, question: Callable[[World], object]) -> float:
    """Milliseconds of a first question when the system has forgotten the files."""
    for path in bench.data.rglob("*"):
        if path.is_file():
            _forget(path)
    with read_world(bench.settings) as world:
        began = time.perf_counter()
        question(world)
        return round(1000 * (time.perf_counter() - began), 2)


def _forget(path: Path) -> None:
    """Have the system drop what it holds of a file in memory, where it can."""
    if not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _timed(
    question: Callable[[str], object], codes: Sequence[str], seconds: float, *, least: int = 2
) -> list[float]:
    """Seconds of each answer, for about so long in all, but some at least."""
    spent: list[float] = []
    until = time.perf_counter() + seconds
    for code in codes:
        began = time.perf_counter()
        question(code)
        spent.append(time.perf_counter() - began)
        if time.perf_counter() > until and len(spent) >= least:
            break
    return spent


def _spread(name: str, spent: Sequence[float]) -> Figures:
    p50, p99 = (float(np.percentile(spent, part)) * 1000 for part in (50, 99))
    return {f"{name}_p50_ms": round(p50, 3), f"{name}_p99_ms": round(p99, 3)}


# --- single-event documents ---------------------------------------------------------------


def _singles(bench: Bench, key: str) -> None:
    """Documents of one event, many at once, and what they add to the bytes on the disk."""
    count = min(SINGLES, bench.recipe.rows // 20)
    alike = Alike(bench.recipe.seed + 1, count, events=1)
    before = weight.of(bench.data)
    with servers.serving(bench.data, memory_mb=bench.memory_mb) as server:
        took, _ = load.apart(load.capture_alike, server.address, key, alike, SINGLE_CONNECTIONS)
        wait_for_index(server.address)
    weight.settle(bench.data)
    after = weight.of(bench.data)
    bench.figures |= {
        "single_docs_per_s": _round(took.per_second),
        "single_p50_ms": round(took.p50_ms, 2),
        "single_p99_ms": round(took.p99_ms, 2),
        "single_busy": took.busy,
        "single_index_bytes_per_doc": round((after.used - before.used) / count, 1),
        "single_ledger_bytes_per_doc": round((after.ledger - before.ledger) / count, 1),
    }


# --- size and rebuilding ------------------------------------------------------------------


def _weighed_whole(bench: Bench, filled: Filled) -> None:
    """Bytes when everything is packed: the server packs while there is much that is not."""
    began = time.perf_counter()
    waited = weight.settle(bench.data)
    bench.figures |= {
        "settle_s": round(time.perf_counter() - began, 2),
        "settle_rows": waited,
        **weight.figures(bench.data, filled.rows),
        "index_tables": weight.tables(bench.data, filled.rows),
    }


def _rebuilt(bench: Bench) -> None:
    """Drop the index and make it again from the ledger, or as much of it as there is time for."""
    began = time.perf_counter()
    command = ("rebuild", "--data", str(bench.data), "--json")
    servers.run(*command, memory_mb=bench.memory_mb, seconds=REBUILD_SECONDS)
    spent = time.perf_counter() - began
    partial = bench.data / f"{INDEX}.new"
    done = not partial.exists()  # one that is asked to stop may be done by then
    index = bench.data / INDEX if done else partial
    with closing(SegmentStore.open(index, read_only=True)) as store:
        events = store.counts()["events"]
    rate = events / spent
    bench.figures |= {
        "rebuild_events_per_s": _round(rate),
        "rebuild_events": events,
        "rebuild_whole": done,
        "rebuild_by_capture": round(rate / bench.figures["capture_events_per_s"], 2),
    }


def _round(rate: float) -> int:
    return round(rate)

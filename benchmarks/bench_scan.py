"""How long does a scan take, and a trace, over the demo market?

Beside it the floor: one indexed SQLite look-up of a row by the same code, with nothing decided.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from guantong import market
from guantong.caller import PUBLIC
from guantong.serve.demo import Recipe, load
from guantong.settings import Settings

EVENTS = 20_000
TIMES = 300


def run() -> list[dict[str, object]]:
    """One row per question: answers per second, p50 and p99 in milliseconds, and the floor's."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder) / "data")
        with load(settings, Recipe(1, EVENTS), quiet=True) as world:
            stories = market.stories(1, events=EVENTS)
            codes = [story.code for story in stories if story.key != "malformed"]
            db = sqlite3.connect(Path(folder) / "floor.sqlite")
            db.execute("CREATE TABLE known(item TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
            db.executemany("INSERT INTO known VALUES(?,?)", [(code, bytes(500)) for code in codes])
            sql = "SELECT body FROM known WHERE item = ?"
            asked: dict[str, Callable[[str], object]] = {
                "floor": lambda code: db.execute(sql, (code,)).fetchall(),
                "check": lambda code: world.check(code, PUBLIC),
                "trace up": lambda code: world.trace(code, "up", PUBLIC),
                "trace down": lambda code: world.trace(code, "down", PUBLIC),
            }
            timed = {name: _timed(ask, codes) for name, ask in asked.items()}
            db.close()
    least = timed.pop("floor")
    return [_row(name, spent, least) for name, spent in timed.items()]


def _timed(ask: Callable[[str], object], codes: list[str]) -> list[float]:
    spent = []
    for number in range(TIMES):
        began = time.perf_counter()
        ask(codes[number % len(codes)])
        spent.append(time.perf_counter() - began)
    return spent


def _row(name: str, spent: list[float], least: list[float]) -> dict[str, object]:
    return {
        "name": f"{name}, {EVENTS} events",
        "per_second": len(spent) / sum(spent),
        "p50_ms": 1000 * statistics.median(spent),
        "p99_ms": 1000 * sorted(spent)[int(len(spent) * 0.99)],
        "peer": "one SQLite look-up",
        "peer_per_second": len(least) / sum(least),
        "ratio": sum(least) / sum(spent),
    }

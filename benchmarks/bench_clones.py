"""How many copied codes are found, at which false alarms, beside two rules that others use?

Scans are made up by `guantong.market.scan_lives` (see its assumptions). Each rule is given the alarms on
genuine codes that it has, and ours the threshold with which it has as many, so that what is found can be
compared; then ours at its declared budget. ``python -m benchmarks.bench_clones [--count N]``.
"""

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np

from guantong.market import Habits, ScanLife, scan_lives
from guantong.watch.clones import BUDGET, FASTEST_KMH, THRESHOLD, YEAR_MS, Model, Visit, suspicion
from guantong.watch.places import km_between

RATES = (0.5, 2.0, 8.0)
"""Scans of a genuine thing in a year."""
SEED = 20
CITIES = 4


def weight(life: ScanLife, rate: float) -> float:
    """Ours."""
    visits = [Visit(place[:2], at) for place, at in zip(life.places, life.times_ms, strict=True)]
    found = suspicion(
        visits,
        since_ms=life.sold_ms,
        now_ms=YEAR_MS,
        sold_in=life.sold_in,
        model=Model(scans=rate),
    )
    return found.weight if visits else -math.inf


def distinct(life: ScanLife) -> bool:
    """At least four distinct places."""
    return len(set(life.places)) >= CITIES


def impossible(life: ScanLife) -> bool:
    """A journey no plane makes."""
    pairs = zip(life.places, life.places[1:], life.times_ms, life.times_ms[1:], strict=False)
    return any(
        one != other
        and km_between(one[:2], other[:2]) / max((until - since) / 3_600_000, 1 / 60) > FASTEST_KMH
        for one, other, since, until in pairs
    )


def interval(found: int, of: int) -> tuple[float, float]:
    """Wilson, 95 %."""
    if not of:
        return 0.0, 0.0
    share, z = found / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def told(found: int, of: int) -> str:
    """A share with its interval."""
    low, high = interval(found, of)
    return f"{100 * found / of:.1f} % ({100 * low:.1f}–{100 * high:.1f})" if of else "–"


def rows(rate: float, count: int) -> list[str]:
    """The lines of one rate."""
    habits = Habits(scans=rate)
    genuine = list(scan_lives(SEED, count, habits=habits))
    copied = list(scan_lives(SEED + 1, count // 10, copied=1.0, habits=habits))
    own = np.array([weight(life, rate) for life in genuine])
    theirs = np.array([weight(life, rate) for life in copied])
    found = []
    rules: Sequence[tuple[str, Callable[[ScanLife], bool]]] = (
        (f">= {CITIES} provinces", distinct),
        ("impossible travel", impossible),
    )
    for name, rule in rules:
        alarms = sum(map(rule, genuine))
        hits = sum(map(rule, copied))
        ours = int((theirs > np.sort(own)[len(own) - alarms - 1]).sum()) if alarms < len(own) else 0
        found.append(
            f"| {rate:g} | {name} | {alarms / count:.4f} | {told(hits, len(copied))} | "
            f"{told(ours, len(copied))} |"
        )
    alarms = int((own >= THRESHOLD).sum())
    hits = int((theirs >= THRESHOLD).sum())
    near = [at for at, life in enumerate(copied) if life.is_local]
    single = [at for at, life in enumerate(copied) if len(life.places) <= 1]
    of_near = int((theirs[near] >= THRESHOLD).sum())
    of_single = int((theirs[single] >= THRESHOLD).sum())
    found.append(
        f"| {rate:g} | ours at {THRESHOLD:g} tens | {alarms / count:.4f} (budget {BUDGET}) | "
        f"– | {told(hits, len(copied))}; local {told(of_near, len(near))}; "
        f"scanned at most once {told(of_single, len(single))} |"
    )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    print(f"{count:,} genuine and {count // 10:,} copied codes for each rate, a year of scans")
    print("| scans a year | rule | false alarms | it finds | ours finds, at the same alarms |")
    print("|---|---|---|---|---|")
    for rate in RATES:
        for line in rows(rate, count):
            print(line, flush=True)


if __name__ == "__main__":
    main()

"""How long do scores and index of a month take, and in how much memory?

Random columns (float32, one value in twenty missing), not the made-up population, which takes
longer to make than to score. Beside it one bare scan: the sum of the same columns, by two
threads, in the same run. The same work is done by polars over the same columns; both must give
the same index. Each size and engine has a process of its own, so that the peak is its own.

``python -m benchmarks.bench_credit [--engine numpy|polars] [FIRMS …]``, by default 1, 4 and 10
million firms by numpy and 10 million by polars.

``python -m benchmarks.bench_credit --seeds FIRST LAST``: no times, but for how many made-up
populations the intervals hold the effects that were planted.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from guantong.credit import (
    PROVINCES,
    Indicator,
    Method,
    Month,
    PanelMonth,
    SubIndex,
    base_of,
    cells,
    example,
    release,
    score,
)
from guantong.credit.effects import effects
from guantong.credit.model import Direction, Missing, Population
from guantong.credit.panel import generate

SIZES = (1_000_000, 4_000_000, 10_000_000)
TIMES = 3


def run() -> list[dict[str, object]]:
    """One row per size and engine: firms a second, beside a bare scan."""
    rows = [_row("numpy", firms) for firms in SIZES]
    rows.append(_row("polars", SIZES[-1]))
    one, other = (row.pop("national") for row in rows[-2:])
    assert isinstance(one, float)
    assert isinstance(other, float)
    assert abs(one - other) < 1e-4, (one, other)
    return rows


def main() -> None:
    """Sizes and engine from the command line."""
    words = sys.argv[1:]
    if "--seeds" in words:
        print(_held(range(int(words[-2]), int(words[-1]) + 1)))
        return
    engines = ["numpy", "polars"]
    if "--engine" in words:
        engines = [words.pop(words.index("--engine") + 1)]
    sizes = [int(word) for word in words if not word.startswith("-")]
    if "--here" in words:
        print(json.dumps(_measure(engines[0], sizes[0])))
    elif sizes:
        for engine in engines:
            for firms in sizes:
                print(_told(_row(engine, firms)), flush=True)
    else:
        for row in run():
            print(_told(row), flush=True)


def _held(seeds: range) -> dict[str, float]:
    """Share of seeds whose interval holds the truth, by effect."""
    hits = dict.fromkeys(("entry", "july", "rise"), 0)
    for seed in seeds:
        world = generate(seed, firms=300, months=36)
        months = [score(one, example(), threads=1) for one in world.panels]
        found = effects(months, province=34, rise_from=world.panels[12].month)
        for name, truth in world.truth.items():
            effect = getattr(found, name)
            hits[name] += effect.low <= truth <= effect.high
    return {name: count / len(seeds) for name, count in hits.items()}


def _row(engine: str, firms: int) -> dict[str, object]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_credit", "--here", "--engine", engine]
    done = subprocess.run([*command, str(firms)], check=True, capture_output=True, text=True)
    got: dict[str, Any] = json.loads(done.stdout)
    spent, scan = got["seconds"], got["scan_seconds"]
    return {
        "name": f"credit index, {firms / 1e6:g} M firms x 24, {engine}: {spent:.2f} s, "
        f"peak {got['peak_mb']:,.0f} MB of which columns {got['columns_mb']:,.0f} MB",
        "per_second": firms / spent,
        "peer": "one bare scan of the columns",
        "peer_per_second": firms / scan,
        "ratio": scan / spent,
        "national": got["national"],
    }


def _told(row: dict[str, object]) -> str:
    return (
        f"{row['name']}; {row['per_second']:,.0f} firms/s; "
        f"bare scan {row['peer_per_second']:,.0f} firms/s; ratio {row['ratio']:.3f}"
    )


def _measure(engine: str, firms: int) -> dict[str, float]:
    """The best of three, its peak memory, and the scan."""
    panel = _panel(firms)
    columns = list(panel.values.values())
    work = _by_polars(panel) if engine == "polars" else lambda: _by_numpy(panel)
    spent = _best(work)
    return {
        "seconds": spent,
        "scan_seconds": _best(lambda: _scan(columns)),
        "national": work(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "columns_mb": sum(column.nbytes for column in columns) / 1e6,
    }


def _best(work: Callable[[], float]) -> float:
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent)


def _scan(columns: list[Any]) -> float:
    with ThreadPoolExecutor(2) as pool:
        return float(sum(pool.map(np.sum, columns)))


def _panel(firms: int) -> PanelMonth:
    """Random columns."""
    random = np.random.default_rng(1)
    values = {one.key: _column(random, firms, one) for one in example().indicators}
    return PanelMonth(
        month=Month.parse("2024-10"),
        firm=np.arange(firms),
        province=np.array(PROVINCES, np.uint8)[random.integers(0, 32, firms, np.uint8)],
        section=random.integers(0, 20, firms, np.uint8),
        weight=np.ones(firms, np.float32),
        values=values,
    )


def _column(random: np.random.Generator, firms: int, one: Indicator) -> Any:
    lower, upper = one.goalposts
    column = random.random(firms, np.float32)
    missing = column < 0.05
    column *= np.float32(1.2 * (upper - lower))
    column += np.float32(lower)
    column[missing] = np.nan
    return column


def _by_numpy(panel: PanelMonth) -> float:
    """The door: scores, cells, release with all its figures."""
    table = cells(score(panel, example()))
    return release(table, base_of([table], "2014")).score


def _by_polars(panel: PanelMonth) -> Callable[[], float]:
    """The same as one lazy query; only for an arithmetic method without population rules."""
    import polars as pl

    method: Method = example()
    assert method.population == Population(coverage_min=0.25)
    frame = pl.DataFrame({"province": panel.province, "section": panel.section, **panel.values})
    query = frame.lazy().with_columns(_sub(pl, method, sub).alias(sub) for sub in SubIndex)
    shares = method.shares()
    total = pl.sum_horizontal(pl.col(sub).fill_nan(0) * shares[sub] for sub in SubIndex)
    weight = pl.sum_horizontal(pl.col(sub).is_not_nan() * shares[sub] for sub in SubIndex)
    present = pl.sum_horizontal(pl.col(one.key).is_not_nan() for one in method.indicators)
    query = query.filter(present >= 0.25 * len(method.indicators))
    by_cell = (
        query.with_columns((total / weight).alias("score"))
        .group_by("province", "section")
        .agg(
            pl.len(),
            pl.col("score").cast(pl.Float64).sum(),
            *(pl.col(sub).fill_nan(0).cast(pl.Float64).sum() for sub in SubIndex),
            *(pl.col(sub).is_not_nan().sum().alias(f"{sub} n") for sub in SubIndex),
        )
    )

    def work() -> float:
        table = by_cell.collect()
        for group in ("province", "section"):
            table.group_by(group).agg(pl.col("score").sum() / pl.col("len").sum())
        return float(table.select(pl.col("score").sum() / pl.col("len").sum()).item())

    return work


def _sub(pl: Any, method: Method, sub: SubIndex) -> Any:
    """One sub-index as an expression."""
    sums, weights = [], []
    for one in method.of(sub):
        scaled = _scaled(pl, one)
        known = pl.col(one.key).is_not_nan()
        skipped = one.treatment.missing is Missing.SKIP
        stand_in = 50.0 if one.treatment.missing is Missing.MIDDLE else 0.0
        sums.append(pl.when(known).then(scaled).otherwise(stand_in) * one.weight)
        weights.append(known * one.weight if skipped else pl.lit(one.weight))
    return pl.sum_horizontal(sums) / pl.sum_horizontal(weights)


def _scaled(pl: Any, one: Indicator) -> Any:
    lower, upper = one.goalposts
    column = pl.col(one.key)
    if one.treatment.winsor:
        column = column.clip(*one.treatment.winsor)
    if one.treatment.log:
        column = column.clip(0).log1p()
        lower, upper = float(np.log1p(lower)), float(np.log1p(upper))
    if one.direction is Direction.DOWN:
        lower, upper = upper, lower
    return ((column - lower) * (100 / (upper - lower))).clip(0, 100)


if __name__ == "__main__":
    main()

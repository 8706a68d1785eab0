"""A run goes on after a phase that failed, weighs what is packed, and stops what takes too long."""

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks.scale import growth
from guantong.market import Lot
from guantong.serve.bench import run, servers, weight
from guantong.serve.bench.load import Recipe
from guantong.serve.bench.run import Bench, _phase, grant
from guantong.serve.world import INDEX
from guantong.settings import Settings
from guantong.store import Fact, Indexed, SegmentStore


def test_a_phase_that_fails_is_told_and_leaves_its_figures_out(tmp_path: Path) -> None:
    told: list[str] = []
    bench = Bench(Recipe(1, 10_000, 100), tmp_path, say=told.append)
    _phase(bench, "one", lambda: 1 / 0)  # type: ignore[arg-type]
    _phase(bench, "two", lambda: bench.figures.update(two=2))
    assert bench.figures["failed"] == ["one: ZeroDivisionError: division by zero"]
    assert bench.figures["two"] == 2
    assert list(bench.figures["phase_seconds"]) == ["one", "two"]
    assert told == ["one", "FAILED one: ZeroDivisionError: division by zero", "two"]


def test_the_tables_of_an_index_are_most_of_its_weight(tmp_path: Path) -> None:
    grant(Settings(data=tmp_path), ["urn:a"])
    with closing(SegmentStore.open(tmp_path / INDEX)) as store:
        facts = tuple(Fact("place", f"p{n}", {"name": "x" * 100}) for n in range(5_000))
        store.append([Indexed(entry=store.projected_size, by="m", received_ms=7, facts=facts)])
    before = weight.of(tmp_path)
    assert weight.settle(tmp_path) == 0
    after, told = weight.of(tmp_path), weight.figures(tmp_path, 1_000)
    assert after.file <= before.file  # the write-ahead log is folded
    assert after.used == after.file - told["index_free_bytes"]
    assert told["index_bytes"] == after.file
    assert told["bytes_per_row"] == round(after.file / 1_000, 2)
    assert 0 < after.ledger == told["ledger_bytes"]
    tables = weight.tables(tmp_path, 1_000)
    if tables:  # SQLite may be built without dbstat
        assert next(iter(tables)) == "fact"
        assert sum(tables.values()) == pytest.approx(after.used / 1_000, rel=0.1)


def test_a_command_is_stopped_when_its_time_is_over(tmp_path: Path) -> None:
    place = str(tmp_path / "data")
    assert servers.run("init", "--data", place)
    assert not servers.run("serve", "--data", place, "--port", "0", seconds=0.3)
    with pytest.raises(servers.NoServer, match="rebuild ended with"):
        servers.run("rebuild", "--data", str(tmp_path / "nowhere"))


def test_growth_is_cost_by_cost() -> None:
    sizes: dict[int, dict[str, Any]] = {
        10: {"capture_events_per_s": 200, "check_p99_ms": 1.0, "bytes_per_row": 8.0},
        50: {"capture_events_per_s": 160, "check_p99_ms": 1.5, "check_per_s": 7},
        90: {"capture_events_per_s": 320},
    }
    assert growth(sizes) == [
        {"from": 10, "to": 50, "capture_events_per_s": 1.25, "check_p99_ms": 1.5},
        {"from": 50, "to": 90, "capture_events_per_s": 0.5},
    ]


@pytest.mark.parametrize(("bound", "asked"), [(60.0, 3), (-1.0, 1)])
def test_a_recall_that_takes_long_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: float, asked: int
) -> None:
    seen: list[str] = []
    lot = Lot("lot", 1, 1, {})
    monkeypatch.setattr(run, "RECALL_SECONDS", bound)
    monkeypatch.setattr(run, "RECALLS", 2)
    monkeypatch.setattr(run, "read_world", lambda _: nullcontext())

    def scope(_: object, it: Lot) -> int:
        seen.append(it.code)
        return len(seen)

    monkeypatch.setattr(run, "_scope", scope)
    cold, spent, last = run._recalled(Bench(Recipe(1, 10_000, 100), tmp_path), lot)
    assert (len(seen), str(last)) == (asked, str(asked))
    assert spent == [cold / 1000] if asked == 1 else len(spent) == 2

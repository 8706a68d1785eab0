"""Blocks are made beside the writer, and nobody sees it."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from guantong.serve import compactor as compactor_module
from guantong.serve.compactor import QUIET_SECONDS, SLICE_SECONDS, Compactor
from guantong.store import SegmentStore
from guantong.store.columns import Ranges
from guantong.store.numbering import BITS
from tests.store_model import Twins


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    twins = Twins(tmp_path, 7)
    for _ in range(40):
        twins.capture()
    return twins


def compared(twins: Twins) -> None:
    for _ in range(20):
        twins.look()
        twins.bulk()


def test_nothing_is_done_below_the_limit(twins: Twins) -> None:
    compactor = Compactor(twins.segments, twins.where)
    assert compactor.tick() is None


def test_all_is_moved_while_more_comes_in(twins: Twins) -> None:
    compactor = Compactor(twins.segments, twins.where, hot_max=20)
    before = twins.segments.hot_rows
    ticks = 0
    while compactor.tick() is not None:
        ticks += 1
        if ticks % 20 == 1 and ticks < 400:
            twins.capture()
            twins.look()
        time.sleep(0.002)
        if twins.segments.hot_rows < before // 2:
            break
    compactor.close()
    compared(twins)


def test_another_process_that_ends_is_begun_again(twins: Twins) -> None:
    compactor = Compactor(twins.segments, twins.where, hot_max=20)
    compactor.tick()
    process = compactor._process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert compactor.tick() is None  # it notices, and drops the plan
    compared(twins)
    compactor.finish()
    assert twins.segments.hot_rows <= 20
    compared(twins)


def test_a_slice_ends_when_its_time_is_over(twins: Twins) -> None:
    moments = iter(n * SLICE_SECONDS / 2 for n in range(10**6))
    path = twins.where
    compactor = Compactor(twins.segments, path, hot_max=20, seconds=lambda: next(moments))
    compactor.tick()
    channel = compactor._channel
    assert channel is not None
    assert compactor._process is not None
    compactor._process.join(60)  # several messages wait now
    before = twins.segments.hot_rows
    compactor.tick()
    assert channel.poll()  # one was taken, the others wait
    assert twins.segments.hot_rows <= before
    compactor.finish()
    assert twins.segments.hot_rows <= 20


def test_a_reader_of_another_handle_goes_on(twins: Twins) -> None:
    reader = SegmentStore.open(twins.where, read_only=True)
    items = sorted(set(twins.items))[:50]
    expected = reader.rows_of(items)
    compactor = Compactor(twins.segments, twins.where, hot_max=20)
    while compactor.tick() is not None:
        assert reader.rows_of(items) == expected
    assert reader.rows_of(items) == expected


def test_who_has_what_is_found_out_when_little_comes_in(twins: Twins) -> None:
    store = twins.segments
    compactor = Compactor(store, twins.where, behind_min=1)
    compactor._looked = store.reached.event, -1e9  # nothing came since
    compactor.finish()
    assert store.holding_until.event == store.reached.event
    everything = Ranges(np.array([1 << BITS]), np.array([store.extents << BITS]))
    known = store.holdings(everything, np.zeros(0, np.uint64))
    assert known.whole.size() == everything.size()
    assert known.runs.many.sum() > 1_000
    compared(twins)
    twins.capture()
    compactor._looked = store.reached.event, -1e9
    compactor.finish()
    assert store.holding_until.event == store.reached.event


def test_much_that_comes_in_goes_first(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor_module, "QUIET_EVENTS", 10)
    now = [100.0]
    compactor = Compactor(twins.segments, twins.where, behind_min=1, seconds=lambda: now[0])
    assert compactor.tick() == QUIET_SECONDS  # more than ten since the last look
    now[0] += QUIET_SECONDS / 2
    assert compactor.tick() == QUIET_SECONDS / 2
    assert compactor._process is None

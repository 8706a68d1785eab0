"""A streaming replica gives the answers of its primary, and goes on when that is gone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong.store import SegmentStore, StoreError
from tests.postgres_small import Server, new_replica, new_server, started
from tests.store_model import Twins

STEPS = 25
SECONDS_MAX = 20.0


@pytest.fixture
def primary() -> Iterator[Server]:
    yield from started(new_server())


@pytest.fixture
def replica(primary: Server) -> Iterator[Server]:
    yield from started(new_replica(primary))


def caught_up(reader: SegmentStore, size: int) -> None:
    until = time.monotonic() + SECONDS_MAX
    while reader.projected_size < size:
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.01)


def test_a_replica_answers_as_the_oracle(tmp_path: Path, primary: Server, replica: Server) -> None:
    twins = Twins(tmp_path, 5, primary.url("nation"))
    writer, reader = twins.segments, None
    for _ in range(3):
        twins.segments = writer
        for _ in range(STEPS):
            twins.capture()
            twins.random.choice((twins.begin, twins.install))()
        if reader is None:
            until_there(replica)
            reader = SegmentStore.open(replica.url("nation"), read_only=True)
        caught_up(reader, twins.size)
        twins.segments = reader  # so that only the replica is asked
        asked(twins, reader)
    assert reader is not None
    with pytest.raises(StoreError, match="a replica"):
        SegmentStore.open(replica.url("nation"))
    writer.close()
    primary.stop()
    asked(twins, reader)
    twins.close()


def asked(twins: Twins, reader: SegmentStore) -> None:
    """Everything of the replica, compared with the oracle."""
    own, twins.reader = twins.reader, reader
    for _ in range(10):
        twins.look()
        twins.parts()
        twins.scan()
        twins.bulk()
    twins.reader = own


def until_there(replica: Server) -> None:
    until = time.monotonic() + SECONDS_MAX
    while replica.sql("SELECT to_regclass('nation.layout')") == [(None,)]:
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.01)

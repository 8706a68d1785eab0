"""A bounded process keeps less in memory, and asks for no more than what is there."""

import os
import resource
import tracemalloc
from pathlib import Path

import pytest

from guantong.ledger.segments import Segment
from guantong.store import room


@pytest.mark.parametrize(
    ("data_mb", "address_mb", "kept"),
    [
        (None, None, 1_000),
        (128 + 256, None, 100),
        (None, 128 + 256, 100),
        (128 + 512, 128 + 256, 100),
        (10, None, 1),
        (10_000, None, 1_000),
    ],
)
def test_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, data_mb: int | None, address_mb: int | None, kept: int
) -> None:
    bounds = {resource.RLIMIT_DATA: data_mb, resource.RLIMIT_AS: address_mb}

    def getrlimit(kind: int) -> tuple[int, int]:
        bound = bounds[kind]
        value = resource.RLIM_INFINITY if bound is None else bound << 20
        return value, value

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    assert room.part_of(1_000) == kept


def test_the_rest_of_a_segment_is_read_without_room_for_more(tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"x" * 5_000)
    segment = Segment.__new__(Segment)
    segment.fd = os.open(path, os.O_RDONLY)
    tracemalloc.start()
    try:
        assert segment.read_rest(1_000) == b"x" * 4_000
        assert segment.read_rest(5_000) == b""
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
        os.close(segment.fd)

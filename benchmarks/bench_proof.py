"""How long does a proof take from tiles that nobody has read yet?

A static tree, as ``guantong ledger export`` writes it and an outsider reads it. Before each proof
the system is told to forget every file of the tree; processes are fresh, and no tile is kept from
one proof to the next. Timed are reading the tiles, making the way of one entry, and verifying it
against the root. The floor reads the same tiles, forgotten again, and does nothing with them.
A file system that keeps pages of its own (or a disk's own memory) is not forgotten.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import quantiles

from guantong.clock import SystemClock
from guantong.ledger import Ledger, StatementType, Submission, SystemEntropy
from guantong.ledger.checkpoint import Trust
from guantong.ledger.export import export, read_form
from guantong.ledger.merkle import inclusion_proof, verify_inclusion
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.signer import Signer, create_key
from guantong.ledger.tiles import Tile, nodes_from

ENTRIES = 200_000
PROCESSES = 10
PROOFS = 40
"""Of each process."""


def run() -> Iterator[dict[str, object]]:
    """One row: proofs of entries anywhere in the tree."""
    with tempfile.TemporaryDirectory() as name:
        out = _exported(Path(name))
        command = [sys.executable, "-m", "benchmarks.bench_proof", str(out)]
        said = [subprocess.check_output([*command, str(seed)]) for seed in range(PROCESSES)]
    answers = [json.loads(text) for text in said]
    ours = [seconds for answer in answers for seconds in answer["ours"]]
    floor = [seconds for answer in answers for seconds in answer["floor"]]
    middle, *_, last = quantiles(ours, n=100)[49:]
    yield {
        "name": f"ledger: proof from cold tiles, {ENTRIES} entries",
        "per_second": len(ours) / sum(ours),
        "floor": "read the same tiles, cold",
        "floor_per_second": len(floor) / sum(floor),
        "ratio": sum(floor) / sum(ours),
        "p50_ms": middle * 1_000,
        "p99_ms": last * 1_000,
    }


def _exported(place: Path) -> Path:
    """A tree on the disk, all of it written out."""
    origin, entropy = "bench.example/log", SystemEntropy()
    with Ledger.create(place / "ledger", origin, clock=SystemClock(), entropy=entropy) as ledger:
        create_key(place / "ledger", origin, entropy=entropy)
        group = [Submission(typ=StatementType.CAPTURE, by="bench", body=b"{}")] * 1_000
        for _ in range(ENTRIES // len(group)):
            ledger.append(group)
        signer = Signer(ledger)
        export(ledger, signer.sign(), signer.trust.log, place / "out")
    os.sync()
    return place / "out"


def _forget(files: list[Path]) -> None:
    """Tell the system to drop what it holds of these files."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _measure(out: Path, seed: int) -> dict[str, list[float]]:
    """Seconds of each proof, and of reading what it read."""
    trust = Trust(VerifierKey.parse((out / "vkey").read_text("utf-8").strip()))
    checkpoint, _ = trust.open((out / "checkpoint").read_bytes())
    files = [path for path in out.rglob("*") if path.is_file()]
    ours, floor = [], []
    for index in Random(seed).choices(range(checkpoint.size), k=PROOFS):
        read = list[Tile]()

        def fetch(tile: Tile, read: list[Tile] = read) -> bytes:
            read.append(tile)
            return read_form(out, tile)

        _forget(files)
        start = time.perf_counter()
        node = nodes_from(fetch, checkpoint.size)
        way = inclusion_proof(node, index, checkpoint.size)
        holds = verify_inclusion(node(0, index), index, checkpoint.size, way, checkpoint.root)
        ours.append(time.perf_counter() - start)
        if not holds:
            sys.exit(f"no proof of entry {index}")
        _forget(files)
        start = time.perf_counter()
        for tile in read:
            read_form(out, tile)
        floor.append(time.perf_counter() - start)
    return {"ours": ours, "floor": floor}


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), int(sys.argv[2]))))

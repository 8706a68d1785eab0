"""Power is lost while a sealed log grows, signs, erases and serves tiles: all its files together.

One life, cut before every single operation on the disk (write, wait, rename, directory wait).
For each cut: nothing kept but what was waited for; everything kept, as after kill -9; and as
many images as wanted in which chance keeps or loses every name and every sector. Each image is
opened and compared with what was told before. `python -m tests.fault.test_power_everything`
makes the table in ``docs/reference/reliability.md`` from a run.
"""

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guantong.ledger import Ledger, LedgerError, SeededEntropy
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.faults import Fault
from guantong.ledger.merkle import Levels, leaf_hashes, node_hash
from guantong.ledger.note_key import SignerKey
from guantong.ledger.sealing import target
from guantong.ledger.signer import Signer, create_key, signed_mark
from tests.fault.test_ledger_erasure_power_loss import ERASED, erasure, make
from tests.fault.test_ledger_power_loss import (
    GROUPS,
    LossyDisk,
    PowerLost,
    inline_small,
    reopen,
    surely,
)

__all__ = ["inline_small"]
ORIGIN = "lossy.example/log"
TRUST = Trust(SignerKey(ORIGIN, SeededEntropy("key").salts(1)[0]).verifier())
DOC = Path(__file__).parents[2] / "docs" / "reference" / "reliability.md"
MANY = 33
"""Images by chance for each cut, in the run that the document is about."""
WRONG = (
    "lost",
    "forks",
    "refused to open",
    "erased and readable",
    "nodes of tiles that differ",
)
"""What must not be."""
BEGIN, END = "<!-- power: begin -->\n", "<!-- power: end -->\n"


class KeepingDisk(LossyDisk):
    """Holds each file it made open, so that no number of a removed file is given again."""

    def __init__(self, at: int = -1) -> None:
        super().__init__(at)
        self.held: list[int] = []
        self.kinds: Counter[str] = Counter()

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self.held.append(os.dup(fd))
        self.kinds["create"] += 1
        return fd

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        super().write(fd, buffers, offset)
        self.kinds["write"] += 1

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self.kinds["wait for a file"] += 1

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.kinds["rename"] += 1

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        self.kinds["wait for a directory"] += 1

    def let_go(self) -> None:
        """Close what was held."""
        while self.held:
            os.close(self.held.pop())


@dataclass
class Told:
    """What others were told before the power went."""

    bodies: list[bytes] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    notes: list[Checkpoint] = field(default_factory=list)
    has_key: bool = False


def live(directory: Path, disk: LossyDisk) -> Told:
    """Append, erase and sign in turn, until the power goes."""
    told, ledger = Told(), None
    try:
        ledger = make(directory, disk)
        create_key(directory, ORIGIN, entropy=SeededEntropy("key"), disk=disk)
        told.has_key = True
        for number, submissions in enumerate(GROUPS):
            ledger.append(submissions)
            told.bodies += [it.body for it in submissions]
            if number in ERASED:
                ledger.append([erasure(ERASED[number])])
                told.bodies.append(b"{}")
                told.erased.add(ERASED[number])
            told.notes.append(TRUST.open(Signer(ledger, disk=disk).sign())[0])
        ledger.close()
    except PowerLost:
        pass
    finally:
        if ledger is not None:
            ledger._release()
    return told


def examine(image: Path, told: Told) -> Counter[str]:
    """Open what is left, compare it with what was told, and go on."""
    found: Counter[str] = Counter(images=1)
    try:
        ledger = reopen(image, LossyDisk())
    except LedgerError as error:
        is_absent = error.faults[0].code == Fault.MISSING and not told.has_key
        found["no log yet" if is_absent else "refused to open"] += 1
        return found
    with ledger:
        found["opened"] += 1
        found["acknowledged entries looked for"] += len(told.bodies)
        found["erasures finished at opening"] += ledger.recovery.erasures_completed
        found["lost"] += _lost(ledger, told)
        found["erased and readable"] += _readable(ledger, told)
        found["nodes of tiles that differ"] += _nodes(ledger)
        found["forks"] += _forks(image, ledger, told)
    return found


def _lost(ledger: Ledger, told: Told) -> int:
    """Acknowledged entries that are gone or other ones."""
    named = {target(ledger.entry(at).statement) for at in range(ledger.size)}
    lost = 0
    for index, body in enumerate(told.bodies):
        try:
            lost += ledger.body(index) != body
        except LedgerError as error:
            lost += error.faults[0].code != Fault.ERASED or index not in named
    return lost


def _readable(ledger: Ledger, told: Told) -> int:
    """Bodies that were acknowledged as erased and can be read."""
    readable = 0
    for index in told.erased:
        with suppress(LedgerError):
            ledger.body(index)
            readable += 1
    return readable


def _nodes(ledger: Ledger) -> int:
    """Stored nodes, of which tiles are made, that are not those of the entries."""
    leaves = leaf_hashes([entry.raw for entry in ledger.entries(0, ledger.size)])
    levels, wrong = Levels(), 0
    levels.extend(leaves)
    row = leaves
    for level in range(ledger.size.bit_length()):
        count = ledger.size >> level
        if level:
            row = [node_hash(row[2 * at], row[2 * at + 1]) for at in range(count)]
        wrong += ledger.nodes(level, 0, count) != b"".join(row[:count])
    return wrong + (ledger.root != levels.root())


def _forks(image: Path, ledger: Ledger, told: Told) -> int:
    """What others hold and the log contradicts, now or when it signs again."""
    mark = signed_mark(image)
    last = max((note.size for note in told.notes), default=0)
    forks = int(last > (mark.size if mark else 0))
    if not (image / "key").exists():
        if told.has_key:
            return forks + 1
        create_key(image, ORIGIN, entropy=SeededEntropy("key"), disk=LossyDisk())
    (image / "key").chmod(0o600)  # the model keeps no modes
    ledger.append(GROUPS[0])
    new = TRUST.open(Signer(ledger, disk=LossyDisk()).sign())[0]
    forks += new.root != ledger.root_at(new.size)
    return forks + sum(
        note.size > new.size or ledger.root_at(note.size) != note.root for note in told.notes
    )


def run(
    place: Path, chances: int, *, step: int = 1, kind: type[KeepingDisk] = KeepingDisk
) -> Counter[str]:
    """Cut a life before each operation (or each so many) and look at what may be left."""
    disk = kind()
    live(place / "count", disk)
    disk.let_go()
    found: Counter[str] = Counter({f"operations: {name}": n for name, n in disk.kinds.items()})
    for at in range(0, disk.count + 1, step):
        found["cuts"] += 1
        source, cut = place / "source", kind(at)
        told = live(source, cut)
        if source.exists():
            for image in _images(place / "image", source, cut, chances):
                looked = examine(image, told)
                assert kind is not KeepingDisk or not _wrong(looked), (at, looked)
                found += looked
            shutil.rmtree(source)
        cut.let_go()
    return found


def _images(image: Path, source: Path, cut: KeepingDisk, chances: int) -> Iterator[Path]:
    """What may be left of one cut: the least, the most, and what chance keeps."""
    for seed in range(-2, chances):
        if seed == -2:
            surely(cut, source, image)
        elif seed == -1:
            shutil.copytree(source, image)
        else:
            cut.survivor(source, image, random.Random(f"{cut.at} {seed}"))
        yield image
        shutil.rmtree(image)


def _wrong(found: Counter[str]) -> dict[str, int]:
    return {name: found[name] for name in WRONG if found[name]}


@contextmanager
def quick_place() -> Iterator[Path]:
    """A directory in memory where there is one: nothing here waits for a real disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def table(found: Counter[str]) -> str:
    """The counts as the document shows them."""
    shown = [*sorted(found.keys() - WRONG), *WRONG]
    rows = "".join(f"| {name} | {found[name]:,} |\n" for name in shown)
    return f"| what | count |\n|---|--:|\n{rows}"


def test_power_lost_at_every_third_operation() -> None:
    with quick_place() as place:
        found = run(place, 0, step=3)
    assert found["images"] > 150
    assert found["erasures finished at opening"] > 3
    assert _wrong(found) == {}


class Hasty(KeepingDisk):
    """Does not wait for data."""

    def sync(self, fd: int) -> None:
        self._step()


def test_the_model_can_tell_a_disk_that_does_not_wait() -> None:
    with quick_place() as place:
        found = run(place, 0, step=8, kind=Hasty)
    assert sum(_wrong(found).values()) > 5


@pytest.mark.full
def test_ten_thousand_images_and_the_counts_that_are_published() -> None:
    with quick_place() as place:
        found = run(place, MANY)
    assert found["images"] >= 10_000
    assert _wrong(found) == {}
    said = DOC.read_text("utf-8")
    assert said[said.index(BEGIN) + len(BEGIN) : said.index(END)] == table(found)


def main() -> None:
    """Run, and write the table."""
    from guantong.ledger import vault

    vault.INLINE_BYTES_MAX = 1_000  # type: ignore[misc]
    with quick_place() as place:
        found = run(place, MANY)
    said = DOC.read_text("utf-8")
    head, tail = said[: said.index(BEGIN) + len(BEGIN)], said[said.index(END) :]
    DOC.write_text(head + table(found) + tail, "utf-8")


if __name__ == "__main__":
    main()

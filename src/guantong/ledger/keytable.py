"""With which key is the body of an entry sealed, and how is that key destroyed for good?

Every entry has a key of its own. Those of 65,536 entries are the leaves of one binary tree whose
root is a random seed: SHA-512 of a seed is its two children. The file of such a range, an
epoch, holds at first the root alone; so keys cost intake nothing but the derivation, and are
durable before the first entry that needs one. To destroy a key is to replace the seed above
it by those beside the path to it: the others can still be made, this one by nobody.

An epoch has two files that take turns, so that power may be lost anywhere: the one is durable
with the new seeds before the other, with the old ones, is overwritten where it stands; and that
is durable before anybody is told. No file is renamed or removed while it holds a seed.
(The tree is that of Goldreich, Goldwasser and Micali, 1986.)
"""

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from pathlib import Path
from typing import Final

from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.ledger.disk import Disk
from guantong.ledger.entropy import Entropy
from guantong.ledger.faults import Fault, LedgerError

DEPTH: Final = 16
EPOCH_ENTRIES: Final = 1 << DEPTH
"""Entries whose keys stand in one file."""
KEY_BYTES: Final = 32
_MAGIC: Final = b"GTKEYS01"
_HEAD = struct.Struct("<8sQII")
"""Magic, epoch, seeds, destroyed."""
_SEED = struct.Struct("<II32s")
"""Depth, position at that depth, seed."""
_GONE = struct.Struct("<IQ")
"""Position of the entry in its epoch, index of the erasure entry."""
_CHECK_BYTES: Final = 16

Place = tuple[int, int]
"""Depth and position of a seed in the tree of an epoch."""


@dataclass(slots=True)
class Epoch:
    """What is left of the keys of one range of entries."""

    number: int
    seeds: dict[Place, bytes]
    gone: dict[int, int] = field(default_factory=dict)
    """Position -> index of the entry by which its key was destroyed."""

    def encode(self) -> bytes:
        """The bytes of its file."""
        seeds = (_SEED.pack(*place, seed) for place, seed in sorted(self.seeds.items()))
        gone = (_GONE.pack(*pair) for pair in sorted(self.gone.items()))
        head = _HEAD.pack(_MAGIC, self.number, len(self.seeds), len(self.gone))
        raw = b"".join((head, *seeds, *gone))
        return raw + sha256(raw).digest()[:_CHECK_BYTES]

    @classmethod
    def parse(cls, data: bytes) -> "Epoch | None":
        """Read a file, or None when it is not whole; what stands after its check is old."""
        if len(data) < _HEAD.size or not data.startswith(_MAGIC):
            return None
        _, number, seeds, gone = _HEAD.unpack_from(data)
        middle = _HEAD.size + seeds * _SEED.size
        end = middle + gone * _GONE.size
        if sha256(data[:end]).digest()[:_CHECK_BYTES] != data[end : end + _CHECK_BYTES]:
            return None
        read = _SEED.iter_unpack(data[_HEAD.size : middle])
        ends = _GONE.iter_unpack(data[middle:end])
        return cls(number, {(d, p): seed for d, p, seed in read}, dict(ends))

    def keys(self, start: int, stop: int) -> list[bytes]:
        """The keys of positions ``[start, stop)``; empty where one was destroyed."""
        found = [b""] * (stop - start)
        for place, seed in self.seeds.items():
            for position, key in _leaves(place, seed, start, stop):
                found[position - start] = key
        return found

    def key(self, position: int) -> bytes:
        """One key; empty when it was destroyed."""
        cover = self._cover(position)
        if cover is None:
            return b""
        return next(_leaves(cover, self.seeds[cover], position, position + 1))[1]

    def without(self, position: int, by: int) -> "Epoch":
        """The same with one key destroyed by entry `by`."""
        seeds, cover = dict(self.seeds), self._cover(position)
        if cover is not None:
            depth, _ = cover
            seed = seeds.pop(cover)
            while depth < DEPTH:
                depth += 1
                here, both = position >> (DEPTH - depth), sha512(seed).digest()
                halves = both[:KEY_BYTES], both[KEY_BYTES:]
                seed = halves[here & 1]
                seeds[depth, here ^ 1] = halves[~here & 1]
        return Epoch(self.number, seeds, self.gone | {position: by})

    def _cover(self, position: int) -> Place | None:
        """Which seed leads to a key."""
        for depth in range(DEPTH + 1):
            if (depth, position >> (DEPTH - depth)) in self.seeds:
                return depth, position >> (DEPTH - depth)
        return None


def _leaves(place: Place, seed: bytes, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """The keys below a seed that lie in ``[start, stop)``, with their positions."""
    waiting = [(*place, seed)]
    while waiting:
        depth, at, seed = waiting.pop()
        width = 1 << (DEPTH - depth)
        if at * width >= stop or (at + 1) * width <= start:
            continue
        if depth == DEPTH:
            yield at, seed
            continue
        both = sha512(seed).digest()
        waiting.append((depth + 1, 2 * at + 1, both[KEY_BYTES:]))
        waiting.append((depth + 1, 2 * at, both[:KEY_BYTES]))


class KeyTable:
    """The keys of one ledger: ``vault/keys/<epoch>.0.keys`` and ``.1.keys`` in turn."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._read_before: dict[Path, tuple[bytes, Epoch]] = {}
        self._own: tuple[int, Epoch] | None = None
        """Of the writer, who alone changes files: the epoch that entries are added to."""

    # Reading

    def key(self, index: int) -> bytes:
        """The key of an entry; empty when it was destroyed or its file is gone."""
        epoch = self._load(index >> DEPTH)
        return b"" if epoch is None else epoch.key(index % EPOCH_ENTRIES)

    def destroyed_by(self, index: int) -> int | None:
        """The entry by which the key of `index` was destroyed; None when it was not."""
        epoch = self._load(index >> DEPTH)
        return None if epoch is None else epoch.gone.get(index % EPOCH_ENTRIES)

    def _load(self, number: int) -> Epoch | None:
        """An epoch as it stands now, also while another process replaces it."""
        # The one that is whole when the other is looked at may be overwritten just then; the
        # other was durable before that, so a second look finds it.
        for _ in range(2):
            found = [self._read(self._path(number, turn), number) for turn in (0, 1)]
            whole = [epoch for epoch in found if epoch is not None]
            if whole:
                return max(whole, key=lambda epoch: len(epoch.gone))
        return None

    def _read(self, path: Path, number: int) -> Epoch | None:
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        before = self._read_before.get(path)
        if before is not None and before[0] == raw:
            return before[1]
        epoch = Epoch.parse(raw)
        if epoch is None or epoch.number != number:
            self._read_before.pop(path, None)
            return None
        self._read_before[path] = (raw, epoch)
        return epoch

    # Writing

    def for_range(self, start: int, count: int, entropy: Entropy) -> list[bytes]:
        """Keys for entries that are about to be written; durable when this returns.

        Returns:
            One for each.

        Raises:
            LedgerError: if the file with the keys of the entries before them is gone.
        """
        keys: list[bytes] = []
        while len(keys) < count:
            at = start + len(keys)
            first, number = at % EPOCH_ENTRIES, at >> DEPTH
            if self._own is None or self._own[0] != number:
                self._own = (number, self._load(number) or self._begin(at, entropy))
            keys += self._own[1].keys(first, min(first + count - len(keys), EPOCH_ENTRIES))
        return keys

    def _begin(self, index: int, entropy: Entropy) -> Epoch:
        """Make the file of an epoch; only its first entry may ask for that."""
        number = index >> DEPTH
        if index % EPOCH_ENTRIES:
            raise LedgerError(self._absent(number))
        epoch = Epoch(number, {(0, 0): entropy.salts(1)[0]})
        self._write(epoch)
        return epoch

    def destroy(self, index: int, by: int) -> None:
        """Destroy the key of an entry; when this returns, nothing on this disk leads to it.

        Raises:
            LedgerError: if the file with its key is gone.
        """
        number = index >> DEPTH
        epoch = self._load(number)
        if epoch is None:
            raise LedgerError(self._absent(number))
        self._own = None
        self._write(epoch.without(index % EPOCH_ENTRIES, by))

    def epochs(self, start: int, stop: int) -> list[bytes]:
        """The epochs that begin among the entries ``[start, stop)``, as their files have them.

        Returns:
            The bytes of each.

        Raises:
            LedgerError: if the file of one is gone.
        """
        found = []
        for number in range(-(-start >> DEPTH), -(-stop >> DEPTH)):
            epoch = self._load(number)
            if epoch is None:
                raise LedgerError(self._absent(number))
            found.append(epoch.encode())
        return found

    def destroyed_after(self, size: int) -> int | None:
        """The last entry, none of the first `size`, by which a key of those was destroyed."""
        later = -1
        for number in {int(path.name.partition(".")[0]) for path in self._files()}:
            epoch = self._load(number)
            for position, by in () if epoch is None else epoch.gone.items():
                if by >= size > (number << DEPTH) + position:
                    later = max(later, by)
        return later if later >= 0 else None

    def adopt(self, epochs: Iterable[bytes]) -> None:
        """Take over epochs from elsewhere, durable when this returns; those that are here stay.

        Raises:
            LedgerError: if one is none.
        """
        for raw in epochs:
            epoch = Epoch.parse(raw)
            if epoch is None:
                raise LedgerError(fault(Fault.PIECE, expected="keys", got=f"{len(raw)} bytes"))
            if self._load(epoch.number) is None:
                self._write(epoch)

    def settle(self) -> None:
        """Finish what a crash left half done. For the one writer, at opening."""
        for number in {int(path.name.partition(".")[0]) for path in self._files()}:
            epoch = self._load(number)
            turns = {0, 1} if epoch is None else {1 - len(epoch.gone) % 2}
            stale = [self._path(number, turn) for turn in turns]
            if any(path.exists() and any(path.read_bytes()) for path in stale):
                if epoch is not None:
                    # It may stand in memory only: durable once more, before the other goes.
                    self._write(epoch)
                else:
                    self._wipe_all(stale)

    def _write(self, epoch: Epoch) -> None:
        """Make an epoch durable in the file whose turn it is, then overwrite the other."""
        turn = len(epoch.gone) % 2
        path = self._path(epoch.number, turn)
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path.exists() else self._disk.create(path)
        try:
            raw = epoch.encode()
            self._disk.write(fd, [raw.ljust(os.fstat(fd).st_size, b"\0")], 0)
            self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.sync_directory(self._directory)
        self._wipe_all([self._path(epoch.number, 1 - turn)])

    def _wipe_all(self, paths: Iterable[Path]) -> None:
        """Overwrite files where they stand; durable when this returns."""
        for path in paths:
            self._read_before.pop(path, None)
            if path.exists():
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    self._disk.write(fd, [bytes(os.fstat(fd).st_size)], 0)
                    self._disk.sync(fd)
                finally:
                    os.close(fd)

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("*.keys"))

    def _path(self, number: int, turn: int) -> Path:
        return self._directory / f"{number:010}.{turn}.keys"

    def _absent(self, number: int) -> Found:
        where = self._path(number, 0).name
        return fault(Fault.DAMAGED, path=where, expected="keys", got="none")

"""How is a group of entries made durable by one wait, and found again after a crash?

Segments of frames, the last of which is written to. A commit is one write at its end and one
fdatasync; only then size and root move. What a crash leaves behind the last whole frame was
never acknowledged and is cut; anything else that is not whole is refused, not repaired.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

from guantong import errors
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.faults import Fault, LedgerError
from guantong.ledger.frames import (
    SEGMENT_HEAD_BYTES,
    Group,
    Head,
    Layout,
    Rest,
    Scan,
    SegmentHead,
    leaves_in,
    scan,
    statements_in,
)
from guantong.ledger.high_water import Mark
from guantong.ledger.merkle import EMPTY_ROOT, Levels, fold, leaf_hashes, range_root
from guantong.ledger.segments import Index, Segment, read_index, read_summary, write_index

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""A segment that has reached this size is finished; opening reads at most one of them."""
Carried: TypeAlias = Callable[[SegmentHead, bytes], None]
"""Takes a frame that is durable here, and the head of its segment."""
_LOADED_MAX: Final = 32
"""Segments kept open at once, with two file descriptors each."""


def create_journal(disk: Disk, directory: Path, origin: str, nonce: bytes) -> None:
    """Make the first segment of an empty journal, durable."""
    disk.make_directory(directory)
    head = SegmentHead(0, sha256(origin.encode()).digest(), nonce)
    write_file(disk, _path(directory, 0), [head.encode()])


class Journal:
    """The segments of one ledger, for one writer or one reader."""

    def __init__(self, disk: Disk, directory: Path, origin: str, *, writable: bool) -> None:
        """Look at what is there; `resume` or `read_on` then reads it.

        Raises:
            LedgerError: if a segment is missing, cut, or not of this ledger.
        """
        self._disk = disk
        self._directory = directory
        self._origin = sha256(origin.encode()).digest()
        self._writable = writable
        self._loading = threading.RLock()
        self._loaded: dict[int, Segment] = {}
        self._edges: dict[int, list[bytes]] = {}
        self._firsts = sorted(int(path.stem) for path in directory.glob("*.frames"))
        self.mark = Mark(0, EMPTY_ROOT)
        """Size and root of what is known to be durable."""
        self.record_ms = 0
        """Record time of the last entry."""
        self.rebuilt = 0
        """Finished segments whose nodes file had to be made again."""
        self._end = SEGMENT_HEAD_BYTES
        if not self._firsts or self._firsts[0]:
            raise LedgerError(
                errors.fault(Fault.DAMAGED, expected="a first segment", got=self._firsts[:1])
            )

    # Opening

    def resume(self) -> int:
        """Read the last segment as its only writer.

        Returns:
            Bytes of an unfinished frame after the last whole one: `settle` cuts them.

        Raises:
            LedgerError: if a frame is harmed that others follow.
        """
        self._begin()
        segment = self._last()
        found, data = self._scan(segment)
        if found.rest is Rest.DAMAGED:
            raise LedgerError(_damaged(segment, self._end + found.end))
        self._accept(segment, found.heads, data)
        return segment.size_bytes() - self._end

    def settle(self) -> None:
        """Make durable what was found, and cut what was never finished.

        The last frame may stand in memory only: its fdatasync failed or never came. After a
        failure the system may believe it written, so it is written once more.
        """
        segment = self._last()
        if segment.index.offsets:
            start = segment.index.offsets[-1]
            self._disk.write(segment.fd, [segment.read(start, self._end - start)], start)
        if segment.size_bytes() > self._end:
            self._disk.truncate(segment.fd, self._end)
        self._disk.sync(segment.fd)

    def read_on(self, size: int) -> None:
        """Take in what another process has committed, up to `size` entries.

        Raises:
            LedgerError: if the journal holds less, or something else.
        """
        if not self._loaded:
            self._firsts = self._firsts[: bisect_right(self._firsts, size)]
            self._begin()
        while self.mark.size < size:
            segment, before = self._last(), self.mark.size
            found, data = self._scan(segment)
            self._accept(segment, [head for head in found.heads if head.stop <= size], data)
            if self.mark.size == before and not self._follow():
                if found.rest is Rest.DAMAGED:
                    raise LedgerError(_damaged(segment, self._end))
                raise LedgerError(
                    errors.fault(Fault.SHRANK, expected=f"{size} entries", got=f"{self.mark.size}")
                )

    def _begin(self) -> None:
        """Check the finished segments and stand at the beginning of the last."""
        root = EMPTY_ROOT
        for number, (first, stop) in enumerate(pairwise(self._firsts)):
            path = _path(self._directory, first)
            shape = (first, stop, path.stat().st_size, root)
            summary = read_summary(path)
            if summary is not None and summary.shape() == shape:
                root = summary.root
            else:
                root = fold(self._rebuild(number).index.levels.peaks())
        self._start_last()

    def _start_last(self) -> None:
        """Load the last segment with nothing read of it yet."""
        number = len(self._firsts) - 1
        first = self._firsts[number]
        edge, segment = self._edge_before(number), self._open_segment(first)
        before = self._segment(number - 1).index.record_ms if number else 0
        segment.index = Index(Levels(first, edge), record_ms=before)
        self._keep(number, segment)
        self._end = SEGMENT_HEAD_BYTES
        self.mark = Mark(first, fold(edge))
        self.record_ms = segment.index.record_ms

    def _follow(self) -> bool:
        """Go on to the next segment, if the writer has begun one."""
        if not _path(self._directory, self.mark.size).exists() or not self.mark.size:
            return False
        if self._firsts[-1] == self.mark.size:
            return False
        segment = self._last()
        self._firsts.append(self.mark.size)
        self._start_last()
        segment.index = read_index(segment.path) or segment.index
        return True

    def _scan(self, segment: Segment) -> tuple[Scan, bytes]:
        """What stands after the part of the last segment that was read already."""
        data = segment.read_rest(self._end)
        return scan(segment.head.nonce, data, first=self.mark.size), data

    def _accept(self, segment: Segment, heads: Sequence[Head], data: bytes) -> None:
        """Add frames that were found whole."""
        if not heads:
            return
        _add(segment, segment.index, heads, data, base=self._end)
        self._end += heads[-1].end
        self.mark = Mark(heads[-1].stop, heads[-1].root)
        self.record_ms = heads[-1].record_ms

    # Segments

    def _last(self) -> Segment:
        return self._loaded[len(self._firsts) - 1]

    def _open_segment(self, first: int) -> Segment:
        return Segment(_path(self._directory, first), self._origin, writable=self._writable)

    def _segment(self, number: int) -> Segment:
        """The segment of this number, with its index."""
        segment = self._loaded.get(number)
        if segment is None:
            with self._loading:
                segment = self._loaded.get(number) or self._load(number)
        return segment

    def _load(self, number: int) -> Segment:
        """Open a finished segment."""
        segment = self._open_segment(self._firsts[number])
        index = read_index(segment.path)
        if index is None:
            return self._rebuild(number)
        segment.index = index
        self._keep(number, segment)
        return segment

    def _keep(self, number: int, segment: Segment) -> None:
        """Remember a loaded segment, and forget another when there are many."""
        self._loaded[number] = segment
        for other in list(self._loaded)[:-_LOADED_MAX]:
            if other < len(self._firsts) - 1:
                self._loaded.pop(other, None)

    def _rebuild(self, number: int) -> Segment:
        """Make the index of a finished segment from its frames.

        Returns:
            The segment with its index.

        Raises:
            LedgerError: if the frames are not all there.
        """
        first, stop = self._firsts[number], self._firsts[number + 1]
        segment = self._open_segment(first)
        index = Index(Levels(first, self._edge_before(number)))
        data = segment.read_rest(SEGMENT_HEAD_BYTES)
        found = scan(segment.head.nonce, data, first=first)
        if found.rest is not Rest.NOTHING or not found.heads or found.heads[-1].stop != stop:
            raise LedgerError(_damaged(segment, SEGMENT_HEAD_BYTES + found.end))
        segment.index = index
        levels = _add(segment, index, found.heads, data, base=SEGMENT_HEAD_BYTES)
        if self._writable:
            write_index(self._disk, segment, levels, SEGMENT_HEAD_BYTES + found.end)
        self.rebuilt += 1
        self._edges[number + 1] = levels.peaks()
        self._keep(number, segment)
        return segment

    def _edge_before(self, number: int) -> list[bytes]:
        """The peaks of the tree where a segment begins."""
        if number in self._edges:
            return self._edges[number]
        return self._segment(number - 1).index.levels.peaks() if number else []

    # Writing

    def append(
        self,
        record_ms: int,
        statements: Sequence[bytes],
        flags: Sequence[int],
        blobs: Sequence[bytes],
        carried: Carried | None = None,
    ) -> None:
        """Write one frame and wait until it is durable; `OSError` leaves the state unknown.

        Args:
            record_ms: Record time of the last entry.
            statements: The entries.
            flags: Of their blobs.
            blobs: Their bodies, as they are stored.
            carried: Called when the frame is durable here, before size and root move: returns
                when it is durable elsewhere too.
        """
        segment = self._last()
        index = segment.index
        levels = index.levels
        assert isinstance(levels, Levels)
        first = self.mark.size
        levels.extend(leaf_hashes(statements))
        root = levels.root()
        group = Group(first, record_ms, root, statements, flags, blobs)
        parts = group.encode(segment.head.nonce)
        self._disk.write(segment.fd, parts, self._end)
        self._disk.sync(segment.fd)
        if carried is not None:
            carried(segment.head, b"".join(parts))
        index.note(first, self._end, record_ms)
        self._end += sum(map(len, parts))
        self.record_ms = record_ms
        self.mark = Mark(levels.size, root)

    def adopt(self, first: int, nonce: bytes, frame: bytes) -> None:
        """Write a frame that was made elsewhere, and wait until it is durable.

        Args:
            first: First entry of the segment that it belongs to.
            nonce: Of that segment.
            frame: The whole of it.

        Raises:
            LedgerError: if it does not continue what is here; then nothing was written.
        """
        head = self._next(nonce, frame)
        if first != self._last().head.first:
            self._check(first == self.mark.size > 0, f"a segment from {self.mark.size}", first)
            self.rotate(nonce)
        segment = self._last()
        self._check(nonce == segment.head.nonce, "a frame of this segment", "of another")
        self._disk.write(segment.fd, [frame], self._end)
        self._disk.sync(segment.fd)
        self._accept(segment, [head], frame)

    def _next(self, nonce: bytes, frame: bytes) -> Head:
        """The head of a frame, if it leads on from the root here to the one it states."""
        head, size = Head.parse(nonce, frame, 0), self.mark.size
        whole = head is not None and head.end == len(frame)
        if head is None or not whole or not head.is_whole(nonce, memoryview(frame)):
            raise LedgerError(errors.fault(Fault.PIECE, expected="a whole frame", got="another"))
        self._check(head.first == size, f"entry {size}", f"entry {head.first}")
        levels = self._last().index.levels
        assert isinstance(levels, Levels)
        tree = Levels(size, levels.peaks())
        tree.extend(leaves_in(head, memoryview(frame)))
        self._check(tree.root() == head.root, "entries that lead to its root", "others")
        return head

    def _check(self, holds: bool, expected: str, got: object) -> None:  # noqa: FBT001
        if not holds:
            raise LedgerError(errors.fault(Fault.PIECE, expected=expected, got=got))

    def is_full(self, size_bytes: int) -> bool:
        """Whether the last segment has reached this size."""
        return self._end >= size_bytes

    def rotate(self, nonce: bytes) -> None:
        """Finish the last segment and begin another."""
        segment, number = self._last(), len(self._firsts) - 1
        levels = segment.index.levels
        assert isinstance(levels, Levels)
        write_index(self._disk, segment, levels, self._end)
        head = SegmentHead(self.mark.size, self._origin, nonce)
        write_file(self._disk, _path(self._directory, self.mark.size), [head.encode()])
        fresh = self._open_segment(self.mark.size)
        fresh.index = Index(Levels(levels.size, levels.peaks()), record_ms=self.record_ms)
        self._keep(number + 1, fresh)
        self._firsts.append(self.mark.size)
        self._end = SEGMENT_HEAD_BYTES
        segment.index = read_index(segment.path) or segment.index

    # Reading

    def locate(self, index: int) -> Segment:
        """The segment that holds entry `index`."""
        return self._segment(bisect_right(self._firsts, index) - 1)

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree `index` at `level`."""
        segment = self.locate(((index + 1) << level) - 1)
        return segment.index.levels.node(level, index)

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries."""
        return range_root(self.node, 0, size)

    def statement(self, index: int) -> bytes:
        """The bytes of entry `index`."""
        segment = self.locate(index)
        layout = segment.layout_of(index)
        at, end = layout.statements[index - layout.first : index - layout.first + 2]
        return segment.read(at, end - at)

    def statements(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The entries of ``[start, stop)`` with their indexes; one read per frame."""
        while start < stop:
            segment = self.locate(start)
            head = segment.frame_at(segment.index.offset_of(start))
            raw = segment.read(head.offset, head.middle - head.offset)
            for index, statement in enumerate(
                statements_in(head, raw, head.offset), start=head.first
            ):
                if start <= index < stop:
                    yield index, statement
            start = head.stop

    def group(self, start: int, stop: int, bytes_max: int) -> tuple[SegmentHead, Group]:
        """Entries from `start` on as one group: of one segment, and not many more than `bytes_max`.

        Args:
            start: The first.
            stop: Not after this one.
            bytes_max: No more frames are read when there are so many bytes.

        Returns:
            The head of their segment, and the group.

        Raises:
            LedgerError: if a frame is not as it was written.
        """
        segment = self.locate(start)
        statements, flags, blobs = list[bytes](), bytearray(), list[bytes]()
        at, size = start, 0
        while at < stop and size < bytes_max and self.locate(at) is segment:
            layout, frame = self._whole(segment, at)
            end = min(stop, layout.stop)
            here = range(at - layout.first, end - layout.first)
            statements += [_slice(frame, layout.statements, place) for place in here]
            blobs += [_slice(frame, layout.blobs, place) for place in here]
            flags += layout.flags[here.start : here.stop]
            at, size = end, size + len(frame)
        return segment.head, Group(start, 0, self.root_at(at), statements, flags, blobs)

    def _whole(self, segment: Segment, index: int) -> tuple[Layout, bytes]:
        """The frame with entry `index`, compared with its digests; offsets count from its start."""
        offset = segment.index.offset_of(index)
        head = segment.frame_at(offset).moved(0)
        frame = segment.read(offset, head.end)
        if not head.is_whole(segment.head.nonce, memoryview(frame)):
            raise LedgerError(_damaged(segment, offset))
        return Layout.of(head, lambda at, length: frame[at : at + length]), frame

    def blob(self, index: int) -> tuple[int, bytes]:
        """The flags and the blob of entry `index`; empty when it has a file of its own."""
        segment = self.locate(index)
        layout = segment.layout_of(index)
        place = index - layout.first
        at, end = layout.blobs[place : place + 2]
        return layout.flags[place], segment.read(at, end - at)

    def close(self) -> None:
        """Let go of the files."""
        self._loaded.clear()


def _add(
    segment: Segment, index: Index, heads: Sequence[Head], data: bytes, *, base: int
) -> Levels:
    """Put frames into an index; their offsets count from `base` in the segment.

    Returns:
        The nodes, grown.

    Raises:
        LedgerError: if they do not lead to the root that the last of them states.
    """
    view, levels, leaves = memoryview(data), index.levels, list[bytes]()
    assert isinstance(levels, Levels)
    for head in heads:
        leaves += leaves_in(head, view)
    levels.extend(leaves)
    if levels.root() != heads[-1].root:
        raise LedgerError(_damaged(segment, base))
    for head in heads:
        index.note(head.first, base + head.offset, head.record_ms)
    return levels


def _slice(frame: bytes, edges: Sequence[int], place: int) -> bytes:
    return frame[edges[place] : edges[place + 1]]


def _path(directory: Path, first: int) -> Path:
    return directory / f"{first:016}.frames"


def _damaged(segment: Segment, offset: int) -> errors.Fault:
    where = f"{segment.path.name}:{offset}"
    return errors.fault(Fault.DAMAGED, path=where, expected="a frame as written", got="another")

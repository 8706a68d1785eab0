"""How is an index written as a lake, and a lake brought up to the index?

Parts of bounded size, in the order of events: each becomes one file for every range of classes and
month it touches, sorted by class, serial and event. What was written is never written again; a
later export adds files, and its manifest names all.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.table import ends_of
from guantong.errors import fault
from guantong.lake import model, parquet
from guantong.lake.copying import Part, month_text
from guantong.lake.duties import duties
from guantong.lake.model import Dataset, Fault, LakeError, Manifest
from guantong.lake.parquet import Columns
from guantong.parties import Register
from guantong.store import SegmentStore
from guantong.store.outgoing import Outgoing
from guantong.store.segment import Segment

Ints: TypeAlias = NDArray[np.int64]

RANGES: Final = 8
"""Ranges of classes of a new lake."""
PART_ROWS: Final = 1 << 20
"""Rows in memory at once, about."""


def export(
    store: SegmentStore, folder: Path, *, ranges: int = RANGES, part_rows: int = PART_ROWS
) -> Manifest:
    """Write what an index holds and a lake does not.

    Args:
        store: The index.
        folder: The lake; made if it is not there.
        ranges: Of classes, when the lake is new.
        part_rows: Rows in memory at once, about.

    Returns:
        The manifest, which lies in the directory as well; the old one when nothing is new.

    Raises:
        LakeError: if the lake is of another index, or damaged.
    """
    reached, source = store.reached, store.outgoing
    before = model.newest(folder)
    if before is None:
        before = _empty(source, ranges)
    elif before.numbering != source.numbering_mark(before.extents):
        expected = "a lake of this index; export into an empty directory"
        raise LakeError(fault(Fault.FOREIGN, expected=expected, got=f"{before.events} events"))
    elif before.entries == reached.size:
        return before
    _sweep(folder)
    run = _Run(source, folder, before, reached.size)
    run.copy(before.events, reached.event, part_rows)
    run.renew(store)
    extents = source.last_extent()
    manifest = Manifest(
        entries=reached.size,
        events=reached.event,
        extents=extents,
        numbering=source.numbering_mark(extents),
        cuts=before.cuts,
        files=tuple(run.files),
    )
    _put(folder / model.MANIFEST.format(manifest.entries), manifest.encode())
    return manifest


class _Run:
    """One export under way."""

    def __init__(self, source: Outgoing, folder: Path, before: Manifest, entries: int) -> None:
        self._source = source
        self._folder = folder
        self._entries = entries
        self._cuts = np.array(before.cuts, dtype=object)
        self._named = _known_parties(folder, before)
        self.files = [one for one in before.files if one.dataset not in model.RENEWED]

    def copy(self, after: int, last: int, part_rows: int) -> None:
        """Write events and rows, part by part."""
        for number, segments in enumerate(_parts(self._source, after, last, part_rows)):
            end = min(last, segments[-1].first + len(segments[-1]) - 1)
            part = Part(self._source, segments, after, end)
            name = f"{self._entries:015d}-{number:05d}.parquet"
            self._rows(part, name)
            self._split(Dataset.EVENTS, part.events(), {"month": part.month}, name)
            self._write(Dataset.LOTS, part.lots(after, end), name)
            declared = self._source.withdrawals(part.declarations())
            columns = {"declaration": declared[0], "event": declared[1]}
            self._write(Dataset.WITHDRAWN, columns, name)
            self._note(part)
            after = end

    def renew(self, store: SegmentStore) -> None:
        """Write who is who and who must file, as of now."""
        register = Register(store)
        keys = sorted(self._named | {register.firm_of(key) for key in self._named})
        who: Columns = {
            "key": keys,
            "firm": [register.firm_of(key) for key in keys],
            "region": [register.region_of(key) for key in keys],
        }
        name = f"{self._entries:015d}.parquet"
        self._write(Dataset.PARTIES, who, name)
        self._write(Dataset.DUTIES, duties(store), name)

    def _rows(self, part: Part, name: str) -> None:
        columns, head, heads = part.rows()
        texts = np.array(heads, dtype=object)
        by_text = np.argsort(texts, kind="stable")
        rank = np.empty(len(heads), np.int64)
        rank[by_text] = np.arange(len(heads))
        ranges = np.searchsorted(self._cuts, texts, "right")[head]
        keys = {"range": ranges, "month": part.row_months()}
        order = (columns["event"], columns["first"], rank[head])
        self._split(Dataset.ROWS, columns, keys, name, order)

    def _split(
        self,
        dataset: Dataset,
        columns: Columns,
        keys: dict[str, Ints],
        name: str,
        order: Sequence[Any] = (),
    ) -> None:
        """Write a file for each value of the keys, sorted."""
        parts = tuple(keys.values())[::-1]
        chosen = np.lexsort((*order, *parts))
        edges = np.zeros(len(chosen), np.bool_)
        for key in parts:
            edges[1:] |= key[chosen][1:] != key[chosen][:-1]
        for rows in np.split(chosen, np.flatnonzero(edges)):
            if len(rows):
                where = [_folder_of(key, int(column[rows[0]])) for key, column in keys.items()]
                self._write(dataset, parquet.taken(columns, rows), "/".join((*where, name)))

    def _write(self, dataset: Dataset, columns: Columns, name: str) -> None:
        path = self._folder / dataset / name
        if rows := parquet.write(path, columns):
            self.files.append(model.described(self._folder, path, dataset, rows))

    def _note(self, part: Part) -> None:
        """Remember who was named."""
        for name in ("by", "read_point", "biz_location"):
            self._named.update(part.texts(name).texts)
        for text in part.texts("ends").texts:
            self._named.update(one.value for ends in ends_of(text) for one in ends)
        self._named.discard("")


def _folder_of(key: str, value: int) -> str:
    return f"{key}={month_text(value) if key == 'month' else f'{value:03d}'}"


def _parts(source: Outgoing, after: int, last: int, most: int) -> Iterator[list[Segment]]:
    """Segments, as many at once as have about so many rows."""
    held: list[Segment] = []
    rows = 0
    for segment in source.segments(after, last):
        held.append(segment)
        rows += len(segment.runs) + len(segment)
        if rows >= most:
            yield held
            held, rows = [], 0
    if held:
        yield held


def _empty(source: Outgoing, ranges: int) -> Manifest:
    """The manifest of a new lake: where ranges of classes begin."""
    heads = source.heads()
    total = np.cumsum([max(extents, 1) for _, extents in heads])
    wanted = [int(total[-1]) * n // ranges for n in range(1, ranges)] if heads else []
    after = np.searchsorted(total, wanted) + 1
    cuts = sorted({heads[at][0] for at in after.tolist() if at < len(heads)})
    mark = source.numbering_mark(0)
    return Manifest(entries=0, events=0, extents=0, numbering=mark, cuts=tuple(cuts))


def _known_parties(folder: Path, before: Manifest) -> set[str]:
    files = before.of((Dataset.PARTIES,))
    model.check(folder, files)
    return {key for (key,) in parquet.read([folder / one.path for one in files], ("key",))}


def _sweep(folder: Path) -> None:
    """Remove what an export left that came to no manifest: engines read whole directories."""
    named = {one.path for found in model.every(folder) for one in found.files}
    for dataset in Dataset:
        for path in (folder / dataset).rglob("*.parquet"):
            if path.relative_to(folder).as_posix() not in named:
                path.unlink()


def _put(path: Path, raw: bytes) -> None:
    """Write a manifest at once: it names only files that are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(raw)
    fresh.replace(path)

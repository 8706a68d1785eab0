"""What leaves an index when all of it is copied out, for engines that read columns?

Events go out in the order of their numbers, a segment at a time; items as they are numbered here,
beside the class and serial by which everybody else knows them. Numbers of events never change.
Numbers of items are those of this index: `numbering_mark` tells whether another gives the same.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.store.columns import distinct
from guantong.store.engine import Handle
from guantong.store.numbering import BITS, DICTIONARY, MASK, Numbering
from guantong.store.reading import Reader
from guantong.store.scanning import Scanner
from guantong.store.segment import Segment

Ints: TypeAlias = NDArray[np.int64]


class Placed(NamedTuple):
    """Items as class and serial, in parallel columns."""

    heads: Sequence[tuple[str, int]]
    """Each class: what its URIs begin with, and its width as of `guantong.capture.serials.split`;
    below `guantong.store.spreading.SPREAD` a serial is a place in the class's permutation."""
    head: Ints
    """Position in `heads`."""
    serial: Ints


class Outgoing:
    """Reads whole stretches of an index."""

    def __init__(self, db: Handle, reader: Reader, numbering: Numbering, scanner: Scanner) -> None:
        """Over the parts of one index."""
        self._db = db
        self._reader = reader
        self._numbering = numbering
        self._scanner = scanner

    def segments(self, after: int, last: int) -> Iterator[Segment]:
        """Segments with the events from just after one number to another, in order.

        Yields:
            Each whole: the first and last may hold others as well.
        """
        event = after + 1
        while event <= last:
            with self._db.snapshot():
                segment = self._reader.segment_of(event)
            yield segment
            event = segment.first + len(segment)

    def text(self, term: int) -> str:
        """The text of a term."""
        return self._reader.text(term)

    def placed(self, numbers: Ints) -> Placed:
        """Class and serial of items; codes of the dictionary are classes of their own."""
        extents, which = np.unique(numbers >> BITS, return_inverse=True)
        with self._db.snapshot():
            owners = self._numbering.owners(extents)
            classes, head = np.unique([no for no, *_ in owners], return_inverse=True)
            heads = {no: (text, width) for no, text, width, _ in owners}
            base = np.array([block for *_, block in owners], np.int64) << BITS
            serial = base[which] | numbers & MASK
            found = [heads[no] for no in classes.tolist()]
            return self._spelled(Placed(found, head[which], serial), classes)

    def _spelled(self, placed: Placed, classes: Ints) -> Placed:
        """The same, where codes of the dictionary have their texts."""
        coded = np.flatnonzero(classes[placed.head] == DICTIONARY)
        if not len(coded):
            return placed
        ordinals, which = np.unique(placed.serial[coded], return_inverse=True)
        texts = self._numbering.codes.texts(ordinals.tolist())
        placed.head[coded] = which + len(placed.heads)
        placed.serial[coded] = 0
        width = placed.heads[int(np.flatnonzero(classes == DICTIONARY)[0])][1]
        return placed._replace(heads=[*placed.heads, *((text, width) for text in texts)])

    def heads(self) -> list[tuple[str, int]]:
        """Beginnings of classes in text order, and how many extents each has."""
        sql = "SELECT head, opened FROM class WHERE no <> 0"
        return sorted((head, opened) for head, opened in self._db.execute(sql))

    def withdrawals(self, declarations: Ints) -> tuple[Ints, Ints]:
        """Pairs (error declaration, event it withdraws)."""
        with self._db.snapshot():
            pairs = [
                (one, event)
                for one in distinct(declarations).tolist()
                for event in self._scanner.withdrawn_by(np.array([one])).tolist()
                if event != one
            ]
        found = np.array(pairs, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def lots(self, after: int, last: int) -> tuple[Ints, Ints]:
        """Pairs (number of a lot, event whose master data name it) of a stretch of events."""
        sql = "SELECT item, event FROM lot WHERE event > ? AND event <= ?"
        found = np.array(self._db.execute(sql, (after, last)).fetchall(), np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def last_extent(self) -> int:
        """The greatest number of an extent."""
        (last,) = self._db.execute("SELECT max(no) FROM extent").fetchone()
        return last or 0

    def numbering_mark(self, last: int) -> str:
        """A digest over which serials the extents up to one belong to.

        Of the dictionary the first code of each extent stands for the 1,024 that came with it.

        Returns:
            Hexadecimal digits.
        """
        sql = (
            "SELECT extent.no, class, head, width, block FROM extent "
            "JOIN class ON class = class.no WHERE extent.no <= ? ORDER BY extent.no"
        )
        digest, coded = sha256(), []
        with self._db.snapshot():
            for no, owner, head, width, block in self._db.execute(sql, (last,)):
                digest.update(repr((no, head, width, block)).encode())
                if owner == DICTIONARY:
                    coded.append(block << BITS)
            digest.update(repr(self._numbering.codes.texts(coded)).encode())
        return digest.hexdigest()

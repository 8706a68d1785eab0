"""Which number has an item inside one index?

Numbers come from one counter, 1,024 at a time: an extent belongs to 1,024 consecutive serials
of one class, so that items made together have neighbouring numbers. Codes without a plain
serial, and serials of classes that turn out to be sparse, get numbers in order of first sight
from a dictionary, which keeps their full text. The numbers never leave the index.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture.serials import WHOLE, spell, split
from guantong.store.codebook import Codebook
from guantong.store.columns import Ranges, Span, joined_spans, pieces
from guantong.store.engine import Handle
from guantong.store.spreading import SPREAD, Spreads

Ints: TypeAlias = NDArray[np.int64]

BITS: Final = 10
"""An extent has 2**BITS numbers."""
MASK: Final = (1 << BITS) - 1
DICTIONARY: Final = 0
"""The class of extents whose items stand in the dictionary."""
OPENED_MIN: Final = 64
"""Extents a class may open before it is judged."""
ROWS_MIN: Final = 16
"""Rows per extent below which a class is sparse: its new serials go to the dictionary."""
KEPT: Final = 1 << 20
"""Extents remembered."""
CODES_KEPT: Final = 1 << 16
"""Codes of the dictionary whose number is remembered."""
FEW: Final = 64
"""Numbers up to which each is spelled by itself."""

FEW_ITEMS: Final = 4
"""Items and extents up to which each is looked up by itself."""

_CLASSES: Final = "SELECT no, head, width, opened, rows, sparse FROM class"

SCHEMA: Final = """
CREATE TABLE class(
  no INTEGER PRIMARY KEY, head TEXT NOT NULL, width INTEGER NOT NULL,
  opened INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
  sparse INTEGER NOT NULL DEFAULT 0, key BLOB, UNIQUE(head, width));
INSERT INTO class(no, head, width) VALUES(0, '', -1);
CREATE TABLE extent(
  no INTEGER PRIMARY KEY, class INTEGER NOT NULL, block INTEGER NOT NULL, UNIQUE(class, block));
"""


class ClassRow:
    """What is known of a class: ``no``, ``head``, ``width``, how full it is."""

    __slots__ = ("changed", "head", "no", "opened", "rows", "sparse", "width")

    def __init__(self, no: int, head: str, width: int, opened: int, rows: int, sparse: int) -> None:
        self.no, self.head, self.width = no, head, width
        self.opened, self.rows, self.sparse = opened, rows, sparse
        self.changed = False


class Numbering:
    """Gives numbers to items and items to numbers. One for each handle."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self.codes = Codebook(db)
        self.spreads = Spreads(db)
        self._by_head: dict[tuple[str, int], ClassRow] = {}
        self._by_no: dict[int, tuple[str, int]] = {}
        self._extents: dict[tuple[int, int], int] = {}
        self._owners: dict[int, tuple[int, int]] = {}
        self._ordinal: dict[str, int] = {}
        self._opening: list[tuple[int, int, int]] = []
        """Extents that are still to be written: number, class and block."""
        self._next = -1
        """Number of the next extent, -1 before the first of a call."""

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self.codes.forget()
        self.spreads.forget()
        for known in (self._by_head, self._by_no, self._extents, self._owners, self._ordinal):
            known.clear()
        self._opening, self._next = [], -1

    # From items to numbers

    def of_texts(self, items: Sequence[str]) -> Ints:
        """The number of each item, -1 for one that has none."""
        found = np.full(len(items), -1, np.int64)
        others: list[int] = []
        parts = [split(item) for item in items]
        if len(parts) > FEW_ITEMS:
            self._learn([part for part in parts if part[1] != WHOLE])
        for place, (text, width, serial) in enumerate(parts):
            number = -1 if width == WHOLE else self._direct(text, width, serial)
            found[place] = number
            if number < 0:
                others.append(place)
        if others := others and self._find_spread(items, others, found):
            ordinals = self._ordinals([items[place] for place in others])
            for place, ordinal in zip(others, ordinals, strict=True):
                if ordinal >= 0:
                    found[place] = self._in_extent(DICTIONARY, ordinal)
        return found

    def _learn(self, parts: Sequence[tuple[str, int, int]]) -> None:
        """Remember the extents of many items, asked for at once."""
        self._make_room()
        if left := {head for head, width, _ in parts if (head, width) not in self._by_head}:
            for row in self._db.among(f"{_CLASSES} WHERE head IN ({{}})", sorted(left)):
                if row[1:3] not in self._by_head:
                    self._keep_class(ClassRow(*row))
        blocks: dict[int, set[int]] = {}
        for head, width, serial in parts:
            if (known := self._by_head.get((head, width))) is not None:
                blocks.setdefault(known.no, set()).add(serial >> BITS)
        for class_no, some in blocks.items():
            self._learn_extents(class_no, sorted(some))

    def _ordinals(self, texts: Sequence[str]) -> list[int]:
        """Ordinals of codes in the dictionary, -1 for what is not in it."""
        if len(texts) != 1:
            return list(self.codes.find(texts).tolist())
        known = self._ordinal.get(texts[0], -1)
        if known < 0:
            known = int(self.codes.find(texts)[0])
            if known >= 0:  # for ever: a code keeps its number
                if len(self._ordinal) >= CODES_KEPT:
                    self._ordinal.clear()
                self._ordinal[texts[0]] = known
        return [known]

    def _direct(self, head: str, width: int, serial: int) -> int:
        known = self.known_class(head, width)
        return -1 if known is None else self._in_extent(known.no, serial)

    def _find_spread(self, items: Sequence[str], places: Sequence[int], found: Ints) -> list[int]:
        """Fill in the numbers of spread serials; the places that are none."""
        by_head: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for place in places:
            text, width, serial = split(items[place])
            if width != WHOLE:
                by_head.setdefault((text, width), []).append((place, serial))
        for (text, width), pairs in by_head.items():
            for place, form, dense in self.spreads.dense(text, width, pairs):
                found[place] = self._direct(text, form, dense)
        return [place for place in places if found[place] < 0]

    def _in_extent(self, class_no: int, serial: int) -> int:
        extent = self._extent(class_no, serial >> BITS)
        return -1 if extent < 0 else extent << BITS | serial & MASK

    def assign(
        self, heads: Sequence[tuple[str, int]], head: Ints, first: Ints, count: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """Numbers for runs of serials, new ones where needed; within a transaction.

        Args:
            heads: Classes (head, width).
            head: For each run, its class as a position in `heads`.
            first: Its first serial.
            count: How many consecutive serials.

        Returns:
            Pieces of the runs that lie in one extent each, in order: the run each is of, its
            first number, and how many.
        """
        heads, head, first, count, origin = self.spreads.placed(heads, head, first, count)
        whole = np.array([width == WHOLE for _, width in heads], np.bool_)
        is_code = whole[head] if len(heads) else np.zeros(0, np.bool_)
        run, start, size = pieces(first, count, BITS)
        numbers = np.full(len(run), -1, np.int64)
        piece_head = head[run]
        plain = np.unique(head[~is_code]).tolist()
        rows = self._classes([heads[position] for position in plain])
        for position, row in zip(plain, rows, strict=True):
            mine = np.flatnonzero(piece_head == position)
            numbers[mine] = self._assign_class(row, start[mine], size[mine])
        missing = numbers < 0
        if missing.any():
            run, numbers, size = self._with_codes(heads, head, run, start, size, numbers)
        self._write_extents()
        return origin[run], numbers, size

    def _assign_class(self, row: ClassRow, start: Ints, size: Ints) -> Ints:
        """Numbers of pieces of one class, -1 for what is to go to the dictionary."""
        row.rows += int(size.sum())
        row.changed = True
        blocks, where = np.unique(start >> BITS, return_inverse=True)
        self._learn_extents(row.no, blocks.tolist())
        extents = np.array([self._opened(row, block) for block in blocks.tolist()], np.int64)
        chosen = extents[where]
        return np.where(chosen < 0, -1, chosen << BITS | start & MASK)

    def _opened(self, row: ClassRow, block: int) -> int:
        """The extent of a block of serials, a new one unless the class is sparse."""
        extent = self._extents.get((row.no, block), -1)
        if extent >= 0:
            return extent
        if not row.sparse and self._is_sparse(row):
            row.sparse = 1
        return -1 if row.sparse else self._new_extent(row, block)

    def _is_sparse(self, row: ClassRow) -> bool:
        is_plain = row.width > SPREAD  # a place is no text to keep in the dictionary
        return is_plain and row.opened >= OPENED_MIN and row.rows < ROWS_MIN * row.opened

    def _new_extent(self, row: ClassRow, block: int) -> int:
        if self._next < 0:
            (last,) = self._db.execute("SELECT max(no) FROM extent").fetchone()
            self._next = 1 + (last or 0)
        extent = self._next
        self._next += 1
        self._opening.append((extent, row.no, block))
        row.opened += 1
        row.changed = True
        self._put(row.no, block, extent)
        return extent

    def _write_extents(self) -> None:
        """Write the extents that were opened."""
        self._db.insert("extent", self._opening)
        self._opening, self._next = [], -1
        self._make_room()

    def _with_codes(
        self,
        heads: Sequence[tuple[str, int]],
        head: Ints,
        run: Ints,
        start: Ints,
        size: Ints,
        numbers: Ints,
    ) -> tuple[Ints, Ints, Ints]:
        """The same pieces, those without a number taken apart into single codes."""
        missing = np.flatnonzero(numbers < 0)
        texts = [
            spell(text, width, serial)
            for piece in missing.tolist()
            for text, width in (heads[head[run[piece]]],)
            for serial in range(int(start[piece]), int(start[piece] + size[piece]))
        ]
        single = self._code_numbers(texts)
        parts = np.ones(len(run), np.int64)
        parts[missing] = size[missing]
        of_run, of_size = np.repeat(run, parts), np.repeat(size, parts)
        is_single = np.repeat(numbers < 0, parts)
        made = np.repeat(numbers, parts)
        made[is_single], of_size[is_single] = single, 1
        return of_run, made, of_size

    def _code_numbers(self, texts: Sequence[str]) -> Ints:
        ordinals = self.codes.assign(texts)
        blocks, where = np.unique(ordinals >> BITS, return_inverse=True)
        row = self._row_of(DICTIONARY)
        self._learn_extents(DICTIONARY, blocks.tolist())
        extents = []
        for block in blocks.tolist():
            extent = self._extents.get((DICTIONARY, block), -1)
            extents.append(extent if extent >= 0 else self._new_extent(row, block))
        return np.array(extents, np.int64)[where] << BITS | ordinals & MASK

    def number_of(self, item: str) -> int:
        """The number of one item, a new one if needed; within a transaction."""
        text, width, serial = split(item)
        one = np.array([serial], np.int64)
        _, numbers, _ = self.assign([(text, width)], one * 0, one, one * 0 + 1)
        return int(numbers[0])

    def save(self) -> None:
        """Write what changed about classes; within the transaction."""
        changed = [row for row in self._by_head.values() if row.changed]
        self._db.executemany(
            "UPDATE class SET opened = ?, rows = ?, sparse = ? WHERE no = ?",
            [(row.opened, row.rows, row.sparse, row.no) for row in changed],
        )
        for row in changed:
            row.changed = False
        if len(self._by_head) >= KEPT:
            self._by_head.clear()

    # From numbers to items

    def texts(self, numbers: Ints) -> list[str]:
        """The items of some numbers."""
        return [
            spell(head, width, serial)
            for head, width, serial in self.spelled(np.asarray(numbers, np.int64))
        ]

    def run(self, first: int, count: int) -> list[str]:
        """The items of consecutive numbers of one extent."""
        class_no, block = self._owner(first >> BITS)
        head, width = self._class_text(class_no)
        serial = block << BITS | first & MASK
        if class_no == DICTIONARY or width < SPREAD:
            return self.texts(np.arange(first, first + count))
        if width == 0:
            return [f"{head}{one}" for one in range(serial, serial + count)]
        return [spell(head, width, one) for one in range(serial, serial + count)]

    def spelled(self, numbers: Ints) -> Iterator[tuple[str, int, int]]:
        """Head, width and serial of each number."""
        plain = [self._plain(number) for number in numbers.tolist()] if len(numbers) <= FEW else []
        if plain and None not in plain:
            return iter(plain)  # type: ignore[arg-type]  # None is none of them
        return self._spelled(numbers)

    def _plain(self, number: int) -> tuple[str, int, int] | None:
        """Head, width and serial of one number; None for a spread one: many are quicker at once."""
        class_no, block = self._owner(number >> BITS)
        serial = block << BITS | number & MASK
        if class_no == DICTIONARY:
            return self.codes.text(serial), WHOLE, 0
        head, width = self._class_text(class_no)
        return None if width < SPREAD else (head, width, serial)

    def _spelled(self, numbers: Ints) -> Iterator[tuple[str, int, int]]:
        extents = np.unique(numbers >> BITS).tolist()
        self._learn_owners(extents)
        owners = {extent: self._owner(extent) for extent in extents}
        spread = self._spread_among(numbers, owners)
        placed = [(*owners[number >> BITS], number & MASK) for number in numbers.tolist()]
        ordinals = [block << BITS | at for class_no, block, at in placed if class_no == DICTIONARY]
        codes = iter(self.codes.texts(ordinals))
        for class_no, block, at in placed:
            serial = block << BITS | at
            if class_no == DICTIONARY:
                yield next(codes), WHOLE, 0
            elif class_no in spread:
                yield next(spread[class_no])
            else:
                yield *self._class_text(class_no), serial

    def _spread_among(
        self, numbers: Ints, owners: Mapping[int, tuple[int, int]]
    ) -> dict[int, Iterator[tuple[str, int, int]]]:
        """By spread class: how each of its numbers is written, in their order."""
        spread: dict[int, Iterator[tuple[str, int, int]]] = {}
        for class_no in {class_no for class_no, _ in owners.values()}:
            head, width = self._class_text(class_no)
            if width < SPREAD:
                blocks = {extent: block for extent, (no, block) in owners.items() if no == class_no}
                mine = numbers[np.isin(numbers >> BITS, list(blocks))]
                base = np.array([blocks[extent] for extent in (mine >> BITS).tolist()], np.int64)
                spread[class_no] = iter(self.spreads.shown(head, base << BITS | mine & MASK))
        return spread

    def spans(self, ranges: Ranges) -> list[Span]:
        """Ranges of numbers as they are told outside."""
        _, start, size = pieces(ranges.first, ranges.count, BITS)
        self._learn_owners(np.unique(start >> BITS).tolist())
        spans: list[Span] = []
        for first, count in zip(start.tolist(), size.tolist(), strict=True):
            class_no, block = self._owner(first >> BITS)
            serial = block << BITS | first & MASK
            head, width = self._class_text(class_no)
            if class_no == DICTIONARY or width < SPREAD:
                texts = self.texts(np.arange(first, first + count))
                spans += [Span(text, -1, -1) for text in texts]
                continue
            spans.append(Span(head, serial, serial + count - 1, width))
        return joined_spans(spans)

    def headed(self, ranges: Ranges) -> Iterator[tuple[str, Ranges]]:
        """Ranges of numbers by what the items begin with, "" for those of the dictionary.

        Yields:
            Each class once, with its ranges.
        """
        _, start, size = pieces(ranges.first, ranges.count, BITS)
        extents, which = np.unique(start >> BITS, return_inverse=True)
        self._learn_owners(extents.tolist())
        classes = np.array([self._owner(extent)[0] for extent in extents.tolist()], np.int64)[which]
        for class_no in np.unique(classes).tolist():
            mine = classes == class_no
            yield self._class_text(class_no)[0], Ranges.of(start[mine], size[mine])

    def of_spans(self, spans: Sequence[Span]) -> Ranges:
        """Ranges of numbers of items told from outside; those without a number are left out."""
        by_class: dict[tuple[str, int], list[Span]] = {}
        texts: list[str] = []
        for span in spans:
            if span.first < 0:
                texts.append(span.head)
            else:
                by_class.setdefault((span.head, span.width), []).append(span)
        found = [Ranges.none()]
        for (head, width), some in by_class.items():
            row = self.known_class(head, width)
            if row is not None:
                found.append(self._in_class(row, some))
            if self.spreads.of(head) is not None or (row is not None and row.sparse):
                texts += [
                    spell(head, width, serial)
                    for span in some
                    for serial in range(span.first, span.last + 1)
                ]
        numbers = self.of_texts(texts)
        found.append(Ranges.of_numbers(numbers[numbers >= 0]))
        return Ranges.of(*(np.concatenate(part) for part in zip(*map(_ends, found), strict=True)))

    def _in_class(self, row: ClassRow, spans: Sequence[Span]) -> Ranges:
        """Numbers of serials of one class, as far as they lie in extents of it."""
        first = np.array([span.first for span in spans], np.int64)
        count = np.array([span.last for span in spans]) - first + 1
        _, start, size = pieces(first, count, BITS)
        blocks, where = np.unique(start >> BITS, return_inverse=True)
        self._make_room()
        self._learn_extents(row.no, blocks.tolist())
        known = [self._extents.get((row.no, block), -1) for block in blocks.tolist()]
        extents = np.array(known, np.int64)[where]
        there = extents >= 0
        return Ranges.of((extents << BITS | start & MASK)[there], size[there])

    def owners(self, extents: Ints) -> list[tuple[int, str, int, int]]:
        """Of each extent: number, head and width of its class, and which block of it."""
        self._learn_owners(extents.tolist())
        found = [self._owner(extent) for extent in extents.tolist()]
        return [(no, *self._class_text(no), block) for no, block in found]

    def under(self, prefix: str) -> list[int]:
        """Extents of classes whose head begins with `prefix`; for codes see `Codebook.under`."""
        sql = (
            "SELECT extent.no FROM class JOIN extent ON class = class.no "
            "WHERE head >= ? AND head < ? AND class.no <> 0"
        )
        found = self._db.execute(sql, (prefix, prefix + "\U0010ffff"))
        return [extent for (extent,) in found]

    # Classes and extents, remembered

    def known_class(self, head: str, width: int) -> ClassRow | None:
        """A class, None if it has no item yet."""
        known = self._by_head.get((head, width))
        if known is None:
            sql = f"{_CLASSES} WHERE head = ? AND width = ?"
            found = self._db.execute(sql, (head, width)).fetchone()
            if found is None:
                return None
            known = self._keep_class(ClassRow(*found))
        return known

    def _row_of(self, class_no: int) -> ClassRow:
        row = self.known_class(*self._class_text(class_no))
        assert row is not None
        return row

    def _classes(self, heads: Sequence[tuple[str, int]]) -> list[ClassRow]:
        """Classes, new ones where needed; within a transaction."""
        known = self._by_head  # nothing is forgotten before it is saved
        if left := {head for head, width in heads if (head, width) not in known}:
            sql = f"{_CLASSES} WHERE head IN ({{}})"
            for no, head, width, *counts in self._db.among(sql, sorted(left)):
                if (head, width) not in known:
                    known[head, width] = ClassRow(no, head, width, *counts)
        if new := [head for head in dict.fromkeys(heads) if head not in known]:
            (last,) = self._db.execute("SELECT max(no) FROM class").fetchone()
            rows = [(no, *head) for no, head in enumerate(new, last + 1)]
            self._db.executemany("INSERT INTO class(no, head, width) VALUES(?,?,?)", rows)
            known |= {row[1:]: ClassRow(*row, 0, 0, 0) for row in rows}
        return [known[head] for head in heads]

    def _keep_class(self, row: ClassRow) -> ClassRow:
        if len(self._by_head) >= KEPT and not any(r.changed for r in self._by_head.values()):
            self._by_head.clear()
        self._by_head[row.head, row.width] = row
        return row

    def _class_text(self, class_no: int) -> tuple[str, int]:
        known = self._by_no.get(class_no)
        if known is None:
            sql = "SELECT head, width FROM class WHERE no = ?"
            known = self._by_no[class_no] = self._db.execute(sql, (class_no,)).fetchone()
        return known

    def _extent(self, class_no: int, block: int) -> int:
        known = self._extents.get((class_no, block), -1)
        if known < 0:
            sql = "SELECT no FROM extent WHERE class = ? AND block = ?"
            found = self._db.execute(sql, (class_no, block)).fetchone()
            if found is not None:
                known = found[0]
                self._keep(class_no, block, known)
        return known

    def _learn_extents(self, class_no: int, blocks: Sequence[int]) -> None:
        """Remember which extents these blocks of a class have."""
        left = [block for block in blocks if (class_no, block) not in self._extents]
        if left:
            sql = "SELECT block, no FROM extent WHERE block IN ({}) AND class = ?"
            for block, extent in self._db.among(sql, left, class_no):
                self._put(class_no, block, extent)

    def _learn_owners(self, extents: Sequence[int]) -> None:
        """Remember whose many extents are."""
        left = [extent for extent in extents if extent not in self._owners]
        if len(left) > FEW_ITEMS:
            sql = "SELECT no, class, block FROM extent WHERE no IN ({})"
            for extent, class_no, block in self._db.among(sql, left):
                self._keep(class_no, block, extent)
            classes = {self._owners[one][0] for one in left if one in self._owners}
            sql = "SELECT no, head, width FROM class WHERE no IN ({})"
            for no, head, width in self._db.among(sql, sorted(classes - self._by_no.keys())):
                self._by_no[no] = head, width

    def _owner(self, extent: int) -> tuple[int, int]:
        known = self._owners.get(extent)
        if known is None:
            sql = "SELECT class, block FROM extent WHERE no = ?"
            class_no, block = known = self._db.execute(sql, (extent,)).fetchone()
            self._keep(class_no, block, extent)
        return known

    def _keep(self, class_no: int, block: int, extent: int) -> None:
        self._make_room()
        self._put(class_no, block, extent)

    def _make_room(self) -> None:
        if len(self._extents) >= KEPT:
            self._extents.clear()
            self._owners.clear()

    def _put(self, class_no: int, block: int, extent: int) -> None:
        self._extents[class_no, block] = extent
        self._owners[extent] = (class_no, block)


def _ends(ranges: Ranges) -> tuple[Ints, Ints]:
    return ranges.first, ranges.count

"""Which ordinal has a code without a plain serial, and which code an ordinal?

Codes are numbered from 0 in order of first sight and kept in full: the newest in a table, every
1,024 complete ones as one compressed page. A code is found by its hash and then compared.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from guantong.store.engine import Handle
from guantong.store.hashes import Hashes, key_of, keys_of
from guantong.store.room import part_of

Ints: TypeAlias = NDArray[np.int64]

PAGE: Final = 1_024
"""Codes in a page."""
PAGES_KEPT: Final = 1_024
"""Decoded pages in memory, some 100 KB each at worst."""
FEW: Final = 8
"""Codes up to which each is looked up by itself."""
KIND: Final = 0
"""Of its hashes in `Hashes`."""

SCHEMA: Final = """
CREATE TABLE code_new(ordinal INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE code_page(page INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE code_shelf(
  shelf TEXT NOT NULL, page INTEGER NOT NULL, PRIMARY KEY(shelf, page)) WITHOUT ROWID;
"""

_texts_bytes = msgspec.msgpack.Encoder().encode
_texts_of = msgspec.msgpack.Decoder(list[str]).decode


def shelf_of(text: str) -> str:
    """What a code is listed under: all before its last part."""
    return text.rpartition("/")[0]


class Codebook:
    """The dictionary of one index."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self._hashes = Hashes(db, KIND)
        self._pages_max = part_of(PAGES_KEPT)
        self._pages: OrderedDict[int, list[str]] = OrderedDict()
        self._new: dict[int, str] = {}
        """Codes that were not in a page when they were asked for."""
        self._shelved: set[tuple[str, int]] = set()

    def forget(self) -> None:
        """Drop what is in memory: a transaction was undone."""
        self._hashes.forget()
        self._pages.clear()
        self._new.clear()
        self._shelved.clear()

    def find(self, texts: Sequence[str]) -> Ints:
        """The ordinal of each code, -1 for one that has none."""
        found = np.full(len(texts), -1, np.int64)
        places, ordinals = map(np.ndarray.tolist, self._candidates(texts))
        for place, ordinal, text in zip(places, ordinals, self.texts(ordinals), strict=True):
            if text == texts[place]:
                found[place] = ordinal
        return found

    def _candidates(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        if len(texts) == 1:
            return self._hashes.find(np.array([key_of(texts[0])], np.int64))
        return self._hashes.find(keys_of(texts))

    def assign(self, texts: Sequence[str]) -> Ints:
        """The ordinal of each code, a new one where needed; within a transaction."""
        found = self.find(texts)
        missing = [(place, texts[place]) for place in np.flatnonzero(found < 0).tolist()]
        start = self._size() if missing else 0
        new: dict[str, int] = {}
        for place, text in missing:
            found[place] = new.setdefault(text, start + len(new))
        if new:
            self._keep(start, list(new))
        return found

    def text(self, ordinal: int) -> str:
        """The code of an ordinal."""
        page = self._pages.get(ordinal // PAGE)
        if page is not None:
            return page[ordinal % PAGE]
        if (new := self._new.get(ordinal)) is not None:
            return new
        sql = "SELECT text FROM code_new WHERE ordinal = ?"
        found = self._db.execute(sql, (ordinal,)).fetchone()
        if found is not None:
            return self._keep_new(ordinal, found[0])
        return self._page(ordinal // PAGE)[ordinal % PAGE]

    def _keep_new(self, ordinal: int, text: str) -> str:
        if len(self._new) >= PAGE:
            self._new.clear()
        self._new[ordinal] = text
        return text

    def texts(self, ordinals: Sequence[int]) -> list[str]:
        """The codes of some ordinals."""
        if len(ordinals) < FEW:
            return [self.text(ordinal) for ordinal in ordinals]
        sql = "SELECT ordinal, text FROM code_new WHERE ordinal IN ({})"
        unpaged = [one for one in dict.fromkeys(ordinals) if one // PAGE not in self._pages]
        new: dict[int, str] = dict(self._db.among(sql, unpaged))
        return [new[one] if one in new else self._page(one // PAGE)[one % PAGE] for one in ordinals]

    def under(self, prefix: str) -> Iterator[tuple[int, str]]:
        """Ordinals and texts of the codes that begin with `prefix`, which ends with a ``/``."""
        sql = "SELECT DISTINCT page FROM code_shelf WHERE shelf >= ? AND shelf < ?"
        low = prefix.removesuffix("/")
        for (page,) in self._db.execute(sql, (low, prefix + "\U0010ffff")).fetchall():
            for ordinal, text in self._of_page(page):
                if text.startswith(prefix):
                    yield ordinal, text

    def _of_page(self, page: int) -> list[tuple[int, str]]:
        sql = "SELECT ordinal, text FROM code_new WHERE ordinal >= ? AND ordinal < ?"
        found = self._db.execute(sql, (page * PAGE, (page + 1) * PAGE)).fetchall()
        return found or list(enumerate(self._page(page), page * PAGE))

    def _page(self, page: int) -> list[str]:
        known = self._pages.get(page)
        if known is None:
            sql = "SELECT data FROM code_page WHERE page = ?"
            (data,) = self._db.execute(sql, (page,)).fetchone()
            known = _texts_of(zstandard.ZstdDecompressor().decompress(data))
            self._pages[page] = known
            if len(self._pages) > self._pages_max:
                self._pages.popitem(last=False)
        return known

    def _size(self) -> int:
        newest = self._db.execute("SELECT max(ordinal) FROM code_new").fetchone()[0]
        if newest is not None:
            return int(newest) + 1
        last = self._db.execute("SELECT max(page) FROM code_page").fetchone()[0]
        return 0 if last is None else (int(last) + 1) * PAGE

    def _keep(self, start: int, texts: Sequence[str]) -> None:
        """Write new codes, their hashes and where they are listed; seal full pages."""
        self._db.insert("code_new", list(enumerate(texts, start)))
        self._hashes.add(keys_of(texts), np.arange(start, start + len(texts), dtype=np.int64))
        shelved = {(shelf_of(text), at // PAGE) for at, text in enumerate(texts, start)}
        self._db.executemany(
            "INSERT INTO code_shelf VALUES(?,?) ON CONFLICT DO NOTHING",
            sorted(shelved - self._shelved),
        )
        self._shelved = shelved
        for page in range(start // PAGE, (start + len(texts)) // PAGE):
            self._seal(page)

    def _seal(self, page: int) -> None:
        low, high = page * PAGE, (page + 1) * PAGE
        sql = "SELECT text FROM code_new WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal"
        texts = [text for (text,) in self._db.execute(sql, (low, high))]
        data = zstandard.ZstdCompressor(level=3).compress(_texts_bytes(texts))
        self._db.execute("INSERT INTO code_page VALUES(?,?)", (page, data))
        self._db.execute("DELETE FROM code_new WHERE ordinal >= ? AND ordinal < ?", (low, high))

"""Where do facts about firms, products and the like lie in an index?

Every store keeps them in the same two tables: they are few beside the events, but where documents
have one event each, every document leaves one. What a fact is found by is kept as a hash, and
compared with the fact; its kind and key stand in columns and not a second time in the body.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from guantong.store.door import Fact, Indexed
from guantong.store.engine import Handle, bound, marks
from guantong.store.hashes import key_of

SCHEMA: Final = """
CREATE TABLE fact(
  no INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, entry INTEGER NOT NULL,
  by TEXT NOT NULL, received_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX fact_key ON fact(kind, key, no);
CREATE TABLE fact_link(
  link INTEGER NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY(link, fact)) WITHOUT ROWID;
"""

_COLUMNS: Final = "no, kind, key, entry, by, received_ms, body"

_bytes = msgspec.msgpack.Encoder().encode
_fact_of = msgspec.msgpack.Decoder(Fact).decode


class Facts:
    """The facts of one index."""

    def __init__(self, db: Handle) -> None:
        self._db = db

    def add(self, documents: Iterable[Indexed]) -> None:
        """Keep the facts of some entries; within the caller's transaction."""
        of_entries = [(document, fact) for document in documents for fact in document.facts]
        if not of_entries:
            return
        numbered = list(enumerate(of_entries, self.last_number() + 1))
        self._db.insert(
            "fact",
            [
                (
                    no,
                    fact.kind,
                    fact.key,
                    document.entry,
                    document.by,
                    document.received_ms,
                    _bytes(msgspec.structs.replace(fact, kind="", key="")),
                )
                for no, (document, fact) in numbered
            ],
        )
        links = {
            (_link(fact.kind, it), no)
            for no, (_, fact) in numbered
            for it in (fact.key, *fact.links)
        }
        self._db.insert("fact_link", sorted(links))

    def find(self, kind: str, keys: Collection[str], as_of: int | None) -> list[Fact]:
        """Facts of a kind whose key or link is one of `keys`, in ledger order."""
        found: dict[int, Fact] = {}
        wanted = set(keys)
        # In this order: a planner would go through the whole kind.
        sql = (
            f"SELECT {_COLUMNS} FROM fact_link {self._db.in_order} fact ON no = fact "
            "WHERE link IN ({}) AND kind = ? AND entry < ?"
        )
        links = sorted({_link(kind, key) for key in wanted})
        for no, *columns in self._db.among(sql, links, kind, bound(as_of)):
            fact = _fact(columns)
            if not wanted.isdisjoint((fact.key, *fact.links)):
                found[no] = fact
        return [found[no] for no in sorted(found)]

    def scan(self, kind: str, after: str, limit: int, as_of: int | None) -> list[Fact]:
        """Facts of a kind by (key, ledger order), for keys just after `after`."""
        sql = (
            f"SELECT {_COLUMNS} FROM fact "
            "WHERE kind = ? AND key > ? AND entry < ? ORDER BY key, no LIMIT ?"
        )
        values = (kind, after, bound(as_of), limit)
        return [_fact(columns) for _, *columns in self._db.execute(sql, values)]

    def kinds(self) -> list[str]:
        """Kinds of which there are some, in text order."""
        found, last = [], ""
        sql = "SELECT min(kind) FROM fact WHERE kind > ?"  # of DISTINCT every fact would be read
        while (kind := self._db.execute(sql, (last,)).fetchone()[0]) is not None:
            found.append(kind)
            last = kind
        return found

    def after(self, number: int, without: Collection[str]) -> list[Fact]:
        """Facts with a greater number, but not of these kinds."""
        kinds = ("", *without)  # an empty list is none in every SQL
        sql = (
            f"SELECT {_COLUMNS} FROM fact WHERE no > ? AND kind NOT IN ({marks(kinds)}) ORDER BY no"
        )
        return [_fact(columns) for _, *columns in self._db.execute(sql, (number, *kinds))]

    def last_number(self) -> int:
        """Number of the newest, 0 for none."""
        return int(self._db.execute("SELECT coalesce(max(no), 0) FROM fact").fetchone()[0])

    def count(self) -> int:
        """How many there are."""
        return int(self._db.execute("SELECT count(*) FROM fact").fetchone()[0])

    def last(self) -> tuple[int, str, int] | None:
        """Ledger index, party and record time of the newest."""
        sql = "SELECT entry, by, received_ms FROM fact ORDER BY no DESC LIMIT 1"
        found: tuple[int, str, int] | None = self._db.execute(sql).fetchone()
        return found


def _link(kind: str, key: str) -> int:
    """What a fact is found by: a hash, behind which the fact itself says whether it is meant."""
    return key_of(f"{kind} {key}")


def _fact(columns: Sequence[object]) -> Fact:
    kind, key, entry, by, received_ms, body = columns
    fact = _fact_of(body)  # type: ignore[arg-type]
    return msgspec.structs.replace(
        fact, kind=kind, key=key, entry=entry, by=by, received_ms=received_ms
    )

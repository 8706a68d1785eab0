"""Is everything still as it was said? Ledger, signatures, tiles, vault and index, all of it.

Nothing that is stored is believed because it is stored: entries are hashed again, nodes are made
again from the leaves, bodies are compared with their commitments, and the index with one
that is made anew beside it. Each finding names the check and the entry, file or row.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from guantong.clock import SystemClock
from guantong.errors import Refusal
from guantong.ledger import Entry, Fault, Ledger, LedgerError, StatementType, SystemEntropy
from guantong.ledger.chains import Chains
from guantong.ledger.checkpoint import Trust
from guantong.ledger.merkle import node_hash
from guantong.ledger.sealing import target
from guantong.ledger.segments import read_index
from guantong.ledger.signer import last_checkpoint, read_key, signed_mark
from guantong.parties import Register
from guantong.serve import projector
from guantong.serve.world import INDEX, LEDGER
from guantong.settings import Settings
from guantong.store import SegmentStore, StoreError
from guantong.store.compare import Difference, differences
from guantong.store.compare_rows import is_compacted, row_differences, unreadable
from guantong.store.place import Place
from guantong.trace.keeping import doubted


class Check(StrEnum):
    """What was compared with what. Part of the public API: never renamed."""

    OPEN = "open"
    """Journal, marks and segments when the ledger is opened: cut, shrunk, harmed."""
    ENTRIES = "entries"
    """Each entry with its leaf."""
    NODES = "nodes"
    """Each stored node with its two children."""
    CHECKPOINT = "checkpoint"
    """Signature, size and root of what was signed last."""
    CHAINS = "chains"
    """`seq` and `prev` of each party's signed submissions; keys that began and ended."""
    SIGNATURES = "signatures"
    """Each signed entry with a key of its party that was in use."""
    BODIES = "bodies"
    """Each body with its commitment; erased ones with their erasure."""
    ERASURES = "erasures"
    """Each erasure with the key it destroyed."""
    REPLAY = "replay"
    """Whether the ledger can be replayed into an index."""
    INDEX = "index"
    """The index with one made anew."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that is not as it was said."""

    check: Check
    where: str
    """Entry, file or row."""
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at, and what is wrong with it."""

    entries: int = 0
    nodes: int = 0
    """Compared with what their children make."""
    bodies: int = 0
    """Compared with their commitment."""
    erased: int = 0
    """Lawfully: the erasure stands in the ledger."""
    events: int = 0
    """Of the index."""
    findings: tuple[AuditFinding, ...] = ()
    """Empty when everything is as it was said."""


def audit(settings: Settings) -> Audit:
    """Compare everything with the ledger, and the ledger with itself; changes nothing.

    Args:
        settings: Where the installation is; a writer may be at work.

    Returns:
        Counts and findings, by check.
    """
    place = settings.data / LEDGER
    try:
        ledger = Ledger.open(place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True)
    except (Refusal, OSError) as error:
        return Audit(findings=tuple(_refused(Check.OPEN, LEDGER, error)))
    with closing(ledger):
        return _Auditor(settings, ledger).run()


class _Auditor:
    """One audit under way."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._size = ledger.size
        self._counts: Counter[str] = Counter()

    def run(self) -> Audit:
        """All checks in turn; the index only where the ledger can be believed."""
        findings = [
            *self._entries(),
            *self._nodes(),
            *self._checkpoint(),
            *self._chains(),
            *self._bodies(),
            *self._erasures(),
        ]
        told = {found.check for found in findings}
        if not told & {Check.ENTRIES, Check.NODES}:
            # Where a body is not as it was said, nothing can be made anew from it either.
            skipped = {Check.REPLAY} if Check.BODIES in told else set()
            findings += [found for found in self._index() if found.check not in skipped]
        return Audit(
            entries=self._size,
            nodes=self._counts["nodes"],
            bodies=self._counts["bodies"],
            erased=self._counts["erased"],
            events=self._counts["events"],
            findings=tuple(findings),
        )

    def _entries(self) -> Iterator[AuditFinding]:
        """Hash every entry again."""
        for index in range(self._size):
            try:
                self._ledger.entry(index)
            except LedgerError as error:
                yield from _refused(Check.ENTRIES, f"entry {index}", error)

    def _nodes(self) -> Iterator[AuditFinding]:
        """Make every node again from its children; tiles are rows of nodes."""
        # A file whose digest is wrong is not believed but made again; here that is a finding.
        for path in sorted((self._ledger.directory / "journal").glob("*.nodes")):
            if read_index(path) is None:
                yield AuditFinding(Check.NODES, path.name, "nodes as written", "others")
        level, count = 0, self._size
        while count > 1:
            count //= 2
            for index in range(count):
                try:
                    both = self._ledger.nodes(level, 2 * index, 2 * index + 2)
                    stored = self._ledger.nodes(level + 1, index, index + 1)
                except LedgerError as error:
                    yield from _refused(Check.NODES, f"node {index} of level {level + 1}", error)
                    continue
                self._counts["nodes"] += 1
                if node_hash(both[:32], both[32:]) != stored:
                    where = f"node {index} of level {level + 1}"
                    yield AuditFinding(Check.NODES, where, "the hash of its children", stored.hex())
            level += 1

    def _checkpoint(self) -> Iterator[AuditFinding]:
        """Look at what was signed last."""
        directory = self._ledger.directory
        note, mark = last_checkpoint(directory), signed_mark(directory)
        if note is None:
            if mark is not None:
                yield AuditFinding(Check.CHECKPOINT, "checkpoint", "what was signed", "no file")
            return
        try:
            trust = Trust(read_key(directory, self._ledger.origin).verifier())
            stated, _ = trust.open(note)
            root = self._ledger.root_at(stated.size)
        except LedgerError as error:
            yield from _refused(Check.CHECKPOINT, "checkpoint", error)
            return
        if stated.root != root:
            yield AuditFinding(Check.CHECKPOINT, "checkpoint", root.hex(), stated.root.hex())
        if mark is None or (mark.size, mark.root) != (stated.size, stated.root):
            got = "none" if mark is None else f"size {mark.size}"
            yield AuditFinding(Check.CHECKPOINT, "last_signed", f"size {stated.size}", got)

    def _chains(self) -> Iterator[AuditFinding]:
        """Follow the signed entries of each party, and its keys."""
        chains = Chains()
        for entry in self._readable():
            for found in chains.follow(entry.index, entry.raw):
                check = Check.CHAINS if found.code == Fault.CHAIN else Check.SIGNATURES
                yield AuditFinding(check, found.path, found.expected, found.got)

    def _bodies(self) -> Iterator[AuditFinding]:
        """Open every body."""
        for index in (entry.index for entry in self._readable()):
            try:
                self._ledger.body(index)
                self._counts["bodies"] += 1
            except LedgerError as error:
                if error.faults[0].code == Fault.ERASED:
                    self._counts["erased"] += 1
                else:
                    yield from _refused(Check.BODIES, f"entry {index}", error)

    def _erasures(self) -> Iterator[AuditFinding]:
        """What was to be erased is gone."""
        for entry in self._readable():
            if entry.statement.typ is not StatementType.ERASURE:
                continue
            named = target(entry.statement)
            by = None if named is None or named >= self._size else self._ledger.erased_by(named)
            if by != entry.index:
                got = "nothing" if named is None else f"the key of entry {named} is there"
                where = f"entry {entry.index}"
                yield AuditFinding(Check.ERASURES, where, "a destroyed key", got)

    def _readable(self) -> Iterator[Entry]:
        for index in range(self._size):
            try:
                yield self._ledger.entry(index)
            except LedgerError:  # told by `_entries`
                continue

    def _index(self) -> Iterator[AuditFinding]:
        """Make the index anew and compare."""
        try:
            store = SegmentStore.open(self._settings.index, read_only=True)
        except Refusal as error:
            yield from _refused(Check.INDEX, INDEX, error)
            return
        with closing(store), TemporaryDirectory(prefix="guantong-audit-") as name:
            fresh = Path(name) / INDEX
            yield from self._compared(store, fresh)

    def _compared(self, store: SegmentStore, fresh: Path) -> Iterator[AuditFinding]:
        """Compare the index with one in the file `fresh`, as far as it goes."""
        size, index = _projected(store), self._settings.index
        if not 0 <= size <= self._size:
            expected, got = f"at most {self._size} entries", f"{size}"
            yield AuditFinding(Check.INDEX, "projected_size", expected, got)
            size = self._size
        with closing(SegmentStore.open(fresh)) as made:
            try:
                kinds = _replay(self._ledger, made, size)
            except Refusal as error:
                yield from _refused(Check.REPLAY, LEDGER, error)
                return
            self._counts["events"] = made.counts()["events"]
            if isinstance(index, Path) and is_compacted(index):
                made.compact()  # as the other was: then rows can be compared
            for found in _told(fresh, index, made, store, kinds):
                yield AuditFinding(Check.INDEX, found.where, found.expected, found.got)


def _projected(store: SegmentStore) -> int:
    """How far the index says it goes; -1 when it does not say."""
    try:
        return store.projected_size
    except (TypeError, ValueError, sqlite3.Error, StoreError):
        return -1


def _told(
    fresh: Path, index: Place, made: SegmentStore, store: SegmentStore, kinds: set[str]
) -> list[Difference]:
    """First the rows that differ, where both are files, then what that does to answers."""
    told: dict[str, Difference] = {}
    looks: list[Callable[[], Iterable[Difference]]] = [
        lambda: differences(made, store, kinds),
        # What was found out follows from rows: of harmed ones nothing does.
        lambda: () if told else _doubts(store),
    ]
    if isinstance(index, Path):
        looks[:0] = [lambda: unreadable(index), lambda: row_differences(fresh, index)]
    for compare in looks:
        try:
            for found in compare():
                told.setdefault(found.where, found)
        except Exception as error:  # noqa: BLE001 - whatever harm does to its reader is a finding
            told.setdefault(INDEX, Difference(INDEX, "an index that can be read", f"{error}"))
    return list(told.values())


def _doubts(store: SegmentStore) -> Iterator[Difference]:
    """What was found out of items and is not what their rows say."""
    with store.still():
        reached, where = store.reached, "row one=1 of table holding_until"
        try:
            until = store.holding_until
        except TypeError:
            yield Difference(where, "one row", "none")
            return
        if until.event > reached.event or until.fact > reached.fact:
            yield Difference(where, f"at most {reached}", f"{until}")
            return
        for extent in doubted(store, Register(store).firm_of):
            where = f"row extent={extent} of table holding"
            yield Difference(where, "what the rows of its items say", "something else")


def _replay(ledger: Ledger, store: SegmentStore, size: int) -> set[str]:
    """Fill a store from the ledger; the kinds of facts that came."""
    kinds: set[str] = set()
    while (start := store.projected_size) < size:
        stop = min(start + projector.BATCH, size)
        documents = tuple(projector.replayed(ledger, start, stop))
        kinds |= {fact.kind for document in documents for fact in document.facts}
        store.append(documents)
    return kinds


def _refused(check: Check, where: str, error: Exception) -> Iterator[AuditFinding]:
    """A refusal as findings."""
    if not isinstance(error, Refusal):
        yield AuditFinding(check, where, "a file that can be read", str(error))
        return
    for found in error.faults:
        place = found.path if found.path.startswith(where) or not found.path else ""
        shown = place or (f"{where}: {found.path}" if found.path else where)
        yield AuditFinding(check, shown, found.expected, found.got)

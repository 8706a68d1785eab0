"""What does one ledger entry mean to the index?

The same function serves the live writer and a rebuild, so that both give the same answers.
A rebuild reads the document again but does not decide again: when only a part of a document
was accepted, which part stands in the ledger (in the statement's ``kept``, or in the manifest
entry before it when the list is long), and is replayed as it was decided.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

import msgspec

from guantong import capture, coding, connectors, lake, parties, recall, watch
from guantong.capture import Document, EventTable, Limits, TableReading, table_hash
from guantong.capture.event_hash import event_hash
from guantong.errors import Refusal, fault
from guantong.ledger import Entry, Ledger, StatementType
from guantong.parties import obliged
from guantong.serve import index_facts, keys, party_keys, personal, quota, tendered
from guantong.serve.erasing import kept_of
from guantong.serve.people import account, looks, sheet_columns, views
from guantong.serve.seal import chained
from guantong.store import Fact, Indexed, Store
from guantong.verdict import holds

BATCH = 200
"""Entries indexed in one transaction while catching up."""

DOCUMENTS = frozenset({StatementType.CAPTURE, StatementType.MASTER_DATA})
"""Entries whose body is a document that `guantong.capture` reads."""

Kept = frozenset[int] | None

UNBOUNDED = Limits(bytes_max=2**40, events_max=2**31, depth_max=10_000)
"""What was accepted once is read again, whatever the limits are today."""


class Fault(StrEnum):
    """Why a ledger could not be replayed. Part of the public API: never renamed."""

    REPLAY = "serve.replay"
    """A document is read differently today than when it was accepted."""


class ReplayError(Refusal):
    """Nothing may be lost in silence: the index stays as it was."""


READERS: Mapping[str, Callable[[bytes], tuple[Fact, ...]]] = {
    party_keys.KEY_MEDIA: lambda body: party_keys.facts_of(party_keys.parse(body)),
    account.MEDIA: lambda body: account.facts_of(account.parse(body)),
    looks.MEDIA: lambda body: looks.facts_of(looks.parse(body)),
    views.MEDIA: lambda body: views.parse(body).facts(),
    quota.MEDIA: lambda body: quota.parse(body).facts(),
    sheet_columns.MEDIA: lambda body: sheet_columns.parse(body).facts(),
    connectors.ALERTS_MEDIA: lambda body: connectors.parse_alerts(body).facts(),
    connectors.MEDIA: lambda body: connectors.parse_partner(body).facts(),
    coding.PRINT_MEDIA: lambda body: coding.parse_job(body).facts(),
    coding.DELEGATION_MEDIA: lambda body: coding.parse_delegation(body).facts(),
    coding.ALLOCATION_MEDIA: lambda body: coding.parse_allocation(body).facts(),
    coding.TEMPLATE_MEDIA: lambda body: coding.parse_template(body).facts(),
    coding.VOID_MEDIA: lambda body: coding.parse_void(body).facts(),
    obliged.MEDIA: lambda body: obliged.parse_import(body).facts(),
    obliged.TASK_MEDIA: lambda body: obliged.parse_task(body).facts(),
    tendered.MEDIA: lambda body: tendered.parse(body).facts(),
    holds.MEDIA: lambda body: holds.parse_holds(body).facts(),
    lake.MEDIA: lambda body: lake.Manifest.parse(body).facts(),
    recall.MEDIA: lambda body: recall.parse_recall(body).facts(),
    recall.STEP_MEDIA: lambda body: recall.parse_step(body).facts(),
    watch.MEDIA: lambda body: watch.parse_report(body).facts(),
    watch.SCANS_MEDIA: lambda body: watch.parse_scans(body).facts(),
    watch.STEP_MEDIA: lambda body: watch.parse_step(body).facts(),
}
"""Media type of what is entered that is no document -> the facts its body leaves."""

NOTHING = TableReading(EventTable.of(()), format="none")
"""What an entry says that is no document."""


def indexed(entry: Entry, reading: TableReading, kept: Kept, digest: str) -> Indexed:
    """A document's entry, ready for the index.

    Args:
        entry: The ledger entry.
        reading: What its body says, event ids filled in.
        kept: Positions of the accepted events; None means all of them.
        digest: SHA-256 of the body in hex.

    Returns:
        Accepted events with their positions, the facts of its master data, and the fact by
        which the same bytes are recognised when they come again.
    """
    assert reading.table is not None
    table, positions = reading.table, reading.positions
    if kept is not None:
        positions = positions or tuple(range(len(table)))
        chosen = [at for at, position in enumerate(positions) if position in kept]
        events = table.events()
        table = EventTable.of([events[at] for at in chosen])
        positions = tuple(positions[at] for at in chosen)
    statement = entry.statement
    seen: dict[str, object] = {"events": len(table)}
    return Indexed(
        entry=entry.index,
        by=statement.by,
        received_ms=statement.received,
        table=table,
        positions=positions,
        facts=(
            *parties.facts_of(reading.master),
            *chained(entry),
            Fact("submission", f"{statement.by} {digest}", seen),
        ),
    )


def bare(entry: Entry, facts: tuple[Fact, ...] = ()) -> Indexed:
    """An entry that holds no document, ready for the index."""
    statement = entry.statement
    return Indexed(entry=entry.index, by=statement.by, received_ms=statement.received, facts=facts)


def identified(document: Document) -> Document:
    """The document with an id on every event: its own, else its CBV event hash."""
    if all(event.id for event in document.events):
        return document
    events = tuple(
        event if event.id else msgspec.structs.replace(event, id=event_hash(event))
        for event in document.events
    )
    return msgspec.structs.replace(document, events=events)


def replayed(ledger: Ledger, start: int, stop: int) -> Iterator[Indexed]:
    """Ledger entries `start` to `stop` as the index should hold them, read from the vault."""
    manifest = b""
    if start:
        manifest = _manifest_before(ledger, start)
    for entry in ledger.entries(start, stop):
        typ = entry.statement.typ
        if typ is StatementType.MANIFEST:
            manifest = ledger.body(entry.index)
        yield _replayed(ledger, entry, manifest)


def _manifest_before(ledger: Ledger, index: int) -> bytes:
    before = ledger.entry(index - 1)
    is_manifest = before.statement.typ is StatementType.MANIFEST
    return ledger.body(index - 1) if is_manifest else b""


def _replayed(ledger: Ledger, entry: Entry, manifest: bytes) -> Indexed:
    statement = entry.statement
    if (kept := kept_of(ledger, entry)) is not None:
        return kept
    if statement.typ in DOCUMENTS:
        opening = ledger.opening(entry.index)
        body = opening.body
        name = str(statement.meta.get("name", ""))
        reading = capture.read_table(
            body, media=statement.media, name=name, limits=UNBOUNDED, proceed=True
        )
        if reading.table is None:
            reading = NOTHING
        assert reading.table is not None
        reading = replace(reading, table=table_hash.identified(reading.table))
        left = personal.again(ledger, reading, data=body, salt=opening.salt, said=statement.meta)
        digest = personal.digest(ledger, body, left.disclosures)
        read = indexed(entry, left.reading, _kept(statement.meta, manifest), digest)
        if read.size() != statement.n:
            raise ReplayError(
                fault(
                    Fault.REPLAY,
                    expected=f"the {statement.n} events that were accepted",
                    got=f"{read.size()} events",
                    path=f"entry {entry.index}",
                )
            )
        return read
    if (reader := READERS.get(statement.media)) is not None:
        return bare(entry, reader(ledger.body(entry.index)))
    if statement.typ is StatementType.CODE_RANGE:
        return bare(entry, coding.facts_of(coding.parse(ledger.body(entry.index))))
    if statement.typ is StatementType.KEY:
        record = msgspec.json.decode(ledger.body(entry.index), type=keys.KeyRecord)
        return bare(entry, keys.facts_of(record))
    if statement.typ is StatementType.HOLD:
        hold = msgspec.json.decode(ledger.body(entry.index), type=holds.Hold)
        return bare(entry, holds.facts_of(hold))
    if statement.typ is StatementType.MANIFEST:
        return bare(entry, index_facts.facts_of(statement.meta, lambda: ledger.body(entry.index)))
    return bare(entry)


def _kept(meta: Mapping[str, str | int], manifest: bytes) -> Kept:
    if "manifest" in meta:
        return positions_of(manifest.decode())
    return positions_of(str(meta["kept"])) if "kept" in meta else None


def ranges_text(positions: Iterable[int]) -> str:
    """Positions as short text: ``0-2,4,7-9``."""
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return ",".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)


def positions_of(text: str) -> frozenset[int]:
    """The positions that `ranges_text` wrote."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def catch_up(ledger: Ledger, store: Store) -> Iterable[int]:
    """Index every entry the store does not have yet; yields the projected size as it grows."""
    while (start := store.projected_size) < ledger.size:
        stop = min(start + BATCH, ledger.size)
        store.append(tuple(replayed(ledger, start, stop)))
        yield stop

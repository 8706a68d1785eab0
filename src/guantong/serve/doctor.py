"""Is everything in order? Reads the whole ledger and compares the index with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guantong.clock import SystemClock
from guantong.errors import Refusal
from guantong.ledger import Ledger, SystemEntropy
from guantong.serve import projector
from guantong.serve.standby.config import look
from guantong.serve.world import LEDGER
from guantong.settings import Settings
from guantong.store import EventFilter, SegmentStore, Stored


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Look at ledger, vault and index; changes nothing.

    Args:
        settings: Where the installation is.

    Returns:
        Findings, in the order in which they were made; the first that fails ends the list.
    """
    findings: list[Finding] = []
    try:
        ledger = Ledger.open(
            settings.data / LEDGER, clock=SystemClock(), entropy=SystemEntropy(), read_only=True
        )
        store = SegmentStore.open(settings.index, read_only=True)
    except (Refusal, OSError) as error:
        return [Finding("open", ok=False, detail=str(error))]
    looks: tuple[tuple[str, Callable[[Ledger, SegmentStore], str]], ...] = (
        ("ledger", _ledger),
        ("vault", _vault),
        ("index size", _size),
        ("index content", _content),
        ("standby", _standby),
    )
    for what, ask in looks:
        try:
            findings.append(Finding(what, ok=True, detail=ask(ledger, store)))
        except (Refusal, AssertionError) as error:
            findings.append(Finding(what, ok=False, detail=str(error)))
            break
    store.close()
    ledger.close()
    return findings


class Differs(AssertionError):
    """The index does not say what the ledger says."""


def _ledger(ledger: Ledger, _store: SegmentStore) -> str:
    """Opening has compared every frame; the root is over what was read."""
    return f"{ledger.size} entries, root {ledger.root.hex()}"


def _vault(ledger: Ledger, _store: SegmentStore) -> str:
    """Every body is there and is the one its statement commits to."""
    there = [index for index in range(ledger.size) if ledger.erased_by(index) is None]
    total = sum(len(ledger.body(index)) for index in there)
    erased = f", {ledger.size - len(there)} erased" if len(there) < ledger.size else ""
    return f"{len(there)} bodies open, {total} bytes{erased}"


def _size(ledger: Ledger, store: SegmentStore) -> str:
    if store.projected_size > ledger.size:
        ledger.refresh()  # a writer at work may have gone on since
    if store.projected_size > ledger.size:
        message = f"index has {store.projected_size} entries, ledger {ledger.size}"
        raise Differs(message)
    behind = ledger.size - store.projected_size
    return f"{store.projected_size} entries, {behind} behind"


def _content(ledger: Ledger, store: SegmentStore) -> str:
    """Replay the ledger and compare each event with the stored one."""
    stored = _all_events(store)
    count = 0
    for document in projector.replayed(ledger, 0, store.projected_size):
        events = document.as_events()
        positions = document.positions or range(len(events))
        for position, event in zip(positions, events, strict=True):
            found = next(stored, None)
            where = f"entry {document.entry}, event {position}"
            if found is None:
                message = f"{where} is not in the index"
                raise Differs(message)
            if (found.entry, found.position, found.event) != (document.entry, position, event):
                message = f"{where} differs from the index"
                raise Differs(message)
            count += 1
    return f"{count} events equal the ledger's"


def _standby(ledger: Ledger, _store: SegmentStore) -> str:
    """What this directory is, and whether its standby has all that was acknowledged."""
    seen = look(ledger.directory, ledger.size)
    if seen.alone:
        message = f"the standby does not answer; it lacks {seen.lag} entries"
        raise Differs(message)
    whose = "with a standby" if seen.configured else "no standby"
    return f"{seen.role} of epoch {seen.epoch}, {whose}"


def _all_events(store: SegmentStore) -> Iterator[Stored]:
    after: tuple[int, int] | None = None
    while page := store.scan_events(EventFilter(), after=after, limit=1000):
        yield from page
        after = page[-1].record_ms, page[-1].no

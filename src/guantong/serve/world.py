"""One installation, open: ledger, vault and index in one directory, and every question to it.

A `World` opened for writing holds the ledger's lock and the one writer; opened for reading it
answers as far as the index goes. Pages, HTTP and command line all ask through it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Final

import msgspec

from guantong import coding, identify, parties, query, trace, verdict
from guantong.caller import Caller
from guantong.capture import Limits, TableReading
from guantong.capture.model import Event, MasterItem
from guantong.clock import Clock, SystemClock
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.identify import Kind
from guantong.identify import Reading as CodeReading
from guantong.ledger import Entropy, Ledger, StatementType, SystemEntropy
from guantong.ledger.ledger import is_seeded
from guantong.ledger.signer import create_key
from guantong.serve import keys, party_keys, projector, scan_bundle, signing
from guantong.serve.compactor import Compactor
from guantong.serve.erasing import Erasure, Keeps, check_erasable, ground_of
from guantong.serve.filed import Filed
from guantong.serve.intake import Intake, Offer, Receipt
from guantong.serve.kept import NOTING, Scanned
from guantong.serve.made import Made
from guantong.serve.people import account as accounts
from guantong.serve.people.account import Account
from guantong.serve.people.person import Person
from guantong.serve.people.person import find as find_person
from guantong.serve.people.sessions import Sessions
from guantong.serve.readers import Readers
from guantong.serve.scan_journal import ScanJournal
from guantong.serve.standby.config import look
from guantong.serve.standby.link import link_of
from guantong.settings import FILE, Settings
from guantong.store import (
    EventFilter,
    Fact,
    SegmentStore,
    Store,
    Stored,
    StoreError,
    all_facts,
)
from guantong.store import Fault as StoreFault
from guantong.store.place import fresh_place
from guantong.store.place import replace as replace_index
from guantong.trace import Direction, Trail
from guantong.trace.sight import Sight
from guantong.verdict import Outcome, Verdict, holds

LEDGER: Final = "ledger"
INDEX: Final = FILE
LARGE_BYTES: Final = 1 << 20
"""A document above this is large: read, it takes up to fifty times its size."""
LARGE_MAX: Final = 2
"""Large documents read at once; more wait for their turn."""


class Fault(StrEnum):
    """Why an installation could not be opened. Part of the public API: never renamed."""

    ABSENT = "serve.absent"
    """There is no installation in the directory."""
    FOREIGN = "serve.foreign"
    """The directory holds something else."""
    SEEDED = "serve.seeded"
    """The keys of the installation follow from a seed: good for a demo, never for serving."""
    UNREADABLE = "serve.unreadable"
    """The text to be traced is no identifier."""


class WorldError(Refusal):
    """The installation can not be opened."""


class World(AbstractContextManager["World"]):
    """An open installation."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        store: SegmentStore,
        clock: Clock,
        *,
        write: bool,
        thread: bool = True,
    ) -> None:
        """Start the writer if `write`; use `open_world` or `read_world`."""
        self.settings = settings
        self.ledger = ledger
        self.clock = clock
        self.journal = ScanJournal(clock)
        """Scans of the public that are not in the ledger yet."""
        self.examples: Sequence[Mapping[str, str]] = ()
        self._written = store
        self._large = BoundedSemaphore(LARGE_MAX)
        self._erasing = Lock()
        limits = Limits(
            bytes_max=settings.document_bytes_max, events_max=settings.document_events_max
        )
        self._compactor = Compactor(store, settings.index)
        upkeep = self._compactor.tick
        rules = frozenset(map(trace.Rule, settings.state_rules))
        self.intake = (
            Intake(ledger, store, clock, limits=limits, thread=thread, upkeep=upkeep, rules=rules)
            if write
            else None
        )
        # Readers have handles of their own, so that they never see a transaction half done.
        self._readers = Readers(settings.asked)
        self._filed = Filed(self._readers, clock)
        self.store = SegmentStore.open(settings.asked, read_only=True) if write else store
        """For one thread; questions borrow a handle each."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish what is waiting and let go of the files."""
        self.close()

    def close(self) -> None:
        """Finish what is waiting and let go of the files."""
        if self.intake is not None:
            self.intake.close()
            self._compactor.close()
            with suppress(StoreError):  # a full disk: the next one to open does it
                self._written.fold()
            self.store.close()
        if "sessions" in self.__dict__:
            self.sessions.close()
        self._readers.close()
        self._written.close()
        self.ledger.close()

    # ---------------------------------------------------------------- questions

    @property
    def readers(self) -> Readers:
        """The handles for reading, each lent to one question."""
        return self._readers

    def check(self, text: str, caller: Caller, *, as_of: int | None = None) -> Verdict:
        """What a person is told who scanned `text`; see `guantong.verdict.check`."""
        with self._readers.lend() as store, store.still():
            answer = verdict.check(
                store, text, caller, now_ms=self.clock.now_ms(), as_of=_reach(store, as_of)
            )
        note = NOTING.get()
        if note is not None and answer.kind == Kind.ITEM:
            note.scanned = Scanned(answer.uri, answer.outcome is not Outcome.UNKNOWN)
        return answer

    def trace(
        self, text: str, direction: str, caller: Caller, *, as_of: int | None = None
    ) -> Trail:
        """Where an item came from and went to, as far as the caller may see.

        Args:
            text: What was scanned.
            direction: ``up``, ``down`` or ``both``.
            caller: Who asks.
            as_of: Ledger size, None for now.

        Returns:
            The trail; see `guantong.trace.trace`.

        Raises:
            WorldError: if `text` is no identifier.
        """
        readings = identify.read(text)
        if not readings:
            raise WorldError(fault(Fault.UNREADABLE, expected="an identifier", got=text))
        with self._readers.lend() as store, store.still():
            as_of = _reach(store, as_of)
            item = verdict.best_known(store, readings, as_of=as_of).value.uri
            register = parties.Register(store, as_of=as_of)
            trail = trace.trace(
                store,
                item,
                direction=Direction(direction),
                now_ms=self.clock.now_ms(),
                as_of=as_of,
                firm_of=register.firm_of,
                fresh=lambda: parties.Register(store, as_of=as_of).firm_of,
            )
            return trace.visible(
                trail, caller, firm_of=register.firm_of, region_of=register.region_of
            )

    def find_events(
        self,
        asked: query.Query,
        caller: Caller,
        *,
        after: query.Key | None = None,
        limit: int,
        as_of: int | None = None,
    ) -> query.Page:
        """A page of what the caller may see of the events a query asks for."""
        with self._readers.lend() as store, store.still():
            size = _reach(store, as_of)
            sight = self._sight(store, caller, size)
            return query.page_of(
                store,
                asked,
                seen=sight.sees,
                near=sight.near,
                after=after,
                limit=limit,
                as_of=size,
                master=query.MasterData(store, caller, size),
            )

    def find_elements(self, asked: query.Elements, caller: Caller) -> list[MasterItem]:
        """The master data that a query asks for, as far as the caller said them."""
        with self._readers.lend() as store, store.still():
            return query.elements_of(store, asked, caller, store.projected_size)

    def stated_of(self, events: Sequence[Event], caller: Caller) -> list[MasterItem]:
        """What the caller said of the places, products and parties of some events."""
        with self._readers.lend() as store, store.still():
            return query.stated_of(store, events, caller, store.projected_size)

    def list_values(
        self,
        field: str,
        caller: Caller,
        *,
        after: query.Cursor | None = None,
        limit: int,
        as_of: int | None = None,
    ) -> query.Values:
        """A page of the values of a field, in the events that the caller may see."""
        with self._readers.lend() as store, store.still():
            size = _reach(store, as_of)
            sight = self._sight(store, caller, size)
            return query.values_of(
                store,
                field,
                seen=sight.sees,
                near=sight.near,
                after=after,
                limit=limit,
                as_of=size,
            )

    def came(
        self, asked: query.Query, caller: Caller, *, since: int, entries: int
    ) -> tuple[list[query.Place], int]:
        """What a query finds in the next entries of the ledger.

        Args:
            asked: The query.
            caller: What it may not see is left out.
            since: The first entry.
            entries: How many to look at, at most.

        Returns:
            Where the events are, in the order in which they were received; and the first entry
            that was not looked at.
        """
        with self._readers.lend() as store, store.still():
            size = _reach(store, since + entries)
            if since >= size:
                return [], since
            if size > self.ledger.size:
                self.ledger.refresh()
            at_ms = self.ledger.entry(since).statement.received
            sight = self._sight(store, caller, size)
            found = query.came(
                store,
                asked,
                seen=sight.sees,
                near=sight.near,
                since=(since, at_ms),
                size=size,
                master=query.MasterData(store, caller, size),
            )
            return [(one.entry, one.position, one.event.id) for one in found], size

    def placed(self, places: Sequence[query.Place], caller: Caller) -> list[Stored]:
        """The events at some places, as far as the caller may see them now."""
        with self._readers.lend() as store, store.still():
            sight = self._sight(store, caller, store.projected_size)
            return [one for one in query.placed(store, places) if sight.sees(one)]

    def _sight(self, store: Store, caller: Caller, size: int) -> Sight:
        register = parties.Register(store, as_of=size)
        return Sight(caller, register.firm_of, register.region_of)

    def first_since(self, at_ms: int) -> int:
        """The first ledger entry of a time or later; the ledger's size when there is none yet."""
        self.ledger.refresh()
        return bisect_left(
            range(self.ledger.size),
            at_ms,
            key=lambda index: self.ledger.entry(index).statement.received,
        )

    def received_ms(self, entry: int) -> int:
        """When a ledger entry was received, 0 when there is none."""
        if entry >= self.ledger.size:
            self.ledger.refresh()
        return self.ledger.entry(entry).statement.received if entry < self.ledger.size else 0

    def event_of(self, entry: int, caller: Caller) -> Stored | None:
        """The first event of a document of the caller's own.

        Args:
            entry: Ledger index of the document; the index has it, see `wait`.
            caller: Who sent it.

        Returns:
            The event, None when there is none, or it is another's.
        """
        wanted, after = EventFilter(parties=(caller.party,)), (self.received_ms(entry), -1)
        with self._readers.lend() as store:
            while batch := store.scan_events(wanted, after=after, limit=100):
                found = next((one for one in batch if one.entry >= entry), None)
                if found is not None:
                    return found if found.entry == entry else None
                after = batch[-1].record_ms, batch[-1].no
        return None

    def identify(self, text: str) -> tuple[CodeReading, ...]:
        """All ways to read a scanned text: what is known here first, then best first."""
        readings = identify.read(text)
        if len(readings) < 2:
            return readings
        with self._readers.lend() as store:
            known = verdict.best_known(store, readings)
        return (known, *(reading for reading in readings if reading is not known))

    def printing(self, class_uri: str, first: int, last: int) -> coding.Printing:
        """Codes that were issued, with what labels say of them; see `coding.printing_of`."""
        with self._readers.lend() as store, store.still():
            return coding.printing_of(store, class_uri, first, last)

    def target_of(self, text: str) -> str:
        """URI of the item, lot or class that a text names: for an order about it.

        Args:
            text: A code of any scheme.

        Returns:
            The canonical URI of the reading that is known here, else of the best.

        Raises:
            WorldError: if `text` is no identifier.
        """
        readings = self.identify(text)
        if not readings:
            raise WorldError(fault(Fault.UNREADABLE, expected="an identifier", got=text))
        return readings[0].value.uri

    def names(self, uris: Collection[str]) -> Mapping[str, str]:
        """Display names of places, firms and products; those nobody named have no key."""
        found: dict[str, str] = {}
        with self._readers.lend() as store:
            register = parties.Register(store)
            for uri in uris:
                known = register.find(uri) or parties.product(store, uri)
                if known is not None and known.name:
                    found[uri] = known.name
        return found

    def status(self) -> dict[str, object]:
        """Sizes of ledger and index, and the ledger's root."""
        return {
            "origin": self.ledger.origin,
            "ledger_size": self.ledger.size,
            "ledger_root": self.ledger.root.hex(),
            "projected_size": self.store.projected_size,
            "ready": self.intake is None or self.intake.is_running,
            "examples": self.examples,
            "standby": look(self.ledger.directory, self.ledger.size),
            **{name: n for name, n in self.store.counts().items() if name != "entries"},
        }

    def caller_of(self, key: str) -> Caller | None:
        """On whose behalf an API key speaks."""
        with self._readers.lend() as store:
            return keys.caller_of(store, key)

    @cached_property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        return Sessions(self.settings.data, self.clock)

    def account(self, login: str) -> Account | None:
        """The account of a login, None when there is none."""
        with self._readers.lend() as store:
            return accounts.find(store, login)

    def person(self, token: str) -> Person | None:
        """Who is signed in by a token, None when nobody is."""
        with self._readers.lend() as store:
            return find_person(store, self.sessions, token)

    def facts(self, kind: str, keys: Collection[str]) -> list[Fact]:
        """Facts of a kind about some keys, in ledger order."""
        with self._readers.lend() as store:
            return store.facts(kind, keys)

    def all_facts(self, kind: str) -> list[Fact]:
        """All facts of a kind, by key, read page by page."""
        with self._readers.lend() as store:
            return list(all_facts(store, kind))

    def bundle(self, text: str, caller: Caller, note: bytes, *, event: str = "") -> bytes:
        """What shows offline that an event of a scanned code is in the ledger; see `scan_bundle`."""
        with self._readers.lend() as store:
            now_ms = self.clock.now_ms()
            made = scan_bundle.of_code(
                self.ledger, store, text, caller, note, event=event, now_ms=now_ms
            )
        return made.encode()

    def shown(self, entry: int, caller: Caller, note: bytes) -> bytes:
        """What shows offline that the body of an entry of the caller's own is in the ledger."""
        with self._readers.lend() as store:
            return scan_bundle.of_entry(self.ledger, store, entry, caller, note).encode()

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry, compared with its commitment."""
        return self.ledger.body(entry)

    # ---------------------------------------------------------------- what changes answers

    def submit(self, offer: Offer, caller: Caller) -> Receipt:
        """Take a document; returns when it is durable, with what the profile misses in it."""
        is_large = len(offer.data) > LARGE_BYTES
        with self._large if is_large else nullcontext():
            return self._submit(offer, caller)

    def _submit(self, offer: Offer, caller: Caller) -> Receipt:
        intake = self.writer()
        reading = intake.read(offer)
        receipt = intake.hand_in(offer, reading, caller).result()
        if not receipt.accepted or reading.table is None:
            return receipt
        return self._filed.told(receipt, reading, caller.party)

    def offer(self, offer: Offer, caller: Caller) -> Future[Receipt]:
        """Take a document without waiting for the disk."""
        intake = self.writer()
        return intake.hand_in(offer, intake.read(offer), caller)

    def hand_in(self, offer: Offer, reading: TableReading, caller: Caller) -> Future[Receipt]:
        """Take a document that was read elsewhere, without waiting for the disk."""
        return self.writer().hand_in(offer, reading, caller)

    def issue(self, codes: coding.CodeRange, caller: Caller) -> Receipt:
        """Enter a range of codes as issued by the caller's firm (源头赋码)."""
        return self.issued_before(codes, caller) or self.offer_codes(codes, caller).result()

    def issued_before(self, codes: coding.CodeRange, caller: Caller) -> Receipt | None:
        """The receipt of the very same range from the same firm; None for one that is new."""
        with self._readers.lend() as store:
            fact = coding.issued_as(store, codes, caller.party)
        if fact is None:
            return None
        if fact.entry >= self.ledger.size:
            self.ledger.refresh()
        leaf = self.ledger.entry(fact.entry).leaf.hex()
        return Receipt(accepted=True, ledger_index=fact.entry, repeated=True, leaf=leaf)

    def offer_codes(self, codes: coding.CodeRange, caller: Caller) -> Future[Receipt]:
        """As `issue`, without waiting for the disk."""
        return self.writer().enter(self.made_codes(codes, caller), caller)

    def made_codes(self, codes: coding.CodeRange, caller: Caller) -> Made:
        """The entry by which the caller's firm issues a range of codes."""
        with self._readers.lend() as store:
            coding.check_own(store, codes.class_uri, caller.party)
            coding.check_fits(store, codes, caller.party)
        body = msgspec.json.encode(codes)
        return Made(StatementType.CODE_RANGE, body, coding.facts_of(codes))

    def coding_key(self, class_uri: str, caller: Caller) -> str:
        """The key under which the caller's unguessable serials of a class were issued, or ""."""
        with self._readers.lend() as store:
            return coding.key_before(store, class_uri, caller.party)

    def add_key(self, made: keys.NewKey, caller: Caller) -> str:
        """Enter an API key; its text is told once and kept nowhere.

        Args:
            made: The key.
            caller: On whose behalf it is made.

        Returns:
            The key's text.

        Raises:
            WorldError: if no entry can be made of it.
        """
        self.enter(keys.made(made.record), caller)
        return made.text

    def enter(self, made: Made, caller: Caller) -> Receipt:
        """Enter something that is no document; returns when it is durable and in the index.

        Args:
            made: What it is.
            caller: On whose behalf.

        Returns:
            The receipt.

        Raises:
            WorldError: if no entry can be made of it.
        """
        receipt = self.writer().enter(made, caller).result()
        if not receipt.accepted:
            raise WorldError(*receipt.faults)
        self.wait(receipt.ledger_index + 1)
        return receipt

    def enter_signing_key(self, record: party_keys.PartyKey, caller: Caller) -> Receipt:
        """Enter that a party signs with a key from here on, or no more."""
        return self.writer().enter(signing.made_about(record), caller).result()

    def hold(self, order: holds.Hold, caller: Caller) -> Receipt:
        """Enter a recall or stop on an item, lot or class, or its end."""
        body = msgspec.json.encode(order)
        made = Made(StatementType.HOLD, body, holds.facts_of(order))
        return self.writer().enter(made, caller).result()

    def erase(self, index: int, ground: str, caller: Caller) -> Receipt:
        """Erase the body of a document: its key and salt; what the index says stays.

        Args:
            index: The document's entry.
            ground: Why, by which law; stands in the public statement.
            caller: On whose behalf.

        Returns:
            The receipt of the erasure, which is an entry too; the key is destroyed by then.

        Raises:
            WorldError: if there is nothing to erase.
        """
        writer, why = self.writer(), ground_of(ground)
        with self._erasing:
            check_erasable(self.ledger, index)
            (document,) = projector.replayed(self.ledger, index, index + 1)
            erasure = Erasure(entry=index, ground=why, keeps=Keeps.of(document))
            body = msgspec.json.encode(erasure)
            made = Made(StatementType.ERASURE, body, (), meta=erasure.meta())
            receipt = writer.enter(made, caller).result()
        if not receipt.accepted:
            raise WorldError(*receipt.faults)
        self.wait(receipt.ledger_index + 1)
        return receipt

    def record(
        self,
        body: bytes,
        facts: tuple[Fact, ...],
        caller: Caller,
        *,
        media: str,
        meta: Mapping[str, str | int],
    ) -> Receipt:
        """Enter a manifest: a release of the credit index, and what belongs to it."""
        made = Made(StatementType.MANIFEST, body, facts, media, meta)
        receipt = self.writer().enter(made, caller).result()
        self.wait(receipt.ledger_index + 1)
        return receipt

    def wait(self, size: int) -> bool:
        """Wait until the index has the ledger's first `size` entries."""
        return self.intake is None or self.intake.wait(size)

    def writer(self) -> Intake:
        """The intake of a world that is open for writing."""
        if self.intake is None:
            raise WorldError(
                fault(Fault.ABSENT, expected="an installation open for writing", got="reading")
            )
        return self.intake


def open_world(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    create: bool = False,
    thread: bool = True,
) -> World:
    """Open an installation for writing; takes the ledger's lock.

    Args:
        settings: Where it is, and its limits.
        clock: The machine's when absent.
        entropy: The system's when absent; only the seeded demo gives another.
        create: Make a new one if the directory is absent or empty.
        thread: Off where the caller commits groups itself, see `Intake.commit`.

    Returns:
        The world; its index has caught up with its ledger.

    Raises:
        WorldError: if there is none and `create` is off, or the directory holds other things.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    place = settings.data / LEDGER
    if not place.exists():
        if not create:
            raise WorldError(absent(settings))
        if settings.data.exists() and any(settings.data.iterdir()):
            raise WorldError(fault(Fault.FOREIGN, expected="an empty directory", got=settings.data))
        settings.data.mkdir(parents=True, exist_ok=True)
        Ledger.create(place, settings.origin, clock=clock, entropy=entropy, sealed=True).close()
        create_key(place, settings.origin, entropy=entropy)
    store = SegmentStore.open(settings.index)
    try:
        ledger = Ledger.open(
            place,
            clock=clock,
            entropy=entropy,
            at_least=store.projected_size,
            standby=link_of(place, clock),
        )
    except BaseException:
        store.close()
        raise
    _check_kinship(ledger, store)
    return World(settings, ledger, store, clock, write=True, thread=thread)


def check_served(settings: Settings) -> None:
    """Refuse to serve an installation whose keys and salts anybody can guess.

    Raises:
        WorldError: if it was made by the demo, or by a test.
    """
    place = settings.data / LEDGER
    if place.exists() and is_seeded(place):
        expected = "keys from the system's generator (guantong init)"
        raise WorldError(fault(Fault.SEEDED, expected=expected, got="keys from a seed"))


def read_world(settings: Settings, *, clock: Clock | None = None) -> World:
    """Open an installation for reading; works beside a running writer.

    Args:
        settings: Where it is.
        clock: The machine's when absent.

    Returns:
        The world; it answers as far as its index goes.
    """
    return World(settings, *open_for_reading(settings, clock=clock), write=False)


def open_for_reading(
    settings: Settings, *, clock: Clock | None = None
) -> tuple[Ledger, SegmentStore, Clock]:
    """The parts of an installation, for reading.

    Args:
        settings: Where it is.
        clock: The machine's when absent.

    Returns:
        Ledger, index and clock.

    Raises:
        WorldError: if there is none.
    """
    clock = clock or SystemClock()
    if not is_there(settings):
        raise WorldError(absent(settings))
    store = SegmentStore.open(settings.asked, read_only=True)
    ledger = Ledger.open(
        settings.data / LEDGER, clock=clock, entropy=SystemEntropy(), read_only=True
    )
    _check_kinship(ledger, store)
    return ledger, store, clock


def _reach(store: Store, as_of: int | None) -> int:
    """The ledger size a question is answered for, one for all it reads.

    The writer goes on while a question is answered; what it adds meanwhile is left out, so
    that no answer holds a half of a document or names a size it does not rest on.

    Returns:
        `as_of`, but never more than the index has.
    """
    size = store.projected_size
    return size if as_of is None else min(as_of, size)


def _check_kinship(ledger: Ledger, store: SegmentStore) -> None:
    """Refuse an index that was made from another ledger; closes both then."""
    said = store.last_said
    if said is None:
        return
    index, by, received_ms = said
    if index >= ledger.size:
        ledger.refresh()
    stated = ledger.entry(index).statement if index < ledger.size else None
    if stated is None or (stated.by, stated.received) != (by, received_ms):
        ledger.close()
        store.close()
        raise StoreError(fault(StoreFault.FOREIGN, expected="the ledger's index", got="another"))


def rebuild(settings: Settings) -> Iterable[tuple[int, int]]:
    """Drop the index and replay the ledger.

    The old index is replaced only when the new one is complete.

    Args:
        settings: Where the installation is.

    Yields:
        Entries done and entries in all, as it goes on.

    Raises:
        WorldError: if there is no installation.
    """
    place = settings.data / LEDGER
    if not place.exists():
        raise WorldError(absent(settings))
    clock = SystemClock()
    standby = link_of(place, clock)
    with Ledger.open(place, clock=clock, entropy=SystemEntropy(), standby=standby) as ledger:
        fresh = fresh_place(settings.index)
        with closing(SegmentStore.open(fresh)) as store:
            with closing(Compactor(store, fresh)) as compactor:
                for size in projector.catch_up(ledger, store):
                    compactor.tick()
                    yield size, ledger.size
            store.compact()
        replace_index(fresh, settings.index)


def is_there(settings: Settings) -> bool:
    """Whether there is an installation with an index; a database is asked when it is opened."""
    index = settings.index
    return (index if isinstance(index, Path) else settings.data / LEDGER).exists()


def absent(settings: Settings) -> Found:
    """What is wrong where there is no installation."""
    return fault(Fault.ABSENT, expected="an installation (guantong init)", got=settings.data)

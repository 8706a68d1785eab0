"""What did one of our entries say? To be printed as the record of a purchase check (进货查验), or taken back.

Taking back declares every event of the entry wrong: the entry stays, and what it said counts no more.
"""

from typing import Final, NamedTuple

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties
from guantong.capture import Event
from guantong.capture.json_write import capture_document
from guantong.capture.lots import class_of
from guantong.capture.model import ErrorDeclaration
from guantong.errors import fault
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.office import Office, on_to
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.store import EventFilter, Store, Stored

SHOWN: Final = 200
"""Events on a page."""
BATCH: Final = 1_000
EVENTS_MAX: Final = 100_000
"""Events of an entry that is taken back."""


class Thing(NamedTuple):
    """One class of what an event is about."""

    product: parties.Product | None
    certificates: tuple[parties.Certificate, ...]
    codes: tuple[str, ...]


class Told(NamedTuple):
    """One event, with what is filed of its things."""

    stored: Stored
    things: tuple[Thing, ...]
    source: str
    target: str

    @property
    def event(self) -> Event:
        """The event."""
        return self.stored.event


class Entries:
    """The page of an entry."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/entry/{entry:int}", self.entry),
            Route("/desk/entry/{entry:int}/undo", self.undo, methods=["POST"]),
        ]

    async def entry(self, request: Request) -> Response:
        """The entry, to be read and printed."""
        person = self._office.person(request, *FILERS)
        told, count, is_undone = await to_thread.run_sync(self._told, request, person)
        return self._office.page(
            request,
            person,
            "entry.html",
            entry=request.path_params["entry"],
            events=told,
            count=count,
            is_undone=is_undone,
            at_ms=told[0].stored.record_ms,
        )

    def _told(self, request: Request, person: Person) -> tuple[list[Told], int, bool]:
        with self._office.desk.readers.lend() as store:
            events = self._events(store, request, person)
            ids = tuple(one.event.id for one in events[:1])
            again = _declared(store, person.account.party, ids)
            told = [_told_of(store, one) for one in events[:SHOWN]]
        return told, len(events), bool(again)

    def _events(self, store: Store, request: Request, person: Person) -> list[Stored]:
        """The events of an entry of the person's own firm. Raises HttpError."""
        entry = request.path_params["entry"]
        found = events_of(self._office, store, entry, person.account.party)
        if not found and entry >= store.projected_size > 0 and self._office.desk.received_ms(entry):
            expected = f"an index of {entry + 1} entries"
            raise HttpError(fault(Fault.BEHIND, expected=expected, got=store.projected_size))
        if not found:
            expected = "an entry with events of your firm"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        return found

    async def undo(self, request: Request) -> Response:
        """Declare all events of the entry wrong.

        Returns:
            On to the entry that says so.
        """
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person):
            document = await to_thread.run_sync(self._undone, request, person)
            receipt = await self._office.submit(document, person)
        return on_to(f"/desk/entry/{receipt.ledger_index}")

    def _undone(self, request: Request, person: Person) -> bytes:
        now_ms = self._office.desk.clock.now_ms()
        wrong = ErrorDeclaration(now_ms, "did_not_occur")
        with self._office.desk.readers.lend() as store:
            events = self._events(store, request, person)
        declared = [msgspec.structs.replace(one.event, error=wrong) for one in events]
        return msgspec.json.encode(capture_document(declared, now_ms))


def events_of(office: Office, store: Store, entry: int, party: str) -> list[Stored]:
    """The events of an entry of a party, in their order."""
    received = office.desk.received_ms(entry)
    wanted, after = EventFilter(parties=(party,)), (received, -1)
    found: list[Stored] = []
    while batch := store.scan_events(wanted, after=after, limit=BATCH):
        found += [one for one in batch if one.entry == entry]
        if batch[-1].entry > entry or len(found) > EVENTS_MAX:
            break
        after = batch[-1].record_ms, batch[-1].no
    return found


def _declared(store: Store, party: str, ids: tuple[str, ...]) -> list[Stored]:
    wanted = EventFilter(ids=ids, parties=(party,))
    found = store.scan_events(wanted, limit=BATCH) if ids else []
    return [one for one in found if one.event.error is not None]


def _told_of(store: Store, stored: Stored) -> Told:
    event, register = stored.event, parties.Register(store)
    by_class: dict[str, list[str]] = {}
    for code in (*event.epcs, *event.child_epcs, *event.output_epcs):
        by_class.setdefault(class_of(code), []).append(code)
    for amount in (*event.quantities, *event.child_quantities, *event.output_quantities):
        said = f"{amount.epc_class} × {amount.quantity or 0:g} {amount.uom}".strip()
        by_class.setdefault(class_of(amount.epc_class) or amount.epc_class, []).append(said)
    things = tuple(
        Thing(
            parties.product(store, key) if key else None,
            tuple(parties.certificates_of(store, (key,))) if key else (),
            tuple(codes),
        )
        for key, codes in by_class.items()
    )
    source = next((register.name_of(one.value) for one in event.sources), "")
    target = next((register.name_of(one.value) for one in event.destinations), "")
    return Told(stored, things, source, target)

"""Who asks the partners' repositories? One process at a time, each partner in its turn.

What comes is handed in in the name of the firm that has it asked; where the asking stands is kept in a
file beside the installation. It is no record: when it is lost, everything is asked for again, and
what is known already is dropped at the door.
"""

import asyncio
import sqlite3
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

from anyio import to_thread

from guantong import connectors
from guantong.caller import Caller, Level
from guantong.clock import Clock
from guantong.connectors import Page, Partner
from guantong.errors import Refusal
from guantong.serve.alone import alone
from guantong.serve.job import offer_of
from guantong.serve.outbox.carrier import Carrier
from guantong.serve.outbox.destination import Destination
from guantong.serve.readers import Readers
from guantong.serve.upload import Uploads

FILE: Final = "pulls.sqlite"
LOCK: Final = "pulls.lock"
LOOK_SECONDS: Final = 1.0
"""Between two looks who is due."""
ANSWER_BYTES_MAX: Final = 64 << 20
FAILED_MAX_S: Final = 3_600
"""Longest wait after a failure; doubled each time until then."""
BUSY_SECONDS: Final = 10.0
SAID_MAX: Final = 300
ACCEPTS: Final = "application/ld+json, application/json"


@runtime_checkable
class Pulled(Protocol):
    """A desk over an installation of its own."""

    clock: Clock

    @property
    def readers(self) -> Readers:
        """The handles for reading."""

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry."""


class State(NamedTuple):
    """How the asking of one partner stands."""

    key: str
    reached: str = ""
    """The latest record time that was seen."""
    next: str = ""
    """Address of the page that comes next, "" when all were read."""
    due_ms: int = 0
    failures: int = 0
    """Since the last answer."""
    asked_ms: int = 0
    answered_ms: int = 0
    events: int = 0
    """Taken in all."""
    known: int = 0
    """That were here before."""
    refused: int = 0
    said: str = ""
    """What went wrong last, "" for nothing."""
    incomplete: int = 0
    """Fields that records of the last events lack, and products without a record."""


class Pulls:
    """The states of an installation's partners. Several processes may have them open."""

    def __init__(self, data: Path) -> None:
        """Open the file, empty if there is none."""
        self._db = sqlite3.connect(
            data / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        columns = ", ".join(
            f"{name} {'TEXT' if kind is str else 'INTEGER'} NOT NULL"
            for name, kind in State.__annotations__.items()
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS pull({columns}, PRIMARY KEY(key)) WITHOUT ROWID"
        )

    def get(self, key: str) -> State:
        """How the asking of a partner stands; as new when it was never asked."""
        row = self._db.execute("SELECT * FROM pull WHERE key = ?", (key,)).fetchone()
        return State(*row) if row else State(key)

    def put(self, state: State) -> None:
        """Keep how it stands now."""
        marks = ",".join("?" * len(state))
        self._db.execute(f"INSERT OR REPLACE INTO pull VALUES({marks})", state)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


class Pulling:
    """Asks all partners of an installation."""

    def __init__(
        self, desk: Pulled, uploads: Uploads, data: Path, *, private: bool = False
    ) -> None:
        """Ask nobody yet; `private` allows addresses that are not public."""
        self._desk = desk
        self._uploads = uploads
        self._data = data
        self._private = private
        self._carrier = Carrier(private=private)
        self.pulls = Pulls(data)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask meanwhile, unless another process does.

        Yields:
            Once, meanwhile.
        """
        asking = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            asking.cancel()
            self._carrier.end()
            with suppress(asyncio.CancelledError):
                await asking
            self.pulls.close()

    async def _go_on(self) -> None:
        async with alone(self._data / LOCK, LOOK_SECONDS):
            while True:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask everybody who is due for a page; what fails there holds up nobody else."""
        for partner in await to_thread.run_sync(self._due):
            try:
                await self._ask(partner)
            except Exception:  # noqa: BLE001 - whatever it was, others go on
                sys.stderr.write(f"guantong pulls: {partner.key}: {traceback.format_exc()}\n")
                now_ms = self._desk.clock.now_ms()
                self._failed(self.pulls.get(partner.key), partner, now_ms, "an error on our side")

    def _due(self) -> list[Partner]:
        """Those who are due, with their tokens out of the vault."""
        now_ms = self._desk.clock.now_ms()
        with self._desk.readers.lend() as store:
            facts = list(connectors.partners(store))
        due = (fact for fact in facts if self.pulls.get(fact.key).due_ms <= now_ms)
        return [connectors.parse_partner(self._desk.body(fact.entry)) for fact in due]

    async def _ask(self, partner: Partner) -> None:
        state, now_ms = self.pulls.get(partner.key), self._desk.clock.now_ms()
        address = state.next or connectors.address_after(partner.url, state.reached)
        headers = {"Accept": ACCEPTS, "GS1-EPCIS-Min": "2.0.0", "GS1-EPCIS-Max": "2.0.0"}
        if partner.token:
            headers["Authorization"] = f"Bearer {partner.token}"
        try:
            to = Destination.parse(address, private=self._private)
            came = await to_thread.run_sync(self._carrier.fetch, to, headers, ANSWER_BYTES_MAX)
            if came.status != 200:
                said = came.said or f"status {came.status}"
                self._failed(state._replace(next=""), partner, now_ms, said)
                return
            page = connectors.page_of(address, came.body, came.link)
            taken = await self._taken(page, state, partner)
        except Refusal as refusal:
            self._failed(state, partner, now_ms, str(refusal))
            return
        due_ms = now_ms if page.next else now_ms + partner.every_s * 1000
        self.pulls.put(
            taken._replace(
                reached=max(state.reached, page.reached),
                next=page.next,
                due_ms=due_ms,
                failures=0,
                asked_ms=now_ms,
                answered_ms=now_ms,
            )
        )

    async def _taken(self, page: Page, state: State, partner: Partner) -> State:
        """Hand a page in; the state with what became of it."""
        known = await to_thread.run_sync(self._known, page, partner.firm)
        document = page.document(known)
        before = sum(one in known for one in page.ids)
        if not document:
            return state._replace(known=state.known + before)
        offer = offer_of(document, media="application/json", proceed=True)
        receipt = await self._uploads.take_offer(offer, Caller(partner.firm, Level.PARTY))
        refused = len(page.events) - before - receipt.events
        return state._replace(
            events=state.events + receipt.events,
            known=state.known + before,
            refused=state.refused + refused,
            said=str(receipt.faults[0])[:SAID_MAX] if receipt.faults else "",
            incomplete=receipt.missing,
        )

    def _known(self, page: Page, firm: str) -> set[str]:
        with self._desk.readers.lend() as store:
            return set(store.known_among({firm: list(page.ids)}).get(firm, ()))

    def _failed(self, state: State, partner: Partner, now_ms: int, said: str) -> None:
        wait_s = min(partner.every_s * 2 ** min(state.failures, 12), FAILED_MAX_S)
        self.pulls.put(
            state._replace(
                failures=state.failures + 1,
                due_ms=now_ms + wait_s * 1000,
                asked_ms=now_ms,
                said=said[:SAID_MAX],
            )
        )

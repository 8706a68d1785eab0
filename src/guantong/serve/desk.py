"""What the HTTP outside needs from the installation behind it, and nothing more."""

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

from guantong.caller import Caller
from guantong.clock import Clock
from guantong.coding import CodeRange
from guantong.identify.model import Reading
from guantong.serve.intake import Offer, Receipt
from guantong.serve.made import Made
from guantong.serve.people.account import Account
from guantong.serve.people.person import Person
from guantong.serve.people.sessions import Sessions
from guantong.serve.stream.receiving import Handed, Receiving
from guantong.trace.model import Trail
from guantong.verdict.model import Verdict


class Desk(Protocol):
    """Questions and submissions; called from several threads at once.

    `check`, `names`, `identify`, `status` and `caller_of` are quick and called in the event
    loop; the others may take their time and are called in worker threads. Any of them may
    raise a `Refusal`.
    """

    def check(self, text: str, caller: Caller, *, as_of: int | None = None) -> Verdict:
        """What a person is told who scanned `text`."""

    def trace(
        self, text: str, direction: str, caller: Caller, *, as_of: int | None = None
    ) -> Trail:
        """Where it came from and went to; `direction` is ``up``, ``down`` or ``both``."""

    def submit(self, offer: Offer, caller: Caller) -> Receipt:
        """Take a document; returns when it is durable."""

    def issue(self, codes: CodeRange, caller: Caller) -> Receipt:
        """Enter a range of codes as issued."""

    def identify(self, text: str) -> tuple[Reading, ...]:
        """All ways to read a text, best first."""

    def names(self, uris: Collection[str]) -> Mapping[str, str]:
        """Display names of places, parties and products; the unnamed have no key."""

    def status(self) -> Mapping[str, object]:
        """``ledger_size``, ``ledger_root``, ``projected_size``, counts; ``examples`` perhaps."""

    def caller_of(self, key: str) -> Caller | None:
        """On whose behalf an API key speaks."""

    def wait(self, size: int) -> bool:
        """Wait until the index has the ledger's first `size` entries; False if it gave up."""


@runtime_checkable
class Quick(Protocol):
    """A desk that takes submissions without a thread for each."""

    async def take(self, offer: Offer, caller: Caller) -> Receipt:
        """As `Desk.submit`."""

    async def take_codes(self, codes: CodeRange, caller: Caller) -> Receipt:
        """As `Desk.issue`."""


@runtime_checkable
class Receives(Protocol):
    """A desk that may give receipts for submissions before the writer has them."""

    receiving: Receiving | None
    """Where they are stored; None when they are not."""

    async def hand(self, offer: Offer, caller: Caller) -> Handed | Receipt:
        """Store a document; returns when it is stored, or refused already."""


@runtime_checkable
class People(Protocol):
    """A desk at which people sign in."""

    sessions: Sessions

    def account(self, login: str) -> Account | None:
        """The account of a login."""

    def person(self, token: str) -> Person | None:
        """Who is signed in by a token."""


@runtime_checkable
class Registrar(Protocol):
    """A desk that enters what is no document: keys, accounts, looks."""

    def enter(self, made: Made, caller: Caller) -> Receipt:
        """Enter it; returns when it is durable."""


@runtime_checkable
class QuickRegistrar(Protocol):
    """The same without a thread for each."""

    async def take_entry(self, made: Made, caller: Caller) -> Receipt:
        """As `Registrar.enter`."""


@runtime_checkable
class Timed(Protocol):
    """A desk over a directory of its own, with a clock: jobs can wait there."""

    clock: Clock

"""What do the pages of recalls stand on? Who may see one, its scope out of the vault, the walk that finds it."""

import datetime as dt
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from guantong import coding, identify, recall
from guantong.clock import CHINA, day_in_china
from guantong.errors import fault
from guantong.ledger import StatementType
from guantong.recall import Act, Fixed, Kind, Progress, RecallError, Running, Step
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office
from guantong.serve.made import Made
from guantong.serve.owned_items import OwnedItems
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.scope_cli import scope_with
from guantong.serve.scope_origins import check_sizes, origin_of
from guantong.store import EventFilter, SegmentStore, Store
from guantong.verdict.holds import DRILL

SECONDS_MAX: Final = 120.0
"""Longest time a scope may take."""
AT_ONCE: Final = 1
ONE: Final = "/desk/recalls/{number}"
"""Address of one recall."""
ROLES: Final = (Role.REGULATOR, Role.PRODUCER)
ITEMS_MAX: Final = 500
"""Items of a scope of which the events stand in its evidence."""
EVENTS_MAX: Final = 20_000
"""Events of one file of evidence."""
DAY_MS: Final = 86_400_000


class View(NamedTuple):
    """A recall as its page shows it."""

    running: Running
    fixed: Fixed | None
    """Its scope as it was fixed last."""
    progress: Progress | None


class Ground:
    """Reads recalls, and enters their steps."""

    def __init__(self, office: Office) -> None:
        """Over an office; one walk at a time, and one paper."""
        self.office = office
        self.walking = CapacityLimiter(AT_ONCE)
        self.printing = CapacityLimiter(AT_ONCE)
        self._owned = OwnedItems(office.desk.readers, office.desk.clock)

    async def fix(self, number: str, origins: Sequence[str], person: Person) -> Fixed:
        """Compute a scope, and enter it."""
        fixed = await to_thread.run_sync(self.walked, tuple(origins), limiter=self.walking)
        step = Step(number, Act.SCOPED, person.account.login, origins=tuple(origins), fixed=fixed)
        await self.enter(step, person)
        return fixed

    def walked(self, origins: tuple[str, ...]) -> Fixed:
        """The scope of some origins now."""
        until = time.monotonic() + SECONDS_MAX
        now_ms = self.office.desk.clock.now_ms()
        with self.office.desk.readers.lend() as handle:
            store = handle.store
            assert isinstance(store, SegmentStore)
            whole = [part for one in origins for part in _parts(store, one, now_ms)]
            return recall.fixed_of(scope_with(store, whole, now_ms=now_ms, until=until))

    def origins(self, form: Form) -> list[str]:
        """What a form begins with. Raises Refusal."""
        texts = [line.strip() for line in form.fields.get("codes", "").splitlines()]
        with self.office.desk.readers.lend() as store:
            codes = [origin_of(store, text) for text in texts if text]
            codes += self._made(store, form)
        found = list(dict.fromkeys(codes))
        if not 1 <= len(found) <= 2_000:
            expected = "1 to 2,000 codes, batches or items"
            raise RecallError(
                fault(recall.Fault.STEP, expected=expected, got=len(found), path="codes")
            )
        check_sizes(found)
        return found

    def _made(self, store: Store, form: Form) -> list[str]:
        """What was made of a product, by a supplier or under a certificate, in some days."""
        given = {name: form.text(name) for name in ("product", "supplier", "certificate")}
        if not any(given.values()):
            return []
        since, until = (_day_ms(form.text(name), name) for name in ("from", "to"))
        classes = [coding.class_of(given["product"])] if given["product"] else []
        makers = (origin_of(store, given["supplier"]),) if given["supplier"] else ()
        if given["certificate"]:
            key = origin_of(store, given["certificate"])
            classes += _products_of(store, key)
        if not classes and not makers:
            expected = "a product, supplier or certificate that is known"
            raise RecallError(
                fault(recall.Fault.STEP, expected=expected, got="none", path="product")
            )
        found, _ = recall.made_between(store, classes, since, until + DAY_MS, makers=makers)
        return found

    def partners(self, person: Person) -> set[str] | None:
        """Whom a firm may see by name: those it sent something to; None for who supervises."""
        if person.account.role is Role.REGULATOR:
            return None
        wanted = EventFilter(parties=(person.account.party,))
        with self.office.desk.readers.lend() as store:
            events = store.scan_events(wanted, limit=EVENTS_MAX)
        named = (one.event.destinations for one in events)
        return {typed.value for some in named for typed in some} | {person.account.party}

    async def enter(self, step: Step, person: Person) -> None:
        """Enter a step. Raises RecallError when it can not be."""
        await self.enter_all((step,), person)

    async def enter_all(self, steps: Sequence[Step], person: Person) -> None:
        """Enter steps of which none depends on another. Raises RecallError when one can not be."""
        for step in steps:
            recall.check_step(step)
        made = [Made.of(StatementType.RECALL, step, recall.STEP_MEDIA) for step in steps]
        await self.office.enter_all(made, person)

    async def view(self, request: Request) -> tuple[Person, View]:
        """Who asks, and the recall of the address; raises HttpError when it is not theirs to see."""
        person = self.office.person(request, *ROLES)
        number = request.path_params["number"]

        def read() -> View | None:
            with self.office.desk.readers.lend() as store:
                running = recall.find(store, number)
            return None if running is None else self.view_of(running)

        view = await to_thread.run_sync(read)
        if view is None or not may_see(view.running, person):
            expected = "a recall you may see"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        return person, view

    def view_of(self, running: Running) -> View:
        """A recall with its scope out of the vault, and how far it is."""
        last = running.last(Act.SCOPED)
        fixed = recall.parse_step(self.office.desk.body(last[1].entry)).fixed if last else None
        progress = recall.progress_of(running, fixed) if fixed is not None else None
        return View(running, fixed, progress)

    def owned(self, view: View, party: str) -> list[str] | None:
        """Items of a recall that a holder has, in ranges; None when there are too many to tell."""
        last = view.running.last(Act.SCOPED)
        if last is None or view.fixed is None:
            return None
        return self._owned.of(last[1].entry, view.fixed, party)

    def today(self) -> dt.date:
        """In China."""
        return day_in_china(self.office.desk.clock.now_ms())


def _parts(store: Store, origin: str, now_ms: int) -> list[str]:
    """What a class, which has no life of its own, begins with: everything made of it."""
    readings = identify.read(origin)
    if readings and readings[0].value.kind is identify.Kind.CLASS:
        found, _ = recall.made_between(store, (origin,), 0, now_ms + DAY_MS)
        return found or [origin]
    return [origin]


def _products_of(store: Store, certificate: str) -> list[str]:
    facts = store.facts("certificate", (certificate,))
    listed = (fact.fields.get("products") for fact in facts)
    return [str(one) for some in listed if isinstance(some, list | tuple) for one in some]


def first_items(fixed: Fixed | None) -> list[str]:
    """The first items of a scope, `ITEMS_MAX` at most."""
    return list(islice(recall.items_of(fixed), ITEMS_MAX)) if fixed is not None else []


def may_see(running: Running, person: Person) -> bool:
    """Whether a person may see a recall: its region, or its firm."""
    account = person.account
    if account.role is Role.REGULATOR:
        return running.recall.region.startswith(account.region)
    return running.recall.firm == account.party


def check_open(view: View) -> None:
    """Refuse a step of a recall that has ended. Raises RecallError."""
    if view.running.is_closed:
        expected = "a recall that is not closed"
        raise RecallError(
            fault(recall.Fault.STEP, expected=expected, got=view.running.recall.id, path="act")
        )


def stop_of(view: View) -> str:
    """What kind of stop a recall puts on things: of a drill one that stops nothing."""
    return DRILL if view.running.recall.kind is Kind.DRILL else "recalled"


def stop_watch(running: Running) -> dict[str, float]:
    """Seconds from the opening to each kind of step, the first of it."""
    found: dict[str, float] = {}
    for step, fact in running.steps:
        spent = (fact.received_ms - running.opened.received_ms) / 1000
        found.setdefault(step.act.value, spent)
    return found


def _day_ms(text: str, path: str) -> int:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise RecallError(
            fault(recall.Fault.STEP, expected="a day", got=text[:20], path=path)
        ) from None
    return int(dt.datetime.combine(day, dt.time(), CHINA).timestamp() * 1000)


def when(at_ms: int) -> str:
    """An instant as people in China write it, "" for none."""
    return dt.datetime.fromtimestamp(at_ms / 1000, CHINA).isoformat(" ", "seconds") if at_ms else ""


def json_of(view: View) -> dict[str, Any]:
    """A recall as a JSON value."""
    running, fixed, progress = view.running, view.fixed, view.progress
    told: dict[str, Any] = {
        "recall": msgspec.to_builtins(running.recall),
        "opened_entry": running.opened.entry,
        "steps": [
            {"act": step.act.value, "party": step.party, "note": step.note, "entry": fact.entry,
             "at_ms": fact.received_ms}
            for step, fact in running.steps
        ],
        "closed": running.is_closed,
        "report_entry": running.report_entry,
        "held": running.is_held,
        "public": running.is_public,
        "seconds": stop_watch(running),
    }  # fmt: skip
    if fixed is not None and progress is not None:
        told |= {
            "as_of": fixed.as_of,
            "made": fixed.made,
            "account": fixed.account,
            "complete": fixed.complete,
            "lots": sorted({one.lot for one in fixed.lots}),
            "quantity": progress.quantity,
            "in_trade": progress.in_trade,
            "handled": progress.handled,
            "sold": progress.sold,
            "unknown": progress.unknown,
            "holders": [
                one._asdict() | {"counts": msgspec.to_builtins(one.counts)}
                for one in progress.holders
            ],
        }
    return told

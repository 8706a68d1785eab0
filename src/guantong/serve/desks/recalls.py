"""How does somebody with a bad lot and an hour recall it? The list, the opening, and how far one is."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, recall, rules, watch
from guantong.clock import day_in_china
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.recall import Act, Fixed, Holding, Kind, Recall, RecallError, Running
from guantong.serve import answer, asked
from guantong.serve.complaints import lots_of
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.desks.recall_ground import (
    ONE,
    ROLES,
    Ground,
    View,
    json_of,
    may_see,
    stop_watch,
)
from guantong.serve.desks.recall_papers import RecallPapers
from guantong.serve.desks.recall_steps import RecallSteps
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.store import EventFilter, Store

SHOWN: Final = 300
ANSWER_DAYS: Final = 3
"""Working days a holder has to answer, unless said otherwise."""


class Recalls:
    """The pages of recalls."""

    def __init__(self, office: Office) -> None:
        self._ground = Ground(office)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/recalls", self.recalls),
            Route("/desk/recalls", self.open, methods=["POST"]),
            Route(ONE, self.recall),
            *RecallSteps(self._ground, self.shown).routes(),
            *RecallPapers(self._ground).routes(),
        ]

    async def recalls(self, request: Request) -> Response:
        """The recalls the person may see, and the form for another."""
        person = self._ground.office.person(request, *ROLES)
        given = {"codes": request.query_params.get("codes", "")}
        return await self._list_page(request, person, given)

    async def _list_page(
        self,
        request: Request,
        person: Person,
        given: Mapping[str, str],
        errors: tuple[Found, ...] = (),
    ) -> Response:
        def read() -> tuple[list[Running], list[recall.Cluster]]:
            with self._ground.office.desk.readers.lend() as store:
                return recall.all_recalls(store), self._clusters(store, person)

        found, clusters = await to_thread.run_sync(read)
        kinds = (
            tuple(Kind)
            if person.account.role is Role.REGULATOR
            else (Kind.VOLUNTARY, Kind.WITHDRAWAL, Kind.DRILL)
        )
        return self._ground.office.page(
            request,
            person,
            "recalls.html",
            400 if errors else 200,
            found=[one for one in found if may_see(one, person)][:SHOWN],
            kinds=kinds,
            clusters=clusters,
            today=self._ground.today().isoformat(),
            given=given,
            errors=errors,
        )

    def _clusters(self, store: Store, person: Person) -> list[recall.Cluster]:
        """Lots of which more is complained than chance explains, in the regulator's region."""
        if person.account.role is not Role.REGULATOR:
            return []
        held = rules.on(self._ground.today())
        region = person.account.region[:2]
        cases = watch.cases(store, (region,) if region else tuple(held.provinces))
        codes = [str(case.report.fields["code"]) for case in cases]
        return lots_of(store, codes, self._ground.office.desk.clock.now_ms())[:10]

    async def open(self, request: Request) -> Response:
        """Open a recall, and fix its first scope.

        Returns:
            On to its page; the list with what is wrong.
        """
        person = self._ground.office.person(request, *ROLES)
        async with self._ground.office.form(request, person) as form:
            try:
                origins = await to_thread.run_sync(self._ground.origins, form)
                opened = await to_thread.run_sync(self._opened, form, person, origins)
                recall.check_recall(opened)
                made = Made.of(StatementType.RECALL, opened, recall.MEDIA)
                await self._ground.office.enter(made, person)
                await self._ground.fix(opened.id, origins, person)
            except Refusal as refusal:
                return await self._list_page(request, person, form.fields, refusal.faults)
        return on_to(f"/desk/recalls/{opened.id}")

    def _opened(self, form: Form, person: Person, origins: Sequence[str]) -> Recall:
        kind = form.text("kind")
        account = person.account
        is_own = account.role is Role.PRODUCER
        if kind not in set(Kind) or (is_own and kind == Kind.ORDERED):
            expected = " | ".join(Kind)
            raise RecallError(
                fault(recall.Fault.RECALL, expected=expected, got=kind[:50], path="kind")
            )
        with self._ground.office.desk.readers.lend() as store:
            firm = _firm_of(store, origins[0])
            known = parties.firm(store, firm) if firm else None
        if is_own and firm != account.party:
            expected = "a product of your firm"
            raise RecallError(
                fault(recall.Fault.RECALL, expected=expected, got=firm or "nobody's", path="codes")
            )
        region = known.region if known is not None else ""
        if not region.startswith(account.region):
            expected = f"a firm of region {account.region}"
            raise RecallError(
                fault(recall.Fault.RECALL, expected=expected, got=region or "unknown", path="codes")
            )
        return Recall(
            id=watch.new_id(),
            kind=Kind(kind),
            firm=firm,
            region=region,
            title=form.text("title"),
            hazard=form.text("hazard"),
            remedy=form.text("remedy"),
            known_on=form.text("known_on"),
            by=account.login,
            defect=form.text("defect"),
            risk=_risk(form, self._ground.today()),
            target_s=_seconds(form.text("target_s")),
        )

    async def recall(self, request: Request) -> Response:
        """How far a recall is, as page or JSON."""
        person, view = await self._ground.view(request)
        if asked.wants_json(request):
            return answer.json(json_of(view))
        return await self.shown(request, person, view)

    async def shown(
        self, request: Request, person: Person, view: View, errors: tuple[Found, ...] = ()
    ) -> Response:
        """The page of a recall, with what is wrong."""
        running, progress = view.running, view.progress
        contradicted = await to_thread.run_sync(self._contradicted, view)
        holders = progress.holders if progress else ()
        names = self._ground.office.desk.names(
            {one.party for one in holders} | {running.recall.firm}
        )
        own = await to_thread.run_sync(self._ground.partners, person)
        return self._ground.office.page(
            request,
            person,
            "recall.html",
            400 if errors else 200,
            running=running,
            fixed=view.fixed,
            progress=progress,
            holders=holders[:SHOWN],
            names=names,
            is_named=lambda party: own is None or party in own,
            deadlines=self._deadlines(running),
            watch=stop_watch(running),
            today=self._ground.today().isoformat(),
            answer_by=self._later(ANSWER_DAYS),
            sample=recall.sample_size(len(holders)) if holders else 0,
            contradicted=contradicted,
            errors=errors,
        )

    def _contradicted(self, view: View) -> dict[str, list[str]]:
        """Holders whose later records do not fit what they answered: event ids."""
        if view.progress is None or view.fixed is None:
            return {}
        found: dict[str, list[str]] = {}
        with self._ground.office.desk.readers.lend() as store:
            for one in view.progress.holders[:SHOWN]:
                if one.answered_ms and one.counts.handled:
                    events = moved_after(store, one, view.fixed)
                    if events:
                        found[one.party] = events
        return found

    def _deadlines(self, running: Running) -> list[tuple[str, str, str, bool]]:
        """What the rules want: name in both languages, last day, and whether it is done."""
        held, known = rules.on(self._ground.today()), dt.date.fromisoformat(running.recall.known_on)
        done = {
            "report": running.last(Act.REPORTED) is not None,
            "plan": running.last(Act.PLANNED) is not None,
        }
        found = []
        for key, is_done in done.items():
            row = held.recall_deadlines.get(key)
            if row is not None:
                day = held.due(key, known).day.isoformat()
                found.append((row.label_zh, row.label_en, day, is_done))
        closed = running.last(Act.CLOSED)
        row = held.recall_deadlines.get("summary")
        if closed is not None and row is not None:
            day = held.due("summary", day_in_china(closed[1].received_ms)).day.isoformat()
            found.append((row.label_zh, row.label_en, day, True))
        return found

    def _later(self, days: int) -> str:
        return (
            rules.on(self._ground.today())
            .workdays.after(self._ground.today(), days)
            .day.isoformat()
        )


def moved_after(store: Store, holder: Holding, fixed: Fixed) -> list[str]:
    """Events by which a holder moved items of a scope on after it had answered; their ids."""
    found = []
    wanted = EventFilter(parties=(holder.party,), steps=("shipping", "retail_selling", "selling"))
    for one in store.scan_events(wanted, after=(holder.answered_ms, -1), limit=1_000):
        if one.entry < holder.answered_entry:
            continue
        things = (*one.event.epcs, *one.event.child_epcs)
        if any(recall.is_in(thing, fixed) for thing in things):
            found.append(one.event.id)
    return found


def _firm_of(store: Store, origin: str) -> str:
    product = parties.product(store, recall.class_of(origin))
    return product.firm if product is not None else ""


def _risk(form: Form, day: dt.date) -> str:
    severity, one_in = form.text("severity"), form.text("one_in")
    if not severity and not one_in:
        return ""
    if not (severity.isdecimal() and one_in.isdecimal() and int(one_in[:12])):
        expected = "a severity of 1 to 4, and one in how many"
        raise RecallError(
            fault(
                recall.Fault.RECALL,
                expected=expected,
                got=f"{severity}, {one_in}"[:50],
                path="risk",
            )
        )
    return recall.risk_of(int(severity[:2]), 1 / int(one_in[:12]), day).level


def _seconds(text: str) -> int:
    return int(text[:8]) if text.isascii() and text.isdecimal() else 0

"""What is done in a recall? Stop, release, notices, reminders, checks, notice to all, another scope, the end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import recall
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.recall import Act, RecallError, Step
from guantong.serve.desks.office import on_to
from guantong.serve.desks.recall_ground import ONE, Ground, View, check_open, json_of, stop_of
from guantong.serve.made import Made
from guantong.serve.people.person import Person
from guantong.verdict.holds import MEDIA, Holds

REPORT: Final = "application/vnd.guantong.recall-report+json"
"""Media type of the report at the end: a body that is handed over whole."""
Shown = Callable[..., Awaitable[Response]]
"""Shows the page of a recall with what is wrong."""


class RecallSteps:
    """The steps, each a form."""

    def __init__(self, ground: Ground, shown: Shown) -> None:
        self._ground = ground
        self._shown = shown

    def routes(self) -> list[Route]:
        """Their addresses."""
        posts: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "scope": self.scope,
            "hold": self.hold,
            "release": self.release,
            "notify": self.notify,
            "remind": self.remind,
            "check": self.check,
            "state": self.state,
            "close": self.close,
        }
        return [Route(f"{ONE}/{name}", take, methods=["POST"]) for name, take in posts.items()]

    async def scope(self, request: Request) -> Response:
        """Fix another scope: what was held and is in it no more is released, what is new is held."""
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            try:
                check_open(view)
                origins = await to_thread.run_sync(self._ground.origins, form)
                before = view.running.origins
                await self._ground.fix(view.running.recall.id, origins, person)
                if view.running.is_held:
                    gone = [one for one in before if one not in origins]
                    new = [one for one in origins if one not in before]
                    await self._order(view, gone, "lifted", person)
                    await self._order(view, new, stop_of(view), person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def hold(self, request: Request) -> Response:
        """Stop everything at once: scan pages turn red, nothing goes out of a seller's desk."""
        return await self._ordered(request, Act.HELD)

    async def release(self, request: Request) -> Response:
        """End the stop."""
        return await self._ordered(request, Act.RELEASED)

    async def _ordered(self, request: Request, act: Act) -> Response:
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            try:
                check_open(view)
                kind = stop_of(view) if act is Act.HELD else "lifted"
                await self._order(view, view.running.origins, kind, person)
                step = Step(
                    view.running.recall.id, act, person.account.login, note=form.text("note")
                )
                await self._ground.enter(step, person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def _order(self, view: View, targets: Sequence[str], kind: str, person: Person) -> None:
        if not targets:
            return
        told = view.running.recall
        why = f"{told.title}。{told.remedy}"
        holds = Holds(
            tuple(targets), kind, why, f"{told.title}. {told.remedy}", f"recall {told.id}"
        )
        await self._ground.office.enter(Made.of(StatementType.HOLD, holds, MEDIA), person)

    async def notify(self, request: Request) -> Response:
        """Tell every holder that was not told yet, or all of them anew."""
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            try:
                check_open(view)
                holders = view.progress.holders if view.progress else ()
                again = form.text("again") == "yes"
                told = [one for one in holders if again or not one.notified_ms]
                steps = [
                    Step(
                        view.running.recall.id,
                        Act.NOTIFIED,
                        person.account.login,
                        party=one.party,
                        note=form.text("note"),
                        deadline=form.text("deadline"),
                    )
                    for one in told
                ]
                await self._ground.enter_all(steps, person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def remind(self, request: Request) -> Response:
        """Remind who is late or short."""
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person):
            late = [one for one in (view.progress.open if view.progress else ()) if one.notified_ms]
            number, login = view.running.recall.id, person.account.login
            steps = [Step(number, Act.REMINDED, login, one.party) for one in late]
            await self._ground.enter_all(steps, person)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def check(self, request: Request) -> Response:
        """Note what a look at a holder found."""
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            step = Step(
                view.running.recall.id,
                Act.CHECKED,
                person.account.login,
                party=form.text("party"),
                note=form.text("note"),
            )
            try:
                await self._ground.enter(step, person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def state(self, request: Request) -> Response:
        """Note that it was reported, that its plan was handed in, or make it public."""
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            act = form.text("act")
            try:
                if act not in {Act.REPORTED, Act.PLANNED, Act.PUBLISHED}:
                    expected = "reported | planned | published"
                    raise RecallError(
                        fault(recall.Fault.STEP, expected=expected, got=act[:50], path="act")
                    )
                check_open(view)
                step = Step(
                    view.running.recall.id, Act(act), person.account.login, note=form.text("note")
                )
                await self._ground.enter(step, person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

    async def close(self, request: Request) -> Response:
        """End a recall, with a report that can be handed over with its proof.

        Returns:
            On to its page; the same with what is open.

        Raises:
            RecallError: shown on the page.
        """
        person, view = await self._ground.view(request)
        async with self._ground.office.form(request, person) as form:
            try:
                check_open(view)
                note = form.text("note")
                if view.progress is None or (view.progress.open and not note):
                    expected = "answers for everything, or a reason why not"
                    got = f"{len(view.progress.open) if view.progress else 0} holders open"
                    raise RecallError(
                        fault(recall.Fault.STEP, expected=expected, got=got, path="note")
                    )
                report = Made(
                    StatementType.RECALL,
                    msgspec.json.encode(json_of(view) | {"note": note}),
                    (),
                    REPORT,
                )
                handed = await self._ground.office.enter(report._replace(alone=True), person)
                number, login = view.running.recall.id, person.account.login
                step = Step(number, Act.CLOSED, login, note=note, report=handed.ledger_index)
                await self._ground.enter(step, person)
            except Refusal as refusal:
                return await self._shown(request, person, view, refusal.faults)
        return on_to(f"/desk/recalls/{view.running.recall.id}")

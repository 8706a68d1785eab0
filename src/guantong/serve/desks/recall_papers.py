"""What can be taken out of a recall? The plan form, a sheet of holders, the events, what moved since."""

from itertools import islice
from typing import Final

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, recall
from guantong.capture.cells import csv_of, harmless
from guantong.capture.json_write import capture_document
from guantong.capture.model import Event
from guantong.recall import Fixed
from guantong.serve import answer
from guantong.serve.desks.office import download
from guantong.serve.desks.recall_ground import ONE, Ground, when
from guantong.store.columns import Span
from guantong.trace.closure import texts_of
from guantong.trace.sight import Sight

ITEMS_MAX: Final = 500
"""Items of a scope of which the events stand in its evidence."""
EVENTS_MAX: Final = 20_000
"""Events of one file of evidence."""


class RecallPapers:
    """The addresses of what is taken out."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def routes(self) -> list[Route]:
        """They."""
        return [
            Route(f"{ONE}/drift", self.drift),
            Route(f"{ONE}/plan", self.plan),
            Route(f"{ONE}/holders.csv", self.sheet),
            Route(f"{ONE}/evidence.json", self.evidence),
        ]

    async def drift(self, request: Request) -> Response:
        """What moved into the scope and out of it since it was fixed; JSON."""
        _, view = await self._ground.view(request)
        if view.fixed is None:
            return answer.json({"came": 0, "went": 0, "ranges": [], "gone": []})
        origins = view.running.origins
        now = await to_thread.run_sync(self._ground.walked, origins, limiter=self._ground.walking)
        found = recall.drift_of(view.fixed, now)
        told = {"came": found.came, "went": found.went}
        ranges = {"ranges": found.examples, "gone": found.gone, "as_of": now.as_of}
        return answer.json(told | ranges | {"made": now.made, "account": now.account})

    async def plan(self, request: Request) -> Response:
        """The plan form filled from the trace, to be printed."""
        person, view = await self._ground.view(request)
        running, progress = view.running, view.progress
        areas: dict[str, int] = {}
        for one in progress.holders if progress else ():
            areas[one.region[:2]] = areas.get(one.region[:2], 0) + one.items

        def read() -> tuple[object, list[object]]:
            with self._ground.office.desk.readers.lend() as store:
                classes = dict.fromkeys(recall.class_of(one) for one in running.origins)
                products = [parties.product(store, one) for one in classes]
                firm = parties.firm(store, running.recall.firm)
                return firm, [one for one in products if one is not None]

        firm, products = await to_thread.run_sync(read)
        return self._ground.office.page(
            request,
            person,
            "recall_plan.html",
            running=running,
            fixed=view.fixed,
            progress=progress,
            firm=firm,
            products=products,
            areas=sorted(areas.items(), key=lambda one: -one[1]),
        )

    async def sheet(self, request: Request) -> Response:
        """Holders and what became of their part, as a sheet that can be sorted."""
        person, view = await self._ground.view(request)
        own = await to_thread.run_sync(self._ground.partners, person)
        head = ("party", "region", "items", "lots", "notified", "deadline", "answered", "found",
                "quarantined", "returned", "repaired", "destroyed", "checked")  # fmt: skip
        rows = []
        for one in view.progress.holders if view.progress else ():
            counts = one.counts
            lots = "; ".join(f"{lot} {quantity:g} {uom}" for lot, uom, quantity in one.lots)
            rows.append(
                (
                    one.party if own is None or one.party in own else "",
                    one.region,
                    one.items,
                    lots,
                    when(one.notified_ms),
                    one.deadline,
                    when(one.answered_ms),
                    counts.found,
                    counts.quarantined,
                    counts.returned,
                    counts.repaired,
                    counts.destroyed,
                    one.checked,
                )
            )
        cells = ([harmless(str(cell)) for cell in row] for row in rows)
        name = f"recall-{view.running.recall.id}.csv"
        return download(csv_of((head, *cells)), name, "text/csv; charset=utf-8")

    async def evidence(self, request: Request) -> Response:
        """The events of what the recall began with and of its first items, as an EPCIS document."""
        person, view = await self._ground.view(request)
        caller = person.account.caller()

        def read() -> dict[str, object]:
            register_ms = self._ground.office.desk.clock.now_ms()
            with self._ground.office.desk.readers.lend() as store:
                register = parties.Register(store)
                sight = Sight(caller, register.firm_of, register.region_of)
                found: dict[int, Event] = {}
                things = (*view.running.origins, *_first_items(view.fixed))
                for rows in store.rows_of(things).values():
                    seen = (row.stored for row in rows if sight.sees(row.stored))
                    found |= {one.no: one.event for one in seen}
            return capture_document(list(found.values())[:EVENTS_MAX], register_ms)

        told = await to_thread.run_sync(read)
        data = msgspec.json.encode(told)
        return download(data, f"recall-{view.running.recall.id}.json", "application/json")


def _first_items(fixed: Fixed | None) -> list[str]:
    """The first items of a scope, `ITEMS_MAX` at most."""
    spans = fixed.spans if fixed is not None else ()
    some = (
        Span(head, first, min(last, first + ITEMS_MAX), width) for head, first, last, width in spans
    )
    texts = (text for one in some for text in texts_of(one))
    return list(islice(texts, ITEMS_MAX))

"""What can be taken out of a recall? The plan form, a sheet of holders, the events, what moved since."""

from collections.abc import Callable
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
from guantong.parties import Firm, Product
from guantong.serve import answer, asked
from guantong.serve.desks.office import download
from guantong.serve.desks.recall_ground import EVENTS_MAX, ONE, Ground, View, first_items, when
from guantong.serve.desks.recall_prints import (
    Known,
    areas_of,
    known_of,
    plan_paper,
    products_of,
    report_paper,
)
from guantong.serve.desks.recall_trace import Found, Told, csv_sheet, xlsx_sheet
from guantong.serve.desks.sheets import SHEET_MEDIA
from guantong.serve.words import Language
from guantong.trace.sight import Sight

PDF: Final = "application/pdf"


class RecallPapers:
    """The addresses of what is taken out."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def routes(self) -> list[Route]:
        """They."""
        return [
            Route(f"{ONE}/drift", self.drift),
            Route(f"{ONE}/plan", self.plan),
            Route(f"{ONE}/plan.pdf", self.plan_pdf),
            Route(f"{ONE}/report.pdf", self.report_pdf),
            Route(f"{ONE}/holders.csv", self.sheet),
            Route(f"{ONE}/trace.csv", self.trace_csv),
            Route(f"{ONE}/trace.xlsx", self.trace_xlsx),
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

        def read() -> tuple[Firm | None, list[Product]]:
            with self._ground.office.desk.readers.lend() as store:
                return parties.firm(store, running.recall.firm), products_of(store, running)

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
            areas=areas_of(progress),
        )

    async def plan_pdf(self, request: Request) -> Response:
        """The plan form as a file, with what only the firm knows left open."""
        return await self._printed(request, "plan", plan_paper)

    async def report_pdf(self, request: Request) -> Response:
        """How far it is, as a file; after its end the closing report."""
        return await self._printed(request, "report", report_paper)

    async def _printed(
        self, request: Request, name: str, write: Callable[[View, Known], bytes]
    ) -> Response:
        person, view = await self._ground.view(request)

        def made() -> bytes:
            shown = self._ground.partners(person)
            return write(view, known_of(self._ground, view, shown))

        data = await to_thread.run_sync(made, limiter=self._ground.printing)
        return download(data, f"recall-{view.running.recall.id}-{name}.pdf", PDF)

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

    async def trace_csv(self, request: Request) -> Response:
        """What happened to everything in it, by time, as a sheet that can be sorted."""
        return await self._traced(request, csv_sheet, "csv", "text/csv; charset=utf-8")

    async def trace_xlsx(self, request: Request) -> Response:
        """The same as a workbook."""
        return await self._traced(request, xlsx_sheet, "xlsx", SHEET_MEDIA)

    async def _traced(
        self, request: Request, write: Callable[[Found, Language], bytes], ending: str, media: str
    ) -> Response:
        person, view = await self._ground.view(request)
        language = asked.language(request)

        def made() -> bytes:
            with self._ground.office.desk.readers.lend() as store:
                register = parties.Register(store)
                sight = Sight(person.account.caller(), register.firm_of, register.region_of)
                told = Told(store, sight, self._ground.office.desk.clock.now_ms(), language)
                found = told.found(view.fixed)
            return write(found, language)

        data = await to_thread.run_sync(made, limiter=self._ground.printing)
        return download(data, f"recall-{view.running.recall.id}-trace.{ending}", media)

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
                things = (*view.running.origins, *first_items(view.fixed))
                for rows in store.rows_of(things).values():
                    seen = (row.stored for row in rows if sight.sees(row.stored))
                    found |= {one.no: one.event for one in seen}
            return capture_document(list(found.values())[:EVENTS_MAX], register_ms)

        told = await to_thread.run_sync(read)
        data = msgspec.json.encode(told)
        return download(data, f"recall-{view.running.recall.id}.json", "application/json")

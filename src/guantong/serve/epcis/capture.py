"""How are documents taken without a wait? ``/epcis/capture``: 202 with the address of a job.

Refused at once is what can be told at once: who asks, media, version, size, number of events,
bytes that are no JSON or XML. The rest is found in the job, which its sender, and nobody else,
may ask for.

References:
    EPCIS 2.0, section 12 (capture jobs)
"""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Scope
from guantong.capture.faults import CaptureError, Limits
from guantong.capture.faults import Fault as CaptureFault
from guantong.capture.glance import glance
from guantong.clock import Clock, instant_text
from guantong.errors import fault
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.jobs import Jobs
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.epcis.spool import Asked, Job
from guantong.serve.job import may_submit
from guantong.serve.problems import Fault, HttpError
from guantong.serve.upload import Uploads, proceeds
from guantong.settings import Settings

PAGE: Final = 30
PAGE_MAX: Final = 1_000
"""Jobs on one page: when not told, and at most."""
NUMBER_MAX: Final = 64
"""Characters of a number."""
BEHAVIOUR: Final = {False: "rollback", True: "proceed"}


class Capture:
    """The capture interface."""

    def __init__(
        self, desk: Desk, uploads: Uploads, jobs: Jobs, settings: Settings, clock: Clock
    ) -> None:
        self._desk = desk
        self._uploads = uploads
        self._jobs = jobs
        self._clock = clock
        self._limits = Limits(
            bytes_max=settings.document_bytes_max, events_max=settings.document_events_max
        )
        self.said = protocol.headers(
            capture=(settings.document_events_max, settings.document_bytes_max)
        )

    def routes(self) -> list[Route]:
        """Its addresses, below the binding's."""
        return [
            Route("/capture", self.listed, methods=["GET"]),
            Route("/capture", self.take, methods=["POST"]),
            Route("/capture", self.offered, methods=["OPTIONS"]),
            Route("/capture/{number}", self.shown, methods=["GET"]),
            Route("/capture/{number}", self.offered, methods=["OPTIONS"]),
        ]

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        allowed = "OPTIONS, GET" if request.path_params else "OPTIONS, POST, GET"
        more = {"Allow": allowed, "GS1-Capture-Error-Behaviour": "rollback"}
        return Response(status_code=204, headers=self.said | more)

    async def take(self, request: Request) -> Response:
        """Promise to take a document.

        Returns:
            202 with the address of the job, which is on the disk by now.

        Raises:
            HttpError: if it can be told at once that it will not be taken.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        may_submit(caller)
        self._uploads.count(caller)
        protocol.check_accepts(request)
        media, proceed = protocol.check_media(request), proceeds(request)
        asking = Asked(
            caller.party, caller.level, caller.region, media, proceed, self._clock.now_ms()
        )
        async with self._uploads.body(request, self._limits.bytes_max) as body:
            number = await self._promised(asking, body)
        return protocol.done(status=202, more=protocol.place_of(request, f"/capture/{number}"))

    async def _promised(self, asking: Asked, body: bytes) -> str:
        events = await to_thread.run_sync(glance, body, self._limits)
        most = self._limits.events_max
        if events > most:
            expected = f"at most {most} events"
            raise CaptureError(fault(CaptureFault.TOO_MANY_EVENTS, expected=expected, got=events))
        return await self._jobs.add(asking, body)

    async def listed(self, request: Request) -> Response:
        """The caller's jobs, in the order in which they came, a page of them.

        Returns:
            JSON; ``Link`` names the next page if there is one.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        protocol.check_accepts(request)
        most, after = _per_page(request), request.query_params.get("nextPageToken", "")
        found = await self._jobs.page(caller.party, after[:NUMBER_MAX], most + 1)
        more = protocol.next_page(request, found[most - 1].id) if len(found) > most else {}
        return protocol.told([job_json(job) for job in found[:most]], more=more)

    async def shown(self, request: Request) -> Response:
        """One job of the caller.

        Returns:
            JSON.

        Raises:
            EpcisError: if the caller has none of that number.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        protocol.check_accepts(request)
        number = request.path_params["number"][:NUMBER_MAX]
        job = await self._jobs.get(number, caller.party)
        if job is None:
            raise EpcisError(protocol.absent(number))
        return protocol.told(job_json(job))


def job_json(job: Job) -> dict[str, object]:
    """A capture job as the standard has it; ``eventsRead``, ``events`` and ``ledger_index`` are ours.

    Returns:
        JSON object.

    References:
        EPCIS 2.0, section 12 (capture jobs)
    """
    outcome, read = job.outcome, {"eventsRead": job.read} if job.outcome is None else {}
    shown: dict[str, object] = {
        "captureID": job.id,
        "createdAt": instant_text(job.asked.created_ms),
        "running": outcome is None,
        **read,
        "success": outcome is None or outcome.success,
        "captureErrorBehaviour": BEHAVIOUR[job.asked.proceed],
        "errors": [protocol.problem((found,)) for found in outcome.faults] if outcome else [],
    }
    if outcome:
        shown["finishedAt"] = instant_text(outcome.finished_ms)
        shown["events"] = outcome.events
        shown["ledger_index"] = outcome.ledger_index
    return shown


def _per_page(request: Request) -> int:
    given = request.query_params.get("perPage", str(PAGE))
    if not (given.isascii() and given.isdecimal() and 0 < len(given) < 10 and int(given)):
        expected = "a number from 1 on"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=given, path="perPage"))
    return min(int(given), PAGE_MAX)

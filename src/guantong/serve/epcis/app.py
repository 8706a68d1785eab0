"""Which address below ``/epcis`` answers what?

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guantong.capture.json_write import CONTEXT
from guantong.clock import Clock
from guantong.errors import Refusal, fault
from guantong.serve import asked, recall_letters
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.capture import Capture
from guantong.serve.epcis.control import Control
from guantong.serve.epcis.events import RESOURCES, Events
from guantong.serve.epcis.jobs import Jobs
from guantong.serve.epcis.live import Live
from guantong.serve.epcis.named import NamedQueries
from guantong.serve.epcis.notices import KIND, Notices, Noticing
from guantong.serve.epcis.queries import Queries
from guantong.serve.epcis.resources import Resources
from guantong.serve.epcis.single import SingleEvents
from guantong.serve.epcis.spool import Spool
from guantong.serve.epcis.subscriptions import Subscriptions
from guantong.serve.outbox.box import Box
from guantong.serve.outbox.post import Kind, Post
from guantong.serve.problems import Fault
from guantong.serve.pulling import Pulled, Pulling
from guantong.serve.recall_letters import RecallLetters, Told
from guantong.serve.upload import Uploads, left
from guantong.settings import Settings

PREFIX: Final = "/epcis"
TOP: Final = ("capture", "events", "queries", *RESOURCES)
"""Top-level resources there are."""


class Epcis:
    """The binding over one installation."""

    def __init__(self, desk: Desk, uploads: Uploads, settings: Settings, clock: Clock) -> None:
        """Open the spool.

        Args:
            desk: Knows the keys.
            uploads: Takes documents.
            settings: The directory of the installation, and limits.
            clock: Says when.
        """
        self._desk = desk
        self.jobs = Jobs(Spool(settings.data), uploads.take_offer, clock)
        self._capture = Capture(desk, uploads, self.jobs, settings, clock)
        self._events = Events(desk, clock)
        self._singles = SingleEvents(desk, uploads)
        self._named = NamedQueries(settings.data)
        self._box = Box(settings.data)
        self._queries = Queries(desk, uploads, self._events, self._named, self._box, clock)
        private = settings.private_destinations
        self._subscriptions = Subscriptions(
            desk, uploads, self._queries, self._box, clock, private=private
        )
        self._control = Control(
            *(desk, uploads, self._events, self._queries, self._subscriptions, self._box)
        )
        self._live = Live(desk, self._queries, clock)
        self._post = Post(self._box, self._kinds(clock), clock, private=private)
        self.box = self._box
        """What is sent to others."""
        self.pulling = (
            Pulling(desk, uploads, settings.data, private=private)
            if isinstance(desk, Pulled)
            else None
        )
        """Who asks the partners."""

    def _kinds(self, clock: Clock) -> Mapping[str, Kind]:
        """What lines of the outbox do here."""
        desk, kinds = self._desk, {}
        if isinstance(desk, Noticing):
            kinds[KIND] = Notices(desk, self._box, clock).kind()
        if isinstance(desk, Told):
            kinds[recall_letters.KIND] = RecallLetters(desk, self._box, clock).kind()
        return kinds

    def mount(self) -> Mount:
        """All its addresses."""
        routes: list[BaseRoute] = [
            Route("/", self.top, methods=["GET"]),
            Route("/", self.offered, methods=["OPTIONS"]),
            *self._capture.routes(),
            *self._singles.routes(),
            *self._events.routes(),
            *Resources(self._desk).routes(),
            *self._queries.routes(),
            *self._subscriptions.routes(),
            *self._control.routes(),
            *self._live.routes(),
        ]
        handlers = {Refusal: refused, HTTPException: missing, ClientDisconnect: left}
        limits = Middleware(Limited, self._capture.said)
        app = Starlette(routes=routes, exception_handlers=handlers, middleware=[limits])
        mount = Mount(PREFIX, app)
        # A line break in a path is no reason to answer from elsewhere.
        mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
        return mount

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Work on jobs, and carry letters, as long as there is a server.

        Yields:
            Once, meanwhile.
        """
        del app
        async with self.jobs.running(), self._post.running(), self._asking():
            yield
        self._named.close()
        self._box.close()

    def _asking(self) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.pulling is None else self.pulling.running()

    async def top(self, request: Request) -> Response:
        """The top-level resources."""
        asked.keyed_caller(request, self._desk, None)
        protocol.check_accepts(request)
        found = {"@context": CONTEXT, "type": "Collection", "member": TOP}
        return protocol.told(found)

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk, None)
        return protocol.done(more={"Allow": "OPTIONS, GET"})


class Limited:
    """Tells the limits of capture wherever it is asked what can be done."""

    def __init__(self, app: ASGIApp, said: Mapping[str, str]) -> None:
        self.app = app
        self._said = said

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to the answer to OPTIONS."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._said)
            await send(message)

        await self.app(scope, receive, telling if scope.get("method") == "OPTIONS" else send)


async def refused(request: Request, error: Exception) -> Response:
    """A refusal as the standard's problem document."""
    del request
    assert isinstance(error, Refusal)
    return protocol.refusal(error.faults)


async def missing(request: Request, error: Exception) -> Response:
    """An address or method that is none."""
    is_method = isinstance(error, HTTPException) and error.status_code == 405
    found = (
        fault(Fault.METHOD, expected="another method", got=request.method)
        if is_method
        else fault(protocol.Fault.ABSENT, expected="an EPCIS resource", got=request.url.path)
    )
    answer = protocol.refusal((found,))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer

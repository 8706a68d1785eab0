"""The HTTP outside: which address answers which question?

``create_app`` ties a `Desk` to pages, JSON and problem documents; see docs/reference/http.md.
"""

import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, request_response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guantong.caller import PUBLIC, Caller
from guantong.capture import Limits
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import (
    answer,
    api_pages,
    asked,
    bulletin_pages,
    index_pages,
    json_out,
    ledger_http,
    linkset,
    pages,
    problems,
)
from guantong.serve.desk import Desk, People, Timed
from guantong.serve.desks import entrance
from guantong.serve.desks import rooms as desks
from guantong.serve.desks.connections import Connections
from guantong.serve.desks.office import Installation, Office
from guantong.serve.desks.start import SEEN
from guantong.serve.desks.watched import Watched
from guantong.serve.ecode_api import EcodeApi
from guantong.serve.epcis.app import Epcis
from guantong.serve.fast_capture import FastCapture
from guantong.serve.nodes.asking import Nation
from guantong.serve.nodes.outside import NodeOutside
from guantong.serve.nodes.pages import NationPages
from guantong.serve.pages import Example
from guantong.serve.people.provider import Provider, read_config
from guantong.serve.problems import Fault, HttpError
from guantong.serve.proxied import Bounded
from guantong.serve.pulling import Pulled
from guantong.serve.recall_pages import RecallPages
from guantong.serve.search import Search, Searchable
from guantong.serve.signin import SignIn
from guantong.serve.trade_api import TradeApi
from guantong.serve.upload import Uploads, left
from guantong.serve.words import Language
from guantong.settings import Settings
from guantong.trace.model import Direction
from guantong.verdict.model import Verdict

SECURITY: Final = (
    (b"content-security-policy", answer.POLICY),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""On every answer, whatever it is."""

WALKS_MAX: Final = 4
"""Traces under way at once; more wait."""


def create_app(desk: Desk, settings: Settings) -> FastCapture:
    """The ASGI application over one installation.

    Args:
        desk: The installation.
        settings: For the size of the largest document.

    Returns:
        The application; it holds no state of its own.
    """
    outside = Outside(desk)
    uploads = Uploads(desk, settings)
    epcis = Epcis(desk, uploads, settings, desk.clock) if isinstance(desk, Timed) else None
    limits = Limits(bytes_max=settings.document_bytes_max, events_max=settings.document_events_max)
    office = Office(desk, uploads) if isinstance(desk, Installation) else None
    watched = (
        [
            Middleware(Bounded, clock=desk.clock, refused=outside.refused),
            Middleware(Watched, desk=desk, uploads=uploads, refused=outside.refused),
        ]
        if isinstance(desk, Installation)
        else []
    )
    routes: list[BaseRoute] = [
        Route("/", outside.home),
        Route("/check", outside.check),
        Route("/check.json", outside.check),
        Route("/c/{code:path}", outside.code),
        Route("/trace/{code:path}", outside.trace),
        Route("/identify", outside.identify),
        Route("/identify.json", outside.identify),
        Route("/key", outside.key),
        Route("/key", SignIn(desk).post, methods=["POST"]),
        Route("/status", outside.status),
        Route("/status.json", outside.status),
        Route("/.well-known/gs1resolver", outside.resolver),
        Route("/livez", outside.alive),
        Route("/readyz", outside.ready),
        Route("/offline.js", outside.offline),
        Route("/static/{name}", outside.static),
        Route("/static/vendor/{package}/{name}", outside.static),
        Route("/capture", uploads.capture, methods=["POST"]),
        Route("/capture/{receipt}", uploads.outcome),
        Route("/codes", uploads.codes, methods=["POST"]),
        *uploads.key_routes(),
        *TradeApi(desk, uploads).routes(),
        *(desks.routes(office, limits, _provider(desk, settings)) if office else ()),
        *_joined(office, epcis, settings),
        *(
            NodeOutside(office.desk, office.desk, uploads).routes()
            if office is not None and isinstance(office.desk, ledger_http.Keeper)
            else ()
        ),
        *(EcodeApi(desk, desk, uploads).routes() if isinstance(desk, Pulled) else ()),
        *_nation(desk, settings),
        *index_pages.routes(desk),
        *(Search(desk).routes() if isinstance(desk, Searchable) else ()),
        *(RecallPages(desk).routes() if isinstance(desk, Searchable) else ()),
        *bulletin_pages.routes(desk),
        *ledger_http.routes(desk),
        *api_pages.routes(desk),
        *([epcis.mount()] if epcis else ()),
    ]
    app = Starlette(
        routes=routes,
        lifespan=epcis.lifespan if epcis else None,
        middleware=[Middleware(SecurityHeaders), *watched],
        exception_handlers={
            Refusal: outside.refused,
            HTTPException: outside.refused,
            ClientDisconnect: left,
            Exception: outside.failed,
        },
    )
    app.router.default = request_response(outside.digital_link)
    return FastCapture(
        app, desk, uploads, refused=outside.refused, failed=outside.failed, headers=SECURITY
    )


def _provider(desk: Desk, settings: Settings) -> Provider | None:
    """The other house by whose word people come in, if the operator named one."""
    if settings.provider is None or not isinstance(desk, Installation):
        return None
    return Provider(read_config(settings.provider), settings.data, desk.clock)


def _nation(desk: Desk, settings: Settings) -> list[Route]:
    """The page about all nodes together, where the operator named them."""
    if settings.nodes is None or not isinstance(desk, Timed):
        return []
    return NationPages(desk, Nation(settings.nodes, desk.clock)).routes()


def _joined(office: Office | None, epcis: Epcis | None, settings: Settings) -> list[Route]:
    """The page about systems that are joined, where there are such."""
    if office is None or epcis is None or epcis.pulling is None:
        return []
    private = settings.private_destinations
    pulls, spool = epcis.pulling.pulls, epcis.jobs.spool
    return Connections(office, pulls, spool, epcis.box, private=private).routes()


class SecurityHeaders:
    """Puts `SECURITY` on every answer; a page that needs another policy states its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers when the answer starts."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                named = {name for name, _ in given}
                message["headers"] = given + [one for one in SECURITY if one[0] not in named]
            await send(message)

        await self.app(scope, receive, guarded)


class Outside:
    """The questions. Each answers as a page or as JSON, at the same address."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._walks = CapacityLimiter(WALKS_MAX)

    async def home(self, request: Request) -> Response:
        """The first page; as JSON the same as `status`."""
        status = self._desk.status()
        if asked.wants_json(request):
            return answer.json(status)
        caller = asked.caller(request, self._desk)
        view = answer.view(
            request,
            size=_number(status, "ledger_size"),
            who=answer.who(request, caller, self._desk),
        )
        view = replace(view, index=index_pages.is_issued(self._desk))
        body = pages.home(view, _examples(status, view.language))
        return answer.page(request, body, headers=answer.SCANS)

    async def check(self, request: Request) -> Response:
        """The answer about the text in ``?q=``; without one, back to the scan box."""
        if "q" not in request.query_params and not asked.wants_json(request):
            return RedirectResponse("/", 303)
        return await self._checked(request, asked.query_text(request))

    async def code(self, request: Request) -> Response:
        """The answer about the code in the path."""
        return await self._checked(request, asked.path_text(request, "/c/"))

    async def digital_link(self, request: Request) -> Response:
        """The answer about a GS1 Digital Link of this host.

        Returns:
            Page or JSON.

        Raises:
            HttpError: if the path is none, or something is to be done to it.
        """
        text = asked.digital_link(request)
        if text is None:
            raise HttpError(_not_found(request))
        if request.method == "OPTIONS":
            allowed = {"Allow": "GET, HEAD, OPTIONS", "Access-Control-Allow-Methods": "GET, HEAD"}
            return Response(status_code=204, headers=linkset.OPEN | allowed)
        if request.method not in {"GET", "HEAD"}:
            raise HttpError(_not_allowed(request))
        if linkset.is_asked(request):
            return linkset.answered(request, self._desk.check(text, PUBLIC))
        response = await self._checked(request, text)
        response.headers["Link"] = linkset.pointer(asked.with_query(request, linkType="linkset"))
        return response

    async def resolver(self, request: Request) -> Response:
        """What this resolver can do; always JSON."""
        return answer.json(linkset.described(request), headers=linkset.OPEN)

    async def _checked(self, request: Request, text: str) -> Response:
        caller = asked.caller(request, self._desk)
        as_of = await self._as_of(request)
        verdict = self._desk.check(text, caller, as_of=as_of)
        self._note_own(request, verdict, caller)
        if asked.wants_json(request):
            return answer.json(json_out.verdict_json(verdict))
        view = answer.view(
            request,
            size=verdict.ledger_size,
            as_of=as_of,
            who=answer.who(request, caller, self._desk),
        )
        return answer.page(request, pages.scan(view, verdict))

    def _note_own(self, request: Request, verdict: Verdict, caller: Caller) -> None:
        """Note that somebody has seen a code of the own firm: the last task of the first hour."""
        own = verdict.product.firm if verdict.product else ""
        if own and own == caller.party and isinstance(self._desk, People):
            person = asked.signed_in(request, self._desk)
            if person is not None:
                self._desk.sessions.note(person.account.login, SEEN)

    async def trace(self, request: Request) -> Response:
        """Where the code in the path came from and went to."""
        text = asked.path_text(request, "/trace/")
        direction = asked.one_of(request, "direction", Direction, Direction.BOTH)
        caller = asked.caller(request, self._desk)
        as_of = await self._as_of(request)
        walk = self._page_of_trail if not asked.wants_json(request) else self._json_of_trail
        return await to_thread.run_sync(
            walk, request, text, direction, caller, as_of, limiter=self._walks
        )

    def _json_of_trail(
        self, request: Request, text: str, direction: Direction, caller: Caller, as_of: int | None
    ) -> Response:
        walked = self._desk.trace(text, direction.value, caller, as_of=as_of)
        return answer.json(json_out.trail_json(walked))

    def _page_of_trail(
        self, request: Request, text: str, direction: Direction, caller: Caller, as_of: int | None
    ) -> Response:
        walked = self._desk.trace(text, direction.value, caller, as_of=as_of)
        names = self._desk.names(pages.names_needed(walked))
        view = answer.view(request, as_of=as_of, who=answer.who(request, caller, self._desk))
        return answer.page(request, pages.trail(view, walked, direction, names))

    async def key(self, request: Request) -> Response:
        """The form that takes a key; see `SignIn`."""
        return answer.page(request, pages.key(answer.view(request, json=False)))

    async def identify(self, request: Request) -> Response:
        """All ways to read the text in ``?q=``, best first; always JSON."""
        readings = self._desk.identify(asked.query_text(request))
        return answer.json({"readings": [json_out.reading_json(reading) for reading in readings]})

    async def status(self, request: Request) -> Response:
        """Sizes of ledger and index, and the ledger's root; always JSON."""
        await self._reached(request)
        return answer.json(self._desk.status())

    async def alive(self, request: Request) -> Response:
        """Whether the process answers at all."""
        del request
        return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})

    async def ready(self, request: Request) -> Response:
        """Whether questions can be answered; 503 when the desk says it is not ready."""
        del request
        status = self._desk.status()
        sizes = {name: status.get(name) for name in ("ledger_size", "projected_size")}
        is_ready = status.get("ready", True) is not False
        return answer.json({"ready": is_ready, **sizes}, 200 if is_ready else 503)

    async def static(self, request: Request) -> Response:
        """One of our own files.

        Returns:
            The file; to be kept for a year when it was asked for with its hash.

        Raises:
            HttpError: if there is none of that name.
        """
        name = "/".join(request.url.path.split("/")[2:])
        body = pages.static(name)
        if body is None:
            raise HttpError(_not_found(request))
        kept = (
            f"public, max-age={answer.YEAR}, immutable"
            if "v" in request.query_params
            else "no-cache"
        )
        media, _ = mimetypes.guess_type(name)
        return Response(body, media_type=media, headers={"Cache-Control": kept})

    async def offline(self, request: Request) -> Response:
        """What keeps the form of a scanner in a browser; it stands at the root, for it serves below."""
        del request
        body = pages.static("offline.js")
        headers = {"Cache-Control": "no-cache"} | answer.SCRIPTED
        return Response(body, media_type="text/javascript", headers=headers)

    async def _as_of(self, request: Request) -> int | None:
        """The ledger size to answer for, once the index is there; also waits for ``at_least``."""
        await self._reached(request)
        as_of = asked.size(request, "as_of")
        if as_of is None:
            return None
        self._check_there(as_of, "as_of")
        if not await to_thread.run_sync(self._desk.wait, as_of):
            raise HttpError(_behind(as_of, "as_of"))
        return as_of

    def _check_there(self, size: int, path: str) -> None:
        """Refuse a size the ledger never had. Raises HttpError."""
        most = _number(self._desk.status(), "ledger_size")
        if size > most:
            raise HttpError(fault(Fault.QUERY, expected=f"at most {most}", got=size, path=path))

    async def _reached(self, request: Request) -> None:
        """Wait for the ledger size in ``?at_least=``, so that a writer reads its own write."""
        size = asked.size(request, "at_least")
        if size is None:
            return
        # What the ledger does not have yet nobody was given: waiting for it would only hold a thread.
        self._check_there(size, "at_least")
        if not await to_thread.run_sync(self._desk.wait, size):
            raise HttpError(_behind(size, "at_least"))

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refusal, or a path or method that is none, as problem document or page."""
        if isinstance(error, Refusal):
            return self._problem(request, error.faults)
        is_method = isinstance(error, HTTPException) and error.status_code == 405
        found = _not_allowed(request) if is_method else _not_found(request)
        headers = dict(getattr(error, "headers", None) or {})
        return self._problem(request, (found,), headers)

    async def failed(self, request: Request, error: Exception) -> Response:
        """Our own mistake, or no memory for now; what went wrong stays in the log."""
        found = fault(Fault.FAILURE, expected="an answer", got="an error on our side")
        if isinstance(error, MemoryError):
            found = fault(Fault.CROWDED, expected="memory for an answer", got="none now")
        response = self._problem(request, (found,))
        response.raw_headers.extend(SECURITY)  # the outermost layer stands outside the middleware
        return response

    def _problem(
        self, request: Request, faults: tuple[Found, ...], headers: Mapping[str, str] | None = None
    ) -> Response:
        status = problems.status_of(faults)
        is_over = bool(faults) and faults[0].code == Fault.SIGN_IN
        if is_over and request.method == "GET" and not _prefers_problem(request):
            return entrance.lead_in(request)
        extra = {**problems.headers_for(status), **(headers or {})}
        if _is_submission(request) or _prefers_problem(request):
            return answer.json(problems.document(faults), status, problems.MEDIA, extra)
        body = pages.problem(answer.view(request, json=False), status, faults)
        return answer.page(request, body, status, extra)


FORMS: Final = ("/report", "/key", "/bulletin", "/login", "/logout", "/account", "/desk")
"""Below these people post; everything else is posted by programs."""


def _is_submission(request: Request) -> bool:
    return request.method == "POST" and not request.url.path.startswith(FORMS)


def _prefers_problem(request: Request) -> bool:
    accepts_html = "html" in request.headers.get("accept", "")
    return asked.wants_json(request) or not accepts_html


def _examples(status: Mapping[str, object], language: Language) -> list[Example]:
    """The codes worth trying that the desk names: texts, or objects of code, zh and en."""
    found: list[Example] = []
    given = status.get("examples")
    for item in given if isinstance(given, list | tuple) else ():
        if isinstance(item, Mapping):
            code = str(item.get("code", ""))
            found.append(Example(code, str(item.get(language.value) or code)))
        else:
            found.append(Example(str(item), pages.short(str(item))))
    return [example for example in found if example.code]


def _number(status: Mapping[str, object], name: str) -> int:
    value = status.get(name)
    return value if isinstance(value, int) else 0


def _behind(size: int, path: str) -> Found:
    return fault(Fault.BEHIND, expected=f"an index of {size} entries", got="fewer", path=path)


def _not_found(request: Request) -> Found:
    expected = "an address in docs/reference/http.md, or a GS1 Digital Link"
    return fault(Fault.NOT_FOUND, expected=expected, got=request.url.path)


def _not_allowed(request: Request) -> Found:
    return fault(Fault.METHOD, expected="another method", got=request.method)


__all__ = ["Desk", "create_app"]

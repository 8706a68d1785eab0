"""Is a regulator's look in the ledger before its answer goes out? And who may read who looked?

Every question of a regulator is entered with its address before it is answered; when it can not be
entered, it is not answered.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final

from anyio import to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from guantong.caller import Caller, Level
from guantong.clock import day_in_china
from guantong.errors import Refusal
from guantong.serve import answer, asked
from guantong.serve.desks.office import Installation, Office
from guantong.serve.job import IntakeError
from guantong.serve.people import looks
from guantong.serve.people.account import Role
from guantong.serve.people.looks import Look
from guantong.serve.proxied import CLIENT_CERT
from guantong.serve.upload import Uploads
from guantong.store import Fact

FREE: Final = frozenset(
    {
        *("", "static", "livez", "readyz", "status", "status.json"),
        *(
            "login",
            "logout",
            "account",
            "key",
            "capture",
            "codes",
            "signing-keys",
            "api",
            "metrics",
            "report",
        ),
    }
)
"""First parts of paths below which nothing of anybody's trade is told."""
GOING_ON: Final = "/nodes/ask"
"""What goes on under a look that was entered when it began."""
LOOKED: Final = "guantong.look"
"""Member of a scope: the entry of the look; nothing from outside is one."""
SHOWN: Final = 200
"""Looks on a page."""
Refused = Callable[[Request, Exception], Awaitable[Response]]
"""How the framework answers a refusal."""
DAY: Final = dt.timedelta(1)


class Watched:
    """Stands before the pages, and enters the looks of regulators."""

    def __init__(
        self, app: ASGIApp, desk: Installation, uploads: Uploads, refused: Refused
    ) -> None:
        """Stand before what answers; `refused` says why there is no answer."""
        self._app = app
        self._desk = desk
        self._uploads = uploads
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Enter the look of a regulator, then pass the question on."""
        if scope["type"] in {"http", "websocket"} and _may_be_known(scope) and _is_look(scope):
            line = HTTPConnection(scope)
            caller = asked.known_caller(line, self._desk)
            if caller is not None and caller.level is Level.REGULATOR:
                try:
                    look = _look_of(line, caller, self._desk)
                    scope[LOOKED] = await self._enter(look, caller)
                except Refusal as refusal:
                    response = await self._refused(Request(scope, receive), refusal)
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _enter(self, look: Look, caller: Caller) -> int:
        receipt = await self._uploads.enter(look.made(), caller)
        if not receipt.accepted:
            raise IntakeError(*receipt.faults)
        return receipt.ledger_index


def _may_be_known(scope: Scope) -> bool:
    shown = (b"authorization", b"x-api-key", b"cookie", CLIENT_CERT)
    return any(name in shown for name, _ in scope["headers"])


def _is_look(scope: Scope) -> bool:
    path = str(scope["path"])
    return path[1:].partition("/")[0] not in FREE and path != GOING_ON


def _look_of(request: HTTPConnection, caller: Caller, desk: Installation) -> Look:
    person = asked.signed_in(request, desk)
    login = person.account.login if person is not None else ""
    what = asked.with_query(request)
    return looks.look_of(desk.clock.now_ms(), caller.party, login, what)


class Looked:
    """Who has looked at what, for auditor and operator."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [Route("/desk/looks", self.looks), Route("/desk/looks.json", self.looks)]

    async def looks(self, request: Request) -> Response:
        """The looks of a day, the latest first; page or JSON."""
        person = self._office.person(request, Role.AUDITOR, Role.OPERATOR)
        today = day_in_china(self._office.desk.clock.now_ms())
        day = asked.day(request, "day") or today
        found = await to_thread.run_sync(self._of, day)
        if asked.wants_json(request):
            listed = [_look_json(fact) for fact in found]
            return answer.json({"day": day.isoformat(), "looks": listed})
        days = (day - DAY, day, day + DAY if day < today else None)
        return self._office.page(
            request, person, "looks.html", looks=found[:SHOWN], count=len(found), days=days
        )

    def _of(self, day: dt.date) -> list[Fact]:
        with self._office.desk.readers.lend() as store:
            return store.facts(looks.KIND, (day.isoformat(),))[::-1]


def _look_json(fact: Fact) -> dict[str, object]:
    return {"entry": fact.entry, "at_ms": fact.received_ms, **fact.fields}

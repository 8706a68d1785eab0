"""Who asks, when a proxy stands before us? And who asks too much?

With ``--client-header NAME`` the last address in that header is the asker's: the proxy that is trusted
put it there. The public's dear questions, traces and proofs, are bounded for each asker.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from guantong.clock import Clock
from guantong.errors import Refusal
from guantong.serve.throttle import Throttle

DEAR: Final = ("/trace/", "/ledger/bundle/", "/ledger/proof/")
"""Below these an answer costs more than a scan."""
BURST: Final = 120
EVERY_MS: Final = 200
"""Of one asker without a key or session: so many at once, then one each so often."""
KNOWN: Final = frozenset({b"authorization", b"x-api-key", b"cookie"})
ADDRESS_MAX: Final = 100
Refused = Callable[[Request, Exception], Awaitable[Response]]


class Proxied:
    """Puts the asker's address in the place of the proxy's."""

    def __init__(self, app: ASGIApp, header: str) -> None:
        """Believe a header, which the proxy sets and nobody else can."""
        self._app = app
        self._header = header.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the asker's address."""
        if scope["type"] in {"http", "websocket"}:
            told = [value for name, value in scope["headers"] if name == self._header]
            last = told[-1].decode("latin-1").rpartition(",")[2].strip() if told else ""
            if last:
                scope = {**scope, "client": (last[:ADDRESS_MAX], 0)}
        await self._app(scope, receive, send)


class Bounded:
    """Lets nobody without a key ask dear questions without end."""

    def __init__(self, app: ASGIApp, clock: Clock, refused: Refused) -> None:
        """Stand before what answers; `refused` says why there is no answer."""
        self._app = app
        self._refused = refused
        self._throttle = Throttle(clock, burst=BURST, every_ms=EVERY_MS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and _is_dear(scope):
            client = scope.get("client")
            try:
                self._throttle.take(client[0] if client else "")
            except Refusal as refusal:
                response = await self._refused(Request(scope, receive), refusal)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_dear(scope: Scope) -> bool:
    is_dear = str(scope["path"]).startswith(DEAR)
    return is_dear and not any(name in KNOWN for name, _ in scope["headers"])

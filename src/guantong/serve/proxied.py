"""Who asks, when a proxy stands before us? And who asks too much?

With ``--client-header NAME`` the last address in that header is the asker's: the proxy that is trusted
put it there. The public's dear questions, traces and proofs, are bounded for each asker.
"""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from cryptography import x509
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from guantong.clock import Clock
from guantong.errors import Refusal
from guantong.serve.asked import CERTIFICATE
from guantong.serve.keys import Certificate
from guantong.serve.throttle import Throttle

DEAR: Final = ("/trace/", "/ledger/bundle/", "/ledger/proof/")
"""Below these an answer costs more than a scan."""
BURST: Final = 120
EVERY_MS: Final = 200
"""Of one asker without a key or session: so many at once, then one each so often."""
CLIENT_CERT: Final = b"client-cert"
KNOWN: Final = frozenset({b"authorization", b"x-api-key", b"cookie", CLIENT_CERT})
ADDRESS_MAX: Final = 100
CERTIFICATE_MAX: Final = 16_384
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


class Certified:
    """Reads the certificates that a proxy has checked.

    References:
        RFC 9440, section 2.2
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        """Believe the header ``Client-Cert``, which the proxy sets and nobody else can."""
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the mark of the certificate."""
        if scope["type"] in {"http", "websocket"}:
            told = [value for name, value in scope["headers"] if name == CLIENT_CERT]
            mark = mark_of(told[0], self._clock.now_ms()) if len(told) == 1 else None
            if mark is not None:
                scope = {**scope, CERTIFICATE: mark}
        await self._app(scope, receive, send)


def mark_of(header: bytes, now_ms: int) -> Certificate | None:
    """The mark of the certificate in a header; None when there is none that is valid now."""
    text = header.strip()
    if len(text) > CERTIFICATE_MAX or text[:1] != b":" or text[-1:] != b":":
        return None
    try:
        der = b64decode(text[1:-1], validate=True)
        certificate = x509.load_der_x509_certificate(der)
    except ValueError:
        return None
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    is_valid = since.timestamp() * 1000 <= now_ms <= until.timestamp() * 1000
    return Certificate(sha256(der).hexdigest()) if is_valid else None


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

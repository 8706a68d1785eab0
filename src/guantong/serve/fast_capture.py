"""How does a document come in without the framework? The common case of ``POST /capture``.

A request that asks for nothing special is answered here: key, size, document, receipt. Whatever
is unusual goes on to the framework before any of its body is read; what is refused looks as it
would look there, because the same functions say it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from guantong.caller import Scope as KeyScope
from guantong.errors import Refusal
from guantong.serve import asked, upload
from guantong.serve.desk import Desk
from guantong.serve.problems import HttpError
from guantong.serve.upload import Uploads

PATH: Final = "/capture"
UNUSUAL: Final = frozenset({b"content-encoding", b"gs1-capture-error-behaviour", b"x-api-key"})
"""Headers of which the framework makes something."""
DECIMALS_MAX: Final = 15

Headers = tuple[tuple[bytes, bytes], ...]
Told = Callable[[Request, Exception], Awaitable[Response]]
"""How the framework answers what went wrong."""


class FastCapture:
    """Stands before the framework and answers most documents itself."""

    def __init__(
        self,
        app: Starlette,
        desk: Desk,
        uploads: Uploads,
        *,
        refused: Told,
        failed: Told,
        headers: Headers,
    ) -> None:
        """Stand before a framework.

        Args:
            app: The framework; gets everything else.
            desk: Knows the keys.
            uploads: Takes documents.
            refused: Answers a refusal.
            failed: Answers our own mistake.
            headers: On every answer.
        """
        self.app = app
        self._desk = desk
        self.uploads = uploads
        self._refused = refused
        self._failed = failed
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain submission; pass everything else on."""
        if (
            scope["type"] != "http"
            or scope["path"] != PATH
            or scope["method"] != "POST"
            or (plain := plain_of(scope)) is None
            or plain.size > self.uploads.bytes_max
        ):
            await self.app(scope, receive, send)
            return
        try:
            response = await self._answer(plain, receive)
        except Refusal as refusal:
            response = await self._refused(Request(scope), refusal)
        except Exception as error:
            await self._send(await self._failed(Request(scope), error), send)
            raise
        await self._send(response, send)

    async def _answer(self, plain: "Plain", receive: Receive) -> Response:
        caller = asked.caller_by(plain.key, self._desk, KeyScope.CAPTURE)
        body = BytesIO()
        try:
            if not await self._read(body, receive):
                return Response(status_code=400)
            return await self.uploads.capture_plain(body.getvalue(), plain.media, caller)
        finally:
            self.uploads.budget.give_back(body.tell())

    async def _read(self, body: BytesIO, receive: Receive) -> bool:
        """The body into `body`; False when its sender has gone."""
        more = True
        while more:
            try:
                async with asyncio.timeout(upload.IDLE_SECONDS):
                    message = await receive()
            except TimeoutError:
                raise HttpError(upload.slow()) from None
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            self.uploads.take_room(body, chunk)
            body.write(chunk)
            more = message.get("more_body", False)
        return True

    async def _send(self, response: Response, send: Send) -> None:
        named = {name for name, _ in response.raw_headers}
        more = [one for one in self._headers if one[0] not in named]
        headers = [*response.raw_headers, *more]
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})


class Plain:
    """A request that asks for nothing special."""

    __slots__ = ("key", "media", "size")

    def __init__(self, key: str, media: str, size: int) -> None:
        self.key = key
        self.media = media
        self.size = size


def plain_of(scope: Scope) -> Plain | None:
    """What a request asks for; None when the framework has to say."""
    if scope["query_string"] or scope.get("root_path"):
        return None
    said: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in UNUSUAL:
            return None
        said.setdefault(name, value)
    scheme, _, token = said.get(b"authorization", b"").decode("latin-1").partition(" ")
    key, length = token.strip(), said.get(b"content-length", b"")
    is_plain = scheme.lower() == "bearer" and key and length.isdigit()
    if not is_plain or len(length) > DECIMALS_MAX:
        return None
    return Plain(key, said.get(b"content-type", b"").decode("latin-1"), int(length))

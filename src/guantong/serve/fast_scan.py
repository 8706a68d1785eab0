"""How is a first scan answered without the framework? The common case: a program's public look.

A GS1 Digital Link or ``/c/…`` asked for as JSON and with nothing else is answered here, by the
same functions. Whatever is unusual, and what goes wrong, goes on to the framework.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from guantong.caller import PUBLIC
from guantong.identify.digital_link import SHORT_NAMES
from guantong.identify.gs1_keys import KEYS
from guantong.serve import answer, asked, json_out, linkset
from guantong.serve.app import SECURITY
from guantong.serve.desk import Desk
from guantong.serve.proxied import CLIENT_CERT

JSON: Final = b"application/json"
CODE: Final = b"c"
LINKS: Final = frozenset(name.encode() for name in (*KEYS, *SHORT_NAMES))
"""First parts of paths that are Digital Links."""
PLAIN: Final = re.compile(rb"/[0-9A-Za-z/%:@!$&'()*+,;=._~-]+")
"""Paths that need no quoting."""
PATH_MAX: Final = 2_000
"""Longer paths are the framework's."""
PASSED_ON: Final = frozenset({b"authorization", b"x-api-key", b"cookie", CLIENT_CERT})
"""Headers of which the framework makes something."""
HEADERS: Final = [
    *(
        one
        for one in answer.json_bytes(b"", JSON.decode(), {}).raw_headers
        if one[0] != b"content-length"
    ),
    *SECURITY,
]


class FastScan:
    """Stands before the framework and answers most first scans itself."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        """Stand before a framework that answers from the same desk."""
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain scan; pass everything else on."""
        body = self._body(scope)
        if body is None:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-length", b"%d" % len(body)), *_link_header(scope), *HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _body(self, scope: Scope) -> bytes | None:
        text = text_of(scope)
        if text is None:
            return None
        try:
            return json_out.encode(json_out.verdict_json(self._desk.check(text, PUBLIC)))
        except Exception:  # noqa: BLE001  # the framework meets it again, and says it
            return None


def text_of(scope: Scope) -> str | None:
    """The code a request asks for; None when the framework has to say."""
    if (
        scope["type"] != "http"
        or scope["method"] != "GET"
        or scope["query_string"]
        or scope.get("root_path")
        or not _wants_json_only(scope)
    ):
        return None
    path: bytes = scope.get("raw_path") or b""
    if len(path) > PATH_MAX or path.endswith(b".json") or not PLAIN.fullmatch(path):
        return None
    first, _, rest = path[1:].partition(b"/")
    reader = _READERS.get(first)
    return reader(path, rest) if reader is not None and rest else None


def _link_header(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Where the linkset is, of a Digital Link."""
    path: bytes = scope["raw_path"]
    if path[1:].partition(b"/")[0] not in LINKS:
        return []
    return [(b"link", linkset.pointer(f"{path.decode()}?linkType=linkset").encode())]


def _wants_json_only(scope: Scope) -> bool:
    accept = None
    for name, value in scope["headers"]:
        if name in PASSED_ON or (name == b"accept" and accept is not None):
            return False
        if name == b"accept":
            accept = value
    return bool(accept == JSON)


def _link(path: bytes, rest: bytes) -> str:
    del rest
    return "https://id.gs1.org" + path.decode()


def _code(path: bytes, rest: bytes) -> str | None:
    del path
    if rest[:6].lower() in {b"http:/", b"https:"}:
        return None
    return unquote(rest.decode()).strip(asked.BLANKS) or None


_READERS: Final[dict[bytes, Callable[[bytes, bytes], str | None]]] = {
    CODE: _code,
    **dict.fromkeys(LINKS, _link),
}

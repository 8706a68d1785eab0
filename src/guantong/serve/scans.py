"""How is a scan answered without the framework? An ASGI layer in front of it that keeps answers.

What is behind makes every answer, the framework or `guantong.serve.fast_scan` before it; this layer
keeps those to the public's scans, whole, with what they rest on (`guantong.serve.kept`), and
gives them again while they hold. So an answer, its headers and its errors are the framework's own. Whoever shows a key, asks as of a size or posts
something is passed on.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guantong.identify.digital_link import SHORT_NAMES
from guantong.identify.gs1_keys import KEYS
from guantong.serve.app import create_app
from guantong.serve.asked import KEY_COOKIE, SESSION_COOKIE
from guantong.serve.desk import Desk
from guantong.serve.fast_scan import FastScan
from guantong.serve.kept import Answers, Scanned, noting
from guantong.serve.logged import Logged
from guantong.serve.proxied import CLIENT_CERT, Certified, Proxied
from guantong.serve.scan_journal import place_of
from guantong.serve.world import World
from guantong.settings import Settings

ASKED: Final = frozenset({b"check", b"check.json", b"c"}) | {
    name.encode() for name in (*KEYS, *SHORT_NAMES)
}
"""First parts of the paths below which scans are answered."""
SHOWN: Final = frozenset({b"host", b"accept", b"accept-language", b"cookie"})
"""Headers an answer may depend on."""
KEYED: Final = frozenset({b"authorization", b"x-api-key", CLIENT_CERT})
"""Headers of those who are not the public."""
UNKEPT: Final = frozenset({"as_of", "at_least"})
"""Query parameters by which an answer is for another moment."""
URL_MAX: Final = 2_000
"""Bytes of an address whose answer is kept."""
COOKIES: Final = (KEY_COOKIE.encode(), SESSION_COOKIE.encode())
"""Of those who are not the public."""
SIZE: Final = b'"ledger_size":'
"""Last member of an answer in JSON; how far the ledger goes is told anew each time."""


class Answered(NamedTuple):
    """An answer as it leaves."""

    headers: tuple[tuple[bytes, bytes], ...]
    """Without the length."""
    body: bytes
    """Of JSON all but the ledger size at its end."""
    size: int | None
    """The ledger size a page names; None where it can be told anew."""
    scanned: Scanned | None
    """The item it is about."""


def outside(desk: Desk, settings: Settings) -> ASGIApp:
    """The application over an installation, with what is kept in front of it."""
    app = FastScan(create_app(desk, settings), desk)
    whole: ASGIApp = app
    if isinstance(desk, World):
        whole = Scans(app, desk, settings.place_header)
    if settings.client_certificates and isinstance(desk, World):
        whole = Certified(whole, desk.clock)
    if settings.client_header:
        whole = Proxied(whole, settings.client_header)
    return Logged(whole, desk.clock) if settings.log and isinstance(desk, World) else whole


class Scans:
    """Gives answers again; the rest goes to the application."""

    def __init__(self, app: ASGIApp, world: World, place_header: str = "") -> None:
        """Keep nothing yet; `place_header` is in which a proxy tells where somebody is."""
        self._app = app
        self._readers = world.readers
        self._clock = world.clock
        self._journal = world.journal
        self._place = place_header.lower().encode()
        self._answers: Answers[Answered] = Answers(world.readers.memory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        key = key_of(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        with self._readers.borrow() as store:
            kept = self._answers.get(key, store, self._clock.now_ms())
        if kept is None or kept.value.size not in (None, kept.reached.size):
            await self._found(key, scope, receive, send)
        else:
            await _give(kept.value, kept.reached.size, send)
            self._note(kept.value.scanned, scope)

    async def _found(self, key: object, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answered by the application, and keep that if it can be given again."""
        since_ms, copy = self._clock.now_ms(), Copy(send)
        with noting() as note:
            await self._app(scope, receive, copy.send)
        if note.reached is None or not copy.is_whole or _is_of_another_moment(scope):
            return
        self._note(note.scanned, scope)
        answered = answered_of(copy.headers, copy.body, note.reached.size, note.scanned)
        self._answers.put(key, answered, note, since_ms, len(answered.body) + 1_000)

    def _note(self, scanned: Scanned | None, scope: Scope) -> None:
        """Count a scan of an item: an answer for a person or a program, not a list of links."""
        if scanned is None or scope["method"] != "GET" or _is_about_links(scope):
            return
        told = next((v for name, v in scope["headers"] if name == self._place), b"")
        place = place_of(told.decode("latin-1"))
        self._journal.note(scanned.item, place, known=scanned.known)


class Copy:
    """Passes an answer on and keeps a copy."""

    def __init__(self, send: Callable[[Message], Awaitable[None]]) -> None:
        self._send = send
        self._messages: list[Message] = []

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if len(self._messages) < 3:
            self._messages.append(message)
        await self._send(message)

    @property
    def is_whole(self) -> bool:
        """Whether it was an ordinary answer in one piece."""
        return [one["type"] for one in self._messages] == [
            "http.response.start",
            "http.response.body",
        ] and self._messages[0]["status"] == 200

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Its headers."""
        return list(self._messages[0]["headers"])

    @property
    def body(self) -> bytes:
        """Its body."""
        return bytes(self._messages[1]["body"])


def key_of(scope: Scope) -> tuple[object, ...] | None:
    """All that the answer to a public scan depends on; None for any other request."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return None
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    if path[1:].partition(b"/")[0] not in ASKED or len(path) + len(query) > URL_MAX:
        return None
    shown: list[Any] = [scope["method"], scope.get("scheme"), path, query]
    for name, value in scope["headers"]:
        if name in KEYED or (name == b"cookie" and any(one in value for one in COOKIES)):
            return None
        if name in SHOWN:
            shown += (name, value)
    return tuple(shown)


def answered_of(
    headers: list[tuple[bytes, bytes]], body: bytes, size: int, scanned: Scanned | None = None
) -> Answered:
    """An answer as it is kept.

    Args:
        headers: Its headers.
        body: Its body.
        size: The ledger size when it was made.
        scanned: The item it is about.

    Returns:
        JSON without the ledger size at its end; anything else as it is, for that size only.
    """
    kept = tuple(one for one in headers if one[0] != b"content-length")
    head, member, digits = body.rpartition(SIZE)
    if member and digits == b"%d}" % size:
        return Answered(kept, head + member, None, scanned)
    return Answered(kept, body, size, scanned)


async def _give(answered: Answered, size: int, send: Send) -> None:
    body = answered.body if answered.size is not None else b"%b%d}" % (answered.body, size)
    headers = [(b"content-length", b"%d" % len(body)), *answered.headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_about_links(scope: Scope) -> bool:
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"linkType=" in scope["query_string"] or b"linkset" in accept


def _is_of_another_moment(scope: Scope) -> bool:
    query = scope["query_string"].decode("latin-1")
    return any(name in UNKEPT for name, _ in parse_qsl(query, keep_blank_values=True))

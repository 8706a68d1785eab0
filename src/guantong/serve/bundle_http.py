"""How does somebody take the proof of a scan home, and check it where there is no server?

``bundle/CODE`` is the bundle; asked for as a page it comes inside the one that checks it.
``verify`` is that page alone. It is one file: saved, it needs nothing, and its own policy keeps
it from sending anything anywhere.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Caller
from guantong.errors import fault
from guantong.ledger import Fault as LedgerFault
from guantong.ledger import LedgerError
from guantong.ledger.disclosure import MEDIA, SUFFIX
from guantong.serve import answer, asked, pages
from guantong.serve.desk import Desk
from guantong.serve.scan_bundle import BundleError, Fault

EVENT: Final = "event"
"""Query parameter: the id of the event to show."""


@runtime_checkable
class Bundler(Protocol):
    """A desk that can show offline what it told."""

    def bundle(self, text: str, caller: Caller, note: bytes, *, event: str = "") -> bytes:
        """The bundle about a scanned text."""

    def shown(self, entry: int, caller: Caller, note: bytes) -> bytes:
        """The bundle of an entry of the caller's own that can be handed over whole."""


def routes(
    desk: Desk, prefix: str, note: Callable[[], bytes], key: Callable[[], str]
) -> list[Route]:
    """The addresses of bundles; none over a desk that makes none.

    Args:
        desk: The installation.
        prefix: Below which they are.
        note: Gives the last checkpoint.
        key: Gives the log's key.

    Returns:
        Two routes.
    """
    if not isinstance(desk, Bundler):
        return []
    outside = _Outside(desk, desk, prefix, note, key)
    return [
        Route(f"{prefix}/verify", outside.verify),
        Route(f"{prefix}/bundle/{{code:path}}", outside.bundle),
        Route(f"{prefix}/shown/{{entry:int}}", outside.shown),
    ]


class _Outside:
    """The two addresses."""

    def __init__(
        self,
        desk: Desk,
        bundler: Bundler,
        prefix: str,
        note: Callable[[], bytes],
        key: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._bundler = bundler
        self._path = f"{prefix}/bundle/"
        self._note = note
        self._key = key

    def verify(self, request: Request) -> Response:
        """The page that checks a bundle, empty."""
        return self._page(request, "")

    def bundle(self, request: Request) -> Response:
        """The bundle about a code, for the caller; as a page, inside the one that checks it.

        Returns:
            Bundle or page.

        Raises:
            BundleError: if there is none, none for this caller, or none yet.
            LedgerError: if the document was erased.
        """
        text = asked.path_text(request, self._path)
        caller = asked.caller(request, self._desk)
        event = request.query_params.get(EVENT, "")
        return self._answered(
            request, text, lambda: self._bundler.bundle(text, caller, self._note(), event=event)
        )

    def shown(self, request: Request) -> Response:
        """The bundle of an entry of the caller's own, whole; as a page, inside the one that checks it.

        Returns:
            Bundle or page.

        Raises:
            BundleError: if there is none, none for this caller, or none yet.
            LedgerError: if the body was erased.
        """
        entry = request.path_params["entry"]
        caller = asked.caller(request, self._desk)
        return self._answered(
            request, str(entry), lambda: self._bundler.shown(entry, caller, self._note())
        )

    def _answered(self, request: Request, text: str, make: Callable[[], bytes]) -> Response:
        try:
            made = make()
        except LedgerError as refusal:
            if refusal.faults[0].code != LedgerFault.RANGE:
                raise
            # Witnesses have not signed so far yet; the next checkpoint has it.
            expected = "an entry under the last checkpoint; ask again in some seconds"
            raise BundleError(fault(Fault.NO_BUNDLE, expected=expected, got=text)) from refusal
        if not asked.wants_json(request):
            return self._page(request, made.decode())
        name = re.sub(r"[^0-9A-Za-z]+", "-", text).strip("-")[-60:] or "code"
        disposition = f'attachment; filename="{name}{SUFFIX}"'
        return answer.json_bytes(made, MEDIA, {"Content-Disposition": disposition})

    def _page(self, request: Request, bundle: str) -> Response:
        style, script = (pages.inline(name) for name in ("page.css", "verify.js"))
        policy = (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "img-src data:; form-action 'none'; base-uri 'none'"
        )
        body = pages.render(
            "verify.html",
            answer.view(request, json=False),
            style=style,
            script=script,
            policy=policy,
            vkey=self._key(),
            bundle=bundle,
        )
        framed = f"{policy}; frame-ancestors 'none'"
        return answer.page(request, body, headers={"Content-Security-Policy": framed})


def _hash(text: str) -> str:
    """As a content security policy names an inline script or style."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"

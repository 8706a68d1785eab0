"""How do outsiders read the log? Checkpoint, tiles, bundles and proofs at C2SP's addresses.

Hashes, checkpoints and proofs are for everybody: they say nothing of who trades with whom.
Entries do, in their sender, size and time; bundles of them are for those who see everything,
and a proof carries its entry only to whom the entry belongs.

References:
    C2SP tlog-tiles 0.1.0
"""

import gzip
import threading
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Caller
from guantong.clock import Clock, SystemClock
from guantong.errors import Refusal, fault
from guantong.ledger import Ledger
from guantong.ledger.bundle import make_proof
from guantong.ledger.checkpoint import Checkpoint, number
from guantong.ledger.cosigned import latest
from guantong.ledger.note import Note
from guantong.ledger.signer import Signer
from guantong.ledger.tiles import ENTRIES, Tile, read_tile
from guantong.serve import asked, bundle_http
from guantong.serve.desk import Desk

PREFIX: Final = "/ledger"
SIGNED_MS: Final = 1_000
"""A checkpoint is at least this old before another is signed."""
YEAR: Final = 365 * 24 * 3600
FULL: Final = f"public, max-age={YEAR}, immutable"
PARTIAL: Final = "public, max-age=60"
BRIEF: Final = "public, max-age=2"
OWN: Final = f"private, max-age={YEAR}, immutable"
OPEN: Final = {"Access-Control-Allow-Origin": "*"}
"""A page of anybody may check: nothing here depends on who asks."""
VARY: Final = {"Vary": "Cookie, Authorization, X-API-Key"}
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"


class Fault(StrEnum):
    """Why a part of the log is not shown. Part of the public API: never renamed."""

    HIDDEN = "serve.entries_hidden"
    """Entries of everybody are not for this caller."""
    BEYOND = "serve.beyond_checkpoint"
    """Nothing of that kind under the last checkpoint."""


class LogError(Refusal):
    """A part of the log is not shown."""


@runtime_checkable
class Keeper(Protocol):
    """A desk with a ledger behind it."""

    ledger: Ledger


def routes(desk: Desk, *, clock: Clock | None = None) -> list[Route]:
    """The addresses of the log; none over a desk that keeps no ledger.

    Args:
        desk: The installation.
        clock: Says when the last checkpoint has become old; the machine's when not given.

    Returns:
        Routes below `PREFIX`.
    """
    if not isinstance(desk, Keeper):
        return []
    log = Log(desk, desk, clock or SystemClock())
    # Plain functions: the server runs them beside its loop, for they read and wait for disks.
    return [
        Route(f"{PREFIX}/checkpoint", log.checkpoint),
        Route(f"{PREFIX}/vkey", log.vkey),
        Route(f"{PREFIX}/proof/{{index}}", log.proof),
        *bundle_http.routes(desk, PREFIX, log.note, log.key),
        Route(f"{PREFIX}/{{path:path}}", log.tile),
    ]


class Log:
    """The log as outsiders see it: never further than its last checkpoint."""

    def __init__(self, desk: Desk, keeper: Keeper, clock: Clock) -> None:
        self._desk = desk
        self._ledger = keeper.ledger
        self._clock = clock
        self._turn = threading.Lock()
        self._signed: tuple[int, bytes] | None = None

    def checkpoint(self, request: Request) -> Response:
        """The last checkpoint; a new one when it is a second old and the log has grown."""
        del request
        return Response(self.note(), media_type=TEXT, headers={"Cache-Control": BRIEF} | OPEN)

    def vkey(self, request: Request) -> Response:
        """The log's key. Who fetches it here believes this server; better get it elsewhere."""
        del request
        return Response(f"{self.key()}\n", media_type=TEXT, headers={"Cache-Control": BRIEF} | OPEN)

    def tile(self, request: Request) -> Response:
        """A tile, or a bundle for those who may see all entries.

        Returns:
            Its bytes.

        Raises:
            LogError: if the tree of the last checkpoint has none, or it is not for the caller.
        """
        path = request.path_params["path"]
        tile = Tile.parse(path)
        if not tile.is_in(self._size()):
            raise LogError(fault(Fault.BEYOND, expected=f"within {self._size()}", got=path))
        if tile.level != ENTRIES:
            kept = PARTIAL if tile.is_partial else FULL
            data = read_tile(self._ledger, tile)
            return Response(data, media_type=BYTES, headers={"Cache-Control": kept} | OPEN)
        caller = asked.caller(request, self._desk)
        if not caller.sees_all():
            expected = "a key of the operator or of a regulator for the whole country"
            raise LogError(fault(Fault.HIDDEN, expected=expected, got=caller.level.value))
        return _packed(request, read_tile(self._ledger, tile))

    def proof(self, request: Request) -> Response:
        """The proof of an entry, with the entry for those it belongs to.

        Returns:
            A `.tlog-proof`.

        Raises:
            LogError: if the tree of the last checkpoint has no such entry.
        """
        given = request.path_params["index"].removesuffix(".tlog-proof")
        index, ledger, note = number(given), self._ledger, self.note()
        if index is None or index >= _size_in(note):
            raise LogError(fault(Fault.BEYOND, expected=f"0 to {_size_in(note) - 1}", got=given))
        caller = asked.caller(request, self._desk)
        shown = _belongs(ledger, index, caller)
        data = make_proof(ledger, index, note, entry=shown).encode()
        headers = {"Cache-Control": "private, max-age=2" if shown else BRIEF} | VARY
        return Response(data, media_type=TEXT, headers=headers | ({} if shown else OPEN))

    def note(self) -> bytes:
        """The last checkpoint, signed anew when it is old."""
        with self._turn:
            now = self._clock.now_ms()
            if self._signed is None or not 0 <= now - self._signed[0] < SIGNED_MS:
                newest = Signer(self._ledger).sign()
                self._signed = now, latest(self._ledger.directory, newest, now_ms=now)
            return self._signed[1]

    def key(self) -> str:
        """The log's key as it is handed out."""
        return Signer(self._ledger).trust.log.encode()

    def _size(self) -> int:
        return _size_in(self.note())


def _size_in(note: bytes) -> int:
    """Entries of the tree of a checkpoint of our own."""
    return Checkpoint.parse(Note.parse(note).body).size


def _belongs(ledger: Ledger, index: int, caller: Caller) -> bool:
    """Whether an entry is shown to a caller: those who see all, and its sender."""
    by = ledger.entry(index).statement.by
    return caller.sees_all() or (bool(caller.party) and caller.party == by)


def _packed(request: Request, data: bytes) -> Response:
    """A bundle, compressed when the reader takes that; entries are much alike."""
    headers = {"Cache-Control": OWN, "Vary": f"{VARY['Vary']}, Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        data = gzip.compress(data, 6, mtime=0)
    return Response(data, media_type=BYTES, headers=headers)

"""What does this node answer to an office that asks several nodes? Ranges, under a look that is entered.

A question begins at ``/nodes/begin``: the look, with what it is about, is in the ledger before this node
says where it stands. What follows at ``/nodes/ask`` names that look, and the position: this node answers
for it, or not at all.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding, parties
from guantong.caller import Caller, Level
from guantong.errors import fault
from guantong.ledger import Ledger, StatementType
from guantong.nodes import Answering, Told
from guantong.nodes import Fault as NodeFault
from guantong.nodes.faults import NodesError
from guantong.nodes.numbers import Runs
from guantong.nodes.wire import encode
from guantong.serve import asked
from guantong.serve.desks.office import Installation
from guantong.serve.desks.watched import GOING_ON, LOOKED
from guantong.serve.ledger_http import Keeper
from guantong.serve.people import looks
from guantong.serve.problems import Fault, HttpError
from guantong.serve.upload import Uploads
from guantong.store import SegmentStore, Store
from guantong.store.columns import Span, joined_spans
from guantong.trace.sight import Sight

BEGIN: Final = "/nodes/begin"
ASK: Final = GOING_ON
MEDIA: Final = "application/vnd.guantong.nodes"
BYTES_MAX: Final = 32 << 20
"""Largest question: ranges of a frontier."""
LOOK_MS: Final = 15 * 60_000
"""So long a question may go on under one look."""
LOOKS_KEPT: Final = 10_000
"""Looks remembered, so that their bodies are not read again."""
LABELLED_MAX: Final = 1_000_000
"""Codes that were issued as of lots, told at once."""
AT_ONCE: Final = 4
"""Questions answered at once; more wait."""


class NodeOutside:
    """The addresses of a node."""

    def __init__(self, desk: Installation, keeper: Keeper, uploads: Uploads) -> None:
        """Over an installation."""
        self._desk = desk
        self._ledger: Ledger = keeper.ledger
        self._uploads = uploads
        self._turn = CapacityLimiter(AT_ONCE)
        self._looks: set[tuple[int, str]] = set()
        """Looks that questions go on under, with who looked."""

    def routes(self) -> list[Route]:
        """They."""
        return [
            Route(BEGIN, self.begin, methods=["POST"]),
            Route(ASK, self.ask, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Say where this node stands; the look at what the query names was entered before."""
        self._office(request)
        look = int(request.scope[LOOKED])
        return await to_thread.run_sync(self._stand, look, limiter=self._turn)

    def _stand(self, look: int) -> Response:
        with self._desk.readers.lend() as store:
            size = store.projected_size
        return self._told(encode(look), size, self._root(size))

    async def ask(self, request: Request) -> Response:
        """Answer a question for the position it names."""
        caller = self._office(request)
        look, size = _number(request, "look"), _number(request, "size")
        root = request.query_params.get("root", "")
        async with self._uploads.body(request, BYTES_MAX) as body:
            return await to_thread.run_sync(
                self._answered, caller, look, size, root, bytes(body), limiter=self._turn
            )

    def _answered(self, caller: Caller, look: int, size: int, root: str, body: bytes) -> Response:
        self._check_look(caller, look)
        self._check_position(size, root)
        with self._desk.readers.lend() as handle, handle.still():
            store = handle.store
            assert isinstance(store, SegmentStore)
            register = parties.Register(handle, as_of=size)
            sight = Sight(caller, register.firm_of, register.region_of)
            answering = Answering(store, size, sight, lambda lots: labelled(handle, lots, size))
            answered = answering.answer(body)
        return self._told(answered, size, root, hidden=answering.hidden)

    def _told(self, body: bytes, size: int, root: str, *, hidden: bool = False) -> Response:
        told = Told(self._ledger.origin, size, root, hidden, body)
        return Response(encode(told), media_type=MEDIA, headers={"Cache-Control": "no-store"})

    def _office(self, request: Request) -> Caller:
        """Whoever supervises, and nobody else. Raises HttpError."""
        caller = asked.keyed_caller(request, self._desk)
        if caller.level is not Level.REGULATOR:
            expected = "a key of a supervising office"
            raise HttpError(fault(Fault.ROLE, expected=expected, got=caller.level.value))
        return caller

    def _check_look(self, caller: Caller, look: int) -> None:
        """Refuse to go on under anything but a look of this office at a beginning.

        Raises:
            NodesError: if it is none, another's, or too old.
        """
        self._reach(look + 1)
        since = self._desk.clock.now_ms() - LOOK_MS
        is_there = look < self._ledger.size and self._desk.received_ms(look) >= since
        if (look, caller.party) not in self._looks and is_there:
            stated = self._ledger.entry(look).statement
            if stated.typ is StatementType.LOOK and stated.by == caller.party:
                begun = looks.parse(self._desk.body(look)).what.startswith(BEGIN)
                if len(self._looks) >= LOOKS_KEPT:
                    self._looks.clear()
                self._looks |= {(look, caller.party)} if begun else set()
        if not is_there or (look, caller.party) not in self._looks:
            expected = f"a look of this office at {BEGIN}, a quarter of an hour old at most"
            raise NodesError(fault(NodeFault.LOOK, expected=expected, got=look))

    def _check_position(self, size: int, root: str) -> None:
        """Refuse a position that this ledger never had.

        Raises:
            NodesError: if it is smaller, or had another root at that size.
            HttpError: if the index has not come so far.
        """
        self._reach(size)
        got = self._root(size) if size <= self._ledger.size else f"{self._ledger.size} entries"
        if got != root:
            expected = f"{size} entries with the root {root}"
            raise NodesError(fault(NodeFault.POSITION, expected=expected, got=got))
        if not self._desk.wait(size):
            raise HttpError(fault(Fault.BEHIND, expected=f"{size} entries", got="fewer"))

    def _root(self, size: int) -> str:
        self._reach(size)
        return self._ledger.root_at(size).hex()

    def _reach(self, size: int) -> None:
        if size > self._ledger.size:
            self._ledger.refresh()


def labelled(store: Store, lots: Sequence[str], as_of: int) -> list[Span]:
    """Items whose codes were issued as of some lots."""
    codes = (
        code
        for lot in lots
        for issue in coding.ranges_of_lot(store, lot, as_of=as_of)
        for code in coding.codes_of(issue)
    )
    return joined_spans(sorted(Runs.of_texts(list(islice(codes, LABELLED_MAX))).spans()))


def _number(request: Request, name: str) -> int:
    found = asked.size(request, name)
    if found is None:
        raise HttpError(fault(Fault.QUERY, expected="a number", got="nothing", path=name))
    return found

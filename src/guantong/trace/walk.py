"""Where did it come from, and what did it go into?

A walk goes one hop at a time, knows its limits and says whether it finished. It never leaves
its direction: upstream of the origin, or downstream, not to the siblings between.
"""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Final, NamedTuple

from guantong.capture.lots import class_of
from guantong.store.door import Histories
from guantong.trace.book import Book
from guantong.trace.custody import Custody, custody
from guantong.trace.gaps import OVERDUE_DAYS, gaps_in
from guantong.trace.life import lives
from guantong.trace.links import ALWAYS, Frontier, Link, Links, Window, edge_of
from guantong.trace.model import (
    FUTURE_MS,
    Bond,
    Code,
    Direction,
    Edge,
    EventRef,
    FirmOf,
    Gap,
    Life,
    Move,
    Node,
    NodeKind,
    Relation,
    Trail,
    itself,
)
from guantong.trace.names import kind_of

EDGES_PER_NODE_MAX = 20
"""A walk keeps at most this many edges for each node it may have."""
REMEMBERED_MAX: Final = 64
"""In a trail of more nodes they are read together instead."""


def trace(
    store: Histories,
    item: str,
    *,
    now_ms: int,
    direction: Direction = Direction.BOTH,
    hops_max: int = 32,
    nodes_max: int = 10_000,
    as_of: int | None = None,
    future_ms: int = FUTURE_MS,
    firm_of: FirmOf = itself,
    fresh: Callable[[], FirmOf] | None = None,
    packing: bool = False,
    context: bool = True,
    overdue_days: int = OVERDUE_DAYS,
) -> Trail:
    """Walk from one item, hop by hop; a few store calls per hop, however wide it is.

    Loops in the data (returns, rework, repacking) end the walk rather than hang it.

    Args:
        store: Where to read.
        item: Canonical URI of an item, logistic unit, lot or class.
        now_ms: The present.
        direction: Which way.
        hops_max: How far at most.
        nodes_max: How many nodes at most, the origin and containers included.
        as_of: Ledger size; None for everything.
        future_ms: How far ahead of its receipt an event may be dated and still count.
        firm_of: The firm behind a party or place.
        fresh: Makes a `firm_of` that has looked nothing up yet: with it, what lies above an item is
            not read again while nothing of it has changed (see `guantong.store.remembered`).
        packing: Follow what items were packed into, as if it were made of them.
        context: Show where items were packed and through whose hands they went.
        overdue_days: Days in transit after which a receipt is missed.

    Returns:
        Everything reached, the events that prove it, what is missing or contradictory, and
        whether the walk ended by itself.
    """
    book = Book(store, now_ms=now_ms, as_of=as_of, future_ms=future_ms)
    walk = _Walk(book, item, hops_max=hops_max, nodes_max=nodes_max, packing=packing)
    if direction is not Direction.DOWN:
        walk.go(-1, remember=fresh is not None)
    if direction is not Direction.UP:
        walk.go(1)
    return _Report(walk, firm_of, fresh, overdue_days, context=context).trail()


def parts(book: Book, item: str, *, hops_max: int, nodes_max: int) -> Collection[str]:
    """What an item was made of, was built into it, or is in it; itself and its lots included.

    Args:
        book: Where to read; what it has read of the item is not read again.
        item: Canonical URI.
        hops_max: How far at most.
        nodes_max: How many at most.

    Returns:
        The same items as the nodes of `trace` upwards, without their custody and gaps.
    """
    walk = _Walk(book, item, hops_max=hops_max, nodes_max=nodes_max, packing=False)
    walk.go(-1, remember=True)
    return walk.hops.keys()


class _Walk:
    """What was reached so far."""

    def __init__(
        self, book: Book, origin: str, *, hops_max: int, nodes_max: int, packing: bool
    ) -> None:
        self.book = book
        self.origin = origin
        self.hops_max = hops_max
        self.nodes_max = nodes_max
        self.links = Links(book, packing=packing)
        self.hops = {origin: 0}
        self.edges: dict[Edge, None] = {}
        self.complete = True
        if kind_of(origin) is NodeKind.CONTAINER:
            self.links.unpacking.add(origin)

    @property
    def edges_max(self) -> int:
        """How many edges are kept."""
        return EDGES_PER_NODE_MAX * self.nodes_max

    def go(self, sign: int, *, remember: bool = False) -> None:
        """Walk up (-1) or down (1) until nothing new is reached, or a limit is.

        Args:
            sign: Which way.
            remember: Upwards: keep what is found above all but the origin, for the next walk.
        """
        frontier: dict[str, list[Window]] = {self.origin: [ALWAYS]}
        covered: dict[str, list[Window]] = {self.origin: [ALWAYS]}
        for hop in range(1, self.hops_max + 1):
            links = self._ask(sign, again=remember and hop > 1)(frontier, self.nodes_max)
            frontier = {}
            for link in links:
                if self._reach(link, sign * hop) and not _covers(covered, link):
                    covered.setdefault(link.to, []).append(link.window)
                    frontier.setdefault(link.to, []).append(link.window)
            if not frontier:
                break
        self.complete = self.complete and not frontier and self.links.complete

    def _ask(self, sign: int, *, again: bool) -> Callable[[Frontier, int], Iterator[Link]]:
        if sign > 0:
            return self.links.down
        return self.links.up_remembered if again else self.links.up

    def _reach(self, link: Link, hop: int) -> bool:
        """Keep an edge and the node it leads to; False when there is no room."""
        known = self.hops.get(link.to)
        full = known is None and len(self.hops) >= self.nodes_max
        if full or (link.edge not in self.edges and len(self.edges) >= self.edges_max):
            self.complete = False
            return False
        self.edges[link.edge] = None
        if known is None or abs(hop) < abs(known):
            self.hops[link.to] = hop
        return True


def _covers(covered: dict[str, list[Window]], link: Link) -> bool:
    since, until = link.window
    known = covered.get(link.to, ())
    return any(first <= since and until <= last for first, last in known)


class _Told(NamedTuple):
    """What is told of one item."""

    life: Life
    held: Custody


class _Report:
    """Turns what was reached into nodes, edges and gaps."""

    def __init__(
        self,
        walk: _Walk,
        firm_of: FirmOf,
        fresh: Callable[[], FirmOf] | None,
        overdue_days: int,
        *,
        context: bool,
    ) -> None:
        self.walk = walk
        self.firm_of = firm_of
        self.fresh = fresh if len(walk.hops) <= REMEMBERED_MAX else None
        self.overdue_days = overdue_days
        self.told: dict[str, _Told] = {}
        self._tell(tuple(walk.hops) if self.fresh is None else (walk.origin,))
        self.around: dict[str, int] = {}
        """Containers that are only context, with their hop."""
        self.context = context

    def trail(self) -> Trail:
        walk = self.walk
        if self.context:
            self._show_packing()
        nodes: list[Node] = []
        gaps: list[Gap] = []
        for item, hop in {**self.around, **walk.hops}.items():
            held = self._about(item).held
            only_context = item not in walk.hops
            kind = kind_of(item)
            nodes.append(Node(item, class_of(item), hop, held.holder, kind, context=only_context))
            if not only_context:
                gaps += self._gaps(item, held)
                for move in held.moves if self.context else ():
                    self._keep(_moved(item, move))
        return Trail(
            walk.origin,
            tuple(sorted(nodes, key=lambda node: (node.hop, node.item))),
            tuple(sorted(walk.edges, key=_edge_order)),
            tuple(sorted(gaps, key=lambda gap: (gap.at_ms, gap.item, gap.code))),
            walk.complete and all(told.life.complete for told in self.told.values()),
            {item: told.life for item, told in self.told.items()},
        )

    def _tell(self, items: Collection[str]) -> None:
        for item, life in lives(self.walk.book, items).items():
            self.told[item] = _Told(life, custody(life, firm_of=self.firm_of))

    def _about(self, item: str) -> _Told:
        """What is told of an item; not read again if it need not be."""
        if item not in self.told:
            if self.fresh is None:
                self._tell((item,))
            else:
                make = partial(_told_one, item, self.fresh)
                self.told[item] = self.walk.book.remembered(("told", item), make, weigh=_steps)
        return self.told[item]

    def _gaps(self, item: str, held: Custody) -> list[Gap]:
        found = gaps_in(
            self._about(item).life,
            held,
            now_ms=self.walk.book.now_ms,
            firm_of=self.firm_of,
            overdue_days=self.overdue_days,
        )
        # The making of its items is the making of a lot that nobody made as such.
        made = any(
            edge.relation is Relation.LOT_OF and edge.source == item for edge in self.walk.edges
        )
        return [gap for gap in found if not (made and gap.code is Code.ORIGIN_UNKNOWN)]

    def _show_packing(self) -> None:
        """Every container around a node, and around that, as far as there is room."""
        todo = list(self.walk.hops.items())
        while todo:
            item, hop = todo.pop()
            for stay in self._about(item).life.stays:
                if stay.bond is Bond.PACKED and self._admit(stay.parent, hop):
                    self._keep(edge_of(stay))
                    if stay.parent not in self.told and stay.parent not in self.walk.hops:
                        todo.append((stay.parent, hop))
                        self._about(stay.parent)

    def _admit(self, container: str, hop: int) -> bool:
        """Whether there is room for a container as a node."""
        if container in self.walk.hops or container in self.around:
            return True
        if len(self.walk.hops) + len(self.around) >= self.walk.nodes_max:
            self.walk.complete = False
            return False
        self.around[container] = hop
        return True

    def _keep(self, edge: Edge) -> None:
        if edge in self.walk.edges or len(self.walk.edges) < self.walk.edges_max:
            self.walk.edges[edge] = None
        else:
            self.walk.complete = False


def _told_one(item: str, fresh: Callable[[], FirmOf], book: Book) -> _Told:
    """Read with a book and a register of its own, so that all it rests on is seen to be read."""
    life = lives(book, (item,))[item]
    return _Told(life, custody(life, firm_of=fresh()))


def _steps(told: _Told) -> int:
    return len(told.life.steps)


def _moved(item: str, move: Move) -> Edge:
    first = move.sent or move.received or move.seen
    last = move.received if move.sent else None
    return Edge(
        item,
        item,
        Relation.MOVED,
        first.at_ms if first else 0,
        EventRef.of(first.stored) if first else None,
        until_ms=move.received.at_ms if move.received else None,
        other=EventRef.of(last.stored) if last else None,
        quantity=move.quantity,
        uom=move.uom,
        giver=move.giver,
        taker=move.taker,
    )


def _edge_order(edge: Edge) -> tuple[int, str, str, str, int]:
    number = edge.event.no if edge.event else 0
    return edge.at_ms, edge.source, edge.target, edge.relation, number

"""How much of a life or a trail may this caller see?

No permission is not no data: what is hidden stays as a marker that says why. Markers are
merged, so that the number of customers or suppliers cannot be counted through them.

| level | events it sees |
| --- | --- |
| public | none; only that and when an item was made, by whom, and whether it was sold or ended |
| party | the ones it captured and the ones that name it as source or destination: one step up, one down |
| regulator | those of its region: by capturing party, place, source or destination |
| operator | all |
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from guantong.caller import Caller, Level
from guantong.capture.model import Event, EventType
from guantong.capture.withholding import has_withheld
from guantong.store.door import Near, Role, Stored
from guantong.trace.custody import custody
from guantong.trace.effect import Effect
from guantong.trace.hands import effect_on
from guantong.trace.model import (
    Code,
    Edge,
    EventRef,
    FirmOf,
    Gap,
    Holder,
    Life,
    Node,
    NodeKind,
    Relation,
    State,
    Stay,
    Step,
    Trail,
    Why,
    itself,
)

RegionOf: TypeAlias = Callable[[str], str]
"""The GB/T 2260 code of a party or place; "" when unknown."""

PUBLIC_STATES = frozenset(
    {
        State.SOLD,
        State.CONSUMED,
        State.SCRAPPED,
        State.RETIRED,
        State.RETURNED,
        State.STOLEN,
        State.UNKNOWN,
    }
)
"""States anybody may know; who has goods in stock or under way is trade."""

PUBLIC_CODES = frozenset({Code.SOLD_TWICE, Code.COMMISSIONED_TWICE, Code.USED_AFTER_END})
"""Contradictions that warn a buyer, shown without the events behind them."""

NOWHERE = Holder("", "", 0, State.HIDDEN)
"""What is said of the holder of something hidden."""

_NOTHING = Stored(0, -1, 0, "", 0, Event(type=EventType.OBJECT, time_ms=0, offset="+00:00"))


def no_region(_party_or_place: str) -> str:
    """The `RegionOf` of someone who knows no register."""
    return ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one caller may see, asked event by event."""

    caller: Caller
    firm_of: FirmOf = itself
    region_of: RegionOf = no_region

    def why_hidden(self, stored: Stored) -> Why | None:
        """Why an event is hidden from the caller; None when it may be seen whole."""
        if self.caller.sees_all():
            return None
        match self.caller.level:
            case Level.PARTY:
                return None if self._is_concerned(stored) else Why.NOT_YOURS
            case Level.REGULATOR:
                return None if self._is_in_region(stored) else Why.OTHER_REGION
            case _:
                return Why.NOT_PUBLIC

    def sees(self, stored: Stored) -> bool:
        """Whether an event may be seen whole."""
        return self.why_hidden(stored) is None

    @property
    def near(self) -> Near | None:
        """What every event has that the caller may see; None for one who sees all."""
        if self.caller.sees_all():
            return None
        match self.caller.level:
            case Level.PARTY:
                return Near(self._is_own_firm)
            case Level.REGULATOR:
                return Near(self._is_own_region, self._is_own_region)
            case _:
                return Near(lambda _: False)

    def is_whole(self, item: str, step: Step) -> bool:
        """Whether the caller may have the event of a step as it was sent.

        Whoever sees it may, unless it says something of a person: then only who sent it, and who
        sees everything. Everybody may have the making of an item when the event says nothing
        but what everybody is told of it anyway: no other item, place, party, or order.

        Args:
            item: Whose step it is.
            step: One of its life.

        Returns:
            Whether nothing in the event is hidden from the caller.
        """
        if self.why_hidden(step.stored) is None:
            # As it was sent it says of persons what the event here does not say any more.
            return self._is_own(step.stored) or not has_withheld(step.stored.event)
        return _is_making(step) and _making_of(item, step).event == step.stored.event

    def is_making(self, step: Step) -> bool:
        """Whether it is what everybody may know: that and when the item was made, and by whom."""
        return _is_making(step)

    @property
    def why(self) -> Why:
        """Why this caller does not see what it does not see."""
        return self.why_hidden(_NOTHING) or Why.NOT_PUBLIC

    def _is_own(self, stored: Stored) -> bool:
        return self.caller.sees_all() or self._is_own_firm(stored.by)

    def _is_own_firm(self, party: str) -> bool:
        own = self.caller.party and self.firm_of(self.caller.party)
        return bool(own) and self.firm_of(party) == own

    def _is_own_region(self, name: str) -> bool:
        return bool(name) and self.region_of(name).startswith(self.caller.region)

    def _is_concerned(self, stored: Stored) -> bool:
        return any(self._is_own_firm(party) for party in _parties(stored))

    def _is_in_region(self, stored: Stored) -> bool:
        event = stored.event
        named = (*_parties(stored), event.biz_location, event.read_point)
        return any(self._is_own_region(name) for name in named)


def _parties(stored: Stored) -> Iterator[str]:
    """The capturing party, and everyone named as source or destination."""
    yield stored.by
    for typed in (*stored.event.sources, *stored.event.destinations):
        yield typed.value


def visible_life(
    life: Life, caller: Caller, *, firm_of: FirmOf = itself, region_of: RegionOf = no_region
) -> Life:
    """The part of a life that a caller may see.

    Args:
        life: The whole life.
        caller: Who asks.
        firm_of: The firm behind a party or place.
        region_of: The region of a party or place.

    Returns:
        Hidden steps as markers (neighbours merged into one), the making of the item with the
        trade taken out of it, and only the stays that visible events tell of.
    """
    sight = Sight(caller, firm_of, region_of)
    return life if caller.sees_all() else _life(life, sight)


def visible_holder(
    life: Life,
    caller: Caller,
    *,
    firm_of: FirmOf = itself,
    region_of: RegionOf = no_region,
    held: Holder | None = None,
) -> Holder:
    """Who holds it, as far as this caller may know.

    Args:
        life: The whole life, not the visible part of it.
        caller: Who asks.
        firm_of: The firm behind a party or place.
        region_of: The region of a party or place.
        held: Who holds it, where that was read already.

    Returns:
        The holder when the events the caller sees already tell it; else the bare state when
        anybody may know it; else `State.HIDDEN`.
    """
    sight = Sight(caller, firm_of, region_of)
    return _holder(life, held or custody(life, firm_of=firm_of).holder, sight)


def visible(
    trail: Trail, caller: Caller, *, firm_of: FirmOf = itself, region_of: RegionOf = no_region
) -> Trail:
    """The part of a trail that a caller may see.

    Args:
        trail: The whole trail, with its lives.
        caller: Who asks.
        firm_of: The firm behind a party or place.
        region_of: The region of a party or place.

    Returns:
        A trail in which everything hidden upstream is one node, and so is everything
        downstream and everything around the origin; edges to them say only that there is more.
    """
    if caller.sees_all():
        return trail
    return _Veil(trail, Sight(caller, firm_of, region_of)).trail()


def _life(life: Life, sight: Sight) -> Life:
    steps: list[Step] = []
    seen: set[int] = set()
    for step in life.steps:
        if sight.why_hidden(step.stored) is None:
            seen.add(step.stored.no)
            steps.append(step)
        elif _is_making(step):
            steps.append(replace(step, stored=_making_of(life.item, step), quantity=None))
        elif not steps or steps[-1].hidden is None:
            steps.append(Step(0, _NOTHING, Role.EPC, hidden=sight.why))
    hidden = any(step.hidden for step in steps)
    stays = tuple(_stays(life.stays, seen))
    doubts = tuple(gap for gap in life.doubts if _is_shown(gap, seen))
    return replace(
        life, steps=tuple(steps), stays=stays, doubts=doubts, hidden=sight.why if hidden else None
    )


def _is_making(step: Step) -> bool:
    return step.counts and not step.via and effect_on(step) is Effect.BIRTH


def _making_of(item: str, step: Step) -> Stored:
    """The making of one item, without the other items, inputs, orders and places of the event."""
    whole = step.stored.event
    made = step.role is Role.OUTPUT
    event = Event(
        type=whole.type,
        time_ms=whole.time_ms,
        offset=whole.offset,
        id=whole.id,
        action=whole.action,
        step=whole.step,
        disposition=whole.disposition,
        epcs=() if made else (item,),
        output_epcs=(item,) if made else (),
        certification=whole.certification,
        ilmd=whole.ilmd,
    )
    old = step.stored
    return Stored(old.no, old.entry, old.position, old.by, old.record_ms, event)


def _stays(stays: Iterable[Stay], seen: set[int]) -> Iterator[Stay]:
    for stay in stays:
        if stay.opened.no in seen:
            known_end = stay.closed is None or stay.closed.no in seen
            yield stay if known_end else replace(stay, closed=None)


def _is_shown(gap: Gap, seen: set[int]) -> bool:
    return all(event.no in seen for event in gap.events)


def _holder(life: Life, held: Holder, sight: Sight) -> Holder:
    if sight.caller.sees_all():
        return held
    is_public = sight.caller.level is Level.PUBLIC
    if not is_public and custody(_life(life, sight), firm_of=sight.firm_of).holder == held:
        return held
    if held.state in PUBLIC_STATES:
        return Holder("", "", held.since_ms, held.state)
    return NOWHERE


class _Veil:
    """Decides what of a trail is seen, and draws the rest as markers."""

    def __init__(self, trail: Trail, sight: Sight) -> None:
        self.whole = trail
        self.sight = sight
        self.lives = {item: _life(life, sight) for item, life in trail.lives.items()}
        self.seen = {
            step.stored.no
            for life in trail.lives.values()
            for step in life.steps
            if sight.why_hidden(step.stored) is None
        }
        self.told = {
            step.stored.no: frozenset(map(sight.firm_of, _parties(step.stored)))
            for life in trail.lives.values()
            for step in life.steps
            if step.stored.no in self.seen
        }
        touched = {item for item, life in trail.lives.items() if self._touches(life)}
        self.known = {trail.origin} | touched
        self.open_edges = [edge for edge in trail.edges if self._is_open(edge)]
        ends = {end for edge in self.open_edges for end in (edge.source, edge.target)}
        self.shown = self.known | ends

    def trail(self) -> Trail:
        nodes = [self._node(node) for node in self.whole.nodes if node.item in self.shown]
        markers = self._markers()
        edges = {self._named(self._edge(edge)): None for edge in self.open_edges}
        edges |= dict.fromkeys(self._hidden_edges(markers))
        is_hidden = bool(markers) or len(self.open_edges) < len(self.whole.edges)
        return Trail(
            self.whole.origin,
            (*nodes, *dict.fromkeys(markers.values())),
            tuple(edges),
            tuple(self._gaps()),
            self.whole.complete,
            {item: life for item, life in self.lives.items() if item in self.shown},
            self.sight.why if is_hidden or self._any_step_hidden() else None,
        )

    def _any_step_hidden(self) -> bool:
        return any(self.lives[item].hidden for item in self.shown if item in self.lives)

    def _touches(self, life: Life) -> bool:
        return any(step.stored.no in self.seen for step in life.steps)

    def _is_open(self, edge: Edge) -> bool:
        """Whether an event the caller sees tells of the edge, or the lot of a known item."""
        events = (edge.event, edge.other) if edge.relation is Relation.MOVED else (edge.event,)
        told = any(event is not None and event.no in self.seen for event in events)
        # Of other items it would list the codes of a whole lot to whoever has one.
        return told or (edge.relation is Relation.LOT_OF and edge.target in self.known)

    def _node(self, node: Node) -> Node:
        life = self.whole.lives.get(node.item, Life(node.item, ()))
        return replace(node, holder=_holder(life, node.holder, self.sight))

    def _markers(self) -> dict[str, Node]:
        """By hidden item: the marker that stands for it, one for each side of the origin."""
        sides = {-1: "hidden:up", 0: "hidden:here", 1: "hidden:down"}
        nearest: dict[int, int] = {}
        hidden = [node for node in self.whole.nodes if node.item not in self.shown]
        for node in hidden:
            side = _sign(node.hop)
            nearest[side] = min(nearest.get(side, node.hop), node.hop, key=abs)
        return {
            node.item: Node(
                sides[_sign(node.hop)],
                "",
                nearest[_sign(node.hop)],
                NOWHERE,
                NodeKind.HIDDEN,
                hidden=self.sight.why,
            )
            for node in hidden
        }

    def _edge(self, edge: Edge) -> Edge:
        """An edge the caller sees, without the half it does not."""
        if edge.relation is Relation.LOT_OF:
            return edge
        other = self._known(edge.other)
        if self._known(edge.event) is None:  # only the receipt of a move is known
            return replace(edge, event=other, other=None, at_ms=edge.until_ms or 0)
        if edge.other is not None and other is None:
            until_ms = None if edge.relation is Relation.MOVED else edge.until_ms
            return replace(edge, other=None, until_ms=until_ms)
        return edge

    def _named(self, edge: Edge) -> Edge:
        """The edge with those hands only that its visible events name.

        Custody knows who had it before from events the caller may not see; whoever claims to
        have received something must not learn that from us.

        Returns:
            `edge`, a hand that nobody named to the caller left out.
        """
        if not edge.giver and not edge.taker:
            return edge
        events = [event for event in (edge.event, edge.other) if event is not None]
        told = frozenset[str]().union(*(self.told.get(event.no, ()) for event in events))
        giver, taker = (
            hand if self.sight.firm_of(hand) in told else "" for hand in (edge.giver, edge.taker)
        )
        return replace(edge, giver=giver, taker=taker)

    def _known(self, event: EventRef | None) -> EventRef | None:
        return event if event is not None and event.no in self.seen else None

    def _hidden_edges(self, markers: dict[str, Node]) -> Iterator[Edge]:
        """That there is a relation of this kind, and nothing more."""
        open_edges = set(self.open_edges)
        for edge in self.whole.edges:
            source, target = (
                markers[end].item if end in markers else end for end in (edge.source, edge.target)
            )
            own_loop = source == target and edge.relation is not Relation.MOVED
            marker_loop = source == target and edge.source in markers
            if edge not in open_edges and not own_loop and not marker_loop:
                yield Edge(source, target, edge.relation, 0, None)

    def _gaps(self) -> Iterator[Gap]:
        for gap in self.whole.gaps:
            if gap.item in self.shown:
                if _is_shown(gap, self.seen) and self._is_own_sum(gap):
                    yield gap
                elif gap.code in PUBLIC_CODES:
                    yield Gap(gap.code, gap.item, gap.at_ms, ())

    def _is_own_sum(self, gap: Gap) -> bool:
        """A sum over all holders of a lot would tell what the others have."""
        if gap.code is not Code.QUANTITY_OVER or self.sight.caller.level is not Level.PARTY:
            return True
        own = self.sight.firm_of(self.sight.caller.party)
        return gap.about.get("party") == own


def _sign(hop: int) -> int:
    return (hop > 0) - (hop < 0)

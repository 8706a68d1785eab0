"""What does a trace answer? The values: steps of a life, holders, gaps, and the trail.

All times are milliseconds since the epoch, UTC. Items, parties and places are canonical URIs
as they stand in the events.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from guantong.store.door import Role, Stored

FUTURE_MS = 24 * 3_600_000
"""Default for how far ahead of its receipt an event may be dated and still count."""

Moment: TypeAlias = tuple[int, int]
"""(event time, arrival number): what happened when, arrival breaking ties."""

FirmOf: TypeAlias = Callable[[str], str]
"""The firm behind any spelling of a party or place; itself when unknown."""


def itself(party: str) -> str:
    """The `FirmOf` of someone who knows no register: every spelling is a firm of its own."""
    return party


@dataclass(frozen=True, slots=True)
class EventRef:
    """Where to look an event up: the evidence behind an answer."""

    no: int
    """Number in this index; never shown outside."""
    entry: int
    """Ledger index of the document."""
    position: int
    """Index of the event in its document."""
    id: str
    """The event id, unique per capturing party."""

    @classmethod
    def of(cls, stored: Stored) -> "EventRef":
        """The reference to an event as the store holds it."""
        return cls(stored.no, stored.entry, stored.position, stored.event.id)


class Why(StrEnum):
    """Why something is not shown. Part of the public API."""

    NOT_PUBLIC = "not_public"
    """Trade relations are not for everybody."""
    NOT_YOURS = "not_yours"
    """Beyond the caller's own documents and the ones that name it."""
    OTHER_REGION = "other_region"
    """Outside the region the caller is responsible for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an item, by itself or with what it was inside of."""

    at_ms: int
    """Event time."""
    stored: Stored
    role: Role
    """The role of the item, or of the outermost of `via` that took part."""
    via: tuple[str, ...] = ()
    """Containers from the innermost to the one that took part; empty for the item itself."""
    corrected: bool = False
    """Withdrawn by an error declaration, or such a declaration itself."""
    future: bool = False
    """Dated further ahead of its receipt than believed."""
    quantity: float | None = None
    """How much of a lot took part; None for a serialised item or an unknown amount."""
    uom: str = ""
    """UN/ECE Recommendation 20 unit; "" means pieces."""
    hidden: Why | None = None
    """Why the caller may not see it: then it stands for one or more steps and says nothing."""

    @property
    def counts(self) -> bool:
        """Whether the step bears on state."""
        return not self.corrected and not self.future and self.hidden is None

    @property
    def moment(self) -> Moment:
        """Its place in the order of what happened."""
        return self.at_ms, self.stored.no


class Bond(StrEnum):
    """What keeps one thing inside another."""

    PACKED = "packed"
    """Aggregation: a transport or storage unit."""
    FITTED = "fitted"
    """Association: a component of an assembly."""


class Ending(StrEnum):
    """How a stay ended."""

    OPEN = "open"
    """It has not."""
    SAID = "said"
    """By a DELETE that names the child, or names none."""
    IMPLIED = "implied"
    """The child turned up elsewhere, was sold, used up or destroyed; nobody said it left."""
    CHANGED = "changed"
    """Part of a lot left or more came; the next stay carries the new amount."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One thing was inside another, from `since` to `until`."""

    child: str
    parent: str
    bond: Bond
    since: Moment
    until: Moment | None
    """None while it lasts."""
    opened: Stored
    closed: Stored | None
    ending: Ending
    quantity: float | None = None
    """For a lot: how much was inside meanwhile, None when unknown."""
    uom: str = ""

    def spans(self, moment: Moment) -> bool:
        """Whether the child was inside at a moment; both ends belong to the stay."""
        return self.since <= moment and (self.until is None or moment <= self.until)


class Code(StrEnum):
    """What is missing or contradicts itself. Part of the public API: never renamed."""

    SHIPPED_NOT_RECEIVED = "trace.shipped_not_received"
    RECEIPT_MISSING = "trace.receipt_missing"
    """The receiver acted on it, so it arrived; nobody recorded the receipt."""
    RECEIVED_NOT_SHIPPED = "trace.received_not_shipped"
    COMMISSIONED_TWICE = "trace.commissioned_twice"
    ORIGIN_UNKNOWN = "trace.origin_unknown"
    """Nobody recorded its making."""
    SEEN_BEFORE_MADE = "trace.seen_before_made"
    USED_AFTER_END = "trace.used_after_end"
    """Something happened to it after it was used up, destroyed or taken out of use."""
    TWO_PARENTS = "trace.two_parents"
    CONTAINER_LOOP = "trace.container_loop"
    """A container that is, by way of others, inside itself."""
    SOLD_TWICE = "trace.sold_twice"
    """Sold to a consumer twice and not returned between: perhaps a copied code."""
    QUANTITY_OVER = "trace.quantity_over"
    """More of a lot went out than came in."""
    FUTURE_DATED = "trace.future_dated"
    """Dated further ahead of its receipt than believed; kept out of state."""
    OBSERVED_INSIDE = "trace.observed_inside"
    """Observed inside something it was never put into."""
    REMOVED_NOT_PUT = "trace.removed_not_put"
    """Taken out of something it was never put into."""
    LEFT_UNSAID = "trace.left_unsaid"
    """Sold, used up or destroyed while it still stood as packed."""
    NO_PARENT = "trace.no_parent"
    """Put into something without saying into what."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing missing or contradictory."""

    code: Code
    item: str
    at_ms: int
    """When it shows."""
    events: tuple[EventRef, ...]
    """The events that show it."""
    about: Mapping[str, str | int | float] = field(default_factory=dict)
    """What a sentence about it needs: ``giver``, ``taker``, ``days``, ``parent`` …"""


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that happened to one item, in order."""

    item: str
    steps: tuple[Step, ...]
    """By event time, arrival breaking ties; also those that do not count."""
    stays: tuple[Stay, ...] = ()
    """What it was directly inside of."""
    doubts: tuple[Gap, ...] = ()
    """What was odd about its containment."""
    complete: bool = True
    """False when containers nest deeper than was followed."""
    hidden: Why | None = None
    """Why steps are missing, when the caller may not see all of them."""

    @property
    def standing(self) -> tuple[Step, ...]:
        """The steps that count."""
        return tuple(step for step in self.steps if step.counts)


class State(StrEnum):
    """Where an item is in its life."""

    IN_STOCK = "in_stock"
    IN_TRANSIT = "in_transit"
    SOLD = "sold"
    """To a consumer."""
    CONSUMED = "consumed"
    """Used as an input."""
    INSTALLED = "installed"
    """Fitted into an assembly or at a place."""
    RETURNED = "returned"
    """Back with a seller after it was sold or refused."""
    SCRAPPED = "scrapped"
    RETIRED = "retired"
    """Its code was taken out of use."""
    STOLEN = "stolen"
    DIVIDED = "divided"
    """A lot that is in several hands or states: see the balances."""
    UNKNOWN = "unknown"
    HIDDEN = "hidden"
    """Known, but not for this caller."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has it, where, since when."""

    party: str
    """"" when unknown or a consumer; in transit: who sent it."""
    place: str
    """Last known place, "" when unknown."""
    since_ms: int
    """Since when party and state are so; 0 when unknown."""
    state: State
    taker: str = ""
    """In transit: whom it is for."""
    inside: str = ""
    """What it is in or fitted to now, directly."""


NOBODY = Holder("", "", 0, State.UNKNOWN)
"""Nothing is known."""


@dataclass(frozen=True, slots=True)
class Move:
    """Something went from one hand to another; either end may be unrecorded."""

    giver: str
    taker: str
    sent: Step | None
    received: Step | None
    quantity: float | None = None
    uom: str = ""
    seen: Step | None = None
    """The first act of the taker on it, when there is no receipt."""
    returned: bool = False
    """Whether it came back: from a consumer, or refused."""

    @property
    def first(self) -> Step | None:
        """The earliest record of the move."""
        return self.sent or self.received


@dataclass(frozen=True, slots=True)
class Balance:
    """How much of a lot a party has, in one state."""

    party: str
    state: State
    """`IN_STOCK`, or `IN_TRANSIT` for what the party has sent and nobody received."""
    uom: str
    quantity: float
    """Signed sum; below zero more went out than came in."""
    exact: bool
    """False when some event did not say how much."""
    at_ms: int
    """The last event that changed it."""


class Direction(StrEnum):
    """Which way to walk."""

    UP = "up"
    """What it was made of and came from."""
    DOWN = "down"
    """What it went into."""
    BOTH = "both"


class Relation(StrEnum):
    """How the source of an edge is in, or became, its target."""

    MADE_INTO = "made_into"
    PART_OF = "part_of"
    PACKED_IN = "packed_in"
    MOVED = "moved"
    """Source and target are the same item; `giver` and `taker` tell the hands."""
    LOT_OF = "lot_of"
    """The source is the lot, the target an item of it."""


class NodeKind(StrEnum):
    """What a node is."""

    ITEM = "item"
    LOT = "lot"
    CLASS = "class"
    CONTAINER = "container"
    """A logistic unit."""
    HIDDEN = "hidden"
    """One or more items that the caller may not see."""


@dataclass(frozen=True, slots=True)
class Node:
    """One item on the trail."""

    item: str
    """Canonical URI; ``hidden:1`` … for what is hidden."""
    class_uri: str
    hop: int
    """Distance from the origin: below zero upstream, above zero downstream."""
    holder: Holder
    kind: NodeKind
    hidden: Why | None = None
    """Why it is hidden, or None."""
    context: bool = False
    """True when it only shows where others were packed, and was not walked through."""

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.holder.state


@dataclass(frozen=True, slots=True)
class Edge:
    """One relation on the trail, with its evidence."""

    source: str
    """Upstream item, component, content or lot."""
    target: str
    """Downstream item, assembly, container or item of the lot."""
    relation: Relation
    at_ms: int
    """Since when; of a move, when it was sent (or received, when nobody recorded sending)."""
    event: EventRef | None
    """The event that says so; None when hidden."""
    until_ms: int | None = None
    """Until when, for what can end; of a move, when it was received."""
    other: EventRef | None = None
    """The event that ended it, stated the other half of it, or received it."""
    quantity: float | None = None
    """How much of the source."""
    uom: str = ""
    giver: str = ""
    taker: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """The answer of a walk, and how far it can be trusted."""

    origin: str
    nodes: tuple[Node, ...]
    """By hop, then item."""
    edges: tuple[Edge, ...]
    """By time, then source and target."""
    gaps: tuple[Gap, ...]
    complete: bool
    """False when something was cut off: there may be more."""
    lives: Mapping[str, Life] = field(default_factory=dict)
    """The life of every node that was read; not part of the JSON."""
    hidden: Why | None = None
    """Why parts are hidden, when some are."""

    def node(self, item: str) -> Node | None:
        """The node of an item, or None."""
        return next((node for node in self.nodes if node.item == item), None)


def to_json(trail: Trail) -> dict[str, object]:
    """The trail as JSON values: ``origin``, ``nodes``, ``edges``, ``gaps``, ``complete``."""
    shown: dict[str, object] = {
        "origin": trail.origin,
        "nodes": [_node_json(node) for node in trail.nodes],
        "edges": [_edge_json(edge) for edge in trail.edges],
        "gaps": [_gap_json(gap) for gap in trail.gaps],
        "complete": trail.complete,
    }
    return _without_empty(shown | {"hidden": trail.hidden})


def _node_json(node: Node) -> dict[str, object]:
    holder = {
        "party": node.holder.party,
        "place": node.holder.place,
        "since_ms": node.holder.since_ms,
        "taker": node.holder.taker,
        "inside": node.holder.inside,
    }
    return _without_empty(
        {
            "item": node.item,
            "class": node.class_uri,
            "kind": node.kind,
            "hop": node.hop,
            "state": node.state,
            "holder": _without_empty(holder),
            "hidden": node.hidden,
            "context": node.context or None,
        }
    )


def _edge_json(edge: Edge) -> dict[str, object]:
    return _without_empty(
        {
            "source": edge.source,
            "target": edge.target,
            "relation": edge.relation,
            "at_ms": edge.at_ms or None,
            "until_ms": edge.until_ms,
            "event": edge.event and _event_json(edge.event),
            "other": edge.other and _event_json(edge.other),
            "quantity": edge.quantity,
            "uom": edge.uom,
            "giver": edge.giver,
            "taker": edge.taker,
        }
    )


def _gap_json(gap: Gap) -> dict[str, object]:
    return {
        "code": gap.code,
        "item": gap.item,
        "at_ms": gap.at_ms,
        "events": [_event_json(event) for event in gap.events],
        "about": dict(gap.about),
    }


def _event_json(event: EventRef) -> dict[str, object]:
    return {"entry": event.entry, "position": event.position, "id": event.id}


def _without_empty(shown: dict[str, object]) -> dict[str, object]:
    """Leaves out what says nothing; false, zero and empty lists do say something."""
    return {
        key: value for key, value in shown.items() if value is not None and value not in ("", {})
    }

"""Where does each box of a trace graph stand? A layered drawing, computed on the server.

Sources stand on the left, destinations on the right, the origin between; a large trail is
folded (siblings of one kind become one box) until it can be read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from guantong.trace.model import Node, Trail

BOX_WIDTH: Final = 166
BOX_HEIGHT: Final = 56
GAP_X: Final = 48
GAP_Y: Final = 16
MARGIN: Final = 12

BOXES_MAX: Final = 60
"""More nodes than this are folded."""

COLUMN_MAX: Final = 16
"""More boxes than this in one column are folded too."""

SWEEPS: Final = 6
"""Times the order of every layer is improved, left to right and back."""

FOLD_MIN: Final = 3
"""Fewer siblings than this stay as they are."""


@dataclass(frozen=True, slots=True)
class Group:
    """One node, or several siblings folded into one."""

    nodes: tuple[Node, ...]
    """At least one, by item."""
    hop: int

    @property
    def key(self) -> str:
        """What stands for the group in edges: its first item."""
        return self.nodes[0].item

    @property
    def folded(self) -> bool:
        """Whether it stands for several."""
        return len(self.nodes) > 1


@dataclass(frozen=True, slots=True)
class Box:
    """A group with its place in the drawing, in CSS pixels."""

    group: Group
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A relation between two boxes, as an SVG path."""

    path: str
    relation: str
    count: int
    """How many relations it stands for."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    """By layer, then from the top."""
    lines: tuple[Line, ...]


def draw(trail: Trail) -> Drawing:
    """The layered drawing of a trail; empty for an empty trail."""
    groups = folded(trail)
    home = {node.item: group for group in groups for node in group.nodes}
    links: dict[tuple[str, str], list[str]] = defaultdict(list)
    for edge in trail.edges:
        source, target = home.get(edge.source), home.get(edge.target)
        if source is not None and target is not None and source is not target:
            links[source.key, target.key].append(edge.relation.value)
    layers = ordered(groups, links)
    boxes = _placed(layers)
    at = {box.group.key: box for box in boxes}
    lines = [
        Line(_curve(at[source], at[target]), relations[0], len(relations))
        for (source, target), relations in links.items()
    ]
    # A line within the last column bends out to its right.
    right = max((box.x for box in boxes), default=0.0) + BOX_WIDTH + GAP_X / 2
    bottom = max((box.y for box in boxes), default=0.0) + BOX_HEIGHT + MARGIN
    return Drawing(right, bottom, tuple(boxes), tuple(lines))


def folded(trail: Trail, *, boxes_max: int = BOXES_MAX) -> list[Group]:
    """The nodes as groups: each by itself while they are few, else siblings together.

    Siblings have the same hop, kind and class, and neighbours nearer to the origin that are
    siblings themselves; should that still be too many, the neighbours no longer count.

    Returns:
        Groups by hop, then first item; the origin is always by itself.
    """
    single = sorted((Group((node,), node.hop) for node in trail.nodes), key=_place)
    if not _is_much(single, boxes_max):
        return single
    near = _grouped(trail, _nearer(trail))
    return _grouped(trail, {}) if _is_much(near, boxes_max) else near


def _is_much(groups: list[Group], boxes_max: int) -> bool:
    """Whether a drawing of these has too many boxes, or too many in one column."""
    columns = Counter(group.hop for group in groups)
    return len(groups) > boxes_max or max(columns.values(), default=0) > COLUMN_MAX


def _place(group: Group) -> tuple[int, str]:
    return group.hop, group.key


def _grouped(trail: Trail, nearer: Mapping[str, frozenset[str]]) -> list[Group]:
    """Siblings together, found from the origin outwards, since each rests on the nearer ones."""
    rings: dict[int, list[Node]] = defaultdict(list)
    for node in trail.nodes:
        rings[abs(node.hop)].append(node)
    group_of: dict[str, str] = {}
    groups: list[Group] = []
    for distance in sorted(rings):
        families: dict[object, list[Node]] = defaultdict(list)
        for node in rings[distance]:
            near = frozenset(group_of.get(item) for item in nearer.get(node.item, ()))
            alike = (node.hop, node.kind, node.class_uri, near)
            families[node.item if node.item == trail.origin else alike].append(node)
        ring = [group for family in families.values() for group in _family(family)]
        group_of |= {node.item: group.key for group in ring for node in group.nodes}
        groups += ring
    return sorted(groups, key=_place)


def _family(nodes: list[Node]) -> list[Group]:
    """Siblings as one group; a few of them each by itself."""
    nodes.sort(key=lambda node: node.item)
    if len(nodes) < FOLD_MIN:
        return [Group((node,), node.hop) for node in nodes]
    return [Group(tuple(nodes), nodes[0].hop)]


def _nearer(trail: Trail) -> Mapping[str, frozenset[str]]:
    """Of each item its neighbours one or more hops nearer to the origin."""
    hops = {node.item: abs(node.hop) for node in trail.nodes}
    found: dict[str, set[str]] = defaultdict(set)
    for edge in trail.edges:
        for one, other in ((edge.source, edge.target), (edge.target, edge.source)):
            if hops.get(other, 0) < hops.get(one, 0):
                found[one].add(other)
    return {item: frozenset(near) for item, near in found.items()}


def ordered(groups: Iterable[Group], links: Mapping[tuple[str, str], object]) -> list[list[Group]]:
    """Layers from left to right, each ordered so that linked boxes stand side by side.

    The barycentre of its neighbours moves a box, a few sweeps each way: good enough to read,
    linear in the number of links.

    Returns:
        One layer for each hop, each from top to bottom.
    """
    by_hop: dict[int, list[Group]] = defaultdict(list)
    for group in groups:
        by_hop[group.hop].append(group)
    layers = [by_hop[hop] for hop in sorted(by_hop)]
    beside: dict[str, list[str]] = defaultdict(list)
    for source, target in links:
        beside[source].append(target)
        beside[target].append(source)
    for sweep in range(SWEEPS):
        _sweep(layers if sweep % 2 == 0 else layers[::-1], beside)
    return layers


def _sweep(layers: list[list[Group]], beside: Mapping[str, list[str]]) -> None:
    place: dict[str, float] = {}
    for layer in layers:
        old = {group.key: index / len(layer) for index, group in enumerate(layer)}
        centre = {
            key: _mean([place[n] for n in beside[key] if n in place], old[key]) for key in old
        }
        layer.sort(key=lambda group: (centre[group.key], group.key))
        place |= {group.key: (index + 0.5) / len(layer) for index, group in enumerate(layer)}


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _placed(layers: list[list[Group]]) -> list[Box]:
    """Boxes in columns, each column centred on the tallest."""
    rows = max((len(layer) for layer in layers), default=0)
    boxes: list[Box] = []
    for column, layer in enumerate(layers):
        x = MARGIN + column * (BOX_WIDTH + GAP_X)
        top = MARGIN + (rows - len(layer)) * (BOX_HEIGHT + GAP_Y) / 2
        boxes += [
            Box(group, x, top + row * (BOX_HEIGHT + GAP_Y)) for row, group in enumerate(layer)
        ]
    return boxes


def _curve(source: Box, target: Box) -> str:
    """From the right side of one box to the left side of the other; around, within a column."""
    middle = BOX_HEIGHT / 2
    start, end = source.y + middle, target.y + middle
    if source.x == target.x:
        x, bend = source.x + BOX_WIDTH, source.x + BOX_WIDTH + GAP_X / 2
        return f"M{x:g} {start:g}C{bend:g} {start:g} {bend:g} {end:g} {x:g} {end:g}"
    forward = source.x < target.x
    x1 = source.x + (BOX_WIDTH if forward else 0)
    x2 = target.x + (0 if forward else BOX_WIDTH)
    bend = (x1 + x2) / 2
    return f"M{x1:g} {start:g}C{bend:g} {start:g} {bend:g} {end:g} {x2:g} {end:g}"

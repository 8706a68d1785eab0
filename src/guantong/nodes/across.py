"""What is the answer of all nodes together, how far does it go, and what does it rest on?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

from guantong import parties
from guantong.nodes.panel import Door, Missing, Panel, Position
from guantong.nodes.union import Union
from guantong.store.columns import Ranges
from guantong.trace import Direction, Trail
from guantong.trace import trace as walk
from guantong.trace.closure import EVERYTHING, Bounds, Scope, closure, with_labelled

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LABELLED_MAX: Final = 1_000_000
"""Items that belong to a lot by their labels alone, in one scope."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A node that answered, and from where."""

    node: str
    position: Position
    veiled: bool
    """Whether it left out what the asker may not see."""


@dataclass(frozen=True, slots=True)
class Across(Generic[T_co]):
    """An answer of several nodes."""

    found: T_co
    stands: tuple[Stand, ...]
    """Who answered the first round; the answer rests on these positions."""
    missing: tuple[Missing, ...]
    """Who did not answer, or not to the end."""
    node_of: Callable[[int], str]
    """The name of the node that has an event, by its number in `found`."""
    rounds: int
    sent: int
    """Bytes."""
    received: int
    """Bytes."""

    @property
    def is_all(self) -> bool:
        """Whether every node answered to the end, and hid nothing."""
        return not self.missing and not any(stand.veiled for stand in self.stands)


def scope_across(
    doors: Sequence[Door], origins: Iterable[str], *, now_ms: int, bounds: Bounds = EVERYTHING
) -> Across[Scope]:
    """The scope of some lots or items over several nodes; see `guantong.trace.closure.closure`.

    Args:
        doors: The nodes.
        origins: Canonical URIs.
        now_ms: The present.
        bounds: How far to go.

    Returns:
        The scope, with what it rests on.
    """
    origins = tuple(origins)
    with Panel(doors) as panel:
        panel.begin(origins)
        union = Union(panel)
        register = parties.Register(union)

        def ask(begun: Sequence[str]) -> Scope:
            return closure(
                union,
                begun,
                now_ms=now_ms,
                firm_of=register.firm_of,
                region_of=register.region_of,
                bounds=bounds,
            )

        whole = with_labelled(ask, origins, [*origins], _Labels(union))
        return _across(whole, panel, union)


class _Labels:
    """Items that belong to a lot because their codes were issued as of it."""

    def __init__(self, union: Union) -> None:
        self._union = union
        self._seen: set[str] = set()
        self._left = LABELLED_MAX
        self.all = True
        """Whether none was left out."""

    def items(self, lots: Iterable[str]) -> list[str]:
        """Those of lots not asked for before that stand in any event."""
        new = [lot for lot in dict.fromkeys(lots) if lot not in self._seen]
        self._seen.update(new)
        spans = self._union.recorded(self._union.labelled(new))
        texts = (text for span in spans for text in span.texts())
        found = list(islice(texts, self._left))
        self._left -= len(found)
        self.all = self.all and next(texts, None) is None
        return found


def trace_across(
    doors: Sequence[Door], item: str, *, now_ms: int, direction: Direction = Direction.BOTH
) -> Across[Trail]:
    """Where an item came from and went to, over several nodes; see `guantong.trace.trace`.

    Args:
        doors: The nodes.
        item: Canonical URI.
        now_ms: The present.
        direction: Which way to walk.

    Returns:
        The trail, with what it rests on.
    """
    with Panel(doors) as panel:
        panel.begin((item,))
        union = Union(panel)
        register = parties.Register(union)
        trail = walk(union, item, direction=direction, now_ms=now_ms, firm_of=register.firm_of)
        return _across(trail, panel, union)


def known_at(doors: Sequence[Door], item: str) -> Across[tuple[str, ...]]:
    """The nodes that have rows of an item."""
    with Panel(doors) as panel:
        panel.begin((item,))
        union = Union(panel)
        rows = union.rows_in(Ranges.of_numbers(union.numbers((item,))))
        nodes = {union.node_of(event) for event in rows.event.tolist()}
        return _across(tuple(sorted(panel.doors[node].name for node in nodes)), panel, union)


def _across(found: T, panel: Panel, union: Union) -> Across[T]:
    names = [door.name for door in panel.doors]
    return Across(
        found,
        tuple(
            Stand(names[node], position, node in panel.veiled)
            for node, position in sorted(panel.positions.items())
        ),
        tuple(missing for _, missing in sorted(panel.missing.items())),
        lambda number: names[union.node_of(number)],
        panel.rounds,
        panel.sent,
        panel.received,
    )

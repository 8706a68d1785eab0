"""Who is asked, in rounds, where does each of them stand, and who did not answer?

The first round fixes the position of every node: the size of its ledger, and the root at that size.
Whoever answers later from another position is left out, as is whoever does not answer.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, TypeVar

from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.nodes import wire
from guantong.nodes.faults import Fault, NodesError
from guantong.nodes.numbers import NODES_MAX

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a node stands: all it answers, it answers for this size of this ledger."""

    origin: str
    """The ledger's name."""
    size: int
    root: str
    """Of the ledger's tree at that size, hexadecimal."""

    @property
    def text(self) -> str:
        """As it is told to a person."""
        return f"{self.origin} {self.size} {self.root[:16]}"

    @classmethod
    def of(cls, told: wire.Told) -> "Position":
        """The position an answer was given from."""
        return cls(told.origin, told.size, told.root)


@dataclass(frozen=True, slots=True)
class Missing:
    """A node that is left out of an answer."""

    node: str
    round: int
    """In which it was lost; 0 is the one that fixes the positions."""
    fault: Found


class Door(Protocol):
    """One node, from outside. Whatever goes wrong is a `NodesError`."""

    @property
    def name(self) -> str:
        """What the node is called."""

    @property
    def origin(self) -> str:
        """The name its ledger must have, "" for any."""

    def begin(self, about: Sequence[str]) -> bytes:
        """Say what a question is about, and learn where the node stands: a `wire.Told`."""

    def ask(self, position: Position, question: bytes) -> bytes:
        """Put a question at a position: a `wire.Told`."""


@dataclass(slots=True)
class Panel(AbstractContextManager["Panel"]):
    """Some nodes that are asked one question together."""

    doors: Sequence[Door]
    positions: dict[int, Position] = field(default_factory=dict)
    """By the place of a node; of those that answered the first round."""
    missing: dict[int, Missing] = field(default_factory=dict)
    veiled: set[int] = field(default_factory=set)
    """Nodes that left out what the asker may not see."""
    rounds: int = 0
    """Times that nodes were asked together, the first one not counted."""
    sent: int = 0
    """Bytes of questions."""
    received: int = 0
    """Bytes of answers."""
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(NODES_MAX, "guantong-nodes")
    )

    def __post_init__(self) -> None:
        """Refuse more nodes than can be told apart."""
        if len(self.doors) > NODES_MAX:
            expected = f"at most {NODES_MAX} nodes"
            raise NodesError(fault(Fault.TABLE, expected=expected, got=len(self.doors)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the threads; a node that is still silent is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def asked(self) -> list[int]:
        """The nodes that have answered so far."""
        return [node for node in self.positions if node not in self.missing]

    def begin(self, about: Sequence[str]) -> None:
        """Fix where each node stands; those that do not answer are missing."""

        def begun(node: int) -> Position:
            door = self.doors[node]
            position = Position.of(wire.decoded(door.begin(about), wire.Told))
            if door.origin not in {"", position.origin}:
                expected, got = door.origin, position.origin
                raise NodesError(fault(Fault.POSITION, expected=expected, got=got, path=door.name))
            return position

        self.positions |= self._together(range(len(self.doors)), begun)

    def all(self, question: wire.Question) -> dict[int, bytes]:
        """Ask all nodes the same."""
        return self.each(dict.fromkeys(self.asked, question))

    def each(self, questions: Mapping[int, wire.Question]) -> dict[int, bytes]:
        """Ask nodes together, each its own.

        Args:
            questions: By the place of a node.

        Returns:
            What they answered; those that did not are missing from then on.
        """
        left = {node: one for node, one in questions.items() if node not in self.missing}
        if not left:
            return {}
        self.rounds += 1
        raw = {node: wire.encode(one) for node, one in left.items()}
        self.sent += sum(map(len, raw.values()))
        return self._together(raw, lambda node: self._asked(node, raw[node]))

    def _asked(self, node: int, question: bytes) -> bytes:
        door, position = self.doors[node], self.positions[node]
        data = door.ask(position, question)
        told: wire.Told = wire.decoded(data, wire.Told)
        stands = Position.of(told)
        if stands != position:
            raise NodesError(
                fault(Fault.POSITION, expected=position.text, got=stands.text, path=door.name)
            )
        if told.hidden:
            self.veiled.add(node)
        self.received += len(data)
        return told.body

    def lost(self, node: int, error: NodesError) -> None:
        """Leave a node out from now on."""
        name = self.doors[node].name
        self.missing.setdefault(node, Missing(name, self.rounds, error.faults[0]))

    def _together(
        self, nodes: Sequence[int] | Mapping[int, bytes], what: Callable[[int], T]
    ) -> dict[int, T]:
        """Do something with each node at once; who fails is missing."""
        begun = {node: self._pool.submit(what, node) for node in nodes}
        done: dict[int, T] = {}
        for node, future in begun.items():
            try:
                done[node] = future.result()
            except NodesError as error:
                self.lost(node, error)
        return done

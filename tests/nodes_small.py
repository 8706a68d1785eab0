"""Several stores that answer as one, in one process: nodes for tests, and one store with all of it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from guantong.caller import Caller, Level
from guantong.errors import fault
from guantong.nodes import Answering, Fault, NodesError, Position, Told
from guantong.nodes.wire import encode
from guantong.store import Indexed, SegmentStore
from guantong.store.columns import Span
from guantong.trace import Trail, to_json
from guantong.trace.closure import Scope
from guantong.trace.model import FirmOf, itself
from guantong.trace.sight import Sight, no_region

NATION = Caller("urn:guantong:opaque:nation", Level.REGULATOR)


@dataclass
class Here:
    """A node in this process; it can be made to fail."""

    name: str
    store: SegmentStore
    caller: Caller = NATION
    origin: str = ""
    asked: int = 0
    fails_after: int | None = None
    """Questions after which it is silent; 0: from the beginning."""
    rebuilt_after: int | None = None
    """Questions after which it stands on another ledger."""
    firm_of: FirmOf = itself
    region_of: Callable[[str], str] = no_region
    labelled: Callable[[Sequence[str]], list[Span]] = field(default=lambda _: [])

    def begin(self, about: Sequence[str]) -> bytes:
        del about
        self._count()
        return self._told(b"", self.store.projected_size)

    def ask(self, position: Position, question: bytes) -> bytes:
        self._count()
        sight = Sight(self.caller, self.firm_of, self.region_of)
        answering = Answering(self.store, position.size, sight, self.labelled)
        body = answering.answer(question)
        return self._told(body, position.size, hidden=answering.hidden)

    def _count(self) -> None:
        self.asked += 1
        if self.fails_after is not None and self.asked > self.fails_after:
            raise NodesError(fault(Fault.SILENT, expected="an answer", got="none"))

    def _told(self, body: bytes, size: int, *, hidden: bool = False) -> bytes:
        is_other = self.rebuilt_after is not None and self.asked > self.rebuilt_after
        ledger = f"{self.name} again" if is_other else self.name
        root = hashlib.sha256(f"{ledger} {size}".encode()).hexdigest()
        return encode(Told(f"{self.name}/ledger", size, root, hidden, body))


@dataclass
class Split:
    """The same entries in one store, and in several by who sent them."""

    one: SegmentStore
    nodes: list[Here]
    home: Callable[[str], int]
    """The place of a party's home node."""

    def append(self, document: Indexed) -> None:
        """Index an entry in both."""
        self.one.append([_at(document, self.one.projected_size)])
        store = self.nodes[self.home(document.by)].store
        store.append([_at(document, store.projected_size)])


def _at(document: Indexed, entry: int) -> Indexed:
    return Indexed(
        entry=entry,
        by=document.by,
        received_ms=document.received_ms,
        events=document.events,
        positions=document.positions,
        facts=document.facts,
        table=document.table,
    )


@contextmanager
def split(folder: Path, home: Callable[[str], int], count: int = 3) -> Iterator[Split]:
    """Empty stores."""
    with ExitStack() as opened:

        def store(name: str) -> SegmentStore:
            made = SegmentStore.open(folder / f"{name}.sqlite")
            opened.callback(made.close)
            return made

        nodes = [Here(f"node{at}", store(f"node{at}")) for at in range(count)]
        yield Split(store("one"), nodes, home)


def names_of(scope: Scope) -> set[str]:
    return {text for span in scope.spans() for text in span.texts()} | set(scope.lots)


def plain(trail: Trail) -> dict[str, object]:
    """A trail without the places of events; amounts that one event names have no order."""
    shown = to_json(trail)
    edges = shown["edges"]
    assert isinstance(edges, list)
    return {k: _without(v) for k, v in shown.items()} | {
        "edges": sorted(str(_without(one)) for one in edges)
    }


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if k not in {"entry", "position"}}
    return [_without(one) for one in value] if isinstance(value, list) else value

"""What does a question cost that three nodes answer together, and is it the answer of one store?

    python -m benchmarks.bench_nation --rows 1000000

One market lies in one index, and split by its firms in three. Each node answers in a thread of this
process, through the very bytes that would travel; times are those of one machine, without a network.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from guantong import parties
from guantong.caller import Caller, Level
from guantong.capture import read_table
from guantong.capture.serials import split
from guantong.market import Bulk
from guantong.nodes import Across, Answering, Position, Told, scope_across, trace_across
from guantong.nodes.wire import encode
from guantong.store import Indexed, SegmentStore
from guantong.store.columns import Rows
from guantong.trace import trace
from guantong.trace.closure import Scope, closure
from guantong.trace.sight import Sight

T = TypeVar("T")

ROWS = 20_000
NODES = 3
HOT_MAX = 200_000
NOW_MS = 2_000_000_000_000
OFFICE = Caller("office", Level.REGULATOR)


@dataclass
class Here:
    """A node in this process."""

    name: str
    store: SegmentStore
    origin: str = ""

    def begin(self, about: Sequence[str]) -> bytes:
        """Where it stands."""
        del about
        size = self.store.projected_size
        root = hashlib.sha256(f"{self.name} {size}".encode()).hexdigest()
        return encode(Told(self.name, size, root, hidden=False, body=b""))

    def ask(self, position: Position, question: bytes) -> bytes:
        """Its answer, as it travels."""
        answering = Answering(self.store, position.size, Sight(OFFICE), lambda _: [])
        body = answering.answer(question)
        return encode(Told(position.origin, position.size, position.root, answering.hidden, body))


def run(rows: int = ROWS) -> Iterator[dict[str, object]]:
    """A row for each question."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:

        def store(name: str) -> SegmentStore:
            made = SegmentStore.open(Path(folder) / f"{name}.sqlite")
            opened.callback(made.close)
            return made

        one = store("one")
        nodes = [Here(f"node {at}", store(f"node{at}")) for at in range(NODES)]
        bulk = Bulk(7, rows=rows)
        _fill(bulk, one, nodes)
        shares = [node.store.counts()["rows"] for node in nodes]
        for name, code in (("small lot", bulk.small.code), ("bad lot", bulk.bad.code)):
            alone, single_s = _timed(partial(_scope, one, code))
            many, nodes_s = _timed(partial(scope_across, nodes, [code], now_ms=NOW_MS))
            assert _told(many.found) == _told(alone), name
            there = sum(len(_rows(node.store, alone)) > 0 for node in nodes)
            told = f"scope of a {name}, {alone.made:,} items, rows in {there} nodes"
            yield _row(told, many, single_s, nodes_s, shares)
        item = bulk.some(1, 7)[0]
        walk, single_s = _timed(lambda: _walked(one, item))
        many_walk, nodes_s = _timed(lambda: trace_across(nodes, item, now_ms=NOW_MS))
        assert {node.item for node in many_walk.found.nodes} == walk
        yield _row(f"trace of one item, {len(walk):,} nodes", many_walk, single_s, nodes_s, shares)


def _fill(bulk: Bulk, one: SegmentStore, nodes: Sequence[Here]) -> None:
    homes: dict[str, int] = {}
    for filing in bulk.filings():
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        home = nodes[homes.setdefault(filing.by, len(homes)) % len(nodes)].store
        for store in (one, home):
            entry = store.projected_size
            store.append(
                [Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)]
            )
            if store.hot_rows > HOT_MAX:
                store.compact()
    for store in (one, *(node.store for node in nodes)):
        store.compact()


def _rows(store: SegmentStore, scope: Scope) -> Rows:
    return store.rows_in(store.ranges_of(scope.spans()))


def _scope(store: SegmentStore, code: str) -> Scope:
    register = parties.Register(store)
    firm_of, region_of = register.firm_of, register.region_of
    return closure(store, [code], now_ms=NOW_MS, firm_of=firm_of, region_of=region_of)


def _walked(store: SegmentStore, item: str) -> set[str]:
    firm_of = parties.Register(store).firm_of
    return {node.item for node in trace(store, item, now_ms=NOW_MS, firm_of=firm_of).nodes}


def _told(scope: Scope) -> object:
    """All a scope says, ranges joined whatever the numbers."""
    spans = [s for s in sorted(scope.spans()) if s.first >= 0]
    items = {(s.head, s.width, n) for s in spans for n in range(s.first, s.last + 1)}
    # One by one in a range of numbers, or told as a text: the same item.
    items |= {split(s.head) for s in scope.spans() if s.first < 0}
    return items, set(scope.lots), scope.held, set(scope.amounts), scope.account(), scope.stops


def _timed(what: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    found = what()
    return found, time.perf_counter() - began


def _row(
    name: str, across: Across[object], single_s: float, nodes_s: float, shares: Sequence[int]
) -> dict[str, object]:
    assert across.is_all
    return {
        "question": name,
        "rows": " + ".join(f"{share:,}" for share in shares),
        "one store, s": f"{single_s:.2f}",
        "nodes, s": f"{nodes_s:.2f}",
        "rounds": across.rounds,
        "asked, bytes": f"{across.sent:,}",
        "answered, bytes": f"{across.received:,}",
        "equal": "yes",
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    for row in run(parser.parse_args().rows):
        sys.stdout.write(f"| {' | '.join(map(str, row.values()))} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""How long does a query for events take, whatever it asks for? By family of parameters, and deep in its pages.

An index of the market at scale is filled without server and ledger (or one that is there is taken),
then each question is asked many times with other values that are in the events, for a page of 30,
by an operator and by a firm that sees its own alone. ``python -m benchmarks.bench_query [ROWS] [--index FILE]
[--write]``; the default is 200,000 rows. ``--write`` puts the table into docs/reference/query-latency.md.
"""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from guantong.caller import OPERATOR
from guantong.capture import read_table
from guantong.capture.json_write import instant
from guantong.market.bulk import Bulk
from guantong.query import Key, MasterData, Page, Query, page_of, parse
from guantong.serve.compactor import Compactor
from guantong.store import EventFilter, Indexed, Near, SegmentStore, Store, Stored

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "query-latency.md"
BEGIN, END = "<!-- begin queries -->", "<!-- end queries -->"
SEED, SAMPLES, ROUNDS, LIMIT, DEEP = 7, 2_000, 60, 30, 1_000
Values = dict[str, object]
Make = Callable[[Stored, random.Random], Values | None]


def _items(one: Stored) -> list[str]:
    event = one.event
    return [*event.epcs, *event.child_epcs, *event.input_epcs, *event.output_epcs]


def _of(name: str, value: Callable[[Stored], object]) -> Make:
    def make(one: Stored, dice: random.Random) -> Values | None:
        del dice
        found = value(one)
        return {name: [found]} if found else None

    return make


def _item(name: str) -> Make:
    def make(one: Stored, dice: random.Random) -> Values | None:
        items = _items(one)
        return {name: [dice.choice(items)]} if items else None

    return make


def _time(one: Stored) -> Values:
    return {
        "GE_eventTime": instant(one.event.time_ms),
        "LT_eventTime": instant(one.event.time_ms + 3_600_000),
    }


def _record(one: Stored) -> Values:
    return {
        "GE_recordTime": instant(one.record_ms),
        "LT_recordTime": instant(one.record_ms + 60_000),
    }


def _both(*makes: Make) -> Make:
    def make(one: Stored, dice: random.Random) -> Values | None:
        parts = [each(one, dice) for each in makes]
        return None if None in parts else {k: v for part in parts if part for k, v in part.items()}

    return make


STEP = _of("EQ_bizStep", lambda one: one.event.step)
PLACE = _of("EQ_readPoint", lambda one: one.event.read_point)
QUESTIONS: dict[str, Make] = {
    "no parameter": lambda one, dice: {},
    "eventType": _of("eventType", lambda one: one.event.type.value),
    "EQ_action": _of("EQ_action", lambda one: one.event.action and one.event.action.value),
    "EQ_bizStep": STEP,
    "EQ_disposition": _of("EQ_disposition", lambda one: one.event.disposition),
    "EQ_readPoint": PLACE,
    "EQ_bizLocation": _of("EQ_bizLocation", lambda one: one.event.biz_location),
    "WD_readPoint": _of("WD_readPoint", lambda one: one.event.read_point),
    "EQ_eventID": _of("EQ_eventID", lambda one: one.event.id),
    "EQ_transformationID": _of("EQ_transformationID", lambda one: one.event.transformation_id),
    "MATCH_epc": _item("MATCH_epc"),
    "MATCH_anyEPC": _item("MATCH_anyEPC"),
    "MATCH_parentID": _of("MATCH_parentID", lambda one: one.event.parent),
    "MATCH_anyEPCClass": _of(
        "MATCH_anyEPCClass",
        lambda one: one.event.input_quantities and one.event.input_quantities[0].epc_class,
    ),
    "eventTime, an hour": lambda one, dice: _time(one),
    "recordTime, a minute": lambda one, dice: _record(one),
    "EQ_source_T": _of(
        "EQ_source_possessing_party",
        lambda one: next((e.value for e in one.event.sources if e.type == "possessing_party"), ""),
    ),
    "EQ_bizTransaction_T": _of(
        "EQ_bizTransaction_desadv",
        lambda one: next((t.value for t in one.event.transactions if t.type == "desadv"), ""),
    ),
    "GE_quantity": lambda one, dice: {"GE_quantity": 5},
    "EXISTS_errorDeclaration": lambda one, dice: {"EXISTS_errorDeclaration": True},
    "an extension that no event has": lambda one, dice: {"EXISTS_{urn:x:}none": True},
    "step and place": _both(STEP, PLACE),
    "step, place and an hour": _both(STEP, PLACE, lambda one, dice: _time(one)),
    "item and step": _both(_item("MATCH_epc"), STEP),
}


def filled(place: Path, rows: int) -> None:
    """An index of the market."""
    store = SegmentStore.open(place)
    compactor = Compactor(store, place)
    for entry, filing in enumerate(Bulk(SEED, rows=rows).filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        assert table is not None
        store.append([Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)])
        compactor.tick()
    compactor.close()
    store.compact()
    store.close()


def sampled(store: Store, count: int, dice: random.Random) -> list[Stored]:
    """Events from all over, by their record time."""
    first = store.scan_events(EventFilter(), limit=1)[0].record_ms
    last, step = first, 1 << 40
    while step > 500:  # the last record time, by halving
        if store.scan_events(EventFilter(), after=(last + step, -1), limit=1):
            last += step
        step //= 2
    found: list[Stored] = []
    while len(found) < count:
        key: Key = (dice.randint(first, last), -1)
        found += store.scan_events(EventFilter(), after=key, limit=20)
    return found[:count]


def asked(store: Store, query: Query, party: str, after: Key | None = None) -> tuple[Page, float]:
    """A page, and how long it took in ms."""
    began = time.perf_counter()
    page = page_of(
        store,
        query,
        seen=lambda one: not party or one.by == party,
        after=after,
        limit=LIMIT,
        master=MasterData(store, OPERATOR, store.projected_size),
        near=Near(party.__eq__) if party else None,
    )
    return page, (time.perf_counter() - began) * 1_000


def measured(place: Path) -> Iterator[tuple[str, str, list[float], int]]:
    """Question, who asks, times in ms, and how many pages ended before they were full."""
    dice = random.Random(SEED)
    store = SegmentStore.open(place, read_only=True)
    events = sampled(store, SAMPLES, dice)
    for name, make in QUESTIONS.items():
        for who in ("operator", "firm"):
            times: list[float] = []
            short = tries = 0
            while len(times) < ROUNDS and tries < 20 * ROUNDS and sum(times) < 20_000:
                tries += 1
                one = dice.choice(events)
                given = make(one, dice)
                if given is None:
                    continue
                page, spent = asked(store, parse(given), one.by if who == "firm" else "")
                times.append(spent)
                short += page.after is not None and len(page.events) < LIMIT
            if times:
                yield name, who, times, short
    store.close()


def deep(place: Path) -> dict[str, list[float]]:
    """The first pages of a walk, and those from the thousandth on, in ms."""
    store = SegmentStore.open(place, read_only=True)
    query, after = parse({}), None
    times: list[float] = []
    for _ in range(DEEP + 20):
        page, spent = asked(store, query, "", after)
        times.append(spent)
        after = page.after
        if after is None:
            break
    store.close()
    return {"pages 1 to 20": times[:20], f"pages {DEEP + 1:,} to {DEEP + 20:,}": times[DEEP:]}


def _row(name: str, who: str, times: list[float], short: int) -> str:
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"| {name} | {who} | {len(times)} | {statistics.median(times):,.2f} | {p99:,.2f} | {short} |"


def table(place: Path) -> list[str]:
    """The lines of the page."""
    store = SegmentStore.open(place, read_only=True)
    counts = store.counts()
    store.close()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    lines = [
        f"{counts['events']:,} events, {counts['rows']:,} rows; {machine}, Python {platform.python_version()}.",
        "",
        "| asked for | by | questions | p50, ms | p99, ms | pages that ended early |",
        "|---|---|---|---|---|---|",
    ]
    worst = ("", 0.0)
    for name, who, times, short in measured(place):
        lines.append(_row(name, who, times, short))
        print(lines[-1], flush=True)
        if statistics.median(times) > worst[1]:
            worst = (
                f"{name}, asked by {'an operator' if who == 'operator' else 'a firm'}",
                statistics.median(times),
            )
    for name, times in deep(place).items():
        if times:
            lines.append(_row(f"no parameter, {name}", "operator", times, 0))
            print(lines[-1], flush=True)
    return [*lines, "", f"The slowest by its median: {worst[0]}, {worst[1]:,.1f} ms."]


def main() -> None:
    """Fill an index if none is given, measure, print."""
    said = argparse.ArgumentParser()
    said.add_argument("rows", type=int, nargs="?", default=200_000)
    said.add_argument("--index", type=Path)
    said.add_argument("--write", action="store_true")
    given = said.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.index or Path(folder) / "index.sqlite"
        if not place.exists():
            filled(place, given.rows)
        lines = table(place)
    print("\n".join(lines[-1:]))
    if given.write:
        head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        PAGE.write_text(f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()

"""The market at scale: what it files is taken without fault, and it knows the outcome."""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.capture import read_table
from guantong.capture.model import Action, Event, EventType
from guantong.market import Bulk, Filing, MarketError, even
from guantong.serve.intake import Offer
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.market_read import document_of

ROWS = 20_000
SHARES_ROWS = 200_000
"""As said in docs/reference/market.md."""
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "market.md"
BORN = (EventType.TRANSFORMATION, EventType.OBJECT)


@dataclass(frozen=True)
class Loaded:
    """A market and the installation that took it."""

    bulk: Bulk
    filings: list[Filing]
    world: World


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    bulk = Bulk(7, rows=ROWS)
    filings = list(bulk.filings())
    settings = Settings(data=tmp_path_factory.mktemp("bulk") / "data")
    with open_world(settings, create=True) as world:
        for filing in filings:
            caller = OPERATOR if filing.by == OPERATOR.party else Caller(filing.by, Level.PARTY)
            receipt = world.submit(Offer(filing.body, filing.media, filing.name), caller)
            assert receipt.accepted, (filing.name, receipt.faults)
        world.wait(world.ledger.size)
        yield Loaded(bulk, filings, world)


def digest(filings: Iterable[Filing]) -> str:
    """Of everything that is filed."""
    found = hashlib.sha256()
    for one in filings:
        found.update(f"{one.name} {one.by} {one.at_ms} {one.events}\n".encode() + one.body)
    return found.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process(loaded: Loaded) -> None:
    program = (
        "from tests.unit.test_market_bulk import *; print(digest(Bulk(7, rows=ROWS).filings()))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=PAGE.parents[2],
        env={"PYTHONHASHSEED": "5"},
    )
    assert other.stdout.strip() == digest(loaded.filings) == digest(Bulk(7, rows=ROWS).filings())
    assert digest(Bulk(8, rows=ROWS).filings()) != digest(loaded.filings)


def test_rows_and_events_are_counted_as_the_store_counts_them(loaded: Loaded) -> None:
    counts = loaded.world.store.counts()
    assert counts["rows"] == loaded.bulk.mix["rows"]
    assert counts["events"] == loaded.bulk.mix["events"]
    assert loaded.bulk.mix["rows"] == pytest.approx(ROWS, rel=0.1)


def test_things_are_where_the_market_knows_them_to_be(loaded: Loaded) -> None:
    samples = list(loaded.bulk.samples())
    assert len(samples) >= 15
    for item, where in samples:
        node = loaded.world.trace(item, "up", OPERATOR).node(item)
        assert node is not None
        assert (node.holder.party, node.state.value) == where, item


@pytest.mark.parametrize("which", ["small", pytest.param("bad", marks=pytest.mark.full)])
def test_a_lot_is_found_with_all_its_holders(loaded: Loaded, which: str) -> None:
    lot = loaded.bulk.small if which == "small" else loaded.bulk.bad
    trail = loaded.world.trace(lot.code, "down", OPERATOR)
    assert trail.complete
    found = Counter(
        (node.holder.party, node.state.value)
        for node in trail.nodes
        if node.kind.value == "item" and node.state.value != "consumed"
    )
    assert found == Counter({(*where,): count for where, count in lot.holders.items()})
    assert found.total() == lot.items == lot.reels * 200


def test_something_of_everything_happens() -> None:
    bulk = Bulk(7, rows=SHARES_ROWS)
    for _ in bulk.filings():
        pass
    states = {where.state for lot in (bulk.bad, bulk.small) for where in lot.holders}
    assert states == {"in_stock", "in_transit", "sold", "returned", "scrapped"}
    assert bulk.small.items == 4000
    assert bulk.bad.items == pytest.approx(0.12 * SHARES_ROWS, rel=0.02)


def test_codes_to_ask_for_are_known_and_differ(loaded: Loaded) -> None:
    codes = loaded.bulk.some(200, 3)
    assert len(set(codes)) == 200
    assert codes == loaded.bulk.some(200, 3)
    outcomes = {loaded.world.check(code, OPERATOR).outcome.value for code in codes}
    assert outcomes <= {"ok", "problem"}


def test_what_is_used_was_made_before(loaded: Loaded) -> None:
    made: set[str] = set()
    shipped: set[str] = set()
    last: dict[str, int] = {}
    for filing in loaded.filings:
        assert filing.at_ms >= last.get(filing.by, 0)
        last[filing.by] = filing.at_ms
        for event in document_of(filing).events:
            assert event.time_ms <= filing.at_ms
            packed = event.type is EventType.AGGREGATION and event.action is Action.ADD
            if packed:
                made.add(event.parent)
            made.update(event.output_epcs)
            if event.action is Action.ADD and event.type in BORN:
                made.update(event.epcs)
            assert set(named(event)) <= made
            if event.step == "receiving" and event.disposition != "returned":
                assert shipped.issuperset(event.epcs)
            if event.step == "shipping":
                shipped.update(event.epcs)


def named(event: Event) -> tuple[str, ...]:
    """Every thing that must be there already."""
    return (*event.epcs, *event.child_epcs, *event.input_epcs)


@pytest.mark.parametrize("size", [1, 100])
def test_documents_can_be_of_any_size(size: int) -> None:
    bulk = Bulk(7, rows=10_000, document=size)
    filings = [one for one in bulk.filings() if one.events]
    assert max(one.events for one in filings) == size
    assert sum(one.events for one in filings) == bulk.mix["events"]
    for one in filings[:20]:
        assert len(document_of(one).events) == one.events


def test_the_certificates_of_many_makers_are_certificates_and_differ() -> None:
    for one in Bulk(7, rows=2_000_000).filings():
        if one.events:
            break
        reading = read_table(one.body, media=one.media, name=one.name)
        assert not reading.faults, one.name
        if "certificates" in one.name:
            numbers = re.findall(rb'"number":\s*"(\d{16})"', one.body)
            assert len(set(numbers)) == len(numbers) > 50


def test_refuses_a_market_that_could_not_be() -> None:
    for call, code in REFUSED:
        with pytest.raises(MarketError) as refused:
            call()
        assert refused.value.faults[0].code == code


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Bulk(7, rows=9_999), "market.rows"),
    (lambda: Bulk(-1, rows=10_000), "market.seed"),
]


# --- the mix that the page tells ----------------------------------------------------------

STEP = re.compile(rb'"type":"(\w+Event)".*?"bizStep":"(\w+)"')


def test_the_page_tells_the_mix() -> None:
    bulk = Bulk(7, rows=SHARES_ROWS)
    kinds: Counter[tuple[str, str]] = Counter()
    more: Counter[str] = Counter()
    for filing in bulk.filings():
        for line in filing.body.split(b"\n"):
            found = STEP.search(line)
            if found:
                kinds[found[1].decode(), found[2].decode()] += 1
                more["declared wrong"] += b"errorDeclaration" in line
                more["with an amount of a class or lot"] += b"epcClass" in line
                more["unpacked without naming the content"] += b'"childEPCs":[],' in line
                more["returned"] += b'"disposition":"returned"' in line
        more["in a document of its own"] += filing.events == 1
    more["told late"] = bulk.mix["late"]
    more["of foreign random serials"] = foreign_events(bulk)
    text = PAGE.read_text("utf-8")
    for (kind, step), count in kinds.items():
        assert f"| {kind} | {step} | {share(count, kinds)} |" in text
    for what, count in more.items():
        assert f"| {what} | {share(count, kinds)} |" in text


def foreign_events(bulk: Bulk) -> int:
    """Events with a thing that has a letter or 13 digits for a serial."""
    again = Bulk(7, rows=bulk.rows)
    serial = re.compile(rb"(?:/21/|sgtin:\d+\.\d+\.)(?:\d{13}|(?=[0-9A-Z]{8})\d*[A-Z])")
    lines = (line for one in again.filings() for line in one.body.split(b"\n"))
    return sum(bool(serial.search(line)) for line in lines)


def share(count: int, kinds: Counter[tuple[str, str]]) -> str:
    """As the page writes it."""
    return f"{100 * count / kinds.total():.2f} %"


# --- documents all alike ------------------------------------------------------------------


@pytest.mark.parametrize("foreign", [False, True])
def test_even_documents_hold_what_was_asked(*, foreign: bool) -> None:
    filings = list(even(7, 3, events=20, codes=4, foreign=foreign))
    events = [event for one in filings for event in document_of(one).events]
    assert [one.events for one in filings] == [20, 20, 20]
    assert len({epc for event in events for epc in event.epcs}) == 240
    assert len({event.id for event in events}) == 60
    assert {len(event.epcs) for event in events} == {4}


def test_even_documents_may_leave_the_ids_to_the_server() -> None:
    (filing,) = even(7, 1, events=5, ids=False)
    assert b"eventID" not in filing.body
    assert len(document_of(filing).events) == 5

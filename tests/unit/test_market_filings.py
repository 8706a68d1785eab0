"""The market as a whole: same seed, same bytes; the number asked for; documents that are right."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path

import pytest
from lxml import etree

from guantong.market import (
    EVENTS_MIN,
    Filing,
    Issue,
    MarketError,
    filings,
    start_ms,
    stories,
)
from tests.market_read import Market, Told, counts, market_of

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors/market_refusals.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def market() -> Market:
    return market_of(filings(11, events=6000))


def digest(seed: int, events: int) -> str:
    whole = hashlib.sha256()
    for one in filings(seed, events=events):
        whole.update(repr(one).encode())
    return whole.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    first = digest(7, EVENTS_MIN)
    assert digest(7, EVENTS_MIN) == first
    assert digest(8, EVENTS_MIN) != first


@pytest.mark.parametrize("events", [EVENTS_MIN, 2500, 20_000])
def test_there_are_as_many_events_as_asked_for(events: int) -> None:
    found = sum(one.events for one in filings(7, events=events) if isinstance(one, Filing))
    assert found == events


def test_what_is_submitted_comes_in_time_order() -> None:
    times = [one.at_ms for one in filings(7, events=20_000)]
    assert all(before <= after for before, after in pairwise(times))
    assert times[0] >= start_ms()


def test_nothing_is_made_before_it_is_asked_for() -> None:
    assert len(list(islice(filings(7, events=1_000_000_000), 3))) == 3


def test_another_first_day_moves_everything() -> None:
    day = dt.date(2027, 1, 1)
    first = next(filings(7, events=EVENTS_MIN, start=day))
    assert start_ms(day) <= first.at_ms < start_ms(day) + 86_400_000


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["desc"]))
@pytest.mark.parametrize("make", [filings, stories])
def test_a_market_that_can_not_be_is_refused(
    vector: dict[str, object], make: Callable[..., object]
) -> None:
    with pytest.raises(MarketError) as caught:
        make(vector["seed"], events=vector["events"])
    fault = caught.value.faults[0]
    assert (fault.code, fault.path) == (vector["fault"], vector["path"])


def test_every_syntax_is_in_it(market: Market) -> None:
    events: Counter[str] = Counter()
    for one in market.filings:
        kind = one.media
        if kind == "application/xml":
            kind = "xml-1.2" if b'schemaVersion="1.2"' in one.body else "xml-2.0"
        if kind == "text/csv":
            kind = "utf-8" if "日期时间".encode() in one.body else "gb18030"
        events[kind] += max(one.events, 1)
    kinds = {"application/ld+json", "application/json", "xml-1.2", "xml-2.0", "utf-8", "gb18030"}
    assert set(events) == kinds
    assert all(count >= 20 for count in events.values()), events


def test_documents_are_small_and_large_and_some_come_late(market: Market) -> None:
    sizes = [one.events for one in market.filings]
    assert max(sizes) > 100
    assert sizes.count(1) > 20
    lags = [one.at_ms - one.event.time_ms for one in market.told]
    assert max(lags) > 9 * 86_400_000
    assert min(lags) >= 0


def test_xml_is_valid(market: Market, testdata: Callable[[str], Path]) -> None:
    schemas = {
        version: etree.XMLSchema(
            etree.parse(testdata(f"01-gs1-epcis/xsd/{version}/EPCglobal-epcis-{file}.xsd"))
        )
        for version, file in (("1.2", "1_2"), ("2.0", "2_0"))
    }
    checked: Counter[str] = Counter()
    for one in market.filings:
        if one.media == "application/xml":
            root = etree.fromstring(one.body)
            version = root.get("schemaVersion", "")
            schemas[version].assertValid(root)
            checked[version] += 1
    assert min(checked["1.2"], checked["2.0"]) > 10


def test_whatever_is_named_was_made_before(market: Market) -> None:
    born: dict[str, int] = {}
    for one in market.told:
        event = one.event
        made = (*event.output_epcs, *(amount.epc_class for amount in event.output_quantities))
        if event.step == "commissioning":
            made = (*made, *event.epcs, *(amount.epc_class for amount in event.quantities))
            lot = event.ilmd["{urn:epcglobal:cbv:mda}lotNumber"]
            classes = {code.rpartition("/21/")[0] for code in event.epcs if "/21/" in code}
            made = (*made, *(f"{one}/10/{lot}" for one in classes))
        if event.step == "packing":
            made = (*made, event.parent)
        if event.step == "assembling":
            # A vehicle code comes into being when it is stamped on a frame.
            made = (*made, *(code for code in event.child_epcs if ":ebike:" in code))
        for thing in made:
            born[thing] = min(event.time_ms, born.get(thing, event.time_ms))
    for one in filter(counts, market.told):
        event = one.event
        amounts = (*event.quantities, *event.input_quantities)
        for thing in (*one.things, *(amount.epc_class for amount in amounts)):
            assert born[thing] <= event.time_ms, (thing, event)


def test_items_are_issued_before_they_are_made_without_gaps(market: Market) -> None:
    ranges: dict[str, list[Issue]] = {}
    for issue in market.issues:
        ranges.setdefault(issue.stem or f"{issue.class_uri}/21/", []).append(issue)
    for stem, issues in ranges.items():
        issues.sort(key=lambda issue: issue.first)
        bounds = [(issue.first, issue.last) for issue in issues]
        if not stem.startswith("urn:"):
            assert bounds[0][0] == 1
            assert all(before[1] + 1 == after[0] for before, after in pairwise(bounds)), stem
    commissioned = [
        (code, one.event.time_ms)
        for one in market.told
        if one.event.step == "commissioning"
        for code in (*one.event.epcs, *one.event.output_epcs)
    ]
    for code, at_ms in commissioned:
        stem = next(stem for stem in ranges if code.startswith(stem))
        serial = int(code.removeprefix(stem))
        issue = next(one for one in ranges[stem] if one.first <= serial <= one.last)
        assert issue.at_ms < at_ms
        assert code == f"{stem}{serial:0{issue.width}d}"
    assert len(commissioned) > 2000


def test_the_market_is_unfriendly(market: Market) -> None:
    steps = Counter(one.event.step for one in market.told)
    assert {"retail_selling", "installing", "destroying", "removing", "cycle_counting"} <= set(
        steps
    )
    assert any(one.event.disposition == "returned" for one in market.told)
    assert any(one.event.error for one in market.told)
    assert any(
        amount.uom == "MTR"
        for one in market.told
        if one.event.step == "retail_selling"
        for amount in one.event.quantities
    )
    lost = [one for one in market.told if one.event.step == "shipping" and not arrives(market, one)]
    assert 0 < len(lost) < 40


def arrives(market: Market, sent: Told) -> bool:
    """Whether what was shipped was received some time later."""
    return any(
        one.event.step == "receiving"
        and one.event.time_ms > sent.event.time_ms
        and load(one) == load(sent)
        for one in market.told
    )


def load(told: Told) -> tuple[str, ...]:
    """What was shipped or received."""
    return told.event.epcs or tuple(one.epc_class for one in told.event.quantities)


def test_a_correction_comes_after_what_it_corrects(market: Market) -> None:
    first: dict[str, int] = {}
    wrong = 0
    for one in market.told:
        event = one.event
        if event.error is None:
            assert event.id not in first or not event.id, event.id
            first[event.id] = one.at_ms
            continue
        wrong += 1
        assert first[event.id] <= one.at_ms
        assert any(set(event.error.corrective_ids) == {other.event.id} for other in market.told)
    assert wrong > 3


def test_no_person_is_in_it(market: Market) -> None:
    homes = {item.key for item in market.master if item.fields.get("kind") == "household"}
    for one in market.told:
        for side in one.event.destinations:
            known = side.value.startswith(("https://id.gs1.org/4", "urn:guantong:uscc:"))
            assert known or side.value in homes | {"urn:guantong:opaque:consumer"}

"""Rules of state, one case for each way to keep or break one."""

from collections.abc import Sequence
from typing import Any

import pytest

from guantong.capture.model import Action, Event, EventType
from guantong.trace import Rule, Standings, marks_of

ITEM = "https://id.gs1.org/01/06901234567892/21/1"
OTHER = "https://id.gs1.org/01/06901234567892/21/2"
LOT = "https://id.gs1.org/01/06901234567892/10/L"
BOX, CRATE = "https://id.gs1.org/00/069012340000000018", "https://id.gs1.org/00/069012340000000025"


def happened(at: int, kind: EventType, action: Action | None, **more: Any) -> Event:
    return Event(type=kind, time_ms=at, offset="+08:00", action=action, **more)


def made(at: int, *items: str) -> Event:
    return happened(at, EventType.OBJECT, Action.ADD, epcs=items)


def seen(at: int, *items: str) -> Event:
    return happened(at, EventType.OBJECT, Action.OBSERVE, epcs=items)


def ended(at: int, *items: str) -> Event:
    return happened(at, EventType.OBJECT, Action.DELETE, epcs=items)


def packed(at: int, parent: str, *items: str) -> Event:
    return happened(at, EventType.AGGREGATION, Action.ADD, parent=parent, child_epcs=items)


def unpacked(at: int, parent: str, *items: str) -> Event:
    return happened(at, EventType.AGGREGATION, Action.DELETE, parent=parent, child_epcs=items)


def turned(at: int, put_in: Sequence[str], out: Sequence[str]) -> Event:
    parts = {"input_epcs": tuple(put_in), "output_epcs": tuple(out)}
    return happened(at, EventType.TRANSFORMATION, None, **parts)


def broken(*events: Event, rules: frozenset[Rule] = frozenset(Rule)) -> list[str]:
    """What the last of some events breaks; those before break nothing."""
    standings = Standings(rules)
    for event in events[:-1]:
        assert standings.judge(event) == [], event
        standings.take(event)
    return [found.code.removeprefix("state.") for found in standings.judge(events[-1])]


BOTH = made(0, ITEM, OTHER)


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([made(1, ITEM)], []),
        ([seen(1, ITEM)], ["commission_first"]),
        ([made(5, ITEM), seen(5, ITEM)], []),
        ([made(5, ITEM), seen(4, ITEM)], ["commission_first"]),
        ([made(1, ITEM), made(2, ITEM)], ["commission_once"]),
        ([made(5, ITEM), made(2, ITEM)], ["commission_once"]),
        ([made(1, ITEM), turned(2, [ITEM], [OTHER])], []),
        ([turned(2, [ITEM], [])], ["commission_first"]),
        ([BOTH, turned(2, [], [OTHER])], ["commission_once"]),
        ([BOTH, turned(2, [ITEM], []), seen(3, ITEM)], ["not_after_end"]),
        ([BOTH, turned(2, [ITEM], []), seen(1, ITEM)], []),
        ([BOTH, ended(2, ITEM), made(3, ITEM)], ["commission_once", "not_after_end"]),
        ([BOTH, packed(1, BOX, ITEM)], []),
        ([packed(1, BOX, ITEM)], ["commission_first"]),
        ([BOTH, packed(1, BOX, ITEM), packed(2, CRATE, ITEM)], ["pack_once"]),
        ([BOTH, packed(1, BOX, ITEM), packed(2, BOX, ITEM)], ["pack_once"]),
        ([BOTH, packed(1, BOX, ITEM), packed(2, BOX, OTHER)], []),
        ([BOTH, packed(1, BOX, ITEM), unpacked(2, BOX, ITEM), packed(3, CRATE, ITEM)], []),
        ([BOTH, packed(1, BOX, ITEM), unpacked(4, BOX, ITEM), packed(3, CRATE, ITEM)],)
        + (["pack_once"],),
        ([BOTH, packed(1, BOX, ITEM), unpacked(2, BOX), packed(3, CRATE, ITEM)], []),
        ([BOTH, packed(1, BOX, ITEM), packed(2, CRATE, BOX)], []),
        ([BOTH, packed(1, BOX, ITEM), packed(2, CRATE, BOX), packed(3, "urn:x:1", BOX)],)
        + (["pack_once"],),
        ([BOTH, packed(1, BOX, ITEM), ended(2, BOX)], ["empty_first"]),
        ([BOTH, packed(1, BOX, ITEM), unpacked(2, BOX, ITEM), ended(3, BOX)], []),
        ([BOTH, packed(1, BOX, ITEM), unpacked(2, BOX), ended(3, BOX)], []),
        ([BOTH, packed(5, BOX, ITEM), ended(3, ITEM)], []),
        ([BOTH, ended(3, ITEM)], []),
        ([seen(1, LOT)], []),
        ([unpacked(1, BOX, LOT)], ["commission_first"]),
    ],
)
def test_what_is_broken(events: list[Event], found: list[str]) -> None:
    assert broken(*events) == found


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_alone(rule: Rule) -> None:
    """Only what is switched on is refused."""
    events = {
        Rule.COMMISSION_FIRST: [seen(1, ITEM)],
        Rule.COMMISSION_ONCE: [made(1, ITEM), made(2, ITEM)],
        Rule.PACK_ONCE: [packed(1, BOX, ITEM), packed(2, CRATE, ITEM)],
        Rule.EMPTY_FIRST: [packed(1, BOX, ITEM), ended(2, BOX)],
        Rule.NOT_AFTER_END: [ended(1, ITEM), seen(2, ITEM)],
    }[rule]
    assert broken(*events, rules=frozenset({rule})) == [rule.value]
    assert broken(*events, rules=frozenset()) == []
    others = frozenset(Rule) - {rule, Rule.COMMISSION_FIRST}
    assert broken(*events, rules=others) == []


def test_what_is_forgotten() -> None:
    standings = Standings(frozenset(Rule))
    standings.take(BOTH)
    for event in (packed(1, BOX, ITEM, OTHER), ended(2, ITEM)):
        before = {item: list(marks) for item, marks in standings.marks.items()}
        standings.take(event)
        standings.forget(event)
        after = {item: marks for item, marks in standings.marks.items() if marks}
        assert after == {item: marks for item, marks in before.items() if marks}


def test_an_event_of_many_items_is_read_once_for_each() -> None:
    """The deeds of a child are its own, not those of all that were packed with it."""
    items = tuple(f"https://id.gs1.org/01/06901234567892/21/{n}" for n in range(50))
    marks = list(marks_of(packed(1, BOX, *items)))
    assert len(marks) == 100
    assert {mark.other for item, mark in marks if item != BOX} == {BOX}

"""The same figures from the index itself, on one machine: what those of a lake are compared with."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.lake.copying import month_text, months_of
from guantong.lake.figures import DAY_MS, MOVES
from guantong.parties import Register, obliged
from guantong.store import SegmentStore
from guantong.store.columns import Flag, distinct
from guantong.store.segment import Segment

Ints: TypeAlias = NDArray[np.int64]
Figures: TypeAlias = dict[tuple[str, ...], dict[str, int]]
"""By what a figure is of: its numbers by name."""


def steps(store: SegmentStore) -> Figures:
    """Events by step, and what they leave out."""
    found: Figures = {}
    for segment, stands in _segments(store):
        said = segment.events
        names = [store.term(term) for term in said.step.tolist()]
        counted = _left_out(segment, stands, names)
        for name, numbers in _summed([(name,) for name in names], counted):
            _add(found, name, numbers)
    return found


def panel(store: SegmentStore) -> Figures:
    """Counts by firm, region and month."""
    register = Register(store)
    found: Figures = {}
    for segment, stands in _segments(store):
        said = segment.events
        steps_of = [store.term(term) for term in said.step.tolist()]
        by = [store.term(term) for term in said.by.tolist()]
        months = [month_text(month) for month in months_of(said.time_ms).tolist()]
        keys = [
            (register.firm_of(party), register.region_of(party), month)
            for party, month in zip(by, months, strict=True)
        ]
        counted = _left_out(segment, stands, steps_of)
        items = counted["items"]
        chosen = {
            name: counted[name] for name in ("events", "withdrawn", "items", "no_place", "late")
        }
        for name, step in (
            ("made", "commissioning"),
            ("shipped", "shipping"),
            ("received", "receiving"),
        ):
            chosen[name] = items * np.array([one == step for one in steps_of], np.int64)
        for key, numbers in _summed(keys, chosen):
            _add(found, key, numbers)
    return found


def coverage(store: SegmentStore) -> Figures:
    """Who must file, who does, and who codes: by category and province."""
    found: Figures = {}
    for one in obliged.standings(store):
        told = {"obliged": 1, "filing": int(one.is_filed), "coding": int(one.is_coded)}
        _add(found, (one.row.category, one.row.place[:2]), told)
    return found


def _segments(store: SegmentStore) -> Iterator[tuple[Segment, NDArray[np.bool_]]]:
    """Segments, and which of their events stand."""
    source, last = store.outgoing, store.reached.event
    declared = [
        segment.first + np.flatnonzero(segment.events.flags & Flag.ERROR)
        for segment in source.segments(0, last)
    ]
    declarations = distinct(np.array([*chain(*declared)], np.int64))
    gone = np.union1d(declarations, source.withdrawals(declarations)[1])
    for segment in source.segments(0, last):
        yield segment, ~np.isin(np.arange(len(segment)) + segment.first, gone)


def _left_out(segment: Segment, stands: NDArray[np.bool_], steps_of: list[str]) -> dict[str, Ints]:
    """One number for each event and figure."""
    said = segment.events
    single = segment.runs.unit == 0
    items = np.bincount(segment.run_event[single], segment.runs.count[single], len(segment))
    moves = np.array([step in MOVES for step in steps_of], np.bool_)
    found = {
        "events": stands,
        "withdrawn": ~stands,
        "no_items": stands & (said.runs == 0),
        "no_place": stands & (said.read_point == 0) & (said.biz_location == 0),
        "no_disposition": stands & (said.disposition == 0),
        "no_ends": stands & (said.ends == 0) & moves,
        "late": stands & (said.record_ms - said.time_ms > DAY_MS),
        "ahead": stands & (said.time_ms - said.record_ms > DAY_MS),
    }
    counted = {name: column.astype(np.int64) for name, column in found.items()}
    return counted | {"items": (items * stands).astype(np.int64)}


def _summed(
    keys: Sequence[tuple[str, ...]], columns: dict[str, Ints]
) -> Iterator[tuple[tuple[str, ...], dict[str, int]]]:
    """Sums of columns over rows of one key."""
    places: dict[tuple[str, ...], int] = {}
    which = np.array([places.setdefault(key, len(places)) for key in keys], np.int64)
    sums = {name: np.bincount(which, column, len(places)) for name, column in columns.items()}
    for key, at in places.items():
        yield key, {name: int(column[at]) for name, column in sums.items()}


def _add(found: Figures, key: tuple[str, ...], numbers: dict[str, int]) -> None:
    known = found.get(key)
    found[key] = (
        numbers if known is None else {name: known[name] + n for name, n in numbers.items()}
    )

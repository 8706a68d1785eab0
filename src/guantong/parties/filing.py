"""Is this submission complete by the general data requirements (追溯通用数据要求)?

Which fields are asked for is a dated profile in `rules`; here the records it is compared with
are put together: who files, the products the events are about, and each movement.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guantong.capture import EventTable, TableReading
from guantong.capture.serials import spell
from guantong.capture.table import CHILD, EPC, OUTPUT, PARENT, ends_of, rest_of
from guantong.capture.withholding import NAMES
from guantong.identify import IdentifierError, parse_uri
from guantong.parties.facts import facts_of
from guantong.parties.registry import merged, text_of
from guantong.rules import MissingField, Role, Rules, completeness, on
from guantong.store import Fact, Store

CLASSES_MAX: Final = 50
"""Product classes of one submission that are looked at; more say nothing new."""
MAKING: Final = frozenset({"commissioning", "creating_class_instance"})
DIRECTIONS: Final = {
    "receiving": "purchase",
    "accepting": "purchase",
    "shipping": "sale",
    "retail_selling": "sale",
    "selling": "sale",
    "returning": "return",
}
"""Business step -> direction of a movement; other steps move nothing between hands."""
REGIMES: Final = {"ccc": "ccc", "xk": "production-licence"}
"""Certificate kind -> the mark it gives a product."""

Record = dict[str, object]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lack:
    """One required field without a value."""

    field: MissingField
    about: str
    """Key of the first firm or product it is missing for, or the first event (``event 3``)."""
    count: int
    """For how many it is missing."""


@dataclass(frozen=True, slots=True)
class Filing:
    """The answer to a submission."""

    missing: tuple[Lack, ...]
    unfiled: tuple[str, ...]
    """Product classes of the events that nobody has filed; their fields could not be checked."""

    @property
    def complete(self) -> bool:
        """Whether nothing required is missing."""
        return not self.missing and not self.unfiled


def filing(store: Store, reading: TableReading, by: str, day: dt.date) -> Filing:
    """Compare a submission, with what was filed before, with the profile of a day.

    Args:
        store: What was filed before.
        reading: What is submitted now, with a table.
        by: Key of the submitting firm.
        day: The day that counts (Asia/Shanghai).

    Returns:
        The required fields without a value; none for products that are on no list.
    """
    assert reading.table is not None
    table = reading.table
    told = facts_of(reading.master)
    firm = _record(store, told, "firm", by)
    role = _role(table, firm)
    products = _products(store, told, table)
    # A seller need not file the product; its producer does.
    unfiled = tuple(key for key, record in products.items() if not record)
    lists = {key: _lists(store, told, key, record, on(day)) for key, record in products.items()}
    lacks: dict[tuple[str, str], Lack] = {}
    every = frozenset[str]().union(*lists.values())
    _note(lacks, by, completeness(day, role, every, firm, None, None).missing, "firm")
    for key, record in products.items():
        if record:
            missing = completeness(day, role, lists[key], None, record, None).missing
            _note(lacks, key, missing, "product")
    for number, count, flow in _flows(table):
        missing = completeness(day, role, every, None, None, flow).missing
        _note(lacks, f"event {number}", missing, "flow", count)
    return Filing(tuple(lacks.values()), unfiled if role is Role.PRODUCER else ())


def _note(
    lacks: dict[tuple[str, str], Lack],
    about: str,
    missing: Iterable[MissingField],
    group: str,
    count: int = 1,
) -> None:
    for field in missing:
        if field.group == group:
            key = (field.group, field.field)
            first = lacks.get(key)
            lacks[key] = Lack(
                field, first.about if first else about, first.count + count if first else count
            )


def _record(store: Store, told: tuple[Fact, ...], kind: str, key: str) -> Record:
    """Everything filed about one key, this submission included."""
    new = [fact for fact in told if fact.kind == kind]
    record = merged([*store.facts(kind, (key,)), *new], key) or {}
    # What says something of a person was filed, though it is not kept here.
    filed = record.get(NAMES)
    return record | dict.fromkeys(filed, True) if isinstance(filed, list | tuple) else record


def _role(table: EventTable, firm: Mapping[str, object]) -> Role:
    """Producer when it makes something here, or says it is one."""
    runs = table.runs
    makes = bool(np.any((runs.role == OUTPUT) & ~runs.measured))
    makes = makes or any(table.terms[step] in MAKING for step in np.unique(table.step).tolist())
    kinds = ("producer", "entrusted", "importer")
    return Role.PRODUCER if makes or text_of(firm, "kind") in kinds else Role.SELLER


def _products(store: Store, told: tuple[Fact, ...], table: EventTable) -> dict[str, Record]:
    """The classes this submission is about, each with what is filed of it."""
    keys = [fact.key for fact in told if fact.kind == "product"]
    wanted = list(dict.fromkeys([*keys, *_classes(table)]))[:CLASSES_MAX]
    return {key: _product(store, told, key) for key in wanted}


def _product(store: Store, told: tuple[Fact, ...], key: str) -> Record:
    record = _record(store, told, "product", key)
    if not record:
        return record
    certificates = [fact.key for fact in _certificates(store, told, key)]
    coded = {"class_code": key}
    return coded | ({"certificate": certificates} if certificates else {}) | record


def _classes(table: EventTable) -> Iterator[str]:
    runs = table.runs
    # What is made or moved; what went into it was filed by whoever made that.
    moved = np.flatnonzero((runs.role == EPC) | (runs.role == OUTPUT))
    _, first = np.unique(runs.head[moved], return_index=True)
    for at in moved[np.sort(first)].tolist():
        item = spell(*table.heads[int(runs.head[at])], int(runs.first[at]))
        try:
            class_uri = parse_uri(item).class_uri
        except IdentifierError:
            continue
        if class_uri:
            yield class_uri


def _certificates(store: Store, told: tuple[Fact, ...], key: str) -> list[Fact]:
    new = [fact for fact in told if fact.kind == "certificate" and key in fact.links]
    return [*store.facts("certificate", (key,)), *new]


def _lists(
    store: Store, told: tuple[Fact, ...], key: str, record: Mapping[str, object], rules: Rules
) -> frozenset[str]:
    """The published lists the product is on, by its category and its certificates."""
    if not record:
        return frozenset()
    category = text_of(record, "category")
    marks = {mark for row in rules.traced if row.label_zh == category for mark in row.marks}
    for fact in _certificates(store, told, key):
        marks.add(REGIMES.get(text_of(fact.fields, "kind"), ""))
    return rules.lists(frozenset(marks - {""}))


_THINGS: Final = (EPC, CHILD, PARENT)


def _flows(table: EventTable) -> Iterator[tuple[int, int, Record]]:
    """Movements as the profile names their fields: the first of those alike, how many, what.

    Only whether a field has a value is looked at, so most events of a document are alike.

    Yields:
        The position of the first of them, their number, and the movement.
    """
    moves = np.array([text in DIRECTIONS for text in table.terms])[table.step]
    if not moves.any():
        return
    columns = np.stack([*(getattr(table, name) for name in _ALIKE), *_has(table)])
    numbers = np.flatnonzero(moves)
    _, first, counts = np.unique(columns[:, moves], axis=1, return_index=True, return_counts=True)
    for at in np.argsort(first).tolist():
        number = int(numbers[first[at]])
        yield number, int(counts[at]), _flow(table, number, columns[len(_ALIKE) :, number])


_HAS: Final = ("codes", "batch", "quantity")
_ALIKE: Final = ("step", "disposition", "read_point", "biz_location", "ends", "rest")


def _has(table: EventTable) -> Iterator[Ints]:
    """A column each: whether an event has codes, amounts of classes, and numbers of these."""
    runs = table.runs
    thing = np.isin(runs.role, _THINGS)
    for chosen in (~runs.measured, runs.measured, runs.measured & ~np.isnan(runs.quantity)):
        yield np.bincount(runs.event[thing & chosen], minlength=len(table)).clip(max=1)


def _flow(table: EventTable, number: int, has: Ints) -> Record:
    """One movement as the profile names its fields; of the items only whether there are any."""
    step, disposition, read_point, biz_location, ends = (
        table.terms[getattr(table, name)[number]] for name in _ALIKE[:-1]
    )
    raw = table.rests[table.rest[number]]
    sources, destinations = ends_of(ends)
    sold = disposition == "retail_sold" or step == "retail_selling"
    return {
        "direction": DIRECTIONS[step],
        "from": [end.value for end in sources] or biz_location or read_point,
        # A consumer is not named: that it went to one is all there is to say.
        "to": [end.value for end in destinations] or ("consumer" if sold else ""),
        "document": [paper.value for paper in rest_of(raw).transactions] if raw else [],
        "time": int(table.time_ms[number]),
        "place": biz_location or read_point,
        **{name: there or None for name, there in zip(_HAS, (has > 0).tolist(), strict=True)},
    }

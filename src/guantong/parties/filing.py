"""Is this submission complete by the general data requirements (追溯通用数据要求)?

Which fields are asked for is a dated profile in `rules`; here the records it is compared with
are put together: who files, the products the events are about, and each movement.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from guantong.capture.model import Document, Event, Quantity
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


def filing(store: Store, document: Document, by: str, day: dt.date) -> Filing:
    """Compare a submission, with what was filed before, with the profile of a day.

    Args:
        store: What was filed before.
        document: What is submitted now.
        by: Key of the submitting firm.
        day: The day that counts (Asia/Shanghai).

    Returns:
        The required fields without a value; none for products that are on no list.
    """
    told = facts_of(document.master)
    firm = _record(store, told, "firm", by)
    role = _role(document, firm)
    products = _products(store, told, document)
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
    for number, event in enumerate(document.events):
        if event.step in DIRECTIONS:
            missing = completeness(day, role, every, None, None, _flow(event)).missing
            _note(lacks, f"event {number}", missing, "flow")
    return Filing(tuple(lacks.values()), unfiled if role is Role.PRODUCER else ())


def _note(
    lacks: dict[tuple[str, str], Lack], about: str, missing: Iterable[MissingField], group: str
) -> None:
    for field in missing:
        if field.group == group:
            key = (field.group, field.field)
            first = lacks.get(key)
            lacks[key] = Lack(
                field, first.about if first else about, first.count + 1 if first else 1
            )


def _record(store: Store, told: tuple[Fact, ...], kind: str, key: str) -> Record:
    """Everything filed about one key, this submission included."""
    new = [fact for fact in told if fact.kind == kind]
    return merged([*store.facts(kind, (key,)), *new], key) or {}


def _role(document: Document, firm: Mapping[str, object]) -> Role:
    """Producer when it makes something here, or says it is one."""
    makes = any(event.step in MAKING or event.output_epcs for event in document.events)
    kinds = ("producer", "entrusted", "importer")
    return Role.PRODUCER if makes or text_of(firm, "kind") in kinds else Role.SELLER


def _products(store: Store, told: tuple[Fact, ...], document: Document) -> dict[str, Record]:
    """The classes this submission is about, each with what is filed of it."""
    keys = [fact.key for fact in told if fact.kind == "product"]
    wanted = list(dict.fromkeys([*keys, *_classes(document)]))[:CLASSES_MAX]
    return {key: _product(store, told, key) for key in wanted}


def _product(store: Store, told: tuple[Fact, ...], key: str) -> Record:
    record = _record(store, told, "product", key)
    if not record:
        return record
    certificates = [fact.key for fact in _certificates(store, told, key)]
    coded = {"class_code": key}
    return coded | ({"certificate": certificates} if certificates else {}) | record


def _classes(document: Document) -> Iterator[str]:
    for event in document.events:
        for item in (*_items(event), *(some.epc_class for some in _quantities(event))):
            try:
                class_uri = parse_uri(item).class_uri
            except IdentifierError:
                continue
            if class_uri:
                yield class_uri


def _items(event: Event) -> tuple[str, ...]:
    # What is made or moved; what went into it was filed by whoever made that.
    return (*event.epcs, *event.output_epcs)


def _quantities(event: Event) -> tuple[Quantity, ...]:
    return (*event.quantities, *event.output_quantities)


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


def _flow(event: Event) -> Record:
    """One movement as the profile names its fields."""
    sold = event.disposition == "retail_sold" or event.step == "retail_selling"
    codes = [*event.epcs, *event.child_epcs, *([event.parent] if event.parent else [])]
    amounts = [*event.quantities, *event.child_quantities]
    return {
        "direction": DIRECTIONS[event.step],
        "from": [end.value for end in event.sources] or event.biz_location or event.read_point,
        # A consumer is not named: that it went to one is all there is to say.
        "to": [end.value for end in event.destinations] or ("consumer" if sold else ""),
        "document": [paper.value for paper in event.transactions],
        "time": event.time_ms,
        "place": event.biz_location or event.read_point,
        "codes": codes,
        "batch": [some.epc_class for some in amounts],
        "quantity": [some.quantity for some in amounts if some.quantity is not None],
    }

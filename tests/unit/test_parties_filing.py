"""A submission is complete, or the missing fields are named: by product list, day and role."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from guantong import parties
from guantong.capture import Reading, TableReading
from guantong.capture.model import Action, Document, Event, EventType, MasterItem, Typed
from guantong.capture.withholding import NAMES
from guantong.store import Fact, Indexed, RowStore

MAKER = "urn:guantong:uscc:91110000600037341L"
PRODUCT = "https://id.gs1.org/01/06901234567892"
DAY = dt.date(2026, 3, 20)
FIRM_FIELDS: dict[str, object] = {
    "name": "青山线缆",
    "uscc": "91110000600037341L",
    "address": "北京",
    "contact": "x@firm.example",
    "kind": "producer",
}
PRODUCT_FIELDS: dict[str, object] = {
    "name": "电线",
    "model": "BV",
    "specification": "2.5",
    "standard": "GB/T 5023.3",
    "category": "电线电缆",
    "gtin": "06901234567892",
}
FULL = Event(
    type=EventType.OBJECT,
    time_ms=1,
    offset="+08:00",
    action=Action.OBSERVE,
    step="shipping",
    epcs=(f"{PRODUCT}/21/1",),
    biz_location="urn:x:place",
    sources=(Typed("owning_party", MAKER),),
    destinations=(Typed("owning_party", "urn:x:shop"),),
    transactions=(Typed("desadv", "urn:x:note"),),
)


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore.open(tmp_path / "index.sqlite")


def document(*events: Event, **kinds: dict[str, object]) -> TableReading:
    keys = {"firm": MAKER, "product": PRODUCT, "certificate": "urn:guantong:ccc:2024010105123456"}
    master = tuple(MasterItem(kind, keys[kind], fields) for kind, fields in kinds.items())
    return TableReading.of(Reading(Document(format="test", events=events, master=master)))


def missing(store: RowStore, given: TableReading, day: dt.date = DAY) -> set[str]:
    found = parties.filing(store, given, MAKER, day)
    assert found.complete == (not found.missing and not found.unfiled)
    return {f"{lack.field.group}.{lack.field.field}" for lack in found.missing}


CERTIFICATE: dict[str, object] = {"kind": "ccc", "products": [PRODUCT]}


def test_all_three_records_filed_is_complete(store: RowStore) -> None:
    whole = document(FULL, firm=FIRM_FIELDS, product=PRODUCT_FIELDS, certificate=CERTIFICATE)
    assert missing(store, whole) == set()


@pytest.mark.parametrize("field", ["name", "address", "contact", "uscc", "kind"])
def test_a_missing_field_of_the_firm_is_named(store: RowStore, field: str) -> None:
    firm = {name: value for name, value in FIRM_FIELDS.items() if name != field}
    if field == "kind":  # still a producer: it makes something here
        made = replace_event(FULL, step="commissioning", action=Action.ADD)
        given = document(made, FULL, firm=firm, product=PRODUCT_FIELDS, certificate=CERTIFICATE)
    else:
        given = document(FULL, firm=firm, product=PRODUCT_FIELDS, certificate=CERTIFICATE)
    assert missing(store, given) == {f"firm.{field}"}


def replace_event(event: Event, **members: object) -> Event:
    return msgspec.structs.replace(event, **members)


@pytest.mark.parametrize("field", ["name", "model", "specification", "standard"])
def test_a_missing_field_of_the_product_is_named(store: RowStore, field: str) -> None:
    product = {name: value for name, value in PRODUCT_FIELDS.items() if name != field}
    given = document(FULL, firm=FIRM_FIELDS, product=product, certificate=CERTIFICATE)
    assert missing(store, given) == {f"product.{field}"}


def test_the_certificate_of_a_listed_product_is_asked_for(store: RowStore) -> None:
    given = document(FULL, firm=FIRM_FIELDS, product=PRODUCT_FIELDS)
    assert missing(store, given) == {"product.certificate"}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"destinations": ()}, "to"),
        ({"sources": (), "biz_location": "", "read_point": "urn:x:gate"}, None),
        ({"transactions": ()}, "document"),
        ({"biz_location": ""}, "place"),
    ],
)
def test_a_missing_field_of_a_movement_is_named(
    store: RowStore, members: dict[str, object], field: str | None
) -> None:
    event = replace_event(FULL, **members)
    given = document(event, firm=FIRM_FIELDS, product=PRODUCT_FIELDS, certificate=CERTIFICATE)
    assert missing(store, given) == ({f"flow.{field}"} if field else set())


def test_what_was_filed_before_counts(store: RowStore) -> None:
    facts = (
        Fact("firm", MAKER, FIRM_FIELDS),
        Fact("product", PRODUCT, PRODUCT_FIELDS),
        Fact("certificate", "urn:c", {"kind": "ccc"}, links=(PRODUCT,)),
    )
    store.append([Indexed(entry=0, by=MAKER, received_ms=1, facts=facts)])
    assert missing(store, document(FULL)) == set()


def test_a_producer_must_file_the_product_and_a_seller_need_not(store: RowStore) -> None:
    given = document(FULL, firm=FIRM_FIELDS)
    assert parties.filing(store, given, MAKER, DAY).unfiled == (PRODUCT,)
    shop = document(FULL, firm=FIRM_FIELDS | {"kind": "retailer"})
    assert parties.filing(store, shop, MAKER, DAY).unfiled == ()


def test_before_the_duty_began_nothing_is_asked(store: RowStore) -> None:
    given = document(FULL, product=PRODUCT_FIELDS)
    assert missing(store, given, dt.date(2024, 12, 30)) == set()
    assert missing(store, given) != set()


def test_a_product_on_no_list_is_asked_for_nothing(store: RowStore) -> None:
    given = document(FULL, product=PRODUCT_FIELDS | {"category": "玩具"})
    assert missing(store, given) == set()


def test_the_same_lack_in_many_events_is_one_line_with_its_count(store: RowStore) -> None:
    bare = replace_event(FULL, transactions=())
    given = document(
        FULL, bare, bare, firm=FIRM_FIELDS, product=PRODUCT_FIELDS, certificate=CERTIFICATE
    )
    (lack,) = parties.filing(store, given, MAKER, DAY).missing
    assert (lack.about, lack.count) == ("event 1", 2)


def test_what_was_withheld_counts_as_filed(store: RowStore) -> None:
    without = {name: value for name, value in FIRM_FIELDS.items() if name != "contact"}
    product = PRODUCT_FIELDS
    assert "firm.contact" in missing(store, document(FULL, firm=without, product=product))
    withheld = without | {NAMES: ["contact"]}
    assert "firm.contact" not in missing(store, document(FULL, firm=withheld, product=product))

"""Firms, places, products and certificates: later statements, and any day."""

import datetime as dt
from pathlib import Path

import pytest

from guantong import parties
from guantong.capture.model import MasterItem
from guantong.parties import Standing
from guantong.store import Fact, Indexed, RowStore

PRODUCT = "https://id.gs1.org/01/06901234567892"
FIRM = "urn:guantong:uscc:91110000600037341L"
CCC = "urn:guantong:ccc:2016010901123456"


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore.open(tmp_path / "index.sqlite")


def put(store: RowStore, *facts: Fact) -> None:
    entry = store.projected_size
    store.append([Indexed(entry=entry, by="urn:by", received_ms=entry, facts=facts)])


def certificate(status: str, on: str, **more: object) -> Fact:
    fields: dict[str, object] = {
        "number": "2016010901123456",
        "status": status,
        "status_since": on,
    }
    return Fact("certificate", CCC, fields | more, links=(PRODUCT,))


def test_a_later_statement_replaces_a_field_and_keeps_the_others(store: RowStore) -> None:
    put(store, Fact("product", PRODUCT, {"name": "线", "brand": "甲"}))
    put(store, Fact("product", PRODUCT, {"name": "电线"}))
    product = parties.product(store, PRODUCT)
    assert product is not None
    assert (product.name, product.brand, product.stated_by) == ("电线", "甲", "urn:by")
    then = parties.product(store, PRODUCT, as_of=1)
    assert then is not None
    assert then.name == "线"


def test_what_nobody_filed_is_none(store: RowStore) -> None:
    assert parties.firm(store, FIRM) is None
    assert parties.place(store, "urn:x") is None
    assert parties.product(store, PRODUCT) is None
    assert parties.certificates_of(store, (PRODUCT,)) == []


def test_a_place_has_degrees_or_none(store: RowStore) -> None:
    put(store, Fact("place", "urn:l", {"name": "仓", "lat": "30.5", "lon": "north"}))
    place = parties.place(store, "urn:l")
    assert place is not None
    assert (place.lat, place.lon) == (30.5, None)


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        ("2023-12-31", Standing.NOT_YET),
        ("2024-01-01", Standing.VALID),
        ("2024-05-31", Standing.VALID),
        ("2024-06-01", Standing.SUSPENDED),
        ("2024-08-31", Standing.SUSPENDED),
        ("2024-09-01", Standing.VALID),
        ("2029-01-01", Standing.EXPIRED),
    ],
)
def test_standing_on_a_day(store: RowStore, day: str, standing: Standing) -> None:
    put(store, certificate("valid", "2024-01-01", since="2024-01-01", until="2028-12-31"))
    put(store, certificate("suspended", "2024-06-01"))
    put(store, certificate("valid", "2024-09-01"))
    (found,) = parties.certificates_of(store, (PRODUCT,))
    assert parties.standing_on(found, dt.date.fromisoformat(day)) is standing


def test_of_two_statuses_of_one_day_the_later_entry_counts(store: RowStore) -> None:
    put(store, certificate("suspended", "2024-06-01"))
    put(store, certificate("valid", "2024-06-01"))
    (found,) = parties.certificates_of(store, (CCC,))
    assert parties.standing_on(found, dt.date(2024, 6, 1)) is Standing.VALID
    (then,) = parties.certificates_of(store, (CCC,), as_of=1)
    assert parties.standing_on(then, dt.date(2024, 6, 1)) is Standing.SUSPENDED


def test_a_status_nobody_knows_is_unknown(store: RowStore) -> None:
    put(store, certificate("strange", "2024-06-01"))
    (found,) = parties.certificates_of(store, (CCC,))
    assert parties.standing_on(found, dt.date(2024, 6, 1)) is Standing.UNKNOWN
    assert parties.standing_on(found, dt.date(2024, 5, 1)) is Standing.UNKNOWN


def test_an_epcis_vocabulary_element_becomes_our_kind_with_our_names() -> None:
    item = MasterItem(
        "urn:epcglobal:epcis:vtype:Location",
        "https://id.gs1.org/414/0614141000012",
        {"urn:epcglobal:cbv:mda#name": "Depot", "urn:epcglobal:cbv:mda#latitude": "1.5"},
    )
    (fact,) = parties.facts_of([item])
    assert fact.kind == "place"
    assert fact.fields["name"] == "Depot"
    assert fact.fields["lat"] == "1.5"
    assert fact.fields["urn:epcglobal:cbv:mda#name"] == "Depot"


def test_links_lead_from_product_to_certificate() -> None:
    item = MasterItem("certificate", CCC, {"products": [PRODUCT], "holder": FIRM})
    (fact,) = parties.facts_of([item])
    assert fact.links == (FIRM, PRODUCT)

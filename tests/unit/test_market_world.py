"""Firms, numbers and records of the market: invented, but formally right."""

from collections import Counter

import pytest

from guantong.capture.model import MasterItem
from guantong.identify.ccc import CccCertificate
from guantong.identify.check_digits import is_checked
from guantong.identify.ebike import Ebike
from guantong.identify.ecode import Ecode
from guantong.identify.uscc import Uscc
from guantong.identify.xk import XkLicence
from guantong.market import Filing, filings, stories
from guantong.market.dice import Dice
from guantong.market.firms import SEEDS_APART, world
from guantong.market.names import CITIES, word
from tests.market_read import document_of


def records(seed: int) -> list[MasterItem]:
    found: list[MasterItem] = []
    for one in filings(seed, events=2000):
        if isinstance(one, Filing) and one.media == "application/json":
            found += document_of(one).master
    return found


@pytest.fixture(scope="module")
def master() -> list[MasterItem]:
    return records(7)


def kind(master: list[MasterItem], name: str) -> list[MasterItem]:
    return [item for item in master if item.kind == name]


def text(item: MasterItem, field: str) -> str:
    return str(item.fields[field])


@pytest.mark.parametrize("seed", [0, 7, 19, 123_456])
def test_every_firm_has_a_right_uscc_of_its_own(seed: int) -> None:
    firms = [one for some in world(seed, events=500_000, year=2025).firms.values() for one in some]
    assert len({firm.uscc for firm in firms}) == len(firms) > 250
    for firm in firms:
        code = Uscc.parse(firm.uscc)
        assert code.notes == ()
        assert code.region == firm.city.region


def test_numbers_have_right_check_digits_and_prefixes_of_china() -> None:
    everybody = world(7, events=200_000, year=2025)
    lengths = {"690": 7, "692": 8, "697": 9}
    for firms in everybody.firms.values():
        for firm in firms:
            prefix = firm.numbers.prefix
            assert len(prefix) == lengths[prefix[:3]]
            assert all(is_checked(place.gln) for place in firm.places)
            assert is_checked(firm.numbers.crate(12).link.rpartition("/")[2])
    for products in everybody.goods.values():
        assert all(is_checked(product.gtin) for product in products)


def test_neighbouring_seeds_share_no_number() -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEEDS_APART):
        everybody = world(seed, events=2000, year=2025)
        for firms in everybody.firms.values():
            seen.update(firm.numbers.prefix for firm in firms)
            seen.update(firm.uscc[8:] for firm in firms)
    assert max(seen.values()) == 1


def test_producers_do_not_depend_on_the_size_of_the_market() -> None:
    small, large = (world(7, events=events, year=2025) for events in (2000, 10_000_000))
    assert small.goods == large.goods


def test_places_lie_in_many_provinces(master: list[MasterItem]) -> None:
    places = kind(master, "place")
    assert len({text(place, "region")[:2] for place in places}) >= 8
    assert all(3 < float(text(place, "lat")) < 54 for place in places)
    assert all(73 < float(text(place, "lon")) < 136 for place in places)


def test_products_say_what_they_are(master: list[MasterItem]) -> None:
    products = kind(master, "product")
    wanted = {"name", "name_en", "brand", "model", "specification", "standard", "category", "unit"}
    assert all(wanted <= product.fields.keys() for product in products)
    standards = {text(product, "standard") for product in products}
    assert {"GB/T 5023.3-2008", "GB 17761-2024", "GB 16410-2020"} <= standards
    assert any(standard.startswith("GB/T 13788") for standard in standards)


def test_certificates_are_well_formed_and_cover_their_products(master: list[MasterItem]) -> None:
    certificates = kind(master, "certificate")
    for one in certificates:
        number = text(one, "number")
        if one.fields["kind"] == "ccc":
            assert CccCertificate.parse(number).uri == one.key
        else:
            assert XkLicence.parse(number).uri == one.key
    for product in kind(master, "product"):
        for uri in product.fields.get("certificates", ()):  # type: ignore[attr-defined]
            assert any(one.key == uri for one in certificates), uri


def test_one_certificate_is_suspended(master: list[MasterItem]) -> None:
    changed = [one for one in kind(master, "certificate") if one.fields["status"] == "suspended"]
    (one,) = changed
    first = next(other for other in kind(master, "certificate") if other.key == one.key)
    assert first.fields["status"] == "valid"
    assert len(first.fields["products"]) == 2  # type: ignore[arg-type]


def test_codes_of_other_schemes_are_readable() -> None:
    codes = {story.key: story.code for story in stories(7)}
    assert Ebike.parse(codes["vehicle"].rpartition(":")[2]).uri == codes["vehicle"]
    assert Ecode.parse(codes["ecode"].rpartition(":")[2]).uri == codes["ecode"]


def test_names_differ_and_cities_have_their_own_region() -> None:
    assert len({word(index) for index in range(552)}) == 552
    assert len({city.region for city in CITIES}) == len(CITIES)


def test_dice_never_change() -> None:
    # Values noted once: a change here would change every market.
    dice = Dice(7, "test")
    assert [dice.below(1000) for _ in range(5)] == NOTED
    assert 3 <= dice.between(3, 5) <= 5
    assert dice.pick("ab") in "ab"
    assert not Dice(7, "test").chance(0)


NOTED = [384, 818, 965, 177, 210]

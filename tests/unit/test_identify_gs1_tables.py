"""The tables the package carries agree with each other and with their source."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from guantong.identify.application_identifiers import find, read_date, read_decimal, table
from guantong.identify.company_prefix import prefix_length
from guantong.identify.element_string import ElementString
from guantong.identify.gs1_keys import KEYS, QUALIFIERS, Gln, Gs1Identifier, Gtin, Sscc
from guantong.identify.linters import code_list
from guantong.identify.model import Identifier, IdentifierError, Kind
from guantong.identify.scan_data import Scan, Symbol

DATA = Path(__file__).parents[2] / "src" / "guantong" / "identify" / "data"


def test_every_key_of_the_dictionary_is_known_with_its_qualifiers() -> None:
    for ai, entry in table().items():
        if entry.is_key:
            flat = [one for sequence in entry.sequences for one in sequence]
            assert list(KEYS[ai].qualifiers) == flat
    assert {ai for ai, entry in table().items() if entry.is_key} == set(KEYS)
    assert {one for key in KEYS.values() for one in key.qualifiers} == set(QUALIFIERS)


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("00", "106141412345678908"),
        ("253", "6901234000016" + "A" * 17),
        ("253", "6901234000016" + "A" * 18),
        ("255", "6901234000016" + "1" * 13),
        ("401", "6901A"),
        ("401", "690A"),
        ("8003", "06901234000016"),
        ("8003", "16901234000016"),
        ("8004", "6901" + "x" * 26),
        ("8004", "6901" + "x" * 27),
        ("8006", "069012345678920102"),
        ("8006", "069012345678920002"),
        ("8010", "6901#-/AZ"),
        ("8010", "6901a"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K"),
        ("8013", "1987654Ad4X4bL5ttr2310c2J"),
        ("8017", "690123412345678906"),
        ("8018", "690123412345678907"),
    ],
)
def test_keys_and_dictionary_accept_the_same_values(ai: str, value: str) -> None:
    accepted = table()[ai].check(value) is None
    if accepted:
        assert Gs1Identifier.of(ai, value).value == value
        return
    with pytest.raises(IdentifierError):
        Gs1Identifier.of(ai, value)


def test_the_data_file_is_what_the_dictionary_says(testdata: Callable[[str], Path]) -> None:
    carried = json.loads((DATA / "gs1_ai.json").read_text(encoding="utf-8"))["entries"]
    path = testdata("11-gs1-syntax/gs1-syntax-dictionary.json")
    for row, want in zip(carried, json.loads(path.read_text(encoding="utf-8")), strict=True):
        assert row[0] == want["ai"]
        assert row[1] == want["flags"]
        assert row[2].split() == want["spec"]
        assert row[3].split() == want["attrs"]
        assert row[4] == want["title"]


def test_ranges_are_spelt_out() -> None:
    assert table()["3105"].title == table()["3100"].title
    assert "3106" not in table()
    assert table()["99"].title == "INTERNAL"
    assert find("9912").ai == "99"
    with pytest.raises(IdentifierError):
        find("3106")


def test_each_table_names_source_and_day() -> None:
    for name in ("gs1_ai", "gs1_company_prefix", "gs1_code_lists"):
        head = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
        assert head["source"]
        assert dt.date.fromisoformat(head["edition"]).year >= 2026


def test_code_lists_have_their_size() -> None:
    assert len(code_list("iso3166")) == len(code_list("iso3166alpha2")) == 249
    assert "156" in code_list("iso4217")


@pytest.mark.parametrize(
    ("digits", "length"),
    [
        ("6901234567892", 7),
        ("6912345678901", 7),
        ("6921234567890", 8),
        ("6951234567890", 8),
        ("6971234567890", 9),
        ("6903100112342", 12),
        ("0614141000036", None),
        ("", None),
    ],
)
def test_company_prefix_lengths(digits: str, length: int | None) -> None:
    assert prefix_length(digits) == length


@pytest.mark.parametrize(
    ("text", "near", "want"),
    [
        ("261231", 2026, dt.date(2026, 12, 31)),
        ("760101", 2026, dt.date(2076, 1, 1)),
        ("770101", 2026, dt.date(1977, 1, 1)),
        ("000101", 2051, dt.date(2100, 1, 1)),
        ("280200", 2026, dt.date(2028, 2, 29)),
        ("261200", 2026, dt.date(2026, 12, 31)),
    ],
)
def test_the_century_lies_near(text: str, near: int, want: dt.date) -> None:
    assert read_date(text, near=dt.date(near, 6, 1)) == want


def test_decimals_are_counted_by_the_identifier() -> None:
    assert read_decimal("3112", "001234") == Decimal("12.34")
    assert read_decimal("3932", "1560995") == Decimal("9.95")
    assert str(read_decimal("3100", "000500")) == "500"


def test_bare_numbers_are_identifiers_too() -> None:
    values: list[tuple[Identifier, Kind, str]] = [
        (Gtin.parse("6901234567892"), Kind.CLASS, "https://id.gs1.org/01/06901234567892"),
        (Sscc.parse("106141412345678908"), Kind.ITEM, "https://id.gs1.org/00/106141412345678908"),
        (Gln.parse("6901234000016"), Kind.PLACE, "https://id.gs1.org/414/6901234000016"),
    ]
    for value, kind, uri in values:
        assert (value.kind, value.uri, value.serial) == (kind, uri, "")
    assert Gtin.parse("6901234567892").class_uri == Gtin.parse("6901234567892").uri
    assert Sscc.parse("106141412345678908").class_uri == ""


def test_a_gtin_in_fewer_digits() -> None:
    assert Gtin.parse("06901234567892").as_digits(13) == "6901234567892"
    for length in (12, 8, 9, 0):
        with pytest.raises(IdentifierError):
            Gtin.parse("06901234567892").as_digits(length)


@pytest.mark.parametrize(
    ("text", "kind", "serial", "batch"),
    [
        (
            "(01)06901234567892(10)L(21)S",
            Kind.ITEM,
            "S",
            "https://id.gs1.org/01/06901234567892/10/L",
        ),
        ("(01)06901234567892(10)L", Kind.BATCH, "", "https://id.gs1.org/01/06901234567892/10/L"),
        ("(01)06901234567892(235)T", Kind.ITEM, "T", ""),
        ("(8003)06901234000016X", Kind.ITEM, "X", ""),
        ("(8003)06901234000016", Kind.CLASS, "", ""),
        ("(8010)6901BOLT(8011)7", Kind.ITEM, "7", ""),
        ("(253)6901234000016X", Kind.DOCUMENT, "X", ""),
        ("(415)6901234000016(8020)R", Kind.DOCUMENT, "", ""),
        ("(417)6901234000016", Kind.PARTY, "", ""),
    ],
)
def test_what_a_message_names(text: str, kind: Kind, serial: str, batch: str) -> None:
    found = ElementString.parse(text).identifier
    assert found is not None
    assert (found.kind, found.serial, found.batch) == (kind, serial, batch)


def test_a_message_without_key_names_nothing() -> None:
    message = ElementString.of(("10", "L"), ("21", "S"))
    assert message.identifier is None
    assert message.value("21") == "S"
    assert message.value("17") == ""
    with pytest.raises(IdentifierError):
        ElementString.of(("09", "L"))


def test_carriers_hold_what_they_can() -> None:
    assert Scan.of_number(Symbol.EAN_8, "7351353", add_check=True).text == "]E473513537"
    with pytest.raises(IdentifierError):
        Scan.of_text(Symbol.GS1_128, "hello")
    with pytest.raises(IdentifierError):
        Scan.of_elements(Symbol.EAN_13, "10L")
    with pytest.raises(IdentifierError):
        Scan.of_number(Symbol.QR, "6901234567892")

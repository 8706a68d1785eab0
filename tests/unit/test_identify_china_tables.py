"""What an operator may hand in: numbering schemes of Ecode, and schemes of his own."""

import tomllib
from importlib.resources import files

import pytest

from guantong.identify import (
    Ecode,
    Fault,
    IdentifierError,
    Kind,
    Opaque,
    OpaqueScheme,
    explain,
    from_uri,
    nsi_table,
    read,
)
from guantong.identify.regions import abbreviations, regions

TABLE = nsi_table(
    """
    [[nsi]]
    version = 1
    nsi = "0777"
    scheme = "cable drums"
    md = "(?P<class>[0-9]{4})(?P<serial>[0-9]{5})"
    kind = "item"
    source = "a test"

    [[nsi]]
    version = 4
    nsi = "00001"
    source = "a test"
    """
)


def test_a_known_numbering_scheme_tells_class_and_serial() -> None:
    code = Ecode.parse("10777 2024 00017", table=TABLE)
    assert (code.kind, code.class_uri, code.serial) == (
        Kind.ITEM,
        "urn:guantong:ecode:107772024",
        "00017",
    )
    assert code.notes == ()
    assert code == Ecode.parse("10777202400017")


def test_a_number_its_scheme_does_not_take_is_refused() -> None:
    with pytest.raises(IdentifierError) as refusal:
        Ecode.parse("10777123", table=TABLE)
    assert refusal.value.faults[0].code == Fault.COMPONENT


def test_without_the_table_its_own_class_is_not_known() -> None:
    code = Ecode.parse("10777202400017")
    assert (code.kind, code.class_uri, [note.code for note in code.notes]) == (
        Kind.OTHER,
        "",
        ["nsi_unknown"],
    )


def test_read_guesses_v4_and_lengths_of_gs1_only_for_known_schemes() -> None:
    assert read("400001电缆") == ()
    assert (
        read("400001电缆", nsi=TABLE)[0].value.uri == "urn:guantong:ecode:400001%E7%94%B5%E7%BC%86"
    )
    assert read("10777202400018") == ()
    assert read("10777202400018", nsi=TABLE)[0].value.serial == "00018"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('version = 1\nnsi = "777"\nsource = "x"', Fault.COMPONENT),
        ('version = 7\nnsi = "0777"\nsource = "x"', Fault.COMPONENT),
        ('version = 1\nnsi = "0777"', Fault.FORMAT),
        ('version = 1\nnsi = "0777"\nsource = "x"\nmd = "("', Fault.FORMAT),
        ('version = 1\nnsi = "0777"\nsource = "x"\nkind = "drum"', Fault.FORMAT),
        ('version = 1\nnsi = "0777"\nsource = "x"\ncolour = "red"', Fault.FORMAT),
    ],
)
def test_a_malformed_row_is_named(row: str, code: Fault) -> None:
    good = '[[nsi]]\nversion = 1\nnsi = "0001"\nsource = "x"\n'
    with pytest.raises(IdentifierError) as refusal:
        nsi_table(f"{good}[[nsi]]\n{row}")
    assert (refusal.value.faults[0].code, refusal.value.faults[0].path) == (code, "nsi[1]")


def test_a_table_that_is_no_toml_is_refused() -> None:
    with pytest.raises(IdentifierError) as refusal:
        nsi_table("[[nsi")
    assert refusal.value.faults[0].code == Fault.FORMAT


def test_operators_schemes_come_before_unchecked_public_ones() -> None:
    house = OpaqueScheme("house", r"20[0-9]{14}", Kind.BATCH)
    found = read("2016010901123456", schemes=(house,))
    assert [reading.value.uri for reading in found] == [
        "urn:guantong:opaque:house.2016010901123456",
        "urn:guantong:ccc:2016010901123456",
        "urn:guantong:ecode:2016010901123456",
    ]
    assert found[0].value.kind is Kind.BATCH
    assert explain("hello", schemes=(OpaqueScheme("word", "[a-z]+"),)) == ()


@pytest.mark.parametrize(
    ("name", "pattern", "path"),
    [
        ("", "x", "name"),
        ("House", "x", "name"),
        ("a.b", "x", "name"),
        ("a" * 33, "x", "name"),
        ("house", "(", "pattern"),
    ],
)
def test_a_scheme_that_cannot_be_used_is_refused(name: str, pattern: str, path: str) -> None:
    with pytest.raises(IdentifierError) as refusal:
        OpaqueScheme(name, pattern)
    assert (refusal.value.faults[0].code, refusal.value.faults[0].path) == (Fault.FORMAT, path)


def test_an_opaque_uri_reads_back_even_when_nobody_describes_it() -> None:
    house = OpaqueScheme("house", r"(?P<class>[A-Z]+)-(?P<serial>[0-9]+)")
    uri = house.parse("DRUM-17").uri
    assert from_uri(uri) == house.parse("DRUM-17")
    assert from_uri(uri).kind is Kind.OTHER
    assert from_uri(uri, schemes=(house,)).serial == "17"
    assert Opaque.from_uri("urn:guantong:opaque:consumer") == Opaque("", "consumer")
    assert from_uri("urn:guantong:opaque:consumer").uri == "urn:guantong:opaque:consumer"


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("urn:guantong:uscc:91110000600037341L", Fault.FORMAT),
        ("urn:guantong:opaque:", Fault.FORMAT),
        ("urn:guantong:opaque", Fault.FORMAT),
        ("urn:guantong:opaque:%FF", Fault.FORMAT),
        ("https://example.com/", Fault.FORMAT),
    ],
)
def test_what_is_no_opaque_uri_is_refused(uri: str, code: Fault) -> None:
    with pytest.raises(IdentifierError) as refusal:
        Opaque.from_uri(uri)
    assert refusal.value.faults[0].code == code


def test_regions_are_those_of_the_rules() -> None:
    text = files("guantong.rules").joinpath("data", "provinces.toml").read_text("utf-8")
    rows = tomllib.loads(text)["province"]
    ours = {code: row for code, row in regions().items() if row.abbreviation}
    assert {row["key"]: (row["name_zh"], row["abbreviation"]) for row in rows} == {
        code: (row.name, row.abbreviation) for code, row in ours.items()
    }
    assert len(abbreviations()) == 34


def test_full_width_characters_of_v4_are_kept() -> None:
    text = "400001电缆（红）"
    assert read(text, nsi=TABLE)[0].value == Ecode.parse(text)
    assert Ecode.parse(text).md == "电缆（红）"


def test_eighteen_digits_right_as_both_are_first_what_they_look_like() -> None:
    firm = [reading.value.uri for reading in read("911100006000004183")]
    assert firm == [
        "urn:guantong:uscc:911100006000004183",
        "https://id.gs1.org/00/911100006000004183",
    ]
    crate = [reading.value.uri for reading in read("369012345000000074")]
    assert crate == [
        "https://id.gs1.org/00/369012345000000074",
        "urn:guantong:uscc:369012345000000074",
    ]


def test_eighteen_digits_wrong_as_both_are_explained_as_what_they_look_like() -> None:
    assert explain("911100006000373411")[0].expected == "check character L"
    assert explain("691100006000373418")[0].expected == "check digit 9 in (00)"


def test_what_reads_without_doubt_needs_no_explanation() -> None:
    # By its length an e-bike, but its fifth digit is none; its Ecode scheme is known.
    assert explain("100640001234567") == ()

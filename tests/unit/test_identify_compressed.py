"""Compressed Digital Links: written out, written short, and read wherever a link is."""

import random
import string

import pytest

from guantong.identify import DigitalLink, read
from guantong.identify.application_identifiers import table
from guantong.identify.check_digits import check_digit
from guantong.identify.compressed import ALPHABET, _written, compressed, expanded
from guantong.identify.gs1_keys import CANONICAL_HOST

LINKS = (
    "/01/09780345418913",
    "/01/09421902960055/10/2010005828/21/xyz1234",
    "/01/09421902960055/10/ABC-_1/21/0012",
    f"/00/39501111000013000{check_digit('39501111000013000')}",
    "/01/09780345418913/22/2A/10/deadbeef/21/DEADBEEF?17=230228&3103=000189",
    "/8004/9524000059109",
    "/253/9524000059109ABC123",
    "/01/09780345418913/21/a%2Fb%21",
    "/255/9524000059109123?3900=12",
)


def test_the_published_examples() -> None:
    assert expanded("https://id.gs1.org/ARHKVAdpQg") == f"{CANONICAL_HOST}/01/09780345418913"
    long = "https://id.gs1.org/AREjalurbiAUO-cgohCz45Z67b8A"
    assert expanded(long) == f"{CANONICAL_HOST}/01/09421902960055/10/2010005828/21/xyz1234"


@pytest.mark.parametrize("path", LINKS)
def test_there_and_back(path: str) -> None:
    short = compressed(CANONICAL_HOST + path)
    assert expanded(short) == CANONICAL_HOST + path
    assert len(short) < len(CANONICAL_HOST + path)
    assert DigitalLink.parse(short) == DigitalLink.parse(CANONICAL_HOST + path)


@pytest.mark.parametrize(
    ("code", "names"), [("0C", ("01", "21")), ("1A", ("01", "10", "21", "17"))]
)
def test_codes_for_usual_sequences_are_read(code: str, names: tuple[str, ...]) -> None:
    values = {"01": "09780345418913", "10": "L7", "21": "xyz", "17": "270228"}
    bits = f"{int(code, 16):08b}"
    bits += "".join(_written(table()[name].components, values[name]) for name in names)
    bits += "0" * (-len(bits) % 6)
    short = "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
    link = DigitalLink.parse(f"{CANONICAL_HOST}/{short}")
    told = dict(link.elements.elements)
    assert told == {name: values[name] for name in names}


def test_a_scan_reads_it() -> None:
    short = compressed(f"{CANONICAL_HOST}/01/06901234567892/21/1000")
    assert (
        next(one.value.uri for one in read(short)) == f"{CANONICAL_HOST}/01/06901234567892/21/1000"
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://id.gs1.org/ARHKVAdpQh",  # a bit after the last value
        "https://id.gs1.org/ARHKVAdpQ",
        "https://id.gs1.org/ARHKVAdqQg",  # a wrong check digit
        "https://id.gs1.org/robots-txt-a-word",
        "https://id.gs1.org/________________",
        "https://id.gs1.org/0000000000",
        "https://example.com/index.html",
        "ARHKVAdpQg",
        "",
    ],
)
def test_what_is_not_compressed_stays_as_it_is(text: str) -> None:
    assert expanded(text) == text


def test_nothing_crashes_it() -> None:
    dice = random.Random(7)
    letters = string.ascii_letters + string.digits + "-_"
    for _ in range(3_000):
        text = "https://id.gs1.org/" + "".join(dice.choices(letters, k=dice.randint(1, 40)))
        whole = expanded(text)
        if whole != text:
            DigitalLink.parse(whole)


@pytest.mark.full
def test_it_agrees_with_a_port_of_the_prototype() -> None:
    theirs = pytest.importorskip("gs1")
    dice = random.Random(3)
    for number in range(300):
        body = f"{dice.randrange(10**12):012d}"
        gtin = f"0{body}{check_digit(body)}"
        lot = "".join(dice.choices(string.ascii_uppercase + string.digits, k=dice.randint(1, 12)))
        serial = "".join(
            dice.choices(string.ascii_letters + string.digits + "-_", k=dice.randint(1, 20))
        )
        link = f"{CANONICAL_HOST}/01/{gtin}/10/{lot}/21/{serial}"
        short = theirs.compress_gs1_digital_link(
            digital_link_uri=link, use_optimizations=False, compress_other_key_value_pairs=False
        )
        assert expanded(short) == link, (number, short)
        if not lot.isdecimal() and not serial.isdecimal():
            assert (
                theirs.decompress_gs1_digital_link(compressed(link), use_short_text=False) == link
            )

"""One canonical spelling for every code that may stand in an event."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from guantong.identify.canonical import TEXT_LENGTH_MAX, canonical, parse_uri
from guantong.identify.model import Fault, IdentifierError, Kind, Scheme

ID = "https://id.gs1.org"

SPELLINGS = [
    ("urn:epc:id:sgtin:4012345.011111.9876", f"{ID}/01/04012345111118/21/9876"),
    ("urn:epc:id:sgtin:4012345.011111.12.34", f"{ID}/01/04012345111118/21/12.34"),
    ("urn:epc:id:sgtin:4012345.011111.a%2Fb", f"{ID}/01/04012345111118/21/a%2Fb"),
    ("urn:epc:id:sgtin:4012345.011111.a%2fb", f"{ID}/01/04012345111118/21/a%2Fb"),
    ("urn:epc:id:sgtin:4012345.011111.a(1)", f"{ID}/01/04012345111118/21/a%281%29"),
    ("urn:epc:id:sgtin:4012345.011111.a;b='c", f"{ID}/01/04012345111118/21/a;b='c"),
    ("urn:epc:id:sscc:4012345.0111111111", f"{ID}/00/040123451111111110"),
    ("urn:epc:id:sgln:4012345.00005.0", f"{ID}/414/4012345000054"),
    ("urn:epc:id:sgln:4012345.00011.987", f"{ID}/414/4012345000115/254/987"),
    ("urn:epc:id:pgln:4012345.00000", f"{ID}/417/4012345000009"),
    ("urn:epc:class:lgtin:4023333.002000.2019-10-07", f"{ID}/01/04023333020008/10/2019-10-07"),
    ("urn:epc:idpat:sgtin:4012345.098765.*", f"{ID}/01/04012345987652"),
    ("urn:epc:idpat:sgtin:4012345.098765.7", f"{ID}/01/04012345987652/21/7"),
    ("urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:4012345.*.*"),
    ("urn:epc:id:gdti:4012345.11111.123", f"{ID}/253/4012345111118123"),
    ("urn:epc:idpat:gdti:4012345.11111.*", f"{ID}/253/4012345111118"),
    ("urn:epc:id:grai:4012345.11111.AB", f"{ID}/8003/04012345111118AB"),
    ("urn:epc:id:giai:4000001.111", f"{ID}/8004/4000001111"),
    ("urn:epc:id:upui:4012345.011111.Z9", f"{ID}/01/04012345111118/235/Z9"),
    ("urn:epc:id:itip:4012345.011111.01.02.9", f"{ID}/8006/040123451111180102/21/9"),
    ("urn:epc:id:cpi:4012345.A%2FB.77", f"{ID}/8010/4012345A%2FB/8011/77"),
    ("https://brand.example/x/01/04012345111118/21/9", f"{ID}/01/04012345111118/21/9"),
    ("http://brand.example/01/4012345111118/21/9", f"{ID}/01/04012345111118/21/9"),
    ("https://brand.example/gtin/4012345111118/ser/9?17=301231", f"{ID}/01/04012345111118/21/9"),
    (f"{ID}/01/04012345111118/22/V/10/L/21/S", f"{ID}/01/04012345111118/21/S"),
    (f"{ID}/01/04012345111118/22/V/10/L", f"{ID}/01/04012345111118/10/L"),
    (f"{ID}/01/04012345111118/22/V", f"{ID}/01/04012345111118"),
    (f"{ID}/01/04012345111118/21/S?x=a/b", f"{ID}/01/04012345111118/21/S"),
    (f"{ID}/01/04012345111118/21/S#a/b", f"{ID}/01/04012345111118/21/S"),
    ("https://id.gs1.de/414/4012345000115", f"{ID}/414/4012345000115"),
    ("https://brand.example/gln/4012345000115/254/0", f"{ID}/414/4012345000115/254/0"),
]


@pytest.mark.parametrize(("text", "want"), SPELLINGS)
def test_every_spelling_becomes_the_canonical_one(text: str, want: str) -> None:
    assert canonical(text) == want
    assert canonical(want) == want


@pytest.mark.parametrize(
    "text",
    [
        "",
        "urn:uuid:00000000-0000-0000-0000-000000000001",
        "urn:epc:id:gid:1.2.3",
        "urn:epc:id:adi:2S194..12345678901",
        "urn:jaif:id:obj:37SUN321456789A111222333AB+123456789",
        "https://example.com/archive/01/20240115",
        "https://example.com/8004/reports",
        "https://example.com/gtin/04012345111118/reviews/3",
        "https://example.com/party/12",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "urn:guantong:ecode:100640001",
        "4012345111118",
    ],
)
def test_what_is_no_gs1_key_stays_as_it_is(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{ID}/01/04012345111119/21/9", Fault.CHECK),
        ("https://brand.example/01/04012345111119", Fault.CHECK),
        (f"{ID}/00/040123451111111111", Fault.CHECK),
        (f"{ID}/01/0401234511111/21/9", Fault.CHECK),
        (f"{ID}/01/040123451111/21/9", Fault.CHECK),
        (f"{ID}/01/04012345111/21/9", Fault.LENGTH),
        (f"{ID}/01/04012345111118/21/", Fault.FORMAT),
        (f"{ID}/01/04012345111118/21/{'9' * 21}", Fault.FORMAT),
        (f"{ID}/01/04012345111118/21/%C3%A9", Fault.FORMAT),
        (f"{ID}/01/04012345111118/21/S/10/L", Fault.ASSOCIATION),
        ("urn:epc:id:sgtin:4012345.11111.9", Fault.FORMAT),
        ("urn:epc:id:sgtin:4012345.011111", Fault.FORMAT),
        ("urn:epc:id:sgtin:4012345.011111.", Fault.FORMAT),
        (f"urn:epc:id:sgtin:4012345.011111.{'9' * 21}", Fault.FORMAT),
        ("urn:epc:id:sgtin:40123.09876543.9", Fault.FORMAT),
        ("urn:epc:id:sgtin:4012345.011111.a b", Fault.FORMAT),
        ("urn:epc:idpat:sgtin:4012345.*.9", Fault.FORMAT),
        ("urn:epc:id:sscc:4012345.01111111111", Fault.FORMAT),
    ],
)
def test_a_wrong_gs1_key_is_refused(text: str, code: Fault) -> None:
    with pytest.raises(IdentifierError) as caught:
        canonical(text)
    assert caught.value.faults[0].code == code


def test_the_hot_path_agrees_with_the_slow_one() -> None:
    heads = ["urn:epc:id:sgtin:4012345.011111.", f"{ID}/01/04012345111118/21/"]
    for serial in ("1", "A" * 20, "12.3", "a-b", "0", "12.A.B"):
        assert canonical(heads[0] + serial) == canonical(heads[1] + serial)
    with pytest.raises(IdentifierError):
        canonical(f"urn:epc:id:sgtin:4012345.011111.{'1' * 10}.{'2' * 10}")
    with pytest.raises(IdentifierError):
        canonical("urn:epc:id:sgtin:4012345.011111.é")


def test_a_value_knows_its_class_and_serial() -> None:
    item = parse_uri("urn:epc:id:sgtin:4012345.011111.9876")
    assert (item.scheme, item.kind, item.serial) == (Scheme.GS1, Kind.ITEM, "9876")
    assert item.class_uri == f"{ID}/01/04012345111118"
    lot = parse_uri("urn:epc:class:lgtin:4012345.011111.L1")
    assert (lot.kind, lot.class_uri, lot.serial) == (Kind.BATCH, f"{ID}/01/04012345111118", "")
    asset = parse_uri("urn:epc:id:grai:4012345.11111.AB")
    assert (asset.kind, asset.serial) == (Kind.ITEM, "AB")
    assert asset.class_uri == f"{ID}/8003/04012345111118"
    assert parse_uri("urn:epc:idpat:sgtin:4012345.*.*").kind is Kind.PATTERN
    assert parse_uri("urn:guantong:ecode:1").scheme is Scheme.ECODE
    assert parse_uri("urn:oid:1.2.156").scheme is Scheme.OID
    assert parse_uri("urn:x:y").scheme is Scheme.OPAQUE


def test_what_is_remembered_stays_small() -> None:
    long = "https://shop.example/" + "a" * TEXT_LENGTH_MAX
    assert canonical(long) == long
    longer = f"{ID}/01/04012345111118/21/S?x=" + "a" * TEXT_LENGTH_MAX
    assert canonical(longer) == f"{ID}/01/04012345111118/21/S"
    with pytest.raises(IdentifierError):
        canonical(f"{ID}/01/04012345111118/21/" + "7" * TEXT_LENGTH_MAX)
    assert canonical("https://" + "a" * 300 + "/01/04012345111118").startswith("https://aaa")


FRESH = ("ReferenceEventHashAlgorithm", "ReferenceEventHashAlgorithm2", "epcisDocWithSingleEvent")
"""Documents of the event hash whose pre-hash lines are not stale."""


@pytest.mark.parametrize("name", FRESH)
def test_the_event_hash_wants_the_same_spelling(testdata: Callable[[str], Path], name: str) -> None:
    folder = testdata("02-event-hash/examples")
    document = (folder / f"{name}.jsonld").read_text(encoding="utf-8")
    prehash = (folder / f"{name}.prehashes").read_text(encoding="utf-8")
    codes = re.findall(r'"(urn:epc:(?:id|class|idpat):[^"]+|https://id\.gs1[^"]+)"', document)
    assert codes
    assert [code for code in codes if canonical(code) not in prehash] == []


def test_the_reference_normaliser_agrees() -> None:
    peer = pytest.importorskip("epcis_event_hash_generator.dl_normaliser")
    rows = json.loads((Path(__file__).parents[1] / "vectors" / "gs1_canonical.json").read_text())
    wanted = {row["input"]: row["want"] for row in rows if "want" in row}
    theirs = {text: peer.normaliser(text) for text in wanted}
    agreeing = {text: uri for text, uri in theirs.items() if uri}
    assert len(agreeing) >= 25
    # It reads a date in the path of a news page as a GTIN, for it looks at no check digit.
    assert agreeing.pop("https://news.example/01/20240115") == f"{ID}/01/00000020240115"
    assert agreeing == {text: wanted[text] for text in agreeing}

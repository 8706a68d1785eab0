"""Code ranges: what is issued, what is not, and how both are said."""

import json
from pathlib import Path
from typing import Any

import pytest

from guantong import coding
from guantong.coding import CodeRange, CodingError
from guantong.store import Indexed, RowStore

CLASS = "https://id.gs1.org/01/06901234567892"
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "coding.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["desc"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    body = json.dumps(vector["input"]).encode() if isinstance(vector["input"], dict) else b"{"
    if "fault" in vector:
        with pytest.raises(CodingError) as refused:
            coding.parse(body)
        assert refused.value.faults[0].code == vector["fault"]
        assert refused.value.faults[0].path == vector.get("path", "")
    else:
        issue = coding.parse(body)
        assert [issue.code(issue.first), issue.code(issue.last)] == vector["want"]


@pytest.mark.parametrize(
    ("item", "held"),
    [
        (f"{CLASS}/21/7", True),
        (f"{CLASS}/21/12", True),
        (f"{CLASS}/21/6", False),
        (f"{CLASS}/21/13", False),
        (f"{CLASS}/21/007", False),
        (f"{CLASS}/21/7x", False),
        (f"{CLASS}/21/", False),
        (f"{CLASS}/21/７", False),
        ("https://id.gs1.org/01/06936983800013/21/7", False),
    ],
)
def test_holds(item: str, held: bool) -> None:
    assert CodeRange(class_uri=CLASS, first=7, last=12).holds(item) is held


def test_a_range_with_leading_zeros_holds_only_its_own_spelling() -> None:
    issue = CodeRange(class_uri=CLASS, first=7, last=12, stem="urn:guantong:ecode:10064", width=4)
    assert issue.holds("urn:guantong:ecode:100640007")
    assert not issue.holds("urn:guantong:ecode:100647")
    assert list(coding.codes_of(issue))[:2] == [
        "urn:guantong:ecode:100640007",
        "urn:guantong:ecode:100640008",
    ]


def test_a_billion_codes_are_one_fact(tmp_path: Path) -> None:
    store = RowStore.open(tmp_path / "index.sqlite")
    issue = CodeRange(class_uri=CLASS, first=0, last=10**9 - 1)
    facts = coding.facts_of(issue)
    assert len(facts) == 1
    store.append([Indexed(entry=0, by="urn:test:maker", received_ms=1, facts=facts)])
    found = coding.issued(store, CLASS, f"{CLASS}/21/123456789")
    assert found is not None
    assert (found[0], found[1].by) == (issue, "urn:test:maker")
    assert coding.issued(store, CLASS, f"{CLASS}/21/1000000000") is None
    assert coding.issued(store, CLASS, f"{CLASS}/21/5", as_of=0) is None


def test_a_code_whose_spelling_tells_no_class_is_found_by_its_stem(tmp_path: Path) -> None:
    store = RowStore.open(tmp_path / "index.sqlite")
    issue = CodeRange(class_uri=CLASS, first=1, last=50, stem="urn:guantong:ecode:10064", width=8)
    store.append([Indexed(entry=0, by="m", received_ms=1, facts=coding.facts_of(issue))])
    found = coding.issued(store, "", "urn:guantong:ecode:1006400000050")
    assert found is not None
    assert found[0].class_uri == CLASS
    assert coding.issued(store, "", "urn:guantong:ecode:1006400000051") is None


OWN = CodeRange(class_uri=CLASS, first=5, last=9, spread=12, key="00" * 16)


def test_unguessable_serials_are_held_and_found_by_their_places(tmp_path: Path) -> None:
    store = RowStore.open(tmp_path / "index.sqlite")
    store.append([Indexed(entry=0, by="m", received_ms=1, facts=coding.facts_of(OWN))])
    codes = list(coding.codes_of(OWN))
    assert len(set(codes)) == 5
    for code in codes:
        found = coding.issued(store, CLASS, code)
        assert found is not None
        assert found[0] == OWN
    outside = CodeRange(class_uri=CLASS, first=10, last=10, spread=12, key="00" * 16).code(10)
    for other in (outside, f"{codes[0]}0", codes[0][:-1], f"{CLASS}/21/{'7' * 12}"):
        assert coding.issued(store, CLASS, other) is None


def test_the_key_is_in_no_field_of_the_fact() -> None:
    (fact,) = coding.facts_of(OWN)
    assert OWN.key not in repr(fact.fields)
    assert fact.spread is not None
    assert fact.spread.key.hex() == OWN.key


@pytest.mark.parametrize(
    "asked",
    [
        CodeRange(class_uri=CLASS, first=10, last=12),
        CodeRange(class_uri=CLASS, first=10, last=12, spread=13, key="00" * 16),
        CodeRange(class_uri=CLASS, first=10, last=12, spread=12, key="01" * 16),
    ],
)
def test_a_class_keeps_its_form_and_key(tmp_path: Path, asked: CodeRange) -> None:
    store = RowStore.open(tmp_path / "index.sqlite")
    store.append([Indexed(entry=0, by="m", received_ms=1, facts=coding.facts_of(OWN))])
    with pytest.raises(CodingError) as refused:
        coding.check_fits(store, asked, "m")
    assert refused.value.faults[0].code == "coding.used"
    assert OWN.key not in str(refused.value)
    coding.check_fits(store, OWN, "m")
    coding.check_fits(store, asked, "another")  # nobody's class is taken by a stranger
    assert coding.key_before(store, CLASS, "m") == OWN.key
    assert coding.key_before(store, CLASS, "another") == ""

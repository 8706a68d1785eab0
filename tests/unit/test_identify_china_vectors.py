"""Every Chinese scheme, and `identify.read`, against the vectors in ``tests/vectors``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guantong.identify import (
    CccCertificate,
    Ebike,
    Ecode,
    Handle,
    IdentifierError,
    MaCode,
    Native,
    Oid,
    OpaqueScheme,
    Reading,
    Scheme,
    Uscc,
    XkLicence,
    explain,
    from_uri,
    parse_uri,
    read,
)

VECTORS = Path(__file__).parent.parent / "vectors"
CABLE = OpaqueScheme("cable", r"CB(?P<class>[0-9]{4})-(?P<serial>[0-9]{6})")

PARSERS: dict[str, Callable[[str], Native]] = {
    "ccc": CccCertificate.parse,
    "ebike": Ebike.parse,
    "ecode": Ecode.parse,
    "handle": Handle.parse,
    "ma": MaCode.parse,
    "oid": Oid.parse,
    "opaque": CABLE.parse,
    "uscc": Uscc.parse,
    "xk": XkLicence.parse,
}


def vectors(scheme: str, outcome: str) -> list[Any]:
    rows = json.loads((VECTORS / f"{scheme}.json").read_text("utf-8"))
    return [
        pytest.param(scheme, row, id=f"{scheme}: {row['desc']}") for row in rows if outcome in row
    ]


ACCEPTED = [row for scheme in PARSERS for row in vectors(scheme, "want")]
REFUSED = [row for scheme in PARSERS for row in vectors(scheme, "fault")]


def said(value: Native) -> dict[str, object]:
    parts: dict[str, object] = {
        "uri": value.uri,
        "kind": value.kind.value,
        "class_uri": value.class_uri,
        "serial": value.serial,
        "notes": [note.code for note in value.notes],
    }
    return {name: part for name, part in parts.items() if part}


@pytest.mark.parametrize(("scheme", "row"), ACCEPTED)
def test_what_is_printed_becomes_a_value(scheme: str, row: dict[str, Any]) -> None:
    value = PARSERS[scheme](row["input"])
    assert said(value) == row["want"]
    assert value.scheme is Scheme(scheme)


@pytest.mark.parametrize(("scheme", "row"), ACCEPTED)
def test_a_uri_reads_back_to_the_same_value(scheme: str, row: dict[str, Any]) -> None:
    value = PARSERS[scheme](row["input"])
    back = from_uri(value.uri, schemes=(CABLE,))
    assert back == value
    assert said(back) == said(value)
    assert parse_uri(value.uri) == value


@pytest.mark.parametrize(("scheme", "row"), ACCEPTED)
def test_a_class_is_read_back_as_a_class_of_itself(scheme: str, row: dict[str, Any]) -> None:
    value = PARSERS[scheme](row["input"])
    if value.class_uri:
        assert from_uri(value.class_uri).uri == value.class_uri


@pytest.mark.parametrize(("scheme", "row"), REFUSED)
def test_a_wrong_code_is_refused_for_its_reason(scheme: str, row: dict[str, Any]) -> None:
    with pytest.raises(IdentifierError) as refusal:
        PARSERS[scheme](row["input"])
    assert [fault.code for fault in refusal.value.faults] == [row["fault"]]


@pytest.mark.parametrize("scheme", PARSERS)
def test_five_of_each_at_least(scheme: str) -> None:
    assert len(vectors(scheme, "want")) >= 5
    assert len(vectors(scheme, "fault")) >= 5


def reading_said(reading: Reading) -> dict[str, object]:
    found: dict[str, object] = {"uri": reading.value.uri, "checked": reading.checked}
    if reading.batch:
        found["batch"] = reading.batch
    if reading.notes:
        found["notes"] = [note.code for note in reading.notes]
    return found


@pytest.mark.parametrize(("_", "row"), vectors("read", "want"))
def test_a_text_is_read_in_every_way_best_first(_: str, row: dict[str, Any]) -> None:
    assert [reading_said(reading) for reading in read(row["input"])] == row["want"]


@pytest.mark.parametrize(("_", "row"), vectors("read", "fault"))
def test_a_text_nobody_reads_is_explained(_: str, row: dict[str, Any]) -> None:
    assert read(row["input"]) == ()
    assert explain(row["input"])[0].code == row["fault"]

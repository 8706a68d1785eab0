"""The reader of records: our vectors, and its documentation."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong.capture import Limits, read
from guantong.capture.records import SECTIONS, CertificateKind, FirmKind, Status

ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT / "tests" / "vectors"
DOCUMENT = ROOT / "docs" / "reference" / "records.md"


def vectors(name: str) -> list[Any]:
    rows = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return [pytest.param(row, id=row["desc"]) for row in rows]


def document(row: dict[str, Any]) -> bytes:
    """The bytes a vector describes."""
    if "text" in row:
        depth = row.get("nest", 0)
        return str(row["text"]).replace("@", "[" * depth + "]" * depth).encode()
    return json.dumps({"guantong": "records", **row["input"]}, ensure_ascii=False).encode()


@pytest.mark.parametrize("row", vectors("capture_records_accepted"))
def test_accepts(row: dict[str, Any]) -> None:
    reading = read(document(row))
    assert reading.faults == ()
    assert reading.document is not None
    assert reading.document.format == "records-json"
    shown = json.loads(msgspec.json.encode(reading.document.master))
    assert len(shown) == len(row["want"])
    for item, want in zip(shown, row["want"], strict=True):
        assert {name: item[name] for name in want} == want


@pytest.mark.parametrize("row", vectors("capture_records_refused"))
def test_refuses(row: dict[str, Any]) -> None:
    reading = read(document(row), limits=Limits(**row.get("limits", {})))
    assert [[found.code, found.path] for found in reading.faults] == row["fault"]
    assert reading.document is None
    assert all(found.expected and len(found.got) <= 120 for found in reading.faults)


def test_proceed_keeps_the_good_records() -> None:
    firms = [{"name": "x"}, {"name": "y", "gln": "6901234000009"}]
    reading = read(document({"input": {"firms": firms}}), proceed=True)
    assert reading.document is not None
    assert [item.fields["name"] for item in reading.document.master] == ["y"]
    assert [found.path for found in reading.faults] == ["firms[0]"]


def test_text_that_is_not_utf8() -> None:
    data = '{"guantong": "records", "firms": [{"name": "甲"}]}'.encode("gb18030")
    assert [found.code for found in read(data).faults] == ["capture.encoding"]


def test_the_documentation_lists_every_member_and_word() -> None:
    text = DOCUMENT.read_text("utf-8")
    for section, part in zip(SECTIONS.values(), text.split("\n## ")[1:], strict=False):
        listed = re.findall(r"(?m)^\| `(\w+)`( \*)? \|", part)
        fields = msgspec.structs.fields(section.struct)
        assert {name: bool(star) for name, star in listed} == {
            one.name: one.required for one in fields
        }
    for words in (FirmKind, CertificateKind, Status):
        assert ", ".join(f"`{word}`" for word in words) in text


def test_the_example_of_the_documentation_is_read() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    reading = read(example.encode())
    assert reading.faults == ()
    assert reading.document is not None
    assert len(reading.document.master) == 5

"""The reader of sheets: our vectors, workbooks made here, and its documentation."""

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import xlsxwriter

from guantong.capture import Limits, Reading, read
from guantong.capture.meaning import check
from guantong.capture.sheet_words import WORDS
from guantong.capture.vocabulary import DISPOSITION, PARTY, STEP, TRANSACTION

ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT / "tests" / "vectors"
DOCUMENT = ROOT / "docs" / "reference" / "sheet.md"
GTIN = "https://id.gs1.org/01/06901234567892"


def vectors(name: str) -> list[Any]:
    rows = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return [pytest.param(row, id=row["desc"]) for row in rows]


def sheet(given: dict[str, Any]) -> bytes:
    """The bytes a vector describes."""
    if "hex" in given:
        return bytes.fromhex(given["hex"])
    return str(given["csv"]).encode(given.get("encoding", "utf-8"))


@pytest.mark.parametrize("row", vectors("capture_sheet_accepted"))
def test_accepts(row: dict[str, Any]) -> None:
    events = good(read(sheet(row["input"]), name="flow.csv")).events
    assert len(events) == len(row["want"])
    for event, want in zip(events, row["want"], strict=True):
        shown = json.loads(msgspec.json.encode(event))
        assert {name: shown.get(name, empty(name)) for name in want} == want
        assert check(event) == []


def empty(name: str) -> object:
    """What an absent field stands for."""
    if name in {"ilmd", "extensions"}:
        return {}
    return "" if name in {"read_point", "biz_location"} else []


@pytest.mark.parametrize("row", vectors("capture_sheet_refused"))
def test_refuses(row: dict[str, Any]) -> None:
    limits = Limits(**row["input"].get("limits", {}))
    reading = read(sheet(row["input"]), name="flow.csv", limits=limits)
    assert [[found.code, found.path] for found in reading.faults] == row["fault"]
    assert reading.document is None
    assert all(found.expected and len(found.got) <= 120 for found in reading.faults)


def good(reading: Reading) -> Any:
    assert reading.faults == ()
    assert reading.document is not None
    assert reading.document.format == "sheet"
    return reading.document

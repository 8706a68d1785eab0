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


def test_proceed_keeps_the_good_rows_and_their_numbers() -> None:
    rows = ["2026-03-01,入库,{0}/21/1", "x,入库,{0}/21/2", "2026-03-01,入库,{0}/21/3"]
    data = "\n".join(["日期时间,步骤,编码", *rows]).format(GTIN).encode()
    reading = read(data, name="a.csv", proceed=True)
    assert reading.document is not None
    assert reading.document.positions == (2, 4)
    assert [found.path for found in reading.faults] == ["rows[3].日期时间"]


def test_nothing_is_kept_under_a_header_that_is_not_understood() -> None:
    data = f"日期时间,步骤,编码,数了\n2026-03-01,入库,{GTIN}/21/1,3\n".encode()
    assert read(data, name="a.csv", proceed=True).document is None


# Workbooks

Fill = Callable[[Any, Any], object]


def workbook(*fills: Fill) -> bytes:
    """A workbook with one sheet for each function that fills it."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        for fill in fills:
            fill(book, book.add_worksheet())
    return made.getvalue()


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with its files changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return made.getvalue()


def flow(book: Any, one: Any) -> None:
    """A title over merged cells, a header, and every kind of cell."""
    one.merge_range("A1:F1", "流向台账")
    one.write_row(1, 0, ["日期", "时间", "步骤", "编码", "数量", "备注"])
    one.write_datetime(2, 0, dt.date(2026, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    one.write_datetime(2, 1, dt.time(8, 30), book.add_format({"num_format": "hh:mm"}))
    one.write_string(2, 2, "入库")
    one.write_number(2, 3, 6901234567892)
    one.write_formula(2, 4, "=1+2", None, 3)
    one.write_boolean(2, 5, True)


def test_a_workbook_with_dates_numbers_formulas_and_a_title() -> None:
    (event,) = good(read(workbook(flow))).events
    assert (event.time_ms, event.offset) == (1772325000000, "+08:00")
    assert [(one.epc_class, one.quantity) for one in event.quantities] == [(GTIN, 3.0)]
    assert event.extensions == {"{urn:guantong:sheet}remark": "True"}


def test_sheets_without_a_header_are_notes() -> None:
    def notes(_: Any, one: Any) -> None:
        one.write_row(0, 0, ["填写说明", "请逐行填写"])

    assert len(good(read(workbook(notes, flow, notes))).events) == 1
    assert [one.code for one in read(workbook(flow, flow)).faults] == ["capture.format"]
    assert [one.code for one in read(workbook(notes)).faults] == ["capture.format"]


def row(*cells: Any, headers: tuple[str, ...] = ("日期时间", "步骤", "编码", "数量")) -> Fill:
    def fill(_: Any, one: Any) -> None:
        one.write_row(0, 0, headers)
        for column, cell in enumerate(cells):
            if callable(cell):
                cell(one, 1, column)
            elif cell is not None:
                one.write(1, column, cell)

    return fill


@pytest.mark.parametrize(
    ("cells", "code", "path"),
    [
        (
            ("2026-03-01", "装箱", 106141412345678908),
            "capture.type",
            "rows[2].编码",
        ),
        (
            (46082.354, "入库", "06901234567892", 1),
            "capture.time",
            "rows[2].日期时间",
        ),
        (
            ("2026-03-01", "入库", lambda one, r, c: one.write_formula(r, c, "=A9", None, "")),
            "capture.missing",
            "rows[2].编码",
        ),
        (
            ("2026-03-01", "入库", lambda one, r, c: one.write_formula(r, c, "=1/0", None, "#N/A")),
            "capture.missing",
            "rows[2].编码",
        ),
        (
            ("2026-03-01", "入库", "06901234567892", 1, "x"),
            "capture.unexpected",
            "rows[2].E",
        ),
    ],
    ids=[
        "a number too long for a cell",
        "a date that lost its format",
        "a formula never computed",
        "a formula that failed",
        "a cell outside every column",
    ],
)
def test_refuses_cells_that_lost_their_meaning(
    cells: tuple[Any, ...], code: str, path: str
) -> None:
    faults = read(workbook(row(*cells))).faults
    assert (code, path) in [(one.code, one.path) for one in faults]


def test_one_cell_in_the_last_corner_is_refused_before_it_is_laid_out() -> None:
    data = workbook(lambda _, one: (one.write(0, 0, "日期时间"), one.write(1_048_575, 16_383, "x")))
    assert len(data) < 10_000
    assert [one.code for one in read(data).faults] == ["capture.too_large"]


def test_formats_far_away_are_no_cells() -> None:
    def fill(book: Any, one: Any) -> None:
        flow(book, one)
        one.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert len(good(read(workbook(fill))).events) == 1


def test_cells_without_a_place_are_refused() -> None:
    data = repacked(workbook(flow), lambda _, part: part.replace(b'<c r="A2"', b"<c"))
    assert [one.code for one in read(data).faults] == ["capture.syntax"]


def test_a_worksheet_in_another_encoding_is_refused() -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.decode().encode("utf-16") if "sheet1.xml" in name else part

    assert [one.code for one in read(repacked(workbook(flow), change)).faults] == [
        "capture.encoding"
    ]


def test_what_unpacks_to_too_much_is_refused_unopened() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", bytes(70 * 1024 * 1024))
    assert len(made.getvalue()) < 1_000_000
    assert [one.code for one in read(made.getvalue()).faults] == ["capture.too_large"]


def test_a_size_that_is_understated_does_not_help() -> None:
    """The lie is in the central directory; what is unpacked stops where it says."""
    data = bytearray(workbook(flow))
    at = data.rindex(b"PK\x01\x02")
    for start in (at + 24,):
        data[start : start + 4] = (10).to_bytes(4, "little")
    assert [one.code for one in read(bytes(data)).faults] == ["capture.syntax"]


@pytest.mark.parametrize("cut", [30, 300, 3000], ids=str)
def test_a_workbook_that_breaks_off_is_refused(cut: int) -> None:
    data = workbook(flow)
    assert [one.code for one in read(data[: len(data) - cut]).faults] == ["capture.syntax"]


def test_other_things_in_a_zip_and_old_workbooks_are_no_sheets() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert [one.code for one in read(made.getvalue()).faults] == ["capture.syntax"]
    old = read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", name="a.xlsx")
    assert [(one.code, one.expected) for one in old.faults] == [("capture.format", "XLSX or CSV")]


# Words and documentation


def test_every_word_makes_a_standard_event() -> None:
    for step in WORDS.step:
        assert step.step in STEP.words
        assert step.disposition in DISPOSITION.words
        assert step.party in {"", *PARTY.words}
    assert set(WORDS.document_types) <= TRANSACTION.words


def test_the_documentation_lists_every_column_and_word() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert re.findall(r"(?m)^\| .*", text.partition("## ")[2]) == table_rows()


def table_rows() -> list[str]:
    """The rows of the tables in docs/reference/sheet.md, from the data."""
    columns = [f"| {'、'.join(one.names)} | {one.zh} | {one.en} |" for one in WORDS.column]
    steps = [
        f"| {'、'.join(one.names)} | {one.kind} {one.action} | {one.step} | {one.disposition} "
        f"| {one.party or 'possessing_party'} | {'、'.join(needed(one.needs))} |"
        for one in WORDS.step
    ]
    units = [f"| {code or '–'} | {'、'.join(names)} |" for code, names in WORDS.units.items()]
    kinds = [f"| {kind} | {'、'.join(names)} |" for kind, names in WORDS.document_types.items()]
    return [
        "| 列 column | 含义 | meaning |",
        *columns,
        "| 步骤 step | event, action | bizStep | disposition | from, to | needs |",
        *steps,
        "| UN/ECE | 单位 unit |",
        *units,
        "| CBV | 单据类型 document type |",
        *kinds,
    ]


def needed(keys: tuple[str, ...]) -> list[str]:
    return [one.names[0] for key in keys for one in WORDS.column if one.key == key]

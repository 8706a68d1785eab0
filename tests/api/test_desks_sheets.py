"""A clerk's spreadsheet: tried, mended, entered, taken back; and hostile ones."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter

from guantong import capture
from guantong.capture import CaptureError, Limits
from guantong.capture.sheet_return import ERRORS, headers_of, mapped
from guantong.clock import SetClock
from guantong.serve.desks.sheets import BYTES_MAX
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, SHOP, Browser, signed_in

NOW = 1_772_500_000_000
CODE = "(01)06901234567892(21)"
HEAD = ("日期时间", "步骤", "编码", "数量")
GOOD = [("2026-03-01 08:30", "生产", f"{CODE}{n}", "") for n in range(3)]
LIMITS = Limits()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        yield opened


@pytest.fixture
def clerk(world: World) -> Browser:
    return signed_in(world, "clerk", Role.PRODUCER, MAKER)


def sheet(
    rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = HEAD, charset: str = "utf-8-sig"
) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode(charset)


def book(
    rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = HEAD, *, title: str = ""
) -> bytes:
    """A workbook, at will under a title that spans all columns."""
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held)
    page = made.add_worksheet()
    first = 0
    if title:
        page.merge_range(0, 0, 0, len(head) - 1, title)
        first = 1
    for at, row in enumerate([head, *rows], first):
        page.write_row(at, 0, row)
    made.close()
    return held.getvalue()


def hand_in(clerk: Browser, data: bytes, what: str = "try", name: str = "sheet.csv") -> Any:
    clerk.get("/desk/sheets")
    return clerk.post("/desk/sheets", {"what": what}, files={"file": (name, data)})


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (sheet(GOOD), "a.csv"),
        (sheet(GOOD, charset="gb18030"), "a.csv"),
        (book(GOOD), "a.xlsx"),
        (book(GOOD, title="三月生产登记表"), "a.xlsx"),
    ],
    ids=["utf-8", "gb18030", "workbook", "merged-title"],
)
def test_a_sheet_is_tried_and_then_entered(
    world: World, clerk: Browser, data: bytes, name: str
) -> None:
    size = world.ledger.size
    tried = hand_in(clerk, data, name=name)
    assert "没有错误，3 个事件" in tried.text
    assert world.ledger.size == size
    entered = hand_in(clerk, data, "enter", name)
    assert entered.url.path == f"/desk/entry/{size}"
    assert world.ledger.size == size + 1


def test_faults_come_row_by_row_and_the_corrected_sheet_goes_back_in(
    world: World, clerk: Browser
) -> None:
    rows = [*GOOD, ("gestern", "生产", f"{CODE}9", ""), ("2026-03-01", "?", f"{CODE}8", "")]
    size = world.ledger.size
    tried = hand_in(clerk, sheet(rows), "enter")
    assert "有 2 处错误，什么也没有提交" in tried.text
    assert "rows[5].日期时间" in tried.text
    assert world.ledger.size == size
    back = hand_in(clerk, sheet(rows), "corrected")
    shown = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back.content))
    grid = shown.get_sheet_by_index(0).to_python()
    assert grid[0] == [*HEAD, ERRORS]
    assert [bool(row[4]) for row in grid[1:]] == [False, False, False, True, True]
    assert str(grid[4][4]).startswith("日期时间: ")
    mended = [tuple(map(str, row)) for row in grid[1:4]]
    again = book(mended, (*HEAD, ERRORS))
    assert hand_in(clerk, again, "enter", "a.xlsx").url.path == f"/desk/entry/{size}"


def test_columns_are_named_once(world: World, clerk: Browser) -> None:
    head = ("Datum", "Vorgang", "Kode", "Farbe")
    rows = [("2026-03-01 08:30", "生产", f"{CODE}1", "red")]
    tried = hand_in(clerk, sheet(rows, head))
    for name in head:
        assert f'name="as:{name}"' in tried.text
    named = {"as:Datum": "time", "as:Vorgang": "step", "as:Kode": "code", "as:Farbe": ""}
    assert "列名已记住" in clerk.post("/desk/sheets/columns", named).text
    assert "没有错误，1 个事件" in hand_in(clerk, sheet(rows, head)).text
    size = world.ledger.size
    assert hand_in(clerk, book(rows, head), "enter", "x.xlsx").url.path == f"/desk/entry/{size}"
    other = signed_in(world, "other", Role.SELLER, SHOP)
    assert 'name="as:Datum"' in hand_in(other, sheet(rows, head)).text, "of its own firm only"


def test_a_column_is_named_as_something_known_only(world: World, clerk: Browser) -> None:
    clerk.get("/desk/sheets")
    clerk.post("/desk/sheets/columns", {"as:X": "nonsense", "as:Y": "code"})
    (fact,) = world.all_facts("sheet_columns")
    assert fact.fields["names"] == {"Y": "code"}


def test_what_a_spreadsheet_would_take_for_a_formula_comes_back_as_text(clerk: Browser) -> None:
    rows = [("=cmd|'/c calc'!A0", "生产", "@SUM(1)", "+1")]
    back = hand_in(clerk, sheet(rows), "corrected").content
    with zipfile.ZipFile(io.BytesIO(back)) as parts:
        page = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in page
    shown = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back))
    assert shown.get_sheet_by_index(0).to_python()[1][:4] == list(rows[0])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.csv"),
        (b"PK\x03\x04 broken", "a.xlsx"),
        (b"\xd0\xcf\x11\xe0 old", "a.xls"),
        (b"\x00\xff\xfe", "a.csv"),
        (b"just a text", "a.csv"),
    ],
    ids=["empty", "broken-zip", "old-excel", "bytes", "text"],
)
def test_what_is_no_sheet_is_refused_with_a_reason(
    world: World, clerk: Browser, data: bytes, name: str
) -> None:
    size = world.ledger.size
    page = hand_in(clerk, data, "enter", name)
    assert page.status_code == 400
    assert "应为" in page.text
    assert world.ledger.size == size


def test_a_sheet_above_the_bound_is_not_read(world: World, clerk: Browser) -> None:
    clerk.get("/desk/sheets")
    head = {"content-length": str(BYTES_MAX + 1), "content-type": "multipart/form-data; boundary=x"}
    refused = clerk.client.post("/desk/sheets", content=b"x", headers=head)
    assert refused.status_code == 413


def test_a_file_name_is_no_path(world: World, clerk: Browser) -> None:
    for name in ("../../etc/passwd.csv", "C:\\x\\a.csv", "<script>.csv"):
        page = hand_in(clerk, sheet(GOOD), name=name)
        assert page.status_code == 200
        assert "<script>.csv" not in page.text


def test_the_empty_sheet_is_one_that_is_read(clerk: Browser) -> None:
    empty = clerk.get("/desk/sheets/template.xlsx").content
    assert all(key for _, key in headers_of(empty, LIMITS))


def test_a_sheet_with_other_headers_becomes_the_same_sheet() -> None:
    rows = [("2026-03-01 08:30", "生产", f"{CODE}1", "x")]
    named = {"Datum": "time", "Vorgang": "step", "Kode": "code", "Rest": ""}
    made = mapped(sheet(rows, ("Datum", "Vorgang", "Kode", "Rest")), named, LIMITS)
    plain = capture.read(sheet([rows[0][:3]], HEAD[:3]), name="a.csv")
    assert capture.read(made, name="a.csv").document == plain.document
    with pytest.raises(CaptureError):
        headers_of(b"\n\n", LIMITS)

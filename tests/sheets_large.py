"""Sheets of any number of rows, as a clerk's office software saves them; for tests and benchmarks."""

import csv
import io
from collections.abc import Iterator, Sequence

import xlsxwriter

HEAD = ("日期时间", "步骤", "编码", "批号", "单据号")
TITLE = "2026 年 3 月生产登记表"


def rows(count: int, *, wrong: Sequence[int] = ()) -> Iterator[tuple[str, ...]]:
    """Rows of production, one item each; those of some numbers have a time that is none."""
    for number in range(count):
        minute = f"2026-03-01 {number // 3600 % 24:02d}:{number // 60 % 60:02d}"
        time = "gestern" if number in wrong else minute
        yield time, "生产", f"(01)06901234567892(21){number}", "L7", f"P-{number // 100}"


def gb18030(count: int, *, wrong: Sequence[int] = ()) -> bytes:
    """A CSV in the charset of office software in China."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\r\n")
    made.writerow(HEAD)
    made.writerows(rows(count, wrong=wrong))
    return out.getvalue().encode("gb18030")


def workbook(count: int, *, wrong: Sequence[int] = ()) -> bytes:
    """A workbook whose header stands below a title that spans all columns."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"constant_memory": True})
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, len(HEAD) - 1, TITLE)
    for at, row in enumerate([HEAD, *rows(count, wrong=wrong)], 1):
        page.write_row(at, 0, row)
    book.close()
    return held.getvalue()

"""Which cells does an XLSX file hold, and is it safe to lay them out?

An XLSX is a ZIP of XML files, and each of the two can hurt: the ZIP by what it unpacks to, the
XML by one cell in the last corner, for which a reader lays out seventeen thousand million empty
ones. So the file is unpacked here under a bound, every cell reference is looked at, and the
reader gets only what passed.

References:
    ECMA-376, part 1, section 18.3.1.4 (cell references)
"""

import datetime as dt
import io
import re
import zipfile
import zlib
from typing import Final

import python_calamine as calamine

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import fault

Cell = str | float | bool | dt.date | dt.time | dt.timedelta
"""One cell as stored; "" for an empty one. A formula shows the value it had when saved."""

UNPACKED_MAX: Final = 192 * 1024 * 1024
"""Bytes of all files inside."""
ENTRIES_MAX: Final = 512
"""Files inside."""
AREA_MAX: Final = 8_000_000
"""Cells, empty ones included, from the first corner to the last."""

_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises for broken, encrypted or oddly packed files."""
_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?c(?=[\s/>])([^>]*)>")
_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")


def sheets_of(data: bytes) -> dict[str, list[list[Cell]]]:
    """The worksheets of a workbook.

    Args:
        data: The XLSX file.

    Returns:
        Name -> rows from the first one on, each with its cells from the first column on.

    Raises:
        CaptureError: if it is no XLSX, or unpacks to too much.
    """
    safe = _repacked(data)
    try:
        book = calamine.CalamineWorkbook.from_filelike(safe)
        return {
            one.name: book.get_sheet_by_name(one.name).to_python(skip_empty_area=False)
            for one in book.sheets_metadata
            if one.typ == calamine.SheetTypeEnum.WorkSheet
        }
    except calamine.CalamineError as problem:
        raise CaptureError(
            fault(Fault.SYNTAX, expected="an XLSX workbook", got=problem)
        ) from problem


def _repacked(data: bytes) -> io.BytesIO:
    """The same workbook with only the XML files that were unpacked and looked at."""
    safe = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(safe, "w") as target:
            entries = source.infolist()
            _check_size(entries)
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    content = source.read(entry)
                    _check_area(entry.filename, content)
                    target.writestr(entry.filename, content)
    except _BROKEN as problem:
        raise CaptureError(
            fault(Fault.SYNTAX, expected="an XLSX workbook", got=problem)
        ) from problem
    safe.seek(0)
    return safe


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a file that unpacks to too much; `ZipFile.read` then keeps to the sizes declared."""
    size = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX or size > UNPACKED_MAX:
        most = f"at most {ENTRIES_MAX} files of {UNPACKED_MAX} bytes inside"
        got = f"{len(entries)} files of {size} bytes"
        raise CaptureError(fault(Fault.TOO_LARGE, expected=most, got=got))


def _check_area(name: str, content: bytes) -> None:
    """Refuse a worksheet whose last cell is too far from its first."""
    if b"\x00" in content:
        raise CaptureError(fault(Fault.ENCODING, expected="worksheets in UTF-8", got=name))
    if b"sheetData" not in content:
        return
    last_row = last_column = 0
    for cell in _CELL.finditer(content):
        if cell[1].endswith(b"/"):
            continue
        at = _REFERENCE.search(cell[1])
        if not at:
            raise CaptureError(fault(Fault.SYNTAX, expected="cells with their place", got=name))
        last_row = max(last_row, int(at[2]))
        last_column = max(last_column, _column_number(at[1]))
    if last_row * last_column > AREA_MAX:
        got = f"{last_row} rows of {last_column} columns"
        raise CaptureError(fault(Fault.TOO_LARGE, expected=f"at most {AREA_MAX} cells", got=got))


def _column_number(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

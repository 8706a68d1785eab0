"""Which rows does a sheet have, and what stands under which header?

CSV (UTF-8 or GB18030; parted by comma, tab or semicolon) and XLSX become one `Table`.
"""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.reading import Collector
from guantong.capture.sheet_words import COLUMNS, HEADER_OF, WORDS, plain
from guantong.capture.workbook import Cell, sheets_of
from guantong.errors import fault

HEADER_WITHIN: Final = 10
"""The header stands in one of the first so many rows; a title may stand above it."""
_BOM: Final = b"\xef\xbb\xbf"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = (",", "\t", ";")
_EXACT_MAX: Final = 10**15
"""A number cell keeps 15 digits; of a longer code the end is already lost."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header."""

    number: int
    """As the spreadsheet shows it: the first row is 1."""
    cells: dict[str, Cell]
    """Key of the column -> what stands there; empty cells are left out."""
    headers: dict[str, str]
    """Key of the column -> header, as written."""

    def path(self, key: str) -> str:
        """Where a cell stands, such as ``rows[12].数量``."""
        return f"rows[{self.number}].{self.headers.get(key) or HEADER_OF[key]}"

    def text(self, key: str) -> str:
        """A cell as text; "" when empty.

        Returns:
            The text without blanks around it; a whole number without a point.

        Raises:
            CaptureError: if the text has already been spoiled: a number too long for a number
                cell, or a formula instead of its value.
        """
        value = self.cells.get(key, "")
        if isinstance(value, str):
            return _unspoiled(value.strip())
        if isinstance(value, float) and value.is_integer():
            return _digits(value)
        return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of events."""

    headers: dict[str, str]
    """Key of the column -> header, as written."""
    rows: list[Row]
    """Those below the header that are not blank."""


def _unspoiled(text: str) -> str:
    """Text of a cell; ``="0690…"``, which keeps leading zeros in CSV, is unwrapped."""
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()
    if text.startswith("="):
        raise CaptureError(fault(Fault.TYPE, expected="a value, not a formula", got=text))
    return text


def _digits(value: float) -> str:
    """A whole number as digits."""
    if abs(value) < _EXACT_MAX:
        return str(int(value))
    raise CaptureError(
        fault(
            Fault.TYPE,
            expected="a text cell, for a number cell keeps only 15 digits",
            got=f"{value:.0f}",
        )
    )


def table_of(data: bytes, faults: Collector) -> Table | None:
    """The one table of a sheet.

    Args:
        data: CSV or XLSX.
        faults: Gets what is wrong with the header and cells outside any column.

    Returns:
        The table; None when there is none, with a fault that says why.
    """
    try:
        grids = grids_of(data, faults.limits)
        candidates = [grid for grid in grids if header_at(grid) >= 0]
        if len(candidates) != 1:
            _refuse_count(len(candidates))
    except CaptureError as refusal:
        faults.take(refusal)
        return None
    return _table(candidates[0], faults)


def _refuse_count(count: int) -> None:
    """Say that there is no header, or several."""
    want = "one sheet whose header has the columns " + ", ".join(
        one.names[0] for one in WORDS.column if one.required
    )
    raise CaptureError(fault(Fault.FORMAT, expected=want, got=f"{count} such sheets"))


def grids_of(data: bytes, limits: Limits) -> Iterable[list[list[Cell]]]:
    """All sheets of a workbook, or the one of a CSV file."""
    if data.startswith(b"PK\x03\x04"):
        return sheets_of(data).values()
    if data.startswith(_OLD_EXCEL):
        raise CaptureError(
            fault(Fault.FORMAT, expected="XLSX or CSV", got="XLS, the format of 1997")
        )
    return [_csv_grid(decoded(data), limits)]


def decoded(data: bytes) -> str:
    """The text of a CSV file.

    Returns:
        Its text, as UTF-8 (with or without mark) or GB18030.

    Raises:
        CaptureError: if it is neither, or could be both: text whose every foreign letter would
            be a two-byte letter in UTF-8 is either Latin, Greek or Cyrillic in UTF-8 or Chinese
            in GB18030, and nothing in the bytes tells which.
    """
    if data.startswith(_BOM):
        return _strict(data[3:], "utf-8")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _strict(data, "gb18030")
    if not text.isascii() and max(text) < "\u0800" and _is_gb18030(data):
        raise CaptureError(
            fault(
                Fault.ENCODING,
                expected="UTF-8 with a byte order mark, or GB18030 that cannot be taken for UTF-8",
                got="".join(islice((letter for letter in text if not letter.isascii()), 40)),
            )
        )
    return text


def _strict(data: bytes, encoding: str) -> str:
    """The text in one encoding, or a refusal."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        want = "UTF-8" if encoding == "utf-8" else "UTF-8 or GB18030"
        got = ascii(data[problem.start : problem.start + 20])
        raise CaptureError(fault(Fault.ENCODING, expected=want, got=got)) from problem


def _is_gb18030(data: bytes) -> bool:
    """Whether the bytes are text in GB18030 too."""
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _csv_grid(text: str, limits: Limits) -> list[list[Cell]]:
    """The cells of a CSV file; the delimiter is the one under which most headers are known.

    Returns:
        Rows of texts.

    Raises:
        CaptureError: if a quotation mark is left open, or there are too many cells or rows.
    """
    start = text[:65_536].splitlines()[:HEADER_WITHIN]
    best = max(
        _DELIMITERS, key=lambda mark: max((_known(line.split(mark)) for line in start), default=0)
    )
    if text.count(best) > limits.values_max:
        most = f"at most {limits.values_max} cells"
        raise CaptureError(fault(Fault.TOO_LARGE, expected=most, got="more"))
    rows_max = limits.events_max + HEADER_WITHIN
    reader = csv.reader(_lines(text), delimiter=best, strict=True)
    try:
        grid: list[list[Cell]] = [list(row) for row in islice(reader, rows_max + 1)]
    except csv.Error as problem:
        got = f"line {reader.line_num}: {problem}"
        raise CaptureError(fault(Fault.SYNTAX, expected="CSV", got=got)) from problem
    if len(grid) > rows_max:
        most = f"at most {limits.events_max} rows"
        raise CaptureError(fault(Fault.TOO_MANY_EVENTS, expected=most, got="more"))
    return grid


_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, one at a time; a copy of the text would cost four times it."""
    return (found[0] for found in _LINE.finditer(text))


def _known(cells: Iterable[Cell]) -> int:
    """How many cells are known headers."""
    return sum(plain(str(cell).strip('"')) in COLUMNS for cell in cells)


def header_at(grid: list[list[Cell]]) -> int:
    """Index of the header row; -1 when no row has two known headers."""
    for index, row in enumerate(grid[:HEADER_WITHIN]):
        if _known(row) >= 2:
            return index
    return -1


def _table(grid: list[list[Cell]], faults: Collector) -> Table | None:
    """The rows below the header."""
    at = header_at(grid)
    keys, headers = _columns(grid[at], faults)
    below = grid[at + 1 :]
    if len(below) > faults.limits.events_max:
        most = f"at most {faults.limits.events_max} rows"
        faults.say(Fault.TOO_MANY_EVENTS, "", expected=most, got=f"{len(below)} rows")
        return None
    rows = [
        _row(number, cells, keys, headers, faults) for number, cells in enumerate(below, at + 2)
    ]
    return Table(headers, [row for row in rows if row.cells])


def _columns(row: list[Cell], faults: Collector) -> tuple[list[str], dict[str, str]]:
    """What each column is, by position and by key."""
    keys: list[str] = []
    headers: dict[str, str] = {}
    for cell in row:
        header = str(cell).strip()
        key = COLUMNS.get(plain(header), "")
        if header and not key:
            faults.say(Fault.UNEXPECTED, f"header.{header}", expected="a known header", got=header)
            key = "?"
        elif key in headers:
            got = f"{headers[key]} and {header}"
            faults.say(Fault.DUPLICATE, f"header.{header}", expected="one column", got=got)
        keys.append(key)
        headers.setdefault(key, header)
    headers.pop("", None)
    _require(headers, faults)
    return keys, headers


def _require(headers: dict[str, str], faults: Collector) -> None:
    """Every sheet needs a step and a day or time."""
    for one in WORDS.column:
        if one.required and one.key not in headers:
            faults.say(
                Fault.MISSING, "header", expected=" or ".join(one.names), got="no such column"
            )
    if "time" not in headers and "day" not in headers:
        faults.say(Fault.MISSING, "header", expected="日期时间 or 日期", got="no such column")


def _row(
    number: int, cells: list[Cell], keys: list[str], headers: dict[str, str], faults: Collector
) -> Row:
    """One row; a cell outside every column is a fault, since its meaning is not known."""
    found: dict[str, Cell] = {}
    for position, cell in enumerate(cells):
        if cell == "" or (isinstance(cell, str) and not cell.strip()):
            continue
        key = keys[position] if position < len(keys) else ""
        if key == "":
            where = f"rows[{number}].{_letters(position)}"
            faults.say(Fault.UNEXPECTED, where, expected="a column with a header", got=cell)
        found.setdefault(key, cell)
    return Row(number, found, headers)


def _letters(position: int) -> str:
    """A for 0, AA for 26: the name of a column without a header."""
    letters = ""
    position += 1
    while position:
        position, letter = divmod(position - 1, 26)
        letters = chr(65 + letter) + letters
    return letters

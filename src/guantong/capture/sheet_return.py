"""How does a sheet go back to who sent it? With the faults beside the rows; and how is one with other headers read?

A firm that names its columns otherwise says once what they are (`mapped`); who made mistakes gets the
own sheet back with a column that says what is wrong in each row (`annotated`).
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import Final

from guantong.capture.cells import csv_of
from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.sheet_table import HEADER_WITHIN, grids_of, header_at
from guantong.capture.sheet_words import COLUMNS, HEADER_OF, plain
from guantong.capture.workbook import Cell
from guantong.errors import Fault as Found
from guantong.errors import fault

ERRORS: Final = "错误"
"""Header of the column with what is wrong; a sheet that comes back with it is read without it."""
_ROW: Final = re.compile(r"rows\[(\d+)\]")
SHOWN_MAX: Final = 10
"""Faults told in one row."""

Grid = list[list[Cell]]


def headers_of(data: bytes, limits: Limits) -> list[tuple[str, str]]:
    """The headers of a sheet, and what each is taken for.

    Args:
        data: CSV or XLSX.
        limits: How much it may cost.

    Returns:
        Header and key of the column, "" when it is not known; of the first table whose row of
        headers can be found, else of the first row that is not blank.

    Raises:
        CaptureError: if it is no sheet.
    """
    grid, at = _grid(data, limits)
    return [(str(cell).strip(), _key(cell)) for cell in grid[at] if str(cell).strip()]


def mapped(data: bytes, mapping: Mapping[str, str], limits: Limits) -> bytes:
    """The same sheet with headers that are known.

    Args:
        data: CSV or XLSX.
        mapping: Header as written -> key of the column; "" to leave the column out.
        limits: How much it may cost.

    Returns:
        CSV in UTF-8 with a byte order mark, its rows where they were.

    Raises:
        CaptureError: if it is no sheet.
    """
    grid, at = _grid(data, limits)
    kept: list[int] = []
    header: list[str] = []
    for place, cell in enumerate(grid[at]):
        text = str(cell).strip()
        key = mapping.get(text, _key(cell))
        if text and key and not text.startswith(ERRORS):
            kept.append(place)
            header.append(HEADER_OF[key])
    below = (
        [_text(row[place]) if place < len(row) else "" for place in kept] for row in grid[at + 1 :]
    )
    return csv_of(chain(repeat((), at), (header,), below))


def annotated(
    data: bytes, faults: Iterable[Found], said: Callable[[Found], str], limits: Limits
) -> Iterator[tuple[list[str], str]]:
    """The rows of a sheet as they came, each with what is wrong in it.

    Args:
        data: CSV or XLSX.
        faults: As the reader gave them.
        said: A fault in words.
        limits: How much it may cost.

    Yields:
        The cells of a row, as many as the widest has, and what is wrong, "" for nothing; for the
        row of headers that begins with `ERRORS`.

    Raises:
        CaptureError: if it is no sheet.
    """
    grid, at = _grid(data, limits)
    grid = _without_errors(grid, at)
    width = max((len(row) for row in grid), default=0)
    wrong: dict[int, list[str]] = defaultdict(list)
    for found in faults:
        row = _ROW.match(found.path)
        wrong[int(row[1]) if row else at + 1].append(said(found))
    for number, cells in enumerate(grid, 1):
        told = "; ".join(wrong[number][:SHOWN_MAX]) if number in wrong else ""
        if number == at + 1:
            told = "; ".join(filter(None, (ERRORS, told)))
        yield [*map(_text, cells), *[""] * (width - len(cells))], told


def _grid(data: bytes, limits: Limits) -> tuple[Grid, int]:
    """The sheet with headers, and where they stand. Raises CaptureError."""
    grids = list(grids_of(data, limits))
    for grid in grids:
        if (at := header_at(grid)) >= 0:
            return grid, at
    for grid in grids:
        for at, row in enumerate(grid[:HEADER_WITHIN]):
            if sum(bool(str(cell).strip()) for cell in row) > 1:
                return grid, at
    raise CaptureError(fault(Fault.FORMAT, expected="a sheet with a row of headers", got="none"))


def _without_errors(grid: Grid, at: int) -> Grid:
    """Without the column a corrected sheet came back with."""
    places = [place for place, cell in enumerate(grid[at]) if str(cell).startswith(ERRORS)]
    if not places:
        return grid
    return [row[: places[0]] + row[places[0] + 1 :] for row in grid]


def _key(cell: Cell) -> str:
    return COLUMNS.get(plain(str(cell)), "")


def _text(cell: Cell) -> str:
    """A cell as a CSV holds it."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


__all__ = ["ERRORS", "annotated", "headers_of", "mapped"]

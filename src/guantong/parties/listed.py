"""What do the rows of somebody else's list say? A sheet whose header has the columns that are needed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from guantong.capture.faults import CaptureError, Limits
from guantong.capture.faults import Fault as CaptureFault
from guantong.capture.sheet_table import HEADER_WITHIN, grids_of
from guantong.capture.sheet_words import plain
from guantong.capture.workbook import Cell
from guantong.errors import fault

ROWS_MAX: Final = 200_000
"""Rows of a list."""


def rows_of(
    data: bytes, limits: Limits, headers: Mapping[str, str], needed: Collection[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the first header that has all columns that are needed.

    Args:
        data: CSV or XLSX.
        limits: How much it may cost.
        headers: Header, as `plain` writes it -> key of the column.
        needed: Keys that must be there.

    Yields:
        Number of the row as a spreadsheet shows it, and its cells as text by key.

    Raises:
        CaptureError: if it is no such sheet.
    """
    for grid in grids_of(data, limits):
        for at, header in enumerate(grid[:HEADER_WITHIN]):
            keys = [headers.get(plain(str(cell)), "") for cell in header]
            if set(needed) <= set(keys):
                yield from _below(grid, at, keys)
                return
    names = ", ".join(name for name, key in headers.items() if key in needed)
    expected = f"a sheet with the columns {names}"
    raise CaptureError(fault(CaptureFault.FORMAT, expected=expected, got="none"))


def _below(
    grid: Sequence[Sequence[Cell]], at: int, keys: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    if len(grid) - at > ROWS_MAX:
        expected = f"at most {ROWS_MAX} rows"
        raise CaptureError(fault(CaptureFault.TOO_LARGE, expected=expected, got=len(grid)))
    for number, row in enumerate(grid[at + 1 :], at + 2):
        cells = {key: text_of(cell) for key, cell in zip(keys, row, strict=False) if key}
        if any(cells.values()):
            yield number, cells


def text_of(cell: Cell) -> str:
    """A cell as somebody reads it: a whole number without a point."""
    whole = isinstance(cell, float) and cell.is_integer()
    return (str(int(cell)) if whole else str(cell)).strip()  # type: ignore[arg-type]

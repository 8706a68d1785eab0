"""How is a text put into a cell of a sheet that others open?

>>> harmless("=SUM(A1)"), harmless("-5.2"), harmless("BV 2.5")
("'=SUM(A1)", '-5.2', 'BV 2.5')
"""

import csv
import io
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """A text a spreadsheet program would take for a formula gets an apostrophe before it."""
    number = cell.removeprefix("-").replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell.startswith(_FORMULA) and not number else cell


def csv_of(rows: Iterable[Iterable[object]]) -> bytes:
    """A sheet as spreadsheet programs open it: CSV, UTF-8 with a byte order mark, CR LF."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")

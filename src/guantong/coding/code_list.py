"""What does a print house get? One row for each label, and by what it can tell that it has them all."""

import csv
import io
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from guantong.capture.cells import harmless
from guantong.coding.labels import Label

HEAD = ("number", "symbol", "lines")


class CodeList(NamedTuple):
    """A list as a file."""

    data: bytes
    """CSV in UTF-8 with a byte order mark: number, text of the symbol, lines of text."""
    rows: int
    """Without the head."""
    digest: str
    """SHA-256 of `data` in hexadecimal."""


def code_list(labels: Iterable[Label]) -> CodeList:
    """The list of some labels, in order.

    Args:
        labels: Each is a row.

    Returns:
        The file, with how many rows and which digest it must have. A text that a spreadsheet would
        take for a formula is preceded by an apostrophe.
    """
    held = io.StringIO()
    rows = csv.writer(held, lineterminator="\r\n")
    rows.writerow(HEAD)
    count = 0
    for count, label in enumerate(labels, 1):
        rows.writerow((count, harmless(label.text), *map(harmless, label.lines)))
    data = held.getvalue().encode("utf-8-sig")
    return CodeList(data, count, sha256(data).hexdigest())

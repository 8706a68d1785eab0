"""What does a print house get? One row for each label, and by what it can tell that it has them all."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from guantong.capture.cells import csv_of, harmless
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
    numbered = enumerate(labels, 1)
    rows = [(at, harmless(one.text), *map(harmless, one.lines)) for at, one in numbered]
    data = csv_of((HEAD, *rows))
    return CodeList(data, len(rows), sha256(data).hexdigest())
